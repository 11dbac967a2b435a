"""`pvesdn publish`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from pvesdn.cli import complete, options, statuses
from pvesdn.cli.applying import offer_and_apply, require_answer
from pvesdn.cli.offer import Offer, make_offer
from pvesdn.cli.screens.publish import publish_document, publish_lines
from pvesdn.cli.screens.screen import Screen
from pvesdn.cli.session import Session
from pvesdn.cli.source import understood
from pvesdn.decode.definitions.edited_lines import EditedLines
from pvesdn.decode.definitions.values import BadValueError, vni_range
from pvesdn.errors import HistoryError
from pvesdn.model.flags import PlanFlags
from pvesdn.model.manner import Manner
from pvesdn.model.own_sdn import VniRange
from pvesdn.model.saved_plan import SavedDraft, Terms
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.move.published import Wish
from pvesdn.move.rights import commands
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.former import Definitions, between, definitions_in, definitions_of
from pvesdn.workflows.history import read_history
from pvesdn.workflows.plan import plan_understood
from pvesdn.workflows.publish import acl_of, publish_zone, require_rehearsed
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.world import World


@click.command(epilog=statuses.TABLE)
@click.argument("zone", shell_complete=complete.own_zones)
@click.option(
    "--as", "home", metavar="PVEZONE", help="The zone in PVE; by default the first five characters of ZONE and pve."
)
@click.option(
    "--vni-range", "span", metavar="FIRST-LAST", help="VNIs of VNets drawn later; by default a free block of 1000."
)
@options.carrying_out
@click.pass_obj
def publish(
    session: Session,
    *,
    zone: str,
    home: str | None,
    span: str | None,
    is_agreed: bool,
    confirm_within: int | None,
    comment: str,
    has_diff: bool,
    flags: PlanFlags,
) -> int:
    """Move the VNets and subnets of a zone from pvesdn.cfg to PVE's panel, once. The zone stays, and carries them.

    From then on the panel offers the VNets and has their permissions. They keep their names, VNIs, addresses and MACs,
    and guests stay plugged in. The plan is shown, with the rights that have to be given anew, and carried out as
    `pvesdn apply` does if you say yes: both halves are put in place in one reload of each node, verified, and committed
    by PVE last. Whatever goes wrong before that puts back all of it, pvesdn.cfg too.

    `pvesdn rollback N`, with the number that is shown, is the way back; where what is there now is in no apply of the
    history, the way back by hand is shown.
    """
    require_answer(session, is_agreed=is_agreed)
    source = _Source(Wish(zone, home, _range(span)), flags, None if session.wants_json else session.screen)
    manner = Manner(confirm_within=confirm_within or 0, comment=comment or f"publish {zone}")
    return offer_and_apply(session, source.offer, manner, is_agreed=is_agreed, has_diff=has_diff, also=source.told)


def _range(text: str | None) -> VniRange | None:
    if text is None:
        return None
    try:
        return vni_range(text)
    except BadValueError as error:
        raise click.UsageError(f"{text[:40]!a} is not a range of VNIs such as 10000-10999") from error


class _Source:
    """Makes the plan, as often as it is asked.

    :param screen: where it is said, once, what moves where; None says nothing.
    :ivar told: the same for the document.
    """

    def __init__(self, wish: Wish, flags: PlanFlags, screen: Screen | None) -> None:
        self._wish = wish
        self._flags = flags
        self._screen = screen
        self.told: dict[str, Any] = {}

    def offer(self, world: World) -> Offer:
        """Read the cluster and plan.

        :raises PvesdnError: the zone cannot be published, or the cluster not be planned for.
        """
        known = understood(read_cluster(world, has_state=True), None, "pending")
        found = publish_zone(self._wish, known, plan_understood(known, Renderer()))
        draft = SavedDraft(name=OWN_NAME, text=found.published.own)
        there = known.snapshot.pve_files
        edited = EditedLines.between(there, {**found.snapshot.pve_files, OWN_NAME: draft.text})
        offer = make_offer(found.snapshot, Terms(flags=self._flags, draft=draft), edited)
        require_rehearsed(offer.changes)
        acl = acl_of(world)
        rights = None if acl is None else commands(acl, found.published.home, found.published.vnets)
        back = _way_back(world, definitions_in(known.snapshot.pve_files))
        self.told["publish"] = publish_document(found.published, rights, back)
        if self._screen is not None:
            self._screen.lines(publish_lines(found.published, rights, back, self._screen.width))
            self._screen = None
        return replace(offer, changes=replace(offer.changes, edits=found.edits))


def _way_back(world: World, now: Definitions) -> int | None:
    """The number of the apply whose definitions are those of now; None where the history has none: a rollback would
    take along what others have committed since.
    """
    try:
        history = read_history(world)
        last = next((entry for entry in reversed(history.entries) if entry.ending.is_in_force), None)
        return None if last is None or between(definitions_of(history, last), now) else last.number
    except HistoryError:
        return None
