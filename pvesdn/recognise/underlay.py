"""The VTEP of each node, from what its own stanzas and those of the others say, and the `underlay` that names it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network

from pvesdn.decode.definitions import values
from pvesdn.decode.definitions.values import BadValueError
from pvesdn.design.ours.paths import with_paths
from pvesdn.design.shared.routes import RouteTable, frr_source, held_by_device, source_of
from pvesdn.model.cluster import ClusterState, Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Where
from pvesdn.model.hand_written import HandWrittenNode
from pvesdn.model.own_sdn import Underlay
from pvesdn.model.primitives import IpAddress, IpNetwork
from pvesdn.model.sdn import SdnConfig
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.recognise.devices import NodeDevices, interfaces, port_names
from pvesdn.recognise.notebook import Notebook

ID = "cluster"


@dataclass(frozen=True, slots=True)
class UnderlayFacts:
    """The underlay as it is.

    :param vteps: of nodes that were read, by node.
    :param owners: node by VTEP; members that were not read are there with the cluster's address of them.
    :param masters: the bridge or bond that a device is in, by node and device.
    :param held: the addresses of each node that was read with their devices, those of the overlay left out.
    :param facts: of the nodes that were read live.
    """

    vteps: Mapping[str, Vtep]
    owners: Mapping[IpAddress, str]
    masters: Mapping[tuple[str, str], str] = field(default_factory=dict)
    held: Mapping[str, Mapping[IpAddress, str]] = field(default_factory=dict)
    facts: Mapping[str, NodeFacts] = field(default_factory=dict)

    def named(self, address: IpAddress) -> str:
        """A peer in a message: with the node whose VTEP it is."""
        return f"{address} ({self.owners[address]})" if address in self.owners else str(address)

    def vtep_of(self, address: IpAddress) -> IpAddress:
        """The VTEP of the node that has an address; the address itself where no node has it, or several."""
        holders = [name for name, held in self.held.items() if address in held and name in self.vteps]
        return self.vteps[holders[0]].address if len(holders) == 1 else address

    def source(self, node: str, device: str, peer: IpAddress) -> IpAddress | None:
        """The source address of a session with a peer under `update-source DEVICE`."""
        return frr_source((address for address, holder in self.held[node].items() if holder == device), peer)

    def kernels_source(self, node: str, peer: IpAddress) -> IpAddress | None:
        """The source address of a session with a peer where none is stated; None where no route is known."""
        facts = self.facts.get(node)
        hops = RouteTable(facts.routes).hops(peer) if facts is not None else ()
        return source_of(hops[0], peer, held_by_device(facts)) if facts is not None and hops else None


def read_ground(
    nodes: Mapping[str, HandWrittenNode],
    devices: Mapping[str, NodeDevices],
    facts: Mapping[str, NodeFacts],
    cluster: ClusterState,
    book: Notebook,
    *,
    left: Mapping[str, frozenset[str]],
) -> UnderlayFacts:
    """Find the VTEPs: the tunnel address that a node's devices name; else the one of its addresses that others name, or
    the one on the device the group is joined on, or the one that the cluster knows.

    :param left: by node: bridges with VXLAN ports that are left as they are, so their addresses stay too.
    """
    named = {address for found in devices.values() for port in found.ports.values() for address in port.remotes}
    masters = dict(_masters(nodes, facts))
    vteps: dict[str, Vtep] = {}
    all_held = {}
    for name in sorted(devices):
        member = cluster.member(name)
        known = tuple(_addresses(nodes[name], facts.get(name)))
        overlay = _overlay(devices[name]) - left.get(name, frozenset())
        held = all_held[name] = {address: device for address, device in known if device not in overlay}
        joined = {port.physdev for port in devices[name].ports.values() if port.physdev}
        joined |= {masters[name, device] for device in joined if (name, device) in masters}
        address = _own(devices[name], held, named, joined, book, known=frozenset(a for a, _ in known))
        address = address or (member.address if member else None)
        if address is None:
            continue
        device = held.get(address)
        if device is not None:
            _refuse_second(vteps, name, address, devices[name], book)
        link = facts[name].link(device) if device and name in facts else None
        vteps[name] = Vtep(
            node=name, address=address, interface=device, mtu=link.mtu if link else None, why="as it was written"
        )
    owners = {
        member.address: member.name for member in cluster.members if member.address and member.name not in devices
    }
    owners |= {vtep.address: name for name, vtep in vteps.items()}
    return UnderlayFacts(_with_paths(vteps, facts, cluster), owners, masters, all_held, facts)


def _with_paths(vteps: Mapping[str, Vtep], facts: Mapping[str, NodeFacts], cluster: ClusterState) -> Mapping[str, Vtep]:
    """The VTEPs as design will see them; where no path is known, the device that holds the address counts."""
    found = with_paths(vteps, DesignInput(sdn=SdnConfig(), cluster=cluster, facts=facts))
    return {name: found[name] if found[name].paths else vtep for name, vtep in vteps.items()}


def _refuse_second(
    vteps: Mapping[str, Vtep], node: str, address: IpAddress, devices: NodeDevices, book: Notebook
) -> None:
    other = next((vtep.node for vtep in vteps.values() if vtep.address == address), None)
    port = next(iter(devices.ports.values()), None)
    if other is not None and port is not None:
        what = f"{node} and {other} have the same VTEP, {address}"
        hint = "give each node an address of its own, and write it into its vxlan-local-tunnelip"
        book.error(node, port.device.place, port.device.name, what, hint)


def propose_underlay(
    ground: UnderlayFacts, used: Iterable[str], facts: Mapping[str, NodeFacts], cluster: ClusterState
) -> Underlay | None:
    """None where every VTEP is the address that the cluster knows; else the one network of all VTEPs, else each by
    name.
    """
    nodes = sorted(set(used) & ground.vteps.keys())
    strange = [
        name for name in nodes if (member := cluster.member(name)) and member.address != ground.vteps[name].address
    ]
    if not strange:
        return None
    where = Where(file=OWN_NAME, line=0, kind="underlay", id=ID)
    networks = {_network(ground.vteps[name].address, facts.get(name)) for name in nodes}
    network = networks.pop() if len(networks) == 1 else None
    if network is not None and all(_is_alone(ground.vteps[name].address, network, facts[name]) for name in nodes):
        return Underlay(where=where, network=network)
    return Underlay(where=where, vteps=tuple((name, ground.vteps[name].address) for name in nodes))


def _masters(
    nodes: Mapping[str, HandWrittenNode], facts: Mapping[str, NodeFacts]
) -> Iterator[tuple[tuple[str, str], str]]:
    """As the files say, and live where that was read."""
    for node in nodes.values():
        for device in node.devices.values():
            for port in port_names(device):
                yield (node.node, port), device.name
    for known in facts.values():
        for link in known.links:
            if link.master:
                yield (known.node, link.name), link.master


def _overlay(devices: NodeDevices) -> frozenset[str]:
    return frozenset({*devices.bridges, *(device.name for found in devices.enslaved.values() for device in found)})


def _addresses(node: HandWrittenNode, facts: NodeFacts | None) -> Iterator[tuple[IpAddress, str]]:
    """The node's addresses and their devices: live ones, else those of its files."""
    if facts is not None and facts.addresses:
        yield from ((held.ip, device) for device, held in facts.addresses)
        return
    for device in node.devices.values():
        if _is_name(device.name):
            yield from ((found.ip, device.name) for found in interfaces(node.node, device, Notebook()))


def _is_name(text: str) -> bool:
    try:
        values.interface(text)
    except BadValueError:
        return False
    return True


def _own(
    devices: NodeDevices,
    held: Mapping[IpAddress, str],
    named: set[IpAddress],
    joined: set[str],
    book: Notebook,
    *,
    known: frozenset[IpAddress],
) -> IpAddress | None:
    """:param held: without what is on the overlay, which `known` has too."""
    ports = [port for port in devices.ports.values() if port.local is not None]
    if ports:
        first = ports[0]
        place = first.local_place
        for port in ports[1:]:
            if port.local != first.local:
                what = f"tunnel address {port.local}, but {first.local} of {first.device.name} ({place})"
                hint = "a node has one VTEP: write the same vxlan-local-tunnelip into both"
                book.error(devices.node, port.local_place, port.device.name, what, hint)
        if first.local not in known:  # one on a bridge of the overlay is told as the node's own
            what = f"no device of {devices.node} holds the tunnel address {first.local}"
            hint = "write an address of the node's own into vxlan-local-tunnelip"
            book.error(devices.node, place, first.device.name, what, hint)
        return first.local
    candidates = [address for address in held if address in named]
    if len(candidates) == 1:
        return candidates[0]
    candidates = [address for address, device in held.items() if device in joined]
    return candidates[0] if len(candidates) == 1 else None


def _network(address: IpAddress, facts: NodeFacts | None) -> IpNetwork | None:
    found = (held.network for _, held in facts.addresses if held.ip == address) if facts else iter(())
    network = next(found, None)
    return ip_network(network) if network is not None else None


def _is_alone(address: IpAddress, network: IpNetwork, facts: NodeFacts) -> bool:
    return [held.ip for _, held in facts.addresses if held.ip in network] == [address]
