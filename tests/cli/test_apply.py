"""`pvesdn apply`: the question, the lines while it runs, the recap, the status."""

from __future__ import annotations

import errno
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from pvesdn.cli.screens.apply import exit_status
from pvesdn.compare.live_paths import WHAT
from pvesdn.errors import ApiUnavailable
from pvesdn.model.report import ApplyReport, NodeOutcome, Outcome, StepOutcome
from tests.cli.kit import UCAST, Result, Terminal, call
from tests.fakes import FakeCluster, fake_cluster

LIVE = "/etc/pve/sdn/pvesdn.cfg"
OURS = "/etc/network/interfaces.d/pvesdn"
KNOWN_MTU = UCAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmtu 1450\n")
WRITES = {"stage", "commit", "put", "frr", "sysctl", "finish"}
NO_PATHS = f"{WHAT}: the node is a folder: it has no network"


def apply(settings: Path, cluster: FakeCluster, *words: str, **given: object) -> Result:
    return call("--config", settings, "apply", *words, cluster=cluster, **given)  # type: ignore[arg-type]


def written(cluster: FakeCluster) -> set[str]:
    """Verbs that change something, as far as any node was asked for them."""
    return {verb for node in cluster.nodes.nodes.values() for verb in node.verbs} & WRITES


def test_the_plan_is_shown_carried_out_and_recapitulated(settings: Path, cluster: FakeCluster) -> None:
    expected = """\
          + create

        node1-node3
          + /etc/network/interfaces.d/pvesdn
              + vmbr3
              + vxlan_vmbr3

        Plan: 6 to add, 0 to change, 0 to destroy on 3 of 3 nodes.
        node1: staged
        node2: staged
        node3: staged
        node1: armed
        node2: armed
        node3: armed
        node1: files in place
        node1: network reloaded
        node1: good so far
        node2: files in place
        node3: files in place
        node2: network reloaded
        node3: network reloaded
        node1: verified
        node2: verified
        node3: verified
        node1: staged, armed, in place, verified
        node2: staged, armed, in place, verified
        node3: staged, armed, in place, verified
        NOT CHECKED
        Apply complete: 3 nodes done.
        """
    result = apply(settings, cluster, "--yes")
    assert result == Result(0, dedent(expected).replace("NOT CHECKED", f"not checked: {NO_PATHS}"), "")
    assert all(OURS in node.files for node in cluster.nodes.nodes.values())


class Full(io.StringIO):
    """A log on a disk that is full as soon as the nodes are at work."""

    def __init__(self) -> None:
        super().__init__()
        self.null = os.open(os.devnull, os.O_WRONLY)

    def write(self, text: str) -> int:
        if "armed" in text:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)

    def fileno(self) -> int:
        return self.null


def test_a_log_that_cannot_be_written_ends_no_apply_and_it_is_said_where_its_outcome_is(
    settings: Path, cluster: FakeCluster
) -> None:
    out = Full()
    result = call("--config", settings, "apply", "--yes", cluster=cluster, out=out)
    os.close(out.null)
    assert (result.status, result.err.splitlines()) == (
        1,
        [
            "error: the apply has ended, and how cannot be shown; `pvesdn history` tells it",
            "error: standard output: No space left on device",
        ],
    )
    assert all(OURS in node.files for node in cluster.nodes.nodes.values())


def test_a_second_apply_says_there_is_nothing_to_do_and_asks_nobody(settings: Path, cluster: FakeCluster) -> None:
    apply(settings, cluster, "-y")
    for node in cluster.nodes.nodes.values():
        node.asked.clear()
    assert apply(settings, cluster) == Result(0, "No changes. Nodes match the configuration.\n", "")
    assert not written(cluster)


def test_yes_is_taken_for_a_yes(settings: Path, cluster: FakeCluster) -> None:
    result = apply(settings, cluster, typed="yes\n")
    assert result.status == 0
    assert result.err == "Apply this plan? Only 'yes' will be accepted: "


def test_the_differences_are_shown_before_the_question(settings: Path, cluster: FakeCluster) -> None:
    result = apply(settings, cluster, "--diff", typed="no\n")
    assert "\n      +\tvxlan-id 3\n" in result.out
    assert not written(cluster)


def test_the_differences_are_in_the_document_when_asked_for(settings: Path, cluster: FakeCluster) -> None:
    document = json.loads(apply(settings, cluster, "--yes", "--diff", "--json").out)
    assert "+\tvxlan-id 3" in document["plan"]["nodes"][0]["files"][0]["diff"]


def test_after_the_end_of_the_input_the_error_has_a_line_of_its_own(settings: Path, cluster: FakeCluster) -> None:
    assert "will be accepted: \nerror: not confirmed" in apply(settings, cluster, typed="").err


class Slow(Terminal):
    """A person who answers a question with the next of their answers, each after something else has happened."""

    def __init__(self, *answers: tuple[Callable[[], object], str]) -> None:
        super().__init__()
        self.answers = iter(answers)

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]
        happens, answer = next(self.answers)
        happens()
        return answer


def nothing() -> None:
    """Nobody does anything meanwhile."""


def test_an_edit_while_the_question_waits_makes_another_plan_that_needs_a_yes_of_its_own(
    settings: Path, cluster: FakeCluster
) -> None:
    def edit() -> None:
        cluster.nodes.pve_files[LIVE] += "vnet: vmbr9\n\tzone ucast\n\ttag 9\n\n"

    result = apply(settings, cluster, terminal=Slow((edit, "yes\n"), (nothing, "no\n")))
    assert result.status == 1
    assert "Something has changed while you were asked, so this is another plan now:\n" in result.err
    assert "  definitions: pvesdn.cfg has changed\n" in result.err
    assert result.err.count("Only 'yes' will be accepted") == 2
    assert "vmbr9" in result.out.partition("Plan:")[2]
    assert not written(cluster)

    assert apply(settings, cluster, terminal=Slow((nothing, "yes\n"))).status == 0
    assert all("vmbr9" in node.files[OURS] for node in cluster.nodes.nodes.values())


def test_what_comes_to_the_same_plan_is_not_asked_again(settings: Path, cluster: FakeCluster) -> None:
    def edit() -> None:
        cluster.nodes.pve_files[LIVE] = "# a remark\n" + cluster.nodes.pve_files[LIVE]

    result = apply(settings, cluster, terminal=Slow((edit, "yes\n")))
    assert result.status == 0, result.err
    assert "Something has changed" not in result.err


def test_what_somebody_else_has_applied_meanwhile_is_not_applied_again(settings: Path, cluster: FakeCluster) -> None:
    def other() -> None:
        assert apply(settings, cluster, "--yes").status == 0
        for node in cluster.nodes.nodes.values():
            node.asked.clear()

    result = apply(settings, cluster, terminal=Slow((other, "yes\n")))
    assert result.status == 0, result.err
    assert result.out.endswith("No changes. Nodes match the configuration.\n")
    assert not written(cluster)


def test_definitions_that_are_broken_meanwhile_touch_nothing(settings: Path, cluster: FakeCluster) -> None:
    def breaks() -> None:
        cluster.nodes.pve_files[LIVE] += "vnet: vmbr9\n\tzone nowhere\n\ttag 9\n\n"

    result = apply(settings, cluster, terminal=Slow((breaks, "yes\n")))
    assert result.status == 1
    assert "zone 'nowhere'" in result.err
    assert not written(cluster)


@pytest.mark.parametrize("answer", ["no\n", "y\n", "YES\n", "Yes\n", "yes please\n", "\n", ""])
def test_nothing_else_is_taken_for_a_yes(settings: Path, cluster: FakeCluster, answer: str) -> None:
    result = apply(settings, cluster, typed=answer)
    assert result.status == 1
    assert result.err.endswith("error: not confirmed, so nothing was touched\n")
    assert not written(cluster)


def test_without_a_terminal_nobody_is_asked(settings: Path, cluster: FakeCluster) -> None:
    result = apply(settings, cluster)
    assert result.status == 1
    assert result.err == (
        "error: there is no terminal to ask on, so nothing was touched; use --yes to apply without asking\n"
    )
    assert not written(cluster)


def test_obstacles_are_refused_before_anybody_is_asked(settings: Path, cluster: FakeCluster) -> None:
    cluster.nodes["node2"].files[OURS] = "# mine\n"
    result = apply(settings, cluster, "--yes")
    assert result.status == 1
    why = "it exists, but this node has no record of pvesdn writing it"
    assert result.err.splitlines() == [
        f"error: node2: {OURS}: {why}; check it with --diff, then use --overwrite to replace it",
        "error: nothing was touched: the plan needs a decision first",
    ]
    assert not written(cluster)
    assert apply(settings, cluster, "--yes", "--overwrite").status == 0


def test_a_node_that_cannot_be_reached_leaves_the_others_to_go_on(settings: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU)
    cluster.nodes["node3"].off = "connection timed out"
    result = apply(settings, cluster, "--yes")
    assert result.status == 4
    assert result.err == "error: node3: connection timed out\n"
    assert result.out.splitlines()[-5:] == [
        "node1: staged, armed, in place, verified",
        "node2: staged, armed, in place, verified",
        "node3: not reached",
        f"not checked: {NO_PATHS}",
        "Apply incomplete: 2 nodes done, 1 could not be reached.",
    ]


def test_a_reload_that_fails_shows_the_log_and_what_was_left_alone(settings: Path, cluster: FakeCluster) -> None:
    cluster.api.exits["node2"] = "command 'ifreload -a' failed: exit code 1"
    cluster.api.logs["node2"] = ("error: vmbr3: \x1b[31mboom", "TASK ERROR: failed")
    result = apply(settings, cluster, "--yes", "--batch", "1")
    assert result.status == 1
    assert "node2: staged, armed, files in place, network reload failed, put back\n" in result.out
    assert result.out.endswith("Apply failed, and is undone: 2 put back and checked, 1 not touched.\n")
    first, complaint, *log, skipped = result.err.splitlines()
    assert first == "error: node1: put back as it was, because node2 failed"
    assert complaint.endswith("ended with: command 'ifreload -a' failed: exit code 1")
    assert log == ["  | error: vmbr3: \\x1b[31mboom", "  | TASK ERROR: failed"]
    assert skipped == "error: node3: not touched, because node2 failed first"


def test_a_cluster_that_goes_away_in_the_middle_leaves_word_of_what_was_done(
    settings: Path, cluster: FakeCluster
) -> None:
    def cut_off(node: str) -> None:
        cluster.reload(node)
        if node == "node3":
            cluster.api.errors["cluster/status"] = ApiUnavailable("connection refused")

    cluster.api.on_reload = cut_off
    result = apply(settings, cluster, "--yes")
    assert result.status == 1
    assert "node1: staged, armed, in place, verification failed, put back" in result.out
    assert "error: node1: applied, but not verified: connection refused\n" in result.err


def test_what_pve_has_pending_is_committed_and_it_is_said(settings: Path) -> None:
    pending = {"zones.cfg": "simple: lan\n\n"}
    cluster = fake_cluster(pve_files=pending)
    commit = cluster.api.on_apply

    def commits(api: object) -> None:
        running = {"version": 1, "zones": {"ids": {"lan": {"type": "simple"}}}}
        cluster.nodes.pve_files["/etc/pve/sdn/.running-config"] = json.dumps(running)
        for node in cluster.nodes.nodes.values():
            node.files["/etc/network/interfaces.d/sdn"] = "#version:1\n"
        assert commit is not None
        commit(cluster.api)

    cluster.api.on_apply = commits
    result = apply(settings, cluster, "--yes")
    assert ("apply_sdn",) in cluster.api.calls
    assert "PVE's SDN: committed\n" in result.out
    assert (result.status, result.err) == (0, "")


def test_a_rehearsal_says_that_all_was_put_back_and_is_status_0(settings: Path) -> None:
    cluster = fake_cluster(pve_files={"zones.cfg": "simple: lan\n\n"})
    result = apply(settings, cluster, "--yes", "--no-commit")
    assert (result.status, result.err) == (0, "")
    assert "PVE's SDN: not committed\n" in result.out
    assert result.out.endswith("Rehearsed: 3 nodes verified and put back; PVE's definitions are still pending.\n")
    assert ("apply_sdn",) not in cluster.api.calls


def test_a_rehearsal_has_nothing_to_confirm(settings: Path) -> None:
    cluster = fake_cluster(pve_files={"zones.cfg": "simple: lan\n\n"})
    result = apply(settings, cluster, "--yes", "--no-commit", "--confirm", "1m")
    assert result.status == 1
    assert "--no-commit puts every node back, so there is nothing to confirm" in result.err


def test_what_a_newer_pve_writes_is_committed_when_a_person_says_so(settings: Path) -> None:
    cluster = fake_cluster(pve_files={"zones.cfg": "simple: lan\n\n"})
    cluster.nodes["node2"].commands["versions"]["libpve-network-perl"] = "1.5.0"
    result = apply(settings, cluster, "--yes")
    assert result.status == 1
    assert "node2: libpve-network-perl 1.5.0 is newer than pvesdn knows" in result.err
    assert "pvesdn apply --commit-unrehearsed" in result.err
    apply(settings, cluster, "--yes", "--commit-unrehearsed")
    assert ("apply_sdn",) in cluster.api.calls


def test_a_commit_that_fails_is_status_1(settings: Path) -> None:
    cluster = fake_cluster(pve_files={"zones.cfg": "simple: lan\n\n"})
    cluster.api.errors["apply_sdn"] = ApiUnavailable("connection refused")
    result = apply(settings, cluster, "--yes")
    assert result.status == 1
    assert "error: PVE's definitions were not committed: connection refused\n" in result.err
    assert "PVE's SDN: not committed\n" in result.out


def test_quiet_shows_the_last_line_of_the_plan_and_the_recap(settings: Path, cluster: FakeCluster) -> None:
    lines = apply(settings, cluster, "-q", "-y").out.splitlines()
    assert lines[0].startswith("Plan: 6 to add")
    assert lines[1] == "node1: staged, armed, in place, verified"


def test_on_a_terminal_the_steps_are_shown_in_place(settings: Path, cluster: FakeCluster) -> None:
    result = apply(settings, cluster, "-y", out=Terminal(), environ={"TERM": "xterm", "NO_COLOR": "1"})
    assert result.status == 0
    assert "node1: staged\n" not in result.out
    assert "\x1b[2K" in result.out  # the lines of the progress are taken away again
    assert result.out.endswith("Apply complete: 3 nodes done.\n")


def test_ctrl_c_says_what_was_done_on_which_node(settings: Path, cluster: FakeCluster) -> None:
    def interrupted(node: str) -> None:
        if node == "node2":
            raise KeyboardInterrupt
        cluster.reload(node)

    cluster.api.on_reload = interrupted
    result = apply(settings, cluster, "-y")
    assert result.status == 130
    assert result.err.strip() == "error: Interrupted, and undone: every node is as it was before, and was looked at."
    assert not [name for name, node in cluster.nodes.nodes.items() if OURS in node.files]


def test_ctrl_c_says_which_node_could_not_be_put_back(settings: Path, cluster: FakeCluster) -> None:
    def interrupted(node: str) -> None:
        if node == "node2":
            cluster.nodes["node1"].off = "no route to host"
            raise KeyboardInterrupt
        cluster.reload(node)

    cluster.api.on_reload = interrupted
    result = apply(settings, cluster, "-y")
    assert result.status == 130
    assert result.err.strip() == (
        "node1: no route to host; the cluster lock was not given back: the next apply has to wait 130 s for it\n\n"
        "error: Interrupted. node1: staged, armed, in place, not reached for putting it back;"
        " node2: staged, armed, in place, put back; node3: staged, armed, in place, put back."
        " `pvesdn plan` shows what is left, `pvesdn apply` finishes it."
    )


def test_ctrl_c_at_the_question_changes_nothing(settings: Path, cluster: FakeCluster) -> None:
    class Interrupting(Terminal):
        def readline(self, size: int = -1) -> str:  # type: ignore[override]
            raise KeyboardInterrupt

    result = apply(settings, cluster, terminal=Interrupting())
    assert result.status == 130
    assert result.err.strip().endswith("error: Interrupted: no node was changed.")
    assert not written(cluster)


# --- JSON ------------------------------------------------------------------------------------------------------------


def test_the_document_holds_plan_and_report(settings: Path, cluster: FakeCluster) -> None:
    result = apply(settings, cluster, "--yes", "--json")
    assert result.status == 0
    document = json.loads(result.out)
    assert document["kind"] == "apply"
    assert document["exit_status"] == 0
    assert document["plan"]["summary"]["add"] == 6
    report = document["report"]
    assert report["is_good"] is True
    assert report["commit"] is None
    assert report["commit_error"] == ""
    assert report["not_checked"]
    steps = [{"step": step, "outcome": "ok"} for step in ("staged", "written", "reloaded", "verified")]
    assert report["nodes"][0] == {"name": "node1", "steps": steps, "error": "", "note": "", "log": []}
    assert "node1: staged\n" in result.err


def test_a_document_of_nothing_to_do_has_no_report(settings: Path, cluster: FakeCluster) -> None:
    apply(settings, cluster, "-y")
    document = json.loads(apply(settings, cluster, "-y", "--json").out)
    assert document["report"] is None
    assert document["plan"]["summary"]["has_changes"] is False


# --- exit statuses ---------------------------------------------------------------------------------------------------

GOOD = NodeOutcome("node1", (StepOutcome("verified", Outcome.OK),))
FAILED = NodeOutcome("node2", (StepOutcome("written", Outcome.FAILED),), error="node2: no")
GONE = NodeOutcome("node3", (StepOutcome("read", Outcome.UNREACHABLE),), error="node3: gone")
SKIPPED = NodeOutcome("node4", (StepOutcome("written", Outcome.SKIPPED),), error="node4: not touched")


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (ApplyReport((GOOD,)), 0),
        (ApplyReport((GOOD, GONE)), 4),
        (ApplyReport((GOOD, FAILED)), 1),
        (ApplyReport((GOOD, FAILED, GONE)), 1),
        (ApplyReport((GOOD, GONE, SKIPPED)), 1),
        (ApplyReport((GOOD, GONE), Outcome.FAILED, "no"), 1),
        (ApplyReport((GOOD,), Outcome.OK), 0),
    ],
)
def test_the_exit_status_says_what_a_script_must_know(report: ApplyReport, status: int) -> None:
    assert exit_status(report) == status


def test_an_offline_member_shows_in_the_recap_and_in_the_status(settings: Path) -> None:
    cluster = fake_cluster(KNOWN_MTU, offline=("node3",))
    result = apply(settings, cluster, "--yes")
    assert "node3: not reached\n" in result.out
    assert result.out.endswith("Apply incomplete: 2 nodes done, 1 could not be reached.\n")
    assert "node3: offline; run pvesdn apply again when it is back" in result.err
    assert result.status == 4


def test_with_nothing_to_do_an_offline_member_is_named_and_nothing_was_withheld_from_it(
    settings: Path, cluster: FakeCluster
) -> None:
    assert apply(settings, cluster, "--yes").status == 0
    for row in cluster.api.answers["cluster/status"]:
        if row.get("name") == "node3":
            row["online"] = 0
    result = apply(settings, cluster, "--yes")
    assert result.status == 0
    assert "not checked: node3: offline" in result.out
