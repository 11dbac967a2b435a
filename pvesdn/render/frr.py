"""FRR's files: frr.conf, our block of frr.conf.local, the switches of its daemons."""

from __future__ import annotations

import re
from collections.abc import Iterable

from jinja2 import Environment

from pvesdn.decode.frr.local import read_local
from pvesdn.design.merge.local import leaves_open
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS, FRR_LOCAL_BEGIN, FRR_LOCAL_END, RenderedFile
from pvesdn.model.frr import FrrConfig
from pvesdn.render.engine import render_template

_MODE = "0640"
_OWNER = "frr:frr"
_BLOCK = re.compile(
    rf"^{re.escape(FRR_LOCAL_BEGIN)}[ \t]*\n(?:.*\n)*?{re.escape(FRR_LOCAL_END)}[ \t]*(?:\n|\Z)", re.MULTILINE
)


def frr_conf(env: Environment, config: FrrConfig) -> RenderedFile:
    """The whole frr.conf."""
    text = render_template(env, "frr/frr.conf.j2", config=config)
    return RenderedFile(path=FRR_CONF, text=text, mode=_MODE, owner=_OWNER, frr=config)


def frr_conf_local(env: Environment, config: FrrConfig | None, present: str | None) -> RenderedFile | None:
    """frr.conf.local with our block put in, exchanged or taken out; what stands outside it stays as it is.

    :param config: None takes the block out.
    :param present: the text on the node, None when there is no file.
    :returns: None when there is nothing to say: no block to put in and none there. `text` is None where nothing but our
        block was in the file: its mere existence makes PVE write frr.conf (docs/pve.md §4.4).
    """
    before = present or ""
    if config is None:
        rest = _BLOCK.sub("", before)
        if rest == before:
            return None
        return _frr_file(FRR_CONF_LOCAL, rest if rest.strip() else None)
    first = _BLOCK.search(before)
    above = before if first is None else before[: first.start()]
    below = "" if first is None else _BLOCK.sub("", before[first.end() :])
    if above and not above.endswith("\n"):
        above += "\n"
    block = render_template(
        env,
        "frr/frr.conf.local.j2",
        config=config,
        begin=FRR_LOCAL_BEGIN,
        end=FRR_LOCAL_END,
        is_below_open_block=leaves_open(read_local(above)),
    )
    return _frr_file(FRR_CONF_LOCAL, above + block + below)


def frr_daemons(env: Environment, wanted: Iterable[str], present: str | None) -> RenderedFile | None:
    """/etc/frr/daemons with these daemons switched on; none is ever switched off, and other lines stay.

    :param present: the text on the node; without one, as much as FRR needs to start.
    :returns: None when no daemon is asked for.
    """
    names = sorted(wanted)
    if not names:
        return None
    if present is None:
        return _frr_file(FRR_DAEMONS, render_template(env, "frr/daemons.j2", daemons=names))
    text = present
    for name in names:
        # FRR's init script sources the file: the last assignment counts, so every one of them is changed.
        text, count = re.subn(rf"(?m)^([ \t]*{name}[ \t]*=).*$", r"\g<1>yes", text)
        if not count:
            text = text + ("" if not text or text.endswith("\n") else "\n") + f"{name}=yes\n"
    return _frr_file(FRR_DAEMONS, text)


def _frr_file(path: str, text: str | None) -> RenderedFile:
    return RenderedFile(path=path, text=text, mode=_MODE, owner=_OWNER)
