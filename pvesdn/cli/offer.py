"""What a person is asked about: a plan by the terms on the command line, or by those of a saved plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from pvesdn.cli.draft import Draft
from pvesdn.cli.part import take_part
from pvesdn.cli.source import understood
from pvesdn.compare.counts import Summary, summarize
from pvesdn.compare.parting import left_out
from pvesdn.decode.definitions.edited_lines import EditedLines
from pvesdn.model.files import ChangeSet
from pvesdn.model.findings import Finding
from pvesdn.model.saved_plan import Terms
from pvesdn.model.sdn_edits import SdnEdits
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.decoded import Intent
from pvesdn.workflows.draft import definitions_change, unpinned
from pvesdn.workflows.peers import sync_peers
from pvesdn.workflows.plan import plan_understood
from pvesdn.workflows.understand import Understanding


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan that could be carried out.

    :param snapshot: the cluster as it was read, without the draft.
    :param left: other nodes that the plan changes and that keep what they have; None where no node was named.
    :param doubts: findings of the plan that are about those; they go when the others have had their turn.
    """

    terms: Terms
    snapshot: Snapshot
    known: Understanding
    changes: ChangeSet
    left: tuple[str, ...] | None = None
    doubts: tuple[Finding, ...] = ()

    @property
    def own(self) -> ChangeSet:
        """The plan without what is said of the nodes that are left out."""
        findings = tuple(finding for finding in self.changes.findings if finding not in self.doubts)
        return replace(self.changes, findings=findings)

    @property
    def summary(self) -> Summary:
        """The plan in numbers."""
        return summarize(self.changes, is_part=self.left is not None)

    @property
    def is_blocked(self) -> bool:
        """An apply would refuse it."""
        return any(node.obstacles for node in self.changes.nodes)

    @property
    def has_work(self) -> bool:
        """There is something to ask about."""
        return self.changes.has_work


def view(snapshot: Snapshot, terms: Terms, intent: Intent) -> Offer:
    """A plan to look at: of some nodes, whether or not they could be taken alone.

    :raises PvesdnError: the cluster cannot be planned for.
    """
    snapshot, known, edits = _known(snapshot, terms, intent)
    planned = plan_understood(known, Renderer(), only=terms.only, flags=terms.flags)
    changes = replace(_with_definitions(planned, snapshot, known, terms), edits=edits)
    return Offer(terms, snapshot, known, changes, None if terms.nodes is None else ())


def make_offer(snapshot: Snapshot, terms: Terms, edited: EditedLines | None = None) -> Offer:
    """A plan to carry out.

    :param edited: see `understood`.
    :raises PvesdnError: the cluster cannot be planned for, or not in such parts.
    """
    snapshot, known, edits = _known(snapshot, terms, "pending", edited)
    planned = plan_understood(known, Renderer(), flags=terms.flags)
    whole = replace(_with_definitions(planned, snapshot, known, terms), edits=edits)
    only = terms.only
    if only is None:
        return Offer(terms, snapshot, known, whole)
    part, doubts = take_part(whole, only)
    return Offer(terms, snapshot, known, part, left_out(whole, only), doubts)


def _known(
    snapshot: Snapshot, terms: Terms, intent: Intent, edited: EditedLines | None = None
) -> tuple[Snapshot, Understanding, SdnEdits | None]:
    """What the cluster means: as it is, or with PVE's peers as they are to be, and the edits that make them so."""
    draft = None if terms.draft is None else Draft(terms.draft.name, terms.draft.text)
    take = partial(understood, draft=draft, intent=intent, detaches_guests=terms.flags.detach_guests, edited=edited)
    known = take(snapshot)
    if not terms.sync_peers:
        return snapshot, known, None
    synced, edits = sync_peers(known, snapshot)
    return synced, known if edits is None else take(synced), edits


def _with_definitions(changes: ChangeSet, snapshot: Snapshot, known: Understanding, terms: Terms) -> ChangeSet:
    if terms.draft is None:
        return changes
    name = terms.draft.name
    falls = tuple(replace(fall, draft=name) if fall.file == OWN_NAME else fall for fall in changes.falls)
    findings = (*changes.findings, *unpinned(snapshot, known))
    definitions = definitions_change(snapshot, terms.draft.text)
    return replace(changes, definitions=definitions, falls=falls, findings=findings)


def nodes_of(only: Iterable[str]) -> tuple[str, ...] | None:
    """The nodes that were named, each once; None for none."""
    return tuple(sorted(set(only))) or None
