"""Where a node contradicts itself or another one, node, file and line are named and nothing is proposed."""

from __future__ import annotations

import pytest

from pvesdn.model.snapshot import Snapshot
from tests.unit.recognise.kit import hand, refused

FILE = "/etc/network/interfaces"
FRR = "/etc/frr/frr.conf"


@pytest.mark.parametrize(
    ("snapshot", "messages"),
    [
        pytest.param(
            hand("unicast", node2=("vxlan-id 2\n", "vxlan-id 20\n")),
            [
                f"node2: {FILE}:19: vmbr2: VNI is 20, but 2 on node1 ({FILE}:19); make them the same",
            ],
            id="one bridge, two VNIs",
        ),
        pytest.param(
            hand("unicast", node3=("vmbr2", "br2")),
            [
                (
                    f"node3: {FILE}:24: br2: has VNI 2, which vmbr2 has on node1 ({FILE}:24); "
                    "if it is the same network, call it vmbr2 here too and plug its guests into that; if not, give it "
                    "another VNI"
                ),
            ],
            id="one VNI, two bridges",
        ),
        pytest.param(
            hand("unicast", node3=("vxlan_remoteip 192.168.0.1", "vxlan_remoteip 192.168.0.3")),
            [
                (
                    f"node3: {FILE}:20: vxlan2: its list of remotes names the node itself (192.168.0.3), and "
                    "lacks 192.168.0.1 (node1); list every other node"
                ),
                (
                    f"node3: {FILE}:32: vxlan3: its list of remotes names the node itself (192.168.0.3), and "
                    "lacks 192.168.0.1 (node1); list every other node"
                ),
            ],
            id="the third node lists itself",
        ),
        pytest.param(
            hand("unicast", node1=("        vxlan_remoteip 192.168.0.3\n", "")),
            [
                f"node1: {FILE}:20: vxlan2: its list of remotes lacks 192.168.0.3 (node3); list every other node",
                f"node1: {FILE}:31: vxlan3: its list of remotes lacks 192.168.0.3 (node3); list every other node",
            ],
            id="a list that lacks a node",
        ),
        pytest.param(
            hand("multicast", node2=("        vxlan-id 2\n", "")),
            [
                (
                    f"node2: {FILE}:18: vxlan2: has no vxlan-id, so its VNI is unknown; its name suggests 2; "
                    "add the line 'vxlan-id NUMBER' to its stanza, with the same number on every node"
                )
            ],
            id="devices without a VNI",
        ),
        pytest.param(
            hand("unicast", node1=("iface vxlan3 inet manual", "iface vxlan2 inet manual")),
            [
                (
                    f"node1: {FILE}:31: vxlan2: vxlan-id 3 comes after vxlan-id 2 on line 19; "
                    "keep one: is this another device's stanza?"
                ),
                f"node1: {FILE}:32: vxlan2: vxlan-remoteip 192.168.0.2 is given twice; list each only once",
                f"node1: {FILE}:33: vxlan2: vxlan-remoteip 192.168.0.3 is given twice; list each only once",
                (
                    f"node1: {FILE}:29: vmbr3: its port vxlan3 has an auto line but no iface stanza; "
                    "call it vxlan3 in the stanza of vxlan2 that is meant for it: 'iface vxlan3 inet manual'"
                ),
            ],
            id="a stanza under another's name",
        ),
        pytest.param(
            hand("asymmetric", node2=("10.0.2.254", "10.0.2.253")),
            [
                (
                    f"node2: {FILE}:31: vmbr2: gateway is 10.0.2.253/24, but 10.0.2.254/24 on node1 ({FILE}:31); "
                    "make them the same"
                )
            ],
            id="another gateway",
        ),
        pytest.param(
            hand("asymmetric", node3=("44:39:39:FF:40:94", "44:39:39:ff:40:95")),
            [
                (
                    f"node3: {FILE}:33: vmbr2: MAC is 44:39:39:ff:40:95, but 44:39:39:ff:40:94 on node1 ({FILE}:33); "
                    "make them the same"
                ),
                (
                    f"node3: {FILE}:51: vmbr3: MAC is 44:39:39:ff:40:95, but 44:39:39:ff:40:94 on node1 ({FILE}:51); "
                    "make them the same"
                ),
            ],
            id="another MAC",
        ),
        pytest.param(
            hand("asymmetric", node3=("hwaddress 44:39:39:FF:40:94", "hwaddress 44:39:39:FF:40:94 #must be same")),
            [
                (
                    f"node3: {FILE}:33: vmbr2: hwaddress '44:39:39:FF:40:94 #must be same' is not a MAC address; "
                    "put the comment on a line of its own"
                ),
                (
                    f"node3: {FILE}:51: vmbr3: hwaddress '44:39:39:FF:40:94 #must be same' is not a MAC address; "
                    "put the comment on a line of its own"
                ),
            ],
            id="comments inside a line",
        ),
        pytest.param(
            hand("evpn-l2", node3=(" neighbor 192.168.0.2 remote-as 1234\n", "")),
            [
                (
                    f"node3: {FRR}:8: neighbor 192.168.0.2: remote-as is missing, but the node's own AS is 1234; "
                    "write 'neighbor 192.168.0.2 remote-as 1234'"
                )
            ],
            id="a neighbour without its AS",
        ),
        pytest.param(
            hand("evpn-l2", node3=("  neighbor 192.168.0.2 activate\n", "")),
            [
                (
                    f"node3: {FRR}:1: router bgp 1234: has no session with 192.168.0.2 (node2); "
                    "add it, and activate it in l2vpn evpn, or use the same route reflectors on every node"
                )
            ],
            id="a session that is not for EVPN",
        ),
        pytest.param(
            hand("evpn-l2", node1=("192.168.0.3", "192.168.0.1")),
            [
                (
                    f"node1: {FRR}:1: router bgp 1234: has no session with 192.168.0.3 (node3); "
                    "add it, and activate it in l2vpn evpn, or use the same route reflectors on every node"
                ),
                f"node1: {FRR}:5: neighbor 192.168.0.1: is the node itself; remove every 'neighbor 192.168.0.1'",
            ],
            id="a session with itself",
        ),
        pytest.param(
            hand("evpn-l2", node2=("1234", "1235")),
            [
                (
                    f"node2: {FRR}:1: router bgp 1235: is not the AS of node1, 1234 ({FRR}:1); "
                    "pvesdn.cfg has one AS (iBGP): write the same behind 'router bgp' and 'remote-as' on every node and its peers"
                ),
            ],
            id="another AS",
        ),
        pytest.param(
            hand("evpn-l2", node2=("  advertise-all-vni\n", "")),
            [
                (
                    f"node2: {FILE}:18: vxlan2: floods nowhere: it has no group and no remote, and the node's frr.conf has "
                    "no advertise-all-vni; give that frr.conf sessions and 'advertise-all-vni' in l2vpn evpn, as node1 has them"
                ),
                (
                    f"node2: {FILE}:33: vxlan3: floods nowhere: it has no group and no remote, and the node's frr.conf has "
                    "no advertise-all-vni; give that frr.conf sessions and 'advertise-all-vni' in l2vpn evpn, as node1 has them"
                ),
            ],
            id="an EVPN device without BGP",
        ),
        pytest.param(
            hand("evpn-l2", node3=("vxlan-local-tunnelip 192.168.0.3", "vxlan-local-tunnelip 192.168.0.9")),
            [
                (
                    f"node3: {FILE}:20: vxlan2: no device of node3 holds the tunnel address 192.168.0.9; "
                    "write an address of the node's own into vxlan-local-tunnelip"
                ),
            ],
            id="a tunnel address that nobody holds",
        ),
        pytest.param(
            hand("evpn-l2", only_files=True, node3=("address 192.168.0.3", "address 192.168.0.2")),
            [
                (
                    f"node3: {FILE}:20: vxlan2: no device of node3 holds the tunnel address 192.168.0.3; "
                    "write an address of the node's own into vxlan-local-tunnelip"
                ),
            ],
            id="the third node with the second one's address",
        ),
        pytest.param(
            hand("evpn-l2", only_files=True, node3=("192.168.0.3", "192.168.0.2")),
            [
                (
                    f"node3: {FILE}:18: vxlan2: node3 and node2 have the same VTEP, 192.168.0.2; "
                    "give each node an address of its own, and write it into its vxlan-local-tunnelip"
                ),
            ],
            id="two nodes with one VTEP",
        ),
        pytest.param(
            hand("symmetric", node2=(" vni 4000\n", "")),
            [
                (
                    f"node2: {FILE}:31: vmbr2: VRF vrf1 has no vni in frr.conf, but 4000 on node1 ({FRR}:1); "
                    "write 'vni 4000' under 'vrf vrf1' in its frr.conf"
                ),
            ],
            id="a VRF whose L3VNI one node lacks",
        ),
        pytest.param(
            hand(
                "evpn-l2",
                node1=(
                    "vxlan-id 3\n        vxlan-local-tunnelip 192.168.0.1",
                    "vxlan-id 3\n        vxlan-local-tunnelip 10.1.1.1",
                ),
            ),
            [
                (
                    f"node1: {FILE}:35: vxlan3: tunnel address 10.1.1.1, but 192.168.0.1 of vxlan2 ({FILE}:20); "
                    "a node has one VTEP: write the same vxlan-local-tunnelip into both"
                ),
            ],
            id="two tunnel addresses on one node",
        ),
        pytest.param(
            hand("symmetric", node2=("hwaddress 44:39:39:FF:40:91\n        vrf vrf1", "hwaddress 44:39:39:FF:40:91")),
            [
                (
                    f"node2: {FRR}:1: vrf vrf1: vni 4000 is on no VXLAN device in a bridge of the VRF; "
                    "write 'vrf vrf1' into the stanza of vmbr4000"
                ),
            ],
            id="an L3VNI outside its VRF",
        ),
        pytest.param(
            hand("symmetric", node2=("vni 4000", "vni 4001")),
            [
                (
                    f"node2: {FRR}:1: vrf vrf1: vni is 4001, but 4000 on node1 ({FRR}:1); make them the same, and the "
                    "vxlan-id of the L3VNI's device with them"
                ),
            ],
            id="another L3VNI",
        ),
        pytest.param(
            hand("several-exits", node2=("172.16.0.2\n        netmask", "172.16.0.3\n        netmask")),
            [
                f"node3: {FILE}:22: eno2: has the address 172.16.0.3 of node2 ({FILE}:22); give each exit an address of its own",
            ],
            id="two exits with one address",
        ),
        pytest.param(
            hand("vrrp", node1=("        vrrp-priority 200\n", "")),
            [
                (
                    f"node1: {FILE}:28: eno2: vrrp-id without vrrp-priority; give vrrp-id, vrrp-priority and "
                    "vrrp-virtual-ip, or none of the three"
                )
            ],
            id="half a virtual router",
        ),
        pytest.param(
            hand("vrrp", node1=("vrrp-priority 200", "vrrp-priority 255")),
            [f"node1: {FILE}:28: eno2: vrrp: 255 is out of range; write a number from 1 to 254"],
            id="a priority that is no one's to choose",
        ),
        pytest.param(
            hand(
                "vrrp",
                node1=(
                    "        vrrp-id 1\n        vrrp-priority 200\n        vrrp-virtual-ip 172.16.0.10\n",
                    "        vrrp 1 172.16.0.10/32\n",
                ),
            ),
            [
                (
                    f"node1: {FILE}:28: eno2: vrrp 1 172.16.0.10/32 has no groups in frr.conf; "
                    f"write 'vrrp 1 priority NUMBER' and 'vrrp 1 ip 172.16.0.10' under 'interface eno2' in {FRR}"
                )
            ],
            id="ifupdown2's half of a virtual router alone",
        ),
        pytest.param(
            hand(
                "symmetric",
                ("        bridge-unicast-flood off\n        bridge-multicast-flood off\n\nauto vmbr3", "\nauto vmbr3"),
            ),
            [
                (
                    f"node1: {FILE}:41: vmbr3: flooding is on, and off of vmbr2 in the same VRF; "
                    "a zone has one setting: make them the same"
                ),
            ],
            id="VNets of one VRF that flood differently",
        ),
        pytest.param(
            hand("symmetric", ("vxlan-id 3\n", "vxlan-id 3\n        vxlan-port 4790\n")),
            [
                f"node1: {FILE}:51: vmbr3: vxlan-port is 4790, and 4789 of vmbr2; VNets of one VRF have one UDP port: make them the same"
            ],
            id="VNets of one VRF with two UDP ports",
        ),
        pytest.param(
            hand("unicast", node1=("vxlan_remoteip 192.168.0.2", "vxlan_remoteip example.org")),
            [
                f"node1: {FILE}:{line}: {name}: vxlan-remoteip 'example.org' is not an IP address; write an IPv4 or IPv6 address"
                for name, line in (("vxlan2", 20), ("vxlan3", 32))
            ],
            id="a remote that is not an address",
        ),
        pytest.param(
            hand("asymmetric", ("        netmask 255.255.255.0\n        hwaddress", "        hwaddress")),
            [
                f"node1-node3: {FILE}:{line}: vmbr{vnet}: address '10.0.{vnet}.254' is not an address with a prefix length; "
                f"write it with the prefix length of its network, like 10.0.{vnet}.254/24"
                for vnet, line in ((2, 31), (3, 48))
            ],
            id="a gateway without its mask",
        ),
        pytest.param(
            hand(
                "multicast",
                node1=("vxlan-physdev eno1", "vxlan-physdev eno3"),
                node2=("vxlan-physdev eno1", "vxlan-physdev eno4"),
            ),
            [
                f"{node}: {FILE}:{line}: {port}: the group is joined on {name}, on other nodes elsewhere; "
                "write the same vxlan-physdev on every node, best the device that carries the tunnels"
                for port, line in (("vxlan2", 21), ("vxlan3", 33))
                for node, name in (("node1", "eno3"), ("node2", "eno4"))
            ],
            id="groups joined on devices of different names",
        ),
        pytest.param(
            hand("multicast", node1=("vxlan-physdev eno1", "vxlan-physdev eno3")),
            [
                f"node1: {FILE}:{line}: {port}: the group is joined on eno3, on other nodes elsewhere; "
                "write the same vxlan-physdev on every node, best the device that carries the tunnels"
                for port, line in (("vxlan2", 21), ("vxlan3", 33))
            ],
            id="a group joined on another device of one node alone",
        ),
    ],
)
def test_a_contradiction_is_named_with_node_and_line(snapshot: Snapshot, messages: list[str]) -> None:
    assert refused(snapshot) == messages
