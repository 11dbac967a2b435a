"""A file as it is on a node: anybody's text, parsed once, and only on demand."""

from __future__ import annotations

from functools import cached_property

from pvesdn.decode.nodes.interfaces import split_stanzas


class PresentFile:
    """:param text: None when the node has no such file."""

    def __init__(self, text: str | None) -> None:
        self.text = text

    @cached_property
    def stanzas(self) -> dict[str, str]:
        """The text of each interface by name; the empty name holds what belongs to no interface."""
        return dict(split_stanzas(self.text or ""))
