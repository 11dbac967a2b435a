"""Whether what PVE is about to write on a node is known to the byte, so that it can be tried out before it commits."""

from __future__ import annotations

from collections.abc import Iterable

from pvesdn.model.capabilities import NETWORK_PACKAGE, GeneratorLevel
from pvesdn.model.design import DesignInput, NodeDesign
from pvesdn.model.files import FRR_CONF, SDN_INTERFACES, RenderedFile, Unrehearsed


def why_unrehearsed(given: DesignInput, design: NodeDesign, rendered: Iterable[RenderedFile]) -> Unrehearsed | None:
    """Why it cannot be; None where it can."""
    node, can, pve = design.node, given.capabilities.on(design.node), given.sdn.pve
    package = f"{NETWORK_PACKAGE} {can.package}" if can.package else f"PVE {given.capabilities.version}"
    if can.level is GeneratorLevel.NEWER:
        return Unrehearsed(node, f"{package} is newer than pvesdn knows", is_newer=True)
    if pve.is_unmanaged_on(node):
        return Unrehearsed(node, "some definitions are newer than pvesdn renders", is_newer=True)
    if not can.interfaces_are_known:
        return Unrehearsed(node, f"{package} is older than 1.2, whose text is not known to the byte")
    texts = {file.path: file.text for file in rendered}
    if design.sdn is None:
        return Unrehearsed(node, f"pvesdn leaves some zones to PVE, and with them {SDN_INTERFACES}")
    if design.owners.pve_writes_frr and texts.get(FRR_CONF) is None and given.facts[node].versions.get("frr") != "":
        return Unrehearsed(node, f"pvesdn leaves {FRR_CONF} to PVE")
    return None
