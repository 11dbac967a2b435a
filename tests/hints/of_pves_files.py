"""Hints about PVE's own definitions: what is written there is PVE's to keep, so the hints say what to do in PVE."""

from __future__ import annotations

from tests.hints.pves import BGP, FABRIC, SIMPLE, TUNNELS, bridged, with_
from tests.hints.table import Row
from tests.unit.design.network import PVE_EVPN

ROWS = (
    Row(
        "a property of PVE's has no value",
        with_(SIMPLE, "zones.cfg", "lan\n", "lan\n\tmtu\n"),
        said="warning: zones.cfg:2: zone 'lan': mtu has no value and counts as absent; remove the line",
        followed=(("zones.cfg", "\tmtu\n", ""),),
    ),
    Row(
        "a property of PVE's is given twice",
        with_(SIMPLE, "zones.cfg", "lan\n", "lan\n\tmtu 1500\n\tmtu 1400\n"),
        said=("warning: zones.cfg:3: zone 'lan': mtu is given twice; the first one counts; remove this line"),
        followed=(("zones.cfg", "\tmtu 1400\n", ""),),
    ),
    Row(
        "a zone of PVE's has an MTU that ifupdown2 refuses",
        with_(SIMPLE, "zones.cfg", "lan\n", "lan\n\tmtu 100\n"),
        said="warning: zones.cfg:2: zone 'lan': mtu 100 is out of range for ifupdown2; write 552-9216",
        followed=(("zones.cfg", "mtu 100", "mtu 552"),),
    ),
    Row(
        "a zone of PVE's has the UDP port 65536",
        with_(TUNNELS, "zones.cfg", "tun\n", "tun\n\tvxlan-port 65536\n"),
        said="warning: zones.cfg:2: zone 'tun': vxlan-port 65536 is not a UDP port; write 1-65535",
        followed=(("zones.cfg", "65536", "65535"),),
    ),
    Row(
        "an alias of PVE's has a backslash",
        with_(SIMPLE, "vnets.cfg", "lan\n", "lan\n\talias a\\b\n"),
        said=(
            "warning: vnets.cfg:3: vnet 'office': alias contains a backslash, which joins lines in "
            "the interfaces file; leave it out"
        ),
        followed=(("vnets.cfg", "\\", ""),),
    ),
    Row(
        "a VNI of PVE's is too large for ifupdown2",
        with_(PVE_EVPN, "vnets.cfg", "tag 100", "tag 16777215"),
        said=("warning: vnets.cfg:3: vnet 'web': tag 16777215 is too large for ifupdown2; write 1-16777214"),
        followed=(("vnets.cfg", "tag 16777215", "tag 16777214"),),
    ),
    Row(
        "a type of zone is misspelt",
        with_(SIMPLE, "zones.cfg", "simple", "simpel"),
        said="error: zones.cfg:1: zone 'lan': unknown type 'simpel'; did you mean simple?",
        followed=(("zones.cfg", "simpel", "simple"),),
    ),
    Row(
        "a zone of PVE's has no peers",
        with_(TUNNELS, "zones.cfg", "\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n", ""),
        said="error: zones.cfg:1: zone 'tun': has neither peers nor fabric; add peers in PVE",
        followed=(("zones.cfg", "tun\n", "tun\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n"),),
    ),
    Row(
        "a zone of PVE's has peers and a fabric",
        with_(FABRIC, "zones.cfg", "fabric lab", "fabric lab\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3"),
        said="error: zones.cfg:2: zone 'tun': has both peers and fabric; remove one of them in PVE",
        followed=(("zones.cfg", "\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n", ""),),
    ),
    Row(
        "a fabric has no network",
        with_(FABRIC, "fabrics.cfg", "\tip_prefix 10.5.0.0/24\n", ""),
        said=(
            "warning: fabrics.cfg:1: fabric 'lab': has neither ip_prefix nor ip6_prefix, and PVE will "
            "not commit it; add one in PVE"
        ),
        followed=(("fabrics.cfg", "lab\n", "lab\n\tip_prefix 10.5.0.0/24\n"),),
    ),
    Row(
        "a fabric's node is outside its network",
        with_(FABRIC, "fabrics.cfg", "ip 10.5.0.3", "ip 10.6.0.3"),
        said=(
            "warning: fabrics.cfg:13: fabric 'lab_node3': ip 10.6.0.3 is outside 10.5.0.0/24, and PVE "
            "will not commit it; choose an address in it"
        ),
        followed=(("fabrics.cfg", "10.6.0.3", "10.5.0.3"),),
    ),
    Row(
        "a fabric's node is of no fabric",
        {**FABRIC, "fabrics.cfg": FABRIC["fabrics.cfg"] + "openfabric_node: lob_node3\n\tip 10.6.0.3\n\n"},
        said=(
            "error: fabrics.cfg:16: fabric 'lob_node3': fabric 'lob' does not exist; define it, or remove this section"
        ),
        followed=(("fabrics.cfg", "openfabric_node: lob_node3\n\tip 10.6.0.3\n\n", ""),),
    ),
    Row(
        "a fabric's node is of another protocol",
        with_(FABRIC, "fabrics.cfg", "openfabric_node: lab_node3", "ospf_node: lab_node3"),
        said=(
            "error: fabrics.cfg:12: fabric 'lab_node3': is of type ospf_node, but the fabric is of "
            "type openfabric_fabric; write openfabric_node"
        ),
        followed=(("fabrics.cfg", "ospf_node: lab_node3", "openfabric_node: lab_node3"),),
    ),
    Row(
        "a zone of PVE's has nodes that are not in its fabric",
        with_(FABRIC, "fabrics.cfg", "openfabric_node: lab_node3\n\tip 10.5.0.3\n\tinterfaces name=eno2\n\n", ""),
        said=(
            "warning: zones.cfg:2: zone 'tun': fabric 'lab' has no node with an IPv4 address for "
            "node3; PVE leaves this zone's VNets out there; add the node to the fabric, or name the "
            "zone's nodes"
        ),
        followed=(("zones.cfg", "fabric lab", "fabric lab\n\tnodes node1,node2"),),
    ),
    Row(
        "a controller's hops are too many for FRR",
        {**PVE_EVPN, "controllers.cfg": PVE_EVPN["controllers.cfg"] + BGP.rstrip("\n") + "\n\tebgp-multihop 300\n\n"},
        said=(
            "warning: controllers.cfg:9: controller 'bgpnode1': ebgp-multihop 300 is out of range for FRR; write 1-255"
        ),
        followed=(("controllers.cfg", "ebgp-multihop 300", "ebgp-multihop 255"),),
    ),
    Row(
        "a VNet of PVE's has no tag",
        with_(PVE_EVPN, "vnets.cfg", "\ttag 100\n", ""),
        said=(
            "warning: vnets.cfg:1: vnet 'web': has no tag, and zone 'theirs' is of type evpn; give it "
            "one in PVE; until then it is left out"
        ),
        followed=(("vnets.cfg", "zone theirs\n", "zone theirs\n\ttag 100\n"),),
    ),
    Row(
        "a VLAN of PVE's is none",
        bridged(vnets="vnet: office\n\tzone br\n\ttag 4095\n\n"),
        said=(
            "warning: vnets.cfg:1: vnet 'office': tag 4095 is not a valid VLAN; write 1-4094; PVE "
            "accepts this, the kernel does not"
        ),
        followed=(("vnets.cfg", "4095", "4094"),),
    ),
    Row(
        "a line of blanks before an empty line",
        with_(SIMPLE, "zones.cfg", "lan\n\n", "lan\n \n\n"),
        said="warning: zones.cfg:2: a line of blanks does not end a section: PVE ignores this line; make the line empty",
        followed=(("zones.cfg", "lan\n \n", "lan\n\n"),),
    ),
    Row(
        "a TAB inside a value",
        with_(
            FABRIC, "fabrics.cfg", "3\n\tinterfaces name=eno2", "3\n\tinterfaces name=eno2,network_type=point\tto-point"
        ),
        said=(
            "error: fabrics.cfg:14: fabric 'lab_node3': interfaces 'point\\tto-point' contains a line "
            "break or a control character; use printable text"
        ),
        followed=(("fabrics.cfg", "point\tto-point", "point-to-point"),),
        left=(
            (
                "note: PVE's SDN: newer than what pvesdn renders: fabric 'lab' with network_type (fabrics.cfg:1); left to "
                "PVE: zones tun, all that PVE writes on node1, node2, node3"
            ),
        ),
    ),
    Row(
        "a header that PVE ignores, with properties below it that the section before has as well",
        {
            "zones.cfg": "simple: lan\n\tmtu 1500\nsimple: far\n\tmtu 1400\n\n",
            "vnets.cfg": "vnet: office\n\tzone lan\n\nvnet: bureau\n\tzone far\n\n",
        },
        said=("warning: zones.cfg:3: header inside section 'lan': PVE ignores this line; put an empty line before it"),
        followed=(("zones.cfg", "simple: far", "\nsimple: far"),),
    ),
    Row(
        "a property that a zone of PVE's must have has no value",
        with_(PVE_EVPN, "zones.cfg", "controller evpnctl", "controller"),
        said="error: zones.cfg:2: zone 'theirs': controller has no value; give it one",
        followed=(("zones.cfg", "controller\n", "controller evpnctl\n"),),
    ),
)
