"""The import contracts of pyproject.toml hold, and each of them would notice a fault of its kind."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import PIPE
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PICTURE = re.findall(r"^```text\n(.*?)^```$", (ROOT / "ARCHITECTURE.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)[
    0
]
LINTER = """
import json, os, sys
from importlinter.cli import lint_imports_command

for folder in map(str.strip, sys.stdin):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.chdir(folder)
        sys.path.insert(0, f"{folder}/lab")
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        lint_imports_command(["--no-cache", "--no-logo"])
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    print(json.dumps([status, text]), flush=True)
"""
"""Loads import-linter once; for each folder that it is told, a process of its own looks at what lies there."""

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
        "pvesdn/design/shared/planted.py",
        "import jinja2\n",
        "jinja2 is known to render only",
    ),
    "a workflow knows how metrics are printed": (
        "pvesdn/workflows/planted.py",
        "import prometheus_client\n",
        "prometheus_client is known to one module",
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
    "a zone of ours calls what designs PVE's": (
        "pvesdn/design/ours/planted.py",
        "import pvesdn.design.pve.bridges\n",
        "What is ours and what is PVE's never import each other",
    ),
    "what both sides share leans on the merge": (
        "pvesdn/design/shared/planted.py",
        "import pvesdn.design.merge.lines\n",
        "Rooms of design",
    ),
    "design has a room that no contract knows": (
        "pvesdn/design/planted/__init__.py",
        "",
        "Rooms of design",
    ),
    "what is sent to a node needs what sends it": (
        "pvesdn/node/program/planted.py",
        "import pvesdn.node.assembly\n",
        "Rooms of node: what is sent knows nothing of how it is sent",
    ),
    "siblings import each other": (
        "pvesdn/compare/planted.py",
        "import pvesdn.compare.planted_too\n",
        "No import cycles",
    ),
    "packages of one floor import each other": (
        "pvesdn/design/shared/planted.py",
        "import pvesdn.decode.planted_too\n",
        "No import cycles",
    ),
}
"""What is planted: a file, its text, and the contract that is there to catch it."""

CAUGHT_TWICE = {
    "the model looks up at a workflow": {"No import cycles"},
    "a workflow knows the simulated cluster": {"Floors: each package imports only from the floors below it"},
    "the simulated cluster looks up at the live lab": {"No import cycles"},
    "a switch of the live lab knows a verb of scenarios": {"No import cycles"},
    "the design prints by itself": {"Pure floors do no I/O and know no library of the edge"},
    "a zone of ours calls what designs PVE's": {"Rooms of design"},
    "packages of one floor import each other": {"Floors: each package imports only from the floors below it"},
}
"""The other contracts that a fault breaks. Whoever looks up from below closes a circle, too."""

ANSWERS = {
    "siblings import each other": ("pvesdn/compare/planted_too.py", "import pvesdn.compare.planted\n"),
    "packages of one floor import each other": (
        "pvesdn/decode/planted_too.py",
        "import pvesdn.design.shared.planted\n",
    ),
}
"""The other half of a fault that needs two."""


@pytest.fixture(scope="module")
def copied_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    for package in ("pvesdn", "lab/pvesdn_lab"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@contextmanager
def planted(folder: Path, *faults: tuple[str, str]) -> Iterator[None]:
    """Each text at the end of its file, which may be a new one, and gone again afterwards."""
    with ExitStack() as undoing:
        for name, text in faults:
            file = folder / name
            if not file.parent.exists():
                undoing.callback(shutil.rmtree, file.parent)
                file.parent.mkdir()
            undoing.callback(file.write_bytes, file.read_bytes()) if file.exists() else undoing.callback(file.unlink)
            with file.open("a") as stream:
                stream.write(text)
        yield


@dataclass(frozen=True, slots=True)
class Linted:
    """How import-linter ended, and what it said."""

    status: int
    text: str

    @property
    def broken(self) -> set[str]:
        """The contracts that are broken, by name."""
        words = " ".join(self.text.split())
        return {contract["name"] for contract in contracts() if f"{contract['name']} BROKEN" in words}


Lint = Callable[[Path], Linted]


@pytest.fixture(scope="module")
def lint() -> Iterator[Lint]:
    """`lint-imports` in a folder, with no cache."""
    with subprocess.Popen([sys.executable, "-c", LINTER], stdin=PIPE, stdout=PIPE, text=True) as linter:
        assert linter.stdin is not None
        assert linter.stdout is not None
        told, answers = linter.stdin, linter.stdout

        def ask(folder: Path) -> Linted:
            print(folder, file=told, flush=True)
            return Linted(*json.loads(answers.readline()))

        yield ask
        told.close()


def test_every_contract_holds(lint: Lint) -> None:
    found = lint(ROOT)

    assert found.status == 0, found.text
    assert "0 broken" in found.text


def contracts() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
        "contracts"
    ]
    return listed


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_breaks_its_contract(fault: str, copied_sources: Path, lint: Lint) -> None:
    path, text, contract = FAULTS[fault]
    with planted(copied_sources, (path, text), *([ANSWERS[fault]] if fault in ANSWERS else [])):
        found = lint(copied_sources)

    assert found.status == 1, found.text
    assert found.broken == {contract} | CAUGHT_TWICE.get(fault, set())


def test_every_contract_has_a_fault_that_breaks_it() -> None:
    assert {contract for _, _, contract in FAULTS.values()} == {contract["name"] for contract in contracts()}


def test_every_zone_kind_is_in_the_contract_about_zone_kinds() -> None:
    """import-linter's wildcards stand for whole module names only, so the kinds are listed by hand."""
    (listed,) = [contract["modules"] for contract in contracts() if contract["name"] == "No zone kind leans on another"]

    assert listed == sorted(
        f"pvesdn.design.ours.{path.stem}" for path in (ROOT / "pvesdn/design/ours").glob("zone_*.py")
    )


# --- the picture of ARCHITECTURE.md -----------------------------------------------------------------------------------


def drawn_floors() -> list[list[str]]:
    """The boxes, from the top floor down."""
    rows = [line.split("│")[1:-1] for line in PICTURE.splitlines() if line.startswith("│")]
    return [[box.strip() for box in row] for row in rows]


def drawn_rooms() -> dict[str, list[list[str]]]:
    """The lines below the boxes: rooms by the package that they are in."""
    lines = re.findall(r"^([a-z][\w.]*) +(.+)$", PICTURE, re.MULTILINE)
    return {package: [row.split(" | ") for row in rooms.split(" > ")] for package, rooms in lines}


def layers(container: str) -> list[list[str]]:
    """What the contract about a package says, from the top down; a room that may be missing is a room."""
    (contract,) = [contract for contract in contracts() if contract.get("containers") == [container]]
    assert contract["exhaustive"]  # so that a package or a room that is not drawn breaks the contract
    return [[room.strip("()") for room in layer.split(" | ")] for layer in contract["layers"]]


def test_the_picture_has_the_floors_of_the_contract() -> None:
    assert [[box.rstrip("*") for box in row] for row in drawn_floors()] == layers("pvesdn")


def test_the_picture_has_the_rooms_of_every_contract() -> None:
    containers = {contract["containers"][0] for contract in contracts() if contract["type"] == "layers"} - {"pvesdn"}

    assert drawn_rooms() == {container: layers(container) for container in containers}


def test_every_box_is_a_package_or_a_module_and_every_one_of_them_has_a_box() -> None:
    there = {
        path.stem for path in (ROOT / "pvesdn").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }

    assert sorted(box.rstrip("*") for row in drawn_floors() for box in row) == sorted(there - {"__init__", "__main__"})


def test_a_star_stands_at_every_floor_that_does_no_input_or_output() -> None:
    name = "Pure floors do no I/O and know no library of the edge"
    (pure,) = [contract for contract in contracts() if contract["name"] == name]
    starred = {f"pvesdn.{box.rstrip('*')}" for row in drawn_floors() for box in row if box.endswith("*")}

    assert starred == set(pure["source_modules"])


def test_architecture_is_one_page() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")

    assert len(text.splitlines()) <= 150
    assert text.count("```text") == 1
