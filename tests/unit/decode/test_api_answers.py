"""What the API and pvesh say of tasks and refusals."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvesdn.decode.cluster import answers as api_answers
from pvesdn.decode.cluster.answers import AnswerError

RELOAD = "UPID:pve-1:0001A2B3:1C0FFEE00:6B0332BB:srvreload:networking:root@pam:"
WHOLE = "UPID:pve-1:0001A2B3:00C0FFEE:6B0332BB:reloadnetworkall::root@pam!tok:"

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["n", "t", "upid", "status", "type"]) | st.text(), inner)
    ),
    max_leaves=20,
)


def fault_of(decode: Callable[[], object]) -> str:
    """What the decoder's own error says; empty without one. Any other error comes out."""
    try:
        decode()
    except AnswerError as error:
        return str(error)
    return ""


class TestUpids:
    @pytest.mark.parametrize("upid", [RELOAD, WHOLE])
    def test_one_is_found_in_whatever_surrounds_it(self, upid):
        kind = api_answers.kind_of(upid)
        assert api_answers.find_upid(f'some words\n"{upid}"\nmore', kind) == upid

    def test_the_last_of_the_kind_counts(self):
        later = RELOAD.replace("0001A2B3", "0001A2B4")
        assert api_answers.find_upid(f"{RELOAD}\n{later}\n{WHOLE}", "srvreload") == later

    @pytest.mark.parametrize("text", [None, 7, "", "UPID:pve1:", RELOAD])
    def test_without_one_of_the_kind_it_is_an_error(self, text):
        with pytest.raises(AnswerError, match="does not name a task of type reloadnetworkall"):
            api_answers.find_upid(text, "reloadnetworkall")

    def test_its_node_is_its_second_word(self):
        assert api_answers.node_of(WHOLE) == "pve-1"

    @pytest.mark.parametrize("upid", ["", "UPID:", f"{RELOAD}/../..", "../../version", RELOAD.replace("pve-1", "a/b")])
    def test_what_is_none_has_no_node(self, upid):
        with pytest.raises(AnswerError, match="is not a UPID"):
            api_answers.node_of(upid)


class TestPrivileges:
    def test_those_of_a_path_are_those_of_its_row_and_of_the_rows_above(self):
        rows = {
            "/": {"Sys.Audit": 1},
            "/nodes/pve1": {"Sys.Modify": 0},
            "/nodes/pve10": {"VM.Audit": 1},
            "/sdn": {"x": 1},
        }
        assert api_answers.decode_privileges(rows, "/nodes/pve1") == {"Sys.Audit", "Sys.Modify"}
        assert api_answers.decode_privileges(rows, "/nodes/pve10") == {"Sys.Audit", "VM.Audit"}

    def test_without_a_row_there_are_none(self):
        assert api_answers.decode_privileges({}, "/sdn") == frozenset()

    @given(anything)
    def test_anything_else_is_an_error_of_its_own(self, answer):
        fault_of(lambda: api_answers.decode_privileges(answer, "/sdn"))


class TestTasks:
    def test_a_running_task_has_no_exit_status(self):
        assert api_answers.decode_task(RELOAD, {"status": "running", "new-field": 1}).is_running

    @pytest.mark.parametrize(("exit_status", "is_good"), [("OK", True), ("WARNINGS: 2", True), ("it broke", False)])
    def test_an_ended_one_has_it(self, exit_status, is_good):
        state = api_answers.decode_task(RELOAD, {"status": "stopped", "exitstatus": exit_status})
        assert (state.exit_status, state.is_good, state.node) == (exit_status, is_good, "pve-1")

    def test_a_task_that_was_killed_has_none_and_is_not_good(self):
        state = api_answers.decode_task(RELOAD, {"status": "stopped"})
        assert not state.is_running
        assert not state.is_good

    def test_log_lines_come_in_their_order(self):
        assert api_answers.decode_task_log([{"n": 2, "t": "b"}, {"n": 1, "t": "a"}, {"n": 3}]) == ("a", "b", "")

    def test_a_server_that_ignores_the_filters_is_filtered_here(self):
        rows = [
            {"upid": "b", "starttime": 20, "type": "srvreload"},
            {"upid": "x", "starttime": 20, "type": "vzdump"},
            {"upid": "a", "starttime": 10, "type": "srvreload"},
            {"upid": "0", "starttime": 9, "type": "srvreload"},
            {"upid": RELOAD, "starttime": 30},
        ]
        assert api_answers.decode_tasks(rows, kind="srvreload") == ("0", "a", "b", RELOAD)

    @given(anything)
    def test_no_answer_whatever_raises_anything_else(self, answer):
        for decode in (
            lambda: api_answers.decode_task(RELOAD, answer),
            lambda: api_answers.decode_task_log(answer),
            lambda: api_answers.decode_tasks(answer, kind="srvreload"),
            lambda: api_answers.find_upid(answer, "srvreload"),
        ):
            assert "\n" not in fault_of(decode)


class TestPvesh:
    @given(st.text())
    def test_no_output_whatever_raises_anything_else(self, text):
        assert "\n" not in fault_of(lambda: api_answers.pvesh_value(text))
        status, words = api_answers.pvesh_refusal(text)
        assert 400 <= status < 600
        assert words

    def test_the_document_at_the_end_counts(self):
        document = {"a": [1, 2, {"b": None}]}
        assert api_answers.pvesh_value("400 words\n\n" + json.dumps(document, indent=1)) == document

    def test_the_lines_behind_a_status_say_which_parameter(self):
        complaint = "warning\n400 Parameter verification failed.\nnode: bad\npvesh set ... \n"
        assert api_answers.pvesh_refusal(complaint) == (400, "Parameter verification failed. node: bad pvesh set ...")


class TestRefusals:
    def test_a_user_who_lacks_a_privilege_is_given_it_as_a_user(self):
        _, hint = api_answers.explain_refusal(403, "Permission check failed (/nodes/pve1, Sys.Modify)", "a@pve")
        assert hint == "pveum acl modify /nodes/pve1 --users 'a@pve' --roles Administrator"

    def test_one_of_several_privileges_is_enough(self):
        text = "Permission check failed (/sdn/zones/z, SDN.Audit|SDN.Allocate)"
        message, hint = api_answers.explain_refusal(403, text, "a@pve!t")
        assert message == "403, a@pve!t lacks SDN.Audit or SDN.Allocate on /sdn/zones/z"
        assert "--roles PVEAuditor" in hint

    def test_an_unknown_privilege_has_no_role_of_pves(self):
        _, hint = api_answers.explain_refusal(403, "Permission check failed (/, New.Right)", "a@pve")
        assert "--roles ROLE-WITH-New.Right" in hint

    def test_a_refusal_without_reason_points_to_the_list_of_permissions(self):
        message, hint = api_answers.explain_refusal(403, "Permission check failed", "a@pve!t")
        assert (message, hint) == (
            "403, Permission check failed",
            "see what a@pve!t may do: pveum user permissions a@pve",
        )

    @given(st.integers(300, 999), st.text(), st.sampled_from(["root@pam", "a@pve!t"]))
    def test_every_status_and_text_make_one_line_with_a_next_step(self, status, text, identity):
        message, hint = api_answers.explain_refusal(status, text, identity)
        assert hint
        assert str(status) in message
        assert (message + hint).isprintable()
