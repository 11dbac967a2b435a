"""The calls of PVE's API that take a zone out of PVE's definitions, and those that put it back, for `pvesh`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pvesdn.decode.definitions.pve_words import heeded
from pvesdn.decode.definitions.section_config import Section
from pvesdn.model.zone_move import Command
from pvesdn.move.panel import Leaving

_SDN = "/cluster/sdn"


def leave(zones: Iterable[Leaving]) -> Iterator[Command]:
    """Subnets before their VNet, VNets before their zone: PVE deletes nothing that is in use (docs/pve.md §9)."""
    for leaving in zones:
        for vnet in leaving.vnets:
            for subnet in leaving.subnets.get(vnet.id, ()):
                yield ("pvesh", "delete", f"{_SDN}/vnets/{vnet.id}/subnets/{subnet.id}")
            yield ("pvesh", "delete", f"{_SDN}/vnets/{vnet.id}")
        yield ("pvesh", "delete", f"{_SDN}/zones/{leaving.zone.id}")


def enter(zones: Iterable[Leaving]) -> Iterator[Command]:
    """The same definitions, property by property as they were."""
    for leaving in zones:
        zone = leaving.section
        yield ("pvesh", "create", f"{_SDN}/zones", "--zone", zone.id, "--type", zone.type, *_options("zones", zone))
        for vnet in leaving.vnets:
            yield ("pvesh", "create", f"{_SDN}/vnets", "--vnet", vnet.id, *_options("vnets", vnet))
            for subnet in leaving.subnets.get(vnet.id, ()):
                cidr = "/".join(subnet.id.split("-")[1:])
                path = f"{_SDN}/vnets/{vnet.id}/subnets"
                options = _options("subnets", subnet, without="vnet")
                yield ("pvesh", "create", path, "--type", "subnet", "--subnet", cidr, *options)


def _options(collection: str, section: Section, *, without: str = "") -> Iterator[str]:
    for item in heeded(collection, section):
        if item.key != without:
            # A value that begins with a dash would be taken for the next option.
            yield from (f"--{item.key}={item.value}",) if item.value.startswith("-") else (f"--{item.key}", item.value)
