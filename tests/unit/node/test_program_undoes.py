"""The way back of the node program, line by line."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).with_name("kill_an_undo.py")


@pytest.mark.long
@pytest.mark.parametrize(
    ("verb", "endings"), [("arm", {"nothing", "untouched"}), ("undo", {"restored", "nothing"})], ids=["arm", "undo"]
)
def test_killed_at_any_line_the_next_undo_leaves_the_node_as_it_was(
    tmp_path: Path, verb: str, endings: set[str]
) -> None:
    driver = subprocess.run(
        [sys.executable, str(DRIVER), verb, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert driver.returncode == 0, driver.stderr
    outcomes = json.loads(driver.stdout)
    assert set(outcomes) == endings
    assert len(outcomes) > 50
