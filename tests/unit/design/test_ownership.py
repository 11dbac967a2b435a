"""Whose frr.conf is."""

from dataclasses import replace
from typing import Any

import pytest

from pvesdn.design.cluster import design_node, share
from pvesdn.design.shared.ownership import pve_writes_frr
from pvesdn.model.design import DesignInput
from pvesdn.model.frr import FrrConfig
from pvesdn.model.owners import FileOwners, Writer
from pvesdn.model.pve_sdn import PveSdn
from pvesdn.model.sdn import SdnConfig
from tests.unit.design.network import PROXMOX, PVE_EVPN, SYMMETRIC, cluster, design, facts
from tests.unit.design.network import given as network

NODE = facts("node1", "192.168.0.1/24")


def given(version: str, *, has_local: bool = False, runs_frr: bool = False) -> DesignInput:
    state = cluster("node1", pve_version=version, has_sdn=True)
    return DesignInput(
        SdnConfig(pve=PveSdn(runs_frr=runs_frr)), state, {"node1": replace(NODE, has_foreign_frr_local=has_local)}
    )


@pytest.mark.parametrize(("version", "expected"), [("9.1", True), ("8.4", False)])
def test_lines_of_the_administrators_alone_make_pve_write_frr_from_version_9_on(
    version: str, *, expected: bool
) -> None:
    """PVE 8 merges them beside a controller only: there our part would lie in a file that nobody reads."""
    assert pve_writes_frr(given(version, has_local=True), "node1") is expected


def test_the_commit_that_removes_pves_last_controller_writes_frr_once_more() -> None:
    assert pve_writes_frr(given("9.1", runs_frr=True), "node1")
    assert not pve_writes_frr(given("9.1"), "node1")


THEIRS = {"controllers.cfg": PVE_EVPN["controllers.cfg"]}
OLD = {"pve_version": "7.4-20", "has_sdn": False}
CASES = [
    ("", {}, {}, FileOwners(Writer.PVE, Writer.NOBODY, regenerate_frr=False)),
    (SYMMETRIC, {}, {}, FileOwners(Writer.PVE, Writer.PVESDN, regenerate_frr=False)),
    ("", THEIRS, {}, FileOwners(Writer.PVE, Writer.PVE)),
    (SYMMETRIC, THEIRS, {}, FileOwners(Writer.PVE, Writer.MERGED, Writer.PVESDN)),
    (SYMMETRIC, {}, {"pve_version": "8.4.1"}, FileOwners(Writer.PVE, Writer.PVESDN)),
    ("", {}, OLD, FileOwners(Writer.NOBODY, Writer.NOBODY)),
    (SYMMETRIC, {"zones.cfg": "simple: lan\n"}, OLD, FileOwners(Writer.PVESDN, Writer.PVESDN)),
    ("", THEIRS, OLD, FileOwners(Writer.PVESDN, Writer.PVESDN)),
]


@pytest.mark.parametrize(("cfg", "pve", "state", "owners"), CASES)
def test_each_file_has_one_writer(cfg: str, pve: dict[str, str], state: dict[str, Any], owners: FileOwners) -> None:
    asn = cfg.replace("asn 1234", "asn 65000")
    clustered = network(asn, pve=pve)
    assert design(replace(clustered, cluster=clustered.cluster.model_copy(update=state))).owners == owners


def test_in_the_middle_of_an_upgrade_each_node_is_asked_by_its_own_package() -> None:
    """A frr.conf.local alone makes PVE write frr.conf on the new node; on the old one nobody would read our block."""
    nodes = {
        name: facts(name, f"192.168.0.{number}/24", versions=PROXMOX | {"libpve-network-perl": package})
        for number, (name, package) in enumerate({"node1": "1.1.6", "node2": "1.2.2"}.items(), 1)
    }
    foreign = {name: replace(known, has_foreign_frr_local=True) for name, known in nodes.items()}
    mixed = network(SYMMETRIC, nodes=2, instead=foreign)
    assert [design(mixed, name).owners.frr_conf for name in nodes] == [Writer.PVESDN, Writer.MERGED]
    local = [design(mixed, name).frr for name in nodes]
    assert [config is not None and config.is_local_block for config in local] == [False, True]


def test_our_last_words_in_frr_conf_go_with_what_needed_them() -> None:
    empty = network("")
    shared = share(empty, {})
    assert design_node(shared, "node1").frr is None
    left = design_node(shared, "node1", holds_our_frr=True)
    assert left.frr == FrrConfig(hostname="node1", ip_forwarding=False, ipv6_forwarding=False)
    assert (left.owners.frr_conf, left.daemons, left.flooding) == (Writer.PVESDN, frozenset(), ())
    theirs = network("", pve=THEIRS)
    assert design_node(share(theirs, {}), "node1", holds_our_frr=True).frr is None
