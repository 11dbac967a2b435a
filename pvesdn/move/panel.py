"""What PVE's files say of a zone, section by section, and which zones can leave them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pvesdn.decode.definitions.pve_words import NOUNS
from pvesdn.decode.definitions.section_config import Property, Section, value_of
from pvesdn.decode.definitions.values import BadValueError, boolean
from pvesdn.design.checks.wording import absent, error, listed
from pvesdn.errors import SdnConfigError
from pvesdn.model.files import PendingChange
from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import OwnSdn
from pvesdn.model.pve_sdn import PveEvpnZone, PveSdn, PveVxlanZone, UnmanagedZone
from pvesdn.model.sdn import SdnConfig
from pvesdn.model.vnets import Vnet
from pvesdn.model.zone_move import Fate, MovedProperty
from pvesdn.move.fates import REFUSED, Rule

MovableZone = PveVxlanZone | PveEvpnZone
"""Zones that pvesdn.cfg has words for."""

_APPLY_FIRST = "apply or revert them in PVE's panel first, then ask again"


@dataclass(frozen=True, slots=True)
class Panel:
    """PVE's definitions, read twice: as objects, and as the sections that they were made of.

    :param sections: those of zones.cfg, vnets.cfg and subnets.cfg by ``zones``, ``vnets`` and ``subnets``, and those of
        pvesdn.cfg as ``own``.
    :param pending: what is not committed.
    """

    sdn: SdnConfig
    sections: Mapping[str, tuple[Section, ...]]
    pending: tuple[PendingChange, ...] = ()

    @property
    def pve(self) -> PveSdn:
        """PVE's objects."""
        return self.sdn.pve

    @property
    def own(self) -> OwnSdn:
        """Those of pvesdn.cfg."""
        return self.sdn.own


@dataclass(frozen=True, slots=True)
class Leaving:
    """One zone with all that hangs on it.

    :param vnets: their sections, in file order.
    :param subnets: those of each VNet, by its id, in file order.
    """

    zone: MovableZone
    section: Section
    vnets: tuple[Section, ...] = ()
    subnets: Mapping[str, tuple[Section, ...]] = field(default_factory=dict)

    def sections(self) -> Iterator[tuple[str, Section]]:
        """All of it with its collection: the zone, then each VNet with its subnets."""
        yield "zones", self.section
        for vnet in self.vnets:
            yield "vnets", vnet
            for subnet in self.subnets.get(vnet.id, ()):
                yield "subnets", subnet


def place(collection: str, section: Section) -> Where:
    """Where a section stands."""
    return Where(file=f"{collection}.cfg", line=section.line, kind=NOUNS[collection], id=section.id)


def line_numbers(section: Section) -> list[int]:
    """The lines that a section has in its file, without comments among them."""
    return [section.line, *(item.line for item in section.properties)]


def is_on(text: str) -> bool:
    """Whether a switch is on; what cannot be read does not count as off."""
    try:
        return boolean(text)
    except BadValueError:
        return True


def told(where: Where, item: Property, rule: Rule, *, is_idle: bool = False) -> MovedProperty:
    """What becomes of a property.

    :param where: of its section.
    :param is_idle: it says what would be so without it, and nothing goes with it.
    """
    here = where.model_copy(update={"line": item.line})
    if is_idle:
        return MovedProperty(here, item.key, item.value, Fate.CARRIED)
    return MovedProperty(here, item.key, item.value, rule.fate, rule.what, rule.hint)


def choose(names: Iterable[str], panel: Panel) -> tuple[Leaving, ...]:
    """The named zones, sorted.

    :raises SdnConfigError: one of them cannot be moved, with every reason that was found.
    """
    found: list[Leaving] = []
    refused: list[Finding] = []
    for name in sorted(set(names)):
        zone = next((zone for zone in panel.pve.zones if zone.id == name), None)
        reasons = tuple(_refusals(name, panel))
        if isinstance(zone, PveVxlanZone | PveEvpnZone) and not reasons:
            found.append(gather(zone, panel.sections))
        refused += reasons
    refused += not_applied(panel)
    refused += (finding for leaving in found for finding in _without_tag(leaving))
    if refused:
        raise SdnConfigError(tuple(map(str, refused)))
    return tuple(found)


def _refusals(name: str, panel: Panel) -> Iterator[Finding]:
    """Why a zone is not one that can be moved, by what it is."""
    zone = next((zone for zone in panel.pve.zones if zone.id == name), None)
    section = next((section for section in panel.sections["zones"] if section.id == name), None)
    if any(zone.id == name for zone in panel.own.zones):
        yield error(f"zone '{name}'", "is in pvesdn.cfg already", "there is nothing to move")
    elif zone is None or section is None:
        known = [zone.id for zone in panel.pve.zones if isinstance(zone, PveVxlanZone | PveEvpnZone)]
        every = f"PVE's vxlan and evpn zones are {', '.join(known)}" if known else "PVE has no vxlan or evpn zone"
        yield error(f"zone '{name}'", "PVE has no such zone", absent(name, known, every))
    elif isinstance(zone, UnmanagedZone):
        yield error(place("zones", section), f"stays in PVE: {zone.reason}", "leave it there: pvesdn does not touch it")
    elif not isinstance(zone, PveVxlanZone | PveEvpnZone):
        kind = section.type
        what = f"stays in PVE: a zone of type {kind} {REFUSED[kind]}, and pvesdn.cfg has VXLAN and EVPN alone"
        yield error(place("zones", section), what, "leave it there: pvesdn works alongside it")


def gather(zone: MovableZone, sections: Mapping[str, tuple[Section, ...]]) -> Leaving:
    """A zone with all that hangs on it. :param sections: as `Panel` has them."""
    subnets: dict[str, list[Section]] = {vnet.id: [] for vnet in sections["vnets"] if value_of(vnet, "zone") == zone.id}
    for subnet in sections["subnets"]:
        if (vnet_id := value_of(subnet, "vnet")) in subnets:
            subnets[vnet_id].append(subnet)
    return Leaving(
        zone=zone,
        section=next(section for section in sections["zones"] if section.id == zone.id),
        vnets=tuple(vnet for vnet in sections["vnets"] if vnet.id in subnets),
        subnets={vnet_id: tuple(found) for vnet_id, found in subnets.items()},
    )


def keep_their_names(vnets: Iterable[Vnet]) -> str:
    """Which bridges stay what guests are plugged into."""
    names = [vnet.id for vnet in vnets]
    return f"the bridges {', '.join(names)} keep their names" if names[1:] else f"bridge {names[0]} keeps its name"


def not_applied(panel: Panel) -> Iterator[Finding]:
    """What is drawn and not applied: nodes do not have it, and the cut-over would bring it along."""
    if panel.pending:
        names = listed(f"{change.kind} '{change.id}' ({change.state})" for change in panel.pending)
        yield error("PVE's SDN", f"has changes that are not applied: {names}", _APPLY_FIRST)


def _without_tag(leaving: Leaving) -> Iterator[Finding]:
    for vnet in leaving.vnets:
        if not value_of(vnet, "tag"):
            what = "has no tag, so no node has it"
            yield error(place("vnets", vnet), what, "give it a tag in PVE's panel, or delete it there, and apply")
