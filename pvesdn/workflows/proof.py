"""The proof of an apply: verify's checks, asked again when every node has been reloaded, and when all is put back.

What counts as a failure is decided in `pvesdn/compare/before_after.py`; this asks until all is good, or until it is
clear that it will not be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from pvesdn.compare.before_after import Applied, judge, lost_sessions, routes_underlay, untold_sessions
from pvesdn.compare.paths_now import judge_ways
from pvesdn.errors import NodeError, NodeFailed, PvesdnError
from pvesdn.model.files import ChangeSet
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import Ended, StepName, Thing
from pvesdn.model.report import Outcome, Standing, StepOutcome
from pvesdn.model.snapshot import is_definition
from pvesdn.model.verification import Discrepancy, Look, NotChecked, Subject, Verdict
from pvesdn.workflows.paths import try_paths
from pvesdn.workflows.patience import Found, Patience
from pvesdn.workflows.planner import Planner
from pvesdn.workflows.progress import Progress
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.sight import DONE_AT_ONCE, PATIENCE, Sight, is_verified, written_since
from pvesdn.workflows.world import World

ROUTED = 120.0
"""As `PATIENCE` where FRR carries the underlay too: OSPF waits for its dead interval, 40 s by default, before it
chooses a designated router, and BGP for its next attempt after that.
"""
AFTER_COMMIT = 120.0
"""Seconds for anything once PVE has committed: nothing is put back then, and a false alarm helps nobody."""
_LONGEST_PAUSE = 2.0
"""Seconds between two looks at most: what they wait for is there from one moment to the next."""
_ITS_OWN = DONE_AT_ONCE | {Subject.FRR, Subject.VNI, Subject.GUEST, Subject.DHCP}
"""What a node shows by itself, whatever the others have."""
_OWN_ROUTES = "whether it announced its new VNIs before the others changed"
_SESSIONS_NOT_KNOWN = "whether its BGP sessions are up again is not known"
_NEW_NOT_KNOWN = "which VNIs are new is not known: FRR could not be asked before"


class Proof:
    """The checks around one apply. :param changes: the plan, with what the nodes were doing when it was made."""

    def __init__(self, world: World, changes: ChangeSet, planner: Planner) -> None:
        self._world = world
        self._changes = changes
        self._planner = planner
        self._applied = {node.node: node for node in changes.nodes}
        self._lost_before: tuple[Discrepancy, ...] = ()
        self._unseen: tuple[NotChecked, ...] = ()
        self._settling = ROUTED if any(map(routes_underlay, changes.nodes)) else PATIENCE

    def look_at_paths(self, run: Sequence[Progress]) -> None:
        """Try the ways between the VTEPs before anything changes; what does not arrive then is not the change's doing.
        Where the plan was made without a look at the nodes, no way is tried, then or afterwards.

        :param run: nodes with something to do; with none nothing is tried.
        """
        if not run:
            return
        self._lost_before = try_paths(self._world, self._changes.look.ways()).found

    def check(self, run: Sequence[Progress], *, is_committed: bool = False) -> Verdict:
        """Whether what was done is there and works. It is noted on each node; what fails on nodes that had nothing to
        do is in the result alone.

        :param run: nodes that were done.
        :param is_committed: PVE has committed, so there is no haste.
        """
        settling = AFTER_COMMIT if is_committed else self._settling

        def patience(sight: Sight) -> float:
            seconds = sight.patience(settling)
            return settling if is_committed and seconds else seconds

        for progress in run:
            progress.begin(StepName.VERIFIED)
        done = frozenset(progress.node for progress in run)

        def look() -> Sight:
            sight = self._look(done)
            _say_what_is_missing(run, sight.verdict)
            return sight

        try:
            sight = self._settled(look, patience)
            sight = self._with_paths(run, sight, settling)
        except PvesdnError as error:
            for progress in run:
                _not_verified(progress, error)
            return Verdict()
        for progress in run:
            if is_verified(progress, sight, [item for item in sight.verdict.failed if item.node == progress.node]):
                progress.done()
        return replace(sight.verdict, not_checked=(*self._unseen, *sight.verdict.not_checked))

    def check_canary(self, canary: Progress, waiting: Sequence[Progress]) -> bool:
        """Whether the node that went first shows what it can while the others are as before: its files, devices and
        settings, FRR's running configuration, its VNIs and its type-3 routes of those that are new; and no session has
        been lost, whoever has the other end.
        """
        canary.begin(StepName.CANARY)
        behind = frozenset(progress.node for progress in waiting)
        try:
            sight = self._settled(
                lambda: self._look_at_canary(canary, behind), lambda sight: sight.patience(self._settling)
            )
        except PvesdnError as error:
            _not_verified(canary, error)
            return False
        is_good = is_verified(canary, sight, sight.verdict.failed)
        if is_good:  # the step is told in the report once all are verified
            self._world.observer.tell(Ended(canary.node, StepName.CANARY, Outcome.OK))
        return is_good

    def _look_at_canary(self, progress: Progress, behind: frozenset[NodeName]) -> Sight:
        """:raises PvesdnError: the cluster cannot be read, or not planned for."""
        canary = progress.node
        sight = self._look(frozenset({canary}))
        failed = tuple(
            item
            for item in sight.verdict.failed
            if (item.node == canary and item.subject in _ITS_OWN)
            or (item.node not in behind and (item.node, item.object) in self._changes.look.up)
        )
        if not failed and not sight.silent:
            failed = self._unannounced(canary, sight.look)
        verdict = replace(sight.verdict, failed=failed, unhealed=())
        _say_what_is_missing([progress], verdict)
        return replace(sight, verdict=verdict)

    def _unannounced(self, canary: NodeName, look: Look) -> tuple[Discrepancy, ...]:
        """VNIs that are new there, and that it does not announce. Where it cannot tell, that is no failure."""
        before = self._changes.look
        if canary in before.nodes and canary not in before.vnis:
            self._unseen = (NotChecked(canary, _OWN_ROUTES, _NEW_NOT_KNOWN),)
            return ()
        new = look.vnis.get(canary, frozenset()) - before.vnis.get(canary, frozenset())
        if not new:
            return ()
        try:
            own = self._world.nodes.announced(canary)
        except NodeError as error:
            self._unseen = (NotChecked(canary, _OWN_ROUTES, str(error).removeprefix(f"{canary}: ")),)
            return ()
        return look.unannounced(canary, own, new)

    def check_way_back(self, run: Iterable[Progress]) -> None:
        """Whether sessions that were up before are up again where nodes were put back; those that are not are told as
        left. Files, devices, settings and FRR's configuration each node has compared by itself.
        """
        undone = {progress.node: progress for progress in run if _is_undone(progress)}
        if not any(node in undone for node, _ in self._changes.look.up):
            return
        left: dict[NodeName, tuple[str, ...]] = {}
        try:
            left = self._settled(
                lambda: _missed(self._changes.look, self._plan_again().look),
                lambda left: self._settling if left.keys() & undone.keys() else 0.0,
            )
        except PvesdnError as error:
            left = dict.fromkeys(undone, (f"{_SESSIONS_NOT_KNOWN}: {error}",))
        for node in undone.keys() & left.keys():
            undone[node].standing, undone[node].left = Standing.NOT_PUT_BACK, left[node]

    def _look(self, done: frozenset[NodeName]) -> Sight:
        """:raises PvesdnError: the cluster cannot be read, or not planned for."""
        now = self._plan_again()
        plans = {node.node: node for node in now.nodes if node.node in now.look.nodes}
        with_work = {name for name, node in self._applied.items() if not node.is_empty}
        away = {*self._changes.unreachable, *self._changes.offline, *now.unreachable}
        left = {name for name, node in plans.items() if node.files} - self._applied.keys() - away
        applied = Applied(self._applied, left, (with_work - done) | away)
        verdict = judge(self._changes.look, now.look, applied)
        files = [
            item for name in sorted(done & plans.keys()) for item in written_since(self._applied[name], plans[name])
        ]
        reasons = {name: now.unreachable.get(name, "it did not answer") for name in done - plans.keys()}
        return Sight(replace(verdict, failed=(*files, *verdict.failed)), reasons, now.look, applied)

    def _with_paths(self, run: Sequence[Progress], sight: Sight, settling: float) -> Sight:
        """The same with the ways between the VTEPs, which are tried only where all else is good.

        :param settling: seconds within which they have to carry.
        """
        if sight.verdict.failed or sight.silent or not self._changes.look.nodes:
            return sight
        plan = sight.look.ways()

        def tried() -> Verdict:
            found = try_paths(self._world, plan)
            verdict = judge_ways(self._lost_before, found.found, self._changes.look, sight.applied)
            _say_what_is_missing(run, verdict)
            return replace(verdict, not_checked=found.not_checked)

        ways = self._settled(tried, lambda verdict: settling if verdict.failed else 0.0)
        verdict = replace(
            sight.verdict,
            failed=ways.failed,
            before=(*sight.verdict.before, *ways.before),
            not_checked=(*sight.verdict.not_checked, *ways.not_checked),
        )
        return replace(sight, verdict=verdict)

    def _plan_again(self) -> ChangeSet:
        """The same plan for what the nodes have now: by the definitions that it was made from, whoever has edited them
        meanwhile.
        """
        snapshot = read_cluster(self._world, has_state=True)
        definitions = {name: text for name, text in self._changes.sources.items() if is_definition(name)}
        others = {name: text for name, text in snapshot.pve_files.items() if not is_definition(name)}
        pinned = replace(snapshot, pve_files=others | definitions)
        return self._planner(pinned, flags=self._changes.flags)

    def _settled(self, look: Callable[[], Found], patience: Callable[[Found], float]) -> Found:
        """Look until `patience` says that it is long enough. A look shows what was there when it began, and may take
        long itself: what has so many seconds to come up was seen after them.

        :raises PvesdnError: the last look could not be had, within `PATIENCE`.
        """
        waiting = Patience(self._world.clock, longest=_LONGEST_PAUSE)
        while True:
            began = waiting.elapsed()
            found = waiting.ask(look, PATIENCE, PvesdnError)
            if began >= patience(found):
                return found
            waiting.pause()


def _missed(before: Look, now: Look) -> dict[NodeName, tuple[str, ...]]:
    """What is to be said of sessions that were up before, by node."""
    lost = lost_sessions(before, now)
    left = {node: tuple(f"{name} was established, and is not" for name in lost[node]) for node in lost}
    untold = (f"{_SESSIONS_NOT_KNOWN}: FRR could not be asked",)
    return left | dict.fromkeys(untold_sessions(before, now), untold)


def _say_what_is_missing(run: Sequence[Progress], verdict: Verdict) -> None:
    """To whoever watches: what is not good yet may still become so."""
    wrong = (*verdict.failed, *verdict.unhealed)
    for progress in run:
        missing = dict.fromkeys(item.object for item in wrong if item.node == progress.node)
        progress.awaits(Thing.CHECKS, tuple(missing))


def _not_verified(progress: Progress, error: PvesdnError) -> None:
    progress.step = StepName.VERIFIED
    progress.fail(NodeFailed(progress.node, f"applied, but not verified: {error}"))


def _is_undone(progress: Progress) -> bool:
    return progress.standing is Standing.AS_BEFORE and StepOutcome(StepName.UNDONE, Outcome.OK) in progress.steps
