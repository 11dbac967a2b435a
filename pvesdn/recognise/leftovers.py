"""What a frr.conf says beside the overlay: pvesdn writes that file whole, so it is told line by line."""

from __future__ import annotations

from collections.abc import Collection

from pvesdn.model.handmade import HandmadeNode
from pvesdn.recognise.exits import Uplink
from pvesdn.recognise.notebook import Notebook

_KEEP = "apply --overwrite takes it out of frr.conf: what is still needed belongs into /etc/frr/frr.conf.local"


def tell_foreign_frr(node: HandmadeNode, vrfs: Collection[str], uplinks: list[Uplink], book: Notebook) -> None:  # noqa: C901 - one kind of line after the other
    """Enter everything of a node's frr.conf that the proposal does not say.

    :param vrfs: hand-written VRFs that become zones.
    """
    mine = [uplink for uplink in uplinks if uplink.node == node.node]
    for line in node.frr.foreign:
        context = f" (in {', '.join(line.context)})" if line.context else ""
        book.lose(node.node, line.place, "", f"'{line.text}'{context}", _KEEP)
    for route in node.frr.routes:
        if not any(route in uplink.routes for uplink in mine):
            table = f" of VRF {route.vrf}" if route.vrf else ""
            book.lose(node.node, route.place, "", f"the static route {route.prefix} via {route.via}{table}", _KEEP)
    for group in node.frr.vrrp:
        if not any(group in uplink.groups for uplink in mine):
            book.lose(node.node, group.place, f"interface {group.interface}", f"vrrp {group.id}", _KEEP)
    for router in node.frr.routers:
        if router.vrf is None and not router.has_all_vnis:
            book.lose(
                node.node, router.place, f"router bgp {router.asn}", "an instance without advertise-all-vni", _KEEP
            )
        elif router.vrf is not None and router.vrf not in vrfs:
            book.lose(node.node, router.place, f"router bgp {router.asn}", f"the instance of VRF {router.vrf}", _KEEP)
    for vrf in node.frr.vrfs:
        if vrf.l3vni is not None and vrf.name not in vrfs:
            book.lose(node.node, vrf.place, f"vrf {vrf.name}", f"vni {vrf.l3vni}", _KEEP)
