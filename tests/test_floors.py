"""The import contracts of pyproject.toml hold, and each of them would notice a fault of its kind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LINT_IMPORTS = [
    sys.executable,
    "-c",
    "from importlinter.cli import lint_imports_command; lint_imports_command()",
    "--no-cache",
    "--no-logo",
]

FAULTS = {
    "the model looks up at a workflow": (
        "pvesdn/model/planted.py",
        "import pvesdn.workflows\n",
        "Floors: each package imports only from the floors below it",
    ),
    "a package has no floor": (
        "pvesdn/planted/__init__.py",
        "",
        "Floors: each package imports only from the floors below it",
    ),
    "a decoder opens files": (
        "pvesdn/decode/planted.py",
        "import os\n",
        "Pure floors do no I/O and know no library of the edge",
    ),
    "the comparison asks for the time": (
        "pvesdn/compare/planted.py",
        "from time import time\n",
        "Pure floors do no I/O and know no library of the edge",
    ),
    "a second module talks HTTP": (
        "pvesdn/adapters/planted.py",
        "import requests\n",
        "proxmoxer and requests are known to one module",
    ),
    "a workflow knows the test API": (
        "pvesdn/workflows/planted.py",
        "import fakepve\n",
        "fakepve is known to the simulated cluster only",
    ),
    "a workflow knows the simulated cluster": (
        "pvesdn/workflows/planted.py",
        "import pvesdn_lab.simulated.cluster\n",
        "The lab is known to its verb only",
    ),
    "the simulated cluster looks up at the live lab": (
        "lab/pvesdn_lab/simulated/planted.py",
        "import pvesdn_lab.live.scenario\n",
        "Floors of the lab: the live one stands on the simulated one",
    ),
    "a switch of the live lab knows a verb of scenarios": (
        "lab/pvesdn_lab/live/testbed/planted.py",
        "import pvesdn_lab.live.verbs.actions\n",
        "Rooms of the live lab",
    ),
    "a workflow prints by itself": (
        "pvesdn/workflows/planted.py",
        "import rich\n",
        "click and rich are known to the command line only",
    ),
    "the design prints by itself": (
        "pvesdn/design/planted.py",
        "import jinja2\n",
        "jinja2 is known to render only",
    ),
    "an adapter leans on another": (
        "pvesdn/adapters/planted.py",
        "import pvesdn.adapters.pve_api\n",
        "No adapter leans on another",
    ),
    "a zone kind leans on another": (
        "pvesdn/design/ours/zone_evpn.py",
        "import pvesdn.design.ours.zone_vxlan\n",
        "No zone kind leans on another",
    ),
    "our half of the definitions knows PVE's": (
        "pvesdn/model/own_sdn.py",
        "import pvesdn.model.pve_sdn\n",
        "Two sources stay two: neither half of the definitions knows the other",
    ),
    "a zone of ours is designed by what PVE defines": (
        "pvesdn/design/ours/planted.py",
        "from pvesdn.model.pve_sdn import PveZone\n",
        "What reads and designs ours does not see PVE's definitions",
    ),
    "PVE's text depends on pvesdn.cfg": (
        "pvesdn/design/pve/frr.py",
        "from pvesdn.model.own_sdn import EvpnZone\n",
        "What reads and designs PVE's files does not see ours",
    ),
}


@pytest.fixture
def copied_sources(tmp_path: Path) -> Path:
    for package in ("pvesdn", "lab/pvesdn_lab"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(folder / "lab")}
    return subprocess.run(LINT_IMPORTS, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_every_contract_holds() -> None:
    result = lint_imports(ROOT)

    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault: str, copied_sources: Path) -> None:
    path, text, contract = FAULTS[fault]
    planted = copied_sources / path
    planted.parent.mkdir(exist_ok=True)
    with planted.open("a") as file:
        file.write(text)

    result = lint_imports(copied_sources)

    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{contract} BROKEN" in " ".join(result.stdout.split())


def test_every_zone_kind_is_in_the_contract_about_zone_kinds() -> None:
    """import-linter's wildcards stand for whole module names only, so the kinds are listed by hand."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (listed,) = [contract["modules"] for contract in contracts if contract["name"] == "No zone kind leans on another"]

    assert listed == sorted(
        f"pvesdn.design.ours.{path.stem}" for path in (ROOT / "pvesdn/design/ours").glob("zone_*.py")
    )


def test_packages_that_import_each_other_are_caught(copied_sources: Path) -> None:
    (copied_sources / "pvesdn/design/planted.py").write_text("import pvesdn.decode.planted\n")
    (copied_sources / "pvesdn/decode/planted.py").write_text("import pvesdn.design.planted\n")

    result = lint_imports(copied_sources)

    assert "No import cycles BROKEN" in " ".join(result.stdout.split())
