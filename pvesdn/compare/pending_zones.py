"""Whose guests may notice what is pending in PVE's definitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pvesdn.model.files import PendingChange
from pvesdn.model.pve_sdn import PveSdn


def pending_zones(pending: Iterable[PendingChange], sides: Sequence[PveSdn]) -> tuple[str, ...]:
    """The zones that the changes are about, sorted; none where one of them may be about any, such as a controller.

    :param sides: the definitions as they are committed, and as they are in the files: a VNet may have moved.
    """
    of_vnets: dict[str, set[str]] = {}
    of_subnets: dict[str, set[str]] = {}
    for side in sides:
        for vnet in side.vnets:
            of_vnets.setdefault(vnet.id, set()).add(vnet.zone)
        for subnet in side.subnets:
            of_subnets.setdefault(subnet.id, set()).add(subnet.vnet)
    found: set[str] = set()
    for change in pending:
        zones = _zones(change, of_vnets, of_subnets)
        if not zones:
            return ()
        found |= zones
    return tuple(sorted(found))


def _zones(change: PendingChange, of_vnets: Mapping[str, set[str]], of_subnets: Mapping[str, set[str]]) -> set[str]:
    if change.kind == "zone":
        return {change.id}
    vnets = {change.id} if change.kind == "vnet" else set(of_subnets.get(change.id, ()))
    if change.kind not in {"vnet", "subnet"} or not vnets <= of_vnets.keys():
        return set()
    return {zone for vnet in vnets for zone in of_vnets[vnet]}
