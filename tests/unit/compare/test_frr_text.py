"""PVE's frr.conf is compared by what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvesdn.decode.frr.text import is_from_write_memory, meaning, says_the_same, statements

WRITTEN = sorted((Path(__file__).parent / "write_memory").iterdir())
"""Texts of ours, and what FRR 8.4.4 made of each: loaded by its daemons, then `vtysh -c 'write memory'`."""

TEXT = """\
frr version 10.4.1
frr defaults datacenter
hostname node1
!
router bgp 65000
 neighbor VTEP peer-group
 !
 address-family l2vpn evpn
  neighbor VTEP activate
  advertise-all-vni
 exit-address-family
exit
!
router bgp 65000 vrf vrf_z
 bgp router-id 192.168.0.1
exit
!
line vty
!
"""


def test_neither_order_nor_marks_nor_versions_count() -> None:
    other = (
        TEXT.replace("10.4.1", "8.5.2")
        .replace("!\n", "")
        .replace("  neighbor VTEP activate\n  advertise-all-vni\n", "  advertise-all-vni\n  neighbor VTEP activate\n")
    )
    assert other != TEXT
    assert says_the_same(TEXT, other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  advertise-all-vni\n", ""),
        (" exit-address-family\nexit\n", " exit-address-family\n bgp router-id 192.168.0.1\nexit\n"),
        (" bgp router-id 192.168.0.1\n", " bgp router-id 192.168.0.2\n"),
        ("l2vpn evpn", "ipv4 unicast"),
        ("hostname node1\n", "hostname node1\nhostname node1\n"),
    ],
    ids=["a line gone", "a line more, which another block has", "another value", "another block", "a line twice"],
)
def test_a_line_more_or_less_or_elsewhere_counts(old: str, new: str) -> None:
    assert old in TEXT
    assert not says_the_same(TEXT, TEXT.replace(old, new, 1))


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: case.name)
def test_what_write_memory_makes_of_our_text_says_the_same(case: Path) -> None:
    ours, written = ((case / name).read_text() for name in ("ours.conf", "written.conf"))
    assert ours != written
    assert is_from_write_memory(written)
    assert meaning(written) == meaning(ours)


@pytest.mark.parametrize("case", WRITTEN, ids=lambda case: case.name)
def test_any_line_that_goes_from_it_is_seen(case: Path) -> None:
    lines = (case / "written.conf").read_text().splitlines(keepends=True)
    before = meaning("".join(lines))
    unseen = [
        line.strip()
        for place, line in enumerate(lines)
        if meaning("".join(lines[:place] + lines[place + 1 :])) == before
    ]
    # Marks, versions and the ends of blocks that another block ends as well.
    assert set(unseen) <= {"!", "frr version 8.4.4", "exit", "exit-vrf", "exit-vni", "exit-address-family"}


def test_every_kind_of_text_was_shown_to_frr() -> None:
    assert len(WRITTEN) >= 8


@pytest.mark.parametrize(
    "line", ["ip route 0.0.0.0/0 10.0.0.1", "no ip forwarding", "router bgp 1", "vrrp 1 priority 101", "line vtx"]
)
def test_a_line_more_is_another_meaning(line: str) -> None:
    assert meaning(f"{TEXT}{line}\n") != meaning(TEXT)


def test_other_defaults_are_another_meaning() -> None:
    assert meaning(TEXT.replace("datacenter", "traditional")) != meaning(TEXT)


@pytest.mark.parametrize("text", [TEXT.replace("frr version 10.4.1\n", ""), f"{TEXT}! mine\n", f"{TEXT} # mine\n", ""])
def test_a_text_with_a_comment_or_without_a_version_is_not_frrs_own(text: str) -> None:
    assert not is_from_write_memory(text)


@pytest.mark.parametrize(
    ("ours", "frrs"),
    [
        ("ip route 10.0.0.0/24 null0", "ip route 10.0.0.0/24 Null0"),
        ("ipv6 route fd00::/64 null0", "ipv6 route fd00::/64 Null0"),
        ("access-list pve_ospf_core_ips permit 10.9.0.0/24", "access-list pve_ospf_core_ips seq 5 permit 10.9.0.0/24"),
        ("ipv6 access-list x permit fd00::/64", "ipv6 access-list x seq 5 permit fd00::/64"),
    ],
)
def test_what_frr_spells_in_its_own_way_says_the_same(ours: str, frrs: str) -> None:
    assert says_the_same(f"{TEXT}{ours}\n", f"{TEXT}{frrs}\n")
    assert not says_the_same(f"{TEXT}{ours}\n", f"{TEXT}{frrs.replace('0/', '1/').replace('::/', '::1/')}\n")


def test_a_block_that_is_opened_twice_is_the_one_that_frr_shows() -> None:
    """PVE's merge puts an interface of a fabric into frr.conf beside the one of frr.conf.local."""
    file = (
        "interface eno3\n ip ospf hello-interval 4\nexit\n!\nrouter ospf\n ospf router-id 10.0.0.1\nexit\n!\n"
        "interface eno3\n ip ospf area 0\nexit\n!\naccess-list core permit 10.0.0.0/16\n"
    )
    running = (
        "interface eno3\n ip ospf area 0\n ip ospf hello-interval 4\nexit\n!\nrouter ospf\n ospf router-id 10.0.0.1\n"
        "exit\n!\naccess-list core seq 5 permit 10.0.0.0/16\n"
    )
    assert statements(file) == statements(running)
    assert meaning(file) == meaning(running)
    assert statements(file) - statements(running.replace(" ip ospf area 0\n", "")) == {
        (("interface", "eno3"), ("ip", "ospf", "area", "0")): 1
    }


@pytest.mark.parametrize("block", ["interface eno2", "interface eno2 vrf vrf_a", "vrf vrf_a"])
def test_what_frr_keeps_of_a_device_when_its_last_line_goes_says_nothing(block: str) -> None:
    rest = "router bgp 65000\n bgp router-id 10.0.0.1\nexit\n"
    assert statements(f"{rest}!\n{block}\nexit\n") == statements(rest)
    assert statements(f"{rest}!\n{block}\n description x\nexit\n") - statements(rest) != {}
    assert statements("router bgp 65000\nexit\n") != statements("")


@pytest.mark.parametrize("line", ["vrrp 4", "vrrp 4 version 3"])
def test_a_virtual_router_that_a_reload_left_behind_without_addresses_says_nothing(line: str) -> None:
    """frr-reload.py of FRR 8.4.4 runs `no vrrp 4` first, and `no vrrp 4 priority 200` then makes it anew."""
    assert statements(f"interface eno2\n {line}\nexit\n") == statements("")
    router = f"interface eno2\n {line}\n vrrp 4 ip 172.16.0.10\nexit\n"
    assert statements(router) - statements(f"interface eno2\n {line}\nexit\n") != {}
    assert len(statements(router)) == 3
