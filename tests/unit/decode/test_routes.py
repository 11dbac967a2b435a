"""Rows as iproute2 6.1 printed them on a kernel with such routes and rules."""

from ipaddress import ip_address
from typing import Any

import pytest

from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.model.facts import Route
from pvesdn.model.snapshot import NodeRaw


def routes(*rows: dict[str, Any], command: str = "ip-route") -> tuple[Route, ...]:
    return decode_facts("node1", NodeRaw(commands={command: list(rows)})).routes


def rules(*rows: dict[str, Any], command: str = "ip-rule") -> tuple[str, ...]:
    return decode_facts("node1", NodeRaw(commands={command: list(rows)})).rules


def test_a_route_says_who_made_it_how_good_it_is_and_what_fits() -> None:
    row: dict[str, Any] = {"dst": "10.4.0.0/16", "gateway": "10.1.0.2", "dev": "eno1", "protocol": "ospf"}
    row |= {"prefsrc": "10.2.0.1", "metric": 20, "flags": [], "metrics": [{"mtu": 1400}]}
    assert routes(row) == (
        Route(
            *("10.4.0.0/16", "eno1", ip_address("10.2.0.1"), ip_address("10.1.0.2")),
            metric=20,
            mtu=1400,
            protocol="ospf",
        ),
    )


def test_a_group_of_nexthop_objects_is_all_of_its_hops_with_their_states() -> None:
    hops = [
        {"gateway": "10.1.0.2", "dev": "eno1", "weight": 1, "flags": []},
        {"gateway": "10.2.0.2", "dev": "eno2", "weight": 3, "flags": ["dead", "linkdown"]},
    ]
    found = routes({"dst": "10.10.0.0/16", "nhid": 10, "flags": [], "nexthops": hops})
    assert [(route.device, route.flags) for route in found] == [
        ("eno1", frozenset()),
        ("eno2", frozenset({"dead", "linkdown"})),
    ]


def test_a_route_of_a_lone_nexthop_object_that_the_kernel_does_not_spell_out_has_no_device() -> None:
    assert routes({"dst": "10.11.0.0/16", "nhid": 1, "flags": []}) == (Route("10.11.0.0/16"),)


@pytest.mark.parametrize("kind", ["unreachable", "blackhole", "prohibit", "throw"])
def test_a_route_that_refuses_has_no_device_even_where_iproute2_prints_one(kind: str) -> None:
    row = {"type": kind, "dst": "fd00:6::/64", "dev": "lo", "metric": 1024, "flags": [], "pref": "medium"}
    assert routes(row, command="ip-route6") == (Route("fd00:6::/64", family=6, metric=1024, kind=kind),)


def test_a_route_for_a_type_of_service_is_none_of_ours() -> None:
    assert routes({"dst": "10.20.0.0/16", "tos": "0x10", "gateway": "10.2.0.2", "dev": "eno1", "flags": []}) == ()


def test_tables_that_were_not_read_are_known_as_such() -> None:
    assert decode_facts("node1", NodeRaw(commands={"ip-route": []})).tables == {4}
    assert decode_facts("node1", NodeRaw()).tables == frozenset()


def test_the_kernels_own_rules_are_not_worth_a_word() -> None:
    own = [
        {"priority": 0, "src": "all", "table": "local"},
        {"priority": 1000, "src": "all", "l3mdev": None},
        {"priority": 2000, "src": "all", "l3mdev": None, "action": "unreachable"},
        {"priority": 32766, "src": "all", "table": "main"},
        {"priority": 32767, "src": "all", "table": "default"},
    ]
    assert rules(*own) == ()
    assert rules(*own, command="ip-rule6") == ()


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"priority": 32765, "src": "10.0.0.0", "srclen": 8, "table": "200"}, "32765: from 10.0.0.0/8 lookup 200"),
        ({"priority": 32764, "src": "all", "fwmark": "0x1", "table": "201"}, "32764: from all lookup 201"),
        (
            {"priority": 99, "src": "all", "iif": "eno1", "table": "main", "suppress_prefixlen": 0},
            "99: from all lookup main",
        ),
        ({"priority": 7, "src": "all", "table": 77}, "7: from all lookup 77"),
        ({"priority": 8, "src": "all", "action": "unreachable"}, "8: from all unreachable"),
    ],
)
def test_any_other_rule_is_told(row: dict[str, Any], words: str) -> None:
    assert rules(row) == (words,)
