"""PVE's own FRR configuration."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.design.pve.interfaces import design_pve_frr, index_pve
from pvesdn.model.facts import Link
from pvesdn.model.frr import (
    BgpRouter,
    EvpnActivation,
    FrrConfig,
    L2vpnEvpn,
    PeerGroup,
    PrefixList,
    RouteMapEntry,
    StaticRoute,
    Unicast,
    VrfBinding,
)
from tests.unit.design.pve_values import (
    controller,
    evpn,
    facts,
    frr,
    given,
    iface,
    left,
    left_controller,
    left_fabric,
    ours,
    simple,
    subnet,
    vnet,
    vxlan,
)

CONNECTED = (Unicast("ipv4", redistribute=("connected",)), Unicast("ipv6", redistribute=("connected",)))
BOTH = ("ipv4", "ipv6")
V4_DEFAULT = "match ip address prefix-list only_default"
V6_DEFAULT = "match ipv6 address prefix-list only_default_v6"


def routers(*objects, node="node1"):
    return {router.vrf: router for router in frr(*objects, node=node).routers}


def entries(config, name):
    return [entry for entry in config.route_maps if entry.name == name]


# --- the default router ----------------------------------------------------------------------------------------------


def test_one_zone_is_a_vrf_two_routers_and_two_maps_that_let_all_pass():
    assert frr(evpn(), controller(), vnet("guests", "prod", 10)) == FrrConfig(
        hostname="node1",
        version="10.4.1",
        vrfs=(VrfBinding("vrf_prod", l3vni=4000),),
        routers=(
            BgpRouter(
                asn=65000,
                router_id="192.168.0.1",
                has_graceful_notifications=False,
                groups=(PeerGroup("VTEP", "65000", ("192.168.0.2", "192.168.0.3")),),
                evpn=L2vpnEvpn(
                    activations=(EvpnActivation("VTEP", route_map_in="MAP_VTEP_IN", route_map_out="MAP_VTEP_OUT"),),
                    advertise_all_vni=True,
                ),
            ),
            BgpRouter(asn=65000, router_id="192.168.0.1", vrf="vrf_prod", has_graceful_notifications=False),
        ),
        route_maps=(RouteMapEntry("MAP_VTEP_IN", "permit", 1), RouteMapEntry("MAP_VTEP_OUT", "permit", 1)),
    )


def test_a_controller_without_zones_has_a_default_router_of_its_own():
    assert list(routers(controller())) == [None]


def test_the_node_itself_is_no_neighbor_and_the_others_keep_their_order():
    found = frr(
        controller(peers="fd00::3,fd00::1,fd00::2"),
        nodes=(facts(stanzas=(iface("vmbr0", "fd00::1/64"),)),),
    )
    assert found.routers[0].groups[0].neighbors == ("fd00::3", "fd00::2")


def test_a_node_knows_itself_by_the_spelling_of_its_file_and_neighbors_are_printed_in_the_canonical_one():
    found = frr(
        controller(peers="FD00:0:0::3,fd00::1,fd00:0::1"),
        nodes=(facts(stanzas=(iface("vmbr0", "fd00::1/64"),)),),
    )
    assert found.routers[0].groups[0].neighbors == ("fd00::3", "fd00::1")


@pytest.mark.parametrize(("package", "version"), [("1.2.5", "9.1.5"), ("", "8.4.1"), ("0.11.3", "8.4.1")])
def test_before_1_3_addresses_are_printed_as_they_were_typed(package: str, version: str):
    versions = {"libpve-network-perl": package} if package else {}
    node = facts(stanzas=(iface("vmbr0", "fd00::1/64"),), versions=versions)
    old = given(controller(peers="FD00:0:0::3,fd00::1"), nodes=(node,))
    config = design_pve_frr(replace(old, cluster=old.cluster.model_copy(update={"pve_version": version})), "node1")
    assert config is not None
    assert config.routers[0].groups[0].neighbors == ("FD00:0:0::3",)


def test_over_ipv6_the_router_id_comes_from_the_mac():
    node = facts(stanzas=(iface("vmbr0", "fd00::1/64"),), links=(Link("vmbr0", mac="bc:24:11:1d:69:60"),))
    found = frr(evpn(), controller(peers="fd00::1,fd00::2"), nodes=(node,))
    assert [router.router_id for router in found.routers] == ["17.29.105.96", "17.29.105.96"]


def test_every_node_has_its_own_neighbors():
    both = (facts("node1", number=1), facts("node2", number=2))
    found = [frr(controller(), node=node, nodes=both).routers[0] for node in ("node1", "node2")]
    assert [router.router_id for router in found] == ["192.168.0.1", "192.168.0.2"]
    assert [router.groups[0].neighbors[0] for router in found] == ["192.168.0.2", "192.168.0.1"]


def test_the_first_controller_makes_the_router_and_the_second_adds_its_peers():
    second = controller("ctl2", asn=65001, peers="10.0.0.1,10.0.0.2")
    found = frr(controller(), second, evpn(), evpn("test", controller="ctl2", **{"vrf-vxlan": 4001}))
    assert [(router.vrf, router.asn) for router in found.routers] == [
        (None, 65000), ("vrf_prod", 65000), ("vrf_test", 65001),
    ]  # fmt: skip
    assert [group.remote_as for group in found.routers[0].groups] == ["65000", "65001"]
    assert [entry.sequence for entry in entries(found, "MAP_VTEP_IN")] == [1, 2]


def test_asn_zero_is_no_asn():
    found = frr(controller(asn=0), evpn())
    assert (found.routers, found.vrfs, found.route_maps) == ((), (), ())


# --- zones -----------------------------------------------------------------------------------------------------------


def test_zones_come_sorted_and_other_zones_have_no_vrf():
    found = frr(controller(), evpn("zed"), evpn("Alpha"), evpn("beta"), simple(), vxlan())
    assert [vrf.name for vrf in found.vrfs] == ["vrf_Alpha", "vrf_beta", "vrf_zed"]
    assert [router.vrf for router in found.routers] == [None, "vrf_Alpha", "vrf_beta", "vrf_zed"]


def test_a_zone_is_routed_on_every_node_even_where_it_has_no_vnets():
    assert [vrf.name for vrf in frr(controller(), evpn(nodes="node9")).vrfs] == ["vrf_prod"]


def test_a_zone_whose_controller_does_not_exist_is_not_routed():
    assert frr(controller(), evpn(controller="gone")).vrfs == ()


def test_advertised_subnets_are_redistributed_into_type_5_routes():
    found = routers(controller(), evpn(**{"advertise-subnets": True}))["vrf_prod"]
    assert found.unicasts == CONNECTED
    assert found.evpn == L2vpnEvpn(advertise=BOTH)


def test_route_targets_are_imported_in_the_order_given():
    found = routers(controller(), evpn(**{"rt-import": "65003:1000,65001:1000;65002:1000"}))["vrf_prod"]
    assert found.evpn == L2vpnEvpn(rt_import=("65003:1000", "65001:1000", "65002:1000"))


# --- exit nodes ------------------------------------------------------------------------------------------------------


def test_an_exit_node_originates_the_default_route_and_leaks_the_vrf():
    found = routers(controller(), evpn(exitnodes="node1"))
    assert found[None].unicasts == (
        Unicast("ipv4", import_vrfs=("vrf_prod",)), Unicast("ipv6", import_vrfs=("vrf_prod",)),
    )  # fmt: skip
    assert found["vrf_prod"].unicasts == CONNECTED
    assert found["vrf_prod"].evpn == L2vpnEvpn(default_originate=BOTH)


def test_all_leaking_zones_are_imported_in_one_family_each():
    found = routers(controller(), evpn("bb", exitnodes="node1"), evpn("aa", exitnodes="node1"))
    assert [unicast.import_vrfs for unicast in found[None].unicasts] == [("vrf_aa", "vrf_bb")] * 2


def test_another_nodes_exit_changes_nothing_here():
    assert frr(controller(), evpn(exitnodes="node2")) == frr(controller(), evpn())


def test_an_exit_node_ignores_advertised_subnets():
    found = routers(controller(), evpn(exitnodes="node1", **{"advertise-subnets": True}))["vrf_prod"]
    assert found.evpn == L2vpnEvpn(default_originate=BOTH)


def test_an_exit_node_imports_its_route_targets_as_well():
    found = routers(controller(), evpn(exitnodes="node1", **{"rt-import": "1:2"}))["vrf_prod"]
    assert found.evpn == L2vpnEvpn(default_originate=BOTH, rt_import=("1:2",))


def test_the_default_route_has_a_prefix_list_a_family_where_it_is_originated():
    found = frr(controller(), evpn("aa", exitnodes="node1"), evpn("bb", exitnodes="node1"))
    assert found.prefix_lists == (
        PrefixList("ip", "only_default", 1, "permit", "0.0.0.0/0"),
        PrefixList("ipv6", "only_default_v6", 1, "permit", "::/0"),
    )
    assert frr(controller(), evpn(exitnodes="node2")).prefix_lists == ()


@pytest.mark.parametrize("primary", [{}, {"exitnodes-primary": "node1"}], ids=["no primary", "primary"])
def test_an_exit_that_is_no_second_choice_refuses_the_others_default_routes(primary):
    found = frr(controller(), evpn(exitnodes="node1,node2", **primary))
    assert found.route_maps == (
        RouteMapEntry("MAP_VTEP_IN", "deny", 1, (V4_DEFAULT,)),
        RouteMapEntry("MAP_VTEP_IN", "deny", 2, (V6_DEFAULT,)),
        RouteMapEntry("MAP_VTEP_IN", "permit", 3),
        RouteMapEntry("MAP_VTEP_OUT", "permit", 1),
    )


def test_a_second_choice_announces_its_default_routes_with_a_worse_metric():
    found = frr(controller(), evpn(exitnodes="node1,node2", **{"exitnodes-primary": "node2"}))
    assert found.route_maps == (
        RouteMapEntry("MAP_VTEP_IN", "permit", 1),
        RouteMapEntry("MAP_VTEP_OUT", "permit", 1, (V4_DEFAULT,), ("set metric 200",)),
        RouteMapEntry("MAP_VTEP_OUT", "permit", 2, (V6_DEFAULT,), ("set metric 200",)),
        RouteMapEntry("MAP_VTEP_OUT", "permit", 3),
    )


def test_every_exit_zone_adds_its_pair_of_entries():
    zones = (
        evpn("aa", exitnodes="node1"),
        evpn("bb", exitnodes="node1", **{"exitnodes-primary": "node1"}),
        evpn("cc", exitnodes="node1", **{"exitnodes-primary": "node2"}),
        evpn("dd", exitnodes="node2"),
    )
    found = frr(controller(), *zones)
    assert [(entry.action, entry.sequence) for entry in entries(found, "MAP_VTEP_IN")] == [
        ("deny", 1), ("deny", 2), ("deny", 3), ("deny", 4), ("permit", 5),
    ]  # fmt: skip
    assert [entry.sequence for entry in entries(found, "MAP_VTEP_OUT")] == [1, 2, 3]


# --- null routes -----------------------------------------------------------------------------------------------------


def null_routes(*objects, zone="vrf_prod"):
    found = frr(controller(), *objects)
    return [
        (route.family, route.prefix, route.via, route.interface)
        for vrf in found.vrfs
        if vrf.name == zone
        for route in vrf.routes
    ]


def test_an_exit_node_refuses_to_route_to_other_zones_whatever_their_kind():
    assert null_routes(
        evpn(exitnodes="node1"), simple(), left("old"),
        vnet("guests", "prod", 10), vnet("office", "lan"),
        subnet("guests", "prod", "10.0.0.0/24", "10.0.0.1"),
        subnet("office", "lan", "172.16.0.0/24"), subnet("servers", "old", "2001:db8::/64"), subnet("servers", "old", "9.0.0.0/8"),
    ) == [
        ("ip", "9.0.0.0/8", "null0", None),
        ("ip", "172.16.0.0/24", "null0", None),
        ("ipv6", "2001:db8::/64", "null0", None),
    ]  # fmt: skip


def test_other_nodes_have_no_null_routes():
    assert null_routes(evpn(exitnodes="node2"), simple(), subnet("office", "lan", "172.16.0.0/24")) == []


def test_null_routes_keep_host_bits_and_are_one_for_each_network_address():
    assert null_routes(
        evpn(exitnodes="node1"),
        subnet("office", "lan", "10.0.0.1/24"), subnet("office", "lan", "10.0.0.0/24"), subnet("office", "lan", "10.0.0.0/16"),
        subnet("office", "lan2", "10.0.0.0/20"),
    ) == [("ip", "10.0.0.0/20", "null0", None), ("ip", "10.0.0.1/24", "null0", None)]  # fmt: skip


def test_subnets_of_pvesdn_cfg_get_no_null_routes():
    assert null_routes(evpn(exitnodes="node1"), ours(subnet("ours", "mine", "10.0.0.0/24"))) == []


# --- local routing ---------------------------------------------------------------------------------------------------


def test_local_routing_leads_from_the_main_table_through_the_veths():
    zone = evpn(exitnodes="node1", **{"exitnodes-local-routing": True})
    found = frr(
        controller(), zone, evpn("other", exitnodes="node1"), simple(),
        vnet("web", "prod", 11), vnet("guests", "prod", 10), vnet("far", "other", 12), vnet("office", "lan"),
        subnet("web", "prod", "10.0.1.0/24"), subnet("guests", "prod", "2001:db8::/64", "2001:db8::1"),
        subnet("guests", "prod", "10.0.0.0/24", "10.0.0.1"), subnet("far", "other", "10.7.0.0/24"), subnet("office", "lan", "10.8.0.0/24"),
    )  # fmt: skip
    assert found.routes == (
        StaticRoute("ip", "10.0.0.0/24", "10.255.255.2", "xvrf_prod"),
        StaticRoute("ipv6", "2001:db8::/64", "fe80::2", "xvrf_prod"),
        StaticRoute("ip", "10.0.1.0/24", "10.255.255.2", "xvrf_prod"),
    )
    assert [unicast.import_vrfs for unicast in found.routers[0].unicasts] == [("vrf_other",)] * 2


def test_local_routing_neither_leaks_nor_redistributes():
    zone = evpn(exitnodes="node1", **{"exitnodes-local-routing": True, "advertise-subnets": True})
    found = routers(controller(), zone)
    assert found[None].unicasts == ()
    assert found["vrf_prod"].unicasts == ()
    assert found["vrf_prod"].evpn == L2vpnEvpn(default_originate=BOTH)


def test_local_routing_elsewhere_adds_no_routes_here():
    zone = evpn(exitnodes="node2", **{"exitnodes-local-routing": True})
    assert frr(controller(), zone, vnet("web", "prod", 11), subnet("web", "prod", "10.0.1.0/24")).routes == ()


# --- what cannot be told ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unknown",
    [
        pytest.param(given(simple(), evpn()), id="PVE has no controller"),
        pytest.param(given(controller(), evpn(), left_controller()), id="a controller left to PVE"),
        pytest.param(given(controller(), evpn(), left_fabric()), id="a fabric left to PVE"),
        pytest.param(given(controller(), left("prod", "evpn")), id="an EVPN zone left to PVE"),
        pytest.param(given(controller(), evpn(), nodes=()), id="the node was not seen"),
        pytest.param(
            given(controller(), nodes=(facts(stanzas=(), addresses=(), routes=(), links=()),)),
            id="nothing to make a router-id of",
        ),
    ],
)
def test_a_configuration_that_cannot_be_known_is_not_designed(unknown):
    assert design_pve_frr(unknown, "node1") is None


def test_another_kind_of_zone_left_to_pve_does_not_matter():
    assert frr(controller(), evpn(), left()) == frr(controller(), evpn())


def test_a_given_index_changes_nothing():
    cluster = given(evpn(), controller(), vnet("guests", "prod", 10))
    assert design_pve_frr(cluster, "node1", index_pve(cluster.sdn.pve)) == design_pve_frr(cluster, "node1")
