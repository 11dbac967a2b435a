"""VNIs: one number is one broadcast domain or one VRF, across both sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pvesdn.design.checks.wording import error, placed, warning
from pvesdn.design.shared import pve_vnis
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import EvpnZone
from pvesdn.model.pve_sdn import PveEvpnZone, UnmanagedZone
from pvesdn.model.snapshot import VNIS_NAME
from pvesdn.model.vnets import Vnet

_GIVEN = "vni"
"""The word of a VNI that nobody has written: pvesdn has given it to a VNet of the panel's."""
_RANKS = {_GIVEN: 0, "vrf-vxlan": 1, "tag": 2}
"""What is changed more easily comes later."""


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a VNI.

    :param name: such as ``the tag of vnet 'web'``.
    :param where: its place.
    :param word: the property that says it.
    :param other: how another number is had.
    """

    vni: int
    name: str
    where: Where
    word: str
    other: str = "choose another VNI"

    @property
    def rank(self) -> tuple[int, int]:
        """Of two uses in one source the one that is written second is at fault."""
        return _RANKS[self.word], self.where.line


def check(given: DesignInput) -> Iterator[Finding]:
    """VNIs used twice. The kernel refuses a second device with the VNI, and EVPN would join what
    should stay separate.
    """
    first: dict[int, _Use] = {}
    # What is PVE's was there before, so the fault is told at ours.
    for use, what in _again(_of_pve(given), first):
        yield warning(
            use.where, what, f"PVE accepts this; one of the two will not work; choose another {use.word} in PVE"
        )
    for use, what in _again(_of_ours(given), first):
        yield error(use.where, what, use.other)


def _again(uses: Iterable[_Use], first: dict[int, _Use]) -> Iterator[tuple[_Use, str]]:
    """Uses of a VNI that is already used, with what is wrong; first uses are recorded in `first`."""
    for use in sorted(uses, key=lambda use: use.rank):
        other = first.setdefault(use.vni, use)
        if other is not use:
            noun, _, owner = use.name.removeprefix("the ").partition(" of ")
            whose = f"of {owner} " if use.word == _GIVEN else ""
            yield use, f"{noun} {use.vni} {whose}is also {placed(other.name, other.where)}"


def _of_pve(given: DesignInput) -> Iterator[_Use]:
    for zone, vni in pve_vnis.l3vnis(given):
        yield _l3vni(zone, vni)
    for vnet, vni in pve_vnis.tags(given):
        yield _tag(vnet, vni)


def _of_ours(given: DesignInput) -> Iterator[_Use]:
    """All zones of ours have tunnels, one that could not be read too."""
    own = given.sdn.own
    for zone in own.zones:
        if isinstance(zone, EvpnZone) and zone.l3vni is not None:
            yield _l3vni(zone, zone.l3vni)
    pins = {pin.id: pin for pin in own.pins}
    for vnet in own.vnets:
        if vnet.tag is None:
            continue
        if vnet.drawn_in is None or vnet.id in pins:
            yield _tag(pins.get(vnet.id, vnet), vnet.tag)
        elif (use := _given(given, vnet, vnet.tag)) is not None:
            yield use
    there = {vnet.id for vnet in own.vnets}
    for pin in own.pins:  # of a VNet that nobody knows of, since PVE's half is not at hand
        if pin.tag is not None and pin.id not in there and given.sdn.pve.unread.may_have("vnet", pin.id):
            yield _tag(pin, pin.tag)


def _l3vni(zone: EvpnZone | PveEvpnZone | UnmanagedZone, vni: int) -> _Use:
    return _Use(vni, f"the vrf-vxlan of zone '{zone.id}'", zone.at("vrf-vxlan"), "vrf-vxlan")


def _tag(vnet: Vnet, vni: int) -> _Use:
    return _Use(vni, f"the tag of vnet '{vnet.id}'", vnet.at("tag"), "tag")


def _given(given: DesignInput, vnet: Vnet, vni: int) -> _Use | None:
    """What a VNet of the panel's has; None where that is of the zone's range and written down nowhere, for then the
    range is at fault, which is told of it.
    """
    table = () if given.sdn.vnis is None else given.sdn.vnis.given
    entry = next((entry for entry in table if (entry.vni, entry.vnet, entry.zone) == (vni, vnet.id, vnet.zone)), None)
    span = next((zone.vni_range for zone in given.sdn.own.zones if zone.id == vnet.zone), None)
    if entry is None and span is not None and vni in span:
        return None
    where = Where(file=VNIS_NAME, line=entry.where.line if entry is not None else 0)
    other = f"pin another one: 'vnet: {vnet.id}' in pvesdn.cfg with zone {vnet.zone} and the tag"
    return _Use(vni, f"the VNI of vnet '{vnet.id}'", where, _GIVEN, other)
