"""A simulated cluster as a folder: roots, /etc/pve, and who can be reached."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.execution import FileWrite, PutInPlace
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.sdn_config import read_sections


@pytest.fixture
def cluster(tmp_path: Path) -> SimulatedCluster:
    return SimulatedCluster(tmp_path / "lab", ("node1", "node2"))


def test_members_get_the_addresses_they_are_given(tmp_path):
    cluster = SimulatedCluster(tmp_path, {"a": "10.1.0.7/16", "b": "fd00::2/64"}, mtu=9000)
    assert cluster.nodes["a"].links()["vmbr0"]["addresses"] == ["10.1.0.7/16"]
    assert cluster.nodes["b"].links()["vmbr0"]["mtu"] == 9000
    assert json.loads(cluster.nodes["a"].read("/etc/pve/.members") or "")["nodelist"]["b"]["ip"] == "fd00::2"


def test_every_node_sees_the_same_definitions_and_its_own_name(cluster):
    cluster.write_sdn("pvesdn.cfg", "underlay: cluster\n")
    for name, node in cluster.nodes.items():
        assert node.read("/etc/pve/sdn/pvesdn.cfg") == "underlay: cluster\n"
        assert json.loads(node.read("/etc/pve/.members"))["nodename"] == name
        assert node.path("/etc/pve/local").resolve() == (cluster.folder / "pve/nodes" / name)
    assert cluster.read_sdn("zones.cfg") is None


def test_the_roots_are_what_the_node_program_runs_in(cluster):
    assert cluster.roots() == {name: cluster.folder / "nodes" / name for name in ("node1", "node2")}
    agent = cluster.agent()
    assert agent.read("node2", ["/etc/hostname"]) == {"/etc/hostname": "node2\n"}
    assert set(agent.read("node2", ["/etc/frr/*"])) == {"/etc/frr/daemons", "/etc/frr/frr.conf"}
    assert agent.observe("node2").commands["versions"]["ifupdown2"] == "3.3.0-1+pmx11"


def test_the_node_program_may_write_where_it_writes_on_a_real_node(cluster):
    agent = cluster.agent()
    agent.put("node1", "/etc/pve/sdn/pvesdn-seen.json", "{}")
    assert cluster.read_sdn("pvesdn-seen.json") == "{}"
    write = FileWrite("/etc/sysctl.d/90-pvesdn.conf", "net.ipv4.ip_forward = 1\n")
    assert agent.stage("node1", [write]) == ()
    agent.commit("node1", PutInPlace((write,)))
    agent.load_sysctl("node1")
    assert cluster.nodes["node1"].read("/proc/sys/net/ipv4/ip_forward") == "1\n"


def test_who_is_off_or_refuses_cannot_be_asked(cluster):
    agent = cluster.agent()
    cluster.go_offline("node1")
    cluster.refuse_ssh("node2")
    for node in ("node1", "node2", "stranger"):
        with pytest.raises(NodeUnreachable):
            agent.observe(node)
    cluster.come_online("node1")
    cluster.refuse_ssh("node2", refuses=False)
    for node in ("node1", "node2"):
        assert agent.read(node, ["/etc/hostname"]) == {"/etc/hostname": f"{node}\n"}


def test_a_broken_command_reaches_whoever_asks(cluster):
    cluster.nodes["node1"].break_command("ip", stderr="it broke\n")
    with pytest.raises(NodeFailed, match="it broke"):
        cluster.agent().observe("node1")


def test_a_node_that_left_is_no_root_any_more_and_keeps_its_folder(cluster):
    root = cluster.roots()["node2"]
    cluster.leave("node2")
    assert "node2" not in cluster.roots()
    assert (root / "etc/network/interfaces").is_file()


class TestSections:
    def test_they_are_read_as_pve_reads_them(self):
        text = (
            "# comment\nSimple: aa\n\tmtu 1400\n\tmtu 1500\n\tdhcp-range x\n\tdhcp-range y\n\tnodes b,a;c\n\talias 1\n\n"
            "\tlost 1\nevpn: bb\n\tsnat\n"
        )
        assert read_sections(text) == {
            "aa": {
                "type": "simple",
                "mtu": 1400,
                "dhcp-range": ["x", "y"],
                "nodes": {"b": 1, "a": 1, "c": 1},
                "alias": "1",
            },
            "bb": {"type": "evpn", "snat": 1},
        }
