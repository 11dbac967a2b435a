"""What no two of PVE's definitions may have, not even until the next call (docs/pve.md §9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network

from pvesdn.decode.definitions.section_config import Section, value_of

_NUMBER = {"vnets": "tag", "zones": "vrf-vxlan"}
_Claim = tuple[str, ...]


def handed_over(level: str, before: Mapping[str, Section], after: Mapping[str, Section]) -> set[str]:
    """The definitions of which one gets what another gives up, and both stay. What two have all along, PVE lets them
    have: a VLAN in two zones, or one that is a VNI of another zone too.

    :param level: ``vnets``, ``zones``, ``fabrics``, or ``members`` for a fabric's nodes; others have nothing of the
        kind.
    """
    stay = before.keys() & after.keys()
    had, has = ({id_: set(_claims(level, there[id_])) for id_ in stay} for there in (before, after))
    given_up: dict[_Claim, set[str]] = {}
    for id_ in stay:
        for claim in had[id_] - has[id_]:
            given_up.setdefault(claim, set()).add(id_)
    found: set[str] = set()
    for id_ in stay:
        for claim in (has[id_] - had[id_]) & given_up.keys():
            found |= {id_, *given_up[claim]}
    if level == "fabrics":
        found |= _on_prefixes(before, after, stay)
    return found


def _claims(level: str, section: Section) -> Iterator[_Claim]:
    if level in _NUMBER and (number := value_of(section, _NUMBER[level])):
        yield (number,)
    if level == "fabrics" and (area := value_of(section, "area")):
        yield ("area", _area(area))
    if level == "members":
        fabric, _, node = section.id.partition("_")
        yield from ((fabric, one) for one in (value_of(section, "ip"), value_of(section, "ip6")) if one)
        for item in section.properties:
            if item.key == "interfaces":
                fields = dict(word.partition("=")[::2] for word in item.value.split(","))
                yield ("interface", node, fields.get("name", ""))


def _area(text: str) -> str:
    """One spelling of an OSPF area: a number or a dotted quad."""
    try:
        return str(IPv4Address(int(text) if text.isascii() and text.isdigit() else text))
    except ValueError:
        return text


def _on_prefixes(before: Mapping[str, Section], after: Mapping[str, Section], stay: set[str]) -> set[str]:
    """Fabrics of which one gets addresses that another has had."""
    found: set[str] = set()
    for one in stay:
        for other in stay - {one}:
            if any(_overlap(new, old) for new in _prefixes(after[one]) for old in _prefixes(before[other])):
                found |= {one, other}
    return found


def _prefixes(section: Section) -> list[IPv4Network | IPv6Network]:
    found = []
    for text in (value_of(section, "ip_prefix"), value_of(section, "ip6_prefix")):
        try:
            found.append(ip_network(text, strict=False))
        except ValueError:
            continue
    return found


def _overlap(one: IPv4Network | IPv6Network, other: IPv4Network | IPv6Network) -> bool:
    return one.version == other.version and one.overlaps(other)
