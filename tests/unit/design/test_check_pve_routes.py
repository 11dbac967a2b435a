"""What is said of routes that PVE asks for and a node has not."""

from __future__ import annotations

from typing import Any

import pytest

from pvesdn.design.checks.pve_routes import check
from pvesdn.design.pve.interfaces import design_pve_frr
from pvesdn.model.facts import Link, Route
from pvesdn.model.findings import Severity, Where
from tests.unit.design import pve_values as pve
from tests.unit.design.pve_values import controller, evpn, facts, iface, route, simple, subnet, vnet, vxlan

NEAR = (route("192.168.0.0/24", "vmbr0", source="192.168.0.1"),)
FAR = "203.0.113.9,203.0.113.8"
ADD4 = "add an IPv4 default route there, or remove snat from the subnet in PVE"
OWN = "or list the node's own address among the peers, as its interfaces file spells it"


def at(thing: Any, file: str, line: int, kind: str) -> Any:
    """The object with the line that it was written on."""
    return thing.model_copy(update={"where": Where(file=file, line=line, kind=kind, id=thing.id)})


def said(*objects: Any, nodes: tuple[Any, ...]) -> list[str]:
    found = list(check(pve.given(*objects, nodes=nodes)))
    assert all(finding.severity is Severity.WARNING for finding in found)
    return [str(finding) for finding in found]


def offnet(number: int = 1, **properties: Any) -> Any:
    """A node without a default route."""
    return facts(f"node{number}", number=number, **{"routes": NEAR, **properties})


LAN = (
    at(simple("lan"), "zones.cfg", 1, "zone"),
    at(vnet("web", "lan"), "vnets.cfg", 4, "vnet"),
    subnet("web", "lan", "10.0.0.0/24", "10.0.0.1", snat=True),
)


def test_source_nat_without_a_way_out_names_vnet_route_node_and_subnet() -> None:
    assert said(*LAN, nodes=(facts(), offnet(2))) == [
        (
            "vnets.cfg:4: vnet 'web': no IPv4 default route on node2, so PVE omits the vnet there "
            f"(snat 1 on 10.0.0.0/24); {ADD4}"
        )
    ]


def test_several_vnets_of_a_zone_are_one_line() -> None:
    more = (
        at(vnet("db", "lan"), "vnets.cfg", 1, "vnet"),
        subnet("db", "lan", "10.0.1.0/24", "10.0.1.1", snat=True),
        vnet("bare", "lan"),
    )
    assert said(*LAN, *more, nodes=(offnet(1), offnet(2))) == [
        (
            "zones.cfg:1: zone 'lan': no IPv4 default route on node1, node2, so PVE omits vnets 'web' (vnets.cfg:4), "
            f"'db' (vnets.cfg:1) there (snat 1 on 10.0.0.0/24, 10.0.1.0/24); {ADD4}"
        )
    ]


def test_a_node_outside_the_zone_is_not_spoken_of() -> None:
    zone = simple("lan", nodes="node1")
    assert said(zone, *LAN[1:], nodes=(facts(), offnet(2))) == []


def test_of_a_node_without_known_routes_nothing_is_said() -> None:
    assert said(*LAN, nodes=(offnet(routes=()),)) == []


def test_of_evpn_the_ports_that_are_left_are_named_and_a_vrf_that_goes() -> None:
    objects = (
        controller(),
        evpn("prod"),
        vnet("web", "prod", 10),
        subnet("web", "prod", "10.0.0.0/24", "10.0.0.1", snat=True),
    )
    (whole,) = said(*objects, nodes=(offnet(),))
    assert (
        "omits the vnet there except for vxlan_web, and the zone's VRF on node1 as well (snat 1 on 10.0.0.0/24)"
        in whole
    )
    (part,) = said(*objects, vnet("db", "prod", 11), nodes=(offnet(),))
    assert "omits the vnet there except for vxlan_web (snat 1 on 10.0.0.0/24)" in part


def test_a_vrf_goes_where_every_vnet_goes_for_whatever_reason() -> None:
    objects = (
        controller(),
        evpn("prod"),
        vnet("web", "prod", 10),
        vnet("db", "prod", 11),
        vnet("bare", "prod"),
        subnet("web", "prod", "10.0.0.0/24", "10.0.0.1", snat=True),
        subnet("db", "prod", "2001:db8:1::/64", "2001:db8:1::1", snat=True),
    )
    web, db = said(*objects, nodes=(offnet(1), facts("node2", number=2)))
    assert (
        "no IPv4 default route on node1, so PVE omits the vnet there except for vxlan_web, and the zone's VRF on node1"
        in web
    )
    assert (
        "no IPv6 default route on node1, node2, so PVE omits the vnet there except for vxlan_db, and the zone's VRF on "
        in db
    )
    assert "on node1 as well" in db


def test_a_first_peer_without_a_route_names_the_vnets_of_the_zone() -> None:
    zone = at(vxlan("tun", peers=FAR), "zones.cfg", 3, "zone")
    web = at(vnet("web", "tun", 10), "vnets.cfg", 1, "vnet")
    assert said(zone, web, nodes=(offnet(), facts("node2", number=2))) == [
        (
            "zones.cfg:3: zone 'tun': no route to 203.0.113.9, the first of the zone's peers, on node1, so PVE omits "
            f"vnet 'web' (vnets.cfg:1) there; add a route to 203.0.113.9 there, {OWN}"
        )
    ]
    assert said(zone, nodes=(offnet(),)) == []  # no VNet, no loss


def test_of_evpn_frr_conf_is_missing_too() -> None:
    objects = (
        at(controller(peers=FAR), "controllers.cfg", 1, "controller"),
        at(evpn("prod"), "zones.cfg", 1, "zone"),
        at(vnet("web", "prod", 10), "vnets.cfg", 1, "vnet"),
        subnet("web", "prod", "10.0.0.0/24", "10.0.0.1", snat=True),
    )
    assert said(*objects, nodes=(offnet(),)) == [
        (
            "zones.cfg:1: zone 'prod': no route to 203.0.113.9, the first of the peers of controller 'ctl' "
            "(controllers.cfg:1), on node1, so PVE omits vnet 'web' (vnets.cfg:1) there; "
            f"add a route to 203.0.113.9 there, {OWN}"
        ),
        (
            "controllers.cfg:1: controller 'ctl': no route to 203.0.113.9, the first of the peers, on node1, so PVE writes "
            f"no frr.conf there and the old one stays; add a route to 203.0.113.9 there, {OWN}"
        ),
    ]
    assert design_pve_frr(pve.given(*objects, nodes=(offnet(),)), "node1") is None


def test_a_hint_that_is_followed_leaves_nothing_to_say() -> None:
    objects = (
        controller(peers=FAR),
        evpn("prod"),
        vnet("web", "prod", 10),
        vxlan("tun", peers=FAR),
        vnet("db", "tun", 9),
    )
    routed = offnet(routes=(*NEAR, route("203.0.113.9", "vmbr0")))
    listed = (
        controller(peers=f"{FAR},192.168.0.1"),
        *objects[1:3],
        vxlan("tun", peers=f"{FAR},192.168.0.1"),
        objects[4],
    )
    assert said(*objects, nodes=(offnet(),)) != []
    assert said(*objects, nodes=(routed,)) == said(*listed, nodes=(offnet(),)) == []
    assert said(*LAN, nodes=(offnet(routes=(*NEAR, route("default", "vmbr0", gateway="192.168.0.9"))),)) == []


@pytest.mark.parametrize("peers", ["203.0.113.9", "2001:db8::9"])
def test_a_controller_of_one_node_stops_frr_there_alone(peers: str) -> None:
    objects = (controller(), pve.bgp(node="node2", peers=peers))
    nodes = (offnet(1), offnet(2))
    (line,) = said(*objects, nodes=nodes)
    assert f"no route to {peers}, the first of the peers, on node2, so PVE writes no frr.conf there" in line
    cluster = pve.given(*objects, nodes=nodes)
    assert design_pve_frr(cluster, "node1") is not None
    assert design_pve_frr(cluster, "node2") is None


def test_a_controller_without_a_number_is_not_asked_for_a_way() -> None:
    objects = (controller(), pve.bgp(asn=0, peers="203.0.113.9"))
    assert said(*objects, nodes=(offnet(),)) == []


def test_a_device_without_a_mac_makes_no_router_id() -> None:
    node = facts(stanzas=(iface("lo", "fd00::1/128"),), links=(Link("lo", mac="00:00:00:00:00:00"),))
    (line,) = said(controller(peers="fd00::1,fd00::2"), nodes=(node,))
    assert "no IPv4 address, and no MAC on lo to make a router-id of, on node1, so PVE writes no frr.conf there" in line
    unknown = facts(stanzas=(iface("lo", "fd00::1/128"),), links=(Link("lo"),))
    assert said(controller(peers="fd00::1,fd00::2"), nodes=(unknown,)) == []


def test_every_vnet_that_is_left_out_is_named_and_no_other() -> None:
    objects = (
        *LAN,
        controller(),
        evpn("prod"),
        vnet("inside", "prod", 10),
        vxlan("tun", peers=FAR),
        vnet("db", "tun", 9),
    )
    nodes = (offnet(),)
    written = pve.stanzas(*objects, nodes=nodes)
    text = "\n".join(said(*objects, nodes=nodes))
    for name in ("web", "inside", "db"):
        assert (f"'{name}'" in text) is (name not in written)


def test_a_way_that_the_kernel_does_not_show_is_not_called_missing() -> None:
    hidden = facts("node1", routes=(Route("default"),))
    objects = (*LAN, at(vxlan("far", peers=FAR), "zones.cfg", 9, "zone"), vnet("tun", "far", tag=5))
    show_it = "set the sysctl net.ipv4.nexthop_compat_mode to 1 there, and plan again"
    assert said(*objects, nodes=(hidden,)) == [
        (
            "zones.cfg:1: zone 'lan': not looked at on node1: the IPv4 path to the internet, whose route names a nexthop "
            f"object without its device, so what PVE writes there for snat is not known; {show_it}"
        ),
        (
            "zones.cfg:9: zone 'far': not looked at on node1: the path to 203.0.113.9, the first of the zone's peers, whose "
            f"route names a nexthop object without its device, so the addresses that PVE writes there are not known; {show_it}"
        ),
    ]


@pytest.mark.parametrize(
    ("spared", "named"),
    [(0, "all 20 vnets"), (1, "20 vnets (" + ", ".join(f"v{number}" for number in range(20)) + ")")],
)
def test_a_zone_with_many_vnets_is_one_short_line(spared: int, named: str) -> None:
    lan = at(simple("lan"), "zones.cfg", 1, "zone")
    many = [at(vnet(f"v{n}", "lan"), "vnets.cfg", 3 * n + 1, "vnet") for n in range(20)]
    theirs = [subnet(f"v{n}", "lan", f"10.0.{n}.0/24", f"10.0.{n}.1", snat=True) for n in range(20)]
    others = [vnet(f"w{n}", "lan") for n in range(spared)]
    snat = ", ".join(f"10.0.{number}.0/24" for number in range(8))
    assert said(lan, *many, *others, *theirs, nodes=(offnet(),)) == [
        (
            f"zones.cfg:1: zone 'lan': no IPv4 default route on node1, so PVE omits {named} there "
            f"(snat 1 on {snat} and 12 more); {ADD4}"
        )
    ]
