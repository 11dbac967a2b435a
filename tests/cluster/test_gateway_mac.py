"""ifupdown2 takes a device that is up down to give it a MAC, and IPv6 addresses go with it: of a gateway that gets
another MAC, and of one that is new and in its VRF already. And what is told of a gateway that is carried.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.compare.consequences import consequences
from pvesdn.compare.order import common_causes
from pvesdn.compare.parting import parting_findings
from pvesdn.model.consequences import Effect
from pvesdn.model.order import Cause
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import read_json, write_json
from tests.cluster.kit import EVPN, apply_in, apply_to, draw, errors, plan_of, serving, world_of
from tests.cluster.test_carried import panel, press_apply

PLAIN = "3.0.0-1.1"
"""The build of ifupdown2 that was seen to do it to new bridges."""
IPV6_GATEWAY = EVPN[: EVPN.index("exit: ")] + "subnet: sym-2001:db8:2::-64\n\tvnet web\n\tgateway 2001:db8:2::1\n"
CARRYING = """evpn-controller: main
\tasn 1234

evpn: prod
\tcontroller main
\tirb asymmetric
\tvrf main
\tcarries lan
\tvni-range 10000-10999
"""


@pytest.mark.parametrize("is_rehearsed", [False, True], ids=["ours alone", "with PVE's pending"])
def test_a_live_gateway_that_gets_another_mac_has_its_ipv6_address_afterwards(
    tmp_path: Path, *, is_rehearsed: bool
) -> None:
    with serving(tmp_path, IPV6_GATEWAY) as cluster:
        assert apply_to(cluster).is_good
        cluster.write_sdn("pvesdn.cfg", IPV6_GATEWAY.replace("4000\n", "4000\n\tmac 02:00:00:00:00:09\n"))
        if is_rehearsed:
            draw(cluster)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        web = cluster.nodes["pve2"].links()["web"]
        assert web["address"] == "02:00:00:00:00:09"
        assert web["addresses"] == ["10.0.2.254/24", "2001:db8:2::1/64"]
        assert plan_of(cluster).is_empty


@pytest.mark.parametrize("way", ["api", "changed"])
def test_a_gateway_that_is_new_in_a_vrf_has_its_ipv6_address(tmp_path: Path, way: str) -> None:
    with serving(tmp_path) as cluster:
        for node in cluster.nodes.values():
            write_json(node.root, "versions", {**read_json(node.root, "versions", {}), "ifupdown2": PLAIN})
        assert apply_to(cluster).is_good
        more = (
            "\nvnet: more\n\tzone sym\n\ttag 7\n\nsubnet: sym-2001:db8:7::-64\n\tvnet more\n\tgateway 2001:db8:7::1\n"
        )
        cluster.write_sdn("pvesdn.cfg", EVPN + more)
        report = apply_in(replace(world_of(cluster), reloads_changed=way == "changed"))
        assert report.is_good, errors(report)
        assert [node.links()["more"]["addresses"] for node in cluster.nodes.values()] == [["2001:db8:7::1/64"]] * 3
        assert plan_of(cluster).is_empty


def drawn(cluster: SimulatedCluster, *networks: str) -> None:
    """A zone with one VNet in PVE's panel, and in it subnets whose gateway is their first address."""
    panel(cluster, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve")
    panel(cluster, "create", "vnets", vnet="db", zone="lan")
    for network in networks:
        with_gateway(cluster, network)


def with_gateway(cluster: SimulatedCluster, network: str) -> None:
    first = f"{network.partition('/')[0].removesuffix('0')}1"
    panel(cluster, "create", "vnets/db/subnets", subnet=network, gateway=first, type="subnet")


def holds(cluster: SimulatedCluster, *addresses: str) -> None:
    """An apply, after which each node has these addresses on the carried bridge."""
    report = apply_to(cluster)
    assert report.is_good, errors(report)
    assert [node.links()["db"]["addresses"] for node in cluster.nodes.values()] == [[*addresses]] * 3
    assert not plan_of(cluster).has_work


def test_a_carried_vnet_that_is_live_has_the_ipv6_gateway_that_is_drawn_later(tmp_path: Path) -> None:
    with serving(tmp_path, CARRYING) as cluster:
        drawn(cluster)
        holds(cluster)
        with_gateway(cluster, "fd00:3::/64")
        holds(cluster, "fd00:3::1/64")


@pytest.mark.parametrize("is_rehearsed", [False, True], ids=["ours alone", "with PVE's pending"])
def test_a_carried_gateway_that_gets_another_mac_has_its_ipv6_address_afterwards(
    tmp_path: Path, *, is_rehearsed: bool
) -> None:
    with serving(tmp_path, CARRYING) as cluster:
        drawn(cluster, "fd00:3::/64")
        holds(cluster, "fd00:3::1/64")
        cluster.write_sdn("pvesdn.cfg", f"{CARRYING}\tmac 02:00:00:00:00:09\n")
        if is_rehearsed:
            panel(cluster, "create", "vnets", vnet="web", zone="lan")
        holds(cluster, "fd00:3::1/64")
        assert cluster.nodes["pve2"].links()["db"]["address"] == "02:00:00:00:00:09"


@pytest.mark.parametrize("irb", ["asymmetric\n\tvrf main", "symmetric\n\tvrf-vxlan 4000"], ids=["host's", "VRF"])
def test_a_gateway_that_pve_has_made_has_its_ipv6_address_when_it_is_carried(tmp_path: Path, irb: str) -> None:
    with serving(tmp_path, CARRYING.replace("asymmetric\n\tvrf main", irb)) as cluster:
        drawn(cluster, "fd00:3::/64")
        press_apply(cluster)
        assert cluster.nodes["pve2"].links()["db"]["addresses"] == ["fd00:3::1/64"]
        holds(cluster, "fd00:3::1/64")


@pytest.mark.parametrize(
    ("old", "new", "effect", "order"),
    [
        ("symmetric\n", "symmetric\n\tmac 02:00:00:00:00:09\n", Effect.GATEWAY_MAC_MOVED, (Cause.MAC,)),
        ("symmetric\n\tvrf-vxlan 4000\n", "asymmetric\n\tvrf main\n", Effect.VRF_CHANGED, ()),
    ],
    ids=["MAC", "VRF"],
)
def test_what_changes_of_a_carried_gateway_is_told_with_its_guests_and_has_its_order(
    tmp_path: Path, old: str, new: str, effect: Effect, order: tuple[Cause, ...]
) -> None:
    symmetric = CARRYING.replace("asymmetric\n\tvrf main\n", "symmetric\n\tvrf-vxlan 4000\n")
    with serving(tmp_path, symmetric) as cluster:
        drawn(cluster, "10.0.3.0/24")
        holds(cluster, "10.0.3.1/24")
        cluster.plug_guest("pve2", "db", 100)
        cluster.write_sdn("pvesdn.cfg", symmetric.replace(old, new))
        changes = plan_of(cluster)
        (told,) = (one for one in consequences(changes.nodes) if one.effect is effect)
        assert (told.nodes, told.objects, [one.guest for one in told.guests]) == (
            ("pve1", "pve2", "pve3"),
            ("db",),
            [100],
        )
        assert common_causes(changes) == order
        said = [finding.what for finding in parting_findings(changes, frozenset({"pve1"}))]
        told_apart = [what for what in said if f"the {Cause.MAC} changes here, while pve2, pve3 still have" in what]
        assert len(told_apart) == len(order)
