"""What a page prints, in the words and the order in which it prints it: its template decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from pvesdn.model.status import Health
from pvesdn.render.picture.marks import look, printable

_WORDS = {
    "ok": "well:",
    "warning": "warning:",
    "bad": "broken:",
    "unknown": "not known:",
    "off": "off:",
    "plain": "",
}


@dataclass(frozen=True, slots=True)
class State:
    """How something is doing.

    :param name: a class of the style sheet.
    :param word: for those who cannot see the mark.
    """

    name: str
    mark: str
    word: str


def state(health: Health | None) -> State:
    """The state of that health; plain where nobody has looked."""
    its = look(health)
    return State(its.name, its.mark, _WORDS[its.name])


@dataclass(frozen=True, slots=True)
class Said:
    """A name and what is said of it."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of the head. :param note: empty for none."""

    name: str
    number: str
    note: str
    state: State


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a page says first."""

    text: str
    state: State


@dataclass(frozen=True, slots=True)
class Finding:
    """A thing that is not as it should be. :param text: what it is found by, as in all that follows."""

    where: str
    rows: tuple[Said, ...]
    state: State
    text: str
    zones: str
    nodes: str


@dataclass(frozen=True, slots=True)
class Part:
    """A section above the map, of lines or of findings. :param id: of its heading."""

    id: str
    title: str
    intro: str = ""
    findings: tuple[Finding, ...] = ()
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest in a VNet."""

    label: str
    node: str
    first: str
    state: State
    text: str


@dataclass(frozen=True, slots=True)
class Vnet:
    """A VNet in its zone.

    :param where: its nodes, where it is not on all of the zone's.
    :param nodes: their names in a row.
    """

    id: str
    tag: str
    alias: str
    subnets: tuple[str, ...]
    where: str
    guests: tuple[Guest, ...]
    guest_count: str
    is_open: bool
    first: str
    state: State
    text: str
    nodes: str


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone. :param empty: what is said of VNets that are not in it; empty for nothing."""

    id: str
    what: str
    where: str
    vnets: tuple[Vnet, ...]
    vnet_count: str
    guest_count: str
    empty: str
    is_open: bool
    first: str
    state: State
    text: str
    nodes: str


@dataclass(frozen=True, slots=True)
class Node:
    """A member of the cluster. :param note: that it is off, or did not answer."""

    name: str
    note: str
    rows: tuple[Said, ...]
    first: str
    state: State
    text: str
    zones: str


@dataclass(frozen=True, slots=True)
class Session:
    """A session that is told by itself."""

    ends: str
    first: str
    state: State
    text: str
    nodes: str


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A node's sessions with the others, in their order."""

    name: str
    cells: tuple[State, ...]


@dataclass(frozen=True, slots=True)
class Sessions:
    """All sessions."""

    summary: str
    rows: tuple[Session, ...]
    matrix: tuple[MatrixRow, ...]
    legend: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class Exit:
    """Where a zone leaves the cluster."""

    title: str
    zone: str
    node: str
    rows: tuple[Said, ...]
    first: str
    state: State
    text: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture that has been cleaned, and is printed as it is."""

    text: str

    def __html__(self) -> str:
        """What a template prints without escaping it."""
        return self.text


@dataclass(frozen=True, slots=True)
class Page:
    """A whole page.

    :param moment: when it was looked at, for the script; empty for nothing that ages.
    :param policy: what a browser may load and run.
    """

    title: str
    kicker: str
    moment: str
    cluster: str
    is_live: bool
    verdict: Verdict | None
    figures: tuple[Figure, ...]
    notes: tuple[str, ...]
    parts: tuple[Part, ...]
    picture: Drawn | None
    zones: tuple[Zone, ...]
    nodes: tuple[Node, ...]
    sessions: Sessions
    exits: tuple[Exit, ...]
    made: str
    policy: str = ""


def found_by(*texts: str) -> str:
    """What something is found by: all words of a search have to be in it."""
    return printable(" ".join(filter(None, texts))).lower()


def counted(number: int, noun: str) -> str:
    """``1 guest``, ``2 guests``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
