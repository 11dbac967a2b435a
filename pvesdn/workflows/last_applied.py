"""Where pvesdn.cfg cannot be used, what runs is held against the definitions of the last apply, and that is told."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pvesdn.decode.history import decode_history
from pvesdn.errors import HistoryError, NodeError, SdnConfigError
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.history import HISTORY_FILE
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.model.status import Beside
from pvesdn.model.trace import Trace
from pvesdn.model.verification import Discrepancy, Subject, Verification, in_order
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.in_force import entry_in_force, in_force
from pvesdn.workflows.status import own_digest
from pvesdn.workflows.understand import Understanding, understand
from pvesdn.workflows.world import World


@dataclass(frozen=True, slots=True)
class Held:
    """What the network is held against.

    :param mistakes: why the file itself cannot be used, a line for each fault; empty where it is what counts.
    :param number: the apply whose definitions count instead.
    """

    known: Understanding
    mistakes: tuple[str, ...] = ()
    number: int = 0

    def told(self, found: Verification) -> Verification:
        """What was found, and that the file cannot be used."""
        return replace(found, discrepancies=in_order([*found.discrepancies, *self._discrepancies()]))

    def told_of(self, trace: Trace) -> Trace:
        """The same of the way of a packet."""
        return replace(trace, findings=(*trace.findings, *self._discrepancies()))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The same where nothing else is told of the definitions."""
        return tuple(
            Finding.at("", Severity.WARNING, f"{self._found()}; {self._cause()}", item.step)
            for item in self._discrepancies()
        )

    def _discrepancies(self) -> tuple[Discrepancy, ...]:
        if not self.mistakes:
            return ()
        return (
            Discrepancy(
                node="",
                subject=Subject.DEFINITIONS,
                object=OWN_NAME,
                expected="definitions that can be used",
                found=self._found(),
                cause=self._cause(),
                step=f"pvesdn plan tells all that is wrong, pvesdn diff {self.number} what was edited",
                severity=Severity.WARNING,
            ),
        )

    def _found(self) -> str:
        more = len(self.mistakes) - 1
        return self.mistakes[0] + (f" (and {more} more)" if more else "")

    def _cause(self) -> str:
        return f"it was edited since apply {self.number}, which the network is held against"


def held(world: World | None, snapshot: Snapshot, *, only_looks: bool = False, needs_quorum: bool = True) -> Held:
    """PVE's committed definitions and pvesdn.cfg; where that cannot be used, as it was applied last.

    :param world: where the history is; None for a snapshot, which has none.
    :param only_looks: see `understand`, as is `needs_quorum`.
    :raises PvesdnError: see `understand`; the mistakes in the file where nothing better is known.
    """

    def take(text: Snapshot) -> Understanding:
        return understand(text, intent="running", only_looks=only_looks, needs_quorum=needs_quorum)

    try:
        return Held(take(snapshot))
    except SdnConfigError as error:
        beside = None if world is None else _history(world, snapshot)
        entry = None if beside is None else entry_in_force(beside)
        if beside is None or entry is None or (applied := in_force(snapshot, beside)) is snapshot:
            raise
        try:
            return Held(take(applied), error.lines, entry.number)
        except SdnConfigError:
            raise error from None


def _history(world: World, snapshot: Snapshot) -> Beside | None:
    """None where nobody could tell it: then the mistakes are all that there is to say."""
    try:
        files = on_any_member(world, sorted(snapshot.nodes), lambda name: world.nodes.read(name, [HISTORY_FILE]))
        return Beside(history=decode_history(files.get(HISTORY_FILE)), own_digest=own_digest(snapshot))
    except (NodeError, HistoryError):
        return None
