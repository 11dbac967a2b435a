"""A proposal in PVE's own objects, where there are any: unicast VXLAN, symmetric EVPN (docs/pve.md §1.5, §1.8, §11)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pvesdn.design.checks.wording import listed
from pvesdn.design.ours.mtu import inner_mtu
from pvesdn.design.pve.zones import DEFAULT_MTU
from pvesdn.design.shared.as_pve import pve_zone
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.own_sdn import EvpnController, Irb, OwnZone, VxlanZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.proposal import Proposal
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone, PveSdn, RenderedPveZone
from pvesdn.model.sdn import SdnConfig


def as_pve(proposal: Proposal) -> Proposal:
    """The same set-up, with every zone that PVE can express among PVE's objects; the others stay in pvesdn.cfg, with
    the reason.
    """
    return _Turner(proposal).turn()


class _Turner:
    """Turns the zones of one proposal."""

    def __init__(self, proposal: Proposal) -> None:
        self._given = proposal
        self._own = proposal.sdn.own
        self._findings = list(proposal.findings)
        self._lost = list(proposal.lost)
        self._members = frozenset(proposal.vteps)

    def turn(self) -> Proposal:
        own = self._own
        controller = next(iter(own.controllers), None)
        turned: dict[str, RenderedPveZone] = {}
        kept: list[OwnZone] = []
        for zone in own.zones:
            if reason := self._no_words(zone, controller):
                what = f"stays in pvesdn.cfg: PVE has no words for {reason}"
                self._findings.append(Finding(severity=Severity.NOTE, where=f"zone '{zone.id}'", what=what))
                kept.append(zone)
            else:
                turned[zone.id] = self._turned(zone)
        vnets = tuple(vnet for vnet in own.vnets if vnet.zone in turned)
        inside = {vnet.id for vnet in vnets}
        has_evpn = any(isinstance(zone, PveEvpnZone) for zone in turned.values())
        theirs = (self._controller(controller),) if controller is not None and has_evpn else ()
        sdn = SdnConfig(
            own=own.model_copy(
                update={
                    "underlay": own.underlay if kept else None,
                    "zones": tuple(kept),
                    "vnets": tuple(vnet for vnet in own.vnets if vnet.id not in inside),
                    "subnets": tuple(subnet for subnet in own.subnets if subnet.vnet not in inside),
                    "controllers": () if theirs else own.controllers,
                }
            ),
            pve=PveSdn(
                zones=tuple(turned.values()),
                vnets=vnets,
                subnets=tuple(subnet for subnet in own.subnets if subnet.vnet in inside),
                controllers=theirs,
            ),
        )
        return replace(self._given, sdn=sdn, lost=tuple(self._lost), findings=tuple(self._findings))

    def _no_words(self, zone: OwnZone, controller: EvpnController | None) -> str:
        if any(vnet.zone == zone.id and vnet.nodes is not None for vnet in self._own.vnets):
            return "VNets that some nodes of a zone lack"
        if isinstance(zone, VxlanZone):
            return "multicast" if zone.multicast_group is not None else ""
        if zone.irb is not Irb.SYMMETRIC:
            return "EVPN without an L3VNI"
        if controller is not None and any(isinstance(word, str) for word in controller.route_reflectors or ()):
            return "members that reflect routes"
        return ""

    def _turned(self, zone: OwnZone) -> RenderedPveZone:
        if isinstance(zone, VxlanZone):
            peers = _texts(zone.peers) if zone.peers else self._vteps(zone.nodes)
            return pve_zone(zone, mtu=self._mtu(zone), peers=peers, mac=None)
        if not zone.flood:
            what = "flood 0: PVE's VXLAN ports flood unknown frames"
            self._lost.append(Finding(severity=Severity.WARNING, where=f"zone '{zone.id}'", what=what))
        return pve_zone(zone, mtu=self._mtu(zone), peers=(), mac=zone.mac)

    def _mtu(self, zone: OwnZone) -> int | None:
        """PVE's own value where that is right; PVE does not look at the underlay (docs/pve.md §5.8)."""
        vteps = (self._given.vteps[node] for node in sorted(zone.nodes or self._members) if node in self._given.vteps)
        wanted = zone.mtu or inner_mtu(vteps)
        return None if wanted == DEFAULT_MTU else wanted

    def _controller(self, controller: EvpnController) -> PveEvpnController:
        outside = [word for word in controller.route_reflectors or () if not isinstance(word, str)]
        peers = controller.peers or tuple(outside)
        self._tell_sources()
        return PveEvpnController(
            where=controller.where,
            id=controller.id,
            asn=controller.asn,
            peers=_texts(peers) if peers else self._vteps(self._given.speakers),
        )

    def _tell_sources(self) -> None:
        """PVE leaves the source of its sessions to the kernel; until now it was the VTEP."""
        speakers = {name: self._given.vteps[name] for name in sorted(self._given.speakers)}
        for name, vtep in speakers.items():
            paths = [vtep.paths[peer.address] for peer in speakers.values() if peer.address in vtep.paths]
            sources = {path.source for path in paths if path.source is not None} - {vtep.address}
            if sources:
                what = f"sessions of {name} from its VTEP, {vtep.address}: PVE's would use source {listed(sources)}"
                hint = f"add a BGP controller for {name} in PVE, whose loopback is the device with the VTEP"
                self._lost.append(Finding(severity=Severity.WARNING, where=f"node '{name}'", what=what, hint=hint))

    def _vteps(self, nodes: Iterable[str] | None) -> tuple[str, ...]:
        found = {self._given.vteps[node].address for node in (self._members if nodes is None else nodes)}
        return _texts(sorted(found, key=lambda address: (address.version, int(address))))


def _texts(found: Iterable[IpAddress]) -> tuple[str, ...]:
    return tuple(str(address) for address in found)
