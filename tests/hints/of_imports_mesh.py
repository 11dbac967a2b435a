"""Hints of import about the mesh: route reflectors and their clients, peers outside the cluster, one AS."""

from __future__ import annotations

from tests.hints.imports import ImportRow

ONE_HAS_AN_OUTSIDER = (
    (
        "node1 frr",
        " neighbor 192.168.0.2 remote-as",
        " neighbor 192.168.0.9 remote-as 1234\n neighbor 192.168.0.2 remote-as",
    ),
    ("node1 frr", "  advertise-all-vni", "  neighbor 192.168.0.9 activate\n  advertise-all-vni"),
)
OTHERS_LACK_IT = (
    (
        "node2, node3: /etc/frr/frr.conf:1: router bgp 1234: has no session with 192.168.0.9; add it, and activate "
        "it in l2vpn evpn; or take the peer that is not a node out of every frr.conf"
    ),
)
CLIENTS_WITH_A_SESSION = (
    (
        "node2: /etc/frr/frr.conf:5: neighbor 192.168.0.3: is a session between two clients of node1; "
        "remove every 'neighbor 192.168.0.3'; or for a full mesh remove every 'route-reflector-client' of "
        "node1"
    ),
    (
        "node3: /etc/frr/frr.conf:5: neighbor 192.168.0.2: is a session between two clients of node1; "
        "remove every 'neighbor 192.168.0.2'; or for a full mesh remove every 'route-reflector-client' of "
        "node1"
    ),
)

ROWS = (
    ImportRow(
        "a peer outside the cluster that one node alone has, added to the others",
        "evpn-l2",
        given=ONE_HAS_AN_OUTSIDER,
        said=OTHERS_LACK_IT,
        followed=tuple(
            edit
            for node, first in (("node2 frr", "192.168.0.1"), ("node3 frr", "192.168.0.1"))
            for edit in (
                (
                    node,
                    f" neighbor {first} remote-as",
                    f" neighbor 192.168.0.9 remote-as 1234\n neighbor {first} remote-as",
                ),
                (node, "  advertise-all-vni", "  neighbor 192.168.0.9 activate\n  advertise-all-vni"),
            )
        ),
        comes="peers 192.168.0.1,192.168.0.2,192.168.0.3,192.168.0.9",
    ),
    ImportRow(
        "a peer outside the cluster that one node alone has, taken out",
        "evpn-l2",
        given=ONE_HAS_AN_OUTSIDER,
        said=OTHERS_LACK_IT,
        followed=(
            ("node1 frr", " neighbor 192.168.0.9 remote-as 1234\n", ""),
            ("node1 frr", "  neighbor 192.168.0.9 activate\n", ""),
        ),
    ),
    ImportRow(
        "a full mesh with one line of a route reflector, which goes",
        "evpn-l2",
        given=(
            ("node1 frr", "  advertise-all-vni", "  neighbor 192.168.0.2 route-reflector-client\n  advertise-all-vni"),
        ),
        said=(
            (
                "node1: /etc/frr/frr.conf:5: neighbor 192.168.0.3: is not a route-reflector-client; write 'neighbor "
                "192.168.0.3 route-reflector-client' in l2vpn evpn"
            ),
            *CLIENTS_WITH_A_SESSION,
        ),
        followed=(("node1 frr", "  neighbor 192.168.0.2 route-reflector-client\n", ""),),
    ),
    ImportRow(
        "a route reflector whose clients have a session with each other",
        "evpn-l2",
        given=(
            (
                "node1 frr",
                "  advertise-all-vni",
                "  neighbor 192.168.0.2 route-reflector-client\n  neighbor 192.168.0.3 route-reflector-client\n  advertise-all-vni",
            ),
        ),
        said=CLIENTS_WITH_A_SESSION,
        followed=(
            ("node2 frr", " neighbor 192.168.0.3 remote-as 1234\n", ""),
            ("node2 frr", "  neighbor 192.168.0.3 activate\n", ""),
            ("node3 frr", " neighbor 192.168.0.2 remote-as 1234\n", ""),
            ("node3 frr", "  neighbor 192.168.0.2 activate\n", ""),
        ),
        comes="route-reflectors node1",
    ),
    ImportRow(
        "a route reflector that does not reflect for everybody",
        "evpn-l2",
        given=(
            ("node1 frr", "  advertise-all-vni", "  neighbor 192.168.0.2 route-reflector-client\n  advertise-all-vni"),
            ("node2 frr", " neighbor 192.168.0.3 remote-as 1234\n", ""),
            ("node2 frr", "  neighbor 192.168.0.3 activate\n", ""),
            ("node3 frr", " neighbor 192.168.0.2 remote-as 1234\n", ""),
            ("node3 frr", "  neighbor 192.168.0.2 activate\n", ""),
        ),
        said=(
            (
                "node1: /etc/frr/frr.conf:5: neighbor 192.168.0.3: is not a route-reflector-client; write 'neighbor "
                "192.168.0.3 route-reflector-client' in l2vpn evpn"
            ),
        ),
        followed=(
            ("node1 frr", "  advertise-all-vni", "  neighbor 192.168.0.3 route-reflector-client\n  advertise-all-vni"),
        ),
        comes="route-reflectors node1",
    ),
    ImportRow(
        "route reflectors that reflect for each other",
        "evpn-l2",
        given=(
            (
                "node1 frr",
                "  advertise-all-vni",
                "  neighbor 192.168.0.2 route-reflector-client\n  neighbor 192.168.0.3 route-reflector-client\n  advertise-all-vni",
            ),
            ("node2 frr", "  advertise-all-vni", "  neighbor 192.168.0.3 route-reflector-client\n  advertise-all-vni"),
        ),
        said=(
            (
                "node1: /etc/frr/frr.conf:4: neighbor 192.168.0.2: is a route-reflector-client, but a route "
                "reflector itself; remove 'neighbor 192.168.0.2 route-reflector-client'"
            ),
        ),
        followed=(("node1 frr", "  neighbor 192.168.0.2 route-reflector-client\n", ""),),
        comes="route-reflectors node1,node2",
    ),
    ImportRow(
        "a node that lacks a route reflector",
        "route-reflectors",
        given=(
            ("node2 frr", " neighbor 192.168.0.253 remote-as 1234\n", ""),
            ("node2 frr", "  neighbor 192.168.0.253 activate\n", ""),
        ),
        said=(
            (
                "node2: /etc/frr/frr.conf:1: router bgp 1234: has no session with 192.168.0.253; add it, and "
                "activate it in l2vpn evpn; or take the peer that is not a node out of every frr.conf"
            ),
        ),
        followed=(
            (
                "node2 frr",
                " neighbor 192.168.0.252 remote-as 1234\n",
                " neighbor 192.168.0.252 remote-as 1234\n neighbor 192.168.0.253 remote-as 1234\n",
            ),
            ("node2 frr", "  advertise-all-vni", "  neighbor 192.168.0.253 activate\n  advertise-all-vni"),
        ),
        comes="route-reflectors 192.168.0.252,192.168.0.253",
    ),
    ImportRow(
        "a neighbour without its AS",
        "evpn-l2",
        given=(("node3 frr", " neighbor 192.168.0.2 remote-as 1234\n", ""),),
        said=(
            (
                "node3: /etc/frr/frr.conf:8: neighbor 192.168.0.2: remote-as is missing, but the node's own AS is "
                "1234; write 'neighbor 192.168.0.2 remote-as 1234'"
            ),
        ),
        followed=(
            ("node3 frr", " coalesce-time 1000\n", " coalesce-time 1000\n neighbor 192.168.0.2 remote-as 1234\n"),
        ),
    ),
    ImportRow(
        "an AS for each node",
        "evpn-l2",
        given=(
            ("node2 frr", "router bgp 1234", "router bgp 1235"),
            ("node1 frr", "neighbor 192.168.0.2 remote-as 1234", "neighbor 192.168.0.2 remote-as 1235"),
            ("node3 frr", "neighbor 192.168.0.2 remote-as 1234", "neighbor 192.168.0.2 remote-as 1235"),
        ),
        said=(
            (
                "node1: /etc/frr/frr.conf:4: neighbor 192.168.0.2: remote-as 1235, but the node's own AS is 1234; "
                "pvesdn.cfg has one AS (iBGP): write the same behind 'router bgp' and 'remote-as' on every node and "
                "its peers"
            ),
            (
                "node2: /etc/frr/frr.conf:4: neighbor 192.168.0.1: remote-as 1234, but the node's own AS is 1235; "
                "pvesdn.cfg has one AS (iBGP): write the same behind 'router bgp' and 'remote-as' on every node and "
                "its peers"
            ),
            (
                "node2: /etc/frr/frr.conf:5: neighbor 192.168.0.3: remote-as 1234, but the node's own AS is 1235; "
                "pvesdn.cfg has one AS (iBGP): write the same behind 'router bgp' and 'remote-as' on every node and "
                "its peers"
            ),
            (
                "node3: /etc/frr/frr.conf:5: neighbor 192.168.0.2: remote-as 1235, but the node's own AS is 1234; "
                "pvesdn.cfg has one AS (iBGP): write the same behind 'router bgp' and 'remote-as' on every node and "
                "its peers"
            ),
        ),
        followed=(
            ("node2 frr", "1235", "1234"),
            ("node1 frr", "1235", "1234"),
            ("node3 frr", "1235", "1234"),
        ),
        comes="asn 1234",
    ),
    ImportRow(
        "another AS on one node",
        "evpn-l2",
        given=(("node2 frr", "1234", "1235"),),
        said=(
            (
                "node2: /etc/frr/frr.conf:1: router bgp 1235: is not the AS of node1, 1234 (/etc/frr/frr.conf:1); "
                "pvesdn.cfg has one AS (iBGP): write the same behind 'router bgp' and 'remote-as' on every node and "
                "its peers"
            ),
        ),
        followed=(("node2 frr", "1235", "1234"),),
        comes="asn 1234",
    ),
)
