"""Whether PVE has committed: the one thing that cannot be put back is told by the file that a commit writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from pvesdn.errors import PvesdnError
from pvesdn.model.primitives import NodeName
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.world import World

_RUNNING = "/etc/pve/sdn/.running-config"


@dataclass(frozen=True)
class Committing:
    """A commit that PVE is about to be asked for.

    :param nodes: whom to ask; one that answers is enough, since pmxcfs gives all of them the same.
    :param before: PVE's running definitions before it; None where there are none yet.
    """

    world: World
    nodes: Sequence[NodeName]
    before: str | None

    @classmethod
    def from_now(cls, world: World, nodes: Sequence[NodeName]) -> Self:
        """:raises NodeError: no node can tell what the definitions are now."""
        return cls(world, nodes, _running(world, nodes))

    def is_done(self) -> bool | None:
        """Whether the definitions are others since; None if nobody can tell."""
        try:
            return _running(self.world, self.nodes) != self.before
        except PvesdnError:
            return None


def _running(world: World, nodes: Sequence[NodeName]) -> str | None:
    return on_any_member(world, nodes, lambda name: world.nodes.read(name, [_RUNNING])).get(_RUNNING)
