"""The MTU of PVE's zones against what carries them: PVE looks neither at the path to the other nodes nor at the bridge
(docs/pve.md §5.8, §9), and packets that do not fit are fragmented, which RFC 7348 forbids, or lost without a word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pvesdn.design.checks.pve_paths import PvePaths, Room, narrowest
from pvesdn.design.checks.wording import MANY, listed, together, warning
from pvesdn.design.checks.zone_mtu import LEAST_IPV6, ipv6_gateways
from pvesdn.design.pve.node import BridgeKind, host_bridge
from pvesdn.design.pve.zones import tunnel_mtu
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding
from pvesdn.model.primitives import MTU_MIN
from pvesdn.model.pve_sdn import BridgedPveZone, PveEvpnZone, PveQinqZone, PveVlanZone, PveVxlanZone
from pvesdn.model.sdn import Zone

_TAG = 4
"""Bytes of the service VLAN's tag (IEEE 802.1Q), inside of which a VNet's own VLAN travels."""


@dataclass(frozen=True, slots=True)
class _Need:
    """What a zone puts on the wire.

    :param mtu: bytes of a guest's IP packet.
    :param whence: where that number is from, in words.
    :param wrapper: what is added to the packet, in words.
    """

    mtu: int
    whence: str = ""
    wrapper: str = ""


def check(given: DesignInput, paths: PvePaths) -> Iterator[Finding]:
    """Zones whose packets do not fit, those with the same devices in the way together."""
    ipv6 = ipv6_gateways(given.sdn.pve)
    yield from together(
        ((need, tuple(narrow.items()), least), warning(zone.where, _what(need, narrow), _hint(need, narrow, least)))
        for zone, need, narrow in _too_large(given, paths)
        for least in (LEAST_IPV6 if isinstance(zone, PveEvpnZone) and zone.id in ipv6 else MTU_MIN,)
    )


def _too_large(given: DesignInput, paths: PvePaths) -> Iterator[tuple[Zone, _Need, Mapping[str, Room]]]:
    """Zones, what they need, and the nodes that have less."""
    for zone in given.sdn.pve.zones:
        nodes = tuple(sorted(given.cluster.among(zone.nodes) & paths.nodes))
        match zone:
            case PveVxlanZone() | PveEvpnZone():
                need = _Need(tunnel_mtu(zone), "" if zone.mtu else " (PVE's default)", "VXLAN")
                rooms = {node: room for node in nodes if (room := paths.room(zone, node, nodes)) is not None}
            case PveVlanZone() | PveQinqZone() if zone.mtu:
                need = _Need(zone.mtu, wrapper="the service VLAN's tag" if isinstance(zone, PveQinqZone) else "")
                rooms = {node: room for node in nodes if (room := _bridge(zone, given.facts[node])) is not None}
            case _:
                continue
        narrow = {node: room for node, room in rooms.items() if need.mtu > room.inner}
        if narrow:
            yield zone, need, narrow


def _bridge(zone: BridgedPveZone, facts: NodeFacts) -> Room | None:
    """What the host's bridge carries; None where it is absent, or Open vSwitch's, whose MTU follows its ports'."""
    bridge = host_bridge(zone.bridge, facts)
    if bridge is None or bridge.kind is BridgeKind.OVS:
        return None
    # PVE takes the VLANs of a plain bridge off its ports, those of a VLAN-aware one off the bridge.
    devices = bridge.ports if bridge.kind is BridgeKind.PLAIN else (bridge.name,)
    links = [link for name in devices if (link := facts.link(name)) is not None]
    tag = _TAG if isinstance(zone, PveQinqZone) else 0
    return narrowest(Room(link.mtu, link.name, tag) for link in links)


def _what(need: _Need, narrow: Mapping[str, Room]) -> str:
    wrapped = sorted({room.overhead for room in narrow.values() if room.overhead})
    sums = " or ".join(f"{more} bytes of {need.wrapper} make {need.mtu + more}" for more in wrapped)
    packets = f"mtu {need.mtu}{need.whence}" + (f" and {sums}" if sums else "")
    return f"{packets}, but {_limits(narrow)}"


def _limits(narrow: Mapping[str, Room]) -> str:
    """The devices that are too small, those of one name and size together."""
    nodes: dict[tuple[int, str], list[str]] = {}
    for node, room in narrow.items():
        nodes.setdefault((room.size, room.limit), []).append(node)
    groups = sorted(nodes.items())
    told = [f"{limit} of {listed(names)} has {size}" for (size, limit), names in groups[:MANY]]
    return ", ".join(told) + (f" and {len(groups) - MANY} more are too small" if len(groups) > MANY else "")


def _hint(need: _Need, narrow: Mapping[str, Room], least: int) -> str:
    """:param least: the smallest MTU that the zone can have."""
    fits = min(room.inner for room in narrow.values())
    most = need.mtu + max(room.overhead for room in narrow.values())
    raising = f"raise the MTU {_there(narrow.values())} to {most}"
    return f"set mtu {fits} on the zone in PVE, or {raising}" if fits >= least else raising


def _there(rooms: Iterable[Room]) -> str:
    limits = sorted({room.limit for room in rooms})
    return f"of {limits[0]}" if len(limits) == 1 else "of these devices"
