"""A zone leaves PVE's panel for pvesdn.cfg, and comes back: the scripts that `import --from-pve` writes, run."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.move import MovePlan, move_from_pve
from pvesdn.workflows.read import read_cluster
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import apply_to, errors, plan_of, serving, world_of

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
    for name, text in PVE.items():
        cluster.write_sdn(name, text)
    report = apply_to(cluster)
    assert report.is_good, errors(report)
    for number, bridge in enumerate(sorted(BRIDGES), 101):
        cluster.plug_guest("pve2", bridge, number)


@pytest.mark.parametrize("zones", [("wide",), ("prod",), ("prod", "wide")], ids="-".join)
def test_apply_moves_a_zone_and_its_way_back_and_nothing_is_left_to_plan(
    tmp_path: Path, zones: tuple[str, ...]
) -> None:
    with serving(tmp_path, "") as cluster:
        applied(cluster)
        before = {name: cluster.read_sdn(name) for name in PVE}
        proposed = propose(cluster, *zones)
        assert not proposed.problems
        done = run(cluster, proposed.script)
        assert done.returncode == 0, done.stderr
        assert (
            cluster.read_sdn(
                "pvesdn.cfg",
            )
            == "\n" + proposed.added.rstrip("\n") + "\n"
        )
        assert not [finding for node in plan_of(cluster).nodes for finding in node.obstacles]
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
        sdn = cluster.nodes["pve2"].read(SDN_INTERFACES) or ""
        ours = cluster.nodes["pve2"].read(OUR_INTERFACES) or ""
        for zone in zones:
            assert f"zone {zone}" not in (cluster.read_sdn("vnets.cfg") or "")
        assert ("iface flat\n" in ours) == ("wide" in zones) != ("iface flat\n" in sdn)
        assert ("iface web\n" in ours) == ("prod" in zones) != ("iface web\n" in sdn)

        done = run(cluster, proposed.back)
        assert done.returncode == 0, done.stderr
        assert not [finding for node in plan_of(cluster).nodes for finding in node.obstacles]
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
        assert cluster.nodes["pve2"].read(OUR_INTERFACES) is None
        for name, text in before.items():
            assert sections(cluster.read_sdn(name)) == sections(text)


def sections(text: str | None) -> set[tuple[str, ...]]:
    """A file without its order."""
    found = (text or "").split("\n\n")
    return {(part.split("\n")[0], *sorted(part.split("\n")[1:])) for part in found if part.strip()}
