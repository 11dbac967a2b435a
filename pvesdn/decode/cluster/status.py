"""Answers of the PVE API -> the membership. Open: keys that are not known are ignored."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import TypeAdapter, ValidationError

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.errors import ClusterError
from pvesdn.model.capabilities import has_sdn_by_version
from pvesdn.model.cluster import ClusterState, Member
from pvesdn.model.primitives import IpAddress, Json, NodeName, as_address
from pvesdn.model.snapshot import COROSYNC_PATH

LINKS = 8
"""Links that corosync may have (knet)."""
_NODE_NAME: TypeAdapter[str] = TypeAdapter(NodeName)
_VERSION = re.compile(r"[0-9A-Za-z.+~:-]{0,40}")


def decode_cluster(api: Mapping[str, Json]) -> ClusterState:
    """The cluster as `version`, `cluster/status`, `nodes` and `cluster/sdn` describe it.

    :param api: `Snapshot.api`. An endpoint that the cluster lacks has no entry there, or None.
    :raises ClusterError: an answer is missing or does not have the shape that PVE gives it, or there are no nodes.
    """
    version = _version(api.get("version"))
    try:
        return _decode(api, version)
    except WrongShapeError as error:
        raise ClusterError(f"unexpected API response: {error}", hint="check what answers at this address") from error


def _decode(api: Mapping[str, Json], version: str) -> ClusterState:
    if api.get("cluster/status") is None:
        raise ClusterError("no answer for cluster/status", hint="grant Sys.Audit on /")
    status = json_text.rows(api["cluster/status"], "cluster/status")
    online = _online_by_list(api.get("nodes"))
    members: dict[str, Member] = {}
    for row in status:
        if row.get("type") == "node":
            member = _member(row, online)
            if member.name in members:
                raise ClusterError(f"cluster/status: node '{member.name}' is listed twice")
            members[member.name] = member
    if not members:
        raise ClusterError("cluster/status: the cluster has no nodes", hint="grant Sys.Audit on /")
    cluster = next((row for row in status if row.get("type") == "cluster"), None)
    links = _links(api.get(COROSYNC_PATH))
    # A host outside any cluster has no such entry, and nobody to ask for a quorum. Nor has a member whose corosync does
    # not run (docs/pve.md §3.3).
    is_quorate = not links if cluster is None else json_text.flag(cluster.get("quorate"), "quorate of cluster/status")
    name = next(iter(members)) if cluster is None else json_text.string(cluster.get("name"), "name of cluster/status")
    state = ClusterState(
        name=name,
        is_quorate=is_quorate,
        members=tuple(members[name].model_copy(update={"links": links.get(name, ())}) for name in sorted(members)),
        pve_version=version,
    )
    has_sdn = api["cluster/sdn"] is not None if "cluster/sdn" in api else has_sdn_by_version(version)
    return state.model_copy(update={"has_sdn": has_sdn})


def _member(row: dict[str, Json], online: Mapping[str, bool]) -> Member:
    name = _node_name(row.get("name"))
    what = f"of node '{name}' in cluster/status"
    ip = row.get("ip")
    is_online = json_text.flag(row["online"], f"online {what}") if "online" in row else online.get(name, False)
    return Member(
        name=name,
        node_id=json_text.number(row.get("nodeid", 0), f"nodeid {what}"),
        address=json_text.address(ip, f"ip {what}") if ip not in (None, "") else None,
        is_online=is_online,
        is_local=json_text.flag(row.get("local", 0), f"local {what}"),
    )


def _links(answer: Json) -> dict[str, tuple[IpAddress, ...]]:
    """The addresses of corosync's links by node; those written as names are left out, as nobody here resolves them."""
    found: dict[str, tuple[IpAddress, ...]] = {}
    for row in answer if isinstance(answer, list) else []:
        if isinstance(row, dict) and isinstance(name := row.get("node"), str):
            rings = (row.get(f"ring{number}_addr") for number in range(LINKS))
            found[name] = tuple(address for ring in rings if (address := _parsed(ring)) is not None)
    return found


def _parsed(value: Json) -> IpAddress | None:
    return as_address(value) if isinstance(value, str) else None


def _online_by_list(answer: Json) -> dict[str, bool]:
    """What `GET /nodes` says, for answers of cluster/status without `online`."""
    if answer is None:
        return {}
    return {row["node"]: row.get("status") == "online" for row in json_text.rows(answer, "nodes") if _has_node(row)}


def _has_node(row: dict[str, Json]) -> bool:
    return isinstance(row.get("node"), str)


def _node_name(value: Json) -> str:
    try:
        return _NODE_NAME.validate_python(value, strict=True)
    except ValidationError as error:
        message = f"cluster/status has an invalid node name: {ascii(value)[:80]}"
        raise WrongShapeError(message) from error


def _version(answer: Json) -> str:
    found = answer.get("version", "") if isinstance(answer, dict) else ""
    return found if isinstance(found, str) and _VERSION.fullmatch(found) else ""
