"""Stanza by stanza: what is added, changed, removed and replaced."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address as ip

import pytest

from pvesdn.compare.moved import follow_merges
from pvesdn.compare.present import PresentFile
from pvesdn.compare.stanzas import keep_hosts, loses_ipv6, stanza_changes
from pvesdn.compare.traits import Traits, traits_of_stanzas, traits_of_text
from pvesdn.model.differences import Difference
from pvesdn.model.files import SDN_INTERFACES, Action, StanzaChange
from pvesdn.model.ifupdown import CarriedBridge, InterfacesFile, Tunnel, VnetBridge, VrfDevice, VxlanPort
from pvesdn.model.pve_ifupdown import PveAddress, PveFabricInterface, PveVlanDevice, PveVnetBridge, PveVxlanPort
from tests.unit.compare.printed import TUNNEL, interfaces, stanzas

PORT = VxlanPort("vxlan_a", 2, "zone")
REMOTE = replace(TUNNEL, remotes=(ip("192.168.0.2"),))
GROUP = replace(TUNNEL, group=ip("225.20.1.1"))
GROUP6 = replace(TUNNEL, group6=ip("ff05::1"))
EVPN = replace(TUNNEL, is_controlled=True)


def on_the_node(port: VxlanPort = PORT, tunnel: Tunnel = TUNNEL) -> dict[str, str]:
    return stanzas(port, tunnel=tunnel).by_name()


def test_an_interface_of_the_host_is_changed_where_pves_stanza_for_it_comes_or_goes() -> None:
    new = stanzas(PveVlanDevice("vmbr1"), PveVlanDevice("web"))
    kept = keep_hosts(stanza_changes({"vmbr0": "auto vmbr0\n"}, new), {"vmbr0", "vmbr1"})
    assert [(change.name, change.action) for change in kept] == [
        ("vmbr0", Action.CHANGE),
        ("vmbr1", Action.CHANGE),
        ("web", Action.ADD),
    ]
    assert [bool(change.why) for change in kept] == [True, True, False]


def test_equal_stanzas_are_no_change() -> None:
    assert stanza_changes({"vxlan_a": on_the_node()["vxlan_a"] + "\n"}, stanzas(PORT)) == ()


def test_changes_come_sorted_by_name_whatever_their_kind() -> None:
    old = {"a": "auto a\niface a\n\tmtu 1\n", "c": "auto c\niface c\n"}
    found = stanza_changes(old, stanzas(VrfDevice("d"), VnetBridge("a", "vxlan_a", 2)))
    assert tuple(replace(change, differences=()) for change in found) == (
        StanzaChange("a", Action.CHANGE),
        StanzaChange("c", Action.REMOVE),
        StanzaChange("d", Action.ADD),
    )


def test_what_comes_to_a_node_that_has_nothing_is_sorted_and_each_interface_there_once() -> None:
    fabric = PveFabricInterface("dummy_lab", "inet", "172.20.30.1/32")
    file = interfaces(PveVlanDevice("web"), fabric, replace(fabric, family="inet6"), path="sdn").interfaces
    assert stanza_changes({}, file) == (StanzaChange("dummy_lab", Action.ADD), StanzaChange("web", Action.ADD))


def test_a_file_that_goes_takes_its_interfaces_along() -> None:
    assert stanza_changes({"": "# header\n", "b": "auto b\n", "a": "auto a\n"}, None) == (
        StanzaChange("a", Action.REMOVE),
        StanzaChange("b", Action.REMOVE),
    )


GATEWAY = VnetBridge("a", "vxlan_a", 1450, addresses=("10.0.0.1/24", "2001:db8::1/64"), hwaddress="02:00:00:00:00:01")


@pytest.mark.parametrize(
    ("old", "new", "is_lost"),
    [
        (replace(GATEWAY, hwaddress="02:00:00:00:00:02"), GATEWAY, True),
        (replace(GATEWAY, addresses=(), hwaddress=None), GATEWAY, True),
        (replace(GATEWAY, mtu=1400), GATEWAY, False),
        (GATEWAY, replace(GATEWAY, hwaddress=None), False),
        (GATEWAY, replace(GATEWAY, addresses=("10.0.0.1/24",), hwaddress="02:00:00:00:00:02"), False),
    ],
    ids=["another MAC", "a gateway comes", "the MAC stays", "the MAC's line goes", "no address of IPv6"],
)
def test_a_live_device_that_gets_a_mac_loses_its_ipv6_addresses(
    old: VnetBridge, new: VnetBridge, *, is_lost: bool
) -> None:
    changes = stanza_changes(stanzas(old).by_name(), stanzas(new))
    assert loses_ipv6(changes, stanzas(new)) is is_lost


IN_VRF = replace(GATEWAY, vrf="vrf_z")
CARRIED = CarriedBridge("a", "vxlan_a", 1450, IN_VRF.addresses, IN_VRF.hwaddress, vrf="vrf_z")
IN_HOSTS = replace(CARRIED, vrf=None)


@pytest.mark.parametrize(
    ("old", "new", "is_lost"),
    [
        (replace(IN_HOSTS, hwaddress="02:00:00:00:00:02"), IN_HOSTS, True),
        (replace(IN_HOSTS, addresses=(), hwaddress=None), IN_HOSTS, True),
        (replace(IN_HOSTS, mtu=1400), IN_HOSTS, False),
        (IN_HOSTS, replace(IN_HOSTS, addresses=("10.0.0.1/24",), hwaddress="02:00:00:00:00:02"), False),
    ],
    ids=["another MAC", "a gateway comes", "the MAC stays", "no address of IPv6"],
)
def test_so_does_one_whose_addresses_are_in_pves_file(old: CarriedBridge, new: CarriedBridge, *, is_lost: bool) -> None:
    changes = stanza_changes(stanzas(old).by_name(), stanzas(new))
    assert loses_ipv6(changes, stanzas(new)) is is_lost


@pytest.mark.parametrize(
    ("new", "is_lost"),
    [
        (IN_HOSTS, True),
        (replace(IN_HOSTS, hwaddress=None), False),
        (replace(IN_HOSTS, addresses=("10.0.0.1/24",)), False),
    ],
    ids=["a MAC", "no MAC", "no address of IPv6"],
)
def test_so_does_a_live_one_of_pves_that_is_carried_from_now_on(new: CarriedBridge, *, is_lost: bool) -> None:
    merged = follow_merges(stanza_changes({}, stanzas(new)), {"a"}, SDN_INTERFACES, carries=True)
    assert loses_ipv6(merged, stanzas(new)) is is_lost


def test_an_address_that_pves_file_has_is_no_difference_of_ours() -> None:
    (change,) = stanza_changes(stanzas(replace(CARRIED, mtu=1400)).by_name(), stanzas(CARRIED))
    assert [difference.name for difference in change.differences] == ["mtu"]


PVES = PveVnetBridge("a", "vxlan_a", (PveAddress("fd00::1/64"),), IN_VRF.hwaddress, vrf="vrf_z")


@pytest.mark.parametrize(
    ("new", "is_lost"),
    [
        (PVES, True),
        (replace(PVES, vrf=None), False),
        (replace(PVES, hwaddress=None), False),
        (replace(PVES, subnets=(PveAddress(None), PveAddress("10.0.0.1/24"))), False),
        (IN_VRF, False),
        (CARRIED, False),
    ],
    ids=[
        *("PVE's in a VRF", "PVE's in no VRF", "PVE's without a MAC", "PVE's without an address of IPv6"),
        *("ours is made beforehand", "the one of ours that PVE's file has the addresses of, too"),
    ],
)
def test_a_new_device_of_pves_is_up_in_its_vrf_before_it_gets_its_mac(
    new: VnetBridge | PveVnetBridge, *, is_lost: bool
) -> None:
    assert loses_ipv6(stanza_changes({}, stanzas(new)), stanzas(new)) is is_lost


def test_a_changed_vni_is_a_replacement_and_says_why() -> None:
    (change,) = stanza_changes(on_the_node(), stanzas(replace(PORT, vni=3)))
    assert change.action is Action.REPLACE
    assert "VNI" in change.why


def test_a_udp_port_that_appears_is_a_replacement_too() -> None:
    (change,) = stanza_changes(on_the_node(), stanzas(PORT, tunnel=replace(TUNNEL, udp_port=6000)))
    assert change.action is Action.REPLACE


@pytest.mark.parametrize(
    ("old", "new"),
    [(REMOTE, GROUP), (GROUP, REMOTE), (REMOTE, EVPN), (TUNNEL, GROUP6)],
    ids=["group", "remotes", "evpn", "group6"],
)
def test_another_way_of_flooding_is_a_replacement(old: Tunnel, new: Tunnel) -> None:
    (change,) = stanza_changes(on_the_node(tunnel=old), stanzas(PORT, tunnel=new))
    assert change.action is Action.REPLACE
    assert "flood entries" in change.why


def test_pves_ports_are_replaced_for_the_same_reasons() -> None:
    port = PveVxlanPort("vxlan_a", 2, 1450, local="192.168.0.1", remotes=("192.168.0.2",))
    old = stanzas(port).by_name()
    for new in (replace(port, vni=3), replace(port, udp_port=6000), replace(port, remotes=())):
        assert [change.action for change in stanza_changes(old, stanzas(new))] == [Action.REPLACE]
    assert [c.action for c in stanza_changes(old, stanzas(replace(port, remotes=("192.168.0.3",))))] == [Action.CHANGE]


def test_another_remote_is_changed_in_place() -> None:
    (change,) = stanza_changes(
        on_the_node(tunnel=REMOTE), stanzas(PORT, tunnel=replace(REMOTE, remotes=(ip("192.168.0.3"),)))
    )
    assert change.action is Action.CHANGE


def test_a_changed_mtu_is_changed_in_place() -> None:
    (change,) = stanza_changes(on_the_node(), stanzas(PORT, tunnel=replace(TUNNEL, mtu=1450)))
    assert change.action is Action.CHANGE


def test_another_gateway_mac_says_what_guests_will_notice() -> None:
    gateway = VnetBridge("web", "vxlan_web", 1500, addresses=("10.0.0.1/24",), hwaddress="02:00:00:00:00:01")
    (change,) = stanza_changes(stanzas(gateway).by_name(), stanzas(replace(gateway, hwaddress="02:00:00:00:00:02")))
    assert change.action is Action.CHANGE
    assert "old MAC" in change.why


def test_what_belongs_to_no_interface_is_not_counted() -> None:
    assert stanza_changes({"": "# old header\n"}, stanzas()) == ()


def test_options_are_found_in_either_spelling_and_the_first_one_counts() -> None:
    read = traits_of_text("iface a\n\tvxlan_remoteip 10.0.0.1\n\tvxlan-id 5\n\tvxlan-id 6\n\taddress 10.0.0.2/24\n")
    assert (read.vni, read.flooding) == ("5", (True, False, False))
    assert traits_of_text("iface a\n\tmtu 1500\n").vni is None


def test_a_change_says_what_differs() -> None:
    old = stanzas(VnetBridge("a", "vxlan_a", 1500)).by_name()
    (change,) = stanza_changes(old, stanzas(VnetBridge("a", "vxlan_a", 1450)))
    assert change.differences == (Difference("mtu", ("1500",), ("1450",)),)


def test_a_udp_port_that_changes_says_why_the_device_is_replaced() -> None:
    (change,) = stanza_changes(on_the_node(), stanzas(PORT, tunnel=replace(TUNNEL, udp_port=6000)))
    assert change.why == "the kernel cannot change the UDP port of a live device"
    ported = replace(TUNNEL, udp_port=6000)
    old = {name: text + "\n\talias x" for name, text in on_the_node(tunnel=ported).items()}
    (change,) = stanza_changes(old, stanzas(PORT, tunnel=ported))
    assert change.action is Action.CHANGE


def test_a_device_that_becomes_a_tunnel_is_changed_by_ifupdown2() -> None:
    (change,) = stanza_changes({"vxlan_a": "auto vxlan_a\niface vxlan_a\n"}, stanzas(PORT))
    assert (change.action, change.why) == (Action.CHANGE, "")


def test_another_mac_is_told_where_the_bridge_is_a_gateway_and_only_there() -> None:
    gateway = VnetBridge("a", "vxlan_a", 1500, addresses=("10.0.0.1/24",), hwaddress="02:00:00:00:00:01")
    old = stanzas(gateway).by_name()
    (change,) = stanza_changes(old, stanzas(replace(gateway, hwaddress="02:00:00:00:00:02")))
    assert change.why == "guests keep the gateway's old MAC until their ARP entry expires"
    (change,) = stanza_changes(old, stanzas(replace(gateway, mtu=1450)))
    assert change.why == ""
    (change,) = stanza_changes(old, stanzas(replace(gateway, addresses=(), hwaddress="02:00:00:00:00:02")))
    assert change.why == ""
    silent = stanzas(replace(gateway, addresses=(), hwaddress=None)).by_name()
    (change,) = stanza_changes(silent, stanzas(gateway))
    assert change.why == ""


@pytest.mark.parametrize(
    ("beside", "is_gateway"),
    [
        (PveVnetBridge("a", "none", (PveAddress("10.0.0.1/24"),)), True),
        (PveVnetBridge("a", "none", (PveAddress(host_route="10.0.0.9/32"),)), False),
        (PveVnetBridge("b", "none", (PveAddress("10.0.0.1/24"),)), False),
    ],
    ids=["an address", "no address", "another bridge"],
)
def test_another_mac_is_told_where_the_file_beside_has_the_gateway(beside: PveVnetBridge, *, is_gateway: bool) -> None:
    there = PresentFile(interfaces(beside, path=SDN_INTERFACES).text)
    old = stanzas(CARRIED).by_name()
    (change,) = stanza_changes(old, stanzas(replace(CARRIED, hwaddress="02:00:00:00:00:02")), there)
    assert (change.keeps_gateway, bool(change.why)) == (is_gateway, is_gateway)
    (change,) = stanza_changes(old, stanzas(replace(CARRIED, addresses=(), hwaddress="02:00:00:00:00:02")), there)
    assert (change.keeps_gateway, change.why) == (False, "")


def test_a_mac_that_is_only_spelled_differently_is_no_other_mac() -> None:
    gateway = VnetBridge("a", "vxlan_a", 1500, addresses=("10.0.0.1/24",), hwaddress="02:00:00:00:00:AB")
    old = stanzas(replace(gateway, mtu=1450)).by_name()
    (change,) = stanza_changes(old, stanzas(replace(gateway, hwaddress="02:00:00:00:00:ab")))
    assert (change.why, [difference.name for difference in change.differences]) == ("", ["mtu"])
    (change,) = stanza_changes(old, stanzas(replace(gateway, hwaddress=None)))
    assert change.why == "guests keep the gateway's old MAC until their ARP entry expires"


def test_the_traits_of_a_text_are_its_options_first_values() -> None:
    text = (
        "auto v\niface v\n\tvxlan-id 5\n\tvxlan_port 6000\n\thwaddress ether 02:00:00:00:00:01\n\tvrf vrf_a\n"
        "\taddress 10.0.0.1/24\n\tvxlan-mcastgrp 225.1.1.1\n\tvrf vrf_b\n"
    )
    assert traits_of_text(text) == Traits("5", "6000", (False, True, False), "ether 02:00:00:00:00:01", "vrf_a")


def test_an_interface_of_several_stanzas_has_the_traits_of_the_first() -> None:
    bare = PveVnetBridge("a", "none", hwaddress="02:00:00:00:00:01", vrf="vrf_a")
    addressed = replace(bare, subnets=(PveAddress(address="10.0.0.1/24"),), hwaddress="other", vrf="other")
    port = PveVxlanPort("a", 5, 1450, udp_port=6000, remotes=("10.0.0.2",))
    file = InterfacesFile(())
    assert traits_of_stanzas([bare], file) == Traits(hwaddress="02:00:00:00:00:01", vrf="vrf_a")
    assert traits_of_stanzas([bare, addressed], file) == Traits(hwaddress="02:00:00:00:00:01", vrf="vrf_a")
    assert traits_of_stanzas([port, addressed], file) == Traits("5", "6000", (True, False, False))
    assert traits_of_stanzas([replace(port, udp_port=None)], file) == Traits("5", None, (True, False, False))
