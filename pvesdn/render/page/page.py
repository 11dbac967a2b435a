"""A map as one HTML page that loads nothing, runs nothing but its own script, and can be read without it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pvesdn import __version__
from pvesdn.model.topology import Topology
from pvesdn.render.page.contents import exits, figures, nodes, sessions, zones
from pvesdn.render.page.view import Drawn, Page, Part, Verdict, counted
from pvesdn.render.picture.marks import printable
from pvesdn.resources import data_dir

_STYLE, _SCRIPT = "page/page.css", "page/page.js"


@dataclass(frozen=True, slots=True)
class Around:
    """What a page says besides the map.

    :param picture: SVG that has been cleaned; empty for none.
    :param made: when it was made.
    :param moment: the same for the page's script, which tells how long ago that is; empty where nothing was looked at.
    :param is_stored: it is of a snapshot, and nobody knows how old that is.
    """

    made: str
    picture: str = ""
    verdict: Verdict | None = None
    notes: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    what: str = ""
    moment: str = ""
    is_stored: bool = False


def page(whole: Topology, around: Around) -> str:
    """The text of the page."""
    what = around.what or ("live state" if whole.is_live else "design")
    only = f", {whole.only} only" if whole.only else ""
    when = f"of a snapshot, made {around.made}" if around.is_stored else f"as of {around.made}"
    notes = around.notes
    if whole.unanswered:
        silent = counted(len(whole.unanswered), "node")
        notes = (f"{silent} did not answer: {', '.join(whole.unanswered)}. What they have is not known.", *notes)
    found = Page(
        title=f"{whole.cluster}: {what}{only}",
        kicker=f"pvesdn · {what}{only} · {when}",
        moment=around.moment,
        cluster=whole.cluster,
        is_live=whole.is_live,
        verdict=around.verdict,
        figures=figures(whole),
        notes=notes,
        parts=around.parts,
        picture=Drawn(around.picture) if around.picture else None,
        zones=zones(whole),
        nodes=nodes(whole),
        sessions=sessions(whole),
        exits=exits(whole),
        made=f"Made by pvesdn {__version__}, {around.made}.",
    )
    env = _environment()
    text: str = env.get_template("page/page.html.j2").render(page=replace(found, policy=_policy(env)))
    return text


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(data_dir("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
        autoescape=True,
        finalize=_shown,
    )


def _shown(value: object) -> object:
    """What a template prints: texts without what would steer, or turn round, what stands beside them."""
    return "\t".join(map(printable, value.split("\t"))) if isinstance(value, str) else value


def _policy(env: Environment) -> str:
    """Nothing but the page's own style and script, by their digests."""
    style, script = (_digest(env.get_template(name).render()) for name in (_STYLE, _SCRIPT))
    rules = (f"style-src '{style}'", f"script-src '{script}'", "img-src data:", "base-uri 'none'", "form-action 'none'")
    return "; ".join(("default-src 'none'", *rules))


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
