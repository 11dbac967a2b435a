"""Every cross-object check and its words."""

from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest

from pvesdn.design.checks.all_checks import check
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from pvesdn.model.findings import Severity
from tests.unit.design.network import (
    CONTROLLER,
    PVE_EVPN,
    SYMMETRIC,
    UNDERLAY,
    UNICAST,
    evpn_zone,
    facts,
    findings,
    given,
    uplink,
)

L2 = "evpn: l2\n\tcontroller main\n\tirb none\n\n"
V6 = UNDERLAY.replace("192.168.0.0/24", "fd00::/64")


def warnings(network: DesignInput) -> list[str]:
    return findings(network, Severity.WARNING)


def with_link(*links: Link, name: str = "node1", **more: Any) -> NodeFacts:
    node = facts(name, f"192.168.0.{name[-1]}/24")
    replaced = {link.name for link in links}
    kept = (link for link in node.links if link.name not in replaced)
    return replace(node, links=(*kept, *links), **more)


def test_a_sound_network_has_no_remarks() -> None:
    network = given(SYMMETRIC + uplink() + uplink(node="node2"))
    assert check(network, {}) == ()
    assert findings(network) == []


ERRORS = [
    pytest.param(
        UNICAST + CONTROLLER + L2 + "vnet: vmbr3\n\tzone l2\n\ttag 2\n",
        "pvesdn.cfg:19: vnet 'vmbr3': tag 2 is also the tag of vnet 'vmbr2' (pvesdn.cfg:8); choose another VNI",
        id="a VNI of two VNets",
    ),
    pytest.param(
        SYMMETRIC.replace("tag 2", "tag 4000"),
        "pvesdn.cfg:14: vnet 'vmbr2': tag 4000 is also the vrf-vxlan of zone 'sym' (pvesdn.cfg:10); choose another VNI",
        id="a VNI of a VNet and a VRF",
    ),
    pytest.param(
        UNDERLAY + "vnet: vmbr2\n\tzone nowhere\n\ttag 2\n",
        "pvesdn.cfg:5: vnet 'vmbr2': zone 'nowhere' does not exist; define it, or remove this section",
        id="a VNet of a missing zone",
    ),
    pytest.param(
        UNDERLAY + "vxlan: ucast\n\nsubnet: ucast-10.0.2.0-24\n\tvnet nothing\n",
        "pvesdn.cfg:7: subnet 'ucast-10.0.2.0-24': vnet 'nothing' does not exist; define it, or remove this section",
        id="a subnet of a missing VNet",
    ),
    pytest.param(
        UNDERLAY + L2,
        "pvesdn.cfg:5: zone 'l2': controller 'main' does not exist; define it: 'evpn-controller: main' with an asn",
        id="a missing controller",
    ),
    pytest.param(
        CONTROLLER + L2.replace("controller main", "controller mian"),
        (
            "pvesdn.cfg:5: zone 'l2': controller 'mian' does not exist; did you mean 'main'? "
            "Otherwise define it: 'evpn-controller: mian' with an asn"
        ),
        id="a controller whose name is misspelt",
    ),
    pytest.param(
        SYMMETRIC.replace("vnet vmbr2", "vnet Vmbr2"),
        (
            "pvesdn.cfg:17: subnet 'sym-10.0.2.0-24': vnet 'Vmbr2' does not exist; did you mean 'vmbr2'? "
            "Otherwise define it, or remove this section"
        ),
        id="a VNet whose name is spelt with a capital",
    ),
    pytest.param(
        UNICAST + "vnet: db\n\tzone ucast\n\ttag 2\n",
        "pvesdn.cfg:12: vnet 'db': tag 2 is also the tag of vnet 'vmbr2' (pvesdn.cfg:8); choose another VNI",
        id="a VNI that is used first by an id later in the alphabet",
    ),
    pytest.param(
        SYMMETRIC + uplink(interface="lo"),
        (
            "pvesdn.cfg:23: exit 'sym-node1': interface lo of node1 is the loopback device, which cannot be in a VRF; "
            "name the NIC, bond or VLAN device that leads to the router"
        ),
        id="an exit on the loopback device",
    ),
    pytest.param(
        SYMMETRIC.replace("irb symmetric\n", "irb symmetric\n\tmtu 1279\n")
        + "subnet: sym-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n",
        (
            "pvesdn.cfg:23: subnet 'sym-fd00:2::-64': gateway fd00:2::1 needs an MTU of 1280 (RFC 8200), "
            "and zone 'sym' has 1279; raise mtu in the zone to 1280 or more, or leave gateway out"
        ),
        id="an IPv6 gateway on a bridge that is too small for IPv6",
    ),
    pytest.param(
        SYMMETRIC + "subnet: sym-10.0.0.0-16\n\tvnet vmbr2\n\tgateway 10.0.0.1\n",
        (
            "pvesdn.cfg:16: subnet 'sym-10.0.2.0-24': overlaps subnet 'sym-10.0.0.0-16' (10.0.0.0/16) in the VRF of "
            "zone 'sym'; choose another prefix, or another zone"
        ),
        id="subnets that overlap",
    ),
    pytest.param(
        SYMMETRIC + uplink("address 10.0.2.9/25", "gateways 10.0.2.1"),
        (
            "pvesdn.cfg:24: exit 'sym-node1': overlaps subnet 'sym-10.0.2.0-24' (10.0.2.0/24) in the VRF of zone 'sym'; "
            "choose another prefix, or another zone"
        ),
        id="an uplink inside a subnet",
    ),
    pytest.param(
        evpn_zone("asymmetric", "vrf main").replace("10.0.2.", "192.168.0."),
        (
            "pvesdn.cfg:16: subnet 'zone-192.168.0.0-24': overlaps vmbr0 of node1 (192.168.0.0/24) in the host's own "
            "routing table; choose another prefix, or another zone"
        ),
        id="a subnet on top of the underlay",
    ),
    pytest.param(
        UNICAST + "subnet: ucast-10.0.2.0-24\n\tvnet vmbr2\n\tgateway 10.0.2.254\n",
        (
            "pvesdn.cfg:12: subnet 'ucast-10.0.2.0-24': gateway 10.0.2.254 has no router: zone 'ucast' only bridges; "
            "remove gateway, or use a zone of type evpn with irb asymmetric or symmetric"
        ),
        id="a gateway in a plain zone",
    ),
    pytest.param(
        evpn_zone("none"),
        (
            "pvesdn.cfg:17: subnet 'zone-10.0.2.0-24': gateway 10.0.2.254 has no router: zone 'zone' only bridges; "
            "remove gateway, or use a zone of type evpn with irb asymmetric or symmetric"
        ),
        id="a gateway in a bridging zone",
    ),
    pytest.param(
        UNICAST.replace("ucast\n\nvnet", "ucast\n\tnodes node1,pve9\n\nvnet"),
        (
            "pvesdn.cfg:5: zone 'ucast': nodes names 'pve9', which is not a member of the cluster; "
            "members are node1, node2, node3"
        ),
        id="a zone on a stranger",
    ),
    pytest.param(
        UNICAST.rstrip("\n") + "\n\tnodes pve9\n",
        (
            "pvesdn.cfg:9: vnet 'vmbr2': nodes names 'pve9', which is not a member of the cluster; "
            "members are node1, node2, node3"
        ),
        id="a VNet on a stranger",
    ),
    pytest.param(
        SYMMETRIC + uplink(node="pve9"),
        "pvesdn.cfg:22: exit 'sym-pve9': node names 'pve9', which is not a member of the cluster; "
        "members are node1, node2, node3",
        id="an exit on a stranger",
    ),
    pytest.param(
        "underlay: cluster\n\tvteps pve9=192.168.0.9\n",
        (
            "pvesdn.cfg:2: underlay 'cluster': vteps names 'pve9', which is not a member of the cluster; "
            "members are node1, node2, node3"
        ),
        id="a VTEP of a stranger",
    ),
    pytest.param(
        SYMMETRIC.replace("asn 1234", "asn 1234\n\troute-reflectors pve9"),
        (
            "pvesdn.cfg:6: controller 'main': route-reflectors names 'pve9', which is not a member of the cluster; "
            "members are node1, node2, node3"
        ),
        id="a route reflector that is a stranger",
    ),
    pytest.param(
        UNICAST.replace("ucast\n\nvnet", "ucast\n\tnodes node1,node2\n\nvnet").rstrip("\n") + "\n\tnodes node2,node3\n",
        (
            "pvesdn.cfg:10: vnet 'vmbr2': nodes names node3, where zone 'ucast' is not; "
            "add the nodes to the zone, or remove them here"
        ),
        id="a VNet outside its zone",
    ),
    pytest.param(
        evpn_zone("none", vnet="\tvlanaware 1\n", gateway=""),
        (
            "pvesdn.cfg:14: vnet 'vmbr2': vlanaware cannot be used in zone 'zone': EVPN carries one broadcast domain per "
            "VNI; remove vlanaware, or use a zone of type vxlan"
        ),
        id="VLANs inside EVPN",
    ),
    pytest.param(
        evpn_zone("asymmetric", vnet="\tnodes node1\n"),
        (
            "pvesdn.cfg:14: vnet 'vmbr2': nodes cannot be used in zone 'zone': asymmetric routing needs every VNet on every "
            "node of the zone; remove nodes, or write irb symmetric with a vrf-vxlan in the zone"
        ),
        id="an asymmetric zone with a gap",
    ),
    pytest.param(
        evpn_zone("asymmetric") + uplink(zone="zone"),
        (
            "pvesdn.cfg:20: exit 'zone-node1': zone 'zone' has no VRF that reaches other nodes: it is irb asymmetric; "
            "use a zone of type evpn with irb symmetric"
        ),
        id="an exit of an asymmetric zone",
    ),
    pytest.param(
        UNICAST + uplink(zone="ucast"),
        (
            "pvesdn.cfg:11: exit 'ucast-node1': zone 'ucast' has no VRF that reaches other nodes: it is a plain VXLAN zone; "
            "use a zone of type evpn with irb symmetric"
        ),
        id="an exit of a plain zone",
    ),
    pytest.param(
        UNDERLAY + uplink(zone="nowhere"),
        "pvesdn.cfg:5: exit 'nowhere-node1': zone 'nowhere' does not exist; define it, or remove this section",
        id="an exit of a missing zone",
    ),
    pytest.param(
        SYMMETRIC.replace("irb symmetric\n", "irb symmetric\n\tnodes node1\n") + uplink(node="node2"),
        (
            "pvesdn.cfg:23: exit 'sym-node2': node 'node2' is not in zone 'sym'; "
            "add it to the zone's nodes, or choose another node"
        ),
        id="an exit outside its zone",
    ),
    pytest.param(
        SYMMETRIC
        + uplink()
        + uplink("address 172.16.9.1/24", "gateways 172.16.9.2", interface="eno1").replace(
            "exit: sym-node1", "exit: twice"
        ),
        (
            "pvesdn.cfg:27: exit 'twice': is a second exit of zone 'sym' on node1, next to 'sym-node1'; "
            "keep one; it can have several gateways"
        ),
        id="two exits of a zone on a node",
    ),
    pytest.param(
        SYMMETRIC
        + uplink()
        + "evpn: other\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4001\n\n"
        + uplink("address 172.16.9.1/24", "gateways 172.16.9.2", zone="other"),
        (
            "pvesdn.cfg:35: exit 'other-node1': interface eno2 of node1 is already used by exit 'sym-node1'; "
            "an interface can be in only one VRF: use another one, such as a VLAN on it"
        ),
        id="one interface of two exits",
    ),
    pytest.param(
        SYMMETRIC + uplink() + uplink(node="node2").replace("172.16.0.2/24", "172.16.0.1/24"),
        (
            "pvesdn.cfg:31: exit 'sym-node2': address 172.16.0.1 is also used by exit 'sym-node1' on node1; "
            "give each exit an address of its own"
        ),
        id="one address of two exits",
    ),
    pytest.param(
        SYMMETRIC + uplink(interface="vmbr0"),
        (
            "pvesdn.cfg:23: exit 'sym-node1': interface vmbr0 of node1 holds the node's VTEP: in the VRF it would cut the "
            "node off; use an interface of its own for the exit"
        ),
        id="an exit through the underlay",
    ),
    pytest.param(
        SYMMETRIC + uplink(interface="eno1"),
        (
            "pvesdn.cfg:23: exit 'sym-node1': interface eno1 of node1 is part of vmbr0, which holds the node's VTEP: in the "
            "VRF it would cut the node off; use an interface of its own for the exit"
        ),
        id="an exit through a port of the underlay",
    ),
    pytest.param(
        UNICAST.replace("ucast\n\nvnet", "ucast\n\tmtu 1501\n\nvnet"),
        (
            "pvesdn.cfg:5: zone 'ucast': mtu 1501 and 50 bytes of VXLAN make 1551, but vmbr0 of node1, node2, node3 has 1550; "
            "write at most mtu 1500, or raise the underlay's"
        ),
        id="an MTU that does not fit",
    ),
    pytest.param(
        UNICAST.replace("ucast\n\nvnet", "ucast\n\tmulticast-group ff05::1\n\nvnet"),
        (
            "pvesdn.cfg:5: zone 'ucast': multicast-group ff05::1 is not of the VTEPs' address family; "
            "use a group of that family"
        ),
        id="a group of the other family",
    ),
    pytest.param(
        UNICAST.replace("ucast\n\nvnet", "ucast\n\tpeers 192.168.0.1,fd00::2\n\nvnet"),
        (
            "pvesdn.cfg:5: zone 'ucast': peers lists fd00::2, not of the VTEPs' address family; "
            "list peers of that family"
        ),
        id="peers of the other family",
    ),
    pytest.param(
        UNICAST.replace("ucast\n\nvnet", "ucast\n\tmulticast-group 225.20.1.1\n\tmulticast-interface eno9\n\nvnet"),
        "pvesdn.cfg:6: zone 'ucast': multicast-interface eno9 does not exist on node1, node2, node3; name one that every node has",
        id="multicast through a missing interface",
    ),
    pytest.param(
        UNICAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tmulticast-group 225.20.1.1\n\tmulticast-interface lo\n"),
        "pvesdn.cfg:6: zone 'ucast': multicast-interface lo does not lead to other nodes; name the underlay's device",
        id="multicast through the loopback device",
    ),
    pytest.param(
        SYMMETRIC + "evpn-controller: other\n\tasn 65001\n\nevpn: l2\n\tcontroller other\n\tirb none\n\tnodes node2\n",
        (
            "pvesdn.cfg:21: controller 'other': asn 65001 differs from that of controller 'main' (1234), and FRR runs one AS "
            "per node: node2; use one AS number per node"
        ),
        id="a second AS number of ours",
    ),
    pytest.param(
        SYMMETRIC.replace("vmbr2", "vmbr0"),
        (
            "pvesdn.cfg:12: vnet 'vmbr0': device vmbr0 is also defined in /etc/network/interfaces of node1, node2, node3; "
            "rename the vnet: choose another id"
        ),
        id="the host's bridge as a VNet",
    ),
    pytest.param(
        SYMMETRIC.replace("vmbr2", "eno1"),
        "pvesdn.cfg:12: vnet 'eno1': eno1 is a physical device on node1, node2, node3; rename the vnet: choose another id",
        id="a network card as a VNet",
    ),
    pytest.param(
        SYMMETRIC + uplink(interface="vmbr2"),
        (
            "pvesdn.cfg:23: exit 'sym-node1': interface vmbr2 is a device of pvesdn.cfg:12: vnet 'vmbr2'; "
            "use an interface of the host"
        ),
        id="an exit through a VNet",
    ),
]


@pytest.mark.parametrize(("cfg", "message"), ERRORS)
def test_what_cannot_be_is_an_error_that_says_what_to_do(cfg: str, message: str) -> None:
    assert message in findings(given(cfg))


class TestTheCluster:
    def test_must_have_members(self) -> None:
        network = given(UNICAST)
        network = replace(network, cluster=network.cluster.model_copy(update={"members": ()}))
        assert findings(network) == ["cluster: has no members; ask a node of the cluster, or take the snapshot again"]


class TestPvesOwnZones:
    """What PVE accepts is a warning at most."""

    def test_a_vni_of_pves_and_ours_is_our_error(self) -> None:
        network = given(UNICAST.replace("tag 2", "tag 100"), pve=PVE_EVPN)
        assert findings(network) == [
            "pvesdn.cfg:8: vnet 'vmbr2': tag 100 is also the tag of vnet 'web' (vnets.cfg:3); choose another VNI"
        ]

    def test_two_uses_of_a_vni_in_pve_are_a_warning(self) -> None:
        pve = PVE_EVPN | {"vnets.cfg": "vnet: web\n\tzone theirs\n\ttag 1000\n\n"}
        assert findings(given(UNDERLAY, pve=pve)) == []
        assert warnings(given(UNDERLAY, pve=pve)) == [
            (
                "vnets.cfg:3: vnet 'web': tag 1000 is also the vrf-vxlan of zone 'theirs' (zones.cfg:3); "
                "PVE accepts this; one of the two will not work; choose another tag in PVE"
            )
        ]

    def test_tags_of_vlan_zones_are_no_vnis(self) -> None:
        pve = {
            "zones.cfg": "vlan: lan\n\tbridge vmbr0\n\n",
            "vnets.cfg": "vnet: office\n\tzone lan\n\ttag 2\n\n",
        }
        assert findings(given(UNICAST, pve=pve)) == []

    def test_overlaps_in_pves_vrf_are_a_warning(self) -> None:
        subnets = "subnet: theirs-10.0.0.0-16\n\tvnet web\n\nsubnet: theirs-10.0.2.0-24\n\tvnet web\n\n"
        network = given(UNDERLAY, pve=PVE_EVPN | {"subnets.cfg": subnets})
        assert findings(network) == []
        assert warnings(network) == [
            (
                "subnets.cfg:4: subnet 'theirs-10.0.2.0-24': overlaps subnet 'theirs-10.0.0.0-16' (10.0.0.0/16) in the VRF "
                "of zone 'theirs'; PVE accepts this; one of the two will not be reachable; choose another prefix in PVE"
            )
        ]

    def test_our_uplink_in_pves_subnet_is_our_error(self) -> None:
        subnets = "subnet: theirs-172.16.0.0-16\n\tvnet web\n\n"
        assert findings(given(UNDERLAY + uplink(zone="theirs"), pve=PVE_EVPN | {"subnets.cfg": subnets})) == [
            (
                "pvesdn.cfg:8: exit 'theirs-node1': overlaps subnet 'theirs-172.16.0.0-16' (172.16.0.0/16) in the VRF of "
                "zone 'theirs'; choose another prefix, or another zone"
            )
        ]

    def test_our_subnet_in_a_simple_zone_of_pves_is_our_error(self) -> None:
        pve = {
            "zones.cfg": "simple: local\n\n",
            "vnets.cfg": "vnet: nat\n\tzone local\n\n",
            "subnets.cfg": "subnet: local-10.0.0.0-16\n\tvnet nat\n\tgateway 10.0.0.1\n\n",
        }
        network = given(evpn_zone("asymmetric", "vrf main"), pve=pve)
        assert findings(network) == [
            (
                "pvesdn.cfg:16: subnet 'zone-10.0.2.0-24': overlaps subnet 'local-10.0.0.0-16' (10.0.0.0/16) in the host's "
                "own routing table; choose another prefix, or another zone"
            )
        ]

    def test_what_pve_leaves_out_is_told(self) -> None:
        pve = {
            "zones.cfg": "evpn: theirs\n\tcontroller gone\n\tvrf-vxlan 1000\n\n",
            "vnets.cfg": "vnet: web\n\tzone nowhere\n\ttag 100\n\n",
            "subnets.cfg": "subnet: nowhere-10.0.0.0-24\n\tvnet lost\n\n",
        }
        network = given(UNDERLAY, pve=pve)
        assert findings(network) == []
        found = "\n".join(warnings(network))
        assert "vnets.cfg:2: vnet 'web': zone 'nowhere' does not exist; PVE leaves this out; define it in PVE" in found
        assert "subnet 'nowhere-10.0.0.0-24': vnet 'lost' does not exist; PVE leaves this out" in found

    def test_an_exit_needs_a_zone_with_a_vrf(self) -> None:
        pve = {"zones.cfg": "simple: local\n\n"}
        assert findings(given(UNDERLAY + uplink(zone="local"), pve=pve)) == [
            "pvesdn.cfg:5: exit 'local-node1': zone 'local' of PVE has no VRF; use a zone of type evpn"
        ]

    def test_an_exit_needs_a_node_of_pves_zone(self) -> None:
        pve = PVE_EVPN | {"zones.cfg": PVE_EVPN["zones.cfg"].rstrip("\n") + "\n\tnodes node2\n\n"}
        assert findings(given(UNDERLAY + uplink(zone="theirs"), pve=pve)) == [
            (
                "pvesdn.cfg:6: exit 'theirs-node1': node 'node1' is not in zone 'theirs'; "
                "add it to the zone's nodes, or choose another node"
            )
        ]
        assert findings(given(UNDERLAY + uplink(zone="theirs", node="node2"), pve=pve)) == []


class TestBgp:
    BGP = "bgp: bgpnode1\n\tasn 65100\n\tnode node1\n\tpeers 10.0.0.1\n\n"

    def test_an_as_number_other_than_pves_is_an_error(self) -> None:
        assert findings(given(SYMMETRIC, pve=PVE_EVPN)) == [
            (
                "pvesdn.cfg:5: controller 'main': asn 1234 differs from that of controller 'evpnctl' (65000), and FRR runs "
                "one AS per node: node1, node2, node3; use one AS number per node"
            )
        ]
        assert findings(given(SYMMETRIC.replace("asn 1234", "asn 65000"), pve=PVE_EVPN)) == []

    def test_pves_bgp_controller_counts_on_its_node_alone(self) -> None:
        found = findings(given(SYMMETRIC, pve={"controllers.cfg": self.BGP}))
        assert found == [
            (
                "pvesdn.cfg:5: controller 'main': asn 1234 differs from that of controller 'bgpnode1' (65100), and FRR runs "
                "one AS per node: node1; use one AS number per node"
            )
        ]

    def test_a_neighbour_of_pves_bgp_controller_cannot_be_ours_too(self) -> None:
        theirs = "bgp: bgpnode1\n\tasn 1234\n\tnode node1\n\tpeers {}\n\n"
        assert findings(given(SYMMETRIC, pve={"controllers.cfg": theirs.format("192.168.0.2,192.0.2.1")})) == [
            (
                "pvesdn.cfg:4: controller 'main': peers with 192.168.0.2 on node1, as controller 'bgpnode1' (controllers.cfg:1) "
                "of PVE does; FRR has one session per address; remove 192.168.0.2 from the peers of controller 'bgpnode1' in PVE, "
                "or give the nodes VTEPs of their own in the section underlay"
            )
        ]
        assert findings(given(SYMMETRIC, pve={"controllers.cfg": theirs.format("192.0.2.1")})) == []
        reflected = SYMMETRIC.replace("asn 1234", "asn 1234\n\troute-reflectors 192.0.2.9")
        assert findings(given(reflected, pve={"controllers.cfg": theirs.format("192.168.0.2")})) == []

    def test_a_zone_of_pves_controller_cannot_be_where_pve_speaks_as_another(self) -> None:
        pve = PVE_EVPN | {"controllers.cfg": PVE_EVPN["controllers.cfg"] + self.BGP}
        cfg = SYMMETRIC.replace("controller main", "controller evpnctl").replace(CONTROLLER, "")
        assert findings(given(cfg, pve=pve)) == [
            (
                "pvesdn.cfg:5: zone 'sym': the asn 65000 of controller 'evpnctl' differs from that of controller 'bgpnode1' "
                "(65100), and FRR runs one AS per node: node1; use one AS number per node"
            )
        ]

    def test_a_controller_of_another_kind_is_an_error(self) -> None:
        cfg = SYMMETRIC.replace("controller main", "controller bgpnode1").replace(CONTROLLER, "")
        assert findings(given(cfg, pve={"controllers.cfg": self.BGP}))[0] == (
            "pvesdn.cfg:5: zone 'sym': controller 'bgpnode1' is of type bgp; name a controller for EVPN"
        )

    def test_members_that_pve_does_not_peer_with_are_told(self) -> None:
        pve = PVE_EVPN | {"controllers.cfg": "evpn: evpnctl\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2\n\n"}
        cfg = SYMMETRIC.replace("controller main", "controller evpnctl").replace(CONTROLLER, "")
        assert warnings(given(cfg, pve=pve)) == [
            (
                "pvesdn.cfg:5: zone 'sym': PVE's controller 'evpnctl' has no peer for the VTEP of node3; "
                "add 192.168.0.3 to the controller's peers in PVE"
            )
        ]

    @pytest.mark.parametrize(
        ("cfg", "pve", "nodes"),
        [
            pytest.param(SYMMETRIC.replace("asn 1234", "asn 65000"), PVE_EVPN, "node1, node2, node3", id="our EVPN"),
            pytest.param(UNICAST, PVE_EVPN, "node1, node2, node3", id="isolation"),
            pytest.param(UNDERLAY + uplink(zone="theirs"), PVE_EVPN, "node1", id="an exit"),
        ],
    )
    def test_a_merge_that_is_not_known_is_said_to_be_not_checked(
        self, cfg: str, pve: dict[str, str], nodes: str
    ) -> None:
        network = given(cfg, pve=pve)
        assert warnings(network) == []
        old = replace(network, cluster=network.cluster.model_copy(update={"pve_version": "8.4.1"}))
        assert warnings(old) == [
            (
                f"cluster: not checked: how PVE 8.4.1 merges frr.conf.local on {nodes}; "
                "check /etc/frr/frr.conf there after applying"
            )
        ]

    def test_where_nothing_is_merged_nothing_is_said(self) -> None:
        network = given(UNICAST, pve={"controllers.cfg": self.BGP})
        assert warnings(replace(network, cluster=network.cluster.model_copy(update={"pve_version": "8.4.1"}))) == []

    def test_a_controller_without_zones_is_worth_a_note(self) -> None:
        assert findings(given(UNDERLAY + CONTROLLER), Severity.NOTE) == [
            "pvesdn.cfg:4: controller 'main': no zone uses it, so it has no effect"
        ]


class TestTheUnderlay:
    def test_evpn_over_ipv6_is_an_error(self) -> None:
        cfg = SYMMETRIC.replace(UNDERLAY, V6)
        assert findings(given(cfg, prefix="fd00::")) == [
            (
                "pvesdn.cfg:7: zone 'sym': its VTEPs have IPv6 addresses, and FRR before 10.6 has no EVPN over IPv6: "
                "sessions come up, but no traffic passes; name IPv4 addresses in the section underlay, or use a zone of type vxlan"
            )
        ]

    def test_both_families_in_one_zone_are_an_error(self) -> None:
        cfg = UNICAST.replace("network 192.168.0.0/24", "vteps node3=fd00::3")
        network = given(cfg, node3=facts("node3", "192.168.0.3/24", "fd00::3/64"))
        assert findings(network) == [
            (
                "pvesdn.cfg:4: zone 'ucast': its VTEPs are of both families "
                "(node1 192.168.0.1, node2 192.168.0.2, node3 fd00::3); give all nodes of the zone a VTEP of one family"
            )
        ]

    def test_plain_ifupdown2_cannot_do_ipv6(self) -> None:
        node = facts("node2", "fd00::2/64", versions={"ifupdown2": "3.0.0-1.1"})
        assert findings(given(UNICAST.replace(UNDERLAY, V6), prefix="fd00::", node2=node)) == [
            (
                "pvesdn.cfg:4: zone 'ucast': ifupdown2 3.0.0-1.1 on node2 refuses an IPv6 tunnel address; "
                "install Proxmox's build of ifupdown2, or use IPv4 VTEPs"
            )
        ]

    def test_an_unknown_ifupdown2_is_said_to_be_not_checked(self) -> None:
        node = facts("node2", "fd00::2/64", versions={})
        network = given(
            UNICAST.replace(UNDERLAY, V6),
            prefix="fd00::",
            node2=node,
            offline=["node3"],
            seen={"node3": ("fd00::3", 1550)},
        )
        assert findings(network) == []
        assert warnings(network) == [
            (
                "pvesdn.cfg:4: zone 'ucast': not checked: whether ifupdown2 on node2 accepts an IPv6 tunnel address; "
                "only Proxmox's own build does"
            )
        ]

    def test_an_mtu_that_nobody_knows_has_to_be_written(self) -> None:
        network = given(UNICAST, offline=["node3"])
        assert findings(network) == [
            (
                "pvesdn.cfg:4: zone 'ucast': the MTU of node3 is not known: the node was never seen; "
                "set mtu in the zone, or bring the node up once"
            )
        ]
        written = UNICAST.replace("ucast\n\nvnet", "ucast\n\tmtu 1400\n\nvnet")
        assert findings(given(written, offline=["node3"])) == []

    def test_the_mtu_of_a_member_that_is_off_counts(self) -> None:
        cfg = UNICAST.replace("ucast\n\nvnet", "ucast\n\tmtu 1500\n\nvnet")
        assert findings(given(cfg, offline=["node3"], seen={"node3": ("192.168.0.3", 1500)})) == [
            (
                "pvesdn.cfg:5: zone 'ucast': mtu 1500 and 50 bytes of VXLAN make 1550, but the underlay of node3 has 1500; "
                "write at most mtu 1450, or raise the underlay's"
            )
        ]

    def test_an_address_that_moved_while_its_node_was_off_is_found(self) -> None:
        network = given(UNICAST, offline=["node3"], seen={"node3": ("192.168.0.1", 1550)})
        assert findings(network) == [
            (
                "pvesdn.cfg:4: zone 'ucast': node1 and node3 have the same VTEP 192.168.0.1 (as it was last seen; the node "
                "could not be asked); put the right ones into vteps of the section underlay: node1=ADDRESS,node3=ADDRESS"
            )
        ]

    def test_a_vtep_on_a_loopback_says_nothing_of_the_way(self) -> None:
        node = facts("node1")
        node = replace(node, addresses=(("lo", ip_interface("192.168.0.1/32")),))
        assert findings(given(UNICAST, node1=node)) == [
            (
                "pvesdn.cfg:4: zone 'ucast': lo of node1 leaves 65486 bytes for a packet, and ifupdown2 accepts 552-9216; "
                "set mtu in the zone, to 9216 at most"
            )
        ]


class TestExits:
    def test_an_interface_of_another_bridge_is_not_free(self) -> None:
        node = with_link(Link("eno2", master="vmbr1"), Link("vmbr1", kind="bridge"))
        assert findings(given(SYMMETRIC + uplink(), node1=node)) == [
            (
                "pvesdn.cfg:23: exit 'sym-node1': interface eno2 of node1 belongs to vmbr1; "
                "use vmbr1 itself, or another interface"
            )
        ]

    def test_an_interface_that_is_in_its_vrf_already_is_fine(self) -> None:
        node = with_link(Link("eno2", master="vrf_sym"), Link("vrf_sym", kind="vrf"))
        node = replace(node, addresses=(*node.addresses, ("eno2", ip_interface("172.16.0.1/24"))))
        network = given(SYMMETRIC + uplink(), node1=node)
        assert (findings(network), warnings(network)) == ([], [])

    def test_an_interface_that_our_own_file_put_into_another_vrf_is_free(self) -> None:
        """The zone had another name, or the exit was another zone's."""
        node = with_link(Link("eno2", master="vrf_old"), Link("vrf_old", kind="vrf"))
        node = replace(node, own=(IfaceStanza("eno2", "inet static", (("vrf", "vrf_old"),)),))
        network = given(SYMMETRIC + uplink(), node1=node)
        assert (findings(network), warnings(network)) == ([], [])

    def test_an_interface_that_the_next_reload_puts_right_is_told_and_stops_nothing(self) -> None:
        node = with_link(Link("eno2", master="vrf_old"), Link("vrf_old", kind="vrf"))
        node = replace(node, own=(IfaceStanza("eno2", "inet static", (("vrf", "vrf_sym"),)),))
        network = given(SYMMETRIC + uplink(), node1=node)
        assert findings(network) == []
        assert warnings(network) == [
            (
                "pvesdn.cfg:23: exit 'sym-node1': interface eno2 of node1 belongs to vrf_old instead of vrf_sym; "
                "the next reload of its network puts it right"
            )
        ]

    @pytest.mark.parametrize("vrf", ["vrf_a", ""])
    def test_an_interface_that_somebody_else_put_into_a_vrf_is_not_free(self, vrf: str) -> None:
        node = with_link(Link("eno2", master="vrf_old"), Link("vrf_old", kind="vrf"))
        node = replace(node, own=(IfaceStanza("eno2", "inet static", (("vrf", vrf),) if vrf else ()),))
        (found,) = findings(given(SYMMETRIC + uplink(), node1=node))
        assert found.endswith("take it out of vrf_old first, or use another interface")

    def test_a_slave_of_a_bond_below_the_underlay_is_found(self) -> None:
        node = with_link(Link("eno2", master="bond0"), Link("bond0", kind="bond", master="vmbr0"))
        assert "is part of vmbr0, which holds the node's VTEP" in findings(given(SYMMETRIC + uplink(), node1=node))[0]

    def test_the_interface_of_the_clusters_address_is_not_for_exits(self) -> None:
        node = with_link(Link("eno2"))
        node = replace(node, addresses=(*node.addresses, ("eno2", ip_interface("10.1.1.1/24"))))
        network = given(SYMMETRIC + uplink(), node1=node)
        member = network.cluster.members[0].model_copy(update={"address": ip_address("10.1.1.1")})
        members = (member, *network.cluster.members[1:])
        network = replace(network, cluster=network.cluster.model_copy(update={"members": members}))
        assert findings(network) == [
            (
                "pvesdn.cfg:23: exit 'sym-node1': interface eno2 holds 10.1.1.1, the cluster's address of node1; "
                "use an interface of its own for the exit"
            )
        ]

    def test_other_addresses_that_leave_the_main_table_are_told(self) -> None:
        node = with_link(Link("eno2"))
        more = (("eno2", ip_interface("10.1.1.1/24")), ("eno2", ip_interface("fe80::1/64")))
        network = given(SYMMETRIC + uplink(), node1=replace(node, addresses=(*node.addresses, *more)))
        assert findings(network) == []
        assert warnings(network) == [
            (
                "pvesdn.cfg:23: exit 'sym-node1': interface eno2 of node1 also holds 10.1.1.1/24, which moves into the VRF "
                "with it; use an interface of its own if node1 needs it in the main table; otherwise remove it from "
                "/etc/network/interfaces"
            )
        ]

    def test_a_missing_interface_is_told(self) -> None:
        assert warnings(given(SYMMETRIC + uplink(interface="eno7"))) == [
            "pvesdn.cfg:23: exit 'sym-node1': interface eno7 does not exist on node1; check its name"
        ]

    def test_nothing_is_said_of_a_node_that_is_off(self) -> None:
        seen = {"node1": ("192.168.0.1", 1550)}
        network = given(SYMMETRIC + uplink(interface="eno7"), offline=["node1"], seen=seen)
        assert (findings(network), warnings(network)) == ([], [])

    def virtual(self, node: str, address: str = "172.16.0.10", priority: int = 100) -> str:
        return uplink(
            f"address 172.16.0.{node[-1]}/24",
            "gateways 172.16.0.254",
            "vrrp-id 1",
            f"vrrp-priority {priority}",
            f"vrrp-address {address}",
            node=node,
        )

    def test_halves_of_a_virtual_router_agree_on_its_address(self) -> None:
        cfg = SYMMETRIC + self.virtual("node1", priority=200) + self.virtual("node2", "172.16.0.11")
        assert findings(given(cfg)) == [
            (
                "pvesdn.cfg:38: exit 'sym-node2': virtual router 1 has different addresses in exit 'sym-node1'; "
                "give both the same vrrp-address, or another vrrp-id"
            )
        ]

    def test_a_virtual_address_is_nobodys_own(self) -> None:
        cfg = SYMMETRIC + self.virtual("node1", "172.16.0.2") + uplink(node="node2")
        assert findings(given(cfg)) == [
            (
                "pvesdn.cfg:28: exit 'sym-node1': vrrp-address 172.16.0.2 is already an address of exit 'sym-node2' on node2; "
                "choose an address that no router has (RFC 9568)"
            )
        ]

    def test_one_virtual_address_has_one_virtual_router(self) -> None:
        cfg = SYMMETRIC + self.virtual("node1") + self.virtual("node2", priority=200).replace("vrrp-id 1", "vrrp-id 2")
        assert findings(given(cfg)) == [
            (
                "pvesdn.cfg:36: exit 'sym-node2': vrrp-address 172.16.0.10 is also that of virtual router 1 in exit "
                "'sym-node1': two masters would answer for it; write vrrp-id 1"
            )
        ]

    def test_equal_priorities_leave_it_to_the_addresses(self) -> None:
        cfg = SYMMETRIC + self.virtual("node1") + self.virtual("node2")
        assert warnings(given(cfg)) == [
            (
                "pvesdn.cfg:37: exit 'sym-node2': vrrp-priority 100 is also used by exit 'sym-node1': the higher address "
                "will win; give the exit that should be master the higher priority"
            )
        ]


def test_peers_that_leave_out_a_node_of_the_zone_are_told() -> None:
    cfg = UNICAST.replace("vxlan: ucast\n", "vxlan: ucast\n\tpeers 192.168.0.1,192.168.0.2\n")
    assert warnings(given(cfg)) == [
        (
            "pvesdn.cfg:5: zone 'ucast': peers does not list the VTEP of node3, so no other node floods frames to it; "
            "add it, or leave peers out: the zone's nodes then flood to each other"
        )
    ]
    assert warnings(given(cfg.replace("\tpeers", "\tnodes node1,node2\n\tpeers"))) == []


class TestDevices:
    def test_what_we_made_ourselves_is_no_obstacle(self) -> None:
        node = with_link(
            Link("vmbr2", kind="bridge"),
            Link("vxlan_vmbr2", kind="vxlan", vni=2),
            Link("vrf_sym", kind="vrf"),
            Link("vrfvx_sym", kind="vxlan", vni=4000),
            Link("vrfbr_sym", kind="bridge"),
        )
        assert findings(given(SYMMETRIC, node1=node)) == []

    def test_a_device_of_another_kind_is(self) -> None:
        assert findings(given(SYMMETRIC, node1=with_link(Link("vmbr2", kind="veth")))) == [
            "pvesdn.cfg:12: vnet 'vmbr2': vmbr2 is a device of kind veth on node1; rename the vnet: choose another id"
        ]

    def test_a_derived_name_in_the_hosts_file_is(self) -> None:
        node = facts("node1", "192.168.0.1/24", stanzas=(IfaceStanza("vrf_sym", "", ()),))
        assert findings(given(SYMMETRIC, node1=node)) == [
            (
                "pvesdn.cfg:7: zone 'sym': device vrf_sym is also defined in /etc/network/interfaces of node1; "
                "remove it there, or choose another id"
            )
        ]

    def test_nodes_outside_the_zone_may_use_the_name(self) -> None:
        cfg = UNICAST.replace("ucast\n\nvnet", "ucast\n\tnodes node2\n\nvnet")
        assert findings(given(cfg, node1=with_link(Link("vmbr2", kind="veth")))) == []


class TestRemarksOnZones:
    @pytest.mark.parametrize(
        ("cfg", "message"),
        [
            pytest.param(
                evpn_zone("asymmetric", "vrf main"),
                (
                    "pvesdn.cfg:10: zone 'zone': vrf main routes in the host's own table: guests reach VTEP addresses and all "
                    "other zones there; leave vrf out to give the zone a VRF of its own"
                ),
                id="main table",
            ),
            pytest.param(
                evpn_zone("none", "flood 0", gateway=""),
                (
                    "pvesdn.cfg:10: zone 'zone': flood 0 stops multicast at the tunnel, and with it IPv6 neighbour discovery "
                    "between guests; leave flood out if guests use IPv6"
                ),
                id="no flooding",
            ),
            pytest.param(
                evpn_zone("asymmetric", "disable-arp-nd-suppression 1", gateway="")
                + "subnet: zone-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n",
                (
                    "pvesdn.cfg:18: subnet 'zone-fd00:2::-64': gateway fd00:2::1: every node has it, and without suppression "
                    "each finds it a duplicate (RFC 4862); remove disable-arp-nd-suppression from zone 'zone'"
                ),
                id="duplicate IPv6 gateways",
            ),
        ],
    )
    def test_what_works_but_perhaps_not_as_meant_is_a_warning(self, cfg: str, message: str) -> None:
        network = given(cfg)
        assert findings(network) == []
        assert warnings(network) == [message]

    def test_a_zone_without_vnets_is_worth_a_note(self) -> None:
        assert findings(given(UNDERLAY + "vxlan: ucast\n"), Severity.NOTE) == [
            "pvesdn.cfg:4: zone 'ucast': has no VNet yet"
        ]

    def test_zones_may_use_the_same_subnets_in_vrfs_of_their_own(self) -> None:
        second = (
            "evpn: two\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4001\n\n"
            "vnet: vmbr3\n\tzone two\n\ttag 3\n\n"
            "subnet: two-10.0.2.0-24\n\tvnet vmbr3\n\tgateway 10.0.2.254\n"
        )
        assert findings(given(SYMMETRIC + second)) == []

    def test_a_subnet_round_a_network_of_the_host_is_found_as_well(self) -> None:
        node = facts("node1", "192.168.0.1/24", "10.0.2.65/26", "10.0.2.66/27", "fe80::1/64")
        assert findings(given(evpn_zone("asymmetric", "vrf main"), node1=node)) == [
            (
                "pvesdn.cfg:16: subnet 'zone-10.0.2.0-24': overlaps vmbr0 of node1 (10.0.2.64/26) in the host's own routing "
                "table; choose another prefix, or another zone"
            ),
            (
                "pvesdn.cfg:16: subnet 'zone-10.0.2.0-24': overlaps vmbr0 of node1 (10.0.2.64/27) in the host's own routing "
                "table; choose another prefix, or another zone"
            ),
        ]

    def test_a_subnet_without_a_gateway_is_in_no_table(self) -> None:
        node = facts("node1", "192.168.0.1/24", "10.0.2.65/26")
        bare = "subnet: zone-10.0.0.0-16\n\tvnet vmbr2\n\n"
        cfg = evpn_zone("asymmetric", "vrf main", gateway="")
        assert findings(given(cfg + bare, node1=node)) == []
        assert (
            findings(given(cfg + bare + "subnet: zone-10.9.0.0-24\n\tvnet vmbr2\n\tgateway 10.9.0.1\n", node1=node))
            == []
        )
        other = "vnet: vmbr3\n\tzone sym\n\ttag 3\n\nsubnet: sym-10.0.0.0-16\n\tvnet vmbr3\n\n"
        assert findings(given(SYMMETRIC + other)) == []

    def test_guests_of_a_routed_vnet_are_in_its_vrf_without_a_gateway_too(self) -> None:
        (told,) = findings(given(SYMMETRIC + "subnet: sym-10.0.0.0-16\n\tvnet vmbr2\n\n"))
        assert "overlaps subnet 'sym-10.0.0.0-16' (10.0.0.0/16) in the VRF of zone 'sym'" in told

    def test_a_vnet_may_have_the_subnet_of_one_that_goes_with_the_same_apply(self) -> None:
        cfg = evpn_zone("asymmetric", "vrf main")
        node = facts("node1", "192.168.0.1/24")
        node = replace(node, addresses=(*node.addresses, ("former", ip_interface("10.0.2.254/24"))))
        assert len(findings(given(cfg, node1=node))) == 1
        stanza = IfaceStanza("former", "", (("address", "10.0.2.254/24"),))
        assert findings(given(cfg, node1=replace(node, own=(stanza,)))) == []
        assert len(findings(given(cfg, node1=replace(node, own=(replace(stanza, name="other"),))))) == 1

    def test_networks_of_the_host_may_overlap_each_other(self) -> None:
        node = facts("node1", "192.168.0.1/24", "10.9.0.1/16", "10.9.1.1/24")
        assert findings(given(evpn_zone("asymmetric", "vrf main"), node1=node)) == []

    def test_networks_of_nodes_outside_the_zone_do_not_count(self) -> None:
        cfg = evpn_zone("asymmetric", "vrf main", "nodes node1,node2")
        assert findings(given(cfg, node3=facts("node3", "192.168.0.3/24", "10.0.2.9/24"))) == []

    def test_zones_in_the_main_table_may_not(self) -> None:
        main = evpn_zone("asymmetric", "vrf main")
        second = (
            "evpn: two\n\tcontroller main\n\tirb asymmetric\n\tvrf main\n\n"
            "vnet: vmbr3\n\tzone two\n\ttag 3\n\n"
            "subnet: two-10.0.2.0-24\n\tvnet vmbr3\n\tgateway 10.0.2.254\n"
        )
        assert len(findings(given(main + second))) == 1
