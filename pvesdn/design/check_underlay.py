"""What the underlay can carry: families, sizes, and what the nodes' ifupdown2 understands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.design.mtu import MTU_MAX, MTU_MIN, overhead
from pvesdn.design.remarks import error, listed, warning
from pvesdn.design.zone_vxlan import local_vteps
from pvesdn.design.zones import IPV4, IPV6, vnet_nodes, zone_nodes
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding
from pvesdn.model.primitives import IpAddress, is_writable
from pvesdn.model.sdn import EvpnZone, OurZone, VxlanZone

_VtepByNode = Mapping[str, Vtep]


def check(given: DesignInput, vteps: _VtepByNode) -> Iterator[Finding]:
    """Zones whose VTEPs do not go together, or whose packets do not fit."""
    for zone in given.sdn.our_zones:
        own = {node: vteps[node] for node in sorted(zone_nodes(zone, given.cluster)) if node in vteps}
        if isinstance(zone, VxlanZone):
            own = local_vteps(zone, own, given)
        yield from _mtu(zone, own)
        yield from _twice(zone, own)
        families: set[int] = {vtep.address.version for vtep in own.values()}
        if len(families) > 1:
            listing = ", ".join(f"{node} {vtep.address}" for node, vtep in own.items())
            what = f"its VTEPs are of both families ({listing})"
            yield error(zone.where, what, "give all nodes of the zone a VTEP of one family")
        elif isinstance(zone, EvpnZone):
            yield from _evpn(zone, families)
        else:
            yield from _plain(zone, families)
            yield from _plain_on_nodes(zone, own, given.facts)
            yield from _vlan_aware(given, zone)
            yield from (_unwritable(zone, vtep) for vtep in own.values() if _joins_on_unwritable(zone, vtep))


def unwritable_device(given: DesignInput, vteps: _VtepByNode, node: str) -> Iterator[Finding]:
    """Groups that a node would have to join on a device whose name cannot be written: errors of `check` that it alone can mend."""
    for zone in given.sdn.our_zones:
        if isinstance(zone, VxlanZone) and node in vteps and node in zone_nodes(zone, given.cluster):
            (vtep,) = local_vteps(zone, {node: vteps[node]}, given).values()
            if _joins_on_unwritable(zone, vtep):
                yield _unwritable(zone, vtep)


def _joins_on_unwritable(zone: VxlanZone, vtep: Vtep) -> bool:
    device = vtep.interface
    is_joined = zone.multicast_group is not None and zone.multicast_interface is None
    return is_joined and device is not None and not is_writable(device)


def _unwritable(zone: VxlanZone, vtep: Vtep) -> Finding:
    what = f"the name of device {vtep.interface} of {vtep.node} cannot be written as vxlan-physdev"
    return error(zone.where, what, "give it a name of letters, digits and . _ -, a letter first")


def _twice(zone: OurZone, own: _VtepByNode) -> Iterator[Finding]:
    """An address that moved while its old node was off, or a slip of the pen."""
    first: dict[IpAddress, str] = {}
    for node, vtep in own.items():
        other = first.setdefault(vtep.address, node)
        if other != node:
            what = f"{other} and {node} have the same VTEP {vtep.address} ({vtep.why})"
            yield error(zone.where, what, f"name the right ones in underlay: vteps {other}=ADDRESS,{node}=ADDRESS")


def _evpn(zone: EvpnZone, families: set[int]) -> Iterator[Finding]:
    if families == {IPV6}:
        what = (
            "its VTEPs have IPv6 addresses, and FRR before 10.6 has no EVPN over IPv6: sessions stand, nothing arrives"
        )
        yield error(zone.where, what, "name IPv4 addresses in the section underlay, or use a zone of type vxlan")


def _plain(zone: VxlanZone, families: set[int]) -> Iterator[Finding]:
    group = zone.multicast_group
    if group is not None and families and group.version not in families:
        what = f"multicast-group {group} is of another family than the VTEPs"
        yield error(zone.where, what, "name a group of the VTEPs' family")
    strangers = [peer for peer in zone.peers or () if families and peer.version not in families]
    if strangers:
        what = f"peers names {listed(strangers)}, of another family than the VTEPs"
        yield error(zone.where, what, "name peers of the VTEPs' family")


def _plain_on_nodes(zone: VxlanZone, own: _VtepByNode, facts: Mapping[str, NodeFacts]) -> Iterator[Finding]:
    for node, vtep in own.items():
        if node not in facts:
            continue
        if vtep.address.version != IPV4:
            yield from _ifupdown(zone, facts[node])
        named = zone.multicast_interface
        if named is not None and facts[node].link(named) is None:
            yield error(
                zone.where, f"multicast-interface {named} does not exist on {node}", "name one that every node has"
            )


def _vlan_aware(given: DesignInput, zone: VxlanZone) -> Iterator[Finding]:
    """Debian's ifupdown2 leaves such a bridge with VLAN 1 alone: a warning, exit status 0, and no tagged frame passes."""
    members = zone_nodes(zone, given.cluster)
    for vnet in given.sdn.vnets:
        if vnet.zone != zone.id or not vnet.vlanaware:
            continue
        for node in sorted(vnet_nodes(vnet, members) & given.facts.keys()):
            version = given.facts[node].versions.get("ifupdown2")
            if given.facts[node].has_proxmox_ifupdown is False:
                what = f"ifupdown2 {version} on {node} passes no VLAN between a VLAN-aware bridge and VXLAN"
                yield error(vnet.where, what, "install Proxmox's build of ifupdown2, or remove vlanaware")


def _ifupdown(zone: VxlanZone, facts: NodeFacts) -> Iterator[Finding]:
    version = facts.versions.get("ifupdown2")
    if version is None:
        what = f"not checked: whether ifupdown2 on {facts.node} takes an IPv6 tunnel address"
        yield warning(zone.where, what, "only Proxmox's own build does")
    elif not facts.has_proxmox_ifupdown:
        what = f"ifupdown2 {version} on {facts.node} refuses an IPv6 tunnel address"
        yield error(zone.where, what, "install Proxmox's build of ifupdown2, or use IPv4 VTEPs")


def _mtu(zone: OurZone, own: _VtepByNode) -> Iterator[Finding]:
    if zone.mtu is not None:
        for node, vtep in own.items():
            size = zone.mtu + overhead(vtep.address)
            if vtep.mtu is not None and size > vtep.mtu:
                device = f"{vtep.interface} of {node}" if vtep.interface else f"the underlay of {node}"
                what = f"mtu {zone.mtu} and {overhead(vtep.address)} bytes of VXLAN make {size}, but {device} has {vtep.mtu}"
                yield error(
                    zone.where, what, f"write at most mtu {vtep.mtu - overhead(vtep.address)}, or raise the underlay's"
                )
        return
    unknown = [node for node, vtep in own.items() if vtep.mtu is None]
    if unknown:
        what = f"the MTU of {listed(unknown)} is not known: the node was never seen"
        yield error(zone.where, what, "write mtu in the zone, or bring the node up once")
        return
    for node, vtep in own.items():
        room = (vtep.mtu or 0) - overhead(vtep.address)
        if not MTU_MIN <= room <= MTU_MAX:
            what = (
                f"{vtep.interface} of {node} leaves {room} bytes for a packet, and ifupdown2 takes {MTU_MIN}-{MTU_MAX}"
            )
            yield error(zone.where, what, "write mtu in the zone")
