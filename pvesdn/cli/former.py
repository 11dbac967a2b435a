"""Going back to the definitions of an earlier apply: as a draft, by the same plan as any other."""

from __future__ import annotations

from dataclasses import replace

from pvesdn.cli.offer import Offer, make_offer
from pvesdn.cli.screens.screen import Screen, Span, Style
from pvesdn.decode.definitions.edited_lines import EditedLines
from pvesdn.encode.kept import own_definitions
from pvesdn.errors import SdnConfigError
from pvesdn.model.flags import PlanFlags
from pvesdn.model.history import Ending, Entry
from pvesdn.model.saved_plan import SavedDraft, Terms
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.workflows.former import bring_back, definitions_of, entry_of, without_lock
from pvesdn.workflows.history import read_history
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.world import World


class Former:
    """The definitions of an apply, as what a plan is made from.

    :param number: of its entry in the history.
    :param screen: where it is said, once, which apply that was; None says nothing.
    """

    def __init__(self, number: int, flags: PlanFlags, screen: Screen | None) -> None:
        self._number = number
        self._flags = flags
        self._screen = screen

    def offer(self, world: World) -> Offer:
        """Read the history and the cluster, and plan.

        :raises HistoryError: there is no such entry, or not any more, or its definitions were not kept.
        :raises ApplyRefused: PVE's own definitions are others than then, and cannot be brought back.
        :raises PvesdnError: the cluster cannot be read, or those definitions do not fit it any more.
        """
        history = read_history(world)
        entry = entry_of(history, self._number)
        former = definitions_of(history, entry)
        if self._screen is not None:
            _say_what_comes(self._screen, entry)
            self._screen = None
        found = read_cluster(world, has_state=True)
        snapshot, edits = bring_back(former, found, self._number)
        live = snapshot.pve_files.get(OWN_NAME)
        draft = None
        if own_definitions(live) != former.own:  # otherwise it has all that was kept, and comments of its own
            draft = SavedDraft(name=f"<apply {self._number}>", text=former.own or "")
        edited = EditedLines.between(found.pve_files, snapshot.pve_files)
        try:
            offer = make_offer(snapshot, Terms(flags=self._flags, draft=draft), edited)
        except SdnConfigError as error:
            raise self._with_its_text(error, "" if draft is None else draft.name) from error
        if edits is not None and not offer.known.given.can_be_edited:
            raise without_lock(former, found.pve_files, self._number)
        return replace(offer, changes=replace(offer.changes, edits=edits))

    def _with_its_text(self, error: SdnConfigError, name: str) -> SdnConfigError:
        """Faults of the draft, with where its lines are to be seen."""
        if not name or not any(name in line for line in error.lines):
            return error
        where = f"{name} is what `pvesdn history show {self._number} --definitions` prints"
        return SdnConfigError((*error.lines, where))


def _say_what_comes(screen: Screen, entry: Entry) -> None:
    """Say to what it goes back, and whether that was ever in force."""
    comment = f': "{entry.comment}"' if entry.comment else ""
    when = f"{entry.began[:16].replace('T', ' ')} UTC by {entry.who}"
    screen.remark(Span(f"Back to the definitions of apply {entry.number}", Style.STRONG), f", {when}{comment}.")
    if entry.ending is Ending.OPEN:
        screen.warning(f"nobody has told how apply {entry.number} ended: its definitions may never have been in force")
    elif not entry.ending.is_in_force:
        screen.warning(f"apply {entry.number} ended as '{entry.ending.value}': its definitions were not in force")
