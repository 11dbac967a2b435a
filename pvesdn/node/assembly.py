"""The node program as one text: its parts one after the other, as Python on a node runs them.

Each part is a section of the text: a form feed, which Python takes for white space, a line with the part's file name,
and the part's source, in which only the imports from other parts are commented out. So all sections share one
namespace, every line keeps its number, and whoever finds the text on a node can read it, or run it as a file.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

PACKAGE = "pvesdn.node.program"
PARTS = (
    *("places", "machine", "request", "units", "files", "drop_ins", "record", "settings", "quorum", "lock"),
    *("swap", "read", "put", "finish", "guard", "set_guard", "checkpoint", "hold", "stanzas", "vtysh", "frr", "sysctl"),
    *("flood", "dhcp", "servers", "serve", "rules", "nat", "guests", "look_up", "shown", "routes", "announced"),
    *("causes", "state", "devices", "observe", "capture", "token", "kept", "reload", "remembered"),
    *("lacking", "whole", "changed"),
    *("readvertise", "repair", "frr_back", "undo", "sweep", "obstacles", "stage", "commit", "arm"),
    *("alone", "probe", "dialogue"),
)
"""Each after those that it imports from."""

SEPARATOR = "\f"
PREFACE = """\
# The node program of pvesdn: what pvesdn does on a node. Nothing of it is installed; it is sent at every call.
# Below are its parts, each under the name of its file in pvesdn's sources. The last one says how it is called.
"""

_INNER_IMPORT = re.compile(rf"^from {re.escape(PACKAGE)}\.\w+ import (?:\([^()]*\)|[^()\n]*)$", re.MULTILINE)


@cache
def program() -> bytes:
    """The text that is sent to a node, in UTF-8."""
    folder = files(PACKAGE)
    return assembled({part: folder.joinpath(f"{part}.py").read_text("utf-8") for part in PARTS}).encode("utf-8")


def assembled(parts: Mapping[str, str]) -> str:
    """The one text of `parts`: sources by name, in the order in which they run."""
    folder = PACKAGE.replace(".", "/")
    sections = (f"# {folder}/{part}.py\n{_INNER_IMPORT.sub(_commented, source)}" for part, source in parts.items())
    return SEPARATOR.join([PREFACE, *sections])


def _commented(statement: re.Match[str]) -> str:
    return "\n".join(f"# {line}" for line in statement[0].split("\n"))
