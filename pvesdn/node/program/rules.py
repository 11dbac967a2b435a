"""Rules of netfilter: those that an interfaces file has ifupdown2 add, and those that are there.

Text of a file is only compared. What iptables is called with comes from its own list.
"""

import json
import re
import shlex
import time
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

from pvesdn.node.program.machine import CommandResult, Machine, Refused, failure

_ADDS = re.compile(r"\s*(?:post-)?up\s+(ip6?tables\s.*)")
_CHAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,27}")
_NO_SUCH_TABLE = ("does not exist", "iptables who?", "Protocol not supported", "generation id: Invalid argument")
"""What iptables-save says, of both kinds, where the kernel has no such table, or knows nothing of netfilter."""
NO_NFTABLES = ("cache initialization failed: Protocol not supported", "cache initialization failed: Invalid argument")
"""What nft says to a kernel without netfilter, or without nftables."""
_OF_NFT = 10.0
_UNTOLD = "is incompatible, use 'nft' tool"
"""What it says, with success, in place of the rules of a table that somebody has made with `nft`."""

Meaning = Tuple[Tuple[str, ...], ...]
"""The options of a rule with their values, in no order; addresses in one spelling, with their mask."""


class ChainOf(NamedTuple):
    """Where a rule is. :param command: ``iptables`` or ``ip6tables``."""

    command: str
    table: str
    name: str


Rule = Tuple[ChainOf, Meaning]


def calls_in(text: str) -> Iterator[Tuple[str, Rule]]:
    """The calls of iptables that add a rule to one of PVE's tables, one for each line that has it."""
    for line in text.splitlines():
        found = _ADDS.fullmatch(line)
        words = _words_in(found[1]) if found else []
        if words[1:2] == ["-t"] and words[2:3] in (["nat"], ["raw"]) and words[3:4] in (["-A"], ["-I"]):
            if words[5:] and _CHAIN.fullmatch(words[4]):
                yield line.split(None, 1)[1], (ChainOf(words[0], words[2], words[4]), meaning_of(words[5:]))


def listed(machine: Machine, chain: ChainOf, end: float) -> Iterator[List[str]]:
    """The words of each rule in a chain, as iptables takes them back."""
    argv = [*iptables(chain), "-S", chain.name]
    for line in machine.must(argv, limit=max(0.0, end - time.monotonic())).output.splitlines():
        words = _words_in(line)
        if words[:2] == ["-A", chain.name]:
            yield words[2:]


def iptables(chain: ChainOf) -> List[str]:
    """The command for a chain's table. PVE's firewall may hold the lock of iptables for a moment."""
    if chain.command == "ip6tables":
        return ["ip6tables", "-w", "5", "-t", chain.table]
    return ["iptables", "-w", "5", "-t", chain.table]


def saved_rules(machine: Machine, command: str, table: str, limit: float) -> List[str]:
    """The lines of iptables-save or ip6tables-save for a table; none where the kernel has no such table.

    :raises Refused: nobody can tell; also where nftables has rules in it that iptables does not understand.
    """
    argv = ["ip6tables-save", "-t", table] if command == "ip6tables-save" else ["iptables-save", "-t", table]
    outcome = machine.run(argv, limit=limit)
    if outcome.status and not any(words in line for line in outcome.lines for words in _NO_SUCH_TABLE):
        raise Refused(failure(argv, outcome))
    untold = next((line for line in outcome.lines if _UNTOLD in line), "")
    if untold:
        raise Refused("{}: {}".format(" ".join(argv), untold.lstrip("# ")))
    return [] if outcome.status else outcome.output.splitlines()


def chains_of_nft(machine: Machine) -> List[Dict[str, Any]]:
    """The chains of nftables that what is forwarded comes to, without their rules; none without nftables."""
    argv = ["nft", "-j", "list", "chains"]
    outcome = machine.run(argv, limit=_OF_NFT)
    if outcome.status and knows_no_nftables(outcome):
        return []
    if outcome.status:
        raise Refused(failure(argv, outcome))
    try:
        rows = json.loads(outcome.output, strict=False)["nftables"]
        chains = [row["chain"] for row in rows if "chain" in row]
        return [chain for chain in chains if chain.get("hook") == "forward"]
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        raise Refused("{} printed no list of chains".format(" ".join(argv))) from None


def knows_no_nftables(outcome: CommandResult) -> bool:
    """Whether nft has failed because there is nothing of its kind."""
    return any(words in line for line in outcome.lines for words in NO_NFTABLES)


def _words_in(line: str) -> List[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return []


def meaning_of(words: List[str]) -> Meaning:
    """What a rule says, in whatever order and spelling."""
    groups: List[List[str]] = []
    for word in words:
        if not groups or word == "!" or (word.startswith("-") and groups[-1] != ["!"]):
            groups.append([])
        groups[-1].append(_spelt(word))
    return tuple(sorted(tuple(group) for group in groups))


def _spelt(word: str) -> str:
    import ipaddress  # few rules name a network

    try:
        return str(ipaddress.ip_network(word, strict=False))
    except ValueError:
        return word
