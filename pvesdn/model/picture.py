"""What is drawn of a map: boxes, tables and lines, before they are written in any language of graphs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pvesdn.model.status import Health

MESH = "mesh"
"""The end of a line that leads to the frame around the nodes instead of to a box."""


class Shape(StrEnum):
    """What a box stands for."""

    NODE = "node"
    ROUTER = "router"


@dataclass(frozen=True, slots=True)
class Box:
    """A node, or a router outside. :param lines: its name first."""

    id: str
    shape: Shape
    lines: tuple[str, ...]
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A VNet in the table of its zone.

    :param columns: its name, its tag.
    :param nets: its subnets in words, each a line.
    :param guests: in words, each a line.
    """

    columns: tuple[str, str]
    nets: tuple[str, ...] = ()
    guests: tuple[str, ...] = ()
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A zone.

    :param lines: its name first.
    :param left_out: what is not among the rows, in words; empty for nothing.
    """

    id: str
    lines: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    left_out: str = ""
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """From one box to another, or to the `MESH`. :param label: empty for none."""

    ends: tuple[str, str]
    label: str = ""
    health: Health | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """All that is drawn.

    :param title: of the whole.
    :param mesh: of the frame around the nodes: which sessions there are between them.
    :param nodes: in rows of `columns`.
    :param left_out: what is not drawn, in words.
    """

    title: str
    mesh: tuple[str, ...]
    nodes: tuple[Box, ...] = ()
    columns: int = 1
    routers: tuple[Box, ...] = ()
    tables: tuple[Table, ...] = ()
    lines: tuple[Line, ...] = ()
    left_out: tuple[str, ...] = ()
    mesh_health: Health | None = None
