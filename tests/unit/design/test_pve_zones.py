"""The stanzas of PVE's simple, vxlan and evpn zones."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_interface

import pytest

from pvesdn.model.ifupdown import Stanza
from pvesdn.model.pve_ifupdown import PveAddress, PveVeth, PveVnetBridge, PveVrf, PveVrfBridge, PveVxlanPort, SnatRule
from tests.unit.design.pve_values import (
    controller,
    evpn,
    facts,
    iface,
    of_kind,
    route,
    simple,
    stanzas,
    subnet,
    vnet,
    vxlan,
)

MAC = "BC:24:11:0B:D1:EE"
OUT4 = {"out_interface": "vmbr0", "source": "192.168.0.1"}


def bridge(*objects, name="guests", nodes=None):
    found = stanzas(*objects, nodes=nodes)[name]
    assert isinstance(found, PveVnetBridge)
    return found


def lan(*subnets, node=None, **zone):
    return bridge(simple(**zone), vnet("guests", "lan"), *subnets, nodes=None if node is None else (node,))


def prod(*subnets, nodes=None, **zone):
    return bridge(evpn(**zone), controller(), vnet("guests", "prod", 10), *subnets, nodes=nodes)


def mtus(found: Mapping[str, Stanza]) -> set[int | None]:
    """Of all stanzas but the VRF, which has none."""
    said = set()
    for name, stanza in found.items():
        if name != "vrf_zone":
            assert isinstance(stanza, PveVxlanPort | PveVnetBridge | PveVrfBridge)
            said.add(stanza.mtu)
    return said


def dual_stack():
    """A node with a way to the internet in both families."""
    known = facts()
    return facts(
        addresses=(*known.addresses, ("vmbr0", ip_interface("fe80::1/64")), ("vmbr0", ip_interface("2001:db8::1/64"))),
        routes=(*known.routes, route("default", "vmbr0", gateway="fe80::ff"), route("2001:db8::/64", "vmbr0")),
    )


# --- simple ----------------------------------------------------------------------------------------------------------


def test_a_simple_vnet_is_a_bridge_without_ports():
    assert lan() == PveVnetBridge(name="guests", ports="none")


def test_a_simple_vnet_takes_the_gateways_of_its_subnets():
    found = lan(
        subnet("guests", "lan", "10.0.0.0/24", "10.0.0.1"), subnet("guests", "lan", "2001:db8:1::/64", "2001:db8:1::1")
    )
    assert [entry.address for entry in found.subnets] == ["10.0.0.1/24", "2001:db8:1::1/64"]
    assert (found.has_ip_forward, found.has_ip6_forward) == (True, True)


@pytest.mark.parametrize(
    ("cidr", "gateway", "forwards"),
    [("10.0.0.0/24", "10.0.0.1", (True, False)), ("2001:db8::/64", "2001:db8::1", (False, True))],
)
def test_forwarding_follows_the_families_of_the_gateways(cidr, gateway, forwards):
    for found in (
        lan(subnet("guests", "lan", cidr, gateway)),
        prod(subnet("guests", "prod", cidr, gateway)),
    ):
        assert (found.has_ip_forward, found.has_ip6_forward) == forwards


def test_subnets_without_gateway_leave_no_trace_in_a_simple_vnet():
    assert lan(subnet("guests", "lan", "10.0.0.0/24"), subnet("guests", "lan", "2001:db8::/64")) == lan()


def test_subnets_come_in_the_order_of_their_ids():
    found = lan(
        subnet("guests", "lan", "9.0.0.0/24", "9.0.0.1"),
        subnet("guests", "lan", "172.16.0.0/24", "172.16.0.1"),
        subnet("guests", "lan", "10.0.0.0/24", "10.0.0.1"),
    )
    assert [entry.address for entry in found.subnets] == ["10.0.0.1/24", "172.16.0.1/24", "9.0.0.1/24"]


def test_a_gateway_of_several_subnets_is_one_address_with_the_first_mask():
    found = lan(
        subnet("guests", "lan", "10.0.0.0/24", "10.0.0.1"),
        subnet("guests", "lan", "10.0.0.0/25", "10.0.0.1"),
        subnet("guests", "lan", "10.0.1.0/24", "10.0.0.1"),
    )
    assert [entry.address for entry in found.subnets] == ["10.0.0.1/24"]


def test_a_single_address_is_routed_to_the_bridge_with_its_gateway_outside():
    found = lan(
        subnet("guests", "lan", "203.0.113.65/32", "203.0.113.1"),
        subnet("guests", "lan", "203.0.113.66/32", "203.0.113.1"),
    )
    assert found.subnets == (
        PveAddress(address="203.0.113.1/32", host_route="203.0.113.65/32"),
        PveAddress(host_route="203.0.113.66/32"),
    )


def test_a_mask_of_32_is_a_single_address_unless_the_gateway_is_ipv6():
    found = lan(subnet("guests", "lan", "2001:db8::/32", "2001:db8::1"), subnet("guests", "lan", "203.0.113.7/32"))
    assert found.subnets == (PveAddress(address="2001:db8::1/32"), PveAddress(host_route="203.0.113.7/32"))


def test_evpn_routes_no_single_addresses():
    found = prod(subnet("guests", "prod", "203.0.113.65/32", "203.0.113.1"))
    assert found.subnets == (PveAddress(address="203.0.113.1/32"),)


def test_an_address_keeps_the_spelling_of_its_definition():
    found = lan(
        subnet("guests", "lan", "10.0.0.1/24", "10.0.0.1", snat=True),
        subnet("guests", "lan", "2001:DB8:0::/64", "2001:DB8:0::A"),
    )
    assert found.subnets[0].snat is not None
    assert found.subnets[0].snat.cidr == "10.0.0.1/24"
    assert found.subnets[1].address == "2001:DB8:0::A/64"


@pytest.mark.parametrize(("given", "printed"), [(None, None), (0, None), (9000, 9000)])
def test_a_simple_vnet_has_an_mtu_only_where_the_zone_says_one(given, printed):
    assert lan(mtu=given).mtu == printed


@pytest.mark.parametrize("zone", [simple("zone"), vxlan("zone"), evpn("zone")])
@pytest.mark.parametrize(("given", "printed"), [("web servers", "web servers"), (None, None), ("", None), ("0", None)])
def test_an_alias_is_printed_where_perl_takes_it_for_one(zone, given, printed):
    assert bridge(zone, controller(), vnet("guests", "zone", 10, alias=given)).alias == printed


@pytest.mark.parametrize(("zone", "aware"), [(simple("zone"), True), (vxlan("zone"), True), (evpn("zone"), False)])
def test_evpn_knows_no_vlan_aware_vnets(zone, aware):
    assert bridge(zone, controller(), vnet("guests", "zone", 10, vlanaware=True)).is_vlan_aware is aware


# --- source NAT ------------------------------------------------------------------------------------------------------


def test_source_nat_takes_the_way_to_the_internet():
    found = lan(subnet("guests", "lan", "10.0.0.0/24", "10.0.0.1", snat=True))
    assert found.subnets == (PveAddress(address="10.0.0.1/24", snat=SnatRule("iptables", cidr="10.0.0.0/24", **OUT4)),)


def test_source_nat_of_ipv6_takes_the_way_of_ipv6():
    objects = (simple(), vnet("guests", "lan"), subnet("guests", "lan", "2001:db8:1::/64", "2001:db8:1::1", snat=True))
    found = bridge(*objects, nodes=(dual_stack(),))
    assert found.subnets[0].snat == SnatRule("ip6tables", "2001:db8:1::/64", "vmbr0", "2001:db8::1")


def test_source_nat_without_a_gateway_counts_as_ipv4():
    objects = (simple(), vnet("guests", "lan"), subnet("guests", "lan", "2001:db8:1::/64", snat=True))
    found = bridge(*objects, nodes=(dual_stack(),))
    assert found.subnets == (PveAddress(snat=SnatRule("iptables", cidr="2001:db8:1::/64", **OUT4)),)


def test_a_vnet_whose_source_nat_finds_no_way_out_is_left_out_and_the_others_are_not():
    objects = (simple(), vnet("guests", "lan"), vnet("other", "lan"))
    translated = subnet("guests", "lan", "2001:db8:1::/64", "2001:db8:1::1", snat=True)
    assert list(stanzas(*objects, translated)) == ["other"]


def test_the_families_of_source_nat_are_judged_apart():
    only6 = facts(routes=(route("default", "vmbr0", gateway="fe80::ff"),))
    v4 = subnet("four", "lan", "10.0.0.0/24", "10.0.0.1", snat=True)
    v6 = subnet("six", "lan", "2001:db8:1::/64", "2001:db8:1::1", snat=True)
    objects = (simple(), vnet("four", "lan"), vnet("six", "lan"), v4, v6)
    assert list(stanzas(*objects)) == ["four"]
    assert list(stanzas(*objects, nodes=(only6,))) == ["six"]


def test_a_way_out_without_a_source_address_translates_nothing_and_the_vnet_stays():
    found = lan(subnet("guests", "lan", "10.0.0.0/24", "10.0.0.1", snat=True), node=facts(addresses=()))
    assert found.subnets == (PveAddress(address="10.0.0.1/24"),)


def test_where_no_route_was_read_nothing_is_left_out():
    found = lan(subnet("guests", "lan", "10.0.0.0/24", "10.0.0.1", snat=True), node=facts(routes=()))
    assert found.subnets == (PveAddress(address="10.0.0.1/24"),)


def test_of_an_evpn_vnet_without_a_way_out_the_port_alone_is_left_on_an_exit_and_elsewhere():
    for exits in ({}, {"exitnodes": "node1"}):
        objects = (controller(), evpn("prod", **exits), vnet("guests", "prod", 10))
        translated = subnet("guests", "prod", "2001:db8:1::/64", "2001:db8:1::1", snat=True)
        assert list(stanzas(*objects, translated)) == ["vxlan_guests"]


def test_another_vnet_of_the_zone_still_brings_the_vrf_and_says_whether_the_pair_has_ipv6():
    objects = (
        controller(),
        evpn("prod", exitnodes="node1", **{"exitnodes-local-routing": True}),
        vnet("guests", "prod", 10),
        vnet("web", "prod", 11),
        subnet("guests", "prod", "2001:db8:1::/64", "2001:db8:1::1", snat=True),
        subnet("web", "prod", "10.0.1.0/24", "10.0.1.1"),
    )
    without, with_route = stanzas(*objects), stanzas(*objects, nodes=(dual_stack(),))
    assert set(with_route) - set(without) == {"guests"}
    assert set(without) == {"vxlan_guests", "vxlan_web", "web", "vrf_prod", "vrfbr_prod", "vrfvx_prod"} | {
        "xvrf_prod", "xvrfp_prod",
    }  # fmt: skip
    assert of_kind(PveVeth, without["xvrf_prod"]).addresses == ("10.255.255.1/30",)
    assert of_kind(PveVeth, with_route["xvrf_prod"]).addresses == ("10.255.255.1/30", "fe80::1/126")


@pytest.mark.parametrize("zone", [vxlan(peers="203.0.113.9,203.0.113.8"), evpn("tunnel", controller="far")])
def test_without_a_way_to_the_first_peer_nothing_of_the_zone_is_left(zone):
    objects = (zone, controller("far", peers="203.0.113.9,203.0.113.8"), vnet("guests", "tunnel", 10))
    near = (route("192.168.0.0/24", "vmbr0", source="192.168.0.1"),)
    assert list(stanzas(*objects, nodes=(facts(routes=near),))) == []
    assert "guests" in stanzas(*objects)
    assert "guests" in stanzas(*objects, nodes=(facts(routes=(*near, route("203.0.113.9", "vmbr0"))),))
    assert list(stanzas(*objects, nodes=(facts(routes=(*near, route("203.0.113.8", "vmbr0"))),))) == []
    assert "guests" in stanzas(*objects, nodes=(facts(routes=near, stanzas=(iface("vmbr0", "203.0.113.8/24"),)),))


def test_only_exit_nodes_of_an_evpn_zone_translate():
    translated = subnet("guests", "prod", "10.0.0.0/24", "10.0.0.1", snat=True)
    assert prod(translated, exitnodes="node1").subnets[0].snat == SnatRule("iptables", cidr="10.0.0.0/24", **OUT4)
    assert prod(translated, exitnodes="node2").subnets[0].snat is None
    assert prod(translated).subnets[0].snat is None


def test_a_plain_vxlan_vnet_has_no_addresses():
    found = bridge(
        vxlan(), vnet("guests", "tunnel", 10), subnet("guests", "tunnel", "10.0.0.0/24", "10.0.0.1", snat=True)
    )
    assert found == PveVnetBridge(name="guests", ports="vxlan_guests", mtu=1450)


# --- vxlan -----------------------------------------------------------------------------------------------------------


def port(zone, node=None, tag=10):
    found = stanzas(zone, controller(), vnet("guests", zone.id, tag), nodes=(node or facts(),))["vxlan_guests"]
    assert isinstance(found, PveVxlanPort)
    return found


def test_a_vxlan_port_floods_to_the_other_peers_and_has_no_tunnel_address():
    assert port(vxlan()) == PveVxlanPort(name="vxlan_guests", vni=10, mtu=1450, remotes=("192.168.0.2", "192.168.0.3"))


def test_a_vxlan_port_says_its_udp_port_only_where_the_zone_does():
    assert port(vxlan(**{"vxlan-port": 6000})).udp_port == 6000
    assert port(evpn(**{"vxlan-port": 6000})).udp_port == 6000
    assert port(vxlan()).udp_port is port(evpn()).udp_port is None


def test_a_node_that_is_no_peer_floods_to_all_of_them():
    assert port(vxlan(peers="192.168.0.2,192.168.0.3")).remotes == ("192.168.0.2", "192.168.0.3")


def test_peers_keep_their_order_and_spelling():
    node = facts(stanzas=(iface("vmbr0", "fd00::1/64"),))
    zone = vxlan(peers="FD00::3 fd00:0::1;fd00::1,fd00::2")
    assert port(zone, node).remotes == ("FD00::3", "fd00:0::1", "fd00::2")


@pytest.mark.parametrize("zone", [vxlan("zone"), evpn("zone")])
def test_a_tunnel_has_pves_default_mtu_whatever_the_underlay_has(zone):
    found = stanzas(zone, controller(), vnet("guests", "zone", 10))
    assert mtus(found) == {1450}


@pytest.mark.parametrize(("given", "printed"), [(8950, 8950), (0, 1450)])
@pytest.mark.parametrize("kind", [vxlan, evpn])
def test_the_zones_mtu_goes_to_every_device_of_a_tunnel(kind, given, printed):
    found = stanzas(kind("zone", mtu=given), controller(), vnet("guests", "zone", 10))
    assert mtus(found) == {printed}


# --- evpn ------------------------------------------------------------------------------------------------------------


def test_an_evpn_zone_with_one_vnet_is_five_stanzas():
    assert stanzas(
        evpn(mac=MAC), controller(), vnet("guests", "prod", 10), subnet("guests", "prod", "10.0.0.0/24", "10.0.0.1")
    ) == {
        "guests": PveVnetBridge(
            name="guests",
            ports="vxlan_guests",
            subnets=(PveAddress(address="10.0.0.1/24"),),
            hwaddress=MAC,
            mtu=1450,
            has_ip_forward=True,
            has_arp_accept=True,
            vrf="vrf_prod",
        ),
        "vrf_prod": PveVrf("vrf_prod", is_exit=False),
        "vrfbr_prod": PveVrfBridge("vrfbr_prod", port="vrfvx_prod", mtu=1450, vrf="vrf_prod"),
        "vrfvx_prod": PveVxlanPort(
            "vrfvx_prod", 4000, 1450, local="192.168.0.1", is_controlled=True, has_arp_nd_suppression=True
        ),
        "vxlan_guests": PveVxlanPort(
            "vxlan_guests", 10, 1450, local="192.168.0.1", is_controlled=True, has_arp_nd_suppression=True
        ),
    }


def test_a_second_vnet_adds_its_bridge_and_its_port():
    one = stanzas(evpn(), controller(), vnet("guests", "prod", 10))
    two = stanzas(evpn(), controller(), vnet("guests", "prod", 10), vnet("web", "prod", 11))
    assert {name for name in two if name not in one} == {"web", "vxlan_web"}
    assert {name: two[name] for name in one} == one


def test_suppression_can_be_switched_off_for_all_ports_of_a_zone():
    found = stanzas(evpn(**{"disable-arp-nd-suppression": True}), controller(), vnet("guests", "prod", 10))
    assert [of_kind(PveVxlanPort, found[name]).has_arp_nd_suppression for name in ("vxlan_guests", "vrfvx_prod")] == [
        False,
        False,
    ]


def test_arp_is_accepted_wherever_there_is_a_subnet_even_without_gateway():
    assert prod(subnet("guests", "prod", "10.0.0.0/24")).has_arp_accept
    assert not prod().has_arp_accept


def test_subnets_without_gateways_give_an_evpn_bridge_no_addresses():
    found = prod(subnet("guests", "prod", "10.0.0.0/24"), subnet("guests", "prod", "2001:db8::/64"))
    assert found.subnets == ()
    assert (found.has_ip_forward, found.has_ip6_forward) == (False, False)


def test_a_node_without_an_address_of_its_own_has_no_tunnel_address():
    found = port(evpn(), facts(stanzas=(), addresses=(), routes=()))
    assert found.local is None


def test_ipv6_peers_give_an_ipv6_tunnel_address():
    node = facts(stanzas=(iface("vmbr0", "2001:db8::10/64"),))
    found = stanzas(evpn(), controller(peers="2001:db8::10,2001:db8::11"), vnet("guests", "prod", 10), nodes=(node,))
    assert of_kind(PveVxlanPort, found["vxlan_guests"]).local == "2001:db8::10"


def test_an_exit_node_takes_the_unreachable_default_out_of_the_vrf():
    found = stanzas(evpn(exitnodes="node1"), controller(), vnet("guests", "prod", 10))
    assert found["vrf_prod"] == PveVrf("vrf_prod", is_exit=True)
    assert not any(name.startswith("xvrf") for name in found)


def test_local_routing_joins_the_tables_of_an_exit_node_with_a_pair_of_veths():
    zone = evpn(exitnodes="node1", mtu=1400, **{"exitnodes-local-routing": True})
    found = stanzas(zone, controller(), vnet("guests", "prod", 10))
    assert found["xvrf_prod"] == PveVeth("xvrf_prod", "xvrfp_prod", ("10.255.255.1/30",), mtu=1450)
    assert found["xvrfp_prod"] == PveVeth("xvrfp_prod", "xvrf_prod", ("10.255.255.2/30",), mtu=1450, vrf="vrf_prod")


def test_local_routing_changes_nothing_on_other_nodes():
    zone = evpn(exitnodes="node2", **{"exitnodes-local-routing": True})
    assert stanzas(zone, controller(), vnet("guests", "prod", 10)) == stanzas(
        evpn(), controller(), vnet("guests", "prod", 10)
    )


@pytest.mark.parametrize(("name", "has_ipv6"), [("aaa", True), ("zzz", False)])
def test_the_first_vnet_of_the_zone_decides_whether_the_veths_carry_ipv6(name, has_ipv6):
    zone = evpn(exitnodes="node1", **{"exitnodes-local-routing": True})
    found = stanzas(
        zone,
        controller(),
        vnet("aa", "prod"),  # has no tag, so PVE skips it
        subnet("aa", "prod", "2001:db8:2::/64", "2001:db8:2::1" if not has_ipv6 else None),
        vnet("guests", "prod", 10),
        vnet(name, "prod", 11),
        subnet(name, "prod", "2001:db8:1::/64", "2001:db8:1::1"),
    )
    assert of_kind(PveVeth, found["xvrf_prod"]).addresses == (
        "10.255.255.1/30",
        *(("fe80::1/126",) if has_ipv6 else ()),
    )
    assert of_kind(PveVeth, found["xvrfp_prod"]).addresses == (
        "10.255.255.2/30",
        *(("fe80::2/126",) if has_ipv6 else ()),
    )


def test_a_subnet_belongs_to_the_vnet_it_names():
    found = stanzas(
        evpn(), controller(), vnet("guests", "prod", 10), vnet("web", "prod", 11),
        subnet("web", "prod", "10.0.0.0/24", "10.0.0.1"),
    )  # fmt: skip
    assert of_kind(PveVnetBridge, found["guests"]).subnets == ()
    assert [entry.address for entry in of_kind(PveVnetBridge, found["web"]).subnets] == ["10.0.0.1/24"]
