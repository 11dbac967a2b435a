"""What the history keeps of definitions: all that a plan depends on, and nothing that looks like a secret."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from pvesdn.decode.definitions.pve_words import OPEN, WORDS
from pvesdn.decode.definitions.running_config import read_running
from pvesdn.decode.definitions.section_config import Section
from pvesdn.decode.secrets import hide_secrets


def own_definitions(text: str | None) -> str | None:
    """pvesdn.cfg, with passwords and keys in comments hidden: no property of it holds any. None for no file."""
    if text is None:
        return None
    lines = text.split("\n")
    return "\n".join(hide_secrets(line)[0] if line.lstrip().startswith("#") else line for line in lines)


def known_definitions(running: str | None) -> str | None:
    """PVE's committed definitions without their version and without properties that pvesdn does not know, as a text
    that `.running-config` could have: the same for the same definitions; None for none.

    :param running: the text of `.running-config`; None for no file.
    """
    collections = {
        name: {"ids": {section.id: _object(name, section) for section in sections}}
        for name, sections in read_running(running).collections.items()
        if sections
    }
    return json.dumps(collections) if collections else None


def section_texts(known: str | None) -> dict[str, str]:
    """The same as sections for people to read, by file name. :param known: what `known_definitions` gave."""
    return {
        f"{name}.cfg": "\n".join(_lines(sections))
        for name, sections in read_running(known).collections.items()
        if sections
    }


def _lines(sections: Iterable[Section]) -> Iterable[str]:
    for section in sections:
        yield f"{section.type}: {section.id}"
        yield from (f"\t{item.key} {item.value}" for item in section.properties)
        yield ""


def _object(collection: str, section: Section) -> Mapping[str, str | list[str]]:
    known = WORDS[collection].get(section.type, {})
    found: dict[str, list[str]] = {}
    for item in section.properties:
        if item.key in known or collection in OPEN:
            found.setdefault(item.key, []).append(item.value)
    return {"type": section.type, **{key: values[0] if len(values) == 1 else values for key, values in found.items()}}
