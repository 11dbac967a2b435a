"""The section of docs/performance.md about reading nodes."""

from __future__ import annotations

from typing import Any

from bench.measured import NODE_SIZES, UNCHANGED_VNETS, Reads
from bench.words import lines, seconds

_COLUMNS = ("own", "floor", "nothing", "files", "seconds", "verify")


def reads_section(reads: Reads) -> str:
    """What a node spends on being read, and what it takes to plan and verify where nothing has changed."""
    return f"""{_nodes(reads) if reads.has_nodes else "What a node spends was not measured: that needs root, ip, bridge and unshare."}

Plan and verify of clusters with {UNCHANGED_VNETS} VNets in which nothing has changed (`bench/unchanged.py`): processor time of
the machine that plans, from the nodes' answers as they come to the result. The zone floods by multicast, so that what a node says does not
grow with the number of nodes; where each VXLAN device lists all other nodes it does.

| nodes | plan | verify | a node's plan | bytes of a node's answer |
|---|---|---|---|---|
{lines(_unchanged_line(count, found) for count, found in reads.unchanged.items())}

The nodes are read eight at a time. Beside this each of them costs an `ssh`, and itself what the table above says."""


def _nodes(reads: Reads) -> str:
    size = NODE_SIZES[-1]
    large = reads.nodes[size]
    plan, verify, floor = (f"{large[key] / large['own']:.1f} times" for key in ("seconds", "verify", "floor"))
    return f"""Processor time of a node, best of seven runs: a real kernel with a bridge and a VXLAN device for each VNet, and the
node program as it is sent, from the start of Python to its end (`bench/reading.py`). Beside it the node's own `ip -j -d link`
and `bridge -j fdb show`, and the floor: a Python that starts, calls `ip -j -d address` and parses what that prints.

| VNets | own | floor | program, nothing asked | and files read | for a plan | for verify | bytes of the answer |
|---|---|---|---|---|---|---|---|
{lines(_node_line(vnets, found) for vnets, found in reads.nodes.items())}

With {size:,} VNets a plan costs the node {plan} its own two commands and verify {verify}, where twice was wanted. That
leaves next to nothing to a program in Python: the floor alone is {floor}. What the program adds is to compile those of its
parts that are asked, at every call ({seconds(large["nothing"])} with Python's start and imports), the routes of each
bridge's link-local address, and for verify
the settings of each device and the flooding entries. Devices are asked for once, with their addresses, and of the 1.5 kB
that the kernel says of each a fourth is sent. `ifquery -a -c -o json`, which would ask ifupdown2 the same, was measured
elsewhere to take 0.50 s with 100 VNets and 2.35 s with 400 (version 3.0.0).

Files are not where the time goes: the {large["bytes of files"] / 1000:.0f} kB of {size:,} VNets are read and put into the
answer within what two runs differ by. So they are sent whole each time: an answer by digest would save a node nothing,
and would need somebody to remember what the digest stands for."""


def _node_line(vnets: int, found: dict[str, Any]) -> str:
    times = " | ".join(seconds(found[key]) for key in _COLUMNS)
    return f"| {vnets:,} | {times} | {found['bytes']:,} |"


def _unchanged_line(count: int, found: dict[str, Any]) -> str:
    plan, verify = min(found["seconds"]), min(found["verify"])
    return f"| {count} | {seconds(plan)} | {seconds(verify)} | {seconds(plan / count)} | {found['bytes']:,} |"
