"""PVE's own definitions: what pvesdn renders becomes objects, the rest that PVE knows is left to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pvesdn.decode.definitions import values
from pvesdn.decode.definitions.entries import Entry, refuse_duplicates
from pvesdn.decode.definitions.fabrics import read_fabrics
from pvesdn.decode.definitions.ledger import Ledger
from pvesdn.decode.definitions.pve_controllers import read_controllers, require_peers_or_fabric
from pvesdn.decode.definitions.pve_dhcp import doubt_ranges
from pvesdn.decode.definitions.pve_unsupported import find_unsupported
from pvesdn.decode.definitions.pve_words import NOUNS, OPEN, WORDS
from pvesdn.decode.definitions.section_config import Section
from pvesdn.decode.definitions.source import PveDefinitions, check_id, subnet_fields
from pvesdn.model.findings import Severity, Where
from pvesdn.model.nearest import nearest
from pvesdn.model.primitives import MTU_MAX, MTU_MIN, VNI_MAX
from pvesdn.model.pve_sdn import (
    PveEvpnZone,
    PveQinqZone,
    PveSimpleZone,
    PveVlanZone,
    PveVxlanZone,
    RenderedPveZone,
    UnmanagedController,
    UnmanagedZone,
)
from pvesdn.model.vnets import Subnet, Vnet

_ZONES: Mapping[str, type[RenderedPveZone]] = {
    "simple": PveSimpleZone,
    "vlan": PveVlanZone,
    "qinq": PveQinqZone,
    "vxlan": PveVxlanZone,
    "evpn": PveEvpnZone,
}
_OF_UNMANAGED = ("nodes", "mtu", "vrf-vxlan")
"""What is known of a zone that is left to PVE."""


def read_pve(
    collections: Mapping[str, Iterable[Section]], file: Callable[[str], str], ledger: Ledger
) -> PveDefinitions:
    """The objects of PVE's collections; faults go into `ledger`, faulty objects are left out.

    :param file: the file that a collection was read from.
    """
    found = PveDefinitions()
    for collection, sections in collections.items():
        for section in sections:
            where = Where(
                file=file(collection),
                line=section.line,
                kind=NOUNS[collection],
                id=values.legible(section.id),
                column=section.column,
                end_column=section.column + len(section.id),
            )
            entry = Entry(section, where, ledger)
            if section.type in WORDS[collection]:
                if collection not in OPEN:
                    entry.read(WORDS[collection][section.type], is_pve=True)
                found.of(NOUNS[collection]).append(entry)
            else:
                _refuse_type(entry, collection)
                found.lost.add((where.kind, where.id))
    for noun, entries in found.entries.items():
        refuse_duplicates(entries, noun)
    found.unsupported = find_unsupported(found.of)
    read_fabrics(found)
    read_controllers(found)
    for entry in found.of("zone"):
        _zone(entry, found, ledger)
    for entry in found.of("vnet"):
        _vnet(entry, found)
    for entry in found.of("subnet"):
        _subnet(entry, found)
    return found


def _refuse_type(entry: Entry, collection: str) -> None:
    known = WORDS[collection]
    near = nearest(entry.section.type, known)
    what = f"did you mean {near}?" if near else f"known types: {', '.join(sorted(known))}"
    entry.fail(f"unknown type {values.shown(entry.section.type)}", what)


def _why_unmanaged(entry: Entry, found: PveDefinitions) -> str:
    """Why only PVE can render the zone; empty when pvesdn can too."""
    kind = entry.section.type
    if kind == "faucet":
        return f"zone type {kind}"
    left = {
        controller.id: controller.type
        for controller in found.controllers
        if isinstance(controller, UnmanagedController)
    }
    if kind == "evpn" and entry.get("controller") in left:
        return f"controller '{entry.get('controller')}' is of type {left[entry.get('controller')]}"
    return ""


def _zone(entry: Entry, found: PveDefinitions, ledger: Ledger) -> None:
    check_id(entry, values.zone_id)
    mtu = entry.get("mtu")
    if mtu is not None and not MTU_MIN <= mtu <= MTU_MAX:
        entry.warn(f"mtu {mtu} is out of range for ifupdown2", f"write {MTU_MIN}-{MTU_MAX}", at="mtu")
    unsupported = found.unsupported.why_unmanaged(entry)
    if reason := unsupported or _why_unmanaged(entry, found):
        entry.values = {name: entry.values[name] for name in _OF_UNMANAGED if name in entry.values}
        if left := entry.build(
            UnmanagedZone, id=entry.section.id, type=entry.section.type, reason=reason, is_unsupported=bool(unsupported)
        ):
            found.zones.append(left)
            # Unsupported definitions are reported in one line, with the nodes, which are not known here.
            if not left.is_unsupported:
                ledger.add(Severity.NOTE, left.where, f"left to PVE: {reason}")
        return
    if entry.get("vxlan-port") == 65536:  # noqa: PLR2004 - PVE's bound is one too high
        entry.warn("vxlan-port 65536 is not a UDP port", "write 1-65535", at="vxlan-port")
    if entry.section.type == "vxlan":
        require_peers_or_fabric(entry)
    if entry.section.type == "evpn":
        _doubt_vni(entry, "vrf-vxlan")
    if zone := entry.build(_ZONES[entry.section.type], id=entry.section.id):
        found.zones.append(zone)


def _doubt_vni(entry: Entry, name: str) -> None:
    if (vni := entry.get(name)) is not None and vni > VNI_MAX:
        entry.warn(f"{name} {vni} is too large for ifupdown2", f"write 1-{VNI_MAX}", at=name)


def _vnet(entry: Entry, found: PveDefinitions) -> None:
    check_id(entry, values.vnet_id)
    _doubt_vni(entry, "tag")
    if "\\" in (entry.get("alias") or ""):
        what = "alias contains a backslash, which joins lines in the interfaces file"
        entry.warn(what, "leave it out", at="alias")
    if vnet := entry.build(Vnet, id=entry.section.id):
        found.vnets.append(vnet)


def _subnet(entry: Entry, found: PveDefinitions) -> None:
    fields = subnet_fields(entry, is_pve=True)
    if "network" in fields:
        doubt_ranges(entry, fields["network"])
    # PVE prints the gateway as it was typed.
    typed = next((item.value for item in entry.section.properties if item.key == "gateway"), None)
    if subnet := entry.build(Subnet, id=entry.section.id, gateway_text=typed, **fields):
        found.subnets.append(subnet)
