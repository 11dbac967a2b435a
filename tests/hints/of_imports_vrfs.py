"""Hints of import about VRFs: L3VNIs, route targets, exits and virtual routers."""

from __future__ import annotations

from tests.hints.imports import ImportRow

L3VNI = """\
auto vxlan4000
iface vxlan4000 inet manual
        vxlan-id 4000
        vxlan-local-tunnelip 192.168.0.2
        bridge-learning off
        bridge-arp-nd-suppress on
        bridge-unicast-flood off
        bridge-multicast-flood off
"""
L3VNI_BRIDGE = """\
auto vmbr4000
iface vmbr4000 inet manual
        bridge_ports vxlan4000
        bridge_stp off
        bridge_fd 0
        hwaddress 44:39:39:FF:40:91
        vrf vrf1
"""

ROWS = (
    ImportRow(
        "a VRF without its L3VNI in one frr.conf",
        "symmetric",
        given=(("node2 frr", " vni 4000\n", ""),),
        said=(
            (
                "node2: /etc/network/interfaces:31: vmbr2: VRF vrf1 has no vni in frr.conf, but 4000 on node1 "
                "(/etc/frr/frr.conf:1); write 'vni 4000' under 'vrf vrf1' in its frr.conf"
            ),
        ),
        followed=(("node2 frr", "vrf vrf1\n!\nrouter bgp 1234\n", "vrf vrf1\n vni 4000\n!\nrouter bgp 1234\n"),),
        comes="vrf-vxlan 4000",
    ),
    ImportRow(
        "another L3VNI in one frr.conf",
        "symmetric",
        given=(("node2 frr", " vni 4000\n", " vni 4001\n"),),
        said=(
            (
                "node2: /etc/frr/frr.conf:1: vrf vrf1: vni is 4001, but 4000 on node1 (/etc/frr/frr.conf:1); make "
                "them the same, and the vxlan-id of the L3VNI's device with them"
            ),
        ),
        followed=(("node2 frr", " vni 4001\n", " vni 4000\n"),),
        comes="vrf-vxlan 4000",
    ),
    ImportRow(
        "another L3VNI on one node",
        "symmetric",
        given=(("node2 frr", " vni 4000\n", " vni 4001\n"), ("node2", "vxlan-id 4000\n", "vxlan-id 4001\n")),
        said=(
            (
                "node2: /etc/frr/frr.conf:1: vrf vrf1: vni is 4001, but 4000 on node1 (/etc/frr/frr.conf:1); make "
                "them the same, and the vxlan-id of the L3VNI's device with them"
            ),
            (
                "node2: /etc/network/interfaces:62: vmbr4000: VNI is 4001, but 4000 on node1 "
                "(/etc/network/interfaces:62); make them the same"
            ),
        ),
        followed=(("node2 frr", " vni 4001\n", " vni 4000\n"), ("node2", "vxlan-id 4001\n", "vxlan-id 4000\n")),
        comes="vrf-vxlan 4000",
        gives_up=frozenset({"node2 VNI 4001"}),
    ),
    ImportRow(
        "an L3VNI's bridge outside its VRF",
        "symmetric",
        given=(
            (
                "node2",
                "        hwaddress 44:39:39:FF:40:91\n        vrf vrf1\n",
                "        hwaddress 44:39:39:FF:40:91\n",
            ),
        ),
        said=(
            (
                "node2: /etc/frr/frr.conf:1: vrf vrf1: vni 4000 is on no VXLAN device in a bridge of the VRF; write "
                "'vrf vrf1' into the stanza of vmbr4000"
            ),
        ),
        followed=(("node2", "iface vmbr4000 inet manual\n", "iface vmbr4000 inet manual\n        vrf vrf1\n"),),
        comes="vrf-vxlan 4000",
    ),
    ImportRow(
        "an L3VNI without a device",
        "symmetric",
        given=(
            ("node2", L3VNI, ""),
            ("node2", L3VNI_BRIDGE, ""),
        ),
        said=(
            (
                "node2: /etc/frr/frr.conf:1: vrf vrf1: vni 4000 is on no VXLAN device in a bridge of the VRF; write "
                "a VXLAN device with 'vxlan-id 4000', and a bridge for it with 'vrf vrf1'"
            ),
        ),
        followed=(
            (
                "node2",
                "source ",
                (
                    "auto vxlan4000\niface vxlan4000 inet manual\n        vxlan-id 4000\n\n"
                    "auto vmbr4000\niface vmbr4000 inet manual\n        bridge-ports vxlan4000\n        vrf vrf1\n\nsource "
                ),
            ),
        ),
        comes="vrf-vxlan 4000",
    ),
    ImportRow(
        "route targets that one node alone imports",
        "symmetric",
        given=(
            ("node2 frr", "  advertise ipv4 unicast\n", "  advertise ipv4 unicast\n  route-target import 1234:999\n"),
        ),
        said=(
            (
                "node2: /etc/frr/frr.conf:17: router bgp 1234 vrf vrf1: imports 1234:999, but nothing on node1; "
                "write the same 'route-target import' lines on every node"
            ),
        ),
        followed=tuple(
            (f"node{n} frr", "  advertise ipv4 unicast\n", "  advertise ipv4 unicast\n  route-target import 1234:999\n")
            for n in (1, 3)
        ),
        comes="rt-import 1234:999",
    ),
    ImportRow(
        "half a virtual router, completed",
        "vrrp",
        given=(("node1", "        vrrp-priority 200\n", ""),),
        said=(
            (
                "node1: /etc/network/interfaces:28: eno2: vrrp-id without vrrp-priority; give vrrp-id, "
                "vrrp-priority and vrrp-virtual-ip, or none of the three"
            ),
        ),
        followed=(("node1", "        vrrp-id 1\n", "        vrrp-id 1\n        vrrp-priority 200\n"),),
        comes="vrrp-priority 200",
    ),
    ImportRow(
        "half a virtual router, given up",
        "vrrp",
        given=(("node1", "        vrrp-priority 200\n", ""),),
        said=(
            (
                "node1: /etc/network/interfaces:28: eno2: vrrp-id without vrrp-priority; give vrrp-id, "
                "vrrp-priority and vrrp-virtual-ip, or none of the three"
            ),
        ),
        followed=(("node1", "        vrrp-id 1\n        vrrp-virtual-ip 172.16.0.10\n", ""),),
    ),
    ImportRow(
        "a virtual router that FRR does not know",
        "vrrp",
        given=(
            (
                "node1",
                "        vrrp-id 1\n        vrrp-priority 200\n        vrrp-virtual-ip 172.16.0.10\n",
                "        vrrp 1 172.16.0.10/32\n",
            ),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:28: eno2: vrrp 1 172.16.0.10/32 has no groups in frr.conf; write "
                "'vrrp 1 priority NUMBER' and 'vrrp 1 ip 172.16.0.10' under 'interface eno2' in /etc/frr/frr.conf"
            ),
        ),
        followed=(
            (
                "node1 frr",
                "line vty\n",
                "interface eno2\n vrrp 1 priority 200\n vrrp 1 ip 172.16.0.10\nexit\nline vty\n",
            ),
        ),
        comes="vrrp-priority 200",
    ),
    ImportRow(
        "two virtual routers on one exit",
        "vrrp",
        given=(
            (
                "node1",
                "        vrrp-id 1\n        vrrp-priority 200\n        vrrp-virtual-ip 172.16.0.10\n",
                "        vrrp 1 172.16.0.10/32\n",
            ),
            (
                "node1 frr",
                "line vty\n",
                (
                    "interface eno2\n vrrp 1 priority 200\n vrrp 1 ip 172.16.0.10\n vrrp 2 priority 90\n"
                    " vrrp 2 ip 172.16.0.11\nexit\nline vty\n"
                ),
            ),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:28: eno2: vrrp 1 172.16.0.10/32 has several groups in frr.conf; "
                "keep the lines of 'vrrp 1' alone under 'interface eno2' in /etc/frr/frr.conf"
            ),
        ),
        followed=(("node1 frr", " vrrp 2 priority 90\n vrrp 2 ip 172.16.0.11\n", ""),),
        comes="vrrp-priority 200",
    ),
    ImportRow(
        "two exits with one address",
        "several-exits",
        given=(("node2", "172.16.0.2\n        netmask", "172.16.0.3\n        netmask"),),
        said=(
            (
                "node3: /etc/network/interfaces:22: eno2: has the address 172.16.0.3 of node2 "
                "(/etc/network/interfaces:22); give each exit an address of its own"
            ),
        ),
        followed=(("node2", "172.16.0.3\n        netmask", "172.16.0.2\n        netmask"),),
        gives_up=frozenset({"node2 172.16.0.3"}),
        comes="address 172.16.0.2/24",
    ),
)
