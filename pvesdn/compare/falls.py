"""Definitions that go all at once: a file that is absent or empty, or a sudden fall of objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from pvesdn.compare.options import options_of_text
from pvesdn.compare.present import PresentFile
from pvesdn.model.consequences import Effect, Fall
from pvesdn.model.files import OUR_INTERFACES, NodeChanges, PendingChange

OWN_FILE = "pvesdn.cfg"
_FILES = {"zone": "zones.cfg", "vnet": "vnets.cfg", "subnet": "subnets.cfg", "controller": "controllers.cfg"}
_FEWEST = 3
"""Objects that must go for their number to have fallen suddenly: taking one of two away is daily work."""
_DELETED = "deleted"


def falls(
    definitions: Mapping[str, str],
    nodes: Iterable[NodeChanges],
    files: Mapping[str, Mapping[str, str]],
    pending: Iterable[PendingChange],
    running: Mapping[str, int],
) -> tuple[Fall, ...]:
    """What falls, ours first.

    :param definitions: text by name of the files of /etc/pve/sdn that are there.
    :param nodes: the plan.
    :param files: what the planned nodes have, text by path, by node.
    :param pending: what a commit of PVE's would change.
    :param running: how many objects of each kind PVE runs.
    """
    return (*_own(definitions.get(OWN_FILE), nodes, files), *_of_pve(definitions, pending, running))


def _own(text: str | None, nodes: Iterable[NodeChanges], files: Mapping[str, Mapping[str, str]]) -> Iterator[Fall]:
    """VNets are counted where there are any, else interfaces: a zone of exits alone has none."""
    losing = {
        node.node: {one.subject for one in node.consequences if one.effect is Effect.VNET_REMOVED}
        for node in nodes
        if any(change.path == OUR_INTERFACES and change.old for change in node.files)
    }
    gone = set().union(*losing.values())
    if not losing:
        return
    is_empty = _is_empty(text)
    names = tuple(sorted(node for node, vnets in losing.items() if vnets or is_empty))
    there = {vnet for had in files.values() for vnet in _vnets(had.get(OUR_INTERFACES))}
    if is_empty:
        yield Fall(OWN_FILE, is_absent=text is None, kind="VNet", gone=len(gone), total=len(there), nodes=names)
        return
    stay = {vnet for node, had in files.items() for vnet in _vnets(had.get(OUR_INTERFACES)) - losing.get(node, set())}
    gone -= stay
    if len(gone) >= _FEWEST and len(gone) * 2 >= len(there):
        yield Fall("", is_absent=False, kind="VNet", gone=len(gone), total=len(there), nodes=names)


def _of_pve(
    definitions: Mapping[str, str], pending: Iterable[PendingChange], running: Mapping[str, int]
) -> Iterator[Fall]:
    deleted = Counter(row.kind for row in pending if row.state == _DELETED)
    for kind, file in _FILES.items():
        gone, total = deleted[kind], running.get(kind, 0)
        if not gone or not total:
            continue
        if _is_empty(definitions.get(file)) and gone == total:
            yield Fall(file, is_absent=file not in definitions, kind=_said(kind), gone=gone, total=total)
        elif gone >= _FEWEST and gone * 2 >= total:
            yield Fall("", is_absent=False, kind=_said(kind), gone=gone, total=total)


def _said(kind: str) -> str:
    return "VNet" if kind == "vnet" else kind


def _is_empty(text: str | None) -> bool:
    """Absent, or nothing but blanks and comments."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in (text or "").splitlines())


def _vnets(text: str | None) -> set[str]:
    if not text:
        return set()
    stanzas = PresentFile(text).stanzas
    return {name for name in stanzas if name and "_" not in name and "bridge-ports" in options_of_text(stanzas[name])}
