"""The fuzzer itself: a few of its cases, and that it finds a fault where there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.fuzz import pve_laws
from tests.fuzz.__main__ import main
from tests.fuzz.cases import Failure, run_case, smallest
from tests.fuzz.corpus import Draft, names, start
from tests.fuzz.mutations import MUTATIONS
from tests.fuzz.runner import Tally, cases, is_good, report

ROOT = Path(__file__).parents[2]
SNAPSHOTS, NETWORKS = range(0, 30, 10), range(0, 9, 3)

ENOUGH = "120"
"""Snapshots of which some, whatever golden cases there are, have a word that no section type knows: one in twenty."""
DYING = """
import os, sys
from pvesdn.decode.definitions import entries

entries.shown = lambda _: os._exit(7)

if __name__ == "__main__":
    from tests.fuzz.__main__ import main
    sys.exit(main(sys.argv[1:]))
"""


def fuzz(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The command with something planted; so the processes that it starts have it as well."""
    command = [sys.executable, str(program), *words]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, env=environ, timeout=300)


@pytest.mark.parametrize(
    "seeds", [range(first, first + 10) for first in SNAPSHOTS], ids=lambda seeds: f"from {seeds[0]}"
)
def test_no_law_is_broken_by_a_mutated_snapshot(seeds: range) -> None:
    assert [ended for seed in seeds if isinstance(ended := run_case("snapshot", seed), Failure)] == []


@pytest.mark.parametrize("seeds", [range(first, first + 3) for first in NETWORKS], ids=lambda seeds: f"from {seeds[0]}")
def test_no_law_is_broken_by_a_random_network(seeds: range) -> None:
    assert [ended for seed in seeds if isinstance(ended := run_case("network", seed), Failure)] == []


@pytest.mark.skipif(pve_laws.VTYSH is None, reason="vtysh is not here, so FRR's parser was not asked: tools/setup test")
def test_frr_itself_takes_what_random_networks_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pve_laws, "_ASKED_OF_FRR", 1.0)

    assert [ended for seed in range(3) if isinstance(ended := run_case("network", seed), Failure)] == []


def test_a_run_without_frr_says_that_it_was_not_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pve_laws, "VTYSH", None)

    assert main(["--snapshots", "0", "--networks", "1", "--processes", "1"]) == 0
    assert "not tried: vtysh is not here, so FRR's parser was not asked: tools/setup test" in capsys.readouterr().out


def test_a_planted_fault_is_found_and_told_with_the_least_that_shows_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def forgetful(word: str) -> str:
        nothing: dict[str, str] = {}
        return nothing["nothing"] if word else word

    monkeypatch.setattr("pvesdn.decode.definitions.entries.shown", forgetful)  # words that no type of section knows
    assert main(["--snapshots", ENOUGH, "--networks", "0", "--processes", "1"]) == 1
    told, meanwhile = capsys.readouterr()
    assert "found: KeyError: \"'nothing'\", at" in meanwhile
    assert "KeyError: \"'nothing'\", at" in told
    assert "again: make fuzz SEED=" in told
    assert told.splitlines()[-1].endswith("FAILED")


def test_a_run_that_comes_to_its_end_says_what_was_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--snapshots", "10", "--networks", "2", "--processes", "1", "--start", "20"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("10 snapshots: ")
    assert "\n2 networks: " in told
    assert told.splitlines()[-1].endswith("every law held")


def test_a_run_that_has_too_little_time_fails_and_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--snapshots", "5", "--networks", "5", "--processes", "1", "--seconds", "0"]) == 1
    assert "not run in 0 s: 5 of 5 snapshots; give it more SECONDS" in capsys.readouterr().out


def test_a_run_that_is_interrupted_says_what_was_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(kind: str, seed: int) -> object:
        if seed == 21:
            raise KeyboardInterrupt
        return run_case(kind, seed)

    monkeypatch.setattr("tests.fuzz.runner.run_case", interrupted)
    assert main(["--snapshots", "5", "--networks", "0", "--processes", "1", "--start", "20"]) == 1
    told = capsys.readouterr().out
    assert told.startswith("1 snapshots: ")
    assert "4 of 5 snapshots" in told


@pytest.mark.long
def test_a_process_that_dies_is_a_failure_of_the_case_it_died_in(tmp_path: Path) -> None:
    program = tmp_path / "dying.py"
    program.write_text(DYING)
    ended = fuzz(program, "--snapshots", ENOUGH, "--networks", "0", "--processes", "2")
    assert ended.returncode == 1, ended.stderr
    assert "a process died in it, with exit status 7" in ended.stdout


def test_one_seed_is_run_in_every_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seed", "20"]) == 0
    assert capsys.readouterr().out == "seed 20: every law holds, for snapshot and network\n"


def test_a_failure_is_told_with_no_part_that_it_does_not_need(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(draft: Draft, _: object) -> str:
        draft.api["cluster/status"] = [draft]  # what no JSON holds
        return "something impossible"

    monkeypatch.setattr("tests.fuzz.cases.MUTATIONS", (*[m for m in MUTATIONS if m.__name__ == "packages"], crash))
    failures = (least for seed in range(40) if (least := smallest("snapshot", seed)) is not None)
    found = next(failure for failure in failures if "something impossible" in failure.made_of)
    assert found.made_of[1:] == ("something impossible",)


def test_the_same_fault_is_told_once_with_its_number() -> None:
    tally = Tally()
    for seed in (4, 9):
        tally.add(("snapshot", seed), Failure("snapshot", seed, "a law", "a law: broken", ("start from nothing",)))
    told = "\n".join(report(tally, {"snapshot": 2}, 9))
    assert told.count("FAILED") == 1
    assert "FAILED 2 times: a law: broken" in told
    assert not is_good(tally, {"snapshot": 2})


def test_seeds_of_every_kind_are_evenly_mixed() -> None:
    works = cases({"snapshot": 100, "network": 10}, start=7)
    assert Counter(kind for kind, _ in works[:55]) == {"snapshot": 50, "network": 5}
    assert {seed for kind, seed in works if kind == "network"} == set(range(7, 17))


def test_every_mutation_finds_something_to_do_somewhere() -> None:
    import random

    for mutation in MUTATIONS:
        drafts = (Draft.of(start(name)) for name in names())
        assert any(mutation(draft, random.Random("any")) for draft in drafts), mutation.__name__
