"""What PVE's own files under /etc/pve/sdn know, by file, section type and property (docs/pve.md §1.5 to §1.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.decode.definitions import addresses, values
from pvesdn.decode.definitions.fabrics import FABRICS
from pvesdn.decode.definitions.own_grammar import GRAMMAR
from pvesdn.decode.definitions.pve_controllers import CONTROLLERS
from pvesdn.decode.definitions.section_config import Property, Section
from pvesdn.decode.definitions.values import integer
from pvesdn.decode.definitions.words import Word, Words

_KNOWN = Word(is_used=False)
_KNOWN_ARRAY = Word(is_used=False, is_array=True)
_NEEDED = Word(is_required=True, is_used=False)
_SWITCH = Word(values.boolean, is_used=False)

_EVERY_ZONE: Words = {
    "nodes": Word(values.nodes),
    "ipam": _KNOWN,
    "dns": _KNOWN,
    "reversedns": _KNOWN,
    "dnszone": _KNOWN,
}
_MTU: Words = {"mtu": Word(integer())}
_UDP_PORT: Words = {"vxlan-port": Word(integer(1, 65536))}
_BRIDGED: Words = {"bridge": Word(is_required=True), "bridge-disable-mac-learning": _SWITCH}

_ZONES: Mapping[str, Words] = {
    "simple": {**_EVERY_ZONE, **_MTU, "dhcp": Word()},
    "vlan": {**_EVERY_ZONE, **_MTU, **_BRIDGED},
    "qinq": {
        **_EVERY_ZONE,
        **_MTU,
        **_BRIDGED,
        "tag": Word(integer(0), is_required=True),
        "vlan-protocol": Word(values.Choice("802.1q", "802.1ad")),
    },
    "vxlan": {
        **_EVERY_ZONE,
        **_MTU,
        **_UDP_PORT,
        "peers": Word(addresses.pve_addresses),
        "fabric": Word(values.fabric_id),
    },
    "evpn": {
        **_EVERY_ZONE,
        **_MTU,
        **_UDP_PORT,
        "bridge-disable-mac-learning": _SWITCH,
        "vrf-vxlan": Word(integer(1, 16_777_215), is_required=True),
        "controller": Word(values.controller_id, is_required=True),
        "secondary-controllers": Word(is_array=True),
        "mac": Word(values.mac),
        "exitnodes": Word(values.nodes),
        "exitnodes-primary": Word(values.node),
        "exitnodes-local-routing": Word(values.boolean),
        "advertise-subnets": Word(values.boolean),
        "disable-arp-nd-suppression": Word(values.boolean),
        "rt-import": Word(values.route_targets),
    },
    "faucet": {**_EVERY_ZONE, "controller": _NEEDED, "dp-id": _NEEDED},
}

_VNETS: Mapping[str, Words] = {
    "vnet": {
        "zone": Word(values.zone_id, is_required=True),
        "tag": Word(integer(1, 16_777_215)),
        "alias": Word(values.pve_alias),
        "vlanaware": Word(values.boolean),
        "isolate-ports": Word(values.boolean),
    },
}

_SUBNETS: Mapping[str, Words] = {
    "subnet": {
        "vnet": Word(values.vnet_id, is_required=True),
        "gateway": Word(addresses.address),
        "snat": Word(values.boolean),
        "dnszoneprefix": _KNOWN,
        "dhcp-range": _KNOWN_ARRAY,
        "dhcp-dns-server": Word(),
    },
}

WORDS: Mapping[str, Mapping[str, Words]] = {
    "zones": _ZONES,
    "vnets": _VNETS,
    "subnets": _SUBNETS,
    "controllers": CONTROLLERS,
    "fabrics": FABRICS,
    "route-maps": {"route-map-entry": {}},
    "prefix-lists": {"prefix-list": {}},
}
"""Known words by collection: `<collection>.cfg`, and the key of that name in .running-config."""

NOUNS: Mapping[str, str] = {
    "zones": "zone",
    "vnets": "vnet",
    "subnets": "subnet",
    "controllers": "controller",
    "fabrics": "fabric",
    "route-maps": "route-map",
    "prefix-lists": "prefix-list",
}
"""What a section of each collection defines."""

OPEN = frozenset({"route-maps", "prefix-lists"})
"""Collections whose types are known, and of whose properties nothing is: PVE alone reads them (docs/pve.md §1.1)."""


_WHERE_INSTEAD = {
    "exitnodes": "write a section 'exit: ID' for each of these nodes instead",
    "exitnodes-primary": "write a section 'exit: ID' for each exit instead, with vrrp-priority to say who comes first",
}
"""What `pvesdn.cfg` has in the place of a property of PVE's."""


def noun_of_pve(type_: str) -> str:
    """What a section of that type defines in PVE's own files; empty for a type that they do not have."""
    return next((NOUNS[name] for name, types in WORDS.items() if type_ in types), "")


def only_of_pve(type_: str) -> Mapping[str, str]:
    """Properties that sections of a type of ours have in PVE's own files, with what to do about them in ours."""
    if type_ == "evpn-controller":
        theirs = WORDS["controllers"]["evpn"]
    else:
        theirs = next((WORDS[name][type_] for name in ("zones", "vnets", "subnets") if type_ in WORDS[name]), {})
    return {
        key: f"only PVE's own definitions have it: {_WHERE_INSTEAD.get(key, 'remove the line')}"
        for key in theirs.keys() - GRAMMAR.get(type_, {}).keys()
    }


def heeded(collection: str, section: Section) -> Iterator[Property]:
    """The properties that PVE heeds: those that it knows and that have a value, each once, but for arrays. What it
    ignores was told when the file was read.
    """
    known = WORDS[collection].get(section.type, {})
    met: set[str] = set()
    for item in section.properties:
        word = known.get(item.key)
        if word is not None and item.value and (word.is_array or item.key not in met):
            met.add(item.key)
            yield item
