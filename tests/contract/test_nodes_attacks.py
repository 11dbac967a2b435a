"""Nodes that never come to an end, through each transport: every call ends at its deadline or
its limit, in one line.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pvesdn.adapters import command
from pvesdn.adapters.nodes import LocalTransport, SshTransport, Transport, call
from pvesdn.errors import NodeError, NodeFailed, NodeUnreachable
from pvesdn.node.program import MARKER
from tests.sshd import running_sshd

NODE = "pve1"
LIMIT = 1 << 20
MARK = f"printf '\\n{MARKER}\\n'"

AgentOf = Callable[..., Transport]


@pytest.fixture(params=["local", "ssh"])
def agent_of(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AgentOf]:
    """Make an agent whose node runs a shell script in place of the node program."""
    monkeypatch.setattr(call, "LARGEST_ANSWER", LIMIT)
    with ExitStack() as stack:

        def make(script: str, *, limit: float = 30.0) -> Transport:
            program = tmp_path / "program"
            program.write_text(f"#!/bin/sh\n{script}\n")
            program.chmod(0o755)
            if request.param == "local":
                return LocalTransport({NODE: tmp_path}, limit=limit, python=str(program))
            sshd = stack.enter_context(running_sshd(tmp_path / "sshd", NODE, {}, force_command=str(program)))
            return SshTransport({NODE: sshd.host()}, limit=limit, cluster_files=tmp_path)

        yield make


def refusal(agent: Transport, verb: str = "observe") -> NodeError:
    with pytest.raises(NodeError) as caught:
        agent.ask(NODE, verb, {})
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{NODE}: ")
    assert len(str(caught.value)) < 3000
    return caught.value


def printing(value: object) -> str:
    text = json.dumps(value).replace("'", "'\\''")
    return f"{MARK}; printf '%s\\n' '{text}'"


DRIPS = {
    "before the answer": "while :; do printf x; sleep 0.02; done",
    "in the answer": f"{MARK}; while :; do printf ' '; sleep 0.02; done",
    "after the answer": f"{printing({'ok': True, 'value': {}})}; while :; do echo; sleep 0.02; done",
}


@pytest.mark.parametrize("script", DRIPS.values(), ids=DRIPS)
def test_an_answer_that_drips_is_given_up_at_the_deadline(agent_of: AgentOf, script: str) -> None:
    error = refusal(agent_of(script, limit=1.0))
    assert isinstance(error, NodeUnreachable)
    assert "observe: no complete answer within 1 s" in error.message


def test_complaints_that_drip_are_no_sign_of_life(agent_of: AgentOf) -> None:
    error = refusal(agent_of("while :; do echo wait >&2; sleep 0.02; done", limit=1.0))
    assert "observe: no answer within 1 s" in error.message


def test_a_commit_that_drips_may_still_be_going_on(agent_of: AgentOf) -> None:
    error = refusal(agent_of(DRIPS["in the answer"], limit=1.0), "commit")
    assert "pvesdn plan --node pve1" in error.hint


@pytest.mark.parametrize("script", ["cat /dev/zero", f"{MARK}; yes '[[[['", f"{MARK}; tr '\\0' ' ' < /dev/zero"])
def test_an_answer_without_end_is_given_up_at_the_limit(agent_of: AgentOf, script: str) -> None:
    error = refusal(agent_of(script))
    assert isinstance(error, NodeUnreachable)
    assert "observe: it sent more than 1 MiB" in error.message
    assert "login shell" in error.hint


def test_complaints_without_end_take_no_memory_and_no_answer_away(agent_of: AgentOf) -> None:
    script = f"head -c 20000000 /dev/zero >&2; {printing({'ok': True, 'value': {'a': 1}})}"
    assert agent_of(script).ask(NODE, "observe", {}) == {"a": 1}


def test_of_complaints_the_last_line_is_told_and_not_all_of_it(agent_of: AgentOf) -> None:
    script = "cat > /dev/null; head -c 100000 /dev/zero | tr '\\0' x >&2; exit 3"
    assert "did not run the node program: xxx" in refusal(agent_of(script)).message


def test_what_does_not_listen_is_no_obstacle(agent_of: AgentOf) -> None:
    """The message is larger than a pipe, and nobody takes it."""
    assert agent_of(printing({"ok": True, "value": {}})).ask(NODE, "stage", {"files": ["x" * 1_000_000]}) == {}


@pytest.mark.parametrize(
    "answer",
    [
        "[" * 100_000,
        '{"ok": true, "value": {"a": ' + "9" * 10_000 + "}}",
        '{"ok": true, "value": [' + "[]," * 30_000 + "[]]}",
        '{"ok": true, "value": {"a": "ä"}}',
        '{"ok": true, "value": {"a": "\ud800"}'.encode("utf-8", "surrogatepass").decode("latin-1"),
    ],
    ids=["deep", "a long number", "many lists", "no ASCII", "cut off"],
)
def test_an_answer_that_cannot_be_read_costs_this_node_alone(
    agent_of: AgentOf, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, "LARGEST_ANSWER", 1 << 17)
    error = refusal(agent_of(f"cat > /dev/null; {MARK}; cat <<'END'\n{answer}\nEND"))
    assert "unexpected response from the node program" in error.message


def test_words_of_a_failure_are_one_line_whatever_they_are(agent_of: AgentOf) -> None:
    error = refusal(agent_of(printing({"ok": False, "error": "a\nb\x1b[31m\ud800" + "x" * 9000, "hint": "\ud800\n"})))
    assert isinstance(error, NodeFailed)
    assert error.message.startswith("pve1: a b [31m xxx")
    str(error).encode()


def test_what_is_given_up_is_gone_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call, "BRIEF_GRACE", 0.2)
    python = tmp_path / "python3"
    python.write_text(
        f"#!/bin/sh\ntrap '' TERM\nsh -c 'trap \"\" TERM; echo $$ > {tmp_path}/pid; while :; do :; done'\n"
    )
    python.chmod(0o755)
    refusal(LocalTransport({NODE: tmp_path}, limit=1.0, python=str(python)))
    pid = int((tmp_path / "pid").read_text())
    deadline = time.monotonic() + 20
    while _is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_a_child_that_keeps_the_pipe_is_waited_for_no_longer_than_the_deadline(tmp_path: Path) -> None:
    python = tmp_path / "python3"
    python.write_text(
        f"#!/bin/sh\n{printing({'ok': True, 'value': {}})}\nsetsid sleep 30 &\necho $! > {tmp_path}/pid\n"
    )
    python.chmod(0o755)
    refusal(LocalTransport({NODE: tmp_path}, limit=1.0, python=str(python)))
    os.kill(int((tmp_path / "pid").read_text()), 9)


def test_a_command_that_closes_its_output_is_still_waited_for() -> None:
    surroundings = {"PATH": "/usr/bin:/bin"}
    argv = ["sh", "-c", "exec >&- 2>&-; sleep 0.2; exit 7"]
    done = command.run(argv, surroundings=surroundings, seconds=30, size=10, grace=0)
    assert (done.status, bytes(done.output)) == (7, b"")
    with pytest.raises(command.CommandTimeoutError):
        command.run(["sh", "-c", "exec >&- 2>&-; sleep 30"], surroundings=surroundings, seconds=0.3, size=10, grace=0)
