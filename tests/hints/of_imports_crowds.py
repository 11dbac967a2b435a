"""Hints of import about bridges with several VXLAN ports, and VXLAN devices in none; about two tunnel addresses."""

from __future__ import annotations

from functools import partial

from tests.hints.imports import ImportRow, everywhere, with_address

VXLAN9 = """\
auto vxlan9
iface vxlan9 inet manual
        vxlan-id 9
        vxlan-local-tunnelip 192.168.0.{n}
        vxlan-mcastgrp 225.20.1.9
        vxlan-physdev eno1
"""

ROWS = (
    ImportRow(
        "a tunnel address in the stanza of the bridge",
        "unicast",
        given=(("node2", "bridge_ports vxlan2\n", "bridge_ports vxlan2\n        vxlan-local-tunnelip 192.168.0.2\n"),),
        said=(
            (
                "warning: node2: /etc/network/interfaces:26: vmbr2: vxlan-local-tunnelip 192.168.0.2 does nothing: "
                "vmbr2 is not a VXLAN device; take the line out"
            ),
        ),
        followed=(("node2", "        vxlan-local-tunnelip 192.168.0.2\n", ""),),
    ),
    ImportRow(
        "a VXLAN device in no bridge",
        "unicast",
        given=(
            (
                "*",
                "source ",
                (
                    "auto vxlan4\niface vxlan4 inet manual\n        vxlan-id 4\n        vxlan-local-tunnelip 192.168.0.{n}\n"
                    "        vxlan-mcastgrp 225.20.1.4\n        vxlan-physdev eno1\n\nsource "
                ),
            ),
        ),
        said=(
            *everywhere(
                "warning: node{n}: /etc/network/interfaces:42: vxlan4: a VXLAN device without a bridge: it stays "
                "as it is; to have it imported write a bridge for it, with 'bridge-ports vxlan4'"
            ),
        ),
        followed=(("*", "source ", "auto vmbr4\niface vmbr4 inet manual\n        bridge-ports vxlan4\n\nsource "),),
        left=("note: eno1: is a port of vmbr0, which holds the VTEP: the group is joined on vmbr0",),
        comes="vnet: vmbr4",
    ),
    ImportRow(
        "a bridge with two VXLAN ports",
        "unicast",
        given=(
            (
                "*",
                "auto vmbr3\niface vmbr3 inet manual\n        bridge_ports vxlan3\n        bridge_stp off\n        bridge_fd 0\n",
                "",
            ),
            ("*", "bridge_ports vxlan2\n", "bridge_ports vxlan2 vxlan3\n"),
        ),
        said=(
            "nothing can be imported as it stands; what was found, and why it was left:",
            *everywhere(
                "node{n}: /etc/network/interfaces:24: vmbr2: a bridge with 2 VXLAN ports (vxlan2, vxlan3): it "
                "stays as it is; a VNet has one VNI: to have them imported give each VXLAN device a bridge of its "
                "own"
            ),
        ),
        followed=(
            ("*", "bridge_ports vxlan2 vxlan3\n", "bridge_ports vxlan2\n"),
            ("*", "source ", "auto vmbr3\niface vmbr3 inet manual\n        bridge_ports vxlan3\n\nsource "),
        ),
        comes=("vnet: vmbr2", "vnet: vmbr3"),
    ),
    ImportRow(
        "a bridge with two VXLAN ports on one node alone",
        "unicast",
        given=(
            (
                "node1",
                "auto vmbr3\niface vmbr3 inet manual\n        bridge_ports vxlan3\n        bridge_stp off\n        bridge_fd 0\n",
                "",
            ),
            ("node1", "bridge_ports vxlan2\n", "bridge_ports vxlan2 vxlan3\n"),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:24: vmbr2: a bridge with 2 VXLAN ports (vxlan2, vxlan3); node2 has "
                "VNI 2 on vxlan2 (/etc/network/interfaces:18); a VNet has one VNI: to have them imported give each "
                "VXLAN device a bridge of its own"
            ),
        ),
        followed=(
            ("node1", "bridge_ports vxlan2 vxlan3\n", "bridge_ports vxlan2\n"),
            ("node1", "source ", "auto vmbr3\niface vmbr3 inet manual\n        bridge_ports vxlan3\n\nsource "),
        ),
        comes=("vnet: vmbr2", "vnet: vmbr3"),
    ),
    ImportRow(
        "two nodes with one tunnel address",
        "evpn-l2",
        given=tuple(
            edit
            for node, other in (("node2", "192.168.0.2"), ("node3", "192.168.0.3"))
            for edit in (
                (
                    node,
                    "auto vmbr0\n",
                    "auto eno2\niface eno2 inet static\n        address 10.99.0.9/32\n\nauto vmbr0\n",
                ),
                (node, f"tunnelip {other}", "tunnelip 10.99.0.9"),
            )
        ),
        live=partial(with_address, device="eno2", address="10.99.0.9", on=("node2", "node3")),
        said=(
            (
                "node3: /etc/network/interfaces:22: vxlan2: node3 and node2 have the same VTEP, 10.99.0.9; give "
                "each node an address of its own, and write it into its vxlan-local-tunnelip"
            ),
        ),
        followed=(("node3", "10.99.0.9", "10.99.0.3"),),
        deed=partial(with_address, device="eno2", address="10.99.0.3", on=("node3",)),
        left=tuple(
            f"warning: {node}: /etc/frr/frr.conf:1: router bgp 1234: sessions with addresses that are not VTEPs, {peers}: "
            "afterwards they are between VTEPs"
            for node, peers in (
                ("node1", "192.168.0.2 (node2), 192.168.0.3 (node3)"),
                ("node2", "192.168.0.3 (node3)"),
                ("node3", "192.168.0.2 (node2)"),
            )
        ),
        gives_up=frozenset({"node3 10.99.0.9"}),
    ),
    ImportRow(
        "a tunnel address that the node does not have",
        "evpn-l2",
        given=(("node3", "vxlan-local-tunnelip 192.168.0.3", "vxlan-local-tunnelip 192.168.0.9"),),
        said=(
            (
                "node3: /etc/network/interfaces:20: vxlan2: no device of node3 holds the tunnel address "
                "192.168.0.9; write an address of the node's own into vxlan-local-tunnelip"
            ),
        ),
        followed=(("node3", "vxlan-local-tunnelip 192.168.0.9", "vxlan-local-tunnelip 192.168.0.3"),),
    ),
    ImportRow(
        "two tunnel addresses on one node",
        "evpn-l2",
        given=(
            (
                "node1",
                "vxlan-id 3\n        vxlan-local-tunnelip 192.168.0.1",
                "vxlan-id 3\n        vxlan-local-tunnelip 10.1.1.1",
            ),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:35: vxlan3: tunnel address 10.1.1.1, but 192.168.0.1 of vxlan2 "
                "(/etc/network/interfaces:20); a node has one VTEP: write the same vxlan-local-tunnelip into both"
            ),
        ),
        followed=(("node1", "vxlan-local-tunnelip 10.1.1.1", "vxlan-local-tunnelip 192.168.0.1"),),
    ),
    ImportRow(
        "a VXLAN port in the bridge with the node's own address",
        "unicast",
        given=(
            ("*", "bridge_ports eno1\n", "bridge_ports eno1 vxlan9\n"),
            ("*", "source ", f"{VXLAN9}\nsource "),
        ),
        said=(
            *everywhere(
                "warning: node{n}: /etc/network/interfaces:9: vmbr0: a bridge with a VXLAN port (vxlan9) and the "
                "address by which the cluster knows the node: it stays as it is; to have it imported give vxlan9 a "
                "bridge of its own"
            ),
        ),
        followed=(
            ("*", "bridge_ports eno1 vxlan9\n", "bridge_ports eno1\n"),
            ("*", "source ", "auto vmbr9\niface vmbr9 inet manual\n        bridge-ports vxlan9\n\nsource "),
        ),
        left=("note: eno1: is a port of vmbr0, which holds the VTEP: the group is joined on vmbr0",),
        comes=("vnet: vmbr2", "vnet: vmbr9"),
    ),
    ImportRow(
        "a VXLAN port in the bridge with the node's own address, on one node alone",
        "unicast",
        given=(
            ("node1", "bridge_ports eno1\n", "bridge_ports eno1 vxlan2\n"),
            ("node1", "bridge_ports vxlan2\n", "bridge_ports none\n"),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:9: vmbr0: a bridge with a VXLAN port (vxlan2) and the address by "
                "which the cluster knows the node; node2 has VNI 2 on vxlan2 (/etc/network/interfaces:18); to have "
                "it imported give vxlan2 a bridge of its own"
            ),
        ),
        followed=(
            ("node1", "bridge_ports eno1 vxlan2\n", "bridge_ports eno1\n"),
            ("node1", "bridge_ports none\n", "bridge_ports vxlan2\n"),
        ),
        comes="vnet: vmbr2",
    ),
    ImportRow(
        "a node's own address on a VXLAN port",
        "unicast",
        given=(
            (
                "node1",
                "iface vxlan2 inet manual\n        vxlan-id 2\n",
                "iface vxlan2 inet static\n        vxlan-id 2\n        address 10.7.7.1/24\n",
            ),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:20: vxlan2: 10.7.7.1/24 is the node's own address, which a VXLAN "
                "port cannot have; move it to a device of the host's own outside the overlay, or take it off vxlan2 "
                "if nothing needs it; then import again"
            ),
        ),
        followed=(
            ("node1", "iface vxlan2 inet static\n", "iface vxlan2 inet manual\n"),
            ("node1", "        address 10.7.7.1/24\n", ""),
            ("node1", "source ", "auto dummy0\niface dummy0 inet static\n        address 10.7.7.1/24\n\nsource "),
        ),
    ),
)
