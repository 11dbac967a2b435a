"""Ctrl-C while a command runs in a lab: the command answers it, and nobody else says a word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn_lab.live.inside.serve import run_command

INNER = """
import sys, time
try:
    print("ready", flush=True)
    while True:
        time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.5)
    print("inner: interrupted, and in order", file=sys.stderr, flush=True)
    sys.exit(130)
"""
OUTER = """
import sys
from pvesdn.cli.app import run
from pvesdn_lab.live.outside import processes, session
session.running = lambda name: None
session.execute = lambda lab, place, argv: processes.attend(argv)
sys.exit(run(["lab", "exec", "node1", "--", *sys.argv[1:]]))
"""


@pytest.fixture(autouse=True)
def as_on_a_terminal() -> Iterator[None]:
    """A shell in the background starts its commands with SIGINT ignored, and `sh` never traps what it inherits so."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def start(*argv: str) -> subprocess.Popen[str]:
    """`pvesdn lab exec` of a command, both in a process group of their own, as a shell starts them."""
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", OUTER, *argv], stdout=pipe, stderr=pipe, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_only_the_words_of_the_command_are_shown() -> None:
    process = start(sys.executable, "-c", INNER)
    os.killpg(process.pid, signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output, errors) == (130, "", "inner: interrupted, and in order\n")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, 137)])
def test_a_command_that_a_signal_ends_has_the_status_that_shells_give(number: signal.Signals, status: int) -> None:
    process = start("sh", "-c", f"echo ready; kill -{number:d} $$; sleep 60")
    assert process.communicate(timeout=60) == ("", "")
    assert process.returncode == status


def test_a_request_to_end_is_passed_on() -> None:
    process = start("sh", "-c", "trap 'echo ending; exit 3' TERM; echo ready; while :; do sleep 0.1; done")
    process.terminate()
    assert process.communicate(timeout=60) == ("ending\n", "")
    assert process.returncode == 3


def test_a_request_to_end_that_comes_before_the_command_has_begun_is_passed_on_too() -> None:
    early = """
import os, signal, subprocess, sys
from pvesdn_lab.live.outside import processes
begin = subprocess.Popen
class Late(begin):
    def __init__(self, *arguments, **options):
        os.kill(os.getpid(), signal.SIGTERM)
        super().__init__(*arguments, **options)
subprocess.Popen = Late
sys.exit(processes.attend(["sleep", "600"]))
"""
    done = subprocess.run([sys.executable, "-c", early], capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (128 + signal.SIGTERM, "")


def test_in_a_machine_ctrl_c_comes_as_a_file(tmp_path: Path) -> None:
    interrupt, ready = tmp_path / "1.interrupt", tmp_path / "ready"
    os.mkfifo(ready)
    script = f"trap 'echo inner >&2; exit 130' INT; cat; : > {ready}; while :; do sleep 0.1; done"

    def press() -> None:
        ready.read_text()  # returns once the command has opened it
        interrupt.touch()

    presser = threading.Thread(target=press)
    presser.start()
    assert run_command(["sh", "-c", script], "input\n", interrupt) == {
        "status": 130,
        "output": "input\n",
        "errors": "inner\n",
    }
    presser.join()
    assert not interrupt.exists()
