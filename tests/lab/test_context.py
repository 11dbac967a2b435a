"""What steps may say, and how a proof fails."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from pvesdn_lab.live.testbed.lab import Lab
from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs import checks
from pvesdn_lab.live.verbs.context import Context, NotProven, as_proof, require
from pvesdn_lab.live.verbs.table import perform

CONTEXT = Context(cast("Lab", None), Path())


def test_a_verb_that_nobody_knows_is_refused_with_those_that_are() -> None:
    with pytest.raises(LabFault, match=r"scenarios know no 'aply'; they know .*apply"):
        perform(CONTEXT, "aply", {})


def test_an_argument_that_a_verb_does_not_take_is_refused() -> None:
    assert checks.__name__
    with pytest.raises(LabFault, match="floods_to_group: got an unexpected keyword argument 'grp'"):
        perform(CONTEXT, "floods_to_group", {"vnet": "v", "group": "225.0.0.1", "grp": "225.0.0.1"})


def test_what_was_expected_and_what_was_found_are_both_told() -> None:
    with pytest.raises(NotProven, match="expected two next hops, found 1"):
        require(False, "two next hops", 1)


def test_a_condition_that_does_not_come_about_is_a_proof_that_failed() -> None:
    with pytest.raises(NotProven, match="not within 0 s: pigs fly"), as_proof():
        wait_for("pigs fly", lambda: False, limit=0, pause=0)


def test_waiting_ends_with_the_first_answer() -> None:
    answers = iter([0, "", "yes"])
    assert wait_for("an answer", lambda: next(answers), pause=0) == "yes"
