"""Who should be master of a virtual router, where not every node that has it could be asked."""

from __future__ import annotations

from ipaddress import ip_interface

import pytest

from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.compare.live_vrrp import vrrp_discrepancies
from pvesdn.model.expectation import ExpectedDevice, ExpectedVirtualRouter, NodeExpectation
from pvesdn.model.state import LiveDevice, LiveVirtualRouter, NodeState
from pvesdn.model.verification import Discrepancy

PRIORITIES = {"node1": 200, "node2": 150, "node3": 100}


def macvlan(*, is_up: bool, vrf: str = "", mac: str = "00:00:5e:00:01:07") -> LiveDevice:
    """As ifupdown2 makes it for a virtual router."""
    return LiveDevice("vrrp4-4-7", "macvlan", is_up=is_up, mac=mac, master=vrf)


def node(
    name: str, role: str | None, daemons: frozenset[str] = frozenset({"vrrpd"}), *macvlans: LiveDevice
) -> NodeView:
    """:param role: None where vrrpd could not be asked."""
    address = ip_interface("172.20.0.10/24")
    router = ExpectedVirtualRouter("eno2", 7, 4, PRIORITIES[name], frozenset({address.ip}))
    return NodeView(
        NodeExpectation(
            node=name,
            devices=(ExpectedDevice("eno2", ""),),
            daemons=frozenset({"vrrpd"}),
            virtual_routers=(router,),
        ),
        NodeState(
            node=name,
            devices={live.name: live for live in (LiveDevice("eno2", is_up=True, has_carrier=True), *macvlans)},
            daemons=daemons,
            virtual_routers=None if role is None else (LiveVirtualRouter("eno2", 7, 4, role),),
        ),
    )


def told(*nodes: NodeView, off: frozenset[str] = frozenset()) -> list[Discrepancy]:
    owners = {f"192.168.0.{name[-1]}": name for name in PRIORITIES}
    cluster = ClusterView({view.node: view for view in nodes}, owners, off)
    return [found for view in nodes for found in vrrp_discrepancies(view, cluster, is_configuration_told=False)]


def test_where_nobody_is_master_the_best_of_those_that_could_be_is_told() -> None:
    (found,) = told(node("node1", "Backup"), node("node2", "Backup"), node("node3", "Backup"))
    assert (found.node, found.found) == ("node1", "Backup")
    assert "another machine" in found.cause


@pytest.mark.parametrize("unasked", ["node1", "node3"])
def test_where_one_could_not_be_asked_it_may_be_master(unasked: str) -> None:
    roles = {**dict.fromkeys(PRIORITIES, "Backup"), unasked: None}
    assert told(*(node(name, role) for name, role in roles.items())) == []


def test_one_whose_vrrpd_does_not_run_is_no_master() -> None:
    dead = node("node3", None, frozenset())
    (found,) = told(node("node1", "Backup"), node("node2", "Backup"), dead)
    assert found.node == "node1"


def test_a_lower_master_is_told_where_every_better_one_could_be_asked() -> None:
    found = told(node("node1", None), node("node2", "Master"), node("node3", "Backup"))
    assert found == []
    found = told(node("node1", "Backup"), node("node2", "Master"), node("node3", None))
    assert [(item.node, item.expected) for item in found] == [("node1", "Master: node2 has a lower priority than 200")]


def test_a_lower_master_is_no_fault_of_the_second_while_the_best_could_not_be_asked() -> None:
    assert told(node("node1", None), node("node2", "Backup"), node("node3", "Master")) == []
    assert told(node("node2", "Backup"), node("node3", "Master")) == []
    (found,) = told(node("node2", "Backup"), node("node3", "Master"), off=frozenset({"node1"}))
    assert found.node == "node2"


RUNS = frozenset({"vrrpd"})


@pytest.mark.parametrize("role", ["Master", "Backup"])
def test_a_macvlan_that_is_down_is_told_whatever_vrrpd_says(role: str) -> None:
    others = node("node2", "Master" if role == "Backup" else "Backup"), node("node3", "Backup")
    found = told(node("node1", role, RUNS, macvlan(is_up=False)), *others)
    assert [(item.node, item.found) for item in found] == [("node1", f"'vrrp4-4-7' is down, and vrrpd says {role}")]
    assert found[0].step == "ip link set vrrp4-4-7 up"
    assert "nobody answers for 172.20.0.10 here" in found[0].cause


def test_who_takes_over_from_a_master_that_nobody_hears_is_not_told_of_a_firewall() -> None:
    found = told(node("node1", "Master", RUNS, macvlan(is_up=False)), node("node2", "Master"), node("node3", "Backup"))
    assert [item.node for item in found] == ["node1"]


def test_while_somebody_takes_over_no_other_machine_is_suspected() -> None:
    found = told(node("node1", "Master", RUNS, macvlan(is_up=False)), node("node2", "Backup"), node("node3", "Backup"))
    assert [item.node for item in found] == ["node1"]


@pytest.mark.parametrize(
    "other",
    [
        macvlan(is_up=True),
        macvlan(is_up=False, vrf="vrf_other"),
        macvlan(is_up=False, mac="00:00:5e:00:01:08"),
        macvlan(is_up=False, mac="00:00:5e:00:02:07"),
    ],
    ids=["up", "in another VRF", "of another number", "of IPv6"],
)
def test_a_macvlan_that_is_up_or_another_routers_is_not_told(other: LiveDevice) -> None:
    assert told(node("node1", "Master", RUNS, other), node("node2", "Backup"), node("node3", "Backup")) == []
