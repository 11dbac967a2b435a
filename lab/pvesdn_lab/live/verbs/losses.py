"""How many packets guests lose while something is changed: pings between pairs of guests, counted change by change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from functools import partial

from pvesdn_lab.live.losses import Change, Lost
from pvesdn_lab.live.testbed.cluster import LiveCluster
from pvesdn_lab.live.testbed.guest import Stream
from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs.actions import put_definitions, story_of, target_address
from pvesdn_lab.live.verbs.context import Context, require
from pvesdn_lab.live.verbs.reloads import reload_by

_PAIRS, _SILENT = "pairs", "silent"
_RATE = 50
_COMES_BACK_SECONDS = 60.0
"""A guest finds a gateway with another MAC once its own ARP entry has expired."""
_AFTER = 50
"""Pings that are sent when everything is answered again."""


def pairs(context: Context, *, of: dict[str, list[str]], silent: float = 0.5) -> str:
    """Between whom pings go in the steps to come: by name, who pings, and whom, a guest or an address.

    `routed` is between two VNets, `exit` leaves through one; all others are inside a VNet.

    :param silent: seconds for which a pair that is not touched may be without an answer: what a busy or emulated
        machine costs by itself. Packets may be late and yet arrive: a kernel keeps them while it asks for a MAC.
    """
    context.notes[_PAIRS], context.notes[_SILENT] = of, silent
    return f"{len(of)} pairs"


def lost_by(
    context: Context,
    *,
    change: str,
    way: str,
    definitions: str,
    replaced: list[list[str]] | None = None,
    touches: list[str] | None = None,
) -> str:
    """Apply a change while every pair pings 50 times a second; who is not touched must lose nothing.

    :param change: in words, for the table.
    :param way: what ``[apply] reload`` says.
    :param definitions: a folder of the scenario.
    :param replaced: in `pvesdn.cfg` of these, each as what stands there once, and what is to stand there.
    :param touches: the pairs whose packets the change may cost.
    """
    cluster, touched = context.lab.cluster, set(touches or ())
    asked: dict[str, list[str]] = context.notes[_PAIRS]
    if unknown := touched - asked.keys():
        raise LabFault(f"there are no pairs {', '.join(sorted(unknown))}; there are {', '.join(asked)}")
    reload_by(context, way=way)
    put_definitions(cluster, context.folder / definitions)
    _edit(cluster, replaced or [])
    streams = {name: _begun(context, name, *pair) for name, pair in asked.items()}
    begun = len(cluster.pve.sim.tasklog)
    run = cluster.pvesdn("apply", "--yes")
    reloads = sum(task["type"] == "srvreload" for task in cluster.pve.sim.tasklog[begun:])
    back = _all_answered(streams.values())
    found = {name: Lost(*stream.outage()) for name, stream in streams.items()}
    if run.status != 0:
        raise LabFault(f"pvesdn apply ended with {run.status}: {story_of(run)}")
    makes_anew = any(node.plan.vxlan_anew for node in context.nodes())
    told = _told(Change(change, way, reloads, makes_anew), found, touched)
    context.figures.update(asdict(told))
    is_cut = told.untouched is not None and is_interrupted(told.untouched, context.notes[_SILENT])
    require(not is_cut, "guests that are not touched to lose nothing", _named(found))
    require(back, f"every guest to be answered again within {_COMES_BACK_SECONDS:g} s", _named(found))
    return _named(found)


def _told(change: Change, found: Mapping[str, Lost], touched: set[str]) -> Change:
    return replace(
        change,
        untouched=_worst(lost for name, lost in found.items() if name not in touched),
        itself=_worst(lost for name, lost in found.items() if name in touched - {"routed", "exit"}),
        routed=found.get("routed"),
        exit=found.get("exit"),
    )


def _edit(cluster: LiveCluster, replaced: Iterable[list[str]]) -> None:
    file = cluster.pve.world.pmxcfs.sdn / "pvesdn.cfg"
    cluster.pve.write_sdn(file.name, edited(file.read_text("utf-8"), replaced))


def edited(definitions: str, replaced: Iterable[list[str]]) -> str:
    """The definitions with each first text replaced by its second.

    :raises LabFault: one of them is not there once.
    """
    for old, new in replaced:
        if definitions.count(old) != 1:
            raise LabFault(f"'{old}' is in the definitions {definitions.count(old)} times, not once")
        definitions = definitions.replace(old, new)
    return definitions


def _begun(context: Context, name: str, guest: str, to: str) -> Stream:
    address, host = target_address(context, to), context.lab.host(guest)
    wait_for(f"{guest} reaches {to}", partial(host.reaches, address))
    return host.stream(address, _RATE, context.lab.folder / f"pings-{name}")


def _all_answered(streams: Iterable[Stream]) -> bool:
    """Whether everybody is answered, in the end; then for a second more."""
    begun = list(streams)
    try:
        wait_for("every guest is answered", lambda: all(one.is_answered() for one in begun), limit=_COMES_BACK_SECONDS)
    except LabFault:
        return False
    for one in begun:
        one.go_on(_AFTER)
    return True


def is_interrupted(lost: Lost, silent: float) -> bool:
    """Whether packets are missing, or came so late that the way was cut. :param silent: see `pairs`."""
    return lost.lost > 0 or lost.seconds > silent


def _worst(found: Iterable[Lost]) -> Lost | None:
    pairs = list(found)
    most, longest = (max((getattr(one, name) for one in pairs), default=0) for name in ("lost", "seconds"))
    return Lost(max(one.sent for one in pairs), most, longest) if pairs else None


def _named(found: Mapping[str, Lost]) -> str:
    return ", ".join(f"{name} {one.lost} of {one.sent} ({one.seconds:.1f} s)" for name, one in found.items())
