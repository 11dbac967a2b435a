"""What belongs to each zone of ours, and how far the definitions alone say that it reaches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pvesdn.design.ours.zones import exit_families, families, vnet_nodes, zone_nodes
from pvesdn.model.cluster import ClusterState
from pvesdn.model.own_sdn import Exit, OwnSdn, OwnZone
from pvesdn.model.vnets import Subnet, Vnet

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Definitions:
    """VNets and exits by zone, subnets by VNet, each sorted by id."""

    vnets: Mapping[str, tuple[Vnet, ...]]
    subnets: Mapping[str, tuple[Subnet, ...]]
    exits: Mapping[str, tuple[Exit, ...]]

    @classmethod
    def of(cls, own: OwnSdn) -> Definitions:
        """Those of pvesdn.cfg, and what it carries."""
        return cls(
            vnets=grouped((vnet.zone, vnet) for vnet in own.vnets),
            subnets=grouped((subnet.vnet, subnet) for subnet in own.subnets),
            exits=grouped((uplink.zone, uplink) for uplink in own.exits),
        )

    def reach(self, zone: OwnZone, cluster: ClusterState) -> Reach:
        """Where a zone is at work, and in which families."""
        vnets, exits, nodes = self.vnets.get(zone.id, ()), self.exits.get(zone.id, ()), zone_nodes(zone, cluster)
        subnets = tuple(subnet for vnet in vnets for subnet in self.subnets.get(vnet.id, ()))
        return Reach(
            zone=zone,
            families=families(subnets).union(
                *(exit_families(uplink) for uplink in exits), *(vnet.left_families for vnet in vnets)
            ),
            active=frozenset(uplink.node for uplink in exits).union(*(vnet_nodes(vnet, nodes) for vnet in vnets)),
        )


@dataclass(frozen=True, slots=True)
class Reach:
    """:param families: 4, 6: the address families of the zone's gateways and exits.

    :param active: nodes where it has a VNet or an exit.
    """

    zone: OwnZone
    families: frozenset[int]
    active: frozenset[str]


class Reached(Protocol):
    """What tells a zone's reach: a `Reach`, and a zone's plan as well."""

    @property
    def zone(self) -> OwnZone:
        """The zone."""

    @property
    def families(self) -> frozenset[int]:
        """See `Reach`."""

    @property
    def active(self) -> frozenset[str]:
        """See `Reach`."""


def grouped(pairs: Iterable[tuple[str, _T]]) -> dict[str, tuple[_T, ...]]:
    """Values by key, in their order."""
    groups: dict[str, list[_T]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in groups.items()}
