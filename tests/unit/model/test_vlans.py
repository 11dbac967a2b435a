"""Sets of VLANs, against sets of numbers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pvesdn.model.vlans import LAST_VLAN, PortVlans, VlanSet

VLANS = st.integers(1, LAST_VLAN)
RANGES = st.lists(st.tuples(VLANS, VLANS).map(sorted).map(tuple))


def numbers(vlans: VlanSet) -> set[int]:
    return {vlan for first, last in vlans.ranges() for vlan in range(first, last + 1)}


@given(RANGES)
def test_a_set_has_the_vlans_of_its_ranges_in_runs_that_do_not_touch(ranges: list[tuple[int, int]]) -> None:
    made = VlanSet.of(ranges)
    assert numbers(made) == {vlan for first, last in ranges for vlan in range(first, last + 1)}
    runs = list(made.ranges())
    assert all(before[1] + 1 < after[0] for before, after in pairwise(runs))


@given(RANGES, RANGES)
def test_sets_are_joined_and_taken_apart_as_sets_are(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    one, other = VlanSet.of(left), VlanSet.of(right)
    assert numbers(one | other) == numbers(one) | numbers(other)
    assert numbers(one - other) == numbers(one) - numbers(other)
    assert bool(one) == bool(numbers(one))


def test_a_port_says_what_it_lets_through() -> None:
    ten, more = VlanSet.of([(10, 10)]), VlanSet.of([(20, 29), (40, 40)])
    assert str(PortVlans(10, ten, more)) == "VLAN 10 untagged; 20-29, 40 tagged"
    assert str(PortVlans(None, VlanSet(), more)) == "VLAN 20-29, 40 tagged"
    assert str(PortVlans(40, ten, more)) == "VLAN 10 untagged; 20-29, 40 tagged; PVID 40"
    assert str(PortVlans(None, ten)) == "VLAN 10 untagged; no PVID"
    assert str(PortVlans()) == "no VLAN"
