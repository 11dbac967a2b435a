"""frr.conf.local, line by line, with the eyes of PVE's merge (PVE::Network::SDN::Frr 1.3, F6.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pvesdn.model.files import FRR_LOCAL_BEGIN, FRR_LOCAL_END
from pvesdn.model.frr_local import LocalKind, LocalLine

# Keywords count in the first column only, but for address families.
_PATTERNS = (
    (LocalKind.ROUTER_BGP, re.compile(r"router bgp ([0-9]{1,10})(?: vrf (\S+))?")),
    (LocalKind.ROUTER_ISIS, re.compile(r"router isis (\S.*)")),
    (LocalKind.ROUTER, re.compile(r"router \S.*")),
    (LocalKind.VRF, re.compile(r"vrf (\S.*)")),
    (LocalKind.INTERFACE, re.compile(r"interface (\S.*)")),
    (LocalKind.END_FAMILY, re.compile(r"[ \t]*exit-address-family.*")),
    (LocalKind.FAMILY, re.compile(r"[ \t]*address-family (\S.*)")),
    (LocalKind.EXIT, re.compile(r"exit.*")),
    (LocalKind.ROUTE_MAP, re.compile(r"route-map (\S+) (permit|deny) \d+")),
    (
        LocalKind.LIST,
        re.compile(r"access-list \S+ seq \d+ .+|ip(?:v6)? prefix-list \S+ seq \d+ .+|bgp community-list .+"),
    ),
)


def read_local(text: str) -> tuple[LocalLine, ...]:
    """The lines that mean something: without empty ones, and without those that PVE's merge takes for comments."""
    return tuple(_lines(text))


def _lines(text: str) -> Iterator[LocalLine]:
    is_ours = False
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.rstrip()
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
