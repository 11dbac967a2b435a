"""Laws of verify, for every golden case: a node that does what its design says makes no finding, and any single change
to it makes one that names the node.

The state is made from the expectation by the test itself; that the expectation is what real parts do is what the
simulated cluster and the lab show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import cache
from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.compare.live import Circumstances, compare_live
from pvesdn.compare.live_view import NodeView
from pvesdn.design.cluster import design_node, share
from pvesdn.design.expectation import expect
from pvesdn.model.expectation import ExpectedDevice, NodeExpectation
from pvesdn.model.state import LiveDevice, NodeState
from pvesdn.model.vlans import LAST_VLAN, PortVlans, VlanSet
from pvesdn.workflows.understand import understand

TESTS = Path(__file__).parents[1]
CASES = sorted(
    f"{kind}/{folder.name}"
    for kind in ("golden", "golden_pve")
    for folder in (TESTS / kind).iterdir()
    if (folder / "snapshot").is_dir()
)
AROUND = Circumstances()


@cache
def expectations(case: str) -> tuple[NodeExpectation, ...]:
    known = understand(read_snapshot(TESTS / case / "snapshot"))
    shared = share(known.given, known.vteps)
    return tuple(expect(design_node(shared, node)) for node in sorted(known.records))


def obedient(expected: NodeExpectation) -> NodeState:
    """A node that does what it should, and nothing else."""
    flooding = {
        device.name: frozenset({device.group}) if device.group else device.remotes or frozenset()
        for device in expected.devices
        if device.remotes or device.group
    }
    return NodeState(
        node=expected.node,
        devices={device.name: live(device) for device in expected.devices},
        flooding=flooding,
        settings=dict(expected.settings),
        vlans={
            device.name: PortVlans(1, VlanSet.of([(1, 1)]), device.vlans - VlanSet.of([(1, 1)]))
            for device in expected.devices
            if device.vlans is not None
        },
    )


def live(device: ExpectedDevice) -> LiveDevice:
    names = {field.name for field in fields(LiveDevice)}
    said = {field.name: getattr(device, field.name) for field in fields(device) if field.name in names}
    return LiveDevice(**{name: value for name, value in said.items() if value is not None})


@pytest.mark.parametrize("case", CASES)
def test_a_node_that_does_what_its_design_says_makes_no_finding(case: str) -> None:
    for expected in expectations(case):
        assert compare_live(NodeView(expected, obedient(expected)), AROUND) == ()


OTHERS: dict[str, Callable[[Any], Any]] = {
    "kind": lambda kind: "bridge" if kind != "bridge" else "veth",
    "mtu": lambda mtu: mtu - 1,
    "mac": lambda _: "52:54:00:00:00:99",
    "master": lambda _: "",
    "addresses": lambda held: frozenset() if held else frozenset({ip_interface("203.0.113.1/24")}),
    "vlan_filtering": lambda is_aware: not is_aware,
    "vni": lambda vni: vni + 1,
    "vtep": lambda _: ip_address("203.0.113.1"),
    "udp_port": lambda port: port + 1,
    "group": lambda _: ip_address("239.255.0.1"),
    "physdev": lambda _: "other0",
    "learns": lambda learns: not learns,
    "floods": lambda floods: not floods,
    "suppresses": lambda suppresses: not suppresses,
}
"""Another value of each attribute that the design can have of a device."""


@given(data=st.data())
def test_any_change_to_a_device_is_a_finding_about_it(data: st.DataObject) -> None:
    expected = data.draw(st.sampled_from([e for case in CASES for e in expectations(case) if e.devices]))
    device = data.draw(st.sampled_from(expected.devices))
    state = obedient(expected)
    trait = data.draw(st.sampled_from([name for name in OTHERS if getattr(device, name) is not None] + ["is_up", ""]))
    there = state.devices[device.name]
    changed = dict(state.devices)
    if trait == "":
        del changed[device.name]
    elif trait == "is_up":
        changed[device.name] = replace(there, is_up=False)
    else:
        changed[device.name] = replace(there, **{trait: OTHERS[trait](getattr(there, trait))})
    found = compare_live(NodeView(expected, replace(state, devices=changed)), AROUND)
    assert (expected.node, device.name) in {(item.node, item.object) for item in found}


@given(data=st.data())
def test_any_entry_more_or_less_is_a_finding_about_its_device(data: st.DataObject) -> None:
    flooding = [(e, d) for case in CASES for e in expectations(case) for d in e.devices if d.remotes]
    expected, device = data.draw(st.sampled_from(flooding))
    assert device.remotes
    state = obedient(expected)
    one = data.draw(st.sampled_from(sorted({*device.remotes, ip_address("203.0.113.1")}, key=str)))
    there = {**(state.flooding or {}), device.name: device.remotes ^ {one}}
    found = compare_live(NodeView(expected, replace(state, flooding=there)), AROUND)
    assert [(item.node, item.object) for item in found] == [(expected.node, device.name)]


@given(data=st.data())
def test_any_vlan_less_is_a_finding_about_its_port(data: st.DataObject) -> None:
    ports = [(e, d) for case in CASES for e in expectations(case) for d in e.devices if d.vlans is not None]
    expected, device = data.draw(st.sampled_from(ports))
    vlan = data.draw(st.integers(1, LAST_VLAN))
    state = obedient(expected)
    there = (state.vlans or {})[device.name]
    less = replace(there, **{key: getattr(there, key) - VlanSet.of([(vlan, vlan)]) for key in ("untagged", "tagged")})
    found = compare_live(NodeView(expected, replace(state, vlans={**(state.vlans or {}), device.name: less})), AROUND)
    assert [(item.node, item.object, item.found) for item in found] == [
        (expected.node, device.name, f"drops VLANs {vlan}")
    ]


@given(data=st.data())
def test_any_other_setting_of_the_kernel_is_a_finding_about_it(data: st.DataObject) -> None:
    expected = data.draw(st.sampled_from([e for case in CASES for e in expectations(case) if e.settings]))
    path = data.draw(st.sampled_from(sorted(expected.settings)))
    state = obedient(expected)
    settings = {**(state.settings or {}), path: "77"}
    (found,) = compare_live(NodeView(expected, replace(state, settings=settings)), AROUND)
    assert (found.node, found.object.replace(".", "/")) == (expected.node, path.replace(".", "/"))
    assert (found.expected, found.found) == (expected.settings[path], "77")
