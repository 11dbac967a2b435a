"""Hints about what stands in PVE's files: values, lines and sections that are not as PVE writes them."""

from __future__ import annotations

from tests.fakes import FakeCluster
from tests.hints.pves import FABRIC, SIMPLE, with_
from tests.hints.table import Row, add_link
from tests.unit.design.network import PVE_EVPN, SYMMETRIC

ISIS = "isis: isisnode1\n\tisis-domain core\n\tisis-ifaces eno2\n\tisis-net 49.0001.1921.6800.1002.00\n\tnode node1\n\n"
SUBNET = {**SIMPLE, "subnets.cfg": "subnet: lan-10.3.0.0-24\n\tvnet office\n\tgateway 10.3.0.1\n\n"}
OSPF = {
    **FABRIC,
    "fabrics.cfg": FABRIC["fabrics.cfg"].replace("openfabric", "ospf").replace("lab\n", "lab\n\tarea 0\n", 1),
}
BRIDGED = {"zones.cfg": "vlan: br\n\tbridge vmbr0\n\n", "vnets.cfg": "vnet: office\n\tzone br\n\ttag 7\n\n"}


def vlan_aware(made: FakeCluster) -> None:
    for node in ("node1", "node2", "node3"):
        row = {"info_kind": "bridge", "info_data": {"vlan_filtering": 1}}
        add_link(made, node, "vmbr0", linkinfo=row)


ROWS = (
    Row(
        "an address of a fabric is of the other family",
        with_(FABRIC, "fabrics.cfg", "ip 10.5.0.3", "ip fd00::3"),
        said="error: fabrics.cfg:13: fabric 'lab_node3': ip 'fd00::3' is not IPv4; write it as IPv4",
        followed=(("fabrics.cfg", "ip fd00::3", "ip 10.5.0.3"),),
    ),
    Row(
        "an area of OSPF is none",
        with_(OSPF, "fabrics.cfg", "area 0", "area backbone"),
        said=(
            "error: fabrics.cfg:2: fabric 'lab': area 'backbone' is not an OSPF area; write a number "
            "or a dotted quad such as 0.0.0.0"
        ),
        followed=(("fabrics.cfg", "area backbone", "area 0.0.0.0"),),
    ),
    Row(
        "a field of an interface is unknown",
        with_(FABRIC, "fabrics.cfg", "3\n\tinterfaces name=eno2", "3\n\tinterfaces name=eno2,mtu=9000"),
        said=(
            "error: fabrics.cfg:14: fabric 'lab_node3': interfaces 'name=eno2,mtu=9000': 'mtu=9000' "
            "is not a field of an interface; write it like name=ens19,ip=172.16.3.10/31; known "
            "fields: hello_multiplier, ip, ip6, name, network_type"
        ),
        followed=(("fabrics.cfg", ",mtu=9000", ""),),
    ),
    Row(
        "an interface of a fabric has no name",
        with_(FABRIC, "fabrics.cfg", "3\n\tinterfaces name=eno2", "3\n\tinterfaces ip=172.16.3.10/31"),
        said=(
            "error: fabrics.cfg:14: fabric 'lab_node3': interfaces 'ip=172.16.3.10/31' has no name; "
            "write it like name=ens19"
        ),
        followed=(("fabrics.cfg", "interfaces ip=", "interfaces name=eno2,ip="),),
    ),
    Row(
        "an interface of a fabric has a name that is none",
        with_(FABRIC, "fabrics.cfg", "3\n\tinterfaces name=eno2", "3\n\tinterfaces name=-eno2"),
        said=(
            "error: fabrics.cfg:14: fabric 'lab_node3': interfaces '-eno2' is not an interface name; "
            "write 1 to 15 letters, digits and . _ - @, starting with a letter or digit"
        ),
        followed=(("fabrics.cfg", "name=-eno2", "name=eno2"),),
    ),
    Row(
        "a section of a fabric names no node",
        {**FABRIC, "fabrics.cfg": FABRIC["fabrics.cfg"].replace("lab_node3", "lab_")},
        said=("error: fabrics.cfg:12: fabric 'lab_': id does not name a node; write FABRIC_NODE such as lab_node1"),
        followed=(("fabrics.cfg", "openfabric_node: lab_\n", "openfabric_node: lab_node3\n"),),
    ),
    Row(
        "an interface of OSPF has a hello multiplier",
        with_(OSPF, "fabrics.cfg", "3\n\tinterfaces name=eno2", "3\n\tinterfaces name=eno2,hello_multiplier=5"),
        said=(
            "error: fabrics.cfg:15: fabric 'lab_node3': an interface has ip6 or hello_multiplier, "
            "which OSPF does not have; remove it"
        ),
        followed=(("fabrics.cfg", ",hello_multiplier=5", ""),),
    ),
    Row(
        "a fabric's id is too long",
        {
            **FABRIC,
            "fabrics.cfg": FABRIC["fabrics.cfg"].replace("lab", "laboratory"),
            "zones.cfg": FABRIC["zones.cfg"].replace("lab", "laboratory"),
        },
        said=(
            (
                "error: zones.cfg:2: zone 'tun': fabric 'laboratory' is not a fabric id; write 1 to 8 "
                "letters, digits and -, not starting or ending with -"
            ),
            (
                "error: fabrics.cfg:1: fabric 'laboratory': id 'laboratory' is not a fabric id; write 1 "
                "to 8 letters, digits and -, not starting or ending with -"
            ),
        ),
        followed=(("fabrics.cfg", "laboratory", "lab"), ("zones.cfg", "laboratory", "lab")),
    ),
    Row(
        "a controller's net is none",
        {
            **PVE_EVPN,
            "controllers.cfg": PVE_EVPN["controllers.cfg"] + ISIS.replace("49.0001.1921.6800.1002.00", "49.1"),
        },
        said=(
            "error: controllers.cfg:8: controller 'isisnode1': isis-net '49.1' is not a NET; write it "
            "like 49.0001.1921.6800.1002.00"
        ),
        followed=(("controllers.cfg", "49.1\n", "49.0001.1921.6800.1002.00\n"),),
    ),
    Row(
        "a controller's interface is none",
        {**PVE_EVPN, "controllers.cfg": PVE_EVPN["controllers.cfg"] + ISIS.replace("eno2", "2eno")},
        said=(
            "error: controllers.cfg:7: controller 'isisnode1': isis-ifaces '2eno' is not an interface "
            "name; write a letter, then 1 to 20 letters, digits or _, then .NUMBER for a VLAN"
        ),
        followed=(("controllers.cfg", "2eno", "eno2"),),
    ),
    Row(
        "a type of zone is unknown",
        with_(SIMPLE, "zones.cfg", "simple: lan", "geneve: lan"),
        said=(
            "error: zones.cfg:1: zone 'lan': unknown type 'geneve'; known types: evpn, faucet, qinq, "
            "simple, vlan, vxlan"
        ),
        followed=(("zones.cfg", "geneve: lan", "simple: lan"),),
    ),
    Row(
        "a line of blanks between two sections",
        {**SIMPLE, "zones.cfg": "simple: lan\n  \nsimple: two\n\n"},
        said=(
            "warning: zones.cfg:2: a line of blanks does not end a section, so 'simple: two' below it "
            "begins none: PVE ignores this line; make the line empty"
        ),
        followed=(("zones.cfg", "\n  \n", "\n\n"),),
    ),
    Row(
        "no empty line between two sections",
        {**SIMPLE, "zones.cfg": "simple: lan\nsimple: two\n\n"},
        said=("warning: zones.cfg:2: header inside section 'lan': PVE ignores this line; put an empty line before it"),
        followed=(("zones.cfg", "lan\nsimple", "lan\n\nsimple"),),
    ),
    Row(
        "a line outside of any section",
        {**SIMPLE, "zones.cfg": "simple: lan\n\n\tmtu 1500\n\n"},
        said=(
            "warning: zones.cfg:3: property outside any section: PVE ignores this line; put it under "
            "a header without an empty line between"
        ),
        followed=(("zones.cfg", "lan\n\n\tmtu", "lan\n\tmtu"),),
    ),
    Row(
        "a subnet's mask is out of range",
        with_(SUBNET, "subnets.cfg", "lan-10.3.0.0-24", "lan-10.3.0.0-0"),
        said=("error: subnets.cfg:1: subnet 'lan-10.3.0.0-0': id: mask 0 is out of range; write a number from 8 to 32"),
        followed=(("subnets.cfg", "lan-10.3.0.0-0", "lan-10.3.0.0-24"),),
    ),
    Row(
        "a range of addresses is none",
        with_(SUBNET, "subnets.cfg", "gateway 10.3.0.1\n", "gateway 10.3.0.1\n\tdhcp-range 10.3.0.10-10.3.0.20\n"),
        said=(
            "warning: subnets.cfg:4: subnet 'lan-10.3.0.0-24': dhcp-range '10.3.0.10-10.3.0.20' is "
            "not a range of addresses; write start-address=ADDRESS,end-address=ADDRESS"
        ),
        followed=(("subnets.cfg", "10.3.0.10-10.3.0.20", "start-address=10.3.0.10,end-address=10.3.0.20"),),
    ),
    Row(
        "a range of addresses is outside of the subnet",
        with_(
            SUBNET,
            "subnets.cfg",
            "gateway 10.3.0.1\n",
            "gateway 10.3.0.1\n\tdhcp-range start-address=10.4.0.10,end-address=10.4.0.20\n",
        ),
        said=(
            "warning: subnets.cfg:4: subnet 'lan-10.3.0.0-24': dhcp-range 10.4.0.10-10.4.0.20 is not "
            "inside the subnet 10.3.0.0/24; choose addresses of the subnet"
        ),
        followed=(("subnets.cfg", "10.4.0", "10.3.0"),),
    ),
    Row(
        "a control character",
        with_(SIMPLE, "vnets.cfg", "zone lan\n", "zone lan\n\talias a\x07b\n"),
        said=("error: vnets.cfg:3: character U+0007 is not allowed; use printable text and plain line endings"),
        followed=(("vnets.cfg", "\x07", ""),),
    ),
    Row(
        "two zones of one bridge speak two protocols",
        {
            "zones.cfg": "vlan: br\n\tbridge vmbr0\n\nqinq: metro\n\tbridge vmbr0\n\ttag 20\n\tvlan-protocol 802.1ad\n\n",
            "vnets.cfg": BRIDGED["vnets.cfg"] + "vnet: inner\n\tzone metro\n\ttag 8\n\n",
        },
        said=(
            (
                "warning: zones.cfg:4: zone 'metro': has 802.1ad and zones.cfg:1: zone 'br' has 802.1q: "
                "bridge vmbr0 has one protocol for all VLANs on node1, node2, node3; give both the same "
                "vlan-protocol, or a bridge each"
            ),
            *(
                f"error: node{number}: vmbr0 would change, and carries the node's address in the cluster (API and "
                f"SSH), 192.168.0.{number}: whoever loses it loses the node; check it with --diff, then use "
                f"--allow-management node{number}"
                for number in (1, 2, 3)
            ),
        ),
        given=vlan_aware,
        followed=(("zones.cfg", "802.1ad", "802.1q"),),
    ),
    Row(
        "a property without effect",
        {"pvesdn.cfg": SYMMETRIC.replace("irb symmetric\n\tvrf-vxlan 4000", "irb asymmetric\n\tadvertise-subnets 1")},
        said=(
            "warning: pvesdn.cfg:10: zone 'sym': advertise-subnets has no effect with irb asymmetric; "
            "remove it or write irb symmetric with a vrf-vxlan"
        ),
        followed=(("pvesdn.cfg", "\tadvertise-subnets 1\n", ""),),
    ),
    Row(
        "a property that has an effect in a symmetric zone",
        {"pvesdn.cfg": SYMMETRIC.replace("irb symmetric\n\tvrf-vxlan 4000", "irb asymmetric\n\tadvertise-subnets 1")},
        said=(
            "warning: pvesdn.cfg:10: zone 'sym': advertise-subnets has no effect with irb asymmetric; "
            "remove it or write irb symmetric with a vrf-vxlan"
        ),
        followed=(("pvesdn.cfg", "irb asymmetric", "irb symmetric\n\tvrf-vxlan 4000"),),
    ),
    Row(
        "a symmetric zone in the host's own routing table",
        {"pvesdn.cfg": SYMMETRIC.replace("irb symmetric", "irb symmetric\n\tvrf main")},
        said=(
            "error: pvesdn.cfg:10: zone 'sym': vrf main cannot be used with irb symmetric; remove it "
            "or write irb asymmetric without vrf-vxlan"
        ),
        followed=(("pvesdn.cfg", "irb symmetric\n\tvrf main\n\tvrf-vxlan 4000", "irb asymmetric\n\tvrf main"),),
        left=(
            (
                "warning: pvesdn.cfg:10: zone 'sym': vrf main routes in the host's own table: guests "
                "reach VTEP addresses and all other zones there; leave vrf out to give the zone a VRF of "
                "its own"
            ),
        ),
    ),
    Row(
        "a VNet on some nodes of an asymmetric zone",
        {
            "pvesdn.cfg": SYMMETRIC.replace("irb symmetric\n\tvrf-vxlan 4000", "irb asymmetric").replace(
                "tag 2", "tag 2\n\tnodes node1"
            )
        },
        said=(
            "error: pvesdn.cfg:14: vnet 'vmbr2': nodes cannot be used in zone 'sym': asymmetric "
            "routing needs every VNet on every node of the zone; remove nodes, or write irb symmetric "
            "with a vrf-vxlan in the zone"
        ),
        followed=(("pvesdn.cfg", "irb asymmetric", "irb symmetric\n\tvrf-vxlan 4000"),),
    ),
    Row(
        "a gateway's MAC in a zone that bridges",
        {
            "pvesdn.cfg": SYMMETRIC.replace(
                "irb symmetric\n\tvrf-vxlan 4000", "irb none\n\tmac 02:00:5e:00:00:01"
            ).replace("\tgateway 10.0.2.254\n", "")
        },
        said=("warning: pvesdn.cfg:10: zone 'sym': mac has no effect with irb none; remove it or choose another irb"),
        followed=(("pvesdn.cfg", "\tmac 02:00:5e:00:00:01\n", ""),),
    ),
)
