"""The MTU of PVE's zones against the path to the other nodes, and against the bridge they ride on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvesdn.design.checks import pve_mtu
from pvesdn.design.checks.pve_paths import PvePaths
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.findings import Severity
from tests.unit.design.network import facts, findings, given
from tests.unit.design.underlay import node, routed

LOOPS = "10.255.0.1,10.255.0.2,10.255.0.3"


def vxlan(*lines: str, peers: str = LOOPS) -> dict[str, str]:
    more = "".join(f"\t{line}\n" for line in lines)
    return {"zones.cfg": f"vxlan: tun\n\tpeers {peers}\n{more}\n", "vnets.cfg": "vnet: web\n\tzone tun\n\ttag 100\n\n"}


def evpn(*lines: str, peers: str = LOOPS) -> dict[str, str]:
    more = "".join(f"\t{line}\n" for line in lines)
    return {
        "zones.cfg": f"evpn: tun\n\tcontroller ctl\n\tvrf-vxlan 1000\n{more}\n",
        "controllers.cfg": f"evpn: ctl\n\tasn 65000\n\tpeers {peers}\n\n"
        + "".join(f"bgp: b{n}\n\tasn 65000\n\tnode node{n}\n\tpeers 203.0.113.9\n\tloopback lo\n\n" for n in (1, 2, 3)),
        "vnets.cfg": "vnet: web\n\tzone tun\n\ttag 100\n\n",
    }


def told(pve: dict[str, str], **nodes: NodeFacts) -> list[str]:
    found = findings(given("", pve=pve, instead=nodes), Severity.WARNING)
    return [line for line in found if "mtu" in line or "MTU" in line]


def over(mtu: int, *, holder: str = "lo") -> dict[str, NodeFacts]:
    return {f"node{n}": routed(f"node{n}", mtu=mtu, holder=holder) for n in (1, 2, 3)}


@pytest.mark.parametrize("holder", ["lo", "dummy0", "eno1"])
@pytest.mark.parametrize("pve", [vxlan("mtu 9000"), evpn("mtu 9000")])
def test_a_packet_that_the_way_does_not_carry_is_told_with_the_device_on_it(pve: dict[str, str], holder: str) -> None:
    assert told(pve, **over(9000, holder=holder)) == [
        (
            "zones.cfg:1: zone 'tun': mtu 9000 and 50 bytes of VXLAN make 9050, but eno1 of node1, node2, node3 has 9000; "
            "set mtu 8950 on the zone in PVE, or raise the MTU of eno1 to 9050"
        )
    ]


@pytest.mark.parametrize("pve", [vxlan("mtu 8950"), evpn("mtu 8950"), vxlan(), evpn(), vxlan("mtu 1400")])
def test_a_packet_that_fits_is_not_spoken_of(pve: dict[str, str]) -> None:
    assert told(pve, **over(9000)) == []


def test_both_cures_of_the_hint_are_what_the_next_plan_takes() -> None:
    assert told(vxlan("mtu 9000"), **over(9000)) != []
    assert told(vxlan("mtu 8950"), **over(9000)) == []
    assert told(vxlan("mtu 9000"), **over(9050)) == []


def test_without_mtu_pves_default_counts() -> None:
    (found,) = told(vxlan(), **over(1400))
    assert "mtu 1450 (PVE's default) and 50 bytes of VXLAN make 1500, but eno1 of node1, node2, node3 has 1400" in found
    assert "set mtu 1350 on the zone" in found
    assert told(vxlan("mtu 0"), **over(1400)) == [found]  # PVE's Perl takes 0 for none
    assert told(vxlan(), **over(1500)) == []


def test_ipv6_takes_twenty_bytes_more() -> None:
    nodes = {f"node{n}": replace(facts(f"node{n}", f"fd00::{n}/64", mtu=1500)) for n in (1, 2, 3)}
    peers = "fd00::1,fd00::2,fd00::3"
    (found,) = told(vxlan(peers=peers), **nodes)
    assert (
        "mtu 1450 (PVE's default) and 70 bytes of VXLAN make 1520, but vmbr0 of node1, node2, node3 has 1500" in found
    )
    assert told(vxlan("mtu 1430", peers=peers), **nodes) == []


def test_the_narrowest_of_several_ways_counts_and_the_advice_is_for_all_of_them() -> None:
    nodes = over(9000)
    nodes["node2"] = routed("node2", mtu=1500)
    limits = replace(routed("node3", mtu=9000), routes=(*routed("node3", mtu=9000).routes,))
    routes = tuple(replace(r, mtu=1400) if r.destination == "10.255.0.1" else r for r in limits.routes)
    nodes["node3"] = replace(limits, routes=routes)
    (found,) = told(vxlan("mtu 8950"), **nodes)
    assert "make 9000, but the route to 10.255.0.1 of node3 has 1400, eno1 of node2 has 1500" in found
    assert found.endswith("set mtu 1350 on the zone in PVE, or raise the MTU of these devices to 9000")
    assert told(vxlan("mtu 1350"), **nodes) == []


@pytest.mark.parametrize("kind", ["bridge", "bond", "vlan"])
def test_a_way_by_any_kind_of_device_has_that_devices_size(kind: str) -> None:
    def one(number: int) -> NodeFacts:
        name = {"bridge": "vmbr1", "bond": "bond0", "vlan": "eno1.40"}[kind]
        return node(
            f"node{number}",
            ("eno1 9000", f"{name} 1500 {kind}"),
            {name: f"10.40.0.{number}/24"},
            (f"10.40.0.0/24 dev {name} src 10.40.0.{number} proto kernel",),
        )

    nodes = {f"node{n}": one(n) for n in (1, 2, 3)}
    (found,) = told(vxlan("mtu 1500", peers="10.40.0.1,10.40.0.2,10.40.0.3"), **nodes)
    assert " of node1, node2, node3 has 1500; set mtu 1450" in found
    assert told(vxlan("mtu 1450", peers="10.40.0.1,10.40.0.2,10.40.0.3"), **nodes) == []


def test_where_no_route_was_read_the_device_of_the_nodes_own_address_counts() -> None:
    nodes = {f"node{n}": facts(f"node{n}", f"192.168.0.{n}/24", mtu=1500) for n in (1, 2, 3)}
    peers = "192.168.0.1,192.168.0.2,192.168.0.3"
    own = {name: replace(found, stanzas=(replace(found.stanzas[0], options=(("address", f"192.168.0.{name[-1]}/24"),)),))
           for name, found in nodes.items()}  # fmt: skip
    (found,) = told(vxlan("mtu 1500", peers=peers), **own)
    assert "vmbr0 of node1, node2, node3 has 1500" in found


def test_route_reflectors_are_no_ends_of_tunnels() -> None:
    """Guests' packets go to the other nodes, whatever device the sessions leave by."""
    nodes = over(9000)
    assert told(evpn("mtu 8950", peers=f"{LOOPS},192.168.0.250"), **nodes) == []


def test_a_member_that_is_off_may_be_anywhere() -> None:
    nodes = {f"node{n}": routed(f"node{n}", mtu=9000, gone=["node3"]) for n in (1, 2)}
    network = given("", offline=["node3"], pve=vxlan("mtu 8950"), instead=nodes)
    assert not any("mtu" in line for line in findings(network, Severity.WARNING))


def test_the_default_route_is_not_the_way_of_a_fabric() -> None:
    fabric = "ospf_fabric: lab\n\tarea 0\n\tip_prefix 172.20.30.0/24\n\n" + "".join(
        f"ospf_node: lab_node{n}\n\tinterfaces name=eno1\n\tip 172.20.30.{n}\n\n" for n in (1, 2, 3)
    )
    pve = {"zones.cfg": "vxlan: tun\n\tfabric lab\n\tmtu 8950\n\n", "fabrics.cfg": fabric}
    assert told(pve, **over(9000)) == []
    running = over(1500)
    for name, found in running.items():
        others = [f"172.20.30.{n}" for n in (1, 2, 3) if n != int(name[-1])]
        paths = tuple(replace(found.routes[-1], destination=other) for other in others)
        running[name] = replace(found, routes=(*found.routes, *paths))
    (line,) = told(pve, **running)
    assert "eno1 of node1, node2, node3 has 1500" in line


# --- zones on a bridge -----------------------------------------------------------------------------------------------


def bridge(mtu: int, *, is_aware: bool, port: int | None = None) -> NodeFacts:
    links = (
        Link("lo", 65536),
        Link("eno1", port or mtu, master="vmbr0"),
        Link("vmbr0", mtu, kind="bridge", vlan_filtering=is_aware),
    )
    return facts("node1", "192.168.0.1/24", links=links)


def on_bridge(kind: str, *lines: str) -> dict[str, str]:
    more = "".join(f"\t{line}\n" for line in lines)
    return {"zones.cfg": f"{kind}: floor\n\tbridge vmbr0\n\tnodes node1\n{more}\n"}


@pytest.mark.parametrize(("is_aware", "device"), [(True, "vmbr0"), (False, "eno1")])
def test_a_vlan_of_a_bridge_is_no_larger_than_what_carries_it(is_aware: bool, device: str) -> None:
    assert told(on_bridge("vlan", "mtu 9000"), node1=bridge(1500, is_aware=is_aware)) == [
        (
            f"zones.cfg:1: zone 'floor': mtu 9000, but {device} of node1 has 1500; set mtu 1500 on the zone in PVE, "
            f"or raise the MTU of {device} to 9000"
        )
    ]
    for mtu in ("mtu 1500", "mtu 1400"):
        assert told(on_bridge("vlan", mtu), node1=bridge(1500, is_aware=is_aware)) == []
    assert told(on_bridge("vlan"), node1=bridge(1500, is_aware=is_aware)) == []


def test_the_service_vlan_takes_four_bytes() -> None:
    (found,) = told(on_bridge("qinq", "tag 10", "mtu 1500"), node1=bridge(1500, is_aware=True))
    assert "mtu 1500 and 4 bytes of the service VLAN's tag make 1504, but vmbr0 of node1 has 1500" in found
    assert "set mtu 1496 on the zone in PVE, or raise the MTU of vmbr0 to 1504" in found
    for zone, mtu in (("mtu 1496", 1500), ("mtu 1500", 1504)):
        assert told(on_bridge("qinq", "tag 10", zone), node1=bridge(mtu, is_aware=True)) == []
    assert told(on_bridge("qinq", "tag 10"), node1=bridge(1500, is_aware=True)) == []


def test_a_bridge_of_open_vswitch_or_one_that_is_absent_is_not_judged() -> None:
    ovs = bridge(1500, is_aware=False)
    ovs = replace(
        ovs, links=tuple(replace(link, kind="openvswitch") if link.name == "vmbr0" else link for link in ovs.links)
    )
    assert told(on_bridge("vlan", "mtu 9000"), node1=ovs) == []
    assert told(on_bridge("vlan", "mtu 9000"), node1=replace(ovs, links=ovs.links[:2])) == []


def test_many_devices_are_counted() -> None:
    nodes = {
        f"node{n}": replace(
            bridge(1500, is_aware=True),
            node=f"node{n}",
            links=(Link("vmbr0", 1500 + n, kind="bridge", vlan_filtering=True),),
            addresses=facts("x", f"192.168.0.{n}/24").addresses,
        )
        for n in range(1, 13)
    }
    pve = {"zones.cfg": "vlan: floor\n\tbridge vmbr0\n\tmtu 9000\n\n"}
    (found,) = findings(given("", nodes=12, pve=pve, instead=nodes), Severity.WARNING)
    assert " and 4 more are too small; set mtu 1501 on the zone" in found


def test_zones_that_the_same_devices_are_too_small_for_are_told_together() -> None:
    zones = (
        "".join(f"vxlan: tun{n}\n\tpeers {LOOPS}\n\n" for n in range(3))
        + f"vxlan: big\n\tpeers {LOOPS}\n\tmtu 9000\n\n"
    )
    network = given("", pve={"zones.cfg": zones}, instead=over(1400))
    first, second = pve_mtu.check(network, PvePaths(network))
    assert (first.where, first.others) == ("zones.cfg:10: zone 'big'", ())
    assert [found.where for found in (second, *second.others)] == [
        "zones.cfg:1: zone 'tun0'", "zones.cfg:4: zone 'tun1'", "zones.cfg:7: zone 'tun2'"
    ]  # fmt: skip
