"""A hint is followed blindly at three in the morning: what the next plan says then, and what may never happen."""

from __future__ import annotations

import pytest

from tests.hints.rows import ROWS
from tests.hints.table import Row, addresses_twice, own_addresses


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_who_follows_the_hint_ends_where_the_next_plan_is_content(row: Row) -> None:
    made = row.build()
    assert row.asked(made)[0] == row.messages
    before = own_addresses(made)
    row.follow(made)
    found, changes = (row.asked_then or row.asked)(made)
    assert found == row.left
    assert changes is not None, "the definitions can be used"
    assert not any(line.startswith("error: ") for line in found)
    after = own_addresses(made)
    lost = {address for node, held in before.items() for address in held - after[node]}
    assert lost <= row.gives_up, "a host has lost an address of its own"
    assert addresses_twice(changes) == []


def test_every_row_is_called_something_else() -> None:
    names = [row.name for row in ROWS]
    assert sorted(set(names)) == sorted(names)
