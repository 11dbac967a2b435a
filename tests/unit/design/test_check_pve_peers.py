"""Lists of peers in PVE's definitions: whom they forget, and who is in two of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_interface

import pytest

from pvesdn.design.checks import pve_peers
from pvesdn.design.shared import peer_lists as peer_lists_module
from pvesdn.design.shared.peer_lists import PeerList, peer_lists
from pvesdn.model.cluster import SeenVtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Severity
from tests.unit.design.network import CONTROLLER, PROXMOX, PVE_EVPN, SYMMETRIC, facts, findings, given
from tests.unit.design.underlay import routed

ALL = "192.168.0.1,192.168.0.2,192.168.0.3"
ZONE = "evpn: theirs\n\tcontroller ctl\n\tvrf-vxlan 1000\n\n"


def vxlan(peers: str, *lines: str) -> str:
    return f"vxlan: tun\n\tpeers {peers}\n" + "".join(f"\t{line}\n" for line in lines) + "\n"


def evpn(peers: str) -> str:
    return f"evpn: ctl\n\tasn 65000\n\tpeers {peers}\n\n"


def bgp(peers: str, *lines: str, node: str = "node1", name: str = "bgp1") -> str:
    more = "".join(f"\t{line}\n" for line in lines)
    return f"bgp: {name}\n\tasn 65000\n\tnode {node}\n\tpeers {peers}\n{more}\n"


def network(
    zones: str, controllers: str = "", pvesdn: str = "", nodes: Mapping[str, NodeFacts] | None = None
) -> DesignInput:
    return given(pvesdn, pve={"zones.cfg": zones, "controllers.cfg": controllers}, instead=nodes)


def told(
    zones: str, controllers: str = "", pvesdn: str = "", nodes: Mapping[str, NodeFacts] | None = None
) -> list[str]:
    return findings(network(zones, controllers, pvesdn, nodes), Severity.WARNING)


def noted(zones: str, controllers: str) -> list[str]:
    return findings(network(zones, controllers), Severity.NOTE)


# --- a member that is not listed -------------------------------------------------------------------------------------


def test_a_node_of_a_zone_that_its_peers_forget_is_told_with_its_address() -> None:
    assert told(vxlan("192.168.0.1,192.168.0.2")) == [
        (
            "zones.cfg:1: zone 'tun': peers lists no address of node3, so no other node floods frames there; "
            "add 192.168.0.3 to the peers in PVE, or leave node3 out of the zone's nodes"
        )
    ]


def test_a_node_of_a_zone_that_its_controllers_peers_forget_is_told_with_its_address() -> None:
    assert told(ZONE, evpn("192.168.0.1")) == [
        (
            "controllers.cfg:1: controller 'ctl': peers lists no address of node2, node3, so no other node has a session with "
            "it; add 192.168.0.2, 192.168.0.3 to the peers in PVE, or leave node2, node3 out of the zone's nodes"
        )
    ]


@pytest.mark.parametrize(
    ("zones", "controllers"),
    [
        (vxlan(ALL), ""),
        (vxlan("192.168.0.1,192.168.0.2", "nodes node1,node2"), ""),
        (vxlan("198.51.100.1,198.51.100.2"), ""),
        (vxlan("192.168.0.2", "nodes node2"), ""),
        (vxlan("198.51.100.1", "nodes node2"), ""),
        (ZONE, evpn(ALL)),
        (ZONE, evpn("10.9.9.1,10.9.9.2")),
        (ZONE.replace("\n\n", "\n\tnodes node1,node2\n\n"), evpn("192.168.0.1,192.168.0.2")),
        ("simple: lan\n\n", evpn("192.168.0.1")),
    ],
)
def test_a_whole_list_and_one_of_strangers_are_not_spoken_of(zones: str, controllers: str) -> None:
    assert told(zones, controllers) == []


def test_an_address_counts_however_it_is_spelt() -> None:
    nodes = {f"node{n}": facts(f"node{n}", f"192.168.0.{n}/24", f"fd00::{n}/64") for n in (1, 2, 3)}
    assert told(vxlan("fd00:0::1,FD00::2,fd00::3", "mtu 1400"), nodes=nodes) == []


def test_a_member_that_is_off_is_not_judged() -> None:
    network = given("", offline=["node3"], pve={"zones.cfg": vxlan("192.168.0.1,192.168.0.2")})
    assert findings(network, Severity.WARNING) == []


def test_loopbacks_are_completed_by_loopbacks() -> None:
    (found,) = told(vxlan("10.255.0.1,10.255.0.2"), nodes={f"node{n}": routed(f"node{n}") for n in (1, 2, 3)})
    assert found.endswith("add 10.255.0.3 to the peers in PVE, or leave node3 out of the zone's nodes")


def test_an_address_that_cannot_be_guessed_is_left_to_the_reader() -> None:
    other = facts("node3", "10.77.0.3/24", addresses=(("eno2", ip_interface("10.77.0.3/24")),))
    (found,) = told(vxlan("192.168.0.1,192.168.0.2"), nodes={"node3": other})
    assert "; add the underlay address of node3 to the peers in PVE, or leave" in found


def test_listed_members_that_may_be_route_reflectors_by_lines_of_their_own_are_believed() -> None:
    reflectors = {f"node{n}": facts(f"node{n}", f"192.168.0.{n}/24", has_foreign_frr_local=True) for n in (1, 2)}
    assert told(ZONE, evpn("192.168.0.1,192.168.0.2"), nodes=reflectors) == []
    one = {"node1": reflectors["node1"]}
    assert len(told(ZONE, evpn("192.168.0.1,192.168.0.2"), nodes=one)) == 1


def test_a_node_outside_of_the_zones_needs_no_session_and_is_noted() -> None:
    some = ZONE.replace("\n\n", "\n\tnodes node1,node2\n\n")
    assert [note for note in noted(some, evpn("192.168.0.1,192.168.0.2")) if "outside" in note] == [
        (
            "controllers.cfg:1: controller 'ctl': PVE sets up BGP on node3 too, outside of the zones: those sessions "
            "stay down, and nobody needs them"
        )
    ]
    for zones, peers in ((some, ALL), (ZONE, "192.168.0.1"), (some, "10.9.9.1"), ("simple: lan\n\n", "192.168.0.1")):
        assert not any("outside" in note for note in noted(zones, evpn(peers)))


def test_who_adds_what_the_hint_says_is_not_warned_again() -> None:
    for zones, controllers in ((vxlan("192.168.0.1,{}"), ""), (ZONE, evpn("192.168.0.1,{}"))):
        before = told(zones.format("192.168.0.2"), controllers.format("192.168.0.2"))
        assert len(before) == 1
        addresses = before[0].partition("add ")[2].partition(" to ")[0].replace(" ", "")
        more = f"192.168.0.2,{addresses}"
        assert told(zones.format(more), controllers.format(more)) == []
        restricted = zones.rstrip("\n") + "\n\tnodes node1,node2\n\n"
        assert told(restricted.format("192.168.0.2"), controllers.format("192.168.0.2")) == []


def test_a_node_of_our_own_zone_is_told_there_alone() -> None:
    ours = SYMMETRIC.replace(CONTROLLER, "").replace("controller main", "controller ctl")
    found = told(ZONE, evpn("192.168.0.1,192.168.0.2"), ours)
    assert [line for line in found if "node3" in line] == [
        (
            "pvesdn.cfg:5: zone 'sym': PVE's controller 'ctl' has no peer for the VTEP of node3; "
            "add 192.168.0.3 to the controller's peers in PVE"
        )
    ]


def test_at_our_zone_too_the_hint_names_what_adds_the_peer_where_pve_has_a_lock_for_it() -> None:
    ours = SYMMETRIC.replace(CONTROLLER, "").replace("controller main", "controller ctl")
    versions = PROXMOX | {"libpve-network-perl": "1.2.5"}
    nodes = {f"node{n}": facts(f"node{n}", f"192.168.0.{n}/24", versions=versions) for n in (1, 2, 3)}
    found = told(ZONE, evpn("192.168.0.1,192.168.0.2"), ours, nodes)
    hint = "; add 192.168.0.3 to the controller's peers in PVE (pvesdn apply --sync-peers does)"
    assert [line.endswith(hint) for line in found if "for the VTEP of node3" in line] == [True]
    elsewhere = ours.replace("network 192.168.0.0/24", "network 10.7.0.0/24")
    apart = {
        name: facts(name, f"192.168.0.{name[-1]}/24", f"10.7.0.{name[-1]}/24", versions=versions) for name in nodes
    }
    found = told(ZONE, evpn("10.7.0.1,10.7.0.2"), elsewhere, apart)
    hints = [line.partition("; ")[2] for line in found if "for the VTEP of node3" in line]
    assert [hint.startswith("add 10.7.0.3 to the controller's peers in PVE") for hint in hints] == [True]


def test_zones_whose_lists_forget_the_same_nodes_are_told_together() -> None:
    zones = "".join(vxlan("192.168.0.1,192.168.0.2").replace("tun", f"tun{n}") for n in range(3))
    (found,) = pve_peers.check(network(zones))
    assert [one.where for one in (found, *found.others)] == [
        "zones.cfg:1: zone 'tun0'", "zones.cfg:4: zone 'tun1'", "zones.cfg:7: zone 'tun2'"
    ]  # fmt: skip


# --- one router in two lists -----------------------------------------------------------------------------------------


def test_a_router_that_is_a_peer_of_two_controllers_is_told_with_both() -> None:
    assert told(ZONE, evpn(f"{ALL},10.0.0.9") + bgp("10.0.0.8,10.0.0.9")) == [
        (
            "controllers.cfg:5: controller 'bgp1': peers with 10.0.0.9 on node1, as controller 'ctl' (controllers.cfg:1) does: "
            "FRR takes a neighbor into one peer group, here that of 'bgp1', and refuses the other (Cannot change the "
            "peer-group); remove 10.0.0.9 from the peers of one of the two in PVE"
        )
    ]


def test_members_that_peer_with_each_other_twice_are_told() -> None:
    (found,) = told(ZONE, evpn(ALL) + bgp("192.168.0.2,192.168.0.3"))
    assert "peers with 192.168.0.2, 192.168.0.3 on node1" in found
    assert found.endswith("remove controller 'bgp1' in PVE, or 192.168.0.2, 192.168.0.3 from the other's peers")


@pytest.mark.parametrize(
    "controllers",
    [
        evpn(ALL) + bgp("10.0.0.8,10.0.0.9"),
        evpn(ALL) + bgp("192.168.0.1,10.0.0.9"),  # the node itself is in no group of EVPN's
        evpn(f"{ALL},10.0.0.9") + bgp("10.0.0.8"),
        bgp("10.0.0.9") + bgp("10.0.0.9", node="node2", name="bgp2"),
        evpn(f"{ALL},10.0.0.9") + bgp("10.0.0.9").replace("65000", "0"),
    ],
)
def test_routers_of_one_controller_on_a_node_are_not_spoken_of(controllers: str) -> None:
    assert not any("Cannot change" in found for found in told(ZONE, controllers))


def test_neighbors_over_a_fabric_count_as_well() -> None:
    fabric = "ospf_fabric: lab\n\tarea 0\n\tip_prefix 172.20.30.0/24\n\n" + "".join(
        f"ospf_node: lab_node{n}\n\tip 172.20.30.{n}\n\n" for n in (1, 2, 3)
    )
    controllers = "evpn: ctl\n\tasn 65000\n\tfabric lab\n\n" + bgp("172.20.30.2,10.0.0.9")
    found = findings(
        given("", pve={"zones.cfg": ZONE, "controllers.cfg": controllers, "fabrics.cfg": fabric}), Severity.WARNING
    )
    assert [line.partition(" on ")[0] for line in found] == [
        "controllers.cfg:5: controller 'bgp1': peers with 172.20.30.2"
    ]


def test_who_leaves_the_router_to_one_controller_is_not_warned_again() -> None:
    assert told(ZONE, evpn(f"{ALL},10.0.0.9") + bgp("10.0.0.8")) == []
    assert told(ZONE, evpn(ALL) + bgp("10.0.0.8,10.0.0.9")) == []
    assert told(ZONE, evpn(ALL)) == []


def test_pves_own_definitions_of_the_other_tests_are_in_order() -> None:
    assert findings(given("", pve=PVE_EVPN), Severity.WARNING) == []


# --- a node that has left --------------------------------------------------------------------------------------------


def remembered(address: str, *, others: tuple[str, ...] = ()) -> dict[str, SeenVtep]:
    more = tuple((ip_address(other), None) for other in others)
    return {"gone": SeenVtep(address=ip_address(address), mtu=1500, others=more)}


def lists(zones: str, controllers: str = "", *, seen: Mapping[str, SeenVtep]) -> list[PeerList]:
    return list(peer_lists(replace(network(zones, controllers), seen=seen)))


def test_the_address_of_a_node_that_has_left_goes_and_the_order_stays() -> None:
    (found,) = lists(vxlan("192.168.0.3,192.168.0.9,192.0.2.1,192.168.0.1,192.168.0.2"), seen=remembered("192.168.0.9"))
    assert found.gone == {"192.168.0.9": "gone"}
    assert found.synced == ("192.168.0.3", "192.0.2.1", "192.168.0.1", "192.168.0.2")


def test_one_of_its_further_addresses_goes_too() -> None:
    seen = remembered("10.0.0.9", others=("192.168.0.9",))
    (found,) = lists(vxlan(f"{ALL},192.168.0.9"), seen=seen)
    assert found.synced == tuple(ALL.split(","))


@pytest.mark.parametrize(
    ("peers", "address"),
    [
        (f"{ALL},192.0.2.1", "192.168.0.9"),
        (ALL, "192.168.0.2"),
        ("192.168.0.9", "192.168.0.9"),
    ],
    ids=["a router", "another has the address now", "nobody would be left"],
)
def test_whoever_is_no_node_that_has_left_stays(peers: str, address: str) -> None:
    (found,) = lists(vxlan(peers), seen=remembered(address))
    assert (found.gone, found.synced) == ({}, tuple(peers.split(",")))


def test_one_goes_and_one_comes_at_once() -> None:
    (found,) = lists(vxlan("192.168.0.9,192.168.0.1,192.168.0.2"), seen=remembered("192.168.0.9"))
    assert found.missing == ("node3",)
    assert found.synced == ("192.168.0.1", "192.168.0.2", "192.168.0.3")


def test_a_spelling_of_its_own_is_the_same_address() -> None:
    (found,) = lists(vxlan(f"{ALL},FD00:0:0::9"), seen=remembered("fd00::9"))
    assert found.gone == {"FD00:0:0::9": "gone"}


def renumbered(address: str = "192.168.0.3", *, now: str = "192.168.0.33/24", offline: bool = False) -> DesignInput:
    """Node3 had `address`, and has another; the cluster may resolve it to the former one still."""
    nodes = {"node3": facts("node3", now)}
    pve = {"zones.cfg": vxlan(ALL), "controllers.cfg": ""}
    found = given("", pve=pve, instead=nodes, offline=["node3"] if offline else [])
    return replace(found, seen={"node3": SeenVtep(address=ip_address(address), mtu=1500)})


def test_the_former_address_of_a_member_goes_and_its_new_one_comes() -> None:
    (found,) = peer_lists(renumbered())
    assert (found.gone, found.missing) == ({"192.168.0.3": "node3"}, ("node3",))
    assert found.synced == ("192.168.0.1", "192.168.0.2", "192.168.0.33")
    lines = findings(renumbered(), Severity.WARNING)
    what = "peers lists 192.168.0.3, which was the address of node3, which has 192.168.0.33 now"
    assert [line for line in lines if what in line]


def test_the_former_address_of_a_member_is_kept_where_nobody_can_tell_the_new_one() -> None:
    far = facts("node3", "10.77.0.3/24", addresses=(("eno2", ip_interface("10.77.0.3/24")),))
    (found,) = peer_lists(replace(renumbered(), facts={**renumbered().facts, "node3": far}))
    assert (found.gone, found.synced) == ({}, tuple(ALL.split(",")))


def test_of_a_member_that_cannot_be_asked_every_address_is_its_own() -> None:
    (found,) = peer_lists(renumbered(offline=True))
    assert (found.gone, found.synced) == ({}, tuple(ALL.split(",")))


def test_the_former_address_of_a_member_is_remembered_as_long_as_a_list_has_it() -> None:
    network_ = renumbered()
    now = {"node3": SeenVtep(address=ip_address("192.168.0.33"), mtu=1500)}
    found = peer_lists_module.remembered(network_, now, ())
    assert found["node3"].former == (ip_address("192.168.0.3"),)
    later = replace(network_, seen=found)
    assert [one.gone for one in peer_lists(later)] == [{"192.168.0.3": "node3"}]
    assert peer_lists_module.remembered(later, now, ())["node3"].former == found["node3"].former
    synced = network(vxlan("192.168.0.1,192.168.0.2,192.168.0.33"), nodes={"node3": facts("node3", "192.168.0.33/24")})
    assert peer_lists_module.remembered(replace(synced, seen=found), now, ())["node3"].former == ()


def test_a_node_that_has_left_is_told_once_for_all_lists() -> None:
    there = f"{ALL},192.168.0.9"
    given_ = replace(network(vxlan(there), evpn(there)), seen=remembered("192.168.0.9"))
    (found,) = pve_peers.check(given_)
    assert "peers lists 192.168.0.9, which was the address of gone, and gone has left the cluster" in str(found)
    assert len(found.others) == 1


def test_who_has_left_is_remembered_as_long_as_a_list_has_its_address() -> None:
    given_ = replace(network(vxlan(f"{ALL},192.168.0.9")), seen=remembered("192.168.0.9"))
    assert peer_lists_module.remembered(given_, {}, ()) == given_.seen
    other = replace(given_, seen=remembered("192.0.2.77"))
    assert peer_lists_module.remembered(other, {}, ()) == {}
    assert peer_lists_module.remembered(other, {}, [ip_address("192.0.2.77")]) == other.seen


def test_of_a_node_its_listed_addresses_are_remembered_beside_its_vtep() -> None:
    """So that it is known in the lists once it has left, where PVE's zones have an underlay of their own."""
    now = {"node1": SeenVtep(address=ip_address("10.9.9.9"), mtu=1500)}
    found = peer_lists_module.remembered(network(vxlan(ALL)), now, ())
    assert found["node1"].others == ((ip_address("192.168.0.1"), None),)
    assert peer_lists_module.remembered(network(vxlan("192.168.0.2")), now, ()) == now
    (left,) = lists(
        vxlan(f"198.51.100.1,{ALL}"), seen={"gone": remembered("10.9.9.9", others=("198.51.100.1",))["gone"]}
    )
    assert left.gone == {"198.51.100.1": "gone"}


def test_a_zone_on_a_fabric_has_no_list() -> None:
    assert lists("vxlan: tun\n\tfabric lab\n\n", seen={}) == []
