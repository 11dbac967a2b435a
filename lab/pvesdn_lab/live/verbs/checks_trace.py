"""What scenarios prove about `pvesdn trace`: packets pass where it says, and it names the place where they end."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from string import Template
from typing import Any, Literal

from pvesdn_lab.live.testbed.space import LabFault, Space, wait_for
from pvesdn_lab.live.testbed.watched import VXLAN, Tunnelled, Watched, watching
from pvesdn_lab.live.verbs.actions import target_address
from pvesdn_lab.live.verbs.context import Context, NotProven, Stopwatch, as_proof, require

_WIRES = frozenset({"port", "tunnel", "arrival", "outside"})
"""Places whose device itself sends or takes the packet; in a bridge it passes unseen from port to port."""
_SIDES = {"there": "request", "back": "reply"}
"""What goes each way, as tcpdump calls it."""
_BEHIND_THE_SCENES = frozenset({"bridge", "vrf", "macvlan"})
_SETTLES = 60.0


@dataclass(frozen=True, slots=True)
class _Passed:
    """Where a packet passes.

    :param devices: with their nodes.
    :param tunnels: as they are on the wire.
    """

    devices: frozenset[tuple[str, str]]
    tunnels: frozenset[Tunnelled]

    def __str__(self) -> str:
        places = ", ".join(f"{device} on {node}" for node, device in sorted(self.devices))
        tunnels = ", ".join(f"VNI {vni} from {vtep} to {remote}" for vni, vtep, remote in sorted(self.tunnels))
        return f"{places} ({tunnels or 'no tunnel'})"


def trace_agrees(
    context: Context, *, guest: str, to: str, sender: str = "", ways: int = 1, family: Literal[4, 6] = 4
) -> str:
    """`pvesdn trace` says that a packet arrives there and back. A ping passes all the devices of one of the ways that
    are told, on all nodes, and no others, in VXLAN packets of the VNIs and between the VTEPs that are told; and so does
    its answer on its way back.

    :param sender: the address that the ping comes from; empty for the guest's own.
    :param ways: how many ways there have to be for it.
    """
    host, address = context.lab.host(guest), target_address(context, to, family=family)
    source = sender or target_address(context, guest, family=family)
    with as_proof():
        wait_for(f"{guest} reaches {to}", lambda: host.reaches(address), limit=_SETTLES)
        document = wait_for("trace to say that it arrives", lambda: _arriving(context, guest, to), limit=_SETTLES)
    told = {what: [_told(way) for way in document[side]["ways"]] for side, what in _SIDES.items()}
    require(len(told["request"]) == ways, f"{ways} ways", f"{len(told['request'])}: {_either(told['request'])}")
    seen: dict[str, _Passed] = {}
    icmp = "icmp" if family == 4 else "icmp6"  # noqa: PLR2004
    words = f"({icmp} and host {source} and host {address}) or {VXLAN}"
    with watching(context.nodes(), words, context.lab.folder) as watched:

        def passes_as_told() -> bool:
            host.reaches(address)
            seen.update({what: _seen(watched, what, frozenset({source, address})) for what in told})
            return all(seen[what] in told[what] for what in told)

        with suppress(LabFault):
            wait_for("packets where trace has them", passes_as_told, limit=15.0)
    for side, what in _SIDES.items():
        require(seen[what] in told[what], f"packets {side}: {_either(told[what])}", str(seen[what]))
    return "; ".join(f"{side}: {seen[what]}" for side, what in _SIDES.items())


def _either(ways: Iterable[_Passed]) -> str:
    return " or ".join(map(str, ways))


def trace_ends(
    context: Context,
    *,
    guest: str,
    to: str,
    node: str,
    command: str,
    mend: str,
    device: str,
    says: str,
    at: str = "",
    forget: str = "",
) -> str:
    """Break something on a live node, or at a router outside. The guest gets no answer, and `pvesdn trace` says at
    which node and device the way there ends, and why; when it is mended it gets one again.

    A guest ``u2`` has other numbers in each lab: its MAC and its port are written ``$u2_mac`` and ``$u2_port``.

    :param node: a node or a router.
    :param command, mend: shell commands there.
    :param device: where it has to end.
    :param says: words that the reason has to have.
    :param at: the node where it ends, if it is not the one where something was broken.
    :param forget: a node that forgets the neighbours that it has learned on `device` then.
    """
    host, address, broken = context.lab.host(guest), target_address(context, to), _space(context, node)
    command, mend, device, says = (_filled(context, words) for words in (command, mend, device, says))
    with as_proof():
        wait_for(f"{guest} reaches {to}", lambda: host.reaches(address), limit=_SETTLES)
    broken.must("bash", "-c", command, limit=60)
    try:
        if forget:
            context.lab.node(forget).space.ip(f"neigh flush dev {device}")
            host.reaches(address)  # it asks once more
        said = _named(context, (guest, to), (at or node, device), says)
        require(not host.reaches(address), f"{guest} not to reach {to}", "an answer")
    finally:
        broken.must("bash", "-c", mend, limit=120)
    with as_proof():
        wait_for(f"{guest} reaches {to} again", lambda: host.reaches(address), limit=_SETTLES)
    return said


def _filled(context: Context, words: str) -> str:
    guests = context.lab.guests.items()
    values = {f"{name}_{what}": getattr(guest, what) for name, guest in guests for what in ("mac", "port")}
    return Template(words).safe_substitute(values)


def _space(context: Context, name: str) -> Space:
    return context.lab.host(name).space if name in context.lab.routers else context.lab.node(name).space


def _named(context: Context, ends: tuple[str, str], place: tuple[str, str], says: str) -> str:
    """The place and the reason that trace tells, as soon as they are these.

    :raises NotProven: they are not within a while.
    """
    watch, told = Stopwatch(), list[tuple[str, str, str]]()

    def found() -> list[tuple[str, str, str]]:
        told[:] = [(way["node"], way["device"], way["reason"]) for way in _ends(context, *ends)]
        return [one for one in told if one[:2] == place and says in one[2]]

    try:
        (node, _, reason), *_ = wait_for("trace to say where it ends", found, limit=_SETTLES)
    except LabFault:
        raise NotProven(f"expected '{says}' at {place[1]} on {place[0]}, found {told}") from None
    return f"{node}: {reason} ({watch})"


def _traced(context: Context, guest: str, to: str) -> dict[str, Any]:
    ends = (_name(context, guest), _name(context, to))
    done = context.lab.cluster.pvesdn("trace", *ends)
    document: dict[str, Any] = dict(done.document or {})
    require("there" in document, f"pvesdn trace {' '.join(ends)} to answer", f"{done.status}: {done.complaints[-400:]}")
    return document


def _name(context: Context, who: str) -> str:
    """What pvesdn calls a guest: its id. A router is known by its address."""
    if who in context.lab.guests:
        return str(context.guest(who).number)
    plan = next((plan for plan in context.lab.topology.routers if plan.name == who), None)
    return who if plan is None else plan.addresses[0].partition("/")[0]


def _arriving(context: Context, guest: str, to: str) -> dict[str, Any]:
    """What trace says, once it says that it arrives."""
    document = _traced(context, guest, to)
    return document if document["outcome"] == "arrives" else {}


def _ends(context: Context, guest: str, to: str) -> list[dict[str, Any]]:
    return [way for way in _traced(context, guest, to)["there"]["ways"] if way["outcome"] == "ends"]


def _told(way: dict[str, Any]) -> _Passed:
    tunnels = ((hop["vni"], hop["vtep"], hop["remote"]) for hop in way["hops"] if hop["place"] == "tunnel")
    devices = ((hop["node"], hop["device"]) for hop in way["hops"] if hop["place"] in _WIRES)
    return _Passed(frozenset(devices), frozenset(tunnels))


def _seen(watched: Iterable[Watched], what: str, ends: frozenset[str]) -> _Passed:
    devices, tunnels = set[tuple[str, str]](), set[Tunnelled]()
    for one in watched:
        kinds = {name: row.get("linkinfo", {}).get("info_kind") for name, row in one.node.devices().items()}
        devices |= {(one.node.name, name) for name in one.devices(what) if kinds.get(name) not in _BEHIND_THE_SCENES}
        tunnels |= one.tunnels(what, ends)
    return _Passed(frozenset(devices), frozenset(tunnels))
