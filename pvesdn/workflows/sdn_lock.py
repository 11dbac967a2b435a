"""PVE's pending definitions from the plan to their commit: locked by PVE's own token, and still those that were shown.

Before libpve-network-perl 1.1.3 PVE has no such lock. There nothing keeps others from editing, and only the comparison
right before the commit notices it.
"""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Self

from pvesdn.decode.definitions.running_config import FILE as RUNNING_CONFIG
from pvesdn.errors import ApiRefused, ApiUnavailable, ApplyRefused, NotQuorate, PvesdnError
from pvesdn.model.files import ChangeSet
from pvesdn.model.snapshot import OWN_NAME, PVE_FILES, SEEN_NAME, VNIS_NAME, is_definition
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.patience import Patience
from pvesdn.workflows.read import SDN_DIR, read_members
from pvesdn.workflows.world import World

LOCK = ".lock"
"""The file of /etc/pve/sdn that holds the token of whoever has locked PVE's definitions."""
GIVING_BACK = 30.0
"""Seconds within which the API has to take the lock back."""
_COMMITTED = (*(name for name in PVE_FILES if name not in {OWN_NAME, SEEN_NAME, VNIS_NAME}), LOCK)
"""What a commit depends on, and the lock."""
_FORCE = "pvesh delete /cluster/sdn/lock --force 1"


class SdnLock:
    """As a context manager it gives the lock back on every way out. Without pending definitions it does nothing.

    :ivar is_needed: there is something to lock.
    :ivar token: of PVE's lock; empty while it is not held, or where PVE has none.
    :ivar left: why the lock could not be given back, one line; empty otherwise.
    """

    def __init__(self, world: World, changes: ChangeSet) -> None:
        self._world = world
        self._nodes = [node.node for node in changes.nodes]
        self.is_needed = bool(changes.pending)
        self._shown: dict[str, str | None] = {
            name: text for name, text in changes.sources.items() if name in _COMMITTED
        }
        if changes.edits is not None:
            self._shown |= changes.edits.found
        self.token = ""
        self.left = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.token:
            self._give_back()

    def check(self) -> None:
        """Return if PVE could commit now, and would commit what was shown.

        :raises NotQuorate: /etc/pve cannot be written.
        :raises ApplyRefused: somebody has edited or committed definitions, or holds the lock.
        :raises ClusterError: the API does not answer.
        :raises NodeError: no node can read the definitions.
        """
        if not self.is_needed:
            return
        if not read_members(self._world.api).is_quorate:
            raise NotQuorate(
                "the cluster has no quorum, so PVE cannot commit its definitions",
                hint="see `pvecm status`, and apply again when there is a quorum",
            )
        files = self._read()
        self._require_lock(files.pop(LOCK, "").strip())
        edited = sorted(name for name in files.keys() | self._shown.keys() if files.get(name) != self._shown.get(name))
        definitions = [name for name in edited if is_definition(name)]
        if definitions:
            raise ApplyRefused(
                f"PVE's definitions have been edited since the plan was shown: {', '.join(definitions)}",
                hint="run pvesdn plan, then pvesdn apply",
            )
        if edited:
            raise ApplyRefused(
                "somebody has committed PVE's definitions since the plan was shown",
                hint="run pvesdn plan, then pvesdn apply",
            )

    def take(self) -> None:
        """Lock PVE's definitions.

        :raises PvesdnError: the API refuses the lock, and it is not held; or nobody can tell.
        """
        if not self.is_needed:
            return
        try:
            self.token = self._world.api.lock_sdn()
        except ApiRefused as error:
            if not error.is_absent:
                raise
        except ApiUnavailable:
            # A lock that has come up between `check` and now is this one: its answer was lost, not the call.
            self.token = self._read().get(LOCK, "").strip()
            if not self.token:
                raise

    def running(self) -> str | None:
        """What PVE has committed.

        :raises NodeError: no node can read it.
        """
        return self._read().get(RUNNING_CONFIG)

    def is_held(self) -> bool:
        """Whether nobody has forced the lock since.

        :raises NodeError: no node can tell.
        """
        return bool(self.token) and self._read().get(LOCK, "").strip() == self.token

    def accept(self) -> dict[str, str]:
        """What a commit depends on, by name, now that this apply has edited it under its lock: `check` goes by that
        from here on.

        :raises NodeError: no node can read it.
        """
        found = {name: text for name, text in self._read().items() if name != LOCK}
        self._shown = {**found}
        return found

    def is_given_back(self) -> None:
        """PVE's commit has taken the lock back."""
        self.token = ""

    def _require_lock(self, holder: str) -> None:
        if holder and holder != self.token:
            raise ApplyRefused(
                f"somebody has locked PVE's definitions: {SDN_DIR}/{LOCK} holds a token that is not this apply's",
                hint=f"PVE does not note whose it is: ask who is at work, and if nobody is, `{_FORCE}` on a node takes"
                " the lock away; then run pvesdn plan",
            )
        if self.token and not holder:
            raise ApplyRefused(
                "somebody has taken away the lock of PVE's definitions that this apply held",
                hint="ask who has forced it, then run pvesdn plan",
            )

    def _read(self) -> dict[str, str]:
        """What a commit depends on, by name, and the lock."""
        paths = [f"{SDN_DIR}/{name}" for name in _COMMITTED]
        files = on_any_member(self._world, self._nodes, lambda node: self._world.nodes.read(node, paths))
        return {path.removeprefix(f"{SDN_DIR}/"): text for path, text in files.items()}

    def _give_back(self) -> None:
        """Nodes that put themselves back give it back too: a lock that is not there any more is nobody's concern."""
        token = self.token
        patience = Patience(self._world.clock)

        def give() -> None:
            if self._holder() == token:
                self._world.api.unlock_sdn(token)

        try:
            patience.ask(give, GIVING_BACK, PvesdnError)
        except PvesdnError as error:
            self.left = (
                f"PVE's definitions are still locked by this apply, so that nobody else can change them: {error};"
                f" `{_FORCE}` on a node takes the lock away"
            )
        self.token = ""

    def _holder(self) -> str | None:
        """Whose lock it is; this apply's where nobody can tell."""
        with suppress(PvesdnError):
            return self._read().get(LOCK, "").strip()
        return self.token
