"""Measure what hundreds and thousands of VNets cost on three live nodes, and write docs/scale.md: `make scale`.

Each number of VNets has a lab of its own, one after the other, so that nothing runs beside what is timed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pvesdn_lab.live.evidence import read_results

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/scale.md"
FOLDER = ROOT / "build/scale"
KINDS = ("unicast", "evpn")
NUMBERS = (400, 1000, 4000)
ONE_MORE, ONE_MORE_CHANGED = "one VNet more, PVE reloads all", "one VNet more, only it is reloaded"
OWN, OWN_EVERYWHERE = "one node's own `ifreload -a`", "the same on three nodes, one after the other, as PVE does it"
OWN_CHECK, OWN_IFUP = "one node's own `ifquery -a -c`", "one node's own `ifup` of one VNet"
PATIENCE = 60.0
"""Seconds that somebody waits for one VNet more."""

STEPS = (
    # what, VNets more than the number, verb, way
    ("the first apply", 0, "apply", "api"),
    ("plan, nothing to do", 0, "plan", "api"),
    ("verify", 0, "verify", "api"),
    (OWN, 0, "ifreload", "api"),
    (OWN_EVERYWHERE, 0, "ifreload everywhere", "api"),
    (OWN_CHECK, 0, "ifquery", "api"),
    (OWN_IFUP, 0, "ifup", "api"),
    (ONE_MORE, 1, "apply", "api"),
    (ONE_MORE_CHANGED, 2, "apply", "changed"),
    ("removal of all", None, "apply", "api"),
)


Measured = dict[tuple[str, int], list[dict[str, Any]]]
"""The results, by kind and number of VNets."""


def scenario(kind: str, number: int, limit: int) -> str:
    """A scenario of the lab that takes all the times for one number of VNets."""
    text = f'title = "{number} VNets, {kind}"\n\n[[step]]\ndo = "memory"\nkind = "{kind}"\nvnets = 0\n'
    for what, more, verb, way in STEPS:
        vnets = 0 if more is None else number + more
        text += (
            f'\n[[step]]\ndo = "costs"\nwhat = "{what}"\nkind = "{kind}"\nvnets = {vnets}\nverb = "{verb}"\n'
            f'way = "{way}"\nlimit = {limit}\n'
        )
        if verb == "verify":
            text += f'\n[[step]]\ndo = "memory"\nkind = "{kind}"\nvnets = {vnets}\n'
    return text


def measured(kind: str, number: int, limit: int) -> list[dict[str, Any]]:
    """What the lab found for it, step by step."""
    folder, results = FOLDER / f"{kind}-{number}", FOLDER / f"{kind}-{number}-results"
    for path in (folder, results):
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
    (folder / "scenario.toml").write_text(scenario(kind, number, limit), "utf-8")
    argv = [sys.executable, "-m", "pvesdn", "lab", "test", str(folder), "--results", str(results)]
    subprocess.run(argv, check=False, cwd=ROOT)
    return read_results(results)


def kept(folder: Path) -> Measured:
    """What earlier runs have left there, also of one that was stopped."""
    found: Measured = {}
    for kind in KINDS:
        for path in sorted(folder.glob(f"{kind}-*-results")):
            if rows := read_results(path) or read_results(path / "here-1"):
                found[kind, int(path.name.split("-")[1])] = rows
    return found


def page(found: Measured, day: str, processors: int) -> str:
    """docs/scale.md."""
    tables = "\n".join(line for kind in KINDS for line in _tables(kind, found)).strip()
    return f"""# Scale

Written by `make scale` on {day}, with {processors} processors: VNets of one zone, all of them on each of three live nodes
(`docs/lab.md`). Real are the kernel, FRR, ifupdown2 and sshd. The three nodes share the processors, so read the ratios.
"Grows" is the time's factor over the VNets' factor, from the smallest number to the largest that was reached: above 1
it grows faster than the number of VNets. Removal is a row by itself, because the kernel takes its time for each device.
The kernel's memory is what the whole machine had more in Slab and Percpu, by three: other programs count too.

{tables}
"""


def _load(rows: Iterable[dict[str, Any]]) -> str:
    """How busy the machine was, at most, where that was written down."""
    loads = [row["figures"]["load"] for row in rows if "load" in row.get("figures", {})]
    return f"{max(loads):.0f}" if loads else "not noted"


def _tables(kind: str, found: Measured) -> Iterator[str]:
    numbers = sorted(number for one, number in found if one == kind)
    if not numbers:
        return
    yield f"## {'Unicast' if kind == 'unicast' else 'EVPN, bridging'}\n"
    yield f"| | {' | '.join(f'{number:,}' for number in numbers)} | grows |"
    yield f"|---|{'---|' * (len(numbers) + 1)}"
    for what, *_ in STEPS:
        yield _line(what, [_seconds(found[kind, number], what) for number in numbers], numbers, "s")
    for what, key in (("FRR's memory on a node", "frr_mib"), ("the kernel's memory for a node", "kernel_mib")):
        yield _line(what, [_memory(found[kind, number], key) for number in numbers], numbers, "MiB")
    loads = " | ".join(_load(found[kind, number]) for number in numbers)
    yield f"| the machine's load average, at most | {loads} | - |"
    yield ""
    yield _wall(kind, found, numbers)
    yield from _least(kind, found, numbers)
    if left := [f"{number:,}" for number in NUMBERS if number not in numbers]:
        yield f"Not measured: {', '.join(left)} VNets.\n"
    yield from _stopped(kind, found, numbers)


def _line(what: str, values: Sequence[float | None], numbers: Sequence[int], unit: str) -> str:
    cells = ["not reached" if value is None else f"{value:.{0 if value >= 10 else 1}f} {unit}" for value in values]
    known = [(number, value) for number, value in zip(numbers, values, strict=True) if value]
    (few, first), (many, last) = (known[0], known[-1]) if known else ((1, 1.0), (1, 1.0))
    grows = f"{(last / first) / (many / few):.1f}" if many > few and unit == "s" else "-"
    return f"| {what} | {' | '.join(cells)} | {grows} |"


def _wall(kind: str, found: Measured, numbers: Iterable[int]) -> str:
    """From which of the numbers on it is ifupdown2 that one VNet more waits for."""
    for number in numbers:
        rows = found[kind, number]
        all_of_it, changed = _seconds(rows, ONE_MORE), _seconds(rows, ONE_MORE_CHANGED)
        if all_of_it and changed and all_of_it >= PATIENCE and all_of_it >= 2 * changed:
            less = 100 * (1 - changed / all_of_it)
            return (
                f"With {number:,} VNets ifupdown2 is the wall: one more takes {all_of_it:.0f} s where it looks at all"
                f"\ninterfaces, {less:.0f} % less where only the new one is reloaded.\n"
            )
    return f"Up to here one VNet more takes less than {PATIENCE:.0f} s, or ifupdown2 is less than half of that.\n"


def _least(kind: str, found: Measured, numbers: Iterable[int]) -> Iterator[str]:
    """What ifupdown2 alone takes for one VNet, of its reload of all: no change through it can cost a node less."""
    for number in numbers:
        one, all_of_it = _seconds(found[kind, number], OWN_IFUP), _seconds(found[kind, number], OWN)
        if one and all_of_it:
            share = 100 * one / all_of_it
            yield f"With {number:,} VNets `ifup` of one takes {share:.0f} % of the node's own `ifreload -a`.\n"


def _stopped(kind: str, found: Measured, numbers: Iterable[int]) -> Iterator[str]:
    """Why a number was not reached, a line each."""
    for number in numbers:
        for row in found[kind, number]:
            if row["outcome"] != "ok":
                said = " ".join(row["measured"].split())[:200]
                yield f"* {number:,} VNets: {row.get('figures', {}).get('what', row['verb'])}: {said}"
    yield ""


def _seconds(rows: Iterable[dict[str, Any]], what: str) -> float | None:
    return next((row["figures"]["seconds"] for row in rows if row.get("figures", {}).get("what") == what), None)


def _memory(rows: Iterable[dict[str, Any]], key: str) -> float | None:
    """With all VNets there; the row of none is the beginning."""
    return next(
        (row["figures"][key] for row in rows if row.get("figures", {}).get("vnets") and key in row["figures"]), None
    )


def _write(found: Measured) -> None:
    PAGE.write_text(page(found, f"{datetime.now(UTC):%Y-%m-%d}", len(os.sched_getaffinity(0))), "utf-8")


def main(arguments: Sequence[str]) -> int:
    """Measure, and write the page after each number: what was measured before a stop is kept."""
    parser = argparse.ArgumentParser(prog="tools.scale")
    parser.add_argument("numbers", nargs="*", type=int, default=NUMBERS)
    parser.add_argument("--limit", type=int, default=3600, help="seconds for each step")
    parser.add_argument("--page", action="store_true", help="measure nothing, write the page of what is in build/scale")
    asked = parser.parse_args(arguments)
    found = kept(FOLDER) if asked.page else {}
    for number in () if asked.page else asked.numbers:
        for kind in KINDS:
            print(f"scale: {number} VNets, {kind}", flush=True)
            found[kind, number] = measured(kind, number, asked.limit)
            _write(found)
    if asked.page:
        _write(found)
    print(f"scale: wrote {PAGE.relative_to(ROOT)}")
    return 0 if all(row["outcome"] == "ok" for rows in found.values() for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
