"""The table of packets that guests lose while something is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Lost:
    """Pings of one pair.

    :param seconds: the longest time without an answer.
    """

    sent: int
    lost: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Change:
    """What one change has cost; the worst of several pairs, and None where there was none.

    :param way: ``[apply] reload`` of the settings.
    :param reloads: how many nodes PVE has reloaded for it.
    :param makes_anew: the nodes' ifupdown2 makes VXLAN devices anew, as PVE's does.
    """

    change: str
    way: str
    reloads: int
    makes_anew: bool
    untouched: Lost | None = None
    itself: Lost | None = None
    routed: Lost | None = None
    exit: Lost | None = None


_WORTH_TELLING = 0.2
_PAIRS = ("untouched", "itself", "routed", "exit")
_ABOUT = """\
Guests on two nodes ping each other 50 times a second, from before an apply on three nodes until a second after all are
answered again. Each cell has how many of these pings were lost, and in brackets the seconds of the longest time
without an answer, where it was 0.2 or more. They tell more: `ping` waits where nobody answers its ARP, and a kernel
keeps packets while it asks for a MAC. A busy machine has part in them. A change may cost guests of the VNet that it is
about something, and those that it routes; guests of other VNets must lose nothing, or the step of the lab does not
hold. "Reloaded" is all of a node's network, by PVE, or what changes. "Routed" goes from one VNet to another, "exit" to
an address outside. "PVE's rule": at a reload, the lab's copy of ifupdown2 makes each VXLAN device anew whose stanza
has changed, as PVE's own build does; "Debian's" is unchanged. A dash: no guest pings there that the change is about.
Where processors are busy or emulated (kernels other than the machine's own), nodes change further apart, and what is
lost at a change of VNI or ASN is more.
"""
_HEAD = """\
| change | `reload` | reloaded | ifupdown2 | kernel | other VNets | the VNet itself | routed | exit |
|---|---|---|---|---|---|---|---|---|
"""


def loss_table(rows: Iterable[Mapping[str, Any]]) -> str:
    """The table, with a paragraph on how to read it; empty where nothing was counted.

    :param rows: results of a run, of which those with such figures count.
    """
    found = [(_change(row["figures"]), str(row["kernel"])) for row in rows if "untouched" in row.get("figures", {})]
    lines = "\n".join(_line(change, kernel) for change, kernel in found)
    return f"{_ABOUT}\n{_HEAD}{lines}\n" if found else ""


def text(lost: Lost | None) -> str:
    """How a table shows it."""
    if lost is None:
        return "-"
    return f"{lost.lost} ({lost.seconds:.2g})" if lost.lost or lost.seconds >= _WORTH_TELLING else "0"


def _change(figures: Mapping[str, Any]) -> Change:
    pairs: dict[str, Any] = {key: Lost(**figures[key]) for key in _PAIRS if figures[key]}
    return Change(**{**figures, **pairs})


def _line(change: Change, kernel: str) -> str:
    return f"| {' | '.join(_cells(change, kernel))} |"


def _cells(change: Change, kernel: str) -> Iterator[str]:
    yield change.change
    yield f"`{change.way}`"
    yield "all" if change.reloads else "changes"
    yield "PVE's rule" if change.makes_anew else "Debian's"
    yield kernel.partition("-")[0]
    yield from map(text, (change.untouched, change.itself, change.routed, change.exit))
