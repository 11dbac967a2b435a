"""What the hunt found, as docs/mutation.md says it."""

from __future__ import annotations

import textwrap
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from tools.mutation.values import PACKAGES, Mutant

BAR = 85.0
"""Per cent of the mutants that mypy lets through, in each package."""

HEAD = """\
# Mutation testing

Made by `make mutation`; `docs/decisions/0029-mutants.md` says how and why. Each mutant is one function of
`pvesdn/compare` or `pvesdn/node` with one change: an operator, a number, a text, an argument, a `case`. It is found
when a test fails that runs the changed line in its own process.
"""


@dataclass(frozen=True)
class Judgement:
    """Survivors that somebody has read, and that are no worse than the code as it is.

    :param where: pattern for `path: function`.
    :param old: is in `Mutant.old`; empty for any.
    :param new: is in `Mutant.new`; empty for any.
    :param reason: why no test should find them.
    """

    where: str
    old: str
    new: str
    reason: str

    def covers(self, mutant: Mutant) -> bool:
        """Whether it speaks of this one."""
        place = f"{mutant.path}: {mutant.function}"
        return fnmatchcase(place, self.where) and self.old in mutant.old and self.new in mutant.new


@dataclass(frozen=True)
class Result:
    """One mutant and what has become of it.

    :param outcome: ``refused`` by mypy, ``killed``, ``hung``, ``survived`` or ``unreached``.
    """

    mutant: Mutant
    outcome: str
    judgement: Judgement | None = None

    @property
    def is_left(self) -> bool:
        """No test has found it."""
        return self.outcome in {"survived", "unreached"}


def judgements(text: str) -> list[Judgement]:
    """:param text: of equivalent.toml."""
    entries = tomllib.loads(text).get("equivalent", [])
    return [Judgement(e["where"], e.get("old", ""), e.get("new", ""), e["reason"]) for e in entries]


def judged(outcomes: Mapping[Mutant, str], known: Sequence[Judgement]) -> list[Result]:
    """Every mutant with its outcome; a survivor with the first judgement that speaks of it."""
    results = [Result(mutant, outcome) for mutant, outcome in outcomes.items()]
    return [
        Result(found.mutant, found.outcome, next((j for j in known if j.covers(found.mutant)), None))
        if found.is_left
        else found
        for found in results
    ]


def score(results: Iterable[Result]) -> float:
    """Per cent that a test has found of those that mypy let through, judged ones among them."""
    asked = [found for found in results if found.outcome != "refused"]
    return 100.0 * sum(not found.is_left for found in asked) / len(asked) if asked else 100.0


def below(results: Sequence[Result]) -> list[str]:
    """The packages under the bar."""
    shares = {package: score(r for r in results if r.mutant.path.startswith(package)) for package in PACKAGES}
    return [f"{package}: {share:.1f} %" for package, share in shares.items() if share < BAR]


def page(results: Sequence[Result], date: str, facts: str) -> str:
    """docs/mutation.md. :param facts: how it was run, a sentence."""
    left = [found for found in results if found.is_left]
    parts = [HEAD, f"Last run: {date}. {facts}\n", "## Result\n", _table(results)]
    parts += ["## Left and judged\n", *(_by_reason([found for found in left if found.judgement is not None]))]
    parts += ["## Left and open\n", *(_by_module([found for found in left if found.judgement is None]))]
    return "\n".join(parts)


def _table(results: Sequence[Result]) -> str:
    rows = [
        "| module | mutants | refused by mypy | found by a test | of these, hung | judged | open | found |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for package in PACKAGES:
        inside = [found for found in results if found.mutant.path.startswith(f"{package}/")]
        paths = sorted({found.mutant.path for found in inside})
        rows += [_row(f"`{path}`", [found for found in inside if found.mutant.path == path]) for path in paths]
        rows.append(_row(f"**{package}**", inside))
    return "\n".join([*rows, _row("**both**", results), ""])


def _row(name: str, results: Sequence[Result]) -> str:
    counts = [
        len(results),
        sum(found.outcome == "refused" for found in results),
        sum(found.outcome in {"killed", "hung"} for found in results),
        sum(found.outcome == "hung" for found in results),
        sum(found.is_left and found.judgement is not None for found in results),
        sum(found.is_left and found.judgement is None for found in results),
    ]
    return f"| {name} | {' | '.join(map(str, counts))} | {score(results):.1f} % |"


def _by_reason(results: Sequence[Result]) -> Iterator[str]:
    reasons = {found.judgement.reason: None for found in results if found.judgement is not None}
    for reason in reasons:
        yield textwrap.fill(reason, 120, break_long_words=False, break_on_hyphens=False) + "\n"
        yield _block([found for found in results if found.judgement is not None and found.judgement.reason == reason])
    if not results:
        yield "None.\n"


def _by_module(results: Sequence[Result]) -> Iterator[str]:
    for path in sorted({found.mutant.path for found in results}):
        yield f"`{path}`:\n"
        yield _block([found for found in results if found.mutant.path == path])
    if not results:
        yield "None.\n"


def _block(results: Iterable[Result]) -> str:
    return "\n".join(["```diff", *(line for found in results for line in told(found)), "```\n"])


def told(found: Result) -> Iterator[str]:
    """One mutant in lines."""
    mutant = found.mutant
    yield f"{PurePosixPath(mutant.path).name}:{mutant.line} {mutant.function} ({found.outcome})"
    for text in (f"- {mutant.old}", f"+ {mutant.new}"):
        yield from textwrap.wrap(text, 120, initial_indent="  ", subsequent_indent="      ")
