"""A picture in Mermaid's language, which forges and wikis draw."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.model.picture import Box, Picture, Row, Shape, Table
from pvesdn.model.status import Health
from pvesdn.render.picture.marks import look, printable

_SAFE = frozenset(" .,:/-+()=_?!'✓✗○…")
_CLASSES = {
    "ok": Health.OK,
    "warning": Health.WARNING,
    "bad": Health.BAD,
    "unknown": Health.UNCHECKED,
    "off": Health.OFF,
}


def mermaid(drawn: Picture) -> str:
    """The text of a flow chart. Whatever a name is made of is a label, and never Mermaid's syntax."""
    return "".join(f"{line}\n" for line in _lines(drawn))


def _lines(drawn: Picture) -> Iterator[str]:
    ids = _Ids()
    yield "flowchart TB"
    yield f"  accTitle: {_escaped(drawn.title)}"
    for box in drawn.routers:
        yield f"  {_box(ids(box.id), box)}"
    yield f"  subgraph mesh[{_label(drawn.mesh)}]"
    yield "    direction LR"
    for box in drawn.nodes:
        yield f"    {_box(ids(box.id), box)}"
    yield "  end"
    for table in drawn.tables:
        yield from _table(ids, table)
    yield from _edges(ids, drawn)
    for note in drawn.left_out:
        yield f"  %% {_escaped(note)}"
    for name, health in _CLASSES.items():
        its = look(health)
        dash = ",stroke-dasharray:5 4" if name in {"unknown", "off"} else ""
        width = 3 if name == "bad" else 1
        yield f"  classDef {name} fill:{its.paper},stroke:{its.ink},color:{its.ink},stroke-width:{width}px{dash}"
    yield "  classDef plain fill:#ffffff,stroke:#7b8794,color:#1f2a37"


class _Ids:
    """Names for boxes that need no escaping: a name of the cluster's is never one of Mermaid's words."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        return self._given.setdefault(name, f"b{len(self._given) + 1}")


def _box(id_: str, box: Box) -> str:
    its = look(box.health)
    label = _label((f"{its.mark} {box.lines[0]}".strip(), *box.lines[1:]))
    if its.name == "bad":
        opening, closing = "{{", "}}"
    elif box.shape is Shape.ROUTER:
        opening, closing = "([", "])"
    else:
        opening, closing = "[", "]"
    return f"{id_}{opening}{label}{closing}:::{its.name}"


def _table(ids: _Ids, table: Table) -> Iterator[str]:
    its = look(table.health)
    yield f"  subgraph {ids(table.id)}[{_label((f'{its.mark} zone {table.lines[0]}'.strip(), *table.lines[1:]))}]"
    yield "    direction LR"
    for number, row in enumerate(table.rows):
        yield f"    {_row(ids(f'{table.id} {number}'), row)}"
    if table.left_out:
        yield f"    {ids(f'{table.id} more')}[{_label((table.left_out,))}]:::plain"
    yield "  end"


def _row(id_: str, row: Row) -> str:
    its = look(row.health)
    name, tag = row.columns
    label = _label((f"{its.mark} {name}".strip(), *filter(None, (tag,)), *row.nets, *row.guests))
    opening, closing = ("{{", "}}") if its.name == "bad" else ("[", "]")
    return f"{id_}{opening}{label}{closing}:::{its.name}"


def _edges(ids: _Ids, drawn: Picture) -> Iterator[str]:
    for line in drawn.lines:
        its = look(line.health)
        first, second = map(ids, line.ends)
        arrow = {"bad": "x==x", "unknown": "-.-", "off": "-.-"}.get(its.name, "---")
        label = f"|{_label((f'{its.mark} {line.label}'.strip(),))}|" if line.label else ""
        yield f"  {first} {arrow}{label} {second}"
    yield from (f"  mesh --- {ids(table.id)}" for table in drawn.tables)


def _label(lines: tuple[str, ...]) -> str:
    return '"' + "<br/>".join(map(_escaped, lines)) + '"'


def _escaped(text: str) -> str:
    """Everything but letters, digits and harmless signs by its number, as Mermaid has it."""
    return "".join(c if c.isalnum() or c in _SAFE else f"#{ord(c)};" for c in printable(text))
