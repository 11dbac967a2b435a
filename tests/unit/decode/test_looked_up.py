"""What a node has looked up for a trace, read: the route that the kernel would take, and what cannot be read."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

from pvesdn.decode.nodes.looked_up import decode_looked_up
from pvesdn.model.looked_up import FdbEntry, ForwardFilter, FoundRoute, GuestCard, LookedUp, NextHop

ADDRESS = ip_address("10.0.1.9")
_ASKED = ("cards", "leases", "fdb", "neighbours", "routes", "nat", "nat6", "filters", "groups")
EMPTY: dict[str, Any] = {name: {"answer": []} for name in _ASKED}


def looked_up(**said: list[Any]) -> LookedUp:
    return decode_looked_up(EMPTY | {name: {"answer": rows} for name, rows in said.items()})


def routes(*rows: dict[str, Any]) -> FoundRoute | None:
    found = looked_up(routes=[{"vrf": "vrf_a", "address": "10.0.1.9", **row} for row in rows])
    assert found.routes is not None, found.unseen
    return found.routes.get(("vrf_a", ADDRESS))


def test_the_longest_prefix_wins_and_of_one_prefix_the_lowest_metric() -> None:
    found = routes(
        {"dst": "default", "gateway": "192.0.2.1", "dev": "eno2"},
        {"dst": "10.0.1.0/24", "dev": "db", "metric": 20},
        {"dst": "10.0.1.0/24", "dev": "web", "metric": 10, "protocol": "kernel"},
    )
    assert found == FoundRoute(ip_network("10.0.1.0/24"), (NextHop("web"),), "kernel")


def test_next_hops_that_the_kernel_does_not_use_are_left_out() -> None:
    hops = [
        {"gateway": "192.0.2.1", "dev": "vrfbr", "flags": ["onlink"]},
        {"gateway": "192.0.2.2", "dev": "vrfbr", "flags": ["dead", "linkdown"]},
        {"via": {"family": "inet6", "host": "::ffff:192.0.2.3"}, "dev": "vrfbr", "flags": ["linkdown"]},
    ]
    found = routes({"dst": "10.0.1.9", "nexthops": hops})
    assert found is not None
    assert found.hops == (NextHop("vrfbr", ip_address("192.0.2.1")), NextHop("vrfbr", ip_address("192.0.2.3")))


def test_a_route_none_of_whose_next_hops_is_used_gives_way_to_a_shorter_one() -> None:
    found = routes(
        {"dst": "10.0.1.9", "gateway": "192.0.2.2", "dev": "vrfbr", "flags": ["dead"]},
        {"type": "unreachable", "dst": "default", "metric": 4278198272},
    )
    assert found == FoundRoute(ip_network("0.0.0.0/0"), rejects="unreachable")


def test_entries_of_bridges_and_of_vxlan_devices_are_told_apart() -> None:
    rows = [
        {"mac": "BC:24:11:00:00:66", "ifname": "vxlan_web", "vlan": 1, "master": "web", "flags": [], "state": ""},
        {
            "mac": "bc:24:11:00:00:66",
            "ifname": "vxlan_web",
            "dst": "192.0.2.2",
            "flags": ["self"],
            "state": "permanent",
        },
        {"mac": "aa:00:00:00:00:01", "ifname": "web", "master": "web", "flags": [], "state": "permanent"},
    ]
    assert looked_up(fdb=rows).fdb == (
        FdbEntry("bc:24:11:00:00:66", "vxlan_web", bridge="web", vlan=1),
        FdbEntry("bc:24:11:00:00:66", "vxlan_web", ip_address("192.0.2.2")),
        FdbEntry("aa:00:00:00:00:01", "web", bridge="web", is_own=True),
    )


def test_a_neighbour_that_did_not_answer_cannot_be_used() -> None:
    rows = [
        {"dst": "10.0.1.9", "dev": "db", "state": ["FAILED"]},
        {"dst": "10.0.1.8", "dev": "db", "lladdr": "02:AA", "state": ["STALE"]},
    ]
    failed, stale = looked_up(neighbours=rows).neighbours or ()
    assert (failed.is_usable, stale.is_usable, stale.mac) == (False, True, "02:aa")


def test_of_a_guests_addresses_those_are_kept_that_are_addresses() -> None:
    card = {"guest": 101, "device": 0, "bridge": "web", "addresses": ["dhcp", "10.0.1.9/24", "fd00::9/64"]}
    lease = {"guest": 102, "mac": "bc:24:11:00:00:66", "address": "10.0.1.8"}
    assert looked_up(cards=[card], leases=[lease]).cards == (
        GuestCard(101, 0, bridge="web", addresses=(ADDRESS, ip_address("fd00::9"))),
        GuestCard(102, None, "bc:24:11:00:00:66", addresses=(ip_address("10.0.1.8"),)),
    )


def test_what_cannot_be_read_was_not_seen_and_hides_nothing_else() -> None:
    found = decode_looked_up(
        EMPTY | {"fdb": {"answer": [{"mac": 7}]}, "routes": {"fault": "ip is not installed"}, "nat": 3}
    )
    assert found.fdb is None
    why = {
        "fdb": "mac of fdb is not printable text",
        "routes": "ip is not installed",
        "nat": "nat is not a JSON object",
    }
    assert found.unseen == why
    assert (found.neighbours, found.routes, found.nat) == ((), None, None)
    assert decode_looked_up({}).unseen.keys() == EMPTY.keys()


def test_one_lease_that_makes_no_sense_does_not_hide_the_others() -> None:
    good, bad = ({"address": address, "guest": 1, "mac": "02:00:00:00:00:01"} for address in ("10.0.0.5", "oops"))
    found = decode_looked_up({"leases": {"answer": [bad, good]}})
    assert "leases" not in found.unseen
    assert [card.addresses for card in found.cards] == [(), (ip_address("10.0.0.5"),)]


def test_rules_that_could_not_be_told_are_not_none() -> None:
    for told, why in (
        ({"fault": "it broke"}, "it broke"),
        ({"answer": {}}, "the rules are not a JSON list"),
        ({}, "no answer"),
    ):
        found = decode_looked_up(EMPTY | {"nat": told})
        assert (found.nat, found.unseen) == (None, {"nat": why})
    assert looked_up(nat=[]).nat == ()


def test_filters_are_told_with_what_goes_through_them() -> None:
    legacy = {"by": "ip6tables", "family": "ip6", "chain": "FORWARD", "policy": "DROP", "rules": 0, "bridged": False}
    new = {"by": "nft", "family": "bridge", "table": "t", "name": "c", "policy": "accept"}
    without_policy = {"by": "nft", "family": "inet", "table": "t", "name": "c"}
    assert looked_up(filters=[legacy, new, without_policy]).filters == (
        ForwardFilter("ip6tables FORWARD", frozenset({6}), drops=True, is_empty=True),
        ForwardFilter("nftables bridge t c", is_of_bridges=True),
        ForwardFilter("nftables inet t c", frozenset({4, 6})),
    )


def test_a_group_may_have_been_joined_on_several_devices() -> None:
    group = ip_address("239.1.1.1")
    rows = [{"ifname": name, "address": "239.1.1.1"} for name in ("eno1", "eno2")]
    assert looked_up(groups=rows).groups == {group: frozenset({"eno1", "eno2"})}
