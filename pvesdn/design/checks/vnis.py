"""VNIs: one number is one broadcast domain or one VRF, across both sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pvesdn.design.checks.wording import error, placed, warning
from pvesdn.model.defined import Defined
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding, Where
from pvesdn.model.own_sdn import EvpnZone, OwnSdn, VxlanZone
from pvesdn.model.pve_sdn import PveEvpnZone, PveSdn, PveVxlanZone, UnmanagedZone


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a VNI.

    :param name: such as ``the tag of vnet 'web'``.
    :param word: the property that says it.
    """

    vni: int
    name: str
    defined: Defined
    word: str

    @property
    def where(self) -> Where:
        """Its place."""
        return self.defined.at(self.word)


def check(given: DesignInput) -> Iterator[Finding]:
    """VNIs used twice. The kernel refuses a second device with the VNI, and EVPN would join what
    should stay separate.
    """
    first: dict[int, _Use] = {}
    # What is PVE's was there before, so the fault is told at ours. Between two of one source it is told at the one that
    # is written second; L3VNIs count as first, as tags are changed more easily.
    for use, what in _again(_in_order(given.sdn.pve), first):
        yield warning(
            use.where, what, f"PVE accepts this; one of the two will not work; choose another {use.word} in PVE"
        )
    for use, what in _again(_in_order(given.sdn.own), first):
        yield error(use.where, what, "choose another VNI")


def _in_order(source: OwnSdn | PveSdn) -> list[_Use]:
    return sorted(_uses(source), key=lambda use: (use.word != "vrf-vxlan", use.defined.where.line))


def _again(uses: Iterable[_Use], first: dict[int, _Use]) -> Iterator[tuple[_Use, str]]:
    """Uses of a VNI that is already used, with what is wrong; first uses are recorded in `first`."""
    for use in uses:
        other = first.setdefault(use.vni, use)
        if other is not use:
            noun = use.name.partition(" of ")[0].removeprefix("the ")
            yield use, f"{noun} {use.vni} is also {placed(other.name, other.where)}"


def _uses(source: OwnSdn | PveSdn) -> Iterator[_Use]:
    """L3VNIs, and the tags that are VNIs: in PVE's vlan and qinq zones they are VLANs."""
    tagged: set[str] = set()
    for zone in source.zones:
        if isinstance(zone, EvpnZone | PveEvpnZone) and zone.l3vni is not None:
            yield _Use(zone.l3vni, f"the vrf-vxlan of zone '{zone.id}'", zone, "vrf-vxlan")
        is_tunnelled = isinstance(zone, VxlanZone | EvpnZone | PveVxlanZone | PveEvpnZone)
        if is_tunnelled or (isinstance(zone, UnmanagedZone) and zone.type in {"vxlan", "evpn"}):
            tagged.add(zone.id)
    pins = {pin.id: pin for pin in source.pins} if isinstance(source, OwnSdn) else {}
    for vnet in source.vnets:
        # All zones of ours have tunnels, one that could not be read too.
        if vnet.tag is not None and (isinstance(source, OwnSdn) or vnet.zone in tagged):
            yield _Use(vnet.tag, f"the tag of vnet '{vnet.id}'", pins.get(vnet.id, vnet), "tag")
