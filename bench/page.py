"""docs/performance.md, of what was measured."""

from __future__ import annotations

import os
import platform
import re
import textwrap
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.measured import CHANGES, SIZES, SOURCES, Compares, Design, Plans, Reads, best, growth_of, ratio_of
from bench.page_map import map_section
from bench.page_reads import reads_section
from bench.page_side import last_side_section
from bench.words import lines, seconds


def report(
    designs: list[Design],
    compares: Compares,
    plans: Plans,
    reads: Reads,
    *,
    drawn: dict[str, Any],
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

## Reading the nodes

{reads_section(reads)}

## Drawing

{map_section(drawn)}

## Changing nodes side by side

{last_side_section()}

## Live nodes

What an apply of hundreds of VNets takes on nodes with a real kernel, FRR and ifupdown2, and at which number ifupdown2 is the
wall, is in `docs/scale.md`; what a single VXLAN device for all of them would change, in
`docs/decisions/0067-a-vxlan-device-for-each-vnet.md`; where ifupdown2 spends its time, in `docs/upstream`.

## Starting

`pvesdn --help` as a process, in processor seconds; the best of {len(started["seconds"])}, each run followed by one of a
program of click's that does nothing (`bench/processes.py`). The ratio is the median of these pairs. What a verb imports
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
has 2,000 devices, each with those words of `ip -d address` that somebody looks at. Decoding is those devices, one by one, and
the definitions once. What is designed and printed is shared by the nodes but for the ends of their tunnels; a node that has
nothing yet needs no comparison, and one that is as it should be is compared as a whole."""


def whole_line(plans: Plans, state: str, nodes: int) -> str:
    measured = plans[state, nodes]
    times = f"{seconds(min(measured['seconds']))} | {seconds(min(measured['floor']))} | {ratio_of(measured):.1f}"
    return f"| {state} | {nodes} | {times} | {measured['peak_of_children'] / 1e6:.0f} MB |"


def whole_phases(plans: Plans, state: str, nodes: int) -> str:
    return f"| {state} | {nodes} | {' | '.join(seconds(part) for part in plans[state, nodes]['phases'].values())} |"


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


def compare_line(compares: Compares, change: str) -> str:
    times = " | ".join(seconds(best(compares[change, size])) for size in SIZES)
    lines = compares[change, SIZES[1]]["lines"]
    return f"| {change} | {times} | {growth_of(compares, change):.1f} | {lines:,} |"
