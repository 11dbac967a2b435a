"""Where a plan's input comes from: a live cluster, or a snapshot."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.cli.draft import Draft
from pvesdn.cli.screens.reading import Reading
from pvesdn.cli.screens.screen import Screen
from pvesdn.cli.session import Session
from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.decode.definitions.edited_lines import EditedLines
from pvesdn.errors import SdnConfigError, SettingsError
from pvesdn.model.files import ChangeSet
from pvesdn.model.findings import Finding, Severity, shared
from pvesdn.model.nearest import nearest
from pvesdn.model.snapshot import Snapshot
from pvesdn.workflows.decoded import Intent
from pvesdn.workflows.draft import with_draft
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import Understanding, understand
from pvesdn.workflows.world import World


def understood(
    snapshot: Snapshot,
    draft: Draft | None,
    intent: Intent,
    *,
    detaches_guests: bool = False,
    only_looks: bool = False,
    edited: EditedLines | None = None,
) -> Understanding:
    """What a snapshot means, with the draft in place of its pvesdn.cfg where there is one.

    :param detaches_guests: see `pvesdn.workflows.understand.judge`, as is `only_looks`.
    :param edited: where the snapshot or the draft has text of which nobody has a file.
    :raises PvesdnError: see `understand`; faults of a draft point into its own file.
    """
    if edited is not None:
        again = partial(understood, snapshot, draft, intent, detaches_guests=detaches_guests, only_looks=only_looks)
        return _placed(edited, again)
    take = partial(understand, intent=intent, detaches_guests=detaches_guests, only_looks=only_looks)
    if draft is None:
        return take(snapshot)
    with draft.blamed():
        known = take(with_draft(snapshot, draft.text))
    return replace(known, found=draft.named_in(known.found))


def _placed(edited: EditedLines, work: Callable[[], Understanding]) -> Understanding:
    try:
        known = work()
    except SdnConfigError as error:
        raise SdnConfigError(tuple(map(edited.placed, error.lines))) from error
    return replace(known, found=tuple(edited.placed_in(known.found)))


_SHOWN = 8
"""As many further findings of one kind are shown below the first."""


def take(session: Session, folder: Path | None, *, has_state: bool = False) -> Snapshot:
    """The snapshot in `folder`, or a fresh one of the cluster.

    :param has_state: a fresh one with the nodes' live state.
    :raises PvesdnError: neither can be had.
    """
    if folder is not None:
        return with_gaps(read_snapshot(folder))
    return read_cluster(cluster_of(session), has_state=has_state)


def cluster_of(session: Session) -> World:
    """The cluster of the settings, to be read.

    :raises SettingsError: the settings cannot be used.
    """
    return session.world(session.settings(), Reading(session.screen, is_verbose=session.verbosity > 1))


def with_gaps(snapshot: Snapshot) -> Snapshot:
    """A member that is missing from a snapshot counts as one that did not answer: nothing is known about it."""
    present = {member.name for member in decode_cluster(snapshot.api).members if member.is_online}
    gaps = dict.fromkeys(sorted(present - set(snapshot.nodes) - set(snapshot.unreachable)), "is not in the snapshot")
    return replace(snapshot, unreachable={**snapshot.unreachable, **gaps})


def some(only: Iterable[str]) -> frozenset[str] | None:
    """The nodes that were asked for; None for all."""
    return frozenset(only) or None


def require_known(only: frozenset[str] | None, changes: ChangeSet, snapshot: Snapshot) -> None:
    """Refuse a name that is not a node's.

    :raises SettingsError: it names the members.
    """
    require_members(
        only, {*(node.node for node in changes.nodes), *snapshot.nodes, *snapshot.unreachable, *changes.offline}
    )


def require_members(only: frozenset[str] | None, members: Collection[str]) -> None:
    """The same, where the members are known.

    :raises SettingsError: it says which one may have been meant.
    """
    for name in sorted((only or frozenset()) - set(members)):
        raise no_such("node", name, "members", members)


def no_such(noun: str, name: str, called: str, known: Collection[str]) -> SettingsError:
    """A name that nothing has: what may have been meant, and what there is. :param called: the known ones together."""
    near = nearest(name, known)
    meant = f"did you mean {near}? " if near else ""
    there = f"{called} are {', '.join(sorted(known))}" if known else f"there are no {called}"
    return SettingsError(f"there is no {noun} '{name}'", hint=f"{meant}{there}")


def show_findings(screen: Screen, findings: Iterable[Finding]) -> None:
    """Warnings, and notes unless quiet, on standard error: what is true of several nodes once."""
    for finding in shared(findings):
        if finding.severity is Severity.NOTE:
            screen.remark(f"note: {finding}")
        else:
            screen.warning(str(finding))
        for other in finding.others[:_SHOWN]:
            screen.below(str(other))
        if (more := len(finding.others) - _SHOWN) > 0:
            screen.below(f"and {more} more, which --json lists")
