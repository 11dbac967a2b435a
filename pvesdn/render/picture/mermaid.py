"""A picture in Mermaid's language, which forges and wikis draw."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.model.picture import MESH, Box, Picture, Row, Shape, Table
from pvesdn.model.status import Health
from pvesdn.render.picture.marks import Look, look, printable

_SAFE = frozenset(" .,:/-+()=_?!'✓✗○…")
_CLASSES = {
    "ok": Health.OK,
    "warning": Health.WARNING,
    "bad": Health.BAD,
    "unknown": Health.UNCHECKED,
    "off": Health.OFF,
}
_DASHES = {"unknown": ",stroke-dasharray:5 4", "off": ",stroke-dasharray:1 4"}
_SHAPES = {"warning": ("{{", "}}"), "bad": ("[[", "]]")}
"""Whose colour cannot be seen is told by its shape; Mermaid has no octagon for what is bad."""
_ROOM = '%%{init: {"flowchart": {"subGraphTitleMargin": {"top": 4, "bottom": 40}}}}%%'
"""Without it what is in a frame stands over the second line of its title."""
_LINES = {"warning": "===", "bad": "x==x", "unknown": "-.-", "off": "-.-"}


def mermaid(drawn: Picture) -> str:
    """The text of a flow chart. Whatever a name is made of is a label, and never Mermaid's syntax."""
    return "".join(f"{line}\n" for line in _lines(drawn))


def _lines(drawn: Picture) -> Iterator[str]:
    ids = _Ids()
    yield _ROOM
    yield "flowchart TB"
    yield f"  accTitle: {_escaped(drawn.title)}"
    # A box: what a chart is called, and what is not in it, nobody sees in a comment.
    yield f"  about[{_label((drawn.title, *drawn.left_out))}]:::plain"
    for box in drawn.routers:
        yield f"  {_box(ids(box.id), box)}"
    its = look(drawn.mesh_health)
    head, *more = drawn.mesh
    yield f"  subgraph {MESH}[{_label((head, *(_marked(its, line) for line in more)))}]"
    yield "    direction LR"
    for box in drawn.nodes:
        yield f"    {_box(ids(box.id), box)}"
    yield "  end"
    for table in drawn.tables:
        yield from _table(ids, table)
    yield from _edges(ids, drawn)
    yield from _styles()
    yield from (f"  class {ids(table.id)} {look(table.health).name}" for table in drawn.tables)
    yield from _line_styles(drawn)


def _styles() -> Iterator[str]:
    for name, health in _CLASSES.items():
        its = look(health)
        width = 3 if name == "bad" else 1
        dash = _DASHES.get(name, "")
        yield f"  classDef {name} fill:{its.paper},stroke:{its.ink},color:{its.ink},stroke-width:{width}px{dash}"
    yield "  classDef plain fill:#ffffff,stroke:#7b8794,color:#1f2a37"


def _line_styles(drawn: Picture) -> Iterator[str]:
    """What tells lines apart, which have no classes but numbers, in their order. Those that are well stand back."""
    for name, health in _CLASSES.items():
        numbers = [str(at) for at, line in enumerate(drawn.lines) if look(line.health).name == name]
        if numbers and health is not Health.OK:
            ink = look(health).ink
            bold = ",stroke-width:3px" if name in {"bad", "warning"} else ""
            yield f"  linkStyle {','.join(numbers)} stroke:{ink},color:{ink}{bold}{_DASHES.get(name, '')}"


class _Ids:
    """Names for boxes that need no escaping: a name of the cluster's is never one of Mermaid's words."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        return self._given.setdefault(name, f"b{len(self._given) + 1}")


def _box(id_: str, box: Box) -> str:
    its = look(box.health)
    usual = ("([", "])") if box.shape is Shape.ROUTER else ("(", ")")
    return _shaped(id_, its, (_marked(its, box.lines[0]), *box.lines[1:]), usual)


def _shaped(id_: str, its: Look, lines: tuple[str, ...], usual: tuple[str, str]) -> str:
    """:param usual: what opens and closes the shape of what nothing is wrong with."""
    opening, closing = _SHAPES.get(its.name, usual)
    return f"{id_}{opening}{_label(lines)}{closing}:::{its.name}"


def _table(ids: _Ids, table: Table) -> Iterator[str]:
    its = look(table.health)
    yield f"  subgraph {ids(table.id)}[{_label((_marked(its, f'zone {table.lines[0]}'), *table.lines[1:]))}]"
    yield "    direction LR"
    for number, row in enumerate(table.rows):
        yield f"    {_row(ids(f'{table.id} {number}'), row)}"
    if table.left_out:
        yield f"    {ids(f'{table.id} more')}({_label((table.left_out,))}):::plain"
    yield "  end"


def _row(id_: str, row: Row) -> str:
    its = look(row.health)
    name, tag = row.columns
    lines = (_marked(its, name), *filter(None, (tag,)), *row.nets, *row.guests)
    return _shaped(id_, its, lines, ("(", ")"))


def _edges(ids: _Ids, drawn: Picture) -> Iterator[str]:
    for line in drawn.lines:
        its = look(line.health)
        first, second = (end if end == MESH else ids(end) for end in line.ends)
        label = f"|{_label((_marked(its, line.label),))}|" if line.label else ""
        yield f"  {first} {_LINES.get(its.name, '---')}{label} {second}"
    yield from (f"  {MESH} --- {ids(table.id)}" for table in drawn.tables)
    # Nobody sees this one: it holds what is said of the whole at the top.
    yield f"  about ~~~ {MESH}"


def _marked(its: Look, text: str) -> str:
    return f"{its.mark} {text}".strip()


def _label(lines: tuple[str, ...]) -> str:
    return '"' + "<br/>".join(map(_escaped, lines)) + '"'


def _escaped(text: str) -> str:
    """Everything but letters, digits and harmless signs by its number, as Mermaid has it."""
    return "".join(c if c.isalnum() or c in _SAFE else f"#{ord(c)};" for c in printable(text))
