"""Which text of pvesdn.cfg a network that runs is held against."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pvesdn.decode.history import digest_of
from pvesdn.model.history import Ending, Entry, History, Sources
from pvesdn.model.open_apply import OpenApply, OpenState
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.model.status import Beside
from pvesdn.workflows.in_force import in_force

OLD, NEW, NOW = "# old\n", "# new\n", "# edited\n"
TEXTS = {digest_of(text): text for text in (OLD, NEW, NOW)}


def entry(number: int, ending: Ending, text: str | None) -> Entry:
    construct: Callable[..., Entry] = Entry.model_construct
    return construct(
        number=number, id=f"{number:016x}", ending=ending, after=Sources(own=None if text is None else digest_of(text))
    )


def taken(*entries: Entry, now: str | None = NOW, state: OpenState | None = None) -> str | None:
    """The text that counts, where the file says `now`.

    :param state: of the last apply on a node where it is open; None for one that nobody has heard of.
    """
    files = {} if now is None else {OWN_NAME: now}
    there = {} if state is None else {entries[-1].id: {"node1": OpenApply(entries[-1].id, "anna", 5.0, 60.0, state)}}
    beside = Beside(history=History(entries, TEXTS), open=there, own_digest=None if now is None else digest_of(now))
    return in_force(Snapshot({}, files, {}), beside).pve_files.get(OWN_NAME)


@pytest.mark.parametrize("ending", [Ending.DONE, Ending.CONFIRMED, Ending.INCOMPLETE])
def test_what_was_applied_last_counts(ending: Ending) -> None:
    assert taken(entry(1, Ending.DONE, OLD), entry(2, ending, NEW)) == NEW


@pytest.mark.parametrize(
    "ending", [Ending.FAILED, Ending.ROLLED_BACK, Ending.UNCONFIRMED, Ending.CUT_OFF, Ending.PARTLY]
)
def test_what_was_put_back_does_not(ending: Ending) -> None:
    assert taken(entry(1, Ending.DONE, OLD), entry(2, ending, NEW)) == OLD


def test_the_files_text_counts_while_an_apply_of_it_is_under_way() -> None:
    assert taken(entry(1, Ending.DONE, OLD), entry(2, Ending.OPEN, NOW)) == NOW


def test_an_apply_of_another_text_that_is_under_way_is_not_in_force_yet() -> None:
    assert taken(entry(1, Ending.DONE, OLD), entry(2, Ending.OPEN, NEW)) == OLD


def test_the_files_text_counts_where_nothing_else_is_known() -> None:
    assert taken() == NOW
    assert taken(entry(1, Ending.DONE, "# too long to be kept\n")) == NOW
    assert in_force(Snapshot({}, {OWN_NAME: NOW}, {}), Beside()).pve_files == {OWN_NAME: NOW}


def test_an_apply_that_waits_to_be_confirmed_counts_also_where_the_file_was_edited_since() -> None:
    entries = (entry(1, Ending.DONE, OLD), entry(2, Ending.OPEN, NEW))
    assert taken(*entries, state=OpenState.WAITING) == NEW
    assert taken(*entries, state=OpenState.AT_WORK) == OLD


def test_a_file_that_was_not_there_at_the_last_apply_has_brought_nothing_to_the_nodes() -> None:
    assert taken(entry(1, Ending.DONE, None)) is None


def test_a_file_that_is_gone_leaves_what_was_applied_in_force() -> None:
    assert taken(entry(1, Ending.DONE, OLD), now=None) == OLD
