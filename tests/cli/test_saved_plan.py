"""`plan --out` and `apply PLAN`: what a person has read is what is carried out, or nothing is."""

from __future__ import annotations

import json
import os
import shlex
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pvesdn import __version__
from pvesdn.cli import saved as module
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan as make_plan
from pvesdn.workflows.read import read_cluster
from tests.cli.kit import UCAST, Result, Terminal, call, snapshot_of
from tests.cli.test_apply import KNOWN_MTU, written
from tests.cli.test_apply_node import EVPN
from tests.fake_nodes import RECORD
from tests.fakes import FakeCluster, fake_cluster, fake_node

OURS = "/etc/network/interfaces.d/pvesdn"
LIVE = "/etc/pve/sdn/pvesdn.cfg"
BEFORE = f"{LIVE}.before"
MORE = f"{UCAST}vnet: vmbr4\n\tzone ucast\n\ttag 4\n"
NO_CHANGES = "No changes. Nodes match the configuration.\n"
PENDING = {"zones.cfg": "simple: lan\n\n", "vnets.cfg": "vnet: office\n\tzone lan\n\n"}


def run(settings: Path, cluster: FakeCluster, *words: str | Path, **given: object) -> Result:
    return call("--config", settings, *words, cluster=cluster, **given)  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "p"


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    place = tmp_path / "draft.cfg"
    place.write_text(MORE)
    return place


def follow(settings: Path, cluster: FakeCluster, result: Result) -> Result:
    """What comes of the command that an error names last."""
    _, command = result.err.rstrip("\n").rsplit("save it again: pvesdn ", 1)
    return run(settings, cluster, *shlex.split(command))


# --- saved and applied -----------------------------------------------------------------------------------------------


def test_a_saved_plan_is_what_is_carried_out(settings: Path, cluster: FakeCluster, file: Path) -> None:
    planned = run(settings, cluster, "plan", "--out", file)
    assert planned.err == f"Saved: `pvesdn apply {file}` carries it out.\n"
    assert not written(cluster)
    applied = run(settings, cluster, "apply", file, "--yes")
    assert applied.status == 0
    assert applied.out.startswith(planned.out)
    assert applied.out.endswith("Apply complete: 3 nodes done.\n")
    assert run(settings, cluster, "plan").out == NO_CHANGES


def test_only_its_owner_can_read_it(settings: Path, cluster: FakeCluster, file: Path) -> None:
    run(settings, cluster, "plan", "--out", file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_it_holds_no_text_of_a_node(settings: Path, file: Path) -> None:
    cluster = fake_cluster(EVPN)
    cluster.nodes["node1"].files["/etc/frr/frr.conf"] = "router bgp 1\n neighbor 10.0.0.1 password hunter2\n"
    run(settings, cluster, "plan", "--overwrite", "--out", file)
    text = file.read_text()
    assert "hunter2" not in text
    assert "neighbor" not in text
    assert "vxlan-id" not in text


def test_its_differences_are_shown_before_the_question(settings: Path, cluster: FakeCluster, file: Path) -> None:
    run(settings, cluster, "plan", "--out", file)
    assert "\n      +\tvxlan-id 3\n" in run(settings, cluster, "apply", file, "--diff", typed="no\n").out


def test_the_question_is_asked_once(settings: Path, cluster: FakeCluster, file: Path) -> None:
    run(settings, cluster, "plan", "--out", file)
    refused = run(settings, cluster, "apply", file, typed="no\n")
    assert refused.err == "Apply this plan? Only 'yes' will be accepted: error: not confirmed, so nothing was touched\n"
    nobody = run(settings, cluster, "apply", file)
    assert "use --yes to apply without asking" in nobody.err
    assert not written(cluster)
    assert run(settings, cluster, "apply", file, typed="yes\n").status == 0


def test_a_plan_without_changes_is_a_plan(settings: Path, cluster: FakeCluster, file: Path) -> None:
    run(settings, cluster, "apply", "--yes")
    assert run(settings, cluster, "plan", "--out", file).status == 0
    assert run(settings, cluster, "apply", file) == Result(0, NO_CHANGES, "")


def test_its_decisions_and_its_nodes_are_in_it(settings: Path, cluster: FakeCluster, file: Path) -> None:
    cluster.nodes["node1"].files[OURS] = "# mine\n"
    planned = run(settings, cluster, "plan", "--overwrite", "--node", "node1", "--out", file)
    assert planned.out.endswith("\nleft out: changes on node2, node3\n")
    for words in (("--overwrite",), ("--node", "node2"), ("--detach-guests",), ("--with-interfaces-new",)):
        refused = run(settings, cluster, "apply", file, "--yes", *words)
        assert refused.status == 1
        assert "a saved plan has its nodes and decisions in it" in refused.err
    assert not written(cluster)
    applied = run(settings, cluster, "apply", file, "--yes")
    assert applied.status == 0
    assert [name for name, node in cluster.nodes.nodes.items() if OURS in node.files] == ["node1"]
    assert applied.out.endswith("left out: changes on node2, node3\n")


def test_the_parts_of_a_cluster_are_saved_and_applied_one_by_one(settings: Path, tmp_path: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU)
    run(settings, cluster, "apply", "--yes")
    cluster.nodes.pve_files[LIVE] = KNOWN_MTU.replace("tag 3", "tag 4")
    for name in ("node1", "node2", "node3"):
        assert run(settings, cluster, "plan", "--node", name, "--out", tmp_path / name).status == 0
    for name in ("node1", "node2", "node3"):
        assert run(settings, cluster, "apply", "--yes", tmp_path / name).status == 0
    assert run(settings, cluster, "plan").out == NO_CHANGES


def test_the_documents_say_where_it_is(settings: Path, cluster: FakeCluster, file: Path) -> None:
    assert json.loads(run(settings, cluster, "plan", "--json", "--out", file).out)["saved"] == str(file)
    assert "saved" not in json.loads(run(settings, cluster, "plan", "--json").out)
    document = json.loads(run(settings, cluster, "apply", "--json", "--yes", file).out)
    assert document["report"]["is_good"] is True


def test_pves_definitions_are_committed_by_a_saved_plan_too(settings: Path, file: Path) -> None:
    cluster = fake_cluster(UCAST, pve_files=PENDING)
    run(settings, cluster, "plan", "--out", file)
    run(settings, cluster, "apply", "--yes", file)
    assert ("apply_sdn",) in cluster.api.calls


# --- what is refused -------------------------------------------------------------------------------------------------


def edit(path: str, text: str, node: str = "") -> Callable[[FakeCluster], None]:
    def change(cluster: FakeCluster) -> None:
        files = cluster.nodes[node].files if node else cluster.nodes.pve_files
        files[path] = text

    return change


def member(name: str, **values: Any) -> Callable[[FakeCluster], None]:
    def change(cluster: FakeCluster) -> None:
        for row in cluster.api.answers["cluster/status"]:
            if row["name"] == name:
                row.update(values)

    return change


def joins(cluster: FakeCluster) -> None:
    cluster.nodes.nodes["node4"] = fake_node("node4", 4, mtu=1550)
    row = {"type": "node", "id": "node/node4", "name": "node4", "nodeid": 4, "ip": "192.168.0.4", "online": 1}
    cluster.api.answers["cluster/status"].append(row)


def leaves(cluster: FakeCluster) -> None:
    rows = cluster.api.answers["cluster/status"]
    rows[:] = [row for row in rows if row["name"] != "node3"]


def is_silent(cluster: FakeCluster) -> None:
    cluster.nodes["node3"].off = "connection timed out"


def link(device: str, **values: Any) -> Callable[[FakeCluster], None]:
    def change(cluster: FakeCluster) -> None:
        next(row for row in cluster.nodes["node2"].commands["ip-link"] if row["ifname"] == device).update(values)

    return change


def another_device(cluster: FakeCluster) -> None:
    cluster.nodes["node2"].commands["ip-link"].append({"ifname": "eno7", "mtu": 9000})


def another_address(cluster: FakeCluster) -> None:
    rows = cluster.nodes["node2"].commands["ip-addr"]
    row = next(row for row in rows if row["ifname"] == "vmbr0")
    row["addr_info"].append({"family": "inet", "local": "10.9.9.9", "prefixlen": 24, "scope": "global"})


def version(cluster: FakeCluster) -> None:
    cluster.nodes["node2"].commands["versions"] = {"frr": "10.4.1-1", "ifupdown2": "3.3.0-1+pmx10"}


def switch(cluster: FakeCluster) -> None:
    cluster.nodes["node2"].commands["sysctl"]["net.ipv4.ip_forward"] = "1"


def rule(cluster: FakeCluster) -> None:
    cluster.nodes["node2"].commands["ip-rule"] = [{"priority": 100, "src": "10.0.0.0", "srclen": 8, "table": "7"}]


CHANGES: dict[str, tuple[Callable[[FakeCluster], None], str]] = {
    "an edit": (edit(LIVE, KNOWN_MTU + "# now\n"), "definitions: pvesdn.cfg has changed"),
    "an edit of PVE's": (edit("/etc/pve/sdn/zones.cfg", "simple: lan\n"), "definitions: zones.cfg is new"),
    "a commit": (edit("/etc/pve/sdn/.running-config", "{}"), "definitions: .running-config is new"),
    "a member that joins": (joins, "membership: node4 is new"),
    "a member that leaves": (leaves, "membership: node3 is gone"),
    "a member that goes off": (
        member("node3", online=0),
        "membership: node3 has changed: 192.168.0.3, answers -> 192.168.0.3, offline",
    ),
    "a member that is silent": (
        is_silent,
        "membership: node3 has changed: 192.168.0.3, answers -> 192.168.0.3, does not answer",
    ),
    "an upgrade of PVE": (
        lambda cluster: cluster.api.answers.update(version={"version": "9.2.0"}),
        "PVE: version has changed: 9.1.5 -> 9.2.0",
    ),
    "somebody's hand": (edit(OURS, "# mine\n", "node2"), f"node2: files: {OURS} is new"),
    "a stanza": (
        edit("/etc/network/interfaces.d/more", "auto x\niface x\n", "node2"),
        "node2: files: /etc/network/interfaces.d/more is new",
    ),
    "FRR's configuration": (
        edit("/etc/frr/frr.conf", "router bgp 7\n", "node2"),
        "node2: files: /etc/frr/frr.conf is new",
    ),
    "a smaller device": (
        link("eno1", mtu=1400),
        "node2: devices: eno1 has changed: physical, mtu 1550, in vmbr0, bc:24:11:00:00:02 -> ",
    ),
    "a device": (another_device, "node2: devices: eno7 is new"),
    "an address": (
        another_address,
        "node2: addresses: vmbr0 has changed: 192.168.0.2/24 -> 10.9.9.9/24, 192.168.0.2/24",
    ),
    "packages": (version, "node2: packages: frr has changed: "),
    "a kernel setting": (switch, "node2: kernel settings: net.ipv4.ip_forward has changed: 0 -> 1"),
    "a policy rule": (rule, "node2: policy rules: "),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_plan_is_refused_when_what_it_was_made_from_has_changed(settings: Path, file: Path, name: str) -> None:
    change, expected = CHANGES[name]
    cluster = fake_cluster(KNOWN_MTU)
    run(settings, cluster, "plan", "--out", file)
    for node in cluster.nodes.nodes.values():
        node.asked.clear()
    change(cluster)
    result = run(settings, cluster, "apply", "--yes", file)
    assert (result.status, result.out) == (1, "")
    head, *lines, last = result.err.splitlines()
    assert head.startswith(f"error: {file}: is out of date: something has changed since it was saved at 2023-11-14T")
    assert any(line.startswith(f"error: {expected}") for line in lines), lines
    assert last == f"error: nothing was touched; save it again: pvesdn plan --out {file}"
    assert not written(cluster)


@pytest.mark.parametrize("name", [name for name in CHANGES if name not in {"an edit of PVE's", "packages"}])
def test_a_change_is_told_in_one_line(settings: Path, file: Path, name: str) -> None:
    cluster = fake_cluster(KNOWN_MTU)
    run(settings, cluster, "plan", "--out", file)
    CHANGES[name][0](cluster)
    assert len(run(settings, cluster, "apply", "--yes", file).err.splitlines()) == 3


def test_the_hint_leads_to_a_plan_that_applies(settings: Path, tmp_path: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU)
    file, place = tmp_path / "my plan", tmp_path / "a draft"
    place.write_text(KNOWN_MTU.replace("tag 3", "tag 4"))
    cluster.nodes["node1"].files[OURS] = "# mine\n"
    words = ("--definitions", place, "--overwrite", "--node", "node1", "--node", "node2")
    run(settings, cluster, "plan", "--out", file, *words)
    cluster.nodes["node2"].files["/etc/network/interfaces.d/more"] = "auto x\niface x\n"
    result = run(settings, cluster, "apply", "--yes", file)
    assert result.status == 1
    assert follow(settings, cluster, result).status == 0
    applied = run(settings, cluster, "apply", "--yes", file)
    assert applied.status == 0
    assert applied.out.endswith("left out: changes on node3\n")
    assert cluster.nodes.pve_files[LIVE] == place.read_text()


def test_a_guest_that_starts_is_no_reason_to_refuse(settings: Path, file: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU)
    run(settings, cluster, "plan", "--out", file)
    cluster.plug("node2", "vmbr0", "tap100i0")
    cluster.plug("node2", "vmbr0", "veth101i0")
    assert run(settings, cluster, "apply", "--yes", file).status == 0


def test_a_guest_in_a_bridge_that_goes_is(settings: Path, cluster: FakeCluster, file: Path) -> None:
    run(settings, cluster, "apply", "--yes")
    cluster.nodes.pve_files[LIVE] = "vxlan: ucast\n"
    run(settings, cluster, "plan", "--detach-guests", "--out", file)
    cluster.plug("node2", "vmbr3", "tap100i0")
    result = run(settings, cluster, "apply", "--yes", file)
    assert "error: node2: guests: vmbr3 is new" in result.err.splitlines()


def test_a_plan_is_applied_once(settings: Path, cluster: FakeCluster, file: Path) -> None:
    run(settings, cluster, "plan", "--out", file)
    run(settings, cluster, "apply", "--yes", file)
    result = run(settings, cluster, "apply", "--yes", file)
    assert result.status == 1
    assert f"error: node1: files: {RECORD} is new" in result.err
    assert result.err.endswith("error: nothing was touched; nothing of the plan is left to do\n")


def test_an_edit_while_the_question_waits_is_seen(settings: Path, cluster: FakeCluster, file: Path) -> None:
    run(settings, cluster, "plan", "--out", file)

    class Slow(Terminal):
        def readline(self, *_: Any) -> str:  # type: ignore[override]
            cluster.nodes.pve_files[LIVE] = MORE
            return "yes\n"

    result = run(settings, cluster, "apply", file, terminal=Slow())
    assert result.status == 1
    assert "error: definitions: pvesdn.cfg has changed\n" in result.err
    assert not written(cluster)


def test_many_changes_are_not_all_told(settings: Path, file: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU)
    run(settings, cluster, "plan", "--out", file)
    for number in range(40):
        cluster.nodes["node2"].files[f"/etc/network/interfaces.d/x{number}"] = f"auto x{number}\niface x{number}\n"
    lines = run(settings, cluster, "apply", "--yes", file).err.splitlines()
    assert lines[-2] == "error: and 20 more"
    assert len(lines) == 23


def test_a_refusal_is_a_document_too(settings: Path, cluster: FakeCluster, file: Path) -> None:
    run(settings, cluster, "plan", "--out", file)
    cluster.nodes.pve_files[LIVE] = MORE
    document = json.loads(run(settings, cluster, "apply", "--yes", "--json", file).out)
    assert document["kind"] == "error"
    assert "definitions: pvesdn.cfg has changed" in document["errors"]


# --- what is not saved -----------------------------------------------------------------------------------------------


def test_a_plan_that_apply_would_refuse_is_not_saved(settings: Path, cluster: FakeCluster, file: Path) -> None:
    cluster.nodes["node1"].files[OURS] = "# mine\n"
    result = run(settings, cluster, "plan", "--out", file)
    assert result.status == 1
    assert f"warning: {file}: the plan was not saved, because it is blocked\n" in result.err
    assert not file.exists()
    assert "saved" not in json.loads(run(settings, cluster, "plan", "--json", "--out", file).out)


def test_a_plan_with_a_node_that_is_silent_is_saved(settings: Path, file: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU)
    cluster.nodes["node3"].off = "connection timed out"
    assert run(settings, cluster, "plan", "--out", file).status == 4
    assert run(settings, cluster, "apply", "--yes", file).status == 4
    assert OURS in cluster.nodes["node1"].files


def test_a_part_that_cannot_be_taken_alone_is_not_saved(settings: Path, file: Path) -> None:
    cluster = fake_cluster(UCAST, pve_files=PENDING)
    assert run(settings, cluster, "plan", "--node", "node1").status == 0
    result = run(settings, cluster, "plan", "--node", "node1", "--out", file)
    assert (result.status, file.exists()) == (1, False)


def test_nothing_that_apply_would_not_do_is_saved(settings: Path, cluster: FakeCluster, tmp_path: Path) -> None:
    folder, file = snapshot_of(cluster, tmp_path / "snapshot"), tmp_path / "p"
    for words in (("--from", folder), ("--intent", "running")):
        result = run(settings, cluster, "plan", "--out", file, *words)
        assert (result.status, file.exists()) == (1, False)
        assert result.err.startswith("error: --out ")


def test_a_plan_takes_the_place_of_a_plan_alone(settings: Path, cluster: FakeCluster, tmp_path: Path) -> None:
    precious, empty = tmp_path / "pvesdn.cfg", tmp_path / "empty"
    precious.write_text(UCAST)
    empty.touch()
    result = run(settings, cluster, "plan", "--out", precious)
    assert result.err == f"error: {precious}: exists and is not a saved plan; choose another place for the plan\n"
    assert precious.read_text() == UCAST
    for _ in range(2):
        assert run(settings, cluster, "plan", "--out", empty).status == 0
    assert run(settings, cluster, "plan", "--out", tmp_path / "no" / "folder").status == 1
    assert run(settings, cluster, "plan", "--out", tmp_path).status == 1


def seen_after(cluster: FakeCluster) -> str:
    """The memory of the VTEPs as an apply would write it: then it need not be written."""
    plan = make_plan(read_cluster(cluster.world()), Renderer())
    assert plan.seen is not None
    return plan.seen


# --- a plan of a draft -----------------------------------------------------------------------------------------------


def test_the_draft_becomes_the_live_definitions(settings: Path, cluster: FakeCluster, file: Path, draft: Path) -> None:
    run(settings, cluster, "apply", "--yes")
    planned = run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    assert planned.err == f"Saved: `pvesdn apply {file}` carries it out and makes {draft} the {LIVE}.\n"
    draft.unlink()  # the plan holds it
    applied = run(settings, cluster, "apply", "--yes", file)
    assert applied.status == 0
    assert "cluster: definitions written\nnode1: files in place\n" in applied.out
    assert applied.err == f"The previous {LIVE} is kept as {BEFORE}.\n"
    assert cluster.nodes.pve_files[LIVE] == MORE
    assert cluster.nodes.pve_files[BEFORE] == UCAST
    assert run(settings, cluster, "plan").out == NO_CHANGES


def test_the_way_back_is_a_draft_too(settings: Path, cluster: FakeCluster, file: Path, draft: Path) -> None:
    run(settings, cluster, "apply", "--yes")
    run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    run(settings, cluster, "apply", "--yes", file)
    draft.write_text(cluster.nodes.pve_files[BEFORE])
    run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    run(settings, cluster, "apply", "--yes", file)
    assert cluster.nodes.pve_files[LIVE] == UCAST
    assert "vmbr4" not in cluster.nodes["node1"].files[OURS]


def test_definitions_that_change_no_node_are_written_all_the_same(
    settings: Path, cluster: FakeCluster, file: Path, draft: Path
) -> None:
    run(settings, cluster, "apply", "--yes")
    draft.write_text(f"# for the web\n{UCAST}")
    planned = run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    assert planned.out.endswith(f"No changes on the nodes; {LIVE} becomes the draft.\n")
    assert run(settings, cluster, "apply", file).status == 1  # nobody to ask
    applied = run(settings, cluster, "apply", "--yes", file)
    assert applied.status == 0
    assert applied.out.endswith("Apply complete: the definitions are replaced, no node had to change.\n")
    assert cluster.nodes.pve_files[LIVE] == draft.read_text()


def test_the_first_definitions_of_a_cluster_may_be_a_draft(settings: Path, file: Path, draft: Path) -> None:
    cluster = fake_cluster()
    run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    applied = run(settings, cluster, "apply", "--yes", file)
    assert (applied.status, applied.err) == (0, "")
    assert cluster.nodes.pve_files[LIVE] == MORE
    assert BEFORE not in cluster.nodes.pve_files


def test_the_document_says_that_the_definitions_were_written(
    settings: Path, cluster: FakeCluster, file: Path, draft: Path
) -> None:
    run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    document = json.loads(run(settings, cluster, "apply", "--yes", "--json", file).out)
    assert document["report"]["definitions"] == "ok"
    assert document["plan"]["definitions"] == {"path": LIVE, "action": "change"}


def test_a_node_that_refuses_leaves_the_definitions_alone(
    settings: Path, cluster: FakeCluster, file: Path, draft: Path
) -> None:
    run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    cluster.nodes["node2"].refuses["stage"] = "no space left on device"
    result = run(settings, cluster, "apply", "--yes", file)
    assert result.status == 1
    assert cluster.nodes.pve_files[LIVE] == UCAST
    assert "definitions: written=" not in result.out


def test_a_node_that_fails_later_leaves_the_new_definitions_for_the_next_apply(
    settings: Path, cluster: FakeCluster, file: Path, draft: Path
) -> None:
    run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    cluster.api.exits["node1"] = "command 'ifreload -a' failed: exit code 1"
    result = run(settings, cluster, "apply", "--yes", file)
    assert result.status == 1
    assert "definitions: written\n" in result.out
    assert f"The previous {LIVE} is kept as {BEFORE}.\n" in result.err
    assert cluster.nodes.pve_files[LIVE] == MORE
    cluster.api.exits.clear()
    assert run(settings, cluster, "apply", "--yes").status == 0
    assert run(settings, cluster, "plan").out == NO_CHANGES


def test_an_interruption_says_that_the_definitions_are_new(
    settings: Path, cluster: FakeCluster, file: Path, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    whole = cluster.nodes.ask

    def ask(node: str, verb: str, arguments: Any) -> Any:
        if verb == "commit":
            raise KeyboardInterrupt
        return whole(node, verb, arguments)

    monkeypatch.setattr(cluster.nodes, "ask", ask)
    result = run(settings, cluster, "apply", "--yes", file)
    assert result.status == 130
    assert "Interrupted. cluster: definitions written; node1: " in result.err
    monkeypatch.undo()
    assert run(settings, cluster, "apply", "--yes").status == 0
    assert run(settings, cluster, "plan").out == NO_CHANGES


def test_an_edit_at_the_last_moment_is_not_lost(
    settings: Path, cluster: FakeCluster, file: Path, draft: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    stage = cluster.nodes.ask

    def ask(node: str, verb: str, arguments: Any) -> Any:
        if verb == "stage":
            cluster.nodes.pve_files[LIVE] = "# somebody else's\n"
        return stage(node, verb, arguments)

    monkeypatch.setattr(cluster.nodes, "ask", ask)
    result = run(settings, cluster, "apply", "--yes", file)
    assert result.status == 1
    assert f"error: node1: {LIVE} has changed since it was read; plan again\n" in result.err
    assert cluster.nodes.pve_files[LIVE] == "# somebody else's\n"
    assert not [path for node in cluster.nodes.nodes.values() for path in node.files if "pvesdn" in path]

    monkeypatch.undo()
    again = run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    assert "pvesdn.cfg" in again.out
    assert run(settings, cluster, "apply", "--yes", file).status == 0
    assert run(settings, cluster, "plan").out == NO_CHANGES


def test_definitions_that_cannot_be_written_leave_the_nodes_alone(
    settings: Path, cluster: FakeCluster, file: Path, draft: Path
) -> None:
    run(settings, cluster, "apply", "--yes")
    run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    for node in cluster.nodes.nodes.values():
        node.refuses["put"] = "read-only file system"
    result = run(settings, cluster, "apply", "--yes", file)
    assert result.status == 1
    assert "vmbr4" not in cluster.nodes["node1"].files[OURS]
    assert not [path for node in cluster.nodes.nodes.values() for path in node.files if path.endswith("-new")]


def test_without_a_member_that_answers_the_definitions_stay(
    settings: Path, cluster: FakeCluster, file: Path, draft: Path
) -> None:
    run(settings, cluster, "plan", "--definitions", draft, "--out", file)
    for node in cluster.nodes.nodes.values():
        node.lost["put"] = "connection timed out"
    cluster.nodes.pve_files["/etc/pve/sdn/pvesdn-seen.json"] = seen_after(cluster)
    result = run(settings, cluster, "apply", "--yes", file)
    assert result.status == 4
    assert "cluster: not reached for writing the definitions\nnode1: not touched\n" in result.err
    assert f"error: cluster: no member could write {LIVE} (node1: " in result.err
    assert cluster.nodes.pve_files[LIVE] == UCAST


# --- files that are no plan ------------------------------------------------------------------------------------------


def edited(document: dict[str, Any], *path: str, value: Any) -> str:
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return json.dumps(document, indent=1) + "\n"


HOSTILE: dict[str, Callable[[str], str | bytes]] = {
    "nothing": lambda _: "",
    "definitions": lambda _: UCAST,
    "a list": lambda _: "[]",
    "cut off": lambda text: text[:-100],
    "not UTF-8": lambda text: text.encode() + b"\xff",
    "a line more": lambda text: f"{text}\n",
    "a key twice": lambda text: text.replace(' "cluster":', ' "cluster": "fake",\n "cluster":', 1),
    "a number that is none": lambda text: text.replace(' "format": 1,', ' "format": NaN,'),
    "a number without end": lambda text: text.replace(' "format": 1,', f' "format": {"9" * 5000},'),
    "a number with a point": lambda text: text.replace(' "format": 1,', ' "format": 1.0,'),
    "true for one": lambda text: text.replace(' "format": 1,', ' "format": true,'),
    "a deep one": lambda text: text.replace('"nodes": null', f'"nodes": {"[" * 50_000}{"]" * 50_000}', 1),
    "a wrong type": lambda text: edited(json.loads(text), "origin", "nodes", value=[1, 2]),
    "a text for a flag": lambda text: edited(json.loads(text), "terms", "flags", "overwrite", value="yes"),
    "a flag": lambda text: edited(json.loads(text), "terms", "flags", "overwrite", value=1),
    "a key of its own": lambda text: edited(json.loads(text), "command", value="rm -rf /"),
    "half a character": lambda text: text.replace('"fake"', '"\\ud800"'),
    "steering": lambda text: edited(json.loads(text), "cluster", value="\x1b[2J"),
    "a later format": lambda text: text.replace(' "format": 1,', ' "format": 2,'),
    "a later version": lambda text: text.replace(f'"pvesdn": "{__version__}"', '"pvesdn": "99.1"'),
    "a version of its own": lambda text: text.replace(f'"pvesdn": "{__version__}"', '"pvesdn": "\\u001b[2J"'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_plan_is_one_error(settings: Path, cluster: FakeCluster, file: Path, name: str) -> None:
    run(settings, cluster, "plan", "--out", file)
    made = HOSTILE[name](file.read_text())
    file.write_bytes(made if isinstance(made, bytes) else made.encode())
    result = run(settings, cluster, "apply", "--yes", file)
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith(f"error: {file}: ")
    assert len(result.err.splitlines()) == 1
    assert "\x1b" not in result.err
    assert not written(cluster)


def test_a_node_that_nobody_could_have_named_is_no_node(settings: Path, cluster: FakeCluster, file: Path) -> None:
    for name in ("../../etc", "node_1", "\x1b[2J", ""):
        run(settings, cluster, "plan", "--out", file)
        file.write_text(edited(json.loads(file.read_text()), "terms", "nodes", value=[name]))
        result = run(settings, cluster, "apply", "--yes", file)
        assert (result.status, result.out) == (1, "")
        assert result.err.startswith("error: there is no node '")
        assert "\x1b" not in result.err
        assert run(settings, cluster, "plan", "--node", name).err.startswith("error: there is no node '")


def test_definitions_are_no_plan_and_the_error_says_how_to_make_one(
    settings: Path, cluster: FakeCluster, file: Path, draft: Path
) -> None:
    result = run(settings, cluster, "apply", draft)
    how = "save one first with pvesdn plan --out PLAN, and with --definitions FILE if it is of a draft"
    assert result.err == f"error: {draft}: is not a saved plan; {how}\n"
    run(settings, cluster, "plan", "--out", file, "--definitions", draft)
    assert run(settings, cluster, "apply", "--yes", file).status == 0


def test_another_versions_plan_is_saved_again_as_its_error_says(
    settings: Path, cluster: FakeCluster, file: Path
) -> None:
    run(settings, cluster, "plan", "--out", file, "--node", "node2")
    file.write_text(file.read_text().replace(f'"pvesdn": "{__version__}"', '"pvesdn": "99.1"'))
    result = run(settings, cluster, "apply", "--yes", file)
    again = f"save it again: pvesdn plan --out {file} --node node2"
    assert result.err == f"error: {file}: was saved by pvesdn 99.1, and this is {__version__}; {again}\n"
    assert follow(settings, cluster, result).status == 0
    assert run(settings, cluster, "apply", "--yes", file).status == 0


def test_a_plan_in_a_later_format_is_saved_again_as_its_error_says(
    settings: Path, cluster: FakeCluster, file: Path
) -> None:
    run(settings, cluster, "plan", "--out", file)
    file.write_text(file.read_text().replace(' "format": 1,', ' "format": 2,'))
    result = run(settings, cluster, "apply", "--yes", file)
    assert result.err.endswith(f"; save it again with pvesdn plan --out {file}\n")
    assert run(settings, cluster, "plan", "--out", file).status == 0
    assert run(settings, cluster, "apply", "--yes", file).status == 0


def test_another_clusters_plan_is_refused(settings: Path, cluster: FakeCluster, file: Path) -> None:
    run(settings, cluster, "plan", "--out", file)
    for row in cluster.api.answers["cluster/status"]:
        if row["type"] == "cluster":
            row["name"] = "lab"
    result = run(settings, cluster, "apply", "--yes", file)
    assert result.err == f"error: {file}: is a plan for cluster fake, and this is lab; apply it where it was saved\n"
    assert not written(cluster)


def test_what_cannot_be_read_is_one_error(settings: Path, cluster: FakeCluster, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, why in {
        "none": "No such file or directory",
        ".": "Is a directory",
        "pipe": "is not a regular file",
    }.items():
        result = run(settings, cluster, "apply", "--yes", tmp_path / name)
        assert result.err == f"error: {tmp_path / name}: {why}; save a plan with pvesdn plan --out\n"


def test_a_plan_has_a_limit(settings: Path, cluster: FakeCluster, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(settings, cluster, "plan", "--out", file)
    monkeypatch.setattr(module, "LARGEST", 1000)
    assert "is this the right file?" in run(settings, cluster, "apply", "--yes", file).err
    assert "save it for some nodes: --node" in run(settings, cluster, "plan", "--out", file).err
