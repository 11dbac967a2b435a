"""Gateways and moves of carried VNets that PVE's own Apply brings alone, to a VNet that has its uplink already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import plan_of, serving
from tests.cluster.test_carried import (
    SYMMETRIC,
    TWO_ZONES,
    agree,
    failed,
    links,
    panel,
    press_apply,
    status_of,
    verified,
)
from tests.cluster.test_former import Shell

ASYMMETRIC = SYMMETRIC.replace("\tirb symmetric\n\tvrf-vxlan 4000\n", "\tirb asymmetric\n")
IN_MAIN = ASYMMETRIC.replace("\tirb asymmetric\n", "\tirb asymmetric\n\tvrf main\n")
HINT = "; run pvesdn apply; PVE's own Apply does not carry VNets"
LEAKED = f"the gateway of db is in the host's own table on pve1, pve2, pve3{HINT}"
OWN_MACS = f"the gateway of db is without the MAC that all nodes share on pve1, pve2, pve3{HINT}"
ELSEWHERE = f"db is still in the network of zone 'prod' on pve1, pve2, pve3{HINT}"
AND_LEAKED = ELSEWHERE.replace(HINT, f", and the gateway of db is in the host's own table{HINT}")
AND_IN_VRF = AND_LEAKED.replace("the host's own table", "the VRF of another zone")


@pytest.fixture
def ours(request: pytest.FixtureRequest) -> str:
    text: str = getattr(request, "param", SYMMETRIC)
    return text


@pytest.fixture
def cluster(tmp_path: Path, ours: str) -> Iterator[SimulatedCluster]:
    """VNet `db` without a gateway is applied, with a guest on pve2; zone `lab` is empty."""
    with serving(tmp_path, ours) as made:
        for zone in ("lan", "lab"):
            panel(made, "create", "zones", zone=zone, type="simple", mtu="1450", ipam="pve")
        panel(made, "create", "vnets", vnet="db", zone="lan")
        agree(made)
        made.plug_guest("pve2", "db", 101)
        yield made


def give_a_gateway(cluster: SimulatedCluster) -> None:
    panel(cluster, "create", "vnets/db/subnets", subnet="10.0.3.0/24", gateway="10.0.3.1", type="subnet")


def warned(cluster: SimulatedCluster) -> list[str]:
    """What a plan says of VNets that PVE alone has applied."""
    return [str(found).split(": ", 2)[2] for found in plan_of(cluster).findings if HINT in str(found)]


def told(cluster: SimulatedCluster) -> list[str]:
    """What verify says of the same on pve2."""
    return [
        f"{item.object} {item.trait}: {item.found}; expected {item.expected}; {item.step}"
        for item in verified(cluster)
        if (item.node, item.object) == ("pve2", "db")
    ]


def is_mended(cluster: SimulatedCluster) -> None:
    agree(cluster)
    assert (warned(cluster), failed(cluster), status_of(cluster).uncarried) == ([], [], ())


@pytest.mark.parametrize("ours", [SYMMETRIC, ASYMMETRIC], indirect=True, ids=["symmetric", "asymmetric"])
def test_a_first_gateway_that_the_button_brings_is_told_to_be_in_the_hosts_table(
    cluster: SimulatedCluster, tmp_path: Path
) -> None:
    give_a_gateway(cluster)
    press_apply(cluster)
    assert links(cluster).links["db"]["master"] is None
    assert warned(cluster) == [LEAKED]
    assert LEAKED in " ".join(Shell(cluster, tmp_path).run("pvesdn show").err.split())
    assert told(cluster) == [
        "db gateway: in the host's own table; guests are plugged in: tap101i0; expected in vrf_prod; pvesdn apply"
    ]
    assert status_of(cluster).uncarried == ("db",)
    is_mended(cluster)
    assert links(cluster).links["db"]["master"] == "vrf_prod"


@pytest.mark.parametrize("ours", [IN_MAIN], indirect=True, ids=["vrf main"])
def test_a_first_gateway_that_the_button_brings_is_told_to_have_another_mac_on_each_node(
    cluster: SimulatedCluster,
) -> None:
    give_a_gateway(cluster)
    press_apply(cluster)
    assert len({links(cluster, node).links["db"]["address"] for node in cluster.nodes}) == len(cluster.nodes)
    assert warned(cluster) == [OWN_MACS]
    (line,) = told(cluster)
    assert line.startswith("db gateway: without the MAC that all nodes share; guests are plugged in: tap101i0; ")
    assert line.endswith("; expected with the MAC 06:2c:c2:8c:c6:7b; pvesdn apply")
    assert status_of(cluster).uncarried == ("db",)
    is_mended(cluster)


@pytest.mark.parametrize("ours", [SYMMETRIC, IN_MAIN], indirect=True, ids=["VRF", "vrf main"])
def test_a_gateway_that_nobody_has_committed_is_nowhere_and_not_told(cluster: SimulatedCluster) -> None:
    give_a_gateway(cluster)
    assert (warned(cluster), told(cluster), status_of(cluster).uncarried) == ([], [], ())


@pytest.mark.parametrize("is_in_main", [True, False])
def test_a_gateway_that_was_applied_before_our_definitions_changed_is_carried(
    cluster: SimulatedCluster, *, is_in_main: bool
) -> None:
    give_a_gateway(cluster)
    agree(cluster)
    edited = IN_MAIN if is_in_main else SYMMETRIC.replace("\tirb", "\tmac 02:00:00:00:00:07\n\tirb")
    cluster.write_sdn("pvesdn.cfg", edited)
    assert (warned(cluster), told(cluster)) == ([], [])
    is_mended(cluster)


@pytest.mark.parametrize("is_routed", [True, False])
@pytest.mark.parametrize(
    "ours",
    [TWO_ZONES[: TWO_ZONES.index("exit:")] + TWO_ZONES[TWO_ZONES.index("evpn: dev") :]],
    indirect=True,
    ids=["two zones"],
)
def test_a_vnet_that_the_button_moves_is_told_to_be_in_the_network_that_it_left(
    cluster: SimulatedCluster, *, is_routed: bool
) -> None:
    panel(cluster, "set", "vnets/db", zone="lab")
    if is_routed:
        give_a_gateway(cluster)
    assert (warned(cluster), told(cluster), status_of(cluster).uncarried) == ([], [], ())
    press_apply(cluster)
    assert links(cluster).links["vxlan_db"]["info"]["id"] == 10000
    assert warned(cluster) == [AND_LEAKED if is_routed else ELSEWHERE]
    gateway = "; its gateway is in the host's own table" if is_routed else ""
    (line,) = told(cluster)
    assert line.startswith(f"db network: that of zone 'prod'{gateway}; guests are plugged in: tap101i0; expected that ")
    assert line.endswith("pvesdn plan tells what has to become of its guests first; then pvesdn apply")
    assert status_of(cluster).uncarried == ("db",)
    cluster.nodes["pve2"].run("ip", "link", "delete", "tap101i0")
    is_mended(cluster)


@pytest.mark.parametrize("ours", [TWO_ZONES], indirect=True, ids=["two zones"])
def test_a_gateway_that_stays_in_the_vrf_of_the_zone_that_its_vnet_left_is_told(cluster: SimulatedCluster) -> None:
    give_a_gateway(cluster)
    agree(cluster)
    panel(cluster, "delete", "vnets/db/subnets/lan-10.0.3.0-24")
    panel(cluster, "set", "vnets/db", zone="lab")
    give_a_gateway(cluster)
    press_apply(cluster)
    assert links(cluster).links["db"]["master"] == "vrf_prod"
    assert warned(cluster) == [AND_IN_VRF]
    assert told(cluster)[0].startswith("db network: that of zone 'prod'; its gateway is in vrf_prod; guests")
