"""PVE's definitions are edited through its API, pending, and that is taken back unless PVE commits.

A pvesdn.cfg that was written with them goes back too: one half without the other may be nothing that can be planned.
PVE's own rollback drops everything that is pending. It is called only under PVE's lock, and only where what is pending
is what was written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from pvesdn.compare.conflicts import digest
from pvesdn.decode.definitions.running_config import FILE as RUNNING_CONFIG
from pvesdn.decode.definitions.sdn_files import read_sdn
from pvesdn.errors import ApplyRefused, ClusterError, NodeError, PvesdnError
from pvesdn.model.execution import ReplaceDefinitions
from pvesdn.model.files import ChangeSet
from pvesdn.model.snapshot import FORMER_OWN_FILE, OWN_FILE
from pvesdn.workflows.draft import put_back_definitions, replace_definitions
from pvesdn.workflows.patience import Patience
from pvesdn.workflows.sdn_lock import SdnLock
from pvesdn.workflows.world import World

TAKING_BACK = 30.0
"""Seconds within which the API has to take the edits back."""
_ROLLBACK = "`pvesh create /cluster/sdn/rollback` on a node discards them"
_OWN_BACK = f"`cp {FORMER_OWN_FILE} {OWN_FILE}` on a node puts it back"
_OWN_EMPTY = f"there was none before: empty {OWN_FILE}"
_OWN_EDITED = (
    f"{OWN_FILE} has been edited during this apply and is left alone, without PVE's half of what this apply wrote there"
)
_EDIT_OF_FORMER = f"what it was before is in {FORMER_OWN_FILE}: bring your edit into that, and make it {OWN_FILE}"
_EDIT_ALONE = "there was none before: leave nothing in it but your edit"
_BOTH = "pvesdn apply completes both"
_DIGITS = 12
"""Of a digest, enough for a person to tell two texts apart."""
_MOST_LINES = 5


class SdnEditor:
    """As a context manager, inside of the lock's, it takes its edits back on every way out, unless PVE has committed.

    :param own: what the apply writes in /etc/pve/sdn after the edits. VNIs that were given stay remembered.
    :ivar left: why what was edited is still pending, or our half of it still there, one line; empty otherwise.
    :ivar is_taken_back: the edits are gone, and our half with them.
    """

    def __init__(self, world: World, changes: ChangeSet, lock: SdnLock, own: Sequence[ReplaceDefinitions] = ()) -> None:
        self._world = world
        self._own = own
        self._draft = next((change for change in own if change.path == OWN_FILE), None)
        self._nodes = [node.node for node in changes.nodes]
        self._edits = changes.edits
        self._committed = changes.sources.get(RUNNING_CONFIG)
        self._lock = lock
        self._is_whole = False
        self._begins_own = False
        self._has_own = False
        self.left = ""
        self.is_taken_back = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_whole:
            self._take_back()

    def write_own(self) -> None:
        """Write what is ours in /etc/pve/sdn: from now on there may be something to put back.

        :raises NodeError: see `replace_definitions`; the edits are taken back.
        :raises ApplyRefused: the same, where something is left of them.
        """
        self._begins_own = True
        try:
            for change in self._own:
                replace_definitions(self._world, [change], self._nodes)
                self._has_own |= change is self._draft
        except BaseException as error:
            if self._is_whole:
                self._give_up(error)
            raise

    def write(self) -> None:
        """Make the edits, where there are any, and return if PVE's definitions are then what they are to be.

        :raises ApplyRefused: they are not, or there is no lock to make them under.
        :raises ClusterError: the API refuses one, or does not answer.
        :raises NodeError: no node can read what came of it.
        """
        if self._edits is None:
            return
        if not self._lock.token:
            raise ApplyRefused(
                "PVE has no lock under which its definitions could be edited, nor a rollback of edits",
                hint="update libpve-network-perl to 1.1.3 or later on every node, or edit them in PVE's panel",
            )
        try:
            for call in self._edits.calls:
                self._world.api.edit_sdn(call, self._lock.token)
            files = self._lock.accept()
        except BaseException as error:
            self._give_up(error)
            raise
        self._is_whole = True
        found = read_sdn({**files, RUNNING_CONFIG: self._edits.target}, intent="pending").pending
        if found:
            names = [f"{change.kind} '{change.id}'" for change in found]
            more = f" and {len(names) - _MOST_LINES} more" if names[_MOST_LINES:] else ""
            raise ApplyRefused(
                f"PVE has made something else of the edits of its definitions: {', '.join(names[:_MOST_LINES])}{more}",
                hint="edit them in PVE's panel, then run pvesdn plan",
            )

    def _give_up(self, error: BaseException) -> None:
        """Take the edits back now: nodes that put themselves back give the lock back, and then others may edit.

        :raises ApplyRefused: something is left; it is told with the error.
        """
        self._take_back()
        self._is_whole = False
        if self.left and isinstance(error, PvesdnError):
            raise ApplyRefused(f"{error}; {self.left}") from error

    def _take_back(self) -> None:
        try:
            if not Patience(self._world.clock).ask(self._taken_back, TAKING_BACK, (ClusterError, NodeError)):
                return
        except PvesdnError as trouble:
            self.left = f"what was edited in PVE's definitions is still pending: {trouble}; {self._with_our_half()}"
            return
        try:
            self.is_taken_back = Patience(self._world.clock).ask(self._put_draft_back, TAKING_BACK, NodeError)
        except PvesdnError as trouble:
            self.left = "" if self._draft is None else self._still_there(self._draft, trouble)
        else:
            if not self.is_taken_back and self._draft is not None:
                self.left = f"{_OWN_EDITED}; {_EDIT_ALONE if self._draft.before is None else _EDIT_OF_FORMER}"

    def _put_draft_back(self) -> bool:
        """:raises NodeError: it cannot be done."""
        if self._draft is None or not self._begins_own:
            return True
        # What is there instead of a text that was refused is an edit of what was before.
        return put_back_definitions(self._world, self._draft, self._nodes) or not self._has_own

    def _still_there(self, draft: ReplaceDefinitions, trouble: PvesdnError) -> str:
        """Why our half may not be gone, and what to do. The text before is kept only once ours takes its place."""
        how = _own_back(draft)
        if self._has_own:
            return f"{OWN_FILE} is still that of this apply, without PVE's half of it: {trouble}; {how}"
        what = f"{OWN_FILE} may be that of this apply, without PVE's half of it: {trouble}"
        return f"{what}; {_it_is_where(draft)}: then {how}; else leave it"

    def _with_our_half(self) -> str:
        """What to do about edits that are pending. Our half was left as it is: with it they can be completed."""
        if self._draft is None or not self._begins_own:
            return _ROLLBACK
        how = _own_back(self._draft)
        if self._has_own:
            return f"{OWN_FILE} is that of this apply, and {_BOTH}; or go back with both: {_ROLLBACK}; {how}"
        what = f"{_ROLLBACK}; {OWN_FILE} may be that of this apply; {_it_is_where(self._draft)}"
        return f"{what}: then {_BOTH}, or, once they are discarded, {how}; else leave it"

    def _taken_back(self) -> bool:
        """Where PVE has committed they are in force, and nothing is done: False.

        :raises PvesdnError: it cannot be done, or nobody can tell whether it may be.
        """
        if self._lock.running() != self._committed:
            return False
        is_held = self._lock.is_held()
        if not self._is_whole and not is_held:
            raise ApplyRefused("somebody has forced PVE's lock meanwhile, and may have edited them too")
        if not is_held:
            self._lock.take()  # nodes that were put back have given it back
        if self._is_whole:
            self._lock.check()
        self._world.api.roll_back_sdn(self._lock.token)
        return True


def _own_back(draft: ReplaceDefinitions) -> str:
    return _OWN_EMPTY if draft.before is None else _OWN_BACK


def _it_is_where(draft: ReplaceDefinitions) -> str:
    return f"it is where `sha256sum {OWN_FILE}` on a node begins with {digest(draft.text)[:_DIGITS]}"
