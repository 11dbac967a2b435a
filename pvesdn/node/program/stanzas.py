"""The stanzas of an interfaces file: which interfaces it names, and what it says of each."""

import re
from typing import Dict, List

from pvesdn.node.program.request import INTERFACE

Options = Dict[str, List[str]]
"""The words of each option of a stanza."""


def interfaces_in(text: str) -> List[str]:
    """The names of the stanzas of an interfaces file."""
    return [name for name in re.findall(r"(?m)^\s*iface\s+(\S+)", text) if INTERFACE.fullmatch(name)]


def stanzas_in(text: str) -> Dict[str, Options]:
    """The interfaces of a file, with the words of their options. What is between stanzas counts with the one before."""
    found: Dict[str, Options] = {}
    options: Options = {}
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["iface"] and len(words) > 1:
            options = found.setdefault(words[1], {})
        elif words:
            options.setdefault(words[0], []).extend(words[1:])
    return found
