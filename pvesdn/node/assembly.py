"""The node program as text: its parts one after the other, as Python on a node runs them.

Each part is a section of the text: a form feed, which Python takes for white space, a line with the part's file name,
and the part's source, in which only the imports from other parts are commented out. So all sections share one
namespace, every line keeps its number, and whoever finds the text on a node can read it, or run it as a file.

Which parts a verb needs follows from their imports, and no others are run for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

PACKAGE = "pvesdn.node.program"
PARTS = (
    *("places", "machine", "process", "request", "units", "files", "drop_ins", "record", "settings", "quorum", "lock"),
    *("swap", "read", "put", "finish", "guard", "set_guard", "checkpoint", "hold", "stanzas", "vtysh", "frr", "sysctl"),
    *("flood", "dhcp", "servers", "serve", "rules", "nat", "guests", "look_up", "shown", "routes", "announced"),
    *("causes", "state", "devices", "observe", "capture", "token", "kept", "reload", "remembered"),
    *("lacking", "whole", "changed"),
    *("readvertise", "repair", "frr_back", "undo", "settle", "rest", "sweep", "obstacles", "stage", "commit", "arm"),
    *("alone", "probe", "dialogue"),
)
"""Each after those that it imports from."""
FIRST = "dialogue"
"""The part that takes a request, whatever it asks for."""
OF_THE_WHOLE = frozenset({"set_guard", "rest"})
"""Parts that want the whole text: to leave it on the node, or to run more of it."""

SEPARATOR = "\f"
PREFACE = """\
# The node program of pvesdn: what pvesdn does on a node. Nothing of it is installed; it is sent at every call.
# Below are its parts, each under the name of its file in pvesdn's sources. The last one says how it is called.
"""

_FROM_A_PART = rf"from {re.escape(PACKAGE)}\.(\w+) import"
_INNER_IMPORT = re.compile(rf"^( *){_FROM_A_PART} (?:\([^()]*\)|[^()\n]*)$", re.MULTILINE)
_NEEDED = re.compile(rf"^{_FROM_A_PART}", re.MULTILINE)
_VERBS = re.compile(r"^VERBS\.update\(([^()]*)\)$", re.MULTILINE)


class Sent(NamedTuple):
    """What is sent to a node for a verb.

    :ivar source: sections in UTF-8.
    :ivar run: the names of those of them that the verb needs, where `source` is the whole program; otherwise empty, and
        all of `source` is what the verb needs.
    """

    source: bytes
    run: tuple[str, ...]


@cache
def program() -> bytes:
    """The whole text, which is left on an armed node, in UTF-8."""
    return assembled(_sources()).encode("utf-8")


@cache
def sent_for(verb: str) -> Sent:
    """What is sent for a verb; for one that there is none of, what it takes to say so."""
    needed = parts_for(verb)
    if OF_THE_WHOLE.isdisjoint(needed):
        return Sent(sections({part: _sources()[part] for part in needed}).encode("utf-8"), ())
    return Sent(program(), tuple(map(file_of, needed)))


@cache
def parts_for(verb: str) -> tuple[str, ...]:
    """The parts that a verb needs, in their order: its own, the one that takes the request, and what they import.

    What is imported in a function does not count: the rest of the program has been run before.
    """
    found: set[str] = set()
    wanted = [FIRST, *([verbs()[verb]] if verb in verbs() else [])]
    while wanted:
        part = wanted.pop()
        if part not in found:
            found.add(part)
            wanted += _NEEDED.findall(_sources()[part])
    return tuple(part for part in PARTS if part in found)


@cache
def verbs() -> Mapping[str, str]:
    """The part of each verb, which says at its end ``VERBS.update(verb=function)``."""
    entered = ((part, line) for part, source in _sources().items() for line in _VERBS.findall(source))
    return MappingProxyType({verb: part for part, line in entered for verb in re.findall(r"(\w+)=", line)})


def assembled(parts: Mapping[str, str]) -> str:
    """The one text of `parts`: sources by name, in the order in which they run."""
    return SEPARATOR.join([PREFACE, sections(parts)])


def sections(parts: Mapping[str, str]) -> str:
    """The same without words in front of it."""
    return SEPARATOR.join(
        f"# {file_of(part)}\n{_INNER_IMPORT.sub(_commented, source)}" for part, source in parts.items()
    )


def file_of(part: str) -> str:
    """The name of a section: that of its file in pvesdn's sources."""
    return f"{PACKAGE.replace('.', '/')}/{part}.py"


@cache
def _sources() -> Mapping[str, str]:
    folder = files(PACKAGE)
    return MappingProxyType({part: folder.joinpath(f"{part}.py").read_text("utf-8") for part in PARTS})


def _commented(statement: re.Match[str]) -> str:
    indent = statement[1]
    return "\n".join(f"{indent}# {line.removeprefix(indent)}" for line in statement[0].split("\n"))
