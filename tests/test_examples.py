"""A share of laws' examples and of wide tables' cases is a share of each, and all of them where none was asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import settings

from tests.examples import ALL, QUARTER, examples, not_in_the_share

HERE, THERE = Path("test_here.py"), Path("test_there.py")


@pytest.fixture(autouse=True)
def same_profile_afterwards() -> Iterator[None]:
    before = settings.get_current_profile_name()
    yield
    settings.load_profile(before)


def case(test: str, number: int, *words: int, path: Path = HERE, **named: str) -> Any:
    """A case of a wide table; with neither `words` nor `named` one with the bare marker."""
    marker = pytest.mark.wide(*words, **named).mark
    return SimpleNamespace(path=path, name=f"{test}[{number}]", get_closest_marker={"wide": marker}.get)


def plain(test: str) -> Any:
    return SimpleNamespace(path=HERE, name=test, get_closest_marker=lambda _: None)


def names(items: list[Any]) -> list[str]:
    return [item.name for item in items]


def test_a_quarter_is_a_quarter() -> None:
    settings.load_profile(ALL)
    assert (examples(100), examples(40), examples(2)) == (100, 40, 2)
    settings.load_profile(QUARTER)
    assert (examples(100), examples(40), examples(2)) == (25, 10, 1)


def test_all_cases_run_where_no_share_is_asked_for() -> None:
    settings.load_profile(ALL)
    assert not_in_the_share([case("test_table", number) for number in range(40)]) == []


def test_every_sixteenth_case_of_all_that_is_wide_runs() -> None:
    settings.load_profile(QUARTER)
    cases = [case("test_table", number) for number in range(40)]
    left = names(not_in_the_share([plain("test_a"), *cases[:20], plain("test_b"), *cases[20:]]))
    assert left == [f"test_table[{number}]" for number in range(40) if number not in {0, 16, 32}]


def test_a_table_with_a_share_of_its_own_is_counted_in_its_file_alone() -> None:
    settings.load_profile(QUARTER)
    cases = [
        case(test, number, 2, of=name, path=path)
        for path in (HERE, THERE)
        for number, test in enumerate(("test_a", "test_b", "test_c"))
        for name in ("ssh", "local")
    ]
    assert names(not_in_the_share(cases)) == ["test_b[1]"] * 4
