"""What is proposed in the place of a name that nothing has, and what is not."""

from __future__ import annotations

import pytest

from pvesdn.model.nearest import nearest


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("mian", ["main", "other"], "main"),
        ("PROD", ["prod", "lab"], "prod"),
        ("enno2", ["eno1", "eno2", "vmbr0"], "eno2"),
        ("vnets", ["vnet", "vxlan", "evpn"], "vnet"),
        ("alder1", ["alder01", "birch"], "alder01"),
    ],
)
def test_a_slip_of_the_pen_is_seen_through(name: str, known: list[str], found: str) -> None:
    assert nearest(name, known) == found


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("dmz", ["prod", "lab"]),
        ("prod", ["prod"]),  # what is wrong is not proposed again
        ("alder", ["alder1", "alder2"]),  # as near as each other
        ("eno9", ["eno2", "vmbr0"]),  # another number is another thing
        ("pve12", ["pve2", "pve1"]),
        ("", ["prod"]),
        ("prod", []),
    ],
)
def test_where_nothing_is_near_or_several_are_nothing_is_proposed(name: str, known: list[str]) -> None:
    assert nearest(name, known) is None


def test_what_is_taken_is_not_proposed_and_neither_is_the_next_best() -> None:
    assert nearest("main1", ["main", "mail"]) == "main"
    assert nearest("main1", ["main", "mail"], taken=["main"]) is None
    assert nearest("main1", ["mail"], taken=["main"]) is None
