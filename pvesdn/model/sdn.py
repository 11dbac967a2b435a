"""What is wanted, from both sources: `pvesdn.cfg` and PVE's own files. Each stays a half of its own.

Every object knows where it was written. Collections are sorted by id, so that the order of sections in a file has no
meaning.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

from pvesdn.model.own_sdn import EvpnController, OwnSdn, OwnZone
from pvesdn.model.pve_sdn import PveSdn, RenderedPveController, RenderedPveZone, UnmanagedController, UnmanagedZone
from pvesdn.model.vnets import Subnet, Vnet
from pvesdn.model.vnis import VniTable

Zone: TypeAlias = OwnZone | RenderedPveZone | UnmanagedZone
Controller: TypeAlias = EvpnController | RenderedPveController | UnmanagedController
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class BothSources:
    """What is asked of both sources alike: nothing here depends on which of them an object is from. Sorted by id."""

    zones: tuple[Zone, ...]
    vnets: tuple[Vnet, ...]
    subnets: tuple[Subnet, ...]
    controllers: tuple[Controller, ...]


@dataclass(frozen=True)
class SdnConfig:
    """The whole intent.

    :param own: what `pvesdn.cfg` defines; after `pvesdn.design.carried` also the VNets and subnets that its zones
        carry.
    :param pve: what PVE's own files define, carried or not.
    :param vnis: the VNIs that VNets drawn in the panel were given; None where that file does not exist.
    """

    own: OwnSdn = field(default_factory=OwnSdn)
    pve: PveSdn = field(default_factory=PveSdn)
    vnis: VniTable | None = None

    @cached_property
    def both(self) -> BothSources:
        """One view over the two, made once. What is carried is in it once, as ours."""
        own, pve = self.own, self.pve
        carried = own.carried
        return BothSources(
            zones=_by_id((*own.zones, *pve.zones)),
            vnets=_by_id((*own.vnets, *(vnet for vnet in pve.vnets if vnet.id not in carried))),
            subnets=_by_id((*own.subnets, *(subnet for subnet in pve.subnets if subnet.vnet not in carried))),
            controllers=_by_id((*own.controllers, *pve.controllers)),
        )

    @cached_property
    def drawn(self) -> tuple[tuple[OwnZone, Vnet], ...]:
        """VNets of PVE's panel that a zone of ours carries, with that zone: ours, and PVE's own where one cannot be
        carried as it is drawn.
        """
        own, carriers, zones = self.own, self.own.carriers, {zone.id: zone for zone in self.own.zones}
        ours = [vnet for vnet in own.vnets if vnet.drawn_in is not None and vnet.zone in zones]
        left = [vnet for vnet in self.pve.vnets if vnet.zone in carriers and vnet.id not in own.carried]
        return (*((zones[vnet.zone], vnet) for vnet in ours), *((carriers[vnet.zone], vnet) for vnet in left))


def _by_id(objects: Iterable[_T]) -> tuple[_T, ...]:
    key: Any = attrgetter("id")
    return tuple(sorted(objects, key=key))
