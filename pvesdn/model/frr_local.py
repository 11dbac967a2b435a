"""The lines of frr.conf.local, by what PVE's merge sees in them (docs/pve.md §6.7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class LocalKind(StrEnum):
    """What PVE's merge recognises; everything else is `OTHER`."""

    ROUTER_BGP = "router bgp"
    ROUTER_ISIS = "router isis"
    ROUTER = "router"
    VRF = "vrf"
    INTERFACE = "interface"
    FAMILY = "address-family"
    END_FAMILY = "exit-address-family"
    EXIT = "exit"
    ROUTE_MAP = "route-map"
    LIST = "list"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class LocalLine:
    """One line.

    :param number: 1-based.
    :param text: without blanks at its end.
    :param words: what the kind needs: AS number and VRF (or an empty word) as they were typed, a name, name and action of
        a route map.
    :param is_ours: it stands in our marked block.
    """

    number: int
    text: str
    kind: LocalKind
    words: tuple[str, ...] = ()
    is_ours: bool = False

    @property
    def is_comment(self) -> bool:
        """FRR skips the line, whatever PVE's merge takes it for."""
        return self.text.lstrip().startswith(("!", "#"))
