"""Where a packet from outside enters the cluster: at the exits, and with VRRP at the one that is master."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pvesdn.compare.trace_ports import fault_of
from pvesdn.compare.trace_scene import AtRouter, Steps, Walk
from pvesdn.compare.virtual_routers import macvlan_that_is_down
from pvesdn.model.expectation import ExpectedVirtualRouter
from pvesdn.model.primitives import IpAddress
from pvesdn.model.trace import Direction, Place, Way


@dataclass(frozen=True, slots=True)
class _Entry:
    """:param shared: the addresses of its virtual router; empty without VRRP.
    :param is_master: None without VRRP.
    :param down: the macvlan of its virtual router, if it is down: nothing comes in there, whatever vrrpd says.
    """

    node: str
    device: str
    gateway: str
    shared: tuple[IpAddress, ...] = ()
    is_master: bool | None = None
    down: str = ""


def enter_from_outside(walk: Walk, opposite: Direction | None) -> Steps:
    """One way for each node that the routers outside may send to.

    :param opposite: the way out, whose last places are the exits.
    """
    entries = sorted(_entries(walk, opposite), key=lambda entry: (entry.node, entry.device))
    virtual = [entry for entry in entries if entry.shared]
    masters = [entry for entry in virtual if entry.is_master]
    if not entries:
        reason = f"no way leads out to {walk.source.name}, so nobody knows where it comes in"
        yield Way().is_lost("", "", reason), None
        return
    if virtual and not masters:
        shared = ", ".join(str(address) for address in virtual[0].shared)
        nodes = ", ".join(dict.fromkeys(entry.node for entry in virtual))
        if unseen := [*walk.scene.silent, *_without_roles(walk, virtual)]:
            reason = f"whether {' or '.join(unseen)} is master of {shared} was not seen"
            yield Way().is_lost(unseen[0], "", reason, is_out_of_sight=bool(walk.scene.silent)), None
            return
        yield Way().ends(virtual[0].node, virtual[0].device, f"none of {nodes} is master of {shared}"), None
        return
    answering = [entry for entry in masters if not entry.down]
    for entry in answering or masters or entries:
        yield from _enter(walk, entry, len(masters))


def _enter(walk: Walk, entry: _Entry, masters: int) -> Steps:
    scene = walk.scene
    device = scene.device(entry.node, entry.device)
    by = f"from {entry.gateway} " if entry.gateway else ""
    shared = ", ".join(str(address) for address in entry.shared)
    role = f", VRRP master of {shared}" if shared else ""
    way = Way().and_hop(
        entry.node, Place.OUTSIDE, entry.device, f"comes in {by}on {entry.device}{role}",
        next_hop=entry.gateway, mtu=device.mtu if device is not None else None,
    )  # fmt: skip
    if masters > 1:
        way = way.noting(f"{masters} nodes say that they are master of {shared}")
    if device is None or (fault := fault_of(device)):
        yield way.ends(entry.node, entry.device, fault if device is not None else f"'{entry.device}' is gone"), None
    elif entry.down:
        yield way.ends(entry.node, entry.down, f"'{entry.down}' is down, by which it answers for {shared}"), None
    else:
        yield way, AtRouter(entry.node, entry.device, scene.vrf_of(entry.node, entry.device))


def _entries(walk: Walk, opposite: Direction | None) -> Iterator[_Entry]:
    """The exits that the way out uses, and every node with a virtual router in the VRF of one of them."""
    scene = walk.scene
    last = [way.hops[-1] for way in (opposite.ways if opposite is not None else ()) if way.hops]
    out = {(hop.node, hop.device): hop.next_hop for hop in last if hop.place is Place.OUTSIDE}
    vrfs = {scene.vrf_of(node, device) for node, device in out}
    routers = {
        (node, router.interface): router
        for node, router in _virtual(walk)
        if scene.vrf_of(node, router.interface) in vrfs
    }
    for node, device in {**out, **routers}:
        router = routers.get((node, device))
        if router is None:
            yield _Entry(node, device, out.get((node, device), ""))
        else:
            shared = tuple(sorted(router.addresses, key=int))
            down = macvlan_that_is_down(scene.state(node), router)
            yield _Entry(node, device, "", shared, _is_master(walk, node, device), down)


def _without_roles(walk: Walk, virtual: Sequence[_Entry]) -> Iterator[str]:
    """Nodes with a virtual router whose vrrpd told nothing."""
    nodes = dict.fromkeys(entry.node for entry in virtual)
    return (node for node in nodes if walk.scene.state(node).virtual_routers is None)


def _virtual(walk: Walk) -> Iterator[tuple[str, ExpectedVirtualRouter]]:
    target = walk.target.address
    for node in walk.scene.nodes:
        for router in walk.scene.cluster.nodes[node].expected.virtual_routers:
            if target is None or router.family == target.version:
                yield node, router


def _is_master(walk: Walk, node: str, device: str) -> bool:
    family = walk.target.address.version if walk.target.address is not None else 4
    roles = walk.scene.state(node).virtual_routers or ()
    return any(role.interface == device and role.family == family and role.status == "Master" for role in roles)
