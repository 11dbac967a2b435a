"""What the node program tells of routes in VRFs, of router MACs and virtual routers, as iproute2 and FRR print them."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from pvesdn.node.program import routes
from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking

VNIS = [{"vni": 4000, "type": "L3", "vrf": "vrf_a"}, {"vni": 2, "type": "L2", "vrf": "vrf_b"}]
"""As `show evpn vni detail json` of FRR 8.4 has them."""


def answers(node: NodeRoot, asked: dict[str, Any]) -> None:
    """Commands of the node that print JSON for some arguments, and fail for others."""
    cases = "\n".join(f"{shlex.quote(words)}) echo {shlex.quote(json.dumps(told))} ;;" for words, told in asked.items())
    for name in ("ip", "vtysh"):
        node.command(name, script=f'case "$*" in\n{cases}\n*) exit 1 ;;\nesac')


def observed(program: Asking, question: str) -> Any:
    return program.value("observe", commands=[question])["commands"][question]


def routes_of(program: Asking, node: NodeRoot, rows: Any, family: int = 4) -> Any:
    asked = {f"-j -{each} route show vrf vrf_a": rows if each == family else [] for each in (4, 6)}
    answers(node, {"-c show evpn vni detail json": VNIS, **asked})
    return observed(program, "vrf-routes")


def test_a_route_is_told_with_the_gateways_that_are_in_use(program: Asking, node: NodeRoot) -> None:
    hops = [
        {"gateway": "192.0.2.1", "dev": "vrfbr_a", "flags": ["onlink"]},
        {"gateway": "192.0.2.2", "dev": "vrfbr_a", "flags": ["dead", "linkdown"]},
        {"via": {"family": "inet6", "host": "2001:db8::1"}, "dev": "vrfbr_a"},
        {"dev": "vrfbr_a"},
        7,
    ]
    rows = [{"dst": "default", "protocol": "bgp", "metric": 20, "nexthops": hops}]
    told = {"vrf": "vrf_a", "family": 4, "gateways": ["192.0.2.1", "2001:db8::1"]}
    assert routes_of(program, node, rows) == {"answer": [{**told, "dst": "default", "protocol": "bgp", "metric": 20}]}


def test_frr_is_asked_for_its_vnis_once_in_each_observation(program: Asking, node: NodeRoot) -> None:
    answers(node, {"-j -4 route show vrf vrf_a": [], "-j -6 route show vrf vrf_a": []})
    asked = node.folder / "asked"
    for vnis in (VNIS, VNIS[:1]):
        script = f'echo "$*" >> {shlex.quote(str(asked))}; echo {shlex.quote(json.dumps(vnis))}'
        node.command("vtysh", script=script)
        told = program.value("observe", commands=["evpn-vnis", "vrf-routes"])["commands"]
        assert told == {"evpn-vnis": {"answer": vnis}, "vrf-routes": {"answer": []}}
    assert asked.read_text("utf-8").splitlines() == ["-c show evpn vni detail json"] * 2


@pytest.mark.parametrize(
    "row",
    [
        {"dst": "198.51.100.7", "gateway": "192.0.2.1"},
        {"dst": "198.51.100.7/32", "gateway": "192.0.2.1"},
        {"dst": "198.51.100.0/24", "dev": "web", "protocol": "kernel", "scope": "link"},
        {"type": "anycast", "dst": "198.51.100.0", "dev": "web"},
        {"type": "local", "dst": "198.51.100.0/24", "dev": "web"},
    ],
)
def test_host_routes_and_connected_networks_are_left_out(program: Asking, node: NodeRoot, row: Any) -> None:
    assert routes_of(program, node, [row]) == {"answer": []}


def test_a_route_that_throws_packets_away_says_so(program: Asking, node: NodeRoot) -> None:
    rows = [{"type": "unreachable", "dst": "default", "dev": "lo", "metric": 4278198272}]
    assert routes_of(program, node, rows, family=6)["answer"][0]["type"] == "unreachable"


def test_routes_of_a_vrf_that_the_kernel_does_not_have_were_not_seen(program: Asking, node: NodeRoot) -> None:
    answers(node, {"-c show evpn vni detail json": VNIS})
    assert observed(program, "vrf-routes") == {"fault": "ip -j -4 route show vrf vrf_a ended with status 1"}


def test_a_name_that_is_no_interface_is_asked_of_nobody(program: Asking, node: NodeRoot) -> None:
    answers(node, {"-c show evpn vni detail json": [{"vni": 1, "type": "L3", "vrf": "-h"}]})
    assert observed(program, "vrf-routes") == {"answer": []}


def test_more_routes_than_any_cluster_has_are_not_told(
    program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "_MOST_ROUTES", 1)
    rows = [{"dst": f"198.51.{number}.0/24", "gateway": "192.0.2.1"} for number in range(2)]
    assert routes_of(program, node, rows) == {"fault": "the VRFs have more than 1 routes"}


def test_router_macs_are_told_with_their_vtep_and_with_the_next_hop_that_uses_them(
    program: Asking, node: NodeRoot
) -> None:
    row = {"routerMac": "02:00:c0:00:02:01", "vtepIp": "192.0.2.1"}
    hop = {"nexthopIp": "192.0.2.1", "routerMac": "02:00:c0:00:02:01"}
    asked = {
        "-c show evpn rmac vni all json": {"4000": {"numRmacs": 1, "": row}, "5000": 3, "of all": {"": row}},
        "-c show evpn next-hops vni all json": {"4000": {"numNextHops": 1, "192.0.2.1": hop}},
    }
    answers(node, asked)
    told = {"vni": 4000, "mac": "02:00:c0:00:02:01"}
    assert observed(program, "evpn-rmacs") == {
        "answer": [{**told, "vtep": "192.0.2.1"}, {**told, "next-hop": "192.0.2.1"}]
    }


@pytest.mark.parametrize(
    ("question", "command", "shape"),
    [
        ("evpn-rmacs", "evpn rmac vni all", "object"),
        ("vrrp", "vrrp", "list of objects"),
        ("evpn-vnis", "evpn vni detail", "list of objects"),
        ("vrf-routes", "evpn vni detail", "list of objects"),
        ("bgp-neighbors", "bgp neighbors", "object"),
    ],
)
def test_an_answer_of_another_kind_is_not_an_empty_one(
    program: Asking, node: NodeRoot, question: str, command: str, shape: str
) -> None:
    answers(node, {f"-c show {command} json": 7})
    assert observed(program, question) == {"fault": f"vtysh -c show {command} json printed no {shape}"}


@pytest.mark.parametrize("nothing", [[], {}])
def test_nothing_has_no_shape_of_its_own(program: Asking, node: NodeRoot, nothing: Any) -> None:
    answers(node, {"-c show evpn vni detail json": nothing})
    assert observed(program, "evpn-vnis") == {"answer": []}


def test_a_virtual_router_is_told_for_each_family_that_has_an_address(program: Asking, node: NodeRoot) -> None:
    half = {"status": "Master", "effectivePriority": 200, "primaryAddress": "192.0.2.1", "vmac": "00:00:5e:00:01:07"}
    shown = [
        {
            "vrid": 7,
            "interface": "eno2",
            "v4": {**half, "addresses": ["192.0.2.10"]},
            "v6": {"status": "Initialize", "addresses": []},
        },
    ]
    answers(node, {"-c show vrrp json": shown})
    (told,) = observed(program, "vrrp")["answer"]
    assert (told["interface"], told["id"], told["family"], told["status"]) == ("eno2", 7, 4, "Master")


def test_vrrpd_that_does_not_run_is_why_there_is_no_answer(program: Asking, node: NodeRoot) -> None:
    node.command("vtysh", prints="vrrpd is not running", status=1)
    assert observed(program, "vrrp") == {"fault": "vtysh -c show vrrp json ended with status 1: vrrpd is not running"}
