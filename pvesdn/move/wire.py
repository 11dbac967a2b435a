"""What a move changes on the wire: the design of the nodes before, held against the design after.

Nothing is assumed here: whatever two designs of a device differ in is told, with the nodes on which they do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_interface

from pvesdn.design.checks.wording import listed
from pvesdn.design.shared import names
from pvesdn.model.design import NodeDesign
from pvesdn.model.frr import BgpRouter, FrrConfig
from pvesdn.model.ifupdown import InterfacesFile, L3VniBridge, Stanza, Tunnel, VnetBridge, VxlanPort
from pvesdn.model.own_sdn import EvpnZone, OwnSdn
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_ifupdown import PveVnetBridge, PveVrfBridge, PveVxlanPort
from pvesdn.model.zone_move import WireChange


@dataclass(frozen=True, slots=True)
class _Trait:
    """One attribute of a device, in the same words for both sides. :param meaning: what traffic notices of it."""

    old: str
    new: str
    meaning: str = ""


_NONE = "none"
_SOURCE = "tunnel from"
_BY_ROUTE = "the source of the route"
"""Without a tunnel address the kernel takes the one that its route to the peer has."""
VXLAN_PORT = 4789
"""The UDP port of RFC 7348, which both take where none is said."""


def tunnel_ends(zone: str, designs: Iterable[NodeDesign]) -> dict[str, IpAddress]:
    """Where the tunnels of an EVPN zone begin, by node, whoever's it is; nodes for which PVE finds no address are left
    out.
    """
    found = {}
    for design in designs:
        for stanza in design.sdn.stanzas if design.sdn else ():
            if isinstance(stanza, PveVxlanPort) and stanza.name == names.l3vni_port(zone) and stanza.local:
                found[design.node] = ip_address(stanza.local)
        if design.interfaces is not None and zone in design.interfaces.tunnels:
            found[design.node] = design.interfaces.tunnels[zone].local
    return found


def changes_on_the_wire(
    moved: OwnSdn, before: Iterable[NodeDesign], after: Iterable[NodeDesign]
) -> tuple[WireChange, ...]:
    """One entry for each kind of change, with the devices and the nodes it is about.

    :param moved: the zones and VNets that move.
    """
    wanted = frozenset(_devices(moved))
    old, new = ({design.node: design for design in designs} for designs in (before, after))
    ends = _ends((*old.values(), *new.values()), wanted)
    tables = frozenset(names.vrf(zone.id) for zone in moved.zones if isinstance(zone, EvpnZone))
    groups: dict[tuple[str, str, str, str], list[str]] = {}
    for node in sorted(old.keys() & new.keys()):
        for device, attribute, trait in _differences(old[node], new[node], wanted, tables):
            # An address that the others send to is the one that the node has among them.
            sources = {trait.old, trait.new} - {_BY_ROUTE} if attribute == _SOURCE else set()
            if len(sources) == 1 and sources <= ends.get(device, set()):
                continue
            told = f"{attribute} {trait.old} -> {trait.new}"
            groups.setdefault((device, attribute, told, trait.meaning), []).append(node)
        for beside in _beside(old[node], new[node]):
            groups.setdefault(beside, []).append(node)
    return tuple(_told(groups))


def _ends(designs: Iterable[NodeDesign], devices: frozenset[str]) -> dict[str, set[str]]:
    """To whom the nodes send frames of a device, by device."""
    found: dict[str, set[str]] = {}
    for design in designs:
        for stanza in design.sdn.stanzas if design.sdn else ():
            if isinstance(stanza, PveVxlanPort) and stanza.name in devices:
                found.setdefault(stanza.name, set()).update(str(ip_address(remote)) for remote in stanza.remotes)
    return found


def _beside(old: NodeDesign, new: NodeDesign) -> Iterator[tuple[str, str, str, str]]:
    """What changes on the node as a whole."""
    if settings := [f"{name} = {value}" for name, value in new.sysctls if (name, value) not in old.sysctls]:
        yield "kernel settings", "sysctl", f"{', '.join(settings)}, as every zone of pvesdn.cfg that routes needs", ""
    before, after = _kept_out(old.frr), _kept_out(new.frr)
    if kept_out := after - before:
        yield "BGP", "VNIs", f"VNI {listed(sorted(kept_out))} is kept out of EVPN", _FLOODING_PAUSES
    if (let_in := before - after) and _announces_all(new):
        yield "BGP", "VNIs", f"VNI {listed(sorted(let_in))} is announced in EVPN by PVE", ""


def _announces_all(design: NodeDesign) -> bool:
    routers = [router for frr in (design.pve_frr, design.frr) if frr is not None for router in frr.routers]
    return any(router.evpn is not None and router.evpn.advertise_all_vni for router in routers)


def _kept_out(frr: FrrConfig | None) -> frozenset[int]:
    routers = frr.routers if frr is not None else ()
    return frozenset(entry.vni for router in routers if router.evpn is not None for entry in router.evpn.vnis)


def _devices(moved: OwnSdn) -> Iterator[str]:
    """Everything that PVE or pvesdn makes of them."""
    for vnet in moved.vnets:
        yield from (vnet.id, names.vxlan_port(vnet.id))
    for zone in moved.zones:
        if isinstance(zone, EvpnZone):
            yield from (names.vrf(zone.id), names.l3vni_port(zone.id), names.l3vni_bridge(zone.id))


def _told(groups: Mapping[tuple[str, str, str, str], list[str]]) -> Iterator[WireChange]:
    """Changes that are the same on several nodes, or of several devices on the same nodes, are told once."""
    merged: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for (device, _, change, meaning), nodes in sorted(groups.items()):
        merged.setdefault((change, meaning, tuple(nodes)), []).append(device)
    for (change, meaning, where), devices in merged.items():
        yield WireChange(where, tuple(devices), change, meaning)


def _differences(
    old: NodeDesign, new: NodeDesign, devices: frozenset[str], vrfs: frozenset[str]
) -> Iterator[tuple[str, str, _Trait]]:
    before, after = (_devices_of(design, devices) for design in (old, new))
    for name in sorted(before.keys() | after.keys()):
        if name not in after:
            yield name, "device", _Trait("there", "gone", "nothing carries its traffic on this node any more")
        elif name not in before:
            yield name, "device", _Trait("absent", "there", "it is new on this node")
        else:
            yield from _compared(name, before[name], after[name])
    routers = [_routers(design.pve_frr) | _routers(design.frr) for design in (old, new)]
    for vrf in sorted(vrfs):
        yield from _compared(vrf, *(_frr_traits(found.get(vrf)) for found in routers))


def _compared(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[tuple[str, str, _Trait]]:
    for attribute in (*old, *(key for key in new if key not in old)):
        was, becomes = old.get(attribute, _NONE), new.get(attribute, _NONE)
        if was != becomes:
            yield name, attribute, _Trait(was, becomes, _MEANINGS.get(attribute, ""))


_FLOODING_PAUSES = "BGP removes the flood entries of a VNI that it withdraws; apply restores them within seconds"
_MEANINGS: Mapping[str, str] = {
    "VNI": "nodes with different ones exchange nothing until all have the new one",
    "UDP port": "nodes with different ones exchange nothing until all have the new one",
    "MTU": "guests with a larger MTU lose packets",
    "remotes": "flooded frames go to other nodes",
    "gateways": "guests that use the old one lose their gateway",
    "gateway MAC": "guests send to the old one until their ARP entries run out",
    "router MAC": "routed flows between nodes pause until BGP has told the other nodes",
    "ARP suppression": "who answers ARP requests changes",
    "learning": "how MAC addresses are learned changes",
    "route targets imported": "routes come from other VRFs",
    "route targets exported": "routes go to other VRFs",
    "default route": "guests lose a way out, or get one",
}


def _devices_of(design: NodeDesign, wanted: frozenset[str]) -> dict[str, dict[str, str]]:
    """The attributes of each device, whoever's file it stands in."""
    files = [file for file in (design.sdn, design.interfaces) if file is not None]
    return {s.name: _traits(s, file) for file in files for s in file.stanzas if s.name in wanted}


def _traits(stanza: Stanza, file: InterfacesFile) -> dict[str, str]:
    """:param file: the one it stands in."""
    match stanza:
        case PveVxlanPort():
            found = _tunnel(stanza, map(ip_address, stanza.remotes), stanza.local or _BY_ROUTE)
        case VxlanPort():
            tunnel = file.tunnels[stanza.tunnel]
            found = _tunnel(tunnel, tunnel.remotes, str(tunnel.local))
        case PveVnetBridge():
            found = _bridge(stanza, [subnet.address for subnet in stanza.subnets if subnet.address is not None])
        case VnetBridge():
            found = _bridge(stanza, stanza.addresses)
        case PveVrfBridge():
            found = {"MTU": str(stanza.mtu), "router MAC": "the kernel's choice"}
        case L3VniBridge():
            found = {"MTU": str(stanza.mtu), "router MAC": "02:00 and the four octets of the VTEP"}
        case _:
            found = {}
    return found | ({"VNI": str(stanza.vni)} if isinstance(stanza, PveVxlanPort | VxlanPort) else {})


def _tunnel(end: PveVxlanPort | Tunnel, remotes: Iterable[IpAddress], source: str) -> dict[str, str]:
    return {
        "UDP port": str(end.udp_port or VXLAN_PORT),
        "MTU": str(end.mtu),
        "remotes": _addresses(remotes),
        "learning": _switch(not end.is_controlled),
        "ARP suppression": _switch(end.is_controlled and end.has_arp_nd_suppression),
        _SOURCE: source,
    }


def _bridge(bridge: PveVnetBridge | VnetBridge, gateways: Iterable[str]) -> dict[str, str]:
    found = sorted({str(ip_interface(gateway)) for gateway in gateways})
    traits = {
        "gateways": ", ".join(found) or _NONE,
        "MTU": str(bridge.mtu),
        "VLAN-aware": _switch(bridge.is_vlan_aware),
        "alias": bridge.alias or _NONE,
    }
    # Without a gateway nobody asks for the bridge's MAC.
    return traits | ({"gateway MAC": (bridge.hwaddress or "the kernel's choice").lower()} if found else {})


def _routers(frr: FrrConfig | None) -> dict[str, BgpRouter]:
    return {router.vrf: router for router in frr.routers if router.vrf is not None} if frr is not None else {}


def _frr_traits(router: BgpRouter | None) -> dict[str, str]:
    """The same words for both sides; what FRR derives by itself is the same on both and not listed."""
    if router is None:
        return {}
    evpn = router.evpn
    return {
        "AS": str(router.asn),
        "router-id": str(router.router_id),
        # PVE announces both families, pvesdn those that have a gateway: of the others there is nothing to announce.
        "subnets announced": _switch(evpn is not None and bool(evpn.advertise)),
        "default route": "announced" if evpn and evpn.default_originate else "not announced",
        "route targets imported": _targets(evpn.rt_import if evpn else ()),
        "route targets exported": _targets(evpn.rt_export if evpn else ()),
    }


def _targets(found: Iterable[str]) -> str:
    return ", ".join(sorted(found)) or "the derived one"


def _switch(is_on: bool) -> str:  # noqa: FBT001 - reads as a word
    return "on" if is_on else "off"


def _addresses(found: Iterable[IpAddress]) -> str:
    return ", ".join(map(str, sorted(set(found), key=lambda address: (address.version, int(address))))) or _NONE
