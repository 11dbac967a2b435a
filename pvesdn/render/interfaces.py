"""Interfaces files for ifupdown2: one template for each kind of stanza."""

from __future__ import annotations

from jinja2 import Environment

from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES, RenderedFile
from pvesdn.model.ifupdown import (
    InterfacesFile,
    L3VniBridge,
    PveVeth,
    PveVnetBridge,
    PveVrf,
    PveVrfBridge,
    PveVxlanPort,
    Stanza,
    Uplink,
    VnetBridge,
    VrfDevice,
    VxlanPort,
)
from pvesdn.render.engine import StanzaPrinter, joined, render_template

_TEMPLATES: dict[type[Stanza], str] = {
    VxlanPort: "vxlan_port",
    VnetBridge: "vnet_bridge",
    VrfDevice: "vrf_device",
    L3VniBridge: "l3vni_bridge",
    Uplink: "uplink",
    PveVxlanPort: "pve_vxlan_port",
    PveVnetBridge: "pve_vnet_bridge",
    PveVrf: "pve_vrf",
    PveVrfBridge: "pve_vrf_bridge",
    PveVeth: "pve_veth",
}


class InterfacesPrinter:
    """Prints interfaces files; a stanza that several nodes share, the very same object, is printed once.

    Texts are kept from one file to the next of its kind, not longer, so that memory does not grow with the nodes.
    """

    def __init__(self, env: Environment) -> None:
        self._env = env
        self._printers = {kind: StanzaPrinter(env, f"ifupdown/{name}.j2") for kind, name in _TEMPLATES.items()}
        self._kept: dict[str, dict[int, tuple[Stanza, str]]] = {}

    def ours(self, file: InterfacesFile) -> RenderedFile:
        """`interfaces.d/pvesdn`."""
        return self._file(OUR_INTERFACES, render_template(self._env, "ifupdown/header.j2"), file)

    def pve(self, file: InterfacesFile) -> RenderedFile:
        """`interfaces.d/sdn`, byte for byte as PVE prints it (F4.3)."""
        header = render_template(self._env, "ifupdown/pve_header.j2", version=file.version)
        return self._file(SDN_INTERFACES, header, file)

    def _file(self, path: str, header: str, file: InterfacesFile) -> RenderedFile:
        before = self._kept.get(path, {})
        kept: dict[int, tuple[Stanza, str]] = {}
        stanzas: dict[str, str] = {}
        for stanza in file.stanzas:
            # The stanza is kept with its text: as long as it lives no other object has its id.
            entry = before.get(id(stanza)) or (stanza, self._printers[type(stanza)].text(stanza))
            kept[id(stanza)] = entry
            stanzas[stanza.name] = entry[1]
        self._kept[path] = kept
        return RenderedFile(path=path, text=joined(header, stanzas.values()), stanzas=stanzas)
