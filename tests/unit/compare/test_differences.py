"""Attribute by attribute: of interfaces, of the kernel's settings, of FRR's daemons, of frr.conf."""

from __future__ import annotations

import pytest

from pvesdn.compare.differences import daemon_differences, stanza_differences, sysctl_differences
from pvesdn.compare.frr_words import frr_differences
from pvesdn.model.differences import Difference

ROUTER = """\
router bgp 65000
 bgp router-id 10.0.0.1
 neighbor VTEP peer-group
 neighbor VTEP remote-as 65000
 neighbor VTEP update-source 10.0.0.1
 neighbor 10.0.0.2 peer-group VTEP
 neighbor 10.0.0.3 peer-group VTEP
 !
 address-family l2vpn evpn
  neighbor VTEP activate
  advertise-all-vni
 exit-address-family
exit
!
"""
VRF = "vrf vrf_a\n vni 4000\n ip route 0.0.0.0/0 172.16.0.254 eno2\nexit-vrf\n!\n"


# --- interfaces ------------------------------------------------------------------------------------------------------


def test_a_value_that_changes_has_an_old_and_a_new_one() -> None:
    assert stanza_differences({"mtu": ("1500",)}, {"mtu": ("1450",)}) == (Difference("mtu", ("1500",), ("1450",)),)


def test_of_a_list_only_members_that_come_or_go_are_told() -> None:
    old, new = {"vxlan-remoteip": ("10.0.0.2", "10.0.0.3")}, {"vxlan-remoteip": ("10.0.0.3", "10.0.0.4", "10.0.0.5")}
    assert stanza_differences(old, new) == (Difference("vxlan-remoteip", ("10.0.0.2",), ("10.0.0.4", "10.0.0.5")),)


def test_what_comes_or_goes_has_one_side() -> None:
    assert stanza_differences({"hwaddress": ("02::",)}, {"vrf": ("vrf_a",)}) == (
        Difference("hwaddress", ("02::",), ()),
        Difference("vrf", (), ("vrf_a",)),
    )


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("hwaddress", "44:39:39:FF:40:94", "44:39:39:ff:40:94"),
        ("hwaddress", "ether 44:39:39:ff:40:94", "44:39:39:ff:40:94"),
        ("address", "FD00:0::1/64", "fd00::1/64"),
        ("vxlan-local-tunnelip", "fd00:0:0::1", "fd00::1"),
    ],
)
def test_another_spelling_is_no_difference(name: str, old: str, new: str) -> None:
    assert stanza_differences({name: (old,)}, {name: (new,)}) == ()


def test_the_order_of_addresses_counts_since_the_first_one_is_the_source() -> None:
    one, other = "10.0.0.1/24", "10.0.0.2/24"
    assert stanza_differences({"address": (one, other)}, {"address": (other, one)}) == (
        Difference("address", (one, other), (other, one)),
    )
    assert stanza_differences({"vxlan-remoteip": ("a", "b")}, {"vxlan-remoteip": ("b", "a")}) == ()


def test_no_secret_of_somebody_elses_stanza_is_told() -> None:
    (found,) = stanza_differences({"wpa-psk": ("hunter2",)}, {})
    assert found == Difference("wpa-psk", ("********",), ())


# --- kernel settings, daemons ----------------------------------------------------------------------------------------


def test_a_setting_that_is_new_takes_the_place_of_what_the_kernel_has() -> None:
    live = {"net.ipv4.ip_forward": "0", "net.ipv6.conf.all.forwarding": "0"}
    assert sysctl_differences(None, [("net.ipv4.ip_forward", "1")], live) == (
        Difference("net.ipv4.ip_forward", ("0",), ("1",)),
    )
    assert sysctl_differences(None, [("net.ipv4.ip_forward", "1")], {"net.ipv4.ip_forward": "1"}) == ()


def test_a_setting_that_goes_is_told_with_what_it_was() -> None:
    assert sysctl_differences("# ours\nnet.ipv4.ip_forward = 1\n", [], {}) == (
        Difference("net.ipv4.ip_forward", ("1",), ()),
    )


def test_daemons_that_are_switched_on_are_told_and_nothing_else_of_that_file() -> None:
    old, new = "bgpd=no\nzebra_options=x\n", "bgpd=yes\nzebra_options=x\nvrrpd=yes\n"
    assert daemon_differences(old, new) == (Difference("bgpd", ("no",), ("yes",)), Difference("vrrpd", (), ("yes",)))


# --- frr.conf --------------------------------------------------------------------------------------------------------


def test_neighbors_that_come_and_go_are_members_of_their_group() -> None:
    assert frr_differences(ROUTER, ROUTER.replace("10.0.0.3 peer", "10.0.0.4 peer")) == (
        Difference("router bgp neighbors of VTEP", ("10.0.0.3",), ("10.0.0.4",)),
    )


def test_statements_with_a_value_have_an_old_and_a_new_one() -> None:
    assert frr_differences(ROUTER, ROUTER.replace("10.0.0.1", "10.9.0.1")) == (
        Difference("router bgp bgp router-id", ("10.0.0.1",), ("10.9.0.1",)),
        Difference("router bgp neighbor VTEP update-source", ("10.0.0.1",), ("10.9.0.1",)),
    )


def test_an_as_number_is_one_difference_and_not_a_whole_router() -> None:
    assert frr_differences(ROUTER, ROUTER.replace("bgp 65000", "bgp 65001")) == (
        Difference("router bgp AS number", ("65000",), ("65001",)),
    )


def test_a_line_without_a_value_is_told_whole_in_its_block() -> None:
    assert frr_differences(ROUTER, ROUTER.replace("  advertise-all-vni\n", "")) == (
        Difference("router bgp l2vpn evpn:", ("advertise-all-vni",), ()),
    )


def test_blocks_that_come_or_go_are_named_with_their_l3vni_and_neighbors() -> None:
    assert frr_differences("", VRF + ROUTER) == (
        Difference("", (), ("vrf vrf_a, L3VNI 4000",)),
        Difference("", (), ("router bgp 65000, 2 neighbors",)),
    )
    assert frr_differences(VRF + ROUTER, None) == (
        Difference("", ("vrf vrf_a, L3VNI 4000",), ()),
        Difference("", ("router bgp 65000, 2 neighbors",), ()),
    )


def test_an_l3vni_and_a_route_are_told_by_their_vrf() -> None:
    new = VRF.replace("4000", "4001").replace("172.16.0.254", "172.16.0.253")
    assert frr_differences(VRF, new) == (
        Difference("vrf vrf_a ip route 0.0.0.0/0", ("172.16.0.254 eno2",), ("172.16.0.253 eno2",)),
        Difference("vrf vrf_a vni", ("4000",), ("4001",)),
    )


def test_what_says_nothing_about_the_network_is_not_told() -> None:
    assert frr_differences("frr version 8.5\nhostname a\n! x\n", "frr defaults datacenter\nhostname b\n") == ()


def test_no_password_is_told() -> None:
    old = ROUTER.replace("update-source 10.0.0.1", "password hunter2")
    assert "hunter2" not in repr(frr_differences(old, ROUTER))
    assert "hunter2" not in repr(frr_differences(old, None))
