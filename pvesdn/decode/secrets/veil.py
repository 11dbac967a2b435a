"""The one place where values are replaced, and the words that any file may contain."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_interface

HIDDEN = "********"
"""Replaces a value on screens and in JSON documents, where it need not be compared with another."""

PLACEHOLDER = re.compile(r"hidden-[0-9]+")
"""Replaces a value in a snapshot."""

_LONGEST_ADDRESS = 64
_ADDRESS = re.compile(r"[0-9A-Fa-f:./]+")
_NUMBER = re.compile(r"-?[0-9]{1,10}")
_MAC = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:@+-]*")
_LONGEST_DEVICE = 15
_PATH = re.compile(
    r"/(?:usr|etc|bin|sbin|lib|lib64|opt|root|home|var|srv|tmp|run|sys|proc|dev|mnt)(?:/[A-Za-z0-9_.,:@%+*?{}$\[\]-]{1,64})*/?"
)
_KEY_IN_PATH = re.compile(r"(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[A-Za-z0-9+=_-]{20,}")
_MARKS = "!#"
"""What PVE's merge and ifupdown2 take for the start of a comment anywhere in a line: a line keeps its kind."""
_SEPARATORS = frozenset("\\`=-#!*~_. \t")


def is_veiled(text: str) -> bool:
    """Whether something was replaced in a text, or may have been: what stands there is not the node's own."""
    return HIDDEN in text or PLACEHOLDER.search(text) is not None


@dataclass(slots=True)
class Veil:
    """Replaces values, equal ones by the same placeholder.

    Placeholders are numbered in the order in which the values come, so a placeholder says nothing about its value.

    :param taken: numbers that are not used: such words are in the text already.
    :param names: devices and nodes, which are never secret.
    :param aliases: of VNets, which PVE's panel shows.
    :param count: how many values were replaced so far.
    :param known: placeholders by value: the values that a snapshot must never hold.
    """

    taken: frozenset[str] = frozenset()
    names: set[str] = field(default_factory=set)
    aliases: set[str] = field(default_factory=set)
    count: int = 0
    known: dict[str, str] = field(default_factory=dict, repr=False)
    _number: int = 0
    _lines: dict[tuple[Callable[[str, Veil], str], str], tuple[str, int]] = field(default_factory=dict)

    def hide(self, value: str) -> str:
        """The placeholder of a value."""
        if not value or value == HIDDEN:
            return value
        self.count += 1
        if value not in self.known:
            self.known[value] = self._next()
        return self.known[value] + "".join(mark for mark in _MARKS if mark in value)

    def passes(self, word: str) -> bool:
        """Whether a word may be shown anywhere: a known name, or a placeholder."""
        return word == HIDDEN or word in self.names

    def each_line(self, lines: Iterable[str], clean: Callable[[str, Veil], str]) -> str:
        """`lines`, each cleaned, joined again; a line seen before is not cleaned twice."""
        found = []
        for line in lines:
            key = clean, line
            done = self._lines.get(key)
            if done is None:
                before = self.count
                done = self._lines[key] = clean(line, self), self.count - before
            else:
                self.count += done[1]
            found.append(done[0])
        return "\n".join(found)

    def _next(self) -> str:
        while True:
            self._number += 1
            name = f"hidden-{self._number}"
            if name not in self.taken:
                return name


def word_set(text: str) -> frozenset[str]:
    """The words of a list, written as one text."""
    return frozenset(text.split())


def is_number(word: str) -> bool:
    """A whole number of at most ten digits."""
    return _NUMBER.fullmatch(word) is not None


def is_address(word: str) -> bool:
    """An IP address, with or without a prefix length."""
    if len(word) > _LONGEST_ADDRESS or not _ADDRESS.fullmatch(word) or not ("." in word or ":" in word):
        return False
    try:
        ip_interface(word) if "/" in word else ip_address(word)
    except ValueError:
        return False
    return True


def is_mac(word: str) -> bool:
    """A MAC address."""
    return _MAC.fullmatch(word) is not None


def is_kernel_name(word: str) -> bool:
    """Whether the kernel accepts it as a device's name, in a place where only a name can stand."""
    return 0 < len(word) <= _LONGEST_DEVICE and "/" not in word and not any(map(str.isspace, word))


def is_device(word: str) -> bool:
    """Whether it looks like a device's name as people choose them."""
    return len(word) <= _LONGEST_DEVICE and _NAME.fullmatch(word) is not None


def is_name(word: str, longest: int = 63) -> bool:
    """Whether it can be the name of an object."""
    return len(word) <= longest and _NAME.fullmatch(word) is not None


def is_path(word: str) -> bool:
    """Whether it is a path below the folders of every system, without a part that looks like a key."""
    return _PATH.fullmatch(word) is not None and not _KEY_IN_PATH.search(word)


def hide_comment(text: str, veil: Veil) -> str:
    """A comment, its marks and blanks kept and its words replaced as one value."""
    words = text.lstrip("#! \t")
    if not words.strip() or set(words) <= _SEPARATORS:
        return text
    end = len(words.rstrip())
    return text[: len(text) - len(words)] + veil.hide(words[:end]) + words[end:]
