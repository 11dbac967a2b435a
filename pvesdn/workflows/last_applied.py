"""What the network is held against, and what is told besides: that there is no quorum, or that what was applied last
counts instead of pvesdn.cfg, which cannot be used or was edited since.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pvesdn.compare.in_force import depends_on_nodes, entry_in_force
from pvesdn.decode.history import decode_history
from pvesdn.errors import HistoryError, NodeError, SdnConfigError
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.history import HISTORY_FILE
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.model.status import Beside
from pvesdn.model.trace import Trace
from pvesdn.model.verification import Discrepancy, Subject, Verification, in_order
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.confirmation import standing_on
from pvesdn.workflows.in_force import in_force, understand_in_force
from pvesdn.workflows.status import own_digest
from pvesdn.workflows.understand import WITHOUT_QUORUM, Understanding, understand
from pvesdn.workflows.world import World

_NO_QUORUM = Discrepancy(
    node="",
    subject=Subject.QUORUM,
    object="the cluster",
    expected="a quorum",
    found="none",
    cause="members that are off here may be on",
    step="pvecm status says who is missing",
)


@dataclass(frozen=True, slots=True)
class Held:
    """What the network is held against.

    :param mistakes: why the file itself cannot be used, a line for each fault; empty where it is what counts.
    :param number: the apply whose definitions count instead; zero where the file does.
    """

    known: Understanding
    mistakes: tuple[str, ...] = ()
    number: int = 0

    def told(self, found: Verification) -> Verification:
        """What was found, that the file cannot be used, and that there is no quorum. No zone is worse for either."""
        return replace(found, discrepancies=in_order([*found.discrepancies, *self._discrepancies()]))

    def told_of(self, trace: Trace) -> Trace:
        """The same of the way of a packet."""
        return replace(trace, findings=(*trace.findings, *self._discrepancies()))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The same where nothing else is told of the definitions."""
        told = [Finding.at("", Severity.WARNING, f"{item.found}; {item.cause}", item.step) for item in self._edited()]
        if self.number and not told:
            what = f"{OWN_NAME} is not what was applied last; the network is held against apply {self.number}"
            told = [Finding.at("", Severity.WARNING, what, f"pvesdn diff {self.number} tells how they differ")]
        return (*(() if self.known.is_quorate else (WITHOUT_QUORUM,)), *told)

    def _discrepancies(self) -> Iterator[Discrepancy]:
        if not self.known.is_quorate:
            yield _NO_QUORUM
        yield from self._edited()

    def _edited(self) -> Iterator[Discrepancy]:
        if self.mistakes:
            yield Discrepancy(
                node="",
                subject=Subject.DEFINITIONS,
                object=OWN_NAME,
                expected="definitions that can be used",
                found=self._found(),
                cause=f"it was edited since apply {self.number}, which the network is held against",
                step=f"pvesdn plan tells all that is wrong, pvesdn diff {self.number} what was edited",
                severity=Severity.WARNING,
            )

    def _found(self) -> str:
        more = len(self.mistakes) - 1
        return self.mistakes[0] + (f" (and {more} more)" if more else "")


def held(world: World | None, snapshot: Snapshot) -> Held:
    """PVE's committed definitions and pvesdn.cfg; where that cannot be used, as it was applied last.

    :param world: where the history is; None for a snapshot, which has none.
    :raises PvesdnError: see `understand`; the mistakes in the file where nothing better is known.
    """
    try:
        return Held(understand(snapshot, intent="running"))
    except SdnConfigError as error:
        last = _last(world, snapshot)
        if last is None:
            raise
        try:
            return Held(understand(last[0], intent="running"), error.lines, last[1])
        except SdnConfigError:
            raise error from None


def held_as_applied(world: World | None, snapshot: Snapshot) -> Held:
    """PVE's committed definitions, and pvesdn.cfg as it was applied last, which is what `status` holds the network
    against; the file where that is not known, or does not fit the cluster any more.

    :param world: see `held`.
    :raises PvesdnError: see `understand`.
    """
    beside = None if world is None else _beside(world, snapshot)
    if beside is None:
        return Held(understand(snapshot, intent="running"))
    known, told = understand_in_force(snapshot, beside)
    entry = entry_in_force(beside)
    if entry is None or told.is_unfit or in_force(snapshot, beside) is snapshot:
        return Held(known)
    return Held(known, _mistakes(snapshot), entry.number)


def _mistakes(snapshot: Snapshot) -> tuple[str, ...]:
    try:
        understand(snapshot, intent="running")
    except SdnConfigError as error:
        return error.lines
    return ()


def _last(world: World | None, snapshot: Snapshot) -> tuple[Snapshot, int] | None:
    """The same with the text of the last apply, and that one's number; None where the file says no other, or where
    nobody knows.
    """
    beside = None if world is None else _beside(world, snapshot)
    entry = None if beside is None else entry_in_force(beside)
    if beside is None or entry is None or (applied := in_force(snapshot, beside)) is snapshot:
        return None
    return applied, entry.number


def _beside(world: World, snapshot: Snapshot) -> Beside | None:
    """The history, and how applies stand on the nodes where it depends on that; None where nobody could tell it: then
    the mistakes are all that there is to say.
    """
    nodes = sorted(snapshot.nodes)
    try:
        files = on_any_member(world, nodes, lambda name: world.nodes.read(name, [HISTORY_FILE]))
        found = Beside(history=decode_history(files.get(HISTORY_FILE)), own_digest=own_digest(snapshot))
    except (NodeError, HistoryError):
        return None
    if not depends_on_nodes(found):
        return found
    return replace(found, open={one.id: one.nodes for one in standing_on(world, nodes, {}).open})
