"""Interfaces files for ifupdown2: one template for each kind of stanza."""

from __future__ import annotations

from jinja2 import Environment

from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES, PrintedInterfaces, RenderedFile
from pvesdn.model.ifupdown import (
    CarriedBridge,
    InterfacesFile,
    L3VniBridge,
    Stanza,
    Tunnel,
    Uplink,
    VnetBridge,
    VrfDevice,
    VxlanPort,
)
from pvesdn.model.pve_ifupdown import (
    PveBridgeProtocol,
    PveFabricInterface,
    PveOvsBridge,
    PveOvsPort,
    PveQinqBridge,
    PveVeth,
    PveVlanBridge,
    PveVlanDevice,
    PveVnetBridge,
    PveVrf,
    PveVrfBridge,
    PveVxlanPort,
)
from pvesdn.render.engine import Printer, render_template

_TEMPLATES: dict[type[Stanza | Tunnel], str] = {
    VxlanPort: "vxlan_port",
    Tunnel: "tunnel",
    VnetBridge: "vnet_bridge",
    CarriedBridge: "carried_bridge",
    VrfDevice: "vrf_device",
    L3VniBridge: "l3vni_bridge",
    Uplink: "uplink",
    PveVxlanPort: "pve_vxlan_port",
    PveVnetBridge: "pve_vnet_bridge",
    PveVrf: "pve_vrf",
    PveVrfBridge: "pve_vrf_bridge",
    PveVeth: "pve_veth",
    PveVlanBridge: "pve_vlan_bridge",
    PveOvsPort: "pve_ovs_port",
    PveOvsBridge: "pve_ovs_bridge",
    PveQinqBridge: "pve_qinq_bridge",
    PveVlanDevice: "pve_vlan_device",
    PveBridgeProtocol: "pve_bridge_protocol",
    PveFabricInterface: "pve_fabric_interface",
}


class InterfacesPrinter:
    """Prints interfaces files; a stanza that several nodes share, the very same object, is printed once.

    Texts are kept from one file to the next of its kind, not longer, so that memory does not grow with the nodes.
    """

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._printers: dict[type[Stanza | Tunnel], Printer] = {}
        # With the texts the stanzas are kept: as long as they live no other object has their ids.
        self._kept: dict[str, tuple[tuple[Stanza, ...], dict[int, str]]] = {}

    def ours(self, file: InterfacesFile) -> RenderedFile:
        """`interfaces.d/pvesdn`."""
        return self._file(OUR_INTERFACES, render_template(self._env, "ifupdown/header.j2"), file)

    def pve(self, file: InterfacesFile) -> RenderedFile:
        """`interfaces.d/sdn`, byte for byte as PVE prints it (docs/pve.md §4.3)."""
        header = render_template(self._env, "ifupdown/pve_header.j2", version=file.version)
        return self._file(SDN_INTERFACES, header, file)

    def _file(self, path: str, header: str, file: InterfacesFile) -> RenderedFile:
        _, before = self._kept.get(path, ((), {}))
        heads = [before.get(id(stanza)) or self._text(stanza) for stanza in file.stanzas]
        self._kept[path] = file.stanzas, dict(zip(map(id, file.stanzas), heads, strict=True))
        tails = {zone: self._printer(Tunnel).text(tunnel=tunnel) for zone, tunnel in file.tunnels.items()}
        texts = [
            head + tails[stanza.tunnel] if isinstance(stanza, VxlanPort) else head
            for stanza, head in zip(file.stanzas, heads, strict=True)
        ]
        texts += map(self._text, file.fabrics)
        printed = PrintedInterfaces(file, header, tuple(texts))
        return RenderedFile(path=path, text=printed.text, interfaces=printed)

    def _text(self, stanza: Stanza) -> str:
        """A stanza's own text; a VXLAN device's goes on with its tunnel, which is the node's."""
        return self._printer(type(stanza)).text(stanza=stanza)

    def _printer(self, kind: type[Stanza | Tunnel]) -> Printer:
        printer = self._printers.get(kind)
        if printer is None:
            printer = self._printers[kind] = Printer(self._env, f"ifupdown/{_TEMPLATES[kind]}.j2")
        return printer
