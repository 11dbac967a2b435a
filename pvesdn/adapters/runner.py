"""Doing something on many nodes: side by side, or one after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from threading import Event
from typing import Any, TypeVar

from pvesdn.adapters import command
from pvesdn.errors import NodeError
from pvesdn.model.primitives import NodeName

Result = TypeVar("Result")
_LOOK = 0.1
"""Seconds after which somebody who reads on, though interrupted, is told again to end."""


class OneByOne:
    """A `ports.Runner` that begins a node when the one before it has ended."""

    def each(
        self, nodes: Sequence[NodeName], task: Callable[[NodeName], Result]
    ) -> Mapping[NodeName, Result | NodeError]:
        """Do `task` on every node, in this thread."""
        return {node: _outcome(task, node) for node in nodes}


class SideBySide:
    """A `ports.Runner` with a thread for each node that is under way.

    :param at_once: how many nodes at the same time: each takes a process, and the memory of one answer.
    :param interrupted: called when somebody ends the run, before what changes a node is waited for.
    """

    def __init__(self, at_once: int, interrupted: Callable[[], object] = lambda: None) -> None:
        self._at_once = at_once
        self._interrupted = interrupted

    def each(
        self, nodes: Sequence[NodeName], task: Callable[[NodeName], Result]
    ) -> Mapping[NodeName, Result | NodeError]:
        """Do `task` on every node, several at a time."""
        has_failed = Event()

        def one(node: NodeName) -> Result | NodeError:
            if has_failed.is_set():
                raise CancelledError  # nobody sees it: nodes that were begun come first, and one of them has failed
            try:
                return _outcome(task, node)
            except BaseException:
                # A thread takes up its next node before anybody could call that off.
                has_failed.set()
                raise

        with ThreadPoolExecutor(self._at_once, "node") as pool:
            begun = {node: pool.submit(one, node) for node in nodes}
            try:
                wait(begun.values(), return_when="FIRST_EXCEPTION")
            except KeyboardInterrupt:
                self._interrupted()
                _let_go(pool, begun.values())
                raise
            finally:
                # Whatever ends the run, those that have not begun are left alone.
                pool.shutdown(wait=False, cancel_futures=True)
        return {node: future.result() for node, future in begun.items()}


def _let_go(pool: ThreadPoolExecutor, begun: Collection[Future[Any]]) -> None:
    """Interrupted: wait for what changes a node, and for nothing else."""
    pool.shutdown(wait=False, cancel_futures=True)
    while not all(future.done() for future in begun):
        command.end_spare()
        wait(begun, _LOOK)


def _outcome(task: Callable[[NodeName], Result], node: NodeName) -> Result | NodeError:
    try:
        return task(node)
    except NodeError as error:
        return error
