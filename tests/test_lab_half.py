"""The lab's scenarios in two halves, for a run that has no time for all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvesdn_lab.live.outside.shares import seconds
from pvesdn_lab.live.scenario import choose
from tools import lab_half
from tools.lab_half import half


def test_every_scenario_is_in_one_of_the_halves() -> None:
    both = [*half(0), *half(1)]
    assert sorted(scenario.name for scenario in both) == sorted(scenario.name for scenario in choose(()))


def test_neither_half_takes_much_longer_than_the_other() -> None:
    assert 0.8 < seconds(half(0)) / seconds(half(1)) < 1.25


@pytest.mark.parametrize("number", [0, 1])
def test_one_is_named_and_the_other_noted(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    noted = tmp_path / "not-tried"
    noted.write_text("not tried: something else\n", "utf-8")
    monkeypatch.setattr("sys.argv", ["lab_half.py", str(number), str(noted)])
    assert lab_half.main() == 0
    assert capsys.readouterr().out.split() == [scenario.name for scenario in half(number)]
    first, line = noted.read_text("utf-8").splitlines()
    assert first == "not tried: something else"
    assert all(scenario.name in line for scenario in half(1 - number))
