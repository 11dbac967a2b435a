"""A drawing of graphviz's as SVG that may stand anywhere: shapes and texts, and nothing that does something."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from pvesdn.errors import SettingsError
from pvesdn.model.status import Health
from pvesdn.render.picture.dot import FAINT, FRAME, RULE
from pvesdn.render.picture.marks import PLAIN, look, printable

_SVG = "http://www.w3.org/2000/svg"
_SHAPES = frozenset({"svg", "g", "polygon", "polyline", "ellipse", "path", "text"})
_ATTRIBUTES = frozenset(
    {
        *("width", "height", "viewBox", "class", "transform", "fill", "stroke", "stroke-width", "stroke-dasharray"),
        *("points", "d", "cx", "cy", "rx", "ry", "x", "y"),
        *("text-anchor", "font-family", "font-weight", "font-size"),
    }
)
_VALUE = re.compile(r"(?!.*url\()[\w #.,:()/+-]*", re.IGNORECASE)
_DARK = {
    PLAIN.ink: "#e6eaf0", FAINT: "#a9b4c2", RULE: "#6f7b8b", PLAIN.paper: "#1c222b", FRAME: "#161b22",
    look(Health.OK).ink: "#6fd3a0", look(Health.OK).paper: "#14291f",
    look(Health.WARNING).ink: "#f0c05a", look(Health.WARNING).paper: "#33290f",
    look(Health.BAD).ink: "#ff9a90", look(Health.BAD).paper: "#3d1a18",
    look(Health.UNCHECKED).ink: "#b3bdca", look(Health.UNCHECKED).paper: "#262d37",
    look(Health.OFF).ink: "#a9b4c2", look(Health.OFF).paper: "#20262f",
}  # fmt: skip
"""What each colour of a picture becomes where people have a dark screen."""


def svg(drawn: str, title: str, *, is_alone: bool) -> str:
    """What of a drawing is harmless, with a title for those who cannot see it, as SVG.

    :param drawn: as graphviz has drawn it.
    :param is_alone: a file of its own, which needs a background and the colours of dark screens.
    :raises SettingsError: it is no drawing.
    """
    try:
        found = ET.fromstring(drawn)  # noqa: S314 - from graphviz, of limited size; expat fetches nothing
    except ET.ParseError as error:
        raise SettingsError(f"dot has drawn no SVG: {error}", hint="use --format mermaid") from None
    root = _clean(found)
    if root is None or root.tag != f"{{{_SVG}}}svg":
        raise SettingsError("dot has drawn no SVG", hint="use --format mermaid")
    root.set("role", "img")
    root.set("aria-label", printable(title))
    head = ET.Element(f"{{{_SVG}}}title")
    head.text = printable(title)
    root.insert(0, head)
    if is_alone:
        style = ET.Element(f"{{{_SVG}}}style")
        style.text = dark_colours("svg")
        root.insert(1, style)
        root.insert(
            2,
            ET.Element(f"{{{_SVG}}}rect", {"class": "ground", "width": "100%", "height": "100%", "fill": PLAIN.paper}),
        )
    ET.register_namespace("", _SVG)
    return ET.tostring(root, encoding="unicode") + "\n"


def dark_colours(where: str) -> str:
    """A style sheet for dark screens. :param where: a selector of the picture."""
    rules = "".join(
        f'{where} [{what}="{light}"]{{{what}:{dark}}}' for light, dark in _DARK.items() for what in ("fill", "stroke")
    )
    return f"@media (prefers-color-scheme: dark){{{rules}}}"


def _clean(element: ET.Element) -> ET.Element | None:
    """An element with what is known to be harmless; None where it is not known itself."""
    name = element.tag.removeprefix(f"{{{_SVG}}}") if isinstance(element.tag, str) else ""
    if name not in _SHAPES:
        return None
    kept = ET.Element(f"{{{_SVG}}}{name}", dict(_attributes(element)))
    kept.text = element.text if name == "text" else None
    kept.extend(child for inner in element if (child := _clean(inner)) is not None)
    return kept


def _attributes(element: ET.Element) -> Iterator[tuple[str, str]]:
    for name, value in element.attrib.items():
        if name in _ATTRIBUTES and _VALUE.fullmatch(value):
            yield name, value
