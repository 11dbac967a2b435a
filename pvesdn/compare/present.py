"""What is on a node before anything changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pvesdn.decode.nodes.interfaces import split_stanzas
from pvesdn.decode.nodes.record import Record
from pvesdn.model.facts import NodeFacts


class PresentFile:
    """A file as it is: anybody's text, parsed once, and only on demand.

    :param text: None when there is no such file.
    """

    def __init__(self, text: str | None) -> None:
        self.text = text

    @cached_property
    def stanzas(self) -> dict[str, str]:
        """The text of each interface by name; the empty name holds what belongs to no interface."""
        return dict(split_stanzas(self.text or ""))


@dataclass(frozen=True, slots=True)
class NodeNow:
    """A node as it is.

    :param files: text by path.
    :param record: what pvesdn remembers of its last write there.
    :param guest_names: by id, as far as they are known.
    """

    files: Mapping[str, str]
    facts: NodeFacts
    record: Record
    guest_names: Mapping[int, str] = field(default_factory=dict)
