"""How much of a node's network is reloaded: the interfaces that change, or all of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from pvesdn.model.primitives import IfName


@dataclass(frozen=True, slots=True)
class ChangedInterfaces:
    """Only what changes is taken down and brought up, each interface once and in this order.

    :param down: leave our file: bridges, then their ports, then VRFs.
    :param up: are new, change, or take a port again that is made anew: VRFs, then ports, then bridges.
    """

    down: tuple[IfName, ...] = ()
    up: tuple[IfName, ...] = ()

    @property
    def is_empty(self) -> bool:
        """No interface changes."""
        return not self.down and not self.up


@dataclass(frozen=True, slots=True)
class WholeNetwork:
    """All of it is reloaded, by PVE. :param why: behind a colon; empty where nobody has looked for less."""

    why: str = ""


ReloadPlan: TypeAlias = ChangedInterfaces | WholeNetwork
