"""What is running of PVE's own SDN: the version that was committed, and the one that each node's `interfaces.d/sdn`
carries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class SdnFileState(StrEnum):
    """A node's `interfaces.d/sdn` against what was committed, by PVE's own rule (docs/pve.md §4.5)."""

    CURRENT = "current"
    OLD = "old"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class SdnFile:
    """One node's file. :param version: of its first line; None when that is not a version."""

    version: int | None
    state: SdnFileState


@dataclass(frozen=True, slots=True)
class PveRunning:
    """What PVE committed last.

    :param version: None when nothing ever was; PVE then has no state of any node either.
    :param nodes: of nodes that answered and are not left to PVE, by name.
    """

    version: int | None = None
    nodes: Mapping[str, SdnFile] = field(default_factory=dict)
