"""Hints of import about sessions in frr.conf: which are missing, doubled, or said only in part."""

from __future__ import annotations

from functools import partial

from tests.hints.imports import ImportRow, with_address

ROWS = (
    ImportRow(
        "a session that is not activated on one side",
        "evpn-l2",
        given=(("node3 frr", "  neighbor 192.168.0.2 activate\n", ""),),
        said=(
            (
                "node3: /etc/frr/frr.conf:1: router bgp 1234: has no session with 192.168.0.2 (node2); add it, and "
                "activate it in l2vpn evpn, or use the same route reflectors on every node"
            ),
        ),
        followed=(("node3 frr", "  advertise-all-vni", "  neighbor 192.168.0.2 activate\n  advertise-all-vni"),),
    ),
    ImportRow(
        "a session that two nodes lack",
        "evpn-l2",
        given=(
            ("node1 frr", " neighbor 192.168.0.3 remote-as 1234\n", ""),
            ("node1 frr", "  neighbor 192.168.0.3 activate\n", ""),
            ("node3 frr", " neighbor 192.168.0.1 remote-as 1234\n", ""),
            ("node3 frr", "  neighbor 192.168.0.1 activate\n", ""),
        ),
        said=(
            (
                "node1: /etc/frr/frr.conf:1: router bgp 1234: has no session with 192.168.0.3 (node3); add it, and "
                "activate it in l2vpn evpn, or use the same route reflectors on every node"
            ),
            (
                "node3: /etc/frr/frr.conf:1: router bgp 1234: has no session with 192.168.0.1 (node1); add it, and "
                "activate it in l2vpn evpn, or use the same route reflectors on every node"
            ),
        ),
        followed=tuple(
            edit
            for node, peer in (("node1 frr", "192.168.0.3"), ("node3 frr", "192.168.0.1"))
            for edit in (
                (
                    node,
                    " neighbor 192.168.0.2 remote-as",
                    f" neighbor {peer} remote-as 1234\n neighbor 192.168.0.2 remote-as",
                ),
                (node, "  advertise-all-vni", f"  neighbor {peer} activate\n  advertise-all-vni"),
            )
        ),
    ),
    ImportRow(
        "a session with itself",
        "evpn-l2",
        given=(
            (
                "node1 frr",
                " neighbor 192.168.0.2 remote-as",
                " neighbor 192.168.0.1 remote-as 1234\n neighbor 192.168.0.2 remote-as",
            ),
            ("node1 frr", "  advertise-all-vni", "  neighbor 192.168.0.1 activate\n  advertise-all-vni"),
        ),
        said=(
            (
                "node1: /etc/frr/frr.conf:4: neighbor 192.168.0.1: is the node itself; remove every 'neighbor "
                "192.168.0.1'"
            ),
        ),
        followed=(
            ("node1 frr", " neighbor 192.168.0.1 remote-as 1234\n", ""),
            ("node1 frr", "  neighbor 192.168.0.1 activate\n", ""),
        ),
    ),
    ImportRow(
        "a neighbour by interface",
        "evpn-l2",
        given=(
            ("node1 frr", "neighbor 192.168.0.2 ", "neighbor eno2 "),
            ("node1 frr", "neighbor eno2 remote-as", "neighbor eno2 interface remote-as"),
        ),
        said=(
            (
                "node1: /etc/frr/frr.conf:4: neighbor eno2: is not an address, so its peer is unknown; write "
                "'neighbor ADDRESS remote-as 1234' in its place, and the peer's address wherever else 'neighbor "
                "eno2' stands"
            ),
        ),
        followed=(
            ("node1 frr", "neighbor eno2 interface ", "neighbor eno2 "),
            ("node1 frr", "neighbor eno2", "neighbor 192.168.0.2"),
        ),
    ),
    ImportRow(
        "an EVPN device on a node without BGP",
        "evpn-l2",
        given=(("node2 frr", "  advertise-all-vni\n", ""),),
        said=(
            (
                "node2: /etc/network/interfaces:18: vxlan2: floods nowhere: it has no group and no remote, and the "
                "node's frr.conf has no advertise-all-vni; give that frr.conf sessions and 'advertise-all-vni' in "
                "l2vpn evpn, as node1 has them"
            ),
            (
                "node2: /etc/network/interfaces:33: vxlan3: floods nowhere: it has no group and no remote, and the "
                "node's frr.conf has no advertise-all-vni; give that frr.conf sessions and 'advertise-all-vni' in "
                "l2vpn evpn, as node1 has them"
            ),
        ),
        followed=(
            (
                "node2 frr",
                "  neighbor 192.168.0.1 activate\n",
                "  neighbor 192.168.0.1 activate\n  advertise-all-vni\n",
            ),
        ),
    ),
    ImportRow(
        "two sessions with one node",
        "evpn-l2",
        given=(
            (
                "node2",
                "auto vmbr0\n",
                "auto eno2\niface eno2 inet static\n        address 10.99.0.2/32\n\nauto vmbr0\n",
            ),
            ("node1 frr", " !\n address-family", " neighbor 10.99.0.2 remote-as 1234\n !\n address-family"),
            ("node1 frr", "  advertise-all-vni", "  neighbor 10.99.0.2 activate\n  advertise-all-vni"),
        ),
        live=partial(with_address, device="eno2", address="10.99.0.2", on=["node2"]),
        said=(
            (
                "node1: /etc/frr/frr.conf:6: neighbor 10.99.0.2: is a second session with node2, beside neighbor "
                "192.168.0.2; remove one of the two"
            ),
        ),
        followed=(
            ("node1 frr", " neighbor 10.99.0.2 remote-as 1234\n", ""),
            ("node1 frr", "  neighbor 10.99.0.2 activate\n", ""),
        ),
    ),
)
