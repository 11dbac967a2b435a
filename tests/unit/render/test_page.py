"""What a page says besides the map, and what no name may do to it."""

from __future__ import annotations

import html
from dataclasses import replace

from pvesdn.model.status import Health
from pvesdn.model.topology import MapSession
from pvesdn.render.page.contents import sessions, zones
from pvesdn.render.page.page import Around, page
from tests.maps import a_map

AROUND = Around("2026-11-28 12:00 UTC")


def test_no_name_turns_round_what_stands_beside_it() -> None:
    whole = a_map(3, 4)
    zone = whole.zones[1]
    steering = "a\u202eb\x00\x1bc\ud800"
    named = replace(zone, vnets=tuple(replace(vnet, alias=steering, first=steering) for vnet in zone.vnets))
    text = page(replace(whole, cluster=steering, zones=(named,)), AROUND)
    assert "<h1>a\ufffdb\ufffd\ufffdc\ufffd</h1>" in text
    assert not {"\u202e", "\x00", "\x1b", "\ud800"} & set(text)


def test_sessions_that_are_not_listed_are_counted_as_what_they_are() -> None:
    whole = a_map(3, 4, is_broken=False)
    outside = tuple(MapSession(("pve1", f"192.0.2.{last}"), True, Health.OK) for last in range(60))
    text = html.unescape(page(replace(whole, sessions=(*whole.sessions, *outside)), AROUND))
    assert "10 more are not listed here: 10 sessions: 10 established." in text
    assert "not well are in the table" not in text


def test_of_many_sessions_outside_those_that_are_not_well_are_listed_first() -> None:
    whole = a_map(3, 4, is_broken=False)
    health = [*[Health.OK] * 60, *[Health.UNCHECKED], *[Health.WARNING] * 2, Health.BAD]
    outside = tuple(MapSession(("pve1", f"192.0.2.{at}"), True, its) for at, its in enumerate(health))
    told = sessions(replace(whole, sessions=(*whole.sessions, *outside))).rows
    assert [row.state.name for row in told[:5]] == ["bad", "warning", "warning", "unknown", "ok"]


def test_a_part_does_not_say_that_a_zone_is_on_all_nodes() -> None:
    whole = a_map(3, 4)
    assert '<span class="chip">all nodes</span>' in page(whole, AROUND)
    assert '<span class="chip">on pve1-pve3</span>' in page(replace(whole, only="zone zone1"), AROUND)


def test_the_bad_stand_before_what_may_only_follow_from_them() -> None:
    whole = a_map(3, 3, zones=1, is_broken=False)
    health = (Health.OK, Health.WARNING, Health.BAD)
    zone = whole.zones[0]
    vnets = tuple(replace(one, health=its) for one, its in zip(zone.vnets, health, strict=True))
    (shown,) = zones(replace(whole, zones=(replace(zone, vnets=vnets),)))
    assert [vnet.state.name for vnet in shown.vnets] == ["bad", "warning", "ok"]
    named = [replace(zone, id=its.value, health=its) for its in health]
    assert [one.id for one in zones(replace(whole, zones=tuple(named)))] == ["bad", "warning", "ok"]


def test_things_are_found_by_what_people_can_read_of_them() -> None:
    (shown, *_) = zones(a_map(3, 4, zones=1))
    assert shown.text == "zone1 evpn, symmetric irb, l3vni 4000"
    guest = shown.vnets[0].guests[0]
    assert guest.text == guest.label.lower()
