"""Routes, router MACs and virtual routers as the node program tells them."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from pvesdn.decode.nodes.state import NOT_ASKED, decode_state
from pvesdn.model.snapshot import NodeRaw
from pvesdn.model.state import LiveRoute, LiveVirtualRouter

UNREACHABLE = {"vrf": "vrf_a", "family": 4, "dst": "default", "metric": 4278198272, "type": "unreachable"}
THROUGH_BGP = {"vrf": "vrf_a", "family": 4, "dst": "default", "metric": 20, "protocol": "bgp"}


def state(question: str, rows: Any) -> Any:
    return decode_state("node1", NodeRaw(commands={question: {"answer": rows}}))


def test_of_several_routes_the_kernel_uses_the_one_with_the_lowest_metric() -> None:
    best = {**THROUGH_BGP, "gateways": ["192.0.2.1", "192.0.2.2"]}
    wanted = LiveRoute("bgp", frozenset({ip_address("192.0.2.1"), ip_address("192.0.2.2")}))
    for rows in ([UNREACHABLE, best], [best, UNREACHABLE]):
        assert state("vrf-routes", rows).routes == {"vrf_a": {ip_network("0.0.0.0/0"): wanted}}


def test_a_route_that_throws_packets_away_is_one() -> None:
    assert state("vrf-routes", [UNREACHABLE]).routes["vrf_a"][ip_network("0.0.0.0/0")].rejects


def test_a_vtep_is_the_same_in_ipv6s_clothes() -> None:
    row = {"vrf": "vrf_a", "family": 6, "dst": "2001:db8::/64", "gateways": ["::ffff:192.0.2.1", "2001:db8:f::1"]}
    found = state("vrf-routes", [row]).routes["vrf_a"][ip_network("2001:db8::/64")]
    assert found.next_hops == {ip_address("192.0.2.1"), ip_address("2001:db8:f::1")}


def test_router_macs_are_told_by_vni_and_vtep() -> None:
    rows = [{"vni": 4000, "vtep": "192.0.2.1", "mac": "02:00:C0:00:02:01"}]
    assert state("evpn-rmacs", rows).router_macs == {4000: {ip_address("192.0.2.1"): "02:00:c0:00:02:01"}}


def test_a_virtual_router_has_a_role() -> None:
    row = {"interface": "eno2", "id": 7, "family": 4, "status": "Master", "effectivePriority": 200}
    assert state("vrrp", [row]).virtual_routers == (LiveVirtualRouter("eno2", 7, 4, "Master"),)


@pytest.mark.parametrize(
    ("question", "rows"),
    [
        ("vrf-routes", {}),
        ("vrf-routes", [{**THROUGH_BGP, "dst": "nowhere"}]),
        ("vrf-routes", [{**THROUGH_BGP, "family": 5}]),
        ("vrf-routes", [{**THROUGH_BGP, "dst": "192.0.2.1/24"}]),
        ("vrf-routes", [{**THROUGH_BGP, "gateways": "192.0.2.1"}]),
        ("vrf-routes", [{**THROUGH_BGP, "gateways": ["here"]}]),
        ("vrf-routes", [{**THROUGH_BGP, "vrf": "a b"}]),
        ("evpn-rmacs", [{"vni": "x"}]),
        ("evpn-rmacs", [{"vni": 1, "vtep": "x"}]),
        ("evpn-rmacs", [{"vni": 1, "vtep": "192.0.2.1"}]),
        ("vrrp", 7),
        ("vrrp", [{"interface": "eno2", "id": 7, "family": 4}]),
    ],
)
def test_what_nobody_ever_says_was_not_seen(question: str, rows: Any) -> None:
    assert state(question, rows).unseen[question] not in {"", NOT_ASKED}


@pytest.mark.parametrize(
    ("told", "remotes"),
    [
        ({"numRemoteVteps": []}, frozenset()),
        ({"numRemoteVteps": 0}, frozenset()),
        ({}, None),
    ],
)
def test_no_remote_vtep_is_not_the_same_as_no_word_of_them(told: dict[str, Any], remotes: Any) -> None:
    rows = [{"vni": 22, "type": "L2", "vrf": "default", **told}]
    assert state("evpn-vnis", rows).vnis[22].remotes == remotes
