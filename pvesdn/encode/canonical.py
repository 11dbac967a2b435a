"""Section config that pvesdn makes, in the order and spelling of PVE's own writer (docs/pve.md §1.2)."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace

from pvesdn.decode.definitions.own_grammar import GRAMMAR
from pvesdn.decode.definitions.pve_word_order import UNREAD
from pvesdn.decode.definitions.pve_words import WORDS
from pvesdn.decode.definitions.section_config import Property, Section, write
from pvesdn.decode.definitions.values import BadValueError, boolean
from pvesdn.decode.definitions.words import Word, Words
from pvesdn.model.snapshot import OWN_NAME


def canonical(sections: Iterable[Section], *, file: str = OWN_NAME) -> str:
    """The text of a file: sections in their order, required properties first, each kind alphabetical, booleans 1 or 0.

    :param file: ``pvesdn.cfg``, or one of PVE's such as ``zones.cfg``: it says which properties are required.
    :raises SdnConfigError: something in the sections could not be read back, such as a value with a line break.
    """
    known = GRAMMAR if file == OWN_NAME else {**WORDS, **UNREAD}.get(file.removesuffix(".cfg"), {})
    return write(_in_order(section, known.get(section.type, {})) for section in sections)


def _in_order(section: Section, words: Words) -> Section:
    unknown = Word()
    spelled = [_spelled(item, words.get(item.key, unknown)) for item in section.properties]
    # Sorting is stable: the lines of an array keep their order.
    spelled.sort(key=lambda item: (not words.get(item.key, unknown).is_required, item.key))
    return replace(section, properties=tuple(spelled), gap=1)


def _spelled(item: Property, word: Word) -> Property:
    value = item.value
    if word.is_boolean:
        # A value that is not a boolean stays: reading it back will report it.
        with suppress(BadValueError):
            value = "1" if boolean(value) else "0"
    return Property(item.key, value, item.line)
