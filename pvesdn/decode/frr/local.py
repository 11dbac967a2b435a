"""frr.conf.local, line by line, as PVE's merge sees it (docs/pve.md §6.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pvesdn.model.files import FRR_LOCAL_BEGIN, FRR_LOCAL_END
from pvesdn.model.frr_local import LocalKind, LocalLine

# In the order in which PVE asks. Keywords count in the first column only; address families and their ends count
# anywhere, even in a comment.
_PATTERNS = (
    (LocalKind.ROUTER_ISIS, re.compile(r"router isis (.+)")),
    (LocalKind.ROUTER_BGP, re.compile(r"router bgp (\S+)(?: vrf (.+))?")),
    (LocalKind.ROUTER, re.compile(r"router .+")),
    (LocalKind.VRF, re.compile(r"vrf (.+)")),
    (LocalKind.INTERFACE, re.compile(r"interface (.+)")),
    (LocalKind.LIST, re.compile(r"bgp community-list .+")),
    (LocalKind.FAMILY, re.compile(r".*?address-family (.+)")),
    (LocalKind.ROUTE_MAP, re.compile(r"route-map (.+) (permit|deny) [0-9]+.*")),
    (LocalKind.LIST, re.compile(r"access-list .+ seq [0-9]+ .+|ip(?:v6)? prefix-list .+ seq [0-9]+ .*")),
    (LocalKind.END_FAMILY, re.compile(r".*exit-address-family")),
    (LocalKind.EXIT, re.compile(r"exit.*")),
)
_BLANKS = " \t\r\f\v"
"""What Perl takes for a blank."""


def read_local(text: str) -> tuple[LocalLine, ...]:
    """The lines that mean something: neither empty lines nor those that PVE's merge takes for comments."""
    return tuple(_lines(text))


def _lines(text: str) -> Iterator[LocalLine]:
    is_ours = False
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.rstrip(_BLANKS)
        if line.strip() in (FRR_LOCAL_BEGIN, FRR_LOCAL_END):
            is_ours = line.strip() == FRR_LOCAL_BEGIN
        for kind, pattern in _PATTERNS:
            if found := pattern.fullmatch(line):
                words = tuple(word or "" for word in found.groups())
                yield LocalLine(number, line, kind, words, is_ours)
                break
        else:
            if line and "!" not in line:
                yield LocalLine(number, line, LocalKind.OTHER, is_ours=is_ours)
