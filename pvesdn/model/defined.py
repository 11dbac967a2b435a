"""What every object from a definition file has."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import ConfigDict, Field

from pvesdn.model.base import Model
from pvesdn.model.findings import Where

_WORD = re.compile(r"[^,; \t=]+")


@dataclass(frozen=True, slots=True)
class Written:
    """One property as it stands in a file.

    :param line: 1-based, like the columns; 0 when the source has no lines.
    :param column: of the property's name.
    :param value_column: of its value.
    """

    name: str
    value: str
    line: int
    column: int
    value_column: int


class Defined(Model):
    """Anything that has a place in a definition file.

    :param where: its section's header.
    :param written: its properties as they were read; empty for what was not read from a file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    where: Where
    written: tuple[Written, ...] = Field(default=(), exclude=True, repr=False)

    def at(self, name: str, word: object = "") -> Where:
        """The place of a property's value, or of one word of its list; the header's where the section lacks it.

        :param name: in the spelling of the file.
        """
        return place_of(self.where, self.written, name, str(word))


def place_of(header: Where, written: tuple[Written, ...], name: str, word: str = "") -> Where:
    """See `Defined.at`."""
    for item in written:
        if item.name == name and item.line:
            for found in _WORD.finditer(item.value) if word else ():
                if found[0] == word:
                    return header.moved(item.line, item.value_column + found.start(), len(word))
            return header.moved(item.line, item.value_column, len(item.value))
    return header
