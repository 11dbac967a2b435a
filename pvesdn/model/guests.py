"""Guests by the names of their ports, which PVE derives from the guest's id and the index of its network device."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pvesdn.model.facts import Link
from pvesdn.model.vlans import NO_VLANS, VlanSet

_PORT = re.compile(r"(?P<kind>tap|veth|fwpr|fwln)(?P<guest>[0-9]{1,9})(?:i|p|o)(?P<device>[0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class GuestPort:
    """A guest's port in a bridge.

    :param port: the device in the bridge: its tap, its veth, or the firewall's ``fwprNpM``.
    :param guest: id of the guest.
    :param device: index M of its network device ``netM``.
    """

    port: str
    guest: int
    device: int

    @property
    def is_container(self) -> bool | None:
        """None where a firewall bridge stands between, which hides what is behind it."""
        return None if self.port.startswith("fw") else self.port.startswith("veth")

    @property
    def own(self) -> tuple[str, str]:
        """What the node may call the guest's own device: a virtual machine's, or a container's."""
        return f"tap{self.guest}i{self.device}", f"veth{self.guest}i{self.device}"

    @property
    def firewall(self) -> tuple[str, str, str]:
        """The devices of PVE's firewall between that and the VNet's bridge, in this order, if it is there: its bridge,
        and both ends of a pair.
        """
        return f"fwbr{self.guest}i{self.device}", f"fwln{self.guest}o{self.device}", f"fwpr{self.guest}p{self.device}"


@dataclass(frozen=True, slots=True)
class GuestPlug:
    """Where a guest's configuration plugs one of its network devices in.

    :param guest: id of the guest.
    :param device: index M of its network device ``netM``.
    :param bridge: its bridge.
    :param tag: its VLAN; None for none.
    :param trunks: VLANs that the guest may tag by itself; empty for all, or for none where it has a `tag`.
    :param is_down: its link is switched off; PVE may leave the port out of the bridge then.
    """

    guest: int
    device: int
    bridge: str
    tag: int | None = None
    trunks: VlanSet = NO_VLANS
    is_down: bool = False


def guest_port(name: str) -> GuestPort | None:
    """What a device's name says; None where it is not a guest's port."""
    match = _PORT.fullmatch(name)
    return None if match is None else GuestPort(name, int(match["guest"]), int(match["device"]))


def ports_by_bridge(links: Iterable[Link]) -> dict[str, tuple[GuestPort, ...]]:
    """Guests' ports that are plugged into each bridge, by guest and device."""
    found: dict[str, list[GuestPort]] = {}
    for link in links:
        if link.master and (port := guest_port(link.name)) is not None:
            found.setdefault(link.master, []).append(port)
    return {bridge: tuple(in_order(ports)) for bridge, ports in found.items()}


def in_order(ports: Iterable[GuestPort]) -> list[GuestPort]:
    """By guest and device."""
    return sorted(ports, key=lambda port: (port.guest, port.device, port.port))


def called(guest: int, names: Mapping[int, str]) -> str:
    """A guest by its id and its name: ``101 web-1``."""
    return f"{guest} {names[guest]}" if guest in names else str(guest)


def labelled(port: str, names: Mapping[int, str]) -> str:
    """A port with its guest, where the guest's name is known: ``tap101i0 of 101 web-1``."""
    found = guest_port(port)
    return port if found is None or found.guest not in names else f"{port} of {called(found.guest, names)}"


@dataclass(frozen=True, slots=True)
class Replug:
    """How a guest's port gets back into its bridge.

    :param port: the device that is, or will be, in no bridge.
    :param command: for root on the node: PVE's own script, which plugs the port in as the guest's configuration says:
        bridge, VLAN, trunks, firewall.
    """

    port: str
    guest: int
    command: str
