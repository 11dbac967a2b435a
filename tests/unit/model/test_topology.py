from dataclasses import replace

from pvesdn.model.status import Health
from pvesdn.model.topology import Topology, narrowed, worst
from tests.maps import a_map

NONE: frozenset[str] = frozenset()


def part(zones: set[str] = set(), vnets: set[str] = set(), nodes: set[str] = set()) -> Topology:  # noqa: B006
    return narrowed(a_map(4, 8), zones=frozenset(zones), vnets=frozenset(vnets), nodes=frozenset(nodes))


def test_the_whole_stays_the_whole() -> None:
    assert part() == a_map(4, 8)


def test_a_zone_keeps_its_nodes_vnets_and_exits() -> None:
    found = part(zones={"zone2"})
    assert [zone.id for zone in found.zones] == ["zone2"]
    assert len(found.zones[0].vnets) == 2
    assert len(found.nodes) == 4
    assert found.exits == ()
    assert len(part(zones={"zone1"}).exits) == 2
    assert found.only == "zone zone2"


def test_a_vnet_keeps_its_zone_and_no_other_vnet() -> None:
    found = part(vnets={"net5"})
    assert [(zone.id, [vnet.id for vnet in zone.vnets]) for zone in found.zones] == [("zone2", ["net5"])]


def test_a_node_keeps_its_sessions_with_their_other_ends_and_its_own_guests() -> None:
    found = part(nodes={"pve1"})
    assert len(found.sessions) == 3
    assert len(found.nodes) == 4
    assert {guest.node for vnet in found.vnets for guest in vnet.guests} == {"pve1"}
    assert [uplink.node for uplink in found.exits] == ["pve1"]


def test_the_other_end_of_a_session_that_did_not_answer_is_told() -> None:
    whole = replace(a_map(4, 8), unanswered=("pve2",))
    assert narrowed(whole, zones=NONE, vnets=NONE, nodes=frozenset({"pve1"})).unanswered == ("pve2",)


def test_a_node_that_lacks_the_zone_leaves_nothing() -> None:
    found = part(zones={"zone2"}, vnets={"net4"})
    assert (found.zones, found.nodes, found.only) == ((), (), "zone zone2; VNet net4")


def test_the_worst_is_what_has_to_be_seen() -> None:
    assert worst([]) is None
    assert worst([Health.OK, None]) is Health.OK
    assert worst([Health.OFF, Health.WARNING, Health.BAD]) is Health.BAD


def test_a_zone_that_is_on_none_of_the_nodes_is_left_out() -> None:
    whole = a_map(4, 8)
    elsewhere = replace(whole, zones=(replace(whole.zones[0], nodes=("pve4",)), *whole.zones[1:]))
    found = narrowed(elsewhere, zones=NONE, vnets=NONE, nodes=frozenset({"pve1"}))
    assert [zone.id for zone in found.zones] == ["zone2", "zone3", "zone4"]


def test_a_vnet_that_none_of_the_nodes_has_leaves_nothing() -> None:
    whole = a_map(4, 8)
    first, second, *others = whole.zones
    second = replace(second, vnets=tuple(replace(vnet, nodes=("pve1",)) for vnet in second.vnets))
    found = narrowed(
        replace(whole, zones=(first, second, *others)),
        zones=NONE,
        vnets=frozenset({"net5"}),
        nodes=frozenset({"pve2"}),
    )
    assert (found.zones, found.nodes) == ((), ())


def test_a_zone_of_the_panel_keeps_its_vnets_in_the_one_that_carries_them_and_no_others() -> None:
    whole = a_map(4, 8)
    panel, carrier, *others = whole.zones
    first, second = carrier.vnets
    carrier = replace(carrier, vnets=(replace(first, drawn_in=panel.id), second))
    carried = replace(whole, zones=(replace(panel, vnets=()), carrier, *others))
    found = narrowed(carried, zones=frozenset({panel.id}), vnets=NONE, nodes=NONE)
    assert [(zone.id, [vnet.id for vnet in zone.vnets]) for zone in found.zones] == [
        (panel.id, []),
        (carrier.id, [first.id]),
    ]
    elsewhere = narrowed(carried, zones=frozenset({others[0].id}), vnets=NONE, nodes=NONE)
    assert [zone.id for zone in elsewhere.zones] == [others[0].id]
