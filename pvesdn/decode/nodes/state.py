"""What a node answered about its live state -> `NodeState`. Open: keys that are not known are ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from ipaddress import ip_interface
from typing import TypeVar

from pvesdn.decode import json_text
from pvesdn.decode.cluster.answers import one_line
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.errors import NodeFailed
from pvesdn.model.primitives import IpAddress, IpInterface, Json
from pvesdn.model.snapshot import STATE_COMMANDS, NodeRaw
from pvesdn.model.state import LiveDevice, NodeState

NOT_ASKED = "it was not asked: the snapshot was taken without it"

_IPV6 = 6

Decoded = TypeVar("Decoded")


def decode_state(node: str, raw: NodeRaw) -> NodeState:
    """What a node is doing.

    :raises NodeFailed: the answers about devices do not have the shape that iproute2 gives them. Any other answer that
        cannot be read is one that was not seen.
    """
    unseen: dict[str, str] = {}
    try:
        held = _addresses(raw.commands.get("ip-addr"))
        devices = {device.name: device for device in _devices(raw.commands.get("ip-link"), held)}
    except WrongShapeError as error:
        raise NodeFailed(
            node, f"unexpected response from iproute2: {error}", hint="check iproute2 on the node"
        ) from error

    def seen(name: str, decode: Callable[[Json], Decoded]) -> Decoded | None:
        try:
            return decode(_answer(raw.commands, name))
        except WrongShapeError as error:
            unseen[name] = one_line(str(error))
            return None

    return NodeState(
        node=node,
        devices=devices,
        flooding=seen("fdb", _flooding),
        settings=seen("settings", _settings),
        unseen=unseen,
    )


def _answer(commands: Mapping[str, Json], name: str) -> Json:
    """:raises WrongShapeError: there is none; it says why."""
    assert name in STATE_COMMANDS  # noqa: S101 - a slip of the pen, not of a node
    if name not in commands:
        raise WrongShapeError(NOT_ASKED)
    given = json_text.mapping(commands[name], name)
    if "answer" not in given:
        raise WrongShapeError(json_text.string(given.get("fault", "no answer"), f"fault of {name}"))
    return given["answer"]


def _flooding(answer: Json) -> dict[str, frozenset[IpAddress]]:
    found: dict[str, set[IpAddress]] = {}
    for row in json_text.rows(answer, "fdb"):
        name = json_text.device(row.get("ifname"), "ifname of fdb")
        found.setdefault(name, set()).add(json_text.address(row.get("dst"), f"dst of {name!a} in fdb"))
    return {name: frozenset(addresses) for name, addresses in found.items()}


def _settings(answer: Json) -> dict[str, str]:
    found = json_text.mapping(answer, "settings")
    return {path: json_text.string(value, f"{path!a} of settings") for path, value in found.items()}


def _addresses(answer: Json) -> dict[str, frozenset[IpInterface]]:
    """By device, without what nobody has configured: link-local addresses, and those of router advertisements."""
    found: dict[str, set[IpInterface]] = {}
    for row in json_text.rows(answer, "ip-addr", absent=True):
        for info in json_text.rows(row.get("addr_info"), "addr_info", absent=True):
            if info.get("family") in ("inet", "inet6") and not info.get("dynamic"):
                name = json_text.device(row.get("ifname"), "ifname of ip-addr")
                local = json_text.address(info.get("local"), f"local of {name!a} in ip-addr")
                length = json_text.count(info.get("prefixlen"), f"prefixlen of {name!a} in ip-addr")
                if not (local.version == _IPV6 and local.is_link_local) and length <= local.max_prefixlen:
                    found.setdefault(name, set()).add(ip_interface((local, length)))
    return {name: frozenset(addresses) for name, addresses in found.items()}


def _devices(answer: Json, held: Mapping[str, frozenset[IpInterface]]) -> Iterator[LiveDevice]:
    for row in json_text.rows(answer, "ip-link", absent=True):
        if row:
            name = json_text.device(row.get("ifname"), "ifname of ip-link")
            try:
                yield _device(name, row, held.get(name, frozenset()))
            except WrongShapeError as error:
                raise error.of(f"{name!a} in ip-link") from error


def _device(name: str, row: dict[str, Json], addresses: frozenset[IpInterface]) -> LiveDevice:
    info = json_text.mapping(row.get("linkinfo"), "linkinfo", absent=True)
    data = json_text.mapping(info.get("info_data"), "info_data", absent=True)
    port = json_text.mapping(info.get("info_slave_data"), "info_slave_data", absent=True)
    kind = json_text.string(info.get("info_kind", ""), "info_kind")
    flags = row.get("flags")
    known = flags if isinstance(flags, list) else []
    is_vxlan = kind == "vxlan"
    return LiveDevice(
        name=name,
        kind=kind,
        is_up="UP" in known or flags is None,
        has_carrier="NO-CARRIER" not in known,
        mtu=json_text.count(row.get("mtu", 0), "mtu"),
        mac=json_text.string(row.get("address", ""), "address").lower(),
        master=json_text.string(row.get("master", ""), "master"),
        addresses=addresses,
        vlan_filtering=_flag(data, "vlan_filtering") if kind == "bridge" else None,
        vni=json_text.number(data["id"], "id") if is_vxlan and "id" in data else None,
        vtep=_address(data, "local", "local6") if is_vxlan else None,
        udp_port=json_text.number(data["port"], "port") if is_vxlan and "port" in data else None,
        group=_address(data, "group", "group6") if is_vxlan else None,
        physdev=json_text.string(data["link"], "link") if is_vxlan and isinstance(data.get("link"), str) else None,
        learns=_flag(port, "learning"),
        floods=_both(_flag(port, "flood"), _flag(port, "mcast_flood")),
        suppresses=_flag(port, "neigh_suppress"),
    )


def _both(unicast: bool | None, multicast: bool | None) -> bool | None:  # noqa: FBT001 - two of a kind
    return None if unicast is None or multicast is None else unicast or multicast


def _flag(data: dict[str, Json], key: str) -> bool | None:
    return json_text.flag(data[key], key) if key in data else None


def _address(data: dict[str, Json], *keys: str) -> IpAddress | None:
    return next((json_text.address(data[key], key) for key in keys if key in data), None)
