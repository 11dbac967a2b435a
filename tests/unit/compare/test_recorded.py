"""A plan and a report in the few words of the history."""

from __future__ import annotations

from typing import Any

import pytest

from pvesdn.compare.recorded import ending_of, in_short, one_line, options_of, results_of
from pvesdn.model.execution import ChangeFrr, FrrAction, NodeExecution
from pvesdn.model.files import Action, ChangeSet, FileChange, NodeChanges, PendingChange, StanzaChange
from pvesdn.model.flags import PlanFlags
from pvesdn.model.history import LONGEST_REASON, MOST_FLAGS, MOST_GROUPS, Counts, Ending, Planned, Result
from pvesdn.model.manner import AS_USUAL, Manner
from pvesdn.model.order import Wishes
from pvesdn.model.report import ApplyReport, NodeOutcome, Outcome, Standing, StepOutcome

NEW = NodeOutcome("pve1", standing=Standing.NEW)
BAD = NodeOutcome("pve2", error="pve2: disk full", standing=Standing.AS_BEFORE)
BACK = NodeOutcome("pve2", standing=Standing.AS_BEFORE)
MIXED = NodeOutcome("pve2", error="pve2: disk full", standing=Standing.NOT_PUT_BACK)
UNHEALED = NodeOutcome("pve2", error="pve2: still not as it should be", standing=Standing.NEW)
AWAY = NodeOutcome("pve3", (StepOutcome("read", Outcome.UNREACHABLE),), error="pve3: offline")


@pytest.mark.parametrize(
    ("nodes", "also", "ending"),
    [
        ((NEW,), {}, Ending.DONE),
        ((), {"commit": Outcome.OK}, Ending.DONE),
        ((NEW, AWAY), {}, Ending.INCOMPLETE),
        ((NEW, UNHEALED), {}, Ending.INCOMPLETE),
        ((BACK,), {"is_rehearsal": True, "commit": Outcome.SKIPPED}, Ending.REHEARSED),
        ((BAD,), {"is_rehearsal": True}, Ending.FAILED),
        ((BAD, AWAY), {}, Ending.FAILED),
        ((NEW, MIXED), {}, Ending.PARTLY),
        ((BAD,), {"is_unconfirmed": True}, Ending.UNCONFIRMED),
        ((BAD,), {"commit": Outcome.FAILED, "commit_error": "403"}, Ending.FAILED),
        ((), {"commit": Outcome.FAILED, "commit_error": "403"}, Ending.FAILED),
        ((NEW,), {"commit": Outcome.OK, "commit_error": "PVE's lock could not be given back"}, Ending.INCOMPLETE),
    ],
)
def test_how_it_ended_is_said_of_the_nodes_and_not_of_the_exit_status(
    nodes: tuple[NodeOutcome, ...], also: dict[str, Any], ending: Ending
) -> None:
    assert ending_of(ApplyReport(nodes, **also), is_confirmed=False) is ending


def test_what_had_to_be_confirmed_and_is_done_was_confirmed() -> None:
    assert ending_of(ApplyReport((NEW,)), is_confirmed=True) is Ending.CONFIRMED
    assert Ending.CONFIRMED.is_in_force
    assert not Ending.UNCONFIRMED.is_in_force


def test_nodes_with_the_same_outcome_are_told_together() -> None:
    others = tuple(NodeOutcome(f"pve{n}", error=f"pve{n}: not touched, because pve2 failed first") for n in (3, 4, 5))
    assert results_of((NEW, BAD, *others)) == (
        Result(nodes="pve1", what="done"),
        Result(nodes="pve2", what="as before", why="disk full"),
        Result(nodes="pve3-pve5", what="not touched", why="not touched, because pve2 failed first"),
    )
    assert results_of((BACK,)) == (Result(nodes="pve2", what="as before"),)
    assert results_of((AWAY,)) == (Result(nodes="pve3", what="not reached", why="offline"),)


def test_many_that_are_all_different_stay_few_lines() -> None:
    nodes = tuple(NodeOutcome(f"pve{n}", error=f"reason {n}", standing=Standing.AS_BEFORE) for n in range(1, 129))
    told = results_of(nodes)
    assert len(told) == MOST_GROUPS + 1
    assert told[-1] == Result(nodes="pve17-pve128", what="each with an outcome of its own")
    changes = ChangeSet(
        tuple(node(f"pve{n}", *(f"vx{i}" for i in range(n))) for n in range(1, 129)),
        pending=tuple(PendingChange("vnet", f"v{n}", "new") for n in range(20)),
    )
    short = in_short(changes)
    assert (short.where, short.total) == ("pve1-pve128", Counts(add=128 * 129 // 2))
    assert short.nodes[-1] == Planned(nodes="pve17-pve128", each=None)
    assert short.pending[-1] == "and 4 more"


def node(name: str, *added: str, frr: FrrAction = FrrAction.NONE) -> NodeChanges:
    stanzas = tuple(StanzaChange(interface, Action.ADD) for interface in added)
    file = FileChange("/etc/network/interfaces.d/pvesdn", None, "x", "0644", "root:root", None, stanzas)
    steps = () if frr is FrrAction.NONE else (ChangeFrr(frr),)
    return NodeChanges(name, NodeExecution(name, steps), (file,))


def test_a_plan_in_short_names_what_frr_does_and_leaves_out_who_has_nothing_to_do() -> None:
    idle = NodeChanges("pve4", NodeExecution("pve4"))
    changes = ChangeSet((node("pve1", "a", frr=FrrAction.RELOAD), node("pve2", "a"), node("pve3", "a"), idle))
    assert in_short(changes).nodes == (
        Planned(nodes="pve1", each=Counts(add=1), frr="reload"),
        Planned(nodes="pve2, pve3", each=Counts(add=1)),
    )
    assert in_short(ChangeSet((idle,))).where == ""


def test_options_that_decided_are_kept_as_they_were_given() -> None:
    flags = PlanFlags(
        overwrite=True, detach_guests=True, interfaces_new=True, allow_management=frozenset({"pve2", "pve1"})
    )
    manner = Manner(
        confirm_within=600, wishes=Wishes(canary="pve2", batch=1), commit_unrehearsed=True, only=("pve1", "pve2")
    )
    assert options_of(flags, manner) == (
        "--canary pve2",
        "--batch 1",
        "--confirm 600s",
        "--commit-unrehearsed",
        "--overwrite",
        "--detach-guests",
        "--with-interfaces-new",
        "--allow-management pve1",
        "--allow-management pve2",
        "--node pve1",
        "--node pve2",
    )
    assert options_of(PlanFlags(), AS_USUAL) == ()


def test_more_options_than_an_entry_holds_are_counted() -> None:
    names = tuple(f"pve{number}" for number in range(100))
    told = options_of(PlanFlags(), Manner(only=names))
    assert len(told) == MOST_FLAGS
    assert told[-2:] == ("--node pve62", "and 37 more")


def test_a_text_becomes_one_line_that_is_not_too_long() -> None:
    assert one_line("a\nb\x1b[2J", 20) == "a b [2J"
    assert one_line("x" * 1000, LONGEST_REASON) == "x" * (LONGEST_REASON - 3) + "..."
