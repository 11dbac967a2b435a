"""Maps of made-up clusters, as large as a test wants them."""

from __future__ import annotations

from ipaddress import IPv4Address
from itertools import combinations

from pvesdn.model.status import Health, Share
from pvesdn.model.topology import MapExit, MapGuest, MapNode, MapSession, MapVnet, MapZone, Topology

_FIRST_VTEP = IPv4Address("192.0.2.1")
KINDS = ("EVPN, symmetric IRB", "VXLAN, unicast", "EVPN, asymmetric IRB", "PVE's EVPN, symmetric IRB")


def a_map(nodes: int, vnets: int, *, zones: int = 4, is_live: bool = True, is_broken: bool = True) -> Topology:
    """A full mesh with VNets in several zones.

    :param is_broken: a session and a VNet are bad, another node is off.
    """
    names = [f"pve{number}" for number in range(1, nodes + 1)]
    bad = frozenset(names[:2]) if is_broken else frozenset[str]()
    off = names[-1] if is_broken and nodes > 2 else None
    return Topology(
        cluster="example",
        is_live=is_live,
        zones=tuple(_zone(at, zones, vnets, names, is_broken=is_broken, is_live=is_live) for at in range(zones)),
        nodes=tuple(_node(name, names, bad, off, zones, is_live=is_live) for name in names),
        sessions=tuple(_session(ends, bad, off, is_live=is_live) for ends in combinations(sorted(names), 2)),
        exits=(
            MapExit("zone1", names[0], "up1", "vmbr0.20", ("198.51.100.2/29",), ("198.51.100.1",), "", _ok(is_live)),
            MapExit("zone1", names[1], "up2", "vmbr0.20", ("198.51.100.3/29",), ("198.51.100.1",), "", _ok(is_live)),
        ),
    )


def _ok(is_live: bool) -> Health | None:
    return Health.OK if is_live else None


def _zone(at: int, zones: int, vnets: int, names: list[str], *, is_broken: bool, is_live: bool) -> MapZone:
    own = [number for number in range(1, vnets + 1) if number % zones == at]
    is_bad = is_broken and is_live and at == 1 % zones
    found = tuple(
        _vnet(number, f"zone{at + 1}", names, is_bad=is_bad and number == own[0], is_live=is_live) for number in own
    )
    return MapZone(
        id=f"zone{at + 1}",
        what=KINDS[at % len(KINDS)],
        source="pvesdn.cfg" if at % len(KINDS) < 3 else "zones.cfg",
        nodes=tuple(sorted(names)),
        vnets=found,
        l3vni=4000 + at if "IRB" in KINDS[at % len(KINDS)] else None,
        health=(Health.BAD if is_bad else Health.OK) if is_live else None,
        first=f"pve2: net{own[0]}, state: found down, expected up" if is_bad else "",
    )


def _vnet(number: int, zone: str, names: list[str], *, is_bad: bool, is_live: bool) -> MapVnet:
    where = names[number % len(names)]
    first = f"pve2: net{number}, state: found down, expected up" if is_bad else ""
    return MapVnet(
        id=f"net{number}",
        zone=zone,
        nodes=tuple(sorted(names)),
        tag=10_000 + number,
        alias="shop, front end" if number % 5 == 0 else "",
        subnets=(f"10.{number // 256}.{number % 256}.0/24 via 10.{number // 256}.{number % 256}.1",),
        guests=(MapGuest(1000 + number, where, f"tap{1000 + number}i0", f"web-{number}", _ok(is_live)),),
        health=(Health.BAD if is_bad else Health.OK) if is_live else None,
        first=first,
    )


def _node(name: str, names: list[str], bad: frozenset[str], off: str | None, zones: int, *, is_live: bool) -> MapNode:
    others = len(names) - 1
    up = others - (name in bad) - (off is not None)
    health = Health.OFF if name == off else Health.BAD if name in bad else Health.OK
    return MapNode(
        name=name,
        zones=tuple(f"zone{at + 1}" for at in range(zones)),
        vteps=(_FIRST_VTEP + names.index(name),),
        asn=65000,
        sessions=Share(up, others) if is_live and name != off else None,
        is_online=name != off,
        health=health if is_live else None,
        first="" if health is Health.OK or not is_live else _WHY[health].format(*(sorted(bad - {name}) or [name])),
    )


_WHY = {Health.BAD: "BGP session to {0}: found Active, expected Established", Health.OFF: "off, as the cluster says"}


def _session(ends: tuple[str, str], bad: frozenset[str], off: str | None, *, is_live: bool) -> MapSession:
    health = Health.OFF if off in ends else Health.BAD if set(ends) == bad else Health.OK
    if not is_live:
        return MapSession(ends)
    return MapSession(ends, health=health, first="" if health is Health.OK else _WHY[health].format(ends[1]))
