"""Sections checked against the properties of their type: values on one side, all faults on the other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeVar

from pydantic import ValidationError

from pvesdn.decode.definitions.section_config import Section
from pvesdn.decode.definitions.values import BadValueError, Choice, Reader, boolean, shown, text
from pvesdn.errors import SdnConfigError
from pvesdn.model.defined import Defined
from pvesdn.model.findings import Finding, Severity, Where

D = TypeVar("D", bound=Defined)


@dataclass(frozen=True, slots=True)
class Word:
    """A property that a section type knows.

    :param is_used: False for a property of PVE's that changes nothing that pvesdn renders.
    :param is_array: the property may be repeated.
    """

    read: Reader = text
    is_required: bool = False
    is_used: bool = True
    is_array: bool = False

    @property
    def is_boolean(self) -> bool:
        """Its canonical spelling is 1 or 0."""
        return self.read is boolean


Words = Mapping[str, Word]
"""The properties of one section type, by PVE's spelling."""


class Ledger:
    """Everything that was found; errors are raised together, once."""

    def __init__(self) -> None:
        self._found: list[tuple[Where, Finding]] = []

    def add(self, severity: Severity, where: Where, what: str, hint: str = "") -> None:
        """Enter one finding."""
        self._found.append((where, Finding(severity=severity, where=str(where), what=what, hint=hint)))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The warnings and notes among them, file by file and line by line."""
        return tuple(finding for finding in self._in_order() if finding.severity is not Severity.ERROR)

    def raise_errors(self) -> None:
        """Raise what is wrong, file by file and line by line.

        :raises SdnConfigError: there is at least one error.
        """
        if lines := tuple(str(finding) for finding in self._in_order() if finding.severity is Severity.ERROR):
            raise SdnConfigError(lines)

    def _in_order(self) -> list[Finding]:
        files = {file: number for number, file in enumerate(dict.fromkeys(where.file for where, _ in self._found))}
        return [finding for _, finding in sorted(self._found, key=lambda item: (files[item[0].file], item[0].line))]


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
    _lines: dict[str, int] = field(default_factory=dict)

    def get(self, name: str) -> Any:
        """The value of a property; None when it is absent or could not be read."""
        return self.values.get(name)

    def has(self, name: str) -> bool:
        """Whether the property is there, readable or not."""
        return name in self._lines

    def fail(self, what: str, hint: str = "", *, at: str = "") -> None:
        """Enter an error. :param at: the property whose line is named; the header's otherwise."""
        self.is_good = False
        self.ledger.add(Severity.ERROR, self._place(at), what, hint)

    def warn(self, what: str, hint: str = "", *, at: str = "") -> None:
        """Enter a warning."""
        self.ledger.add(Severity.WARNING, self._place(at), what, hint)

    def read(self, words: Words, *, is_pve: bool) -> None:
        """Fill `values`; enter a fault for each property that is unknown, repeated, unreadable or missing.

        :param is_pve: a repeated property is a warning and the first one counts, as for PVE; so is one without a value.
        """
        meant = set(self.section.strays)
        for item in self.section.properties:
            word = words.get(item.key)
            if is_pve and word is not None and item.value == "":
                self._empty(item.key, item.line)
                continue
            is_repeated = item.key in self._lines
            self._lines.setdefault(item.key, item.line)
            if word is None:
                meant.update(self._unknown(item.key, item.line, words))
            elif is_repeated and not word.is_array:
                self._repeated(item.key, item.line, is_pve=is_pve)
            else:
                self._value(item.key, item.value, item.line, word)
        for name, word in words.items():
            # One that is only misspelt or not indented must not be added as well: it would then be there twice.
            if word.is_required and name not in self._lines and name not in meant:
                self.fail(f"{name} is missing", _how_to_add(name, word))

    def build(self, kind: type[D], **more: Any) -> D | None:
        """The object, or None when the section has an error.

        :param more: fields that no property gives, such as `id`.
        """
        if not self.is_good:
            return None
        try:
            return kind.model_validate({"where": self.where, **self.values, **more})
        except ValidationError as error:
            for fault in error.errors():
                self.fail(f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}")
            return None

    def _place(self, at: str) -> Where:
        return self.where.model_copy(update={"line": self._lines.get(at, self.where.line)})

    def _unknown(self, name: str, line: int, words: Words) -> list[str]:
        """Enter the fault; the result is the property that was probably meant, if any."""
        near = get_close_matches(name, words, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known properties: {', '.join(sorted(words))}"
        self._fail_at(line, f"{shown(name)} is not a property of type {self.section.type}", hint)
        return near

    def _empty(self, name: str, line: int) -> None:
        place = self.where.model_copy(update={"line": line})
        self.ledger.add(Severity.WARNING, place, f"{name} has no value and counts as absent", "remove the line")

    def _repeated(self, name: str, line: int, *, is_pve: bool) -> None:
        if is_pve:
            place = self.where.model_copy(update={"line": line})
            self.ledger.add(Severity.WARNING, place, f"{name} is given twice; the first one counts", "remove one")
        else:
            self._fail_at(line, f"{name} is given twice", "remove one")

    def _value(self, name: str, value: str, line: int, word: Word) -> None:
        try:
            if value == "":
                raise BadValueError("has no value", "give it one or remove the line")  # noqa: TRY301 - one way out
            read = word.read(value)
        except BadValueError as error:
            self._fail_at(line, f"{name} {error.what}", error.hint)
            return
        if word.is_used:
            self.values[name] = (*self.values.get(name, ()), read) if word.is_array else read

    def _fail_at(self, line: int, what: str, hint: str) -> None:
        self.is_good = False
        self.ledger.add(Severity.ERROR, self.where.model_copy(update={"line": line}), what, hint)


def _how_to_add(name: str, word: Word) -> str:
    return f"add it: {name} {word.read.wanted}" if isinstance(word.read, Choice) else "add it"


def refuse_duplicates(entries: Iterable[Entry], noun: str) -> None:
    """Enter an error for each entry whose id an earlier one has.

    :param noun: what the ids name, such as ``zone``.
    """
    first: dict[str, Where] = {}
    for entry in entries:
        name = entry.section.id
        if name in first:
            earlier = first[name]
            place = f"{earlier.file}:{earlier.line}" if earlier.line else earlier.file
            entry.fail(f"id is already used by the {noun} at {place}", "choose another id")
        else:
            first[name] = entry.where
