"""What is held against the kernel of each device, in a person's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pvesdn.model.expectation import ExpectedDevice
from pvesdn.model.state import LiveDevice

NONE = "none"
ADDRESSES = "addresses"
DHCP = "DHCP"
_KEPT_OUT = "kept on its node"
LEARNING, UNKNOWN = "learning", "flooding of unknown unicast and multicast"
SUPPRESSION = "suppression of ARP and ND"

_TRAITS: tuple[tuple[str, Callable[[ExpectedDevice], object], Callable[[LiveDevice], object]], ...] = (
    ("kind", lambda e: e.kind, lambda f: f.kind or "a card"),
    ("VNI", lambda e: e.vni, lambda f: f.vni),
    ("VTEP", lambda e: e.vtep, lambda f: f.vtep),
    ("UDP port", lambda e: e.udp_port, lambda f: f.udp_port),
    ("multicast group", lambda e: e.group, lambda f: f.group),
    ("underlay device", lambda e: e.physdev, lambda f: f.physdev),
    ("master", lambda e: e.master, lambda f: f.master or None),
    ("MTU", lambda e: e.mtu, lambda f: f.mtu),
    ("MAC", lambda e: e.mac, lambda f: f.mac),
    ("VLAN-aware", lambda e: e.vlan_filtering, lambda f: f.vlan_filtering),
    (LEARNING, lambda e: e.learns, lambda f: f.learns),
    (UNKNOWN, lambda e: e.floods, lambda f: f.floods),
    (SUPPRESSION, lambda e: e.suppresses, lambda f: f.suppresses),
)
"""Attributes in a person's words, and where both sides have them."""


def traits_of(device: ExpectedDevice, live: LiveDevice) -> Iterator[tuple[str, str, str]]:
    """What the design says of a device, and what is there."""
    for trait, wanted, found in _TRAITS:
        if (value := wanted(device)) is not None:
            yield trait, said(value), said(found(live))
    yield "state", "up", "up" if live.is_up else "down"
    if device.needs_carrier and live.is_up:
        yield "link", "there", "there" if live.has_carrier else "no carrier"
    if device.keeps_dhcp_out and live.keeps_dhcp_out is not None:
        yield DHCP, _KEPT_OUT, _KEPT_OUT if live.keeps_dhcp_out else "crosses"
    for address in sorted(device.addresses or (), key=str):
        yield ADDRESSES, str(address), str(address) if address in live.addresses else "absent"


def said(value: object) -> str:
    """A value in a person's words."""
    match value:
        case None:
            return NONE
        case bool():
            return "on" if value else "off"
    return str(value)
