"""A picture in graphviz's language (dot(1))."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from html import escape
from itertools import pairwise

from pvesdn.model.picture import MESH, Box, Line, Picture, Row, Shape, Table
from pvesdn.model.status import Health
from pvesdn.render.picture.marks import PLAIN, Look, look, printable

FAINT = "#55606f"
RULE = "#8a95a5"
FRAME = "#f5f7fa"
"""Besides the colours of `marks`, all that a picture has."""
_FONT = "Helvetica,Arial,sans-serif"
_TABLES_IN_A_ROW = 4


def dot(drawn: Picture) -> str:
    """The text of a graph. Whatever a name is made of is a label, and never graphviz's syntax."""
    return "".join(f"{line}\n" for line in _lines(drawn))


def _lines(drawn: Picture) -> Iterator[str]:
    yield "graph pvesdn {"
    yield f'  graph [rankdir=TB compound=true newrank=true nodesep=0.3 ranksep=0.45 bgcolor=transparent pad=0.2 fontname="{_FONT}"]'
    yield f'  node [shape=box style="rounded,filled" margin="0.14,0.09" width=1.5 fontname="{_FONT}" fontsize=11]'
    yield f'  edge [color="{RULE}" fontname="{_FONT}" fontsize=10]'
    yield f"  label=<{_title(drawn)}> labelloc=t fontsize=15"
    for box in drawn.routers:
        yield f"  {_box(box)}"
    yield from _nodes(drawn)
    for table in drawn.tables:
        yield f"  {_table(table)}"
    yield from _skeleton(drawn)
    yield from _lines_of(drawn)
    yield "}"


def _title(drawn: Picture) -> str:
    notes = "".join(f'<BR/><FONT POINT-SIZE="10" COLOR="{FAINT}">{_text(note)}</FONT>' for note in drawn.left_out)
    return f'<FONT COLOR="{PLAIN.ink}"><B>{_text(drawn.title)}</B></FONT>{notes}<BR/>'


def _nodes(drawn: Picture) -> Iterator[str]:
    its = look(drawn.mesh_health)
    mark = f"{its.mark} " if its.mark else ""
    head, *more = drawn.mesh
    below = "".join(f'<BR/><FONT COLOR="{its.ink}">{mark}{_text(line)}</FONT>' for line in more)
    yield "  subgraph cluster_mesh {"
    yield f'    graph [style="rounded,filled" color="{RULE}" fillcolor="{FRAME}" margin=16 fontsize=11 labelloc=b]'
    yield f'    label=<<FONT COLOR="{PLAIN.ink}"><B>{_text(head)}</B></FONT>{below}<BR/>>'
    for row in _rows(drawn):
        yield from (f"    {_box(box, column)}" for column, box in enumerate(row))
        yield f"    {{ rank=same; {' '.join(f'{_id(box.id)};' for box in row)} }}"
        yield from _chain(row, "minlen=1")
    yield "  }"


def _rows(drawn: Picture) -> list[tuple[Box, ...]]:
    return [drawn.nodes[at : at + drawn.columns] for at in range(0, len(drawn.nodes), drawn.columns)]


def _chain(boxes: Iterable[Box | Table], how: str) -> Iterator[str]:
    """Lines that nobody sees hold what is in a row in its order."""
    ids = [_id(box.id) for box in boxes]
    yield from (f"    {first} -- {second} [style=invis {how}]" for first, second in pairwise(ids))


def _skeleton(drawn: Picture) -> Iterator[str]:
    """What keeps the rows of nodes, and zones, below each other."""
    rows = _rows(drawn)
    for upper, lower in pairwise(rows):
        yield from (f"  {_id(a.id)} -- {_id(b.id)} [style=invis weight=4]" for a, b in zip(upper, lower, strict=False))
    bands = [drawn.tables[at : at + _TABLES_IN_A_ROW] for at in range(0, len(drawn.tables), _TABLES_IN_A_ROW)]
    if rows and bands:
        last, width = rows[-1], len(rows[-1])
        for number, table in enumerate(bands[0]):
            above = last[min(width - 1, number * width // len(bands[0]))]
            yield f'  {_id(above.id)} -- {_id(table.id)} [ltail=cluster_mesh color="{RULE}" minlen=2]'
    for upper_band, lower_band in pairwise(bands):
        for number, table in enumerate(lower_band):
            yield f"  {_id(upper_band[min(number, len(upper_band) - 1)].id)} -- {_id(table.id)} [style=invis]"


def _box(box: Box, column: int | None = None) -> str:
    """:param column: what is in one stands straight below each other."""
    its = look(box.health)
    head, *rest = box.lines
    below = "".join(f"<BR/>{_faint(line)}" for line in rest)
    label = f'<FONT COLOR="{its.ink}"><B>{_marked(its, head)}</B></FONT>{below}'
    group = "" if column is None else f' group="column {column}"'
    return f"{_id(box.id)} [label=<{label}> {_drawn(its, box.shape)}{group}]"


def _drawn(its: Look, shape: Shape) -> str:
    """Whose colour cannot be seen is told by its shape: an octagon is bad, dashes are unknown."""
    form = "shape=octagon" if its.name == "bad" else "shape=hexagon" if its.name == "warning" else ""
    if not form:
        form = "shape=ellipse" if shape is Shape.ROUTER else "shape=box"
    style = {"unknown": "rounded,filled,dashed", "off": "rounded,filled,dotted", "bad": "filled,bold"}.get(
        its.name, "rounded,filled"
    )
    if shape is Shape.ROUTER or its.name == "warning":
        style = style.replace("rounded,", "")
    edge = RULE if its is PLAIN else its.ink
    return f'{form} style="{style}" color="{edge}" fillcolor="{its.paper}" class="{its.name}"'


def _table(table: Table) -> str:
    its = look(table.health)
    head, *rest = table.lines
    below = "".join(f'<BR ALIGN="LEFT"/>{_faint(line)}' for line in rest)
    title = f'<FONT COLOR="{its.ink}"><B>{_marked(its, f"zone {head}")}</B></FONT>{below}<BR ALIGN="LEFT"/>'
    cells = f'<TR><TD COLSPAN="3" ALIGN="LEFT" BALIGN="LEFT" BGCOLOR="{its.paper}" SIDES="B">{title}</TD></TR>'
    cells += "".join(map(_row, table.rows))
    if table.left_out:
        cells += f'<TR><TD COLSPAN="3" ALIGN="LEFT" BORDER="0">{_faint(table.left_out)}</TD></TR>'
    edge = RULE if its is PLAIN else its.ink
    style = {"bad": 'BORDER="3"', "unknown": 'BORDER="1" STYLE="DASHED"', "off": 'BORDER="1" STYLE="DOTTED"'}.get(
        its.name, 'BORDER="1"'
    )
    opening = f'<TABLE {style} CELLBORDER="1" CELLSPACING="0" CELLPADDING="5" COLOR="{edge}" BGCOLOR="{PLAIN.paper}">'
    return f'{_id(table.id)} [shape=plain style="" label=<{opening}{cells}</TABLE>>]'


def _row(row: Row) -> str:
    its = look(row.health)
    name, tag = row.columns
    paper = f' BGCOLOR="{its.paper}"' if row.health not in {None, Health.OK} else ""
    cell = f'<TD ALIGN="LEFT" BALIGN="LEFT" VALIGN="TOP" BORDER="0"{paper}>'
    right = [f'<FONT COLOR="{PLAIN.ink}">{_text(net)}</FONT>' for net in row.nets]
    right += [_faint(line) for line in row.guests]
    return (
        f'<TR>{cell}<FONT COLOR="{its.ink}">{_marked(its, name)}</FONT></TD>'
        f'{cell}<FONT COLOR="{FAINT}">{_text(tag) or " "}</FONT></TD>'
        f"{cell}{'<BR/>'.join(right) or ' '}</TD></TR>"
    )


def _lines_of(drawn: Picture) -> Iterator[str]:
    """A line to the frame leads to a node of the uppermost row, and ends where it comes to the frame."""
    framed = [line.ends[0] for line in drawn.lines if line.ends[1] == MESH]
    top = drawn.nodes[: drawn.columns]
    for line in drawn.lines:
        if line.ends[1] != MESH:
            # Beside a line to the frame another is to move nothing.
            is_loose = line.ends[0] in framed or all(end.startswith("node ") for end in line.ends)
            yield _line(line, " constraint=false" if is_loose else "")
        elif top:  # without nodes no frame is drawn
            below = top[framed.index(line.ends[0]) * len(top) // len(framed)]
            yield _line(replace(line, ends=(line.ends[0], below.id)), " lhead=cluster_mesh")


def _line(line: Line, how: str) -> str:
    its = look(line.health)
    first, second = map(_id, line.ends)
    style = {"bad": "bold", "unknown": "dashed", "off": "dotted", "warning": "bold"}.get(its.name, "solid")
    ends = " dir=both arrowhead=tee arrowtail=tee" if its.name == "bad" else ""
    label = (
        f'<FONT COLOR="{FAINT if line.health in {None, Health.OK} else its.ink}">{_noted(its, line.label)}</FONT>'
        if line.label
        else ""
    )
    written = f" label=<{label}>" if label else ""
    # Lines that are well stand back.
    edge = RULE if line.health in {None, Health.OK} else its.ink
    return f'  {first} -- {second} [style={style} color="{edge}" class="{its.name}"{ends}{written}{how}]'


def _marked(its: Look, text: str) -> str:
    return f"{its.mark} {_text(text)}" if its.mark else _text(text)


def _faint(text: str) -> str:
    return f'<FONT COLOR="{FAINT}" POINT-SIZE="10">{_text(text)}</FONT>'


def _noted(its: Look, text: str) -> str:
    return _text(text) if its.name == "ok" else _marked(its, text)


def _text(text: str) -> str:
    """A name inside an HTML-like label; a backslash by its number: graphviz knows sequences that begin with it."""
    return escape(printable(text)).replace("\\", "&#92;")


def _id(name: str) -> str:
    escaped = printable(name).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
