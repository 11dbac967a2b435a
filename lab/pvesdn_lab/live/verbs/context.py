"""What a step of a scenario works on, and how a check fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pvesdn_lab.live.testbed.cluster import LiveCluster
from pvesdn_lab.live.testbed.guest import Guest, Stream
from pvesdn_lab.live.testbed.lab import Lab
from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import LabFault


class NotProven(Exception):
    """A check found something else: what was expected, and what was there."""


@dataclass(slots=True)
class Context:
    """:param folder: the scenario's.
    :param streams: pings that run, by name.
    :param notes: what earlier steps want later ones to know.
    :param figures: what the step that goes on has measured, beside its words.
    :param vteps: the nodes' VTEPs where they are not the underlay addresses of the topology.
    """

    lab: Lab
    folder: Path
    streams: dict[str, Stream] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)
    vteps: dict[str, str] = field(default_factory=dict)

    def vtep(self, node: LiveNode) -> str:
        """The address that is to be a node's VTEP."""
        return self.vteps.get(node.name, node.plan.vtep)

    def guest(self, name: str) -> Guest:
        """A guest by name."""
        if name not in self.lab.guests:
            raise LabFault(f"there is no guest {name}")
        return self.lab.guests[name]

    def cluster(self, name: str) -> LiveCluster:
        """A cluster by name; the first one without a name."""
        if name and name not in self.lab.clusters:
            raise LabFault(f"there is no cluster {name}")
        return self.lab.clusters[name] if name else self.lab.cluster

    def scratch(self) -> Path:
        """A folder of this scenario's own, for what an administrator would keep under /root where pvesdn runs."""
        folder = self.lab.folder / f"root-{self.folder.name}"
        folder.mkdir(exist_ok=True)
        return folder

    def nodes(self, names: list[str] | None = None) -> list[LiveNode]:
        """The named nodes; all members of all clusters that are on when none is named."""
        if names is None:
            members = [row for one in self.lab.clusters.values() for row in one.pve.world.members.items()]
            names = [name for name, member in members if member.is_online]
        return [self.lab.node(name) for name in names]


def require(condition: object, expected: str, found: object = "") -> None:
    """Go on if `condition` holds.

    :raises NotProven: it does not.
    """
    if not condition:
        raise NotProven(f"expected {expected}{f', found {found}' if found != '' else ''}")


@contextmanager
def as_proof() -> Iterator[None]:
    """A condition that is not met in here is a proof that failed, not a fault of the lab."""
    try:
        yield
    except LabFault as fault:
        raise NotProven(str(fault)) from None


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._begin = time.monotonic()

    def __str__(self) -> str:
        return f"{time.monotonic() - self._begin:.1f} s"
