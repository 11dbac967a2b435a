"""`make demo` does what it says, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


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
    before, _, after = demo.stdout.partition("Once more")
    assert "Plan: " in before
    assert "$ cat /etc/network/interfaces.d/pvesdn" in before
    assert "No changes. Nodes match the configuration." in after
    assert list(temporary.iterdir()) == []
    assert list(home.rglob("*")) == []
