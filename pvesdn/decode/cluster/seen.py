"""/etc/pve/sdn/pvesdn-seen.json: VTEPs and paths to them as they were last seen, so that an offline member stays a
peer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import TypeAdapter, ValidationError

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.errors import ClusterError
from pvesdn.model.cluster import SeenPath, SeenVtep
from pvesdn.model.primitives import IpAddress, Json, NodeName
from pvesdn.model.snapshot import SEEN_FILE

FORMAT = 1
_LARGEST_PACKET = 65535
"""Bytes of an IP packet (RFC 791 section 3.1)."""
_NODE_NAME: TypeAdapter[str] = TypeAdapter(NodeName)


def decode_seen(text: str | None) -> dict[str, SeenVtep]:
    """VTEPs by node; an absent or empty file means that none has been seen yet.

    :raises ClusterError: the text is something else.
    """
    if text is None or not text.strip():
        return {}
    try:
        document = json_text.mapping(json_text.load(text), "the document")
        if (version := json_text.number(document.get("format"), "format")) != FORMAT:
            raise ClusterError(f"{SEEN_FILE}: unknown format {version}", hint="use the version of pvesdn that wrote it")
        vteps = json_text.mapping(document.get("vteps"), "vteps")
        return {node: _vtep(node, value) for node, value in sorted(vteps.items())}
    except WrongShapeError as error:
        hint = "remove the file while every member is online"
        raise ClusterError(f"{SEEN_FILE}: {error}", hint=hint) from error


def _vtep(node: str, value: Json) -> SeenVtep:
    try:
        _NODE_NAME.validate_python(node)
    except ValidationError as error:
        message = f"{node[:80]!a} is not a node name"
        raise WrongShapeError(message) from error
    entry = json_text.mapping(value, f"vtep of '{node}'")
    return SeenVtep(
        address=json_text.address(entry.get("address"), f"address of '{node}'"),
        mtu=_mtu(entry, f"mtu of '{node}'"),
        devices=_devices(entry, f"devices of '{node}'"),
        others=tuple(_others(entry.get("others"), f"others of '{node}'")),
        former=_former(entry, f"former of '{node}'"),
        former_vnis=tuple(_former_vnis(entry.get("former-vnis", []), f"former-vnis of '{node}'")),
        paths=None if entry.get("paths") is None else tuple(_paths(entry["paths"], f"paths of '{node}'")),
    )


def _mtu(entry: Mapping[str, Json], what: str) -> int | None:
    """The size; null where no path was known. The key must be there."""
    return None if "mtu" in entry and entry["mtu"] is None else _size(entry.get("mtu"), what)


def _size(value: Json, what: str) -> int | None:
    """Bytes of a packet; None for that of `lo`, which was remembered before paths were looked up
    and carries nothing.
    """
    size = json_text.number(value, what)
    return size if size <= _LARGEST_PACKET else None


def _devices(entry: Mapping[str, Json], what: str) -> tuple[str, ...]:
    return tuple(json_text.device(device, what) for device in _list(entry.get("devices", []), what))


def _former(entry: Mapping[str, Json], what: str) -> tuple[IpAddress, ...]:
    return tuple(json_text.address(address, what) for address in _list(entry.get("former", []), what))


def _former_vnis(value: Json, what: str) -> Iterator[tuple[int, str]]:
    for found in _list(value, what):
        entry = json_text.mapping(found, what)
        yield json_text.number(entry.get("vni"), what), json_text.device(entry.get("device"), what)


def _list(value: Json, what: str) -> list[Json]:
    if not isinstance(value, list):
        message = f"{what} is not a JSON list"
        raise WrongShapeError(message)
    return value


def _paths(value: Json, what: str) -> Iterator[SeenPath]:
    for address, found in _by_address(value, what):
        path = json_text.mapping(found, what)
        yield SeenPath(peer=address, mtu=_mtu(path, what), devices=_devices(path, what))


def _others(value: Json, what: str) -> Iterator[tuple[IpAddress, int | None]]:
    for address, mtu in _by_address(value, what):
        yield address, None if mtu is None else _size(mtu, what)


def _by_address(value: Json, what: str) -> list[tuple[IpAddress, Json]]:
    found = [
        (json_text.address(address, what), entry)
        for address, entry in json_text.mapping(value, what, absent=True).items()
    ]
    return sorted(found, key=lambda pair: (pair[0].version, int(pair[0])))
