"""When what is due, second by second."""

from __future__ import annotations

import pytest

from pvesdn.watcher.sight import Sight
from pvesdn.watcher.turns import APART, KEPT, LOOK, METRICS, PATIENCE, RELOADED, SETTLED, SOON, UNREST, VERIFY, Turns


def sight(cluster: object = 1, network: object = 1, **given: object) -> Sight:
    return Sight(cluster=cluster, network=network, **given)  # type: ignore[arg-type]


@pytest.fixture
def turns() -> Turns:
    """Of a node that acts, and has done all that is done at its start."""
    made = Turns()
    made.due(0, sight())
    made.started(LOOK)
    made.started(VERIFY)
    made.ended(0, LOOK, is_good=True, is_settled=True)
    return made


def test_it_begins_with_a_look_and_a_verification() -> None:
    turns = Turns()
    assert turns.due(0, sight()) == ""
    assert turns.due(SETTLED, sight()) == LOOK
    turns.started(LOOK)
    assert turns.due(RELOADED, sight()) == VERIFY


def test_a_change_is_looked_at_when_ten_seconds_were_quiet(turns: Turns) -> None:
    assert turns.due(100, sight(2)) == ""
    assert turns.due(105, sight(3)) == ""
    assert turns.due(105 + SETTLED - 1, sight(3)) == ""
    assert turns.due(105 + SETTLED, sight(3)) == LOOK


def test_unrest_that_does_not_end_is_looked_at_after_five_minutes(turns: Turns) -> None:
    due = [when for when in range(100, 500, 5) if turns.due(when, sight(when)) == LOOK]
    assert due[0] == 100 + PATIENCE


def test_what_changes_while_a_look_runs_is_another_look(turns: Turns) -> None:
    turns.due(100, sight(2))
    assert turns.due(110, sight(2)) == LOOK
    turns.started(LOOK)
    turns.due(115, sight(3))
    turns.ended(200, LOOK, is_good=True, is_settled=True)
    assert turns.due(200, sight(3)) == LOOK


def test_whoever_takes_office_begins_with_a_look(turns: Turns) -> None:
    assert turns.due(100, sight(2, stands_by="pve1 acts")) == ""
    assert turns.due(200, sight(2, stands_by="pve1 acts")) == ""
    assert turns.due(205, sight(2)) == ""
    assert turns.due(205 + SETTLED, sight(2)) == LOOK


def test_what_failed_is_for_the_next_in_office(turns: Turns) -> None:
    turns.ended(100, LOOK, is_good=False, is_settled=False)
    turns.due(110, sight(stands_by="the cluster has no quorum"))
    assert turns.due(5000, sight(stands_by="the cluster has no quorum")) == ""


def test_what_could_not_be_read_is_no_change(turns: Turns) -> None:
    assert turns.due(100, Sight(trouble="/etc/pve/.members: Transport endpoint is not connected")) == ""
    assert turns.due(1000, sight()) == ""


def test_a_look_that_waits_is_repeated_soon(turns: Turns) -> None:
    turns.ended(100, LOOK, is_good=True, is_settled=False)
    assert turns.due(100 + SOON - 1, sight()) == ""
    assert turns.due(100 + SOON, sight()) == LOOK


def test_a_look_that_found_something_kept_for_guests_is_repeated_in_a_while(turns: Turns) -> None:
    turns.ended(100, LOOK, is_good=True, is_settled=True, keeps=True)
    assert turns.due(100 + KEPT - 1, sight()) == ""
    assert turns.due(100 + KEPT, sight()) == LOOK
    turns.started(LOOK)
    turns.ended(1100, LOOK, is_good=True, is_settled=True)
    assert turns.due(1100 + 2 * KEPT, sight()) == ""


def test_nodes_that_were_reloaded_together_are_verified_one_after_the_other(turns: Turns) -> None:
    assert turns.due(100, sight(1, 2, place=3)) == ""
    assert turns.due(100 + RELOADED, sight(1, 2, place=3)) == ""
    assert turns.due(100 + RELOADED + 3 * APART, sight(1, 2, place=3)) == VERIFY


@pytest.mark.parametrize("own", [{"is_open": True}, {"applies": "written anew"}])
def test_a_reload_of_our_own_is_not_verified_once_more(turns: Turns, own: dict[str, object]) -> None:
    assert turns.due(100, sight(1, 2, **own)) == ""
    assert turns.due(105, sight(1, 3, applies=own.get("applies"))) == ""
    assert turns.due(1000, sight(1, 3, applies=own.get("applies"))) == ("" if "is_open" in own else VERIFY)


def test_a_verdict_that_is_bad_is_looked_into_again_less_and_less_often(turns: Turns) -> None:
    now, waited = 100.0, []
    for _ in range(6):
        turns.ended(now, VERIFY, is_good=False, is_settled=True)
        after = next(after for after in range(5, 2000, 5) if turns.due(now + after, sight()) == VERIFY)
        turns.started(VERIFY)
        waited.append(after)
        now += after
    assert waited == [60, 120, 240, 480, 900, 900]
    turns.ended(now, VERIFY, is_good=True, is_settled=True)
    assert turns.due(now + 10_000, sight()) == ""


@pytest.mark.parametrize("is_good", [True, False])
def test_an_apply_of_ours_is_verified_once_where_the_node_was_bad(turns: Turns, is_good: bool) -> None:
    turns.ended(100, VERIFY, is_good=is_good, is_settled=True)
    turns.due(105, sight(1, 2, is_open=True))
    turns.due(110, sight(1, 3, applies="written anew"))
    assert turns.due(110 + RELOADED, sight(1, 3, applies="written anew")) == ("" if is_good else VERIFY)
    turns.started(VERIFY)
    turns.ended(140, VERIFY, is_good=True, is_settled=True)
    assert turns.due(10_000, sight(1, 3, applies="written anew")) == ""


def test_a_reload_while_a_verification_runs_is_verified_by_itself(turns: Turns) -> None:
    turns.due(100, sight(1, 2))
    turns.ended(105, VERIFY, is_good=False, is_settled=True)
    assert turns.due(100 + RELOADED, sight(1, 2)) == VERIFY


def test_somebody_may_ask_for_a_look(turns: Turns) -> None:
    turns.ask(100)
    assert turns.due(100, sight()) == LOOK


def test_a_network_is_not_judged_while_it_is_being_changed(turns: Turns) -> None:
    turns.due(100, sight(1, 2))
    turns.due(105, sight(2, 2, stands_by="pve1 acts"))
    assert turns.due(100 + RELOADED, sight(2, 2, stands_by="pve1 acts")) == ""
    assert turns.due(105 + UNREST, sight(2, 2, stands_by="pve1 acts", is_open=True)) == ""
    assert turns.due(106 + UNREST, sight(2, 2, stands_by="pve1 acts")) == ""
    assert turns.due(105 + 2 * UNREST, sight(2, 2, stands_by="pve1 acts")) == VERIFY


def test_a_verification_is_moot_once_something_is_about_to_change(turns: Turns) -> None:
    assert not turns.is_moot(VERIFY, turns.due(100, sight()))
    assert turns.is_moot(VERIFY, turns.due(105, sight(2)))
    assert not turns.is_moot(VERIFY, turns.due(110, sight(2)))
    assert turns.is_moot(VERIFY, turns.due(105 + SETTLED, sight(2)))
    assert turns.is_moot(VERIFY, turns.due(200, sight(2, is_open=True, stands_by="pve1 acts")))


# --- metrics ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def told() -> Turns:
    """Of a node that acts and writes metrics every five minutes, and has done all that is done at its start."""
    made = Turns(300)
    made.due(0, sight())
    for what in (LOOK, VERIFY, METRICS):
        made.started(what)
    made.ended(0, LOOK, is_good=True, is_settled=True)
    made.ended(0, METRICS, is_good=True, is_settled=True)
    return made


def test_without_a_file_no_metrics_are_ever_due(turns: Turns) -> None:
    assert {turns.due(now, sight()) for now in range(0, 100_000, 5)} == {""}


def test_metrics_are_written_every_five_minutes_whether_or_not_that_went_well(told: Turns) -> None:
    assert told.due(299, sight()) == ""
    assert told.due(300, sight()) == METRICS
    told.started(METRICS)
    assert told.due(305, sight()) == ""
    told.ended(310, METRICS, is_good=False, is_settled=True)
    assert told.due(609, sight()) == ""
    assert told.due(610, sight()) == METRICS


@pytest.mark.parametrize("what", [LOOK, VERIFY])
def test_after_a_look_and_after_a_verification_they_are_written_at_once(told: Turns, what: str) -> None:
    told.ended(100, what, is_good=True, is_settled=True)
    assert told.due(100, sight()) == METRICS


def test_after_a_look_that_waits_they_are_not(told: Turns) -> None:
    told.ended(100, LOOK, is_good=True, is_settled=False)
    assert told.due(100, sight()) == ""


def test_everything_else_comes_first(told: Turns) -> None:
    told.due(295, sight(2))
    assert told.due(300, sight(2)) == METRICS
    assert told.due(305, sight(2)) == LOOK
    assert told.is_moot(METRICS, LOOK)
    assert told.is_moot(METRICS, VERIFY)
    assert not told.is_moot(METRICS, "")
    assert not told.is_moot(LOOK, VERIFY)


def test_a_node_that_stands_by_writes_none_and_one_that_takes_office_does(told: Turns) -> None:
    assert {told.due(now, sight(stands_by="pve1 acts")) for now in range(100, 2000, 5)} == {""}
    assert told.due(2000, sight()) == ""
    assert told.due(2000 + SETTLED, sight()) == LOOK
    told.started(LOOK)
    assert told.due(2000 + RELOADED, sight()) == METRICS


def test_without_a_quorum_the_first_node_writes_metrics_and_does_nothing_else(told: Turns) -> None:
    lost = sight(2, stands_by="the cluster has no quorum", tells=True)
    assert told.due(100, lost) == ""
    assert told.due(100 + RELOADED, lost) == METRICS
    told.started(METRICS)
    told.ended(125, METRICS, is_good=True, is_settled=True)
    assert {told.due(now, lost) for now in range(130, 425, 5)} == {""}
    assert told.due(425, lost) == METRICS
    told.started(METRICS)
    told.ended(430, METRICS, is_good=True, is_settled=True)
    assert told.due(440, sight(2)) == ""
    assert told.due(440 + SETTLED, sight(2)) == LOOK


def test_a_quorum_that_is_lost_while_metrics_are_written_is_told_as_soon_as_any_other_time(told: Turns) -> None:
    assert told.due(300, sight()) == METRICS
    told.started(METRICS)
    lost = sight(2, stands_by="the cluster has no quorum", tells=True)
    assert told.due(305, lost) == ""
    told.ended(310, METRICS, is_good=True, is_settled=True)
    assert told.due(305 + RELOADED, lost) == METRICS


def test_without_a_quorum_the_others_write_none(told: Turns) -> None:
    lost = sight(2, stands_by="the cluster has no quorum", tells=False)
    assert {told.due(now, lost) for now in range(100, 2000, 5)} == {""}
