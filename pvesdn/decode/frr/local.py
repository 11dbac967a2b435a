"""frr.conf.local, line by line, as PVE's merge sees it (docs/pve.md §6.7)."""

from __future__ import annotations

import hashlib
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
_EVPN = "address-family l2vpn evpn"
_VNI = re.compile(r"vni \d+")
_LEAVES = frozenset({"exit", "exit-vrf", "quit"})
_BLANKS = " \t\r\f\v"
"""What Perl takes for a blank."""


def read_local(text: str) -> tuple[LocalLine, ...]:
    """The lines that mean something to FRR or to PVE's merge: neither empty lines nor comments to both."""
    return tuple(_lines(text))


def digest_of_ours(text: str) -> str:
    """SHA-256, hexadecimal, of the lines of our block; what stands around it does not count."""
    ours = "\n".join(line.text for line in _lines(text) if line.is_ours)
    return hashlib.sha256(ours.encode("utf-8", "surrogateescape")).hexdigest()


def _lines(text: str) -> Iterator[LocalLine]:
    is_ours = False
    depth = _Depth()
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.rstrip(_BLANKS)
        if line.strip() in (FRR_LOCAL_BEGIN, FRR_LOCAL_END):
            is_ours = line.strip() == FRR_LOCAL_BEGIN
        for kind, pattern in _PATTERNS:
            if found := pattern.fullmatch(line):
                depth.see(kind, line)
                words = tuple(word or "" for word in found.groups())
                yield LocalLine(number, line, kind, words, is_ours)
                break
        else:
            if line and not line.lstrip(_BLANKS).startswith("!"):
                yield LocalLine(
                    number, line, LocalKind.OTHER, is_ours=is_ours, is_hidden_exit=depth.see(LocalKind.OTHER, line)
                )


class _Depth:
    """Whether a VNI of an address family is open, whose own `exit` is nobody else's."""

    def __init__(self) -> None:
        self._is_in_evpn = False
        self._is_in_vni = False

    def see(self, kind: LocalKind, line: str) -> bool:
        """Take one line. :returns: whether FRR leaves a block at it that PVE's merge keeps open."""
        if kind is not LocalKind.OTHER:
            self._is_in_evpn = kind is LocalKind.FAMILY and line.strip() == _EVPN
            self._is_in_vni = False
            return False
        word = line.strip(_BLANKS)
        if word in _LEAVES and not self._is_in_vni:
            return True
        self._is_in_vni = (self._is_in_vni or bool(_VNI.fullmatch(word) and self._is_in_evpn)) and (
            word not in {*_LEAVES, "exit-vni"}
        )
        return False
