"""A zone of `pvesdn.cfg` whose VNets and subnets move into PVE's panel: what PVE is to define, and what pvesdn.cfg says
then. The zone stays, and carries them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pvesdn.decode.definitions.own_scan import scan_own
from pvesdn.decode.definitions.section_config import Property, Section
from pvesdn.design.checks.carried import fixed_vnis, routed_beside
from pvesdn.design.checks.wording import absent, error
from pvesdn.errors import SdnConfigError
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding
from pvesdn.model.own_sdn import OwnZone, VniRange
from pvesdn.model.primitives import SDN_ID_LENGTH, is_sdn_id
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.model.vnets import Subnet, Vnet
from pvesdn.move.panel import line_numbers

_SUFFIX = "pve"
_FIRST, _BLOCK, _LAST = 10_000, 1000, 16_000_000
_PINNED = frozenset({"zone", "tag"})
"""What a `vnet` section still says of a VNet that is drawn in the panel."""


@dataclass(frozen=True, slots=True)
class Wish:
    """:param zone: of pvesdn.cfg. :param home: PVE's zone; None for a name made from that of ours.

    :param vni_range: of VNets that are drawn later; None for a free block of 1000.
    """

    zone: str
    home: str | None = None
    vni_range: VniRange | None = None


@dataclass(frozen=True, slots=True)
class Published:
    """:param home: the zone in PVE.

    :param created: sections that come into PVE's files, by ``zones``, ``vnets`` and ``subnets``.
    :param own: the text of pvesdn.cfg then.
    :param vnets: ids of those that move, sorted.
    """

    zone: str
    home: str
    vni_range: VniRange
    created: Mapping[str, tuple[Section, ...]]
    own: str
    vnets: tuple[str, ...]


def publish(wish: Wish, given: DesignInput, text: str, mtu: Mapping[str, int]) -> Published:
    """Move the VNets and subnets of a zone.

    :param given: the cluster as it is.
    :param text: of pvesdn.cfg.
    :param mtu: that design chose, by zone of ours.
    :raises SdnConfigError: it cannot be moved, with every reason.
    """
    own = given.sdn.own
    zone = next((found for found in own.zones if found.id == wish.zone), None)
    if zone is None:
        known = [found.id for found in own.zones]
        every = f"its zones are {', '.join(known)}" if known else "it has no zone"
        what = f"{OWN_NAME} has no such zone"
        raise SdnConfigError((str(error(f"zone '{wish.zone}'", what, absent(wish.zone, known, every))),))
    if zone.carries is not None:
        what = f"carries zone '{zone.carries}' of PVE's already, so its VNets are in the panel"
        raise SdnConfigError((str(error(zone.at("carries"), what, "there is nothing to publish")),))
    vnets = tuple(vnet for vnet in own.vnets if vnet.zone == zone.id)
    inside = {vnet.id for vnet in vnets}
    subnets = tuple(subnet for subnet in own.subnets if subnet.vnet in inside)
    home = wish.home or f"{zone.id[: SDN_ID_LENGTH - len(_SUFFIX)]}{_SUFFIX}"
    refused = [*_of_home(home, zone, given), *(fault for vnet in vnets for fault in _of_vnet(vnet))]
    refused += (fault for subnet in subnets for fault in _of_subnet(zone, subnet))
    if not vnets:
        refused.append(error(zone.where, "has no VNet to publish", "draw VNets in PVE, and write carries by hand"))
    if refused:
        raise SdnConfigError(tuple(map(str, refused)))
    span = wish.vni_range or _free_range(given, zone)
    return Published(
        zone=zone.id,
        home=home,
        vni_range=span,
        created=_created(zone, home, mtu[zone.id], vnets, subnets),
        own=_edited(text, zone.id, inside, {subnet.id for subnet in subnets}, (home, span)),
        vnets=tuple(sorted(inside)),
    )


def _of_home(home: str, zone: OwnZone, given: DesignInput) -> Iterator[Finding]:
    if not is_sdn_id(home):
        what = f"{home[:40]!a} cannot be a zone of PVE's"
        yield error(zone.where, what, "name one of 2 to 8 letters and digits, with a letter first: --as PVEZONE")
        return
    for other in given.sdn.both.zones:
        if other.id.lower() == home.lower():
            what = f"cannot be drawn as '{home}', which is a zone of {other.where.file} already"
            yield error(zone.where, what, "name another one: --as PVEZONE")


def _of_vnet(vnet: Vnet) -> Iterator[Finding]:
    """What PVE's simple zones have no words for."""
    if vnet.nodes is not None:
        what = "nodes is for some nodes of the zone, and a VNet of PVE's is on all of them"
        yield error(vnet.at("nodes"), what, "remove nodes, apply, and publish then; or give it a zone of its own")


def _of_subnet(zone: OwnZone, subnet: Subnet) -> Iterator[Finding]:
    if beside := routed_beside(zone, subnet):
        yield error(subnet.where, beside, "make it larger, apply, and publish then")


def _free_range(given: DesignInput, zone: OwnZone) -> VniRange:
    """The first block that no other zone has a VNI in."""
    taken = [(vni, vni) for vni, _, _ in fixed_vnis(given, zone) if vni not in _tags(given, zone)]
    taken += [(one.vni_range.first, one.vni_range.last) for one in given.sdn.own.zones if one.vni_range is not None]
    for first in range(_FIRST, _LAST, _BLOCK):
        last = first + _BLOCK - 1
        if not any(low <= last and first <= high for low, high in taken):
            return VniRange(first=first, last=last)
    what = "no block of 1000 VNIs is free for VNets that are drawn later"
    raise SdnConfigError((str(error(zone.where, what, "name a smaller one: --vni-range FIRST-LAST")),))


def _tags(given: DesignInput, zone: OwnZone) -> frozenset[int]:
    """Those of the VNets that move: pins, which may be in the range."""
    return frozenset(vnet.tag for vnet in given.sdn.own.vnets if vnet.zone == zone.id and vnet.tag is not None)


def _created(
    zone: OwnZone, home: str, mtu: int, vnets: Iterable[Vnet], subnets: Iterable[Subnet]
) -> dict[str, tuple[Section, ...]]:
    nodes = () if zone.nodes is None else (("nodes", ",".join(sorted(zone.nodes))),)
    return {
        "zones": (_section("simple", home, (("ipam", "pve"), ("mtu", str(mtu)), *nodes)),),
        "vnets": tuple(_vnet(vnet, home) for vnet in vnets),
        "subnets": tuple(_subnet(subnet, home) for subnet in subnets),
    }


def _vnet(vnet: Vnet, home: str) -> Section:
    alias = () if vnet.alias is None else (("alias", vnet.alias),)
    return _section("vnet", vnet.id, (("zone", home), *alias, *((("vlanaware", "1"),) if vnet.vlanaware else ())))


def _subnet(subnet: Subnet, home: str) -> Section:
    gateway = () if subnet.gateway_text is None else (("gateway", subnet.gateway_text),)
    return _section("subnet", f"{home}-{subnet.id.partition('-')[2]}", (("vnet", subnet.vnet), *gateway))


def _section(kind: str, id_: str, values: Iterable[tuple[str, str]]) -> Section:
    return Section(kind, id_, properties=tuple(Property(key, value) for key, value in values))


def _edited(text: str, zone: str, vnets: Iterable[str], subnets: Iterable[str], said: tuple[str, VniRange]) -> str:
    """pvesdn.cfg with the zone carrying, the VNets pinned and the subnets gone. Comments stay, and all other lines.

    :param said: what the zone carries, and its range.
    """
    vnets, subnets, gone, behind = set(vnets), set(subnets), set[int](), dict[int, list[str]]()
    for section in scan_own(text, {}).sections:
        if section.type in {"vxlan", "evpn"} and section.id == zone:
            behind[max(line_numbers(section))] = [f"\tcarries {said[0]}", f"\tvni-range {said[1]}"]
            gone |= {item.line for item in section.properties if item.key == "nodes"}
        elif section.type == "vnet" and section.id in vnets:
            gone |= {item.line for item in section.properties if item.key not in _PINNED}
        elif section.type == "subnet" and section.id in subnets:
            gone |= set(line_numbers(section))
    return "\n".join(_kept(text, gone, behind))


def _kept(text: str, gone: set[int], behind: Mapping[int, list[str]]) -> Iterator[str]:
    """The lines that stay, with those that come; of two empty lines around what goes, one."""
    last, has_gap = "", False
    for number, row in enumerate(text.split("\n"), 1):
        if number in gone:
            has_gap = True
        elif not (has_gap and row == last == ""):
            yield row
            last, has_gap = row, False
        yield from behind.get(number, ())
        last = behind[number][-1] if number in behind else last
