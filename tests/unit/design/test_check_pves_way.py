"""PVE's zones without a way to the other nodes: PVE leaves their VNets out, so it is a warning."""

from __future__ import annotations

import pytest

from pvesdn.model.findings import Severity
from tests.unit.design.network import PVE_EVPN, UNDERLAY, evpn_zone, findings, given

FABRIC = "ospf_fabric: lab\n\tarea 0\n\tip_prefix 172.20.30.0/24\n\n" + "".join(
    f"ospf_node: lab_node{number}\n\tip 172.20.30.{number}\n\n" for number in (1, 2)
)
SIX = "openfabric_fabric: six\n\tip6_prefix fd00::/64\n\nopenfabric_node: six_node1\n\tip6 fd00::1\n\n"
WIREGUARD = "wireguard_fabric: wg\n\tip_prefix 10.8.0.0/24\n\n"
BGP = "bgp: b1\n\tasn 65000\n\tnode node1\n\tpeers 10.0.0.1\n\n"
ISIS = "isis: is1\n\tisis-domain d\n\tisis-ifaces eno2\n\tisis-net 49.0001.0001.0001.0001.00\n\tnode node1\n\n"
LEFT_OUT = "PVE leaves this zone's VNets out"
MISSING = f"{LEFT_OUT} there; add the node to the fabric, or name the zone's nodes"


def warnings(zone: str, **files: str) -> list[str]:
    pve = {"zones.cfg": zone, **{name.replace("_cfg", ".cfg"): text for name, text in files.items()}}
    return findings(given(UNDERLAY, pve=pve), Severity.WARNING)


@pytest.mark.parametrize(
    ("zone", "finding"),
    [
        ("vxlan: tun\n\tfabric gone\n", f"fabric 'gone' does not exist; {LEFT_OUT}; define it in PVE"),
        ("vxlan: tun\n\tfabric lab\n", f"fabric 'lab' has no node with an IPv4 address for node3; {MISSING}"),
        ("vxlan: tun\n\tfabric six\n\tnodes node1\n", f"fabric 'six' has no node with an IPv4 address for node1; {MISSING}"),
        ("evpn: tun\n\tvrf-vxlan 9\n\tcontroller over\n",
         f"fabric 'lab' has no node with an IPv4 address for node3; {MISSING}"),
        ("evpn: tun\n\tvrf-vxlan 9\n\tcontroller gone\n", f"controller 'gone' does not exist; {LEFT_OUT}; define it in PVE"),
        ("evpn: tun\n\tvrf-vxlan 9\n\tcontroller b1\n", f"controller 'b1' is of type bgp; {LEFT_OUT}; name a controller for EVPN"),
        ("evpn: tun\n\tvrf-vxlan 9\n\tcontroller is1\n", f"controller 'is1' is of type isis; {LEFT_OUT}; name a controller for EVPN"),
    ],
)  # fmt: skip
def test_a_way_that_is_missing_is_said(zone: str, finding: str) -> None:
    controllers = f"evpn: over\n\tasn 65000\n\tfabric lab\n\n{BGP}{ISIS}"
    found = warnings(zone, fabrics_cfg=FABRIC + SIX, controllers_cfg=controllers)
    line = 1 + next(n for n, line in enumerate(zone.splitlines()) if line.startswith(("\tfabric", "\tcontroller")))
    assert found == [f"zones.cfg:{line}: zone 'tun': {finding}"]


@pytest.mark.parametrize(
    "zone",
    ["vxlan: tun\n\tfabric lab\n\tnodes node1,node2\n", "vxlan: tun\n\tfabric wg\n", "vxlan: tun\n\tpeers 10.0.0.1\n"],
)
def test_a_way_that_is_there_or_is_left_to_pve_is_not_spoken_of(zone: str) -> None:
    assert warnings(zone, fabrics_cfg=FABRIC + WIREGUARD) == []


@pytest.mark.parametrize(
    ("zone", "kind"),
    [
        ("vxlan: tun\n\tpeers 10.0.0.1\n", "vxlan"),
        ("evpn: tun\n\tvrf-vxlan 9\n\tcontroller over\n", "evpn"),
        ("vlan: tun\n\tbridge vmbr0\n\tnodes node1\n", "vlan"),
    ],
)
def test_a_vnet_without_the_tag_that_its_zone_wants_is_left_out_by_pve(zone: str, kind: str) -> None:
    controllers = "evpn: over\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n"
    found = warnings(zone, vnets_cfg="vnet: bare\n\tzone tun\n", controllers_cfg=controllers)
    what = f"vnets.cfg:1: vnet 'bare': has no tag, and zone 'tun' is of type {kind}"
    assert found == [f"{what}; give it one in PVE; until then it is left out"]


@pytest.mark.parametrize(("controllers", "kind"), [(BGP, "bgp"), (ISIS, "isis")])
def test_a_zone_of_ours_needs_a_controller_for_evpn(controllers: str, kind: str) -> None:
    name = "b1" if kind == "bgp" else "is1"
    zone = evpn_zone("symmetric", "vrf-vxlan 4000").replace("controller main", f"controller {name}")
    found = findings(given(zone, pve={"controllers.cfg": controllers}))
    assert any(f"controller '{name}' is of type {kind}; name a controller for EVPN" in finding for finding in found)


def test_a_zone_of_ours_peers_with_the_nodes_of_pves_fabric() -> None:
    zone = evpn_zone("symmetric", "vrf-vxlan 4000").replace("controller main", "controller over")
    pve = {"controllers.cfg": "evpn: over\n\tasn 1234\n\tfabric lab\n\n", "fabrics.cfg": FABRIC}
    (found,) = (r for r in findings(given(zone, pve=pve), Severity.WARNING) if "has no peer" in r)
    assert "PVE's controller 'over' has no peer for the VTEP of node1, node2, node3" in found


def test_the_number_of_a_bgp_controller_is_the_nodes() -> None:
    zone = evpn_zone("symmetric", "vrf-vxlan 4000")
    pve = PVE_EVPN | {"controllers.cfg": PVE_EVPN["controllers.cfg"].replace("65000", "1234") + BGP}
    (found,) = findings(given(zone, pve=pve))
    assert "asn 1234 differs from that of controller 'b1' (65000), and FRR runs one AS per node: node1" in found
