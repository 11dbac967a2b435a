"""Hints of import about the stanzas of VXLAN devices, of their bridges and of tunnel addresses."""

from __future__ import annotations

from tests.hints.imports import ImportRow, everywhere

ROWS = (
    ImportRow(
        "a remote twice",
        "unicast",
        given=(
            (
                "node1",
                "vxlan-id 3\n        vxlan_remoteip 192.168.0.2\n",
                "vxlan-id 3\n        vxlan_remoteip 192.168.0.2\n        vxlan_remoteip 192.168.0.2\n",
            ),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:33: vxlan3: vxlan-remoteip 192.168.0.2 is given twice; list each "
                "only once"
            ),
        ),
        followed=(
            (
                "node1",
                "        vxlan_remoteip 192.168.0.2\n        vxlan_remoteip 192.168.0.2\n",
                "        vxlan_remoteip 192.168.0.2\n",
            ),
        ),
    ),
    ImportRow(
        "a node that floods for all, in a group's place",
        "multicast",
        given=(
            ("*", "        vxlan-physdev eno1\n", ""),
            ("*", "vxlan-svcnodeip 225.20.1.1", "vxlan-svcnodeip 192.168.0.9"),
        ),
        said=(
            (
                "node1-node3: /etc/network/interfaces:20: vxlan2: vxlan-svcnodeip '192.168.0.9' is not a multicast "
                "address; write 'vxlan-remoteip ADDRESS' for every other node, in place of it"
            ),
            (
                "node1-node3: /etc/network/interfaces:31: vxlan3: vxlan-svcnodeip '192.168.0.9' is not a multicast "
                "address; write 'vxlan-remoteip ADDRESS' for every other node, in place of it"
            ),
        ),
        followed=tuple(
            (
                f"node{n}",
                "vxlan-svcnodeip 192.168.0.9",
                "\n        ".join(f"vxlan-remoteip 192.168.0.{m}" for m in (1, 2, 3) if m != n),
            )
            for n in (1, 2, 3)
        ),
        comes="vxlan: ucast",
    ),
    ImportRow(
        "a gateway without its mask",
        "asymmetric",
        given=(("*", "10.0.2.254\n        netmask 255.255.255.0\n", "10.0.2.254\n"),),
        said=(
            *everywhere(
                "node{n}: /etc/network/interfaces:31: vmbr2: address '10.0.2.254' is not an address with a prefix "
                "length; write it with the prefix length of its network, like 10.0.2.254/24"
            ),
        ),
        followed=(("*", "10.0.2.254\n", "10.0.2.254/24\n"),),
        comes="gateway 10.0.2.254",
    ),
    ImportRow(
        "an IPv6 gateway without its prefix length",
        "asymmetric",
        given=(("*", "10.0.3.254\n        netmask 255.255.255.0\n", "fd00:3::1\n"),),
        said=(
            *everywhere(
                "node{n}: /etc/network/interfaces:49: vmbr3: address 'fd00:3::1' is not an address with a prefix "
                "length; write it with the prefix length of its network, like fd00:3::1/64"
            ),
        ),
        followed=(("*", "fd00:3::1\n", "fd00:3::1/64\n"),),
        comes="gateway fd00:3::1",
    ),
    ImportRow(
        "a VXLAN device without its VNI on one node",
        "multicast",
        given=(("node2", "        vxlan-id 2\n", ""),),
        said=(
            (
                "node2: /etc/network/interfaces:18: vxlan2: has no vxlan-id, so its VNI is unknown; its name "
                "suggests 2; add the line 'vxlan-id NUMBER' to its stanza, with the same number on every node"
            ),
        ),
        followed=(("node2", "iface vxlan2 inet manual\n", "iface vxlan2 inet manual\n        vxlan-id 2\n"),),
        left=("note: eno1: is a port of vmbr0, which holds the VTEP: the group is joined on vmbr0",),
        comes="tag 2",
    ),
    ImportRow(
        "a VXLAN device whose stanza is missing",
        "unicast",
        given=(
            (
                "node1",
                "iface vxlan3 inet manual\n        vxlan-id 3\n        vxlan_remoteip 192.168.0.2\n        vxlan_remoteip 192.168.0.3\n",
                "",
            ),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:29: vmbr3: its port vxlan3 has an auto line but no iface stanza; "
                "write 'iface vxlan3 inet manual' below that, and 'vxlan-id NUMBER' if it is a VXLAN device"
            ),
        ),
        followed=(
            (
                "node1",
                "auto vxlan3\n",
                (
                    "auto vxlan3\niface vxlan3 inet manual\n        vxlan-id 3\n"
                    "        vxlan_remoteip 192.168.0.2\n        vxlan_remoteip 192.168.0.3\n"
                ),
            ),
        ),
    ),
    ImportRow(
        "a port of the node's own bridge without a stanza",
        "unicast",
        given=(("node3", "iface eno1 inet manual\n        mtu 1550\n", ""),),
        said=(
            (
                "node3: /etc/network/interfaces:4: vmbr0: its port eno1 has an auto line but no iface stanza; write "
                "'iface eno1 inet manual' below that, and 'vxlan-id NUMBER' if it is a VXLAN device"
            ),
        ),
        followed=(("node3", "auto eno1\n", "auto eno1\niface eno1 inet manual\n"),),
    ),
    ImportRow(
        "a stanza under another device's name",
        "unicast",
        given=(("node1", "iface vxlan3 inet manual", "iface vxlan2 inet manual"),),
        said=(
            (
                "node1: /etc/network/interfaces:31: vxlan2: vxlan-id 3 comes after vxlan-id 2 on line 19; keep one: "
                "is this another device's stanza?"
            ),
            (
                "node1: /etc/network/interfaces:32: vxlan2: vxlan-remoteip 192.168.0.2 is given twice; list each "
                "only once"
            ),
            (
                "node1: /etc/network/interfaces:33: vxlan2: vxlan-remoteip 192.168.0.3 is given twice; list each "
                "only once"
            ),
            (
                "node1: /etc/network/interfaces:29: vmbr3: its port vxlan3 has an auto line but no iface stanza; "
                "call it vxlan3 in the stanza of vxlan2 that is meant for it: 'iface vxlan3 inet manual'"
            ),
        ),
        followed=(
            (
                "node1",
                "auto vxlan3\niface vxlan2 inet manual",
                "auto vxlan3\niface vxlan3 inet manual",
            ),
        ),
    ),
    ImportRow(
        "two VNIs for one device",
        "unicast",
        given=(("node1", "        vxlan-id 3\n", "        vxlan-id 3\n        vxlan-id 30\n"),),
        said=(
            (
                "node1: /etc/network/interfaces:32: vxlan3: vxlan-id 30 comes after vxlan-id 3 on line 31; keep "
                "one: is this another device's stanza?"
            ),
        ),
        followed=(("node1", "        vxlan-id 30\n", ""),),
        gives_up=frozenset({"node1 VNI 30"}),
    ),
)
