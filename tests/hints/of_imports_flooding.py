"""Hints of import about where flooded frames go: groups, lists of remotes, and flooding that is switched off."""

from __future__ import annotations

from tests.hints.imports import ImportRow, everywhere


def remotes(n: int) -> str:
    """The lines of node n that name the other two."""
    return "".join(f"        vxlan_remoteip 192.168.0.{m}\n" for m in (1, 2, 3) if m != n)


ONE_KIND_OFF = (
    *everywhere(
        "warning: node{n}: /etc/network/interfaces:23: vxlan2: bridge-unicast-flood off; write "
        "'bridge-multicast-flood off' too, for flood 0, or take it out"
    ),
    *everywhere(
        "warning: node{n}: /etc/network/interfaces:37: vxlan3: bridge-unicast-flood off; write "
        "'bridge-multicast-flood off' too, for flood 0, or take it out"
    ),
)

EVERY_NODE_BY_HOOK = "".join(
    f"        up bridge fdb append 00:00:00:00:00:00 dev vxlan3 dst 192.168.0.{n}\n" for n in (1, 2, 3)
)

ROWS = (
    ImportRow(
        "a group on one node, and remotes on the others",
        "unicast",
        given=(
            (
                "node1",
                "vxlan-id 3\n        vxlan_remoteip 192.168.0.2\n        vxlan_remoteip 192.168.0.3\n",
                "vxlan-id 3\n        vxlan-mcastgrp 225.20.1.1\n        vxlan-physdev eno1\n",
            ),
        ),
        said=(
            (
                "node2, node3: /etc/network/interfaces:32: vmbr3: flood mode is unicast, but multicast to 225.20.1.1 on "
                "node1 (/etc/network/interfaces:32); make them the same"
            ),
        ),
        followed=(
            (
                "node1",
                "vxlan-mcastgrp 225.20.1.1\n        vxlan-physdev eno1\n",
                "vxlan_remoteip 192.168.0.2\n        vxlan_remoteip 192.168.0.3\n",
            ),
        ),
    ),
    ImportRow(
        "a VXLAN device that floods nowhere, without any EVPN",
        "unicast",
        given=tuple((f"node{n}", f"vxlan-id 3\n{remotes(n)}", "vxlan-id 3\n        #no remotes\n") for n in (1, 2, 3)),
        said=(
            *everywhere(
                "node{n}: /etc/network/interfaces:30: vxlan3: floods nowhere: it has no group and no remote, and "
                "the node's frr.conf has no advertise-all-vni; write 'vxlan-remoteip ADDRESS' for every other node "
                "into its stanza, or 'vxlan-mcastgrp GROUP'"
            ),
        ),
        followed=tuple((f"node{n}", "        #no remotes\n", remotes(n)) for n in (1, 2, 3)),
    ),
    ImportRow(
        "remotes that hooks add on one node",
        "unicast",
        given=(
            (
                "node1",
                "vxlan-id 3\n        vxlan_remoteip 192.168.0.2\n        vxlan_remoteip 192.168.0.3\n",
                (
                    "vxlan-id 3\n        up bridge fdb append 00:00:00:00:00:00 dev vxlan3 dst 192.168.0.2\n"
                    "        up bridge fdb append 00:00:00:00:00:00 dev vxlan3 dst 192.168.0.3\n"
                ),
            ),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:30: vxlan3: floods nowhere: it has no group and no remote, and the "
                "node's frr.conf has no advertise-all-vni; write 'vxlan-remoteip 192.168.0.2' and 'vxlan-remoteip "
                "192.168.0.3' into its stanza, in place of the hooks"
            ),
        ),
        followed=(
            (
                "node1",
                (
                    "        up bridge fdb append 00:00:00:00:00:00 dev vxlan3 dst 192.168.0.2\n"
                    "        up bridge fdb append 00:00:00:00:00:00 dev vxlan3 dst 192.168.0.3\n"
                ),
                "        vxlan-remoteip 192.168.0.2\n        vxlan-remoteip 192.168.0.3\n",
            ),
        ),
    ),
    ImportRow(
        "remotes that the same hooks add on every node, the node itself among them",
        "unicast",
        given=tuple((f"node{n}", f"vxlan-id 3\n{remotes(n)}", f"vxlan-id 3\n{EVERY_NODE_BY_HOOK}") for n in (1, 2, 3)),
        said=tuple(
            f"node{n}: /etc/network/interfaces:30: vxlan3: floods nowhere: it has no group and no remote, and the "
            "node's frr.conf has no advertise-all-vni; write "
            + " and ".join(f"'vxlan-remoteip 192.168.0.{m}'" for m in (1, 2, 3) if m != n)
            + " into its stanza, in place of the hooks"
            for n in (1, 2, 3)
        ),
        followed=tuple((f"node{n}", EVERY_NODE_BY_HOOK, remotes(n)) for n in (1, 2, 3)),
    ),
    ImportRow(
        "a list of remotes that lacks a node",
        "unicast",
        given=(("node1", "vxlan-id 3\n        vxlan_remoteip 192.168.0.2\n", "vxlan-id 3\n"),),
        said=(
            (
                "node1: /etc/network/interfaces:32: vxlan3: its list of remotes lacks 192.168.0.2 (node2); list "
                "every other node"
            ),
        ),
        followed=(("node1", "vxlan-id 3\n", "vxlan-id 3\n        vxlan_remoteip 192.168.0.2\n"),),
    ),
    ImportRow(
        "a list of remotes with the node itself",
        "unicast",
        given=(
            (
                "node3",
                "vxlan-id 3\n        vxlan_remoteip 192.168.0.1\n",
                "vxlan-id 3\n        vxlan_remoteip 192.168.0.3\n",
            ),
        ),
        said=(
            (
                "node3: /etc/network/interfaces:32: vxlan3: its list of remotes names the node itself "
                "(192.168.0.3), and lacks 192.168.0.1 (node1); list every other node"
            ),
        ),
        followed=(
            (
                "node3",
                "vxlan-id 3\n        vxlan_remoteip 192.168.0.3\n",
                "vxlan-id 3\n        vxlan_remoteip 192.168.0.1\n",
            ),
        ),
    ),
    ImportRow(
        "a mistyped remote",
        "unicast",
        given=(
            (
                "node1",
                "vxlan-id 3\n        vxlan_remoteip 192.168.0.2\n",
                "vxlan-id 3\n        vxlan_remoteip 192.168.0.20\n",
            ),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:32: vxlan3: its list of remotes names 192.168.0.20, which no node "
                "has and other nodes do not list, and lacks 192.168.0.2 (node2); list every other node; a host "
                "outside the cluster is on every list"
            ),
        ),
        followed=(("node1", "192.168.0.20\n", "192.168.0.2\n"),),
        comes="vxlan: ucast",
    ),
    ImportRow(
        "a host outside the cluster that is on one list alone",
        "unicast",
        given=(
            ("node1", "vxlan-id 3\n", "vxlan-id 3\n        vxlan_remoteip 192.168.0.77\n"),
            ("node2", "vxlan-id 3\n", "vxlan-id 3\n        vxlan_remoteip 192.168.0.77\n"),
        ),
        said=(
            (
                "node1, node2: /etc/network/interfaces:32: vxlan3: its list of remotes names 192.168.0.77, which no node "
                "has and other nodes do not list; list every other node; a host outside the cluster is on every list"
            ),
        ),
        followed=(("node3", "vxlan-id 3\n", "vxlan-id 3\n        vxlan_remoteip 192.168.0.77\n"),),
        comes="peers 192.168.0.1,192.168.0.2,192.168.0.3,192.168.0.77",
    ),
    ImportRow(
        "VNets of one VRF that flood differently",
        "symmetric",
        given=(
            (
                "*",
                "        bridge-unicast-flood off\n        bridge-multicast-flood off\n\nauto vmbr3",
                "\nauto vmbr3",
            ),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:41: vmbr3: flooding is on, and off of vmbr2 in the same VRF; a zone "
                "has one setting: make them the same"
            ),
        ),
        followed=(
            (
                "*",
                "        bridge-arp-nd-suppress on\n\nauto vmbr3",
                (
                    "        bridge-arp-nd-suppress on\n        bridge-unicast-flood off\n"
                    "        bridge-multicast-flood off\n\nauto vmbr3"
                ),
            ),
        ),
        comes="flood 0",
    ),
    ImportRow(
        "one kind of flooding switched off alone, the other too then",
        "evpn-l2",
        given=(("*", "        bridge-multicast-flood off\n", ""),),
        said=ONE_KIND_OFF,
        followed=(
            (
                "*",
                "        bridge-unicast-flood off\n",
                "        bridge-unicast-flood off\n        bridge-multicast-flood off\n",
            ),
        ),
        comes="flood 0",
    ),
    ImportRow(
        "one kind of flooding switched off alone, and no more then",
        "evpn-l2",
        given=(("*", "        bridge-multicast-flood off\n", ""),),
        said=ONE_KIND_OFF,
        followed=(("*", "        bridge-unicast-flood off\n", ""),),
    ),
    ImportRow(
        "groups joined on devices of different names",
        "multicast",
        given=(
            ("node1", "vxlan-physdev eno1", "vxlan-physdev eno3"),
            ("node2", "vxlan-physdev eno1", "vxlan-physdev eno4"),
        ),
        said=(
            (
                "node1: /etc/network/interfaces:21: vxlan2: the group is joined on eno3, on other nodes elsewhere; "
                "write the same vxlan-physdev on every node, best the device that carries the tunnels"
            ),
            (
                "node2: /etc/network/interfaces:21: vxlan2: the group is joined on eno4, on other nodes elsewhere; "
                "write the same vxlan-physdev on every node, best the device that carries the tunnels"
            ),
            (
                "node1: /etc/network/interfaces:33: vxlan3: the group is joined on eno3, on other nodes elsewhere; "
                "write the same vxlan-physdev on every node, best the device that carries the tunnels"
            ),
            (
                "node2: /etc/network/interfaces:33: vxlan3: the group is joined on eno4, on other nodes elsewhere; "
                "write the same vxlan-physdev on every node, best the device that carries the tunnels"
            ),
        ),
        followed=(
            ("node1", "vxlan-physdev eno3", "vxlan-physdev eno1"),
            ("node2", "vxlan-physdev eno4", "vxlan-physdev eno1"),
        ),
        left=("note: eno1: is a port of vmbr0, which holds the VTEP: the group is joined on vmbr0",),
    ),
)
