"""Definitions that go all at once: a file that is absent or empty, or a sudden fall of objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping

from pvesdn.compare.options import options_of_text
from pvesdn.compare.present import PresentFile
from pvesdn.model.consequences import Effect, Fall
from pvesdn.model.files import OUR_INTERFACES, NodeChanges, PendingChange
from pvesdn.model.own_sdn import OwnSdn
from pvesdn.model.snapshot import OWN_NAME

_FILES = {"zone": "zones.cfg", "vnet": "vnets.cfg", "subnet": "subnets.cfg", "controller": "controllers.cfg"}
_FEWEST = 3
"""Objects that must go for their number to have fallen suddenly: taking one of two away is daily work."""
_LOST = frozenset({Effect.VNET_REMOVED, Effect.VNET_GIVEN_UP})
_DELETED, _NEW = "deleted", "new"


def falls(
    own: OwnSdn,
    definitions: Container[str],
    nodes: Iterable[NodeChanges],
    files: Mapping[str, Mapping[str, str]],
    *,
    pending: Iterable[PendingChange],
    running: Mapping[str, int],
) -> tuple[Fall, ...]:
    """What falls, ours first.

    :param own: what pvesdn.cfg defines.
    :param definitions: names of the files of /etc/pve/sdn that are there.
    :param nodes: the plan.
    :param files: what the planned nodes have, text by path, by node.
    :param pending: what a commit of PVE's would change.
    :param running: how many objects of each kind PVE runs.
    """
    state = None if own != OwnSdn() else OWN_NAME in definitions
    pending = tuple(pending)
    return (*_own(state, nodes, files), *_of_pve(definitions, pending, running, _taken_over(own, pending)))


def _own(
    is_there: bool | None,  # noqa: FBT001 - of an empty file
    nodes: Iterable[NodeChanges],
    files: Mapping[str, Mapping[str, str]],
) -> Iterator[Fall]:
    """:param is_there: the file that defines nothing; None where it does define something."""
    nodes = tuple(nodes)
    losing = {
        node.node: {one.subject for one in node.consequences if one.effect in _LOST}
        for node in nodes
        if any(change.path == OUR_INTERFACES and change.old for change in node.files)
    }
    gone = set().union(*losing.values())
    is_empty = is_there is not None
    if not losing or (len(gone) < _FEWEST and not is_empty):
        return
    is_kept = any(one.effect is Effect.VNET_GIVEN_UP for node in nodes for one in node.consequences)
    kind = "VNet uplink" if is_kept else "VNet"  # PVE keeps the bridge of a VNet that is drawn in its panel
    names = tuple(sorted(node for node, vnets in losing.items() if vnets or is_empty))
    had = {node: _vnets(texts.get(OUR_INTERFACES)) for node, texts in files.items()}
    there = set().union(*had.values())
    if is_empty:
        yield Fall(OWN_NAME, is_absent=not is_there, kind=kind, gone=len(gone), total=len(there), nodes=names)
        return
    gone -= {vnet for node, vnets in had.items() for vnet in vnets - losing.get(node, set())}
    if len(gone) >= _FEWEST and len(gone) * 2 >= len(there):
        yield Fall("", is_absent=False, kind=kind, gone=len(gone), total=len(there), nodes=names)


def _taken_over(own: OwnSdn, pending: Iterable[PendingChange]) -> Mapping[str, int]:
    """How many of each kind go from PVE's definitions and stay as ours, as in a rollback of `publish`.

    A zone goes without anything in it where all VNets that go stay: PVE deletes none that has any.
    """
    deleted = {kind: {row.id for row in pending if (row.kind, row.state) == (kind, _DELETED)} for kind in _FILES}
    vnets = deleted["vnet"] & {vnet.id for vnet in own.vnets if vnet.drawn_in is None}
    networks = {_network(subnet.id) for subnet in own.subnets if subnet.vnet in vnets}
    return {
        "vnet": len(vnets),
        "subnet": sum(_network(subnet) in networks for subnet in deleted["subnet"]),
        "zone": len(deleted["zone"]) if vnets and vnets == deleted["vnet"] else 0,
    }


def _network(subnet: str) -> str:
    return subnet.partition("-")[2]


def _of_pve(
    definitions: Container[str],
    pending: Collection[PendingChange],
    running: Mapping[str, int],
    staying: Mapping[str, int],
) -> Iterator[Fall]:
    deleted = Counter(row.kind for row in pending if row.state == _DELETED)
    new = {row.kind for row in pending if row.state == _NEW}
    for kind, file in _FILES.items():
        gone, total = deleted[kind] - staying.get(kind, 0), running.get(kind, 0) - staying.get(kind, 0)
        if gone <= 0 or total <= 0:
            continue
        if gone == total and kind not in new:
            yield Fall(file, is_absent=file not in definitions, kind=_said(kind), gone=gone, total=total)
        elif gone >= _FEWEST and gone * 2 >= total:
            yield Fall("", is_absent=False, kind=_said(kind), gone=gone, total=total)


def _said(kind: str) -> str:
    return "VNet" if kind == "vnet" else kind


def _vnets(text: str | None) -> set[str]:
    if not text:
        return set()
    stanzas = PresentFile(text).stanzas
    return {name for name in stanzas if name and "_" not in name and "bridge-ports" in options_of_text(stanzas[name])}
