"""The document of `pvesdn topology --json`, see docs/json.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pvesdn.cli.screens.documents import findings
from pvesdn.cli.screens.status_document import share_document
from pvesdn.model.findings import Finding
from pvesdn.model.status import Health
from pvesdn.model.topology import MapExit, MapGuest, MapNode, MapSession, MapVnet, MapZone, Topology


def topology_document(
    drawn: Topology, status: int, *, found: Iterable[Finding], unreachable: Mapping[str, str]
) -> dict[str, Any]:
    """All of the map, also what a picture of a large cluster leaves out.

    :param status: the exit status.
    :param found: what is to be said of the definitions.
    :param unreachable: nodes that did not answer, with the reasons.
    """
    return {
        "exit_status": status,
        "cluster": drawn.cluster,
        "is_live": drawn.is_live,
        "only": drawn.only,
        "zones": [_zone(zone) for zone in drawn.zones],
        "nodes": [_node(node, drawn) for node in drawn.nodes],
        "sessions": [_session(session) for session in drawn.sessions],
        "exits": [_exit(uplink) for uplink in drawn.exits],
        "outside": list(drawn.outside),
        "findings": findings(found),
        "unreachable": dict(sorted(unreachable.items())),
    }


def _judged(health: Health | None, first: str) -> dict[str, Any]:
    return {"health": None if health is None else health.value, "first": first}


def _zone(zone: MapZone) -> dict[str, Any]:
    return {
        "id": zone.id,
        "what": zone.what,
        "source": zone.source,
        "nodes": list(zone.nodes),
        "l3vni": zone.l3vni,
        "outside": list(zone.outside),
        "vnets": [_vnet(vnet) for vnet in zone.vnets],
        **_judged(zone.health, zone.first),
    }


def _vnet(vnet: MapVnet) -> dict[str, Any]:
    return {
        "id": vnet.id,
        "tag": vnet.tag,
        "tag_word": vnet.tag_word,
        "alias": vnet.alias,
        "drawn_in": vnet.drawn_in,
        "subnets": list(vnet.subnets),
        "nodes": list(vnet.nodes),
        "guests": [_guest(guest) for guest in vnet.guests],
        **_judged(vnet.health, vnet.first),
    }


def _guest(guest: MapGuest) -> dict[str, Any]:
    said = {"guest": guest.guest, "name": guest.name, "node": guest.node, "port": guest.port}
    return {**said, **_judged(guest.health, guest.first)}


def _node(node: MapNode, drawn: Topology) -> dict[str, Any]:
    return {
        "name": node.name,
        "is_online": node.is_online,
        "has_answered": node.is_online and node.name not in drawn.unanswered,
        "zones": list(node.zones),
        "vteps": [str(vtep) for vtep in node.vteps],
        "asn": node.asn,
        "sessions": share_document(node.sessions),
        **_judged(node.health, node.first),
    }


def _session(session: MapSession) -> dict[str, Any]:
    return {"ends": list(session.ends), "is_outside": session.is_outside, **_judged(session.health, session.first)}


def _exit(uplink: MapExit) -> dict[str, Any]:
    return {
        "id": uplink.id,
        "zone": uplink.zone,
        "node": uplink.node,
        "interface": uplink.interface,
        "addresses": list(uplink.addresses),
        "gateways": list(uplink.gateways),
        "virtual": uplink.virtual,
        **_judged(uplink.health, uplink.first),
    }
