from dataclasses import replace
from ipaddress import ip_address
from typing import Any

import pytest

from pvesdn.decode.cluster.seen import decode_seen
from pvesdn.design.ours.vteps import choose_vteps, seen_now
from pvesdn.encode.seen import encode_seen
from pvesdn.model.cluster import UnderlayPath, Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts, Route
from pvesdn.model.findings import Severity
from pvesdn.model.ifupdown import VnetBridge
from tests.unit.design.network import CONTROLLER, PVE_EVPN, design, facts, findings, given, stanzas, uplink
from tests.unit.design.underlay import PLAIN, UNDERLAY, node, route, routed

VNET = "vnet: vmbr2\n\tzone plain\n\ttag 2\n\n"


def network(cfg: str = PLAIN, /, **nodes: NodeFacts) -> DesignInput:
    return given(cfg, nodes=len(nodes), instead=nodes)


def three(cfg: str = PLAIN, **how: Any) -> DesignInput:
    return network(cfg, **{name: routed(name, **how) for name in ("node1", "node2", "node3")})


def vtep(known: DesignInput, name: str = "node1") -> Vtep:
    return choose_vteps(known)[0][name]


def path(known: DesignInput, peer: str = "10.255.0.2", name: str = "node1") -> UnderlayPath:
    return vtep(known, name).paths[ip_address(peer)]


def mtu(known: DesignInput, name: str = "node1") -> int:
    bridge = stanzas(known, name)["vmbr2"]
    assert isinstance(bridge, VnetBridge)
    return bridge.mtu


def with_mtu(found: NodeFacts, device: str, size: int) -> NodeFacts:
    links = (replace(link, mtu=size) if link.name == device else link for link in found.links)
    return replace(found, links=tuple(links))


def lone(
    *links: str, routes: tuple[str | Route, ...], peer_mtu: int = 9000, cfg: str = PLAIN, **more: Any
) -> DesignInput:
    """node1 as it is given, with its VTEP on lo, and node2 that has a way to it by eno1."""
    one = node(
        "node1", links, {"lo": "10.255.0.1/32", "eno1": "172.16.0.1/24", "eno2": "172.17.0.1/24"}, routes, **more
    )
    return network(cfg, node1=one, node2=routed("node2", nodes=2, mtu=peer_mtu))


class TestAPath:
    def test_is_what_the_route_to_the_peer_says(self) -> None:
        assert path(three()) == UnderlayPath(
            peer=ip_address("10.255.0.2"),
            devices=("eno1",),
            mtu=9000,
            limit="eno1",
            source=ip_address("172.16.0.1"),
            route="10.255.0.2",
            protocol="ospf",
        )

    @pytest.mark.parametrize("holder", ["lo", "dummy0", "eno1"])
    def test_has_nothing_to_do_with_the_device_that_holds_the_vtep(self, holder: str) -> None:
        known = three(holder=holder)
        assert (vtep(known).interface, vtep(known).mtu, mtu(known)) == ("eno1", 9000, 8950)
        assert not findings(known)

    @pytest.mark.parametrize(
        ("links", "device"),
        [
            (("eno1 9000", "bond0 9000 bond"), "bond0"),
            (("eno1 9000", "bond0.100 9000 vlan"), "bond0.100"),
            (("eno1 9000", "vmbr7 9000 bridge"), "vmbr7"),
        ],
    )
    def test_leads_by_whatever_device_the_route_names(self, links: tuple[str, ...], device: str) -> None:
        known = lone(*links, routes=(f"10.255.0.0/24 via 172.18.0.9 dev {device}",))
        assert (path(known).devices, path(known).mtu) == ((device,), 9000)

    def test_by_several_hops_takes_what_the_smallest_takes(self) -> None:
        hops = ("10.255.0.2 via 172.16.0.2 dev eno1", "10.255.0.2 via 172.17.0.2 dev eno2")
        known = lone("eno1 9000", "eno2 1500", routes=hops)
        assert (path(known).devices, path(known).mtu, path(known).limit) == (("eno1", "eno2"), 1500, "eno2")
        assert (vtep(known).interface, mtu(known), mtu(known, "node2")) == (None, 1450, 1450)

    def test_takes_no_more_than_the_route_itself(self) -> None:
        known = lone("eno1 9000", routes=("10.255.0.0/16 via 172.16.0.2 dev eno1 mtu 1400",))
        assert (path(known).mtu, mtu(known)) == (1400, 1350)

    def test_may_be_the_default_route(self) -> None:
        known = lone("eno1 9000", "eno2 1500", routes=("default via 172.17.0.254 dev eno2",))
        assert (path(known).devices, path(known).route, mtu(known)) == (("eno2",), "default", 1450)

    def test_of_ipv6_is_in_the_table_of_ipv6(self) -> None:
        def six(number: int) -> NodeFacts:
            routes = (
                route(f"fd00::{3 - number}/128 via fe80::9 dev eno1 proto bird metric 32 mtu 8000", family=6),
                route("default via fe80::9 dev eno2", family=6),
            )
            held = {"lo": f"fd00::{number}/128", "eno1": "172.16.0.1/24"}
            return node(f"node{number}", ("eno1 9000", "eno2 1500"), held, routes)

        cfg = PLAIN.replace("10.255.0.0/24", "fd00::/64")
        known = given(cfg, nodes=2, prefix="fd00::", node1=six(1), node2=six(2))
        assert (path(known, "fd00::2").devices, mtu(known)) == (("eno1",), 7930)

    def test_is_not_needed_to_oneself(self) -> None:
        assert set(vtep(three()).paths) == {ip_address("10.255.0.2"), ip_address("10.255.0.3")}

    def test_by_a_nexthop_object_that_was_not_spelled_out_is_not_known_and_not_missed(self) -> None:
        known = lone("eno1 9000", routes=("10.255.0.0/24",))
        assert (vtep(known).paths, vtep(known).unreached) == ({}, frozenset())

    def test_never_ends_in_a_dummy_or_in_lo(self) -> None:
        one = node(
            "node1",
            ("dummy0 1500 dummy", "eno1 9000"),
            {"dummy0": "10.255.0.1/24"},
            ("10.255.0.0/24 dev dummy0 src 10.255.0.1 proto kernel", "10.255.0.3 dev lo"),
        )
        known = network(node1=one, node2=routed("node2"), node3=routed("node3"))
        assert vtep(known).unreached == {ip_address("10.255.0.2"), ip_address("10.255.0.3")}
        assert mtu(known) == 8950

    def test_into_a_vrf_is_not_known(self) -> None:
        known = lone("eno1 9000", "blue 65575 vrf", routes=("10.255.0.0/24 dev blue",))
        assert (vtep(known).paths, vtep(known).unreached) == ({}, frozenset())


class TestTheMtuOfAZone:
    def test_is_the_least_in_both_directions(self) -> None:
        known = lone("eno1 9000", routes=("10.255.0.2 via 172.16.0.2 dev eno1",), peer_mtu=4000)
        assert (mtu(known), mtu(known, "node2")) == (3950, 3950)

    def test_counts_paths_between_its_own_nodes_only(self) -> None:
        hops = ("10.255.0.2 via 172.16.0.2 dev eno1", "10.255.0.3 via 172.17.0.3 dev eno2")
        held = {"lo": "10.255.0.1/32", "eno1": "172.16.0.1/24", "eno2": "172.17.0.1/24"}
        one = node("node1", ("eno1 9000", "eno2 1500"), held, hops)
        others = {name: routed(name) for name in ("node2", "node3")}
        cfg = PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tnodes node1,node2\n")
        assert mtu(network(cfg, node1=one, **others)) == 8950
        assert mtu(network(PLAIN, node1=one, **others)) == 1450

    def test_counts_the_paths_to_listed_peers_that_are_no_members(self) -> None:
        cfg = PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tpeers 10.255.0.1,10.255.0.2,192.0.2.7\n")
        hops = ("10.255.0.2 via 172.16.0.2 dev eno1", "192.0.2.0/24 via 172.17.0.9 dev eno2")
        assert mtu(lone("eno1 9000", "eno2 1600", routes=hops, cfg=cfg)) == 1450  # node2 goes by mgmt0
        assert path(lone("eno1 9000", "eno2 1600", routes=hops, cfg=cfg), "192.0.2.7").mtu == 1600

    def test_that_does_not_fit_names_the_device_on_the_path(self) -> None:
        cfg = PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 9000\n")
        assert findings(three(cfg, mtu=1500, holder="dummy0"))[0] == (
            "pvesdn.cfg:5: zone 'plain': mtu 9000 and 50 bytes of VXLAN make 9050, but eno1 of node1, node2, node3 has 1500; "
            "write at most mtu 1450, or raise the underlay's"
        )
        assert not findings(three(cfg, mtu=9216, holder="dummy0"))

    def test_that_does_not_fit_names_the_route_where_that_is_the_limit(self) -> None:
        cfg = PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 8000\n")
        known = lone("eno1 9000", routes=("10.255.0.0/16 via 172.16.0.2 dev eno1 mtu 1400",), cfg=cfg)
        assert "but route 10.255.0.0/16 of node1 has 1400" in findings(known)[0]

    def test_of_one_node_is_that_of_the_nic_that_holds_its_vtep(self) -> None:
        one = node("node1", ("eno1 9000",), {"eno1": "10.255.0.1/24"}, ("10.255.0.0/24 dev eno1",))
        assert mtu(network(node1=one)) == 8950

    def test_of_one_node_with_its_vtep_on_lo_has_to_be_written(self) -> None:
        known = network(node1=routed("node1", nodes=1))
        assert findings(known) == [
            (
                "pvesdn.cfg:4: zone 'plain': the MTU of node1 is not known: the zone has no other VTEP, and 10.255.0.1 is not "
                "on a NIC; set mtu in the zone"
            )
        ]
        cfg = PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 1450\n")
        assert not findings(network(cfg, node1=routed("node1", nodes=1)))


class TestAPeerWithoutARoute:
    def test_is_a_warning_that_names_it(self) -> None:
        known = lone("eno1 9000", routes=("172.16.0.0/24 dev eno1",))
        assert findings(known, Severity.WARNING) == [
            (
                "pvesdn.cfg:4: zone 'plain': node1 has no route to 10.255.0.2, the VTEP of node2; "
                "check 'ip route get 10.255.0.2' on node1"
            )
        ]

    def test_shares_a_line_with_the_others_of_its_node(self) -> None:
        cfg = PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 1450\n")
        blind = {f"node{n}": node(f"node{n}", ("eno1 1500",), {"lo": f"10.255.0.{n}/32"}, ()) for n in (1, 2, 3)}
        assert findings(network(cfg, **blind), Severity.WARNING) == [
            (
                "pvesdn.cfg:4: zone 'plain': node1, node2, node3 have no route to any other VTEP of the zone; "
                "check 'ip route get 10.255.0.2' on node1"
            ),
        ]

    def test_that_several_nodes_lack_is_told_once_and_so_it_is_for_several_zones(self) -> None:
        cfg = PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 1450\n") + "vxlan: more\n\tmtu 1450\n\n"
        known = {
            f"node{n}": node(f"node{n}", ("eno1 1500",), {"lo": f"10.255.0.{n}/32"}, (f"10.255.0.{3 - n} dev eno1",))
            for n in (1, 2)
        }
        assert findings(network(cfg, **known, node3=routed("node3", nodes=3)), Severity.WARNING) == [
            (
                "pvesdn.cfg:4: zone 'plain': node1, node2 have no route to 10.255.0.3, the VTEP of node3; "
                "the same goes for 'more' (pvesdn.cfg:11); check 'ip route get 10.255.0.3' on node1"
            ),
        ]

    def test_is_one_as_well_where_the_route_refuses(self) -> None:
        known = lone("eno1 9000", routes=("default via 172.16.0.9 dev eno1", "unreachable 10.255.0.0/24"))
        assert vtep(known).unreached == {ip_address("10.255.0.2")}

    def test_leaves_the_other_direction_to_tell_the_mtu(self) -> None:
        known = lone("eno1 1500", routes=(), peer_mtu=4000)
        assert not findings(known)
        assert mtu(known) == 3950

    def test_is_remembered_where_it_had_one(self) -> None:
        before = lone("eno1 5000", routes=("10.255.0.2 via 172.16.0.2 dev eno1",))
        after = replace(lone("eno1 5000", routes=()), seen=seen_now(before, choose_vteps(before)[0]))
        assert (path(after).mtu, mtu(after)) == (5000, 4950)
        assert "node1 has no route to 10.255.0.2" in findings(after, Severity.WARNING)[0]

    def test_is_nothing_to_say_where_the_member_is_off(self) -> None:
        known = given(PLAIN, nodes=2, offline=["node2"], prefix="10.255.0.", node1=routed("node1", nodes=1))
        assert not findings(known, Severity.WARNING)

    @pytest.mark.parametrize("word", ["peers 10.255.0.1,10.255.0.2,203.0.113.9", "route-reflectors 203.0.113.9"])
    def test_is_said_of_routers_outside_once_and_by_their_controller(self, word: str) -> None:
        zones = "".join(f"evpn: l{n}\n\tcontroller main\n\tirb none\n\n" for n in (1, 2))
        cfg = UNDERLAY + f"evpn-controller: main\n\tasn 65000\n\t{word}\n\n" + zones
        alone = {name: routed(name, nodes=2) for name in ("node1", "node2")}
        alone = {
            n: replace(f, routes=tuple(r for r in f.routes if r.destination != "default")) for n, f in alone.items()
        }
        assert findings(network(cfg, **alone), Severity.WARNING) == [
            (
                "pvesdn.cfg:6: controller 'main': no route to its peer 203.0.113.9 on node1, node2; "
                "check 'ip route get 203.0.113.9' there"
            )
        ]
        reached = {name: routed(name, nodes=2) for name in alone}
        assert not findings(network(cfg, **reached), Severity.WARNING)


class TestWhatWasNotLookedAt:
    OBJECT = "the route 10.255.0.2/32 names a nexthop object without its device"

    def test_a_nexthop_object_without_its_device_leaves_the_mtu_to_the_definitions(self) -> None:
        both = {name: replace(routed(name, nodes=2), routes=()) for name in ("node1", "node2")}
        both = {n: replace(f, routes=tuple(route(f"10.255.0.{k}/32") for k in (1, 2))) for n, f in both.items()}
        assert findings(network(**both)) == [
            (
                "pvesdn.cfg:4: zone 'plain': the MTU of node1, node2 is not known: the path from node1 to 10.255.0.2 was not "
                f"looked at ({self.OBJECT}); set mtu in the zone"
            )
        ]
        cfg = PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 8950\n")
        assert not findings(network(cfg, **both))
        assert not findings(network(cfg, **both), Severity.WARNING)

    def test_a_nexthop_object_without_its_device_is_a_note_where_the_other_direction_tells(self) -> None:
        known = lone("eno1 9000", routes=("10.255.0.2/32",))
        assert (mtu(known), findings(known), findings(known, Severity.WARNING)) == (8950, [], [])
        assert findings(known, Severity.NOTE) == [
            (
                f"node1: the path from node1 to 10.255.0.2 was not looked at: {self.OBJECT}; "
                "set the sysctl net.ipv4.nexthop_compat_mode to 1 there, and plan again"
            )
        ]

    def test_that_nothing_depends_on_is_not_spoken_of(self) -> None:
        cfg = PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 1450\n")
        known = lone("eno1 9000", routes=("10.255.0.2/32",), cfg=cfg, rules=("99: from all lookup 7",))
        assert not findings(known, Severity.NOTE)

    def test_is_told_once_for_all_nodes_that_have_the_same_route(self) -> None:
        blue = ("10.255.0.0/24 dev blue",)
        cfg = (
            PLAIN
            + "evpn-controller: main\n\tasn 65000\n\nevpn: sym\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 9\n"
        )
        cfg = cfg.replace("plain\n\nvnet", "plain\n\tmtu 1450\n\nvnet").replace(
            "symmetric\n", "symmetric\n\tmtu 1450\n"
        )
        cfg += "\n" + "".join(uplink(zone="sym", node=f"node{n}", interface="eno3") for n in (1, 2))
        nodes = {
            f"node{n}": node(f"node{n}", ("eno1 9000", "eno3 1500", "blue 65575 vrf"), {"lo": f"10.255.0.{n}/32"}, blue)
            for n in (1, 2)
        }
        assert findings(network(cfg, **nodes), Severity.NOTE)[1:] == [
            (
                "node1, node2: paths to other nodes were not looked at: the route 10.255.0.0/24 leads into VRF blue; "
                "set mtu in the zone where it takes less than the others, and keep exits off its device"
            )
        ]

    def test_a_route_that_leads_into_a_vrf_is_a_note(self) -> None:
        known = lone("eno1 9000", "blue 65575 vrf", routes=("10.255.0.0/24 dev blue",))
        assert "was not looked at: the route 10.255.0.0/24 leads into VRF blue" in findings(known, Severity.NOTE)[0]

    def test_policy_rules_are_a_note(self) -> None:
        known = lone("eno1 9000", routes=("10.255.0.2 via 172.16.0.2 dev eno1",), rules=("99: from all lookup 7",))
        assert findings(known, Severity.NOTE) == [
            (
                "node1: policy rules on node1 were not looked at (99: from all lookup 7): paths are those of the main table; "
                "compare 'ip route get PEER from VTEP' there with what pvesdn show says"
            )
        ]
        assert not findings(known)

    def test_the_table_of_a_vrf_is_a_note_and_the_device_in_it_the_answer(self) -> None:
        one = node("node1", ("eno1 4000", "under 65575 vrf"), {"eno1": "10.255.0.1/24"}, ("default dev eno9",))
        one = replace(one, links=tuple(replace(x, master="under") if x.name == "eno1" else x for x in one.links))
        known = network(node1=one, node2=routed("node2", nodes=2))
        assert findings(known, Severity.NOTE) == [
            (
                "node1: the routes of VRF under, which has the VTEP 10.255.0.1, were not looked at; "
                "set mtu in the zone where the path takes less than the device"
            )
        ]
        assert (vtep(known).interface, mtu(known)) == ("eno1", 3950)

    def test_a_table_that_was_not_read_leaves_the_device_that_holds_the_vtep(self) -> None:
        known = three(holder="dummy0")
        blind = {name: replace(found, routes=(), tables=frozenset()) for name, found in known.facts.items()}
        assert (vtep(replace(known, facts=blind)).interface, mtu(replace(known, facts=blind))) == ("dummy0", 1450)


class TestMulticast:
    CFG = PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tmulticast-group 225.1.1.1\n")

    def physdev(self, known: DesignInput) -> str | None:
        interfaces = design(known).interfaces
        assert interfaces is not None
        return interfaces.tunnels["plain"].physdev

    @pytest.mark.parametrize("holder", ["lo", "dummy0", "eno1"])
    def test_is_joined_on_the_device_of_the_paths(self, holder: str) -> None:
        assert self.physdev(three(self.CFG, holder=holder)) == "eno1"

    def test_needs_a_device_to_be_named_where_paths_leave_by_several(self) -> None:
        hops = ("10.255.0.2 via 172.16.0.2 dev eno1", "10.255.0.2 via 172.17.0.2 dev eno2")
        known = lone("eno1 9000", "eno2 9000", routes=hops, cfg=self.CFG)
        assert findings(known) == [
            (
                "pvesdn.cfg:4: zone 'plain': packets of node1 to the others leave by eno1, eno2, but a multicast group is joined "
                "on one device; set multicast-interface in the zone"
            )
        ]
        named = self.CFG.replace("225.1.1.1\n", "225.1.1.1\n\tmulticast-interface eno1\n")
        assert not findings(lone("eno1 9000", "eno2 9000", routes=hops, cfg=named))

    def test_is_never_joined_on_lo(self) -> None:
        cfg = self.CFG.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 1450\n")
        assert "leave by no device that is known" in findings(network(cfg, node1=routed("node1", nodes=1)))[0]

    def test_takes_no_more_than_the_device_that_is_named(self) -> None:
        named = self.CFG.replace("225.1.1.1\n", "225.1.1.1\n\tmulticast-interface mgmt0\n")
        known = three(named)
        assert (self.physdev(known), mtu(known)) == ("mgmt0", 1450)


class TestAReboot:
    """While a member is off nothing changes on the others, whatever becomes of the routes."""

    @staticmethod
    def off(before: DesignInput, **left: NodeFacts) -> DesignInput:
        seen = decode_seen(encode_seen(seen_now(before, choose_vteps(before)[0])))
        assert seen == seen_now(before, choose_vteps(before)[0])
        return replace(before, facts=left, seen=seen)

    def test_that_takes_routes_away_changes_nothing(self) -> None:
        # node3's link is the small one: were it forgotten, the zone would grow.
        small = routed("node3", mtu=1500)
        before = network(node1=routed("node1"), node2=routed("node2"), node3=small)
        after = self.off(before, **{name: routed(name, gone=["node3"]) for name in ("node1", "node2")})
        assert (mtu(before), mtu(after)) == (1450, 1450)
        assert design(after) == design(before)
        assert seen_now(after, choose_vteps(after)[0]) == after.seen
        assert not findings(after, Severity.WARNING)

    @pytest.mark.parametrize("device", ["eno1", "mgmt0"])
    def test_keeps_what_the_device_takes_on_which_the_member_joins_the_group(self, device: str) -> None:
        cfg = PLAIN.replace("plain\n", f"plain\n\tmulticast-group 225.1.1.1\n\tmulticast-interface {device}\n", 1)
        nodes = {name: with_mtu(routed(name), "mgmt0", 9000) for name in ("node1", "node2")}
        before = network(cfg, **nodes, node3=routed("node3", mtu=4000))
        left = {name: with_mtu(routed(name, gone=["node3"]), "mgmt0", 9000) for name in nodes}
        after = self.off(before, **left)
        assert mtu(before) == mtu(after) == {"eno1": 3950, "mgmt0": 1450}[device]
        assert design(after) == design(before)

    def test_does_not_hold_the_member_to_a_device_on_which_it_no_longer_joins_the_group(self) -> None:
        cfg = PLAIN.replace("plain\n", "plain\n\tmulticast-group 225.1.1.1\n\tmulticast-interface mgmt0\n", 1)
        before = network(cfg, node1=routed("node1"), node2=routed("node2"), node3=routed("node3", mtu=4000))
        left = {name: routed(name, gone=["node3"]) for name in ("node1", "node2")}
        after = self.off(before, **left)
        moved = given(cfg.replace("mgmt0", "eno1"), nodes=len(left) + 1, offline={"node3"}, instead=left)
        assert mtu(after) == 1450
        assert mtu(replace(moved, seen=after.seen)) == 3950

    def test_of_the_smallest_says_what_the_limit_is_and_how_to_lift_it(self) -> None:
        before = network(node1=routed("node1"), node2=routed("node2"), node3=routed("node3", mtu=1500))
        after = self.off(before, **{name: routed(name, gone=["node3"]) for name in ("node1", "node2")})
        larger = replace(
            after, sdn=network(PLAIN.replace("plain\n", "plain\n\tmtu 8950\n", 1), node1=routed("node1")).sdn
        )
        assert findings(larger) == [
            (
                "pvesdn.cfg:5: zone 'plain': mtu 8950 and 50 bytes of VXLAN make 9000, but the underlay of node3 has 1500; write "
                "at most mtu 1450, or raise the underlay's and bring every member up once: this is what was seen last"
            )
        ]

    def test_that_leaves_a_smaller_default_route_changes_nothing(self) -> None:
        before = three()
        after = self.off(before, node1=routed("node1", gone=["node3"]), node2=routed("node2", gone=["node3"]))
        assert mtu(after) == mtu(before) == 8950
        assert path(after, "10.255.0.3").devices == ("eno1",)

    def test_that_routing_goes_round_changes_nothing_and_refuses_nothing(self) -> None:
        before = three(PLAIN.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 8950\n"))
        round_about = routed("node1", gone=["node2", "node3"])
        left = {
            "node1": replace(round_about, routes=(*round_about.routes, route("10.255.0.2 via 192.168.0.2 dev mgmt0")))
        }
        after = self.off(before, **left, node2=routed("node2", gone=["node3"]))
        assert not findings(after)
        assert design(after) == design(before)

    def test_leaves_a_connected_path_as_it_is_now(self) -> None:
        def flat(number: int, mtu: int) -> NodeFacts:
            return node(
                f"node{number}", (f"eno1 {mtu}",), {"eno1": f"10.255.0.{number}/24"}, ("10.255.0.0/24 dev eno1",)
            )

        before = network(node1=flat(1, 9000), node2=flat(2, 9000), node3=flat(3, 9000))
        after = self.off(before, node1=flat(1, 1500), node2=flat(2, 9000))
        assert (mtu(before), mtu(after)) == (8950, 1450)

    def test_leaves_the_multicast_device_where_it_is(self) -> None:
        before = network(TestMulticast.CFG, node1=routed("node1", nodes=2), node2=routed("node2", nodes=2))
        after = self.off(before, node1=routed("node1", nodes=2, gone=["node2"]))
        assert not findings(after)
        assert design(after) == design(before)

    def test_keeps_the_way_to_a_member_that_is_off_free_of_exits(self) -> None:
        cfg = (
            CONTROLLER
            + UNDERLAY
            + ("evpn: sym\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4000\n\n" + uplink(interface="eno1"))
        )
        before = network(cfg, node1=routed("node1", nodes=2), node2=routed("node2", nodes=2))
        after = self.off(before, node1=routed("node1", nodes=2, gone=["node2"]))
        assert findings(after) == findings(before) != []

    def test_is_survived_with_a_memory_from_before_there_were_paths(self) -> None:
        old = given(PLAIN, nodes=3, offline=["node3"], seen={"node3": ("10.255.0.3", 1500)}, prefix="10.255.0.")
        left = {name: routed(name, gone=["node3"], holder="dummy0") for name in ("node1", "node2")}
        assert mtu(replace(old, facts=left)) == 1450

    def test_is_survived_with_a_memory_of_the_size_of_lo(self) -> None:
        seen = decode_seen('{"format": 1, "vteps": {"node3": {"address": "10.255.0.3", "mtu": 65536}}}')
        old = replace(given(PLAIN, nodes=3, offline=["node3"], prefix="10.255.0."), seen=seen)
        left = {name: routed(name, mtu=1500) for name in ("node1", "node2")}
        assert mtu(replace(old, facts=left)) == 1450

    def test_is_no_reason_for_an_error_where_the_member_was_never_seen(self) -> None:
        old = given(PLAIN.replace("plain\n", "plain\n\tmtu 1450\n", 1), nodes=3, offline=["node3"], prefix="10.255.0.")
        left = {name: routed(name, gone=["node3"]) for name in ("node1", "node2")}
        assert not findings(replace(old, facts=left))


class TestAnotherAddressInAZonesList:
    CFG = UNDERLAY.replace("10.255.0.0/24", "192.168.0.0/24") + (
        "vxlan: plain\n\tpeers 10.255.0.1,10.255.0.2,10.255.0.3\n\n" + VNET
    )

    def test_has_the_paths_to_the_list(self) -> None:
        known = three(self.CFG)
        assert vtep(known).address == ip_address("192.168.0.1")
        assert (vtep(known).mtu, mtu(known)) == (1500, 8950)

    def test_is_remembered_with_them(self) -> None:
        before = network(self.CFG, node1=routed("node1"), node2=routed("node2"), node3=routed("node3", mtu=4000))
        left = {name: routed(name, gone=["node3"]) for name in ("node1", "node2")}
        after = TestAReboot.off(before, **left)
        assert (mtu(before), mtu(after)) == (3950, 3950)
        assert design(after) == design(before)


class TestExits:
    CFG = CONTROLLER + UNDERLAY + "evpn: sym\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4000\n\n"

    def test_may_not_take_a_device_on_the_way_to_a_peer(self) -> None:
        assert findings(three(self.CFG + uplink(interface="eno1"))) == [
            (
                "pvesdn.cfg:15: exit 'sym-node1': interface eno1 of node1 carries the path to 10.255.0.2 (VTEP of node2): in the "
                "VRF it would cut the node off; use an interface of its own for the exit"
            )
        ]

    def test_may_not_take_a_port_of_one(self) -> None:
        hops = ("10.255.0.2 via 172.16.0.2 dev bond0",)
        known = lone("eno1 9000", "eno2 9000", "bond0 9000 bond", routes=hops, cfg=self.CFG + uplink(interface="eno2"))
        one = known.facts["node1"]
        one = replace(one, links=tuple(replace(x, master="bond0") if x.name == "eno2" else x for x in one.links))
        known = replace(known, facts={**known.facts, "node1": one})
        assert (
            "eno2 of node1 is part of bond0, which carries the path to 10.255.0.2 (VTEP of node2)" in findings(known)[0]
        )

    def test_may_not_take_one_on_the_way_to_a_route_reflector_or_a_peer_of_pves(self) -> None:
        hops = ("10.255.0.2 via 172.16.0.2 dev eno1", "192.0.2.0/24 via 172.17.0.9 dev eno2")
        outside = self.CFG.replace("asn 1234", "asn 1234\n\troute-reflectors node2,192.0.2.9")
        known = lone("eno1 9000", "eno2 9000", routes=hops, cfg=outside + uplink(interface="eno2"))
        assert "eno2 of node1 carries the path to 192.0.2.9: in the VRF" in findings(known)[0]

        pve = PVE_EVPN | {"controllers.cfg": "evpn: evpnctl\n\tasn 1234\n\tpeers 192.0.2.1,192.0.2.2\n\n"}
        known = given(
            uplink(zone="theirs", interface="eno2"), nodes=1, pve=pve, prefix="10.255.0.", node1=known.facts["node1"]
        )
        assert "eno2 of node1 carries the path to 192.0.2.1: in the VRF" in findings(known)[0]

    def test_may_take_any_other(self) -> None:
        hops = ("10.255.0.2 via 172.16.0.2 dev eno1",)
        assert not findings(lone("eno1 9000", "eno2 9000", routes=hops, cfg=self.CFG + uplink(interface="eno2")))

    def test_may_not_take_the_nic_that_holds_the_vtep_either(self) -> None:
        known = given(self.CFG.replace("10.255.0.0/24", "192.168.0.0/24") + uplink(interface="vmbr0"))
        assert "interface vmbr0 of node1 holds the node's VTEP" in findings(known)[0]
        assert facts("node1").routes == ()


def test_no_size_is_proposed_that_ifupdown2_refuses() -> None:
    (first, *_) = findings(three(PLAIN.replace("plain\n", "plain\n\tmtu 1450\n", 1), mtu=590))
    assert first.endswith(
        "make 1500, but eno1 of node1, node2, node3 has 590; raise the underlay's MTU to 1500 or more"
    )
