"""A zone leaves PVE's panel for pvesdn.cfg, and comes back: the scripts that `import --from-pve` writes, run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.move import MovePlan, move_from_pve, move_to_pve
from pvesdn.workflows.read import read_cluster
from pvesdn_lab.simulated import sdn_config
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import (
    apply_to,
    draw,
    errors,
    plan_of,
    serving,
    world_of,
)

PVE = {
    "zones.cfg": (
        "vxlan: wide\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\tipam pve\n\n"
        "evpn: prod\n\tcontroller ctl\n\tvrf-vxlan 4000\n\tadvertise-subnets 1\n\tipam pve\n"
        "\tmac BC:24:11:00:00:01\n\n"
        "simple: lan\n\n"
    ),
    "vnets.cfg": (
        "vnet: flat\n\tzone wide\n\ttag 10\n\talias Office, second floor\n\n"
        "vnet: web\n\tzone prod\n\ttag 11\n\tisolate-ports 1\n\n"
        "vnet: db\n\tzone prod\n\ttag 12\n\n"
        "vnet: own\n\tzone lan\n\n"
    ),
    "subnets.cfg": (
        "subnet: prod-10.1.0.0-24\n\tvnet web\n\tgateway 10.1.0.1\n"
        "\tdhcp-range start-address=10.1.0.10,end-address=10.1.0.20\n"
        "\tdhcp-range start-address=10.1.0.30,end-address=10.1.0.40\n\n"
        "subnet: prod-fd00:1::-64\n\tvnet web\n\tgateway fd00:1::1\n\n"
        "subnet: prod-10.2.0.0-24\n\tvnet db\n\tgateway 10.2.0.1\n\n"
    ),
    "controllers.cfg": "evpn: ctl\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
}
BRIDGES = {"flat", "web", "db"}


def propose(cluster: SimulatedCluster, *zones: str) -> MovePlan:
    return move_from_pve(read_cluster(world_of(cluster)), Renderer(), zones)


def run(cluster: SimulatedCluster, script: str) -> subprocess.CompletedProcess[str]:
    """A script as root on the first node would run it; nobody has installed pvesdn there."""
    node = cluster.nodes["pve1"]
    text = script.replace("/etc/pve", str(node.path("/etc/pve"))).replace("pvesdn plan\n", "")
    environ = {**os.environ, "PATH": f"{node.root / 'bin'}:/usr/bin:/bin", "TMPDIR": str(node.root)}
    return subprocess.run(["sh", "-c", text], capture_output=True, text=True, env=environ, check=False, timeout=120)


def applied(cluster: SimulatedCluster) -> None:
    draw(cluster, PVE)
    report = apply_to(cluster)
    assert report.is_good, errors(report)
    for number, bridge in enumerate(sorted(BRIDGES), 101):
        cluster.plug_guest("pve2", bridge, number)


@pytest.mark.long
@pytest.mark.parametrize("character", [8, 9], ids=["pve8", "pve9"])
def test_apply_moves_zones_and_the_scripts_way_back_and_nothing_is_left_to_plan(tmp_path: Path, character: int) -> None:
    with serving(tmp_path, "", character=character) as cluster:
        applied(cluster)
        before = {name: cluster.read_sdn(name) for name in PVE}
        proposed = propose(cluster, "prod", "wide")
        assert proposed.cut_over is not None, proposed.problems
        there, back = proposed.cut_over
        carry_out(cluster, there.text)
        assert cluster.read_sdn("pvesdn.cfg") == "\n" + proposed.files["pvesdn.cfg"].rstrip("\n") + "\n"
        assert sections(cluster.read_sdn("zones.cfg")) == {("simple: lan",)}
        assert stanzas(cluster) == {OUR_INTERFACES: BRIDGES, SDN_INTERFACES: {"own"}}

        carry_out(cluster, back.text)
        assert cluster.nodes["pve2"].read(OUR_INTERFACES) is None
        assert {name: sections(cluster.read_sdn(name)) for name in before} == {
            n: sections(t) for n, t in before.items()
        }
        assert stanzas(cluster) == {OUR_INTERFACES: set(), SDN_INTERFACES: {*BRIDGES, "own"}}


@pytest.mark.long
def test_zones_go_to_the_panel_by_scripts_of_their_own_and_come_back(tmp_path: Path) -> None:
    with serving(tmp_path, "") as cluster:
        applied(cluster)
        there = propose(cluster, "prod", "wide").cut_over
        assert there is not None
        carry_out(cluster, there[0].text)

        proposed = move_to_pve(read_cluster(world_of(cluster)), Renderer(), ("prod", "wide"))
        assert proposed.cut_over is not None, proposed.problems
        into, out = proposed.cut_over
        own = cluster.read_sdn("pvesdn.cfg") or ""
        carry_out(cluster, into.text)
        assert not (cluster.read_sdn("pvesdn.cfg") or "").strip()
        assert stanzas(cluster) == {OUR_INTERFACES: set(), SDN_INTERFACES: {*BRIDGES, "own"}}

        carry_out(cluster, out.text)
        assert (cluster.read_sdn("pvesdn.cfg") or "").strip() == own.strip()
        assert stanzas(cluster) == {OUR_INTERFACES: BRIDGES, SDN_INTERFACES: {"own"}}


def test_a_script_stops_where_pvesdn_cfg_is_not_as_it_was_and_takes_up_a_move_where_it_ended(tmp_path: Path) -> None:
    with serving(tmp_path, "") as cluster:
        draw(cluster, PVE)
        sdn_config.commit(cluster.world.pmxcfs.sdn)
        proposed = propose(cluster, "wide")
        assert proposed.cut_over is not None
        there, back = proposed.cut_over
        # Half of the cut-over, and back.
        assert run(cluster, "\n".join(there.text.split("\n")[:4])).returncode == 0
        assert "vnet: flat" not in (cluster.read_sdn("vnets.cfg") or "")
        assert run(cluster, back.text).returncode == 0
        assert sections(cluster.read_sdn("vnets.cfg")) == sections(PVE["vnets.cfg"])
        assert cluster.read_sdn("pvesdn.cfg") is None

        assert run(cluster, there.text).returncode == 0
        edited = (cluster.read_sdn("pvesdn.cfg") or "") + "\nvnet: later\n\tzone wide\n\ttag 99\n"
        cluster.write_sdn("pvesdn.cfg", edited)
        stopped = run(cluster, back.text)
        assert stopped.returncode == 1
        assert "has changed: take the sections of this move out by hand" in stopped.stderr
        assert cluster.read_sdn("pvesdn.cfg") == edited


def carry_out(cluster: SimulatedCluster, script: str) -> None:
    """Run a script, apply, and see that nothing is in the way and nothing is left."""
    done = run(cluster, script)
    assert done.returncode == 0, done.stderr
    assert not [finding for node in plan_of(cluster).nodes for finding in node.obstacles]
    report = apply_to(cluster)
    assert report.is_good, errors(report)
    assert plan_of(cluster).is_empty


def stanzas(cluster: SimulatedCluster) -> dict[str, set[str]]:
    """The bridges in each file of a node."""
    texts = {path: cluster.nodes["pve2"].read(path) or "" for path in (OUR_INTERFACES, SDN_INTERFACES)}
    return {path: {name for name in (*BRIDGES, "own") if f"iface {name}\n" in text} for path, text in texts.items()}


def sections(text: str | None) -> set[tuple[str, ...]]:
    """A file without its order."""
    found = (text or "").split("\n\n")
    return {(part.split("\n")[0], *sorted(part.split("\n")[1:])) for part in found if part.strip()}
