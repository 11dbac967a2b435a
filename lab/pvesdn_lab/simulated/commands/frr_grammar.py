"""A stand-in for `vtysh -C`: what is wrong with a configuration file, in the words of vtysh 8.4.4.

It knows the commands of `frr_commands.txt`, and so refuses more than FRR does, never less where a command is known.
"""

from __future__ import annotations

import ipaddress
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

UNKNOWN, INCOMPLETE = 2, 4
"""FRR's numbers of the two faults, and the exit statuses of vtysh for them."""

_COMMANDS = Path(__file__).with_name("frr_commands.txt")
_LEAVES = frozenset({"exit", "quit", "exit-address-family", "exit-vni", "exit-vrf"})
_ONE_OF = {
    "LEVEL": "<emergencies|alerts|critical|errors|warnings|notifications|informational|debugging>",
    "PROTOCOL": "<babel|bgp|connected|eigrp|isis|kernel|nhrp|openfabric|ospf|ospf6|rip|ripng|sharp|static|table>",
}
_RANGE = re.compile(r"\((\d+)-(\d+)\)")
_FORMS = {
    "WORD": re.compile(r".+"),
    "LINE": re.compile(r".+"),
    "METRIC": re.compile(r"[+-]?(\d{1,10}|rtt|igp|aigp)"),
}


class Fault(NamedTuple):
    """One line that vtysh does not take."""

    line: int
    kind: int
    context: int
    text: str

    def __str__(self) -> str:
        word = "Unknown command" if self.kind == UNKNOWN else "Command incomplete"
        # vtysh ends the complaint with the line as it was read, whose own end comes on top where it is incomplete.
        return f"line {self.line}: % {word}[{self.context}]: {self.text}\n" + "\n" * (self.kind == INCOMPLETE)


class Command(NamedTuple):
    """One way to say a command: its words, and the context that it opens."""

    words: tuple[str, ...]
    opens: str

    def pattern(self, place: int) -> str:
        """What the word at `place` has to be; empty where the command has ended."""
        if place < len(self.words):
            return self.words[place]
        return "LINE" if self.words[-1] == "LINE" else ""


@dataclass
class Context:
    """Where a command stands."""

    number: int
    parent: str
    patterns: list[str] = field(default_factory=list)

    @cached_property
    def commands(self) -> list[Command]:
        """Every way to say each of its commands."""
        found: list[Command] = []
        for pattern in self.patterns:
            words, _, opens = pattern.partition(" > ")
            found += [Command(way, opens.strip()) for way in _spelt_out(words)]
        return found


def check(text: str) -> tuple[list[Fault], int]:
    """Every line of a configuration file that is wrong, as far as the stand-in knows FRR, and vtysh's exit status."""
    contexts, here = _contexts(), "config"
    found: list[Fault] = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words or words[0][0] in "!#":
            continue
        if here == "enable" and words[0] in _LEAVES:
            # One `exit` too many ends vtysh itself, content with all that it has found.
            return found, 0
        there = here
        fault, opens = _verdict(contexts[here], words)
        verdict = fault
        # What does not belong here may belong to a context around: then that is where the file goes on.
        while verdict and contexts[there].parent not in {"enable", "-"}:
            there = contexts[there].parent
            verdict, opens = _verdict(contexts[there], words)
        if verdict:
            found.append(Fault(number, fault, contexts[here].number, line))
        elif words[0] == "end":
            here = "enable" if here == "enable" else "config"
        else:
            here = contexts[there].parent if words[0] in _LEAVES else opens or there
    return found, found[-1].kind if found else 0


def _verdict(context: Context, words: Sequence[str]) -> tuple[int, str]:
    """0, or the fault of a line in this context; and the context that it opens."""
    is_undone = words[0] == "no"
    said = words[1:] if is_undone else words
    candidates = context.commands
    for place, word in enumerate(said):
        fitting = {pattern for pattern in {c.pattern(place) for c in candidates} if _fits(word, pattern)}
        candidates = [command for command in candidates if command.pattern(place) in fitting]
    for command in candidates:
        if len(said) >= len(command.words):
            return 0, "" if is_undone else command.opens
    return INCOMPLETE if candidates else UNKNOWN, ""


def _fits(word: str, pattern: str) -> bool:
    pattern = _ONE_OF.get(pattern, pattern)
    if pattern.startswith("<"):
        return any(_fits(word, choice) for choice in pattern[1:-1].split("|"))
    if limits := _RANGE.fullmatch(pattern):
        return word.isascii() and word.isdigit() and int(limits[1]) <= int(word) <= int(limits[2])
    if pattern[:-1] in {"ADDRESS", "PREFIX"}:
        return ("/" in word) is (pattern[:-1] == "PREFIX") and _is_address(word, int(pattern[-1]))
    if pattern in _FORMS:
        return _FORMS[pattern].fullmatch(word) is not None
    return pattern.startswith(word)  # FRR takes abbreviations


def _is_address(word: str, version: int) -> bool:
    try:
        return ipaddress.ip_interface(word).version == version
    except ValueError:
        return False


def _contexts() -> dict[str, Context]:
    contexts: dict[str, Context] = {}
    here = Context(0, "-")
    for line in _COMMANDS.read_text("utf-8").splitlines():
        words = line.split()
        if not words or words[0] == "#":
            continue
        if words[0] == "=":
            here = contexts[words[1]] = Context(int(words[2]), words[3])
        else:
            here.patterns.append(line)
    return contexts


def _spelt_out(pattern: str) -> Iterator[tuple[str, ...]]:
    """Every way to say `pattern`: with and without what may be left out, and each alternative of several words."""
    parts = re.findall(r"\[(?:<[^>]*>|[^\]])*\]|<(?:[^<>]|<[^>]*>)*>|\S+", pattern)
    for chosen in itertools.product(*(list(_ways(part)) for part in parts)):
        yield tuple(itertools.chain.from_iterable(chosen))


def _ways(part: str) -> Iterator[tuple[str, ...]]:
    if part.startswith("["):
        yield ()
        yield from _spelt_out(part[1:-1])
    elif " " in part:
        for alternative in re.split(r"\|(?![^<]*>)", part[1:-1]):
            yield from _spelt_out(alternative)
    else:
        yield (part,)
