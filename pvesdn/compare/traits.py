"""What decides how an interface gets from one stanza to another: read from a node's text, known of our own stanzas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pvesdn.model.ifupdown import InterfacesFile, Stanza, Uplink, VnetBridge, VxlanPort
from pvesdn.model.pve_ifupdown import PveFabricInterface, PveVeth, PveVnetBridge, PveVxlanPort

_FLOODING = ("vxlan-remoteip", "vxlan-mcastgrp", "vxlan-mcastgrp6")


@dataclass(frozen=True, slots=True)
class Traits:
    """Values as they are spelled in the file; None where the stanza does not have the option.

    :param flooding: there are remotes, an IPv4 group, an IPv6 group: head-end replication, multicast, or neither
        (EVPN).
    """

    vni: str | None = None
    udp_port: str | None = None
    flooding: tuple[bool, bool, bool] = (False, False, False)
    has_address: bool = False
    hwaddress: str | None = None
    vrf: str | None = None


def traits_of_text(text: str) -> Traits:
    """Of an interface on a node; the first value of an option counts, and underscores are dashes, as ifupdown2 reads
    them.
    """
    options: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.strip().partition(" ")
        options.setdefault(key.replace("_", "-"), value.strip())
    remotes, group, group6 = (name in options for name in _FLOODING)
    return Traits(
        vni=options.get("vxlan-id"),
        udp_port=options.get("vxlan-port"),
        flooding=(remotes, group, group6),
        has_address="address" in options,
        hwaddress=options.get("hwaddress"),
        vrf=options.get("vrf"),
    )


def traits_of_stanzas(stanzas: Iterable[Stanza], file: InterfacesFile) -> Traits:
    """Of an interface that we print. :param stanzas: all that `file` has of its name, in file order."""
    found = [_traits(stanza, file) for stanza in stanzas]
    first = found[0]
    return (
        first
        if len(found) == 1
        else Traits(
            first.vni,
            first.udp_port,
            first.flooding,
            any(traits.has_address for traits in found),
            first.hwaddress,
            first.vrf,
        )
    )


def _traits(stanza: Stanza, file: InterfacesFile) -> Traits:
    if isinstance(stanza, VxlanPort):
        tunnel = file.tunnels[stanza.tunnel]
        flooding = bool(tunnel.remotes), tunnel.group is not None, tunnel.group6 is not None
        return Traits(str(stanza.vni), _text(tunnel.udp_port), flooding)
    if isinstance(stanza, PveVxlanPort):
        return Traits(str(stanza.vni), _text(stanza.udp_port), (bool(stanza.remotes), False, False))
    # Of the other kinds only some have a MAC or a VRF.
    hwaddress, vrf = getattr(stanza, "hwaddress", None), getattr(stanza, "vrf", None)
    return Traits(has_address=_has_address(stanza), hwaddress=hwaddress, vrf=vrf)


def _has_address(stanza: Stanza) -> bool:
    match stanza:
        case VnetBridge() | Uplink() | PveVeth():
            return bool(stanza.addresses)
        case PveVnetBridge():
            return any(subnet.address is not None for subnet in stanza.subnets)
        case _:
            return isinstance(stanza, PveFabricInterface)


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)
