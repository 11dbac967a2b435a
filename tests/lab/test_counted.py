"""The page that the lab's counts of lost packets become."""

from __future__ import annotations

from typing import Any

import pytest

from pvesdn_lab.live.testbed.space import LabFault
from pvesdn_lab.live.verbs.losses import edited
from tools import hitless

NOBODY: dict[str, Any] = dict.fromkeys(("untouched", "itself", "routed", "exit"))


def step(outcome: str = "ok", measured: str = "", **figures: object) -> dict[str, Any]:
    common = {"scenario": "one", "run": "2030-01-01 10:00 UTC", "verb": "lost_by", "outcome": outcome}
    return {**common, "measured": measured, "kernel": "6.1-x", "figures": figures}


def test_a_text_that_is_there_twice_is_not_replaced_in_silence() -> None:
    assert edited("tag 1\n", [["tag 1", "tag 2"]]) == "tag 2\n"
    with pytest.raises(LabFault, match="'tag 1' is in the definitions 2 times, not once"):
        edited("tag 1\ntag 1\n", [["tag 1", "tag 2"]])


def test_the_page_of_lost_packets_says_how_many_steps_were_not_good() -> None:
    rows = [step(change="an ASN", way="api", reloads=0, makes_anew=True, **NOBODY), step("failed")]
    page = hitless.page(rows, "2030-01-02", 4)
    assert "of 1 steps of the lab that were\ngood and 1 that were not." in page
    assert "* one, begun 2030-01-01 10:00 UTC: 2 changes\n\n" in page
    assert "| an ASN | `api` | what changed | PVE's rule | 6.1 | - | - | - | - |" in page


def test_without_a_count_there_is_no_page_of_lost_packets() -> None:
    with pytest.raises(ValueError, match="has counted lost packets"):
        hitless.page([step()], "2030-01-02", 4)
