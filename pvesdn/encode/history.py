"""The history of applies -> its file: the newest entries, as many as are allowed and fit.

Entries are lines of JSON that anybody can read. The definitions are one compressed block, because texts that hardly
differ cost next to nothing in it: `jq -r .definitions FILE | base64 -d | xz -d` shows them.
"""

from __future__ import annotations

import base64
import json
import lzma
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import TypeVar

from pvesdn.model.history import FORMAT, MOST_BYTES, MOST_ENTRIES, MOST_TEXT, Entry, History

Item = TypeVar("Item")

_LEAST_WINDOW = 1 << 12


def encode_history(history: History) -> str:
    """The file's text, never more than `MOST_BYTES` of ASCII: the same history gives the same text.

    The oldest entries go first, and before them the definitions of the oldest. Definitions that do not fit by
    themselves are left out.
    """
    entries = history.entries[-MOST_ENTRIES:]
    texts = {digest: history.texts[digest] for digest in _digests(entries) if digest in history.texts}
    whole = _text(entries, texts)
    if len(whole) <= MOST_BYTES:
        return whole
    entries = entries[len(entries) - _most(len(entries), lambda count: _text(_last(entries, count), {})) :]
    room = MOST_BYTES - len(_text(entries, {}))
    of_use = [
        digest for digest in _digests(entries) if digest in texts and len(_block({digest: texts[digest]})) <= room
    ]

    def with_newest(count: int) -> str:
        return _text(entries, {digest: texts[digest] for digest in _last(of_use, count)})

    return with_newest(_most(len(of_use), with_newest))


def _last(items: Sequence[Item], count: int) -> Sequence[Item]:
    return items[len(items) - count :]


def _most(limit: int, text_of: Callable[[int], str]) -> int:
    """The largest number up to `limit` of which the text fits; what fits with so many fits with fewer."""
    least, most = 0, limit
    while least < most:
        count = (least + most + 1) // 2
        if len(text_of(count)) <= MOST_BYTES:
            least = count
        else:
            most = count - 1
    return least


def _text(entries: Sequence[Entry], texts: dict[str, str]) -> str:
    lines = ",\n  ".join(json.dumps(entry.model_dump(mode="json", exclude_defaults=True)) for entry in entries)
    return (
        f'{{\n "kind": "pvesdn history",\n "format": {FORMAT},\n "entries": [\n  {lines}\n ],\n'
        f' "definitions": "{_block(texts)}"\n}}\n'
    )


def _digests(entries: Iterable[Entry]) -> list[str]:
    """Those of all definitions, each once, those that were of use last at the end: neighbours are alike, which
    compresses well.
    """
    sides = chain.from_iterable((entry.before, entry.after) for entry in entries)
    found = [digest for side in sides for digest in (side.own, side.committed) if digest is not None]
    return [*dict.fromkeys(reversed(found))][::-1]


def _block(texts: dict[str, str]) -> str:
    """The newest texts that are not too much altogether, compressed."""
    kept: list[str] = []
    room = MOST_TEXT
    for digest, text in reversed(texts.items()):
        kept.append(json.dumps({digest: text})[1:-1])
        room -= len(kept[-1]) + 2
        if room < 0:
            kept.pop()
            break
    document = f"{{{', '.join(reversed(kept))}}}".encode()
    window = max(_LEAST_WINDOW, 1 << min(len(document), MOST_TEXT).bit_length())
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": window}]
    return base64.b64encode(lzma.compress(document, filters=filters)).decode()
