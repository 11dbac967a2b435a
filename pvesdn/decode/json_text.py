"""JSON that machines wrote: parsed without surprises, taken apart by shape."""

from __future__ import annotations

import json
import re
from ipaddress import ip_address

from pvesdn.model.primitives import IpAddress, Json

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_DIGITS = 18
"""More are no number that a node or cluster could mean, and Python reads only so many."""


class WrongShapeError(ValueError):
    """What the document has instead of what was expected; each decoder turns it into its own error."""


def load(text: str) -> Json:
    """The document.

    :raises WrongShapeError: it is no JSON, or nested deeper than Python can follow.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        message = f"no JSON ({reason})"
        raise WrongShapeError(message) from error


def mapping(value: Json, what: str) -> dict[str, Json]:
    """An object. :raises WrongShapeError: something else."""
    if not isinstance(value, dict):
        message = f"{what} is no JSON object"
        raise WrongShapeError(message)
    return value


def rows(value: Json, what: str) -> list[dict[str, Json]]:
    """A list of objects. :raises WrongShapeError: something else."""
    if not isinstance(value, list):
        message = f"{what} is no JSON list"
        raise WrongShapeError(message)
    return [mapping(item, f"entry {number} of {what}") for number, item in enumerate(value, start=1)]


def string(value: Json, what: str) -> str:
    """Printable text of one line. :raises WrongShapeError: something else."""
    if not isinstance(value, str) or _UNPRINTABLE.search(value):
        message = f"{what} is no printable text"
        raise WrongShapeError(message)
    return value


def word(value: Json, what: str) -> str:
    """A name: printable text without blanks. :raises WrongShapeError: something else."""
    found = string(value, what)
    if not found or len(found.split()) != 1 or found != found.strip():
        message = f"{what} is no name"
        raise WrongShapeError(message)
    return found


def number(value: Json, what: str) -> int:
    """A whole number, also one in quotes, as Perl prints them at times. :raises WrongShapeError: something else."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**_DIGITS:
        return value
    if isinstance(value, str) and re.fullmatch(rf"-?[0-9]{{1,{_DIGITS}}}", value):
        return int(value)
    message = f"{what} is no whole number"
    raise WrongShapeError(message)


def flag(value: Json, what: str) -> bool:
    """A switch in any of PVE's spellings: 1, 0, "1", "0", true, false. :raises WrongShapeError: something else."""
    if isinstance(value, bool):
        return value
    if value in (0, 1, "0", "1", ""):
        return value in (1, "1")
    message = f"{what} is neither 0 nor 1"
    raise WrongShapeError(message)


def address(value: Json, what: str) -> IpAddress:
    """An IP address without a scope. :raises WrongShapeError: something else."""
    text = string(value, what)
    try:
        found = ip_address(text)
    except ValueError:
        found = None
    if found is None or "%" in text:
        message = f"{what} is no IP address"
        raise WrongShapeError(message)
    return found
