"""Hints of import about what the nodes, or the VNets of one zone, must agree on."""

from __future__ import annotations

from dataclasses import replace

from pvesdn.model.snapshot import Snapshot
from tests.hints.imports import ImportRow, everywhere, with_rows


def with_mtu(snapshot: Snapshot, mtu: int) -> Snapshot:
    """Every node's uplink has another MTU, in bytes."""
    for command in ("ip-link", "ip-addr"):
        snapshot = with_rows(
            snapshot,
            command,
            lambda rows: [row | {"mtu": mtu} if row["ifname"] in ("eno1", "vmbr0") else row for row in rows],
        )
    return snapshot


def without(snapshot: Snapshot, node: str) -> Snapshot:
    """A node is off."""
    rows = snapshot.api["cluster/status"]
    assert isinstance(rows, list)
    status = [row | {"online": 0} if isinstance(row, dict) and row.get("name") == node else row for row in rows]
    nodes = {name: raw for name, raw in snapshot.nodes.items() if name != node}
    return replace(snapshot, api={**snapshot.api, "cluster/status": status}, nodes=nodes)


def back(snapshot: Snapshot) -> Snapshot:
    """Every node is there."""
    del snapshot
    return ImportRow("", "unicast", said="").build()


TWO_NAMES = (
    (
        "node3: /etc/network/interfaces:24: br2: has VNI 2, which vmbr2 has on node1 "
        "(/etc/network/interfaces:24); if it is the same network, call it vmbr2 here too and plug its "
        "guests into that; if not, give it another VNI"
    ),
)

ROWS = (
    ImportRow(
        "one bridge with two VNIs",
        "unicast",
        given=(("node2", "vxlan-id 2\n", "vxlan-id 20\n"),),
        said=(
            (
                "node2: /etc/network/interfaces:19: vmbr2: VNI is 20, but 2 on node1 (/etc/network/interfaces:19); "
                "make them the same"
            ),
        ),
        followed=(("node2", "vxlan-id 20\n", "vxlan-id 2\n"),),
        gives_up=frozenset({"node2 VNI 20"}),
    ),
    ImportRow(
        "one VNI in bridges of two names, which are one network",
        "unicast",
        given=(("node3", "vmbr2", "br2"),),
        said=TWO_NAMES,
        followed=(("node3", "br2", "vmbr2"),),
        comes="vnet: vmbr2",
    ),
    ImportRow(
        "one VNI in bridges of two names, which are two networks",
        "unicast",
        given=(("node3", "vmbr2", "br2"),),
        said=TWO_NAMES,
        followed=(("node3", "vxlan-id 2\n", "vxlan-id 22\n"),),
        comes=("vnet: vmbr2", "vnet: br2", "tag 22"),
        gives_up=frozenset({"node3 VNI 2"}),
    ),
    ImportRow(
        "one VNI twice on a node",
        "unicast",
        given=(("*", "vxlan-id 3\n", "vxlan-id 2\n        vxlan-port 4790\n"),),
        said=(
            *everywhere(
                "node{n}: /etc/network/interfaces:37: vmbr3: has VNI 2, which vmbr2 has on node1 "
                "(/etc/network/interfaces:24); give one of the two another VNI on every node"
            ),
        ),
        followed=(("*", "vxlan-id 2\n        vxlan-port 4790\n", "vxlan-id 3\n        vxlan-port 4790\n"),),
        comes=("tag 2", "tag 3", "vxlan-port 4790"),
    ),
    ImportRow(
        "another gateway on one node",
        "asymmetric",
        given=(("node2", "10.0.2.254", "10.0.2.253"),),
        said=(
            (
                "node2: /etc/network/interfaces:31: vmbr2: gateway is 10.0.2.253/24, but 10.0.2.254/24 on node1 "
                "(/etc/network/interfaces:31); make them the same"
            ),
        ),
        followed=(("node2", "10.0.2.253", "10.0.2.254"),),
        gives_up=frozenset({"node2 10.0.2.253"}),
    ),
    ImportRow(
        "VNets of one VRF with two UDP ports",
        "symmetric",
        given=(("*", "vxlan-id 3\n", "vxlan-id 3\n        vxlan-port 4790\n"),),
        said=(
            (
                "node1: /etc/network/interfaces:51: vmbr3: vxlan-port is 4790, and 4789 of vmbr2; VNets of one VRF "
                "have one UDP port: make them the same"
            ),
        ),
        followed=(("*", "        vxlan-port 4790\n", ""),),
    ),
    ImportRow(
        "VNets of one VRF with two MTUs",
        "symmetric",
        given=(
            ("*", "vxlan-id 2\n", "vxlan-id 2\n        mtu 1450\n"),
            ("*", "vxlan-id 3\n", "vxlan-id 3\n        mtu 1400\n"),
            ("*", "vxlan-id 4000\n", "vxlan-id 4000\n        mtu 1400\n"),
        ),
        said=(
            (
                "warning: node1: /etc/network/interfaces:32: vmbr2: VNets with MTUs of their own: the zone gets the "
                "least, 1400; a zone has one MTU: to keep it write the same for all its VNets"
            ),
        ),
        followed=(("*", "mtu 1400\n", "mtu 1450\n"),),
        comes="mtu 1450",
    ),
    ImportRow(
        "an MTU that the underlay does not carry",
        "unicast",
        given=(("*", "vxlan-id 3\n", "vxlan-id 3\n        mtu 1600\n"),),
        said=(
            (
                "warning: node1: /etc/network/interfaces:32: vxlan3: mtu 1600 does not fit the underlay, which "
                "allows 1500; the zone gets what fits: to keep it raise the underlay's MTU by 100"
            ),
        ),
        followed=(("*", "        mtu 1550\n", "        mtu 1650\n"),),
        deed=lambda snapshot: with_mtu(snapshot, 1650),
    ),
    ImportRow(
        "a gateway in a plain zone",
        "unicast",
        given=(("*", "bridge_ports vxlan2\n", "bridge_ports vxlan2\n        address 10.0.2.254/24\n"),),
        said=(
            *everywhere(
                "warning: node{n}: /etc/network/interfaces:26: vmbr2: the address 10.0.2.254/24; gateways need "
                "EVPN with irb asymmetric or symmetric: give it to a guest or a router first"
            ),
        ),
        followed=(("*", "        address 10.0.2.254/24\n", ""),),
        gives_up=frozenset(f"node{n} 10.0.2.254" for n in (1, 2, 3)),
    ),
    ImportRow(
        "a VRF in a plain zone",
        "unicast",
        given=(
            ("*", "bridge_ports vxlan2\n", "bridge_ports vxlan2\n        vrf red\n"),
            ("*", "auto lo\n", "auto red\niface red\n        vrf-table auto\n\nauto lo\n"),
        ),
        said=(
            *everywhere(
                "warning: node{n}: /etc/network/interfaces:30: vmbr2: the VRF red; VRFs need EVPN with irb "
                "asymmetric or symmetric: take the line out"
            ),
        ),
        followed=(("*", "        vrf red\n", ""),),
    ),
    ImportRow(
        "an alias for each node",
        "unicast",
        given=(("*", "bridge_ports vxlan2\n", "bridge_ports vxlan2\n        alias web of node{n}\n"),),
        said=(
            (
                "warning: node2: /etc/network/interfaces:26: vmbr2: alias web of node2; a VNet has one alias, 'web "
                "of node1' of node1: make them the same"
            ),
            (
                "warning: node3: /etc/network/interfaces:26: vmbr2: alias web of node3; a VNet has one alias, 'web "
                "of node1' of node1: make them the same"
            ),
        ),
        followed=(
            ("node2", "alias web of node2", "alias web of node1"),
            ("node3", "alias web of node3", "alias web of node1"),
        ),
        comes="alias web of node1",
    ),
    ImportRow(
        "a physical port in a VNet's bridge",
        "unicast",
        given=(("node1", "bridge_ports vxlan2\n", "bridge_ports vxlan2 eno2\n"),),
        said=(
            (
                "warning: node1: /etc/network/interfaces:25: vmbr2: the port eno2; a VNet's bridge holds its VXLAN "
                "port and guests' ports: take it out first; what is behind it loses the VNet at the cut-over"
            ),
        ),
        followed=(("node1", "bridge_ports vxlan2 eno2\n", "bridge_ports vxlan2\n"),),
    ),
    ImportRow(
        "a bridge for the L3VNI that no frr.conf names",
        "symmetric",
        given=(("* frr", "vrf vrf1\n vni 4000\n", "vrf vrf1\n"),),
        said=(
            (
                "warning: node1: /etc/network/interfaces:70: vmbr4000: is in VRF vrf1 without an address, and is "
                "assumed to be a VNet; if VNI 4000 is the VRF's L3VNI, every node's frr.conf must say 'vni 4000' "
                "under 'vrf vrf1'"
            ),
            "warning: node1: /etc/network/interfaces:74: vmbr4000: hwaddress 44:39:39:FF:40:90",
            "warning: node2: /etc/network/interfaces:74: vmbr4000: hwaddress 44:39:39:FF:40:91",
            "warning: node3: /etc/network/interfaces:74: vmbr4000: hwaddress 44:39:39:FF:40:92",
            *everywhere(
                "warning: node{n}: /etc/frr/frr.conf:16: router bgp 1234: the instance of VRF vrf1; apply "
                "--overwrite takes it out of frr.conf: what is still needed belongs in /etc/frr/frr.conf.local"
            ),
        ),
        followed=(("* frr", "vrf vrf1\n!\nrouter bgp 1234\n", "vrf vrf1\n vni 4000\n!\nrouter bgp 1234\n"),),
        comes="vrf-vxlan 4000",
    ),
    ImportRow(
        "a node that is off",
        "unicast",
        live=lambda snapshot: without(snapshot, "node3"),
        said=(
            (
                "warning: node3: was not read (offline): it is assumed to be like the others; import again once it "
                "can be read, before you apply"
            ),
        ),
        deed=back,
    ),
)
