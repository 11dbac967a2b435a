"""What PVE says a commit would change in a node's files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DryRun:
    """The answer of `GET /cluster/sdn/dry-run`: unified diffs from the file on the node to what PVE would write now.

    PVE prints them with `diff -b -N -u`, for the version that is committed, and so with the version line of before.

    :param interfaces: of `interfaces.d/sdn`; empty where nothing would change.
    :param frr: of frr.conf, whether or not PVE would write it; empty where nothing would change.
    """

    interfaces: str = ""
    frr: str = ""
