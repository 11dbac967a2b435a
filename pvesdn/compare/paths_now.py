"""Which ways between VTEPs are there at the moment, whatever the definitions say; and which an apply has lost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pvesdn.compare.before_after import Applied, is_excused
from pvesdn.compare.live_paths import CLOSED, plan_paths
from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.model.expectation import ExpectedDevice
from pvesdn.model.state import LiveDevice
from pvesdn.model.verification import Discrepancy, Look, PathPlan, Verdict


def plan_paths_now(cluster: ClusterView) -> PathPlan:
    """Probes for the zones' devices as they are: before a change, those of before."""
    nodes = {name: _as_is(view) for name, view in cluster.nodes.items()}
    return plan_paths(replace(cluster, nodes=nodes))


def judge_ways(before: Iterable[Discrepancy], after: Iterable[Discrepancy], look: Look, applied: Applied) -> Verdict:
    """Which ways have been lost, or are new and do not carry what they should; and which were lost before.

    :param look: what the nodes were doing before.
    """
    known: dict[tuple[str, str], list[Discrepancy]] = {}
    for item in before:
        known.setdefault((item.node, item.peer), []).append(item)
    judged = [item for item in after if not is_excused(item, look, applied)]
    still = [item for item in judged if any(_explains(one, item) for one in known.get((item.node, item.peer), ()))]
    return Verdict(tuple(item for item in judged if item not in still), tuple(still))


def _explains(before: Discrepancy, item: Discrepancy) -> bool:
    """Between two nodes nothing arrived at all, or what does not arrive now did not arrive then."""
    return CLOSED in before.parts or (before.trait == item.trait and item.parts <= before.parts)


def _as_is(view: NodeView) -> NodeView:
    devices = tuple(_seen(device, view.state.devices.get(device.name)) for device in view.expected.devices)
    return replace(view, expected=replace(view.expected, devices=devices), told=frozenset())


def _seen(device: ExpectedDevice, live: LiveDevice | None) -> ExpectedDevice:
    """A device of the design with what it has now in the place of what it should have."""
    if live is None:
        return device
    vtep = device.vtep if live.vtep is None else live.vtep
    return replace(
        device,
        master=live.master or None,
        vni=live.vni,
        vtep=vtep,
        udp_port=live.udp_port,
        group=live.group,
    )
