"""Which address of a node is its VTEP, and what is remembered of it and of its paths to the others.

A member that is off keeps its place, with the address that was last seen. Only leaving the cluster removes a peer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pvesdn.design.ours.paths import with_paths
from pvesdn.design.ours.zones import local_vtep, nodes_with_tunnels, zone_nodes
from pvesdn.model.cluster import Member, SeenPath, SeenVtep, Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.own_sdn import Underlay, VxlanZone
from pvesdn.model.primitives import IpAddress, IpNetwork
from pvesdn.model.ranges import by_number, ranges

_MANY = 8
"""Nodes that are named one by one."""


def choose_vteps(given: DesignInput) -> tuple[Mapping[str, Vtep], tuple[Finding, ...]]:
    """The VTEP of every member that has one, by node, and what is wrong with those that need one and have none.

    An address named in `underlay` comes first, then the node's address in the underlay's network, then the one that the
    cluster resolves. For a member that cannot be asked: the named one, then the one seen last, then the one that the
    cluster resolves, if it is inside the network.
    """
    underlay = _Underlay.of(given)
    needed = nodes_with_tunnels(given)
    vteps: dict[str, Vtep] = {}
    faults: dict[str, Finding] = {}
    for member in given.cluster.members:
        facts = given.facts.get(member.name)
        if facts is None:
            vtep = underlay.of_absent(member, given.seen.get(member.name))
        else:
            vtep = underlay.of_present(member, facts, given.seen.get(member.name))
        if isinstance(vtep, Vtep):
            vteps[member.name] = vtep
        elif member.name in needed:
            faults[member.name] = vtep
    return with_paths(vteps, given), tuple(underlay.blames(faults))


def seen_now(given: DesignInput, vteps: Mapping[str, Vtep]) -> dict[str, SeenVtep]:
    """What to remember: nodes that answered as they are now, other members as they were, and no
    node that has left.
    """
    seen: dict[str, SeenVtep] = {}
    for member in given.cluster.members:
        vtep = vteps.get(member.name)
        if member.name in given.facts and vtep is not None and (vtep.mtu is not None or vtep.paths or vtep.unreached):
            seen[member.name] = _seen(vtep, given)
        elif member.name in given.seen:
            seen[member.name] = given.seen[member.name]
    return seen


def _seen(vtep: Vtep, given: DesignInput) -> SeenVtep:
    """What to remember of a node that was read: its usual path once, other paths by peer, and always
    those to groups.
    """
    facts = given.facts[vtep.node]
    zones = [zone for zone in given.sdn.own.zones if isinstance(zone, VxlanZone) and zone.peers is not None]
    listed = {peer for zone in zones for peer in zone.peers or ()}
    others: dict[IpAddress, int] = {}
    for zone in zones:
        own = local_vtep(zone, vtep, given)
        if own.address != vtep.address and own.mtu is not None:
            others[own.address] = min(own.mtu, others.get(own.address, own.mtu))
    paths = {peer: path for peer, path in vtep.paths.items() if path.mtu is not None or path.devices}
    usual = Counter(path.devices for peer, path in paths.items() if peer not in listed or not others)
    devices = min(usual, key=lambda found: (-usual[found], found), default=())
    return SeenVtep(
        address=vtep.address,
        mtu=vtep.mtu,
        devices=() if devices == (facts.holder(vtep.address),) else devices,
        others=tuple(sorted(others.items(), key=lambda pair: _in_order(pair[0]))),
        paths=None
        if not vtep.paths and not vtep.unreached
        else tuple(
            SeenPath(peer=peer, mtu=path.mtu, devices=path.devices)
            for peer, path in sorted(paths.items(), key=lambda pair: _in_order(pair[0]))
            if (path.mtu, path.devices) != (vtep.mtu, devices) or (others and peer in listed) or peer.is_multicast
        ),
    )


def _in_order(address: IpAddress) -> tuple[int, int]:
    return address.version, int(address)


@dataclass(frozen=True, slots=True)
class _Underlay:
    """What `underlay` says, and what is never a VTEP because it is inside the overlay: VNets and exits' addresses.

    :param unsized: zones of each member that have no MTU of their own.
    """

    section: Underlay | None
    network: IpNetwork | None
    named: Mapping[str, IpAddress]
    bridges: frozenset[str]
    exits: frozenset[tuple[str, IpAddress]]
    unsized: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, given: DesignInput) -> _Underlay:
        underlay = given.sdn.own.underlay
        return cls(
            section=underlay,
            network=underlay.network if underlay else None,
            named=dict(underlay.vteps) if underlay else {},
            bridges=frozenset(vnet.id for vnet in given.sdn.both.vnets),
            exits=frozenset(
                (uplink.node, address.ip)
                for uplink in given.sdn.own.exits
                for address in (uplink.address, uplink.address6)
                if address is not None
            ),
            unsized=_unsized(given),
        )

    def _sizing(self, node: str) -> str:
        """What a node of which no path is known needs besides an address."""
        zones = " and ".join(f"'{zone}'" for zone in self.unsized.get(node, ()))
        return f" and set mtu in zone {zones}" if zones else ""

    def blames(self, faults: Mapping[str, Finding]) -> Iterator[Finding]:
        """The faults by node, each at its place; a network that several nodes are not in is one fault."""
        outside = [node for node, fault in faults.items() if fault.what == self._outside]
        if self.section is not None and len(outside) > 1:
            outside.sort(key=by_number)
            is_many = len(outside) > _MANY
            nodes = ranges(outside) if is_many else ", ".join(outside)
            what = f"network: {nodes} have no address in the underlay network {self.network}"
            named = "NODE=ADDRESS for each" if is_many else ",".join(f"{node}=ADDRESS" for node in outside)
            hint = f"correct the network, add {named} to vteps, or leave them out of the zones' nodes"
            yield Finding.at(self.section.at("network"), Severity.ERROR, what, hint)
        else:
            outside = []
        yield from (self.blame(fault, node) for node, fault in faults.items() if node not in outside)

    @property
    def _outside(self) -> str:
        return f"has no address in the underlay network {self.network}"

    def blame(self, fault: Finding, node: str) -> Finding:
        """The fault, at the place in the definitions that has to change; at the node if there is no underlay."""
        if self.section is None:
            return fault
        word = "network" if self.network is not None and node not in self.named else "vteps"
        return Finding.at(self.section.at(word, node), fault.severity, f"{word}: {node} {fault.what}", fault.hint)

    def of_present(self, member: Member, facts: NodeFacts, seen: SeenVtep | None) -> Vtep | Finding:
        """The VTEP of a node that was read."""
        if member.name in self.named:
            hint = "name one that it has"
            return _held(facts, self.named[member.name], "named in underlay: vteps", hint)
        if self.network is not None:
            inside = self._inside(facts, self.network)
            address = _only(inside, member.address, seen)
            if address is not None:
                return _held(facts, address, f"its address in {self.network}")
            if inside:
                listed = ", ".join(str(candidate) for candidate in inside)
                return _fault(
                    facts.node,
                    f"has several addresses in the underlay network {self.network}: {listed}",
                    f"name one of them: add {facts.node}={inside[0]} to vteps",
                )
            return _fault(
                facts.node,
                self._outside,
                f"give it one, add {facts.node}=ADDRESS to vteps, or leave it out of the zones' nodes",
            )
        if member.address is None:
            return _unresolved(facts.node)
        return _held(facts, member.address, "its address in the cluster's status")

    def of_absent(self, member: Member, seen: SeenVtep | None) -> Vtep | Finding:
        """The VTEP of a member that is off or did not answer."""
        mtu = seen.mtu if seen else None
        if member.name in self.named:
            return Vtep(
                node=member.name,
                address=self.named[member.name],
                interface=None,
                mtu=mtu,
                why="named in underlay: vteps; the node could not be asked",
            )
        if seen is not None and self._allows(seen.address):
            why = "as it was last seen; the node could not be asked"
            return Vtep(node=member.name, address=seen.address, interface=None, mtu=mtu, why=why)
        if member.address is not None and self._allows(member.address):
            why = "its address in the cluster's status; the node could not be asked"
            return Vtep(node=member.name, address=member.address, interface=None, mtu=mtu, why=why)
        return _fault(
            member.name,
            "did not answer and was never seen, so its VTEP is unknown",
            f"add {member.name}=ADDRESS to vteps in the section underlay{self._sizing(member.name)}, or bring the node up once",
        )

    def _allows(self, address: IpAddress) -> bool:
        return self.network is None or address in self.network

    def _inside(self, facts: NodeFacts, network: IpNetwork) -> list[IpAddress]:
        """The node's addresses in the network, lowest first, except gateways, exits and virtual
        routers of the overlay.
        """
        hosts = {stanza.name for stanza in facts.stanzas}
        overlay = self.bridges - hosts | {link.name for link in facts.links if link.kind == "macvlan"}
        inside = {held.ip for device, held in facts.addresses if device not in overlay and held.ip in network}
        return sorted((ip for ip in inside if (facts.node, ip) not in self.exits), key=int)


def _unsized(given: DesignInput) -> dict[str, tuple[str, ...]]:
    """The zones of each member whose MTU follows from the paths."""
    found: dict[str, tuple[str, ...]] = {}
    for zone in given.sdn.own.zones:
        for node in zone_nodes(zone, given.cluster) if zone.mtu is None else ():
            found[node] = (*found.get(node, ()), zone.id)
    return found


def _only(inside: list[IpAddress], resolved: IpAddress | None, seen: SeenVtep | None) -> IpAddress | None:
    """The address to use; of several, the one already in use, or the one that the cluster resolves."""
    if len(inside) == 1:
        return inside[0]
    if seen is not None and seen.address in inside:
        return seen.address
    return resolved if resolved in inside else None


def _held(facts: NodeFacts, address: IpAddress, why: str, hint: str = "") -> Vtep | Finding:
    if facts.holder(address) is None:
        hint = hint or f"name one that it has: add {facts.node}=ADDRESS to vteps in the section underlay"
        return _fault(facts.node, f"has no device with {address} ({why})", hint)
    return Vtep(node=facts.node, address=address, interface=None, mtu=None, why=why)


def _unresolved(node: str) -> Finding:
    return _fault(
        node,
        "has no address in the cluster's status",
        "say which address is the VTEP: `network` or `vteps` in the section underlay",
    )


def _fault(node: str, what: str, hint: str) -> Finding:
    return Finding(severity=Severity.ERROR, where=node, what=what, hint=hint)
