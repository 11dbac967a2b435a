"""What PVE's own files under /etc/pve/sdn know, by file, section type and property (F1.5 to F1.10)."""

from __future__ import annotations

from collections.abc import Mapping

from pvesdn.decode import addresses, values
from pvesdn.decode.entries import Word, Words
from pvesdn.decode.values import integer

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
    "simple": {**_EVERY_ZONE, **_MTU, "dhcp": _KNOWN},
    "vlan": {**_EVERY_ZONE, **_MTU, **_BRIDGED},
    "qinq": {
        **_EVERY_ZONE,
        **_MTU,
        **_BRIDGED,
        "tag": Word(integer(0), is_required=True),
        "vlan-protocol": Word(values.choice("802.1q", "802.1ad")),
    },
    "vxlan": {**_EVERY_ZONE, **_MTU, **_UDP_PORT, "peers": Word(addresses.pve_addresses), "fabric": Word()},
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
        "isolate-ports": _SWITCH,
    },
}

_SUBNETS: Mapping[str, Words] = {
    "subnet": {
        "vnet": Word(values.vnet_id, is_required=True),
        "gateway": Word(addresses.address),
        "snat": Word(values.boolean),
        "dnszoneprefix": _KNOWN,
        "dhcp-range": _KNOWN_ARRAY,
        "dhcp-dns-server": _KNOWN,
    },
}

_ASN = Word(integer(0, 4_294_967_295), is_required=True)
_NODE = Word(values.node, is_required=True)

_CONTROLLERS: Mapping[str, Words] = {
    "evpn": {
        "asn": _ASN,
        "peers": Word(addresses.pve_addresses),
        "fabric": Word(),
        "ebgp-multihop": Word(),
        "nodes": Word(),
        "peer-group-name": Word(),
        "bgp-mode": Word(),
        "route-map-in": Word(),
        "route-map-out": Word(),
    },
    "bgp": {
        "asn": _ASN,
        "node": _NODE,
        "peers": _NEEDED,
        "ebgp": _SWITCH,
        "ebgp-multihop": _KNOWN,
        "loopback": _KNOWN,
        "bgp-multipath-as-path-relax": _SWITCH,
        "route-map-in": _KNOWN,
        "route-map-out": _KNOWN,
    },
    "isis": {
        "node": _NODE,
        "isis-domain": _NEEDED,
        "isis-ifaces": _NEEDED,
        "isis-net": _NEEDED,
        "loopback": _KNOWN,
    },
    "faucet": {},
}

_FABRIC: Words = {"id": _KNOWN, "ip_prefix": _KNOWN, "ip6_prefix": _KNOWN}
_FABRIC_NODE: Words = {"id": _KNOWN, "ip": _KNOWN, "ip6": _KNOWN, "interfaces": _KNOWN_ARRAY}
_FABRICS: Mapping[str, Words] = {
    "openfabric_fabric": {**_FABRIC, "hello_interval": _KNOWN, "csnp_interval": _KNOWN, "route_filter": _KNOWN},
    "openfabric_node": _FABRIC_NODE,
    "ospf_fabric": {**_FABRIC, "area": _NEEDED, "route_filter": _KNOWN, "redistribute": _KNOWN_ARRAY},
    "ospf_node": _FABRIC_NODE,
    "wireguard_fabric": {**_FABRIC, "persistent_keepalive": _KNOWN},
    "wireguard_node": {
        **_FABRIC_NODE,
        "role": _KNOWN,
        "endpoint": _KNOWN,
        "peers": _KNOWN_ARRAY,
        "allowed_ips": _KNOWN_ARRAY,
        "public_key": _KNOWN,
    },
    "bgp_fabric": {
        **_FABRIC,
        "bfd": _SWITCH,
        "redistribute": _KNOWN_ARRAY,
        "route_map_in": _KNOWN,
        "route_map_out": _KNOWN,
        "route_filter": _KNOWN,
    },
    "bgp_node": {**_FABRIC_NODE, "role": _KNOWN, "asn": _KNOWN, "peer_ip": _KNOWN},
}

WORDS: Mapping[str, Mapping[str, Words]] = {
    "zones": _ZONES,
    "vnets": _VNETS,
    "subnets": _SUBNETS,
    "controllers": _CONTROLLERS,
    "fabrics": _FABRICS,
}
"""Known words by collection: `<collection>.cfg`, and the key of that name in .running-config."""

NOUNS: Mapping[str, str] = {
    "zones": "zone",
    "vnets": "vnet",
    "subnets": "subnet",
    "controllers": "controller",
    "fabrics": "fabric",
}
"""What a section of each collection defines."""

BEYOND_PEERS = ("fabric", "ebgp-multihop", "nodes", "peer-group-name", "bgp-mode", "route-map-in", "route-map-out")
"""What makes an evpn controller more than the list of peers that pvesdn renders."""
