"""What a move changes on the wire is told, and what it does not change is not."""

from __future__ import annotations

import re
from ipaddress import ip_address

from pvesdn.model.files import Action
from pvesdn.model.own_sdn import EvpnZone, VxlanZone
from tests.unit.move.kit import EVPN, PEERS, VXLAN, drawn, move

WEB = "vnet: web\n\tzone {}\n\ttag 11\n\n"
SUBNET = "subnet: prod-10.1.0.0-24\n\tvnet web\n\tgateway 10.1.0.1\n\n"
ROUTER_MAC = (
    "node1, node2, node3: vrfbr_prod: router MAC the kernel's choice -> 02:00 and the four octets of the VTEP: routed"
    " flows between nodes pause until BGP has told the other nodes"
)


def wire(found: object) -> list[str]:
    return [str(finding) for finding in found.wire]  # type: ignore[attr-defined]


def test_a_plain_zone_whose_nodes_are_all_peers_changes_nothing_but_files() -> None:
    found = move(drawn(f"{VXLAN}\n", WEB.format("wide"), controllers=""), "wide")
    assert wire(found) == []
    assert found.plan is not None
    assert {stanza.action for node in found.plan.nodes for file in node.files for stanza in file.stanzas} == {
        Action.CHANGE
    }


def test_a_routed_zone_gets_router_macs_and_forwarding() -> None:
    found = wire(move(drawn(f"{EVPN}\tadvertise-subnets 1\n\n", WEB.format("prod"), SUBNET), "prod"))
    assert ROUTER_MAC in found
    assert any("kernel settings: " in line and "net.ipv4.ip_forward = 1" in line for line in found)


def test_every_attribute_of_pves_devices_is_carried() -> None:
    zone = (
        f"{EVPN}\tmtu 1400\n\tvxlan-port 4790\n\tnodes node1,node2\n\tdisable-arp-nd-suppression 1\n"
        "\tadvertise-subnets 1\n\n"
    )
    found = move(drawn(zone, "vnet: web\n\tzone prod\n\ttag 11\n\talias Web\n\n", SUBNET), "prod")
    assert not found.problems
    told = " ".join(wire(found))
    for word in ("MTU", "VNI", "UDP port", "gateway", "alias", "ARP", "learning", "remotes", "tunnel", "device"):
        assert not re.search(rf": {word}\b", told), word


def test_pves_default_mtu_is_written_down() -> None:
    (zone,) = move(drawn(f"{VXLAN}\n"), "wide").move.own.zones
    assert zone.mtu == 1450


def test_subnets_are_announced_as_before() -> None:
    (quiet,) = move(drawn(f"{EVPN}\n", WEB.format("prod"), SUBNET), "prod").move.own.zones
    (loud,) = move(drawn(f"{EVPN}\tadvertise-subnets 1\n\n", WEB.format("prod"), SUBNET), "prod").move.own.zones
    assert isinstance(quiet, EvpnZone)
    assert isinstance(loud, EvpnZone)
    assert (quiet.advertise_subnets, loud.advertise_subnets) == (False, True)


def test_a_zone_without_a_mac_gets_one_and_that_is_told() -> None:
    zone = "evpn: prod\n\tcontroller ctl\n\tvrf-vxlan 4000\n\n"
    found = move(drawn(zone, WEB.format("prod"), SUBNET), "prod")
    assert any("web: gateway MAC the kernel's choice -> 06:" in line for line in wire(found))
    assert any("has no mac" in str(finding) for finding in found.move.findings)


def test_a_node_that_is_no_peer_gets_a_tunnel_address_and_that_is_told() -> None:
    zone = "vxlan: wide\n\tpeers 192.168.0.1,192.168.0.2\n\n"
    found = wire(move(drawn(zone, WEB.format("wide"), controllers=""), "wide"))
    assert found == ["node3: vxlan_web: tunnel from the source of the route -> 192.168.0.3"]


def test_a_plain_zone_beside_evpn_is_kept_out_of_it() -> None:
    found = wire(move(drawn(f"{VXLAN}\n{EVPN}\n", WEB.format("wide")), "wide"))
    assert found == [
        (
            "node1, node2, node3: BGP: VNI 11 is kept out of EVPN: BGP removes the flood entries of a VNI that it withdraws;"
            " apply restores them within seconds"
        )
    ]


def test_imported_targets_beside_the_zones_own_are_told() -> None:
    found = wire(move(drawn(f"{EVPN}\trt-import 65000:4100\n\n", WEB.format("prod"), SUBNET), "prod"))
    assert any("route targets imported 65000:4100 -> 65000:4000, 65000:4100" in line for line in found)


def test_peers_keep_their_order_and_a_fabrics_members_become_peers() -> None:
    (zone,) = move(drawn("vxlan: wide\n\tpeers 192.168.0.3,192.168.0.1,192.168.0.2\n\n"), "wide").move.own.zones
    assert isinstance(zone, VxlanZone)
    assert zone.peers == tuple(map(ip_address, ("192.168.0.3", "192.168.0.1", "192.168.0.2")))
    fabrics = "ospf_fabric: lab\n\tarea 0\n\tip_prefix 10.9.0.0/24\n\n" + "".join(
        f"ospf_node: lab_node{n}\n\tip 10.9.0.{n}\n\tinterfaces name=eno1\n\n" for n in (1, 2, 3)
    )
    found = move(drawn("vxlan: wide\n\tfabric lab\n\n", WEB.format("wide"), controllers="", fabrics=fabrics), "wide")
    (zone,) = found.move.own.zones
    assert isinstance(zone, VxlanZone)
    assert zone.peers == tuple(map(ip_address, ("10.9.0.1", "10.9.0.2", "10.9.0.3")))
    assert any("becomes peers" in row.what for row in found.move.properties)


UNDERLAY = "evpn: ctl\n\tasn 65000\n\tpeers 172.20.0.1,172.20.0.2,172.20.0.3\n\n"
VTEPS = "vteps node1=172.20.0.1,node2=172.20.0.2,node3=172.20.0.3"


def test_where_pves_tunnels_begin_elsewhere_their_addresses_are_named() -> None:
    snapshot = drawn(f"{EVPN}\n", WEB.format("prod"), SUBNET, controllers=UNDERLAY, nodes="vtep-on-dummy")
    found = move(snapshot, "prod")
    assert f"underlay: cluster\n\t{VTEPS}\n" in found.files["pvesdn.cfg"]
    assert not found.problems
    assert not any("tunnel" in line for line in wire(found))


def test_tunnels_never_move_as_a_side_effect_and_the_hint_leads_to_a_move_that_passes() -> None:
    pve = (f"{EVPN}\n", WEB.format("prod"), SUBNET)
    own = "vxlan: flat\n\n"
    found = move(drawn(*pve, controllers=UNDERLAY, own=own, nodes="vtep-on-dummy"), "prod")
    assert found.problems == (
        (
            "pvesdn.cfg: the tunnels of node1, node2, node3 would begin at other addresses than PVE's; name PVE's in the"
            f" section underlay ({VTEPS}) and apply that first: it moves the tunnels of the zones that are there"
        ),
    )
    assert found.cut_over is None
    named = f"underlay: cluster\n\t{VTEPS}\n\n{own}"
    again = move(drawn(*pve, controllers=UNDERLAY, own=named, nodes="vtep-on-dummy"), "prod")
    assert not again.problems
    assert not any("tunnel" in line for line in wire(again))


def test_null_routes_of_other_exit_nodes_are_told() -> None:
    other = "evpn: far\n\tcontroller ctl\n\tvrf-vxlan 4001\n\tmac BC:24:11:00:00:02\n\texitnodes node1\n\n"
    found = move(drawn(f"{EVPN}\n{other}", WEB.format("prod"), SUBNET), "prod")
    assert any("exit nodes of far (node1) have null routes for 10.1.0.0/24" in str(r) for r in found.move.findings)


def test_host_bits_go_from_a_subnets_id() -> None:
    subnet = "subnet: prod-10.1.0.1-24\n\tvnet web\n\tgateway 10.1.0.1\n\n"
    found = move(drawn(f"{EVPN}\n", WEB.format("prod"), subnet), "prod")
    assert [subnet.id for subnet in found.move.own.subnets] == ["prod-10.1.0.0-24"]
    assert any("has host bits in its id" in str(finding) for finding in found.move.findings)
    assert f"peers {PEERS}" not in found.files["pvesdn.cfg"]
