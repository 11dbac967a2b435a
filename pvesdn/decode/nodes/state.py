"""What a node answered about its live state -> `NodeState`. Open: keys that are not known are ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_interface
from typing import TypeVar

from pvesdn.decode import json_text
from pvesdn.decode.cluster.answers import one_line
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.decode.nodes.routing import decode_router_macs, decode_routes, decode_virtual_routers
from pvesdn.errors import NodeFailed
from pvesdn.model.guests import GuestPlug
from pvesdn.model.primitives import IpAddress, IpInterface, Json
from pvesdn.model.snapshot import STATE_COMMANDS, NodeRaw
from pvesdn.model.state import FLOOD_FLAGS, LiveDevice, LiveDhcp, LiveSession, LiveVni, NodeState
from pvesdn.model.vlans import LAST_VLAN, PortVlans, VlanSet

NOT_ASKED = "it was not asked: the snapshot was taken without it"

_IPV6 = 6
_PVID, _UNTAGGED = 1, 2
_FORWARDING, _DISABLED = "forwarding", "disabled"
_TRIPLE = 3

Decoded = TypeVar("Decoded")


def decode_state(node: str, raw: NodeRaw) -> NodeState:
    """What a node is doing.

    :raises NodeFailed: the answers about devices do not have the shape that iproute2 gives them. Any other answer that
        cannot be read is one that was not seen.
    """
    unseen: dict[str, str] = {}
    try:
        held = _addresses(raw.commands.get("ip-addr"))
        devices = _at_rest({device.name: device for device in _devices(raw.commands.get("ip-link"), held)})
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

    filtered = seen("dhcp-filters", _filtered)
    if filtered is not None:
        kept = {name: name in filtered for name, device in devices.items() if device.kind == "vxlan"}
        devices |= {name: replace(devices[name], keeps_dhcp_out=is_kept) for name, is_kept in kept.items()}
    return NodeState(
        node=node,
        devices=devices,
        flooding=seen("fdb", _flooding),
        settings=seen("settings", _settings),
        daemons=seen("frr-daemons", _daemons),
        frr=seen("frr-running", _running_config),
        sessions=seen("bgp-neighbors", _sessions),
        vnis=seen("evpn-vnis", _vnis),
        vlans=seen("port-vlans", _vlans),
        plugs=seen("guest-plugs", _plugs),
        dhcp=seen("dhcp-servers", _servers),
        routes=seen("vrf-routes", decode_routes),
        router_macs=seen("evpn-rmacs", decode_router_macs),
        virtual_routers=seen("vrrp", decode_virtual_routers),
        unseen=unseen,
        late=frozenset(name for name in unseen if _is_late(raw.commands.get(name))),
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


def _is_late(given: Json) -> bool:
    return isinstance(given, dict) and given.get("late") is True


def _daemons(answer: Json) -> frozenset[str]:
    if not isinstance(answer, list):
        message = "frr-daemons is not a JSON list"
        raise WrongShapeError(message)
    # `ospfd-1` is one of several instances.
    return frozenset(json_text.word(name, "a name of frr-daemons").partition("-")[0] for name in answer)


def _running_config(answer: Json) -> str:
    if not isinstance(answer, str) or not json_text.is_unicode(answer):
        message = "frr-running is not text"
        raise WrongShapeError(message)
    return answer


def _sessions(answer: Json) -> dict[str, LiveSession]:
    found = {}
    for peer, row in json_text.mapping(answer, "bgp-neighbors").items():
        said = json_text.mapping(row, f"{peer!a} of bgp-neighbors")
        found[peer] = LiveSession(
            state=json_text.word(said.get("bgpState"), f"bgpState of {peer!a}"),
            local=_host(said.get("hostLocal")),
            last_reset=json_text.string(said.get("lastResetDueTo", ""), f"lastResetDueTo of {peer!a}"),
            notification=json_text.string(
                said.get("lastNotificationReason", ""), f"lastNotificationReason of {peer!a}"
            ),
            bfd=None if said.get("bfd") is None else json_text.string(said["bfd"], f"bfd of {peer!a}"),
        )
    return found


def _host(value: Json) -> IpAddress | None:
    """An end of a connection, which is ``Unknown`` while there is none."""
    try:
        return json_text.address(value, "hostLocal")
    except WrongShapeError:
        return None


def _vnis(answer: Json) -> dict[int, LiveVni]:
    found = {}
    for row in json_text.rows(answer, "evpn-vnis"):
        vni = json_text.number(row.get("vni"), "vni of evpn-vnis")
        vrf = row.get("tenantVrf", row.get("vrf", ""))  # FRR 8.4 has the second name
        found[vni] = LiveVni(
            vni=vni,
            is_l3=json_text.string(row.get("type", ""), f"type of VNI {vni}") == "L3",
            vrf=json_text.string(vrf, f"VRF of VNI {vni}"),
            state=json_text.string(row.get("state", ""), f"state of VNI {vni}"),
            router_mac=json_text.string(row.get("routerMac", ""), f"routerMac of VNI {vni}").lower(),
            remotes=_remotes(row, vni),
            macs=json_text.number(row["numMacs"], f"MACs of VNI {vni}") if "numMacs" in row else None,
        )
    return found


def _remotes(row: dict[str, Json], vni: int) -> frozenset[IpAddress] | None:
    """A list of addresses in FRR 8.4; later a number, with a list of rows beside it, which is absent for none."""
    told = row.get("numRemoteVteps")
    if isinstance(told, list):
        return frozenset(json_text.address(vtep, f"a VTEP of VNI {vni}") for vtep in told)
    if isinstance(told, int):
        listed = json_text.rows(row.get("remoteVteps"), f"remoteVteps of VNI {vni}", absent=True)
        return frozenset(json_text.address(vtep.get("ip"), f"a VTEP of VNI {vni}") for vtep in listed)
    return None


def _flooding(answer: Json) -> dict[str, frozenset[IpAddress]]:
    found: dict[str, set[IpAddress]] = {}
    for row in json_text.rows(answer, "fdb"):
        name = json_text.device(row.get("ifname"), "ifname of fdb")
        found.setdefault(name, set()).add(json_text.address(row.get("dst"), f"dst of {name!a} in fdb"))
    return {name: frozenset(addresses) for name, addresses in found.items()}


def _vlans(answer: Json) -> dict[str, PortVlans]:
    found = {}
    for row in json_text.rows(answer, "port-vlans"):
        name = json_text.device(row.get("ifname"), "ifname of port-vlans")
        vlans = _triples(row.get("vlans"), f"vlans of {name!a}")
        found[name] = PortVlans(
            pvid=next((first for first, _, flags in vlans if flags & _PVID), None),
            untagged=VlanSet.of((first, last) for first, last, flags in vlans if flags & _UNTAGGED),
            tagged=VlanSet.of((first, last) for first, last, flags in vlans if not flags & _UNTAGGED),
        )
    return found


def _triples(value: Json, what: str) -> list[tuple[int, int, int]]:
    found = []
    for item in value if isinstance(value, list) else [None]:
        if not isinstance(item, list) or len(item) != _TRIPLE:
            message = f"{what} are not first, last and flags"
            raise WrongShapeError(message)
        first, last = _range(item[:2], what)
        found.append((first, last, json_text.number(item[2], f"flags in {what}")))
    return found


def _plugs(answer: Json) -> tuple[GuestPlug, ...]:
    return tuple(_plug(row) for row in json_text.rows(answer, "guest-plugs"))


def _plug(row: dict[str, Json]) -> GuestPlug:
    guest = json_text.number(row.get("guest"), "guest of guest-plugs")
    what = f"of guest {guest} in guest-plugs"
    tag, trunks = row.get("tag"), row.get("trunks", [])
    if not isinstance(trunks, list):
        message = f"trunks {what} are not a JSON list"
        raise WrongShapeError(message)
    return GuestPlug(
        guest=guest,
        device=json_text.number(row.get("device"), f"device {what}"),
        bridge=json_text.device(row.get("bridge"), f"bridge {what}"),
        tag=None if tag is None else _range([tag, tag], f"tag {what}")[0],
        trunks=VlanSet.of(_range(trunk, f"trunks {what}") for trunk in trunks),
        is_down=row.get("is_down") is True,
    )


def _range(value: Json, what: str) -> tuple[int, int]:
    """First and last VLAN."""
    if isinstance(value, list) and len(value) == len(("first", "last")):
        first, last = (json_text.number(item, what) for item in value)
        if 1 <= first <= last <= LAST_VLAN:
            return first, last
    message = f"{what}: not a range of VLANs"
    raise WrongShapeError(message)


def _settings(answer: Json) -> dict[str, str]:
    found = json_text.mapping(answer, "settings")
    return {path: json_text.string(value, f"{path!a} of settings") for path, value in found.items()}


def _addresses(answer: Json) -> dict[str, frozenset[IpInterface]]:
    """By device, without what nobody has configured: link-local addresses, and those of router advertisements.

    An address that was found a duplicate is listed, and the kernel does not use it.
    """
    found: dict[str, set[IpInterface]] = {}
    for row in json_text.rows(answer, "ip-addr", absent=True):
        for info in json_text.rows(row.get("addr_info"), "addr_info", absent=True):
            if info.get("family") in ("inet", "inet6") and not (info.get("dynamic") or info.get("dadfailed")):
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
        unflooded=frozenset(kind for kind, key in FLOOD_FLAGS.items() if port.get(key) is False),
        suppresses=_flag(port, "neigh_suppress"),
        is_isolated=_flag(port, "isolated"),
        blocked=_blocked(info, port),
    )


def _blocked(info: dict[str, Json], port: dict[str, Json]) -> str:
    """The state of a bridge's port that does not forward; the slaves of bonds have a state of another kind."""
    state = json_text.string(port.get("state", ""), "state") if info.get("info_slave_kind") == "bridge" else ""
    return "" if state == _FORWARDING else state


def _at_rest(devices: dict[str, LiveDevice]) -> dict[str, LiveDevice]:
    """Without the state of ports that the kernel has disabled because they, or their bridge, are down themselves."""
    up = {name for name, device in devices.items() if device.is_up}
    disabled = (device for device in devices.values() if device.blocked == _DISABLED)
    resting = [device for device in disabled if not ({device.name, device.master} <= up and device.has_carrier)]
    return devices | {device.name: replace(device, blocked="") for device in resting}


def _filtered(answer: Json) -> frozenset[str]:
    """The devices that have the filter in both directions."""
    ways = {
        json_text.device(row.get("ifname"), "ifname of dhcp-filters"): _ways(row.get("ways"))
        for row in json_text.rows(answer, "dhcp-filters")
    }
    return frozenset(name for name, there in ways.items() if {"ingress", "egress"} <= there)


def _servers(answer: Json) -> dict[str, LiveDhcp]:
    """PVE's dnsmasq by zone: those that PVE has configured, or that have a drop-in of ours."""
    name = "dhcp-servers"
    return {
        json_text.string(row.get("zone"), f"zone of {name}"): LiveDhcp(
            is_enabled=json_text.flag(row.get("enabled"), f"enabled of {name}"),
            is_active=json_text.flag(row.get("active"), f"active of {name}"),
            vrf=json_text.string(row.get("vrf"), f"vrf of {name}"),
        )
        for row in json_text.rows(answer, name)
    }


def _ways(given: Json) -> set[Json]:
    if not isinstance(given, list) or not all(isinstance(way, str) for way in given):
        message = "ways of dhcp-filters is not a JSON list of words"
        raise WrongShapeError(message)
    return set(given)


def _both(unicast: bool | None, multicast: bool | None) -> bool | None:  # noqa: FBT001 - two of a kind
    return None if unicast is None or multicast is None else unicast or multicast


def _flag(data: dict[str, Json], key: str) -> bool | None:
    return json_text.flag(data[key], key) if key in data else None


def _address(data: dict[str, Json], *keys: str) -> IpAddress | None:
    return next((json_text.address(data[key], key) for key in keys if key in data), None)
