"""Devices by which a node is reached: a plan that changes one needs a person's word for that node."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import pytest

from pvesdn.compare.way_in import of_way_in, way_in
from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.model.cluster import Member, UnderlayPath, Vtep
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from pvesdn.model.files import Action, FileChange, NodeChanges, StanzaChange
from pvesdn.model.flags import PlanFlags
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster
from tests.fakes import FakeCluster, cluster_answers, fake_cluster
from tests.hints.table import add_link

QINQ = {
    "zones.cfg": "qinq: metro\n\tbridge vmbr0\n\ttag 20\n\tvlan-protocol 802.1ad\n\n",
    "vnets.cfg": "vnet: inner\n\tzone metro\n\ttag 8\n\n",
}
NODES = ("node1", "node2", "node3")
MEMBER = Member(
    name="pve1", node_id=1, address=ip_address("192.0.2.1"), is_online=True, links=(ip_address("2001:db8::1"),)
)


def facts(*links: Link, stanzas: tuple[IfaceStanza, ...] = (), **addresses: str) -> NodeFacts:
    held = tuple((device, ip_interface(address)) for device, address in addresses.items())
    return NodeFacts(node="pve1", links=links, addresses=held, stanzas=stanzas)


def vtep(address: str, *devices: str) -> Vtep:
    peer = ip_address("198.51.100.2")
    path = UnderlayPath(peer, devices, 1500, route="198.51.100.0/24")
    return Vtep(node="pve1", address=ip_address(address), interface=None, mtu=1500, why="a test", paths={peer: path})


def test_what_holds_the_nodes_address_carries_it_and_so_does_all_below() -> None:
    links = (
        Link("eno1", master="bond0"),
        Link("eno2", master="bond0"),
        Link("bond0", kind="bond"),
        Link("bond0.7", kind="vlan", master="vmbr0"),
        Link("vmbr0", kind="bridge"),
        Link("eno3"),
    )
    found = way_in(facts(*links, vmbr0="192.0.2.1/24", eno3="203.0.113.1/24"), MEMBER, None)
    assert set(found) == {"vmbr0", "bond0.7", "bond0", "eno1", "eno2"}
    assert set(found.values()) == {"the node's address in the cluster (API and SSH), 192.0.2.1"}


def test_what_only_the_hosts_file_tells_counts_too() -> None:
    stanzas = (
        IfaceStanza("vmbr0", "inet static", (("bridge-ports", "up.7"),)),
        IfaceStanza("up.7", "inet manual", (("vlan-raw-device", "eno4"),)),
    )
    assert {"vmbr0", "up.7", "eno4"} <= set(way_in(facts(stanzas=stanzas, vmbr0="192.0.2.1/24"), MEMBER, None))


def test_a_vrf_is_not_below_what_is_in_it() -> None:
    links = (Link("eno1", master="vrf_x"), Link("vrf_x", kind="vrf"), Link("eno2", master="vrf_x"))
    assert set(way_in(facts(*links, eno1="192.0.2.1/24"), MEMBER, None)) == {"eno1"}


def test_corosyncs_links_and_the_ways_to_the_vteps_count() -> None:
    found = way_in(
        facts(eno1="192.0.2.1/24", eno5="2001:db8::1/64", dummy0="198.51.100.1/32"),
        MEMBER,
        vtep("198.51.100.1", "eno6", "eno7"),
    )
    assert found == {
        "eno1": "the node's address in the cluster (API and SSH), 192.0.2.1",
        "eno5": "a link of corosync, 2001:db8::1",
        "dummy0": "the node's VTEP, 198.51.100.1",
        "eno6": "the way to the other VTEPs",
        "eno7": "the way to the other VTEPs",
    }


def test_a_node_that_nobody_knows_has_no_way_in() -> None:
    assert way_in(facts(eno1="192.0.2.1/24"), None, None) == {}
    assert way_in(facts(eno1="192.0.2.1/24"), MEMBER.model_copy(update={"address": None, "links": ()}), None) == {}


@pytest.mark.parametrize(
    ("action", "old", "new", "is_told"),
    [
        (Action.ADD, None, "iface vmbr0\n\tbridge-vlan-protocol 802.1q\n", False),
        (Action.ADD, None, "iface vmbr0\n\tbridge-vlan-protocol 802.1ad\n", True),
        (Action.ADD, None, "iface vmbr0\n\taddress 10.0.0.1/24\n", True),
        (Action.REMOVE, "iface vmbr0\n\tbridge-vlan-protocol 802.1q\n", None, False),
        (Action.REMOVE, "iface vmbr0\n\tbridge-vlan-protocol 802.1ad\n", None, True),
        (Action.ADD, None, "iface vmbr0\n\tovs_ports ln_web\n", False),
        (Action.CHANGE, "iface vmbr0\n\talias a\n", "iface vmbr0\n\talias b\n", False),
        (Action.CHANGE, "iface vmbr0\n\tmtu 1500\n", "iface vmbr0\n\tbridge-vlan-protocol 802.1q\n", True),
    ],
)
def test_what_a_device_has_anyway_or_does_not_feel_is_no_change(
    action: Action, old: str | None, new: str | None, *, is_told: bool
) -> None:
    change = FileChange(
        path="/etc/network/interfaces.d/sdn",
        old=old,
        new=new,
        mode="0644",
        owner="root:root",
        expect=None,
        stanzas=(StanzaChange("vmbr0", action), StanzaChange("web", action)),
    )
    assert list(of_way_in([change], {"vmbr0": "it"})) == ([("vmbr0", "it")] if is_told else [])


def planned(made: FakeCluster, flags: PlanFlags) -> tuple[NodeChanges, ...]:
    return plan(read_cluster(made.world()), Renderer(), flags=flags).nodes


def test_a_plan_that_would_change_the_bridge_of_the_way_in_needs_a_word_for_each_node() -> None:
    made = fake_cluster(pve_files=QINQ)
    for node in NODES:
        add_link(made, node, "vmbr0", linkinfo={"info_kind": "bridge", "info_data": {"vlan_filtering": 1}})
    told = {node.node: [str(obstacle) for obstacle in node.obstacles] for node in planned(made, PlanFlags())}
    assert told == {
        f"node{number}": [
            (
                f"node{number}: vmbr0 would change, and carries the node's address in the cluster (API and SSH), "
                f"192.168.0.{number}: whoever loses it loses the node; check it with --diff, then use --allow-management "
                f"node{number}"
            )
        ]
        for number in (1, 2, 3)
    }
    allowed = planned(made, PlanFlags(allow_management=frozenset({"node1", "node3"})))
    assert [node.node for node in allowed if node.obstacles] == ["node2"]
    assert not any(node.obstacles for node in planned(made, PlanFlags(allow_management=frozenset(NODES))))


def test_corosyncs_links_are_read_where_they_are_addresses() -> None:
    answers = cluster_answers(("node1", "node2"), (), "9.1.5")
    answers["cluster/config/nodes"] = [
        {"node": "node1", "ring0_addr": "192.0.2.1", "ring1_addr": "2001:db8::1", "quorum_votes": "1"},
        {"node": "node2", "ring0_addr": "node2.example", "ring3_addr": 7},
        {"node": 5},
        "odd",
    ]
    members = decode_cluster(answers).members
    assert [member.links for member in members] == [(ip_address("192.0.2.1"), ip_address("2001:db8::1")), ()]
    assert decode_cluster(answers | {"cluster/config/nodes": "odd"}).members[0].links == ()


def test_without_an_answer_of_corosyncs_a_plan_is_made_all_the_same() -> None:
    made = fake_cluster()
    snapshot = read_cluster(made.world())
    assert "cluster/config/nodes" not in snapshot.api
    assert plan(snapshot, Renderer()).nodes
