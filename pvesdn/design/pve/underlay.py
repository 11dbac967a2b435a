"""Where PVE's own tunnels and sessions start: how PVE finds a node's address (docs/pve.md §7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pvesdn.design.pve.node import PveNode, RouteAnswer
from pvesdn.design.shared import names
from pvesdn.model.fabrics import Fabric
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.pve_sdn import PveEvpnController, PveVxlanZone


@dataclass(frozen=True, slots=True)
class PveUnderlay:
    """One list of peers as one node sees it.

    :param peers: as they were spelled and in their order; those of a fabric sorted by node.
    :param own: the node's own address among them, and its device.
    """

    peers: tuple[str, ...]
    own: RouteAnswer


@dataclass(frozen=True, slots=True)
class NodeControllers:
    """The controllers of one node alone, the first of each type by id; PVE intends to allow only one."""

    bgp: PveBgpController | None = None
    isis: PveIsisController | None = None

    @classmethod
    def of(cls, controllers: Iterable[object], node: str) -> NodeControllers:
        """Those of `controllers`, sorted by id, that are the node's."""
        bgp = (c for c in controllers if isinstance(c, PveBgpController) and c.node == node)
        isis = (c for c in controllers if isinstance(c, PveIsisController) and c.node == node)
        return cls(next(bgp, None), next(isis, None))

    @property
    def session_loopback(self) -> str | None:
        """The loopback of EVPN's sessions: of the BGP controller where there is one, with a loopback or without."""
        if self.bgp is not None:
            return self.bgp.loopback
        return self.isis.loopback if self.isis else None

    @property
    def tunnel_loopback(self) -> str | None:
        """The loopback of EVPN's tunnels; PVE looks in more places for it than for that of the sessions."""
        return (self.bgp.loopback if self.bgp else None) or (self.isis.loopback if self.isis else None)


def evpn_underlay(
    controller: PveEvpnController, fabrics: Mapping[str, Fabric], answers: PveNode, loopback: str | None
) -> PveUnderlay | None:
    """The VTEPs of a controller and the node's own; None where PVE leaves the node out."""
    if controller.fabric is not None:
        return _fabric_underlay(fabrics.get(controller.fabric), answers.node)
    return PveUnderlay(controller.peers, answers.local(controller.peers, loopback))


def vxlan_underlay(zone: PveVxlanZone, fabrics: Mapping[str, Fabric], answers: PveNode) -> PveUnderlay | None:
    """The peers of a zone and the node's own address; None where PVE leaves the node out."""
    if zone.fabric is not None:
        return _fabric_underlay(fabrics.get(zone.fabric), answers.node)
    return PveUnderlay(zone.peers, answers.local(zone.peers))


def _fabric_underlay(fabric: Fabric | None, node: str) -> PveUnderlay | None:
    """Every member's IPv4 address: in a fabric PVE has no other underlay."""
    own = fabric.member(node) if fabric else None
    if fabric is None or own is None or own.ip is None:
        return None
    peers = tuple(str(member.ip) for member in fabric.members if member.ip is not None)
    return PveUnderlay(peers, RouteAnswer(str(own.ip), names.fabric_dummy(fabric.id)))
