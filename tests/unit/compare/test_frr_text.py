"""PVE's frr.conf is compared by what it says."""

from __future__ import annotations

import pytest

from pvesdn.compare.frr_text import says_the_same

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
