"""Following PVE's tasks to their end."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pvesdn.errors import ClusterError, PvesdnError, TaskFailed
from pvesdn.model.primitives import Upid
from pvesdn.model.tasks import TaskState
from pvesdn.workflows.patience import Patience
from pvesdn.workflows.world import World

SRVRELOAD = "srvreload"
"""The type of PVE's task that reloads one node's network."""
_LATEST = 3
"""As many tasks are looked at: a later one ends at once while an earlier one runs."""
_FIRST_WAIT = 0.2
_LONGEST_WAIT = 1.0
"""Seconds between two looks, at first and at most: a reload takes some seconds, and all else waits for its end."""
_LOG_LINES = 20


def follow(world: World, upid: Upid, node: str, *, meanwhile: Callable[[], object] | None = None) -> TaskState:
    """Wait until the task has ended well; a look that the API refuses is repeated until the deadline.

    :param node: the node that an error is about.
    :param meanwhile: done after each look at which the task was still running; must not raise.
    :raises TaskFailed: it failed, or was not seen to end within `world.task_timeout` seconds; with the end of its log.
    """
    patience = _patience(world)
    trouble = ""
    while True:
        try:
            state = patience.ask(lambda: world.api.task(upid), world.task_timeout, ClusterError)
        except ClusterError as error:
            trouble = f": {error}"
        else:
            if not state.is_running:
                break
        if patience.is_over(world.task_timeout):
            raise TaskFailed(
                node,
                f"task {upid} had not finished after {world.task_timeout:.0f} s{trouble}",
                log=task_log(world, upid),
                hint="see the node's task list",
            )
        if meanwhile is not None:
            meanwhile()
        patience.pause()
    if not state.is_good:
        raise TaskFailed(node, f"task {upid} ended with: {state.exit_status}", log=task_log(world, upid))
    return state


def find_tasks(world: World, node: str, *, kind: str) -> tuple[Upid, ...]:
    """A node's tasks, see `ports.ClusterApi.node_tasks`; a refused call is repeated until `world.task_timeout` is over.

    :raises ClusterError: the last refusal.
    """
    return _patience(world).ask(lambda: world.api.node_tasks(node, kind=kind), world.task_timeout, ClusterError)


def wait_for_running(world: World, node: str, *, kind: str, tell: Callable[[], object] = lambda: None) -> None:
    """Return when none of the node's tasks of this type runs any more, however they have ended, and after
    `world.task_timeout` seconds in any case.

    :param tell: told that one is waited for.
    :raises ClusterError: the API does not say.
    """
    patience = _patience(world)
    for upid in find_tasks(world, node, kind=kind)[-_LATEST:]:
        while patience.ask(partial(world.api.task, upid), world.task_timeout, ClusterError).is_running:
            if patience.is_over(world.task_timeout):
                return
            tell()
            patience.pause()


def task_log(world: World, upid: str) -> tuple[str, ...]:
    """The last lines of a task's log; empty when the API does not give it."""
    try:
        return world.api.task_log(upid)[-_LOG_LINES:]
    except PvesdnError:
        return ()


def _patience(world: World) -> Patience:
    """For questions to the API, which are repeated whatever error it gives (gone, busy, forbidden): the reload that is
    being followed may have cut the connection to the API, or the API off from the files that it decides by. Rights were
    checked before.
    """
    return Patience(world.clock, first=_FIRST_WAIT, longest=_LONGEST_WAIT)
