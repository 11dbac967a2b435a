"""In which order nodes have their turn: an address leaves one node before it comes to another."""

from __future__ import annotations

import pytest

from pvesdn.model.report import Outcome
from tests.fakes import FakeCluster
from tests.unit.workflows.kit import apply_to, cluster, errors, exit_on, plan_of, steps

OWN = "/etc/pve/sdn/pvesdn.cfg"
OURS = "/etc/network/interfaces.d/pvesdn"
ZONE = """\
underlay: cluster
\tnetwork 192.168.0.0/24

evpn-controller: main
\tasn 65000

evpn: sym
\tcontroller main
\tirb symmetric
\tvrf-vxlan 4000
\tmac 44:39:39:FF:40:94

vnet: web
\tzone sym
\ttag 2

subnet: sym-10.0.2.0-24
\tvnet web
\tgateway 10.0.2.254

"""


def moved(before: str, after: str) -> FakeCluster:
    """A cluster that was given the first definitions, and then the others."""
    made = cluster(ZONE + before)
    assert not errors(apply_to(made))
    made.nodes.pve_files[OWN] = ZONE + after
    made.observer.events.clear()
    return made


def turns(made: FakeCluster) -> list[str]:
    return [event[1] for event in made.observer.events if event[0] == "step" and event[2] == "written"]


def test_the_node_that_gives_an_address_up_comes_first() -> None:
    made = moved(exit_on("node3"), exit_on("node1", "172.16.0.1/23"))
    assert not errors(apply_to(made))
    assert turns(made) == ["node3", "node1"]
    assert "172.16.0.1" in made.nodes["node1"].files[OURS]
    assert plan_of(made).is_empty


def test_nodes_that_have_nothing_to_do_with_it_come_by_name() -> None:
    made = moved(exit_on("node2"), exit_on("node1") + "vnet: new\n\tzone sym\n\ttag 9\n\n")
    apply_to(made)
    assert turns(made) == ["node2", "node1", "node3"]


def test_an_address_that_stays_changes_nothing_about_the_order() -> None:
    made = moved(exit_on("node3"), exit_on("node3") + exit_on("node1", "172.16.0.9/24"))
    apply_to(made)
    assert turns(made) == ["node1"]


def test_addresses_that_are_handed_on_in_a_row_go_from_the_end_of_it() -> None:
    before = exit_on("node1") + exit_on("node2", "172.16.0.2/24")
    made = moved(before, exit_on("node2") + exit_on("node3", "172.16.0.2/24"))
    apply_to(made)
    assert turns(made) == ["node1", "node2", "node3"]
    back = moved(exit_on("node2") + exit_on("node3", "172.16.0.2/24"), before)
    apply_to(back)
    assert turns(back) == ["node3", "node2", "node1"]


def test_two_nodes_that_exchange_addresses_come_by_name() -> None:
    both = [exit_on("node1") + exit_on("node2", "172.16.0.2/24"), exit_on("node1", "172.16.0.2/24") + exit_on("node2")]
    made = moved(*both)
    assert not errors(apply_to(made))
    assert turns(made) == ["node1", "node2"]


@pytest.mark.parametrize("verb", ["stage", "commit"])
def test_where_the_giver_is_not_reached_the_other_does_not_get_the_address(verb: str) -> None:
    made = moved(exit_on("node3"), exit_on("node1"))
    made.nodes["node3"].lost[verb] = "connection timed out"
    report = apply_to(made)
    assert errors(report)["node1"] == "node1: not touched, because node3 failed first"
    assert steps(report)["node1"][-1] == f"written={Outcome.SKIPPED.value}"
    assert "172.16.0.1" not in made.nodes["node1"].files[OURS]
