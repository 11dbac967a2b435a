"""import: from a cluster that was set up by hand to one that pvesdn runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from pvesdn.errors import ApplyRefused, NodeFailed, NodeUnreachable
from pvesdn.model.findings import Severity
from pvesdn.model.flags import PlanFlags
from pvesdn.model.snapshot import NodeRaw
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import adopt, write_definitions
from pvesdn.workflows.apply import apply
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster
from tests.fakes import FakeCluster, fake_cluster
from tests.unit.recognise.kit import hand
from tests.unit.workflows.kit import PLANNER

OWN = "/etc/pve/sdn/pvesdn.cfg"
OVERWRITE = PlanFlags(overwrite=True)


def by_hand(model: str) -> FakeCluster:
    """A cluster in memory that has a model by hand, files and links."""
    cluster = fake_cluster()
    for name, raw in hand(model).nodes.items():
        cluster.nodes[name].files.update(raw.files)
        cluster.nodes[name].commands |= raw.commands
    return cluster


def take_out(cluster: FakeCluster) -> None:
    """What an administrator does: the edited files, and the devices taken down."""
    adoption = adopt(read_cluster(cluster.world()), Renderer())
    for part in adoption.nodes:
        node = cluster.nodes[part.node]
        node.files.update({edit.path: edit.new or "" for edit in part.edits})
        for command in ("ip-link", "ip-addr"):
            rows = [row for row in node.commands[command] if row["ifname"] not in part.ifdown]
            node.commands[command] = [
                {key: value for key, value in row.items() if key != "master" or value not in part.ifdown}
                for row in rows
            ]


@pytest.mark.parametrize(
    "model", ["multicast", "unicast", "evpn-l2", "asymmetric", "symmetric", "vrrp", "several-exits"]
)
def test_after_the_cut_over_there_is_nothing_left_to_plan(model: str) -> None:
    cluster = by_hand(model)
    world = cluster.world()
    before = read_cluster(world)
    adoption = adopt(before, Renderer())
    assert write_definitions(world, before, adoption.files["pvesdn.cfg"], overwrite=False) == OWN

    with pytest.raises(ApplyRefused, match="is already on the device"):
        apply(world, PLANNER(read_cluster(world), flags=OVERWRITE), PLANNER)

    take_out(cluster)
    changes = plan(read_cluster(world), Renderer(), flags=OVERWRITE)
    assert [
        {change.path: change.new for change in node.files} for node in (adoption.plan.nodes if adoption.plan else ())
    ] == [{change.path: change.new for change in node.files} for node in changes.nodes]
    report = apply(world, changes, PLANNER)
    assert report.is_good
    assert plan(read_cluster(world), Renderer()).is_empty


def test_definitions_that_are_there_already_are_named_until_they_are_the_proposal() -> None:
    bare = hand("unicast")
    proposal = adopt(bare, Renderer()).files

    def said(text: str) -> list[str]:
        findings = adopt(replace(bare, pve_files={"pvesdn.cfg": text}), Renderer()).proposal.findings
        return [str(finding) for finding in findings if finding.where == OWN]

    assert said(proposal["pvesdn.cfg"]) == []
    assert said("\n") == []
    assert said("vxlan: other\n") == [
        (
            f"{OWN}: there is one already, and the proposal does not include what it defines; "
            "merge the two by hand: if the proposal alone replaces it, what it defines is removed from the nodes"
        )
    ]


def test_two_definitions_that_are_merged_by_hand_pass_the_next_plan() -> None:
    other = "vxlan: other\n\nvnet: far\n\tzone other\n\ttag 77\n\n"
    cluster = by_hand("unicast")
    cluster.nodes.pve_files[OWN] = other
    adoption = adopt(read_cluster(cluster.world()), Renderer())
    assert any(finding.hint.startswith("merge the two by hand") for finding in adoption.proposal.findings)

    cluster.nodes.pve_files[OWN] = other + adoption.files["pvesdn.cfg"]
    take_out(cluster)
    changes = plan(read_cluster(cluster.world()), Renderer())
    assert not [finding for finding in changes.findings if finding.severity is not Severity.NOTE]
    assert {stanza.name for node in changes.nodes for file in node.files for stanza in file.stanzas} >= {"far"}


def test_another_definition_is_not_overwritten_without_being_told() -> None:
    cluster = fake_cluster("vxlan: mine\n")
    world = cluster.world()
    snapshot = read_cluster(world)
    with pytest.raises(ApplyRefused, match=r"pvesdn.cfg already exists; look at it, then use --overwrite"):
        write_definitions(world, snapshot, "vxlan: theirs\n", overwrite=False)
    assert cluster.nodes.pve_files[OWN] == "vxlan: mine\n"
    write_definitions(world, snapshot, "vxlan: theirs\n", overwrite=True)
    assert cluster.nodes.pve_files[OWN] == "vxlan: theirs\n"


def test_an_edit_made_meanwhile_is_not_overwritten_either() -> None:
    cluster = fake_cluster()
    snapshot = read_cluster(cluster.world())
    cluster.nodes.pve_files[OWN] = "vxlan: quick\n"
    with pytest.raises(ApplyRefused, match="has changed since it was read"):
        write_definitions(cluster.world(), snapshot, "vxlan: theirs\n", overwrite=True)


def test_an_edit_made_at_the_last_moment_is_not_overwritten_either(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = fake_cluster("vxlan: mine\n")
    world = cluster.world()
    snapshot = read_cluster(world)
    read = world.nodes.read

    def read_before_the_edit(node: str, files: Sequence[str]) -> Mapping[str, str]:
        found = read(node, files)
        cluster.nodes.pve_files[OWN] = "vxlan: quick\n"
        return found

    monkeypatch.setattr(world.nodes, "read", read_before_the_edit)
    with pytest.raises(ApplyRefused, match="has changed since it was read; run pvesdn import again"):
        write_definitions(world, snapshot, "vxlan: theirs\n", overwrite=True)
    assert cluster.nodes.pve_files[OWN] == "vxlan: quick\n"


def test_what_was_written_by_a_member_whose_answer_got_lost_is_no_edit() -> None:
    cluster = fake_cluster()
    snapshot = read_cluster(cluster.world())
    cluster.nodes.pve_files[OWN] = "vxlan: theirs\n"
    assert write_definitions(cluster.world(), snapshot, "vxlan: theirs\n", overwrite=False) == OWN
    assert cluster.nodes.pve_files[OWN] == "vxlan: theirs\n"


def test_the_next_member_writes_where_one_cannot() -> None:
    cluster = fake_cluster()
    snapshot = read_cluster(cluster.world())
    cluster.nodes["node2"].off = "gone"
    write_definitions(cluster.world(local_node="node2"), snapshot, "vxlan: theirs\n", overwrite=False)
    assert [verb for verb in cluster.nodes["node1"].verbs if verb == "put"] == ["put"]


def test_where_nobody_can_write_the_reason_is_told() -> None:
    cluster = fake_cluster()
    snapshot = read_cluster(cluster.world())
    for name in snapshot.nodes:
        cluster.nodes[name].refuses["put"] = "/etc/pve is read-only"
    with pytest.raises(NodeFailed, match="/etc/pve is read-only"):
        write_definitions(cluster.world(), snapshot, "vxlan: theirs\n", overwrite=False)
    for name in snapshot.nodes:
        cluster.nodes[name].off = "gone"
    with pytest.raises(NodeUnreachable, match="no member could write"):
        write_definitions(cluster.world(), snapshot, "vxlan: theirs\n", overwrite=False)


def test_a_proposal_that_does_not_pass_is_still_shown_with_the_reason() -> None:
    snapshot = hand("asymmetric", ("10.0.3.254", "192.168.0.254"))
    adoption = adopt(snapshot, Renderer())
    assert adoption.plan is None
    assert "subnet: asym-192.168.0.0-24" in adoption.files["pvesdn.cfg"]
    assert any("overlaps" in problem for problem in adoption.problems)


def test_stanzas_beside_the_main_file_are_taken_out_where_they_are() -> None:
    main, beside = "/etc/network/interfaces", "/etc/network/interfaces.d/overlay"
    snapshot = hand("multicast")
    nodes = {}
    for name, raw in snapshot.nodes.items():
        host, overlay = raw.files[main].split("\nauto vxlan2")
        source = "\nsource /etc/network/interfaces.d/*\n"
        overlay = f"auto vxlan2{overlay.replace(source, '')}"
        nodes[name] = NodeRaw({**raw.files, main: host + source, beside: overlay}, raw.commands)
    adoption = adopt(replace(snapshot, nodes=nodes), Renderer())
    assert adoption.files == adopt(snapshot, Renderer()).files
    for node in adoption.nodes:
        assert [(edit.path, edit.new) for edit in node.edits] == [(beside, "")]
        assert {out.place.file for out, _ in node.take_outs} == {beside}
    assert adoption.plan is not None
    assert [str(obstacle) for node in adoption.plan.nodes for obstacle in node.obstacles] == []


def test_a_node_whose_answers_make_no_sense_counts_as_not_read() -> None:
    snapshot = hand("multicast")
    odd = NodeRaw(snapshot.nodes["node2"].files, {"ip-link": [{"ifname": 7}]})
    adoption = adopt(replace(snapshot, nodes={**snapshot.nodes, "node2": odd}), Renderer())
    assert "node2" in adoption.unreachable
    assert [node.node for node in adoption.nodes] == ["node1", "node3"]


def test_frr_that_pve_writes_is_not_taken_for_hand_written() -> None:
    controller = "evpn: ctl\n\tasn 1234\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n"
    given = replace(hand("unicast"), pve_files={"controllers.cfg": controller})
    adoption = adopt(given, Renderer())
    assert "/etc/frr/frr.conf: PVE's own controllers or fabrics write it" in str(adoption.proposal.findings[0])


def test_a_pve_without_sdn_writes_no_frr_whatever_lies_in_its_folder() -> None:
    controller = "evpn: ctl\n\tasn 1234\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n"
    by_hand = hand("evpn-l2")
    api = {**by_hand.api, "version": {"version": "7.4-3", "release": "7.4"}, "cluster/sdn": None}
    given = replace(by_hand, api=api, pve_files={"controllers.cfg": controller})
    adoption = adopt(given, Renderer())
    assert not any("cannot be imported" in finding.hint for finding in adoption.proposal.findings)
    assert "evpn-controller: main" in adoption.files["pvesdn.cfg"]


def test_pves_own_definitions_stay_beside_the_proposed_ones() -> None:
    given = replace(
        hand("unicast"), pve_files={"zones.cfg": "simple: lan\n", "vnets.cfg": "vnet: office\n\tzone lan\n"}
    )
    adoption = adopt(given, Renderer(), form="pve")
    assert adoption.problems == ()
    assert adoption.plan is not None
    assert {row.id for row in adoption.plan.pending} >= {"lan", "ucast", "office", "vmbr2"}
    assert "simple" not in adoption.files["zones.cfg"]
