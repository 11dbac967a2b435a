"""What a frr.conf says beside the overlay: pvesdn writes that file whole, so it is told line by line."""

from __future__ import annotations

from collections.abc import Collection

from pvesdn.design.anchors import anchors
from pvesdn.model.handmade import HandmadeNode
from pvesdn.model.primitives import IpAddress
from pvesdn.recognise.exits import Uplink
from pvesdn.recognise.notebook import Notebook

_KEEP = "apply --overwrite takes it out of frr.conf: what is still needed belongs into /etc/frr/frr.conf.local"


def tell_foreign_frr(
    node: HandmadeNode, vtep: IpAddress, vrfs: Collection[str], uplinks: list[Uplink], book: Notebook
) -> None:
    """Enter everything of a node's frr.conf that the proposal does not say.

    :param vtep: the node's; pvesdn makes its anchors of it, which need not be said.
    :param vrfs: hand-written VRFs that become zones.
    """
    for line in node.frr.foreign:
        context = f" (in {', '.join(line.context)})" if line.context else ""
        book.lose(node.node, line.place, "", f"'{line.text}'{context}", _KEEP)
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


def _tell_beside_exits(node: HandmadeNode, vtep: IpAddress, uplinks: list[Uplink], book: Notebook) -> None:
    """Statics and virtual routers that are no exit's."""
    taken = [route for uplink in uplinks for route in uplink.routes]
    own = {anchor.prefix for anchor in anchors(vtep, (4, 6))}
    for route in node.frr.routes:
        if route not in taken and not (route.via == "blackhole" and route.prefix in own):
            table = f" of VRF {route.vrf}" if route.vrf else ""
            book.lose(node.node, route.place, "", f"the static route {route.prefix} via {route.via}{table}", _KEEP)
    groups = [group for uplink in uplinks for group in uplink.groups]
    for group in node.frr.vrrp:
        if group not in groups:
            book.lose(node.node, group.place, f"interface {group.interface}", f"vrrp {group.id}", _KEEP)
