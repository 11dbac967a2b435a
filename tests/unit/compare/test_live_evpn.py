"""Flooding by EVPN where PVE's zones and ours have different VTEPs on the same nodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address

import pytest

from pvesdn.compare.live_evpn import flooding_discrepancies, heard_nodes, wrong_with
from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.model.expectation import ExpectedDevice, ExpectedSession, ExpectedVni, NodeExpectation
from pvesdn.model.state import LiveDevice, LiveSession, LiveVni, NodeState
from pvesdn.model.verification import Discrepancy

NODES = (1, 2, 3)


def pves(number: int) -> str:
    """The node's VTEP in PVE's zones, which its sessions speak from."""
    return f"192.168.0.{number}"


def ours(number: int) -> str:
    return f"10.99.0.{number}"


def node(number: int, *, down: frozenset[int] = frozenset()) -> NodeView:
    """A node with a VNet of ours, whose VNI comes first, and one of PVE's; it hears of all but the nodes in `down`."""
    others = [other for other in NODES if other != number]
    heard = [other for other in others if other not in down]
    devices = (
        ExpectedDevice("vxlan_web", "", kind="vxlan", vni=10, vtep=ip_address(ours(number)), master="web"),
        ExpectedDevice("vxlan_p1", "", kind="vxlan", vni=20, vtep=ip_address(pves(number)), master="p1"),
    )
    bridges = (ExpectedDevice("web", "", kind="bridge"), ExpectedDevice("p1", "", kind="bridge"))
    there = {device.name: LiveDevice(device.name, vni=device.vni, master=device.master or "") for device in devices}
    ends = {"vxlan_web": ours, "vxlan_p1": pves}
    flooding = {device: frozenset(ip_address(of(other)) for other in heard) for device, of in ends.items()}
    return NodeView(
        NodeExpectation(
            node=f"node{number}",
            devices=(*devices, *bridges),
            daemons=frozenset({"bgpd", "zebra"}),
            sessions=tuple(ExpectedSession(pves(other)) for other in others),
            vnis=(ExpectedVni(10, "vxlan_web", "default"), ExpectedVni(20, "vxlan_p1", "default")),
        ),
        NodeState(
            node=f"node{number}",
            devices=there | {bridge.name: LiveDevice(bridge.name) for bridge in bridges},
            flooding=flooding,
            daemons=frozenset({"bgpd", "zebra"}),
            sessions={pves(o): LiveSession("Active" if o in down else "Established") for o in others},
            vnis={
                10: LiveVni(10, is_l3=False, vrf="default", remotes=flooding["vxlan_web"]),
                20: LiveVni(20, is_l3=False, vrf="default", remotes=flooding["vxlan_p1"]),
            },
        ),
    )


def cluster(*nodes: NodeView) -> ClusterView:
    return ClusterView({view.node: view for view in nodes}, {}, frozenset())


def told(view: NodeView, *others: NodeView) -> list[Discrepancy]:
    return list(flooding_discrepancies(view, cluster(view, *others)))


def test_each_vni_is_announced_by_the_vtep_of_its_zone() -> None:
    assert told(node(1), node(2), node(3)) == []


@pytest.mark.parametrize(("device", "end"), [("vxlan_web", ours), ("vxlan_p1", pves)])
def test_an_entry_that_is_missing_is_that_of_its_own_zone(device: str, end: Callable[[int], str]) -> None:
    view = node(1)
    assert view.state.flooding is not None
    left = {**view.state.flooding, device: view.state.flooding[device] - {ip_address(end(3))}}
    broken = replace(view, state=replace(view.state, flooding=left))
    (found,) = told(broken, node(2), node(3))
    assert (found.object, found.expected) == (device, f"broadcasts go to {end(3)} (node3)")


@pytest.mark.parametrize(
    ("shown", "is_told"),
    [
        ("02:00:00:00:00:01", False),
        ("none", False),
        ("00:00:5e:00:01:04", False),  # a virtual router's macvlan: what the others have of it counts
        ("02:00:00:00:00:99", True),
    ],
)
def test_a_router_mac_is_that_of_the_bridge(shown: str, *, is_told: bool) -> None:
    vni = ExpectedVni(4000, "vrfvx_a", "vrf_a", is_l3=True)
    devices = {
        "vrfvx_a": LiveDevice("vrfvx_a", master="vrfbr_a"),
        "vrfbr_a": LiveDevice("vrfbr_a", mac="02:00:00:00:00:01"),
    }
    view = NodeView(NodeExpectation("node1", vnis=(vni,)), NodeState("node1", devices))
    live = LiveVni(4000, is_l3=True, vrf="vrf_a", state="Up", router_mac=shown)
    assert (wrong_with(view, vni, live) is not None) == is_told


def test_who_is_not_heard_is_told_of_the_session_alone() -> None:
    view = node(1, down=frozenset({3}))
    assert [other.node for other in heard_nodes(view, cluster(view, node(2), node(3)))] == ["node2"]
    assert told(view, node(2), node(3)) == []
