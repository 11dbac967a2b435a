"""What a run of the scenarios has shown, as a document: scenario by scenario, assertion by assertion, with the figures."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

RESULTS = "results.jsonl"
_SOURCES = ("speaks_from", "sessions")
"""Verbs that measure where sessions speak from; the first says more."""

_HEAD = """\
# Evidence

Written by `pvesdn lab test --evidence`: what was proven on live state, with what was measured. Real are FRR, ifupdown2,
sshd and the kernel; the PVE API is simulated, and everything that changed a node went through `pvesdn apply`, or was typed
there as docs/import.md says it.
"""


def write_evidence(results: Path, target: Path) -> None:
    """Turn ``results.jsonl`` in the folder `results` into a document."""
    target.write_text(evidence(read_results(results)), "utf-8")


def join_results(parts: Iterable[Path], folder: Path, *, joins: bool = False) -> None:
    """Put the results of several folders into one, scenarios in the order of the parts' own numbers.

    :param joins: what `folder` has of scenarios that are not among the parts stays; otherwise nothing of it does.
    """
    rows = [row for part in parts for row in read_results(part)]
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


def evidence(rows: list[dict[str, Any]]) -> str:
    """The document."""
    last = {str(row["scenario"]): int(row.get("attempt", 1)) for row in rows}
    told = [row for row in rows if row["proves"] or row["outcome"] != "ok"]
    proofs = [row for row in told if row.get("attempt", 1) == last[row["scenario"]]]
    before = [row for row in told if row not in proofs and row["outcome"] != "ok"]
    counts = Counter(row["outcome"] for row in proofs)
    total = sum(row["seconds"] for row in rows)
    parts = [_HEAD, f"{counts['ok']} assertions hold, {len(proofs) - counts['ok']} do not. {total:.0f} s in all.\n"]
    parts += _runs(rows)
    parts += _sources(row for row in rows if row.get("attempt", 1) == last[row["scenario"]])
    for scenario, found in groupby(proofs, key=lambda row: str(row["scenario"])):
        steps = list(found)
        parts.append(f"## {scenario}: {steps[0]['title']}\n\nKernel {steps[0]['kernel']}.\n")
        table = ["| assertion | holds | measured |", "|---|---|---|"]
        table += [f"| {row['proves'] or row['verb']} | {_word(row)} | {_cell(row['measured'])} |" for row in steps]
        parts.append("\n".join(table) + "\n")
        parts += [
            f"This is the second attempt. In the first: {row['proves'] or row['verb']}: {_cell(row['measured'])}\n"
            for row in before
            if row["scenario"] == scenario
        ]
    return "\n".join(parts)


def _runs(rows: Iterable[dict[str, Any]]) -> list[str]:
    """That the results are those of several runs, and which scenarios are of which; nothing where they are of one."""
    runs: dict[str, list[str]] = {}
    for name, begun in {row["scenario"]: str(row.get("run", "")) for row in rows}.items():
        runs.setdefault(begun, []).append(name)
    if len(runs) < 2:  # noqa: PLR2004 - runs
        return []
    lines = [f"* begun {begun or 'before that'}: {', '.join(runs[begun])}" for begun in sorted(runs, reverse=True)]
    return ["\n".join([f"These are the results of {len(runs)} runs:\n", *lines]) + "\n"]


def _sources(rows: Iterable[dict[str, Any]]) -> list[str]:
    """Which addresses sessions speak from: a line for each thing that a scenario measured."""
    measured: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        if row["verb"] in _SOURCES and row["outcome"] == "ok":
            measured.setdefault(row["scenario"], {}).setdefault(row["verb"], []).append(row["measured"])
    if not measured:
        return []
    table = ["## Where sessions speak from\n", "| scenario | measured |", "|---|---|"]
    for scenario, found in measured.items():
        best = next(found[verb] for verb in _SOURCES if verb in found)
        table += [f"| {scenario} | {_cell(text)} |" for text in dict.fromkeys(best)]
    return ["\n".join(table) + "\n"]


def _word(row: dict[str, Any]) -> str:
    return {"ok": "yes", "failed": "**no**"}.get(str(row["outcome"]), "**not shown**")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())[:300]
