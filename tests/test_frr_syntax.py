"""FRR's own parser takes what we print: `vtysh -C`, as a node runs it before anything is changed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

GOLDEN = Path(__file__).resolve().parent / "golden"
PRINTED = sorted(GOLDEN.glob("*/expected/*/etc/frr/frr.conf*"))

needs_vtysh = pytest.mark.skipif(shutil.which("vtysh") is None, reason="there is no vtysh; `make test` unpacks one")


def vtysh(file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["vtysh", "-C", "-f", file], capture_output=True, text=True, check=False)


@needs_vtysh
@pytest.mark.parametrize("file", PRINTED, ids=lambda file: str(file.relative_to(GOLDEN)))
def test_frr_takes_every_line_of_the_golden_cases(file: Path) -> None:
    checked = vtysh(file)

    assert (checked.returncode, checked.stderr) == (0, "")


@needs_vtysh
def test_frr_refuses_what_is_no_configuration(tmp_path: Path) -> None:
    file = tmp_path / "frr.conf"
    file.write_text("rooter bgp 1234\n")

    checked = vtysh(file)

    assert checked.returncode == 2
    assert "line 1: % Unknown command" in checked.stderr


def test_there_are_golden_cases_with_frr() -> None:
    assert {path.name for path in PRINTED} == {"frr.conf", "frr.conf.local"}
