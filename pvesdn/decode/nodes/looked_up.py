"""What a node has looked up for a trace -> `LookedUp`. Open: keys that are not known are ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_interface
from typing import Any, TypeVar

from pvesdn.decode import json_text
from pvesdn.decode.cluster.answers import one_line
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.decode.nodes.routing import prefix_of, unmapped
from pvesdn.model.looked_up import FdbEntry, ForwardFilter, FoundRoute, GuestCard, LookedUp, Neighbour, NextHop
from pvesdn.model.primitives import IpAddress, Json

_DEAD = "dead"
"""The flag of a next hop that the kernel does not use. One without carrier, `linkdown`, it does use, unless
net.ipv4.conf.*.ignore_routes_with_linkdown is set, and what it sends there is lost.
"""

Decoded = TypeVar("Decoded")


def decode_looked_up(value: Mapping[str, Json]) -> LookedUp:
    """The value of `look_up`. What cannot be read was not seen; nothing is raised."""
    unseen: dict[str, str] = {}

    def seen(name: str, decode: Callable[[Any], Decoded], *, of_objects: bool = True) -> Decoded | None:
        try:
            given = json_text.mapping(value.get(name), name)
            if "answer" not in given:
                raise WrongShapeError(json_text.string(given.get("fault", "no answer"), f"fault of {name}"))  # noqa: TRY301
            return decode(json_text.rows(given["answer"], name) if of_objects else given["answer"])
        except WrongShapeError as error:
            unseen[name] = one_line(str(error))
            return None

    cards, leases = seen("cards", _cards), seen("leases", _leases)
    return LookedUp(
        cards=(*(cards or ()), *(leases or ())),
        fdb=seen("fdb", lambda rows: tuple(map(_entry, rows))),
        neighbours=seen("neighbours", lambda rows: tuple(map(_neighbour, rows))),
        routes=seen("routes", _routes),
        nat=seen("nat", _lines, of_objects=False),
        nat6=seen("nat6", _lines, of_objects=False),
        filters=seen("filters", lambda rows: tuple(map(_filter, rows))),
        groups=seen("groups", _groups),
        unseen=unseen,
    )


def _lines(answer: Json) -> tuple[str, ...]:
    if not isinstance(answer, list):
        message = "the rules are not a JSON list"
        raise WrongShapeError(message)
    return tuple(one_line(json_text.string(line, "a rule")) for line in answer)


_ROUTED = {"ip": frozenset({4}), "ip6": frozenset({6}), "inet": frozenset({4, 6})}


def _filter(row: dict[str, Json]) -> ForwardFilter:
    by, family = json_text.word(row.get("by"), "by of filters"), json_text.word(row.get("family"), "family of filters")
    rules = json_text.count(row["rules"], "rules of filters") if "rules" in row else None
    words = [by] if by != "nft" else ["nftables", family, json_text.string(row.get("table"), "table of filters")]
    name = json_text.string(row.get("chain", row.get("name")), "chain of filters")
    return ForwardFilter(
        name=one_line(" ".join((*words, name))),
        families=_ROUTED.get(family, frozenset()),
        is_of_bridges=family == "bridge" or row.get("bridged") is True,
        drops=str(row.get("policy")).upper() not in {"ACCEPT", "NONE"},
        is_empty=None if rules is None else not rules,
    )


def _groups(rows: list[dict[str, Json]]) -> dict[IpAddress, frozenset[str]]:
    found: dict[IpAddress, frozenset[str]] = {}
    for row in rows:
        group = json_text.address(row.get("address"), "address of groups")
        found[group] = found.get(group, frozenset()) | {
            json_text.device(row.get("ifname"), f"ifname of {group} in groups")
        }
    return found


def _cards(rows: list[dict[str, Json]]) -> tuple[GuestCard, ...]:
    return tuple(
        GuestCard(
            guest=json_text.number(row.get("guest"), "guest of cards"),
            device=json_text.number(row.get("device"), "device of cards"),
            mac=json_text.string(row.get("mac", ""), "mac of cards"),
            bridge=json_text.string(row.get("bridge", ""), "bridge of cards"),
            addresses=tuple(_written(row.get("addresses"))),
        )
        for row in rows
    )


def _written(texts: Json) -> Iterator[IpAddress]:
    """Of what somebody has written down the addresses: ``10.0.0.5/24``, and neither ``dhcp`` nor a slip."""
    for text in texts if isinstance(texts, list) else ():
        try:
            yield ip_interface(text).ip
        except ValueError:
            continue


def _leases(rows: list[dict[str, Json]]) -> tuple[GuestCard, ...]:
    return tuple(
        GuestCard(
            guest=json_text.number(row.get("guest"), "guest of leases"),
            device=None,
            mac=json_text.word(row.get("mac"), "mac of leases"),
            addresses=tuple(_written([row.get("address")])),
        )
        for row in rows
    )


def _entry(row: dict[str, Json]) -> FdbEntry:
    mac = json_text.word(row.get("mac"), "mac of fdb").lower()
    what = f"of {mac} in fdb"
    return FdbEntry(
        mac=mac,
        device=json_text.device(row.get("ifname"), f"ifname {what}"),
        remote=json_text.address(row["dst"], f"dst {what}") if "dst" in row else None,
        bridge=json_text.string(row.get("master", ""), f"master {what}"),
        vlan=json_text.number(row["vlan"], f"vlan {what}") if "vlan" in row else None,
        is_own=row.get("state") == "permanent" and "dst" not in row,
    )


def _neighbour(row: dict[str, Json]) -> Neighbour:
    address = json_text.address(row.get("dst"), "dst of neighbours")
    state = row.get("state")
    return Neighbour(
        address=address,
        device=json_text.device(row.get("dev"), f"dev of {address} in neighbours"),
        mac=json_text.string(row.get("lladdr", ""), f"lladdr of {address} in neighbours").lower(),
        state=frozenset(str(word) for word in (state if isinstance(state, list) else ())),
    )


def _routes(rows: list[dict[str, Json]]) -> dict[tuple[str, IpAddress], FoundRoute]:
    """Of each address the longest prefix, and of that the lowest metric."""
    best: dict[tuple[str, IpAddress], tuple[tuple[int, int], FoundRoute]] = {}
    for row in rows:
        address = json_text.address(row.get("address"), "address of routes")
        vrf = json_text.string(row.get("vrf", ""), f"vrf of {address} in routes")
        prefix = prefix_of({"dst": row.get("dst"), "family": address.version}, "routes")
        metric = json_text.number(row.get("metric", 0), f"metric of {prefix} in routes")
        rejects = json_text.string(row.get("type", ""), f"type of {prefix} in routes")
        hops = () if rejects else tuple(_hops(row, f"{prefix} in routes"))
        if not hops and not rejects:
            continue  # the kernel does not use it either
        route = FoundRoute(prefix, hops, json_text.string(row.get("protocol", ""), f"protocol of {prefix}"), rejects)
        rank = (-prefix.prefixlen, metric)
        if (vrf, address) not in best or rank < best[vrf, address][0]:
            best[vrf, address] = rank, route
    return {key: route for key, (_, route) in best.items()}


def _hops(row: dict[str, Json], what: str) -> Iterator[NextHop]:
    several = json_text.rows(row["nexthops"], f"nexthops of {what}") if "nexthops" in row else [row]
    for hop in several:
        flags = hop.get("flags")
        if _DEAD not in (flags if isinstance(flags, list) else ()):
            yield NextHop(json_text.device(hop.get("dev"), f"dev of {what}"), _gateway(hop, what))


def _gateway(hop: dict[str, Json], what: str) -> IpAddress | None:
    via = json_text.mapping(hop.get("via"), f"via of {what}", absent=True)
    text = hop.get("gateway", via.get("host"))
    if text is None:
        return None
    return unmapped(json_text.address(text, f"gateway of {what}"))
