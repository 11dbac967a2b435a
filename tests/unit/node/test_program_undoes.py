"""The way back of the node program, line by line."""

from __future__ import annotations

import fcntl
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking

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
    outcomes, killed = json.loads(driver.stdout)
    assert set(outcomes) == endings
    assert len(outcomes) > 1000
    # How many lines are waited for a command differs, and so where in the call a process dies.
    assert set(killed) <= endings
    assert killed


def test_an_undo_lets_a_step_that_still_runs_come_to_its_end(program: Asking, node: NodeRoot) -> None:
    program.value("finish")  # makes the lock's folder
    with node.place("/var/lib/pvesdn/lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        release = threading.Timer(0.1, fcntl.flock, (lock, fcntl.LOCK_UN))
        release.start()
        assert program.value("undo", id="one")["state"] == "nothing"
        release.join()
