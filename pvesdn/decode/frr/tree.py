"""frr.conf as a tree of blocks, by FRR's own rule: a line belongs to the innermost open block that knows it.

FRR ignores indentation: vtysh tries a line in the current node and then in those above it, until `exit` or another
top-level block leaves the node. Here the same follows from which words open a block where, and which words can only
stand at the top. Comments begin with `!` or `#` and close nothing. Never raises.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

_Openers = dict[str, tuple[tuple[str, ...], ...]]
"""Beginnings of lines, by their first word: each line of every file is held against them."""


def _by_first_word(*beginnings: tuple[str, ...]) -> _Openers:
    firsts = dict.fromkeys(words[0] for words in beginnings)
    return {first: tuple(words for words in beginnings if words[0] == first) for first in firsts}


_TOP = ""
_OPENERS = {
    "router bgp": _by_first_word(("address-family",)),
    "address-family": _by_first_word(("vni",)),
    "key chain": _by_first_word(("key",)),
    "bfd": _by_first_word(("peer",), ("profile",)),
}
"""Which words open a block inside a block, by the kind of the outer one."""

_TOP_BLOCKS = _by_first_word(
    ("router", "bgp"),
    ("key", "chain"),
    ("router",),
    ("vrf",),
    ("interface",),
    ("route-map",),
    ("line",),
    ("bfd",),
    ("segment-routing",),
    ("nexthop-group",),
    ("pbr-map",),
    ("rpki",),
    ("mpls",),
    ("pseudowire",),
    ("l2vpn",),
)
_TOP_LINES = _by_first_word(
    ("frr",),
    ("hostname",),
    ("domainname",),
    ("log",),
    ("no", "log"),
    ("service",),
    ("password",),
    ("enable",),
    ("banner",),
    ("debug",),
    ("access-list",),
    ("ip", "forwarding"),
    ("ipv6", "forwarding"),
    ("no", "ip", "forwarding"),
    ("no", "ipv6", "forwarding"),
    ("ip", "prefix-list"),
    ("ipv6", "prefix-list"),
    ("ipv6", "access-list"),
    ("ip", "nht"),
    ("bgp", "community-list"),
    ("bgp", "large-community-list"),
    ("bgp", "extcommunity-list"),
    ("bgp", "as-path"),
)
"""Words that can only stand at the top level, so they leave every block even without an `exit`."""
_STATICS = _by_first_word(("ip", "route"), ("ipv6", "route"))
"""Words that only the top level and a `vrf` know."""

_ENDS = frozenset({"exit", "quit", "exit-address-family", "exit-vrf", "exit-vni"})
_CLOSES = {"exit-address-family": "address-family", "exit-vrf": "vrf", "exit-vni": "vni"}


@dataclass(slots=True)
class FrrLine:
    """One line and, where it opens a block, the lines in it.

    :param line: 1-based.
    """

    words: tuple[str, ...]
    line: int
    kind: str = _TOP
    children: list[FrrLine] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The line, with single blanks between words."""
        return " ".join(self.words)


@lru_cache(maxsize=128)  # what differs, what it does to sessions, whether it means the same; and again in each plan
def read_tree(text: str) -> tuple[FrrLine, ...]:
    """The top-level lines of a frr.conf, each with the content of its block. Whoever asks again gets the same objects,
    so nobody changes them.
    """
    root = FrrLine((), 0)
    stack = [root]
    for number, raw in enumerate(text.split("\n"), start=1):
        words = tuple(raw.split())
        if not words or words[0].startswith(("!", "#")):
            continue
        if words == ("end",):
            stack = [root]
        elif len(words) == 1 and words[0] in _ENDS:
            _leave(stack, words[0])
        else:
            _take(stack, FrrLine(words, number))
    return tuple(root.children)


def _leave(stack: list[FrrLine], word: str) -> None:
    """Close the block that `word` ends; a stray end closes nothing."""
    kind = _CLOSES.get(word)
    if kind is None:
        if len(stack) > 1:
            stack.pop()
    elif any(block.kind == kind for block in stack):
        while stack.pop().kind != kind:
            pass


def _take(stack: list[FrrLine], line: FrrLine) -> None:
    # From the innermost block outwards: who opens a block with these words?
    for depth in range(len(stack) - 1, 0, -1):
        if opener := _opens(line.words, _OPENERS.get(stack[depth].kind, {})):
            line.kind = " ".join(opener)
            del stack[depth + 1 :]
            stack[-1].children.append(line)
            stack.append(line)
            return
    if opener := _opens(line.words, _TOP_BLOCKS):
        line.kind = " ".join(opener)
        del stack[1:]
        stack[-1].children.append(line)
        stack.append(line)
    else:
        if _opens(line.words, _TOP_LINES) or (_opens(line.words, _STATICS) and stack[-1].kind != "vrf"):
            del stack[1:]
        stack[-1].children.append(line)


def _opens(words: tuple[str, ...], openers: _Openers) -> tuple[str, ...] | None:
    return next((opener for opener in openers.get(words[0], ()) if words[: len(opener)] == opener), None)
