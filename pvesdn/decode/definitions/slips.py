"""What was probably meant by a property that cannot be read, so that its hint is a cure and one slip is told once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pvesdn.decode.definitions.section_config import Property, Section
from pvesdn.decode.definitions.values import BadValueError, legible
from pvesdn.decode.definitions.words import Word, Words
from pvesdn.model.nearest import nearest

_WITH_SIGN = re.compile(r"([^:=]+)[:=](.*)")
_QUOTES = "\"'`"


class Slips:
    """The slips of one section.

    :param meant: properties that are there in some way, so that nobody has to add them.
    """

    def __init__(self, words: Words, section: Section) -> None:
        self._words = words
        self._lines = {item.key: item.line for item in reversed(section.properties)}
        self._missing = {name for name, word in words.items() if word.is_required and name not in self._lines}
        self.meant: set[str] = {name for stray in section.strays if (name := self._named(stray, words))}

    def unknown(self, item: Property) -> str:
        """What to do about a property that the type does not know."""
        found = _WITH_SIGN.fullmatch(item.key)
        if found and (name := self._named(found[1], self._free())):
            self.meant.add(name)
            return f"write '{name} {legible(found[2] or item.value)}'"
        fitting = sorted(name for name in self._missing - self.meant if _reads(self._words[name], item.value))
        near = self._named(item.key, self._free())
        # Another tool's word may resemble a property that has no such value.
        if near and (_reads(self._words[near], item.value) or near in self._missing or len(fitting) != 1):
            self.meant.add(near)
            return f"did you mean {near}?{_then(self._words[near], item.value)}"
        if (near := self._named(item.key, self._words)) and near in self._lines:
            return f"{near} is given in line {self._lines[near]}: remove one of them"
        if len(fitting) == 1:
            self.meant.add(fitting[0])
            return f"did you mean {fitting[0]}, which is missing?"
        return f"known properties: {', '.join(sorted(self._words))}"

    def two_on_a_line(self, item: Property) -> tuple[str, str] | None:
        """A required property that stands on another one's line: what is wrong, and what to do."""
        rest = item.value.split()[1:]
        for place, name in enumerate(rest[:-1]):
            if name in self._missing and _reads(self._words[name], rest[place + 1]):
                self.meant.add(name)
                return (
                    f"{name} stands on the line of {item.key}",
                    f"write '{name} {rest[place + 1]}' on a line of its own",
                )
        return None

    def bad_value(self, item: Property, word: Word) -> str:
        """A better hint than the reader's own, where the value was meant otherwise; empty where it was not."""
        value = item.value
        before, sign, _ = value.partition("#")
        if sign and _reads(word, before.strip()):
            return "put the comment on a line of its own"
        if (bare := value.strip(_QUOTES)) != value and _reads(word, bare):
            return f"write it without quotes: {item.key} {bare}"
        if (bare := value.lstrip("=: \t")) != value and _reads(word, bare):
            return f"write '{item.key} {bare}'"
        for name in value.split()[1:]:
            if name in self._words and name not in self._lines:
                self.meant.add(name)
                return f"write {name} on a line of its own"
        return ""

    def _free(self) -> list[str]:
        """Properties that can be added to the section."""
        return [
            name
            for name, word in self._words.items()
            if (name not in self._lines or word.is_array)
            and name not in self.meant
            and self._lines.keys().isdisjoint(word.excludes)
        ]

    def _named(self, name: str, known: Iterable[str]) -> str | None:
        """The property that a name says or resembles."""
        known = list(known)
        bare = name.rstrip(":=")
        return bare if bare in known else nearest(bare, known)


def _reads(word: Word, value: str) -> bool:
    try:
        word.read(value)
    except BadValueError:
        return False
    return value != ""


def _then(word: Word, value: str) -> str:
    """What else has to change when the value goes to that property."""
    try:
        word.read(value)
    except BadValueError as error:
        return f" Then {error.hint}" if error.hint else ""
    return ""
