from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest

from pvesdn.decode.cluster.seen import decode_seen
from pvesdn.design.cluster import design_node, share
from pvesdn.design.ours.vteps import choose_vteps, seen_now
from pvesdn.encode.seen import encode_seen
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.ifupdown import Tunnel, VnetBridge, VxlanPort
from tests.unit.design.network import UNDERLAY, UNICAST, design, facts, findings, given, stanzas

VNET = "\nvnet: vmbr2\n\tzone zone\n\ttag 2\n"


def zone(*properties: str, underlay: str = UNDERLAY) -> str:
    return underlay + "vxlan: zone\n" + "".join(f"\t{line}\n" for line in properties) + VNET


def tunnel(cfg: str, node: str = "node1", **network: Any) -> Tunnel:
    interfaces = design(given(cfg, **network), node).interfaces
    assert interfaces is not None
    return interfaces.tunnels["zone"]


def test_a_vnet_is_a_bridge_and_a_port() -> None:
    assert stanzas(given(UNICAST)) == {
        "vmbr2": VnetBridge(name="vmbr2", port="vxlan_vmbr2", mtu=1500),
        "vxlan_vmbr2": VxlanPort(name="vxlan_vmbr2", vni=2, tunnel="ucast"),
    }


@pytest.mark.parametrize("node", [1, 2, 3])
def test_frames_are_flooded_to_every_other_member_and_never_to_the_node_itself(node: int) -> None:
    others = tuple(ip_address(f"192.168.0.{number}") for number in (1, 2, 3) if number != node)
    found = tunnel(zone(), f"node{node}")
    assert found == Tunnel(local=ip_address(f"192.168.0.{node}"), mtu=1500, remotes=others)


def test_a_member_that_is_off_stays_a_peer() -> None:
    found = tunnel(zone(), offline=["node3"], seen={"node3": ("192.168.0.3", 1500)})
    assert found.remotes[-1] == ip_address("192.168.0.3")
    assert found.mtu == 1450


def test_a_zone_has_only_its_own_nodes() -> None:
    cfg = zone("nodes node1,node2")
    assert tunnel(cfg).remotes == (ip_address("192.168.0.2"),)
    assert design(given(cfg), "node3").interfaces is None


def test_a_vnet_may_be_on_fewer_nodes_than_its_zone() -> None:
    cfg = zone() + "\tnodes node1,node2\n"
    assert stanzas(given(cfg)).keys() == {"vmbr2", "vxlan_vmbr2"}
    assert stanzas(given(cfg), "node3") == {}


def test_a_list_of_peers_keeps_its_order_and_leaves_the_node_out() -> None:
    found = tunnel(zone("peers 192.168.0.9,192.168.0.1,192.168.0.2"))
    assert found.remotes == (ip_address("192.168.0.9"), ip_address("192.168.0.2"))
    assert found.local == ip_address("192.168.0.1")


def test_in_a_list_of_peers_a_node_finds_the_address_that_it_holds() -> None:
    node = facts("node1", "192.168.0.1/24")
    storage = (("eno2", ip_interface("10.0.0.1/24")),)
    node = replace(node, addresses=(*node.addresses, *storage), links=(*node.links, Link("eno9", 9000)))
    found = tunnel(zone("peers 10.0.0.2,10.0.0.1"), node1=node)
    assert (found.local, found.remotes) == (ip_address("10.0.0.1"), (ip_address("10.0.0.2"),))
    assert found.mtu == 1450


def test_a_node_in_no_list_of_peers_uses_its_own_vtep() -> None:
    assert tunnel(zone("peers 10.0.0.2")).local == ip_address("192.168.0.1")


def test_a_multicast_group_takes_the_place_of_the_peers() -> None:
    found = tunnel(zone("multicast-group 225.20.1.1"))
    assert (found.group, found.group6, found.physdev, found.remotes) == (ip_address("225.20.1.1"), None, "vmbr0", ())


def test_the_device_for_multicast_can_be_named() -> None:
    assert tunnel(zone("multicast-group 225.20.1.1", "multicast-interface eno1")).physdev == "eno1"


def test_a_group_of_ipv6_has_a_word_of_its_own() -> None:
    cfg = zone("multicast-group ff05::100", underlay=UNDERLAY.replace("192.168.0.0/24", "fd00::/64"))
    found = tunnel(cfg, prefix="fd00::")
    assert (found.group, found.group6, found.mtu) == (None, ip_address("ff05::100"), 1480)


def test_port_mtu_alias_and_vlans_are_as_written() -> None:
    cfg = zone("vxlan-port 8472", "mtu 1400") + "\talias guests, first floor\n\tvlanaware 1\n"
    bridge = stanzas(given(cfg))["vmbr2"]
    assert tunnel(cfg).udp_port == 8472
    assert bridge == VnetBridge(
        name="vmbr2", port="vxlan_vmbr2", mtu=1400, alias="guests, first floor", is_vlan_aware=True
    )


def test_static_flooding_entries_are_known_to_who_looks_after_them() -> None:
    others = (ip_address("192.168.0.2"), ip_address("192.168.0.3"))
    assert design(given(zone())).flooding == (("vxlan_vmbr2", others),)
    assert design(given(zone("multicast-group 225.20.1.1"))).flooding == ()


def test_a_plain_zone_needs_neither_frr_nor_sysctls() -> None:
    found = design(given(zone()))
    assert (found.frr, found.daemons, found.sysctls) == (None, frozenset(), ())


def test_stanzas_that_do_not_depend_on_the_node_are_one_object() -> None:
    network = given(zone())
    shared = share(network, choose_vteps(network)[0])
    first, second = design_node(shared, "node1"), design_node(shared, "node2")
    assert first.interfaces is not None
    assert second.interfaces is not None
    assert all(a is b for a, b in zip(first.interfaces.stanzas, second.interfaces.stanzas, strict=True))


def test_a_member_that_goes_off_leaves_the_mtu_of_a_zone_on_another_network_alone() -> None:
    """Its VTEP of the underlay has 1550; what the zone uses of it has 9000, and must be remembered as that."""

    def node(number: int) -> NodeFacts:
        plain = facts(f"node{number}", f"192.168.0.{number}/24")
        held = (*plain.addresses, ("eno2", ip_interface(f"10.0.0.{number}/24")))
        return replace(plain, links=(*(x for x in plain.links if x.name != "eno2"), Link("eno2", 9000)), addresses=held)

    cfg = UNDERLAY + "vxlan: fast\n\tpeers 10.0.0.1,10.0.0.2,10.0.0.3\n\nvnet: vmbr2\n\tzone fast\n\ttag 2\n"
    online = given(cfg, instead={f"node{number}": node(number) for number in (1, 2, 3)})
    seen = decode_seen(encode_seen(seen_now(online, choose_vteps(online)[0])))
    assert seen == seen_now(online, choose_vteps(online)[0])
    away = replace(given(cfg, offline=["node3"], node1=node(1), node2=node(2)), seen=seen)
    assert not findings(away)
    assert design(online).interfaces == design(away).interfaces
    bridge = stanzas(away)["vmbr2"]
    assert isinstance(bridge, VnetBridge)
    assert bridge.mtu == 8950


@pytest.mark.parametrize(("version", "is_refused"), [("3.0.0-1.1", True), ("3.3.0-1+pmx11", False)])
def test_a_vlan_aware_vnet_needs_an_ifupdown2_that_passes_vlans_to_vxlan(version: str, *, is_refused: bool) -> None:
    node1 = replace(facts("node1", "192.168.0.1/24"), versions={"ifupdown2": version})
    told = findings(given(UNICAST.rstrip() + "\n\tvlanaware 1\n", node1=node1))
    assert [f"ifupdown2 {version} on node1 does not pass VLANs" in line for line in told] == [True] * is_refused
