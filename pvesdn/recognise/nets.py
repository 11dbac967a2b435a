"""VNets as all nodes have them: one name, one VNI, one gateway. Nodes that disagree are named; nothing is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pvesdn.model.hand_written import FrrVrf, HandWrittenNode, Place
from pvesdn.model.primitives import IpInterface
from pvesdn.recognise.devices import GROUP_WORDS, Bridge, NodeDevices, Port
from pvesdn.recognise.notebook import Notebook
from pvesdn.recognise.stanza_words import listed


class FloodMode(StrEnum):
    """Where flooded frames go."""

    MULTICAST = "multicast"
    UNICAST = "unicast"
    EVPN = "EVPN"


@dataclass(frozen=True, slots=True)
class BridgeOnNode:
    """A bridge with its one VXLAN port on one node."""

    node: str
    bridge: Bridge
    port: Port
    mode: FloodMode

    @property
    def place(self) -> Place:
        """Of the bridge."""
        return self.bridge.device.place


@dataclass(frozen=True, slots=True)
class Net:
    """A bridge of one name on all nodes that have it, the same in everything that a VNet says once.

    :param sights: by node, sorted; never empty.
    """

    name: str
    sights: Mapping[str, BridgeOnNode]

    @property
    def first(self) -> BridgeOnNode:
        """The sight to read what is the same on all nodes."""
        return next(iter(self.sights.values()))

    @property
    def nodes(self) -> frozenset[str]:
        """Nodes that have it."""
        return frozenset(self.sights)

    @property
    def addresses(self) -> tuple[IpInterface, ...]:
        """Of its gateways."""
        return self.first.bridge.addresses

    @property
    def mtu(self) -> int | None:
        """The least MTU stated, bytes; None if none is."""
        said = (
            size for sight in self.sights.values() for size in (sight.port.mtu, sight.bridge.mtu) if size is not None
        )
        return min(said, default=None)


@dataclass(frozen=True, slots=True)
class Nets:
    """The bridges of VNets, and those that tie L3VNIs to their VRFs.

    :param l3vnis: L3VNI by VRF, for every VRF that has one; None for a VRF that has none.
    :param ties: bridges of L3VNIs by VRF.
    """

    vnets: tuple[Net, ...]
    l3vnis: Mapping[str, int | None]
    ties: Mapping[str, Net]


def read_nets(
    nodes: Mapping[str, HandWrittenNode],
    devices: Mapping[str, NodeDevices],
    left: Mapping[str, frozenset[str]],
    isolated: Mapping[str, frozenset[str]],
    book: Notebook,
) -> Nets:
    """Put the nodes together. What they must agree on is for `check_nets`.

    :param left: by node: bridges that are left as they are.
    :param isolated: by node whose frr.conf announces VNIs by EVPN: the VNIs it keeps out.
    """
    sights = [
        sight
        for name in sorted(devices)
        for sight in _sights(devices[name], left.get(name, frozenset()), isolated, book)
    ]
    vrfs = {name: {vrf.name: vrf for vrf in node.frr.vrfs} for name, node in nodes.items()}
    ties = [sight for sight in sights if _is_tie(sight, vrfs[sight.node])]
    vnets = tuple(_together(sights, but=ties))
    _check_vnis(vnets, book)
    found = {net.first.bridge.vrf or "": net for net in _together(ties)}
    return Nets(vnets, _l3vnis(vnets, vrfs, ties, book), found)


def check_nets(nets: Nets, own: frozenset[str], book: Notebook) -> None:
    """Enter every node that contradicts another one.

    :param own: bridges with addresses of the nodes' own, which differ by right.
    """
    for net in nets.vnets:
        _agree(net, _SAME_BUT_GATEWAYS if net.name in own else _SAME_OF_VNET, book)
    for net in nets.ties.values():
        _agree(net, _SAME_OF_TIE, book)


def _sights(
    devices: NodeDevices, left: frozenset[str], isolated: Mapping[str, frozenset[str]], book: Notebook
) -> Iterator[BridgeOnNode]:
    for bridge in devices.bridges.values():
        ports = [name for name in bridge.ports if name in devices.ports]
        if ports and bridge.device.name not in left:
            port = devices.ports[ports[0]]
            mode = _mode(port, isolated.get(devices.node))
            if mode is None:
                what = "floods nowhere: it has no group and no remote, and the node's frr.conf has no advertise-all-vni"
                remotes = [f"'vxlan-remoteip {remote}'" for remote in port.hooked_remotes if "$" not in remote]
                hint = _how_to_flood(isolated)
                if remotes:
                    hint = f"write {listed(remotes)} into its stanza, in place of the hooks"
                book.error(devices.node, port.device.place, port.device.name, what, hint)
            else:
                yield BridgeOnNode(devices.node, bridge, port, mode)


def _how_to_flood(isolated: Mapping[str, frozenset[str]]) -> str:
    """What a VXLAN device needs: the nodes must agree, so it depends on whether there is EVPN on others."""
    if isolated:
        return f"give that frr.conf sessions and 'advertise-all-vni' in l2vpn evpn, as {min(isolated)} has them"
    return "write 'vxlan-remoteip ADDRESS' for every other node into its stanza, or 'vxlan-mcastgrp GROUP'"


def _mode(port: Port, isolated: frozenset[str] | None) -> FloodMode | None:
    """:param isolated: VNIs that are kept out of EVPN; None without EVPN."""
    if port.group is not None:
        return FloodMode.MULTICAST
    if port.remotes or (isolated is not None and str(port.vni) in isolated):
        return FloodMode.UNICAST
    return None if isolated is None else FloodMode.EVPN


def _is_tie(sight: BridgeOnNode, vrfs: Mapping[str, FrrVrf]) -> bool:
    """Whether a bridge's VNI is the L3VNI of the VRF that it is in."""
    vrf = vrfs.get(sight.bridge.vrf or "")
    return vrf is not None and vrf.l3vni == str(sight.port.vni)


def _together(sights: list[BridgeOnNode], but: list[BridgeOnNode] | None = None) -> Iterator[Net]:
    """Sights by the name of the bridge. :param but: those of them that are left out."""
    skipped = {id(sight) for sight in but or ()}
    by_name: dict[str, dict[str, BridgeOnNode]] = {}
    for sight in sights:
        if id(sight) not in skipped:
            by_name.setdefault(sight.bridge.device.name, {})[sight.node] = sight
    for name, found in sorted(by_name.items()):
        yield Net(name, found)


def _check_vnis(vnets: tuple[Net, ...], book: Notebook) -> None:
    """Enter a VNI that different bridges have."""
    holders: dict[int, BridgeOnNode] = {}
    sights = [sight for net in vnets for sight in net.sights.values()]
    known = {(sight.node, sight.bridge.device.name) for sight in sights}
    for sight in sorted(sights, key=lambda sight: (sight.node, sight.bridge.device.name)):
        first = holders.setdefault(sight.port.vni, sight)
        if first.bridge.device.name != sight.bridge.device.name:
            other = first.bridge.device.name
            what = f"has VNI {sight.port.vni}, which {other} has on {first.node} ({first.place})"
            hint = (
                "give one of the two another VNI on every node"
                if (sight.node, other) in known
                else f"if it is the same network, call it {other} here too and plug its guests into that; if not, "
                "give it another VNI"
            )
            book.error(sight.node, sight.place, sight.bridge.device.name, what, hint)


_Saying = tuple[str, Callable[[BridgeOnNode], object], Callable[[BridgeOnNode], Place]]


def _option(device: str, *names: str) -> Callable[[BridgeOnNode], Place]:
    """Where a sight states a value; its stanza where it does not."""

    def place(sight: BridgeOnNode) -> Place:
        owner = sight.port.device if device == "port" else sight.bridge.device
        found = owner.all(*names)
        return found[0].place if found else owner.place

    return place


def _texts(values: tuple[object, ...]) -> str:
    return ", ".join(sorted(map(str, values)))


_SAME_OF_PORT: tuple[_Saying, ...] = (
    ("VNI", lambda s: s.port.vni, _option("port", "vxlan-id")),
    (
        "flood mode",
        lambda s: f"{s.mode.value} to {s.port.group}" if s.port.group else s.mode.value,
        _option("port", "vxlan-remoteip", *GROUP_WORDS),
    ),
    ("UDP port", lambda s: s.port.udp_port, _option("port", "vxlan-port")),
    ("VRF", lambda s: s.bridge.vrf, _option("bridge", "vrf")),
)
_SAME_GATEWAYS: tuple[_Saying, ...] = (
    ("gateway", lambda s: _texts(s.bridge.addresses) or None, _option("bridge", "address")),
    (
        "MAC",
        lambda s: s.bridge.mac.lower() if s.bridge.mac and s.bridge.addresses else None,
        _option("bridge", "hwaddress"),
    ),
)
_SAME_SWITCHES: tuple[_Saying, ...] = (
    ("bridge-vlan-aware", lambda s: s.bridge.is_vlan_aware, _option("bridge", "bridge-vlan-aware")),
    ("MTU of the VXLAN device", lambda s: s.port.mtu, _option("port", "mtu")),
    ("flooding of unknown frames", lambda s: s.port.floods, _option("port", "bridge-unicast-flood")),
    ("bridge-arp-nd-suppress", lambda s: s.port.suppresses, _option("port", "bridge-arp-nd-suppress")),
)
_SAME_OF_VNET = (*_SAME_OF_PORT, *_SAME_GATEWAYS, *_SAME_SWITCHES)
_SAME_BUT_GATEWAYS = (*_SAME_OF_PORT, *_SAME_SWITCHES)
_SAME_OF_TIE = _SAME_OF_PORT
"""What must be the same on all nodes, and where a node states it."""


def _agree(net: Net, sayings: tuple[_Saying, ...], book: Notebook) -> None:
    """Enter every node that differs from the first."""
    first = net.first
    for noun, get, place in sayings:
        for sight in net.sights.values():
            if get(sight) != get(first):
                what = f"{noun} is {_said(get(sight))}, but {_said(get(first))} on {first.node} ({place(first)})"
                book.error(sight.node, place(sight), net.name, what, "make them the same")


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else str(value)


def _l3vnis(
    vnets: tuple[Net, ...], vrfs: Mapping[str, Mapping[str, FrrVrf]], ties: list[BridgeOnNode], book: Notebook
) -> dict[str, int | None]:
    """The L3VNI of each VRF that a VNet is in; every node with a VNet there must have it, in both files."""
    found: dict[str, int | None] = {}
    tied = {(sight.node, sight.bridge.vrf) for sight in ties}
    for name in sorted({net.first.bridge.vrf for net in vnets if net.first.bridge.vrf}):
        nodes = sorted({node for net in vnets if net.first.bridge.vrf == name for node in net.nodes})
        said = {node: vrfs[node][name] for node in nodes if name in vrfs[node] and vrfs[node][name].l3vni is not None}
        found[name] = None
        if not said:
            continue
        first, one = next(iter(said.items()))
        for node in nodes:
            sight = next(net.sights[node] for net in vnets if net.first.bridge.vrf == name and node in net.sights)
            if node not in said:
                what = f"VRF {name} has no vni in frr.conf, but {one.l3vni} on {first} ({one.place})"
                hint = f"write 'vni {one.l3vni}' under 'vrf {name}' in its frr.conf"
                book.error(node, sight.place, sight.bridge.device.name, what, hint)
            elif said[node].l3vni != one.l3vni:
                what = f"vni is {said[node].l3vni}, but {one.l3vni} on {first} ({one.place})"
                hint = "make them the same, and the vxlan-id of the L3VNI's device with them"
                book.error(node, said[node].place, f"vrf {name}", what, hint)
            elif (node, name) not in tied:
                what = f"vni {one.l3vni} is on no VXLAN device in a bridge of the VRF"
                bridges = (net.sights[node] for net in vnets if node in net.sights)
                bridge = next((s.bridge.device.name for s in bridges if str(s.port.vni) == one.l3vni), None)
                hint = (
                    f"write a VXLAN device with 'vxlan-id {one.l3vni}', and a bridge for it with 'vrf {name}'"
                    if bridge is None
                    else f"write 'vrf {name}' into the stanza of {bridge}"
                )
                book.error(node, said[node].place, f"vrf {name}", what, hint)
        numbers = [sight.port.vni for sight in ties if sight.bridge.vrf == name]
        found[name] = numbers[0] if numbers else None
    return found
