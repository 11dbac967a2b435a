"""Sections checked against the properties of their type: values on one side, all faults on the other."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import ValidationError

from pvesdn.decode.definitions.ledger import Ledger
from pvesdn.decode.definitions.section_config import Property, Section
from pvesdn.decode.definitions.slips import Slips
from pvesdn.decode.definitions.values import BadValueError, Choice, shown
from pvesdn.decode.definitions.words import Word, Words
from pvesdn.model.defined import Defined, Written, place_of
from pvesdn.model.findings import Severity, Where

D = TypeVar("D", bound=Defined)


@dataclass(slots=True)
class Entry:
    """One section on its way to an object.

    :param where: its header's place.
    :param values: what could be read, by PVE's spelling of the property.
    """

    section: Section
    where: Where
    ledger: Ledger
    values: dict[str, Any] = field(default_factory=dict)
    is_good: bool = True
    has_good_id: bool = True
    """Its id is the one that was meant, as far as can be told."""
    told: Mapping[str, Collection[str]] = field(default_factory=dict)
    """See `read`."""
    _meant: frozenset[str] = frozenset()
    _placed: dict[str, Written] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The value of a property; None when it is absent or could not be read."""
        return self.values.get(name)

    def has(self, name: str) -> bool:
        """Whether the property is there, readable or not, or was meant by one that is misspelt."""
        return name in self._placed or name in self._meant

    def fail(self, what: str, hint: str = "", *, at: str = "", word: object = "") -> None:
        """Enter an error.

        :param at: the property whose place is named; the header's otherwise.
        :param word: of the property's list; its whole value otherwise.
        """
        self.is_good = False
        self.ledger.add(Severity.ERROR, self._place(at, str(word)), what, hint)

    def warn(self, what: str, hint: str = "", *, at: str = "") -> None:
        """Enter a warning."""
        self.ledger.add(Severity.WARNING, self._place(at), what, hint)

    def read(
        self,
        words: Words,
        *,
        is_pve: bool,
        foreign: Mapping[str, str] = MappingProxyType({}),
        told: Mapping[str, Collection[str]] = MappingProxyType({}),
    ) -> None:
        """Fill `values`; enter a fault for each property that is unknown, repeated, unreadable or missing.

        :param is_pve: a repeated property is a warning and the first one counts, as for PVE; so is one without a value.
        :param foreign: properties that only another source knows, with what to do about them.
        :param told: values by property that are at fault where they are defined, which is told there.
        """
        self.told = told
        slips = Slips(words, self.section)
        self.is_good = self.is_good and not self.section.strays
        for item in self.section.properties:
            word = words.get(item.key)
            if is_pve and word is not None and item.value == "" and not word.is_required:
                self._report(Severity.WARNING, item, f"{item.key} has no value and counts as absent", "remove the line")
                continue
            is_repeated = item.key in self._placed
            placed = Written(item.key, item.value, item.line, item.column, item.value_column)
            self._placed.setdefault(item.key, placed)
            if word is None:
                hint = foreign.get(item.key) or slips.unknown(item)
                self._report(
                    Severity.ERROR, item, f"{shown(item.key)} is not a property of type {self.section.type}", hint
                )
            elif is_repeated and not word.is_array:
                self._repeated(item, is_pve=is_pve)
            elif item.value in told.get(item.key, ()):
                self.is_good = False
            else:
                self._value(item, word, slips)
        self._meant = frozenset(slips.meant)
        for name, word in words.items():
            # One that is only misspelt or not indented must not be added as well: it would then be there twice.
            if word.is_required and not self.has(name):
                self.fail(f"{name} is missing", _how_to_add(name, word))

    def build(self, kind: type[D], **more: Any) -> D | None:
        """The object, or None when the section has an error.

        :param more: fields that no property gives, such as `id`.
        """
        if not self.is_good:
            return None
        written = tuple(self._placed.values()) if self.where.line else ()
        try:
            return kind.model_validate({"where": self.where, "written": written, **self.values, **more})
        except ValidationError as error:
            for fault in error.errors():
                self.fail(f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}")
            return None

    def _place(self, at: str, word: str = "") -> Where:
        return place_of(self.where, tuple(self._placed.values()), at, word) if at else self.where

    def _repeated(self, item: Property, *, is_pve: bool) -> None:
        if is_pve:
            self._report(Severity.WARNING, item, f"{item.key} is given twice; the first one counts", "remove this line")
        else:
            self._report(Severity.ERROR, item, f"{item.key} is given twice", "remove one")

    def _value(self, item: Property, word: Word, slips: Slips) -> None:
        if slip := slips.two_on_a_line(item):
            self._report(Severity.ERROR, item, *slip, is_value=True)
            return
        try:
            if item.value == "":
                hint = "give it one" if word.is_required else "give it one or remove the line"
                raise BadValueError("has no value", hint)  # noqa: TRY301 - one way out
            read = word.read(item.value)
        except BadValueError as error:
            hint = slips.bad_value(item, word) or error.hint
            self._report(Severity.ERROR, item, f"{item.key} {error.what}", hint, is_value=True, word=error.word)
            return
        if word.is_used:
            self.values[item.key] = (*self.values.get(item.key, ()), read) if word.is_array else read

    def _report(
        self, severity: Severity, item: Property, what: str, hint: str, *, is_value: bool = False, word: str = ""
    ) -> None:
        """Enter what is wrong with a property: with its name, or with its value or a word of it."""
        self.is_good = self.is_good and severity is not Severity.ERROR
        column, text = (item.value_column, item.value) if is_value and item.value else (item.column, item.key)
        if is_value and word in item.value:
            column, text = column + item.value.index(word), word or text
        self.ledger.add(severity, self.where.moved(item.line, column, len(text)), what, hint)


def _how_to_add(name: str, word: Word) -> str:
    return f"add it: {name} {word.read.wanted}" if isinstance(word.read, Choice) else "add it"


def refuse_duplicates(entries: Iterable[Entry], noun: str) -> None:
    """Enter an error for each entry whose id an earlier one has.

    :param noun: what the ids name, such as ``zone``.
    """
    first: dict[str, Entry] = {}
    for entry in entries:
        name = entry.section.id
        if name in first:
            earlier = first[name]
            where = earlier.where
            place = f"{where.file}:{where.line}" if where.line else where.file
            is_copy = _said(earlier) == _said(entry)
            entry.has_good_id = is_copy
            entry.fail(
                f"id is already used by the {noun} at {place}",
                "remove one of the two: they say the same" if is_copy else "choose another id",
            )
        else:
            first[name] = entry


def _said(entry: Entry) -> list[tuple[str, str]]:
    return [(item.key, item.value) for item in entry.section.properties]
