"""What scenarios do while an apply goes on: kill it, restart nodes, confirm it; and what the nodes then do alone."""

from __future__ import annotations

import time

from pvesdn_lab.live.testbed.cluster import Going, Run
from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs.actions import put_definitions
from pvesdn_lab.live.verbs.checks_undone import open_anywhere
from pvesdn_lab.live.verbs.context import Context, Stopwatch, as_proof, require

_UNDER_WAY = "the apply under way"
_SINCE = "its changes are in force since"
_LONGER = 120.0
"""Seconds that a machine may be slower than what is proven here takes on an idle one."""
_ACTIVE = """\
for unit in pvesdn-undo.timer pvesdn-undo.service; do
    if systemctl is-active --quiet $unit || systemctl is-failed --quiet $unit; then echo $unit; fi
done
"""
"""A shell script that prints the units of the guard in which there is still life, or which have failed."""


def begin_apply(context: Context, *, definitions: str, flags: list[str] | None = None) -> str:
    """Put definitions into /etc/pve/sdn and begin `pvesdn apply`, which goes on while other steps are done."""
    put_definitions(context.lab.cluster, context.folder / definitions)
    context.notes[_UNDER_WAY] = context.lab.cluster.begin("apply", "--yes", *(flags or []))
    return "it is under way"


def in_force(context: Context, *, device: str, nodes: list[str], waits: bool = False) -> str:
    """Wait until the nodes have the device that the apply brings.

    :param waits: also until it has verified everything, and waits to be confirmed.
    """
    watch, run = Stopwatch(), _under_way(context)

    def all_have_it() -> bool:
        if run.is_over:
            raise LabFault(f"the apply has ended before {device} was there: {run.end().complaints.strip()[-600:]}")
        has_it = all(device in node.devices() for node in context.nodes(nodes))
        return has_it and (not waits or waits_to_be_confirmed(context))

    wait_for(f"{device} on {', '.join(nodes)}", all_have_it, limit=600.0)
    context.notes[_SINCE] = time.monotonic()
    return f"{device} is on {', '.join(nodes)}{', and the apply waits,' if waits else ''} after {watch}"


def waits_to_be_confirmed(context: Context) -> bool:
    """Whether every node that an open apply is about has all of it."""
    found = context.lab.cluster.pvesdn("confirm", "--status").document.get("open", ())
    states = {node["state"] for apply in found for node in apply["nodes"]}
    return states == {"waiting"}


def kill_apply(context: Context) -> str:
    """SIGKILL for the run, as if the machine that it runs on had died."""
    context.notes.pop(_UNDER_WAY).kill()
    return "nothing is heard of it any more"


def end_apply(context: Context, *, status: int, says: list[str] | None = None) -> str:
    """Wait for the end of the apply that was begun.

    :param status: its exit status.
    :param says: words that its report has to have.
    """
    run: Run = context.notes.pop(_UNDER_WAY).end()
    require(run.status == status, f"exit status {status}", f"{run.status}: {_told(run)}")
    for words in says or []:
        require(words in _told(run), f"the report to say '{words}'", _told(run))
    return f"exit status {run.status}"


def _told(run: Run) -> str:
    """What the report and the complaints say, in one line."""
    nodes = (run.document.get("report") or {}).get("nodes", ())
    words = [f"{node['name']}: {node.get('standing')}; {node.get('error') or 'no error'}" for node in nodes]
    return " | ".join([*words, *run.document.get("errors", ()), " ".join(run.complaints.split())[-600:]])


def confirm(context: Context) -> str:
    """`pvesdn confirm`, as soon as the apply waits for it."""
    cluster = context.lab.cluster

    def is_confirmed() -> bool:
        if _under_way(context).is_over:
            raise LabFault(f"the apply did not wait: {_told(_under_way(context).end())}")
        return cluster.pvesdn("confirm", wants_json=False).status == 0

    with as_proof():
        wait_for("what was applied to be confirmed", is_confirmed, limit=300.0, pause=1.0)
    return "confirmed"


def cut_off(context: Context, *, node: str) -> str:
    """SSH of a node no longer answers whoever applies."""
    address = context.lab.node(node).plan.management.partition("/")[0]

    def is_silent() -> bool:
        argv = ("timeout", "3", "bash", "-c", f"exec 3<>/dev/tcp/{address}/22 && read -r -u 3")
        return context.lab.controller.call(*argv).returncode != 0

    with as_proof():
        wait_for(f"{node} is cut off", is_silent, limit=30.0)
    return f"no answer from {address}"


def back_alone(context: Context, *, device: str, nodes: list[str], within: float) -> str:
    """The nodes have taken back by themselves what the apply had brought, and are done with it.

    :param device: one that came with the apply.
    :param within: seconds since `in_force`.
    """
    since = context.notes[_SINCE]

    def all_are_back() -> bool:
        return all(device not in node.devices() and not _is_armed(node) for node in context.nodes(nodes))

    with as_proof():
        wait_for(f"{', '.join(nodes)} without {device} and not armed", all_are_back, limit=within + _LONGER)
    seconds = time.monotonic() - since
    require(seconds <= within, f"{', '.join(nodes)} to be back within {within:g} s", f"{seconds:.0f} s")
    return f"{', '.join(nodes)} as before after {seconds:.0f} s"


def stays(context: Context, *, device: str, nodes: list[str], seconds: float) -> str:
    """So many seconds after `in_force` the nodes still have the device: nobody has undone anything."""
    end = context.notes[_SINCE] + seconds
    wait_for("the time to pass", lambda: time.monotonic() > end, limit=seconds + _LONGER)
    for node in context.nodes(nodes):
        require(device in node.devices(), f"{node.name} to have {device}", sorted(node.devices()))
    return f"{device} is on {', '.join(nodes)} {time.monotonic() - context.notes[_SINCE]:.0f} s later"


def nothing_armed(context: Context) -> str:
    """Nothing is open, armed or locked, no timer runs any more, and none has failed."""
    with as_proof():
        wait_for(f"nothing is left of the apply: {_left(context)}", lambda: not _left(context), limit=_LONGER)
    return f"nothing on {len(context.nodes())} nodes"


def restart(context: Context, *, node: str) -> str:
    """`systemctl reboot`, and wait until it is up again; its guests are not started."""
    watch = Stopwatch()
    context.lab.cluster.restart(node)
    context.lab.cluster.wait_for_ssh(context.lab.controller)
    return f"{node} is up again after {watch}"


def start_again(context: Context, *, guests: list[str]) -> str:
    """Plug guests in again whose node was restarted."""
    for name in guests:
        context.guest(name).plug_in()
    return f"{len(guests)} guests"


def _under_way(context: Context) -> Going:
    if _UNDER_WAY not in context.notes:
        raise LabFault("no apply is under way: a step `begin_apply` must come first")
    run: Going = context.notes[_UNDER_WAY]
    return run


def _is_armed(node: LiveNode) -> bool:
    return node.space.call("test", "-e", "/var/lib/pvesdn/checkpoint.json").returncode == 0


def _left(context: Context) -> list[str]:
    units = [
        f"{node.name}: {unit}"
        for node in context.nodes()
        for unit in node.space.must("bash", "-c", _ACTIVE).splitlines()
    ]
    return [*open_anywhere(context), *units]
