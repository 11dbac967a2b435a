from ipaddress import ip_address, ip_interface

import pytest

from pvesdn.design.shared.routes import RouteTable, frr_source, held_by_device, source_of
from pvesdn.model.facts import NodeFacts, Route
from tests.unit.design.underlay import route


def devices(target: str, *routes: str | Route) -> tuple[str, ...]:
    table = RouteTable(found if isinstance(found, Route) else route(found) for found in routes)
    return tuple(hop.device for hop in table.hops(ip_address(target)))


def test_the_longest_prefix_counts_whatever_its_metric_and_its_place() -> None:
    routes = ("default dev a", "10.0.0.0/8 dev b", "10.1.0.0/16 dev c metric 500", "10.1.2.3 dev d metric 900")
    for order in (routes, routes[::-1]):
        found = [devices(target, *order) for target in ("8.8.8.8", "10.9.9.9", "10.1.9.9", "10.1.2.3")]
        assert found == [("a",), ("b",), ("c",), ("d",)]


def test_of_equal_prefixes_the_lowest_metric_counts() -> None:
    assert devices("10.0.0.1", "10.0.0.0/8 dev a metric 100", "10.0.0.0/8 dev b metric 20") == ("b",)


def test_hops_of_one_metric_are_one_multipath_route() -> None:
    assert devices("10.0.0.1", "10.0.0.0/8 dev a", "10.0.0.0/8 dev b", "10.0.0.0/8 dev c metric 9") == ("a", "b")


@pytest.mark.parametrize("kind", ["unreachable", "blackhole", "prohibit", "throw", "local"])
def test_a_route_that_refuses_is_no_way_and_no_shorter_one_stands_in(kind: str) -> None:
    assert devices("10.0.0.1", "default dev a", f"{kind} 10.0.0.0/8") == ()


def test_a_route_that_refuses_behind_a_better_one_does_no_harm() -> None:
    assert devices("10.0.0.1", "unreachable default metric 4278198272", "default dev a") == ("a",)


def test_a_hop_whose_device_is_down_is_none_and_a_shorter_prefix_stands_in() -> None:
    dead = route("10.0.0.0/8 dev a", flags=("dead", "linkdown"))
    assert devices("10.0.0.1", dead, "10.0.0.0/8 dev b") == ("b",)
    assert devices("10.0.0.1", dead, "default dev c") == ("c",)


def test_a_hop_without_carrier_counts_only_where_all_are_without() -> None:
    down = route("10.0.0.0/8 dev a", flags=("linkdown",))
    assert devices("10.0.0.1", down, "10.0.0.0/8 dev b") == ("b",)
    assert devices("10.0.0.1", down, "default dev c") == ("a",)


def test_families_have_tables_of_their_own() -> None:
    routes = (route("default dev a"), route("default dev b", family=6), route("fd00::/64 dev c", family=6))
    assert [devices(target, *routes) for target in ("10.0.0.1", "2001:db8::1", "fd00::1")] == [("a",), ("b",), ("c",)]


FACTS = NodeFacts(
    "node1",
    addresses=tuple(
        (device, ip_interface(text))
        for device, text in (
            ("lo", "127.0.0.1/8"),
            ("lo", "10.255.0.1/32"),
            ("eno1", "fe80::1/64"),
            ("eno1", "172.16.0.1/24"),
            ("eno1", "172.16.9.1/24"),
            ("eno1", "fd00::1/64"),
        )
    ),
)


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("10.0.0.0/8 via 172.16.0.2 dev eno1 src 10.255.0.1", "10.255.0.1"),
        ("10.0.0.0/8 via 172.16.0.2 dev eno1", "172.16.0.1"),
        ("10.0.0.0/8 via 172.16.9.2 dev eno1", "172.16.9.1"),
        ("10.0.0.0/8 dev eno1", "172.16.0.1"),
        ("10.0.0.0/8 via fe80::2 dev eno1", "172.16.0.1"),
        ("10.0.0.0/8 via 10.255.0.2 dev eno9", "10.255.0.1"),
    ],
)
def test_the_source_is_what_the_route_says_or_an_address_near_the_next_hop(path: str, source: str) -> None:
    assert source_of(route(path), ip_address("10.1.1.1"), held_by_device(FACTS)) == ip_address(source)


def test_frr_takes_the_address_of_a_device_that_is_most_like_the_peers() -> None:
    held = [interface.ip for _, interface in FACTS.addresses]
    assert frr_source(held, ip_address("172.16.9.77")) == ip_address("172.16.9.1")
    assert frr_source(held, ip_address("10.0.0.1")) == ip_address("10.255.0.1")
    assert frr_source(held, ip_address("2001:db8::1")) == ip_address("fd00::1")
    assert frr_source([], ip_address("10.0.0.1")) is None
