"""Which text of pvesdn.cfg a network that runs is held against."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pvesdn.decode.history import digest_of
from pvesdn.model.history import Ending, Entry, History, Sources
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.model.status import Beside
from pvesdn.workflows.in_force import in_force

OLD, NEW, NOW = "# old\n", "# new\n", "# edited\n"
TEXTS = {digest_of(text): text for text in (OLD, NEW, NOW)}


def entry(number: int, ending: Ending, text: str | None) -> Entry:
    construct: Callable[..., Entry] = Entry.model_construct
    return construct(number=number, ending=ending, after=Sources(own=None if text is None else digest_of(text)))


def taken(*entries: Entry, now: str | None = NOW) -> str | None:
    """The text that counts, where the file says `now`."""
    files = {} if now is None else {OWN_NAME: now}
    beside = Beside(history=History(entries, TEXTS), own_digest=None if now is None else digest_of(now))
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
    assert taken(entry(1, Ending.DONE, None)) == NOW
    assert in_force(Snapshot({}, {OWN_NAME: NOW}, {}), Beside()).pve_files == {OWN_NAME: NOW}


def test_a_file_that_is_gone_leaves_what_was_applied_in_force() -> None:
    assert taken(entry(1, Ending.DONE, OLD), now=None) == OLD
