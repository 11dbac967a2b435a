"""What a property and a section type of pvesdn.cfg are: how they are read, and what they mean to the reader of the
docs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pvesdn.decode.definitions import values
from pvesdn.decode.definitions.values import Reader, integer
from pvesdn.decode.definitions.words import Word

REQUIRED = "required"
"""Stands in the place of a default where there is none: the property must be given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWord(Word):
    """A property of pvesdn.cfg.

    :param type: what may be written, such as ``integer, 1 to 255``.
    :param meaning: what it does, in whole sentences of Markdown.
    :param default: what holds without it.
    """

    type: str
    meaning: str
    default: str


@dataclass(frozen=True, slots=True)
class SectionType:
    """A section type of pvesdn.cfg.

    :param noun: what such a section defines. Ids are unique for each noun.
    :param id: what its id may be.
    :param meaning: what it is for, in whole sentences of Markdown.
    """

    noun: str
    id: str
    meaning: str
    words: Mapping[str, OwnWord]


def number(low: int, high: int, meaning: str, default: str = REQUIRED, *, is_required: bool = False) -> OwnWord:
    """A whole number, both bounds included."""
    read = integer(low, high)
    type_ = f"integer, {low} to {high}"
    return OwnWord(read=read, is_required=is_required, type=type_, meaning=meaning, default=default)


def boolean(meaning: str, default: str) -> OwnWord:
    """Yes or no, in PVE's spellings."""
    return OwnWord(read=values.boolean, type="boolean: `1` or `0`", meaning=meaning, default=default)


def choice(words: tuple[str, ...], meaning: str, default: str = REQUIRED, *, is_required: bool = False) -> OwnWord:
    """One of several words."""
    type_ = "one of " * (len(words) > 1) + ", ".join(f"`{word}`" for word in words)
    read = values.Choice(*words)
    return OwnWord(read=read, is_required=is_required, type=type_, meaning=meaning, default=default)


def required(read: Reader, type_: str, meaning: str) -> OwnWord:
    """What a section cannot be without."""
    return OwnWord(read=read, is_required=True, type=type_, meaning=meaning, default=REQUIRED)


def optional(read: Reader, type_: str, meaning: str, default: str, *, excludes: str = "") -> OwnWord:
    """What may be left out; with `REQUIRED` as default the section's builder refuses that, in words of its own."""
    others = frozenset({excludes} if excludes else ())
    return OwnWord(read=read, type=type_, meaning=meaning, default=default, excludes=others)
