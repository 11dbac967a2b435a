"""One apply at a time over the cluster: who changes nodes holds the cluster lock, and reads only once it has it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

from pvesdn.compare.recorded import one_line
from pvesdn.errors import AnotherApply, NodeError, NodeFailed, NodeUnreachable, PvesdnError
from pvesdn.model.history import LONGEST_NAME
from pvesdn.model.open_apply import LockHolder
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import WaitsForLock
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.left_open import deal_with_what_is_open
from pvesdn.workflows.patience import until_reached
from pvesdn.workflows.world import World

PATIENCE = 130.0
"""Seconds that a lock is waited for. One that nobody renews is ended by pmxcfs 120 s after it was first asked to."""
ASKING = 1.0
"""Seconds between two questions to pmxcfs."""
BEAT = 30.0
"""Seconds between two renewals."""
LIFE = 110.0
"""Seconds after the last renewal for which nobody else can have got the lock, with some to spare."""
_AGAIN = (2.0, 5.0)
"""Seconds between attempts to give it back."""

Tell = Callable[[str], object]


@contextmanager
def alone(
    world: World, members: Iterable[NodeName], *, tell: Tell = lambda _: None, patience: float = PATIENCE
) -> Iterator[World]:
    """The world in which nobody else applies; what an earlier apply has left open is dealt with.

    Whatever was read before may be out of date. Where the lock is lost in between, `World.is_alone` says so.

    :param members: nodes that can be reached. The lock is kept by the one this runs on, or the first that can.
    :param tell: told, in one line each, what was done. Who watches hears what is waited for.
    :param patience: seconds; 0 does not wait.
    :raises AnotherApply: one is at work, or waits for its confirmation; nothing was touched.
    :raises ClusterError: the cluster does not say who its members are.
    :raises NodeError: no node can keep the lock, such as without a quorum; or what was left open cannot be dealt with.
    """
    lock = _ClusterLock(world, tell)
    try:
        lock.take(list(members), patience)
        with lock.kept():
            deal_with_what_is_open(world, tell)
            yield replace(world, is_alone=lock.is_held)
    finally:
        lock.give_back()


class _ClusterLock:
    def __init__(self, world: World, tell: Tell) -> None:
        self._world = world
        self._tell = tell
        self._id = secrets.token_hex(8)
        self._who = one_line(world.who, LONGEST_NAME) or f"pvesdn on {world.local_node or 'another machine'}"
        self._node: NodeName | None = None
        self._is_taken = False
        self._is_lost = False
        self._beats = False
        self._renewed = 0.0

    def take(self, members: list[NodeName], patience: float) -> None:
        """Wait for it."""
        clock = self._world.clock
        begun = clock.monotonic()
        while (holder := on_any_member(self._world, members, self._ask)) is not None:
            waited = clock.monotonic() - begun
            if waited >= patience:
                raise AnotherApply(
                    f"another apply is at work in the cluster: {_whose(holder)}; nothing was touched",
                    hint="run pvesdn apply again when it has ended; `pvesdn confirm --status` tells what is open",
                )
            self._world.observer.tell(WaitsForLock(holder, patience - waited))
            clock.sleep(ASKING)
        self._renewed, self._is_taken = clock.monotonic(), True

    def _ask(self, node: NodeName) -> LockHolder | None:
        self._node = node
        try:
            holder = self._world.nodes.lock(node, self._id, self._who)
        except NodeUnreachable:
            holder = self._world.nodes.lock(node, self._id, self._who)  # what got lost may have been the answer
        except NodeFailed:
            self._node = None
            raise
        if holder is not None:
            self._node = None
        return holder

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Renew it all the time."""
        with ExitStack() as stack:
            if self._world.pulse is not None:
                self._beats = True
                stack.enter_context(self._world.pulse.beating(BEAT, self._renew))
            yield

    def _renew(self) -> None:
        asked = self._world.clock.monotonic()
        with suppress(PvesdnError):  # nobody can have got it before `LIFE` is over
            if self._node is not None and not self._world.nodes.renew_lock(self._node, self._id):
                self._is_lost = True
            self._renewed = asked

    def is_held(self) -> bool:
        """Whether nobody else can have it."""
        is_old = self._beats and self._world.clock.monotonic() - self._renewed > LIFE
        return not (self._is_lost or is_old)

    def give_back(self) -> None:
        """Let others have it, if it was taken, or may have been."""
        node, self._node = self._node, None
        if node is None:
            return
        try:
            until_reached(self._world.clock, lambda: self._world.nodes.unlock(node, self._id), _AGAIN)
        except NodeError as error:
            if not self._is_taken:
                return
            self._tell(
                f"{error}; the cluster lock was not given back: the next apply has to wait {PATIENCE:.0f} s for it"
            )


def _whose(holder: LockHolder) -> str:
    if not holder.who or holder.age is None:
        return "whoever holds the cluster lock has not said who they are"
    return f"{holder.who} has held the cluster lock for {holder.age:.0f} s"
