"""Pages with blocks that are made, not typed: what commands print, and pictures, for the definitions shown before them.

In a page, a block fenced as ``cfg`` holds definitions. A later block fenced as ``console`` holds command lines, behind
``$`` or ``node1#``, each followed by what it prints; one fenced as ``picture`` holds the picture of the network.
Between the comments ``made: faults`` and ``made`` is the table of what the tests make fail.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.pages.faults import fault_table
from tools.pages.picture import picture
from tools.pages.sample import Sample
from tools.pages.text import WIDTH, paragraph

_BLOCK = re.compile(r"^```(cfg|console|picture)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FAULTS = re.compile(r"^(<!-- made: faults -->\n).*?^(<!-- made -->)$", re.MULTILINE | re.DOTALL)
_COMMAND = re.compile(r"(?:\$|node[0-9]+#) ")


def filled(page: str) -> str:
    """The page, with every made block as it has to be.

    :raises ValueError: a command cannot be run, or there are no definitions before it.
    """
    with tempfile.TemporaryDirectory(prefix="pvesdn-pages-") as folder:
        made: Sample | None = None

        def block(found: re.Match[str]) -> str:
            nonlocal made
            kind, body = found.groups()
            if kind == "cfg":
                made = Sample.made(Path(folder), body)
                return found[0]
            if made is None:
                raise ValueError(f"no definitions before this block:\n{body}")
            text = picture(made) if kind == "picture" else _session(body, made)
            return f"```{kind}\n{text}\n```"

        page = _FAULTS.sub(lambda found: f"{found[1]}\n{fault_table()}\n\n{found[2]}", page)
        return _BLOCK.sub(block, page)


def definitions(page: str) -> list[str]:
    """Every block of definitions of a page."""
    return [body for kind, body in _BLOCK.findall(page) if kind == "cfg"]


def _session(body: str, sample: Sample) -> str:
    commands = (line for line in body.splitlines() if _COMMAND.match(line))
    return "\n\n".join("\n".join((line, *_printed(sample.typed(line)))).rstrip() for line in commands)


def _printed(text: str) -> Iterator[str]:
    """The lines of an answer, without empty ones around it. Long ones are folded as a narrow terminal would."""
    for line in text.strip("\n").split("\n"):
        yield from paragraph(line, then="  ") if len(line) > WIDTH else [line.rstrip(" ")]
