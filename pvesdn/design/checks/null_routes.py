"""Null routes of PVE's exit nodes come from subnets.cfg, everything else from what was committed (docs/pve.md §6.4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pvesdn.design.checks.wording import listed, note
from pvesdn.design.pve.exits import is_dropped
from pvesdn.design.shared.names import vrf
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding
from pvesdn.model.pve_sdn import PveEvpnZone
from pvesdn.model.vnets import Subnet


def check(given: DesignInput) -> Iterator[Finding]:
    """Subnets that PVE's next frr.conf will treat differently from the rest of the committed definitions."""
    written = given.sdn.pve.listed_subnets
    if written is None:
        return
    exits = [zone for zone in given.sdn.pve.zones if isinstance(zone, PveEvpnZone) and zone.exit_nodes]
    committed = given.sdn.pve.subnets
    for subnet, zones in _beyond(written, committed, exits):
        what = (
            f"is not committed, but PVE already adds a null route for it in {zones}: it builds those from subnets.cfg"
        )
        yield note(subnet.where, what, "commit it, or remove it in PVE")
    for subnet, zones in _beyond(committed, written, exits):
        what = f"is committed, but PVE adds no null route for it in {zones}: it builds those from subnets.cfg, which lacks it"
        yield note(subnet.where, what, "commit its removal, or add it again in PVE")


def _beyond(
    some: Iterable[Subnet], others: Iterable[Subnet], exits: Iterable[PveEvpnZone]
) -> Iterator[tuple[Subnet, str]]:
    """Subnets missing from `others`, with the VRFs whose exits would drop them."""
    known = {subnet.id for subnet in others}
    for subnet in some:
        zones = [vrf(zone.id) for zone in exits if is_dropped(subnet, zone)]
        if subnet.id not in known and zones:
            yield subnet, listed(zones)
