"""Text as groff's man macros want it (groff_man(7))."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")


_LONG = re.compile(r"[0-9a-f]{40,}")
_HALF = 32
_BREAK = "\N{ZERO WIDTH SPACE}"
_ESCAPES = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "^": "\\(ha", "~": "\\(ti", _BREAK: "\\:"}


def escaped(text: str) -> str:
    """Text that is printed as it is; a hyphen that people type stays one when they copy it."""
    return "".join(_ESCAPES.get(character, character) for character in text)


def running(text: str) -> str:
    """A paragraph on one line: what is quoted as code is bold."""
    plain = " ".join(_LINK.sub(r"\1", text).split())
    parts = _CODE.split(plain)
    # Digests are longer than a line is wide.
    parts = [_LONG.sub(lambda found: f"{found[0][:_HALF]}{_BREAK}{found[0][_HALF:]}", part) for part in parts]
    marked = "".join(f"\\fB{escaped(part)}\\fR" if number % 2 else escaped(part) for number, part in enumerate(parts))
    # A line that begins with a dot would be a request.
    return f"\\&{marked}" if marked.startswith(".") else marked


def title(name: str, section: int, version: str, what: str) -> list[str]:
    """The head of a page, and its NAME section in the form that `apropos` reads."""
    return [
        f'.TH "{name.upper()}" {section} "" "pvesdn {version}" "pvesdn"',
        ".nh",
        ".SH NAME",
        f"{escaped(name)} \\- {running(what)}",
    ]


def paragraphs(text: str) -> list[str]:
    """Paragraphs are set apart by empty lines; one whose lines begin with `* ` is a list."""
    lines: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.startswith("* "):
            for item in re.split(r"^\* ", block, flags=re.MULTILINE)[1:]:
                lines += [".IP \\(bu 2", running(item)]
        else:
            lines += [".PP", running(block)]
    return lines


def item(head: str, *texts: str) -> list[str]:
    """One entry of a list of definitions.

    :param head: as it has to be printed, in bold.
    """
    return [".TP", f"\\fB{escaped(head)}\\fR", *(line for text in texts for line in (running(text), ".br"))][:-1]


def verbatim(text: str) -> list[str]:
    """An example, indented, line by line; what it has as tabs is kept."""
    lines = (f"\\&{escaped(line)}" if line[:1] in {".", "'"} else escaped(line) for line in text.rstrip().splitlines())
    return [".PP", ".RS 4", ".EX", *lines, ".EE", ".RE"]


def page(parts: Iterable[str]) -> str:
    """All of it as one text."""
    return "\n".join(parts) + "\n"
