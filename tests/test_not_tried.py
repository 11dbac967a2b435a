"""Nothing skips in silence: every reason has a line of its own at the end of a run, and in the
file that is asked for.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.not_tried import NOTHING, VARIABLE, lines

ROOT = Path(__file__).resolve().parents[1]
SKIPPING = """
import pytest

@pytest.mark.skipif(True, reason="no reference cases here")
@pytest.mark.parametrize("case", [1, 2, 3])
def test_cases(case): ...

@pytest.mark.skipif(True, reason="no reference cases here")
@pytest.mark.parametrize("case", [])
def test_a_set_without_cases(case): ...

def test_a_tool():
    pytest.skip("no cpio here: apt install cpio")
"""
PASSING = "def test_that_passes(): ...\n"


def run(folder: Path, text: str, *options: str) -> tuple[str, str]:
    """What pytest prints on a module of tests, and the file with what was not tried."""
    (folder / "conftest.py").write_text("from tests.not_tried import pytest_terminal_summary\n")
    (folder / "test_some.py").write_text(text)
    (folder / "test_more.py").write_text(PASSING)
    told = folder / "made" / "not-tried"
    here = ("--rootdir", str(folder), "--confcutdir", str(folder), "-c", os.devnull)  # and not /dev, where that file is
    argv = [sys.executable, "-m", "pytest", "-q", *here, *options, str(folder)]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    environment = {**kept, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT), VARIABLE: str(told)}
    done = subprocess.run(
        argv,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, told.read_text()


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "side by side"])
def test_every_reason_has_one_line_at_the_end_of_a_run(tmp_path: Path, options: tuple[str, ...]) -> None:
    said, told = run(tmp_path, SKIPPING, *options)

    assert told.splitlines() == [
        "not tried: no cpio here: apt install cpio (1 test of test_some.py)",
        "not tried: no reference cases here (4 tests of test_some.py)",
    ]
    assert told in said.partition("not tried here")[2]


def test_a_run_that_tried_everything_says_so_in_its_file_alone(tmp_path: Path) -> None:
    said, told = run(tmp_path, PASSING)

    assert told == f"{NOTHING}\n"
    assert "not tried" not in said


def test_a_module_that_is_skipped_whole_is_told_as_well(tmp_path: Path) -> None:
    _, told = run(tmp_path, f'import pytest\npytest.skip("no such kernel", allow_module_level=True)\n{PASSING}')

    assert told == "not tried: no such kernel (1 test of test_some.py)\n"


def test_files_with_one_reason_share_a_line() -> None:
    skipped = [("tests/b.py", "no sshd"), ("tests/a.py", "Skipped: no\nsshd"), ("tests/b.py", "no sshd")]

    assert lines(skipped) == ["not tried: no sshd (3 tests of tests/a.py, tests/b.py)"]


def test_make_test_ends_with_what_was_not_tried() -> None:
    recipe = (ROOT / "Makefile").read_text("utf-8").partition("\ntest: ")[2].partition("\n\n")[0].splitlines()
    (run_tests,) = (line for line in recipe if "-m pytest" in line)

    assert f"{VARIABLE}=build/not-tried" in run_tests
    assert recipe[-1].strip() == "@cat build/not-tried"


def test_whatever_skips_says_why() -> None:
    """In words: of `skip` the first, of `skipif` the one called reason."""
    without = []
    for file in sorted((ROOT / "tests").rglob("*.py")):
        for call in (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)):
            name = ast.unparse(call.func)
            reasons = [word.value for word in call.keywords if word.arg == "reason"]
            if name == "pytest.skip" and not (call.args or reasons):
                without.append(f"{file.name}:{call.lineno}")
            if name in {"pytest.mark.skipif", "pytest.mark.skip", "pytest.importorskip"} and not reasons:
                without.append(f"{file.name}:{call.lineno}")

    assert without == []
