"""Which ways are tried: of every node, and not more of them than one can wait for."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from pvesdn.compare.live_paths import ALL_PAIRS, SAMPLE, plan_paths
from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.model.expectation import ExpectedDevice, ExpectedVni, NodeExpectation
from pvesdn.model.state import LiveDevice, NodeState

VNETS = ("db", "web")


def view(number: int, count: int, **changes: Any) -> NodeView:
    """A node with two VNets of a zone of plain VXLAN. :param changes: of its VXLAN devices, as they should be."""
    vtep, node = ip_address(f"192.0.2.{number}"), f"node{number:02}"
    others = frozenset(ip_address(f"192.0.2.{other}") for other in range(1, count + 1) if other != number)
    expected, live = [], {}
    for vni, vnet in enumerate(VNETS, 100):
        port = f"vxlan_{vnet}"
        device = ExpectedDevice(port, "", "vxlan", master=vnet, vni=vni, vtep=vtep, udp_port=4789, remotes=others)
        expected += [replace(device, **changes), ExpectedDevice(vnet, "", "bridge")]
        live[port] = LiveDevice(port, "vxlan", mac=f"02:00:00:00:00:{number:02x}", master=vnet, vni=vni)
        live[vnet] = LiveDevice(vnet, "bridge", mtu=1450, mac=f"02:00:00:00:01:{number:02x}")
    zones = {f"vxlan_{vnet}": "plain" for vnet in VNETS}
    return NodeView(NodeExpectation(node, tuple(expected)), NodeState(node, live), zones=zones)


def cluster(count: int, **changes: Any) -> ClusterView:
    """:param changes: of the first node's VXLAN devices."""
    views = [view(number, count, **(changes if number == 1 else {})) for number in range(1, count + 1)]
    return ClusterView({one.node: one for one in views}, {}, frozenset())


def test_every_pair_is_tried_with_a_frame_of_the_mtu_and_a_small_one() -> None:
    plan = plan_paths(cluster(3))
    pairs = {(probe.source, probe.target, probe.size) for probe in plan.probes}
    names = ("node01", "node02", "node03")
    assert pairs == {(a, b, size) for a in names for b in names if a != b for size in (1450, 64)}
    assert len({probe.number for probe in plan.probes}) == len(plan.probes) == 12
    assert plan.not_tried == ()


def test_the_vnets_of_a_zone_take_turns() -> None:
    assert {probe.vni for probe in plan_paths(cluster(3)).probes} == {100, 101}


def routing(number: int, *vnets: str) -> NodeView:
    """A node with some VNets of a zone of EVPN, and with its L3VNI."""
    found = view(number, 1, remotes=None)
    devices = [device for device in found.expected.devices if {device.name, device.master} & set(vnets)]
    vtep = ip_address(f"192.0.2.{number}")
    devices += [
        ExpectedDevice("vrfvx_a", "", "vxlan", master="vrfbr_a", vni=4000, vtep=vtep, udp_port=4789),
        ExpectedDevice("vrfbr_a", "", "bridge", master="vrf_a"),
    ]
    live = dict(found.state.devices)
    live["vrfvx_a"] = LiveDevice("vrfvx_a", "vxlan", master="vrfbr_a", vni=4000)
    live["vrfbr_a"] = LiveDevice("vrfbr_a", "bridge", mtu=1450, mac=f"02:00:00:00:02:{number:02x}", master="vrf_a")
    l3vni = ExpectedVni(4000, "vrfvx_a", "vrf_a", is_l3=True)
    expected = NodeExpectation(found.node, tuple(devices), vnis=(l3vni,))
    zones = dict.fromkeys(("vxlan_db", "vxlan_web", "vrfvx_a"), "a")
    return replace(found, expected=expected, state=replace(found.state, devices=live), zones=zones)


@pytest.mark.parametrize(
    ("others", "vni", "bridge"), [(("db",), 4000, "vrfbr_a"), ((), 4000, "vrfbr_a"), (("db", "web"), 101, "web")]
)
def test_nodes_without_a_common_vnet_are_tried_by_the_l3vni_that_they_route_through(
    others: tuple[str, ...], vni: int, bridge: str
) -> None:
    views = {one.node: one for one in (routing(1, "web"), routing(2, *others))}
    probes = plan_paths(ClusterView(views, {}, frozenset())).probes
    assert {(probe.source, probe.vni, probe.bridge) for probe in probes} == {
        ("node01", vni, bridge),
        ("node02", vni, bridge),
    }
    macs = {probe.source: probe.mac for probe in probes}
    assert macs["node01"] == views["node02"].state.devices[bridge].mac


@pytest.mark.parametrize("count", [ALL_PAIRS + 1, 40])
def test_of_many_nodes_each_sends_to_a_few_and_hears_from_a_few(count: int) -> None:
    plan = plan_paths(cluster(count))
    full = [probe for probe in plan.probes if not probe.is_small]
    for name in cluster(count).nodes:
        assert sum(probe.source == name for probe in full) == sum(probe.target == name for probe in full) == SAMPLE
    assert [item.why for item in plan.not_tried] == [f"of {count} nodes each sends to {SAMPLE} others only"]


def test_some_nodes_are_tried_with_all_others_in_both_directions() -> None:
    probes = plan_paths(cluster(4), only={"node02"}).probes
    assert {(probe.source == "node02") + (probe.target == "node02") for probe in probes} == {1}
    assert len({(probe.source, probe.target) for probe in probes}) == 6


@pytest.mark.parametrize(
    ("changes", "sends", "hears"),
    [
        ({"vni": 7}, 0, 0),
        ({"vtep": ip_address("2001:db8::1")}, 0, 0),
        ({"vtep": None}, 0, 0),
        ({"remotes": frozenset()}, 0, 2),
        ({"remotes": None}, 2, 2),
        ({"kind": "bridge"}, 0, 0),
        ({"master": "gone"}, 0, 0),
    ],
)
def test_what_cannot_arrive_is_not_sent(changes: dict[str, Any], sends: int, hears: int) -> None:
    probes = [probe for probe in plan_paths(cluster(3, **changes)).probes if not probe.is_small]
    assert sum(probe.source == "node01" for probe in probes) == sends
    assert sum(probe.target == "node01" for probe in probes) == hears


def test_a_vtep_that_no_stanza_names_is_known_by_the_others_peers() -> None:
    without = cluster(2, vtep=None)
    owners = {"192.0.2.1": "node01", "192.0.2.2": "node02"}
    probes = plan_paths(replace(without, owners=owners)).probes
    assert {(str(probe.vtep), str(probe.peer)) for probe in probes if probe.source == "node01"} == {
        ("192.0.2.1", "192.0.2.2")
    }


def test_another_zone_is_left_out() -> None:
    assert plan_paths(cluster(3), zone="other").probes == ()


def test_one_node_alone_has_nobody_to_send_to() -> None:
    assert plan_paths(cluster(1)).probes == ()
