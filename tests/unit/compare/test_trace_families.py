"""Which version of IP is followed between two ends, and ends that have none in common."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

import pytest

from pvesdn.compare.trace import both_ways, ends_of
from pvesdn.compare.trace_names import Named
from pvesdn.compare.trace_scene import Scene
from pvesdn.errors import SettingsError
from pvesdn.model.looked_up import GuestCard
from pvesdn.model.trace import End, EndKind, Outcome
from tests.unit.compare.test_trace import FAR, FAR_MAC, FOUND1, FOUND2, GUEST, HERE, MAC, THERE, one_way, scene

HERE6, THERE6 = ip_address("fd00:2::1"), ip_address("fd00:3::3")
NAMES = Named("101", 101), Named("102", 102)
ONE6 = replace(GUEST, address=None, addresses=(HERE6,))


def having(here: tuple[str, ...], there: tuple[str, ...]) -> Scene:
    """Guests 101 and 102 have these addresses, by their configurations alone."""
    one = GuestCard(101, 0, MAC, "web", tuple(map(ip_address, here)))
    other = GuestCard(102, 0, FAR_MAC, "db", tuple(map(ip_address, there)))
    return scene(found=replace(FOUND1, cards=(one,), neighbours=()), far=replace(FOUND2, cards=(other,), neighbours=()))


@pytest.mark.parametrize(
    ("here", "there", "wanted"),
    [
        (("fd00:2::1",), ("10.0.3.3", "fd00:3::3"), (HERE6, THERE6)),
        (("10.0.2.1", "fd00:2::1"), ("fd00:3::3",), (HERE6, THERE6)),
        (("10.0.2.1", "fd00:2::1"), ("10.0.3.3", "fd00:3::3"), (HERE, THERE)),
        (("fd00:2::1",), ("10.0.3.3",), (HERE6, THERE)),
        (("fd00:2::1",), (), (HERE6, None)),
    ],
)
def test_both_ends_are_followed_by_addresses_of_one_version_where_they_have_such(
    here: tuple[str, ...], there: tuple[str, ...], wanted: tuple[object, object]
) -> None:
    one, other = ends_of(NAMES, having(here, there), {})
    assert (one.address, other.address) == wanted


def test_guests_without_a_version_in_common_are_not_said_to_reach_each_other() -> None:
    found = having(("fd00:2::1",), ("10.0.3.3",))
    one, other = ends_of(NAMES, found, {})
    reasons = {
        "of 101 only addresses of IPv6 are known, and of 102 only of IPv4",
        "of 102 only addresses of IPv4 are known, and of 101 only of IPv6",
    }
    ways = [way for direction in both_ways(found, (one, other)) for way in direction.ways]
    assert {way.outcome for way in ways} == {Outcome.UNKNOWN}
    assert {way.reason for way in ways} == reasons


@pytest.mark.parametrize(
    "other",
    [
        End("8.8.8.8", EndKind.OUTSIDE, address=ip_address("8.8.8.8")),
        End("10.0.2.254", EndKind.NODE, "node1", bridge="web", mac="02:00:00:00:00:03", address=ip_address("10.0.2.254"),
            holders=("node1",)),
    ],
    ids=("outside", "gateway"),
)  # fmt: skip
def test_a_guest_reaches_no_address_of_a_version_that_it_has_not(other: End) -> None:
    for direction in both_ways(scene(), (ONE6, other)):
        (way,) = direction.ways
        assert way.outcome is Outcome.UNKNOWN
        assert "only addresses of IPv" in way.reason


def test_two_addresses_of_two_versions_are_refused() -> None:
    names = Named("10.0.2.1", address=HERE), Named("fd00:3::3", address=THERE6)
    with pytest.raises(SettingsError, match=r"10\.0\.2\.1 is an address of IPv4, and fd00:3::3 of IPv6; give two"):
        ends_of(names, scene(), {})


def test_which_version_was_followed_is_noted_between_guests_that_have_both() -> None:
    one, other = replace(GUEST, addresses=(HERE, HERE6)), replace(FAR, addresses=(THERE, THERE6))
    note = "followed for IPv4; both have addresses of IPv6 too"
    assert note in one_way(scene(), one, other).notes
    assert note not in one_way(scene(), one, FAR).notes
    assert note not in one_way(scene(), one, replace(other, addresses=(), address=THERE)).notes


def test_of_guests_in_one_vnet_no_version_is_noted() -> None:
    own = ip_address("10.0.2.7"), ip_address("fd00:2::7")
    near = replace(FAR, bridge="web", address=own[0], addresses=own)
    way = one_way(scene(), replace(GUEST, addresses=(HERE, HERE6)), near)
    assert not [note for note in way.notes if "followed for" in note]
