"""The file of a saved plan. Closed: what pvesdn did not write like this was edited and is not a plan any more."""

from __future__ import annotations

import re
import shlex

from pydantic import ValidationError

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError, place_of
from pvesdn.errors import SettingsError
from pvesdn.model.saved_plan import FORMAT, SavedPlan

LARGEST = 32 * 1024 * 1024
"""Bytes; a plan of 128 nodes with 1,000 VNets takes a third."""
_MOST_MEMORY = 16 * LARGEST
_START = '{\n "kind": "pvesdn plan",'
_FIRST = "save one first with pvesdn plan --out PLAN, and with --definitions FILE if it is of a draft"
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,40}")


def is_saved_plan(text: str) -> bool:
    """Whether a text begins as a saved plan does, of whichever version."""
    return text.startswith(_START)


def decode_saved_plan(text: str, name: str) -> SavedPlan:
    """The plan, of whichever version that writes this format.

    :param name: of the file, for messages.
    :raises SettingsError: it is not a saved plan, or is one in another format.
    """
    again = f"save it again with pvesdn plan --out {shlex.quote(name)}"
    if not is_saved_plan(text):
        raise SettingsError(f"{name}: is not a saved plan", hint=_FIRST)
    try:
        document = json_text.mapping(json_text.load(text, most=_MOST_MEMORY), "it")
    except WrongShapeError as error:
        raise SettingsError(f"{name}: {error}", hint=again) from error
    if document.get("format") != FORMAT:
        writer = document.get("pvesdn")
        by = f"pvesdn {writer}" if isinstance(writer, str) and _VERSION.fullmatch(writer) else "another version"
        raise SettingsError(f"{name}: was saved by {by}, in a format that is not known here", hint=again)
    try:
        return SavedPlan.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise SettingsError(f"{name}: {place_of(error) or 'it'} is not as pvesdn wrote it", hint=again) from error
