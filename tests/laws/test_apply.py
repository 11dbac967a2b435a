"""Laws of plan and apply, for any definitions: nothing left afterwards, and a reboot never looks like a plan."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from pvesdn.model.files import OUR_INTERFACES
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster
from tests.fakes import FakeCluster
from tests.laws.definitions import Definitions, definitions
from tests.unit.workflows.kit import apply_to, cluster, errors, plan_of

NODES = ("node1", "node2", "node3")


def take_offline(made: FakeCluster, node: str) -> None:
    made.nodes[node].off = "no route to host"
    for row in made.api.answers["cluster/status"]:
        if row.get("name") == node:
            row["online"] = 0


@settings(deadline=None)
@given(wanted=definitions())
def test_plan_after_apply_is_empty(wanted: Definitions) -> None:
    made = cluster(wanted.text)
    report = apply_to(made)
    assert report.is_good, errors(report)
    again = plan_of(made)
    assert again.is_empty
    assert again.seen is None


@settings(deadline=None)
@given(before=definitions(), after=definitions())
def test_plan_is_empty_after_one_set_of_definitions_has_followed_another(
    before: Definitions, after: Definitions
) -> None:
    made = cluster(before.text)
    apply_to(made)
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = after.text
    report = apply_to(made)
    assert report.is_good, errors(report)
    assert plan_of(made).is_empty


@pytest.mark.parametrize("gone", NODES)
@settings(deadline=None, max_examples=40)
@given(wanted=definitions())
def test_plan_after_a_member_goes_offline_is_empty_on_the_others(gone: str, wanted: Definitions) -> None:
    made = cluster(wanted.text)
    apply_to(made)
    take_offline(made, gone)
    again = plan_of(made)
    assert again.is_empty
    assert {node.node for node in again.nodes} == set(NODES) - {gone}


@settings(deadline=None)
@given(wanted=definitions())
def test_the_order_of_sections_changes_no_byte(wanted: Definitions) -> None:
    texts = []
    for sections in (wanted.sections, tuple(reversed(wanted.sections))):
        made = cluster("\n".join(sections))
        changes = plan(read_cluster(made.world()), Renderer())
        texts.append([(node.node, change.path, change.new) for node in changes.nodes for change in node.files])
    assert texts[0] == texts[1]


@settings(deadline=None)
@given(wanted=definitions())
def test_no_node_ever_names_itself_as_a_remote(wanted: Definitions) -> None:
    made = cluster(wanted.text)
    for node in plan_of(made).nodes:
        own = f"vxlan-remoteip 192.168.0.{node.node[-1]}\n"
        assert all(own not in (change.new or "") for change in node.files if change.path == OUR_INTERFACES)
