"""What scenarios prove of applies that fail or are refused: every node has what it had, and PVE's definitions wait."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pvesdn_lab.live.testbed.cluster import Run
from pvesdn_lab.live.verbs.actions import put_definitions, story_of
from pvesdn_lab.live.verbs.checks_undone import all_as_before, remember_all
from pvesdn_lab.live.verbs.context import Context, Stopwatch, require
from pvesdn_lab.simulated.pve import GRANTS

_BROKEN = "/etc/network/interfaces.d/broken"
_DOES_NOT_RELOAD = "auto badlo\niface badlo\n\tlink-type dummy\n\tpost-up false\n"
_COMMIT = ("PUT", "/cluster/sdn")
_LOCK = ".lock"

Fault = tuple[Callable[[Context], object], Callable[[Context], object]]
"""What brings it about, and what takes it away again."""


def _commit_answers(status: int, message: str) -> Fault:
    def begin(context: Context) -> None:
        context.lab.cluster.pve.sim.fail(*_COMMIT, status, message)

    return begin, lambda context: context.lab.cluster.pve.sim.failures.clear()


def _break_reloads(context: Context) -> None:
    context.lab.node("node3").write(_BROKEN, _DOES_NOT_RELOAD)


def _mend_reloads(context: Context) -> None:
    node = context.lab.node("node3")
    node.path(_BROKEN).unlink()
    node.space.call("ip", "link", "del", "badlo")


def _writes(extra: str) -> Callable[[Context], None]:
    def begin(context: Context) -> None:
        context.lab.cluster.pve.world.text.extra = extra

    return begin


def _take_lock(context: Context) -> None:
    context.lab.cluster.pve.write_sdn(_LOCK, "0b1c")


def _free_lock(context: Context) -> None:
    (context.lab.cluster.pve.world.pmxcfs.sdn / _LOCK).unlink()


FAULTS: dict[str, Fault] = {
    "403 at the commit": _commit_answers(403, "Permission check failed (/sdn, SDN.Allocate)"),
    "no quorum at the commit": _commit_answers(500, "cluster not ready - no quorum?"),
    "no quorum": (
        lambda context: context.lab.cluster.pve.lose_quorum(),
        lambda context: context.lab.cluster.pve.regain_quorum(),
    ),
    "locked": (_take_lock, _free_lock),
    "a node's reload fails": (_break_reloads, _mend_reloads),
    "PVE would write something else": (_writes("\tmtu 1400\n"), _writes("")),
}


def commit_fails(context: Context, *, by: str, says: str) -> str:
    """PVE does not commit. Every node is as before, nothing is open, and PVE's definitions are as they were: pending.

    :param by: a row of `FAULTS`.
    :param says: words of the reason that the apply gives.
    """
    begin, end = FAULTS[by]
    begin(context)
    try:
        remember_all(context)
        definitions = _definitions(context)
        run = context.lab.cluster.pvesdn("apply", "--yes")
        _is_put_back(run, says)
        told = all_as_before(context)
        require(_definitions(context) == definitions, "PVE's definitions to be as they were")
    finally:
        end(context)
    return f"{_reason(run, says)}; {told}"


def apply_is_undone(context: Context, *, definitions: str, says: str, flags: list[str] | None = None) -> str:
    """Put definitions into /etc/pve/sdn and call `pvesdn apply`: it fails, and every node is put back, and checked.

    :param says: words of the reason that the apply gives.
    """
    cluster, watch = context.lab.cluster, Stopwatch()
    put_definitions(cluster, context.folder / definitions)
    run = cluster.pvesdn("apply", "--yes", *(flags or []))
    _is_put_back(run, says)
    standings = [node.get("standing") for node in run.document["report"]["nodes"]]
    require(standings and set(standings) == {"as before"}, "every node to be put back and checked", standings)
    return f"{_reason(run, says)}; {len(standings)} nodes put back and checked after {watch}"


def refused_without(context: Context, *, privilege: str, says: str) -> str:
    """The token lacks one of the privileges that it needs: the apply is refused by its name, and touches nothing."""
    pve = context.lab.cluster.pve
    identity = next(identity for identity in pve.sim.acl if identity.endswith("!lab"))
    remember_all(context)
    pve.restrict(identity, [grant for grant in GRANTS if grant[1] != privilege])
    try:
        begun = len(pve.sim.requests)
        run = context.lab.cluster.pvesdn("apply", "--yes")
        calls = {method for method, _, _ in pve.sim.requests[begun:]}
    finally:
        pve.restrict(identity, GRANTS)
    _is_put_back(run, says)
    require(calls == {"GET"}, "nothing to be asked of PVE but answers", calls)
    return f"{_reason(run, says)}; {all_as_before(context)}"


def _is_put_back(run: Run, says: str) -> None:
    story = story_of(run)
    require(run.status == 1, "the apply to end with 1", f"{run.status}: {story}")
    require(says in story, f"the apply to say '{says}'", story)


def _reason(run: Run, says: str) -> str:
    """The sentence that has the words."""
    return next((part.strip() for part in story_of(run).split(" | ") if says in part), says)[:200]


def _definitions(context: Context) -> dict[str, bytes]:
    sdn: Path = context.lab.cluster.pve.world.pmxcfs.sdn
    names = ("zones.cfg", "vnets.cfg", "subnets.cfg", "controllers.cfg", "pvesdn.cfg", ".running-config")
    return {name: (sdn / name).read_bytes() for name in names if (sdn / name).is_file()}
