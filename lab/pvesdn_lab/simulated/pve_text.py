"""What PVE writes on a node, printed with pvesdn's own renderer.

That this renderer prints PVE's text is not proved here, but by PVE's own cases; the simulation only needs somebody who
plays PVE's part.
"""

from __future__ import annotations

import json

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.design.pve.frr import what_stops_frr
from pvesdn.design.pve.interfaces import design_pve_frr, design_sdn_file
from pvesdn.model.cluster import ClusterState
from pvesdn.model.design import DesignInput, NodeDesign
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_LOCAL_BEGIN, FRR_LOCAL_END, SDN_INTERFACES
from pvesdn.model.frr import FrrConfig
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.model.snapshot import NodeRaw
from pvesdn.render.renderer import Renderer
from pvesdn_lab.simulated.host import Host
from pvesdn_lab.simulated.sdn_config import RunningConfig

_COMMANDS = {
    "ip-link": ("ip", "-j", "-d", "link"),
    "ip-addr": ("ip", "-j", "-d", "address"),
    "ip-route": ("ip", "-j", "route"),
    "ip-route6": ("ip", "-j", "-6", "route"),
}


class PveText:
    """PVE's generator in the simulated cluster.

    :ivar extra: what it appends to `interfaces.d/sdn`, as a generator would that is not the one that we know.
    """

    def __init__(self) -> None:
        self._renderer = Renderer()
        self.extra = ""

    def sdn(self, running: RunningConfig, node: Host) -> str:
        """The text of `interfaces.d/sdn` for a committed configuration."""
        return (self._print(running, node).get(SDN_INTERFACES) or f"#version:{running['version']}\n") + self.extra

    def frr(self, running: RunningConfig, node: Host) -> str | None:
        """The text of `frr.conf`, with the lines of frr.conf.local where PVE merges them; None where
        PVE fails over it.
        """
        return self._print(running, node)[FRR_CONF]

    def _print(self, running: RunningConfig, node: Host) -> dict[str, str | None]:
        sdn = decode_sdn({".running-config": json.dumps(running)}, intent="running").config
        facts = decode_facts(node.name, _raw(node))
        given = DesignInput(sdn, ClusterState(name="lab", is_quorate=True, members=()), {node.name: facts})
        design = NodeDesign(
            node=node.name,
            interfaces=None,
            sdn=design_sdn_file(given, node.name),
            frr=None,
            pve_frr=design_pve_frr(given, node.name) or _skeleton(given, node.name),
            daemons=frozenset(),
            sysctls=(),
            flooding=(),
            owners=FileOwners(Writer.PVE, Writer.PVE),
        )
        return {file.path: file.text for file in self._renderer.render(design, _local(node))}


def _skeleton(given: DesignInput, node: str) -> FrrConfig | None:
    """What is left of frr.conf where nothing of PVE's needs it."""
    return None if what_stops_frr(given, node) else FrrConfig(node, version="10.4.1")


def _raw(node: Host) -> NodeRaw:
    files = {"/etc/network/interfaces": node.read("/etc/network/interfaces") or ""}
    return NodeRaw(files, {name: json.loads(node.run(*argv).stdout) for name, argv in _COMMANDS.items()})


def _local(node: Host) -> dict[str, str]:
    """frr.conf.local as PVE sees it: the lines around our block are comments, and nobody's block is taken out."""
    text = node.read(FRR_CONF_LOCAL)
    if text is None:
        return {}
    lines = [line for line in text.splitlines(keepends=True) if line.strip() not in {FRR_LOCAL_BEGIN, FRR_LOCAL_END}]
    return {FRR_CONF_LOCAL: "".join(lines)}
