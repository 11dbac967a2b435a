"""An exit whose zone gets another name, or that goes from one zone to another: one apply, on the simulated cluster."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import ANOTHER_ZONE, EVPN, apply_to, errors, plan_of, serving
from tests.cluster.standing import stand
from tests.cluster.test_exit_in_pves_zone import EXIT
from tests.cluster.test_frr_changes_hands import PVE_EVPN

OURS = "/etc/network/interfaces.d/pvesdn"
TWO_ZONES = f"{EVPN}\n{ANOTHER_ZONE}"


def uplink(cluster: SimulatedCluster) -> tuple[object, object]:
    """VRF and addresses of pve1's uplink."""
    link = cluster.nodes["pve1"].links()["eno2"]
    return link["master"], link["addresses"]


@pytest.mark.parametrize("character", [7, 9], ids=["pve7", "pve9"])
def test_a_zone_with_exits_is_renamed_by_one_apply(tmp_path: Path, character: int) -> None:
    with serving(tmp_path, character=character) as cluster:
        stand(cluster)
        assert uplink(cluster) == ("vrf_sym", ["172.16.0.1/24"])
        cluster.write_sdn("pvesdn.cfg", re.sub(r"\bsym\b", "blue", EVPN))
        (obstacles,) = {node.obstacles for node in plan_of(cluster).nodes}
        assert obstacles == ()
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert uplink(cluster) == ("vrf_blue", ["172.16.0.1/24"])
        assert not {"vrf_sym", "vrfbr_sym", "vrfvx_sym"} & cluster.nodes["pve1"].links().keys()
        assert "vrf_sym" not in (cluster.nodes["pve1"].read("/etc/frr/frr.conf") or "")
        assert ("ifdown", "-i", str(cluster.nodes["pve1"].path(OURS)), "eno2") in cluster.nodes["pve1"].commands()
        assert plan_of(cluster).is_empty


def test_an_exit_moves_from_one_zone_to_another_by_one_apply(tmp_path: Path) -> None:
    with serving(tmp_path, TWO_ZONES) as cluster:
        stand(cluster)
        cluster.write_sdn("pvesdn.cfg", TWO_ZONES.replace("exit: sym-pve1\n\tzone sym", "exit: pve1\n\tzone other"))
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert uplink(cluster) == ("vrf_other", ["172.16.0.1/24"])
        assert "vrf_sym" in cluster.nodes["pve1"].links()
        assert plan_of(cluster).is_empty


def test_an_interface_of_a_vrf_made_by_hand_still_stops_the_apply(tmp_path: Path) -> None:
    with serving(tmp_path, "") as cluster:
        node = cluster.nodes["pve1"]
        own = node.read("/etc/network/interfaces") or ""
        by_hand = "\nauto vrf_hand\niface vrf_hand\n\tvrf-table auto\n\nauto eno2\niface eno2\n\tvrf vrf_hand\n"
        node.write("/etc/network/interfaces", own + by_hand)
        node.run("ifreload", "-a")
        cluster.write_sdn("pvesdn.cfg", EVPN)
        found = [str(finding) for node in plan_of(cluster).nodes for finding in node.obstacles]
        assert any("belongs to vrf_hand; take it out of vrf_hand first" in line for line in found)


def test_a_zone_of_pve_is_renamed_with_its_exit_by_one_apply(tmp_path: Path) -> None:
    with serving(tmp_path, "") as cluster:
        for name, text in {**PVE_EVPN, "pvesdn.cfg": EXIT}.items():
            cluster.write_sdn(name, text)
        assert apply_to(cluster).is_good
        assert uplink(cluster) == ("vrf_theirs", ["172.16.0.1/24"])
        for name, text in {**PVE_EVPN, "pvesdn.cfg": EXIT}.items():
            cluster.write_sdn(name, text.replace("theirs", "blue"))
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert uplink(cluster) == ("vrf_blue", ["172.16.0.1/24"])
        assert plan_of(cluster).is_empty
