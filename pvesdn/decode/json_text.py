"""JSON written by machines: parsed without surprises, and checked for its shape."""

from __future__ import annotations

import json
import math
import re
import sys
from ipaddress import ip_address

from pydantic import ValidationError

from pvesdn.model.primitives import DeviceName, IpAddress, Json

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_WIDE = re.compile(r"\\u(?!00)")
"""An escape that stands for more than one byte."""
_DEPTH = 100
"""Levels of nesting; what PVE and iproute2 print has a handful."""
_VALUE = re.compile(r'("[^"\\]*+(?:\\.[^"\\]*+)*+)(?:"(\s*:)?|\Z)|-\d|\d[\d.eE+-]{2,}', re.DOTALL | re.ASCII)
"""Values that cost an object of their own: strings (a key with its colon) and numbers that Python does not cache."""
_LONGEST_PLACE = 80
_DIGITS = 18
"""No number that a node or a cluster could mean has more, and Python reads only so many."""
_TOO_LARGE = 10**_DIGITS
_WHOLE_NUMBER = re.compile(rf"-?[0-9]{{1,{_DIGITS}}}")


class WrongShapeError(ValueError):
    """The document is not of the expected shape; each decoder turns this into its own error."""

    def of(self, owner: str) -> WrongShapeError:
        """The same, and whose it is: ``mtu is negative`` of ``'eno1'`` is ``mtu of 'eno1' is negative``.

        Who reads thousands of values says it here, when one is wrong, and not with each of them.
        """
        what, verb, fault = str(self).partition(" is ")
        return WrongShapeError(f"{what} of {owner}{verb}{fault}")


def load(text: str | bytes, *, most: int | None = None) -> Json:
    """The document.

    :param most: bytes of memory that text and document together may take; None for no limit.
    :raises WrongShapeError: it is not JSON, nested deeper than Python can follow, or would take more memory than
        `most`.
    """
    if most is not None and footprint(text, most) > most:
        message = f"more than {most >> 20} MiB when read"
        raise WrongShapeError(message)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        message = f"no JSON ({reason})"
        raise WrongShapeError(message) from error


def footprint(text: str | bytes, most: float = math.inf) -> int:
    """Bytes of memory that a JSON text and what CPython makes of it take together: an upper bound, found without
    reading it.

    :param most: what matters is whether it is more than this; beyond, the number is no longer exact.
    """
    own = sys.getsizeof(text)
    if isinstance(text, bytes):
        own += len(text) if text.isascii() else 4 * len(text)  # it is decoded first
        text = text.decode("latin-1")
    rough = own + _roughly(text)
    return rough if rough <= most < math.inf else min(rough, own + _closely(text, most - own))


def _roughly(text: str) -> int:
    """An estimate from the characters that make values, wherever they stand, even in a string."""
    dicts, lists, pairs, quotes = (text.count(sign) for sign in '{[:"')
    values = text.count(",") + dicts + lists
    # A string is as wide as its widest character, and is made twice when one comes late.
    width = 1.25 if text.isascii() and _WIDE.search(text) is None else 7
    return int(width * len(text)) + 190 * dicts + 90 * lists + 60 * pairs + 40 * values + 32 * quotes


def _closely(text: str, most: float) -> int:
    """An estimate from the values themselves: a key is kept once however often it occurs. Not exact beyond `most`."""
    dicts, lists = text.count("{"), text.count("[")
    total = len(text) // 4 + 160 * dicts + 90 * lists + 10 * (text.count(",") + dicts + lists)
    may_be_wide = not text.isascii() or _WIDE.search(text) is not None
    keys: set[str] = set()
    for found in _VALUE.finditer(text):
        string, colon = found.groups()
        begin, end = found.span()
        if colon is not None:
            total += 28  # the place in its object; 10 were counted with the comma
            if string in keys:
                continue
            keys.add(string)
            total += 120
        total += 64 + end - begin if not may_be_wide or string is None else _of_string(text, begin, end)
        if total > most:
            break
    return total


def _of_string(text: str, begin: int, end: int) -> int:
    is_wide = not text.isascii() or _WIDE.search(text, begin, end) is not None
    return 96 + (7 if is_wide else 1) * (end - begin)


def is_unicode(text: str) -> bool:
    """Whether a text can be written: JSON may hold half a surrogate pair, UTF-8 may not."""
    return _SURROGATE.search(text) is None


def is_deep(value: Json) -> bool:
    """Whether it is nested deeper than anything a node or a cluster sends; Python follows a document only so far."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(_DEPTH - 1):
        if not level:
            return False
        # One comprehension: every value of every answer passes here.
        level = [
            item
            for held in level
            for item in (held.values() if isinstance(held, dict) else held)
            if isinstance(item, (dict, list))
        ]
    return any(level)


def place_of(error: ValidationError) -> str:
    """Where in a document the first value is that a model does not take, in dots; empty for the document itself."""
    return ".".join(str(part) for part in error.errors()[0]["loc"])[:_LONGEST_PLACE]


def mapping(value: Json, what: str, *, absent: bool = False) -> dict[str, Json]:
    """An object.

    :param absent: null means empty. Only null: 0 and "" are wrong here, as they are in a snapshot.
    :raises WrongShapeError: it is anything else.
    """
    if absent and value is None:
        return {}
    if not isinstance(value, dict):
        message = f"{what} is not a JSON object"
        raise WrongShapeError(message)
    return value


def rows(value: Json, what: str, *, absent: bool = False) -> list[dict[str, Json]]:
    """A list of objects.

    :param absent: null means empty.
    :raises WrongShapeError: it is anything else.
    """
    if absent and value is None:
        return []
    if not isinstance(value, list):
        message = f"{what} is not a JSON list"
        raise WrongShapeError(message)
    for number, item in enumerate(value, start=1):
        if not isinstance(item, dict):
            mapping(item, f"entry {number} of {what}")
    return value


def string(value: Json, what: str) -> str:
    """Printable text of one line. :raises WrongShapeError: it is anything else."""
    if isinstance(value, str) and ((value.isascii() and value.isprintable()) or not _UNPRINTABLE.search(value)):
        return value
    message = f"{what} is not printable text"
    raise WrongShapeError(message)


def word(value: Json, what: str) -> str:
    """A name: printable text without blanks. :raises WrongShapeError: it is anything else."""
    found = string(value, what)
    if not found or len(found.split()) != 1 or found != found.strip():
        message = f"{what} is not a name"
        raise WrongShapeError(message)
    return found


def device(value: Json, what: str) -> DeviceName:
    """A device's name as the kernel allows it: it may begin with a digit and hold what no file could, but no blank.

    :raises WrongShapeError: it is anything else.
    """
    found = string(value, what)
    if not found or " " in found:
        message = f"{what} is not a name"
        raise WrongShapeError(message)
    return found


def number(value: Json, what: str) -> int:
    """A whole number, possibly in quotes, as Perl sometimes prints it. :raises WrongShapeError: it is anything else."""
    if isinstance(value, int) and not isinstance(value, bool) and -_TOO_LARGE < value < _TOO_LARGE:
        return value
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    message = f"{what} is not a whole number"
    raise WrongShapeError(message)


def count(value: Json, what: str) -> int:
    """A whole number that is not negative: bytes, a metric, a length. :raises WrongShapeError: it is anything else."""
    found = number(value, what)
    if found < 0:
        message = f"{what} is negative"
        raise WrongShapeError(message)
    return found


def flag(value: Json, what: str) -> bool:
    """A boolean in any of PVE's spellings: 1, 0, "1", "0", true, false. :raises WrongShapeError: it
    is anything else.
    """
    if isinstance(value, bool):
        return value
    if value in (0, 1, "0", "1", ""):
        return value in (1, "1")
    message = f"{what} is neither 0 nor 1"
    raise WrongShapeError(message)


def address(value: Json, what: str) -> IpAddress:
    """An IP address without a scope. :raises WrongShapeError: it is anything else."""
    text = string(value, what)
    try:
        found = ip_address(text)
    except ValueError:
        found = None
    if found is None or "%" in text:
        message = f"{what} is not an IP address"
        raise WrongShapeError(message)
    return found
