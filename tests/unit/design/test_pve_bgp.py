"""PVE's controllers of one node beside its EVPN: who makes the router, AS numbers, loopbacks, IS-IS."""

from __future__ import annotations

import pytest

from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.frr import (
    FrrConfig,
    IsisInterface,
    IsisRouter,
    L2vpnEvpn,
    PeerGroup,
    PrefixList,
    ProtocolMap,
    RouteMapEntry,
    Unicast,
)
from tests.unit.design.pve_values import bgp, controller, evpn, fabric, facts, frr, iface, isis, member, subnet, vnet

OTHERS = ("192.168.0.2", "192.168.0.3")
ROUTERS = ("192.168.0.252", "192.168.0.253")


def looped(address: str = "10.0.0.1/32") -> tuple[NodeFacts, ...]:
    """Nodes with a loopback in their interfaces file."""
    return (facts(stanzas=(iface("vmbr0", "192.168.0.1/24"), iface("dummy1", address)), links=(Link("dummy1"),)),)


def default(*objects, nodes=None):
    return frr(*objects, nodes=nodes).routers[0]


# --- who makes the router --------------------------------------------------------------------------------------------


def test_evpn_first_makes_the_router_and_its_group_comes_first():
    router = default(controller("actl"), bgp("b1"))
    assert [group.name for group in router.groups] == ["VTEP", "BGP"]
    assert not router.has_graceful_notifications


def test_bgp_first_makes_a_router_without_pves_two_lines():
    router = default(controller("ctl"), bgp("b1"))
    assert [group.name for group in router.groups] == ["BGP", "VTEP"]
    assert router.has_graceful_notifications


def test_the_vrfs_router_has_the_two_lines_whoever_made_the_default_one():
    _, router = frr(controller("ctl"), bgp("b1"), evpn()).routers
    assert (router.vrf, router.has_graceful_notifications) == ("vrf_prod", False)


def test_a_controller_of_another_node_is_none_here():
    assert default(controller(), bgp(node="node2")) == default(controller())


def test_bgp_alone_is_a_router_without_evpn_and_its_maps():
    config = frr(bgp(asn=65001, ebgp=True, **{"ebgp-multihop": 3}))
    (router,) = config.routers
    assert router.evpn is None
    assert router.groups == (PeerGroup("BGP", "external", ROUTERS, ebgp_multihop=3),)
    assert router.unicasts == (Unicast("ipv4", activations=("BGP",)),)
    assert (config.route_maps, config.prefix_lists, config.protocol_maps) == ((), (), ())


def test_where_no_controller_is_active_pve_writes_a_skeleton():
    assert frr(bgp(node="node2"), isis(node="node2")) == FrrConfig("node1", version="10.4.1")


# --- sessions --------------------------------------------------------------------------------------------------------


def test_ibgp_peers_have_the_nodes_own_number_and_are_all_listed():
    group = default(bgp(peers="192.168.0.1,192.168.0.9", **{"ebgp-multihop": 5})).groups[0]
    assert group == PeerGroup("BGP", "65000", ("192.168.0.1", "192.168.0.9"))


def test_another_number_than_evpns_makes_every_session_external():
    router = default(controller(), bgp(asn=65001, ebgp=True))
    assert router.asn == 65001
    assert {group.name: (group.remote_as, group.ebgp_multihop) for group in router.groups} == {
        "VTEP": ("external", None),
        "BGP": ("external", None),
    }
    assert router.evpn.autort_as == 65000


def test_targets_are_said_where_the_numbers_differ():
    _, router = frr(controller(), bgp(asn=65001), evpn(**{"rt-import": "9:9"})).routers
    assert router.asn == 65001
    assert router.evpn == L2vpnEvpn(rt_import=("65000:4000", "9:9"), rt_export=("65000:4000",))


def test_one_number_for_both_leaves_targets_to_frr():
    router, inner = frr(controller(), bgp(), evpn()).routers
    assert router.evpn is not None
    assert (router.evpn.autort_as, inner.evpn) == (None, None)


def test_paths_may_be_relaxed():
    assert default(controller(), bgp(**{"bgp-multipath-as-path-relax": True})).relaxes_multipath
    assert not default(controller(), bgp()).relaxes_multipath


def test_number_0_is_none():
    assert frr(bgp(asn=0)).routers == ()


# --- loopbacks -------------------------------------------------------------------------------------------------------


def test_a_loopback_is_announced_spoken_from_and_the_source_of_packets():
    nodes = looped()
    config = frr(controller(), bgp(asn=65001, ebgp=True, loopback="dummy1"), nodes=nodes)
    router = config.routers[0]
    assert router.router_id == "10.0.0.1"
    assert not router.checks_connected
    assert router.groups[1] == PeerGroup(
        "VTEP", "external", ("192.168.0.1", *OTHERS), ebgp_multihop=10, update_source="dummy1"
    )
    assert router.unicasts == (Unicast("ipv4", networks=("10.0.0.1/32",), activations=("BGP",)),)
    assert config.prefix_lists == (PrefixList("ip", "loopbacks_ips", 10, "permit", "0.0.0.0/0 le 32"),)
    assert config.route_maps[-1] == RouteMapEntry(
        "correct_src", "permit", 1, ("match ip address prefix-list loopbacks_ips",), ("set src 10.0.0.1",)
    )
    assert config.protocol_maps == (ProtocolMap("ip", "bgp", "correct_src"),)


def test_an_ibgp_loopback_leaves_the_connected_check_alone():
    router = default(controller(), bgp(loopback="dummy1"), nodes=looped())
    assert router.checks_connected
    assert [group.ebgp_multihop for group in router.groups] == [None, None]


def test_a_loopback_without_address_counts_for_the_sessions_alone():
    router = default(controller(), bgp(loopback="dummy9"))
    assert router.router_id == "192.168.0.1"
    assert router.groups[1].update_source == "dummy9"


def test_an_ipv6_address_is_announced_in_ipv6():
    nodes = looped("fd00::1/128")
    router = default(bgp(loopback="dummy1", peers="fd00::9"), nodes=(facts(
        stanzas=nodes[0].stanzas, links=(Link("dummy1", mac="bc:24:11:00:00:01"),)),))  # fmt: skip
    assert router.unicasts == (Unicast("ipv6", networks=("fd00::1/128",), activations=("BGP",)),)
    assert router.router_id == "17.0.0.1"


def test_the_loopback_of_isis_serves_where_there_is_no_bgp_controller():
    config = frr(controller(peers="10.0.0.1,10.0.0.2"), isis(loopback="dummy1"), nodes=looped())
    assert config.routers[0].groups == (PeerGroup("VTEP", "65000", ("10.0.0.2",), update_source="dummy1"),)
    assert config.protocol_maps == ()


def test_the_loopback_of_bgp_wins_over_that_of_isis_even_when_it_has_none():
    source = [
        default(controller(), bgp(**own), isis(loopback="dummy1"), nodes=looped()).groups[-1].update_source
        for own in ({}, {"loopback": "lo"})
    ]
    assert source == [None, "lo"]


def test_an_exit_node_keeps_its_leak_beside_the_sessions_of_bgp():
    router = default(controller(), bgp(), evpn(exitnodes="node1"))
    assert router.unicasts == (
        Unicast("ipv4", import_vrfs=("vrf_prod",), activations=("BGP",)),
        Unicast("ipv6", import_vrfs=("vrf_prod",)),
    )


# --- fabrics ---------------------------------------------------------------------------------------------------------


def test_the_peers_of_a_fabric_are_its_nodes_and_the_sessions_leave_from_its_dummy():
    router = default(controller(peers="", fabric="lab"), bgp(asn=65001), fabric("lab", member(1), member(2), member(3)))
    assert router.groups[1] == PeerGroup(
        "VTEP", "external", ("172.20.30.2", "172.20.30.3"), ebgp_multihop=10, update_source="dummy_lab"
    )


@pytest.mark.parametrize(
    "parts", [(), (fabric("lab", member(2)),), (fabric("lab", member(1, ip=None, ip6="fd00::1")),)]
)
def test_a_node_that_is_not_in_the_fabric_gets_no_evpn(parts):
    config = frr(controller(peers="", fabric="lab"), evpn(), vnet("web", "prod", 5), *parts)
    assert (config.routers, config.vrfs, config.route_maps[:0]) == ((), (), ())


# --- IS-IS -----------------------------------------------------------------------------------------------------------


def test_isis_runs_on_its_interfaces_by_their_kernel_names():
    links = (Link("eno7", altnames=("enp1s0", "enx00")), Link("eno1"))
    config = frr(isis(**{"isis-ifaces": "enx00,eno1"}), nodes=(facts(links=links),))
    assert config.isis_routers == (IsisRouter("core", "49.0001.1921.6800.0001.00"),)
    assert config.isis_interfaces == (IsisInterface("eno1", "core"), IsisInterface("eno7", "core"))
    assert config.routers == ()


def test_null_routes_and_exits_do_not_mind_the_other_number():
    config = frr(
        controller(), bgp(asn=65001), evpn("aa", exitnodes="node1"), evpn("bb", **{"vrf-vxlan": 4001}),
        vnet("web", "bb", 5), subnet("web", "bb", "10.0.0.0/24", "10.0.0.1"),
    )  # fmt: skip
    assert [route.prefix for route in config.vrfs[0].routes] == ["10.0.0.0/24"]
    evpn_family = config.routers[1].evpn
    assert evpn_family is not None
    assert evpn_family.default_originate == ("ipv4", "ipv6")
