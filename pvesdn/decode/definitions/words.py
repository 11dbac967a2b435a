"""The properties that a section type knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pvesdn.decode.definitions.values import Reader, boolean, text


@dataclass(frozen=True, slots=True)
class Word:
    """A property that a section type knows.

    :param is_used: False for a property of PVE's that changes nothing that pvesdn renders.
    :param is_array: the property may be repeated.
    :param excludes: properties that cannot stand beside it.
    """

    read: Reader = text
    is_required: bool = False
    is_used: bool = True
    is_array: bool = False
    excludes: frozenset[str] = frozenset()

    @property
    def is_boolean(self) -> bool:
        """Its canonical spelling is 1 or 0."""
        return self.read is boolean


Words = Mapping[str, Word]
"""The properties of one section type, by PVE's spelling."""
