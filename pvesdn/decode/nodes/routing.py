"""What a node answered about the VRFs of EVPN: the kernel's routes, router MACs of other VTEPs, virtual routers."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_network

from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.model.primitives import IpAddress, IpNetwork, Json
from pvesdn.model.state import LiveRoute, LiveVirtualRouter

_DEFAULTS = {4: "0.0.0.0/0", 6: "::/0"}


def decode_routes(answer: Json) -> dict[str, dict[IpNetwork, LiveRoute]]:
    """By VRF and prefix, of several the one with the lowest metric.

    :raises WrongShapeError: not what the node program answers.
    """
    best: dict[tuple[str, IpNetwork], tuple[int, LiveRoute]] = {}
    for row in json_text.rows(answer, "vrf-routes"):
        vrf = json_text.device(row.get("vrf"), "vrf of vrf-routes")
        prefix = prefix_of(row)
        metric = json_text.number(row.get("metric", 0), f"metric of {prefix} in vrf-routes")
        if (vrf, prefix) not in best or metric < best[vrf, prefix][0]:
            best[vrf, prefix] = metric, _route(row, f"{prefix} in vrf-routes")
    found: dict[str, dict[IpNetwork, LiveRoute]] = {}
    for (vrf, prefix), (_, route) in best.items():
        found.setdefault(vrf, {})[prefix] = route
    return found


def prefix_of(row: dict[str, Json], answer: str = "vrf-routes") -> IpNetwork:
    """The destination of a route.

    :param answer: what it is called in a fault.
    :raises WrongShapeError: it is none.
    """
    text = json_text.word(row.get("dst"), f"dst of {answer}")
    family = json_text.number(row.get("family"), f"family of {text!a} in {answer}")
    try:
        return ip_network(_DEFAULTS[family] if text == "default" else text)
    except (ValueError, KeyError):
        message = f"{text!a} of {answer} is not a prefix"
        raise WrongShapeError(message) from None


def _route(row: dict[str, Json], what: str) -> LiveRoute:
    gateways = row.get("gateways", [])
    if not isinstance(gateways, list):
        message = f"gateways of {what} are not a JSON list"
        raise WrongShapeError(message)
    return LiveRoute(
        protocol=json_text.string(row.get("protocol", ""), f"protocol of {what}"),
        next_hops=frozenset(unmapped(json_text.address(gateway, f"gateway of {what}")) for gateway in gateways),
        rejects="type" in row,
    )


def unmapped(address: IpAddress) -> IpAddress:
    """The VTEP of a type-5 route for an IPv6 prefix is an IPv4 address in IPv6's clothes (RFC 4291 section 2.5.5.2)."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped


def decode_router_macs(answer: Json) -> dict[int, dict[IpAddress, frozenset[str]]]:
    """Those that are used, by L3VNI and VTEP.

    A next hop has one for each address family. zebra keeps a router MAC that its VTEP has announced earlier beside the
    one of today, for good (FRRouting/frr number 16837, until 10.6): only next hops tell which one is used. And a next
    hop whose MAC zebra does not have as the router MAC of that VTEP leads nowhere: such a VTEP is absent.

    :raises WrongShapeError: not what the node program answers.
    """
    known: set[tuple[int, IpAddress, str]] = set()
    used: set[tuple[int, IpAddress, str]] = set()
    for row in json_text.rows(answer, "evpn-rmacs"):
        vni = json_text.number(row.get("vni"), "vni of evpn-rmacs")
        key, group = ("next-hop", used) if "next-hop" in row else ("vtep", known)
        vtep = unmapped(json_text.address(row.get(key), f"{key} of VNI {vni} in evpn-rmacs"))
        group.add((vni, vtep, json_text.word(row.get("mac"), f"mac of {vtep} in evpn-rmacs").lower()))
    lost = {(vni, vtep) for vni, vtep, _ in used - known}
    found: dict[int, dict[IpAddress, frozenset[str]]] = {}
    for vni, vtep, mac in used:
        if (vni, vtep) not in lost:
            of_vni = found.setdefault(vni, {})
            of_vni[vtep] = of_vni.get(vtep, frozenset()) | {mac}
    return found


def decode_virtual_routers(answer: Json) -> tuple[LiveVirtualRouter, ...]:
    """In the order of the answer.

    :raises WrongShapeError: not what the node program answers.
    """
    return tuple(
        LiveVirtualRouter(
            interface=json_text.device(row.get("interface"), "interface of vrrp"),
            id=json_text.number(row.get("id"), "id of vrrp"),
            family=json_text.number(row.get("family"), "family of vrrp"),
            status=json_text.word(row.get("status"), "status of vrrp"),
        )
        for row in json_text.rows(answer, "vrrp")
    )
