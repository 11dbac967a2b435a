"""The lines of frr.conf.local, as PVE's merge classifies them (docs/pve.md §6.7)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pvesdn.model.frr import FrrConfig


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
    :param text: without trailing blanks.
    :param words: what the kind needs: AS number and VRF (or an empty word) as they were typed, a name, name and action
        of a route map.
    :param is_ours: it stands in our marked block.
    :param is_hidden_exit: FRR leaves a block at the line and PVE's merge does not notice: to PVE `exit` is one in the
        first column only, and `quit` never.
    """

    number: int
    text: str
    kind: LocalKind
    words: tuple[str, ...] = ()
    is_ours: bool = False
    is_hidden_exit: bool = False

    @property
    def is_comment(self) -> bool:
        """Whether FRR skips the line, whatever PVE's merge takes it for."""
        return self.text.lstrip().startswith(("!", "#"))

    @property
    def is_skipped(self) -> bool:
        """Whether PVE's merge skips the line: without a keyword of its own, one `!` anywhere makes it a comment."""
        return self.kind is LocalKind.OTHER and "!" in self.text


@dataclass(frozen=True, slots=True)
class LocalFault:
    """A line that does not become what it says.

    :param what: a predicate, such as ``is dropped``.
    :param hint: what to do; empty where the general advice will do.
    :param is_fatal: PVE writes no frr.conf because of it.
    :param is_loss: the line is lost and nothing else suffers. Every generator whose merge is played loses the same.
    """

    line: LocalLine
    what: str
    hint: str = ""
    is_fatal: bool = False
    is_loss: bool = False


@dataclass(frozen=True, slots=True)
class LocalMerge:
    """PVE's merge of a node's frr.conf.local, played to its end.

    :param generated: what PVE generates itself.
    :param lines: of frr.conf.local.
    :param merged: what PVE writes; None when it fails over the file: it writes nothing, and the frr.conf of before
        stays.
    :param faults: lines that PVE's merge fails over, drops, puts elsewhere, or makes useless, in the order of the file.
    """

    generated: FrrConfig
    lines: tuple[LocalLine, ...]
    merged: FrrConfig | None
    faults: tuple[LocalFault, ...] = ()
