"""PVE's merge of frr.conf.local: what goes where, and what is said of lines that do not become what they say."""

from __future__ import annotations

import pytest

from pvesdn.decode.frr.local import read_local
from pvesdn.design.merge.local import leaves_open, merge_local
from pvesdn.model.frr import (
    BgpRouter,
    FrrConfig,
    IsisInterface,
    IsisRouter,
    L2vpnEvpn,
    OpenfabricInterface,
    RouteMapEntry,
    Unicast,
    VrfBinding,
)
from pvesdn.model.frr_local import LocalMerge

PVE = FrrConfig(
    "node1",
    version="10.4.1",
    vrfs=(VrfBinding("vrf_z", 4000),),
    routers=(
        BgpRouter(65000, "10.0.0.1", evpn=L2vpnEvpn(advertise_all_vni=True)),
        BgpRouter(65000, "10.0.0.1", vrf="vrf_z", unicasts=(Unicast("ipv4", redistribute=("connected",)),)),
    ),
    isis_routers=(IsisRouter("core", "49.0001.0001.0001.0001.00"),),
    isis_interfaces=(IsisInterface("eno1", "core"),),
    openfabric_interfaces=(OpenfabricInterface("eno2", "lab", ("ip",)),),
    route_maps=(
        RouteMapEntry("MAP_VTEP_IN", "deny", 1, ("match ip address prefix-list only_default",)),
        RouteMapEntry("MAP_VTEP_IN", "permit", 2),
        RouteMapEntry("pve_openfabric", "permit", 100, ("match ip address x",)),
    ),
)


def merge(*lines: str) -> LocalMerge:
    return merge_local(PVE, read_local("\n".join((*lines, ""))))


def evpn_lines(config: FrrConfig) -> tuple[str, ...]:
    """What the address family EVPN of the first router has of the administrator's."""
    family = config.routers[0].evpn
    assert family is not None
    return family.custom


def merged(*lines: str) -> FrrConfig:
    config = merge(*lines).merged
    assert config is not None
    return config


def said(*lines: str) -> list[tuple[int, str]]:
    return [(fault.line.number, fault.what) for fault in merge(*lines).faults]


# --- what is merged --------------------------------------------------------------------------------------------------


def test_nothing_changes_nothing():
    assert merged() == merged("!", "", " ! a remark", "! --- ---") == PVE


def test_lines_of_a_generated_vrf_follow_its_own():
    found = merged("vrf vrf_z", " ip route 0.0.0.0/0 172.16.0.254 eno2", "exit-vrf")
    assert found.vrfs[0].custom == (" ip route 0.0.0.0/0 172.16.0.254 eno2",)
    assert found.custom == ()


def test_lines_of_a_generated_router_go_before_its_families():
    found = merged("router bgp 65000", "  bgp graceful-restart   ", "exit")
    assert found.routers[0].custom == ("  bgp graceful-restart",)
    assert found.routers[1] == PVE.routers[1]


def test_a_generated_family_takes_its_lines_and_the_router_goes_on_behind_it():
    found = merged(
        "router bgp 65000 vrf vrf_z", "  address-family ipv4 unicast", "   redistribute static",
        "exit-address-family", " bgp bestpath med", "exit",
    )  # fmt: skip
    assert found.routers[1].unicasts[0].custom == ("   redistribute static",)
    assert found.routers[1].custom == (" bgp bestpath med",)


def test_evpn_is_a_family_like_another():
    found = merged(
        "router bgp 65000", " address-family l2vpn evpn", "  vni 3", "  exit-vni", " exit-address-family", "exit"
    )
    assert found.routers[0].evpn == L2vpnEvpn(advertise_all_vni=True, custom=("  vni 3", "  exit-vni"))


def test_a_new_family_stands_among_the_routers_lines_and_what_follows_it_is_lost_to_the_router():
    lines = (
        "router bgp 65000", "    address-family ipv6 unicast", "  redistribute static", "exit-address-family",
        " neighbor 10.0.0.9 shutdown", "exit",
    )  # fmt: skip
    found = merged(*lines)
    assert found.routers[0].custom == (" address-family ipv6 unicast", "  redistribute static", "exit-address-family")
    assert found.custom == (" neighbor 10.0.0.9 shutdown",)
    assert said(*lines) == [(5, "ends up outside of any block")]


def test_a_family_behind_a_new_one_still_finds_the_router():
    found = merged(
        "router bgp 65000", " address-family ipv6 unicast", " exit-address-family",
        " address-family l2vpn evpn", "  advertise-default-gw", " exit-address-family", "exit",
    )  # fmt: skip
    assert evpn_lines(found) == ("  advertise-default-gw",)
    assert found.custom == ()


def test_an_end_of_a_family_too_many_changes_nothing():
    lines = ("router bgp 65000", " address-family ipv6 unicast", " exit-address-family", " exit-address-family", "exit")
    assert merged(*lines) == merged(*lines[:3], "exit")


def test_isis_is_merged_and_other_routers_never_are():
    found = merged("router isis core", " is-type level-1", "exit", "interface eno1", " isis metric 9", "exit")
    assert found.isis_routers[0].custom == (" is-type level-1",)
    assert found.isis_interfaces[0].custom == (" isis metric 9",)
    assert merged("router openfabric lab", " is-type x", "exit").custom == (
        "router openfabric lab",
        " is-type x",
        "exit",
        "!",
    )


@pytest.mark.parametrize(
    "lines",
    [
        ("router bgp 65001", " neighbor 10.0.0.9 remote-as external", "exit"),
        ("router bgp 65000 vrf vrf_new", " address-family ipv4 unicast", "  x", " exit-address-family", "exit"),
        ("router isis other", " net 49", "exit"),
        ("router eigrp 1337", " network 203.0.113.0/27", "exit"),
        ("vrf vrf_new", " vni 9", "exit-vrf"),
        ("interface eno2", " ip ospf cost 9", "exit"),
        ("interface eno1 vrf vrf_z", " description x", "exit"),
    ],
)
def test_what_pve_does_not_generate_is_a_block_of_its_own(lines: tuple[str, ...]):
    found = merged(*lines)
    assert found.custom == (*lines, "!")
    assert (found.vrfs, found.routers, found.isis_routers) == (PVE.vrfs, PVE.routers, PVE.isis_routers)


def test_lists_are_copied_where_they_stand():
    lists = (
        "ip prefix-list A seq 5 permit 10.0.0.0/8",
        "ipv6 prefix-list B seq 5 permit fd00::/8",
        "access-list C seq 5 permit any",
        "bgp community-list standard D permit 1:1",
    )
    assert merged(*lists).custom == lists
    assert said(*lists) == []


def test_route_maps_come_last_sorted_by_name_and_numbered_behind_pves():
    found = merged(
        "route-map zz permit 10", " set metric 1", "exit", "route-map MAP_VTEP_IN permit 1", "exit",
        "route-map aa deny 7", "route-map zz permit 5", "ip prefix-list A seq 5 permit 10.0.0.0/8",
        "route-map pve_openfabric permit 9",
    )  # fmt: skip
    assert found.custom == (
        "ip prefix-list A seq 5 permit 10.0.0.0/8",
        "route-map MAP_VTEP_IN permit 3", "exit", "!",
        "route-map aa deny 1",
        "route-map pve_openfabric permit 1",  # fabrics come after the merge
        "route-map zz permit 1", " set metric 1", "exit", "!",
        "route-map zz permit 2",
    )  # fmt: skip
    assert found.route_maps == PVE.route_maps


# --- what is lost ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "ip route 10.0.0.0/8 10.0.0.1",
        "ip prefix-list A permit 10.0.0.0/8",
        "bfd",
        "log file /var/log/frr.log",
        "bgp as-path access-list A permit 1",
        " neighbor 10.0.0.9 shutdown",
        "route-map A permit",
    ],
)
def test_outside_of_blocks_everything_else_is_dropped(line: str):
    assert merged(line) == PVE
    assert [what for _, what in said(line)] == ["is dropped"]


def test_a_missing_exit_pulls_in_what_follows():
    lines = ("router bgp 65000", " bgp bestpath med", "ip route 10.0.0.0/8 10.0.0.1")
    assert merged(*lines).routers[0].custom == lines[1:]
    assert said(*lines) == [(3, "ends up in 'router bgp 65000'")]


def test_a_block_ends_the_one_before_it_also_without_exit():
    found = merged("vrf vrf_z", " vni 1233", "vrf vrf_new", " vni 9")
    assert (found.vrfs[0].custom, found.custom) == ((" vni 1233",), ("vrf vrf_new", " vni 9"))


def test_a_second_instance_of_another_number_is_said():
    assert said("router bgp 65001", "exit") == [
        (1, "is a second BGP instance next to PVE's of AS 65000, which FRR refuses")
    ]
    assert said("router bgp 65001 vrf vrf_new", "exit") == []


def test_an_entry_behind_pves_catch_all_is_said():
    assert said("route-map MAP_VTEP_IN deny 1", "exit", "route-map pve_openfabric permit 1", "exit") == [
        (1, "comes after PVE's own entry, which permits everything")
    ]


def test_what_passes_is_not_spoken_of():
    assert said(
        "vrf vrf_new", " vni 9", "exit-vrf", "!", "router bgp 65000 vrf vrf_new", " bgp router-id 10.0.0.1", " !",
        " address-family ipv4 unicast", "  redistribute connected", " exit-address-family", " bgp bestpath med", "exit",
        "router bgp 65000", " address-family l2vpn evpn", "  advertise-default-gw", " exit-address-family",
        " bgp bestpath med", "exit", "route-map x permit 1", " set metric 1", "exit",
    ) == []  # fmt: skip


def test_an_as_number_of_any_length_ends_in_no_crash() -> None:
    lines = read_local(f"router bgp {'9' * 6000}\n bgp bestpath med\nexit\n")
    assert merge_local(FrrConfig("node1", version="10.4.1"), lines).faults == ()


# --- what breaks PVE's own -------------------------------------------------------------------------------------------


def fatal(*lines: str) -> list[int]:
    found = [fault.line.number for fault in merge(*lines).faults if fault.is_fatal]
    assert (merge(*lines).merged is None) is bool(found)
    return found


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        (("vrf vrf_z", "exit-vrf"), [1]),
        (("bfd", "vrf vrf_z", "!", "", " ! a remark", "exit-vrf"), [2]),
        (("vrf vrf_z",), [1]),
        (("vrf vrf_z", "exit-vrf", "vrf vrf_z", "exit-vrf"), [1]),
        (("vrf vrf_z", "router bgp 65000", " bgp bestpath med", "exit"), [1]),
    ],
)
def test_over_a_vrf_of_its_own_into_which_nothing_goes_pve_fails(lines: tuple[str, ...], numbers: list[int]):
    assert fatal(*lines) == numbers


@pytest.mark.parametrize(
    "lines",
    [
        ("vrf vrf_z", " # a remark", "exit-vrf"),
        ("vrf vrf_z", "exit-vrf", "vrf vrf_z", " ip route 10.0.0.0/8 null0", "exit-vrf"),
        ("vrf vrf_new", "exit-vrf"),
        ("router bgp 65000", "exit"),
        ("router isis core", "exit"),
        ("interface eno1", "exit"),
        ("router bgp 65000", " address-family l2vpn evpn", " exit-address-family", "exit"),
        ("route-map x permit 1", "vrf vrf_z", "exit-vrf"),  # the stray end is something
    ],
)
def test_what_has_a_line_or_is_no_vrf_of_pves_is_nothing_to_fail_over(lines: tuple[str, ...]):
    assert fatal(*lines) == []


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        ((" exit-address-family",), [1]),
        (("! exit-address-family",), [1]),
        (("router bgp 65000", "exit", "exit-address-family"), [3]),
        (("router bgp 65000 vrf vrf_new", " address-family ipv4 unicast", " exit-address-family",
          " exit-address-family", "exit"), [4]),
        (("address-family ipv4 unicast", " exit-address-family", " exit-address-family"), [3]),
    ],
)  # fmt: skip
def test_over_the_end_of_an_address_family_of_no_router_of_its_own_pve_fails(
    lines: tuple[str, ...], numbers: list[int]
):
    assert fatal(*lines) == numbers


def test_a_block_without_exit_ends_the_router_of_pves_that_follows_it():
    lines = ("router ospf", " area 0", "router bgp 65000", " bgp bestpath med", "exit", "bfd")
    found = merged(*lines)
    assert found.routers[0].custom == (" bgp bestpath med", "exit", "!")
    assert found.custom == ("router ospf", " area 0")
    inside = "is printed inside PVE's own 'router bgp 65000' and ends it there"
    cause = "the block of line 1, 'router ospf', has no exit"
    assert said(*lines) == [
        (5, f"{inside}, so that FRR reads PVE's address families outside of any router: {cause}"),
        (6, "is dropped"),
    ]


def test_a_block_without_exit_ends_a_family_of_pves_that_follows_it():
    lines = (
        "vrf vrf_new",
        " vni 9",
        "router bgp 65000",
        " address-family l2vpn evpn",
        "  advertise-default-gw",
        "exit",
    )
    assert evpn_lines(merged(*lines)) == ("  advertise-default-gw", "exit", "!")
    ((number, what),) = said(*lines)
    assert number == 6
    assert "inside PVE's own 'address-family l2vpn evpn' and ends it there: the block of line 1, 'vrf vrf_new'," in what


def test_a_block_of_the_files_own_without_exit_is_ended_by_the_next_one_of_its_own():
    lines = ("router ospf", " area 0", "router eigrp 9", " network 10.0.0.0/8", "exit")
    assert merged(*lines).custom == (*lines, "!")
    assert said(*lines) == []


def test_an_end_too_many_in_another_instance_goes_on_in_pves():
    lines = ("router bgp 65001", " bgp router-id 10.0.0.1", " exit-address-family", " bgp bestpath med", "exit")
    found = merged(*lines)
    assert found.routers[0].custom == (" bgp bestpath med", "exit", "!")
    assert (4, "ends up in 'router bgp 65000'") in said(*lines)


def test_the_router_is_forgotten_at_an_exit_alone():
    lines = ("router bgp 65000", "vrf vrf_new", " vni 9", " address-family l2vpn evpn", "  advertise-default-gw")
    assert evpn_lines(merged(*lines)) == ("  advertise-default-gw",)
    assert (4, "ends up in 'router bgp 65000'") in said(*lines)


def test_an_address_family_that_is_not_ended_takes_the_end_of_the_next_one():
    lines = (
        "router bgp 65000", " address-family ipv6 unicast", "  redistribute static", "exit",
        "router bgp 65000", " address-family l2vpn evpn", "  advertise-default-gw", " exit-address-family",
        " bgp bestpath med", "exit",
    )  # fmt: skip
    found = merged(*lines)
    assert evpn_lines(found) == ("  advertise-default-gw", " exit-address-family")
    assert found.custom == (" bgp bestpath med",)
    assert [number for number, _ in said(*lines)] == [8, 9]


@pytest.mark.parametrize("opener", ["address-family ipv4 unicast", "  address-family ipv4 unicast"])
def test_an_address_family_outside_of_any_router_is_copied_with_all_that_follows_it(opener: str):
    lines = (opener, "  redistribute static", " exit-address-family", "bfd", "exit", "bfd")
    assert merged(*lines).custom == (
        " address-family ipv4 unicast", "  redistribute static", " exit-address-family", "bfd",
    )  # fmt: skip
    assert said(*lines) == [(1, "is copied outside of any router, where FRR refuses it"), (6, "is dropped")]


def test_a_comment_is_no_loss_wherever_it_ends():
    lines = ("# one", "router bgp 65000", " # two", "exit", "  # three", "vrf vrf_new", "# four", "exit-vrf")
    assert merged(*lines).routers[0].custom == (" # two",)
    assert said(*lines) == []


@pytest.mark.parametrize("sign", ["# ", "! "])
def test_a_comment_that_pve_takes_for_an_address_family_is_said(sign: str):
    lines = (f"{sign}the address-family ipv4 unicast of old",)
    assert merged(*lines).custom == (" address-family ipv4 unicast of old",)
    assert said(*lines) == [(1, "is a comment that PVE takes for an address family")]


def test_a_line_that_is_no_comment_but_has_an_exclamation_mark_is_dropped_like_one():
    lines = ("router bgp 65000", " neighbor 10.0.0.9 description ready!", " bgp bestpath med", "exit")
    assert merged(*lines).routers[0].custom == (" bgp bestpath med",)
    assert said(*lines) == [(2, "is dropped, for PVE takes a line with '!' in it for a comment")]
    assert merged("ip prefix-list A seq 5 permit any !").custom == ("ip prefix-list A seq 5 permit any !",)


@pytest.mark.parametrize("end", [" exit", "  exit", " quit", "quit"])
def test_an_exit_that_pve_does_not_see_ends_pves_own_router(end: str):
    lines = ("router bgp 65000", " bgp bestpath med", end)
    assert merged(*lines).routers[0].custom == (" bgp bestpath med", end)
    ((number, what),) = said(*lines)
    assert number == 3
    assert what.startswith("is printed inside PVE's own 'router bgp 65000' and ends it there")
    assert [f.hint for f in merge(*lines).faults] == ["write 'exit' in the first column instead"]


def test_an_exit_that_pve_does_not_see_is_the_end_that_frr_reads():
    assert said("router ospf", " network 10.0.0.0/8 area 0", " exit", "ip prefix-list A seq 5 permit any") == []
    assert said("vrf vrf_new", " vni 9", " exit-vrf", "exit") == []
    assert said("router bgp 65000 vrf vrf_z", " address-family ipv4 unicast", "  exit", "exit")[0][0] == 3


def test_the_exit_of_a_vni_ends_nothing_else():
    inside = ("router bgp 65000", " address-family l2vpn evpn", "  vni 3", "   rd 1:1")
    for end in ("  exit", "  exit-vni", "  quit"):
        assert said(*inside, end, " exit-address-family", "exit") == []
    (found,) = said(*inside, "  exit-vni", "  exit", " exit-address-family", "exit")
    assert found == (6, "is printed inside PVE's own 'address-family l2vpn evpn' and ends it there")


@pytest.mark.parametrize(
    "line", ["end", "line vty", "frr version 9.1", "hostname x", "log syslog", "Current configuration:"]
)
def test_what_pve_writes_itself_is_no_loss_outside_of_a_block(line: str):
    assert merged(line) == PVE
    assert said(line) == []


@pytest.mark.parametrize(
    "line",
    [" router bgp 65000 vrf vrf_z", "  vrf vrf_new", " interface eno9", " route-map x permit 5", "\trouter ospf"],
)
def test_an_indented_opener_is_one_to_frr_and_none_to_pve(line: str):
    assert said(line) == [(1, "is dropped")]
    assert said("router bgp 65000", line, "exit") == [(2, "ends up in 'router bgp 65000'")]
    hints = {fault.hint for lines in ((line,), ("router bgp 65000", line, "exit")) for fault in merge(*lines).faults}
    assert hints == {"write it in the first column"}


def test_what_only_begins_like_an_opener_is_none():
    assert said("router ospf6", " interface eno1 area 0", "exit") == []
    assert said("vrf vrf_new", " vni 9", " ip router-id 10.0.0.1", "exit-vrf") == []
    assert (
        said("router bgp 65000", " bgp router-id 10.0.0.1", " neighbor eno1 interface remote-as external", "exit") == []
    )


@pytest.mark.parametrize("line", ["frr version 9.1", "hostname x", "log syslog", "bfd"])
def test_a_command_of_the_top_level_in_an_open_block_leaves_it_and_is_said(line: str):
    assert said("router bgp 65000", line, "exit") == [(2, "ends up in 'router bgp 65000'")]


@pytest.mark.parametrize(
    ("opener", "is_merged"),
    [
        ("router bgp 65000 vrf default", True),
        ("router bgp 065000", False),
        ("router bgp 65000 ", True),
        ("router bgp  65000", False),
        ("router bgp 65000 vrf vrf_z x", False),
        ("router bgp auto", False),
    ],
)
def test_a_router_is_pves_own_by_vrf_and_by_the_spelling_of_its_number(opener: str, is_merged: bool):
    found = merged(opener, " bgp bestpath med", "exit")
    assert (found.routers[0].custom == (" bgp bestpath med",)) is is_merged
    assert found.custom == (() if is_merged else (opener.rstrip(), " bgp bestpath med", "exit", "!"))


@pytest.mark.parametrize(
    ("text", "is_open"),
    [
        ("", False),
        ("ip prefix-list A seq 5 permit any\n", False),
        ("router ospf\n area 0\n", True),
        ("router ospf\nexit\n", False),
        ("router ospf\n exit\n", True),
        ("vrf a\nvrf b\nexit-vrf\n", False),
    ],
)
def test_a_file_that_leaves_a_block_open_is_known(text: str, is_open: bool):
    assert leaves_open(read_local(text)) is is_open
