"""Where a packet from outside enters the cluster: at the exits, and of those of a virtual router at the master."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pvesdn.compare.trace_ports import fault_of
from pvesdn.compare.trace_scene import AtRouter, Steps, Walk
from pvesdn.compare.virtual_routers import macvlan_that_is_down
from pvesdn.model.expectation import ExpectedVirtualRouter
from pvesdn.model.primitives import IpAddress
from pvesdn.model.trace import Direction, Place, Way

_Card = tuple[str, str]
"""A node and its device."""

_Group = tuple[str, int, tuple[IpAddress, ...]]
"""A virtual router: its VRF, its number, and what it answers for."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """:param gateway: the router outside, where the way out tells it.
    :param group: empty without VRRP.
    :param is_way_out: the way out leaves there.
    :param is_master: None without VRRP.
    :param down: the macvlan of its virtual router, if it is down: nothing comes in there, whatever vrrpd says.
    """

    node: str
    device: str
    gateway: str = ""
    group: _Group | None = None
    is_way_out: bool = False
    is_master: bool | None = None
    down: str = ""


def enter_from_outside(walk: Walk, opposite: Direction | None) -> Steps:
    """One way for each node that the routers outside may send to.

    :param opposite: the way out, whose last places are the exits.
    """
    entries = sorted(_entries(walk, opposite), key=lambda entry: (entry.node, entry.device))
    if not entries:
        reason = f"no way leads out to {walk.source.name}, so nobody knows where it comes in"
        yield Way().is_lost("", "", reason), None
        return
    groups: dict[_Group | None, list[_Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    plain = groups.pop(None, [])
    headless = [group for group, members in groups.items() if not any(one.is_master for one in members)]
    has_others = bool(plain) or len(headless) < len(groups)
    spared = [group for group in headless if has_others and _may_be_passed_over(walk, groups[group])]
    begin = Way(notes=tuple(_headless(groups[group]) for group in spared))
    for entry in plain:
        yield from _enter(walk, begin, entry)
    for group, members in groups.items():
        if group not in headless:
            yield from _by_master(walk, begin, members)
        elif group not in spared:
            yield _without_master(walk, begin, members), None


def _may_be_passed_over(walk: Walk, members: Sequence[_Entry]) -> bool:
    """Nobody is master there, and the way out leaves elsewhere: so may the routers outside send elsewhere."""
    return not _unseen(walk, members) and not any(one.is_way_out for one in members)


def _by_master(walk: Walk, way: Way, members: Sequence[_Entry]) -> Steps:
    """To each that says that it is master, and answers if any of them does."""
    masters = [entry for entry in members if entry.is_master]
    if len(masters) > 1:
        way = way.noting(f"{len(masters)} nodes say that they are master of {_shared(masters[0])}")
    for entry in [entry for entry in masters if not entry.down] or masters:
        yield from _enter(walk, way, entry)


def _without_master(walk: Walk, way: Way, members: Sequence[_Entry]) -> Way:
    if unseen := _unseen(walk, members):
        reason = f"whether {' or '.join(unseen)} is master of {_shared(members[0])} was not seen"
        return way.is_lost(unseen[0], "", reason, is_out_of_sight=bool(walk.scene.silent))
    return way.ends(members[0].node, members[0].device, _headless(members))


def _headless(members: Sequence[_Entry]) -> str:
    first, *others = dict.fromkeys(entry.node for entry in members)
    if others:
        return f"none of {', '.join([first, *others])} is master of {_shared(members[0])}"
    return f"{first} is not master of {_shared(members[0])}, and no other node can be"


def _unseen(walk: Walk, members: Sequence[_Entry]) -> list[str]:
    """Nodes that may be master: those that were not looked at, and those whose vrrpd told nothing."""
    nodes = dict.fromkeys(entry.node for entry in members)
    return [*walk.scene.silent, *(node for node in nodes if walk.scene.state(node).virtual_routers is None)]


def _shared(entry: _Entry) -> str:
    return "" if entry.group is None else ", ".join(map(str, entry.group[2]))


def _enter(walk: Walk, way: Way, entry: _Entry) -> Steps:
    scene = walk.scene
    device = scene.device(entry.node, entry.device)
    by = f"from {entry.gateway} " if entry.gateway else ""
    shared = _shared(entry)
    role = f", VRRP master of {shared}" if shared else ""
    way = way.and_hop(
        entry.node, Place.OUTSIDE, entry.device, f"comes in {by}on {entry.device}{role}",
        next_hop=entry.gateway, mtu=device.mtu if device is not None else None,
    )  # fmt: skip
    if device is None or (fault := fault_of(device)):
        yield way.ends(entry.node, entry.device, fault if device is not None else f"'{entry.device}' is gone"), None
    elif entry.down:
        yield way.ends(entry.node, entry.down, f"'{entry.down}' is down, by which it answers for {shared}"), None
    else:
        yield way, AtRouter(entry.node, entry.device, scene.vrf_of(entry.node, entry.device))


def _entries(walk: Walk, opposite: Direction | None) -> Iterator[_Entry]:
    """The exits that the way out uses, and every node with a virtual router in the VRF of one of them. What comes from
    a network that cards in that VRF are in enters by one of these cards, whichever way leads out.
    """
    scene = walk.scene
    last = [way.hops[-1] for way in (opposite.ways if opposite is not None else ()) if way.hops]
    out = {(hop.node, hop.device): hop.next_hop for hop in last if hop.place is Place.OUTSIDE}
    vrfs = {scene.vrf_of(*card) for card in out}
    routers = [(node, router) for node, router in _virtual(walk) if scene.vrf_of(node, router.interface) in vrfs]
    cards = list(dict.fromkeys([*out, *((node, router.interface) for node, router in routers)]))
    beside = [card for card in _in_vrfs(walk, vrfs) if card not in cards]
    near = [card for card in [*cards, *beside] if _is_near(walk, card)]
    for card in near or cards:
        own = [router for node, router in routers if (node, router.interface) == card]
        yield from (_of_router(walk, card, router, out) for router in own)
        if not own:
            yield _Entry(*card, gateway=out.get(card, ""), is_way_out=card in out)


def _of_router(walk: Walk, card: _Card, router: ExpectedVirtualRouter, out: Mapping[_Card, str]) -> _Entry:
    node, device = card
    group = walk.scene.vrf_of(node, device), router.id, tuple(sorted(router.addresses, key=int))
    down = macvlan_that_is_down(walk.scene.state(node), router)
    return _Entry(
        node, device, group=group, is_way_out=card in out, is_master=_is_master(walk, node, router), down=down
    )


def _in_vrfs(walk: Walk, vrfs: set[str]) -> Iterator[_Card]:
    """The devices in VRFs, other than the macvlans of virtual routers. The main table is no VRF: in its networks are
    all nodes, and its exits are those that the way out uses.
    """
    for node in walk.scene.nodes:
        for device in walk.scene.state(node).devices.values():
            if device.kind != "macvlan" and walk.scene.vrf_of(node, device.name) in vrfs - {""}:
                yield node, device.name


def _is_near(walk: Walk, card: _Card) -> bool:
    """The source is in a network of the card's own."""
    device, source = walk.scene.device(*card), walk.source.address
    return device is not None and source is not None and any(source in held.network for held in device.addresses)


def _virtual(walk: Walk) -> Iterator[tuple[str, ExpectedVirtualRouter]]:
    target = walk.target.address
    for node in walk.scene.nodes:
        for router in walk.scene.cluster.nodes[node].expected.virtual_routers:
            if target is None or router.family == target.version:
                yield node, router


def _is_master(walk: Walk, node: str, router: ExpectedVirtualRouter) -> bool:
    own = router.interface, router.id, router.family
    roles = walk.scene.state(node).virtual_routers or ()
    return any((role.interface, role.id, role.family) == own and role.status == "Master" for role in roles)
