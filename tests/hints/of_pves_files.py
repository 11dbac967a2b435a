"""Hints about PVE's own definitions: what is written there is PVE's to keep, so the hints say what to do in PVE."""

from __future__ import annotations

from tests.fakes import FakeCluster
from tests.hints.table import INTERFACES, Row
from tests.unit.design.network import PVE_EVPN, SYMMETRIC

SIMPLE = {"zones.cfg": "simple: lan\n\n", "vnets.cfg": "vnet: office\n\tzone lan\n\n"}
TUNNELS = {
    "zones.cfg": "vxlan: tun\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
    "vnets.cfg": "vnet: office\n\tzone tun\n\ttag 7\n\n",
}
FABRIC = {
    "fabrics.cfg": "openfabric_fabric: lab\n\tip_prefix 10.5.0.0/24\n\n"
    + "".join(f"openfabric_node: lab_node{n}\n\tip 10.5.0.{n}\n\tinterfaces name=eno2\n\n" for n in (1, 2, 3)),
    "zones.cfg": "vxlan: tun\n\tfabric lab\n\tmtu 1450\n\n",
    "vnets.cfg": TUNNELS["vnets.cfg"],
}
BGP = "bgp: bgpnode1\n\tasn 65000\n\tnode node1\n\tpeers 192.0.2.1\n\n"


def with_(files: dict[str, str], name: str, old: str, new: str) -> dict[str, str]:
    assert old in files[name], old
    return {**files, name: files[name].replace(old, new)}


def bridged(kind: str = "vlan", zone: str = "", vnets: str = "vnet: office\n\tzone br\n\ttag 7\n\n") -> dict[str, str]:
    return {"zones.cfg": f"{kind}: br\n\tbridge vmbr0\n{zone}\n", "vnets.cfg": vnets}


def sysctl(made: FakeCluster, **values: str) -> None:
    for node in made.nodes.nodes.values():
        node.commands["sysctl"].update({name.replace("__", "."): value for name, value in values.items()})


def forwarding(made: FakeCluster) -> None:
    for node in made.nodes.nodes.values():
        node.commands["sysctl"]["net.ipv4.ip_forward"] = "1"


EXITING = with_(PVE_EVPN, "zones.cfg", "vrf-vxlan 1000", "vrf-vxlan 1000\n\texitnodes node1")
SNAT = {**SIMPLE, "subnets.cfg": "subnet: lan-10.3.0.0-24\n\tvnet office\n\tgateway 10.3.0.1\n\tsnat 1\n\n"}

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
        "the primary exit is no exit",
        with_(EXITING, "zones.cfg", "exitnodes node1", "exitnodes node1\n\texitnodes-primary node2"),
        said=(
            "warning: zones.cfg:5: zone 'theirs': exitnodes-primary 'node2' is not one of the "
            "exitnodes; add it to exitnodes"
        ),
        followed=(("zones.cfg", "exitnodes node1", "exitnodes node1,node2"),),
    ),
    Row(
        "an exit node of PVE's is not in the zone",
        with_(EXITING, "zones.cfg", "exitnodes node1", "exitnodes node1\n\tnodes node2,node3"),
        said=(
            "warning: zones.cfg:4: zone 'theirs': exitnodes lists node1, outside the zone's nodes; add them to nodes"
        ),
        followed=(("zones.cfg", "node2,node3", "node1,node2,node3"),),
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
        "a VNet of ours is in a zone of PVE's",
        {**SIMPLE, "pvesdn.cfg": "vnet: lab\n\tzone lan\n\ttag 9\n"},
        said=("error: pvesdn.cfg:2: vnet 'lab': zone 'lan' is PVE's; define the vnet in PVE instead of here"),
        followed=(
            ("pvesdn.cfg", "vnet: lab\n\tzone lan\n\ttag 9\n", ""),
            ("vnets.cfg", "", "vnet: lab\n\tzone lan\n\n"),
        ),
    ),
    Row(
        "a VNet of PVE's is in a zone of ours",
        {"vnets.cfg": "vnet: lab\n\tzone sym\n\ttag 9\n\n", "pvesdn.cfg": SYMMETRIC},
        said=(
            "error: vnets.cfg:2: vnet 'lab': zone 'sym' is of pvesdn.cfg; define the vnet in pvesdn.cfg instead of here"
        ),
        followed=(
            ("vnets.cfg", "vnet: lab\n\tzone sym\n\ttag 9\n\n", ""),
            ("pvesdn.cfg", "", "vnet: lab\n\tzone sym\n\ttag 9\n"),
        ),
    ),
    Row(
        "an id is PVE's already",
        {**SIMPLE, "pvesdn.cfg": "vxlan: lan\n\nvnet: lab\n\tzone lan\n\ttag 9\n"},
        said=("error: pvesdn.cfg:1: zone 'lan': id is already used by a zone in zones.cfg; choose another id"),
        followed=(("pvesdn.cfg", "vxlan: lan", "vxlan: ours"), ("pvesdn.cfg", "zone lan", "zone ours")),
    ),
    Row(
        "a BGP controller of PVE's has a neighbour of ours beside others",
        {
            "pvesdn.cfg": SYMMETRIC,
            "controllers.cfg": BGP.replace("65000", "1234").replace("192.0.2.1", "192.168.0.2,192.0.2.1"),
        },
        said=(
            "error: pvesdn.cfg:4: controller 'main': peers with 192.168.0.2 on node1, as controller "
            "'bgpnode1' (controllers.cfg:1) of PVE does; FRR has one session per address; remove "
            "192.168.0.2 from the peers of controller 'bgpnode1' in PVE, or give the nodes VTEPs of "
            "their own in the section underlay"
        ),
        followed=(("controllers.cfg", "192.168.0.2,192.0.2.1", "192.0.2.1"),),
    ),
    Row(
        "a BGP controller of PVE's has neighbours of ours alone",
        {"pvesdn.cfg": SYMMETRIC, "controllers.cfg": BGP.replace("65000", "1234").replace("192.0.2.1", "192.168.0.2")},
        said=(
            "error: pvesdn.cfg:4: controller 'main': peers with 192.168.0.2 on node1, as controller "
            "'bgpnode1' (controllers.cfg:1) of PVE does; FRR has one session per address; remove "
            "controller 'bgpnode1' in PVE, or give the nodes VTEPs of their own in the section "
            "underlay"
        ),
        followed=(("controllers.cfg", BGP.replace("65000", "1234").replace("192.0.2.1", "192.168.0.2"), ""),),
    ),
    Row(
        "a controller of PVE's is of a node that has left",
        {**PVE_EVPN, "controllers.cfg": PVE_EVPN["controllers.cfg"] + BGP.replace("node1", "gone")},
        said=(
            "warning: controllers.cfg:7: controller 'bgpgone': node names 'gone', which is not a "
            "member of the cluster; members are node1, node2, node3; remove the controller in PVE"
        ),
        followed=(("controllers.cfg", BGP.replace("node1", "gone"), ""),),
    ),
    Row(
        "a zone of PVE's names a node that has left",
        with_(SIMPLE, "zones.cfg", "lan\n", "lan\n\tnodes node1,gone\n"),
        said=(
            "warning: zones.cfg:2: zone 'lan': nodes names 'gone', which is not a member of the "
            "cluster; members are node1, node2, node3; remove it in PVE"
        ),
        followed=(("zones.cfg", "node1,gone", "node1"),),
    ),
    Row(
        "a zone of PVE's is of a node that has left alone",
        with_(SIMPLE, "zones.cfg", "lan\n", "lan\n\tnodes gone\n"),
        said=(
            "warning: zones.cfg:2: zone 'lan': nodes names 'gone', which is not a member of the "
            "cluster; members are node1, node2, node3; name one of them instead in PVE, or remove the "
            "zone: without nodes it would be on all of them"
        ),
        followed=(("zones.cfg", "nodes gone", "nodes node1"),),
    ),
    Row(
        "a zone of PVE's lists no address of a node",
        with_(TUNNELS, "zones.cfg", ",192.168.0.3", ""),
        said=(
            "warning: zones.cfg:1: zone 'tun': peers lists no address of node3, so no other node "
            "floods frames there; add 192.168.0.3 to the peers in PVE, or leave node3 out of the "
            "zone's nodes"
        ),
        followed=(("zones.cfg", "192.168.0.2", "192.168.0.2,192.168.0.3"),),
    ),
    Row(
        "a zone of PVE's lists no address of a node, which is left out",
        with_(TUNNELS, "zones.cfg", ",192.168.0.3", ""),
        said=(
            "warning: zones.cfg:1: zone 'tun': peers lists no address of node3, so no other node "
            "floods frames there; add 192.168.0.3 to the peers in PVE, or leave node3 out of the "
            "zone's nodes"
        ),
        followed=(("zones.cfg", "tun\n", "tun\n\tnodes node1,node2\n"),),
    ),
    Row(
        "a controller of PVE's lists no address of a node",
        with_(PVE_EVPN, "controllers.cfg", ",192.168.0.3", ""),
        said=(
            "warning: controllers.cfg:1: controller 'evpnctl': peers lists no address of node3, so no "
            "other node has a session with it; add 192.168.0.3 to the peers in PVE, or leave node3 "
            "out of the zone's nodes"
        ),
        followed=(("controllers.cfg", "192.168.0.2", "192.168.0.2,192.168.0.3"),),
    ),
    Row(
        "a zone of ours has a node that PVE's controller does not list",
        {
            "controllers.cfg": PVE_EVPN["controllers.cfg"].replace(",192.168.0.3", ""),
            "pvesdn.cfg": SYMMETRIC.replace("evpn-controller: main\n\tasn 1234\n\n", "").replace(
                "controller main", "controller evpnctl"
            ),
        },
        said=(
            "warning: pvesdn.cfg:5: zone 'sym': PVE's controller 'evpnctl' has no peer for the VTEP "
            "of node3; add it to the controller's peers in PVE"
        ),
        followed=(("controllers.cfg", "192.168.0.2", "192.168.0.2,192.168.0.3"),),
    ),
    Row(
        "a zone of ours has a controller that is not for EVPN",
        {
            "controllers.cfg": PVE_EVPN["controllers.cfg"] + BGP,
            "pvesdn.cfg": SYMMETRIC.replace("evpn-controller: main\n\tasn 1234\n\n", "").replace(
                "controller main", "controller bgpnode1"
            ),
        },
        said=("error: pvesdn.cfg:5: zone 'sym': controller 'bgpnode1' is of type bgp; name a controller for EVPN"),
        followed=(("pvesdn.cfg", "controller bgpnode1", "controller evpnctl"),),
    ),
    Row(
        "an MTU of PVE's does not fit, and is lowered",
        with_(TUNNELS, "zones.cfg", "tun\n", "tun\n\tmtu 1550\n"),
        said=(
            "warning: zones.cfg:1: zone 'tun': mtu 1550 and 50 bytes of VXLAN make 1600, but vmbr0 of "
            "node1, node2, node3 has 1550; set mtu 1500 on the zone in PVE, or raise the MTU of vmbr0 "
            "to 1600"
        ),
        followed=(("zones.cfg", "mtu 1550", "mtu 1500"),),
    ),
    Row(
        "source NAT of PVE's without forwarding",
        SNAT,
        said=(
            "warning: zones.cfg:1: zone 'lan': snat 1 on 10.3.0.0/24, but answers come in by vmbr0 of "
            "node1, node2, node3 and are not forwarded there: net.ipv4.ip_forward is 0; set "
            "net.ipv4.ip_forward = 1 in a file of /etc/sysctl.d there and load it with 'sysctl "
            "--system', or add 'ip-forward on' to the stanza of the device"
        ),
        deed=forwarding,
    ),
    Row(
        "source NAT of PVE's without forwarding, and the device forwards",
        SNAT,
        said=(
            "warning: zones.cfg:1: zone 'lan': snat 1 on 10.3.0.0/24, but answers come in by vmbr0 of "
            "node1, node2, node3 and are not forwarded there: net.ipv4.ip_forward is 0; set "
            "net.ipv4.ip_forward = 1 in a file of /etc/sysctl.d there and load it with 'sysctl "
            "--system', or add 'ip-forward on' to the stanza of the device"
        ),
        followed=tuple(
            (f"node{n}:{INTERFACES}", "iface vmbr0 inet static\n", "iface vmbr0 inet static\n\tip-forward on\n")
            for n in (1, 2, 3)
        ),
    ),
    Row(
        "a zone of PVE's without the exit of another's nodes",
        {
            **PVE_EVPN,
            "zones.cfg": "evpn: theirs\n\tcontroller evpnctl\n\tvrf-vxlan 1000\n\texitnodes node1\n\tnodes node1,node2\n\n"
            "evpn: more\n\tcontroller evpnctl\n\tvrf-vxlan 1001\n\texitnodes node3\n\tnodes node1,node3\n\n",
        },
        said=(
            "warning: zones.cfg:7: zone 'more': guests on node1 have no default route: as an exit of "
            "'theirs' (zones.cfg:1) the node refuses the default routes of all zones; add node1 to "
            "the zone's exitnodes in PVE"
        ),
        followed=(("zones.cfg", "exitnodes node3", "exitnodes node1,node3"),),
    ),
)
