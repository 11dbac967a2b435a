"""What need not be carried over, because pvesdn does it anyway: the one list of it.

Every word of a stanza that goes and of a frr.conf that is replaced is carried over, or told as lost, or here. The tests
walk the list and show for each entry that what pvesdn renders does it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

_ON = "(?:on|yes|1)"
_OFF = "(?:off|no|0)"


class Trait(StrEnum):
    """What must be true of a device, a zone or a node for an entry to hold."""

    EVPN = "in an EVPN zone"
    PLAIN = "in a plain zone"
    ROUTED_4 = "with an IPv4 gateway"
    ROUTED_6 = "with an IPv6 gateway"
    IN_VRF = "in a VRF"
    VLAN_AWARE = "VLAN-aware"
    FORWARDS_4 = "forwards IPv4"
    FORWARDS_6 = "forwards IPv6"
    KEEPS_4 = "forwards no IPv4, and need not"
    KEEPS_6 = "forwards no IPv6, and need not"
    SHARES_FLOWS = "an exit with several next hops"
    ANNOUNCES_4 = "a VRF that announces IPv4 prefixes"
    ANNOUNCES_6 = "a VRF that announces IPv6 prefixes"
    SILENT = "a VRF that announces no prefix"
    EXIT = "a VRF with an exit on the node"


@dataclass(frozen=True, slots=True)
class Anyway:
    """Words and what does the same.

    :param where: the kind of stanza, or of block in frr.conf.
    :param words: a regular expression for the whole line, single blanks between its words; a route that a hook adds is
        written in its shortest form.
    :param does: the line that pvesdn renders; with ``!`` before it, a line that it does not render.
    :param needs: all of them.
    """

    where: str
    words: str
    does: str
    needs: frozenset[Trait] = frozenset()


PORT, BRIDGE, TIE, VRF = "VXLAN device", "bridge", "bridge of an L3VNI", "VRF"
TOP, ROUTER, UNICAST, EVPN, VNI = "frr.conf", "router bgp", "unicast", "l2vpn evpn", "vni"
VRF_ROUTER, VRF_IPV4, VRF_IPV6, VRF_EVPN = (
    "router bgp vrf", "ipv4 unicast of a VRF", "ipv6 unicast of a VRF", "l2vpn evpn of a VRF",
)  # fmt: skip
_DATACENTER = "frr defaults datacenter"

_UP = r"(?:pre-|post-)?up (?:\S*/)?ip link set (?:dev )?{name} up"
_DOWN = r"(?:pre-|post-)?down (?:\S*/)?ip link (?:set (?:dev )?{name} down|del(?:ete)? (?:dev )?{name})"
_MADE_WITH_MAC = r"pre-up \[ -e /sys/class/net/{name} \] \|\| ip link add name {name} address \S+ type bridge"

ANYWAY: tuple[Anyway, ...] = (
    # ifupdown2 makes what is `auto`, brings it up and takes it away again.
    *(Anyway(kind, words, "auto {device}") for kind in (PORT, BRIDGE, TIE, VRF) for words in (_UP, _DOWN)),
    # EVPN learns by BGP; ifupdown2 keeps the device's own learning in step with the port's.
    Anyway(PORT, f"(?:bridge|vxlan)-learning {_OFF}", "bridge-learning off", frozenset({Trait.EVPN})),
    Anyway(PORT, f"(?:bridge|vxlan)-learning {_ON}", "!bridge-learning off", frozenset({Trait.PLAIN})),
    # What nobody switches is so by the kernel's default.
    Anyway(PORT, f"bridge-(?:unicast|multicast)-flood {_ON}", "!bridge-unicast-flood off", frozenset({Trait.PLAIN})),
    Anyway(PORT, f"bridge-arp-nd-suppress {_OFF}", "!bridge-arp-nd-suppress on", frozenset({Trait.PLAIN})),
    Anyway(BRIDGE, f"bridge-stp {_OFF}", "bridge-stp off"),
    Anyway(BRIDGE, "bridge-fd 0", "bridge-fd 0"),
    Anyway(BRIDGE, "bridge-hashel 16", "bridge-hashel 16"),
    Anyway(BRIDGE, "bridge-hashmax 4096", "bridge-hashmax 4096"),
    Anyway(BRIDGE, "bridge-vids 2-4094", "bridge-vids 2-4094", frozenset({Trait.VLAN_AWARE})),
    Anyway(BRIDGE, f"ip-forward {_ON}", "ip-forward on", frozenset({Trait.ROUTED_4})),
    Anyway(BRIDGE, f"ip6-forward {_ON}", "ip6-forward on", frozenset({Trait.ROUTED_6})),
    Anyway(BRIDGE, f"arp-accept {_ON}", "arp-accept on", frozenset({Trait.ROUTED_4})),
    Anyway(BRIDGE, f"arp-accept {_ON}", "arp-accept on", frozenset({Trait.ROUTED_6})),
    Anyway(BRIDGE, _MADE_WITH_MAC, "hwaddress {gateway_mac}", frozenset({Trait.ROUTED_6})),
    Anyway(
        BRIDGE,
        r"pre-up sysctl -q -w net\.ipv6\.conf\.{name}\.keep_addr_on_down=1",
        "pre-up sysctl -q -w net.ipv6.conf.{device}.keep_addr_on_down=1",
        frozenset({Trait.ROUTED_6, Trait.IN_VRF}),
    ),
    Anyway(BRIDGE, "bridge-ports-condone-regex {guest_ports}", "bridge-ports-condone-regex {guest_ports}"),
    Anyway(TIE, f"bridge-stp {_OFF}", "bridge-stp off"),
    Anyway(TIE, "bridge-fd 0", "bridge-fd 0"),
    Anyway(TIE, "bridge-hashel 16", "bridge-hashel 16"),
    Anyway(TIE, "bridge-hashmax 4096", "bridge-hashmax 4096"),
    # Router MACs are derived from the VTEPs, so no two nodes share one.
    Anyway(TIE, "hwaddress .+", "hwaddress {router_mac}"),
    Anyway(TIE, _MADE_WITH_MAC, "hwaddress {router_mac}"),
    Anyway(VRF, "vrf-table auto", "vrf-table auto"),
    Anyway(
        VRF,
        "post-up ip route unreachable default",
        "post-up ip route replace vrf {vrf} unreachable default metric 4278198272",
    ),
    Anyway(
        VRF,
        "post-up ip -6 route unreachable default",
        "post-up ip -6 route replace vrf {vrf} unreachable default metric 4278198272",
    ),
    # What follows from the profile: of one version of FRR it depends on `frr defaults` alone.
    Anyway(TOP, "frr version .+", _DATACENTER),
    Anyway(TOP, _DATACENTER, _DATACENTER),
    *(
        Anyway(where, words, _DATACENTER)
        for where in (ROUTER, VRF_ROUTER)
        for words in ("no bgp ebgp-requires-policy", "bgp log-neighbor-changes")
    ),
    Anyway(TOP, "hostname {node}", "hostname {node}"),
    Anyway(TOP, "log syslog informational", "log syslog informational"),
    Anyway(TOP, "service integrated-vtysh-config", "service integrated-vtysh-config"),
    Anyway(TOP, "ip forwarding", "ip forwarding", frozenset({Trait.FORWARDS_4})),
    Anyway(TOP, "ipv6 forwarding", "ipv6 forwarding", frozenset({Trait.FORWARDS_6})),
    Anyway(TOP, "no ip forwarding", "no ip forwarding", frozenset({Trait.KEEPS_4})),
    Anyway(TOP, "no ipv6 forwarding", "no ipv6 forwarding", frozenset({Trait.KEEPS_6})),
    Anyway(TOP, "no zebra nexthop kernel enable", "no zebra nexthop kernel enable", frozenset({Trait.SHARES_FLOWS})),
    Anyway(TOP, "line vty", "line vty"),
    Anyway(ROUTER, "bgp router-id {vtep}", "bgp router-id {vtep}"),
    Anyway(ROUTER, "no bgp default ipv4-unicast", "no bgp default ipv4-unicast"),
    Anyway(ROUTER, "coalesce-time 1000", "coalesce-time 1000"),
    Anyway(ROUTER, "neighbor {peer} bfd", "neighbor {group} bfd"),
    Anyway(UNICAST, "no neighbor {peer} activate", "no bgp default ipv4-unicast"),
    Anyway(EVPN, "vni {plain}", "vni {plain}"),
    Anyway(VNI, "route-target (?:import|export) 65535:.+", "route-target import 65535:65535"),
    # Route distinguishers follow from the router-id: the VTEP is as good as any, and no other node has it.
    Anyway(VRF_ROUTER, "bgp router-id .+", "bgp router-id {vtep}"),
    Anyway(VRF_IPV4, "redistribute (connected|static)", "redistribute connected", frozenset({Trait.ANNOUNCES_4})),
    Anyway(VRF_IPV6, "redistribute (connected|static)", "redistribute connected", frozenset({Trait.ANNOUNCES_6})),
    # The kernel's default routes become static ones of FRR.
    Anyway(VRF_IPV4, "redistribute kernel", "redistribute static", frozenset({Trait.ANNOUNCES_4, Trait.EXIT})),
    Anyway(VRF_IPV6, "redistribute kernel", "redistribute static", frozenset({Trait.ANNOUNCES_6, Trait.EXIT})),
    *(
        Anyway(where, "redistribute (connected|static|kernel)", "!redistribute connected", frozenset({Trait.SILENT}))
        for where in (VRF_IPV4, VRF_IPV6)
    ),
    Anyway(VRF_EVPN, "advertise ipv4 unicast", "advertise ipv4 unicast", frozenset({Trait.ANNOUNCES_4})),
    Anyway(VRF_EVPN, "advertise ipv6 unicast", "advertise ipv6 unicast", frozenset({Trait.ANNOUNCES_6})),
)


def is_done(where: str, line: str, traits: frozenset[Trait], names: Mapping[str, str]) -> bool:
    """Whether pvesdn does anyway what a line says.

    :param names: what stands for each placeholder, as a regular expression.
    """
    return any(
        entry.where == where and entry.needs <= traits and re.fullmatch(filled(entry.words, names), line)
        for entry in ANYWAY
    )


def filled(words: str, names: Mapping[str, str]) -> str:
    """Words of an entry with something in place of each placeholder."""
    for name, value in names.items():
        words = words.replace(f"{{{name}}}", value)
    return words
