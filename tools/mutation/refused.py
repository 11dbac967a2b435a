"""Mutants that mypy refuses: nobody could have committed them, so no test is asked about them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tools.mutation.values import PACKAGES, ROOT, Mutated


def refused(modules: Iterable[Mutated], folder: Path) -> set[str]:
    """The names of the mutants in which mypy finds an error that the module does not have.

    :param folder: where a copy of the package is put, with every mutant in it.
    """
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "pvesdn", folder / "pvesdn", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    spans = {}
    for made in modules:
        (folder / made.path).write_text(made.text, "utf-8")
        spans[made.path] = made.spans
    names = set()
    for path, line in _errors(folder):
        names |= {name for name, (first, last) in spans.get(path, {}).items() if first <= line <= last}
    return names


def _errors(folder: Path) -> Iterable[tuple[str, int]]:
    options = ("--output", "json", "--disable-error-code", "unused-ignore", "--cache-dir", "../mypy")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, *PACKAGES], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"mypy failed: {done.stderr or done.stdout}")
    for text in done.stdout.splitlines():
        if text.strip():
            said = json.loads(text)
            if said["severity"] == "error":
                yield said["file"], said["line"]
