"""What frr.conf says besides the overlay: pvesdn replaces the whole file, so it is reported line by line."""

from __future__ import annotations

import re
from collections.abc import Collection

from pvesdn.decode.frr.local import read_local
from pvesdn.design.ours.anchors import anchors
from pvesdn.model.frr_local import LocalKind
from pvesdn.model.hand_written import HandWrittenNode
from pvesdn.model.primitives import IpAddress
from pvesdn.recognise.exits import UplinkOnNode
from pvesdn.recognise.notebook import Notebook

_OUT = "apply --overwrite takes it out of frr.conf"
_KEEP = f"{_OUT}: what is still needed belongs in /etc/frr/frr.conf.local"
_DROPPED = f"{_OUT}, and PVE's merge drops it from frr.conf.local: what is still needed must be said outside FRR"
_ROUTE = (
    f"{_OUT}, and PVE's merge drops it from frr.conf.local: what is still needed belongs in /etc/network/interfaces"
)
_FABRIC = f"{_OUT}: make what is still needed a fabric in PVE, which switches %s off on a node that is in no %s fabric"
_FABRICS = (
    (re.compile(r"router ospf\b|ip ospf "), _FABRIC % ("ospfd", "OSPF")),
    (re.compile(r"router openfabric |ip(v6)? router openfabric "), _FABRIC % ("fabricd", "OpenFabric")),
)
"""Routing protocols that PVE runs for its fabrics alone (docs/decisions/0016-ospf-by-a-fabric.md)."""


def tell_foreign_frr(
    node: HandWrittenNode, vtep: IpAddress, vrfs: Collection[str], uplinks: list[UplinkOnNode], book: Notebook
) -> None:
    """Enter everything in a node's frr.conf that the proposal does not express.

    :param vtep: the node's; pvesdn derives its anchors from it, which need not be reported.
    :param vrfs: hand-written VRFs that become zones.
    """
    for line in node.frr.foreign:
        context = f" (in {', '.join(line.context)})" if line.context else ""
        book.lose(node.node, line.place, "", f"'{line.text}'{context}", _where_to((*line.context, line.text)))
    _tell_beside_exits(node, vtep, [uplink for uplink in uplinks if uplink.node == node.node], book)
    for router in node.frr.routers:
        name = f"router bgp {router.asn}"
        if router.vrf is None and not router.has_all_vnis:
            book.lose(node.node, router.place, name, "an instance without advertise-all-vni", _KEEP)
        elif router.vrf is not None and router.vrf not in vrfs:
            book.lose(node.node, router.place, name, f"the instance of VRF {router.vrf}", _KEEP)
    for vrf in node.frr.vrfs:
        if vrf.l3vni is not None and vrf.name not in vrfs:
            book.lose(node.node, vrf.place, f"vrf {vrf.name}", f"vni {vrf.l3vni}", _KEEP)


def _where_to(lines: tuple[str, ...]) -> str:
    """What to do with a line of frr.conf that is still needed. :param lines: the line, after those that open the blocks
    around it.
    """
    for pattern, hint in _FABRICS:
        if any(pattern.match(line) for line in lines):
            return hint
    passes = any(line.kind is not LocalKind.OTHER for line in read_local(lines[0]))
    return _KEEP if passes else _DROPPED


def _tell_beside_exits(node: HandWrittenNode, vtep: IpAddress, uplinks: list[UplinkOnNode], book: Notebook) -> None:
    """Statics and virtual routers that belong to no exit."""
    taken = [route for uplink in uplinks for route in uplink.routes]
    own = {anchor.prefix for anchor in anchors(vtep, (4, 6))}
    for route in node.frr.routes:
        if route not in taken and not (route.via == "blackhole" and route.prefix in own):
            table = f" of VRF {route.vrf}" if route.vrf else ""
            book.lose(
                node.node,
                route.place,
                "",
                f"the static route {route.prefix} via {route.via}{table}",
                _KEEP if table else _ROUTE,
            )
    groups = [group for uplink in uplinks for group in uplink.groups]
    for group in node.frr.vrrp:
        if group not in groups:
            book.lose(node.node, group.place, f"interface {group.interface}", f"vrrp {group.id}", _KEEP)
