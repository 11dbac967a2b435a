"""What has gone wrong on a node although its files are right, and the least that an apply does about it.

Only what loading the files once more puts right is a change to make. What the network settles by itself, such as a
session that is about to come up, and what a person has to do, such as plugging in a cable, is for verify to tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pvesdn.compare.live import REMADE
from pvesdn.compare.live_dhcp import SWITCH
from pvesdn.compare.live_view import NodeView
from pvesdn.model.execution import (
    ChangeFrr,
    FrrAction,
    LoadSysctl,
    NodeExecution,
    PutInPlace,
    ReloadNetwork,
    ReloadRehearsed,
    RestartDhcp,
    Step,
)
from pvesdn.model.files import FRR_FILES, Action, NodeChanges
from pvesdn.model.findings import Severity
from pvesdn.model.reloads import WholeNetwork
from pvesdn.model.verification import Discrepancy, Subject

_NOT_BY_RELOADING = frozenset({"kind", "link", "VLANs"})
"""A name that something else has taken, a cable, and VLANs that ifupdown2 gives a port only when it joins."""
_ROUTER = "router bgp "
_ALL = WholeNetwork("what has gone wrong there is put right")
_ONE_DEVICE = re.compile(r"[./]conf[./](?!(?:all|default)[./])")


def drift(found: Iterable[Discrepancy], view: NodeView) -> tuple[Discrepancy, ...]:
    """Those findings about one node that an apply heals. :param found: as `Looker.own_on` gives them."""
    return tuple(item for item in found if item.severity is Severity.ERROR and _is_healed(item, view))


def action_of(item: Discrepancy) -> Action:
    """What happens to a thing that is healed."""
    if item.trait in REMADE:
        return Action.REPLACE
    return Action.ADD if item.subject is Subject.DEVICE and not item.trait else Action.CHANGE


def healed(changes: NodeChanges, drifted: Sequence[Discrepancy], reload: ReloadNetwork | None) -> NodeChanges:
    """The same plan for a node, which also heals what has gone wrong.

    :param reload: how its network is reloaded; None where PVE's commit does it anyway.
    """
    if not drifted:
        return changes
    rehearsal = None if changes.rehearsal is None else _healed(changes.rehearsal, drifted, ReloadRehearsed())
    return replace(
        changes, drift=tuple(drifted), execution=_healed(changes.execution, drifted, reload), rehearsal=rehearsal
    )


def _healed(
    before: NodeExecution, drifted: Sequence[Discrepancy], reload: ReloadNetwork | ReloadRehearsed | None
) -> NodeExecution:
    swap = before.put_in_place
    remade = sorted({item.object for item in drifted if item.trait in REMADE})
    files, ifdown, gone = ((), (), ()) if swap is None else (swap.files, swap.ifdown, swap.delete_links)
    deleted = tuple(dict.fromkeys((*gone, *remade)))
    frr = max((before.frr, *map(_frr_action, drifted)), key=list(FrrAction).index)
    loads = any(isinstance(step, LoadSysctl) for step in before.steps) or any(map(_is_global, drifted))
    reloads = before.reloads or any(_needs_reload(item, before) for item in drifted)
    steps: list[Step] = []
    if files or deleted:
        steps.append(PutInPlace(files, ifdown, deleted))
    if loads:
        steps.append(LoadSysctl())
    if frr is not FrrAction.NONE:
        steps.append(ChangeFrr(frr))
    if reloads and reload is not None:
        steps.append(replace(reload, times=_times(before, drifted)))
    if before.dhcp and ((reloads and reload is not None) or any(item.subject is Subject.DHCP for item in drifted)):
        steps.append(RestartDhcp(before.dhcp))
    # What has gone wrong is no change of a stanza: only a whole reload looks at every device.
    return replace(before, steps=tuple(steps), finishes=before.finishes or bool(deleted), reload=_ALL)


def _times(before: NodeExecution, drifted: Sequence[Discrepancy]) -> int:
    """A MAC that is put right costs the device its IPv6 addresses, until the next reload."""
    known = [step.times for step in before.steps if isinstance(step, ReloadNetwork | ReloadRehearsed)]
    return max((2 if any(item.trait == "MAC" for item in drifted) else 1, *known))


def _is_healed(item: Discrepancy, view: NodeView) -> bool:
    match item.subject:
        case Subject.DEVICE:
            device = view.expected.by_name[item.object]
            # A card that is missing or down is somebody's at the rack; a file that nothing reads is an obstacle.
            is_card = device.kind is None and item.trait in {"", "state"}
            return item.is_there and not is_card and item.trait not in _NOT_BY_RELOADING
        case Subject.FLOODING:
            device = view.expected.by_name[item.object]
            there = (view.state.flooding or {}).get(item.object, frozenset())
            return device.remotes is not None and not device.remotes <= there
        case Subject.SETTING:
            return True
        case Subject.DHCP:
            return item.trait != SWITCH
        case Subject.FRR:
            is_down = not item.trait and bool(view.missing_daemons)
            lacks = bool(item.trait) and bool(view.unlike[0])
            return item.is_there and not view.told & FRR_FILES and (is_down or lacks)
    return False


def _frr_action(item: Discrepancy) -> FrrAction:
    if item.subject is not Subject.FRR:
        return FrrAction.NONE
    # bgpd with an L3VNI keeps its AS number over every reload.
    is_whole = any(part.startswith(_ROUTER) and ":" not in part for part in item.parts)
    return FrrAction.RELOAD if item.trait and not is_whole else FrrAction.RESTART


def _is_global(item: Discrepancy) -> bool:
    return item.subject is Subject.SETTING and not _is_of_a_device(item)


def _is_of_a_device(item: Discrepancy) -> bool:
    """A setting that ifupdown2 makes with a device, and no file of sysctl.d."""
    return _ONE_DEVICE.search(item.object) is not None


def _needs_reload(item: Discrepancy, execution: NodeExecution) -> bool:
    match item.subject:
        case Subject.DEVICE:
            return True
        case Subject.FLOODING:
            return item.object not in dict(execution.flooding)
        case Subject.SETTING:
            return _is_of_a_device(item)
    return False
