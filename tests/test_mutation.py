"""`make mutation`: mutants are made, met by the tests that call their function, and counted."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tools.mutation import report
from tools.mutation.survey import Cost, Survey
from tools.mutation.values import ROOT, Mutant

needs_mutmut = pytest.mark.skipif(find_spec("mutmut") is None, reason="mutmut is not installed: tools/setup mutation")

SHOP = """\
def price(count: int) -> int:
    total = count * 3
    return total if count < 10 else total - 1


def unsold() -> int:
    return 5


def runs_on(count: int) -> int:
    while count > 0:
        count -= 1
    return count
"""
TESTS = """\
from shop import price, runs_on


def test_small_orders():
    assert price(2) == 6


def test_it_ends():
    assert runs_on(3) == 0
"""
HUNT = """\
import json, sys
import pytest
from tools.mutation.hunt import Hunt
from tools.mutation.mutants import Imports, mutated
from tools.mutation.survey import Survey
from pathlib import Path

folder = Path(sys.argv[1])
sys.path.insert(0, str(folder))
made = mutated("shop.py", (folder / "shop.py").read_text())
sys.meta_path.insert(0, Imports([made]))
hunt = Hunt(made.mutants, {}, Survey(folder / "survey.json", folder, ["shop.py"]), processes=2, tell=print, keep=print)
options = ["-q", "-s", "-p", "no:cacheprovider", "-p", "no:xdist", "--import-mode=importlib", "-c", "/dev/null"]
pytest.main([*options, f"--rootdir={folder}", str(folder)], plugins=[hunt])
print(json.dumps([hunt.broken, {f"{m.line}: {m.old} -> {m.new}": hunt.verdicts[m.name].outcome for m in made.mutants}]))
"""


def hunt(folder: Path, tests: str) -> tuple[list[str], dict[str, str]]:
    """Tests that are broken, and outcomes by change."""
    (folder / "shop.py").write_text(SHOP)
    (folder / "test_shop.py").write_text(tests)
    done = subprocess.run(
        [sys.executable, "-c", HUNT, str(folder)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    broken, outcomes = json.loads(done.stdout.splitlines()[-1])
    return broken, outcomes


@needs_mutmut
def test_a_mutant_is_found_by_a_test_that_fails_of_it_and_else_survives(tmp_path: Path) -> None:
    broken, outcomes = hunt(tmp_path, TESTS)

    assert not broken
    assert outcomes["2: total = count * 3 -> total = count * 4"] == "killed"
    assert (
        outcomes["3: return total if count < 10 else total - 1 -> return total if count < 10 else total + 1"]
        == "survived"
    )
    assert outcomes["7: return 5 -> return 6"] == "unreached"
    assert outcomes["11: while count > 0: -> while count >= 0:"] == "killed"
    assert outcomes["12: count -= 1 -> count += 1"] in {"killed", "hung"}


@needs_mutmut
def test_with_tests_that_fail_anyway_nothing_is_hunted(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError):  # there are no verdicts to print
        hunt(tmp_path, TESTS.replace("== 6", "== 7"))


# --- what is known of the tests ---------------------------------------------------------------------------------------


def test_a_test_is_surveyed_again_when_it_or_the_sources_change(tmp_path: Path) -> None:
    for name in ("pvesdn/a.py", "tests/test_a.py", "tests/test_b.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    cost = Cost(0.5, {"pvesdn/a.py": frozenset({3, 4})})

    def survey() -> Survey:
        return Survey(tmp_path / "survey.json", tmp_path, [])

    survey().learn({"tests/test_a.py::test": cost, "tests/test_b.py::test": cost})
    assert survey().cost("tests/test_a.py::test") == cost
    assert survey().cost("tests/test_a.py::other") is None

    (tmp_path / "tests/test_a.py").write_text("# changed")
    assert survey().cost("tests/test_a.py::test") is None
    assert survey().cost("tests/test_b.py::test") == cost

    (tmp_path / "pvesdn/a.py").write_text("# changed")
    assert survey().cost("tests/test_b.py::test") is None


# --- the page ---------------------------------------------------------------------------------------------------------


def mutant(number: int, old: str = "a + b", new: str = "a - b", path: str = "pvesdn/compare/diff.py") -> Mutant:
    return Mutant(f"m.x_f__mutmut_{number}", (7, 7), (5, 9), path, "f", 7, old, new)


OUTCOMES = {
    mutant(1): "killed",
    mutant(2): "hung",
    mutant(3): "refused",
    mutant(4): "survived",
    mutant(5, "zip(a, b, strict=True)", "zip(a, b)"): "survived",
    mutant(6, path="pvesdn/node/boot.py"): "unreached",
}
KNOWN = report.judgements(
    '[[equivalent]]\nwhere = "pvesdn/compare/*: f"\nold = "strict=True"\nreason = "of one length"\n'
)


def test_the_score_is_of_what_mypy_lets_through_and_a_judgement_does_not_raise_it() -> None:
    results = report.judged(OUTCOMES, KNOWN)

    assert report.score(results) == 40.0
    assert report.below(results) == ["pvesdn/compare: 50.0 %", "pvesdn/node: 0.0 %"]


def test_the_page_counts_by_module_and_shows_every_survivor_with_its_reason_or_as_open() -> None:
    page = report.page(report.judged(OUTCOMES, KNOWN), "2026-11-26", "In 3 minutes.")

    assert "| `pvesdn/compare/diff.py` | 5 | 1 | 2 | 1 | 1 | 1 | 50.0 % |" in page
    assert "| **both** | 6 | 1 | 2 | 1 | 1 | 2 | 40.0 % |" in page
    judged, _, left = page.partition("## Left and open")
    assert "of one length\n\n```diff\ndiff.py:7 f (survived)\n  - zip(a, b, strict=True)\n  + zip(a, b)\n```" in judged
    assert "diff.py:7 f (survived)\n  - a + b\n  + a - b\n" in left
    assert "boot.py:7 f (unreached)\n" in left


def test_what_is_judged_equivalent_says_where_and_why() -> None:
    for judgement in report.judgements((ROOT / "tools/mutation/equivalent.toml").read_text("utf-8")):
        assert judgement.where.startswith("pvesdn/")
        assert judgement.old or judgement.new
        assert len(judgement.reason) > 20
