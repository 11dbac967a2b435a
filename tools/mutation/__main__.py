"""Mutation testing of compare and node: `make mutation`, `make mutation ONLY=compare/diff`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version

import pytest

from tools.mutation import report
from tools.mutation.hunt import Hunt, Verdict
from tools.mutation.mutants import Imports, make
from tools.mutation.refused import refused
from tools.mutation.survey import Survey
from tools.mutation.values import ROOT, Mutant

WORK = ROOT / "build/mutation"
PAGE = ROOT / "docs/mutation.md"
JUDGED = ROOT / "tools/mutation/equivalent.toml"
TESTS = (
    *("tests/unit/compare", "tests/unit/node", "tests/unit/workflows", "tests/unit/design", "tests/unit/decode"),
    *("tests/golden", "tests/golden_pve", "tests/golden_verify", "tests/cluster"),
    *("tests/contract/test_nodes.py", "tests/contract/test_node_agent.py", "tests/cli/test_apply_node.py"),
    *(
        "tests/cli/test_plan.py",
        "tests/cli/test_plan_says.py",
        "tests/laws/test_fingerprints.py",
        "tests/cli/test_saved_plan.py",
    ),
)
"""What may find a mutant: tests that call the modules in their own process."""
OPTIONS = (
    *("-q", "-s", "--no-header", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:cov"),
    *("-m", "not wide", "-k", "not ssh and not killed_at_any_line and not process_is_real"),
)
"""Nothing is captured in files that processes would share; no SSH server, and no program in a process of its own."""


def main() -> int:
    """Make the mutants, hunt them, say which are left; 1 when a package is below the bar."""
    parser = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="mutants with TEXT in `path:function`; writes no page"
    )
    parser.add_argument("--processes", type=int, default=2, metavar="N", help="mutants that are met at a time")
    given = parser.parse_args()
    begun = time.monotonic()

    (WORK / "made").mkdir(parents=True, exist_ok=True)
    modules = list(make(given.only, WORK / "made"))
    mutants = [mutant for made in modules for mutant in made.mutants]
    tell(f"{len(mutants)} mutants of {sum(bool(made.mutants) for made in modules)} modules; mypy reads them")
    untyped = refused([made for made in modules if made.mutants], WORK / "typed")
    asked = [mutant for mutant in mutants if mutant.name not in untyped]
    sys.meta_path.insert(0, Imports(modules))
    found = hunted(asked, [made.path for made in modules], given.processes)
    if found is None:
        return 2
    known = report.judgements(JUDGED.read_text("utf-8"))
    outcomes = {mutant: found.get(mutant.name, "refused") for mutant in mutants}
    results = report.judged(outcomes, known)
    minutes = (time.monotonic() - begun) / 60
    if given.only:
        for result in results:
            if result.is_left:
                print("\n".join(report.told(result)) + (" (judged)" if result.judgement else ""))
        tell(f"{report.score(results):.1f} % found, in {minutes:.0f} minutes")
        return 0
    facts = f"mutmut {version('mutmut')}, {given.processes} mutants at a time, {minutes:.0f} minutes."
    PAGE.write_text(report.page(results, time.strftime("%Y-%m-%d"), facts), "utf-8")
    for judgement in known:
        if not any(result.judgement is judgement for result in results):
            tell(f"judged, but nothing like it is left: {judgement.where}: {judgement.old} -> {judgement.new}")
    tell(f"{report.score(results):.1f} % found, in {minutes:.0f} minutes; wrote {PAGE.relative_to(ROOT)}")
    low = report.below(results)
    if low:
        tell(f"below the bar of {report.BAR:.0f} %: {', '.join(low)}")
    return 1 if low else 0


def hunted(asked: Sequence[Mutant], paths: Iterable[str], processes: int) -> dict[str, str] | None:
    """Outcomes by name; None when the tests fail without any mutant. :param paths: of all modules that are mutated."""
    memory = WORK / "found-by.json"
    known: dict[str, str] = json.loads(memory.read_text("utf-8")) if memory.exists() else {}

    def keep(verdicts: Mapping[str, Verdict]) -> None:
        found = {mutant.change: verdicts[mutant.name].test for mutant in asked if mutant.name in verdicts}
        text = json.dumps(known | {change: test for change, test in found.items() if test}, ensure_ascii=False)
        memory.write_text(text, "utf-8")

    hunt = Hunt(asked, known, Survey(WORK / "survey.json", ROOT, paths), processes=processes, tell=tell, keep=keep)
    status = pytest.main([*OPTIONS, *TESTS], plugins=[hunt])
    if hunt.broken:
        tell("these tests fail without any mutant: " + ", ".join(hunt.broken))
        return None
    if not hunt.verdicts and asked:
        tell(f"pytest ended with status {status}")
        return None
    keep(hunt.verdicts)
    return {name: verdict.outcome for name, verdict in hunt.verdicts.items()}


def tell(text: str) -> None:
    """A line about what goes on."""
    print(f"mutation: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
