"""BGP: FRR has one default instance on a node, and PVE's sessions are PVE's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address

from pvesdn.design.checks.wording import error, listed, placed, warning
from pvesdn.design.ours.mesh import mesh_of, neighbors
from pvesdn.design.ours.zones import nodes_with_tunnels, reflecting_members, zone_nodes
from pvesdn.design.shared.ownership import pve_writes_frr
from pvesdn.design.shared.peer_lists import SYNC, peer_lists
from pvesdn.design.shared.pve_evpn import asns, evpn_peers, has_evpn
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import Fabric, UnmanagedFabric
from pvesdn.model.findings import Finding
from pvesdn.model.own_sdn import EvpnController, EvpnZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.pve_controllers import PveBgpController
from pvesdn.model.pve_sdn import PveEvpnController, RenderedPveController, UnmanagedController

PveController = RenderedPveController | UnmanagedController


def check(given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    """A second AS number on a node; zones of PVE's controllers with nodes that PVE does not peer
    with; unknown merges.
    """
    yield from _second_asn(given)
    yield from _unreached(given, vteps)
    yield from _peers_of_both(given, vteps)
    yield from _lists_of_peers(given, vteps)
    yield from _controllers_of_pve(given, vteps)
    yield from _merge(given)
    yield from _nobody(given)


def check_definitions(given: DesignInput) -> Iterator[Finding]:
    """The same as far as no VTEP and no route is asked for."""
    yield from _second_asn(given)
    yield from _asn_of_pve(given)


def _in_zones(given: DesignInput) -> dict[EvpnController, frozenset[str]]:
    """For each of our controllers that has a zone, the members in its zones."""
    found: dict[EvpnController, frozenset[str]] = {}
    for controller in given.sdn.own.controllers:
        zones = [z for z in given.sdn.own.zones if isinstance(z, EvpnZone) and z.controller == controller.id]
        if zones:
            found[controller] = frozenset[str]().union(*(zone_nodes(zone, given.cluster) for zone in zones))
    return found


def _speakers(given: DesignInput) -> dict[str, frozenset[str]]:
    """Members that run each of our controllers, by its id."""
    return {c.id: nodes | reflecting_members(c, given.cluster) for c, nodes in _in_zones(given).items()}


def _unreached(given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    """Route reflectors and listed peers outside the cluster that a node has no route to: the session never comes up."""
    members = {vtep.address for vtep in vteps.values()}
    for controller, nodes in _in_zones(given).items():
        for peer in dict.fromkeys((*(controller.peers or ()), *(controller.route_reflectors or ()))):
            if isinstance(peer, str) or peer in members:
                continue
            if lost := sorted(node for node in nodes & vteps.keys() if peer in vteps[node].unreached):
                what = f"no route to its peer {peer} on {listed(lost)}"
                yield warning(
                    controller.at(_list_of_peers(controller), peer), what, f"check 'ip route get {peer}' there"
                )


def _list_of_peers(controller: EvpnController) -> str:
    return "peers" if controller.peers is not None else "route-reflectors"


def _second_asn(given: DesignInput) -> Iterator[Finding]:
    """FRR keeps the first AS number and rejects the rest; `vtysh -C` does not notice."""
    speakers = _speakers(given)
    ours = [c for c in given.sdn.own.controllers if c.id in speakers]
    for number, controller in enumerate(ours):
        for other in ours[:number]:
            both = speakers[controller.id] & speakers[other.id]
            if both and other.asn != controller.asn:
                yield _conflict(given, controller, f"asn {controller.asn}", (other.id, other.asn), both)
        clashes: dict[tuple[str, int], set[str]] = {}
        for node in sorted(speakers[controller.id]):
            for name, asn in asns(given, node)[:1]:
                if asn != controller.asn:
                    clashes.setdefault((name, asn), set()).add(node)
        for (name, asn), nodes in clashes.items():
            yield _conflict(given, controller, f"asn {controller.asn}", (name, asn), nodes)


def _conflict(
    given: DesignInput,
    defined: EvpnController | EvpnZone,
    what: str,
    other: tuple[str, int],
    nodes: set[str] | frozenset[str],
) -> Finding:
    """:param other: the other controller's id and AS number."""
    name, asn = other
    there = "" if given.cluster.is_assumed else f": {listed(nodes)}"
    text = f"{what} differs from that of controller '{name}' ({asn}), and FRR runs one AS per node{there}"
    place = defined.at("asn" if isinstance(defined, EvpnController) else "controller")
    return error(place, text, "use one AS number per node")


def _peers_of_both(given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    """Neighbours of ours that a BGP controller of PVE's has too: FRR allows a neighbour one group.

    It refuses the second with "Cannot change the peer-group", which `vtysh -C` does not notice. Peers of PVE's EVPN
    controllers are left to them.
    """
    theirs = [c for c in given.sdn.pve.controllers if isinstance(c, PveBgpController) and c.asn]
    if not theirs:
        return
    known = {c.id: c for c in given.sdn.own.controllers}
    for name, nodes in _speakers(given).items():
        mesh = mesh_of(known[name], nodes & vteps.keys(), given, {n: v for n, v in vteps.items() if n in nodes})
        for controller in theirs:
            if controller.node not in mesh.speakers:
                continue
            peers = {ip_address(peer) for peer in controller.peers} - evpn_peers(given, controller.node)
            if both := neighbors(mesh, controller.node) & peers:
                whose = placed(f"controller '{controller.id}'", controller.where)
                what = f"peers with {listed(both)} on {controller.node}, as {whose} of PVE does; FRR has one session per address"
                # PVE demands at least one peer of a BGP controller.
                is_all = {ip_address(peer) for peer in controller.peers} <= both
                removing = f"remove {'' if is_all else f'{listed(both)} from the peers of '}controller '{controller.id}' in PVE"
                hint = f"{removing}, or give the nodes VTEPs of their own in the section underlay"
                yield error(known[name].where, what, hint)


def _lists_of_peers(given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    """A list with some members but not all; a list without any member is one of route servers."""
    speakers = _speakers(given)
    for controller in given.sdn.own.controllers:
        if controller.peers is None or controller.id not in speakers:
            continue
        nodes = [node for node in speakers[controller.id] if node in vteps]
        missing = {node for node in nodes if vteps[node].address not in controller.peers}
        if missing and len(missing) < len(nodes):
            what = f"peers does not list the VTEP of {listed(missing)}, so no other node has a session with it"
            yield warning(
                controller.at("peers"), what, "add it, or leave peers out: the members then peer with each other"
            )


def _controllers_of_pve(given: DesignInput, vteps: Mapping[str, Vtep]) -> Iterator[Finding]:
    yield from _asn_of_pve(given)
    for zone, controller in _under_pve(given):
        if isinstance(controller, PveEvpnController):
            peers = set(controller.peers) | _members(given, controller.fabric)
            nodes = zone_nodes(zone, given.cluster)
            missing = {
                node: vteps[node].address
                for node in sorted(nodes)
                if node in vteps and str(vteps[node].address) not in peers
            }
            if missing:
                what = f"PVE's controller '{controller.id}' has no peer for the VTEP of {listed(missing)}"
                added = listed(str(address) for address in missing.values())
                how = f" ({SYNC} does)" if _can_sync(given, controller, missing) else ""
                yield warning(zone.at("controller"), what, f"add {added} to the controller's peers in PVE{how}")


def _can_sync(given: DesignInput, controller: PveEvpnController, missing: Mapping[str, IpAddress]) -> bool:
    """Whether what would be added of itself are these addresses."""
    lists = (found for found in peer_lists(given) if (found.collection, found.id) == ("controllers", controller.id))
    added = {node: address for found in lists for node, address in found.addresses.items()}
    return given.may_be_edited and missing.items() <= added.items()


def _asn_of_pve(given: DesignInput) -> Iterator[Finding]:
    """Zones of a controller of PVE's on nodes where PVE speaks as another AS."""
    for zone, controller in _under_pve(given):
        nodes = zone_nodes(zone, given.cluster)
        for name, asn in sorted({found for node in nodes for found in asns(given, node)[:1]}):
            if asn != controller.asn:
                there = {node for node in nodes if asns(given, node)[:1] == ((name, asn),)}
                what = f"the asn {controller.asn} of controller '{controller.id}'"
                yield _conflict(given, zone, what, (name, asn), there)


def _under_pve(given: DesignInput) -> Iterator[tuple[EvpnZone, PveController]]:
    """Our zones whose controller is one of PVE's, with an AS number."""
    controllers = {c.id: c for c in given.sdn.pve.controllers}
    for zone in given.sdn.own.zones:
        controller = controllers.get(zone.controller) if isinstance(zone, EvpnZone) else None
        if isinstance(zone, EvpnZone) and controller is not None and controller.asn is not None:
            yield zone, controller


def _members(given: DesignInput, fabric: str | None) -> set[str]:
    """The addresses of a fabric's nodes, which a controller over the fabric peers with."""
    found = [known for known in given.sdn.pve.fabrics if isinstance(known, Fabric) and known.id == fabric]
    return {str(member.ip) for known in found for member in known.members if member.ip is not None}


def _nobody(given: DesignInput) -> Iterator[Finding]:
    """Without its SDN endpoints PVE does not write frr.conf, so nobody writes what pvesdn leaves to PVE."""
    left = [c.id for c in given.sdn.pve.controllers if isinstance(c, UnmanagedController)]
    fabrics = [f.id for f in given.sdn.pve.fabrics if isinstance(f, UnmanagedFabric)]
    needs_frr = (
        any(isinstance(zone, EvpnZone) for zone in given.sdn.own.zones) or given.sdn.own.exits or has_evpn(given)
    )
    if not given.capabilities.has_sdn and needs_frr and (left or fabrics):
        named = f"the controllers {listed(left)}" if left else f"the fabrics {listed(fabrics)}"
        what = f"does not have PVE's own SDN, which alone can configure FRR for {named}"
        yield error("cluster", what, "install libpve-network-perl on every node, or remove them")


def _merge(given: DesignInput) -> Iterator[Finding]:
    can = given.capabilities
    nodes = {node for node in given.facts if not can.on(node).merge_is_known and pve_writes_frr(given, node)}
    if not nodes:
        return
    speaking = frozenset[str]().union(*_speakers(given).values())
    ours = nodes_with_tunnels(given) if has_evpn(given) else speaking
    affected = nodes & (ours | {uplink.node for uplink in given.sdn.own.exits})
    if affected:
        what = f"not checked: how PVE{' ' * bool(can.version)}{can.version} merges frr.conf.local on {listed(affected)}"
        yield warning("cluster", what, "check /etc/frr/frr.conf there after applying")
