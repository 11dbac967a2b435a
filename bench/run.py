"""Time designing, rendering and comparing, print the tables and write docs/performance.md: `make bench`.

Each row is a process of its own (`bench/row.py`), the best of five runs. This program imports nothing of pvesdn: its
memory would count as a row's.
"""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs/performance.md"
SOURCES = ("pvesdn.cfg", "zones.cfg")
NETWORKS = ((3, 10), (8, 1000), (32, 1000), (32, 4000))
CHANGES = ("no VNet", "one VNet", "every MTU")
SIZES = (1000, 4000)
PLANNED = (3, 32, 128)
STATES = ("fresh", "unchanged", "one VNet changed")

RATIO_BARS = {"pvesdn.cfg": 10.0, "zones.cfg": 20.0}  # times the floor, 32 nodes with 1,000 VNets
GROWTH_BAR = 1.25  # times the floor's own growth, from 1,000 to 4,000 VNets and from 8 to 32 nodes
PEAK_BAR = 200e6  # bytes
LINEAR_BAR = 6.0  # times the time for 4 times the VNets; quadratic would be 16
WORTH_COMPARING = 0.01  # seconds
HELP_BAR = 1.3  # times an empty click program
WHOLE_BARS = {"fresh": 6.0, "unchanged": 4.0, "one VNet changed": 4.0}  # times the floor, 32 nodes with 1,000 VNets


Plans = dict[tuple[str, int], dict[str, Any]]
"""Of the whole process: what was measured, by the state of the nodes and their number."""


@dataclass(frozen=True)
class Design:
    """One network: pvesdn beside its floor. :param source: whose definitions it comes from."""

    source: str
    nodes: int
    vnets: int
    row: dict[str, Any]
    floor: dict[str, Any]

    @property
    def ratio(self) -> float:
        return best(self.row) / best(self.floor)


def main() -> int:
    """Measure, print, write; 1 when a bar is missed."""
    designs = []
    for source in SOURCES:
        for nodes, vnets in NETWORKS:
            print(f"designing and rendering {nodes} nodes with {vnets:,} VNets of {source} ...", file=sys.stderr)
            what = source, str(nodes), str(vnets)
            designs.append(Design(source, nodes, vnets, row("pvesdn", *what), row("floor", *what)))
    compares = {}
    for change in CHANGES:
        for size in SIZES:
            print(f"comparing one node with {size:,} VNets, {change} changed ...", file=sys.stderr)
            compares[change, size] = row("compare", change, str(size))
    plans = {}
    for state in STATES:
        for nodes in PLANNED:
            print(f"planning {nodes} nodes with 1,000 VNets, {state} ...", file=sys.stderr)
            plans[state, nodes] = row("plan", state, str(nodes), "1000")
    print("starting for --help ...", file=sys.stderr)
    started = row("help")
    verdicts = [*bars(designs, compares), *whole_bars(plans), help_bar(started)]
    text = wrapped(report(designs, compares, plans, started, verdicts))
    print("\n".join(line for line in text.splitlines() if line.startswith(("|", "* "))))
    REPORT.write_text(text)
    print(f"written: {REPORT.relative_to(ROOT)}", file=sys.stderr)
    return 0 if all(met for _, met in verdicts) else 1


def row(*arguments: str) -> dict[str, Any]:
    """One measurement, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.row", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def best(measured: dict[str, Any]) -> float:
    """Seconds of the best run."""
    return float(min(measured["seconds"]))


def bars(designs: list[Design], compares: dict[tuple[str, int], dict[str, Any]]) -> list[tuple[str, bool]]:
    """What must hold, with its figure, and whether it does."""
    peak = max(design.row["peak_bytes"] for design in designs)
    same = all(design.row["digest"] == design.floor["digest"] for design in designs)
    # What takes no time has no growth to speak of.
    slow = [change for change in CHANGES if best(compares[change, SIZES[0]]) > WORTH_COMPARING]
    steepest = max(growth_of(compares, change) for change in slow)
    return [
        ("pvesdn and its floor print the same bytes", same),
        *(bar for source in SOURCES for bar in design_bars([d for d in designs if d.source == source])),
        (f"peak memory of a row: {peak / 1e6:.0f} MB (below {PEAK_BAR / 1e6:.0f})", peak < PEAK_BAR),
        (
            f"comparing, linear: 4 times the VNets take {steepest:.1f} times the time (at most {LINEAR_BAR:.0f}, quadratic is 16)",
            steepest <= LINEAR_BAR,
        ),
    ]


def design_bars(designs: list[Design]) -> list[tuple[str, bool]]:
    """The bars of one source's rows: how far from the floor, and no steeper than it."""
    _, few_nodes, middle, large = designs
    source, bar = middle.source, RATIO_BARS[middle.source]
    ratio = f"{source}, 32 nodes with 1,000 VNets: {middle.ratio:.1f} times the floor (at most {bar:.0f})"
    found = [(ratio, middle.ratio <= bar)]
    for name, small, big in (("1,000 to 4,000 VNets", middle, large), ("8 to 32 nodes", few_nodes, middle)):
        growth, own = best(big.row) / best(small.row), best(big.floor) / best(small.floor)
        times = f"{growth:.2f} times the time, {growth / own:.2f} times the floor's growth (at most {GROWTH_BAR})"
        found.append((f"{source}, {name}: {times}", growth <= GROWTH_BAR * own))
    return found


def whole_bars(plans: Plans) -> list[tuple[str, bool]]:
    """The bars of the whole process, against the floor of the same run."""
    found = []
    for state, bar in WHOLE_BARS.items():
        ratio = ratio_of(plans[state, 32])
        what = (
            f"the whole of a plan, 32 nodes with 1,000 VNets, {state}: {ratio:.1f} times the floor (at most {bar:.0f})"
        )
        found.append((what, ratio <= bar))
    return found


def help_bar(started: dict[str, Any]) -> tuple[str, bool]:
    """How much longer `pvesdn --help` takes than a program of click's that does nothing."""
    ratio = ratio_of(started)
    return f"pvesdn --help: {ratio:.2f} times an empty click program (at most {HELP_BAR})", ratio <= HELP_BAR


def ratio_of(measured: dict[str, Any]) -> float:
    """The median of a whole process by the floor that ran right after it."""
    pairs = zip(measured["seconds"], measured["floor"], strict=True)
    return float(statistics.median(plan / floor for plan, floor in pairs))


def growth_of(compares: dict[tuple[str, int], dict[str, Any]], change: str) -> float:
    """How many times longer the larger node takes."""
    return best(compares[change, SIZES[1]]) / best(compares[change, SIZES[0]])


# --- the report -------------------------------------------------------------------------------------------------------


def report(
    designs: list[Design],
    compares: dict[tuple[str, int], dict[str, Any]],
    plans: Plans,
    started: dict[str, Any],
    verdicts: list[tuple[str, bool]],
) -> str:
    """docs/performance.md."""
    large = {source: [d for d in designs if d.source == source][-1] for source in SOURCES}
    return f"""# Performance

Written by `make bench`. {machine()}

## What must hold

{lines(f"* {'met' if met else '**missed**'}: {what}" for what, met in verdicts)}

## Designing and rendering

One symmetric EVPN zone on all nodes in a full mesh, a gateway in every VNet, defined in `pvesdn.cfg` or in PVE's own
`zones.cfg`; from typed values to the text of `interfaces.d/pvesdn` or `interfaces.d/sdn`, of `frr.conf` and the smaller files
of every node. Best of five runs, each row in a process of its own.
The floor (`bench/floor.py`) prints the same bytes from the same typed values with one loop and one f-string a stanza, and turns
each address into text only once.

| definitions | nodes | VNets | stanzas | pvesdn | floor | ratio | peak memory |
|---|---|---|---|---|---|---|---|
{lines(design_line(design) for design in designs)}

The checks across objects, which a plan makes before, take \
{" and ".join(f"{seconds(design.row['checks'])} for {design.vnets:,} VNets of `{source}`" for source, design in large.items())}.

## Where the time goes

| definitions | nodes | VNets | {" | ".join(designs[0].row["phases"])} |
|---|---|---|{"---|" * len(designs[0].row["phases"])}
{lines(phase_line(design) for design in designs)}

The first node pays for jinja2, which compiles each template once in a process, and for the text of everything that is the
same on all nodes: bridges, and of VXLAN devices all but the tunnel's end. For the other nodes these texts are put together
anew. Of PVE's zones only bridges are the same on all nodes, VXLAN devices are printed for each. FRR's configuration does not
grow with the VNets: EVPN announces them all with one line.

## Comparing one node, to the last line of its unified diff

| changed | {" | ".join(f"{size:,} VNets" for size in SIZES)} | growth | lines of diff |
|---|{"---|" * len(SIZES)}---|---|
{lines(compare_line(compares, change) for change in CHANGES)}

Files of interfaces are compared stanza by stanza, by name: a plain text diff of a file in which everything changes is
quadratic (Python's difflib, every MTU changed: 3.6 s with 1,000 VNets, 60 s with 4,000). A file that is equal is not taken
apart at all; otherwise the time goes into cutting the node's text into stanzas and into those that differ. Where ours begin
is known from printing them.

## The whole process, from a snapshot to the last line of the plan

{whole_section(plans)}

## Starting

`pvesdn --help` as a process, in processor seconds; the best of {len(started["seconds"])}, each run followed by one of a
program of click's that does nothing (`bench/row.py`). The ratio is the median of these pairs. What a verb imports
beyond this is paid for by those who call that verb.

| pvesdn --help | an empty click program | ratio |
|---|---|---|
| {seconds(min(started["seconds"]))} | {seconds(min(started["floor"]))} | {ratio_of(started):.2f} |
"""


def whole_section(plans: Plans) -> str:
    """The rows of `pvesdn plan --from`, and what the rest of the time is."""
    parts = list(next(iter(plans.values()))["phases"])
    return f"""`pvesdn plan --from FOLDER` as a process, 1,000 VNets of `pvesdn.cfg`, in processor seconds; the best of three, each run
followed by one of the floor (`bench/whole.py`), which imports the same libraries, reads the same files and prints an answer
that is ready. The ratio is the median of these pairs, so that it holds on a busy machine.

| the nodes | nodes | pvesdn | floor | ratio | peak memory |
|---|---|---|---|---|---|
{lines(whole_line(plans, *key) for key in plans)}

Where it goes, in a process that makes the same plan step by step:

| the nodes | nodes | {" | ".join(parts)} |
|---|---|{"---|" * len(parts)}
{lines(whole_phases(plans, *key) for key in plans)}

Starting is Python's own start and what it imports: pydantic, jinja2, click and pvesdn. Reading is JSON: a node of 1,000 VNets
says 2,000 devices twice, in `ip -d link` and in `ip -d address`. Decoding is those devices, one by one, and the definitions
once. What is designed and printed is shared by the nodes but for the ends of their tunnels; a node that has nothing yet needs
no comparison, and one that is as it should be is compared as a whole."""


def whole_line(plans: Plans, state: str, nodes: int) -> str:
    measured = plans[state, nodes]
    times = f"{seconds(min(measured['seconds']))} | {seconds(min(measured['floor']))} | {ratio_of(measured):.1f}"
    return f"| {state} | {nodes} | {times} | {measured['peak_of_children'] / 1e6:.0f} MB |"


def whole_phases(plans: Plans, state: str, nodes: int) -> str:
    return f"| {state} | {nodes} | {' | '.join(seconds(part) for part in plans[state, nodes]['phases'].values())} |"


def lines(each: Iterable[str]) -> str:
    """One below the other."""
    return "\n".join(each)


def wrapped(text: str) -> str:
    """A page with its prose in lines of at most 120 columns; tables and headings stay as they are."""
    parts = text.split("\n\n")
    return "\n\n".join(part if part.startswith(("|", "#")) else _paragraphs(part) for part in parts)


def _folded(text: str) -> str:
    return textwrap.fill(
        " ".join(text.split()),
        width=120,
        subsequent_indent="  " if text[:2] == "* " else "",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _paragraphs(part: str) -> str:
    """Prose, or a list whose items begin with a star."""
    found = re.split(r"\n(?=\* )", part.rstrip("\n"))
    return "\n".join(map(_folded, found)) + ("\n" if part.endswith("\n") else "")


def machine() -> str:
    """What it was measured on."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    today = datetime.now(tz=UTC).date().isoformat()
    return (
        f"Last written on {today}, on {cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {'.'.join(platform.release().split('.')[:2])},"
        f" Python {platform.python_version()}. Read the ratios; seconds are this machine's."
    )


def design_line(design: Design) -> str:
    stanzas = design.nodes * (2 * design.vnets + 3)
    times = f"{seconds(best(design.row))} | {seconds(best(design.floor))} | {design.ratio:.1f}"
    memory = f"{design.row['peak_bytes'] / 1e6:.0f} MB"
    return f"| `{design.source}` | {design.nodes} | {design.vnets:,} | {stanzas:,} | {times} | {memory} |"


def phase_line(design: Design) -> str:
    phases = " | ".join(seconds(part) for part in design.row["phases"].values())
    return f"| `{design.source}` | {design.nodes} | {design.vnets:,} | {phases} |"


def compare_line(compares: dict[tuple[str, int], dict[str, Any]], change: str) -> str:
    times = " | ".join(seconds(best(compares[change, size])) for size in SIZES)
    lines = compares[change, SIZES[1]]["lines"]
    return f"| {change} | {times} | {growth_of(compares, change):.1f} | {lines:,} |"


def seconds(value: float) -> str:
    """In a unit that needs no leading zeros."""
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1000:.0f} ms" if value >= 0.01 else f"{value * 1000:.2f} ms"


if __name__ == "__main__":
    sys.exit(main())
