"""Definitions that a run has edited in its memory: faults of the new text are told in lines of the file there is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pvesdn.decode.definitions.own_scan import scan_own
from pvesdn.decode.definitions.section_config import Section, scan
from pvesdn.model.findings import Finding, Where
from pvesdn.model.snapshot import OWN_NAME

_PLACE = re.compile(r"(?<![\w./-])([\w-]+\.cfg):(\d+)")


@dataclass(frozen=True, slots=True)
class EditedLines:
    """:param lines: by file, each line of a new section or property with its number in the file that is there; lines
    that are not in it are absent.
    """

    lines: Mapping[str, Mapping[int, int]] = field(default_factory=dict)

    @classmethod
    def between(cls, old: Mapping[str, str], new: Mapping[str, str]) -> EditedLines:
        """:param old: text by name below /etc/pve/sdn. :param new: the same; only these are looked at."""
        return cls({name: _same(name, old.get(name, ""), text) for name, text in new.items() if text != old.get(name)})

    def placed(self, text: str) -> str:
        """A message with each place in a new text as the one in the file, or as the file where it is not there."""
        return _PLACE.sub(self._place, text)

    def placed_in(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """The same of findings."""
        for finding in findings:
            texts = {key: self.placed(getattr(finding, key)) for key in ("where", "what", "hint")}
            others = tuple(self.placed_in(finding.others))
            place = None if finding.place is None else self._moved(finding.place)
            yield finding.model_copy(update={**texts, "others": others, "place": place})

    def _place(self, found: re.Match[str]) -> str:
        if found[1] not in self.lines:
            return found[0]
        line = self.lines[found[1]].get(int(found[2]))
        return found[1] if line is None else f"{found[1]}:{line}"

    def _moved(self, place: Where) -> Where:
        if place.file not in self.lines:
            return place
        line = self.lines[place.file].get(place.line)
        columns = {"column": 0, "end_column": 0} if line is None else {}
        return place.model_copy(update={"line": line or 0, **columns})


def _same(name: str, old: str, new: str) -> dict[int, int]:
    """Each line of `new` that has its like in `old`."""
    there = dict(_lines(name, old))
    return {line: there[key] for key, line in _lines(name, new) if key in there}


def _lines(name: str, text: str) -> Iterator[tuple[tuple[str, ...], int]]:
    """What each line says: whose header it is, or which property and value."""
    for section in _sections(name, text):
        yield (section.type, section.id), section.line
        for item in section.properties:
            yield (section.type, section.id, item.key, item.value), item.line


def _sections(name: str, text: str) -> tuple[Section, ...]:
    return (scan_own(text, {}) if name == OWN_NAME else scan(text)).sections
