"""The table of docs/safety.md of what is made to fail: its numbers are those of the tests' own tables."""

from __future__ import annotations

from importlib import import_module
from math import prod

ROWS = (
    (
        "a call of a node: refused, cut off before it was heard, cut off after",
        "cluster.test_undo:test_whatever_call_fails_each_node_has_what_the_report_says",
    ),
    (
        "the call that reloads a node: cut off before it was heard, cut off after",
        "cluster.test_undo:test_a_reload_whose_task_nobody_can_name_is_undone_everywhere",
    ),
    (
        "a call about the cluster lock: refused, cut off before it was heard, cut off after",
        "cluster.test_lock:test_whatever_call_about_the_lock_fails_an_apply_is_made_or_refused_and_nothing_stays_locked",
    ),
    (
        "the cluster lock: taken away, or kept without a quorum, while nodes are changed",
        "cluster.test_lock:test_a_lock_that_is_lost_at_work_stops_the_apply_and_puts_every_node_back",
    ),
    (
        "PVE's rights, lock, quorum and pending edits, before any node is touched",
        "cluster.test_sdn_lock:test_what_pve_would_refuse_is_said_before_any_node_is_touched",
    ),
    (
        "the same right before PVE's commit",
        "cluster.test_sdn_lock:test_what_happens_right_before_the_commit_stops_it_and_every_node_is_as_before",
    ),
    (
        "the machine that runs pvesdn: killed before and after a call",
        "cluster.test_alone:test_a_run_that_is_killed_leaves_every_node_to_its_timer",
    ),
    (
        "a run that was killed and left the cluster lock, and one that comes after it",
        "cluster.test_lock:test_who_comes_after_a_run_that_was_killed_waits_and_goes_on",
    ),
    (
        "a node: restarted after a call",
        "cluster.test_alone:test_a_node_that_is_restarted_in_the_middle_comes_up_with_the_network_of_before",
    ),
    (
        "applies that begin together: two, three",
        "cluster.test_lock:test_of_those_that_begin_together_one_goes_first_and_the_others_find_it_done",
    ),
    (
        "each write of a verb on a node: no space left, input/output error, read-only from there on",
        "unit.node.test_program_disks:test_whichever_write_fails_the_node_is_whole_and_can_be_put_back",
    ),
)
"""What fails and how, and the test that has it: a module of tests, and a function."""


def fault_table() -> str:
    """The table, in Markdown."""
    rows = [(words, _cases(place)) for words, place in ROWS]
    lines = ["| what fails, and how | cases |", "|---|---|"]
    lines += [f"| {words} | {' x '.join(map(str, cases))}{_product(cases)} |" for words, cases in rows]
    return "\n".join([*lines, f"| together | {sum(prod(cases) for _, cases in rows)} |"])


def _cases(place: str) -> list[int]:
    """How many values each of the test's tables has."""
    module, _, name = place.partition(":")
    marks = [mark for mark in getattr(import_module(f"tests.{module}"), name).pytestmark if mark.name == "parametrize"]
    return [len(list(mark.args[1])) for mark in marks]


def _product(cases: list[int]) -> str:
    return f" = {prod(cases)}" if len(cases) > 1 else ""
