"""Stanzas whose lines mean the same in any order: PVE prints the remotes of a fabric in hash order."""

from __future__ import annotations

from dataclasses import replace

from pvesdn.compare.present import PresentFile
from pvesdn.model.files import RenderedFile


def in_present_order(file: RenderedFile, present: PresentFile) -> RenderedFile:
    """`file`, with the lines of such stanzas in the node's order where nothing but the order differs."""
    printed = file.interfaces
    if printed is None or file.text == present.text or not (free := printed.order_free):
        return file
    texts = tuple(
        _settled(text, present.stanzas.get(stanza.name)) if stanza.name in free else text
        for stanza, text in zip(printed.stanzas, printed.texts, strict=True)
    )
    settled = replace(printed, texts=texts)
    return replace(file, text=settled.text, interfaces=settled)


def _settled(wanted: str, there: str | None) -> str:
    return wanted if there is None or sorted(there.splitlines()) != sorted(wanted.splitlines()) else there
