"""Stanzas whose lines mean the same in any order: PVE prints the remotes of a fabric as its hashes fall."""

from __future__ import annotations

from dataclasses import replace

from pvesdn.decode.interfaces import split_stanzas
from pvesdn.model.files import RenderedFile


def in_present_order(file: RenderedFile, current: str | None) -> RenderedFile:
    """`file` with such stanzas in the order in which they are on the node, where nothing but the order differs."""
    if not file.order_free or file.text is None or current is None:
        return file
    text, stanzas = file.text, dict(file.stanzas)
    present = dict(split_stanzas(current))
    for name in sorted(file.order_free & stanzas.keys() & present.keys()):
        if sorted(present[name].splitlines()) == sorted(stanzas[name].splitlines()):
            text = text.replace(stanzas[name], present[name])
            stanzas[name] = present[name]
    return replace(file, text=text, stanzas=stanzas)
