"""The grammar of pvesdn.cfg: every section type and property, how it is read, and what it means to the reader of the
docs.

`docs/reference.md` is printed from here (`tools/pages/reference.py`), so a meaning is written once. A default between
backquotes is a value that may be written out; any other says in words what holds without the property.
"""

from __future__ import annotations

from collections.abc import Mapping

from pvesdn.decode.definitions import addresses, values
from pvesdn.decode.definitions.own_words import (
    REQUIRED,
    OwnWord,
    SectionType,
    boolean,
    choice,
    number,
    optional,
    required,
)
from pvesdn.model.own_sdn import Irb
from pvesdn.model.primitives import MTU_MAX, MTU_MIN, PORT_MAX, VNI_MAX

_ID = "2 to 8 letters and digits, starting with a letter"
_LONG_ID = "2 to 64 letters, digits, `-` and `_`, starting with a letter and ending with a letter or digit"

_ZONE_NODES = optional(values.nodes, "list of node names", "The nodes that have the zone.", "every member")
_ZONE_MTU = number(
    MTU_MIN,
    MTU_MAX,
    "MTU of the zone's bridges in bytes, without the VXLAN headers. It is checked against the paths between the VTEPs:"
    " VXLAN adds 50 bytes over IPv4 and 70 over IPv6.",
    "the smallest MTU on those paths less the overhead",
)
_VXLAN_PORT = number(1, PORT_MAX, "UDP destination port of the tunnels.", "4789")

_CARRIES = optional(
    values.zone_id,
    "zone id",
    "PVE's zone of type `simple` whose VNets this zone carries. They are drawn in PVE's panel, with their subnets and"
    " `nodes`; PVE writes their bridges and addresses, and pvesdn adds what carries them. PVE's zone must say `mtu`,"
    " which is this zone's too. Needs `vni-range`; excludes `nodes`.",
    "none, its VNets are in `pvesdn.cfg`",
    excludes="nodes",
)
_VNI_RANGE = optional(
    values.vni_range,
    "`FIRST-LAST`",
    "VNIs for the VNets that the zone carries, each the lowest that is free. Must hold no other tag, L3VNI or range. A"
    " `vnet` section with the name of such a VNet pins its `tag`.",
    "none; required with `carries`",
)

UNDERLAY = SectionType(
    "underlay",
    _LONG_ID,
    "Selects each node's VTEP address. At most one section. Without it, a node's VTEP is the address by which the"
    " cluster knows the node.",
    {
        "network": optional(
            addresses.underlay_network,
            "network in CIDR notation, no host bits",
            "A node's VTEP is its own address in this network.",
            "the cluster's own network",
        ),
        "vteps": optional(
            addresses.vteps,
            "list of `NODE=IP`",
            "VTEP addresses of single nodes. They take precedence over `network`.",
            "none",
        ),
    },
)

CONTROLLER = SectionType(
    "controller",
    _LONG_ID,
    "The BGP EVPN control plane of `evpn` zones: one BGP instance on each node that has such a zone, with BFD on every"
    " session. Without `peers` and `route-reflectors` the nodes form a full mesh that follows the membership of the"
    " cluster. PVE's own controller of type `evpn` can be used instead: name it in the zone.",
    {
        "asn": number(1, 4_294_967_295, "The AS number. Sessions between nodes are iBGP.", REQUIRED, is_required=True),
        "peers": optional(
            addresses.hosts,
            "list of IP addresses",
            "The BGP neighbours, in place of the members of the cluster. Excludes `route-reflectors`.",
            "every other node",
            excludes="route-reflectors",
        ),
        "route-reflectors": optional(
            addresses.reflectors,
            "list of IP addresses and node names",
            "Nodes have sessions to these alone. An address is a reflector outside the cluster; a member that is named"
            " reflects for the others. Excludes `peers`.",
            "none, a full mesh",
            excludes="peers",
        ),
    },
)

VXLAN = SectionType(
    "zone",
    _ID,
    "A zone that bridges by VXLAN without a control plane (RFC 7348). Broadcast, unknown unicast and multicast are"
    " copied to each peer, or sent to a multicast group.",
    {
        "nodes": _ZONE_NODES,
        "mtu": _ZONE_MTU,
        "peers": optional(
            addresses.hosts,
            "list of IP addresses",
            "VTEPs that flooded frames are copied to; a node leaves out its own address. May name hosts outside the"
            " cluster. Excludes `multicast-group`.",
            "every other node of the zone",
            excludes="multicast-group",
        ),
        "multicast-group": optional(
            addresses.multicast,
            "multicast address",
            "Group that flooded frames are sent to. The underlay must carry multicast. Several VNIs may share a group.",
            "none, frames are copied to each peer",
            excludes="peers",
        ),
        "multicast-interface": optional(
            values.interface,
            "interface name",
            "Device on which the group is joined. Needs `multicast-group`.",
            "the device by which the other VTEPs are reached",
        ),
        "vxlan-port": _VXLAN_PORT,
        "carries": _CARRIES,
        "vni-range": _VNI_RANGE,
        "mac": optional(
            values.mac,
            "unicast MAC address",
            "MAC address of the gateways that PVE's panel gives the VNets, the same on every node. Needs `carries`. The"
            " gateways are then in the host's own routing table: guests reach the nodes' addresses, and the plan warns"
            " of it.",
            "none, gateways are refused",
        ),
    },
)

EVPN = SectionType(
    "zone",
    _ID,
    "A zone that bridges by VXLAN with BGP EVPN as its control plane (RFC 8365), and with `irb` routes between its VNets"
    " on every node (RFC 9135). The underlay must be IPv4.",
    {
        "controller": required(
            values.controller_id,
            "controller id",
            "The control plane: an `evpn-controller` of `pvesdn.cfg`, or PVE's controller of type `evpn`.",
        ),
        "irb": choice(
            tuple(irb.value for irb in Irb),
            "`none` bridges only. `asymmetric` routes on the ingress node, so every node of the zone has every VNet."
            " `symmetric` routes on both nodes, across an L3VNI; a node need not have every VNet.",
            is_required=True,
        ),
        "nodes": _ZONE_NODES,
        "mtu": _ZONE_MTU,
        "vrf-vxlan": number(
            1,
            VNI_MAX,
            "The L3VNI. Must be no VNet's tag and no other zone's L3VNI.",
            "none; required with `irb symmetric`",
        ),
        "mac": optional(
            values.mac,
            "unicast MAC address",
            "MAC address of the anycast gateways, the same on every node. With `irb none` it has an effect only beside"
            " `carries`: the gateways of PVE's panel are then in the host's own routing table, and the plan warns of it.",
            "derived from the zone id",
        ),
        "vrf": choice(
            ("main",),
            "Puts the gateways of an `irb asymmetric` zone into the host's own routing table. Guests can then reach the"
            " nodes' addresses and every other zone there, and the plan warns of it.",
            "a VRF `vrf_ZONE` for the zone",
        ),
        "flood": boolean(
            "`0` keeps unknown unicast and multicast off the tunnels. In an `irb none` zone that breaks IPv6 neighbour"
            " discovery between guests.",
            "`1`",
        ),
        "disable-arp-nd-suppression": boolean(
            "`1` sends ARP and neighbour discovery through the tunnels instead of answering them on the node.", "`0`"
        ),
        "advertise-subnets": boolean(
            "`1` announces the zone's subnets as type-5 routes, so that guests that have been silent so far are found."
            " `irb symmetric` only.",
            "`1`",
        ),
        "rt-import": optional(
            values.own_route_targets,
            "list of `ASN:NUMBER`",
            "Route targets that the VRF imports besides its own. `irb symmetric` only.",
            "none",
        ),
        "vxlan-port": _VXLAN_PORT,
        "carries": _CARRIES,
        "vni-range": _VNI_RANGE,
    },
)

VNET = SectionType(
    "vnet",
    f"{_ID}; it becomes the name of the bridge",
    "A virtual network: on each node a bridge of that name with a VXLAN port, `vxlan_VNET`. Guests are plugged into the"
    " bridge. Its zone must be in `pvesdn.cfg` as well. In a zone with `carries`, a section with the name of a VNet that"
    " is drawn in PVE's panel pins that VNet's VNI, and says nothing else.",
    {
        "zone": required(values.zone_id, "zone id", "The zone of the VNet."),
        "tag": number(1, VNI_MAX, "The VNI. Unique among all VNets and L3VNIs.", is_required=True),
        "alias": optional(values.alias, "text, at most 256 characters", "A description, set on the bridge.", "none"),
        "vlanaware": boolean("`1` makes the bridge VLAN-aware. Zones of type `vxlan` only.", "`0`"),
        "nodes": optional(
            values.nodes,
            "list of node names",
            "The nodes that have the VNet, a subset of its zone's. Not with `irb asymmetric`.",
            "every node of the zone",
        ),
    },
)

SUBNET = SectionType(
    "subnet",
    "`ZONE-NETWORK-MASK`, such as `prod-10.0.2.0-24`",
    "An IP subnet of a VNet; its id names zone, network and mask. With a `gateway`, every node that has the VNet routes for it.",
    {
        "vnet": required(
            values.vnet_id, "VNet id", "The VNet of the subnet. It must be in the zone that the id begins with."
        ),
        "gateway": optional(
            addresses.address,
            "IP address in the subnet",
            "The anycast gateway, the same on every node. Needs a zone with `irb asymmetric` or `symmetric`.",
            "none, nothing routes for it",
        ),
    },
)

EXIT = SectionType(
    "exit",
    "1 to 32 letters, digits, `-` and `_`, starting with a letter and ending with a letter or digit",
    "An uplink of one node inside the VRF of an `irb symmetric` zone, or of an EVPN zone of PVE's. The node announces the"
    " default route to the others by EVPN. One exit for each zone and node. The three `vrrp-` properties go together.",
    {
        "zone": required(values.zone_id, "zone id", "The zone whose VRF the uplink is in."),
        "node": required(values.node, "node name", "The node that has the uplink."),
        "interface": required(
            values.interface,
            "interface name",
            "The uplink: a NIC, a bond, a VLAN device. It moves into the VRF with its addresses, so it must be neither"
            " the underlay nor the cluster's network.",
        ),
        "address": optional(
            addresses.interface4,
            "IPv4 address with prefix length",
            "IPv4 address of the uplink.",
            "none; `address` or `address6` is required",
        ),
        "address6": optional(
            addresses.interface6,
            "IPv6 address with prefix length",
            "IPv6 address of the uplink.",
            "none; `address` or `address6` is required",
        ),
        "gateways": optional(
            addresses.hosts,
            "list of IP addresses",
            "Next hops of the default route, of either family. Several of one family share the flows (ECMP).",
            REQUIRED,
        ),
        "vrrp-id": number(1, 255, "Virtual router id on the uplink (RFC 9568).", "no VRRP"),
        "vrrp-priority": number(1, 254, "Priority: the exit with the highest is master.", "no VRRP"),
        "vrrp-address": optional(
            addresses.hosts,
            "list of IP addresses",
            "Addresses of the virtual router, for an outside router that can have only one next hop. No router may have"
            " one of them as its own.",
            "no VRRP",
        ),
    },
)

SECTIONS: Mapping[str, SectionType] = {
    "underlay": UNDERLAY,
    "evpn-controller": CONTROLLER,
    "vxlan": VXLAN,
    "evpn": EVPN,
    "vnet": VNET,
    "subnet": SUBNET,
    "exit": EXIT,
}
"""Section types by the word that begins their header."""

GRAMMAR: Mapping[str, Mapping[str, OwnWord]] = {type_: section.words for type_, section in SECTIONS.items()}
"""Section types and their properties."""
