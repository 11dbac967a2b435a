"""`pvesdn apply` as a person sees it: the program itself, on a real terminal, against a simulated cluster."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest

from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import EVPN
from tools.demo import settings_file

pytestmark = pytest.mark.long
DEADLINE = 60.0
"""Seconds for anything to appear: the machine may be busy."""
_STEERING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
CTRL_C = b"\x03"


class Person:
    """Somebody at a terminal of 80 columns and 24 lines, at which a program runs."""

    def __init__(self, *argv: str | Path, environ: dict[str, str]) -> None:
        self._near, far = pty.openpty()
        self.resize(80, 24)
        self.seen = ""
        known = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        self._program = subprocess.Popen(
            ["env", "--default-signal=INT", "setsid", "--ctty", sys.executable, "-m", "pvesdn", *map(str, argv)],
            stdin=far,
            stdout=far,
            stderr=far,
            env=known | environ,
        )
        os.close(far)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._program.kill()
        self._program.wait()
        os.close(self._near)

    def resize(self, columns: int, lines: int) -> None:
        fcntl.ioctl(self._near, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def press(self, keys: bytes) -> None:
        os.write(self._near, keys)

    def until(self, pattern: str, *, since: int = 0) -> None:
        """Look on until something is seen that matches."""
        end = time.monotonic() + DEADLINE
        while not re.search(pattern, self.seen[since:]):
            assert self._look(end - time.monotonic()), f"{pattern} was not seen in: ...{self.seen[-3000:]!r}"

    def status(self) -> int:
        """Look on until the program has ended; its exit status."""
        end = time.monotonic() + DEADLINE
        while self._look(end - time.monotonic()):
            pass
        return self._program.wait(timeout=DEADLINE)

    def _look(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._near], [], [], max(seconds, 0))
        with suppress(OSError):  # Linux says so where nobody has the other end any more
            if ready and (more := os.read(self._near, 65536)):
                self.seen += more.decode(errors="replace")
                return True
        return False

    def left(self) -> list[str]:
        """The lines that stay: what was shown, without what was erased again."""
        screen, row = [""], 0
        for part in re.split(r"(\x1b\[[0-9;?]*[A-Za-z]|\r\n|\r|\n)", self.seen):
            if part in {"\r\n", "\n"}:
                row += 1
                screen += [""] * (row + 1 - len(screen))
            elif part.endswith("A") and part.startswith("\x1b["):
                row -= int(part[2:-1] or 1)
            elif part == "\x1b[2K":
                screen[row] = ""
            elif part != "\r" and not _STEERING.fullmatch(part):
                screen[row] += part
        return [line.rstrip() for line in screen if line.strip()]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[SimulatedCluster]:
    cluster = SimulatedCluster(tmp_path / "cluster")
    cluster.write_sdn("pvesdn.cfg", EVPN)
    with cluster:
        yield cluster


def at_a_terminal(cluster: SimulatedCluster, tmp_path: Path, *words: str, term: str = "xterm") -> Person:
    settings = settings_file(tmp_path, cluster)
    return Person("--config", settings, "apply", *words, environ={"TERM": term, "NO_COLOR": "1"})


def test_the_nodes_are_shown_in_place_and_what_stays_is_a_plain_recap(
    cluster: SimulatedCluster, tmp_path: Path
) -> None:
    with at_a_terminal(cluster, tmp_path) as person:
        person.until("Only 'yes' will be accepted: ")
        person.press(b"yes\n")
        person.until("Applying to 3 nodes: ")
        person.until(r"pve3.*armed.*waits for pve2, which goes first")
        assert person.status() == 0
    *_, one, two, three, last = [line for line in person.left() if not line.startswith(("not checked: ", "    "))]
    for name, line in zip(("pve1", "pve2", "pve3"), (one, two, three), strict=True):
        assert re.fullmatch(rf"{name}: staged, armed, in place, verified( \(.*s\))?", line), line
    assert last == "Apply complete: 3 nodes done."
    assert not any("Applying to" in line for line in person.left())
    assert person.seen.count("\x1b[?25l") == person.seen.count("\x1b[?25h") > 0  # the cursor is back


def test_in_a_window_that_shrinks_it_stays_inside_and_ctrl_c_leaves_it_clean(
    cluster: SimulatedCluster, tmp_path: Path
) -> None:
    with at_a_terminal(cluster, tmp_path, "--yes", "--confirm", "10m") as person:
        person.until(r"pvesdn confirm [0-9a-f]{16}")
        person.resize(44, 4)
        before = len(person.seen)
        person.until("and 2 more.*pve2, pve3", since=before)
        frame = _STEERING.sub("", person.seen[person.seen.rindex("Applying to") :])
        assert max(map(len, frame.splitlines())) < 44
        person.resize(120, 24)
        person.press(CTRL_C)
        person.until("Interrupted: pve1-pve3 are put back as they were, and check")
        assert person.status() == 130
    last = "error: Interrupted, and undone: every node is as it was before, and was looked at."
    assert person.seen.endswith(f"{last}\r\n")
    assert not any("Applying to" in line for line in person.left())
    assert person.seen.count("\x1b[?25l") == person.seen.count("\x1b[?25h")


def test_a_terminal_that_cannot_be_steered_gets_plain_lines(cluster: SimulatedCluster, tmp_path: Path) -> None:
    with at_a_terminal(cluster, tmp_path, "-y", term="dumb") as person:
        assert person.status() == 0
    assert "\x1b" not in person.seen
    assert "pve3: armed\r\n" in person.seen
