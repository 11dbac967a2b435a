"""Whose route a node should use, where not every node that may announce it could be asked."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from pvesdn.compare.live_routes import route_discrepancies
from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.model.expectation import ExpectedDevice, ExpectedRoute, ExpectedSession, ExpectedVni, NodeExpectation
from pvesdn.model.state import LiveDevice, LiveRoute, LiveSession, LiveVni, NodeState
from pvesdn.model.verification import Discrepancy

DEFAULT = ip_network("0.0.0.0/0")
METRICS = {1: 0, 2: 200}
"""Two of PVE's exits: node1 is the primary one. node3 is none."""
DAEMONS = frozenset({"bgpd", "zebra"})


def vtep(number: int) -> str:
    return f"192.168.0.{number}"


def node(number: int, leads_to: Collection[int] = ()) -> NodeView:
    """:param leads_to: the nodes that its default route leads to."""
    others = [vtep(other) for other in (1, 2, 3) if other != number]
    exits = [ExpectedRoute("vrf_p", DEFAULT, is_announced=True, metric=METRICS[number])] if number in METRICS else []
    route = LiveRoute("bgp", frozenset(ip_address(vtep(other)) for other in leads_to))
    return NodeView(
        NodeExpectation(
            node=f"node{number}",
            devices=(
                ExpectedDevice("vrfvx_p", "", kind="vxlan", vni=40, vtep=ip_address(vtep(number)), master="vrfbr_p"),
                ExpectedDevice("vrfbr_p", "", kind="bridge"),
            ),
            daemons=DAEMONS,
            sessions=tuple(map(ExpectedSession, others)),
            vnis=(ExpectedVni(40, "vrfvx_p", "vrf_p", is_l3=True),),
            routes=tuple(exits),
            asn=65000,
        ),
        NodeState(
            node=f"node{number}",
            devices={
                "vrfvx_p": LiveDevice("vrfvx_p", vni=40, master="vrfbr_p"),
                "vrfbr_p": LiveDevice("vrfbr_p", mac="52:54:00:00:00:01"),
            },
            daemons=DAEMONS,
            sessions=dict.fromkeys(others, LiveSession("Established")),
            vnis={40: LiveVni(40, is_l3=True, vrf="vrf_p")},
            routes={"vrf_p": {DEFAULT: route}} if leads_to else {"vrf_p": {}},
        ),
    )


def told(*views: NodeView, off: Collection[str] = ()) -> list[Discrepancy]:
    """Of node3, which comes last."""
    owners = {vtep(number): f"node{number}" for number in (1, 2, 3)}
    cluster = ClusterView({view.node: view for view in views}, owners, frozenset(off))
    return list(route_discrepancies(views[-1], cluster))


def unasked(view: NodeView, *questions: str) -> NodeView:
    unseen: dict[str, Any] = dict.fromkeys(questions)
    return replace(view, state=replace(view.state, **unseen))


FRR = ("daemons", "sessions", "vnis", "routes")


def test_the_exit_with_the_lowest_metric_is_the_one_to_use() -> None:
    assert told(node(1), node(2), node(3, [1])) == []
    (found,) = told(node(1), node(2), node(3, [2]))
    assert (found.expected, found.found) == ("leads to 192.168.0.1 (node1) too", "leads to 192.168.0.2")


@pytest.mark.parametrize("questions", [FRR, ("sessions",), ("vnis",), ("routes", "vnis")])
def test_an_exit_that_could_not_be_asked_may_be_the_one_to_use(questions: tuple[str, ...]) -> None:
    assert told(unasked(node(1), *questions), node(2), node(3, [1])) == []


def test_so_may_one_on_a_member_that_did_not_answer() -> None:
    assert told(node(2), node(3, [1])) == []


def test_one_on_a_member_that_is_off_may_not() -> None:
    (found,) = told(node(2), node(3, [1]), off=["node1"])
    assert found.expected == "leads to 192.168.0.2 (node2) too"


def test_a_route_that_leads_nowhere_is_told_whoever_could_not_be_asked() -> None:
    (found,) = told(unasked(node(1), *FRR), node(2), node(3))
    assert (found.expected, found.found) == ("leads to 192.168.0.2 (node2)", "no route")


def test_an_exit_whose_bgpd_does_not_run_is_not_the_one_to_use() -> None:
    dead = node(1)
    dead = replace(dead, state=replace(dead.state, daemons=frozenset({"zebra"}), sessions=None))
    (found,) = told(dead, node(2), node(3, [1]))
    assert found.expected == "leads to 192.168.0.2 (node2) too"


def test_nor_is_a_node_that_should_not_have_the_vrf() -> None:
    without = node(1)
    without = replace(unasked(without, *FRR), expected=replace(without.expected, vnis=(), routes=()))
    (found,) = told(without, node(2), node(3, [1]))
    assert found.expected == "leads to 192.168.0.2 (node2) too"
