"""`make demo` does what it says, and leaves nothing behind."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


LONGEST = 120
"""Lines: a story is read, not scrolled through."""


@pytest.mark.long
def test_the_demo_plans_applies_and_then_has_nothing_to_do(tmp_path: Path) -> None:
    home = tmp_path / "home"
    temporary = tmp_path / "tmp"
    home.mkdir()
    temporary.mkdir()
    environment = os.environ | {"TMPDIR": str(temporary), "HOME": str(home), "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}

    demo = subprocess.run(
        [sys.executable, ROOT / "tools/demo.py"],
        cwd=tmp_path,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert len((demo.stdout + demo.stderr).splitlines()) <= LONGEST
    before, _, after = demo.stdout.partition("Once more")
    assert "Plan: " in before
    assert "$ pvesdn plan --diff --node pve1" in before
    assert "+++ /etc/network/interfaces.d/pvesdn" in before
    assert "Apply complete: 3 nodes done." in before
    assert "No changes. Nodes match the configuration." in after
    assert list(temporary.iterdir()) == []
    assert list(home.rglob("*")) == []

    _, _, last = after.partition("What to look at next:")
    pages = re.findall(r"^(\S+)  +\S", last, re.MULTILINE)
    assert "docs/models.md" in pages
    assert [page for page in pages if not (ROOT / page).exists()] == []


@pytest.mark.long
def test_the_demo_says_which_step_went_wrong(tmp_path: Path) -> None:
    broken = (ROOT / "tools/demo.py").read_text().replace('"plan --node {NODE}"', '"plan --node nobody"')
    program = tmp_path / "demo.py"
    program.write_text(broken)

    demo = subprocess.run(
        [sys.executable, program],
        env=os.environ | {"TMPDIR": str(tmp_path), "NO_COLOR": "1", "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'lab'}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert demo.returncode == 1
    assert "plan --node nobody ended with status 1" in demo.stderr
