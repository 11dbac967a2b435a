"""What a host would lose with one of its devices."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.model.facts import IfaceStanza, NodeFacts
from pvesdn.model.primitives import IpAddress, as_address

_LIES_ON = ("bridge-ports", "bond-slaves", "vlan-raw-device")
_VRF = "vrf"


def own_addresses(facts: NodeFacts, device: str) -> frozenset[IpAddress]:
    """The addresses that a node has by a device: on it, on bridges, bonds and VLANs over it, as the kernel has them and
    as /etc/network/interfaces says. Neither link-local ones nor those of a loopback count.

    Whoever takes such a device out takes the host itself off the network.
    """
    over = _over(facts, device)
    held = {held.ip for name, held in facts.addresses if name in over}
    written = {
        address for stanza in facts.stanzas if stanza.name in over for address in map(_parsed, stanza.values("address"))
    }
    return frozenset(a for a in held | written if a is not None and not a.is_link_local and not a.is_loopback)


def devices_below(facts: NodeFacts, device: str) -> frozenset[str]:
    """All that a device lies on: a bridge's ports, a bond's slaves, the device of a VLAN, and what these lie on."""
    return _reached({(lower, upper) for upper, lower in _pairs(facts)}, device) - {device}


def _over(facts: NodeFacts, device: str) -> frozenset[str]:
    """The device and all that lies on it. A VRF does not: what is in it keeps its addresses without it."""
    return _reached(_pairs(facts), device)


def _pairs(facts: NodeFacts) -> set[tuple[str, str]]:
    """Each device that lies on another one, with that."""
    vrfs = {link.name for link in facts.links if link.kind == _VRF}
    pairs = {(link.master, link.name) for link in facts.links if link.master and link.master not in vrfs}
    pairs |= {(name, name.rpartition(".")[0]) for name in _names(facts) if "." in name}
    return pairs | {(stanza.name, below) for stanza in facts.stanzas for below in _below(stanza)}


def _reached(pairs: set[tuple[str, str]], device: str) -> frozenset[str]:
    """The device and whatever leads to it by first of a pair from second."""
    found = {device}
    while more := {upper for upper, lower in pairs if lower in found} - found:
        found |= more
    return frozenset(found)


def _names(facts: NodeFacts) -> Iterator[str]:
    yield from (link.name for link in facts.links)
    yield from (stanza.name for stanza in facts.stanzas)


def _below(stanza: IfaceStanza) -> Iterator[str]:
    yield from (word for option in _LIES_ON for value in stanza.values(option) for word in value.split())


def _parsed(text: str) -> IpAddress | None:
    return as_address(text.partition("/")[0])
