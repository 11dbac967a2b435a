"""What a trace calls its ends and its reasons."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from pvesdn.cli.screens.trace import verdict_line
from pvesdn.compare.trace import both_ways
from pvesdn.compare.trace_ends import end_of
from pvesdn.compare.trace_findings import concerning, leaving_steps_to
from pvesdn.compare.trace_names import Named
from pvesdn.model.state import LiveDevice
from pvesdn.model.trace import Direction, Outcome, Trace, Way
from pvesdn.model.verification import Discrepancy, Subject
from tests.unit.compare.test_trace import (
    FAR,
    FOUND1,
    GUEST,
    INTERNET,
    NODE1,
    NODE2,
    devices,
    one_way,
    scene,
    without,
)

SECOND = NODE2 | devices(LiveDevice("veth102i1", "veth", master="db"))


def test_the_device_of_a_guest_that_has_several_is_part_of_its_name_the_first_one_too() -> None:
    web = Named("101", 101)
    assert end_of(Named("102/net0", 102, 0), web, scene(other=SECOND), {}).name == "102/net0"
    assert end_of(Named("102/net1", 102, 1), web, scene(other=SECOND), {}).name == "102/net1"
    assert end_of(Named("102/net0", 102, 0), web, scene(), {}).name == "102"


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (SECOND, "node2 has no port of guest 102"),
        (NODE2, "node2 has no port of guest 102: it does not run there"),
    ],
)
def test_a_guest_is_not_said_to_run_elsewhere_where_another_of_its_devices_is(
    other: dict[str, LiveDevice], why: str
) -> None:
    way = one_way(scene(other=without(other, "veth102i0")), GUEST, replace(FAR, port=""))
    assert (way.outcome, way.reason) == (Outcome.ENDS, why)


def test_the_version_of_ip_that_no_node_routes_is_named() -> None:
    six = ip_address("fd00::5")
    source = replace(GUEST, addresses=(ip_address("10.0.2.1"), ip_address("fd00:2::1")))
    way = one_way(scene(), source, replace(INTERNET, label=str(six), address=six))
    assert way.reason == "no node routes IPv6 for 'web', and fd00::5 is not in it: which router 101 has is not seen"


def test_a_way_that_nobody_knows_the_end_of_is_unknown_there() -> None:
    unknown = Way().is_lost("node1", "web", "nobody knows the MAC of 10.0.2.9")
    trace = Trace(Direction(GUEST, FAR, (unknown,)), Direction(FAR, GUEST, (replace(Way(), outcome=Outcome.ARRIVES),)))
    told = "".join(str(part) for part in verdict_line(trace))
    assert "there unknown at node1: nobody knows the MAC of 10.0.2.9; back it arrives." in told


def test_a_multicast_frame_is_called_a_frame() -> None:
    asked = replace(FAR, bridge="web", node="node1", port="tap109i0", mac="", address=ip_address("fd00::9"))
    port = LiveDevice("tap109i0", "tun", master="web")
    way = one_way(scene(NODE1 | devices(port)), replace(GUEST, address=None), asked)
    assert "bridge; a multicast frame is flooded" in [hop.what for hop in way.hops]


@pytest.mark.parametrize(("named", "step"), [("vrfvx (vrf_a)", ""), ("vrfbr", "ip link set vrfvx up")])
def test_a_step_of_its_own_is_left_to_what_verify_says_of_the_device(named: str, step: str) -> None:
    found = scene(without(NODE1, "vrfvx", is_up=False), found=FOUND1)
    there, _ = both_ways(found, (GUEST, FAR))
    said = Discrepancy("node1", Subject.DEVICE, named, "up", "down", "somebody", "ifup vrfvx vrfbr")
    (way,) = leaving_steps_to(there, concerning((there,), [said])).ways
    assert (way.device, way.step) == ("vrfvx", step)
