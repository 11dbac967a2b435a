"""What a run of the scenarios has shown, as a document: scenario by scenario, assertion by
assertion, with the figures.
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from pvesdn_lab.live.losses import loss_table

RESULTS = "results.jsonl"
_SOURCES = ("speaks_from", "sessions")
"""Verbs that measure where sessions speak from; the first says more."""
_LONGEST = 5
"""So many verbs are told with their time."""

_HEAD = """\
# Evidence

Written by `pvesdn lab test --evidence`: what was proven on live state, with what was measured. Real are FRR, ifupdown2,
sshd and the kernel; the PVE API is simulated. Everything that changed a node went through `pvesdn apply`, or was typed
there as docs/import.md says.
"""

_GENERATORS = """\
## PVE's own text

The lab's API is simulated and prints PVE's files with pvesdn's own renderer, so what it shows about PVE's zones is that
the text makes the network it should. That it is PVE's text was shown apart from the lab, by running PVE's own
generators, libpve-network-perl 1.2.5 and 1.3.0, on the same input:

* on the test cases that come with PVE, 1.3.0 as it was set up for this wrote 59 of 59 `interfaces.d/sdn` and 32 of 32
  `frr.conf` byte for byte as PVE expects them, so it is the generator;
* of nine cases of `tests/golden_pve` eight were equal, and one differed on one node;
* of 820 random configurations (1,791 nodes, 3,455 VNets, 1,656 `frr.conf`, 447 `frr.conf.local`) 735 had no difference
  and 28 differed in the order of lines only.

The rest came down to eight differences. docs/pve.md §10 lists them, with what became of each.
"""


def write_evidence(results: Path, target: Path) -> None:
    """Turn ``results.jsonl`` in the folder `results` into a document."""
    target.write_text(evidence(read_results(results)), "utf-8")


def join_results(parts: Iterable[Path], folder: Path, *, joins: bool = False) -> None:
    """Put the results of several folders into one, scenarios in the order of the parts' own numbers.

    :param joins: what `folder` has of scenarios that are not among the parts stays; otherwise nothing of it does.
    """
    rows = [{**row, "place": part.name} for part in parts for row in read_results(part)]
    if joins:
        new = {row["scenario"] for row in rows}
        rows += [row for row in read_results(folder) if row["scenario"] not in new]
    rows.sort(key=lambda row: int(row["order"]))
    (folder / RESULTS).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def read_results(folder: Path) -> list[dict[str, Any]]:
    """The results of a run, in the order of the run; empty when it had none."""
    file = folder / RESULTS
    lines = file.read_text("utf-8").splitlines() if file.is_file() else []
    return [json.loads(line) for line in lines]


def last_words(rows: Iterable[dict[str, Any]]) -> list[str]:
    """What did not hold, a line each, and a line that counts: for the end of a run, where somebody looks first."""
    rows = list(rows)
    last = _last_attempts(rows)
    lines = []
    for row in rows:
        if row["outcome"] != "ok":
            when = "" if row.get("attempt", 1) == last[row["scenario"]] else " in the first attempt"
            what = row["proves"] or row["verb"]
            lines.append(f"{row['outcome']}{when}: {row['scenario']}: {what}: {_text(row['measured'])}")
    final = Counter(row["outcome"] == "ok" for row in rows if row.get("attempt", 1) == last[row["scenario"]])
    return [*lines, f"{len(last)} scenarios, {final[True]} steps good, {final[False]} not."]


def _last_attempts(rows: Iterable[dict[str, Any]]) -> dict[str, int]:
    """By scenario, the number of its last attempt."""
    return {str(row["scenario"]): int(row.get("attempt", 1)) for row in rows}


def evidence(rows: list[dict[str, Any]]) -> str:
    """The document."""
    last = _last_attempts(rows)
    told = [row for row in rows if row["proves"] or row["outcome"] != "ok"]
    proofs = [row for row in told if row.get("attempt", 1) == last[row["scenario"]]]
    before = [row for row in told if row not in proofs and row["outcome"] != "ok"]
    counts = Counter(row["outcome"] for row in proofs)
    parts = [_HEAD, f"{counts['ok']} assertions hold, {len(proofs) - counts['ok']} do not.\n"]
    parts += [*_runs(rows), _GENERATORS]
    if counted := loss_table(row for row in rows if row.get("attempt", 1) == last[row["scenario"]]):
        parts.append(f"## Packets lost while something is changed\n\n{counted}")
    parts += _sources(row for row in rows if row.get("attempt", 1) == last[row["scenario"]])
    for scenario, found in groupby(proofs, key=lambda row: str(row["scenario"])):
        steps = list(found)
        parts.append(f"## {scenario}: {steps[0]['title']}\n\nKernel {steps[0]['kernel']}.\n")
        parts.append("\n".join(line for row in steps for line in _assertion(row)) + "\n")
        parts += [
            _wrapped(
                f"This is the second attempt. In the first: {row['proves'] or row['verb']}: {_text(row['measured'])}\n"
            )
            for row in before
            if row["scenario"] == scenario
        ]
    return "\n".join([*parts, *_times(rows)])


def _runs(rows: Iterable[dict[str, Any]]) -> list[str]:
    """That the results are those of several runs, and which scenarios are of which; nothing where they are of one."""
    runs: dict[str, list[str]] = {}
    for name, begun in {row["scenario"]: str(row.get("run", "")) for row in rows}.items():
        runs.setdefault(begun, []).append(name)
    if len(runs) < 2:  # noqa: PLR2004 - runs
        return []
    lines = [_item(f"begun {begun or 'before that'}: {', '.join(runs[begun])}") for begun in sorted(runs, reverse=True)]
    return ["\n".join([f"These are the results of {len(runs)} runs:\n", *lines]) + "\n"]


def _times(rows: list[dict[str, Any]]) -> list[str]:
    """Where the time went: in each place all steps, and the verbs that took most of it."""
    lines = ["## Where the time went\n"]
    for place in sorted({str(row.get("place", "")) for row in rows}):
        there = [row for row in rows if row.get("place", "") == place]
        took: dict[str, list[float]] = {}
        for row in there:
            took.setdefault(row["verb"], []).append(row["seconds"])
        most = sorted(took.items(), key=lambda item: -sum(item[1]))[:_LONGEST]
        kernels = ", ".join(sorted({row["kernel"] for row in there}))
        shown = ", ".join(f"{sum(times):.0f} s {verb} ({len(times)} times)" for verb, times in most)
        total = sum(row["seconds"] for row in there)
        lines.append(_item(f"{place or 'one place'}, kernel {kernels}: {total:.0f} s of steps, among them {shown}"))
    return ["\n".join(lines) + "\n"] if rows else []


def _sources(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Which addresses sessions speak from: a line for each thing that a scenario measured."""
    measured: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        if row["verb"] in _SOURCES and row["outcome"] == "ok":
            measured.setdefault(row["scenario"], {}).setdefault(row["verb"], []).append(row["measured"])
    if not measured:
        return []
    lines = ["## Where sessions speak from\n"]
    for scenario, found in measured.items():
        best = next(found[verb] for verb in _SOURCES if verb in found)
        lines += [_item(f"{scenario}: {_text(text)}") for text in dict.fromkeys(best)]
    return ["\n".join(lines) + "\n"]


def _assertion(row: dict[str, Any]) -> Iterator[str]:
    """Whether it holds, and below that what was measured."""
    yield _item(f"{_word(row)}: {row['proves'] or row['verb']}")
    if measured := _text(row["measured"]):
        yield _item(measured, indent="  ")


def _word(row: dict[str, Any]) -> str:
    return {"ok": "yes", "failed": "**no**"}.get(str(row["outcome"]), "**not shown**")


def _text(measured: str) -> str:
    return " ".join(measured.split())[:300]


def _item(text: str, *, indent: str = "") -> str:
    return _wrapped(text, first=f"{indent}* ", others=f"{indent}  ")


def _wrapped(text: str, *, first: str = "", others: str = "") -> str:
    """In lines of at most 120 columns; a list begins with `first`."""
    lines = textwrap.wrap(
        text, 120, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)
