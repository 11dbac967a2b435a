"""The way of a packet, for people: a line for each place, and where and why it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pvesdn.cli.screens.screen import Line, Span, Style, clean
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.model.trace import Direction, End, Hop, Outcome, Pinged, Trace, Way
from pvesdn.model.verification import Discrepancy

_STYLES = {Outcome.ARRIVES: Style.GOOD, Outcome.ENDS: Style.ERROR, Outcome.UNKNOWN: Style.WARNING}
_WORDS = {Outcome.ARRIVES: "arrives", Outcome.ENDS: "ENDS", Outcome.UNKNOWN: "unknown"}
_WIDEST_NAME = 15


def trace_lines(trace: Trace, width: int | None) -> Iterator[Line]:
    """All of it. :param width: columns; None for a pipe."""
    for direction in (trace.there, trace.back):
        yield from wrapped(_direction(direction), width)
        yield ("",)
    yield from wrapped(_beside(trace), width)
    yield from wrapped([verdict_line(trace)], width)


def _direction(direction: Direction) -> Iterator[Line]:
    outcome = direction.outcome
    yield (
        Span(f"{direction.source.name} to {direction.target.name}: ", Style.STRONG),
        Span(_WORDS[outcome], _STYLES[outcome]),
    )
    ends = [told for end in (direction.source, direction.target) if (told := _said(end))]
    yield from ((f"  {told}",) for told in ends)
    ways = direction.ways
    shared = _shared(ways) if len(ways) > 1 else 0
    widths = _widths(ways)
    yield from _hops(ways[0].hops[:shared], widths)
    for number, way in enumerate(ways, start=1):
        if len(ways) > 1:
            yield (f"  way {number} of {len(ways)}: ", Span(_WORDS[way.outcome], _STYLES[way.outcome]))
        yield from _hops(way.hops[shared:], widths)
        yield from _end(way)


def _said(end: End) -> str:
    """What is known of a guest besides its name."""
    if end.guest is None:
        return ""
    told = [str(end.address) if end.address is not None else "address not known", end.mac or "MAC not known"]
    where = f" on {end.node}" if end.node else ""
    return f"{end.name}: {', '.join(told)}{f', {end.bridge}' if end.bridge else ''}{where}"


def _shared(ways: Sequence[Way]) -> int:
    """How many places all ways begin with."""
    number = 0
    while all(len(way.hops) > number and way.hops[number] == ways[0].hops[number] for way in ways):
        number += 1
    return number


def _widths(ways: Iterable[Way]) -> tuple[int, int]:
    hops = [hop for way in ways for hop in way.hops]
    nodes, devices = (len(clean(hop.node)) for hop in hops), (len(clean(hop.device)) for hop in hops)
    return max(nodes, default=0), min(max(devices, default=0), _WIDEST_NAME)


def _hops(hops: Iterable[Hop], widths: tuple[int, int]) -> Iterator[Line]:
    for hop in hops:
        yield (f"  {clean(hop.node).ljust(widths[0])}  {clean(hop.device).ljust(widths[1])}  {hop.what}",)


def _end(way: Way) -> Iterator[Line]:
    if way.outcome is not Outcome.ARRIVES:
        where = f" on {way.node}" if way.node else ""
        yield (Span(f"  {_WORDS[way.outcome]}", _STYLES[way.outcome]), f"{where}: {way.reason}")
        if way.step:
            yield (f"    next: on {way.node}: {way.step}",)
    elif way.mtu is not None:
        yield (f"  carries packets of up to {way.mtu} bytes",)
    yield from ((f"  note: {note}",) for note in way.notes)


def _beside(trace: Trace) -> Iterator[Line]:
    """What verify says, what packets have shown, and who did not answer."""
    for found in trace.findings:
        yield from _finding("verify", found)
    if trace.pinged is not None:
        yield from _pinged(trace.pinged)
    for name, why in sorted(trace.unreachable.items()):
        yield (f"not looked at: {name}: {why.removeprefix(f'{name}: ')}",)
    for name in trace.offline:
        yield (f"not looked at: {name}: the cluster says that it is off",)


def _finding(who: str, found: Discrepancy) -> Iterator[Line]:
    trait = f", {found.trait}" if found.trait else ""
    where = f"{found.node}: " if found.node else ""
    yield (f"{who}: {where}{found.object}{trait}: expected {found.expected}, found {found.found}",)
    yield (f"  likely cause: {found.cause}",)
    yield (f"  next: {found.next_step}",)


def _pinged(pinged: Pinged) -> Iterator[Line]:
    yield from ((f"ping: {told}",) for told in pinged.proved)
    for found in pinged.failed:
        yield from _finding("ping", found)
    yield from ((f"ping: not tried: {told}",) for told in pinged.not_tried)


def verdict_line(trace: Trace) -> Line:
    """How it ends, in one line."""
    there, back = trace.there, trace.back
    failed = trace.pinged is not None and trace.pinged.failed
    if there.outcome is back.outcome is Outcome.ARRIVES:
        told = "arrives there and back, by the tables; packets do not" if failed else "arrives there and back"
    else:
        told = f"there {_verdict(there)}; back {_verdict(back)}"
    return (Span(f"{there.source.name} to {there.target.name}: {told}.", _STYLES[trace.outcome]),)


def _verdict(direction: Direction) -> str:
    """``ends on node3: no route``, or how many of several ways do."""
    outcome = direction.outcome
    if outcome is Outcome.ARRIVES:
        return "it arrives"
    bad = [way for way in direction.ways if way.outcome is outcome]
    some = f" on {len(bad)} of {len(direction.ways)} ways" if len(direction.ways) > 1 else ""
    where = f" at {bad[0].node}" if bad[0].node else ""
    word = "it ends" if outcome is Outcome.ENDS else "unknown"
    return f"{word}{some}{where}: {bad[0].reason}"
