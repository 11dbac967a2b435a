"""PVE's tasks followed to their end."""

from __future__ import annotations

from pvesdn.errors import ApiRefused, ApiUnavailable, PvesdnError, TaskFailed
from pvesdn.model.tasks import TaskState
from pvesdn.workflows.world import World

_FIRST_WAIT = 0.2
_LONGEST_WAIT = 2.0
_LOG_LINES = 20
_NODE_AWAY = (595, 596)
"""How the API says that it cannot reach the node just now."""


def follow(world: World, upid: str, node: str) -> TaskState:
    """Wait until the task has ended well.

    A look that fails because the API, or the node behind it, is away for a moment (a reload may cut the connection
    it is watched through) is tried again until the deadline.

    :param node: whom an error is about.
    :raises TaskFailed: it ended badly, or not within `world.task_timeout` seconds; with the end of its log.
    :raises ApiRefused: the API does not let the task be watched.
    """
    deadline = world.clock.monotonic() + world.task_timeout
    wait = _FIRST_WAIT
    while True:
        state, trouble = _look(world, upid)
        if state is not None and not state.is_running:
            break
        if world.clock.monotonic() >= deadline:
            detail = f": {trouble}" if trouble else ""
            raise TaskFailed(
                node,
                f"task {upid} had not ended after {world.task_timeout:.0f} s{detail}",
                log=task_log(world, upid),
                hint="look at it in the node's task list",
            )
        world.clock.sleep(wait)
        wait = min(wait * 2, _LONGEST_WAIT)
    if not state.is_good:
        raise TaskFailed(node, f"task {upid} ended with: {state.exit_status}", log=task_log(world, upid))
    return state


def _look(world: World, upid: str) -> tuple[TaskState | None, str]:
    try:
        return world.api.task(upid), ""
    except ApiUnavailable as error:
        return None, str(error)
    except ApiRefused as error:
        if error.status in _NODE_AWAY:
            return None, str(error)
        raise


def task_log(world: World, upid: str) -> tuple[str, ...]:
    """The last lines of a task's log; empty when the API does not give it."""
    try:
        return world.api.task_log(upid)[-_LOG_LINES:]
    except PvesdnError:
        return ()
