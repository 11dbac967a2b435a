"""What verify makes of FRR, with work that grows with the VNIs: a node may have thousands, and is held against all."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from pvesdn.compare.frr_live import compare_frr
from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.model.expectation import ExpectedDevice, ExpectedVni, NodeExpectation
from pvesdn.model.state import LiveDevice, LiveVni, NodeState

NODES = {f"node{number}": ip_address(f"10.0.0.{number}") for number in (1, 2, 3)}
DAEMONS = frozenset({"zebra", "bgpd"})


class Counted(str):
    """The name of a device that counts how often it is compared or looked up."""

    work = 0
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        Counted.work += 1
        return str.__eq__(self, other)

    def __hash__(self) -> int:
        Counted.work += 1
        return str.__hash__(self)


def view(node: str, count: int, *, is_flooded: bool) -> NodeView:
    """A node with that many VNIs, all up, and all other nodes' routes for them, or none."""
    vnis = {(Counted(f"vx{vni}"), Counted(f"br{vni}")): vni for vni in range(1, count + 1)}
    expected = [
        device
        for (port, bridge), vni in vnis.items()
        for device in (
            ExpectedDevice(port, "", kind="vxlan", master=bridge, vni=vni, vtep=NODES[node]),
            ExpectedDevice(bridge, "", kind="bridge"),
        )
    ]
    others = frozenset(vtep for name, vtep in NODES.items() if name != node)
    return NodeView(
        NodeExpectation(
            node,
            devices=tuple(expected),
            daemons=DAEMONS,
            vnis=tuple(ExpectedVni(vni, port, "default") for (port, _), vni in vnis.items()),
        ),
        NodeState(
            node,
            devices={d.name: LiveDevice(d.name, d.kind or "", master=d.master or "", vni=d.vni) for d in expected},
            flooding={port: others for port, _ in vnis} if is_flooded else {},
            daemons=DAEMONS,
            sessions={},
            vnis={vni: LiveVni(vni, is_l3=False, vrf="default") for vni in vnis.values()},
        ),
    )


def work(count: int, *, is_flooded: bool) -> int:
    views = {node: view(node, count, is_flooded=is_flooded) for node in NODES}
    cluster = ClusterView(views, {}, frozenset())
    Counted.work = 0
    found = [finding for one in views.values() for finding in compare_frr(one, cluster)]
    assert len(found) == (0 if is_flooded else count * len(NODES))
    return Counted.work


@pytest.mark.parametrize("is_flooded", [True, False])
def test_four_times_the_vnis_are_some_four_times_the_work(*, is_flooded: bool) -> None:
    assert work(400, is_flooded=is_flooded) < 5 * work(100, is_flooded=is_flooded)
