"""An L3VNI's bridge gets another MAC while it is up: zebra of the other nodes loses the next hop over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.model.report import Standing
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.evpn_routes import next_hops
from tests.cluster.kit import EVPN, apply_to, errors, plan_of, serving
from tests.cluster.standing import stand
from tests.cluster.test_verify import verified

BRIDGE, BY_HAND, OURS = "vrfbr_sym", "02:00:00:00:00:77", "02:00:c0:a8:00:02"


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[SimulatedCluster]:
    """A symmetric zone, and on pve2 somebody has changed its router MAC."""
    with serving(tmp_path, EVPN) as made:
        stand(made)
        assert known_of_pve2(made) == {"pve1": OURS, "pve3": OURS}
        made.nodes["pve2"].run("ip", "link", "set", "dev", BRIDGE, "address", BY_HAND)
        yield made


def known_of_pve2(cluster: SimulatedCluster) -> dict[str, str]:
    """The router MAC of pve2 that each of the others uses; who has none is absent."""
    hops = {name: next_hops(cluster.nodes[name].root)["4000"].get("192.168.0.2") for name in ("pve1", "pve3")}
    return {name: hop["routerMac"] for name, hop in hops.items() if hop}


def announce(cluster: SimulatedCluster) -> None:
    for state in ("down", "up"):
        assert cluster.nodes["pve2"].run("ip", "link", "set", "dev", BRIDGE, state).returncode == 0


def test_others_lose_a_router_mac_that_changes_and_learn_one_that_is_withdrawn_first(cluster: SimulatedCluster) -> None:
    assert known_of_pve2(cluster) == {}
    announce(cluster)
    assert known_of_pve2(cluster) == {"pve1": BY_HAND, "pve3": BY_HAND}


def test_an_apply_that_changes_a_router_mac_has_the_others_learn_it(cluster: SimulatedCluster) -> None:
    report = apply_to(cluster)
    assert report.is_good, errors(report)
    assert known_of_pve2(cluster) == {"pve1": OURS, "pve3": OURS}
    assert plan_of(cluster).is_empty
    assert verified(cluster).discrepancies == ()


def test_an_apply_that_is_undone_has_the_others_learn_the_router_mac_of_before(cluster: SimulatedCluster) -> None:
    announce(cluster)
    cluster.write_sdn("pvesdn.cfg", EVPN.replace("tag 3", "tag 30"))
    cluster.nodes["pve3"].break_command("ifreload", times=1)
    report = apply_to(cluster)
    assert not report.is_good
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}, errors(report)
    assert cluster.nodes["pve2"].links()[BRIDGE]["address"] == BY_HAND
    assert known_of_pve2(cluster) == {"pve1": BY_HAND, "pve3": BY_HAND}


def test_a_bridge_whose_mac_stays_is_not_touched(tmp_path: Path) -> None:
    with serving(tmp_path, EVPN) as cluster:
        stand(cluster)
        for node in cluster.nodes.values():
            node.forget_commands()
        cluster.write_sdn("pvesdn.cfg", EVPN.replace("tag 3", "tag 30"))
        assert apply_to(cluster).is_good
        for node in cluster.nodes.values():
            assert not [argv for argv in node.commands() if argv[-1] == "down"]
