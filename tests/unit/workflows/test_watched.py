"""What those who watch an apply are told, event by event."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from pvesdn.model.manner import Manner
from pvesdn.model.order import Wishes
from pvesdn.model.progress import (
    Armed,
    Awaits,
    Beat,
    Begun,
    Committed,
    Ended,
    Event,
    Heard,
    NotReached,
    PutBackFor,
    PutsBack,
    Stays,
    StepName,
    Thing,
    Turns,
    WaitsForYes,
)
from pvesdn.model.report import Outcome
from pvesdn.workflows.apply import apply
from pvesdn.workflows.heartbeat import OPEN_SECONDS, SIGN
from tests.unit.workflows.kit import PLANNER, PVE_ZONES, apply_to, cluster, plan_of

NODES = ("node1", "node2", "node3")
ALONE = Manner(wishes=Wishes(batch=1))


class Pulse:
    """Beats when it is told to."""

    def __init__(self) -> None:
        self.beats: dict[float, Callable[[], None]] = {}

    @contextmanager
    def beating(self, seconds: float, beat: Callable[[], None]) -> Iterator[None]:
        self.beats[seconds] = beat
        yield
        del self.beats[seconds]


def test_first_what_is_going_to_happen_then_each_node_with_the_time_until_which_it_waits() -> None:
    made = cluster()
    apply_to(made)
    (turns,) = made.observer.of(Turns)
    assert (turns.nodes, turns.commits) == (NODES, False)
    assert turns.order.rounds == (("node1",), ("node2", "node3"))
    until = made.clock.now() + OPEN_SECONDS
    assert [(event.node, event.survives) for event in made.observer.of(Armed)] == [(node, True) for node in NODES]
    assert {event.until <= until for event in made.observer.of(Armed)} == {True}
    assert made.observer.of(PutsBack) == []


def test_while_a_task_of_pves_runs_it_is_what_its_node_waits_for() -> None:
    made = cluster()
    apply_to(made)
    assert {event.node for event in made.observer.of(Awaits) if event.thing is Thing.TASK} == set(NODES)


def test_what_has_failed_is_told_with_the_reason_and_then_who_is_put_back() -> None:
    made = cluster()
    made.api.exits["node2"] = "command 'ifreload -a' failed: exit code 1"
    apply(made.world(), plan_of(made), PLANNER, ALONE)
    failed = [event for event in made.observer.of(Ended) if event.outcome is Outcome.FAILED]
    assert [(event.node, event.step) for event in failed] == [("node2", StepName.RELOADED)]
    assert failed[0].why.endswith("ended with: command 'ifreload -a' failed: exit code 1")
    skipped = [event for event in made.observer.of(Ended) if event.outcome is Outcome.SKIPPED]
    assert skipped == [Ended("node3", StepName.WRITTEN, Outcome.SKIPPED, "not touched, because node2 failed first")]
    assert made.observer.of(PutsBack) == [PutsBack(("node1", "node2"))]


def test_a_run_that_is_cut_short_says_so() -> None:
    made = cluster()

    def interrupted(_node: str) -> None:
        raise KeyboardInterrupt

    made.api.on_reload = interrupted
    with pytest.raises(KeyboardInterrupt):
        apply_to(made)
    assert made.observer.of(PutsBack) == [PutsBack(("node1",), PutBackFor.INTERRUPTION)]


def test_a_look_at_which_all_is_good_says_that_nothing_is_waited_for() -> None:
    made = cluster()
    apply_to(made)
    told = [event for event in made.observer.of(Awaits) if event.thing is Thing.CHECKS]
    assert Awaits("node1", Thing.CHECKS) in told
    assert {event.objects for event in told if event.node == "node1"} == {()}


def test_a_node_that_is_not_reached_when_it_is_put_back_is_told_of_at_each_attempt() -> None:
    made = cluster()

    def gone(node: str) -> None:
        made.reload(node)
        if node == "node2":
            made.nodes["node2"].off = "no route to host"

    made.api.on_reload = gone
    apply(made.world(), plan_of(made), PLANNER, ALONE)
    assert {event.node for event in made.observer.of(NotReached)} == {"node2"}
    assert len(made.observer.of(NotReached)) > 5
    assert Awaits("node2", Thing.ANSWER) in made.observer.told


def test_what_stays_is_told_as_soon_as_nothing_is_put_back_any_more() -> None:
    made = cluster()
    apply_to(made)
    told = made.observer.told
    assert made.observer.of(Stays) == [Stays(NODES)]
    assert told.index(Stays(NODES)) > max(told.index(Ended(node, StepName.VERIFIED, Outcome.OK)) for node in NODES)


def test_a_commit_is_the_point_of_no_return() -> None:
    made = cluster(pve_files=PVE_ZONES)
    apply_to(made)
    told = made.observer.told
    committed = told.index(Committed())
    assert Begun("node1", StepName.COMPARED) in told[:committed]
    assert made.observer.of(Turns)[0].commits


def test_a_confirmation_is_waited_for_until_a_time_that_is_told() -> None:
    made = cluster()
    apply(made.world(), plan_of(made), PLANNER, Manner(confirm_within=60))
    (waits,) = made.observer.of(WaitsForYes)
    assert (len(waits.apply_id), waits.nodes) == (16, NODES)
    assert waits.until <= made.clock.now()  # nobody has confirmed


def test_time_that_passes_is_told_and_so_is_which_nodes_have_heard_of_the_run() -> None:
    made, pulse = cluster(), Pulse()

    def beats(node: str) -> None:
        made.reload(node)
        if node == "node2":
            made.clock.elapsed += 30
            for beat in list(pulse.beats.values()):
                beat()

    made.api.on_reload = beats
    apply(replace(made.world(), pulse=pulse), plan_of(made), PLANNER, ALONE)
    assert SIGN not in pulse.beats
    assert made.observer.of(Beat) == [Beat()]
    assert {event.node for event in made.observer.of(Heard)} == set(NODES)
    assert min(event.until for event in made.observer.of(Heard)) > max(event.until for event in made.observer.of(Armed))


def test_a_terminal_that_is_gone_does_not_end_the_beats() -> None:
    made, pulse = cluster(), Pulse()
    real = made.observer.tell

    def tell(event: Event) -> None:
        if isinstance(event, Beat | Heard):
            raise BrokenPipeError
        real(event)

    made.observer.tell = tell  # type: ignore[method-assign]

    def beats(node: str) -> None:
        made.reload(node)
        for beat in list(pulse.beats.values()):
            beat()

    made.api.on_reload = beats
    assert apply(replace(made.world(), pulse=pulse), plan_of(made), PLANNER).is_good
