"""Questions of `observe` about routing in the VRFs of EVPN: the kernel's routes, router MACs, virtual routers."""

from typing import Any, Dict, Iterator, List, Tuple

from pvesdn.node.program.machine import Machine, Refused, lacks_ipv6, rows_shown
from pvesdn.node.program.request import INTERFACE
from pvesdn.node.program.shown import objects_of_frr, rows_of_frr, vnis_of_frr

_HOST_LENGTHS = {"4": "32", "6": "128"}
_REJECTS = ("unreachable", "blackhole", "prohibit")
_MOST_ROUTES = 20000
"""Routes that are told of, far more than a cluster has subnets and exits."""
_GONE = ("dead", "linkdown")
"""Flags of a next hop that the kernel does not use."""
_OF_A_ROLE = ("status", "effectivePriority", "primaryAddress")


def vrf_routes(machine: Machine) -> List[Dict[str, Any]]:
    """The kernel's routes in each VRF with an L3VNI, without host routes, a guest's each, and connected networks.

    ``[{"vrf": "vrf_a", "family": 4, "dst": "default", "protocol": "bgp", "metric": 20, "gateways": ["192.0.2.1"]}]``;
    one that throws packets away has ``"type": "unreachable"`` or the like.
    """
    l3vnis = [row for row in vnis_of_frr(machine) if row.get("type") == "L3"]
    names = sorted({str(row.get("tenantVrf", row.get("vrf"))) for row in l3vnis})
    found: List[Dict[str, Any]] = []
    for vrf in filter(INTERFACE.fullmatch, names):
        for family in _HOST_LENGTHS:
            if family == "6" and lacks_ipv6(machine):
                continue
            rows = rows_shown(machine, ["ip", "-j", "-" + family, "route", "show", "vrf", vrf])
            found += [_route_of(vrf, family, row) for row in rows if _is_told_of(family, row)]
    if len(found) > _MOST_ROUTES:
        raise Refused("the VRFs have more than {} routes".format(_MOST_ROUTES))
    return found


def _is_told_of(family: str, row: Dict[str, Any]) -> bool:
    address, _, length = str(row.get("dst", "")).partition("/")
    is_host = address != "default" and length in ("", _HOST_LENGTHS[family])
    return not is_host and (row.get("type") in _REJECTS or ("type" not in row and bool(_gateways_of(row))))


def _route_of(vrf: str, family: str, row: Dict[str, Any]) -> Dict[str, Any]:
    found: Dict[str, Any] = {key: row[key] for key in ("dst", "protocol", "metric", "type") if key in row}
    return {"vrf": vrf, "family": int(family), "gateways": _gateways_of(row), **found}


def _gateways_of(row: Dict[str, Any]) -> List[str]:
    hops = row.get("nexthops") or [row]
    return [gateway for hop in hops if isinstance(hop, dict) for gateway in _gateway_of(hop)]


def _gateway_of(hop: Dict[str, Any]) -> Iterator[str]:
    """The address that a next hop has, unless the kernel does not use it."""
    via = hop.get("via")
    gateway = hop.get("gateway", via.get("host") if isinstance(via, dict) else None)
    if isinstance(gateway, str) and not any(flag in (hop.get("flags") or []) for flag in _GONE):
        yield gateway


def router_macs(machine: Machine) -> List[Dict[str, Any]]:
    """The router MACs that zebra has of other VTEPs, and those that its next hops use:
    ``[{"vni": 4000, "vtep": "192.0.2.1", "mac": "02:..."}, {"vni": 4000, "next-hop": "192.0.2.1", "mac": "02:..."}]``.
    """
    known = _by_l3vni(machine, "show evpn rmac vni all")
    used = _by_l3vni(machine, "show evpn next-hops vni all")
    return [
        *({"vni": vni, "vtep": row.get("vtepIp"), "mac": row.get("routerMac")} for vni, row in known),
        *({"vni": vni, "next-hop": row.get("nexthopIp"), "mac": row.get("routerMac")} for vni, row in used),
    ]


def _by_l3vni(machine: Machine, words: str) -> Iterator[Tuple[int, Dict[str, Any]]]:
    for vni, rows in objects_of_frr(machine, words).items():
        for row in rows.values() if isinstance(rows, dict) else ():
            if isinstance(row, dict) and vni.isdigit():  # beside them is how many there are
                yield int(vni), row


def virtual_routers(machine: Machine) -> List[Dict[str, Any]]:
    """What vrrpd does: ``[{"interface": "eno2", "id": 7, "family": 4, "status": "Master", ...}]``."""
    found: List[Dict[str, Any]] = []
    for router in rows_of_frr(machine, "show vrrp"):
        for family in (4, 6):
            half = router.get("v{}".format(family))
            if isinstance(half, dict) and half.get("addresses"):
                said = {key: half[key] for key in _OF_A_ROLE if key in half}
                found.append({"interface": router.get("interface"), "id": router.get("vrid"), "family": family, **said})
    return found
