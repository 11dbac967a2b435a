"""The way back of the node program, wherever the apply was killed."""

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

DRIVER = Path(__file__).with_name("kill_a_verb.py")
ENDINGS = {
    "stage": {"nothing"},
    "arm": {"nothing", "untouched"},
    "commit": {"untouched", "restored"},
    "hold": {"restored"},
    "finish": {"restored"},
    "undo": {"restored", "nothing"},
    "disarm": {"restored", "kept"},
}
"""By verb: how the next undo ends, depending on how far it had come."""


@pytest.mark.long
@pytest.mark.parametrize("verb", ENDINGS)
def test_killed_before_any_system_call_the_next_undo_leaves_the_node_old_or_new(tmp_path: Path, verb: str) -> None:
    driver = subprocess.run(
        [sys.executable, str(DRIVER), verb, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert driver.returncode == 0, driver.stderr
    outcomes, killed = json.loads(driver.stdout)
    assert set(outcomes) == ENDINGS[verb]
    assert len(outcomes) > 30
    # How often a command's output is waited for differs, and so where in the verb a process dies.
    assert set(killed) <= ENDINGS[verb]
    assert killed


def test_an_undo_lets_a_step_that_still_runs_come_to_its_end(program: Asking, node: NodeRoot) -> None:
    program.value("finish")  # makes the lock's folder
    with node.place("/var/lib/pvesdn/lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        release = threading.Timer(0.1, fcntl.flock, (lock, fcntl.LOCK_UN))
        release.start()
        assert program.value("undo", id="one")["state"] == "nothing"
        release.join()
