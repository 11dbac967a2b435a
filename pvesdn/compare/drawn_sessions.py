"""Which BGP sessions are lines in a picture: all of a few, and of many those that tell something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from pvesdn.model.picture import MESH, Line
from pvesdn.model.status import Health
from pvesdn.model.topology import MapRouter, MapSession, urgency, worst

_LINES = 6
"""Sessions that are drawn one by one even if all are well: the full mesh of four nodes."""
_BROKEN = 40
"""Sessions that are not well and are drawn."""
NOTABLE = frozenset({Health.BAD, Health.WARNING})
"""What is drawn, or named, even where there is room for few."""


def router_id(router: MapRouter) -> str:
    """Of its box: one address in the VRFs of two zones is two routers."""
    return f"outside {router.address} of {router.zone}" if router.zone else f"outside {router.address}"


def word(health: Health | None) -> str:
    """How a session is doing; empty where it is well, or nobody has looked."""
    words = {Health.BAD: "down", Health.WARNING: "warning", Health.OFF: "off", Health.UNCHECKED: "unknown"}
    return words.get(health or Health.OK, "")


def chosen(inside: Sequence[MapSession]) -> tuple[Sequence[MapSession], Sequence[MapSession]]:
    """Of the sessions between nodes those that are drawn, and those that are not."""
    if len(inside) <= _LINES:
        return inside, ()
    first = _not_well(inside)
    return first, [session for session in inside if session not in first]


def _not_well(sessions: Iterable[MapSession]) -> Sequence[MapSession]:
    # Why those to a node that is off, or that did not answer, are not up can be seen from the node.
    notable = (session for session in sessions if session.health in NOTABLE)
    return sorted(notable, key=lambda session: urgency(session.health))[:_BROKEN]


def line(session: MapSession) -> Line:
    """A session between nodes."""
    first, second = session.ends
    return Line((f"node {first}", f"node {second}"), word(session.health), session.health)


def lines_outside(sessions: Sequence[MapSession]) -> Iterator[Line]:
    """Sessions with peers outside. Of many each peer has one line, to the frame, on which its sessions are counted, and
    one for each that is not well where others of the peer are.
    """
    by_peer: dict[str, list[MapSession]] = {}
    for session in sessions:
        by_peer.setdefault(session.ends[1], []).append(session)
    if len(sessions) <= _LINES or all(len(own) == 1 for own in by_peer.values()):
        yield from map(_line_outside, sessions)
        return
    for peer, own in by_peer.items():
        yield Line(
            (router_id(MapRouter(peer)), MESH), f"BGP: {_counted(own)}", worst(session.health for session in own)
        )
    # Where none of a peer's is established, the peer is what people have to look at.
    telling = [own for own in by_peer.values() if any(session.health is Health.OK for session in own)]
    yield from map(_line_outside, _not_well(session for own in telling for session in own))


def _line_outside(session: MapSession) -> Line:
    node, peer = session.ends
    label = f"BGP {word(session.health)}".strip()
    return Line((router_id(MapRouter(peer)), f"node {node}"), label, session.health)


def _counted(sessions: Sequence[MapSession]) -> str:
    if all(session.health is None for session in sessions):
        return f"{len(sessions)} session{'' if len(sessions) == 1 else 's'}"
    there = Counter(session.health for session in sessions)
    # What nobody saw may be established.
    unseen = [f"{there[health]} {word(health)}" for health in (Health.UNCHECKED, Health.OFF) if there[health]]
    return ", ".join((f"{there[Health.OK]} of {len(sessions)} established", *unseen))
