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
    VLAN_AWARE = "VLAN-aware"


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

_UP = r"(?:pre-|post-)?up (?:\S*/)?ip link set (?:dev )?{name} up"
_DOWN = r"(?:pre-|post-)?down (?:\S*/)?ip link (?:set (?:dev )?{name} down|del(?:ete)? (?:dev )?{name})"

ANYWAY: tuple[Anyway, ...] = (
    # ifupdown2 makes what is `auto`, brings it up and takes it away again.
    *(Anyway(kind, words, "auto {device}") for kind in (PORT, BRIDGE, TIE, VRF) for words in (_UP, _DOWN)),
    # EVPN learns by BGP; ifupdown2 keeps the device's own learning in step with the port's.
    Anyway(PORT, f"(?:bridge|vxlan)-learning {_OFF}", "bridge-learning off", frozenset({Trait.EVPN})),
    Anyway(PORT, f"(?:bridge|vxlan)-learning {_ON}", "!bridge-learning off", frozenset({Trait.PLAIN})),
    Anyway(BRIDGE, f"bridge-stp {_OFF}", "bridge-stp off"),
    Anyway(BRIDGE, "bridge-fd 0", "bridge-fd 0"),
    Anyway(BRIDGE, "bridge-vids 2-4094", "bridge-vids 2-4094", frozenset({Trait.VLAN_AWARE})),
    Anyway(BRIDGE, f"ip-forward {_ON}", "ip-forward on", frozenset({Trait.ROUTED_4})),
    Anyway(BRIDGE, f"ip6-forward {_ON}", "ip6-forward on", frozenset({Trait.ROUTED_6})),
    Anyway(BRIDGE, f"arp-accept {_ON}", "arp-accept on", frozenset({Trait.ROUTED_4})),
    Anyway(BRIDGE, f"arp-accept {_ON}", "arp-accept on", frozenset({Trait.ROUTED_6})),
    Anyway(BRIDGE, "bridge-ports-condone-regex {guest_ports}", "bridge-ports-condone-regex {guest_ports}"),
    Anyway(TIE, f"bridge-stp {_OFF}", "bridge-stp off"),
    Anyway(TIE, "bridge-fd 0", "bridge-fd 0"),
    # Router MACs are derived from the VTEPs, so no two nodes share one.
    Anyway(TIE, "hwaddress .+", "hwaddress {router_mac}"),
    Anyway(
        TIE,
        r"pre-up \[ -e /sys/class/net/{name} \] \|\| ip link add name {name} address \S+ type bridge",
        "hwaddress {router_mac}",
    ),
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
)


def is_done(where: str, line: str, traits: frozenset[Trait], names: Mapping[str, str]) -> bool:
    """Whether pvesdn does anyway what a line says.

    :param names: by placeholder; what they stand for is taken literally.
    """
    return any(
        entry.where == where and entry.needs <= traits and re.fullmatch(_filled(entry.words, names), line)
        for entry in ANYWAY
    )


def _filled(words: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        words = words.replace(f"{{{name}}}", re.escape(value))
    return words
