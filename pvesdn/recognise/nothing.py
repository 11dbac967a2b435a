"""What is left as it is: beside what is imported, or because nothing can be, and then why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pvesdn.decode.nodes.hand_written import MAIN_INTERFACES
from pvesdn.model.cluster import ClusterState
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import SDN_INTERFACES
from pvesdn.model.findings import shared_lines
from pvesdn.model.hand_written import FrrRouter, HandWrittenNode
from pvesdn.recognise.devices import NodeDevices
from pvesdn.recognise.found import Found, find_others
from pvesdn.recognise.hosts import homes_of
from pvesdn.recognise.nets import BridgeOnNode, Nets
from pvesdn.recognise.notebook import Notebook
from pvesdn.recognise.switches import find_tunnels

_UNREAD = "sources %s, which pvesdn does not read"
_MOVE = f"move what it has of VXLAN, bridges and VRFs into a file in {MAIN_INTERFACES}.d"
_SHOWN = 3
"""Devices that are named one by one."""


@dataclass(frozen=True, slots=True)
class Others:
    """What cannot be imported as it stands, of all nodes.

    :param left: by node: bridges that are left as they are, with several VXLAN devices, or with the address by which
        the cluster knows the node.
    """

    found: tuple[Found, ...]
    left: Mapping[str, frozenset[str]]

    @classmethod
    def of(
        cls,
        nodes: Mapping[str, HandWrittenNode],
        devices: Mapping[str, NodeDevices],
        facts: Mapping[str, NodeFacts],
        cluster: ClusterState,
    ) -> Others:
        """Look at every node."""
        found: list[Found] = []
        left = {}
        for name in sorted(devices):
            member = cluster.member(name)
            address = member.address if member is not None else None
            homes = homes_of(devices[name], facts.get(name), address)
            others, left[name] = find_others(nodes[name], devices[name], homes)
            found += (*others, *find_tunnels(nodes[name]))
        return cls(tuple(found), left)

    def enter(self, nets: Nets, book: Notebook) -> None:
        """Enter each as lost; as an error where a file makes it and another node would have a VNet of it, which then
        would end at this node. What no file makes is gone with the next boot.
        """
        sights = [sight for net in (*nets.vnets, *nets.ties.values()) for sight in net.sights.values()]
        for one in self.found:
            is_written = one.place is not None or one.is_elsewhere
            twin = next((s for s in sights if is_written and one.bridge and _is_twin(one, s)), None)
            if twin is not None:
                what = one.what.replace(": it stays as it is", "").replace(", it stays as it is", "")
                what += f"; {twin.node} has VNI {twin.port.vni} on {twin.port.device.name} ({twin.port.device.place})"
                book.error(one.node, one.place, one.name, what, one.hint)
            elif not (one.is_foreign and sights):
                book.lose(one.node, one.place, one.name, one.what, one.hint)


def _is_twin(one: Found, sight: BridgeOnNode) -> bool:
    return sight.port.vni in one.vnis or sight.bridge.device.name == one.bridge


def tell_unread(nodes: Mapping[str, HandWrittenNode], book: Notebook) -> None:
    """Enter what is sourced and was not read: what it makes is not known."""
    for name, node in sorted(nodes.items()):
        for pattern in node.outside:
            book.warn(f"{name}: {MAIN_INTERFACES}", _UNREAD % pattern, _MOVE)


def explain_nothing(nodes: Mapping[str, HandWrittenNode], unread: Mapping[str, str], book: Notebook) -> Iterator[str]:
    """Why nothing is proposed, line by line. :param book: what was entered so far."""
    read = ", ".join(sorted(nodes)) or "no node"
    if book.lost:
        yield "nothing can be imported as it stands; what was found, and why it was left:"
        yield from shared_lines(book.lost)
    else:
        where = "neither in the files nor in the kernel"
        if any(node.generated for node in nodes.values()):
            where = "but those that pvesdn or PVE has made"
        yield f"nothing to import: no VXLAN device in a bridge was found, {where} (read: {read})"
        for name, router in _speakers(nodes):
            yield f"{name}: {router.place}: router bgp {router.asn} announces all VNIs, and the node has none"
    for name, node in sorted(nodes.items()):
        yield from (f"{name}: {what}" for what in _beside(node))
    for name, reason in sorted(unread.items()):
        yield f"{name}: was not read ({reason}), so what it has is not known"


def _speakers(nodes: Mapping[str, HandWrittenNode]) -> Iterator[tuple[str, FrrRouter]]:
    """Routers of nodes that have no VXLAN device, not even one of pvesdn's or PVE's."""
    for name, node in sorted(nodes.items()):
        if node.live or node.generated:
            continue
        yield from ((name, router) for router in node.frr.routers if router.vrf is None and router.has_all_vnis)


def _beside(node: HandWrittenNode) -> Iterator[str]:
    """What there is besides, and why it does not count."""
    for file, whose in ((SDN_INTERFACES, "PVE's own SDN"), ("", "pvesdn")):
        devices = [d for d, path in node.generated.items() if (path == SDN_INTERFACES) is bool(file)]
        if devices:
            more = f" and {len(devices) - _SHOWN} more" if len(devices) > _SHOWN else ""
            yield f"{', '.join(devices[:_SHOWN])}{more}: made by {whose}, so there is nothing to import about it"
    for path in node.unsourced:
        yield (
            f"{path}: was left out, since no 'source' line of {MAIN_INTERFACES} names it; "
            f"add 'source {MAIN_INTERFACES}.d/*' there if it is to count"
        )
    for pattern in node.outside:
        yield f"{MAIN_INTERFACES}: {_UNREAD % pattern}; {_MOVE}"
