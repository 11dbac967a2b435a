"""Whether a unit runs and is switched on, by systemd's words; and that nobody acts on what systemd does not tell."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from pvesdn.node.program import units
from pvesdn.node.program.machine import CommandResult, Machine, Refused, ended
from pvesdn.node.program.units import is_active, is_enabled
from tests.noderoot import FRR, NodeRoot
from tests.unit.node.asking import Asking

NO_BUS = ended(1, "", "Failed to connect to bus: No such file or directory\n")
ARM = {"id": "one", "who": "a test", "seconds": 600, "frr": "reload"}


class Systemd(Machine):
    """A node whose systemd gives these answers, one after the other, and then the last one for ever."""

    def __init__(self, *answers: CommandResult) -> None:
        super().__init__()
        self.answers = list(answers)

    def run(self, argv: list[str], limit: float) -> CommandResult:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that passes as soon as somebody waits."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))


@pytest.mark.parametrize(
    ("status", "word", "expected"),
    [
        (0, "active", True),
        (0, "reloading", True),
        (0, "refreshing", True),
        (3, "inactive", False),
        (4, "inactive", False),
        (3, "failed", False),
    ],
)
def test_a_unit_runs_or_not_by_its_word(status: int, word: str, *, expected: bool) -> None:
    assert is_active(Systemd(ended(status, f"{word}\n")), "frr") is expected


@pytest.mark.parametrize(
    ("status", "word", "expected"),
    [
        *((0, word, True) for word in ("enabled", "enabled-runtime", "static", "alias", "indirect", "generated")),
        *((1, word, True) for word in ("linked", "linked-runtime", "transient")),
        *((1, word, False) for word in ("disabled", "masked", "masked-runtime")),
        (4, "not-found", False),
    ],
)
def test_a_unit_is_switched_on_or_not_by_its_word(status: int, word: str, *, expected: bool) -> None:
    assert is_enabled(Systemd(ended(status, f"{word}\n")), "frr") is expected


def test_a_unit_that_is_not_there_is_switched_off_also_in_the_words_of_an_older_systemd() -> None:
    said = "Failed to get unit file state for frr.service: No such file or directory\n"
    assert is_enabled(Systemd(ended(1, "", said)), "frr") is False


@pytest.mark.parametrize("answer", [NO_BUS, ended(1, ""), ended(3, "maintenance\n"), ended(1, "bad\n")])
def test_any_other_word_or_none_is_no_answer(answer: CommandResult) -> None:
    with pytest.raises(Refused, match=r"nobody can tell whether frr runs: systemctl is-active frr ended with"):
        is_active(Systemd(answer), "frr")
    with pytest.raises(Refused, match=r"nobody can tell whether frr is enabled: systemctl is-enabled frr ended with"):
        is_enabled(Systemd(answer), "frr")


@pytest.mark.parametrize("end", ["active", "failed"])
def test_one_that_comes_up_is_waited_for(end: str) -> None:
    coming = ended(3, "activating\n")
    assert is_active(Systemd(coming, coming, ended(0, f"{end}\n")), "frr") is (end == "active")


@pytest.mark.parametrize("word", ["activating", "deactivating"])
def test_one_that_never_gets_there_is_no_answer_within_a_limit(word: str) -> None:
    with pytest.raises(Refused, match=f"it has been {word} for 20 s"):
        is_active(Systemd(ended(3, f"{word}\n")), "frr")


@pytest.fixture
def armable(node: NodeRoot, program: Asking, monkeypatch: pytest.MonkeyPatch) -> Iterator[NodeRoot]:
    for name in ("ip", "bridge"):
        node.command(name, prints="[]")
    monkeypatch.setattr(units, "COMING_UP", 0.0)
    assert program.problems(node.entry(FRR, "router bgp 1\n")) == []
    yield node
    assert "disable" not in " ".join(node.calls())


@pytest.mark.parametrize("question", ["is-active", "is-enabled"])
@pytest.mark.parametrize("said", ["echo activating; exit 3", "echo 'Failed to connect to bus' >&2; exit 1"])
def test_a_node_that_cannot_tell_how_its_frr_is_is_not_armed(
    armable: NodeRoot, program: Asking, question: str, said: str
) -> None:
    """A checkpoint that takes it for "no" has the way back stop an FRR that ran, and switch it off."""
    armable.command("systemctl", script=f'test "$1 $2" = "{question} frr" && {{ {said}; }}')
    assert "nobody can tell whether frr" in program.refusal("arm", **ARM)
    assert armable.leftovers() == []
    assert program.value("standing")["open"] is None


def test_an_undo_to_which_systemd_does_not_answer_is_not_done_and_stops_nothing(
    armable: NodeRoot, program: Asking
) -> None:
    armable.command("systemctl")
    program.value("arm", **ARM)
    program.value("commit", files=[{**armable.entry(FRR, "router bgp 1\n")}])
    armable.command("systemctl", complains="Failed to connect to bus\n", status=1)
    done = program.value("undo", id="one")
    assert done["state"] == "partly"
    assert "it could not be checked: nobody can tell whether frr runs" in json.dumps(done["left"])
    assert [call for call in armable.calls() if call.startswith(("systemctl stop", "systemctl restart"))] == []
