"""What changes in one file for people: its interfaces, and the attributes of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from pvesdn.cli.screens.pve import SIGNS
from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.model.differences import Difference
from pvesdn.model.files import Action, StanzaChange
from pvesdn.model.ranges import ranges

_FEW = 20
"""Interfaces of one file that have a line each; of more, those with the same change share one."""
_LONG = 160
"""Characters of a list of names that is not said twice."""

_Like = tuple[Action, str, tuple[Difference, ...]]


class InterfaceLines:
    """What happens to the interfaces of files. A long list of names is said once, and meant again afterwards."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def of(self, stanzas: tuple[StanzaChange, ...]) -> Iterator[Line]:
        """Few interfaces have a line each, with their attributes below; of many, those that change alike share one."""
        if len(stanzas) <= _FEW:
            for stanza in stanzas:
                yield from _one(stanza)
            return
        for (action, why), alike in _grouped(stanzas).items():
            reason = f"  ({why})" if why else ""
            if len(alike) == 1:
                ((differences, names),) = alike.items()
                yield "    ", *SIGNS[action], f" {self._names(names)}{reason}"
                yield from difference_lines(differences, indent=10)
                continue
            yield "    ", *SIGNS[action], f" {sum(map(len, alike.values()))} interfaces{reason}"
            yield from self._unlike(alike)

    def _unlike(self, alike: Mapping[tuple[Difference, ...], list[str]]) -> Iterator[Line]:
        """A line for each change; those of one attribute, to a value of its own each, follow each other in one."""
        by_attribute: dict[str, list[str]] = {}
        for differences, names in alike.items():
            if len(differences) == len(names) == 1 and _is_replaced(differences[0]):
                change = in_words(replace(differences[0], name=""))
                by_attribute.setdefault(differences[0].name, []).append(f"{names[0]} {change}")
            else:
                changes = ", ".join(map(in_words, differences))
                yield (f"          {self._names(names)}{': ' if changes else ''}{changes}",)
        for attribute, each in by_attribute.items():
            yield (f"          {attribute}: {', '.join(each)}",)

    def _names(self, names: list[str]) -> str:
        text = ranges(names)
        if len(text) <= _LONG:
            return text
        if text in self._said:
            return f"{names[0]} ... {names[-1]} (the same {len(names)} as above)"
        self._said.add(text)
        return text


def difference_lines(differences: Iterable[Difference], *, indent: int) -> Iterator[Line]:
    """A line each: ``mtu 1500 -> 1450``, or what comes and what goes of a list."""
    blanks = " " * indent
    for change in differences:
        if _is_replaced(change):
            yield (f"{blanks}{in_words(change)}",)
            continue
        if change.old:
            yield blanks, Span("-", Style.REMOVE), f" {_named(change.name)}{ranges_of_values(change.old)}"
        if change.new:
            yield blanks, Span("+", Style.ADD), f" {_named(change.name)}{ranges_of_values(change.new)}"


def in_words(change: Difference) -> str:
    """A difference within a line."""
    if _is_replaced(change):
        return f"{_named(change.name)}{', '.join(change.old)} -> {', '.join(change.new)}"
    gone = f"- {_named(change.name)}{ranges_of_values(change.old)}" if change.old else ""
    come = f"+ {_named(change.name)}{ranges_of_values(change.new)}" if change.new else ""
    return "; ".join(part for part in (gone, come) if part)


def ranges_of_values(values: tuple[str, ...]) -> str:
    """Addresses in a row as a range; anything else in its order."""
    is_plain = len(values) > 1 and all(value.replace(".", "").isdigit() for value in values)
    return ranges(values) if is_plain else ", ".join(values)


def _one(stanza: StanzaChange) -> Iterator[Line]:
    why = f"  ({stanza.why})" if stanza.why else ""
    yield "    ", *SIGNS[stanza.action], f" {stanza.name}{why}"
    yield from difference_lines(stanza.differences, indent=10)


def _is_replaced(change: Difference) -> bool:
    is_one = len(change.old) == len(change.new) == 1
    return is_one or (bool(change.old) and sorted(change.old) == sorted(change.new))


def _named(name: str) -> str:
    return f"{name} " if name else ""


def _grouped(stanzas: Iterable[StanzaChange]) -> dict[tuple[Action, str], dict[tuple[Difference, ...], list[str]]]:
    found: dict[tuple[Action, str], dict[tuple[Difference, ...], list[str]]] = {}
    for stanza in stanzas:
        alike = found.setdefault((stanza.action, stanza.why), {})
        alike.setdefault(stanza.differences, []).append(stanza.name)
    return found
