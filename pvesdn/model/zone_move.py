"""What moving zones between PVE's panel and `pvesdn.cfg` comes to."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import OwnSdn

Command: TypeAlias = tuple[str, ...]
"""A command with its arguments, as a shell would split it."""


class Fate(StrEnum):
    """What becomes of a property of PVE's."""

    CARRIED = "carried"
    """`pvesdn.cfg` says the same."""
    IDLE = "idle"
    """PVE makes nothing of it in a zone of this type, so nothing goes with it."""
    LOST = "lost"
    """It did something, and pvesdn has nothing in its place."""
    NEEDED = "needed"
    """It is lost, and guests would lose traffic with it: the zone cannot be moved before it has gone."""


@dataclass(frozen=True, slots=True)
class MovedProperty:
    """One property of a definition of PVE's.

    :param where: its line.
    :param what: what becomes of it; empty where that goes without saying.
    :param hint: what to do about it.
    """

    where: Where
    key: str
    value: str
    fate: Fate
    what: str = ""
    hint: str = ""

    def __str__(self) -> str:
        words = (f"{self.where}: {self.key} {self.value}", self.what)
        text = ": ".join(word for word in words if word)
        return f"{text}; {self.hint}" if self.hint else text


@dataclass(frozen=True, slots=True)
class WireChange:
    """What changes for traffic, on one or more nodes.

    :param nodes: sorted.
    :param devices: devices, VRFs, or a part of the node such as ``BGP``.
    :param what: the attribute with its old and its new value.
    :param meaning: what traffic notices of it; empty where it notices nothing.
    """

    nodes: tuple[str, ...]
    devices: tuple[str, ...]
    what: str
    meaning: str = ""

    def __str__(self) -> str:
        text = f"{', '.join(self.nodes)}: {', '.join(self.devices)}: {self.what}"
        return f"{text}: {self.meaning}" if self.meaning else text


@dataclass(frozen=True, slots=True)
class ZoneMove:
    """Zones on their way from PVE's files to `pvesdn.cfg`, or back.

    :param zones: their ids, sorted.
    :param own: the objects that come into pvesdn.cfg, and nothing else.
    :param properties: every property that PVE's definitions of them have, in file order.
    :param taken: every section that goes from PVE's files.
    :param leave: takes the definitions out of PVE's files, in an order that PVE accepts.
    :param enter: puts them back as they were.
    :param findings: what is worth knowing besides.
    """

    zones: tuple[str, ...]
    own: OwnSdn
    properties: tuple[MovedProperty, ...]
    taken: tuple[Where, ...]
    leave: tuple[Command, ...]
    enter: tuple[Command, ...]
    findings: tuple[Finding, ...] = field(default=())
