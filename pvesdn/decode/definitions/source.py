"""What one source defines: objects, and the entries they were made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, TypeVar

from pvesdn.decode.definitions.addresses import host_fault, loose_network, not_for_hosts, unicast
from pvesdn.decode.definitions.entries import Entry
from pvesdn.decode.definitions.pve_unsupported import Unsupported
from pvesdn.decode.definitions.values import BadValueError, Reader, zone_id
from pvesdn.model.defined import Defined
from pvesdn.model.fabrics import Fabric, UnmanagedFabric
from pvesdn.model.findings import Where
from pvesdn.model.own_sdn import EvpnController, Exit, OwnZone, Underlay
from pvesdn.model.pve_sdn import RenderedPveController, RenderedPveZone, UnmanagedController, UnmanagedZone
from pvesdn.model.unread import Unread
from pvesdn.model.vnets import Subnet, Vnet

_D = TypeVar("_D", bound=Defined)
_SUBNET_ID_PARTS = 3
_LEAST_MASK = 8


@dataclass(slots=True)
class Definitions:
    """What either source has. Entries stand under their noun: zone, vnet, subnet, controller, exit,
    underlay, fabric.
    """

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    vnets: list[Vnet] = field(default_factory=list)
    subnets: list[Subnet] = field(default_factory=list)
    lost: set[tuple[str, str]] = field(default_factory=set)
    """Kind and id of what is there without an entry; empty where it could not be told. See `Unread`."""

    def good(self, made: Iterable[_D]) -> list[_D]:
        """The objects without those whose sections were found at fault after they were made."""
        bad = {entry.where for entry in self._bad()}
        return [item for item in made if item.where not in bad]

    def unread(self) -> Unread:
        """What these definitions have besides the good objects."""
        ids = {(entry.where.kind, entry.where.id if entry.has_good_id else "") for entry in self._bad()}
        return Unread(ids=frozenset(ids | self.lost))

    def _bad(self) -> Iterator[Entry]:
        return (entry for entries in self.entries.values() for entry in entries if not entry.is_good)

    def of(self, noun: str) -> list[Entry]:
        """The entries of one noun, in file order."""
        return self.entries.setdefault(noun, [])


@dataclass(slots=True)
class OwnDefinitions(Definitions):
    """Everything of `pvesdn.cfg`, in file order."""

    underlays: list[Underlay] = field(default_factory=list)
    zones: list[OwnZone] = field(default_factory=list)
    controllers: list[EvpnController] = field(default_factory=list)
    exits: list[Exit] = field(default_factory=list)
    pins: list[Vnet] = field(default_factory=list)
    """`vnet` sections in zones that carry PVE's; not among `vnets`."""
    pinning: set[Where] = field(default_factory=set)
    """Where these stand, faulty ones too."""


@dataclass(slots=True)
class PveDefinitions(Definitions):
    """Everything of PVE's own files, in their order."""

    zones: list[RenderedPveZone | UnmanagedZone] = field(default_factory=list)
    controllers: list[RenderedPveController | UnmanagedController] = field(default_factory=list)
    fabrics: list[Fabric | UnmanagedFabric] = field(default_factory=list)
    unsupported: Unsupported = field(default_factory=Unsupported)


def check_id(entry: Entry, read: Reader) -> None:
    """Enter an error unless the section's id is valid for its kind."""
    try:
        read(entry.section.id)
    except BadValueError as error:
        entry.has_good_id = False
        entry.fail(f"id {error.what}", error.hint)


def subnet_fields(entry: Entry, *, is_pve: bool) -> dict[str, Any]:
    """`cidr` and `network` of a subnet, taken from its id `<zone>-<network>-<mask>`; its gateway is checked.

    PVE accepts host bits in the id and a gateway outside the subnet: warnings there, errors in `pvesdn.cfg`.
    """
    hint = "write ZONE-NETWORK-MASK such as prod-10.0.2.0-24"
    parts = entry.section.id.split("-")
    if len(parts) != _SUBNET_ID_PARTS:
        entry.fail("id does not have three parts", hint)
        return {}
    cidr = f"{parts[1]}/{parts[2]}"
    try:
        zone_id(parts[0])
        found = loose_network(cidr)
    except BadValueError as error:
        entry.is_good = False
        if parts[0] not in entry.told.get("zone", ()):
            entry.fail(f"id: {error.what}", hint)
        return {}
    if found.prefixlen < _LEAST_MASK or str(found.prefixlen) != parts[2]:
        entry.fail(
            f"id: mask {parts[2]} is out of range", f"write a number from {_LEAST_MASK} to {found.max_prefixlen}"
        )
        return {}
    report = entry.warn if is_pve else entry.fail
    if unfit := not_for_hosts(found):
        report(f"id: {found} is {unfit}", "choose a network of unicast addresses")
        return {"cidr": cidr, "network": found}
    if found.network_address != ip_address(parts[1]):
        report(f"id has host bits set: the subnet is {found}", f"name it {parts[0]}-{found.network_address}-{parts[2]}")
    gateway = entry.get("gateway")
    if gateway is not None and not is_pve:
        try:
            unicast(str(gateway))
        except BadValueError as error:
            entry.fail(f"gateway {error.what}", error.hint, at="gateway")
            return {"cidr": cidr, "network": found}
    # The gateway of a /32 is always outside it: hosting providers route single addresses like that (docs/pve.md §9).
    is_routed_host = is_pve and found.version == 4 and found.prefixlen == found.max_prefixlen  # noqa: PLR2004 - IPv4
    if gateway is not None and not is_routed_host and (fault := host_fault(gateway, found)):
        report(f"gateway {fault}", "choose the address of a host in it", at="gateway")
    return {"cidr": cidr, "network": found}
