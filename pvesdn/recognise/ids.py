"""Ids for objects that had other names: 2 to 8 letters and digits with a letter first, each once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress

from pvesdn.decode.definitions.values import BadValueError, own_vnet_id, zone_id
from pvesdn.design.shared import names

_LONGEST = 8
_LONGEST_EXIT = 32


class Ids:
    """Assigns ids.

    :param taken: those that already exist.
    :param devices: names of devices that any node has and keeps.
    """

    def __init__(self, taken: frozenset[str], devices: frozenset[str] = frozenset()) -> None:
        self._taken = set(taken)
        self._devices = devices

    def vnet(self, bridge: str) -> str:
        """The bridge's own name where it can be an id."""
        with suppress(BadValueError):
            if bridge not in self._taken and names.vxlan_port(bridge) not in self._devices:
                return self._give(own_vnet_id(bridge))
        return self._give(self._free(_letters(bridge, "vn"), lambda name: (name, names.vxlan_port(name))))

    def zone(self, name: str) -> str:
        """`name`, or as much of it as can be an id."""
        with suppress(BadValueError):
            if name not in self._taken and self._devices.isdisjoint(_of_zone(name)):
                return self._give(str(zone_id(name)))
        return self._give(self._free(_letters(name, "zone"), _of_zone))

    def exit(self, zone: str, node: str) -> str:
        """`ZONE-NODE`, cut to what an exit's id may have."""
        wanted = f"{zone}-{node}"[:_LONGEST_EXIT].rstrip("-_")
        number = 1
        while wanted in self._taken:
            number += 1
            wanted = f"{zone}-{number}"
        return self._give(wanted)

    def _give(self, name: str) -> str:
        self._taken.add(name)
        return name

    def _free(self, stem: str, devices: Callable[[str], Iterable[str]]) -> str:
        """:param devices: those that come with an id."""
        name = stem[:_LONGEST]
        number = 1
        while name in self._taken or name in ("all", "default") or not self._devices.isdisjoint(devices(name)):
            number += 1
            end = str(number)
            name = stem[: _LONGEST - len(end)] + end
        return name


def _of_zone(zone: str) -> tuple[str, ...]:
    return names.vrf(zone), names.l3vni_port(zone), names.l3vni_bridge(zone)


def _letters(name: str, fallback: str) -> str:
    """The letters and digits of a name; `fallback` before them where no letter comes first, or where one is all there
    is.
    """
    found = re.sub(r"[^A-Za-z0-9]", "", name)
    found = found if re.match(r"[A-Za-z]", found) else fallback + found
    return found if len(found) > 1 else fallback + found
