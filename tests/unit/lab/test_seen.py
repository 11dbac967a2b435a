"""Files of simulated nodes are read again when they have changed, however soon, and not before."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pvesdn_lab.simulated.commands.seen import seen

MINUTE = 60_000_000_000


@pytest.mark.parametrize(
    ("ago", "after", "read"),
    [
        pytest.param(MINUTE, "one", 1, id="unchanged for long"),
        pytest.param(0, "one", 2, id="written a moment ago"),
        pytest.param(0, "two", 2, id="changed within a tick, of the same length"),
        pytest.param(MINUTE, "three", 2, id="changed since"),
    ],
)
def test_what_is_seen_is_what_the_file_holds(tmp_path: Path, ago: int, after: str, read: int) -> None:
    file, reads = tmp_path / "file", []

    def look() -> str:
        reads.append(file.read_text())
        return reads[-1]

    file.write_text("one")
    moment = time.time_ns() - ago
    os.utime(file, ns=(moment, moment))
    assert seen(str(file), look) == "one"
    if after != "one":
        file.write_text(after)
        if not ago:
            os.utime(file, ns=(moment, moment))
    assert seen(str(file), look) == after
    assert len(reads) == read


def test_a_file_that_is_not_there_is_not_made_up(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("one")
    assert seen(str(file), file.read_text) == "one"
    file.unlink()
    with pytest.raises(FileNotFoundError):
        seen(str(file), file.read_text)
