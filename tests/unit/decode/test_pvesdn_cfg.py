from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface

import pytest

from pvesdn.decode.definitions.sdn_files import DecodedSdn, decode_sdn
from pvesdn.errors import SdnConfigError
from pvesdn.model.findings import Severity
from pvesdn.model.own_sdn import EvpnController, EvpnZone, Irb, Vrrp, VxlanZone
from tests.unit.decode.samples import OWN

UNDERLAY = "underlay: cluster\n"
CONTROLLER = "evpn-controller: main\n\tasn 1234\n"
VXLAN = "vxlan: tun\n"
EVPN = "evpn: sym\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4000\n"
VNET = "vnet: vmbr2\n\tzone tun\n\ttag 2\n"
SUBNET = "subnet: tun-10.0.2.0-24\n\tvnet vmbr2\n"
EXIT = "exit: out\n\tzone sym\n\tnode node1\n\tinterface eno2\n"
EXIT_4 = EXIT + "\taddress 172.16.0.1/24\n\tgateways 172.16.0.254\n"


def decode(text: str) -> DecodedSdn:
    return decode_sdn({"pvesdn.cfg": text}, intent="pending")


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(SdnConfigError) as caught:
        decode(text)
    return caught.value.lines


def test_the_grammar_of_the_documentation_is_read_whole() -> None:
    config = decode(OWN).config
    assert config.own.underlay is not None
    assert config.own.underlay.network == IPv4Network("192.168.0.0/24")
    assert [(zone.id, zone.kind) for zone in config.own.zones] == [
        ("asym", "evpn"),
        ("l2", "evpn"),
        ("mcast", "vxlan"),
        ("sym", "evpn"),
        ("ucast", "vxlan"),
    ]
    sym = config.own.zones[3]
    assert isinstance(sym, EvpnZone)
    assert (sym.irb, sym.l3vni, sym.mac, sym.flood) == (Irb.SYMMETRIC, 4000, "44:39:39:FF:40:94", True)
    assert str(sym.where) == "pvesdn.cfg:21: zone 'sym'"
    assert config.own.controllers[0].asn == 1234
    assert (config.own.vnets[0].id, config.own.vnets[0].zone, config.own.vnets[0].tag) == ("vmbr2", "sym", 2)
    assert (config.own.subnets[0].cidr, config.own.subnets[0].gateway) == ("10.0.2.0/24", IPv4Address("10.0.2.254"))
    (way_out,) = config.own.exits
    assert (way_out.node, way_out.interface, way_out.address) == ("node1", "eno2", IPv4Interface("172.16.0.1/24"))
    assert way_out.gateways == (IPv4Address("172.16.0.254"), IPv4Address("172.16.0.253"))
    assert way_out.vrrp == Vrrp(id=1, priority=200, addresses=(IPv4Address("172.16.0.10"),))
    assert (config.pve.version, decode(OWN).findings) == (None, ())


def test_every_property_of_a_vxlan_zone_reaches_the_zone() -> None:
    text = "vxlan: tun\n\tnodes node1;node2\n\tmtu 1450\n\tpeers 10.0.0.1 10.0.0.2\n\tvxlan-port 6000\n"
    (zone,) = decode(text).config.own.zones
    assert isinstance(zone, VxlanZone)
    assert (zone.nodes, zone.mtu, zone.vxlan_port) == (frozenset({"node1", "node2"}), 1450, 6000)
    assert zone.peers == (IPv4Address("10.0.0.1"), IPv4Address("10.0.0.2"))
    (zone,) = decode("vxlan: tun\n\tmulticast-group ff05::1\n\tmulticast-interface vmbr0\n").config.own.zones
    assert isinstance(zone, VxlanZone)
    assert (zone.multicast_group, zone.multicast_interface) == (IPv6Address("ff05::1"), "vmbr0")


def test_every_property_of_an_evpn_zone_reaches_the_zone() -> None:
    text = EVPN + (
        "\tnodes node1\n\tmtu 1450\n\tflood off\n\tdisable-arp-nd-suppression yes\n\tadvertise-subnets FALSE\n"
        "\trt-import 65000:1,65001:4294967295\n\tvxlan-port 6000\n"
    )
    (zone,) = decode(text).config.own.zones
    assert isinstance(zone, EvpnZone)
    assert (zone.flood, zone.no_arp_nd_suppression, zone.advertise_subnets) == (False, True, False)
    assert (zone.rt_import, zone.mtu, zone.vxlan_port) == (("65000:1", "65001:4294967295"), 1450, 6000)
    (zone,) = decode("evpn: asym\n\tcontroller main\n\tirb asymmetric\n\tvrf main\n").config.own.zones
    assert isinstance(zone, EvpnZone)
    assert zone.vrf == "main"


def test_route_reflectors_are_addresses_or_members() -> None:
    (controller,) = decode(CONTROLLER + "\troute-reflectors 10.0.0.9,node1,fd00::9\n").config.own.controllers
    assert isinstance(controller, EvpnController)
    assert controller.route_reflectors == (IPv4Address("10.0.0.9"), "node1", IPv6Address("fd00::9"))
    (controller,) = decode(CONTROLLER + "\tpeers 10.0.0.9\n").config.own.controllers
    assert isinstance(controller, EvpnController)
    assert (controller.peers, controller.route_reflectors) == ((IPv4Address("10.0.0.9"),), None)


def test_vteps_are_named_node_by_node() -> None:
    underlay = decode(UNDERLAY + "\tvteps node2=fd00::2,node1=10.0.0.1\n").config.own.underlay
    assert underlay is not None
    assert underlay.vteps == (("node1", IPv4Address("10.0.0.1")), ("node2", IPv6Address("fd00::2")))


def test_a_vnet_has_an_alias_and_nodes() -> None:
    text = VXLAN + VNET + "\talias the (second) net\n\tvlanaware 1\n\tnodes node1\n"
    (vnet,) = decode(text).config.own.vnets
    assert (vnet.alias, vnet.vlanaware, vnet.nodes) == ("the (second) net", True, frozenset({"node1"}))


def test_an_exit_may_speak_ipv6_to_a_link_local_router() -> None:
    text = (
        EXIT
        + "\taddress6 fd00::1/64\n\tgateways fe80::1\n\tvrrp-id 2\n\tvrrp-priority 1\n\tvrrp-address fe80::5,fd00::5\n"
    )
    (way_out,) = decode(text).config.own.exits
    assert (way_out.address, way_out.address6) == (None, IPv6Interface("fd00::1/64"))
    assert way_out.vrrp is not None
    assert way_out.vrrp.addresses == (IPv6Address("fe80::5"), IPv6Address("fd00::5"))


@pytest.mark.parametrize("address", ["172.16.0.0/31", "172.16.0.1/31"])
def test_a_point_to_point_link_has_two_hosts_and_no_broadcast(address: str) -> None:
    other = "172.16.0.1" if address.startswith("172.16.0.0") else "172.16.0.0"
    assert decode(EXIT + f"\taddress {address}\n\tgateways {other}\n").config.own.exits


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "evpn: l2\n\tcontroller main\n\tirb none\n\tmac 02:00:00:00:00:01\n",
            "pvesdn.cfg:4: zone 'l2': mac has no effect with irb none; remove it or choose another irb",
        ),
        (
            "evpn: l2\n\tcontroller main\n\tirb none\n\tadvertise-subnets 1\n",
            "pvesdn.cfg:4: zone 'l2': advertise-subnets has no effect with irb none; remove it or write irb symmetric with a vrf-vxlan",
        ),
        (
            "evpn: as\n\tcontroller main\n\tirb asymmetric\n\trt-import 1:1\n",
            "pvesdn.cfg:4: zone 'as': rt-import has no effect with irb asymmetric; remove it or write irb symmetric with a vrf-vxlan",
        ),
    ],
)
def test_a_property_without_effect_gets_a_warning(text: str, warning: str) -> None:
    (finding,) = decode(text).findings
    assert (finding.severity, str(finding)) == (Severity.WARNING, warning)


def test_all_faults_of_the_file_are_named_at_once_in_its_order() -> None:
    text = VXLAN + "\tmtu 1\n\tmtus 1\n" + VNET.replace("tag 2", "tag 0") + "what: ever\n"
    assert [line.split(":")[1] for line in faults(text)] == ["2", "3", "6", "7"]


NUMBERS = [
    (VXLAN + "\tmtu 100\n", "pvesdn.cfg:2: zone 'tun': mtu 100 is out of range; write a number from 552 to 9216"),
    (VXLAN + "\tmtu 9217\n", "pvesdn.cfg:2: zone 'tun': mtu 9217 is out of range; write a number from 552 to 9216"),
    (VXLAN + "\tmtu 1_500\n", "pvesdn.cfg:2: zone 'tun': mtu '1_500' is not a whole number; write a number from 552 to 9216"),
    (VXLAN + "\tmtu\n", "pvesdn.cfg:2: zone 'tun': mtu has no value; give it one or remove the line"),
    (
        VXLAN + f"\tmtu {'9' * 5000}\n",
        f"pvesdn.cfg:2: zone 'tun': mtu '{'9' * 60}...' is not a whole number; write a number from 552 to 9216",
    ),
    (VXLAN + "\tvxlan-port 0\n", "pvesdn.cfg:2: zone 'tun': vxlan-port 0 is out of range; write a number from 1 to 65535"),
    (
        VXLAN + VNET.replace("tag 2", "tag 16777215"),
        "pvesdn.cfg:4: vnet 'vmbr2': tag 16777215 is out of range; write a number from 1 to 16777214",
    ),
    (
        VXLAN + VNET.replace("tag 2", "tag 0"),
        "pvesdn.cfg:4: vnet 'vmbr2': tag 0 is out of range; write a number from 1 to 16777214",
    ),
    (
        EVPN.replace("4000", "16777215"),
        "pvesdn.cfg:4: zone 'sym': vrf-vxlan 16777215 is out of range; write a number from 1 to 16777214",
    ),
    (
        CONTROLLER.replace("1234", "0"),
        "pvesdn.cfg:2: controller 'main': asn 0 is out of range; write a number from 1 to 4294967295",
    ),
    (EXIT_4 + "\tvrrp-id 256\n\tvrrp-priority 1\n\tvrrp-address 172.16.0.10\n",
     "pvesdn.cfg:7: exit 'out': vrrp-id 256 is out of range; write a number from 1 to 255"),
    (EXIT_4 + "\tvrrp-id 1\n\tvrrp-priority 255\n\tvrrp-address 172.16.0.10\n",
     "pvesdn.cfg:8: exit 'out': vrrp-priority 255 is out of range; write a number from 1 to 254"),
]  # fmt: skip

WORDS = [
    ("vxlans: tun\n", "pvesdn.cfg:1: vxlans 'tun': unknown section type; did you mean vxlan?"),
    (
        "qqq: tun\n",
        "pvesdn.cfg:1: qqq 'tun': unknown section type; known types: evpn, evpn-controller, exit, subnet, underlay, vnet, vxlan",
    ),
    (VXLAN + "\tvxlanport 1\n", "pvesdn.cfg:2: zone 'tun': 'vxlanport' is not a property of type vxlan; did you mean vxlan-port?"),
    (
        SUBNET + "\tqqqqq 1\n",
        "pvesdn.cfg:3: subnet 'tun-10.0.2.0-24': 'qqqqq' is not a property of type subnet; known properties: gateway, vnet",
    ),
    (VXLAN + "\tmtu 1450\n\tmtu 1450\n", "pvesdn.cfg:3: zone 'tun': mtu is given twice; remove one"),
    ("evpn-controller: main\n", "pvesdn.cfg:1: controller 'main': asn is missing; add it"),
    ("evpn: sym\n\tirb none\n", "pvesdn.cfg:1: zone 'sym': controller is missing; add it"),
    ("evpn: sym\n\tcontroller main\n", "pvesdn.cfg:1: zone 'sym': irb is missing; add it: irb none, asymmetric or symmetric"),
    ("vnet: vmbr2\n\ttag 2\n", "pvesdn.cfg:1: vnet 'vmbr2': zone is missing; add it"),
    ("vnet: vmbr2\n\tzone tun\n", "pvesdn.cfg:1: vnet 'vmbr2': tag is missing; add it"),
    ("subnet: tun-10.0.2.0-24\n", "pvesdn.cfg:1: subnet 'tun-10.0.2.0-24': vnet is missing; add it"),
    (EVPN.replace("symmetric", "both"),
     "pvesdn.cfg:3: zone 'sym': irb 'both' is not a known value; write none, asymmetric or symmetric"),
    (EVPN + "\tvrf red\n", "pvesdn.cfg:5: zone 'sym': vrf 'red' is not a known value; write main"),
    (EVPN + "\tflood maybe\n", "pvesdn.cfg:5: zone 'sym': flood 'maybe' is not a boolean; write 1 or 0"),
    (EVPN + "\tmac 01:00:5e:00:00:01\n",
     ("pvesdn.cfg:5: zone 'sym': mac '01:00:5e:00:00:01' is a multicast MAC address; a gateway needs a unicast one; "
     "write six hexadecimal pairs such as 02:00:5e:00:00:01")),
    (EVPN + "\tmac 02:00\n",
     "pvesdn.cfg:5: zone 'sym': mac '02:00' is not a MAC address; write six hexadecimal pairs such as 02:00:5e:00:00:01"),
    (EVPN + "\trt-import 65000\n",
     "pvesdn.cfg:5: zone 'sym': rt-import '65000' is not a route target; write ASN:NUMBER such as 65000:100"),
    (EVPN + "\trt-import 1:4294967296\n",
     "pvesdn.cfg:5: zone 'sym': rt-import '1:4294967296' is not a route target; write ASN:NUMBER such as 65000:100"),
    (EVPN + "\trt-import 65000:70000,4200000000:70000\n",
     ("pvesdn.cfg:5: zone 'sym': rt-import '4200000000:70000' does not fit into a route target: after an AS number of 4 bytes "
     "the number has 2; write a number up to 65535 after AS 4200000000")),
    ("vnet: vmbr2\n\tzone tun\n\ttga 2\n", "pvesdn.cfg:3: vnet 'vmbr2': 'tga' is not a property of type vnet; did you mean tag?"),
    (EXIT_4 + "\tvrrp-id 1\n\tvrrp-priority 2\n\tvrrp-address 172.16.0.254\n",
     ("pvesdn.cfg:9: exit 'out': vrrp-address: 172.16.0.254 is one of gateways: the master would take the router's address; "
     "choose an address that no router has (RFC 9568)")),
    (EVPN + "\trt-import \u0661:1\n",
     "pvesdn.cfg:5: zone 'sym': rt-import '\u0661:1' (with U+0661) is not a route target; write ASN:NUMBER such as 65000:100"),
]  # fmt: skip

IDS = [
    ("vxlan: toolongid\n",
     "pvesdn.cfg:1: zone 'toolongid': id 'toolongid' is not a zone id; write 2 to 8 letters and digits, starting with a letter"),
    ("vxlan: a\n", "pvesdn.cfg:1: zone 'a': id 'a' is not a zone id; write 2 to 8 letters and digits, starting with a letter"),
    ("evpn: 9a\n\tcontroller main\n\tirb none\n",
     "pvesdn.cfg:1: zone '9a': id '9a' is not a zone id; write 2 to 8 letters and digits, starting with a letter"),
    ("vnet: toolongid\n\tzone tun\n\ttag 2\n",
     "pvesdn.cfg:1: vnet 'toolongid': id 'toolongid' is not a VNet id; write 2 to 8 letters and digits, starting with a letter"),
    ("vnet: all\n\tzone tun\n\ttag 2\n",
     "pvesdn.cfg:1: vnet 'all': id 'all' cannot be the name of a bridge: the kernel reserves it; choose another id"),
    ("vnet: default\n\tzone tun\n\ttag 2\n",
     "pvesdn.cfg:1: vnet 'default': id 'default' cannot be the name of a bridge: the kernel reserves it; choose another id"),
    ("vnet: $(sh)\n\tzone tun\n\ttag 2\n",
     "pvesdn.cfg:1: vnet '$(sh)': id '$(sh)' is not a VNet id; write 2 to 8 letters and digits, starting with a letter"),
    (VNET.replace("zone tun", "zone a;b"),
     "pvesdn.cfg:2: vnet 'vmbr2': zone 'a;b' is not a zone id; write 2 to 8 letters and digits, starting with a letter"),
    (EVPN.replace("controller main", "controller -"),
     ("pvesdn.cfg:2: zone 'sym': controller '-' is not a controller id; "
      "write 2 to 64 letters, digits, - and _, starting with a letter and ending with a letter or digit")),
    ("evpn-controller: 1\n\tasn 1\n",
     ("pvesdn.cfg:1: controller '1': id '1' is not a controller id; "
      "write 2 to 64 letters, digits, - and _, starting with a letter and ending with a letter or digit")),
    (EXIT_4.replace("exit: out", f"exit: {'x' * 33}"),
     (f"pvesdn.cfg:1: exit '{'x' * 33}': id '{'x' * 33}' is not an exit id; "
      "write 1 to 32 letters, digits, - and _, starting with a letter and ending with a letter or digit")),
    (EXIT_4.replace("node1", "no_de"),
     "pvesdn.cfg:3: exit 'out': node 'no_de' is not a node name; write a host name: letters, digits and -, not starting or ending with -"),
    (EXIT_4.replace("eno2", "eno2;reboot"),
     ("pvesdn.cfg:4: exit 'out': interface 'eno2;reboot' is not an interface name; "
      "write 1 to 15 letters, digits and _ . + -, not starting with . + or -")),
    (EXIT_4.replace("eno2", "e" * 16),
     (f"pvesdn.cfg:4: exit 'out': interface '{'e' * 16}' is not an interface name; "
      "write 1 to 15 letters, digits and _ . + -, not starting with . + or -")),
    (VXLAN + "\tnodes node1,a b_c\n",
     "pvesdn.cfg:2: zone 'tun': nodes 'b_c' is not a node name; write a host name: letters, digits and -, not starting or ending with -"),
    (VXLAN + "\tnodes ,\n", "pvesdn.cfg:2: zone 'tun': nodes is an empty list; write at least one node or leave the property out"),
    ("underlay: 1\n",
     ("pvesdn.cfg:1: underlay '1': id '1' is not an underlay id; "
      "write 2 to 64 letters, digits, - and _, starting with a letter and ending with a letter or digit")),
]  # fmt: skip

TWICE = [
    (VXLAN + VXLAN, "pvesdn.cfg:2: zone 'tun': id is already used by the zone at pvesdn.cfg:1; remove one of the two: they say the same"),
    (EVPN.replace("sym\n", "tun\n") + VXLAN,
     "pvesdn.cfg:5: zone 'tun': id is already used by the zone at pvesdn.cfg:1; choose another id"),
    (VXLAN + VNET + VNET.replace("tag 2", "tag 3"),
     "pvesdn.cfg:5: vnet 'vmbr2': id is already used by the vnet at pvesdn.cfg:2; choose another id"),
    (VXLAN + VNET + SUBNET + "vxlan: other\n" + VNET.replace("tun", "other"),
     "pvesdn.cfg:8: vnet 'vmbr2': id is already used by the vnet at pvesdn.cfg:2; choose another id"),
    (CONTROLLER + CONTROLLER,
     "pvesdn.cfg:3: controller 'main': id is already used by the controller at pvesdn.cfg:1; remove one of the two: they say the same"),
    (VXLAN + VNET + SUBNET + SUBNET,
     "pvesdn.cfg:7: subnet 'tun-10.0.2.0-24': id is already used by the subnet at pvesdn.cfg:5; remove one of the two: they say the same"),
    (EXIT_4 + EXIT_4, "pvesdn.cfg:7: exit 'out': id is already used by the exit at pvesdn.cfg:1; remove one of the two: they say the same"),
    (UNDERLAY + "underlay: other\n", "pvesdn.cfg:2: underlay 'other': is a second underlay; keep one"),
]  # fmt: skip

ADDRESSES = [
    (UNDERLAY + "\tnetwork 192.168.0.1/24\n",
     "pvesdn.cfg:2: underlay 'cluster': network '192.168.0.1/24' has host bits set; write 192.168.0.0/24"),
    (UNDERLAY + "\tnetwork 192.168.0.0\n",
     "pvesdn.cfg:2: underlay 'cluster': network '192.168.0.0' is not a network; write address/length such as 192.168.0.0/24"),
    (UNDERLAY + "\tnetwork 192.168.0.0/33\n",
     "pvesdn.cfg:2: underlay 'cluster': network '192.168.0.0/33' is not a network; write address/length such as 192.168.0.0/24"),
    (UNDERLAY + "\tvteps node1\n",
     "pvesdn.cfg:2: underlay 'cluster': vteps 'node1' is not of the form node=address; write it like node1=192.168.0.1,node2=192.168.0.2"),
    (UNDERLAY + "\tvteps node1=10.0.0.1,node1=10.0.0.2\n",
     "pvesdn.cfg:2: underlay 'cluster': vteps lists node 'node1' twice; list each node only once"),
    (UNDERLAY + "\tvteps node1=x\n",
     "pvesdn.cfg:2: underlay 'cluster': vteps 'x' is not an IP address; write an IPv4 or IPv6 address"),
    (UNDERLAY + "\tvteps no_de=10.0.0.1\n",
     ("pvesdn.cfg:2: underlay 'cluster': vteps 'no_de' is not a node name; "
      "write a host name: letters, digits and -, not starting or ending with -")),
    (CONTROLLER + "\tpeers 10.0.0.1,10.0.0.1\n",
     "pvesdn.cfg:3: controller 'main': peers lists 10.0.0.1 twice; list each only once"),
    (CONTROLLER + "\tpeers fe80::1%eth0\n",
     "pvesdn.cfg:3: controller 'main': peers 'fe80::1%eth0' is not an IP address; write an IPv4 or IPv6 address"),
    (CONTROLLER + "\tpeers 10.0.0.1\n\troute-reflectors node1\n",
     "pvesdn.cfg:3: controller 'main': peers and route-reflectors exclude each other; keep one of them"),
    (CONTROLLER + "\troute-reflectors 10.0.0.256\n",
     "pvesdn.cfg:3: controller 'main': route-reflectors '10.0.0.256' is not an IP address; write an IPv4 or IPv6 address"),
    (CONTROLLER + "\troute-reflectors no_de\n",
     ("pvesdn.cfg:3: controller 'main': route-reflectors 'no_de' is not a node name; "
      "write a host name: letters, digits and -, not starting or ending with -")),
    (VXLAN + "\tpeers 225.20.1.1\n",
     "pvesdn.cfg:2: zone 'tun': peers 225.20.1.1 is not a unicast address; write the address of a host"),
    (VXLAN + "\tpeers 255.255.255.255\n",
     "pvesdn.cfg:2: zone 'tun': peers 255.255.255.255 is not a unicast address; write the address of a host"),
    (VXLAN + "\tmulticast-group 192.168.0.1\n",
     ("pvesdn.cfg:2: zone 'tun': multicast-group 192.168.0.1 is not a multicast address; "
     "write one of 224.0.0.0/4 or ff00::/8, such as 239.1.1.1")),
    (VXLAN + "\tmulticast-group x\n",
     "pvesdn.cfg:2: zone 'tun': multicast-group 'x' is not an IP address; write an IPv4 or IPv6 address"),
    (VXLAN + "\tpeers 10.0.0.1\n\tmulticast-group 225.20.1.1\n",
     "pvesdn.cfg:3: zone 'tun': multicast-group and peers exclude each other; keep one of them"),
    (VXLAN + "\tmulticast-interface vmbr0\n",
     "pvesdn.cfg:2: zone 'tun': multicast-interface needs multicast-group; add one or remove it"),
]  # fmt: skip

IRB = [
    ("evpn: sym\n\tcontroller main\n\tirb symmetric\n",
     "pvesdn.cfg:3: zone 'sym': irb symmetric needs vrf-vxlan; add vrf-vxlan with an L3VNI of its own"),
    (EVPN.replace("irb symmetric", "irb none"),
     "pvesdn.cfg:4: zone 'sym': vrf-vxlan cannot be used with irb none; remove it or write irb symmetric"),
    (EVPN.replace("irb symmetric", "irb asymmetric"),
     "pvesdn.cfg:4: zone 'sym': vrf-vxlan cannot be used with irb asymmetric; remove it or write irb symmetric"),
    (EVPN + "\tvrf main\n",
     "pvesdn.cfg:5: zone 'sym': vrf main cannot be used with irb symmetric; remove it or write irb asymmetric without vrf-vxlan"),
]  # fmt: skip

SUBNETS = [
    ("subnet: 10.0.2.0-24\n\tvnet vmbr2\n",
     "pvesdn.cfg:1: subnet '10.0.2.0-24': id does not have three parts; write ZONE-NETWORK-MASK such as prod-10.0.2.0-24"),
    ("subnet: tun-10.0.2-24\n\tvnet vmbr2\n",
     "pvesdn.cfg:1: subnet 'tun-10.0.2-24': id: '10.0.2/24' is not a network; write ZONE-NETWORK-MASK such as prod-10.0.2.0-24"),
    ("subnet: t_n-10.0.2.0-24\n\tvnet vmbr2\n",
     "pvesdn.cfg:1: subnet 't_n-10.0.2.0-24': id: 't_n' is not a zone id; write ZONE-NETWORK-MASK such as prod-10.0.2.0-24"),
    ("subnet: tun-10.0.2.1-24\n\tvnet vmbr2\n",
     "pvesdn.cfg:1: subnet 'tun-10.0.2.1-24': id has host bits set: the subnet is 10.0.2.0/24; name it tun-10.0.2.0-24"),
    ("subnet: tun-0.0.0.0-0\n\tvnet vmbr2\n",
     "pvesdn.cfg:1: subnet 'tun-0.0.0.0-0': id: mask 0 is out of range; write a number from 8 to 32"),
    ("subnet: tun-10.0.2.0-024\n\tvnet vmbr2\n",
     "pvesdn.cfg:1: subnet 'tun-10.0.2.0-024': id: mask 024 is out of range; write a number from 8 to 32"),
    (SUBNET + "\tgateway 10.0.3.1\n",
     "pvesdn.cfg:3: subnet 'tun-10.0.2.0-24': gateway 10.0.3.1 is outside 10.0.2.0/24; choose the address of a host in it"),
    (SUBNET + "\tgateway fd00::1\n",
     "pvesdn.cfg:3: subnet 'tun-10.0.2.0-24': gateway fd00::1 is outside 10.0.2.0/24; choose the address of a host in it"),
    (SUBNET + "\tgateway 10.0.2.0\n",
     ("pvesdn.cfg:3: subnet 'tun-10.0.2.0-24': gateway 10.0.2.0 is the network address of 10.0.2.0/24; "
     "choose the address of a host in it")),
    (SUBNET + "\tgateway 10.0.2.255\n",
     ("pvesdn.cfg:3: subnet 'tun-10.0.2.0-24': gateway 10.0.2.255 is the broadcast address of 10.0.2.0/24; "
     "choose the address of a host in it")),
    (SUBNET.replace("10.0.2.0-24", "fd00::-64") + "\tgateway fd00::\n",
     "pvesdn.cfg:3: subnet 'tun-fd00::-64': gateway fd00:: is the network address of fd00::/64; choose the address of a host in it"),
    (EVPN + VXLAN + VNET + SUBNET.replace("tun-", "sym-"),
     "pvesdn.cfg:9: subnet 'sym-10.0.2.0-24': id begins with 'sym', but vnet 'vmbr2' is in zone 'tun'; name it tun-10.0.2.0-24"),
]  # fmt: skip

EXITS = [
    (EXIT + "\tgateways fe80::1\n\taddress6 172.16.0.1/24\n",
     ("pvesdn.cfg:6: exit 'out': address6 '172.16.0.1/24' is not an IPv6 address; "
     "write an IPv6 address with its prefix length such as fd00::1/64")),
    (EXIT_4.replace("172.16.0.1/24", "fd00::1/64"),
     ("pvesdn.cfg:5: exit 'out': address 'fd00::1/64' is not an IPv4 address; "
     "write an IPv4 address with its prefix length such as 172.16.0.1/24")),
    (EXIT_4.replace("172.16.0.1/24", "172.16.0.1"),
     ("pvesdn.cfg:5: exit 'out': address '172.16.0.1' is not an address with a prefix length; "
     "write an IPv4 address with its prefix length such as 172.16.0.1/24")),
    (EXIT_4.replace("172.16.0.1/24", "172.16.0.0/24"),
     "pvesdn.cfg:5: exit 'out': address 172.16.0.0 is the network address of 172.16.0.0/24; write the address of a host in it"),
    (EXIT_4.replace("172.16.0.1/24", "225.0.0.1/24"),
     "pvesdn.cfg:5: exit 'out': address 225.0.0.1 is not a unicast address; write the address of a host"),
    (EXIT + "\tgateways 172.16.0.254\n\taddress6 fd00::1/64\n",
     "pvesdn.cfg:5: exit 'out': gateways: 172.16.0.254 needs address; add address with an address in the gateway's subnet"),
    (EXIT + "\tgateways fd00::2\n\taddress 172.16.0.1/24\n",
     "pvesdn.cfg:5: exit 'out': gateways: fd00::2 needs address6; add address6 with an address in the gateway's subnet"),
    (EXIT + "\taddress 172.16.0.1/24\n",
     "pvesdn.cfg:1: exit 'out': gateways is missing; name the next hops of the default route"),
    (EXIT_4.replace("gateways 172.16.0.254", "gateways 172.16.1.254"),
     "pvesdn.cfg:6: exit 'out': gateways: 172.16.1.254 is outside 172.16.0.0/24; name a router in the subnet of address"),
    (EXIT_4.replace("gateways 172.16.0.254", "gateways 172.16.0.1"),
     "pvesdn.cfg:6: exit 'out': gateways: 172.16.0.1 is the exit's own address; name the router"),
    (EXIT_4.replace("gateways 172.16.0.254", "gateways 172.16.0.255"),
     ("pvesdn.cfg:6: exit 'out': gateways: 172.16.0.255 is the broadcast address of 172.16.0.0/24; "
     "name a router in the subnet of address")),
    (EXIT_4.replace("gateways 172.16.0.254", "gateways 169.254.0.1"),
     "pvesdn.cfg:6: exit 'out': gateways: 169.254.0.1 is outside 172.16.0.0/24; name a router in the subnet of address"),
    (EXIT_4 + "\tvrrp-id 1\n",
     "pvesdn.cfg:7: exit 'out': vrrp-id needs vrrp-priority and vrrp-address; give all three or none"),
    (EXIT_4 + "\tvrrp-address 172.16.0.10\n\tvrrp-id 1\n",
     "pvesdn.cfg:8: exit 'out': vrrp-id needs vrrp-priority; give all three or none"),
    (EXIT_4 + "\tvrrp-id 1\n\tvrrp-priority 100\n\tvrrp-address fd00::10\n",
     "pvesdn.cfg:9: exit 'out': vrrp-address: fd00::10 needs address6; add address6"),
    (EXIT_4 + "\tvrrp-id 1\n\tvrrp-priority 100\n\tvrrp-address 172.16.0.1\n",
     "pvesdn.cfg:9: exit 'out': vrrp-address: 172.16.0.1 is the exit's own address; choose an address that no router has (RFC 9568)"),
    (EXIT_4 + "\tvrrp-id 1\n\tvrrp-priority 100\n\tvrrp-address 172.16.1.10\n",
     "pvesdn.cfg:9: exit 'out': vrrp-address: 172.16.1.10 is outside 172.16.0.0/24; choose a free address in the subnet of address"),
]  # fmt: skip

TEXTS = [
    (VXLAN + VNET + "\talias 50%\n",
     ("pvesdn.cfg:5: vnet 'vmbr2': alias '50%' cannot be an alias; "
     "write at most 256 letters, digits, spaces and ( ) * + , - . / : ; < = > ? @ [ ] ^ _")),
    (VXLAN + VNET + "\talias net\\\n", "pvesdn.cfg:5: vnet 'vmbr2': alias 'net\\' contains a backslash; leave it out"),
    (VXLAN + VNET + "\talias a\tb\n",
     "pvesdn.cfg:5: vnet 'vmbr2': alias 'a\\tb' contains a line break or a control character; use printable text"),
    (VXLAN + VNET + "\talias a\x07b\n", "pvesdn.cfg:5: character U+0007 is not allowed; use printable text and plain line endings"),
    (VXLAN + VNET + "\talias a\rb\n", "pvesdn.cfg:5: character U+000D is not allowed; use printable text and plain line endings"),
    (VXLAN + VNET + "\talias a\n\tbridge-ports none\n",
     "pvesdn.cfg:6: vnet 'vmbr2': 'bridge-ports' is not a property of type vnet; known properties: alias, nodes, tag, vlanaware, zone"),
    ("zone tun\n",
     ("pvesdn.cfg:1: neither 'type: id' nor an indented property; "
      "write a header like 'vnet: web', and begin each property below it with a TAB")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"), [*NUMBERS, *WORDS, *IDS, *TWICE, *ADDRESSES, *IRB, *SUBNETS, *EXITS, *TEXTS]
)
def test_bad_input_is_named_with_file_line_section_property_and_cure(text: str, message: str) -> None:
    assert faults(text) == (message,)


def test_an_exit_without_an_address_says_so_once_and_its_gateways_are_not_blamed() -> None:
    assert faults("exit: out\n\tgateways 172.16.0.254\n\tzone sym\n\tnode node1\n\tinterface eno2\n") == (
        "pvesdn.cfg:1: exit 'out': has neither address nor address6; add the uplink's address with its prefix length",
    )


def test_faults_come_in_the_order_of_lines_whatever_found_them() -> None:
    text = VXLAN + VXLAN + "vxlan: other\n\tmtu 1\n"
    assert [line.split(":")[1] for line in faults(text)] == ["2", "4"]


def test_a_bad_value_draws_no_faults_after_it() -> None:
    text = EXIT_4.replace("172.16.0.1/24", "x") + "\tvrrp-id 1\n\tvrrp-priority 9\n\tvrrp-address 172.16.0.10\n"
    (line,) = faults(text)
    assert line.startswith("pvesdn.cfg:5: exit 'out': address 'x' is not an address")


CRLF = "has CRLF line endings, as on Windows; run dos2unix /etc/pve/sdn/"


def test_a_file_of_windows_is_one_fault_however_many_lines_it_has() -> None:
    assert faults(OWN.replace("\n", "\r\n")) == (f"pvesdn.cfg:1: {CRLF}pvesdn.cfg",)
    assert faults("\ufeff" + OWN.replace("\n", "\r\n")) == (f"pvesdn.cfg:1: {CRLF}pvesdn.cfg",)


def test_a_part_that_was_pasted_from_windows_is_named_where_it_begins() -> None:
    assert faults(VXLAN + "\n" + VNET.replace("\n", "\r\n")) == (f"pvesdn.cfg:3: {CRLF}pvesdn.cfg",)


def test_what_else_is_wrong_with_a_file_of_windows_is_said_at_once() -> None:
    found = faults((VXLAN + "\n" + VNET + "\talias a\rb\n").replace("\n", "\r\n"))
    assert found == (
        f"pvesdn.cfg:1: {CRLF}pvesdn.cfg",
        "pvesdn.cfg:6: character U+000D is not allowed; use printable text and plain line endings",
    )


def test_files_of_pve_from_windows_are_one_fault_each() -> None:
    files = {"zones.cfg": "vxlan: z1\r\n\tpeers 10.0.0.1\r\n\r\n", "vnets.cfg": "vnet: v1\r\n\tzone z1\r\n\ttag 7\r\n"}
    with pytest.raises(SdnConfigError) as caught:
        decode_sdn(files, intent="pending")
    assert sorted(caught.value.lines) == [f"vnets.cfg:1: {CRLF}vnets.cfg", f"zones.cfg:1: {CRLF}zones.cfg"]


@pytest.mark.parametrize("line", ["tag 2", "\ttag 2\0"])
def test_a_property_that_could_not_be_read_is_not_also_missing(line: str) -> None:
    found = faults(VXLAN + f"vnet: vmbr2\n\tzone tun\n{line}\n")

    assert [fault.split(":")[1] for fault in found] == ["4"]


def test_a_subnet_is_not_renamed_after_a_zone_that_does_not_exist() -> None:
    text = EVPN + VNET.replace("tun", "smy") + SUBNET.replace("tun-", "sym-")

    assert decode(text).config.own.vnets[0].zone == "smy"
