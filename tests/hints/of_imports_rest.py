"""Hints of import about what it leaves: lines for the edited files, what hooks do, devices for many VNIs."""

from __future__ import annotations

from functools import partial

from pvesdn.model.primitives import Json
from tests.hints.imports import ImportRow, everywhere, with_link, without_link

SINGLE = """\
auto vxlan0
iface vxlan0 inet manual
        vxlan-local-tunnelip 192.168.0.{n}
        bridge-vlan-vni-map 5=5

auto vmbr9
iface vmbr9 inet manual
        bridge-ports vxlan0
        bridge-vlan-aware yes

"""
MULTICAST = """\
auto vxlan5
iface vxlan5 inet manual
        vxlan-id 5
        vxlan-mcastgrp 225.20.1.5
        vxlan-physdev eno1

auto vmbr5
iface vmbr5 inet manual
        bridge-ports vxlan5

"""
EXTERNAL: dict[str, Json] = {
    "ifname": "vxlan0",
    "mtu": 1500,
    "master": "vmbr9",
    "linkinfo": {"info_kind": "vxlan", "info_data": {"external": True, "port": 4789}},
}

ROWS = (
    ImportRow(
        "a device in the VRF that is no exit",
        "symmetric",
        given=(
            (
                "node1",
                "auto vmbr0\n",
                "auto eno2\niface eno2 inet static\n        address 172.16.9.1/24\n        vrf vrf1\n\nauto vmbr0\n",
            ),
        ),
        said=(
            (
                "warning: node1: /etc/network/interfaces:13: eno2: is in VRF vrf1 but is not an exit: it has no "
                "default route; its stanza stays: in the edited files write 'vrf vrf_vrf1' in place of 'vrf vrf1'"
            ),
        ),
        edited=(("node1", "        vrf vrf1\n", "        vrf vrf_vrf1\n"),),
    ),
    ImportRow(
        "a second exit on a node",
        "one-exit",
        given=(
            (
                "node1",
                "auto vmbr0\n",
                (
                    "auto eno3\niface eno3 inet static\n        address 172.16.9.1/24\n        vrf vrf1\n"
                    "        gateway 172.16.9.254\n\nauto vmbr0\n"
                ),
            ),
        ),
        live=partial(with_link, link={"ifname": "eno3", "mtu": 1500}),
        said=(
            (
                "warning: node1: /etc/network/interfaces:28: eno2: is a second exit of VRF vrf1 on the node, next "
                "to eno3; its stanza stays: in the edited files write 'vrf vrf_vrf1' in place of 'vrf vrf1'"
            ),
            (
                "warning: node1: /etc/network/interfaces:32: eno2: post-up ip route add default via 172.16.0.254 "
                "dev eno2 vrf vrf1; the line stays: in the edited files write vrf_vrf1 for vrf1, or take it out"
            ),
        ),
        edited=(("node1", "vrf vrf1\n", "vrf vrf_vrf1\n"),),
    ),
    ImportRow(
        "an exit in a VRF without an L3VNI",
        "asymmetric",
        given=(
            ("*", "        hwaddress 44:39:39:FF:40:94\n", "        hwaddress 44:39:39:FF:40:94\n        vrf red\n"),
            ("*", "auto lo\n", "auto red\niface red\n        vrf-table auto\n\nauto lo\n"),
            (
                "node1",
                "auto vmbr0\n",
                (
                    "auto eno2\niface eno2 inet static\n        address 172.16.9.1/24\n        vrf red\n"
                    "        gateway 172.16.9.254\n\nauto vmbr0\n"
                ),
            ),
        ),
        said=(
            (
                "warning: node1: /etc/network/interfaces:13: eno2: is in VRF red, which has no L3VNI: exits need "
                "irb symmetric; its stanza stays: in the edited files write 'vrf vrf_red' in place of 'vrf red'"
            ),
        ),
        edited=(("node1", "        vrf red\n", "        vrf vrf_red\n"),),
    ),
    ImportRow(
        "a VLAN device of a bridge that gets another name",
        "unicast",
        given=(
            ("*", "vmbr2", "web-front"),
            ("node1", "source ", "auto web-front.5\niface web-front.5 inet manual\n\nsource "),
        ),
        said=(
            (
                "warning: web-front: the bridge cannot keep its name as a VNet: it becomes webfront; after the "
                "apply plug its guests into webfront: 'qm set VMID --netN' (or 'pct set') with what 'qm config "
                "VMID' shows of netN, its MAC address included, but bridge=webfront"
            ),
            (
                "warning: node1: /etc/network/interfaces:42: web-front.5: a VLAN device of web-front, which becomes "
                "webfront; in the edited files call it webfront.5"
            ),
        ),
        edited=(("node1", "web-front.5", "webfront.5"),),
    ),
    ImportRow(
        "a line that names a bridge that gets another name",
        "unicast",
        given=(
            ("*", "vmbr2", "web-front"),
            (
                "node1",
                "auto lo\niface lo inet loopback\n",
                "auto lo\niface lo inet loopback\n        up ip link set web-front mtu 1400\n",
            ),
        ),
        said=(
            (
                "warning: web-front: the bridge cannot keep its name as a VNet: it becomes webfront; after the "
                "apply plug its guests into webfront: 'qm set VMID --netN' (or 'pct set') with what 'qm config "
                "VMID' shows of netN, its MAC address included, but bridge=webfront"
            ),
            (
                "warning: node1: /etc/network/interfaces:3: lo: up ip link set web-front mtu 1400; the line stays: "
                "in the edited files write webfront for web-front, or take it out"
            ),
        ),
        edited=(("node1", "up ip link set web-front mtu", "up ip link set webfront mtu"),),
    ),
    ImportRow(
        "a session outside the overlay",
        "evpn-l2",
        given=(("node1 frr", " !\n address-family", " neighbor 10.9.9.9 remote-as 65001\n !\n address-family"),),
        said=(
            (
                "warning: node1: /etc/frr/frr.conf:6: neighbor 10.9.9.9: a session that is not for EVPN; apply "
                "--overwrite takes it out of frr.conf: what is still needed belongs in /etc/frr/frr.conf.local"
            ),
        ),
        edited=(
            (
                "node1 local",
                "",
                "router bgp 1234\n no bgp default ipv4-unicast\n neighbor 10.9.9.9 remote-as 65001\nexit\n",
            ),
        ),
    ),
    ImportRow(
        "a hook whose VNI is a variable",
        "unicast",
        given=(
            (
                "*",
                "source ",
                (
                    "auto vtun\niface vtun inet manual\n        pre-up ip link add vtun type vxlan id $VNI group 225.20.1.1 dev eno1\n\n"
                    "auto br7\niface br7 inet manual\n        bridge-ports vtun\n\nsource "
                ),
            ),
        ),
        said=(
            *everywhere(
                "warning: node{n}: /etc/network/interfaces:43: vtun: a VXLAN device in br7, VNI $VNI, made by the "
                "hook 'pre-up ip link add vtun type vxlan id $VNI group 225.20.1.1 dev eno1', whose VNI cannot be "
                "read; write 'vxlan-id NUMBER', 'vxlan-mcastgrp 225.20.1.1', 'vxlan-physdev eno1' and 'vxlan-port "
                "8472' into the stanza of vtun, in place of what line 43 says of it; then import again"
            ),
        ),
        followed=(
            (
                "*",
                "pre-up ip link add vtun type vxlan id $VNI group 225.20.1.1 dev eno1\n",
                "vxlan-id 7\n        vxlan-mcastgrp 225.20.1.1\n        vxlan-physdev eno1\n        vxlan-port 8472\n",
            ),
        ),
        left=("note: eno1: is a port of vmbr0, which holds the VTEP: the group is joined on vmbr0",),
        comes=("vnet: br7", "tag 7", "vxlan-port 8472"),
    ),
    ImportRow(
        "a single VXLAN device with a map",
        "unicast",
        given=(("*", "source ", SINGLE + "source "),),
        said=(
            *everywhere(
                "warning: node{n}: /etc/network/interfaces:44: vxlan0: a single VXLAN device with a map "
                "(bridge-vlan-vni-map 5=5) in vmbr9: not carried over, it stays as it is; a VNet has one VNI: to "
                "have them imported write a VXLAN device and a bridge for each VNI"
            ),
        ),
        followed=(
            ("*", SINGLE, ""),
            ("*", "source ", MULTICAST + "source "),
        ),
        left=("note: eno1: is a port of vmbr0, which holds the VTEP: the group is joined on vmbr0",),
        comes="vnet: vmbr5",
    ),
    ImportRow(
        "a single VXLAN device that a hook makes",
        "unicast",
        given=(
            (
                "*",
                "source ",
                (
                    "auto vmbr9\niface vmbr9 inet manual\n        bridge-ports none\n"
                    "        pre-up ip link add vxlan0 type vxlan external dstport 4789\n\nsource "
                ),
            ),
        ),
        said=(
            *everywhere(
                "warning: node{n}: /etc/network/interfaces:44: vxlan0: a single VXLAN device for many VNIs, made "
                "by the hook 'pre-up ip link add vxlan0 type vxlan external dstport 4789': not carried over, it "
                "stays as it is; a VNet has one VNI: to have them imported write a VXLAN device and a bridge for "
                "each VNI"
            ),
        ),
        followed=(
            ("*", "        pre-up ip link add vxlan0 type vxlan external dstport 4789\n", ""),
            ("*", "source ", MULTICAST + "source "),
        ),
        left=("note: eno1: is a port of vmbr0, which holds the VTEP: the group is joined on vmbr0",),
        comes="vnet: vmbr5",
    ),
    ImportRow(
        "a single VXLAN device that somebody made at the shell",
        "unicast",
        given=(("*", "source ", "auto vmbr9\niface vmbr9 inet manual\n        bridge-ports none\n\nsource "),),
        live=partial(with_link, link=EXTERNAL),
        said=(
            *everywhere(
                "warning: node{n}: vxlan0: a single VXLAN device for many VNIs that no file makes: not carried "
                "over, it stays as it is; a VNet has one VNI: to have them imported write a VXLAN device and a "
                "bridge for each VNI"
            ),
        ),
        followed=(("*", "source ", MULTICAST + "source "),),
        deed=partial(without_link, name="vxlan0"),
        left=("note: eno1: is a port of vmbr0, which holds the VTEP: the group is joined on vmbr0",),
        comes="vnet: vmbr5",
    ),
)
