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


OLD, NEW = "02:00:c0:00:02:77", "02:00:C0:00:02:01"


def router_mac(mac: str, **of: str) -> dict[str, Any]:
    return {"vni": 4000, "mac": mac} | {key.replace("_", "-"): address for key, address in of.items()}


def router_macs(*rows: dict[str, Any]) -> Any:
    return state("evpn-rmacs", list(rows)).router_macs


def test_router_macs_are_told_by_vni_and_vtep() -> None:
    found = router_macs(router_mac(NEW, vtep="192.0.2.1"), router_mac(NEW, next_hop="192.0.2.1"))
    assert found == {4000: {ip_address("192.0.2.1"): {NEW.lower()}}}


@pytest.mark.parametrize("kept", [[OLD, NEW], [NEW, OLD]])
def test_a_router_mac_that_zebra_has_kept_beside_the_one_in_use_counts_for_nothing(kept: list[str]) -> None:
    known = (router_mac(mac, vtep="192.0.2.1") for mac in kept)
    assert router_macs(*known, router_mac(NEW, next_hop="192.0.2.1")) == {
        4000: {ip_address("192.0.2.1"): {NEW.lower()}}
    }


def test_next_hops_of_both_families_belong_to_one_vtep() -> None:
    known = (router_mac(mac, vtep="192.0.2.1") for mac in (OLD, NEW))
    used = router_mac(NEW, next_hop="192.0.2.1"), router_mac(OLD, next_hop="::ffff:192.0.2.1")
    assert router_macs(*known, *used) == {4000: {ip_address("192.0.2.1"): {OLD, NEW.lower()}}}


@pytest.mark.parametrize("known", [[], [router_mac(NEW, vtep="192.0.2.2")], [router_mac(OLD, vtep="192.0.2.1")]])
def test_a_next_hop_whose_mac_is_not_known_as_its_router_mac_leads_nowhere(known: list[dict[str, Any]]) -> None:
    assert router_macs(*known, router_mac(NEW, next_hop="192.0.2.1")) == {}


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
        ("evpn-rmacs", [{"vni": 1, "next-hop": "here", "mac": "02:00:c0:00:02:01"}]),
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
