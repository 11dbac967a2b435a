"""The pages that the lab's figures become: lost packets, and what many VNets cost."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn_lab.live.losses import Lost, text
from pvesdn_lab.live.scenario import read_scenario
from pvesdn_lab.live.testbed.space import LabFault
from pvesdn_lab.live.verbs.losses import edited, is_interrupted
from pvesdn_lab.live.verbs.scale import definitions
from pvesdn_lab.live.verbs.table import VERBS
from tools import hitless, scale

NOBODY: dict[str, Any] = dict.fromkeys(("untouched", "itself", "routed", "exit"))


def step(outcome: str = "ok", measured: str = "", **figures: object) -> dict[str, Any]:
    common = {"scenario": "one", "run": "2030-01-01 10:00 UTC", "verb": "lost_by", "outcome": outcome}
    return {**common, "measured": measured, "kernel": "6.1-x", "figures": figures}


def took(what: str, vnets: int, seconds: float | None, outcome: str = "ok", measured: str = "") -> dict[str, Any]:
    return step(outcome, measured, what=what, vnets=vnets, seconds=seconds)


def test_a_text_that_is_there_twice_is_not_replaced_in_silence() -> None:
    assert edited("tag 1\n", [["tag 1", "tag 2"]]) == "tag 2\n"
    with pytest.raises(LabFault, match="'tag 1' is in the definitions 2 times, not once"):
        edited("tag 1\ntag 1\n", [["tag 1", "tag 2"]])


def test_packets_that_the_kernel_kept_for_a_second_tell_of_a_way_that_was_cut() -> None:
    kept, busy = Lost(sent=200, lost=0, seconds=1.03), Lost(sent=200, lost=0, seconds=0.14)
    assert is_interrupted(kept, silent=0.5)
    assert not is_interrupted(busy, silent=0.5)
    assert is_interrupted(Lost(sent=200, lost=1, seconds=0.04), silent=0.5)
    assert [text(kept), text(busy), text(None)] == ["0 (1)", "0", "-"]


def test_the_page_of_lost_packets_says_how_many_steps_were_not_good() -> None:
    rows = [step(change="an ASN", way="api", reloads=0, makes_anew=True, **NOBODY), step("failed")]
    page = hitless.page(rows, "2030-01-02", 4)
    assert "Of the steps of the lab 1 were good and 1 were not." in page
    assert "* one, begun 2030-01-01 10:00 UTC: 2 changes\n\n" in page
    assert "| an ASN | `api` | changes | PVE's rule | 6.1 | - | - | - | - |" in page


def test_without_a_count_there_is_no_page_of_lost_packets() -> None:
    with pytest.raises(ValueError, match="has counted lost packets"):
        hitless.page([step()], "2030-01-02", 4)


@pytest.mark.parametrize("kind", scale.KINDS)
@pytest.mark.parametrize("vnets", [0, 1, 400])
def test_as_many_vnets_are_defined_as_were_asked_for(kind: str, vnets: int) -> None:
    assert len(decode_sdn({"pvesdn.cfg": definitions(kind, vnets)}, intent="pending").config.own.vnets) == vnets


@pytest.mark.parametrize("kind", scale.KINDS)
def test_what_scale_has_the_lab_do_are_steps_of_a_scenario(tmp_path: Path, kind: str) -> None:
    (tmp_path / "scenario.toml").write_text(scale.scenario(kind, 400, 60))
    steps = read_scenario(tmp_path).steps
    for one in steps:
        inspect.signature(VERBS[one.verb]).bind(None, **one.arguments)
    assert steps[-1].arguments["vnets"] == 0


def test_growth_is_the_times_factor_over_that_of_the_vnets() -> None:
    found = {("evpn", 100): [took("verify", 100, 2.0)], ("evpn", 400): [took("verify", 400, 16.0)]}
    page = scale.page(found, "2030-01-02", 4)
    assert "| verify | 2.0 s | 16 s | 2.0 |" in page
    assert "Not measured: 1,000, 4,000 VNets." in page


def test_what_was_stopped_is_said_and_does_not_count() -> None:
    late = took("verify", 400, None, "failed", "expected verify to end within 60 s")
    page = scale.page({("evpn", 100): [took("verify", 100, 2.0)], ("evpn", 400): [late]}, "2030-01-02", 4)
    assert "| verify | 2.0 s | not reached | - |" in page
    assert "* 400 VNets: verify: expected verify to end within 60 s" in page


def test_memory_is_told_with_the_vnets_there_not_of_the_beginning() -> None:
    rows = [step(vnets=vnets, frr_mib=vnets + 20.0, kernel_mib=float(vnets)) for vnets in (0, 100)]
    page = scale.page({("evpn", 100): rows}, "2030-01-02", 4)
    assert "| FRR's memory on a node | 120 MiB | - |" in page
    assert "| the kernel's memory for a node | 100 MiB | - |" in page


@pytest.mark.parametrize(
    ("more", "changed", "said"),
    [
        (
            80.0,
            20.0,
            "With 400 VNets ifupdown2 is the wall: one more takes 80 s where it looks at all\ninterfaces, 75 %",
        ),
        (80.0, 70.0, "or ifupdown2 is less than half of that"),
        (30.0, 5.0, "Up to here one VNet more takes less than 60 s"),
    ],
)
def test_where_ifupdown2_is_the_wall_is_told_of_the_times(more: float, changed: float, said: str) -> None:
    rows = [took(scale.ONE_MORE, 401, more), took(scale.ONE_MORE_CHANGED, 402, changed)]
    assert said in scale.page({("evpn", 400): rows}, "2030-01-02", 4)


def test_what_a_stopped_run_has_measured_is_found_again(tmp_path: Path) -> None:
    for name in ("unicast-100-results", "unicast-400-results/here-1", "evpn-100-results"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("unicast-100-results", "unicast-400-results/here-1"):
        (tmp_path / name / "results.jsonl").write_text(json.dumps(took("verify", 100, 2.0)) + "\n")
    assert scale.kept(tmp_path).keys() == {("unicast", 100), ("unicast", 400)}
