"""Who has written down that the cluster lock is theirs."""

from __future__ import annotations

import pytest

from pvesdn.decode.cluster.holder import decode_holder_file
from pvesdn.model.open_apply import LockHolder


def test_nobody_holds_a_lock_that_nobody_has_written_down() -> None:
    assert decode_holder_file(None, 100.0) is None


def test_who_and_for_how_long() -> None:
    text = '{"id": "ab", "who": "root on\\npve1", "since": 70.0}'
    assert decode_holder_file(text, 100.0) == LockHolder("ab", "root on pve1", 30.0)
    assert decode_holder_file(text, 60.0) == LockHolder("ab", "root on pve1", 0.0)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '{"id": "a"}', '{"id": 1, "who": "x", "since": 1.0}', "[" * 100_000]
    + [f'{{"id": "a", "who": "x", "since": {since}}}' for since in ("NaN", "Infinity", "true", '"1"')],
)
def test_what_we_do_not_write_names_nobody(text: str) -> None:
    assert decode_holder_file(text, 100.0) == LockHolder("", "", None)
