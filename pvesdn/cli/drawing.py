"""What verbs that draw have in common: the picture in a page, the file, and who is missing from it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import click

from pvesdn.adapters.graphviz import is_installed, laid_out
from pvesdn.cli import statuses
from pvesdn.cli.session import Session
from pvesdn.cli.whole import write_whole
from pvesdn.compare.picture import picture
from pvesdn.errors import SettingsError
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.topology import Topology
from pvesdn.render.page.page import Around
from pvesdn.render.picture.dot import dot
from pvesdn.render.picture.svg import svg

_BY_ENDING = {
    "html": "html",
    "htm": "html",
    "svg": "svg",
    "dot": "dot",
    "gv": "dot",
    "mmd": "mermaid",
    "mermaid": "mermaid",
}
"""What a file holds, as its ending says."""
_OTHERS = frozenset({"png", "jpg", "jpeg", "gif", "webp", "pdf", "ps", "eps"})
"""Endings of pictures that graphviz makes, and pvesdn does not: whatever opens such a file would not find one in it."""


def ending_of(file: Path | None) -> str:
    """What is after the dot, in small letters; empty for standard output, and where there is none."""
    return "" if file is None else file.suffix.lower().removeprefix(".")


def form_of(ending: str) -> str | None:
    """The form that it says; None where it says none.

    :returns: html, svg, dot or mermaid; the ending itself where graphviz would draw that, and pvesdn does not.
    """
    return ending if ending in _OTHERS else _BY_ENDING.get(ending)


def drawn_inside(session: Session, found: Topology) -> str:
    """The picture in a page; empty, with a remark, where nothing lays it out. The page has all of it in words."""
    if not is_installed():
        session.screen.remark("the page has no picture, since graphviz is missing: apt install graphviz")
        return ""
    drawn = picture(found)
    try:
        return svg(laid_out(dot(drawn)), drawn.title, is_alone=False)
    except SettingsError as error:
        session.screen.remark(f"the page has no picture: {error.message}")
        return ""


def made_now(folder: Path | None, *, is_live: bool) -> Around:
    """What a page says of when it was made, and of how old it is.

    :param folder: the snapshot that it is of; None for the cluster.
    :param is_live: it tells what the nodes are doing, which is soon no longer so.
    """
    now = datetime.now(UTC)
    moment = f"{now:%Y-%m-%dT%H:%M:%SZ}" if is_live and folder is None else ""
    return Around(f"{now:%Y-%m-%d %H:%M} UTC", moment=moment, is_stored=folder is not None)


def put(session: Session, file: Path | None, text: str, *, mode: int) -> None:
    """Write a text as a whole, or print it where no file is named.

    :raises SettingsError: it cannot be written.
    """
    if file is None:
        click.echo(text, nl=False)
        return
    try:
        write_whole(file, text, mode=mode)
    except OSError as error:
        raise SettingsError(f"{error.filename}: {error.strerror}", hint="choose another place") from None
    session.screen.remark(f"wrote {file}")


def status_of(session: Session, snapshot: Snapshot, unreadable: Mapping[str, str]) -> int:
    """The exit status. Nodes that did not answer are in what was drawn, as not known."""
    silent = dict(snapshot.unreachable) | dict(unreadable)
    for name, reason in sorted(silent.items()):
        session.screen.warning(f"not asked: {name}: {reason.removeprefix(f'{name}: ')}")
    return statuses.UNREACHABLE if silent else statuses.OK
