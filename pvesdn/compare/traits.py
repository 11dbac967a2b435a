"""What decides how an interface gets from one stanza to another: read from a node's text, known of our own stanzas."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pvesdn.compare.options import Options, options_of_stanzas, options_of_text
from pvesdn.model.dhcp_filter import is_dhcp_filter
from pvesdn.model.ifupdown import InterfacesFile, Stanza

FLOODING = ("vxlan-remoteip", "vxlan-mcastgrp", "vxlan-mcastgrp6")
"""Options that say how a tunnel finds its other ends."""


@dataclass(frozen=True, slots=True)
class Traits:
    """Values as they are spelled in the file; None where the stanza does not have the option.

    :param flooding: there are remotes, an IPv4 group, an IPv6 group: head-end replication, multicast, or neither
        (EVPN).
    """

    vni: str | None = None
    udp_port: str | None = None
    flooding: tuple[bool, bool, bool] = (False, False, False)
    hwaddress: str | None = None
    vrf: str | None = None
    keeps_dhcp_out: bool = False


def traits_of(options: Options) -> Traits:
    """The first value of an option counts."""
    vni, udp_port, hwaddress, vrf = (
        next(iter(options.get(name, ())), None) for name in ("vxlan-id", "vxlan-port", "hwaddress", "vrf")
    )
    remotes, group, group6 = (name in options for name in FLOODING)
    keeps_dhcp_out = any(map(is_dhcp_filter, options.get("post-up", ())))
    return Traits(vni, udp_port, (remotes, group, group6), hwaddress, vrf, keeps_dhcp_out)


def traits_of_text(text: str) -> Traits:
    """Of an interface on a node."""
    return traits_of(options_of_text(text))


def traits_of_stanzas(stanzas: Iterable[Stanza], file: InterfacesFile) -> Traits:
    """Of an interface that we print: those of its first stanza.

    :param stanzas: all that `file` has of its name, in file order.
    """
    return traits_of(options_of_stanzas(tuple(stanzas)[:1], file))
