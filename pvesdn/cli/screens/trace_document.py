"""The document of `pvesdn trace --json`, see docs/json.md."""

from __future__ import annotations

from typing import Any

from pvesdn.cli.screens.documents import discrepancy
from pvesdn.model.trace import Direction, End, Hop, Pinged, Trace, Way


def trace_document(trace: Trace, status: int) -> dict[str, Any]:
    """All of it. :param status: the exit status."""
    return {
        "exit_status": status,
        "outcome": trace.outcome.value,
        "there": _direction(trace.there),
        "back": _direction(trace.back),
        "findings": [discrepancy(found) for found in trace.findings],
        "unreachable": dict(sorted(trace.unreachable.items())),
        "offline": list(trace.offline),
        "ping": None if trace.pinged is None else _pinged(trace.pinged),
    }


def _direction(direction: Direction) -> dict[str, Any]:
    return {
        "source": _end(direction.source),
        "target": _end(direction.target),
        "outcome": direction.outcome.value,
        "ways": [_way(way) for way in direction.ways],
    }


def _end(end: End) -> dict[str, Any]:
    guest = end.guest
    return {
        "label": end.label,
        "kind": end.kind.value,
        "guest": None if guest is None else guest.id,
        "name": "" if guest is None else guest.name,
        "device": end.device,
        "node": end.node,
        "port": end.port,
        "bridge": end.bridge,
        "mac": end.mac,
        "address": None if end.address is None else str(end.address),
    }


def _way(way: Way) -> dict[str, Any]:
    return {
        "outcome": way.outcome.value,
        "node": way.node,
        "device": way.device,
        "reason": way.reason,
        "next": way.step,
        "mtu": way.mtu,
        "notes": list(way.notes),
        "hops": [_hop(hop) for hop in way.hops],
    }


def _hop(hop: Hop) -> dict[str, Any]:
    said = {"mac": hop.mac, "vlan": hop.vlan, "vrf": hop.vrf, "route": hop.route, "next_hop": hop.next_hop}
    said |= {"vni": hop.vni, "vtep": hop.vtep, "remote": hop.remote, "mtu": hop.mtu}
    return {"node": hop.node, "place": hop.place.value, "device": hop.device, "what": hop.what, **said}


def _pinged(pinged: Pinged) -> dict[str, Any]:
    return {
        "proved": list(pinged.proved),
        "failed": [discrepancy(found) for found in pinged.failed],
        "not_tried": list(pinged.not_tried),
    }
