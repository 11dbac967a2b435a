"""What becomes of each property that PVE knows, by type of zone: a closed list, held against PVE's own by a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pvesdn.model.zone_move import Fate

VXLAN, EVPN = "vxlan", "evpn"


@dataclass(frozen=True, slots=True)
class Rule:
    """:param what: what becomes of it, as a sentence after the property; empty where it is simply carried."""

    fate: Fate
    what: str = ""
    hint: str = ""


_CARRIED = Rule(Fate.CARRIED)
_IPAM = Rule(
    Fate.LOST,
    "PVE's IPAM no longer knows the addresses of these subnets; no packet changes",
    "copy what is registered there before the cut-over, if anybody uses it",
)
_DNS = Rule(Fate.LOST, "PVE registers no names for these subnets any more", "register them in the DNS server itself")
_IDLE_DHCP = Rule(Fate.IDLE, "PVE serves DHCP in simple zones only")

_EVERY_ZONE: Mapping[str, Rule] = {
    "nodes": _CARRIED,
    "mtu": _CARRIED,
    "vxlan-port": _CARRIED,
    "ipam": _IPAM,
    "dns": _DNS,
    "reversedns": _DNS,
    "dnszone": _DNS,
}
_EVERY_VNET: Mapping[str, Rule] = {
    "zone": _CARRIED,
    "tag": _CARRIED,
    "alias": _CARRIED,
    "isolate-ports": Rule(
        Fate.LOST,
        "ports that are plugged in after the cut-over are not isolated: guests of one node reach each other",
        "keep the zone in PVE if guests must not reach each other",
    ),
}
_EVERY_SUBNET: Mapping[str, Rule] = {
    "vnet": _CARRIED,
    "dnszoneprefix": _DNS,
    "dhcp-range": _IDLE_DHCP,
    "dhcp-dns-server": _IDLE_DHCP,
}
_AS_EXIT = "; without exitnodes it does nothing"

FATES: Mapping[str, Mapping[str, Mapping[str, Rule]]] = {
    VXLAN: {
        "zones": {
            **_EVERY_ZONE,
            "peers": _CARRIED,
            "fabric": Rule(
                Fate.CARRIED,
                "becomes peers, the addresses that the fabric's members have today",
                "add a node's address to peers when it joins the fabric; the fabric itself stays in PVE",
            ),
        },
        "vnets": {**_EVERY_VNET, "vlanaware": _CARRIED},
        "subnets": {
            **_EVERY_SUBNET,
            "gateway": Rule(Fate.IDLE, "PVE puts no gateway on a bridge of a vxlan zone"),
            "snat": Rule(Fate.IDLE, "PVE translates nothing in a vxlan zone"),
        },
    },
    EVPN: {
        "zones": {
            **_EVERY_ZONE,
            "controller": Rule(Fate.CARRIED, "the controller stays in PVE, with its sessions"),
            "secondary-controllers": Rule(Fate.NEEDED, "pvesdn does not render them"),
            "vrf-vxlan": _CARRIED,
            "mac": _CARRIED,
            "disable-arp-nd-suppression": _CARRIED,
            "advertise-subnets": _CARRIED,
            "rt-import": _CARRIED,
            "exitnodes": Rule(
                Fate.NEEDED,
                "pvesdn has no exit through a node's own routing table, so guests would lose their way out",
                "first give the zone an exit of pvesdn.cfg (docs/reference.md), which PVE's zones can have too,"
                " then remove exitnodes in the panel and apply",
            ),
            "exitnodes-primary": Rule(Fate.IDLE, f"it orders exit nodes{_AS_EXIT}"),
            "exitnodes-local-routing": Rule(Fate.IDLE, f"it is about exit nodes{_AS_EXIT}"),
            "bridge-disable-mac-learning": Rule(
                Fate.LOST,
                "ports that are plugged in after the cut-over learn addresses again",
                "keep the zone in PVE if guests must not use other MAC addresses",
            ),
        },
        "vnets": {**_EVERY_VNET, "vlanaware": Rule(Fate.IDLE, "PVE makes no bridge of an evpn zone VLAN-aware")},
        "subnets": {
            **_EVERY_SUBNET,
            "gateway": _CARRIED,
            "snat": Rule(Fate.IDLE, f"PVE translates addresses on exit nodes only{_AS_EXIT}"),
        },
    },
}
"""By type of zone, file (without ``.cfg``) and property."""

_OWN_ZONE: Mapping[str, Rule] = {"nodes": _CARRIED, "mtu": _CARRIED, "vxlan-port": _CARRIED}
# What a zone that carries the panel's VNets has besides; such a zone is refused as a whole.
_IN_PANEL = Rule(Fate.NEEDED, "its VNets are in the panel already")
_CARRIES: Mapping[str, Rule] = {"carries": _IN_PANEL, "vni-range": _IN_PANEL}
_NO_MULTICAST = Rule(
    Fate.NEEDED,
    "PVE floods to a list of peers alone",
    "write peers instead, or leave both out, and apply that first",
)

BACK: Mapping[str, Mapping[str, Mapping[str, Rule]]] = {
    VXLAN: {
        "vxlan": {
            **_OWN_ZONE,
            **_CARRIES,
            "mac": _IN_PANEL,
            "peers": _CARRIED,
            "multicast-group": _NO_MULTICAST,
            "multicast-interface": _NO_MULTICAST,
        },
        "vnet": {
            "zone": _CARRIED,
            "tag": _CARRIED,
            "alias": _CARRIED,
            "vlanaware": _CARRIED,
            "nodes": Rule(Fate.LOST, "every node of the zone gets the VNet"),
        },
        "subnet": {"vnet": _CARRIED, "gateway": _CARRIED},
    },
    EVPN: {
        "evpn": {
            **_OWN_ZONE,
            **_CARRIES,
            "controller": _CARRIED,
            "irb": _CARRIED,
            "vrf-vxlan": _CARRIED,
            "mac": _CARRIED,
            # Only irb asymmetric has it, which is refused as a whole.
            "vrf": Rule(Fate.NEEDED, "PVE routes a zone in a VRF of its own alone"),
            "flood": Rule(Fate.LOST, "PVE sends unknown unicast and multicast through the tunnels"),
            "disable-arp-nd-suppression": _CARRIED,
            "advertise-subnets": _CARRIED,
            "rt-import": _CARRIED,
        },
        "vnet": {
            "zone": _CARRIED,
            "tag": _CARRIED,
            "alias": _CARRIED,
            "vlanaware": Rule(Fate.IDLE, "no bridge of an evpn zone is VLAN-aware"),
            "nodes": Rule(Fate.LOST, "every node of the zone gets the VNet"),
        },
        "subnet": {"vnet": _CARRIED, "gateway": _CARRIED},
    },
}
"""The way to the panel: by type of zone, section type of pvesdn.cfg and property."""

REFUSED: Mapping[str, str] = {
    "simple": "bridges, routes and serves DHCP on single nodes",
    "vlan": "puts its VNets on VLANs of the nodes' own bridges",
    "qinq": "puts its VNets on VLANs of the nodes' own bridges",
    "faucet": "is driven by an OpenFlow controller",
}
"""Types of zones that pvesdn.cfg has no words for: what they do instead of VXLAN."""
