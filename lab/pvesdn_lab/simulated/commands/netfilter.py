"""iptables and ip6tables on a simulated node: the rules of each chain, in their order."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from pvesdn_lab.simulated.commands.state import read_json, write_json
from pvesdn_lab.simulated.commands.streams import complain, say

_RULES, _HOOKS = "netfilter", "post-down"


def iptables(root: Path, arguments: Sequence[str]) -> int:
    """``iptables [-w SECONDS] -t TABLE -S|-A|-I|-D CHAIN [RULE]``."""
    return _call(root, "iptables", arguments)


def ip6tables(root: Path, arguments: Sequence[str]) -> int:
    """The same for IPv6."""
    return _call(root, "ip6tables", arguments)


def run_hooks(root: Path, lines: Iterable[str]) -> None:
    """Those of a stanza's hooks that call iptables."""
    for words in map(shlex.split, lines):
        if words[0] in ("iptables", "ip6tables"):
            _call(root, words[0], words[1:])


def remember_hooks(root: Path, name: str, lines: list[str]) -> None:
    """What is to run when the stanza has gone: ifupdown2 knows it from its own memory."""
    hooks = read_json(root, _HOOKS, {})
    if hooks.get(name, []) != lines:
        write_json(root, _HOOKS, {**hooks, name: lines})


def run_remembered(root: Path, name: str) -> None:
    """The stanza has gone."""
    run_hooks(root, read_json(root, _HOOKS, {}).get(name, []))


def _call(root: Path, command: str, arguments: Sequence[str]) -> int:
    words = list(arguments)
    if words[:1] == ["-w"]:
        words = words[2:]
    _, table, action, chain, *rule = words
    chains: dict[str, list[list[str]]] = read_json(root, _RULES, {})
    rules = chains.setdefault(f"{command} {table} {chain}", [])
    if action == "-S":
        say("".join(f"{line}\n" for line in [f"-P {chain} ACCEPT", *(f"-A {chain} {shlex.join(it)}" for it in rules)]))
        return 0
    if action == "-D" and rule not in rules:
        complain(f"{command}: Bad rule (does a matching rule exist in that chain?).\n")
        return 1
    if action == "-D":
        rules.remove(rule)
    else:
        rules.insert(0 if action == "-I" else len(rules), rule)
    write_json(root, _RULES, chains)
    return 0
