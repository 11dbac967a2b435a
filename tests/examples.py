"""How many examples a law is tried on: all of them in `make test`, a quarter in `make unit`.

And how many cases of a table that is wide: each call that an apply makes in each way that it can fail, say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import settings

ALL, QUARTER = "all", "a-quarter"
"""Names of hypothesis' profiles; the second one is chosen with `--hypothesis-profile`."""
_USUAL = 100
"""Examples of a law that does not say how many."""
_WIDE = 16
"""`make unit` runs every so-many-th case of a wide table: no divisor of how many ways there are, so that each call and
each way is among them.
"""


def register_profiles() -> None:
    """Make both known and load the first.

    A law does not fail because the machine has something else to do: hypothesis allows 200 ms for each example.
    """
    settings.register_profile(ALL, deadline=None, max_examples=_USUAL)
    settings.register_profile(QUARTER, deadline=None, max_examples=_USUAL // 4)
    settings.load_profile(ALL)


def examples(number: int) -> int:
    """What `number` examples, for a law that is to have another number than the usual one, are in this run."""
    return max(1, number * settings().max_examples // _USUAL)


def not_in_the_share(cases: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Those of the cases of wide tables that this run leaves out: always the same, and never the first of a table.

    Cases with the bare marker ``wide`` are one table; ``wide(share, of=NAME)`` is one of its own in each file, of which
    `make unit` runs every `share`-th case.
    """
    if settings().max_examples >= _USUAL:
        return []
    left_out, counted = [], Counter[object]()
    for case in cases:
        marker = case.get_closest_marker("wide")
        if marker is not None:
            table = (case.path, marker.kwargs["of"]) if marker.args else None
            share = marker.args[0] if marker.args else _WIDE
            if counted[table] % share:
                left_out.append(case)
            counted[table] += 1
    return left_out
