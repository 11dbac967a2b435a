"""A cluster that PVE itself has set up, with nothing of ours: there is nothing to do, and what the GUI changes is
shown.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pvesdn.cli.screens.plan import NO_CHANGES, NO_CHANGES_SEEN
from pvesdn.decode.definitions.section_config import Property, Section, write
from tests.cli.kit import Result, call
from tests.test_reference_cases import ALL, NODE, present


def as_pve_left_it(case: Path, folder: Path) -> Path:
    """The case's snapshot with PVE's own files in place."""
    shutil.copytree(case / "snapshot", folder)
    for name, place in (("expected-sdn", "network/interfaces.d/sdn"), ("expected-frr.conf", "frr/frr.conf")):
        if (case / name).exists():
            target = folder / "nodes" / NODE / "etc" / place
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(case / name, target)
    return folder


def running_of(folder: Path) -> dict[str, Any]:
    running: dict[str, Any] = json.loads((folder / "etc/pve/sdn/.running-config").read_text())
    return running


def write_definitions(folder: Path) -> None:
    """The files that PVE made its running config of."""
    for kind, collection in running_of(folder).items():
        if isinstance(collection, dict):
            sections = [_section(id_, dict(value)) for id_, value in collection.get("ids", {}).items()]
            (folder / f"etc/pve/sdn/{kind}.cfg").write_text(write(sections))


def _section(id_: str, value: dict[str, Any]) -> Section:
    kind = value.pop("type")
    value.pop("id", None)
    properties = []
    for key, given in sorted(value.items()):
        texts = [",".join(given)] if isinstance(given, dict) else given if isinstance(given, list) else [given]
        properties += [Property(key, str(text)) for text in texts]
    return Section(kind, id_, properties=tuple(properties))


def offline_of(folder: Path) -> list[str]:
    rows = json.loads((folder / "api/cluster/status.json").read_text())
    return sorted(row["name"] for row in rows if row["type"] == "node" and not row["online"])


def plan(folder: Path) -> Result:
    return call("plan", "--detailed-exitcode", "--from", folder)


@present
@pytest.mark.parametrize("has_definitions", [False, True], ids=["committed", "edited"])
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_what_pve_has_written_is_no_change(case: Path, has_definitions: bool, tmp_path: Path) -> None:
    folder = as_pve_left_it(case, tmp_path / "snap")
    if has_definitions:
        write_definitions(folder)
    result = plan(folder)
    assert result.status == 0, result.out
    absent = [f"not checked: {name}: offline" for name in offline_of(folder)]
    assert result.out.splitlines() == [*absent, NO_CHANGES_SEEN if absent else NO_CHANGES]
    assert "interfaces.d/sdn" not in result.err


@present
@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_what_the_gui_has_pending_is_shown(case: Path, tmp_path: Path) -> None:
    folder = as_pve_left_it(case, tmp_path / "snap")
    write_definitions(folder)
    zones, vnets = folder / "etc/pve/sdn/zones.cfg", folder / "etc/pve/sdn/vnets.cfg"
    zones.write_text(zones.read_text() + "simple: added\n\n")
    vnets.write_text(vnets.read_text() + "vnet: office\n\tzone added\n\n")
    result = plan(folder)
    version = running_of(folder)["version"]
    assert result.status == 2
    assert f"PVE's SDN: 1 vnet, 1 zone pending over version {version}, which is running" in result.out
    assert "    + vnet office: zone added\n" in result.out
    assert "      + office\n" in result.out
    assert "frr.conf" not in result.out


@present
def test_a_node_that_is_behind_is_named(tmp_path: Path) -> None:
    folder = as_pve_left_it(ALL[0], tmp_path / "snap")
    document = running_of(folder)
    (folder / "etc/pve/sdn/.running-config").write_text(json.dumps({**document, "version": 9}))
    result = plan(folder)
    why = f"has version {document['version']}, but PVE runs version 9: its zones are pending here"
    assert f"warning: {NODE}: /etc/network/interfaces.d/sdn {why}; " in result.err
    assert result.out.endswith(f"{NO_CHANGES}\n")
