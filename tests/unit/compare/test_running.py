"""What PVE committed against the version line of each node's interfaces.d/sdn."""

from __future__ import annotations

import pytest

from pvesdn.compare.running import compare_running, running_findings
from pvesdn.model.files import SDN_INTERFACES
from pvesdn.model.running import PveRunning, SdnFile, SdnFileState


@pytest.mark.parametrize(
    ("text", "version", "state"),
    [
        ("#version:7\n\nauto web\n", 7, SdnFileState.CURRENT),
        ("#version:8", 8, SdnFileState.CURRENT),
        ("#version:6\n", 6, SdnFileState.OLD),
        ("", None, SdnFileState.MISSING),
        (None, None, SdnFileState.MISSING),
        ("\n#version:7\n", None, SdnFileState.MISSING),
        ("#version: 7\n", None, SdnFileState.MISSING),
        ("#version:7 \n", None, SdnFileState.MISSING),
        ("auto web\n", None, SdnFileState.MISSING),
    ],
)
def test_the_first_line_decides_as_it_does_for_pve(text: str | None, version: int | None, state: SdnFileState) -> None:
    files = {"pve1": {} if text is None else {SDN_INTERFACES: text}}
    assert compare_running(7, files).nodes == {"pve1": SdnFile(version, state)}


def test_before_the_first_commit_no_node_has_a_state() -> None:
    assert compare_running(None, {"pve1": {SDN_INTERFACES: "#version:1\n"}}) == PveRunning()


def test_nodes_that_are_behind_are_named_and_others_are_not() -> None:
    texts = {"pve1": "#version:7\n", "pve2": "#version:3\n", "pve3": "# mine\n"}
    running = compare_running(7, {name: {SDN_INTERFACES: text} for name, text in texts.items()})
    hint = "apply the node's network configuration in PVE, which rewrites it"
    assert [str(finding) for finding in running_findings(running)] == [
        f"pve2: {SDN_INTERFACES} has version 3, but PVE runs version 7: its zones are pending here; {hint}",
        f"pve3: {SDN_INTERFACES} was never generated, but PVE runs version 7: its zones are pending here; {hint}",
    ]


def test_a_warning_knows_its_node() -> None:
    running = compare_running(7, {"pve2": {SDN_INTERFACES: "#version:3\n"}})
    assert [finding.node for finding in running_findings(running)] == ["pve2"]
