"""Hints of `pvesdn import`, followed blindly in the nodes' files: what the next import says, and the plan after it."""

from __future__ import annotations

import pytest

from pvesdn.model.findings import Severity
from tests.hints.import_rows import IMPORT_ROWS
from tests.hints.imports import ImportRow, cut_over, held, imported
from tests.hints.rows import ROWS
from tests.hints.table import addresses_twice


@pytest.mark.parametrize("row", IMPORT_ROWS, ids=lambda row: row.name)
def test_who_follows_a_hint_of_import_ends_where_the_cut_over_loses_nothing(row: ImportRow) -> None:
    snapshot = row.build()
    assert imported(snapshot, row.form)[0] == row.messages
    before = held(snapshot)
    snapshot = row.follow(snapshot)
    found, adoption = imported(snapshot, row.form)
    assert found == row.said_again
    assert adoption is not None, "something is proposed"
    assert adoption.problems == ()
    proposed = "".join(adoption.files.values()).splitlines()
    assert [line for line in row.definitions if line not in map(str.strip, proposed)] == []
    after, changes = cut_over(snapshot, adoption, row.edited)
    said = [*changes.findings, *(obstacle for node in changes.nodes for obstacle in node.obstacles)]
    assert [str(finding) for finding in said if finding.severity is Severity.ERROR] == []
    assert [str(obstacle) for node in changes.nodes for obstacle in node.obstacles] == []
    assert before - held(after, changes) <= row.gives_up, "an address or a VNI is lost"
    assert addresses_twice(changes) == []


def test_every_row_of_import_is_called_something_else() -> None:
    names = [row.name for row in (*IMPORT_ROWS, *ROWS)]
    assert sorted(set(names)) == sorted(names)
