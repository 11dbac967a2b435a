"""What is found while a set-up is recognised: contradictions, what pvesdn.cfg cannot express, and what else to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pvesdn.decode.definitions.values import BadValueError, Reader
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.hand_written import Device, Option, Place

T = TypeVar("T")


class Notebook:
    """Findings as keys, in the order they were made; the same one is entered once.

    An error must be decided by a person: with one among the findings nothing is proposed.
    """

    def __init__(self) -> None:
        self.errors: dict[Finding, None] = {}
        self.lost: dict[Finding, None] = {}
        self.findings: dict[Finding, None] = {}

    def error(self, node: str, place: Place | None, name: str, what: str, hint: str = "") -> None:
        """Something that contradicts itself or another node."""
        where = _where(node, place, name)
        self.errors.setdefault(Finding(severity=Severity.ERROR, where=where, what=what, hint=hint, node=node))

    def lose(self, node: str, place: Place | None, name: str, what: str, hint: str = "") -> None:
        """Something that the proposal does not express."""
        where = _where(node, place, name)
        self.lost.setdefault(Finding(severity=Severity.WARNING, where=where, what=what, hint=hint, node=node))

    def warn(self, where: str, what: str, hint: str = "") -> None:
        """Something to know that belongs to no particular line."""
        self._enter(Severity.WARNING, where, what, hint)

    def note(self, where: str, what: str, hint: str = "") -> None:
        """A decision made for the reader."""
        self._enter(Severity.NOTE, where, what, hint)

    def value(self, node: str, device: Device, option: Option, read: Reader) -> object | None:
        """The value of an option; None, and an error, where it is not valid."""
        try:
            return read(option.value)  # type: ignore[no-any-return] # a reader of any type
        except BadValueError as error:
            what = f"{option.name} {error.what}"
            hint = "put the comment on a line of its own" if "#" in option.value else error.hint
            self.error(node, option.place, device.name, what, hint)
            return None

    def only(self, node: str, device: Device, names: tuple[str, ...], read: Callable[[str], T]) -> T | None:
        """The one value of an option under any of its names; None where it is absent or wrong."""
        found = device.all(*names)
        if not found:
            return None
        for other in found[1:]:
            if other.value != found[0].value:
                what = f"{other.name} {other.value} comes after {found[0].name} {found[0].value} on line {found[0].place.line}"
                self.error(node, other.place, device.name, what, "keep one: is this another device's stanza?")
        return self.value(node, device, found[0], read)  # type: ignore[return-value] # what `read` gives

    def _enter(self, severity: Severity, where: str, what: str, hint: str) -> None:
        self.findings.setdefault(Finding(severity=severity, where=where, what=what, hint=hint))


def _where(node: str, place: Place | None, name: str) -> str:
    """:param place: None for what the kernel alone has."""
    return ": ".join(part for part in (node, str(place or ""), name) if part)
