"""Applies that are taken back by whoever began them: in place and verified everywhere, and nobody confirms them."""

from __future__ import annotations

from pvesdn_lab.live.testbed.cluster import Going
from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs.actions import put_definitions, story_of
from pvesdn_lab.live.verbs.context import Context, Stopwatch, require
from pvesdn_lab.live.verbs.left_alone import waits_to_be_confirmed

_NOTE = "an apply that waits"
_LONGEST = 600.0
"""Seconds until an apply waits; emulation is slow."""
_UNCONFIRMED = 3


def apply_and_wait(context: Context, *, definitions: str, flags: list[str] | None = None) -> str:
    """Put definitions into /etc/pve/sdn and call `pvesdn apply --confirm 30m`: it has done all, and waits.

    :param definitions: a folder of the scenario whose files replace all definitions there.
    :param flags: more options of apply.
    """
    cluster, watch = context.lab.cluster, Stopwatch()
    put_definitions(cluster, context.folder / definitions)
    going = cluster.begin("apply", "--yes", *(flags or []), "--confirm", "30m")
    context.notes[_NOTE] = going
    wait_for(
        "the apply waits to be confirmed",
        lambda: going.is_over or waits_to_be_confirmed(context),
        limit=_LONGEST,
        pause=1.0,
    )
    if going.is_over:
        run = going.end()
        raise LabFault(f"pvesdn apply --confirm ended with {run.status}, and did not wait: {story_of(run)}")
    return f"it has changed every node, verified it, and waits since {watch}"


def take_back(context: Context) -> str:
    """`pvesdn rollback`: the apply that waits is put back everywhere, and ends with the status that says so."""
    going: Going = context.notes.pop(_NOTE)
    watch = Stopwatch()
    rolled_back = context.lab.cluster.pvesdn("rollback")
    states = {node["name"]: node["state"] for node in rolled_back.document.get("nodes", ())}
    require(rolled_back.status == 0, "rollback to end with 0", f"{rolled_back.status}: {rolled_back.output[-800:]}")
    require(set(states.values()) == {"restored"}, "every node to be put back and checked", states)
    run = going.end()
    require(run.status == _UNCONFIRMED, f"the apply to end with {_UNCONFIRMED}", f"{run.status}: {story_of(run)}")
    return f"{len(states)} nodes put back and checked after {watch}; the apply ends with {run.status}"
