"""An exit of pvesdn.cfg in the VRF of one of PVE's EVPN zones, which is still pending or runs already."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvesdn.model.report import Outcome
from pvesdn.workflows.tasks import follow
from tests.cluster.kit import (
    apply_to,
    draw,
    errors,
    plan_of,
    serving,
    world_of,
)
from tests.cluster.test_frr_changes_hands import FRR, LOCAL, PVE_EVPN

OURS = "/etc/network/interfaces.d/pvesdn"
SDN = "/etc/network/interfaces.d/sdn"
EXIT = """exit: theirs-pve1
\tzone theirs
\tnode pve1
\tinterface eno2
\taddress 172.16.0.1/24
\tgateways 172.16.0.254

"""


@pytest.mark.parametrize("is_pending", [True, False], ids=["pending", "running"])
@pytest.mark.parametrize("character", [8, 9], ids=["pve8", "pve9"])
def test_the_exit_comes_up_in_pves_vrf(tmp_path: Path, character: int, *, is_pending: bool) -> None:
    with serving(tmp_path, "", character=character) as cluster:
        draw(cluster, PVE_EVPN)
        if not is_pending:
            world = world_of(cluster)
            follow(world, world.api.apply_sdn(), "cluster")
            assert plan_of(cluster).pending == ()
        cluster.write_sdn("pvesdn.cfg", EXIT)

        changes = plan_of(cluster)
        assert bool(changes.pending) is is_pending
        assert changes.pve.version == (None if is_pending else 1)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert report.commit is (Outcome.OK if is_pending else None)

        node = cluster.nodes["pve1"]
        assert "iface eno2\n" in (node.read(OURS) or "")
        assert "iface vrf_theirs\n\tvrf-table auto\n" in (node.read(OURS) or "")
        assert "iface vrf_theirs\n" in (node.read(SDN) or "")
        for path in (LOCAL, FRR):
            assert "ip route 0.0.0.0/0 172.16.0.254 eno2" in (node.read(path) or "")
        assert cluster.nodes["pve2"].read(OURS) is None
        assert plan_of(cluster).is_empty


def test_an_exit_that_goes_leaves_pves_zone_as_it_was(tmp_path: Path) -> None:
    with serving(tmp_path, "") as cluster:
        draw(cluster, PVE_EVPN)
        assert apply_to(cluster).is_good
        node = cluster.nodes["pve1"]
        before = {path: node.read(path) for path in (SDN, FRR)}
        cluster.write_sdn("pvesdn.cfg", EXIT)
        assert apply_to(cluster).is_good
        cluster.write_sdn("pvesdn.cfg", "")
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert node.read(OURS) is None
        assert "vrf_theirs" in node.links()
        assert (node.read(SDN), node.read(FRR)) == (before[SDN], before[FRR])
        assert plan_of(cluster).is_empty
