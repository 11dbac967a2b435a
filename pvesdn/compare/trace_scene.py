"""What a trace walks through: the nodes' devices and tables, and where a packet is in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pvesdn.compare.live_view import ClusterView
from pvesdn.model.cluster import UnderlayPath, Vtep
from pvesdn.model.guests import guest_port
from pvesdn.model.looked_up import FdbEntry, FoundRoute, LookedUp, Neighbour
from pvesdn.model.primitives import IpAddress
from pvesdn.model.state import LiveDevice, NodeState
from pvesdn.model.trace import End, Way

NOT_LOOKED_UP = "a snapshot does not hold the tables of guests"

BROADCAST = "ff:ff:ff:ff:ff:ff"

_OF_GROUPS = frozenset("13579bdf")
"""Second digits of MACs that are a group's."""


def kind_of(mac: str) -> str:
    """``broadcast``, ``multicast`` or ``unicast``."""
    if mac == BROADCAST:
        return "broadcast"
    return "multicast" if mac[1:2] in _OF_GROUPS else "unicast"


def asked_by(address: IpAddress | None) -> str:
    """The MAC that a question for the owner of an address goes to (RFC 826, RFC 4861 section 4.3)."""
    if address is None or address.version == 4:  # noqa: PLR2004 - IPv4
        return BROADCAST
    low = address.packed[-3:]
    return "33:33:ff:" + ":".join(f"{byte:02x}" for byte in low)


def how_asked(address: IpAddress | None) -> str:
    """What that question is called."""
    return "ARP" if address is None or address.version == 4 else "neighbour discovery"  # noqa: PLR2004 - IPv4


@dataclass(frozen=True, slots=True)
class AtBridge:
    """A frame in a bridge.

    :param came_by: the port; empty for what the node itself sends.
    :param mac: where it goes.
    :param vlan: in a VLAN-aware bridge.
    :param is_for_router: it goes to a next hop, which is not the end of the way.
    """

    node: str
    bridge: str
    mac: str
    came_by: str = ""
    vlan: int | None = None
    is_for_router: bool = False


@dataclass(frozen=True, slots=True)
class AtRouter:
    """A packet that a node routes. :param device: it came in by; empty for one of the node's own."""

    node: str
    device: str
    vrf: str


@dataclass(frozen=True, slots=True)
class InTunnel:
    """A frame that leaves by a VXLAN device. :param tag: its VLAN on the wire; None for none."""

    node: str
    device: str
    remote: IpAddress
    mac: str
    tag: int | None = None
    is_for_router: bool = False


Position = AtBridge | AtRouter | InTunnel
Steps = Iterator[tuple[Way, Position | None]]
"""Each way on, with where it has come to; None where it is over."""


@dataclass(frozen=True)
class Scene:
    """:param found: what the nodes have looked up; a node that is absent was not asked.
    :param asked: the VRFs whose routes they have looked up.
    :param silent: members that were not looked at, with the reason.
    """

    cluster: ClusterView
    found: Mapping[str, LookedUp] = field(default_factory=dict)
    asked: frozenset[str] = frozenset()
    vteps: Mapping[str, Vtep] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)

    @property
    def nodes(self) -> tuple[str, ...]:
        """Those that were looked at, sorted by name."""
        return tuple(sorted(self.cluster.nodes))

    def state(self, node: str) -> NodeState:
        """Of a node that was looked at."""
        return self.cluster.nodes[node].state

    def device(self, node: str, name: str) -> LiveDevice | None:
        """A device, None where the node has none of that name."""
        return self.state(node).devices.get(name)

    def why_unseen(self, node: str) -> str:
        """Why a node was not looked at; empty for one that was."""
        return "" if node in self.cluster.nodes else self.silent.get(node, "was not looked at")

    def vxlans(self, node: str, bridge: str) -> tuple[LiveDevice, ...]:
        """The VXLAN devices in a bridge."""
        devices = self.state(node).devices.values()
        return tuple(device for device in devices if device.kind == "vxlan" and device.master == bridge)

    def uplinks(self, node: str, bridge: str) -> tuple[LiveDevice, ...]:
        """The other devices in a bridge that are no guests': cards, bonds, VLANs, veths to other bridges."""
        devices = self.state(node).devices.values()
        others = (device for device in devices if device.master == bridge and device.kind not in {"vxlan", "dummy"})
        return tuple(device for device in others if guest_port(device.name) is None)

    def vrf_of(self, node: str, name: str) -> str:
        """The VRF that a device routes in; empty for the main table."""
        device = self.device(node, name)
        master = self.device(node, device.master) if device is not None and device.master else None
        return master.name if master is not None and master.kind == "vrf" else ""

    def fdb(self, node: str) -> tuple[FdbEntry, ...] | None:
        """None where nobody could look."""
        found = self.found.get(node)
        return None if found is None else found.fdb

    def in_bridge(self, node: str, bridge: str, mac: str, vlan: int | None) -> FdbEntry | None:
        """The bridge's entry for a MAC, as far as it was looked up."""
        return next((entry for entry in self._entries(node, bridge, mac, vlan) if not entry.is_own), None)

    def local_in_bridge(self, node: str, bridge: str, mac: str, vlan: int | None) -> FdbEntry | None:
        """The entry by which a bridge takes frames for a MAC for the node itself: that of a port's own, or one that
        somebody has made without the word `static`.
        """
        return next((entry for entry in self._entries(node, bridge, mac, vlan) if entry.is_own), None)

    def _entries(self, node: str, bridge: str, mac: str, vlan: int | None) -> Iterator[FdbEntry]:
        if kind_of(mac) == "unicast":
            for entry in self.fdb(node) or ():
                if entry.mac == mac and entry.bridge == bridge and (vlan is None or entry.vlan in {None, vlan}):
                    yield entry

    def has_joined(self, node: str, device: LiveDevice, group: IpAddress) -> bool | None:
        """Whether the node hears a multicast group where its VXLAN device expects it; None where nobody could look."""
        found = self.found.get(node)
        if found is None or found.groups is None:
            return None
        joined = found.groups.get(group, frozenset())
        return device.physdev in joined if device.physdev else bool(joined)

    def behind(self, node: str, vxlan: str, mac: str) -> frozenset[IpAddress]:
        """The VTEPs that a VXLAN device's own entries have for a MAC."""
        entries = self.fdb(node) or ()
        return frozenset(e.remote for e in entries if e.mac == mac and e.device == vxlan and e.remote is not None)

    def flooded(self, node: str, vxlan: str) -> frozenset[IpAddress]:
        """Where a VXLAN device sends what it has no entry for."""
        return (self.state(node).flooding or {}).get(vxlan, frozenset())

    def neighbour(self, node: str, device: str, address: IpAddress) -> Neighbour | None:
        """The neighbour entry, None without one. An IPv4 next hop of an IPv6 route may be in IPv6's clothes."""
        found = self.found.get(node)
        own = [one for one in (found.neighbours if found else None) or () if one.device == device]
        return next((one for one in own if one.address == address or _mapped(one.address) == address), None)

    def route(self, node: str, vrf: str, address: IpAddress) -> FoundRoute | None:
        """The route of a table, None where there is none."""
        found = self.found.get(node)
        return ((found.routes if found else None) or {}).get((vrf, address))

    def has_routes(self, node: str) -> bool:
        """Its routing tables were looked up."""
        found = self.found.get(node)
        return found is not None and found.routes is not None

    def why_not_looked_up(self, node: str, what: str) -> str:
        """Why there is nothing of `fdb`, `neighbours` or `routes`."""
        found = self.found.get(node)
        return NOT_LOOKED_UP if found is None else found.unseen.get(what, NOT_LOOKED_UP)

    def has_neighbours(self, node: str) -> bool:
        """Its neighbour table was looked up."""
        found = self.found.get(node)
        return found is not None and found.neighbours is not None

    def why_not_told(self, node: str, what: str) -> str:
        """Why a node's state lacks the answer to a question; `what` is its name."""
        return self.state(node).unseen.get(what, "nobody has looked")

    def owner(self, address: IpAddress) -> str:
        """The member that has a VTEP; empty where it is nobody's."""
        return self.cluster.owners.get(str(address), "")

    def path(self, node: str, remote: IpAddress) -> UnderlayPath | None:
        """The path to a VTEP, where it is known."""
        vtep = self.vteps.get(node)
        return None if vtep is None else vtep.paths.get(remote)

    def has_no_path(self, node: str, remote: IpAddress) -> bool:
        """The node has no route to a VTEP."""
        vtep = self.vteps.get(node)
        return vtep is not None and remote in vtep.unreached


@dataclass(frozen=True, slots=True)
class Walk:
    """:param source, target: the ends of the way."""

    scene: Scene
    source: End
    target: End


def _mapped(address: IpAddress) -> IpAddress | None:
    return getattr(address, "ipv4_mapped", None)
