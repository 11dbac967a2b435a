"""Whether a name is among many that were written in few words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.model.ranges import is_among, ranges

NAMES = st.from_regex(r"(pve|node-|rack-1-pve|a)[0-9]{0,3}", fullmatch=True)


@given(names=st.sets(NAMES, max_size=12), other=NAMES)
def test_those_that_were_written_are_among_them_and_no_others(names: set[str], other: str) -> None:
    text = ranges(names)
    assert all(is_among(name, text) for name in names)
    if not any(name.rstrip("0123456789") == other.rstrip("0123456789") for name in names):
        assert not is_among(other, text)


@pytest.mark.parametrize("name", ["pve4", "pve0", "pvc2", "node", ""])
def test_what_is_outside_of_a_range_is_not_among_it(name: str) -> None:
    assert not is_among(name, "pve1-pve3, other")


def test_a_name_with_a_hyphen_is_found_in_a_range_of_such() -> None:
    assert is_among("rack-1-pve2", "rack-1-pve1-rack-1-pve3")
    assert not is_among("rack-1-pve4", "rack-1-pve1-rack-1-pve3")
