"""What machines that run side by side have to do."""

from __future__ import annotations

import pytest

from pvesdn_lab.live.outside import shares
from pvesdn_lab.live.outside.holder import divide
from pvesdn_lab.live.outside.kernel import REQUIRED, Kernel
from pvesdn_lab.live.outside.shares import beside_machines, seconds, share
from pvesdn_lab.live.scenario import all_scenarios
from pvesdn_lab.live.verbs.table import VERBS

HERE, ELSEWHERE = divide(all_scenarios(), Kernel(REQUIRED))


@pytest.mark.parametrize("number", range(1, 12))
def test_every_scenario_is_in_one_share_and_those_of_one_topology_are_together(number: int) -> None:
    found = share(ELSEWHERE, number)
    assert 0 < len(found) <= number
    assert all(found)
    assert sorted((s for some in found for s in some), key=ELSEWHERE.index) == ELSEWHERE
    topologies = [{scenario.topology for scenario in some} for some in found]
    assert sum(map(len, topologies)) == len(set().union(*topologies))


def test_in_one_share_the_order_is_the_one_that_was_given() -> None:
    for some in share(ELSEWHERE, 2):
        assert some == sorted(some, key=ELSEWHERE.index)


def test_two_machines_need_little_more_than_half_the_time_of_one() -> None:
    longest = max(seconds(some) for some in share(ELSEWHERE, 2))
    assert longest <= 0.6 * seconds(ELSEWHERE)


def test_scenarios_of_one_topology_need_not_stand_side_by_side_to_be_together() -> None:
    first, second, *_ = ELSEWHERE
    between = next(scenario for scenario in ELSEWHERE if scenario.topology != first.topology)
    assert sorted(map(len, share([first, between, second], 2))) == [1, 2]


def test_where_labs_are_built_in_no_time_topologies_are_parted() -> None:
    alike = [scenario for scenario in ELSEWHERE if scenario.topology == ELSEWHERE[0].topology]
    assert len(share(alike, 2)) == 1
    assert len(share(alike, 2, builds_fast=True)) == 2


def test_nothing_to_do_needs_no_machine() -> None:
    assert share([], 2) == []


def test_every_verb_that_is_known_to_take_long_is_a_verb() -> None:
    assert shares._SECONDS.keys() <= VERBS.keys()


def test_one_scenario_is_one_share() -> None:
    assert share(ELSEWHERE[:1], 2) == [ELSEWHERE[:1]]


def test_what_waits_is_done_while_machines_need_the_processors() -> None:
    beside, others = beside_machines(HERE, 2)
    assert {scenario.name for scenario in beside} >= {"cut-off", "left-alone", "confirmed", "restarted"}
    assert sorted((s for some in [beside, *others] for s in some), key=HERE.index) == HERE
    assert beside == sorted(beside, key=HERE.index)


def test_the_labs_on_this_kernel_take_about_the_same_time() -> None:
    beside, others = beside_machines(HERE, 2)
    shortest, *_, longest = sorted(seconds(some) for some in [beside, *others])
    assert longest <= 1.1 * shortest


def test_without_anything_to_do_on_this_kernel_there_is_no_lab_beside_machines() -> None:
    assert beside_machines([], 2) == ([], [])
