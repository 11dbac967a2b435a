"""Hints of import about VXLAN that it found and cannot take as it is: by hooks, by the kernel, in other files."""

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
OVERLAY = """\
auto vxlan2
iface vxlan2 inet manual
        vxlan-id 2
        vxlan_remoteip 192.168.0.1
        vxlan_remoteip 192.168.0.3

auto vmbr2
iface vmbr2 inet manual
        bridge_ports vxlan2
        bridge_stp off
        bridge_fd 0

auto vxlan3
iface vxlan3 inet manual
        vxlan-id 3
        vxlan_remoteip 192.168.0.1
        vxlan_remoteip 192.168.0.3

auto vmbr3
iface vmbr3 inet manual
        bridge_ports vxlan3
        bridge_stp off
        bridge_fd 0
"""
"""Of node2 in the model of unicast."""

ROWS = (
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
    ImportRow(
        "stanzas in a file that no line sources, on one node",
        "unicast",
        given=(
            ("node2", OVERLAY, ""),
            ("node2", "source /etc/network/interfaces.d/*\n", ""),
            ("node2 /etc/network/interfaces.d/overlay", "", OVERLAY),
        ),
        said=(
            (
                "node2: vxlan2: a VXLAN device in vmbr2, VNI 2, which the kernel has, with a stanza in "
                "/etc/network/interfaces.d/overlay, which no 'source' line names; node1 has VNI 2 on vxlan2 "
                "(/etc/network/interfaces:18); add 'source /etc/network/interfaces.d/*' to /etc/network/interfaces; "
                "then import again"
            ),
            (
                "node2: vxlan3: a VXLAN device in vmbr3, VNI 3, which the kernel has, with a stanza in "
                "/etc/network/interfaces.d/overlay, which no 'source' line names; node1 has VNI 3 on vxlan3 "
                "(/etc/network/interfaces:30); add 'source /etc/network/interfaces.d/*' to /etc/network/interfaces; "
                "then import again"
            ),
        ),
        followed=(("node2", "", "source /etc/network/interfaces.d/*\n"),),
        comes="vxlan: ucast",
    ),
    ImportRow(
        "stanzas in a file that is sourced from somewhere else, on one node",
        "unicast",
        given=(
            ("node2", OVERLAY, ""),
            ("node2", "", "source /etc/network/overlay.cfg\n"),
        ),
        said=(
            (
                "node2: vxlan2: a VXLAN device in vmbr2, VNI 2, which the kernel has, and no file makes that pvesdn "
                "reads: /etc/network/interfaces also sources /etc/network/overlay.cfg; node1 has VNI 2 on vxlan2 "
                "(/etc/network/interfaces:18); move its stanzas from there into a file in "
                "/etc/network/interfaces.d; then import again"
            ),
            (
                "node2: vxlan3: a VXLAN device in vmbr3, VNI 3, which the kernel has, and no file makes that pvesdn "
                "reads: /etc/network/interfaces also sources /etc/network/overlay.cfg; node1 has VNI 3 on vxlan3 "
                "(/etc/network/interfaces:30); move its stanzas from there into a file in "
                "/etc/network/interfaces.d; then import again"
            ),
        ),
        followed=(
            ("node2 /etc/network/interfaces.d/overlay", "", OVERLAY),
            ("node2", "source /etc/network/overlay.cfg\n", ""),
        ),
    ),
    ImportRow(
        "a file that is sourced from somewhere else, of which nothing is known",
        "unicast",
        given=(("node2", "", "source-directory /etc/network/overlay\n"),),
        said=(
            (
                "warning: node2: /etc/network/interfaces: sources /etc/network/overlay/*, which pvesdn does not "
                "read; move what it has of VXLAN, bridges and VRFs into a file in /etc/network/interfaces.d"
            ),
        ),
        followed=(("node2", "source-directory /etc/network/overlay\n", ""),),
    ),
)
