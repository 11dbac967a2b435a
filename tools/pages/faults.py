"""The table of docs/safety.md of what is made to fail: its numbers are those of the tests' own tables."""

from __future__ import annotations

from importlib import import_module
from math import prod

ROWS = (
    (
        "a call of the API: 403, 500, 596, late, cut off before or after, no JSON, another shape, empty",
        "cluster.faults.test_calls:test_whatever_the_api_answers_every_node_is_old_or_new",
    ),
    (
        "a call of a node: refused, late, cut off before it was heard or after, another answer",
        "cluster.faults.test_calls:test_whatever_a_node_answers_every_node_is_old_or_new",
    ),
    (
        "a call about the cluster lock: the same",
        "cluster.faults.test_calls:test_whatever_comes_of_the_lock_every_node_is_old_or_new",
    ),
    (
        "the call that settles what an earlier run has left open: refused, cut off before or after",
        "cluster.test_lock:test_whatever_comes_of_the_call_that_settles_what_was_left_open_nothing_stays_locked",
    ),
    (
        "the machine that runs pvesdn: killed before and after a call that changes something",
        "cluster.faults.test_calls:test_wherever_a_run_is_killed_every_node_is_old_or_new",
    ),
    (
        "the program on a node: killed before each system call of a verb that writes",
        "unit.node.test_program_undoes:test_killed_before_any_system_call_the_next_undo_leaves_the_node_old_or_new",
    ),
    (
        "each write of a verb on a node: no space left, input/output error, read-only from there on",
        "unit.node.test_program_disks:test_whichever_write_fails_the_node_is_whole_and_can_be_put_back",
    ),
    (
        "at a step of an apply: SSH to a node is lost, a node is restarted, the quorum is lost",
        "cluster.faults.test_mishaps:test_whenever_the_cluster_has_a_mishap_every_node_is_old_or_new",
    ),
    (
        "a node of an apply that was killed: restarted",
        "cluster.test_alone:test_a_node_that_is_restarted_in_the_middle_comes_up_with_the_network_of_before",
    ),
    (
        "beside a step: another apply, `watch`, a reload by hand, Apply in the panel, `pve-sdn-commit`",
        "cluster.faults.test_beside:test_whatever_others_do_meanwhile_every_node_is_old_or_new",
    ),
    (
        "applies that begin together: two, three",
        "cluster.test_lock:test_of_those_that_begin_together_one_goes_first_and_the_others_find_it_done",
    ),
    (
        "a run that was killed and left the cluster lock, and one that comes after it",
        "cluster.test_lock:test_who_comes_after_a_run_that_was_killed_waits_and_goes_on",
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
        "a rehearsal of PVE's definitions: what goes wrong before the commit",
        "cluster.test_rehearsal:test_whatever_goes_wrong_before_the_commit_every_node_is_as_before_and_pve_is_still_pending",
    ),
    (
        "PVE's lock, its definitions and the call itself, right before its commit",
        "cluster.test_sdn_lock:test_what_happens_right_before_the_commit_stops_it_and_every_node_is_as_before",
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
