"""Hints about zones that carry one of PVE's: what is drawn in the panel, what carries it, and the file of VNIs."""

from __future__ import annotations

from functools import partial

from tests.fakes import FakeCluster
from tests.hints.deeds import pve_applies, to_pve
from tests.hints.pves import with_
from tests.hints.table import Row, planned

LAN = {
    "zones.cfg": "simple: lan\n\tmtu 1450\n\n",
    "vnets.cfg": "vnet: db\n\tzone lan\n\nvnet: web\n\tzone lan\n\n",
    "pvesdn.cfg": "vxlan: prod\n\tcarries lan\n\tvni-range 10000-10999\n\n",
}
TWO = {
    **LAN,
    "zones.cfg": LAN["zones.cfg"] + "simple: wan\n\tmtu 1450\n\n",
    "vnets.cfg": LAN["vnets.cfg"] + "vnet: dmz\n\tzone wan\n\n",
    "pvesdn.cfg": LAN["pvesdn.cfg"] + "vxlan: edge\n\tcarries wan\n\tvni-range 20000-20999\n\n",
}
ROUTED = {
    **LAN,
    "pvesdn.cfg": "evpn-controller: main\n\tasn 65000\n\nevpn: prod\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4000\n"
    "\tcarries lan\n\tvni-range 10000-10999\n\n",
    "subnets.cfg": "subnet: lan-10.0.2.0-24\n\tvnet web\n\tgateway 10.0.2.1\n\n",
}
ASYMMETRIC = with_(ROUTED, "pvesdn.cfg", "symmetric\n\tvrf-vxlan 4000", "asymmetric")
EXIT = "exit: out\n\tzone prod\n\tnode node1\n\tinterface eno2\n\taddress 172.16.0.1/24\n\tgateways 172.16.0.254\n\n"
GATEWAY = {**LAN, "subnets.cfg": ROUTED["subnets.cfg"]}
WITH_MAC = with_(GATEWAY, "pvesdn.cfg", "10999\n", "10999\n\tmac 44:39:39:ff:40:94\n")
BRIDGED = with_(
    with_(ASYMMETRIC, "pvesdn.cfg", "irb asymmetric", "irb none"),
    "pvesdn.cfg",
    "10999\n",
    "10999\n\tmac 44:39:39:ff:40:94\n",
)
GATEWAY6 = "subnet: lan-fd00:2::-64\n\tvnet web\n\tgateway fd00:2::1\n\n"
VNIS = {**LAN, "pvesdn-vnis.cfg": "vni: 10000\n\tvnet db\n\tzone prod\n\nvni: 10001\n\tvnet web\n\tzone prod\n\n"}
OF_DB = {**LAN, "pvesdn-vnis.cfg": "vni: 77\n\tvnet db\n\tzone prod\n\n"}
PIN = "vnet: web\n\tzone prod\n\ttag 77\n\n"
PINNED = {**LAN, "pvesdn.cfg": LAN["pvesdn.cfg"] + PIN}


def _pinned(line: str) -> dict[str, str]:
    return {**LAN, "pvesdn.cfg": LAN["pvesdn.cfg"] + PIN.replace("77\n", f"77\n\t{line}\n")}


def _without_dnsmasq(made: FakeCluster) -> None:
    made.nodes["node2"].commands["versions"]["dnsmasq"] = ""


def _with_dnsmasq(made: FakeCluster) -> None:
    made.nodes["node2"].commands["versions"]["dnsmasq"] = "2.91-1"


def _comes_back(made: FakeCluster) -> None:
    made.nodes["node3"].off = ""


def _is_off(made: FakeCluster) -> None:
    pve_applies(made)
    _goes_off(made)


def _goes_off(made: FakeCluster) -> None:
    made.nodes["node3"].off = "connection timed out"


_MAC_ROUTES_IN_MAIN = (
    "warning: pvesdn.cfg:4: zone 'prod': mac puts gateways into the host's own table: guests reach VTEP "
    "addresses and all other zones there; use a zone of type evpn with irb asymmetric or symmetric to give the zone a "
    "VRF of its own"
)
_MAC_ROUTES_TO_ITS_OWN = (
    "warning: pvesdn.cfg:4: zone 'prod': a node routes only to guests of its own: the answers of others to its ARP stay "
    "on their node; use a zone of type evpn with irb asymmetric and vrf main"
)

ROWS = (
    Row(
        "a zone that carries the panel's VNets is to go there itself",
        LAN,
        said=(
            "error: pvesdn.cfg:1: zone 'prod': stays in pvesdn.cfg: it carries PVE's zone 'lan', whose VNets are in the "
            "panel already; leave it there: pvesdn works beside PVE's zones"
        ),
        given=pve_applies,
        left=(
            (
                "warning: pvesdn.cfg:2: zone 'prod': db, web run without an uplink on node1, node2, node3; run pvesdn "
                "apply; PVE's own Apply does not carry VNets"
            ),
        ),
        asked=partial(to_pve, zone="prod"),
        asked_then=planned,
    ),
    Row(
        "a range that is none",
        with_(LAN, "pvesdn.cfg", "10000-10999", "10000"),
        said=(
            "error: pvesdn.cfg:3: zone 'prod': vni-range '10000' is not a range of VNIs; write FIRST-LAST such as "
            "10000-10999"
        ),
        followed=(("pvesdn.cfg", "range 10000", "range 10000-10999"),),
    ),
    Row(
        "a range that is upside down",
        with_(LAN, "pvesdn.cfg", "10000-10999", "10999-10000"),
        said=(
            "error: pvesdn.cfg:3: zone 'prod': vni-range 10999-10000 is out of range; write FIRST-LAST between 1 "
            "and 16777214, the smaller first"
        ),
        followed=(("pvesdn.cfg", "10999-10000", "10000-10999"),),
    ),
    Row(
        "a zone that carries another without a range",
        with_(LAN, "pvesdn.cfg", "\tvni-range 10000-10999\n", ""),
        said="error: pvesdn.cfg:2: zone 'prod': carries needs vni-range; add vni-range FIRST-LAST",
        followed=(("pvesdn.cfg", "carries lan\n", "carries lan\n\tvni-range 10000-10999\n"),),
    ),
    Row(
        "a range in a zone that carries none",
        with_(LAN, "pvesdn.cfg", "\tcarries lan\n", ""),
        said=("error: pvesdn.cfg:2: zone 'prod': vni-range needs carries; name PVE's zone with carries, or remove it"),
        followed=(("pvesdn.cfg", "\tvni-range", "\tcarries lan\n\tvni-range"),),
    ),
    Row(
        "a MAC in a plain zone that carries none",
        with_(LAN, "pvesdn.cfg", "carries lan\n\tvni-range 10000-10999", "mac 44:39:39:ff:40:94"),
        said=(
            "error: pvesdn.cfg:2: zone 'prod': mac needs carries; remove it: a zone of type vxlan has no gateways "
            "of its own"
        ),
        followed=(("pvesdn.cfg", "\tmac 44:39:39:ff:40:94\n", ""),),
        left=("note: pvesdn.cfg:1: zone 'prod': has no VNet yet",),
    ),
    Row(
        "nodes of a zone whose nodes are PVE's",
        with_(LAN, "pvesdn.cfg", "carries lan\n", "carries lan\n\tnodes node1\n"),
        said=(
            "error: pvesdn.cfg:3: zone 'prod': nodes cannot be used with carries; remove it: PVE's zone says "
            "which nodes have it"
        ),
        followed=(("pvesdn.cfg", "\tnodes node1\n", ""),),
    ),
    Row(
        "an alias beside a pinned VNI",
        _pinned("alias shop"),
        said=(
            "error: pvesdn.cfg:8: vnet 'web': alias cannot be used in zone 'prod', which carries a zone of PVE's; "
            "remove it: PVE's panel says it"
        ),
        followed=(("pvesdn.cfg", "\talias shop\n", ""),),
    ),
    Row(
        "a subnet of ours in a VNet of the panel",
        {**PINNED, "pvesdn.cfg": PINNED["pvesdn.cfg"] + "subnet: prod-10.0.2.0-24\n\tvnet web\n\n"},
        said=(
            "error: pvesdn.cfg:10: subnet 'prod-10.0.2.0-24': vnet 'web' is drawn in PVE's panel, and its subnets "
            "are too; draw the subnet in PVE, and remove this section"
        ),
        followed=(
            ("pvesdn.cfg", "subnet: prod-10.0.2.0-24\n\tvnet web\n\n", ""),
            ("subnets.cfg", "", "subnet: lan-10.0.2.0-24\n\tvnet web\n\n"),
        ),
    ),
    Row(
        "a section of another kind among the VNIs",
        {**VNIS, "pvesdn-vnis.cfg": VNIS["pvesdn-vnis.cfg"] + "vnet: web\n\tzone prod\n\n"},
        said=(
            "error: pvesdn-vnis.cfg:9: VNI 'web': unknown section type; known type: vni; correct it; pvesdn apply "
            "writes this file, and nobody else has to"
        ),
        followed=(("pvesdn-vnis.cfg", "vnet: web\n\tzone prod\n\n", ""),),
    ),
    Row(
        "two VNIs of one VNet",
        {**VNIS, "pvesdn-vnis.cfg": VNIS["pvesdn-vnis.cfg"] + "vni: 10002\n\tvnet web\n\tzone prod\n\n"},
        said=(
            "error: pvesdn-vnis.cfg:10: VNI '10002': vnet 'web' has VNI 10001 in zone 'prod' already "
            "(pvesdn-vnis.cfg:5); remove the one that no node has"
        ),
        followed=(("pvesdn-vnis.cfg", "vni: 10002\n\tvnet web\n\tzone prod\n\n", ""),),
    ),
    Row(
        "a line among the VNIs that says nothing",
        {**VNIS, "pvesdn-vnis.cfg": "10000 is db's\n\n" + VNIS["pvesdn-vnis.cfg"].partition("\n\n")[2]},
        said=(
            "error: pvesdn-vnis.cfg:1: neither 'type: id' nor an indented property; write a header like 'vni: 10000', and "
            "begin each property below it with a TAB"
        ),
        followed=(("pvesdn-vnis.cfg", "10000 is db's\n", "vni: 10000\n\tvnet db\n\tzone prod\n"),),
    ),
    Row(
        "an L3VNI that a VNet of the panel's was given",
        {**ROUTED, "pvesdn-vnis.cfg": "vni: 4000\n\tvnet web\n\tzone prod\n\n"},
        said=(
            "error: pvesdn.cfg:7: zone 'prod': vrf-vxlan 4000 is also the VNI of vnet 'web' (pvesdn-vnis.cfg:1); choose "
            "another VNI"
        ),
        followed=(("pvesdn.cfg", "vrf-vxlan 4000", "vrf-vxlan 4001"),),
    ),
    Row(
        "a tag that a VNet of the panel's was given",
        {**OF_DB, "pvesdn.cfg": LAN["pvesdn.cfg"] + "vxlan: lab\n\nvnet: test\n\tzone lab\n\ttag 77\n\n"},
        said=(
            "error: pvesdn.cfg:9: vnet 'test': tag 77 is also the VNI of vnet 'db' (pvesdn-vnis.cfg:1); choose another VNI"
        ),
        followed=(("pvesdn.cfg", "tag 77", "tag 78"),),
    ),
    Row(
        "a tag of PVE's that a VNet of the panel's was given",
        {
            **OF_DB,
            "zones.cfg": LAN["zones.cfg"] + "vxlan: far\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
            "vnets.cfg": LAN["vnets.cfg"] + "vnet: test\n\tzone far\n\ttag 77\n\n",
        },
        said=(
            "error: pvesdn-vnis.cfg:1: VNI 77 of vnet 'db' is also the tag of vnet 'test' (vnets.cfg:9); pin another one: "
            "'vnet: db' in pvesdn.cfg with zone prod and the tag"
        ),
        followed=(("pvesdn.cfg", "", "vnet: db\n\tzone prod\n\ttag 78\n\n"),),
    ),
    Row(
        "a pin without a VNI",
        with_(PINNED, "pvesdn.cfg", "\ttag 77\n", ""),
        said="error: pvesdn.cfg:5: vnet 'web': tag is missing; add it",
        followed=(("pvesdn.cfg", "web\n\tzone prod\n", "web\n\tzone prod\n\ttag 77\n"),),
    ),
    Row(
        "VNIs that would have to be read from a node that is off",
        LAN,
        said=(
            "error: pvesdn-vnis.cfg: does not exist, so VNIs are read back from the nodes, and node3 did not "
            "answer; bring the node back, or pin the VNIs of db, web with vnet sections in pvesdn.cfg"
        ),
        given=_is_off,
        deed=_comes_back,
        left=(
            (
                "warning: pvesdn.cfg:2: zone 'prod': db, web run without an uplink on node1, node2, node3; run pvesdn "
                "apply; PVE's own Apply does not carry VNets"
            ),
        ),
    ),
    Row(
        "a pin on a VNI that a node which is off may still have",
        {**PINNED, "pvesdn-vnis.cfg": VNIS["pvesdn-vnis.cfg"].replace("web", "old").replace("10001", "77")},
        said=(
            "error: pvesdn.cfg:7: vnet 'web': tag 77 was the VNI of vnet 'old', and node3 did not answer, which may have "
            "it; bring the node back, or choose another tag"
        ),
        given=_goes_off,
        deed=_comes_back,
    ),
    Row(
        "a zone of PVE's without an MTU",
        with_(LAN, "zones.cfg", "\tmtu 1450\n", ""),
        said=(
            "error: pvesdn.cfg:2: zone 'prod': zone 'lan' of PVE's says no mtu, and a zone that is carried "
            "must; set its MTU to 1500 in PVE (Datacenter > SDN)"
        ),
        followed=(("zones.cfg", "lan\n", "lan\n\tmtu 1500\n"),),
    ),
    Row(
        "a zone of PVE's with an MTU that nothing takes",
        with_(LAN, "zones.cfg", "1450", "400"),
        said=(
            "error: pvesdn.cfg:2: zone 'prod': zone 'lan' of PVE's has mtu 400; set its MTU in PVE (Datacenter > "
            "SDN): 552-9216"
        ),
        followed=(("zones.cfg", "mtu 400", "mtu 1400"),),
    ),
    Row(
        "two MTUs of one zone",
        with_(LAN, "pvesdn.cfg", "10999\n", "10999\n\tmtu 1400\n"),
        said=(
            "error: pvesdn.cfg:4: zone 'prod': mtu 1400, but zone 'lan' of PVE's, which it carries, has 1450; "
            "write mtu 1450, or set it there in PVE (Datacenter > SDN)"
        ),
        followed=(("pvesdn.cfg", "mtu 1400", "mtu 1450"),),
    ),
    Row(
        "a VNet of the panel's that no bridge can be called like",
        with_(LAN, "vnets.cfg", "vnet: db", "vnet: default"),
        said=(
            "error: vnets.cfg:1: vnet 'default': 'default' cannot be the name of a bridge: the kernel reserves it; draw it "
            "under another name in PVE (Datacenter > SDN), and delete this one"
        ),
        followed=(("vnets.cfg", "vnet: default", "vnet: others"),),
    ),
    Row(
        "source NAT in a VRF",
        with_(ROUTED, "subnets.cfg", "10.0.2.1\n", "10.0.2.1\n\tsnat 1\n"),
        said=(
            "error: subnets.cfg:4: subnet 'lan-10.0.2.0-24': snat needs the host's own table, and zone 'prod' has "
            "a VRF; remove snat in PVE (Datacenter > SDN), and give zone 'prod' an exit"
        ),
        followed=(
            ("subnets.cfg", "\tsnat 1\n", ""),
            (
                "pvesdn.cfg",
                "",
                EXIT,
            ),
        ),
    ),
    Row(
        "an exit on a node that PVE's zone does not have",
        {
            **with_(ROUTED, "zones.cfg", "1450\n", "1450\n\tnodes node2,node3\n"),
            "pvesdn.cfg": ROUTED["pvesdn.cfg"] + EXIT,
        },
        said=(
            "error: pvesdn.cfg:13: exit 'out': node 'node1' is not in zone 'prod'; add it to the nodes of zone 'lan' in "
            "PVE (Datacenter > SDN), or choose another node"
        ),
        followed=(("zones.cfg", "nodes node2", "nodes node1,node2"),),
    ),
    Row(
        "source NAT in a VRF that has no exits",
        with_(ASYMMETRIC, "subnets.cfg", "10.0.2.1\n", "10.0.2.1\n\tsnat 1\n"),
        said=(
            "error: subnets.cfg:4: subnet 'lan-10.0.2.0-24': snat needs the host's own table, and zone 'prod' has "
            "a VRF; remove snat in PVE (Datacenter > SDN)"
        ),
        followed=(("subnets.cfg", "\tsnat 1\n", ""),),
    ),
    Row(
        "a single address that PVE routes beside the VRF",
        {**ROUTED, "subnets.cfg": "subnet: lan-10.0.2.0-32\n\tvnet web\n\tgateway 10.0.2.1\n\n"},
        said=(
            "error: subnets.cfg:1: subnet 'lan-10.0.2.0-32': PVE routes 10.0.2.0/32 in the host's own table, and "
            "zone 'prod' has a VRF; draw a larger subnet in PVE (Datacenter > SDN)"
        ),
        followed=(("subnets.cfg", "10.0.2.0-32", "10.0.2.0-24"),),
    ),
    Row(
        "a gateway of the panel that nothing routes",
        GATEWAY,
        said=(
            "error: subnets.cfg:3: subnet 'lan-10.0.2.0-24': gateway 10.0.2.1 has no router: zone 'prod' only "
            "bridges; remove gateway in PVE, use a zone of type evpn with irb asymmetric or symmetric, or give zone "
            "'prod' a mac"
        ),
        followed=(("subnets.cfg", "\tgateway 10.0.2.1\n", ""),),
    ),
    Row(
        "gateways of the panel in the host's own table",
        WITH_MAC,
        said=(_MAC_ROUTES_IN_MAIN, _MAC_ROUTES_TO_ITS_OWN),
        followed=(
            (
                "pvesdn.cfg",
                LAN["pvesdn.cfg"].removesuffix("\n") + "\tmac 44:39:39:ff:40:94\n\n",
                ASYMMETRIC["pvesdn.cfg"],
            ),
        ),
    ),
    Row(
        "gateways of the panel that reach guests of their own node alone",
        WITH_MAC,
        said=(_MAC_ROUTES_IN_MAIN, _MAC_ROUTES_TO_ITS_OWN),
        followed=(
            (
                "pvesdn.cfg",
                LAN["pvesdn.cfg"].removesuffix("\n") + "\tmac 44:39:39:ff:40:94\n\n",
                with_(ASYMMETRIC, "pvesdn.cfg", "asymmetric\n", "asymmetric\n\tvrf main\n")["pvesdn.cfg"],
            ),
        ),
        left=(
            (
                "warning: pvesdn.cfg:7: zone 'prod': vrf main routes in the host's own table: guests reach VTEP addresses "
                "and all other zones there; leave vrf out to give the zone a VRF of its own"
            ),
        ),
    ),
    Row(
        "gateways in the host's own table, by a mac beside EVPN",
        BRIDGED,
        said=(
            "warning: pvesdn.cfg:9: zone 'prod': mac puts gateways into the host's own table: guests reach VTEP "
            "addresses and all other zones there; use irb asymmetric or symmetric to give the zone a VRF of its own"
        ),
        followed=(("pvesdn.cfg", "irb none", "irb asymmetric"),),
    ),
    Row(
        "an IPv6 gateway of the panel that every node has",
        {**WITH_MAC, "subnets.cfg": GATEWAY6},
        said=(
            "error: subnets.cfg:3: subnet 'lan-fd00:2::-64': gateway fd00:2::1: every node has it, and without "
            "suppression each finds it a duplicate (RFC 4862); remove gateway in PVE, or use a zone of type evpn with "
            "irb asymmetric or symmetric"
        ),
        followed=(
            (
                "pvesdn.cfg",
                LAN["pvesdn.cfg"].removesuffix("\n") + "\tmac 44:39:39:ff:40:94\n\n",
                ASYMMETRIC["pvesdn.cfg"],
            ),
        ),
    ),
    Row(
        "an IPv6 gateway of the panel in EVPN without suppression",
        {
            **with_(BRIDGED, "pvesdn.cfg", "irb none\n", "irb none\n\tdisable-arp-nd-suppression 1\n"),
            "subnets.cfg": GATEWAY6,
        },
        said=(
            "error: subnets.cfg:3: subnet 'lan-fd00:2::-64': gateway fd00:2::1: every node has it, and without "
            "suppression each finds it a duplicate (RFC 4862); remove disable-arp-nd-suppression from zone 'prod'"
        ),
        followed=(("pvesdn.cfg", "\tdisable-arp-nd-suppression 1\n", ""),),
        left=(
            (
                "warning: pvesdn.cfg:9: zone 'prod': mac puts gateways into the host's own table: guests reach VTEP "
                "addresses and all other zones there; use irb asymmetric or symmetric to give the zone a VRF of its own"
            ),
        ),
    ),
    Row(
        "a zone of PVE's that is carried twice",
        with_(TWO, "pvesdn.cfg", "carries wan", "carries lan"),
        said=(
            "error: pvesdn.cfg:2: zone 'prod': zone 'lan' of PVE's is carried by 'edge' (pvesdn.cfg:5) already; "
            "draw a zone of its own in PVE"
        ),
        followed=(("pvesdn.cfg", "edge\n\tcarries lan", "edge\n\tcarries wan"),),
    ),
    Row(
        "a zone of ours that should carry itself",
        with_(LAN, "pvesdn.cfg", "carries lan", "carries prod"),
        said=(
            "error: pvesdn.cfg:2: zone 'prod': zone 'prod' is in pvesdn.cfg itself; name a zone of type simple, "
            "drawn in PVE (Datacenter > SDN)"
        ),
        followed=(("pvesdn.cfg", "carries prod", "carries lan"),),
    ),
    Row(
        "a zone of PVE's that is no simple one",
        {**LAN, "zones.cfg": LAN["zones.cfg"].replace("simple: lan", "vlan: lan\n\tbridge vmbr0")},
        said=(
            "error: pvesdn.cfg:2: zone 'prod': zone 'lan' of PVE's is of type vlan; name a zone of type simple, "
            "drawn in PVE (Datacenter > SDN)"
        ),
        followed=(("zones.cfg", "vlan: lan\n\tbridge vmbr0", "simple: lan"),),
    ),
    Row(
        "a zone of PVE's that is gone",
        {**LAN, "zones.cfg": "", "vnets.cfg": ""},
        said=(
            "error: pvesdn.cfg:2: zone 'prod': PVE has no zone 'lan'; draw it in PVE (Datacenter > SDN) as a zone "
            "of type simple, or remove carries to give up its VNets"
        ),
        followed=(("pvesdn.cfg", "\tcarries lan\n\tvni-range 10000-10999\n", ""),),
        left=("note: pvesdn.cfg:1: zone 'prod': has no VNet yet",),
    ),
    Row(
        "two ranges that meet",
        with_(TWO, "pvesdn.cfg", "20000-20999", "10999-20999"),
        said=(
            "error: pvesdn.cfg:3: zone 'prod': vni-range 10000-10999 meets 10999-20999 of zone 'edge' "
            "(pvesdn.cfg:5); choose a range of its own"
        ),
        followed=(("pvesdn.cfg", "10999-20999", "11000-20999"),),
    ),
    Row(
        "a range with an L3VNI in it",
        with_(ROUTED, "pvesdn.cfg", "10000-10999", "3000-5000"),
        said=(
            "error: pvesdn.cfg:9: zone 'prod': vni-range 3000-5000 holds 4000, the vrf-vxlan of zone 'prod' "
            "(pvesdn.cfg:4); choose a range without it"
        ),
        followed=(("pvesdn.cfg", "3000-5000", "5000-6000"),),
    ),
    Row(
        "a VNI that is pinned for nothing",
        with_(PINNED, "vnets.cfg", "vnet: web\n\tzone lan\n\n", ""),
        said=(
            "warning: pvesdn.cfg:5: vnet 'web': zone 'lan' of PVE's has no such VNet, so its VNI is pinned for "
            "nothing; draw it in PVE (Datacenter > SDN), or remove this section"
        ),
        followed=(("pvesdn.cfg", PIN, ""),),
    ),
    Row(
        "a VNI that is pinned of a VNet which has moved to a zone of PVE's own",
        {
            **PINNED,
            "zones.cfg": LAN["zones.cfg"] + "simple: wan\n\tmtu 1450\n\n",
            "vnets.cfg": LAN["vnets.cfg"].replace("web\n\tzone lan", "web\n\tzone wan"),
        },
        said=(
            "warning: pvesdn.cfg:5: vnet 'web': is drawn in zone 'wan' of PVE's, which no zone here carries, so its VNI is "
            "pinned for nothing; move it to zone 'lan' in PVE (Datacenter > SDN), or remove this section"
        ),
        followed=(("pvesdn.cfg", PIN, ""),),
    ),
    Row(
        "a VNI that is pinned in the wrong zone",
        {**TWO, "pvesdn.cfg": TWO["pvesdn.cfg"] + PIN.replace("prod", "edge")},
        said=(
            "error: pvesdn.cfg:10: vnet 'web': is drawn in zone 'lan' of PVE's, and zone 'edge' carries 'wan'; "
            "correct the zone, or choose another id"
        ),
        followed=(("pvesdn.cfg", "web\n\tzone edge", "web\n\tzone prod"),),
    ),
    Row(
        "PVE's DHCP in a VRF without a server for names",
        with_(ROUTED, "zones.cfg", "1450\n", "1450\n\tdhcp dnsmasq\n"),
        said=(
            "error: subnets.cfg:1: subnet 'lan-10.0.2.0-24': no dhcp-dns-server, and a gateway in the VRF of zone 'prod' "
            "knows no names; pvesh set /cluster/sdn/vnets/web/subnets/lan-10.0.2.0-24 --dhcp-dns-server "
            "ADDRESS, one that its guests reach"
        ),
        followed=(("subnets.cfg", "10.0.2.1\n", "10.0.2.1\n\tdhcp-dns-server 10.0.2.53\n"),),
    ),
    Row(
        "PVE's DHCP in a VRF with a gateway as the server for names",
        with_(
            with_(ROUTED, "zones.cfg", "1450\n", "1450\n\tdhcp dnsmasq\n"),
            "subnets.cfg",
            "10.0.2.1\n",
            "10.0.2.1\n\tdhcp-dns-server 10.0.2.1\n",
        ),
        said=(
            "error: subnets.cfg:4: subnet 'lan-10.0.2.0-24': dhcp-dns-server 10.0.2.1 is a gateway in the VRF of zone "
            "'prod', which knows no names; pvesh set /cluster/sdn/vnets/web/subnets/lan-10.0.2.0-24 --dhcp-dns-server "
            "ADDRESS, one that its guests reach"
        ),
        followed=(("subnets.cfg", "dhcp-dns-server 10.0.2.1\n", "dhcp-dns-server 10.0.2.53\n"),),
    ),
    Row(
        "PVE's DHCP in a VRF, of a subnet without a gateway",
        {
            **with_(ROUTED, "zones.cfg", "1450\n", "1450\n\tdhcp dnsmasq\n"),
            "subnets.cfg": "subnet: lan-10.0.2.0-24\n\tvnet web\n\n",
        },
        said=(
            "warning: subnets.cfg:1: subnet 'lan-10.0.2.0-24': no gateway, and PVE's DHCP serves no subnet without one; "
            "draw one in PVE (Datacenter > SDN), or give its guests addresses by hand"
        ),
        followed=(("subnets.cfg", "web\n", "web\n\tgateway 10.0.2.1\n\tdhcp-dns-server 10.0.2.53\n"),),
    ),
    Row(
        "PVE's DHCP in a zone that only bridges",
        {
            **with_(LAN, "zones.cfg", "1450\n", "1450\n\tdhcp dnsmasq\n"),
            "subnets.cfg": "subnet: lan-10.0.2.0-24\n\tvnet web\n\n",
        },
        said=(
            "warning: subnets.cfg:1: subnet 'lan-10.0.2.0-24': no gateway, and PVE's DHCP serves no subnet without one; "
            "use a zone of type evpn with irb asymmetric or symmetric, and draw one in PVE (Datacenter > SDN), or give its "
            "guests addresses by hand"
        ),
        followed=(
            (
                "pvesdn.cfg",
                "vxlan: prod\n",
                "evpn-controller: main\n\tasn 65000\n\nevpn: prod\n\tcontroller main\n\tirb asymmetric\n",
            ),
            ("subnets.cfg", "web\n", "web\n\tgateway 10.0.2.1\n\tdhcp-dns-server 10.0.2.53\n"),
        ),
    ),
    Row(
        "PVE's DHCP in a zone that is carried, on a node that has none",
        with_(LAN, "zones.cfg", "1450\n", "1450\n\tdhcp dnsmasq\n"),
        given=_without_dnsmasq,
        said=(
            "error: node2: dnsmasq is not installed, and the zone 'lan' has DHCP: PVE's reload ends there before it has "
            "loaded any interface; apt install dnsmasq, then systemctl disable --now dnsmasq, since the one of the package "
            "takes the ports"
        ),
        deed=_with_dnsmasq,
    ),
)
