"""What is odd about one node costs that node, and never the plan of the others."""

from __future__ import annotations

import json

import pytest

from pvesdn.model.files import OUR_INTERFACES, ChangeSet
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import render_understood
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from tests.fakes import FakeCluster
from tests.unit.workflows.kit import UNICAST, cluster, plan_of

MULTICAST = UNICAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmulticast-group 239.1.1.1\n")
EXIT = """evpn-controller: ctl
\tasn 65000

evpn: prod
\tcontroller ctl
\tirb symmetric
\tvrf-vxlan 5000

vnet: app
\tzone prod
\ttag 50

exit: up
\tzone prod
\tnode node1
\tinterface DEVICE
\taddress 192.0.2.2/24
\tgateways 192.0.2.1
\tvrrp-id 5
\tvrrp-priority 100
\tvrrp-address 192.0.2.3
"""
OTHERS = {"node2", "node3"}


def renamed(made: FakeCluster, old: str, new: str, node: str = "node1") -> None:
    """Give a device another name in everything that the node says."""
    there = made.nodes[node]
    there.commands = json.loads(json.dumps(there.commands).replace(json.dumps(old), json.dumps(new)))
    there.files = {path: text.replace(old, new) for path, text in there.files.items()}


def assert_only_node1_is_not_read(plan: ChangeSet) -> None:
    assert {node.node for node in plan.nodes if node.files and not node.obstacles} == OTHERS
    assert plan.unreachable["node1"].startswith("node1: ")
    assert plan.unreachable["node1"].isprintable()


def text_of(plan: ChangeSet, node: str = "node1", path: str = OUR_INTERFACES) -> str:
    (changes,) = [changes for changes in plan.nodes if changes.node == node]
    return next(change.new or "" for change in changes.files if change.path == path)


NAMES = ["0net", "_up", "eth+1", "1", "a" * 15, "9.100", "vmbr-0", "_+_"]
FOREIGN = [
    "a,b",
    "ü",
    "東京",
    "x\N{IDEOGRAPHIC SPACE}y",
    "$(id)",
    "`id`",
    "a;b",
    "-x",
    "+x",
    ".x",
    "a'b",
    'a"b',
    "a\\b",
    "a*",
    "{{x}}",
]


@pytest.mark.parametrize("name", [*NAMES, *FOREIGN])
def test_a_vtep_may_be_on_a_device_of_any_name(name: str) -> None:
    made = cluster()
    renamed(made, "vmbr0", name)
    plan = plan_of(made)
    assert not plan.unreachable
    assert all(node.files and not node.obstacles for node in plan.nodes)


@pytest.mark.parametrize("name", NAMES)
def test_a_group_is_joined_on_a_device_whose_name_can_be_written(name: str) -> None:
    made = cluster(MULTICAST)
    renamed(made, "vmbr0", name)
    assert f"\tvxlan-physdev {name}\n" in text_of(plan_of(made))


@pytest.mark.parametrize("name", FOREIGN)
def test_a_group_that_would_be_joined_on_another_is_an_obstacle_on_that_node_alone(name: str) -> None:
    made = cluster(MULTICAST)
    renamed(made, "vmbr0", name)
    plan = plan_of(made)
    assert {node.node for node in plan.nodes if not node.obstacles} == OTHERS
    (obstacle,) = [obstacle for node in plan.nodes for obstacle in node.obstacles]
    assert f"the name of device {name} of node1 cannot be written" in obstacle.what
    rendered = dict(render_understood(understand(read_cluster(made.world())), Renderer()))
    assert name not in "".join(file.text or "" for file in rendered["node1"])


@pytest.mark.parametrize("name", NAMES)
def test_an_exit_may_be_on_a_device_of_any_name_that_can_be_written(name: str) -> None:
    made = cluster(f"{UNICAST}\n{EXIT.replace('DEVICE', name)}")
    renamed(made, "eno2", name)
    assert f"iface {name}\n" in text_of(plan_of(made))
    assert f"interface {name}\n" in text_of(plan_of(made), path="/etc/frr/frr.conf")


SEEN = json.dumps(
    {
        "format": 1,
        "vteps": {f"node{number}": {"address": f"192.168.0.{number}", "mtu": 1550} for number in (1, 2, 3)},
    }
)
RECORD = "/var/lib/pvesdn/written.json"
HUGE = "9" * 5000


def seen_before(pvesdn_cfg: str = UNICAST) -> FakeCluster:
    return cluster(pvesdn_cfg, pve_files={"pvesdn-seen.json": SEEN})


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("ip-link", "x"),
        ("ip-link", [5]),
        ("ip-link", [{}, {"ifname": 5}]),
        ("ip-link", [{"ifname": "eno1", "mtu": 10**30}]),
        ("ip-link", [{"ifname": "eno1", "mtu": float("nan")}]),
        ("ip-link", [{"ifname": "eno1", "mtu": HUGE}]),
        ("ip-link", [{"ifname": "eno1\ud800"}]),
        ("ip-link", [{"ifname": "eno1", "linkinfo": []}, {"ifname": "eno2", "linkinfo": 5}]),
        ("ip-link", [{"ifname": "v", "linkinfo": {"info_kind": "vxlan", "info_data": {"id": -(10**40)}}}]),
        ("ip-link", [{"ifname": "eno1", "altnames": ["\udcff"]}]),
        ("ip-addr", {"ifname": "eno1"}),
        ("ip-addr", [{"ifname": "eno1", "addr_info": [{"family": "inet", "local": "1.2.3.4", "prefixlen": 10**20}]}]),
        ("ip-addr", [{"ifname": "eno1", "addr_info": [{"family": "inet", "local": HUGE, "prefixlen": 24}]}]),
        ("ip-addr", [{"ifname": "eno1", "addr_info": [{"family": "inet6", "local": "fe80::1%\n", "prefixlen": 64}]}]),
        ("ip-route", [{"dst": "\ud800"}]),
        ("ip-route", [{"dst": "default", "nexthops": [[]]}]),
        ("ip-route6", [{"dst": "default", "via": {"host": {}}}]),
        ("versions", ["frr"]),
        ("versions", {"frr": "\x1b[2J"}),
        ("versions", {"frr": 10.4}),
        ("sysctl", {"net.ipv4.ip_forward": None}),
    ],
)
def test_an_answer_that_makes_no_sense_costs_its_node_alone(command: str, answer: object) -> None:
    made = seen_before()
    made.nodes["node1"].commands[command] = answer
    plan = plan_of(made)
    assert {node.node for node in plan.nodes if node.files and not node.obstacles} >= OTHERS
    for reason in plan.unreachable.values():
        assert reason.startswith("node1: unexpected response from iproute2: ")
        assert reason.isprintable()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (RECORD, "{"),
        (RECORD, "[" * 100_000),
        (RECORD, f'{{"format": {HUGE}}}'),
        (RECORD, '{"format": 1, "files": []}'),
        (RECORD, '{"format": 1, "files": {"/etc/frr/frr.conf": "\\u001b[2J"}}'),
        (RECORD, '{"format": 1, "files": {"/etc/frr/frr.conf": "\\ud800"}}'),
        (RECORD, '{"format": 1, "files": {"/etc/frr/frr.conf": "\\udcff\\n"}, "unfinished": true}'),
        (RECORD, '{"format": 1, "files": {"\\ud800": 5}}'),
        (RECORD, '{"format": 1, "files": {"/etc/frr/frr.conf": "a"}, "unfinished": "perhaps"}'),
        ("/etc/frr/frr.conf", "\ud800"),
        ("/etc/network/interfaces", "iface \udcff\n"),
        ("/etc/network/interfaces.d/x\ny", "iface x\n"),
    ],
)
def test_a_file_that_makes_no_sense_costs_its_node_alone(path: str, text: str) -> None:
    made = seen_before()
    made.nodes["node1"].files[path] = text
    assert_only_node1_is_not_read(plan_of(made))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (RECORD, "{"),
        (RECORD, '{"format": 1, "files": []}'),
        ("/etc/frr/frr.conf", "\ud800"),
        ("/etc/network/interfaces", "iface \udcff\n"),
        ("/etc/network/interfaces.d/\ud800", "iface x\n"),
        ("/etc/network/interfaces.d/x\ny", "iface x\n"),
    ],
)
def test_an_answer_whose_files_make_no_sense_costs_its_node_alone(path: str, text: str) -> None:
    """As it might come from a node whose program is not the one that was sent."""
    made = seen_before()
    made.nodes["node1"].claims[path] = text
    assert_only_node1_is_not_read(plan_of(made))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (RECORD, f'{{"format": 1, "files": {{"/etc/frr/frr.conf": "{HUGE}"}}, "unfinished": false}}'),
        ("/etc/network/interfaces.d/sdn", f"#version:{HUGE}\n"),
        ("/etc/network/interfaces.d/pvesdn", f"iface vxlan_web\n\tvxlan-id {HUGE}\n"),
        ("/etc/network/interfaces.d/other", f"iface {HUGE}\n\tvxlan-id {HUGE}\n\taddress {HUGE}/{HUGE}\n"),
        ("/etc/frr/frr.conf", f"router bgp {HUGE}\n vni {HUGE}\n"),
        ("/etc/frr/frr.conf.local", f"router bgp {HUGE} vrf {HUGE}\nroute-map x permit {HUGE}\n"),
        ("/etc/frr/daemons", f"bgpd={HUGE}\n"),
        ("/etc/sysctl.d/90-pvesdn.conf", f"{HUGE}={HUGE}\n"),
    ],
)
def test_numbers_and_names_of_any_length_are_no_obstacle_to_reading(path: str, text: str) -> None:
    made = seen_before(f"{UNICAST}\n{EXIT.replace('DEVICE', 'eno2')}")
    made.nodes["node1"].files[path] = text
    plan = plan_of(made)
    assert not plan.unreachable
    assert {node.node for node in plan.nodes} == {"node1", *OTHERS}
