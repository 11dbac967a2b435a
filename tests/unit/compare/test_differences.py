"""Attribute by attribute: of interfaces, of the kernel's settings, of FRR's daemons, of frr.conf."""

from __future__ import annotations

import pytest

from pvesdn.compare.differences import daemon_differences, stanza_differences, sysctl_differences
from pvesdn.compare.frr_words import frr_differences
from pvesdn.model.dhcp_filter import dhcp_filter
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


# --- interfaces -------------------------------------------------------------------------------------------------------


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


def test_the_program_of_a_filter_is_not_spelled_out_and_what_somebody_else_runs_is() -> None:
    theirs = "tc filter replace dev vxlan_web ingress pref 1 bpf bytecode '1,6 0 0 2'"
    (found,) = stanza_differences({}, {"post-up": (*dhcp_filter("vxlan_web"), theirs)})
    assert found.new == (
        "tc qdisc replace dev vxlan_web clsact",
        "tc filter replace dev vxlan_web ingress pref 6768 handle 1 protocol all bpf direct-action bytecode ...",
        "tc filter replace dev vxlan_web egress pref 6768 handle 1 protocol all bpf direct-action bytecode ...",
        theirs,
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


# --- kernel settings, daemons -----------------------------------------------------------------------------------------


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


# --- frr.conf


def test_neighbors_that_come_and_go_are_members_of_their_group() -> None:
    assert frr_differences(ROUTER, ROUTER.replace("10.0.0.3 peer", "10.0.0.4 peer")) == (
        Difference("router bgp neighbors of VTEP", ("10.0.0.3",), ("10.0.0.4",)),
    )


def test_statements_with_a_value_have_an_old_and_a_new_one() -> None:
    assert frr_differences(ROUTER, ROUTER.replace("10.0.0.1", "10.9.0.1")) == (
        Difference("router bgp neighbor VTEP update-source", ("10.0.0.1",), ("10.9.0.1",)),
        Difference("router bgp router-id", ("10.0.0.1",), ("10.9.0.1",)),
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


# --- spelling and repetition, where only some of it counts ------------------------------------------------------------


def test_a_value_that_is_there_twice_goes_as_often_as_it_goes() -> None:
    assert stanza_differences({"up": ("a", "a", "b")}, {"up": ("a",)}) == (Difference("up", ("a", "b"), ()),)
    assert stanza_differences({"up": ("a", "a")}, {"up": ("b",)}) == (Difference("up", ("a", "a"), ("b",)),)


def test_a_mac_with_dashes_is_the_same_mac() -> None:
    assert stanza_differences({"hwaddress": ("44-39-39-ff-40-94",)}, {"hwaddress": ("44:39:39:ff:40:94",)}) == ()


def test_a_setting_that_may_be_missing_is_the_setting() -> None:
    old = "-net.ipv4.ip_forward = 1\n"
    assert sysctl_differences(old, [("-net.ipv4.ip_forward", "1")], {}) == ()
    assert sysctl_differences(old, [("-net.ipv4.ip_forward", "0")], {}) == (
        Difference("net.ipv4.ip_forward", ("1",), ("0",)),
    )


@pytest.mark.parametrize("line", ["# a = 1", "  # a = 1", ";a = 1", "a", "a 1"])
def test_a_line_that_sets_nothing_is_no_setting(line: str) -> None:
    assert sysctl_differences(f"{line}\n", [], {}) == ()


def test_a_value_may_have_an_equals_sign_and_letters_at_its_ends() -> None:
    assert sysctl_differences("kernel.x = a=b\n", [("kernel.x", "X")], {}) == (
        Difference("kernel.x", ("a=b",), ("X",)),
    )
    assert sysctl_differences("kernel.x = X\n", [("kernel.x", "X")], {}) == ()


def test_of_daemons_only_the_switches_are_told_and_quotes_are_none_of_them() -> None:
    old, new = 'bgpd=no\nzebra="yes"\nbgpd_options="-A"\nstaticd="yes"\n', "bgpd=yes\nbgpd_options=yes\nstaticd=yes\n"
    assert daemon_differences(old, new) == (Difference("bgpd", ("no",), ("yes",)),)


@pytest.mark.parametrize("family", ["ip", "ipv6"])
def test_forwarding_is_a_switch_whichever_way_it_is_said(family: str) -> None:
    on, off = f"{family} forwarding\n", f"no {family} forwarding\n"
    assert frr_differences(off, on) == (Difference(f"{family} forwarding", ("off",), ("on",)),)
    assert frr_differences(on, off) == (Difference(f"{family} forwarding", ("on",), ("off",)),)


@pytest.mark.parametrize("family", ["ip", "ipv6"])
def test_a_route_is_known_by_its_prefix(family: str) -> None:
    old, new = f"{family} route P via1\n{family} route Q same\n", f"{family} route P via2\n{family} route Q same\n"
    assert frr_differences(old, new) == (Difference(f"{family} route P", ("via1",), ("via2",)),)


@pytest.mark.parametrize("way", ["import", "export"])
def test_route_targets_are_a_list_for_each_way(way: str) -> None:
    family = "router bgp 1\n address-family l2vpn evpn\n  route-target {} {}\n exit-address-family\nexit\n"
    (found,) = frr_differences(family.format(way, "1:2"), family.format(way, "1:3"))
    assert (found.name.rpartition(" route-target ")[2], found.old, found.new) == (way, ("1:2",), ("1:3",))


def test_a_line_without_a_value_is_told_whole_behind_where_it_stands() -> None:
    assert frr_differences("", "bfd_or_so\n") == (Difference("", (), ("bfd_or_so",)),)
    (found,) = frr_differences("router bgp 1\nexit\n", "router bgp 1\n bgp bestpath med\nexit\n")
    assert (found.name, found.new) == ("router bgp:", ("bgp bestpath med",))


def test_whole_lines_come_after_what_has_a_name() -> None:
    old, new = "router bgp 1\n a line\n bgp router-id 1.1.1.1\nexit\n", "router bgp 1\n bgp router-id 2.2.2.2\nexit\n"
    assert [found.name for found in frr_differences(old, new)] == ["router bgp router-id", "router bgp:"]


def test_a_line_that_is_there_twice_is_told_as_often_as_it_goes() -> None:
    (found,) = frr_differences("a line\na line\na line\n", "a line\n")
    assert found.old == ("a line", "a line")


def test_a_block_that_comes_or_goes_says_how_many_neighbors_and_which_l3vni_it_has() -> None:
    one = "router bgp 1\n neighbor VTEP peer-group\n neighbor 10.0.0.2 peer-group VTEP\nexit\n"
    assert frr_differences(one, "") == (Difference("", ("router bgp 1, 1 neighbor",), ()),)
    two = one.replace("exit", " neighbor 10.0.0.3 peer-group VTEP\n neighbor 10.0.0.3 description b c\nexit")
    assert frr_differences("", two) == (Difference("", (), ("router bgp 1, 2 neighbors",)),)
    vrf = "vrf vrf_a\n vni 4000\n vni 4001 prefix-routes-only\n ip route\nexit-vrf\n"
    assert frr_differences("", vrf) == (Difference("", (), ("vrf vrf_a, L3VNI 4000",)),)


def test_what_is_in_a_block_that_comes_or_goes_is_not_told_again_and_what_follows_is() -> None:
    block = "router bgp 1\n address-family l2vpn evpn\n  advertise-all-vni\n exit-address-family\nexit\n"
    after = "vrf vrf_a\n vni 4000\nexit-vrf\n"
    assert frr_differences("", block + after) == (
        Difference("", (), ("router bgp 1",)),
        Difference("", (), ("vrf vrf_a, L3VNI 4000",)),
    )
    assert [found.old for found in frr_differences(block + after, "")] == [
        ("router bgp 1",),
        ("vrf vrf_a, L3VNI 4000",),
    ]
