"""The document that a run of the scenarios writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pvesdn_lab.live.evidence import join_results, last_words, read_results, write_evidence


def row(**changes: object) -> dict[str, object]:
    common = {"scenario": "unicast", "title": "flooding", "verb": "reach", "proves": "", "outcome": "ok"}
    return {**common, "measured": "", "seconds": 1.0, "kernel": "6.1", **changes}


def written(tmp_path: Path, *rows: dict[str, object]) -> str:
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(entry) + "\n" for entry in rows))
    write_evidence(tmp_path, tmp_path / "evidence.md")
    return (tmp_path / "evidence.md").read_text()


def test_each_assertion_stands_with_what_was_measured(tmp_path: Path) -> None:
    text = written(tmp_path, row(proves="guests reach each other", measured="6 directions"))
    assert "* yes: guests reach each other\n  * 6 directions\n" in text
    assert "1 assertions hold, 0 do not." in text


def test_what_only_sets_the_scene_is_no_evidence(tmp_path: Path) -> None:
    text = written(tmp_path, row(verb="apply", measured="3 s")).partition("## Where the time went")[0]
    assert "apply" not in text.partition("assertions hold")[2]


def test_a_failure_is_said_even_where_nothing_was_to_be_proven(tmp_path: Path) -> None:
    text = written(tmp_path, row(verb="sessions", outcome="failed", measured="a|b\nc"))
    assert "* **no**: sessions\n  * a|b c\n" in text
    assert "0 assertions hold, 1 do not." in text


def test_a_run_without_results_claims_nothing(tmp_path: Path) -> None:
    write_evidence(tmp_path, tmp_path / "evidence.md")
    assert "0 assertions hold" in (tmp_path / "evidence.md").read_text()


def counted(way: str, **pairs: object) -> dict[str, object]:
    empty = dict.fromkeys(("untouched", "itself", "routed", "exit"))
    figures = {
        **empty,
        "change": "another VNI",
        "way": way,
        "reloads": 3 * (way == "api"),
        "makes_anew": False,
        **pairs,
    }
    return row(verb="lost_by", figures=figures)


def lost(number: int, seconds: float = 0.02) -> dict[str, object]:
    return {"sent": 500, "lost": number, "seconds": seconds}


def test_what_a_change_has_cost_is_a_line_of_a_table(tmp_path: Path) -> None:
    text = written(
        tmp_path,
        counted("api", untouched=lost(0), itself=lost(38, 0.76), routed=lost(0)),
        counted("changed", untouched=lost(0)),
    )
    assert "| another VNI | `api` | all | Debian's | 6.1 | 0 | 38 (0.76) | 0 | - |\n" in text
    assert "| another VNI | `changed` | changes | Debian's | 6.1 | 0 | - | - | - |\n" in text


def test_where_nothing_was_counted_there_is_no_table(tmp_path: Path) -> None:
    assert "Packets lost" not in written(tmp_path, row(proves="guests reach each other", figures={}))


def test_a_second_attempt_is_told_with_what_failed_in_the_first(tmp_path: Path) -> None:
    text = written(
        tmp_path,
        row(proves="guests reach each other", outcome="failed", measured="no answer"),
        row(proves="guests reach each other", measured="6 directions", attempt=2),
        row(scenario="multicast", proves="a group"),
    )
    assert "2 assertions hold, 0 do not." in text
    assert "* yes: guests reach each other\n  * 6 directions\n" in text
    assert text.count("This is the second attempt. In the first: guests reach each other: no answer\n") == 1


def test_results_of_several_places_are_in_the_scenarios_order(tmp_path: Path) -> None:
    for number, order in enumerate((40, 10)):
        (tmp_path / str(number)).mkdir()
        line = json.dumps(row(scenario=f"of-order-{order}", order=order))
        (tmp_path / str(number) / "results.jsonl").write_text(line + "\n")
    join_results([tmp_path / "0", tmp_path / "1", tmp_path / "absent"], tmp_path)
    assert [found["scenario"] for found in read_results(tmp_path)] == ["of-order-10", "of-order-40"]


def test_results_that_are_joined_keep_other_scenarios_alone(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    old = [row(scenario=name, order=order, measured="old") for name, order in (("one", 1), ("two", 2), ("three", 3))]
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [*old, old[1]]))
    (tmp_path / "new" / "results.jsonl").write_text(json.dumps(row(scenario="two", order=2, measured="new")) + "\n")
    join_results([tmp_path / "new"], tmp_path, joins=True)
    found = [(line["scenario"], line["measured"]) for line in read_results(tmp_path)]
    assert found == [("one", "old"), ("two", "new"), ("three", "old")]


def test_results_of_several_runs_are_told_as_such(tmp_path: Path) -> None:
    text = written(
        tmp_path,
        row(proves="guests reach each other", run="2026-03-01 10:00 UTC"),
        row(proves="they stay plugged in", run="2026-03-01 10:00 UTC"),
        row(scenario="multicast", proves="a group", run="2026-03-01 11:00 UTC"),
    )
    assert "These are the results of 2 runs:" in text
    assert "* begun 2026-03-01 11:00 UTC: multicast\n* begun 2026-03-01 10:00 UTC: unicast\n" in text


def test_results_of_one_run_need_no_such_word(tmp_path: Path) -> None:
    run = "2026-03-01 10:00 UTC"
    text = written(tmp_path, row(proves="one", run=run), row(scenario="multicast", proves="a group", run=run))
    assert "runs" not in text.partition("assertions hold")[2]


def test_where_sessions_speak_from_is_told_first_for_every_scenario_that_has_some(tmp_path: Path) -> None:
    text = written(
        tmp_path,
        row(scenario="mesh", verb="sessions", measured="2 Established, from 10.7.0.1"),
        row(scenario="on-lo", verb="sessions", measured="2 Established, from 10.7.9.1"),
        row(scenario="on-lo", verb="speaks_from", proves="from lo", measured="one from 10.7.9.1 on lo"),
        row(scenario="on-lo", verb="speaks_from", proves="again", measured="one from 10.7.9.2 on lo"),
        row(scenario="on-lo", verb="speaks_from", proves="again", measured="one from 10.7.9.1 on lo"),
        row(scenario="unicast", proves="guests reach each other"),
    )
    told = text.partition("## Where sessions speak from")[2].partition("\n## ")[0]
    assert "* mesh: 2 Established, from 10.7.0.1\n" in told
    assert "* on-lo: one from 10.7.9.1 on lo\n* on-lo: one from 10.7.9.2 on lo\n" in told
    assert told.count("on-lo") == 2
    assert "unicast" not in told


def test_sessions_that_speak_from_elsewhere_are_not_told_first(tmp_path: Path) -> None:
    text = written(tmp_path, row(verb="speaks_from", proves="from lo", outcome="failed", measured="from 10.7.0.1"))
    assert "Where sessions speak from" not in text
    assert "* **no**: from lo\n  * from 10.7.0.1\n" in text


def test_lines_are_no_longer_than_those_of_any_page(tmp_path: Path) -> None:
    many = ", ".join(f"10.7.0.{number}" for number in range(20))
    rows = [row(scenario=name, proves=f"sessions with {many}", verb="sessions", measured=many) for name in ("a", "b")]
    text = written(tmp_path, rows[0] | {"outcome": "failed", "run": many}, rows[0] | {"attempt": 2}, rows[1])

    assert max(map(len, text.splitlines())) <= 120
    assert text.count("10.7.0.1,") > 6


PAGE = (Path(__file__).parents[2] / "docs/evidence.md").read_text("utf-8")


def test_the_page_begins_as_the_lab_writes_it(tmp_path: Path) -> None:
    head = written(tmp_path).partition("0 assertions hold")[0]

    assert head.startswith("# Evidence\n")
    assert PAGE.startswith(head)


def test_the_page_says_what_running_pves_own_generators_showed(tmp_path: Path) -> None:
    section = written(tmp_path).partition("## PVE's own text")[2]

    assert "59 of 59 `interfaces.d/sdn`" in section
    assert section.rstrip("\n") in PAGE


@pytest.mark.parametrize("figure", ["59 of 59", "32 of 32", "820", "1,791", "3,455", "1,656", "447", "735", "28 "])
def test_the_figures_of_that_are_those_of_the_facts(figure: str) -> None:
    facts = (Path(__file__).parents[2] / "docs/pve.md").read_text("utf-8").partition('<a id="s10"></a>')[2]

    assert figure in facts.partition("\n## ")[0]
    assert figure in PAGE.partition("## PVE's own text")[2].partition("\n## ")[0]


def test_where_the_time_went_is_told_for_each_place_longest_first(tmp_path: Path) -> None:
    text = written(
        tmp_path,
        row(place="here-1", verb="apply", seconds=7.0),
        row(place="here-1", verb="apply", seconds=8.0),
        row(place="here-1", verb="reach", seconds=20.0),
        row(place="machine-1", verb="apply", seconds=60.0, kernel="6.1.176"),
    )
    assert "* here-1, kernel 6.1: 35 s of steps, among them 20 s reach (1 times), 15 s apply (2 times)\n" in text
    assert "* machine-1, kernel 6.1.176: 60 s of steps, among them 60 s apply (1 times)\n" in text


def test_joined_results_know_where_they_were_found(tmp_path: Path) -> None:
    for place in ("here-1", "machine-1"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "results.jsonl").write_text(json.dumps(row(scenario=place, order=1)) + "\n")
    join_results([tmp_path / "here-1", tmp_path / "machine-1"], tmp_path)
    assert [found["place"] for found in read_results(tmp_path)] == ["here-1", "machine-1"]


def test_a_run_ends_with_what_did_not_hold() -> None:
    lines = last_words(
        [
            row(proves="guests reach each other", outcome="failed", measured="no\nanswer"),
            row(proves="guests reach each other", measured="6 directions", attempt=2),
            row(scenario="vrrp", verb="apply", outcome="broken", measured="no lab"),
        ]
    )

    assert lines == [
        "failed in the first attempt: unicast: guests reach each other: no answer",
        "broken: vrrp: apply: no lab",
        "2 scenarios, 1 steps good, 1 not.",
    ]
