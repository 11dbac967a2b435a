"""Framing: what goes to a node and what is taken for an answer."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pvesdn.node.boot import BOOT, OPTIONS, Answer, NotAnAnswer, answer, message
from pvesdn.node.program import MARKER

GOOD = b'{"ok": true, "value": {"a": 1}}'


def after_marker(rest: bytes, before: bytes = b"\n") -> bytes:
    return before + MARKER.encode() + b"\n" + rest


def run(data: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, *OPTIONS], input=data, capture_output=True, check=False)


def test_the_program_answers_the_framed_message() -> None:
    done = run(message("read", {"files": []}))
    assert (done.returncode, done.stderr) == (0, b"")
    assert answer(done.stdout) == Answer(ok=True, value={"files": {}})


def test_a_message_cut_off_runs_nothing_of_the_program() -> None:
    data = message("read", {"files": []})
    for length in (len(data) // 2, 3):
        done = run(data[:length])
        assert done.returncode != 0
        assert MARKER.encode() not in done.stdout


def test_a_request_cut_off_is_refused() -> None:
    assert not answer(run(message("read", {"files": []})[:-1]).stdout).ok


def test_boot_passes_any_login_shell_as_one_word() -> None:
    assert not set(BOOT) & set("'\n!`\\$")


@pytest.mark.parametrize(
    "output",
    [
        after_marker(GOOD),
        after_marker(GOOD, before=b"Linux pve1 6.8\nhello\n"),
        after_marker(GOOD, before=b"no newline at its end\n"),
        after_marker(GOOD + b"\nlogout\n"),
        after_marker(GOOD, before=b"\xff\xfe\n"),
        after_marker(GOOD, before=b'{"ok": false}\n'),
    ],
)
def test_what_a_login_shell_prints_around_the_answer_is_ignored(output: bytes) -> None:
    assert answer(output) == Answer(ok=True, value={"a": 1})


@pytest.mark.parametrize(
    "output",
    [
        b"",
        GOOD,
        b"Welcome\n" + GOOD,
        after_marker(b""),
        after_marker(GOOD[:-1]),
        after_marker(b"[]"),
        after_marker(b'{"ok": true}'),
        after_marker(b'{"ok": true, "value": []}'),
        after_marker(b'{"ok": false, "error": 1, "hint": ""}'),
        after_marker(b'{"ok": "yes", "value": {}}'),
        after_marker(b"[" * 100_000),
    ],
)
def test_anything_else_is_no_answer(output: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        answer(output)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (b"", "no answer"),
        (GOOD, "no answer"),
        (after_marker(b"{"), "the answer is cut off or garbled: Expecting property name"),
        (after_marker(b"[]"), "the answer has an unexpected form"),
        (after_marker(b'{"ok": "\xc3\xa9"}'), "the answer is garbled: it is not ASCII text"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(output: bytes, said: str) -> None:
    with pytest.raises(NotAnAnswer) as wrong:
        answer(output)
    assert str(wrong.value).startswith(said)
    assert said.startswith("the answer is cut") or str(wrong.value) == said


def test_the_first_answer_counts_and_an_empty_line_is_none() -> None:
    assert answer(after_marker(GOOD) + after_marker(b'{"ok": true, "value": {}}')) == Answer(ok=True, value={"a": 1})
    with pytest.raises(NotAnAnswer, match="cut off"):
        answer(after_marker(b"\n" + GOOD))


def test_a_refusal_has_its_error_and_its_hint() -> None:
    text = json.dumps({"ok": False, "error": "no", "hint": "yes"}).encode()
    assert answer(after_marker(text)) == Answer(ok=False, error="no", hint="yes")
