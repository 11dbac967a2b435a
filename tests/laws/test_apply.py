"""Laws of plan and apply, for any definitions: nothing left afterwards, and a reboot never looks like a plan."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis.strategies import booleans, sampled_from

from pvesdn.model.files import OUR_INTERFACES
from pvesdn.model.report import Standing
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster
from tests.examples import examples
from tests.fakes import FakeCluster
from tests.laws.definitions import Definitions, definitions
from tests.unit.workflows.kit import apply_to, cluster, errors, plan_of

NODES = ("node1", "node2", "node3")


def take_offline(made: FakeCluster, node: str) -> None:
    made.nodes[node].off = "no route to host"
    for row in made.api.answers["cluster/status"]:
        if row.get("name") == node:
            row["online"] = 0


@pytest.mark.long
@settings(deadline=None)
@given(wanted=definitions())
def test_plan_after_apply_is_empty(wanted: Definitions) -> None:
    made = cluster(wanted.text)
    report = apply_to(made)
    assert report.is_good, errors(report)
    again = plan_of(made)
    assert again.is_empty
    assert again.seen is None


class Kernel:
    """Links that live on over a reload: a VXLAN keeps its VNI until it is deleted, and no VNI is
    that of two devices.
    """

    def __init__(self, made: FakeCluster) -> None:
        self.made = made
        self.seen = dict.fromkeys(NODES, 0)
        made.api.on_reload = self.reload

    def reload(self, node: str) -> None:
        there = self.made.nodes[node]
        asked, self.seen[node] = there.asked[self.seen[node] :], len(there.asked)
        deleted = {name for verb, words in asked if verb == "commit" for name in words.get("delete_links", [])}
        held = {name: vni for name, vni in self.vnis(node).items() if name not in deleted}
        self.made.reload(node)
        links = there.commands["ip-link"]
        held = {name: vni for name, vni in held.items() if name in self.vnis(node)}
        for link in links:
            if link["ifname"] in held:
                link["linkinfo"]["info_data"]["id"] = held[link["ifname"]]
        refused = {name for name, vni in self.vnis(node).items() if name not in held and vni in held.values()}
        links[:] = [link for link in links if link["ifname"] not in refused]

    def vnis(self, node: str) -> dict[str, int]:
        links = [link for link in self.made.nodes[node].commands["ip-link"] if "linkinfo" in link]
        return {link["ifname"]: info["id"] for link in links if "id" in (info := link["linkinfo"].get("info_data", {}))}

    def wanted(self, node: str) -> dict[str, int]:
        text = self.made.nodes[node].files.get(OUR_INTERFACES, "")
        found = re.findall(r"^iface (\S+).*(?:\n[\t ].*)*?\n\s+vxlan-id (\d+)", text, re.MULTILINE)
        return {name: int(vni) for name, vni in found}


@pytest.mark.long
@settings(deadline=None)
@given(before=definitions(largest_vni=40), after=definitions(largest_vni=40))
def test_plan_is_empty_after_one_set_of_definitions_has_followed_another(
    before: Definitions, after: Definitions
) -> None:
    made = cluster(before.text)
    kernel = Kernel(made)
    apply_to(made)
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = after.text
    report = apply_to(made)
    assert report.is_good, errors(report)
    assert plan_of(made).is_empty
    for node in NODES:
        assert kernel.vnis(node) == kernel.wanted(node)


def links_of(made: FakeCluster, node: str) -> dict[str, object]:
    return {row["ifname"]: dict(row) for row in made.nodes[node].links()}


@pytest.mark.long
@settings(deadline=None)
@given(
    before=definitions(largest_vni=40),
    after=definitions(largest_vni=40),
    verb=sampled_from(("arm", "commit", "sysctl", "frr")),
    node=sampled_from(NODES),
    is_lost=booleans(),
)
def test_after_an_apply_that_failed_every_node_is_what_it_was(
    before: Definitions, after: Definitions, verb: str, node: str, *, is_lost: bool
) -> None:
    made = cluster(before.text)
    apply_to(made)
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = after.text
    (made.nodes[node].lost if is_lost else made.nodes[node].refuses)[verb] = "it did not work"
    had = {name: (dict(there.files), links_of(made, name)) for name, there in made.nodes.nodes.items()}
    report = apply_to(made)
    for outcome in report.nodes:
        assert outcome.standing in {Standing.AS_BEFORE, Standing.NEW}, outcome
        there = made.nodes[outcome.node]
        if outcome.standing is Standing.AS_BEFORE:
            assert (dict(there.files), links_of(made, outcome.node)) == had[outcome.node]
        else:
            assert not there.record["unfinished"]
        assert "/var/lib/pvesdn/checkpoint.json" not in there.files


def zone_of(**tags: int) -> str:
    vnets = "\n".join(f"vnet: {name}\n\tzone zone0\n\ttag {tag}\n" for name, tag in tags.items())
    return f"underlay: cluster\n\tnetwork 192.168.0.0/24\n\nvxlan: zone0\n\n{vnets}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"aa": 5}, {"bb": 5}),
        ({"aa": 5}, {"aa": 6}),
        ({"aa": 5, "bb": 6}, {"aa": 6, "bb": 5}),
        ({"aa": 5, "bb": 6}, {"bb": 5}),
        ({"aa": 5, "bb": 6, "cc": 7}, {"aa": 6, "bb": 7, "cc": 5}),
    ],
)
def test_a_vni_moves_from_one_live_device_to_another(before: dict[str, int], after: dict[str, int]) -> None:
    made = cluster(zone_of(**before))
    kernel = Kernel(made)
    apply_to(made)
    assert kernel.vnis("node1") == {f"vxlan_{name}": tag for name, tag in before.items()}
    made.nodes.pve_files["/etc/pve/sdn/pvesdn.cfg"] = zone_of(**after)
    report = apply_to(made)
    assert report.is_good, errors(report)
    assert plan_of(made).is_empty
    assert kernel.vnis("node1") == {f"vxlan_{name}": tag for name, tag in after.items()}


@pytest.mark.long
@pytest.mark.parametrize("gone", NODES)
@settings(deadline=None, max_examples=examples(40))
@given(wanted=definitions())
def test_plan_after_a_member_goes_offline_is_empty_on_the_others(gone: str, wanted: Definitions) -> None:
    made = cluster(wanted.text)
    apply_to(made)
    take_offline(made, gone)
    again = plan_of(made)
    assert again.is_empty
    assert {node.node for node in again.nodes} == set(NODES) - {gone}


@pytest.mark.long
@settings(deadline=None)
@given(wanted=definitions())
def test_the_order_of_sections_changes_no_byte(wanted: Definitions) -> None:
    texts = []
    for sections in (wanted.sections, tuple(reversed(wanted.sections))):
        made = cluster("\n".join(sections))
        changes = plan(read_cluster(made.world()), Renderer())
        texts.append([(node.node, change.path, change.new) for node in changes.nodes for change in node.files])
    assert texts[0] == texts[1]


@pytest.mark.long
@settings(deadline=None)
@given(wanted=definitions())
def test_no_node_ever_names_itself_as_a_remote(wanted: Definitions) -> None:
    made = cluster(wanted.text)
    for node in plan_of(made).nodes:
        own = f"vxlan-remoteip 192.168.0.{node.node[-1]}\n"
        assert all(own not in (change.new or "") for change in node.files if change.path == OUR_INTERFACES)
