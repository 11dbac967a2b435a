"""tc on a simulated node: filters in classic BPF on devices with a `clsact` queueing discipline."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from pvesdn_lab.simulated.commands.state import State, locked_state
from pvesdn_lab.simulated.commands.streams import complain, say

_FILTERS = "filters"


def tc(root: Path, arguments: Sequence[str]) -> int:
    """``tc filter show dev NAME ingress|egress``, as iproute2 6.1 prints it, ``tc qdisc del dev NAME clsact`` and what
    `run_tc` knows.
    """
    if list(arguments[:2]) != ["filter", "show"]:
        with locked_state(root) as state:
            return _change(state, arguments)
    name, way = arguments[3], arguments[4]
    link = State(root).links.get(name)
    if link is None:
        complain(f'Cannot find device "{name}"\n')
        return 1
    program = link.get(_FILTERS, {}).get(way)
    if program is not None:
        head = "filter protocol all pref 6768 bpf chain 0"
        say(f"{head} \n{head} handle 0x1 direct-action not_in_hw bytecode '{program}'\n")
    return 0


def run_tc(state: State, lines: Iterable[str]) -> None:
    """Those of a stanza's hooks that call tc: ``tc qdisc replace dev NAME clsact`` and ``tc filter replace dev NAME
    ingress|egress ... bytecode PROGRAM``.
    """
    for words in map(shlex.split, lines):
        if words[0] == "tc":
            _change(state, words[1:])


def _change(state: State, words: Sequence[str]) -> int:
    name = words[3]
    link = state.links.get(name)
    if link is None:
        complain(f'Cannot find device "{name}"\n')
        return 1
    match words[:2]:
        case ["qdisc", "replace"]:
            link.setdefault(_FILTERS, {})
        case ["qdisc", "del"] if _FILTERS in link:
            del link[_FILTERS]
        case ["filter", "replace"] if _FILTERS in link:
            link[_FILTERS][words[4]] = words[-1]
        case _:
            complain("Error: Specified qdisc not found.\n")
            return 2
    return 0
