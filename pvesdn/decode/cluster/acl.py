"""The answer of `GET /access/acl` (docs/pve.md §8)."""

from __future__ import annotations

from typing import Literal

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.errors import ClusterError
from pvesdn.model.acl import AclEntry
from pvesdn.model.primitives import Json

_KINDS: dict[str, Literal["user", "group", "token"]] = {"user": "user", "group": "group", "token": "token"}


def decode_acl(answer: Json) -> tuple[AclEntry, ...]:
    """Every entry, in PVE's order.

    :raises ClusterError: it is not what PVE gives.
    """
    try:
        return tuple(_entry(row) for row in json_text.rows(answer, "the answer"))
    except WrongShapeError as error:
        raise ClusterError(f"GET /access/acl: {error}") from error


def _entry(row: dict[str, Json]) -> AclEntry:
    path, kind, who, role = (json_text.string(row.get(name), name) for name in ("path", "type", "ugid", "roleid"))
    if kind not in _KINDS:
        msg = f"type {kind!a} is not user, group or token"
        raise WrongShapeError(msg)
    return AclEntry(path, _KINDS[kind], who, role, json_text.flag(row.get("propagate", 1), "propagate"))
