"""Whether what PVE is about to write on a node is known to the byte, so that it can be tried out before it commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pvesdn.compare.frr_live import is_switched_on
from pvesdn.model.capabilities import NETWORK_PACKAGE, GeneratorLevel
from pvesdn.model.design import DesignInput, NodeDesign
from pvesdn.model.files import FRR_CONF, SDN_INTERFACES, PendingChange, RenderedFile, Unrehearsed
from pvesdn.model.frr import FrrConfig
from pvesdn.model.primitives import NodeName

_FABRIC = "fabric"


def why_unrehearsed(
    given: DesignInput,
    design: NodeDesign,
    rendered: Iterable[RenderedFile],
    switches: str,
    pending: Iterable[PendingChange],
) -> Unrehearsed | None:
    """Why it cannot be; None where it can.

    :param switches: the node's /etc/frr/daemons.
    """
    node = design.node
    if unknown := _not_known_to_the_byte(given, node):
        return unknown
    texts = {file.path: file.text for file in rendered}
    if design.sdn is None:
        return Unrehearsed(node, f"pvesdn leaves some zones to PVE, and with them {SDN_INTERFACES}")
    if given.facts[node].lacks_frr:
        return None
    if design.owners.pve_writes_frr and texts.get(FRR_CONF) is None:
        return Unrehearsed(node, f"pvesdn leaves {FRR_CONF} to PVE")
    return _why_fabrics_are_not(node, design.pve_frr, switches, pending)


def _why_fabrics_are_not(
    node: NodeName, frr: FrrConfig | None, switches: str, pending: Iterable[PendingChange]
) -> Unrehearsed | None:
    """A fabric carries the paths between the VTEPs: while it comes up, nothing that lies over it can be judged."""
    needed = tuple(_of_fabrics(frr))
    if off := [name for name in needed if not is_switched_on(name, switches)]:
        return Unrehearsed(node, f"PVE itself switches {' and '.join(off)} on, at its commit")
    if needed and any(change.kind.startswith(_FABRIC) for change in pending):
        return Unrehearsed(node, "a fabric is pending, and with it the paths between the VTEPs")
    return None


def _not_known_to_the_byte(given: DesignInput, node: NodeName) -> Unrehearsed | None:
    can = given.capabilities.on(node)
    package = f"{NETWORK_PACKAGE} {can.package}" if can.package else f"PVE {given.capabilities.version}"
    if can.level is GeneratorLevel.NEWER:
        return Unrehearsed(node, f"{package} is newer than pvesdn knows", is_newer=True)
    if given.sdn.pve.is_unmanaged_on(node):
        return Unrehearsed(node, "some definitions are newer than pvesdn renders", is_newer=True)
    if not can.interfaces_are_known:
        return Unrehearsed(node, f"{package} is older than 1.2, whose text is not known to the byte")
    return None


def _of_fabrics(frr: FrrConfig | None) -> Iterator[str]:
    """Daemons that PVE's own reload switches on and off, by the fabrics that it has committed (docs/pve.md §4.2)."""
    if frr is not None and frr.openfabric_routers:
        yield "fabricd"
    if frr is not None and frr.ospf_interfaces:
        yield "ospfd"
