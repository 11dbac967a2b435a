"""Reading the cluster: who is asked, and what happens when somebody does not answer."""

from __future__ import annotations

import pytest

from pvesdn.errors import ApiRefused, ClusterError, NodeFailed, NodeUnreachable, NotQuorate
from pvesdn.model.snapshot import OWN_FILE
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan_understood, render_understood
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from tests.fakes import FakeCluster
from tests.unit.workflows.kit import UNICAST, cluster, plan_of


def test_a_snapshot_holds_the_api_the_definitions_and_every_node() -> None:
    snapshot = read_cluster(cluster().world())
    assert set(snapshot.api) == {"version", "cluster/status", "nodes", "cluster/sdn"}
    assert set(snapshot.pve_files) == {"pvesdn.cfg"}
    assert set(snapshot.nodes) == {"node1", "node2", "node3"}
    assert "/etc/network/interfaces" in snapshot.nodes["node1"].files
    assert snapshot.unreachable == {}


def test_nodes_that_were_read_are_planned_and_rendered_in_the_order_of_their_names() -> None:
    made = cluster(UNICAST.replace("vxlan: ucast", "vxlan: ucast\n\tmtu 1500"), offline=("node2",))
    known = understand(read_cluster(made.world()))
    assert [name for name, _ in render_understood(known, Renderer())] == ["node1", "node3"]
    assert [node.node for node in plan_understood(known, Renderer()).nodes] == ["node1", "node3"]


def test_an_offline_member_is_not_asked() -> None:
    made = cluster(offline=("node2",))
    assert set(read_cluster(made.world()).nodes) == {"node1", "node3"}
    assert made.nodes["node2"].asked == []


def test_a_node_that_does_not_answer_is_named_with_the_reason() -> None:
    made = cluster()
    made.nodes["node1"].off = "connection timed out"
    snapshot = read_cluster(made.world())
    assert snapshot.unreachable == {"node1": "node1: connection timed out"}
    assert "pvesdn.cfg" in snapshot.pve_files


@pytest.mark.parametrize(("local", "keeper"), [("node3", "node3"), (None, "node1"), ("elsewhere", "node1")])
def test_the_definitions_come_with_what_this_node_is_asked_or_else_the_first(local: str | None, keeper: str) -> None:
    made = cluster()
    snapshot = read_cluster(made.world(local_node=local))
    assert {node.name: node.verbs for node in made.nodes.nodes.values()} == {
        name: ["observe"] for name in made.nodes.nodes
    }
    asked = {node.name: node.asked[0][1]["files"] for node in made.nodes.nodes.values()}
    assert [name for name, files in asked.items() if OWN_FILE in files] == [keeper]
    assert "pvesdn.cfg" in snapshot.pve_files
    assert OWN_FILE not in snapshot.nodes[keeper].files


def without_definitions(made: FakeCluster, name: str) -> None:
    """A node on which they cannot be read."""
    there = made.nodes[name].root / "etc/pve"
    there.unlink()
    (there / "sdn").mkdir(parents=True)
    (there / "sdn/pvesdn.cfg").write_bytes(b"\xff\n")


def test_when_nobody_shows_the_definitions_it_says_why_the_api_is_not_enough() -> None:
    made = cluster()
    for node in made.nodes.nodes.values():
        node.off = "permission denied (publickey)"
    with pytest.raises(NodeUnreachable, match="the API alone does not show these files") as raised:
        read_cluster(made.world())
    assert "node1: permission denied (publickey)" in str(raised.value)


def test_definitions_that_no_member_can_read_are_a_failure_and_no_question_of_reaching_nodes() -> None:
    made = cluster()
    made.nodes["node1"].off = "connection timed out"
    for name in ("node2", "node3"):
        without_definitions(made, name)
    with pytest.raises(NodeFailed, match=r"^node2: /etc/pve/sdn/pvesdn\.cfg is not UTF-8 text: byte 0xff in line 1"):
        read_cluster(made.world())


def test_definitions_that_one_member_cannot_read_come_from_the_next() -> None:
    made = cluster()
    without_definitions(made, "node1")
    snapshot = read_cluster(made.world())
    assert "pvesdn.cfg" in snapshot.pve_files
    assert set(snapshot.nodes) == {"node1", "node2", "node3"}


def test_absent_sdn_endpoints_are_no_error() -> None:
    made = cluster(version="7.4.3")
    made.api.errors["cluster/sdn"] = ApiRefused("501: not implemented", status=501)
    assert read_cluster(made.world()).api["cluster/sdn"] is None


@pytest.mark.parametrize("status", [404, 501, None])
def test_absent_sdn_endpoints_are_an_error_where_a_node_has_what_makes_them(status: int | None) -> None:
    made = cluster()
    made.nodes["node2"].commands["versions"]["libpve-network-perl"] = "1.2.5"
    if status is None:
        made.api.answers["cluster/sdn"] = None
    else:
        made.api.errors["cluster/sdn"] = ApiRefused(f"{status}: not implemented", status=status)
    with pytest.raises(ClusterError, match=r"no /cluster/sdn, but node2 has libpve-network-perl 1\.2\.5; apt install"):
        plan_of(made)


def test_absent_sdn_endpoints_and_nobody_who_has_what_makes_them_are_a_cluster_without_sdn() -> None:
    made = cluster()
    made.api.errors["cluster/sdn"] = ApiRefused("404: no such path", status=404)
    assert [file.path for file in plan_of(made).nodes[0].files] == ["/etc/network/interfaces.d/pvesdn"]


def test_endpoints_that_are_forbidden_are_an_error() -> None:
    made = cluster()
    made.api.errors["cluster/sdn"] = ApiRefused("403: permission denied", status=403)
    with pytest.raises(ApiRefused):
        read_cluster(made.world())


def test_without_quorum_nothing_is_planned() -> None:
    made = cluster()
    made.api.answers["cluster/status"][0]["quorate"] = 0
    with pytest.raises(NotQuorate, match="no quorum"):
        plan_of(made)


def test_a_damaged_record_costs_its_node_and_names_the_way_out() -> None:
    made = cluster(UNICAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmtu 1450\n"))
    made.nodes["node2"].files["/var/lib/pvesdn/written.json"] = "{"
    plan = plan_of(made)
    assert {node.node for node in plan.nodes} == {"node1", "node3"}
    assert plan.unreachable["node2"].startswith("node2: /var/lib/pvesdn/written.json is not what this version writes")
    assert "move it away" in plan.unreachable["node2"]


def test_a_damaged_record_that_a_node_sends_all_the_same_names_the_way_out_too() -> None:
    made = cluster()
    made.nodes["node2"].claims["/var/lib/pvesdn/written.json"] = "{"
    plan = plan_of(made)
    assert {node.node for node in plan.nodes} == {"node1", "node3"}
    assert plan.unreachable["node2"].startswith("node2: /var/lib/pvesdn/written.json: ")
    assert "remove it on the node" in plan.unreachable["node2"]
