"""A plan that waits in a file: what was asked for, what it was made from, and what it comes to.

The file holds no text that a node would get. Whoever applies it plans again and compares: what a person has read is
what is carried out, or nothing is.
"""

from __future__ import annotations

from typing import Final, Literal

from pvesdn.model.base import Model
from pvesdn.model.flags import PlanFlags

FORMAT: Final = 1

Prints = dict[str, dict[str, str]]
"""Things by name, in groups such as ``files`` or ``devices``: each as it is, or as ``sha256:`` and its digest."""


class SavedDraft(Model):
    """:param name: as it was given on the command line."""

    name: str
    text: str


class Terms(Model):
    """What was asked for.

    :param nodes: the nodes that have their turn, None for all; whether there are such is not known yet.
    :param draft: what pvesdn.cfg becomes, None where the plan is that of the live one.
    :param sync_peers: PVE's lists of peers become those of the membership.
    """

    flags: PlanFlags
    nodes: tuple[str, ...] | None = None
    draft: SavedDraft | None = None
    sync_peers: bool = False

    @property
    def only(self) -> frozenset[str] | None:
        """The nodes that have their turn, as a set; None for all."""
        return None if self.nodes is None else frozenset(self.nodes)


class Fingerprint(Model):
    """What could change between two plans. :param nodes: what is one node's."""

    cluster: Prints
    nodes: dict[str, Prints]


class SavedPlan(Model):
    """One plan.

    :param pvesdn: the version that made it.
    :param saved: when, such as ``2026-11-26T22:50:00Z``.
    :param cluster: the cluster's name.
    :param origin: what it was made from.
    :param result: what it comes to.
    """

    kind: Literal["pvesdn plan"] = "pvesdn plan"
    format: Literal[1] = FORMAT
    pvesdn: str
    saved: str
    cluster: str
    terms: Terms
    origin: Fingerprint
    result: Fingerprint
