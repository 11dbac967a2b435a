"""How many examples a law is tried on: all of them in `make test`, a quarter in `make unit`."""

from __future__ import annotations

from hypothesis import settings

ALL, QUARTER = "all", "a-quarter"
"""Names of hypothesis' profiles; the second one is chosen with `--hypothesis-profile`."""
_USUAL = 100
"""Examples of a law that does not say how many."""


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
