"""An answer of the API that was read to its end, over HTTPS or from pvesh, and what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from pvesdn.decode import json_text
from pvesdn.decode.cluster.answers import AnswerError
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.model.primitives import Json

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes, headers included: the longest answers are task logs and lists of 500 tasks, of some 300 bytes each."""
_MOST_MEMORY = 8 * LARGEST_ANSWER
"""Bytes that an answer and what it says may take in memory."""


Values: TypeAlias = Mapping[str, str | list[str]]
"""Parameters of a call; a list is a parameter that is repeated."""


class ProxmoxerAnswer(Protocol):
    """The part of an answer that proxmoxer looks at."""

    @property
    def status_code(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class WholeAnswer:
    """The part of an answer that proxmoxer looks at."""

    status_code: int
    reason: str
    content: bytes

    @property
    def text(self) -> str:
        """The content as text; bytes that are not UTF-8 are replaced."""
        return self.content.decode("utf-8", "replace")


class Serializer:
    """Reads PVE's envelope; unlike proxmoxer's own it accepts nothing else as an answer."""

    def loads(self, answer: ProxmoxerAnswer) -> Json:
        """The `data` of an answer.

        :raises AnswerError: it is not an answer of the API.
        """
        try:
            document = json_text.load(answer.content, most=_MOST_MEMORY)
        except WrongShapeError:
            document = None
        if not isinstance(document, dict) or "data" not in document:
            msg = "unexpected API response"
            raise AnswerError(msg)
        return document["data"]

    def loads_errors(self, answer: ProxmoxerAnswer) -> dict[str, str] | None:
        """What PVE says about individual parameters."""
        try:
            errors = json_text.load(answer.content, most=_MOST_MEMORY).get("errors")
        except (WrongShapeError, AttributeError):
            return None
        return {str(key): str(text) for key, text in errors.items()} if isinstance(errors, dict) else None
