"""Try the ways between the VTEPs: the nodes send probes to each other and listen, all at the same time."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pvesdn.compare.live_paths import WHAT, judge_paths, path_checks
from pvesdn.errors import NodeError
from pvesdn.model.primitives import NodeName
from pvesdn.model.probes import Heard, PathProbe
from pvesdn.model.verification import Discrepancy, NotChecked, PathPlan
from pvesdn.workflows.world import World

SECONDS = 5.0
"""How long a node waits for what does not come; where all is well it ends after two."""
_NONCE_BYTES = 8
_MEETING = 1.0
"""Seconds in which two nodes send each other at least two rounds."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of it.

    :param checks: how many ways were tried, by node and zone.
    """

    found: tuple[Discrepancy, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    checks: Counter[tuple[str, str]] = field(default_factory=Counter)


def try_paths(world: World, plan: PathPlan) -> Tried:
    """One round of probes between the nodes that were looked at."""
    nodes = sorted({name for probe in plan.probes for name in (probe.source, probe.target)})
    if not nodes:
        return Tried(not_checked=plan.not_tried)
    answers, unable = _asked(world, plan.probes, nodes)
    heard = {node: answer.heard for node, answer in answers.items()}
    probes, missed = _met(plan.probes, answers)
    return Tried(
        found=tuple(judge_paths(probes, heard)),
        not_checked=(*unable, *missed, *(plan.not_tried if heard else ())),
        checks=Counter(path_checks(probes, heard)),
    )


def listen(world: World, probes: Collection[PathProbe]) -> tuple[dict[str, Heard], list[NotChecked]]:
    """What each node has heard of these probes, and which nodes could not listen, or not at the same time."""
    nodes = sorted({name for probe in probes for name in (probe.source, probe.target)})
    answers, unable = _asked(world, probes, nodes)
    met, missed = _met(probes, answers)
    present = {name for probe in met for name in (probe.source, probe.target)}
    return {node: answer.heard for node, answer in answers.items() if node in present}, [*unable, *missed]


@dataclass(frozen=True, slots=True)
class _Answer:
    """:param end: when it came, by this machine's clock."""

    heard: Heard
    end: float

    def meets(self, other: _Answer) -> bool:
        """Both were at it for long enough at the same time, however late one of them began."""
        begin = max(self.end - self.heard.lasted, other.end - other.heard.lasted)
        return min(self.end, other.end) - begin >= _MEETING


def _asked(
    world: World, probes: Collection[PathProbe], nodes: list[NodeName]
) -> tuple[dict[str, _Answer], list[NotChecked]]:
    """What each node has heard, and why others could not listen."""
    nonce = secrets.token_hex(_NONCE_BYTES)

    def ask(node: NodeName) -> _Answer:
        heard = world.nodes.probe(node, tuple(probes), nonce=nonce, seconds=SECONDS)
        return _Answer(heard, world.clock.monotonic())

    answers: dict[str, _Answer] = {}
    unable: dict[str, str] = {}
    for node, answer in (world.at_once or world.runner).each(nodes, ask).items():
        if isinstance(answer, NodeError):
            unable[node] = str(answer).removeprefix(f"{node}: ")
        elif answer.heard.unable:
            unable[node] = answer.heard.unable
        else:
            answers[node] = answer
    if not answers and len(set(unable.values())) == 1:
        return {}, [NotChecked("", WHAT, next(iter(unable.values())))]
    return answers, [NotChecked(node, WHAT, why) for node, why in unable.items()]


def _met(
    probes: Collection[PathProbe], answers: Mapping[str, _Answer]
) -> tuple[tuple[PathProbe, ...], tuple[NotChecked, ...]]:
    """Probes between nodes that were at it together, and the pairs that were not.

    Where all has come they were: one that hears everything at once is done sooner than `_MEETING` takes to tell.
    """
    tried = [probe for probe in probes if {probe.source, probe.target} <= answers.keys()]
    pairs = {(probe.source, probe.target) for probe in tried}
    lacking = {(probe.source, probe.target) for probe in tried if probe.number not in answers[probe.target].heard.heard}
    met = (pairs - lacking) | {(source, target) for source, target in lacking if answers[source].meets(answers[target])}
    late = "the two did not listen at the same time: one was reached too late"
    missed = tuple(NotChecked(source, f"the path to {target}", late) for source, target in sorted(pairs - met))
    return tuple(probe for probe in probes if (probe.source, probe.target) in met), missed
