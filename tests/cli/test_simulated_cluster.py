"""The command line with its real wiring, against the simulated cluster: API over HTTPS. Node programs are processes
where a snapshot is taken; elsewhere they are called, which takes a tenth of the time. Plan and apply with nothing but
processes are `tests/test_demo.py`.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.cli.app import run
from pvesdn.cli.session import WorldBuilder
from pvesdn.ports import Observer
from pvesdn.settings import Settings
from pvesdn.wiring import build_world
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cli.kit import UCAST, Result
from tests.task_clock import TaskClock

Caller = Callable[..., Result]
OURS = "/etc/network/interfaces.d/pvesdn"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[SimulatedCluster]:
    made = SimulatedCluster(tmp_path / "cluster")
    made.write_sdn("pvesdn.cfg", UCAST)
    with made:
        yield made


@pytest.fixture
def settings(lab: SimulatedCluster, tmp_path: Path) -> dict[str, str]:
    """The environment of a call that is to find the cluster."""
    api = lab.token_settings()
    assert api.token_value is not None
    tables: dict[str, dict[str, object]] = {
        "api": {
            "backend": "https",
            "host": api.host,
            "port": api.port,
            "user": api.user,
            "token_name": api.token_name,
            "ca_file": api.ca_file,
        },
        "lab": {"folder": str(lab.folder), "local_node": "pve1"},
        "watch": {"action": "apply", "state_dir": str(tmp_path / "state")},
    }
    file = tmp_path / "pvesdn.toml"
    lines = []
    for table, values in tables.items():
        # A string or a number of JSON is one of TOML as well.
        lines += [f"[{table}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    file.write_text("\n".join(lines))
    return {"PVESDN_CONFIG": str(file), "PVESDN_TOKEN_VALUE": api.token_value.get_secret_value()}


def caller(environ: dict[str, str], build_world: WorldBuilder) -> Caller:
    def call(*argv: str | Path) -> Result:
        kept = sys.stdin, sys.stdout, sys.stderr
        stdout, stderr = io.StringIO(), io.StringIO()
        sys.stdin, sys.stdout, sys.stderr = io.StringIO(), stdout, stderr
        try:
            status = run([str(word) for word in argv], environ=environ, build_world=build_world)
        finally:
            sys.stdin, sys.stdout, sys.stderr = kept
        return Result(status, stdout.getvalue(), stderr.getvalue())

    return call


@pytest.fixture
def installed(settings: dict[str, str]) -> Caller:
    """`pvesdn` as it is wired: the node program is started at every question."""
    return caller(settings, build_world)


@pytest.fixture
def pvesdn(lab: SimulatedCluster, settings: dict[str, str]) -> Caller:
    """The same, but that the node program is called, and that nobody waits longer than for the cluster's tasks."""

    def world(given: Settings, observer: Observer) -> World:
        return replace(build_world(given, observer), nodes=lab.agent(), clock=TaskClock(lab))

    return caller(settings, world)


def test_after_apply_there_is_nothing_left_to_plan(pvesdn: Caller, lab: SimulatedCluster) -> None:
    assert pvesdn("plan", "--detailed-exitcode").status == 2
    applied = pvesdn("apply", "--yes")
    assert (applied.status, applied.err) == (0, "")
    assert applied.out.endswith("Apply complete: 3 nodes done.\n")
    assert pvesdn("plan", "--detailed-exitcode") == Result(0, "No changes. Nodes match the configuration.\n", "")
    assert all((root / OURS.lstrip("/")).is_file() for root in lab.roots().values())


def test_pves_pending_definitions_are_committed_with_ours(pvesdn: Caller, lab: SimulatedCluster) -> None:
    lab.write_sdn("zones.cfg", "simple: lan\n\n")
    planned = pvesdn("plan")
    assert "PVE's SDN: 1 zone pending" in planned.out
    applied = pvesdn("apply", "--yes")
    assert "PVE's SDN: committed\n" in applied.out
    assert "pending" not in pvesdn("plan").out


def test_what_is_pending_in_pve_goes_to_all_nodes_before_one_can_be_taken_alone(
    pvesdn: Caller, lab: SimulatedCluster
) -> None:
    lab.write_sdn("zones.cfg", "simple: lan\n\n")
    assert pvesdn("apply", "--yes", "--node", "pve1").err.endswith("; run pvesdn apply without --node\n")
    assert pvesdn("apply", "--yes").status == 0
    lab.write_sdn("pvesdn.cfg", UCAST.replace("tag 3", "tag 4"))
    assert pvesdn("apply", "--yes", "--node", "pve1").status == 0
    assert pvesdn("plan").out.endswith(" on 2 of 3 nodes.\n")


def test_pves_zones_on_a_bridge_of_the_nodes_are_committed_and_verified(pvesdn: Caller, lab: SimulatedCluster) -> None:
    lab.write_sdn("zones.cfg", "vlan: floor\n\tbridge vmbr0\n\nqinq: metro\n\tbridge vmbr0\n\ttag 10\n\tnodes pve2\n\n")
    lab.write_sdn("vnets.cfg", "vnet: guests\n\tzone floor\n\ttag 5\n\nvnet: inner\n\tzone metro\n\ttag 7\n\n")
    planned = pvesdn("plan")
    by_node = {node["name"]: json.dumps(node) for node in json.loads(pvesdn("plan", "--json").out)["nodes"]}
    assert [name for name, changes in by_node.items() if '"vmbr0v5"' in changes] == ["pve1", "pve2", "pve3"]
    assert [name for name, changes in by_node.items() if '"z_metro"' in changes] == ["pve2"]
    assert "      + vmbr0v5\n" in planned.out
    assert "\npve2\n" in planned.out
    assert "      + z_metro\n" in planned.out
    applied = pvesdn("apply", "--yes")
    assert (applied.status, applied.err) == (0, "")
    assert lab.nodes["pve2"].links()["z_metro.7"]["master"] == "inner"
    assert lab.nodes["pve1"].links()["eno1.5"]["master"] == "vmbr0v5"
    assert pvesdn("plan").out == "No changes. Nodes match the configuration.\n"


def test_a_guest_in_a_vlan_zones_vnet_keeps_it_from_going(pvesdn: Caller, lab: SimulatedCluster) -> None:
    lab.write_sdn("zones.cfg", "vlan: floor\n\tbridge vmbr0\n\n")
    lab.write_sdn("vnets.cfg", "vnet: guests\n\tzone floor\n\ttag 5\n\n")
    assert pvesdn("apply", "--yes").status == 0
    lab.nodes["pve1"].plug_guest("guests", 100)
    lab.write_sdn("vnets.cfg", "")
    refused = pvesdn("apply", "--yes")
    assert refused.status == 1
    assert "pve1: guests would be removed with 1 guest port in it (tap100i0)" in refused.err


def test_a_member_that_goes_offline_is_no_plan_for_the_others(pvesdn: Caller, lab: SimulatedCluster) -> None:
    pvesdn("apply", "--yes")
    lab.go_offline("pve3")
    result = pvesdn("plan", "--detailed-exitcode")
    told = "No changes. Nodes that answered match the configuration."
    assert result == Result(0, f"not checked: pve3: offline\n{told}\n", "")


def test_of_a_member_that_is_off_alone_nothing_is_planned(pvesdn: Caller, lab: SimulatedCluster) -> None:
    pvesdn("apply", "--yes")
    lab.go_offline("pve3")
    told = "No node was looked at, so nothing is planned."
    assert pvesdn("plan", "--node", "pve3").out.endswith(f"{told}\n")
    assert told in pvesdn("status", "--node", "pve3").out


def test_a_snapshot_of_the_cluster_plans_as_the_cluster_does(pvesdn: Caller, installed: Caller, tmp_path: Path) -> None:
    live = pvesdn("plan", "--diff")
    assert installed("snapshot", tmp_path / "snap").status == 0
    assert pvesdn("plan", "--diff", "--from", tmp_path / "snap") == live


def test_the_watch_applies_once_and_then_has_nothing_to_do(pvesdn: Caller) -> None:
    first = pvesdn("watch", "--once")
    assert first.status == 0
    assert first.out.endswith("Apply complete: 3 nodes done.\n")
    assert pvesdn("watch", "--once") == Result(0, "watch: nothing has changed since the last look\n", "")


def test_a_saved_plan_of_a_draft_is_carried_out_and_leaves_the_watch_nothing_to_do(
    pvesdn: Caller, lab: SimulatedCluster, tmp_path: Path
) -> None:
    draft, saved = tmp_path / "draft.cfg", tmp_path / "saved"
    draft.write_text(UCAST.replace("tag 3", "tag 4"))
    pvesdn("apply", "--yes")
    assert pvesdn("plan", "--definitions", draft, "--out", saved).status == 0
    assert pvesdn("apply", "--yes", saved).status == 0
    sdn = lab.nodes["pve1"].path("/etc/pve/sdn")
    assert (sdn / "pvesdn.cfg").read_text() == draft.read_text()
    assert (sdn / "pvesdn.cfg.before").read_text() == UCAST
    assert pvesdn("plan", "--detailed-exitcode").status == 0
    for file in sdn.glob("*.cfg"):
        os.utime(file, (0, 0))
    assert "Apply complete" not in pvesdn("watch", "--once").out


def test_a_saved_plan_is_refused_where_a_node_was_edited_meanwhile(
    pvesdn: Caller, lab: SimulatedCluster, tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    assert pvesdn("plan", "--out", saved).status == 0
    interfaces = lab.nodes["pve2"].path("/etc/network/interfaces")
    interfaces.write_text(f"{interfaces.read_text()}\n# edited\n")
    refused = pvesdn("apply", "--yes", saved)
    assert refused.status == 1
    assert "error: pve2: files: /etc/network/interfaces has changed\n" in refused.err
    assert not any((root / OURS.lstrip("/")).exists() for root in lab.roots().values())


def test_without_quorum_nothing_is_decided(pvesdn: Caller, lab: SimulatedCluster) -> None:
    lab.lose_quorum()
    result = pvesdn("apply", "--yes")
    assert result.status == 1
    assert "no quorum" in result.err
    assert len(result.err.splitlines()) == 1


def test_the_watch_waits_until_an_edit_has_settled(pvesdn: Caller, lab: SimulatedCluster) -> None:
    pvesdn("watch", "--once")
    lab.write_sdn("pvesdn.cfg", UCAST.replace("tag 3", "tag 4"))
    soon = time.time() + 8  # a machine under load may be slow to look
    os.utime(lab.nodes["pve1"].path("/etc/pve/sdn/pvesdn.cfg"), (soon, soon))
    waiting = pvesdn("watch", "--once")
    assert waiting.status == 0
    assert waiting.out.startswith("watch: waiting, as somebody may be editing: a definitions file was changed ")
    for file in (lab.nodes["pve1"].path("/etc/pve/sdn")).glob("*.cfg"):
        os.utime(file, (0, 0))
    assert pvesdn("watch", "--once").out.endswith("Apply complete: 3 nodes done.\n")
