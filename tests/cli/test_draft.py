"""`--definitions`: a draft in place of the cluster's pvesdn.cfg."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from pvesdn.cli import draft as module
from pvesdn.errors import SettingsError
from tests.cli.kit import UCAST, Result, call, snapshot_of
from tests.fakes import FakeCluster

LIVE = "/etc/pve/sdn/pvesdn.cfg"
MORE = f"{UCAST}vnet: vmbr4\n\tzone ucast\n\ttag 4\n"
WRONG = "vxlan: ucast\n\nvnet: vmbr4\n\tzone ucst\n\ttag 4\n"


def run(settings: Path, cluster: FakeCluster, verb: str, *words: str | Path, **given: object) -> Result:
    return call("--config", settings, verb, *words, cluster=cluster, **given)  # type: ignore[arg-type]


@pytest.fixture
def applied(settings: Path, cluster: FakeCluster) -> FakeCluster:
    assert run(settings, cluster, "apply", "--yes").status == 0
    return cluster


def written(folder: Path, text: str = MORE) -> Path:
    file = folder / "draft.cfg"
    file.write_text(text)
    return file


def test_a_draft_is_planned_in_place_of_the_live_definitions(
    settings: Path, applied: FakeCluster, tmp_path: Path
) -> None:
    draft = written(tmp_path)
    result = run(settings, applied, "plan", "--definitions", draft)
    expected = """\
          + create
          ~ change in place

        definitions
          ~ /etc/pve/sdn/pvesdn.cfg

        node1-node3
          ~ /etc/network/interfaces.d/pvesdn
              + vmbr4
              + vxlan_vmbr4
        """
    assert result.out.startswith(dedent(expected))
    assert result.out.endswith("Plan: 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes.\n")
    assert result.err == f"note: this is the plan of {draft}; `pvesdn apply` goes by {LIVE}\n"
    assert applied.nodes.pve_files[LIVE] == UCAST


def test_a_summary_says_that_the_definitions_change_too(settings: Path, applied: FakeCluster, tmp_path: Path) -> None:
    result = run(settings, applied, "plan", "--definitions", written(tmp_path), "--summary")
    assert result.out.startswith("definitions\n  ~ /etc/pve/sdn/pvesdn.cfg\n\n")


def test_the_difference_shows_what_becomes_of_the_live_definitions(
    settings: Path, applied: FakeCluster, tmp_path: Path
) -> None:
    words = ("--definitions", written(tmp_path), "--diff")
    assert "\n      +vnet: vmbr4\n" in run(settings, applied, "plan", *words).out
    document = json.loads(run(settings, applied, "plan", *words, "--json").out)
    assert document["definitions"]["path"] == LIVE
    assert "+vnet: vmbr4" in document["definitions"]["diff"]


def test_without_a_draft_nothing_is_said_of_the_definitions(settings: Path, cluster: FakeCluster) -> None:
    assert "definitions" not in json.loads(run(settings, cluster, "plan", "--json").out)


def test_a_draft_that_is_live_already_is_said_to_be(settings: Path, applied: FakeCluster, tmp_path: Path) -> None:
    draft = written(tmp_path, UCAST)
    result = run(settings, applied, "plan", "--definitions", draft)
    assert result.out == "No changes. Nodes match the configuration.\n"
    assert result.err == f"note: {draft} is what {LIVE} has already\n"


def test_a_draft_that_is_empty_is_named_as_what_removes_everything(
    settings: Path, applied: FakeCluster, tmp_path: Path
) -> None:
    draft = written(tmp_path, "# nothing yet\n")
    result = run(settings, applied, "plan", "--definitions", draft)
    assert result.out.startswith(f"attention: the draft {draft} is empty, so this plan removes")


def test_a_draft_may_come_from_standard_input(settings: Path, applied: FakeCluster) -> None:
    result = run(settings, applied, "plan", "--definitions", "-", piped=MORE.encode())
    assert result.out.endswith("Plan: 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes.\n")
    assert result.err == f"note: this is the plan of <stdin>; `pvesdn apply` goes by {LIVE}\n"


def test_a_draft_is_planned_on_a_snapshot_too(settings: Path, applied: FakeCluster, tmp_path: Path) -> None:
    folder = snapshot_of(applied, tmp_path / "snapshot")
    result = call("plan", "--from", folder, "--definitions", written(tmp_path))
    assert result.out.endswith("Plan: 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes.\n")


def test_a_draft_is_rendered_and_shown_too(settings: Path, applied: FakeCluster, tmp_path: Path) -> None:
    words = ("--definitions", written(tmp_path))
    assert "vmbr4" in run(settings, applied, "show", *words).out
    assert run(settings, applied, "render", *words, "--output", tmp_path / "out").status == 0
    assert "iface vmbr4" in (tmp_path / "out/node1/etc/network/interfaces.d/pvesdn").read_text()


@pytest.mark.parametrize("verb", ["plan", "show", "render"])
def test_a_fault_points_into_the_draft(settings: Path, applied: FakeCluster, tmp_path: Path, verb: str) -> None:
    draft = written(tmp_path, WRONG)
    words = ("--output", tmp_path / "out") if verb == "render" else ()
    result = run(settings, applied, verb, "--definitions", draft, *words)
    assert result.status == 1
    assert result.err.startswith(f"error: {draft}:")
    assert "pvesdn.cfg:" not in result.err


def test_a_cure_for_the_file_names_the_draft(settings: Path, applied: FakeCluster, tmp_path: Path) -> None:
    draft = written(tmp_path, MORE.replace("\n", "\r\n"))
    err = run(settings, applied, "plan", "--definitions", draft).err
    assert f"run dos2unix {draft}\n" in err
    assert LIVE not in err


def test_a_draft_that_cannot_be_read_is_one_error(settings: Path, cluster: FakeCluster, tmp_path: Path) -> None:
    (tmp_path / "latin1").write_bytes(b"vxlan: ucast\n\talias caf\xe9\n")
    os.mkfifo(tmp_path / "pipe")
    for name, why in {
        "none": "No such file or directory; name a file, or - for standard input",
        ".": "Is a directory; name a file, or - for standard input",
        "pipe": "is not a regular file; name a file, or - for standard input",
        "latin1": None,
    }.items():
        file = tmp_path / name
        result = run(settings, cluster, "plan", "--definitions", file)
        expected = f"{file}: {why}" if why else f"{file}:2: byte 0xe9 is not UTF-8 text; save it as UTF-8"
        assert (result.status, result.out, result.err) == (1, "", f"error: {expected}\n")


def test_without_standard_input_there_is_nothing_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SettingsError, match=r"^<stdin>: there is none; name a file, or - for standard input$"):
        module.read_draft(Path("-"))


def test_a_draft_has_a_limit(
    settings: Path, cluster: FakeCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST", 1 << 20)
    draft = written(tmp_path, "#" * (1 << 20) + "\n")
    result = run(settings, cluster, "plan", "--definitions", draft)
    assert result.err == f"error: {draft}: has more than 1 MiB; is this the right file?\n"
    piped = run(settings, cluster, "plan", "--definitions", "-", piped=draft.read_bytes())
    assert piped.err == "error: <stdin>: has more than 1 MiB; is this the right file?\n"
