"""`pvesdn apply --node`: some nodes have their turn, the others keep what they have, and that is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.kit import UCAST, Result, call
from tests.cli.test_apply import KNOWN_MTU, written
from tests.fakes import FakeCluster, fake_cluster

OURS = "/etc/network/interfaces.d/pvesdn"
DEFINITIONS = "/etc/pve/sdn/pvesdn.cfg"
PENDING = {"zones.cfg": "simple: lan\n\n", "vnets.cfg": "vnet: office\n\tzone lan\n\n"}
EVPN = """\
evpn-controller: main
	asn 65000

evpn: sym
	controller main
	irb symmetric
	vrf-vxlan 4000
	mac 44:39:39:FF:40:94

vnet: web
	zone sym
	tag 2

subnet: sym-10.0.2.0-24
	vnet web
	gateway 10.0.2.254

"""
EXIT = """\
exit: out
	zone sym
	node {node}
	interface eno2
	address 172.16.0.1/24
	gateways 172.16.0.254

"""


def run(settings: Path, cluster: FakeCluster, verb: str, *words: str, **given: object) -> Result:
    return call("--config", settings, verb, *words, cluster=cluster, **given)  # type: ignore[arg-type]


def applied(settings: Path, text: str, **given: object) -> FakeCluster:
    cluster = fake_cluster(text, **given)  # type: ignore[arg-type]
    assert run(settings, cluster, "apply", "--yes").status == 0
    return cluster


def define(cluster: FakeCluster, text: str) -> None:
    cluster.nodes.pve_files[DEFINITIONS] = text


def warnings(result: Result) -> list[str]:
    return [line.removeprefix("warning: ") for line in result.err.splitlines() if line.startswith("warning: ")]


def test_only_the_named_nodes_have_their_turn(settings: Path, cluster: FakeCluster) -> None:
    result = run(settings, cluster, "apply", "--yes", "--node", "node3", "--node", "node1")
    assert result.status == 0
    assert [name for name, node in cluster.nodes.nodes.items() if OURS in node.files] == ["node1", "node3"]
    assert "stage" not in cluster.nodes["node2"].verbs
    assert "Plan: 4 to add, 0 to change, 0 to destroy on 2 of 2 nodes.\nleft out: changes on node2\n" in result.out
    assert result.out.endswith("Apply complete: 2 nodes done.\nleft out: changes on node2\n")


def test_what_was_left_out_is_the_next_plan(settings: Path, cluster: FakeCluster) -> None:
    run(settings, cluster, "apply", "--yes", "--node", "node1")
    assert run(settings, cluster, "plan", "--node", "node1").out == "No changes. Nodes match the configuration.\n"
    assert run(settings, cluster, "plan").out.endswith("Plan: 4 to add, 0 to change, 0 to destroy on 2 of 3 nodes.\n")
    assert run(settings, cluster, "apply", "--yes").status == 0
    assert run(settings, cluster, "plan").out == "No changes. Nodes match the configuration.\n"


def test_a_node_without_changes_does_not_hide_those_of_the_others(settings: Path, cluster: FakeCluster) -> None:
    run(settings, cluster, "apply", "--yes", "--node", "node1")
    result = run(settings, cluster, "apply", "--node", "node1")
    assert result == Result(0, "No changes on node1.\nleft out: changes on node2, node3\n", "")


def test_when_all_is_done_nothing_is_left_out(settings: Path, cluster: FakeCluster) -> None:
    run(settings, cluster, "apply", "--yes")
    expected = "No changes. Nodes match the configuration.\n"
    assert run(settings, cluster, "apply", "--node", "node1") == Result(0, expected, "")


def test_the_document_names_what_is_left_out(settings: Path, cluster: FakeCluster) -> None:
    document = json.loads(run(settings, cluster, "apply", "--yes", "--json", "--node", "node1").out)
    assert document["left"] == ["node2", "node3"]
    assert document["plan"]["summary"]["total_nodes"] == 1
    assert [node["name"] for node in document["report"]["nodes"]] == ["node1"]
    assert "left" not in json.loads(run(settings, cluster, "apply", "--yes", "--json").out)


def test_the_question_is_about_the_part(settings: Path, cluster: FakeCluster) -> None:
    result = run(settings, cluster, "apply", "--node", "node1", typed="no\n")
    assert "\nnode2\n" not in result.out
    assert result.err.endswith("error: not confirmed, so nothing was touched\n")
    assert not written(cluster)


def test_what_blocks_another_node_does_not_matter(settings: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node2"].files[OURS] = "# mine\n"
    assert run(settings, cluster, "apply", "--yes").status == 1
    assert run(settings, cluster, "apply", "--yes", "--node", "node1").status == 0
    assert cluster.nodes["node2"].files[OURS] == "# mine\n"


def test_what_blocks_the_named_node_does(settings: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node2"].files[OURS] = "# mine\n"
    assert run(settings, cluster, "apply", "--yes", "--node", "node2").status == 1
    assert not written(cluster)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("nod1", "did you mean node1? members are node1, node2, node3"),
        ("node9", "members are node1, node2, node3"),
        ("pve", "members are node1, node2, node3"),
    ],
)
def test_a_name_that_is_no_nodes_is_an_error(settings: Path, cluster: FakeCluster, name: str, hint: str) -> None:
    result = run(settings, cluster, "apply", "--yes", "--node", name)
    assert result == Result(1, "", f"error: there is no node '{name}'; {hint}\n")
    assert not written(cluster)


def test_a_node_that_has_left_the_cluster_is_no_node(settings: Path) -> None:
    cluster = applied(settings, UCAST)
    cluster.api.answers["cluster/status"] = [
        row for row in cluster.api.answers["cluster/status"] if row["name"] != "node3"
    ]
    result = run(settings, cluster, "apply", "--yes", "--node", "node3")
    assert result.err == "error: there is no node 'node3'; members are node1, node2\n"


def test_a_node_that_is_off_cannot_be_named(settings: Path) -> None:
    cluster = applied(settings, KNOWN_MTU)
    for row in cluster.api.answers["cluster/status"]:
        row["online"] = int(row["name"] != "node3")
    define(cluster, KNOWN_MTU.replace("tag 3", "tag 4"))
    for node in cluster.nodes.nodes.values():
        node.asked.clear()
    alone = run(settings, cluster, "apply", "--yes", "--node", "node3")
    assert alone == Result(1, "", "error: node3: offline; wait until it is back\n")
    both = run(settings, cluster, "apply", "--yes", "--node", "node3", "--node", "node1")
    assert both.err == "error: node3: offline; name the others alone, or wait until it is back\n"
    assert not written(cluster)
    assert run(settings, cluster, "apply", "--yes", "--node", "node1").status == 0


def test_a_node_that_does_not_answer_cannot_be_named(settings: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU)
    cluster.nodes["node3"].off = "connection timed out"
    result = run(settings, cluster, "apply", "--yes", "--node", "node3")
    assert result == Result(1, "", "error: node3: connection timed out; wait until it is back\n")
    assert run(settings, cluster, "apply", "--yes", "--node", "node1").status == 0


def test_what_is_pending_in_pve_is_for_the_whole_cluster(settings: Path) -> None:
    cluster = fake_cluster(UCAST, pve_files=PENDING)
    result = run(settings, cluster, "apply", "--yes", "--node", "node1")
    what = "PVE's definitions are pending, and committing them reloads every node, so no node can be taken alone"
    assert result == Result(1, "", f"error: {what}; run pvesdn apply without --node\n")
    assert not written(cluster)


def test_an_address_is_never_on_two_nodes(settings: Path) -> None:
    cluster = applied(settings, EVPN + EXIT.format(node="node1"))
    define(cluster, EVPN + EXIT.format(node="node2").replace("/24", "/25").replace("0.254", "0.100"))
    for node in cluster.nodes.nodes.values():
        node.asked.clear()
    result = run(settings, cluster, "apply", "--yes", "--node", "node2")
    what = "node2: eno2 gets 172.16.0.1, which eno2 of node1 holds until node1 has its turn"
    assert result == Result(1, "", f"error: {what}; add --node node1, or apply without --node\n")
    assert not written(cluster)
    assert run(settings, cluster, "apply", "--yes", "--node", "node2", "--node", "node1").status == 0
    assert run(settings, cluster, "plan").out == "No changes. Nodes match the configuration.\n"


def test_a_zone_that_is_without_its_exit_for_a_while_is_warned_of(settings: Path) -> None:
    cluster = applied(settings, EVPN + EXIT.format(node="node1"))
    define(cluster, EVPN + EXIT.format(node="node2"))
    result = run(settings, cluster, "apply", "--yes", "--node", "node1")
    what = "node1: the exit of vrf_sym leaves this node before it comes to node2"
    assert f"{what}; run pvesdn apply without --node soon after" in warnings(result)


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ("tag 2", "tag 5", "VNI"),
        ("vrf-vxlan 4000", "vrf-vxlan 4001", "VNI"),
        ("mac 44:39:39:FF:40:94", "mac 44:39:39:FF:40:95", "MAC of the gateway"),
        ("asn 65000", "asn 65001", "AS number"),
    ],
)
def test_ends_that_no_longer_agree_are_warned_of(settings: Path, before: str, after: str, what: str) -> None:
    cluster = applied(settings, EVPN)
    define(cluster, EVPN.replace(before, after))
    result = run(settings, cluster, "apply", "--yes", "--node", "node1", "--node", "node3")
    why = "traffic between them may be cut; run pvesdn apply without --node soon after"
    assert f"node1, node3: the {what} changes here, while node2 still has the old one: {why}" in warnings(result)
    assert not [line for line in warnings(run(settings, cluster, "apply", "--yes")) if "changes here" in line]


@pytest.mark.parametrize("text", [UCAST, EVPN])
def test_a_vtep_that_moves_alone_is_warned_of(settings: Path, text: str) -> None:
    cluster = applied(settings, text)
    vteps = "underlay: cluster\n\tvteps node1=192.168.0.101,node2=192.168.0.2,node3=192.168.0.3\n\n"
    addresses = cluster.nodes["node1"].commands["ip-addr"]
    row = next(row for row in addresses if row["ifname"] == "vmbr0")
    row["addr_info"].append({"family": "inet", "local": "192.168.0.101", "prefixlen": 24, "scope": "global"})
    define(cluster, vteps + text)
    result = run(settings, cluster, "apply", "--yes", "--node", "node1")
    assert any("the VTEP changes here, while node2, node3 still have the old one" in line for line in warnings(result))


def test_what_only_comes_is_no_reason_to_warn(settings: Path) -> None:
    cluster = applied(settings, UCAST)
    define(cluster, f"{UCAST}vnet: vmbr4\n\tzone ucast\n\ttag 4\n")
    result = run(settings, cluster, "apply", "--yes", "--node", "node1")
    assert (result.status, result.err) == (0, "")
