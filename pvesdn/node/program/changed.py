"""The verb `reload_changed`: the interfaces that change are taken down and brought up, and no others."""

import os
import time
from typing import Dict, FrozenSet, List, Sequence, Tuple

from pvesdn.node.program.checkpoint import at_work, load_checkpoint, save_checkpoint, text_before
from pvesdn.node.program.files import text_of
from pvesdn.node.program.lacking import lacking, links_now, plugged, ports_in
from pvesdn.node.program.machine import CommandResult, Machine, Refused, failure
from pvesdn.node.program.places import OUR_INTERFACES
from pvesdn.node.program.reload import ALREADY_RUNNING, LONGEST_RELOAD, PATIENCE, nobody_reloads, when_alone
from pvesdn.node.program.remembered import remembered, remembered_since
from pvesdn.node.program.request import VERBS, Value, checked_interface, list_at
from pvesdn.node.program.stanzas import Options, stanzas_in
from pvesdn.node.program.swap import locked
from pvesdn.node.program.whole import why_whole

CHANGED = "changed"
"""Of a checkpoint: the interfaces that were taken down and brought up; the way back is by them too."""
STAGED_BY_PVE = "/etc/network/interfaces.new"
SHORTEST_IFUP = 30.0
"""Seconds that have to be left for an `ifup` before anything is taken down for it."""
_SHOWN = 3
"""Interfaces that an error names."""


def reload_changed(machine: Machine, arguments: Value) -> Value:
    """Take down and bring up what changes: ``{"down": [names], "up": [names]}`` -> ``{"whole": str, "log": [str]}``.

    ``down`` has what has left our file, ``up`` what is in it, each after what it needs. ``whole`` says why nothing was
    done and all of the network has to be reloaded; it is empty where it was done. Whether it was is seen by the
    devices: ifupdown2 ends with 0 where an interface is not there, and with 1 where all are.

    :raises Refused: a guest has been plugged into what goes, or PVE's reload would bring `interfaces.new` into force,
        which nobody who agreed to the plan has seen.
    """
    down = [checked_interface(name) for name in list_at(arguments, "down", str)]
    up = [checked_interface(name) for name in list_at(arguments, "up", str)]
    with locked(machine), at_work(machine, "reload"):
        _nobody_has_come(machine, down)
        why = why_whole(machine, down)
        if why:
            _nothing_else_comes_in(machine, why)
            return {"whole": why, "log": []}
        checkpoint = load_checkpoint(machine)
        if checkpoint is not None:
            save_checkpoint(machine, dict(checkpoint, **{CHANGED: sorted({*down, *up})}))
        return {"whole": "", "log": bring_over(machine, down, up)}


def _nobody_has_come(machine: Machine, down: Sequence[str]) -> None:
    """Whatever way is gone: a whole reload would take the bridge from the guest as well."""
    who = plugged_into(machine, down)
    if who:
        what = f"{who}, which goes: a guest has come since the plan was made"
        raise Refused(what, "plan and apply again")


def _nothing_else_comes_in(machine: Machine, why: str) -> None:
    """PVE's reload first puts in place what is staged in its panel. Where the plan knew it, all is reloaded anyway."""
    if os.path.lexists(machine.place(STAGED_BY_PVE)):
        what = f"all of the network has to be reloaded ({why}), and {STAGED_BY_PVE}, which has come since the plan was"
        raise Refused(f"{what} made, would come into force with it", "plan and apply again")


def plugged_into(machine: Machine, bridges: Sequence[str]) -> str:
    """What would be left without its bridge if these went; empty where nothing would."""
    pair = plugged(links_now(machine), bridges)
    return f"{pair[0]} is plugged into {pair[1]}" if pair else ""


def changed_back(machine: Machine, checkpoint: Value) -> Tuple[List[str], List[str]]:
    """What has to be taken down and brought up once the files are those of before: what `reload_changed` has changed,
    the other way round. The caller has put the files back.

    An `ifup` whose caller was killed goes on by the files of the apply: it comes to its end first.

    :raises Refused: it does not.
    """
    with nobody_reloads(machine):  # what it has brought up it remembers only then
        kinds = {name: device["kind"] for name, device in links_now(machine).items()}
    before = stanzas_in(text_before(checkpoint, OUR_INTERFACES))
    names = checkpoint.get(CHANGED, [])
    down = [name for name in names if name not in before]
    up = [name for name in names if name in before]
    order = {"bridge": 0, "vxlan": 1, "vrf": 2}
    return sorted(down, key=lambda name: order.get(kinds.get(name, ""), 0)), sorted(up, key=lambda n: _rank(before[n]))


def _rank(options: Options) -> int:
    """VRFs come before ports, and these before bridges."""
    return 0 if "vrf-table" in options else 1 if "vxlan-id" in options else 2


def bring_over(machine: Machine, down: Sequence[str], up: Sequence[str]) -> List[str]:
    """Have the devices be as our file says; what ifupdown2 has said. Refused where they are not, after a second try.

    All calls together, with the waiting for somebody else's, have as long as one whole reload.
    """
    end = time.monotonic() + PATIENCE + LONGEST_RELOAD
    log: List[str] = []
    stanzas = stanzas_in(text_of(machine, OUR_INTERFACES) or "")
    known = remembered(machine) or frozenset()
    # One name that it does not know, and it does nothing at all.
    going = [name for name in down if name in known and name not in stanzas]
    if going:
        outcome = when_alone(machine, _ifdown(going), LONGEST_RELOAD, end)
        log += outcome.lines
        there = links_now(machine)
        left = [name for name in going if name in there]
        if left:
            raise Refused("{}; still there: {}".format(failure(["ifdown"], outcome), _listed(left)))
    coming = [name for name in up if name in stanzas]
    if coming:
        log += _bring_up(machine, coming, stanzas, end)
    return log


def _bring_up(machine: Machine, coming: List[str], stanzas: Dict[str, Options], end: float) -> List[str]:
    begun = time.monotonic()
    outcome = _ifup(machine, coming, end)
    log = list(outcome.lines)
    # Of a port that is made anew, or taken down below, its bridge has to have it again, though that does not change.
    carrying = [name for name in stanzas if name not in coming and set(ports_in(stanzas[name])) & set(coming)]
    concerned = [*coming, *carrying]
    devices = links_now(machine)
    lack = lacking(devices, concerned, stanzas)
    if not lack:
        return log
    needed = max(SHORTEST_IFUP, time.monotonic() - begun)
    if end - time.monotonic() < 2 * needed:
        raise _not_up(outcome, lack)  # it would be left down
    # It remembers what it was told even where that failed, and takes it for done from then on: it has to forget first.
    known = remembered(machine) or frozenset()
    again = [name for name in concerned if name in lack or set(ports_in(stanzas[name])) & lack.keys()]
    torn = [name for name in reversed(again) if name in {*lack} & {*coming} and _may_go(devices, name, known)]
    if torn:
        log += when_alone(machine, _ifdown(torn), LONGEST_RELOAD, end - needed).lines
    outcome = _ifup(machine, again, end)
    lack = lacking(links_now(machine), concerned, stanzas)
    if lack:
        raise _not_up(outcome, lack)
    return [*log, *outcome.lines]


def _ifdown(names: List[str]) -> List[str]:
    """:param names: in the order in which they are to go: ifupdown2 begins with the last that it is told."""
    return ["ifdown", *reversed(names)]


def _ifup(machine: Machine, names: List[str], end: float) -> CommandResult:
    """`ifup` of these, once more where it has not come as far as any interface: nothing has failed then, and not all
    that it would have changed is seen by the devices.

    :raises Refused: it did not the second time either, or another of ifupdown2's commands does not end.
    """
    for _ in range(2):
        since = remembered_since(machine)
        outcome = when_alone(machine, ["ifup", *names], LONGEST_RELOAD, end)
        # It writes its memory whatever becomes of the interfaces.
        if outcome.status == 0 or (outcome.status != ALREADY_RUNNING and remembered_since(machine) != since):
            return outcome
        if outcome.status == ALREADY_RUNNING:
            break
    raise Refused("{}; no interface was brought up".format(failure(["ifup"], outcome)))


def _not_up(outcome: CommandResult, lack: Dict[str, str]) -> Refused:
    what = [f"{name} {what}" for name, what in lack.items()]
    return Refused("{}; {}".format(failure(["ifup"], outcome), _listed(what)))


def _may_go(devices: Dict[str, Value], name: str, known: FrozenSet[str]) -> bool:
    """A bridge with guests' ports is never taken down: they would not come back by themselves."""
    is_bridge = name in devices and devices[name]["kind"] == "bridge"
    return name in known and not (is_bridge and plugged(devices, [name]))


def _listed(things: Sequence[str]) -> str:
    more = f" and {len(things) - _SHOWN} more" if len(things) > _SHOWN else ""
    return ", ".join(things[:_SHOWN]) + more


VERBS.update(reload_changed=reload_changed)
