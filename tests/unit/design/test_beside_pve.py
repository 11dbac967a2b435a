"""Whose frr.conf is."""

from dataclasses import replace

import pytest

from pvesdn.design.shared.beside_pve import writes_frr
from pvesdn.model.design import DesignInput
from pvesdn.model.pve_sdn import PveSdn
from pvesdn.model.sdn import SdnConfig
from tests.unit.design.network import cluster, facts

NODE = facts("node1", "192.168.0.1/24")


def given(version: str, *, has_local: bool = False, **sdn: bool) -> DesignInput:
    state = cluster("node1", pve_version=version, has_sdn=True)
    return DesignInput(SdnConfig(pve=PveSdn(**sdn)), state, {"node1": replace(NODE, has_foreign_frr_local=has_local)})


@pytest.mark.parametrize(("version", "expected"), [("9.1", True), ("8.4", False)])
def test_lines_of_the_administrators_alone_make_pve_write_frr_from_version_9_on(
    version: str, *, expected: bool
) -> None:
    """PVE 8 merges them beside a controller only: there our part would lie in a file that nobody reads."""
    assert writes_frr(given(version, has_local=True), "node1") is expected


def test_the_commit_that_removes_pves_last_controller_writes_frr_once_more() -> None:
    assert writes_frr(given("9.1", runs_frr=True), "node1")
    assert not writes_frr(given("9.1"), "node1")
