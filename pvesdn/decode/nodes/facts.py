"""What a node reported -> its facts. Open: keys that are not known are ignored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_interface

from pvesdn.decode import json_text
from pvesdn.decode.frr.tree import read_tree
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.decode.nodes.interfaces import decode_interfaces
from pvesdn.decode.nodes.routes import decode_route, decode_rule
from pvesdn.errors import NodeFailed
from pvesdn.model.facts import GuestNic, Link, NodeFacts
from pvesdn.model.files import (
    FRR_CONF,
    FRR_CONF_LOCAL,
    FRR_LOCAL_BEGIN,
    FRR_LOCAL_END,
    OUR_INTERFACES,
    OUR_SYSCTL,
    SDN_INTERFACES,
)
from pvesdn.model.later import Later
from pvesdn.model.primitives import IpAddress, IpInterface, Json
from pvesdn.model.snapshot import NodeRaw

_INTERFACES = "/etc/network/interfaces"
_FOLDER = f"{_INTERFACES}.d/"
_DEFAULT_MTU = 1500
_TABLES = (("ip-route", 4), ("ip-route6", 6))
_RULES = ("ip-rule", "ip-rule6")
_FORWARDING = (("net.ipv4.ip_forward = 1", 4), ("net.ipv6.conf.all.forwarding = 1", 6))
_ANNOUNCED = {("address-family", "ipv4", "unicast"): 4, ("address-family", "ipv6", "unicast"): 6}


def decode_facts(node: str, raw: NodeRaw) -> NodeFacts:
    """Everything design may know about a node.

    :param raw: its files and the answers of `ip -j -d`; what was not asked for is empty in the result.
    :raises NodeFailed: an answer does not have the shape that iproute2 gives it.
    """
    try:
        facts = NodeFacts(
            node=node,
            links=tuple(_links(_rows(raw, "ip-link"))),
            addresses=tuple(_addresses(_rows(raw, "ip-addr"))),
            routes=tuple(
                route
                for command, family in _TABLES
                for row in _rows(raw, command)
                for route in decode_route(row, command, family)
            ),
            tables=frozenset(family for command, family in _TABLES if command in raw.commands),
            rules=tuple(
                rule for command in _RULES for row in _rows(raw, command) for rule in decode_rule(row, command)
            ),
            versions=_texts(raw, "versions"),
            sysctl=_texts(raw, "sysctl"),
            nics=tuple(_nics(raw.commands.get("nics"))),
            has_foreign_frr_local=_has_foreign_lines(raw.files.get(FRR_CONF_LOCAL, "")),
            forwards=_forwards(raw.files.get(OUR_SYSCTL, "")),
            announced=Later(lambda: tuple(_announced(raw.files.get(FRR_CONF, "")))),
        )
    except WrongShapeError as error:
        raise NodeFailed(
            node, f"unexpected response from iproute2: {error}", hint="check iproute2 on the node"
        ) from error
    return with_interfaces(facts, raw.files)


def with_interfaces(facts: NodeFacts, files: Mapping[str, str]) -> NodeFacts:
    """The node with what these interfaces files say; what its kernel said stays.

    :param files: text by path, as `NodeRaw.files`.
    """
    interfaces = decode_interfaces(files.get(_INTERFACES, ""))
    facts = replace(
        facts,
        stanzas=interfaces.stanzas,
        own=Later(lambda: decode_interfaces(files.get(OUR_INTERFACES, "")).stanzas),
        sources=interfaces.sources,
    )
    return replace(facts, other_stanzas=tuple(_beside(facts, files)))


def _beside(facts: NodeFacts, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Stanzas that neither the host's own file, nor PVE, nor pvesdn has."""
    for path in sorted(files):
        if path.startswith(_FOLDER) and path not in {OUR_INTERFACES, SDN_INTERFACES} and facts.is_sourced(path):
            yield from ((path, stanza.name) for stanza in decode_interfaces(files[path]).stanzas)


def _rows(raw: NodeRaw, command: str) -> list[dict[str, Json]]:
    answer = raw.commands.get(command)
    # iproute2 prints an empty object for each entry that its filter leaves out.
    return [] if answer is None else [row for row in json_text.rows(answer, command) if row]


def _texts(raw: NodeRaw, command: str) -> dict[str, str]:
    answer = raw.commands.get(command)
    if answer is None:
        return {}
    found = json_text.mapping(answer, command)
    return {key: json_text.string(value, f"{key!a} of {command}") for key, value in found.items()}


def _links(rows: list[dict[str, Json]]) -> Iterator[Link]:
    for row in rows:
        name = json_text.device(row.get("ifname"), "ifname of ip-link")
        try:
            yield _link(name, row)
        except WrongShapeError as error:
            raise error.of(f"{name!a} in ip-link") from error


def _link(name: str, row: dict[str, Json]) -> Link:
    info = json_text.mapping(row.get("linkinfo"), "linkinfo", absent=True)
    data = json_text.mapping(info.get("info_data"), "info_data", absent=True)
    kind = json_text.string(info.get("info_kind", ""), "info_kind")
    is_aware = data.get("vlan_filtering") if kind == "bridge" else None
    return Link(
        name=name,
        mtu=json_text.count(row.get("mtu", _DEFAULT_MTU), "mtu"),
        mac=json_text.string(row.get("address", ""), "address"),
        master=json_text.string(row.get("master", ""), "master"),
        kind=kind,
        vni=json_text.number(data["id"], "id") if kind == "vxlan" and "id" in data else None,
        vlan_filtering=None if is_aware is None else json_text.flag(is_aware, "vlan_filtering"),
        altnames=_altnames(row.get("altnames")),
    )


def _altnames(value: Json) -> tuple[str, ...]:
    # Only cards have other names, and of a thousand VNets' devices none is one.
    return tuple(json_text.string(name, "altnames") for name in value) if isinstance(value, list) else ()


def _addresses(rows: list[dict[str, Json]]) -> Iterator[tuple[str, IpInterface]]:
    for row in rows:
        name = json_text.device(row.get("ifname"), "ifname of ip-addr")
        for info in _addr_info(name, row.get("addr_info")):
            if info.get("family") in ("inet", "inet6"):
                what = f"local of {name!a} in ip-addr"
                local = json_text.address(info.get("local"), what)
                yield name, _interface(local, info.get("prefixlen"), what)


def _addr_info(name: str, value: Json) -> list[dict[str, Json]]:
    # Most devices have none, and their names need not be put into words.
    return [] if value == [] else json_text.rows(value, f"addr_info of {name!a}", absent=True)


def _interface(local: IpAddress, length: Json, what: str) -> IpInterface:
    try:
        return ip_interface((local, json_text.number(length, f"prefixlen: {what}")))
    except ValueError as error:
        message = f"{what}: {local} has no usable prefixlen"
        raise WrongShapeError(message) from error


def _nics(answer: Json) -> Iterator[GuestNic]:
    """Anything else is passed over: a plan can do without it."""
    for row in answer if isinstance(answer, list) else ():
        if not isinstance(row, dict):
            continue
        guest, device, bridge, mtu = (row.get(key) for key in ("guest", "device", "bridge", "mtu"))
        if isinstance(guest, int) and isinstance(device, int) and isinstance(bridge, str) and isinstance(mtu, int):
            yield GuestNic(guest, device, bridge, mtu)


def _forwards(sysctls: str) -> frozenset[int]:
    lines = sysctls.splitlines()
    return frozenset(family for line, family in _FORWARDING if line in lines)


def _announced(frr: str) -> Iterator[tuple[str, int]]:
    for block in read_tree(frr):
        match block.words:
            case ("router", "bgp", _, "vrf", vrf):
                yield from ((vrf, _ANNOUNCED[line.words]) for line in block.children if line.words in _ANNOUNCED)


def _has_foreign_lines(text: str) -> bool:
    """Whether frr.conf.local says anything outside our marked block."""
    is_ours = False
    for line in text.split("\n"):
        if line.strip() == FRR_LOCAL_BEGIN:
            is_ours = True
        elif line.strip() == FRR_LOCAL_END:
            is_ours = False
        elif line.strip() and not is_ours:
            return True
    return False
