"""The history of applies -> its file: the newest entries, as many as are allowed and fit.

Entries are lines of JSON that anybody can read. The definitions are one compressed block, because texts that hardly
differ cost next to nothing in it: `jq -r .definitions FILE | base64 -d | xz -d` shows them.
"""

from __future__ import annotations

import base64
import json
import lzma
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from pvesdn.model.history import FORMAT, MOST_BYTES, MOST_ENTRIES, MOST_TEXT, Entry, History

_LEAST_WINDOW = 1 << 12


def encode_history(history: History) -> str:
    """The file's text, never more than `MOST_BYTES` of ASCII: the same history gives the same text.

    The oldest entries go first. Where the newest alone does not fit, its definitions are left out.
    """
    entries = history.entries[-MOST_ENTRIES:]
    # What fits with so many entries fits with fewer: look for the most by halves.
    least, most = 0, len(entries)
    best = ""
    while least < most:
        count = (least + most + 1) // 2
        text = _text(entries[-count:], history.texts)
        if len(text) <= MOST_BYTES:
            least, best = count, text
        else:
            most = count - 1
    return best or _text(entries[-1:], {})


def _text(entries: Sequence[Entry], texts: Mapping[str, str]) -> str:
    lines = ",\n  ".join(json.dumps(entry.model_dump(mode="json", exclude_defaults=True)) for entry in entries)
    block = _block({digest: texts[digest] for digest in _digests(entries) if digest in texts})
    return (
        f'{{\n "kind": "pvesdn history",\n "format": {FORMAT},\n "entries": [\n  {lines}\n ],\n'
        f' "definitions": "{block}"\n}}\n'
    )


def _digests(entries: Iterable[Entry]) -> Iterable[str]:
    """Those of all definitions, each once, in the order of time: neighbours are alike, which compresses well."""
    found = chain.from_iterable((e.before.own, e.before.committed, e.after.own, e.after.committed) for e in entries)
    return dict.fromkeys(digest for digest in found if digest is not None)


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
