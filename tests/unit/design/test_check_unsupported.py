"""What is newer than the generator that pvesdn knows is named once, and left alone where it acts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Severity
from tests.unit.design.network import PROXMOX, PVE_EVPN, UNICAST, cluster, design, facts, findings, given

WIREGUARD = (
    "wireguard_fabric: wg\n\tip_prefix 10.9.0.0/24\n\nwireguard_node: wg_node2\n\tip 10.9.0.2\n\trole internal\n"
)
LAN = {"zones.cfg": "simple: lan\n\n", "vnets.cfg": "vnet: office\n\tzone lan\n\n"}


def notes(network: DesignInput) -> list[str]:
    return findings(network, Severity.NOTE)


def levels(*versions: str, pve: str = "9.1.5", **files: str) -> DesignInput:
    """Nodes whose generator has these versions; an empty one was not asked for."""
    nodes = {
        f"node{number}": facts(
            f"node{number}",
            f"192.168.0.{number}/24",
            versions={**PROXMOX, **({"libpve-network-perl": version} if version else {})},
        )
        for number, version in enumerate(versions, 1)
    }
    network = given("", nodes=len(versions), pve={f"{name}.cfg": text for name, text in files.items()}, instead=nodes)
    return replace(network, cluster=cluster(*nodes, pve_version=pve))


def test_one_line_names_the_thing_the_zones_and_the_nodes() -> None:
    pve = {**LAN, "zones.cfg": "simple: lan\n\nvxlan: tun\n\tfabric wg\n\tnodes node2\n\n", "fabrics.cfg": WIREGUARD}
    assert notes(given("", pve=pve)) == [
        (
            "PVE's SDN: newer than what pvesdn renders: fabric 'wg' of type wireguard (fabrics.cfg:1); "
            "left to PVE: zones tun, all that PVE writes on node2, including zones lan there"
        )
    ]


def test_several_newer_things_are_one_line_still() -> None:
    controller = PVE_EVPN["controllers.cfg"].rstrip() + "\n\tbgp-mode external\n"
    pve = {
        **PVE_EVPN,
        "controllers.cfg": controller,
        "fabrics.cfg": WIREGUARD,
        "route-maps.cfg": "route-map-entry: m_1\n",
    }
    (line,) = notes(given("", pve=pve))
    for part in ("fabric 'wg'", "controller 'evpnctl' with bgp-mode", "route-map 'm_1'", "zones theirs"):
        assert part in line
    assert "all that PVE writes on node1, node2, node3" in line


def test_what_reaches_nobody_says_so() -> None:
    (line,) = notes(given("", pve={"prefix-lists.cfg": "prefix-list: only\n"}))
    assert line.endswith("prefix-list 'only' (prefix-lists.cfg:1); left to PVE: no zone and no node")


def test_nothing_of_pves_is_rendered_where_it_acts_and_everything_elsewhere() -> None:
    network = given("", pve={**LAN, "fabrics.cfg": WIREGUARD.replace("wireguard", "bgp")})
    assert design(network, "node2").sdn is None
    controller = PVE_EVPN["controllers.cfg"].rstrip() + "\n\tnodes node2\n"
    network = given("", pve={**PVE_EVPN, "controllers.cfg": controller, "zones.cfg": "simple: theirs\n\n"})
    assert (design(network, "node2").sdn, design(network, "node2").pve_frr) == (None, None)
    assert design(network, "node1").sdn is not None


def test_our_own_zones_are_built_beside_it() -> None:
    network = given(UNICAST, pve={"fabrics.cfg": WIREGUARD})
    assert design(network, "node2").interfaces is not None
    assert findings(network) == []


def test_an_as_number_of_a_controller_elsewhere_is_no_conflict() -> None:
    cfg = "evpn-controller: main\n\tasn 1234\n\nevpn: l2\n\tcontroller main\n\tirb none\n\tnodes node1\n\n"
    there = PVE_EVPN["controllers.cfg"].rstrip() + "\n\tnodes {}\n"
    assert findings(given(cfg, pve={"controllers.cfg": there.format("node2")})) == []
    assert findings(given(cfg, pve={"controllers.cfg": there.format("node1,node2")})) != []


@pytest.mark.parametrize("versions", [("1.3.0", "1.2.5", ""), ("1.3.7~x",), ("1:1.3.0",), ("",)])
def test_a_level_that_is_known_needs_no_word(versions: tuple[str, ...]) -> None:
    assert notes(levels(*versions)) == []


def test_nodes_with_a_newer_generator_are_named_in_one_line() -> None:
    assert notes(levels("1.6.5", "1.3.0", "2.0.0")) == [
        (
            "PVE's SDN: libpve-network-perl is newer than 1.3 on node1 (1.6.5), node3 (2.0.0), and its rules are not known; "
            "what PVE writes for its own zones there may differ from what pvesdn expects"
        )
    ]


def test_where_the_package_was_not_asked_the_api_tells() -> None:
    (line,) = notes(levels("", "1.3.0", pve="9.2.11"))
    assert "newer than 1.3 on node1 (PVE 9.2.11)," in line


def test_pve_8_has_another_frr_conf_and_the_plan_says_so_where_pve_writes_one() -> None:
    files = {name.removesuffix(".cfg"): text for name, text in PVE_EVPN.items()}
    network = levels("0.11.3", pve="8.4.1", **files)
    (line,) = notes(network)
    assert "older than 1.0 on node1 (0.11.3), where frr.conf says 'frr version 8.5.2'" in line
    written = design(network).pve_frr
    assert written is not None
    assert written.version == "8.5.2"
    assert notes(levels("0.11.3", pve="8.4.1")) == []


def test_a_cluster_without_pves_sdn_has_no_level() -> None:
    network = levels("1.6.5")
    assert notes(replace(network, cluster=network.cluster.model_copy(update={"has_sdn": False}))) == []
