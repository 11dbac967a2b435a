"""What any member can do, such as reading or writing a file of /etc/pve: done on the nearest one that can."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from pvesdn.errors import NodeError, NodeFailed, NodeUnreachable
from pvesdn.model.primitives import NodeName
from pvesdn.workflows.world import World

Done = TypeVar("Done")


def on_any_member(world: World, members: Iterable[NodeName], task: Callable[[NodeName], Done]) -> Done:
    """Do `task` on the node this runs on, else on the first of `members`, in their order, that can.

    :raises NodeFailed: members were reached, and none could; the first one's reason.
    :raises NodeUnreachable: none could be reached; the first one's reason.
    """
    names = list(members)
    if world.local_node is not None:
        names = [world.local_node, *(name for name in names if name != world.local_node)]
    troubles: list[NodeError] = []
    for name in names:
        try:
            return task(name)
        except NodeError as error:
            troubles.append(error)
    raise next(
        (error for error in troubles if isinstance(error, NodeFailed)),
        troubles[0] if troubles else NodeUnreachable("cluster", "no member is online"),
    )
