"""What was rehearsed on a node, held against what its files have, and against what PVE says that it would write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import groupby

from pvesdn.decode.cluster.diffs import patched
from pvesdn.decode.frr.text import says_the_same
from pvesdn.model.dry_run import DryRun
from pvesdn.model.files import FRR_CONF, SDN_INTERFACES

_VERSION = re.compile(r"#version:[0-9]+")
_REMOTE = re.compile(r"vxlan[-_]remoteip\b")


def unlike(rehearsed: Mapping[str, str], present: Mapping[str, str]) -> tuple[str, ...]:
    """Paths of files that are not what was rehearsed. frr.conf may say the same in other words.

    :param rehearsed: text by path.
    :param present: the same, of files that are there.
    """
    return tuple(path for path, text in rehearsed.items() if not _is_same(path, text, present.get(path)))


def disagreements(rehearsed: Mapping[str, str], present: Mapping[str, str], told: DryRun) -> Iterator[str]:
    """What PVE would write that is not what was rehearsed, one line each.

    :param present: text of the node's files by path, as PVE's dry run has compared them.
    """
    diffs = {SDN_INTERFACES: told.interfaces, FRR_CONF: told.frr}
    for path, text in rehearsed.items():
        would_be = patched(present.get(path, ""), diffs[path])
        if would_be is None:
            yield f"{path}: PVE's dry run tells of another text than the node has"
        elif not _agrees(path, text, would_be):
            yield f"{path}: PVE would write something else: {_first_lines(diffs[path])}"


def _is_same(path: str, text: str, present: str | None) -> bool:
    if present is None:
        return False
    return says_the_same(text, present) if path == FRR_CONF else _in_any_order(text) == _in_any_order(present)


def _in_any_order(text: str) -> list[str]:
    """Its lines, where the remotes of one device, which PVE prints in another order every time, have one order."""
    found: list[str] = []
    for is_remote, lines in groupby(text.splitlines(), lambda line: _REMOTE.match(line.strip()) is not None):
        together = list(lines)
        found += sorted(together) if is_remote else together
    return found


def _agrees(path: str, text: str, would_be: str) -> bool:
    """The dry run is of the version that is committed; `diff -b` does not show white space."""
    return says_the_same(text, would_be) if path == FRR_CONF else _words(text) == _words(would_be)


def _words(text: str) -> list[list[str]]:
    return [line.split() for line in _in_any_order(text) if line.strip() and not _VERSION.fullmatch(line.strip())]


_SHOWN = 3


def _first_lines(diff: str) -> str:
    lines = [line for line in diff.splitlines() if line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"}]
    told = [" ".join(line.split()) for line in lines if not _VERSION.search(line)]
    more = len(told) - _SHOWN
    return "; ".join([*told[:_SHOWN], *([f"and {more} more lines"] if more > 0 else [])])
