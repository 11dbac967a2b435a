"""What the row of one node counts in a `ClusterStatus`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from pvesdn.compare.counts import summarize
from pvesdn.compare.live_view import ClusterView, NodeView
from pvesdn.compare.one_sided import is_one_sided
from pvesdn.compare.uncarried import LACKS
from pvesdn.model.expectation import ExpectedSession
from pvesdn.model.files import ChangeSet
from pvesdn.model.history import DONE, Ending, Entry, History
from pvesdn.model.ranges import is_among
from pvesdn.model.status import Drift, NodeApply, Share, ToDo
from pvesdn.model.verification import Discrepancy, Subject

_DEVICES = frozenset({Subject.DEVICE, Subject.FLOODING})


def sessions(view: NodeView, cluster: ClusterView) -> Share | None:
    """Of BGP: those that are established; None where nobody could see them. One that the other end has no neighbor for
    does not count.
    """
    wanted = view.expected.sessions
    if wanted and view.state.sessions is None:
        return None
    is_up = [_is_established(view, session) for session in wanted]
    count = sum(up or not is_one_sided(view, cluster, one) for up, one in zip(is_up, wanted, strict=True))
    return Share(sum(is_up), count)


def sessions_outside(view: NodeView, cluster: ClusterView) -> Share | None:
    """The same of those to machines that are no members: nobody here knows whether these are on."""
    outside = [session for session in view.expected.sessions if session.peer not in cluster.owners]
    if outside and view.state.sessions is None:
        return None
    return Share(sum(_is_established(view, session) for session in outside), len(outside))


def _is_established(view: NodeView, session: ExpectedSession) -> bool:
    live = (view.state.sessions or {}).get(session.peer)
    return live is not None and live.is_established


def vnis(view: NodeView) -> Share | None:
    """As the kernel has them, and FRR where they are EVPN's: up is what both have."""
    up = vnis_up(view)
    return None if up is None else Share(sum(up.values()), len(up))


def vnis_up(view: NodeView) -> dict[str, bool] | None:
    """The same for each VXLAN device, by name."""
    if view.of_evpn and view.state.vnis is None:
        return None
    in_frr = {number for number, live in (view.state.vnis or {}).items() if live.state in {"", "Up"}}
    up = {}
    for device in view.expected.devices:
        if device.kind != "vxlan" or device.vni is None:
            continue
        live = view.state.devices.get(device.name)
        is_there = live is not None and live.is_up and live.vni == device.vni
        up[device.name] = is_there and (device.vni not in view.of_evpn or device.vni in in_frr)
    return up


def drift(found: Collection[Discrepancy]) -> Drift:
    """What somebody or something has changed; not what was drawn or defined and has not been applied."""
    changed = {item.object for item in found if item.subject is Subject.FILE and item.is_edit}
    devices = {item.object for item in found if item.subject in _DEVICES and is_drift(item)}
    return Drift(files=len(changed), devices=len(devices))


def is_drift(item: Discrepancy) -> bool:
    """Whether a finding is about something that was put there and has been changed or removed since."""
    if item.subject is Subject.FILE:
        return item.is_edit
    return item.subject in _DEVICES and item.trait not in LACKS and not item.is_behind


def to_do(name: str, changes: ChangeSet | None) -> ToDo | None:
    """What an apply would do on a node; None for nothing, and where it cannot be planned."""
    node = next((node for node in changes.nodes if node.node == name), None) if changes is not None else None
    if changes is None or node is None or (node.is_empty and not node.obstacles):
        return None
    counted = summarize(replace(changes, nodes=(node,)))
    return ToDo(counted.add, counted.change, counted.replace, counted.remove, is_blocked=bool(node.obstacles))


def last_apply(name: str, history: History | None) -> NodeApply | None:
    """The newest apply that was about a node."""
    for entry in reversed(() if history is None else history.entries):
        if is_among(name, entry.plan.where):
            return NodeApply(entry.number, _ended_on(name, entry))
    return None


def _ended_on(name: str, entry: Entry) -> str:
    """How an apply ended on a node: in its own words where they are others than those of all."""
    own = next((result.what for result in entry.results if is_among(name, result.nodes)), None)
    if own == DONE:
        # What is told of all is about nodes that were not reached, or not put back.
        return DONE if entry.ending in {Ending.INCOMPLETE, Ending.PARTLY} else entry.ending.value
    return entry.ending.value if own is None else own
