"""FRR's own parser on every expected file; it needs no daemon."""

import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
VTYSH = shutil.which("vtysh", path="/usr/bin:/usr/local/bin") or shutil.which("vtysh")
CASES = HERE.parent
FILES = sorted(CASES.glob("golden*/*/expected/*/etc/frr/frr.conf*"))


@pytest.mark.skipif(VTYSH is None, reason="vtysh is not installed: FRR's parser was not asked")
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(CASES).as_posix())
def test_frr_finds_no_fault(file: Path) -> None:
    answer = subprocess.run(
        [str(VTYSH), "-C", "-f", str(file)], check=False, capture_output=True, text=True, timeout=30
    )
    assert (answer.returncode, [line for line in answer.stderr.splitlines() if line.startswith("line ")]) == (0, [])


def test_every_case_with_frr_is_asked_about() -> None:
    assert len(FILES) > 60
