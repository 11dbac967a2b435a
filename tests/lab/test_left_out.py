"""Scenarios that this kernel cannot carry: named with the reason, and again as the run's last words."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pvesdn.errors import SettingsError
from pvesdn_lab.live.outside import holder
from pvesdn_lab.live.outside.machines.usermode import UserMode
from pvesdn_lab.live.packages import Unpacked
from pvesdn_lab.live.scenario import choose


@pytest.fixture(autouse=True)
def _on_a_kernel_without_vrf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holder.kernel, "obstacle", lambda: "")  # type: ignore[attr-defined]
    monkeypatch.setattr(holder, "fetch", lambda *_: None)
    monkeypatch.setattr(holder, "divide", lambda scenarios, _: ([], list(scenarios)))


def test_what_is_left_out_by_wish_is_said_first_and_last(tmp_path: Path) -> None:
    said: list[str] = []

    assert holder.run_scenarios(choose(("symmetric", "vrrp")), tmp_path, said.append, kind="auto", only_here=True)
    assert said == ["not tried: symmetric, vrrp: this kernel has no VRF devices"] * 2


def test_so_is_what_no_machine_can_be_had_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise SettingsError("no space left")

    said: list[str] = []
    monkeypatch.setattr(holder.machines, "choose", refuse)  # type: ignore[attr-defined]

    assert holder.run_scenarios(choose(("symmetric",)), tmp_path, said.append, kind="auto", if_possible=True)
    assert said == ["not tried: symmetric: a machine for them cannot be had: no space left"] * 2


def test_without_a_machine_for_nat_only_what_needs_nat_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise SettingsError("no space left")

    scenarios = list(choose(("symmetric", "pve-snat")))
    monkeypatch.setattr(holder.machines, "choose", lambda *_: UserMode(Unpacked(tmp_path, {})))  # type: ignore[attr-defined]
    monkeypatch.setattr(holder.machines, "with_nat", refuse)  # type: ignore[attr-defined]

    found, left_out = holder._machines(scenarios, "auto", print, only_here=False, if_possible=True)
    assert [[scenario.name for scenario in some] for _, some in found] == [["symmetric"]]
    assert left_out == "not tried: pve-snat: a machine for them cannot be had: no space left"
    with pytest.raises(SettingsError, match="no space left"):
        holder._machines(scenarios, "auto", print, only_here=False, if_possible=False)


def lost() -> int:
    """The status of a machine that has ended without a word."""
    raise SettingsError("the lab's virtual machine ended without a result")


@pytest.mark.parametrize(
    ("is_over", "told"),
    [(True, "the lab's virtual machine ended without a result"), (False, "machine-1 did not end within 4500 s")],
)
def test_a_machine_that_is_lost_fails_the_run_and_keeps_what_others_have_found(
    tmp_path: Path, told: str, *, is_over: bool
) -> None:
    said: list[str] = []
    (tmp_path / "machine-1").mkdir()
    with subprocess.Popen(["true"]) as process:
        place = holder._Place(tmp_path / "machine-1", process, lost)

    status = holder._status(place, said.append, is_over=is_over)
    holder._sum_up({tmp_path / "machine-1": status}, said.append)
    assert status != 0
    assert said == [
        told,
        "machine-1: its scenarios were not all run, and the lab ended with status 1",
        "0 scenarios, 0 steps good, 0 not.",
    ]
