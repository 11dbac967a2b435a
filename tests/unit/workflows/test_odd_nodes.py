"""What is odd about one node costs that node, and never the plan of the others."""

from __future__ import annotations

import json

import pytest

from pvesdn.model.files import OUR_INTERFACES, ChangeSet
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import render_nodes
from pvesdn.workflows.read import read_cluster
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


def text_of(plan: ChangeSet, node: str = "node1", path: str = OUR_INTERFACES) -> str:
    (changes,) = [changes for changes in plan.nodes if changes.node == node]
    return next(change.new or "" for change in changes.files if change.path == path)


NAMES = ["0net", "_up", "eth+1", "1", "a" * 15, "9.100", "vmbr-0", "_+_"]
FOREIGN = ["a,b", "ü", "東京", "x\N{IDEOGRAPHIC SPACE}y", "$(id)", "`id`", "a;b", "-x", "+x", ".x", "a'b", 'a"b', "a\\b", "a*", "{{x}}"]


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
    rendered = dict(render_nodes(read_cluster(made.world()), Renderer()))
    assert name not in "".join(file.text or "" for file in rendered["node1"])


@pytest.mark.parametrize("name", NAMES)
def test_an_exit_may_be_on_a_device_of_any_name_that_can_be_written(name: str) -> None:
    made = cluster(f"{UNICAST}\n{EXIT.replace('DEVICE', name)}")
    renamed(made, "eno2", name)
    assert f"iface {name}\n" in text_of(plan_of(made))
    assert f"interface {name}\n" in text_of(plan_of(made), path="/etc/frr/frr.conf")
