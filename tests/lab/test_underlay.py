"""What is read from FRR's word on its sessions, and what a topology says of the underlay."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from pvesdn_lab.live.packages import Unpacked
from pvesdn_lab.live.testbed.lab import Lab
from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.plan import NodePlan
from pvesdn_lab.live.testbed.space import LabFault
from pvesdn_lab.live.testbed.topology import read_topology
from pvesdn_lab.live.verbs import actions
from pvesdn_lab.live.verbs.checks_underlay import bfd_ended_sessions, bfd_ends, bgp_ends, why_ended
from pvesdn_lab.live.verbs.context import Context

TALKING = {"bgpState": "Established", "hostLocal": "10.7.0.1", "hostForeign": "10.7.0.2", "lastResetDueTo": "none"}
SILENT = {"bgpState": "Active", "hostLocal": "Unknown", "hostForeign": "Unknown"}
NODE = '[[node]]\nname = "one"\nmanagement = "10.9.0.1/24"\nunderlay = "10.7.0.1/24"\n'


def test_an_established_session_has_the_addresses_that_it_is_spoken_between() -> None:
    assert bgp_ends({"10.7.0.2": TALKING}) == {("10.7.0.1", "10.7.0.2")}


def test_a_session_that_is_not_established_speaks_from_nowhere() -> None:
    assert bgp_ends({"10.7.0.2": TALKING, "10.7.0.3": SILENT}) == {("10.7.0.1", "10.7.0.2")}


def test_a_node_without_neighbors_speaks_from_nowhere() -> None:
    assert bgp_ends({}) == frozenset()
    assert bgp_ends({"bgpNoSuchNeighbor": True}) == frozenset()


def test_bfd_counts_where_it_is_up() -> None:
    up = {"peer": "10.7.0.2", "local": "10.7.0.1", "status": "up"}
    down = {"peer": "10.7.0.3", "local": "10.7.0.1", "status": "down"}
    assert bfd_ends([up, down]) == {("10.7.0.1", "10.7.0.2")}


def test_bfd_that_leaves_its_own_address_to_the_kernel_is_not_taken_for_one_that_names_it() -> None:
    assert bfd_ends([{"peer": "10.7.0.2", "status": "up"}]) == {("any address", "10.7.0.2")}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (TALKING, ""),
        ({**SILENT, "lastResetDueTo": "BGP Notification send", "lastNotificationReason": "Cease/BFD Down"}, "BFD Down"),
        ({**SILENT, "lastResetDueTo": "BFD down received"}, "BFD down received"),
        ({**SILENT, "lastNotificationReason": "Hold Timer Expired"}, "Hold Timer Expired"),
        (SILENT, ""),
    ],
    ids=["it goes on", "by a notification", "without one", "by the hold timer", "there never was one"],
)
def test_a_session_says_why_it_ended(row: dict[str, Any], words: str) -> None:
    found = why_ended({"10.7.0.2": row}, "10.7.0.2")
    assert found.endswith(words)
    assert bool(found) == bool(words)


def test_a_session_with_somebody_else_says_nothing() -> None:
    assert not why_ended({"10.7.0.2": {**SILENT, "lastResetDueTo": "BFD down received"}}, "10.7.0.3")


class Answering:
    """A node whose FRR tells of one peer: the state of BFD, and why the session ended."""

    def __init__(self, name: str, bfd: str, reason: str) -> None:
        self.name, self.bfd, self.reason = name, bfd, reason

    def vtysh(self, question: str) -> Any:
        """The peer, as FRR's JSON has it."""
        if question == "show bfd peers json":
            return [{"peer": "10.7.0.9", "status": self.bfd}]
        return {"10.7.0.9": {**SILENT, "lastResetDueTo": self.reason}}


def test_what_ended_a_session_is_kept_when_a_lost_route_covers_it() -> None:
    one, two = Answering("one", "down", "BFD down received"), Answering("two", "up", "")
    nodes, ended = cast("list[LiveNode]", [one, two]), dict[str, str]()
    assert not bfd_ended_sessions(nodes, "10.7.0.9", ended)
    one.reason = "Waiting for NHT"
    two.bfd, two.reason = "down", "BFD down received"
    assert bfd_ended_sessions(nodes, "10.7.0.9", ended)
    assert ended == {"one": "BFD down received", "two": "BFD down received"}


def test_a_session_that_something_else_ended_has_not_fallen_by_bfd() -> None:
    node, ended = Answering("one", "down", "Waiting for NHT"), dict[str, str]()
    assert not bfd_ended_sessions(cast("list[LiveNode]", [node]), "10.7.0.9", ended)


def test_a_nodes_vtep_is_its_address_on_the_underlay_unless_a_step_says_another(tmp_path: Path) -> None:
    plan = NodePlan("one", "10.9.0.1/24", "10.7.0.1/24")
    node = LiveNode(plan, tmp_path, cast("Unpacked", None), tmp_path)
    context = Context(cast("Lab", None), tmp_path)
    assert context.vtep(node) == "10.7.0.1"
    actions.vteps(context, of={"one": "10.7.9.1"})
    assert context.vtep(node) == "10.7.9.1"


def test_a_router_of_the_underlay_is_no_member_and_its_cards_carry_what_its_links_do(tmp_path: Path) -> None:
    file = tmp_path / "topology.toml"
    file.write_text(NODE + NODE.replace("[[node]]", "[[transit]]") + 'trunks = { eno3 = "link1" }\n')
    topology = read_topology(file)
    assert [plan.name for plan in topology.nodes] == ["one"]
    assert {card.name: card.mtu for card in topology.transits[0].cards}["eno3"] == 1550


def test_a_switch_that_is_not_there_is_refused_with_those_that_are(tmp_path: Path) -> None:
    file = tmp_path / "topology.toml"
    file.write_text(NODE + 'trunks = { eno3 = "link9" }\n')
    with pytest.raises(LabFault, match=r"one: there is no switch link9; there are mgmt, under"):
        read_topology(file)
