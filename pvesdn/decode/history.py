"""The file of the history. Closed: an entry that pvesdn did not write like this is nothing to go back to."""

from __future__ import annotations

import base64
import binascii
import lzma
from hashlib import sha256

from pydantic import TypeAdapter, ValidationError

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError, place_of
from pvesdn.errors import HistoryError
from pvesdn.model.history import FORMAT, HISTORY_FILE, LARGEST, LAST_NUMBER, MOST_ENTRIES, MOST_TEXT, Entry, History
from pvesdn.model.primitives import Json

_MOST_MEMORY = 16 * LARGEST
_MOST_TEXT_MEMORY = 8 * MOST_TEXT
_UNPACKING = 64 * 1024 * 1024
"""Bytes that unpacking may take."""
_AWAY = f"move it away, and the next apply begins a new one: mv {HISTORY_FILE} /root/"
_ENTRIES: TypeAdapter[tuple[Entry, ...]] = TypeAdapter(tuple[Entry, ...])


def digest_of(text: str) -> str:
    """The name of a text in the history."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def decode_history(text: str | None) -> History:
    """The history; an absent file has no entries.

    :raises HistoryError: it is not as pvesdn wrote it, or another version did.
    """
    if text is None:
        return History()
    try:
        return _history(text)
    except WrongShapeError as error:
        raise HistoryError(f"{HISTORY_FILE}: cannot be used: {error}", hint=_AWAY) from error


def _history(text: str) -> History:
    if len(text) > LARGEST:
        message = f"larger than {LARGEST >> 20} MiB"
        raise WrongShapeError(message)
    document = json_text.mapping(json_text.load(text, most=_MOST_MEMORY), "it")
    if document.get("kind") != "pvesdn history":
        message = "no history of pvesdn"
        raise WrongShapeError(message)
    if document.get("format") != FORMAT:
        hint = "use the newest version of pvesdn that runs in the cluster"
        raise HistoryError(f"{HISTORY_FILE}: was written by another version, in a format not known here", hint=hint)
    entries = _entries(document.get("entries"))
    return History(entries, _texts(json_text.string(document.get("definitions"), "definitions")))


def _entries(value: Json) -> tuple[Entry, ...]:
    rows = json_text.rows(value, "entries")
    if len(rows) > MOST_ENTRIES:
        message = f"more than {MOST_ENTRIES} entries"
        raise WrongShapeError(message)
    try:
        found = _ENTRIES.validate_python(rows)
    except ValidationError as error:
        message = f"entries.{place_of(error)} is not as pvesdn wrote it"
        raise WrongShapeError(message) from error
    numbers = [entry.number for entry in found]
    if LAST_NUMBER in numbers:
        message = "no number is left for another entry"
        raise WrongShapeError(message)
    if numbers != sorted(set(numbers)):
        message = "its numbers do not grow"
        raise WrongShapeError(message)
    return found


def _texts(block: str) -> dict[str, str]:
    """Definitions by digest, each of which is that of its text."""
    texts = json_text.mapping(json_text.load(_unpacked(block), most=_MOST_TEXT_MEMORY), "definitions")
    found: dict[str, str] = {}
    for digest, text in texts.items():
        if not isinstance(text, str) or digest_of(text) != digest:
            message = "definitions were edited or damaged"
            raise WrongShapeError(message)
        found[digest] = text
    return found


def _unpacked(block: str) -> bytes:
    message = "definitions are damaged"
    try:
        unpacker = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_UNPACKING)
        found = unpacker.decompress(base64.b64decode(block, validate=True), MOST_TEXT + 1)
    except (lzma.LZMAError, EOFError, binascii.Error, ValueError) as error:
        raise WrongShapeError(message) from error
    if not unpacker.eof or unpacker.unused_data:
        raise WrongShapeError(message)
    return found
