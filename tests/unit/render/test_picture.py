"""Names are untrusted in every language of pictures; what a drawing may not have is taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from pvesdn.adapters.graphviz import laid_out
from pvesdn.compare.picture import picture
from pvesdn.errors import SettingsError
from pvesdn.model.picture import Box, Line, Picture, Row, Shape, Table
from pvesdn.model.status import Health
from pvesdn.model.topology import MapSession, Topology
from pvesdn.render.picture.dot import dot
from pvesdn.render.picture.mermaid import mermaid
from pvesdn.render.picture.svg import svg
from tests.graphviz import needs_dot
from tests.maps import a_map

HOSTILE = [
    '"]; evil [label="',
    "</TD></TR></TABLE>><<b>",
    "<script>alert(1)</script>",
    "\\N \\G \\",
    "&amp; &#34; &quot",
    "a\nb\r\n\x00\x1b[31m",
    "\u202egnp.exe\u2066",
    'end\nclick b1 href "javascript:alert(1)"',
    "%%{init: {}}%%",
    "subgraph `x` #quot; {{a}} ([b]) |c| ---",
    "ü ß 漢字 ✗",
]  # fmt: skip


def of(name: str) -> Picture:
    """A picture with that name everywhere."""
    table = Table(
        f"zone {name}", (name, name), (Row((name, name), (name, name), (name,), Health.BAD),), name, Health.BAD
    )
    return Picture(
        title=name,
        mesh=(name, name),
        nodes=(Box(f"node {name}", Shape.NODE, (name, name), Health.BAD), Box("node b", Shape.NODE, ("b",))),
        columns=2,
        routers=(Box(f"outside {name}", Shape.ROUTER, (name,)),),
        tables=(table,),
        lines=(
            Line((f"node {name}", "node b"), name, Health.BAD),
            Line((f"outside {name}", "node b"), name, Health.WARNING),
        ),
        left_out=(name,),
    )


@needs_dot
@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_adds_nothing_to_a_graph(name: str) -> None:
    text = laid_out(dot(of(name)))
    plain = laid_out(dot(of("plain")))
    kinds = ("node", "edge", "cluster")
    assert [text.count(f'class="{kind}') for kind in kinds] == [plain.count(f'class="{kind}') for kind in kinds]
    drawn = ET.fromstring(svg(text, name, is_alone=True))
    assert {element.tag.rpartition("}")[2] for element in drawn.iter()} <= {
        *("svg", "g", "title", "style", "rect", "path", "polygon", "polyline", "ellipse", "text"),
    }
    assert not [key for element in drawn.iter() for key in element.attrib if key.startswith("on") or "href" in key]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_adds_nothing_to_a_flow_chart(name: str) -> None:
    text, plain = mermaid(of(name)), mermaid(of("plain"))
    assert text.count("\n") == plain.count("\n")
    for line, usual in zip(text.splitlines(), plain.splitlines(), strict=True):
        assert line.count('"') == usual.count('"')
        outside = "".join(line.split('"')[::2])
        assert outside == "".join(usual.split('"')[::2]) or line.lstrip().startswith("accTitle: ")
    assert not {"\x00", "\x1b", "\u202e", "`", "<script"} & set(text)


def test_a_flow_chart_keeps_letters_of_all_languages() -> None:
    assert "ü ß 漢字 ✗" in mermaid(of("ü ß 漢字 ✗"))


EVERY = (Health.OK, Health.WARNING, Health.BAD, Health.UNCHECKED, Health.UNREACHABLE, Health.OFF, None)


def of_every_health() -> list[str]:
    """A flow chart with a zone, a VNet, a node and a session of each health, in lines."""
    drawn = Picture(
        title="all",
        mesh=("7 nodes", "sessions"),
        nodes=tuple(Box(f"node {at}", Shape.NODE, (f"n{at}",), its) for at, its in enumerate(EVERY)),
        tables=tuple(
            Table(f"zone {at}", (f"z{at}",), (Row((f"v{at}", ""), (), (), its),), "", its)
            for at, its in enumerate(EVERY)
        ),
        lines=tuple(Line((f"node {at}", "node 0"), "", its) for at, its in enumerate(EVERY)),
        left_out=("6 more routers outside",),
        mesh_health=Health.BAD,
    )
    return mermaid(drawn).splitlines()


def test_a_flow_chart_tells_nothing_by_colour_alone() -> None:
    lines = of_every_health()
    named = {
        name: next(line.strip().partition('"')[::2] for line in lines if f'{name}"' in line)
        for name in [f"{kind}{at}" for kind in "nv" for at in range(len(EVERY))]
    }
    for kind in "nv":
        shapes = [named[f"{kind}{at}"][0].lstrip("b0123456789") for at in range(len(EVERY))]
        assert shapes == ["(", "{{", "[[", "(", "(", "(", "("]
        classes = [named[f"{kind}{at}"][1].rpartition(":::")[2] for at in range(len(EVERY))]
        assert classes == ["ok", "warning", "bad", "unknown", "unknown", "off", "plain"]
    (unknown,) = (line for line in lines if line.startswith("  classDef unknown "))
    (off,) = (line for line in lines if line.startswith("  classDef off "))
    assert unknown.rpartition("stroke-dasharray:")[2] != off.rpartition("stroke-dasharray:")[2]


def test_a_zone_of_a_flow_chart_has_its_class() -> None:
    lines = of_every_health()
    for at, name in enumerate(("ok", "warning", "bad", "unknown", "unknown", "off", "plain")):
        (frame,) = (line.strip() for line in lines if line.endswith(f'zone z{at}"]'))
        assert f"  class {frame.split()[1].partition('[')[0]} {name}" in lines


def test_a_line_of_a_flow_chart_is_drawn_as_it_is() -> None:
    lines = of_every_health()
    drawn = [line.split()[1] for line in lines if line.startswith("  b") and len(line.split()) == 3]
    assert drawn == ["---", "===", "x==x", "-.-", "-.-", "-.-", "---"]
    assert [line for line in lines if "linkStyle" in line] == [
        "  linkStyle 1 stroke:#855400,color:#855400,stroke-width:3px",
        "  linkStyle 2 stroke:#b3211a,color:#b3211a,stroke-width:3px",
        "  linkStyle 3,4 stroke:#4f5b6b,color:#4f5b6b,stroke-dasharray:5 4",
        "  linkStyle 5 stroke:#55606f,color:#55606f,stroke-dasharray:1 4",
    ]


def test_a_flow_chart_says_where_people_see_it_what_it_is_and_what_it_lacks() -> None:
    lines = of_every_health()
    assert '  about["all<br/>6 more routers outside"]:::plain' in lines
    assert '  subgraph mesh["7 nodes<br/>✗ sessions"]' in lines


def test_a_drawing_keeps_shapes_and_loses_what_does_something() -> None:
    drawn = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="x()" width="1pt">'
        '<script>x()</script><a xlink:href="javascript:x()"><text>y</text></a><foreignObject/><style>*{}</style>'
        '<g class="node" style="x:url(http://example.net)"><title>t</title><text fill="url(#a;b)" x="1">kept</text></g></svg>'
    )
    assert svg(drawn, 'a "title"', is_alone=False) == (
        '<svg xmlns="http://www.w3.org/2000/svg" width="1pt" role="img" aria-label="a &quot;title&quot;">'
        '<title>a "title"</title><g class="node"><text x="1">kept</text></g></svg>\n'
    )


@pytest.mark.parametrize("value", ["url(http://192.0.2.1/x)", "URL(#a)", "red url(//x)"])
def test_a_drawing_loads_nothing(value: str) -> None:
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg"><path fill="{value}" stroke="{value}" d="M0"/></svg>'
    assert '<path d="M0" />' in svg(drawn, "t", is_alone=False)


@pytest.mark.parametrize("drawn", ["", "<svg", "<html/>", '<g xmlns="http://www.w3.org/2000/svg"/>'])
def test_what_is_no_drawing_is_an_error(drawn: str) -> None:
    with pytest.raises(SettingsError, match="dot has drawn no SVG"):
        svg(drawn, "title", is_alone=True)


def test_a_picture_alone_follows_dark_screens() -> None:
    alone = svg('<svg xmlns="http://www.w3.org/2000/svg"/>', "t", is_alone=True)
    assert "@media (prefers-color-scheme: dark)" in alone
    assert "style" not in svg('<svg xmlns="http://www.w3.org/2000/svg"/>', "t", is_alone=False)


def test_32_nodes_have_no_496_lines() -> None:
    drawn = picture(a_map(32, 200))
    sessions = [line for line in drawn.lines if all(end.startswith("node ") for end in line.ends)]
    assert [(line.ends, line.label) for line in sessions] == [(("node pve1", "node pve2"), "down")]
    assert drawn.left_out == ("not drawn: 495 sessions: 464 established, 31 to nodes that are off",)
    assert (
        drawn.mesh[1]
        == "BGP EVPN, AS 65000, full mesh: 496 sessions: 464 established, 1 down, 31 to nodes that are off"
    )


def test_200_vnets_are_the_bad_ones_and_a_number() -> None:
    tables = picture(a_map(32, 200)).tables
    assert [len(table.rows) for table in tables] == [8, 8, 8, 8]
    assert tables[1].rows[0].columns[0] == "net1"
    assert tables[1].rows[0].health is Health.BAD
    assert tables[1].left_out == "and 42 more VNets, 42 guests"


def test_a_small_cluster_is_drawn_whole() -> None:
    drawn = picture(a_map(3, 6, is_broken=False))
    assert len(drawn.lines) == 3 + 2
    assert drawn.left_out == ()
    assert sum(len(table.rows) for table in drawn.tables) == 6
    assert drawn.tables[0].rows[0].guests == ("1004 web-4 on pve2",)


def test_nobody_draws_hundreds_of_broken_sessions() -> None:
    whole = a_map(32, 4)
    broken = replace(whole, sessions=tuple(replace(s, health=Health.BAD) for s in whole.sessions))
    drawn = picture(broken)
    assert sum(line.health is Health.BAD for line in drawn.lines) == 40
    assert drawn.left_out == ("not drawn: 456 sessions: 456 down",)


def test_many_zones_stand_in_rows_below_each_other() -> None:
    text = dot(picture(a_map(3, 12, zones=6)))
    assert text.count('"zone zone') == 6 + 4 + 2 * 2  # each once, four below the frame, two below others
    assert '"zone zone1" -- "zone zone5" [style=invis]' in text


def test_routers_outside_have_an_end() -> None:
    whole = a_map(3, 3)
    many = tuple(f"198.51.100.{number}" for number in range(1, 41))
    drawn = picture(replace(whole, exits=(replace(whole.exits[0], gateways=many),)))
    assert len(drawn.routers) == 24
    assert "16 more routers outside" in drawn.left_out


def test_one_address_in_the_vrfs_of_two_zones_is_two_routers() -> None:
    whole = a_map(3, 3, is_broken=False)
    first, second = whole.exits
    address = first.gateways[0]
    peer = MapSession(("pve3", address), is_outside=True, health=Health.BAD)
    exits = (first, replace(second, zone="zone2"), replace(first, node="pve3"))
    drawn = picture(replace(whole, exits=exits, sessions=(peer,)))
    assert [(box.lines, box.health) for box in drawn.routers] == [
        ((address, "outside: BGP peer"), Health.BAD),
        ((address, "outside: gateway of zone1"), None),
        ((address, "outside: gateway of zone2"), None),
    ]
    ids = [box.id for box in drawn.routers]
    assert [line.ends for line in drawn.lines] == [
        (ids[0], "node pve3"),
        (ids[1], "node pve1"),
        (ids[2], "node pve2"),
        (ids[1], "node pve3"),
    ]


def with_peers(whole: Topology, *healths: Health | None) -> Topology:
    """The same with BGP peers outside, one for each of these, to which every node has a session that is so."""
    outside = tuple(
        MapSession((node.name, f"10.9.0.{last}"), is_outside=True, health=its)
        for node in whole.nodes
        for last, its in enumerate(healths, start=1)
    )
    return replace(whole, sessions=(*whole.sessions, *outside), exits=())


def outside_lines(whole: Topology) -> list[tuple[tuple[str, str], str, Health | None]]:
    lines = picture(whole).lines
    return [(line.ends, line.label, line.health) for line in lines if line.ends[0].startswith("outside ")]


def test_sessions_of_many_nodes_with_a_router_outside_are_one_line() -> None:
    assert outside_lines(with_peers(a_map(32, 3, is_broken=False), *[Health.OK] * 2)) == [
        (("outside 10.9.0.1", "mesh"), "BGP: 32 of 32 established", Health.OK),
        (("outside 10.9.0.2", "mesh"), "BGP: 32 of 32 established", Health.OK),
    ]
    designed = with_peers(a_map(32, 3, is_live=False), None)
    assert outside_lines(designed) == [(("outside 10.9.0.1", "mesh"), "BGP: 32 sessions", None)]


def test_a_session_outside_that_is_down_is_a_line_where_others_of_the_router_are_well() -> None:
    whole = with_peers(a_map(32, 3, is_broken=False), Health.OK, Health.WARNING)
    hit = ("pve7", "10.9.0.1")
    sessions = tuple(replace(one, health=Health.BAD) if one.ends == hit else one for one in whole.sessions)
    assert outside_lines(replace(whole, sessions=sessions)) == [
        (("outside 10.9.0.1", "mesh"), "BGP: 31 of 32 established", Health.BAD),
        (("outside 10.9.0.2", "mesh"), "BGP: 0 of 32 established", Health.WARNING),
        (("outside 10.9.0.1", "node pve7"), "BGP down", Health.BAD),
    ]


def test_sessions_outside_that_nobody_saw_are_counted_apart() -> None:
    whole = with_peers(a_map(8, 3, is_broken=False), Health.UNCHECKED)
    off = ("pve8", "10.9.0.1")
    sessions = tuple(replace(one, health=Health.OFF) if one.ends == off else one for one in whole.sessions)
    (line,) = outside_lines(replace(whole, sessions=sessions))
    assert line[1:] == ("BGP: 0 of 8 established, 7 unknown, 1 off", Health.UNCHECKED)


def test_a_few_sessions_outside_are_all_drawn() -> None:
    lines = outside_lines(with_peers(a_map(3, 3, is_broken=False), Health.OK, Health.OK))
    assert [ends for ends, _, _ in lines] == [
        (f"outside 10.9.0.{last}", f"node pve{node}") for node in (1, 2, 3) for last in (1, 2)
    ]


def test_a_line_to_the_frame_ends_there_in_every_language() -> None:
    drawn = picture(with_peers(a_map(32, 3, is_broken=False), *[Health.OK] * 4))
    ends = [line for line in dot(drawn).splitlines() if "lhead=cluster_mesh" in line]
    assert [line.split("[")[0].strip() for line in ends] == [
        f'"outside 10.9.0.{last}" -- "node pve{node}"' for last, node in ((1, 1), (2, 3), (3, 5), (4, 7))
    ]
    assert not any("constraint=false" in line for line in ends)
    assert mermaid(drawn).count('---|"✓ BGP: 32 of 32 established"| mesh\n') == 4


@needs_dot
def test_routers_outside_of_a_large_cluster_hardly_make_its_picture_wider() -> None:
    def width(whole: Topology) -> float:
        return float(ET.fromstring(laid_out(dot(picture(whole)))).get("width", "").removesuffix("pt"))

    whole = replace(a_map(32, 3, is_broken=False), exits=())
    assert width(with_peers(whole, *[Health.OK] * 4)) < 1.3 * width(whole)


def test_routers_outside_are_in_the_order_of_their_addresses_as_numbers() -> None:
    assert with_peers(a_map(3, 3), *[Health.OK] * 12).outside == tuple(f"10.9.0.{last}" for last in range(1, 13))
    gateways = ("2001:db8::10", "2001:db8::9", "198.51.100.10", "198.51.100.9")
    whole = a_map(3, 3)
    found = replace(whole, exits=(replace(whole.exits[0], gateways=gateways),)).outside
    assert found == ("198.51.100.9", "198.51.100.10", "2001:db8::9", "2001:db8::10")


def test_of_many_routers_outside_those_are_drawn_that_are_not_well() -> None:
    drawn = picture(with_peers(a_map(2, 3, is_broken=False), *[Health.OK] * 30, Health.WARNING, Health.BAD))
    assert [box.lines[0] for box in drawn.routers][-3:] == ["10.9.0.22", "10.9.0.31", "10.9.0.32"]
    assert "8 more routers outside, with 16 sessions: 16 established" in drawn.left_out


def with_vteps(whole: Topology, *addresses: str) -> Topology:
    """The same map where the first zone has these VTEPs outside."""
    first, *others = whole.zones
    return replace(whole, zones=(replace(first, outside=addresses), *others))


def test_a_peer_outside_that_is_a_vtep_too_is_one_box_with_both_lines() -> None:
    drawn = picture(with_vteps(with_peers(a_map(2, 3, is_broken=False), Health.OK), "10.9.0.1"))
    (box,) = (box for box in drawn.routers if box.lines[0] == "10.9.0.1")
    assert box.lines[1] == "outside: BGP peer, VTEP of zone1"
    assert {line.label for line in drawn.lines if box.id in line.ends} == {"BGP", "VXLAN"}


def test_vteps_outside_that_are_not_drawn_are_counted_and_have_no_line() -> None:
    drawn = picture(with_vteps(a_map(2, 3, is_broken=False), *(f"10.8.0.{last}" for last in range(1, 31))))
    assert drawn.left_out == ("7 more machines outside",)
    boxes = {box.id for box in drawn.routers}
    vteps = [line for line in drawn.lines if line.label == "VXLAN"]
    assert len(vteps) == len(boxes) == 24
    assert {line.ends[0] for line in vteps} <= boxes


def test_sessions_with_routers_that_are_not_drawn_are_counted() -> None:
    drawn = picture(with_peers(a_map(3, 3, is_broken=False), *[Health.WARNING] * 25))
    assert drawn.left_out == ("1 more router outside, with 3 sessions: 3 with a warning",)


def test_vnets_that_are_not_drawn_are_counted_by_how_they_are() -> None:
    whole = a_map(3, 100, zones=1, is_broken=False)
    (zone,) = whole.zones
    healths = [Health.BAD] * 10 + [Health.WARNING] * 3 + [Health.UNCHECKED] + [Health.OK] * 86
    vnets = tuple(replace(one, health=its) for one, its in zip(zone.vnets, healths, strict=True))
    (table,) = picture(replace(whole, zones=(replace(zone, vnets=vnets),))).tables
    assert table.left_out == "and 92 more VNets (2 broken, 3 with a warning, 1 not known), 92 guests"


def guests_drawn(*healths: Health) -> tuple[str, ...]:
    """What is drawn of one VNet's guests, of which there is one for each of these."""
    whole = a_map(3, 1, zones=1, is_broken=False)
    vnet = whole.zones[0].vnets[0]
    guests = tuple(replace(vnet.guests[0], guest=100 + at, name="", health=its) for at, its in enumerate(healths))
    drawn = picture(replace(whole, zones=(replace(whole.zones[0], vnets=(replace(vnet, guests=guests),)),)))
    return drawn.tables[0].rows[0].guests


def test_many_guests_of_one_vnet_are_a_few_names_and_a_number() -> None:
    assert guests_drawn(*[Health.OK] * 9)[-2:] == ("105 on pve2", "and 3 more guests")
    assert guests_drawn(*[Health.OK] * 7)[-1] == "and 1 more guest"


def test_guests_that_are_broken_stand_before_those_that_are_well() -> None:
    drawn = guests_drawn(*[Health.OK] * 7, Health.UNCHECKED, Health.WARNING, *[Health.BAD] * 4)
    assert drawn[:5] == ("✗ 109 on pve2", "✗ 110 on pve2", "✗ 111 on pve2", "✗ 112 on pve2", "! 108 on pve2")
    assert drawn[5:] == ("? 107 on pve2", "and 7 more guests")


def test_guests_that_are_broken_and_not_named_are_counted() -> None:
    assert guests_drawn(*[Health.BAD] * 7, Health.WARNING)[-1] == "and 2 more guests (1 broken, 1 with a warning)"
    # Of more than 40 no other is named.
    named = guests_drawn(*[Health.OK] * 40, *[Health.BAD] * 8)
    assert named[5:] == ("✗ 145 on pve2", "and 42 more guests (2 broken)")
    assert guests_drawn(*[Health.OK] * 41) == ("41 guests",)


def test_a_vnet_with_a_broken_guest_stands_before_those_that_are_well() -> None:
    whole = a_map(3, 100, zones=1, is_broken=False)
    zone = whole.zones[0]
    *others, last = zone.vnets
    hit = replace(last, guests=(replace(last.guests[0], health=Health.BAD),))
    drawn = picture(replace(whole, zones=(replace(zone, vnets=(*others, hit)),)))
    assert drawn.tables[0].rows[0].guests == ("✗ 1100 web-100 on pve2",)


@pytest.mark.parametrize("write", [dot, mermaid])
def test_each_subnet_has_a_line_and_its_gateway_whole(write: Callable[[Picture], str]) -> None:
    whole = a_map(3, 1, zones=1, is_broken=False)
    vnet = whole.zones[0].vnets[0]
    nets = ("10.0.1.0/24 via 10.0.1.1", "2001:db8:1111:2222::/64 via 2001:db8:1111:2222::1", "10.0.2.0/24")
    drawn = picture(replace(whole, zones=(replace(whole.zones[0], vnets=(replace(vnet, subnets=nets),)),)))
    assert drawn.tables[0].rows[0].nets == (*nets[:2], "and 1 more subnet")
    text = write(drawn)
    assert "10.0.1.0/24 via 10.0.1.1<" in text
    assert "2001:db8:1111:2222::/64 via 2001:db8:1111:2222::1<" in text


def test_a_vnet_without_subnets_says_what_it_is_called() -> None:
    whole = a_map(3, 1, zones=1, is_broken=False)
    vnet = replace(whole.zones[0].vnets[0], subnets=(), alias="shop")
    drawn = picture(replace(whole, zones=(replace(whole.zones[0], vnets=(vnet,)),)))
    assert drawn.tables[0].rows[0].nets == ("shop",)


def test_a_zone_s_l3vni_is_whole_however_much_is_said_before_it() -> None:
    whole = a_map(3, 1, zones=1)
    zone = replace(whole.zones[0], what="PVE's EVPN, symmetric IRB, carried by backbone", l3vni=16_777_215)
    drawn = picture(replace(whole, zones=(zone,)))
    assert drawn.tables[0].lines[1].endswith(", L3VNI 16777215")


@needs_dot
def test_a_zone_on_no_node_is_drawn() -> None:
    whole = replace(a_map(3, 4), nodes=(), sessions=(), exits=(), only="zone zone2")
    assert "zone zone2" in laid_out(dot(picture(whole)))


def test_a_vtep_of_a_zone_on_no_node_has_a_box_and_no_line() -> None:
    whole = replace(with_vteps(a_map(3, 4), "10.8.0.1"), nodes=(), sessions=(), exits=(), only="zone zone1")
    graph = dot(picture(whole))
    assert '"outside 10.8.0.1" [' in graph
    assert '"outside 10.8.0.1" --' not in graph


def test_a_part_does_not_say_that_a_zone_is_on_all_nodes() -> None:
    whole = a_map(3, 4)
    part = replace(whole, nodes=whole.nodes[:2], only="zone zone2")
    assert picture(whole).tables[1].lines[2] == "on all nodes"
    assert picture(part).tables[1].lines[2] == "on pve1-pve3"
