from __future__ import annotations

import copy
from ipaddress import ip_address
from typing import Any

import pytest

from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.errors import ClusterError
from tests.unit.decode.samples import API


def answers(**changes: Any) -> dict[str, Any]:
    """The sample's answers; a change names an answer with _ for /, and None leaves it out."""
    found = copy.deepcopy(API)
    for name, answer in changes.items():
        path = name.replace("_", "/")
        if answer is None:
            del found[path]
        else:
            found[path] = answer
    return found


def status(**changes: Any) -> list[dict[str, Any]]:
    """The sample's cluster/status with its last node changed."""
    rows = copy.deepcopy(API["cluster/status"])
    rows[-1].update(changes)
    return list(rows)


def test_members_are_sorted_and_the_offline_one_is_there() -> None:
    state = decode_cluster(API)
    assert [(m.name, m.node_id, m.is_online, m.is_local) for m in state.members] == [
        ("pve1", 1, True, True),
        ("pve2", 2, False, False),
    ]
    assert [m.address for m in state.members] == [ip_address("192.168.0.1"), ip_address("fd00::2")]
    assert (state.name, state.is_quorate, state.pve_version) == ("lab", True, "9.1.5")


def test_without_quorum_the_state_says_so() -> None:
    rows = status()
    rows[0]["quorate"] = 0
    assert not decode_cluster(answers(cluster_status=rows)).is_quorate


def test_a_host_outside_any_cluster_is_quorate() -> None:
    row = {"type": "node", "id": "node/pve", "name": "pve", "nodeid": 0, "local": 1, "online": 1, "ip": "10.0.0.1"}
    state = decode_cluster(answers(cluster_status=[row]))
    assert (state.name, state.is_quorate, len(state.members)) == ("pve", True, 1)


@pytest.mark.parametrize(("listed", "is_quorate"), [([{"node": "pve"}, {"node": "pve2"}], False), ([], True)])
def test_a_member_whose_corosync_does_not_run_is_no_host_outside_any_cluster(
    listed: list[dict[str, str]], *, is_quorate: bool
) -> None:
    row = {"type": "node", "id": "node/pve", "name": "pve", "nodeid": 0, "local": 1, "online": 1, "ip": "10.0.0.1"}
    state = decode_cluster(answers(cluster_status=[row], cluster_config_nodes=listed))
    assert state.is_quorate is is_quorate


@pytest.mark.parametrize("ip", [{}, {"ip": None}, {"ip": ""}])
def test_a_node_whose_name_was_not_resolved_has_no_address(ip: dict[str, Any]) -> None:
    rows = status()
    del rows[-1]["ip"]
    rows[-1].update(ip)
    member = decode_cluster(answers(cluster_status=rows)).member("pve1")
    assert member is not None
    assert member.address is None


def test_where_the_status_is_silent_the_list_of_nodes_says_who_is_online() -> None:
    rows = status()
    for row in rows[1:]:
        del row["online"]
    state = decode_cluster(answers(cluster_status=rows, nodes=[{"node": "pve1", "status": "online"}, {"status": "?"}]))
    assert [(m.name, m.is_online) for m in state.members] == [("pve1", True), ("pve2", False)]
    state = decode_cluster(answers(cluster_status=rows, nodes=None))
    assert [m.is_online for m in state.members] == [False, False]


@pytest.mark.parametrize(
    ("changes", "has_sdn"),
    [
        ({}, True),
        ({"cluster_sdn": []}, True),
        ({"cluster_sdn": None}, True),
        ({"cluster_sdn": None, "version": {"version": "8.4.1"}}, True),
        ({"cluster_sdn": None, "version": {"version": "7.4-3"}}, False),
        ({"cluster_sdn": None, "version": None}, False),
        ({"version": {"version": "7.4-3"}}, True),
    ],
)
def test_the_sdn_endpoints_are_there_when_they_answer_or_the_version_has_them(
    changes: dict[str, Any], has_sdn: bool
) -> None:
    assert decode_cluster(answers(**changes)).has_sdn is has_sdn


def test_an_endpoint_recorded_as_absent_is_absent() -> None:
    assert not decode_cluster(API | {"cluster/sdn": None}).has_sdn


@pytest.mark.parametrize("answer", [{}, [], {"version": 9}, {"version": "9;reboot"}, "9.1"])
def test_a_version_that_is_none_is_unknown(answer: Any) -> None:
    state = decode_cluster(answers(version=answer))
    assert state.pve_version == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cluster_status": None}, "no answer for cluster/status; grant Sys.Audit on /"),
        ({"cluster_status": []}, "cluster/status: the cluster has no nodes; grant Sys.Audit on /"),
        (
            {"cluster_status": [{"type": "cluster", "name": "lab", "quorate": 1}]},
            "cluster/status: the cluster has no nodes; grant Sys.Audit on /",
        ),
        ({"cluster_status": status(name="pve2")}, "cluster/status: node 'pve2' is listed twice"),
        ({"cluster_status": {"a": 1}}, "cluster/status is not a JSON list"),
        ({"cluster_status": [1]}, "entry 1 of cluster/status is not a JSON object"),
        ({"cluster_status": status(name="a b")}, "cluster/status has an invalid node name: 'a b'"),
        ({"cluster_status": status(name=7)}, "cluster/status has an invalid node name: 7"),
        ({"cluster_status": status(ip="x")}, "ip of node 'pve1' in cluster/status is not an IP address"),
        ({"cluster_status": status(ip=1)}, "ip of node 'pve1' in cluster/status is not printable text"),
        ({"cluster_status": status(ip="fe80::1%x")}, "ip of node 'pve1' in cluster/status is not an IP address"),
        ({"cluster_status": status(online="?")}, "online of node 'pve1' in cluster/status is neither 0 nor 1"),
        ({"cluster_status": status(nodeid="x")}, "nodeid of node 'pve1' in cluster/status is not a whole number"),
        ({"cluster_status": status(local=[])}, "local of node 'pve1' in cluster/status is neither 0 nor 1"),
        (
            {"cluster_status": [{"type": "cluster", "name": "lab"}, *status()[1:]]},
            "quorate of cluster/status is neither 0 nor 1",
        ),
        (
            {"cluster_status": [{"type": "cluster", "quorate": 1, "name": "a\nb"}, *status()[1:]]},
            "name of cluster/status is not printable text",
        ),
        ({"nodes": "x"}, "nodes is not a JSON list"),
    ],
)
def test_an_answer_of_another_shape_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ClusterError) as caught:
        decode_cluster(answers(**changes))
    assert message in str(caught.value)
