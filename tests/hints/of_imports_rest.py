"""Hints of import about what it leaves: lines for the edited files and for frr.conf.local."""

from __future__ import annotations

from functools import partial

from tests.hints.imports import ImportRow, with_link

ROWS = (
    ImportRow(
        "a device in the VRF that is not an exit",
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
        "a node's own address on a VRF that becomes a zone's",
        "symmetric",
        given=(("*", "        vrf-table auto\n", "        vrf-table auto\n        address 10.7.7.{n}/32\n"),),
        said=(
            (
                "warning: node1: /etc/network/interfaces:4: vrf1: address 10.7.7.1/32; to keep it give it to a "
                "dummy device with 'vrf vrf_vrf1' in the edited files"
            ),
            (
                "warning: node2: /etc/network/interfaces:4: vrf1: address 10.7.7.2/32; to keep it give it to a "
                "dummy device with 'vrf vrf_vrf1' in the edited files"
            ),
            (
                "warning: node3: /etc/network/interfaces:4: vrf1: address 10.7.7.3/32; to keep it give it to a "
                "dummy device with 'vrf vrf_vrf1' in the edited files"
            ),
        ),
        edited=(
            (
                "*",
                "source ",
                "auto dummy7\niface dummy7 inet static\n        address 10.7.7.{n}/32\n        vrf vrf_vrf1\n\nsource ",
            ),
        ),
    ),
)
