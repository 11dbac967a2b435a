"""VNIs: one number, one broadcast domain or VRF, over both sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pvesdn.design.checks.remarks import error, placed, warning
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding, Where
from pvesdn.model.sdn import EvpnZone, PveEvpnZone, PveVxlanZone, UnmanagedZone, VxlanZone


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a VNI. :param name: such as ``the tag of vnet 'web'``."""

    vni: int
    name: str
    where: Where
    is_pve: bool


def check(given: DesignInput) -> Iterator[Finding]:
    """A VNI that is used twice. The kernel refuses a second device for it, and EVPN would join what should be apart."""
    first: dict[int, _Use] = {}
    for use in sorted(_uses(given), key=lambda use: not use.is_pve):
        other = first.setdefault(use.vni, use)
        if other is use:
            continue
        what = (
            f"{use.name.partition(' of ')[0].removeprefix('the ')} {use.vni} is also {placed(other.name, other.where)}"
        )
        if use.is_pve:
            yield warning(use.where, what, "PVE accepts this; one of the two will not work")
        else:
            yield error(use.where, what, "choose another VNI")


def _uses(given: DesignInput) -> Iterator[_Use]:
    """L3VNIs and tags that are VNIs: those of PVE's vlan and qinq zones are of another kind."""
    tagged: set[str] = set()
    for zone in given.sdn.zones:
        if isinstance(zone, EvpnZone | PveEvpnZone) and zone.l3vni is not None:
            is_pve = isinstance(zone, PveEvpnZone)
            yield _Use(zone.l3vni, f"the vrf-vxlan of zone '{zone.id}'", zone.where, is_pve)
        is_tunnelled = isinstance(zone, VxlanZone | EvpnZone | PveVxlanZone | PveEvpnZone)
        if is_tunnelled or (isinstance(zone, UnmanagedZone) and zone.type in {"vxlan", "evpn"}):
            tagged.add(zone.id)
    for vnet in given.sdn.vnets:
        if vnet.tag is not None and vnet.zone in tagged:
            yield _Use(vnet.tag, f"the tag of vnet '{vnet.id}'", vnet.where, vnet.is_pve)
