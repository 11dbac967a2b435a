"""PVE's fabrics on one node: interfaces, OpenFabric, OSPF."""

from __future__ import annotations

import pytest

from pvesdn.design.pve.interfaces import design_sdn_file
from pvesdn.model.frr import (
    AccessList,
    OpenfabricInterface,
    OpenfabricRouter,
    OspfInterface,
    ProtocolMap,
    RouteMapEntry,
)
from pvesdn.model.pve_ifupdown import PveFabricInterface, PveVxlanPort
from tests.unit.design.pve_values import (
    bgp,
    controller,
    evpn,
    fabric,
    facts,
    frr,
    given,
    iface,
    isis,
    left_fabric,
    member,
    of_kind,
    stanzas,
    vnet,
    vxlan,
)

OWN = {"name": "eno2", "ip": "172.16.0.1/31", "ip6": "fd00:16::1/127", "hello_multiplier": 5}


def interfaces(*objects, node="node1"):
    file = design_sdn_file(given(*objects), node)
    assert file is not None
    return file.fabrics


# --- interfaces ------------------------------------------------------------------------------------------------------


def test_the_nodes_address_is_on_a_dummy_and_interfaces_have_their_own():
    assert interfaces(fabric("lab", member(1, OWN, ip6="fd00:20::1"))) == (
        PveFabricInterface("dummy_lab", "inet", "172.20.30.1/32", is_dummy=True),
        PveFabricInterface("dummy_lab", "inet6", "fd00:20::1/128", is_dummy=True),
        PveFabricInterface("eno2", "inet", "172.16.0.1/31"),
        PveFabricInterface("eno2", "inet6", "fd00:16::1/127"),
    )


@pytest.mark.parametrize(
    ("own", "family", "address"),
    [({}, "inet", "172.20.30.1/32"), ({"ip": None, "ip6": "fd00:20::1"}, "inet6", "fd00:20::1/128")],
)
def test_an_interface_without_address_borrows_the_nodes(own, family, address):
    found = interfaces(fabric("lab", member(1, "eno3", **own)))
    assert found[-1] == PveFabricInterface("eno3", family, address)


def test_fabrics_come_by_id_and_interfaces_in_their_order():
    found = interfaces(
        fabric("zz", member(1, "eno1", fabric=21)), fabric("aa", member(1, "eno4", "eno3")), left_fabric(nodes="node2")
    )
    assert [stanza.name for stanza in found] == ["dummy_aa", "eno4", "eno3", "dummy_zz", "eno1"]


def test_a_fabric_of_other_nodes_is_none_here():
    assert interfaces(fabric("lab", member(2, "eno2"))) == ()
    assert frr(fabric("lab", member(2, "eno2"))).access_lists == ()


# --- tunnels over a fabric -------------------------------------------------------------------------------------------


def test_a_vxlan_port_floods_to_the_other_nodes_in_the_order_of_their_addresses():
    lab = fabric("lab", member(1), member(2, ip="172.20.30.20"), member(3), member(4, ip=None, ip6="fd00::4"))
    port = of_kind(PveVxlanPort, stanzas(vxlan(peers="", fabric="lab"), vnet("web", "tunnel", 5), lab)["vxlan_web"])
    assert port.remotes == ("172.20.30.3", "172.20.30.20")
    assert port.is_order_free
    assert port.local is None


def test_a_list_of_peers_keeps_its_order_and_means_it():
    found = stanzas(vxlan(peers="192.168.0.3,192.168.0.2"), vnet("web", "tunnel", 5))
    port = of_kind(PveVxlanPort, found["vxlan_web"])
    assert (port.remotes, port.is_order_free) == (("192.168.0.3", "192.168.0.2"), False)


def test_an_evpn_tunnel_begins_at_the_nodes_address_in_the_fabric():
    found = stanzas(
        controller(peers="", fabric="lab"), evpn(), vnet("web", "prod", 5), fabric("lab", member(1)), bgp(loopback="lo")
    )
    assert {of_kind(PveVxlanPort, found[name]).local for name in ("vxlan_web", "vrfvx_prod")} == {"172.20.30.1"}


@pytest.mark.parametrize(
    "parts", [(), (fabric("lab", member(2)),), (fabric("lab", member(1, ip=None, ip6="fd00::1")),)]
)
def test_where_the_fabric_is_not_the_vnets_are_left_out(parts):
    zones = (vxlan(peers="", fabric="lab"), evpn(), controller(peers="", fabric="lab"))
    assert stanzas(*zones, vnet("web", "prod", 5), vnet("lan", "tunnel", 6), *parts) == {}


@pytest.mark.parametrize(
    ("own", "local"),
    [
        ((), "192.168.0.1"),
        ((bgp(loopback="dummy1"),), "10.0.0.1"),
        ((isis(loopback="dummy1"),), "10.0.0.1"),
        ((bgp(), isis(loopback="dummy1")), "10.0.0.1"),
        ((bgp(loopback="dummy9"), isis(loopback="dummy1")), "192.168.0.1"),
        ((bgp(loopback="dummy1", node="node2"),), "192.168.0.1"),
    ],
)
def test_the_tunnels_follow_a_loopback_further_than_the_sessions_do(own, local):
    nodes = (facts(stanzas=(iface("vmbr0", "192.168.0.1/24"), iface("dummy1", "10.0.0.1/32"))),)
    found = stanzas(controller(), evpn(), vnet("web", "prod", 5), *own, nodes=nodes)
    assert of_kind(PveVxlanPort, found["vxlan_web"]).local == local


# --- OpenFabric ------------------------------------------------------------------------------------------------------


def test_openfabric_speaks_both_families_on_the_dummy_and_the_interfaces():
    config = frr(
        fabric(
            "lab", member(1, OWN, "eno1", ip6="fd00:20::1"),
            ip6_prefix="fd00:20::/64", hello_interval=2, csnp_interval=20,
        )
    )  # fmt: skip
    both = ("ip", "ipv6")
    assert config.openfabric_routers == (OpenfabricRouter("lab", "49.0001.1720.2003.0001.00"),)
    assert config.openfabric_interfaces == (
        OpenfabricInterface("dummy_lab", "lab", both, is_passive=True),
        OpenfabricInterface("eno1", "lab", both, hello_interval=2, csnp_interval=20),
        OpenfabricInterface("eno2", "lab", both, hello_interval=2, hello_multiplier=5, csnp_interval=20),
    )
    assert config.access_lists == (
        AccessList("ipv6 access-list", "pve_openfabric_lab_ip6s", "fd00:20::/64"),
        AccessList("access-list", "pve_openfabric_lab_ips", "172.20.30.0/24"),
    )
    assert config.route_maps == (
        RouteMapEntry(
            "pve_openfabric", "permit", 100, ("match ip address pve_openfabric_lab_ips",), ("set src 172.20.30.1",)
        ),
        RouteMapEntry(
            "pve_openfabric6", "permit", 110, ("match ipv6 address pve_openfabric_lab_ip6s",), ("set src fd00:20::1",)
        ),
    )
    assert config.protocol_maps == (
        ProtocolMap("ip", "openfabric", "pve_openfabric"),
        ProtocolMap("ipv6", "openfabric", "pve_openfabric6"),
    )


@pytest.mark.parametrize(
    ("own", "system"),
    [
        ({"ip": "172.20.3.1"}, "1720.2000.3001"),
        ({"ip": "10.0.0.255"}, "0100.0000.0255"),
        ({"ip": None, "ip6": "2001:db8::1:2"}, "0000.0001.0002"),
    ],
)
def test_a_system_id_is_made_of_the_nodes_address(own, system):
    (router,) = frr(fabric("lab", member(1, **own))).openfabric_routers
    assert router.net == f"49.0001.{system}.00"


def test_all_openfabric_fabrics_of_a_node_have_one_name_for_it_and_one_count():
    config = frr(
        fabric("bb", member(1, fabric=21)), fabric("aa", member(1, ip=None, ip6="fd00::7")),
        fabric("cc", member(1, fabric=22), protocol="ospf"),
    )  # fmt: skip
    assert {router.net for router in config.openfabric_routers} == {"49.0001.0000.0000.0007.00"}
    assert {(entry.name, entry.sequence) for entry in config.route_maps} == {
        ("pve_openfabric6", 100),
        ("pve_openfabric", 110),
        ("pve_ospf", 120),
    }


# --- OSPF ------------------------------------------------------------------------------------------------------------


def test_ospf_is_one_router_with_an_area_for_each_fabric():
    config = frr(
        fabric("one", member(1, {"name": "eno1", "ip": "172.16.0.1/31"}, "eno2"), protocol="ospf", area="0"),
        fabric("two", member(1, "eno3", fabric=21), protocol="ospf", area="0.0.0.9"),
    )
    assert str(config.ospf_router_id) == "172.20.30.1"
    assert config.ospf_interfaces == (
        OspfInterface("dummy_one", "0", is_passive=True),
        OspfInterface("dummy_two", "0.0.0.9", is_passive=True),
        OspfInterface("eno1", "0"),
        OspfInterface("eno2", "0", is_unnumbered=True),
        OspfInterface("eno3", "0.0.0.9", is_unnumbered=True),
    )
    assert config.protocol_maps == (ProtocolMap("ip", "ospf", "pve_ospf"),)
    assert config.openfabric_routers == ()
