"""What a node finds out about itself, the way PVE asks."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import pytest

from pvesdn.design.pve.node import PveNode, RouteAnswer, route_to
from pvesdn.model.facts import Link, Route
from tests.unit.design.pve_values import facts, iface, route

PEERS = ("192.168.0.1", "192.168.0.2", "192.168.0.3")


def local(*peers, **properties):
    return PveNode(facts(**properties)).local(peers or PEERS)


# --- the address among the peers -------------------------------------------------------------------------------------


def test_the_local_address_is_the_peer_that_stands_in_the_interfaces_file():
    assert local(stanzas=(iface("eno1"), iface("vmbr1", "192.168.0.3/24"))) == RouteAnswer("192.168.0.3", "vmbr1")


def test_the_first_peer_of_the_list_wins_not_the_first_interface():
    node = {"stanzas": (iface("vmbr0", "192.168.0.3/24"), iface("vmbr1", "192.168.0.2/24"))}
    assert local(**node) == RouteAnswer("192.168.0.2", "vmbr1")


@pytest.mark.parametrize(
    ("stanza", "found"),
    [
        pytest.param(iface("vmbr1", "192.168.0.2"), True, id="no mask"),
        pytest.param(iface("vmbr1", "192.168.0.2/24", "10.0.0.1/8"), False, id="the last address counts"),
        pytest.param(iface("vmbr1", "10.0.0.1/8", "192.168.0.2/24"), True, id="the last address matches"),
        pytest.param(iface("vmbr1", "192.168.0.2/24", method=""), True, id="no family"),
        pytest.param(iface("vmbr1", "192.168.0.2/24", method="inet6 static"), False, id="the other family"),
        pytest.param(iface("vmbr1", "192.168.0.2/24", "fd00::2/64", method=""), True, id="IPv6 has its own place"),
    ],
)
def test_an_interface_has_the_last_of_its_ipv4_addresses(stanza, found):
    assert local(stanzas=(stanza,)) == (
        RouteAnswer("192.168.0.2", "vmbr1") if found else RouteAnswer("192.168.0.1", "lo")
    )


def test_stanzas_of_one_interface_are_read_as_one():
    stanzas = (iface("vmbr1", "192.168.0.2/24"), iface("vmbr1", "fd00::2/64", method="inet6 static"))
    assert local(stanzas=stanzas) == RouteAnswer("192.168.0.2", "vmbr1")
    assert local(stanzas=(*stanzas, iface("vmbr1", "10.0.0.1/8"))) == RouteAnswer("192.168.0.1", "lo")


def test_ipv6_under_inet_is_matched_as_text():
    stanzas = (iface("vmbr1", "fd00::2/64"),)
    assert local("fd00::1", "fd00::2", stanzas=stanzas) == RouteAnswer("fd00::2", "vmbr1")
    assert local("fd00:0::2", "fd00::9", stanzas=stanzas) == RouteAnswer()


def test_the_first_of_two_interfaces_with_one_address_holds_it():
    assert local(stanzas=(iface("vmbr7", "192.168.0.1/24"), iface("vmbr0", "192.168.0.1/24"))).device == "vmbr7"


def test_a_node_that_is_not_listed_asks_for_the_way_to_the_first_peer_only():
    routes = (route("10.1.0.0/16", "eno2", source="10.1.0.9"), route("10.2.0.0/16", "eno3", source="10.2.0.9"))
    assert local("10.1.0.1", "10.2.0.1", routes=routes) == RouteAnswer("10.1.0.9", "eno2")
    assert local("10.3.0.1", "10.2.0.1", routes=routes) == RouteAnswer()


def test_an_address_that_dhcp_gave_is_found_by_its_route():
    assert local("192.168.0.1", "192.168.0.2", stanzas=()) == RouteAnswer("192.168.0.1", "lo")
    assert local("192.168.0.2", "192.168.0.1", stanzas=()) == RouteAnswer("192.168.0.1", "vmbr0")


def test_no_peers_mean_no_address():
    assert PveNode(facts()).local(()) == RouteAnswer()


# --- ip route get ----------------------------------------------------------------------------------------------------


def way(target, **properties):
    return route_to(ip_address(target), facts(**properties))


def test_the_longest_prefix_wins():
    routes = (
        route("default", "vmbr0", source="192.168.0.1"),
        route("10.0.0.0/8", "eno2", source="10.0.0.9"),
        route("10.1.2.3", "eno4", source="10.1.2.9"),
        route("10.1.0.0/16", "eno3", source="10.1.0.9"),
    )
    targets = ("10.9.9.9", "10.1.9.9", "10.1.2.3", "8.8.8.8")
    assert [way(target, routes=routes).device for target in targets] == ["eno2", "eno3", "eno4", "vmbr0"]


def test_of_equal_routes_the_first_listed_wins():
    routes = (route("default", "vmbr0", source="192.168.0.1"), route("default", "eno9", source="10.0.0.1"))
    assert way("8.8.8.8", routes=routes).device == "vmbr0"


def test_the_families_do_not_mix():
    routes = (Route("default", "vmbr0", source=ip_address("192.168.0.1"), family=4),)
    assert way("2001:db8::1", routes=routes) == RouteAnswer()


def test_the_table_a_route_is_from_tells_its_family_not_its_addresses():
    routes = (Route("default", "vmbr0", source=ip_address("192.168.0.1"), family=6),)
    assert way("2001:db8::1", routes=routes) == RouteAnswer("192.168.0.1", "vmbr0")
    assert way("8.8.8.8", routes=routes) == RouteAnswer()


def test_a_nexthop_object_without_its_device_leads_somewhere_and_is_not_missed():
    node = PveNode(facts(routes=(Route("default"),)))
    assert node.internet[4] == RouteAnswer(is_hidden=True)
    assert not node.is_missing(node.internet[4])


def test_a_route_without_a_source_takes_the_address_that_shares_a_network_with_the_gateway():
    held = (
        ("vmbr0", ip_interface("10.9.0.1/24")),
        ("eno2", ip_interface("192.168.0.7/24")),
        ("vmbr0", ip_interface("192.168.0.1/24")),
    )
    assert way("8.8.8.8", addresses=held) == RouteAnswer("192.168.0.1", "vmbr0")


def test_a_route_without_a_source_takes_the_first_address_when_none_is_near():
    held = (("vmbr0", ip_interface("10.9.0.1/24")), ("vmbr0", ip_interface("10.8.0.1/24")))
    assert way("8.8.8.8", addresses=held) == RouteAnswer("10.9.0.1", "vmbr0")


def test_a_link_local_address_is_no_source():
    held = (("vmbr0", ip_interface("fe80::1/64")), ("vmbr0", ip_interface("2001:db8::1/64")))
    routes = (route("default", "vmbr0", gateway="fe80::ff"),)
    assert way("2001:4860:4860::8888", addresses=held, routes=routes) == RouteAnswer("2001:db8::1", "vmbr0")


def test_a_device_without_an_address_leaves_the_source_open():
    assert way("8.8.8.8", addresses=()) == RouteAnswer(None, "vmbr0")


def test_both_ways_to_the_internet_are_known_by_family():
    assert PveNode(facts()).internet == {4: RouteAnswer("192.168.0.1", "vmbr0"), 6: RouteAnswer()}


# --- the router-id ---------------------------------------------------------------------------------------------------


def router_id(found, *links):
    return PveNode(facts(links=links)).router_id(found)


def test_an_ipv4_address_is_its_own_router_id():
    assert router_id(RouteAnswer("192.168.0.1", "vmbr0")) == "192.168.0.1"


@pytest.mark.parametrize("address", ["2001:db8::1", None])
def test_without_ipv4_the_last_four_bytes_of_the_mac_are_the_router_id(address):
    assert router_id(RouteAnswer(address, "vmbr0"), Link("vmbr0", mac="bc:24:11:1d:69:60")) == "17.29.105.96"


def test_the_mac_of_the_bridge_comes_before_that_of_its_port():
    links = (Link("eno1", mac="bc:24:11:00:00:01", master="vmbr0"), Link("vmbr0", mac="bc:24:11:00:00:02"))
    assert router_id(RouteAnswer("fd00::1", "eno1"), *links) == "17.0.0.2"


def test_a_master_without_a_mac_leaves_the_ports_own():
    links = (Link("eno1", mac="bc:24:11:00:00:01", master="vmbr0"), Link("vmbr0"))
    assert router_id(RouteAnswer("fd00::1", "eno1"), *links) == "17.0.0.1"


@pytest.mark.parametrize(
    "links",
    [(), (Link("lo", mac="00:00:00:00:00:00"),), (Link("lo"),)],
    ids=["no device", "no MAC but zeros", "no MAC"],
)
def test_without_an_address_or_a_mac_there_is_no_router_id(links):
    assert router_id(RouteAnswer("fd00::1", "lo"), *links) is None


# --- loopbacks and names ---------------------------------------------------------------------------------------------


def test_the_address_of_a_loopback_comes_before_the_peers():
    node = PveNode(facts(stanzas=(iface("vmbr0", "192.168.0.1/24"), iface("dummy1", "10.0.0.1/32"))))
    assert node.local(PEERS, "dummy1") == RouteAnswer("10.0.0.1", "dummy1")
    assert node.local(PEERS, "dummy2") == node.local(PEERS) == RouteAnswer("192.168.0.1", "vmbr0")


def test_without_any_route_the_bridge_of_pves_installer_stands_in():
    assert local(stanzas=(), addresses=(), routes=()) == RouteAnswer(None, "vmbr0")
    assert local(stanzas=(), addresses=(), routes=(), links=()) == RouteAnswer()


def test_a_device_is_found_by_its_other_names():
    node = PveNode(facts(links=(Link("eno1", altnames=("enp1s0",)), Link("eno2"))))
    assert [node.device(name) for name in ("enp1s0", "eno2", "gone")] == ["eno1", "eno2", "gone"]
