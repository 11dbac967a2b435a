"""Hints about whom PVE's definitions name: members, peers, and objects of pvesdn.cfg beside them."""

from __future__ import annotations

from tests.hints.pves import BGP, FABRIC, SIMPLE, TUNNELS, with_
from tests.hints.table import Row
from tests.unit.design.network import PVE_EVPN, SYMMETRIC

ROWS = (
    Row(
        "a VNet of ours is in a zone of PVE's",
        {**SIMPLE, "pvesdn.cfg": "vnet: lab\n\tzone lan\n\ttag 9\n"},
        said=("error: pvesdn.cfg:2: vnet 'lab': zone 'lan' is PVE's; define the vnet in PVE instead of here"),
        followed=(
            ("pvesdn.cfg", "vnet: lab\n\tzone lan\n\ttag 9\n", ""),
            ("vnets.cfg", "", "vnet: lab\n\tzone lan\n\n"),
        ),
    ),
    Row(
        "a VNet of PVE's is in a zone of ours",
        {"vnets.cfg": "vnet: lab\n\tzone sym\n\ttag 9\n\n", "pvesdn.cfg": SYMMETRIC},
        said=(
            "error: vnets.cfg:2: vnet 'lab': zone 'sym' is of pvesdn.cfg; define the vnet in pvesdn.cfg instead of here"
        ),
        followed=(
            ("vnets.cfg", "vnet: lab\n\tzone sym\n\ttag 9\n\n", ""),
            ("pvesdn.cfg", "", "vnet: lab\n\tzone sym\n\ttag 9\n"),
        ),
    ),
    Row(
        "an id is PVE's already",
        {**SIMPLE, "pvesdn.cfg": "vxlan: lan\n\nvnet: lab\n\tzone lan\n\ttag 9\n"},
        said=("error: pvesdn.cfg:1: zone 'lan': id is already used by a zone in zones.cfg; choose another id"),
        followed=(("pvesdn.cfg", "vxlan: lan", "vxlan: ours"), ("pvesdn.cfg", "zone lan", "zone ours")),
    ),
    Row(
        "a BGP controller of PVE's has a neighbour of ours beside others",
        {
            "pvesdn.cfg": SYMMETRIC,
            "controllers.cfg": BGP.replace("65000", "1234").replace("192.0.2.1", "192.168.0.2,192.0.2.1"),
        },
        said=(
            "error: pvesdn.cfg:4: controller 'main': peers with 192.168.0.2 on node1, as controller "
            "'bgpnode1' (controllers.cfg:1) of PVE does; FRR has one session per address; remove "
            "192.168.0.2 from the peers of controller 'bgpnode1' in PVE, or give the nodes VTEPs of "
            "their own in the section underlay"
        ),
        followed=(("controllers.cfg", "192.168.0.2,192.0.2.1", "192.0.2.1"),),
    ),
    Row(
        "a BGP controller of PVE's has neighbours of ours alone",
        {"pvesdn.cfg": SYMMETRIC, "controllers.cfg": BGP.replace("65000", "1234").replace("192.0.2.1", "192.168.0.2")},
        said=(
            "error: pvesdn.cfg:4: controller 'main': peers with 192.168.0.2 on node1, as controller "
            "'bgpnode1' (controllers.cfg:1) of PVE does; FRR has one session per address; remove "
            "controller 'bgpnode1' in PVE, or give the nodes VTEPs of their own in the section "
            "underlay"
        ),
        followed=(("controllers.cfg", BGP.replace("65000", "1234").replace("192.0.2.1", "192.168.0.2"), ""),),
    ),
    Row(
        "a controller of PVE's is of a node that has left",
        {**PVE_EVPN, "controllers.cfg": PVE_EVPN["controllers.cfg"] + BGP.replace("node1", "gone")},
        said=(
            "warning: controllers.cfg:7: controller 'bgpgone': node names 'gone', which is not a "
            "member of the cluster; members are node1, node2, node3; remove the controller in PVE"
        ),
        followed=(("controllers.cfg", BGP.replace("node1", "gone"), ""),),
    ),
    Row(
        "a zone of PVE's names a node that has left",
        with_(SIMPLE, "zones.cfg", "lan\n", "lan\n\tnodes node1,gone\n"),
        said=(
            "warning: zones.cfg:2: zone 'lan': nodes names 'gone', which is not a member of the "
            "cluster; members are node1, node2, node3; remove it in PVE"
        ),
        followed=(("zones.cfg", "node1,gone", "node1"),),
    ),
    Row(
        "a zone of PVE's is of a node that has left alone",
        with_(SIMPLE, "zones.cfg", "lan\n", "lan\n\tnodes gone\n"),
        said=(
            "warning: zones.cfg:2: zone 'lan': nodes names 'gone', which is not a member of the "
            "cluster; members are node1, node2, node3; name one of them instead in PVE, or remove the "
            "zone: without nodes it would be on all of them"
        ),
        followed=(("zones.cfg", "nodes gone", "nodes node1"),),
    ),
    Row(
        "a zone of PVE's lists no address of a node",
        with_(TUNNELS, "zones.cfg", ",192.168.0.3", ""),
        said=(
            "warning: zones.cfg:1: zone 'tun': peers lists no address of node3, so no other node "
            "floods frames there; add 192.168.0.3 to the peers in PVE, or leave node3 out of the "
            "zone's nodes"
        ),
        followed=(("zones.cfg", "192.168.0.2", "192.168.0.2,192.168.0.3"),),
    ),
    Row(
        "a zone of PVE's lists no address of a node, which is left out",
        with_(TUNNELS, "zones.cfg", ",192.168.0.3", ""),
        said=(
            "warning: zones.cfg:1: zone 'tun': peers lists no address of node3, so no other node "
            "floods frames there; add 192.168.0.3 to the peers in PVE, or leave node3 out of the "
            "zone's nodes"
        ),
        followed=(("zones.cfg", "tun\n", "tun\n\tnodes node1,node2\n"),),
    ),
    Row(
        "a controller of PVE's lists no address of a node",
        with_(PVE_EVPN, "controllers.cfg", ",192.168.0.3", ""),
        said=(
            "warning: controllers.cfg:1: controller 'evpnctl': peers lists no address of node3, so no "
            "other node has a session with it; add 192.168.0.3 to the peers in PVE, or leave node3 "
            "out of the zone's nodes"
        ),
        followed=(("controllers.cfg", "192.168.0.2", "192.168.0.2,192.168.0.3"),),
    ),
    Row(
        "a zone of ours has a node that PVE's controller does not list",
        {
            "controllers.cfg": PVE_EVPN["controllers.cfg"].replace(",192.168.0.3", ""),
            "pvesdn.cfg": SYMMETRIC.replace("evpn-controller: main\n\tasn 1234\n\n", "").replace(
                "controller main", "controller evpnctl"
            ),
        },
        said=(
            "warning: pvesdn.cfg:5: zone 'sym': PVE's controller 'evpnctl' has no peer for the VTEP "
            "of node3; add 192.168.0.3 to the controller's peers in PVE"
        ),
        followed=(("controllers.cfg", "192.168.0.2", "192.168.0.2,192.168.0.3"),),
    ),
    Row(
        "a zone of ours has a controller that is not for EVPN",
        {
            "controllers.cfg": PVE_EVPN["controllers.cfg"] + BGP,
            "pvesdn.cfg": SYMMETRIC.replace("evpn-controller: main\n\tasn 1234\n\n", "").replace(
                "controller main", "controller bgpnode1"
            ),
        },
        said=("error: pvesdn.cfg:5: zone 'sym': controller 'bgpnode1' is of type bgp; name a controller for EVPN"),
        followed=(("pvesdn.cfg", "controller bgpnode1", "controller evpnctl"),),
    ),
    Row(
        "two VNets of PVE's have one VNI",
        with_(TUNNELS, "vnets.cfg", "tag 7\n\n", "tag 7\n\nvnet: bureau\n\tzone tun\n\ttag 7\n\n"),
        said=(
            "warning: vnets.cfg:7: vnet 'bureau': tag 7 is also the tag of vnet 'office' (vnets.cfg:3);"
            " PVE accepts this; one of the two will not work; choose another tag in PVE"
        ),
        followed=(("vnets.cfg", "vnet: bureau\n\tzone tun\n\ttag 7", "vnet: bureau\n\tzone tun\n\ttag 8"),),
    ),
    Row(
        "a VNet of PVE's has the VNI of a VRF",
        with_(PVE_EVPN, "vnets.cfg", "tag 100", "tag 1000"),
        said=(
            "warning: vnets.cfg:3: vnet 'web': tag 1000 is also the vrf-vxlan of zone 'theirs' "
            "(zones.cfg:3); PVE accepts this; one of the two will not work; choose another tag in PVE"
        ),
        followed=(("vnets.cfg", "tag 1000", "tag 100"),),
    ),
    Row(
        "two subnets of PVE's overlap",
        {
            **PVE_EVPN,
            "subnets.cfg": "subnet: theirs-10.0.0.0-16\n\tvnet web\n\nsubnet: theirs-10.0.2.0-24\n\tvnet web\n\n",
        },
        said=(
            "warning: subnets.cfg:4: subnet 'theirs-10.0.2.0-24': overlaps subnet 'theirs-10.0.0.0-16' "
            "(10.0.0.0/16) in the VRF of zone 'theirs'; PVE accepts this; one of the two will not be "
            "reachable; choose another prefix in PVE"
        ),
        followed=(("subnets.cfg", "theirs-10.0.2.0-24", "theirs-10.1.2.0-24"),),
    ),
    Row(
        "a zone of PVE's names a controller that is not there",
        {**PVE_EVPN, "controllers.cfg": ""},
        said=(
            "warning: zones.cfg:2: zone 'theirs': controller 'evpnctl' does not exist; PVE leaves this "
            "zone's VNets out; define it in PVE"
        ),
        followed=(("controllers.cfg", "", PVE_EVPN["controllers.cfg"]),),
    ),
    Row(
        "a zone of PVE's names a controller that is almost there",
        with_(PVE_EVPN, "zones.cfg", "controller evpnctl", "controller evpnclt"),
        said=(
            "warning: zones.cfg:2: zone 'theirs': controller 'evpnclt' does not exist; PVE leaves this "
            "zone's VNets out; did you mean 'evpnctl'? Otherwise define it in PVE"
        ),
        followed=(("zones.cfg", "controller evpnclt", "controller evpnctl"),),
    ),
    Row(
        "a zone of PVE's names a controller that is not for EVPN",
        {
            **with_(PVE_EVPN, "zones.cfg", "controller evpnctl", "controller bgpnode1"),
            "controllers.cfg": PVE_EVPN["controllers.cfg"] + BGP,
        },
        said=(
            "warning: zones.cfg:2: zone 'theirs': controller 'bgpnode1' is of type bgp; PVE leaves this"
            " zone's VNets out; name a controller for EVPN"
        ),
        followed=(("zones.cfg", "controller bgpnode1", "controller evpnctl"),),
    ),
    Row(
        "a zone of PVE's names a fabric that is not there",
        {**FABRIC, "fabrics.cfg": ""},
        said=(
            "warning: zones.cfg:2: zone 'tun': fabric 'lab' does not exist; PVE leaves this zone's "
            "VNets out; define it in PVE"
        ),
        followed=(("fabrics.cfg", "", FABRIC["fabrics.cfg"]),),
    ),
    Row(
        "VNets of PVE's are in a zone that is not there",
        {"vnets.cfg": "vnet: office\n\tzone lan\n\nvnet: bureau\n\tzone lan\n\n"},
        said=(
            "warning: vnets.cfg:2: vnet 'office': zone 'lan' does not exist, and 'bureau' (vnets.cfg:4)"
            " names it too; PVE leaves this out; define it in PVE, or delete this there"
        ),
        followed=(("zones.cfg", "", "simple: lan\n\n"),),
    ),
    Row(
        "VNets of PVE's are in a zone that is not there, and are deleted",
        {"vnets.cfg": "vnet: office\n\tzone lan\n\nvnet: bureau\n\tzone lan\n\n"},
        said=(
            "warning: vnets.cfg:2: vnet 'office': zone 'lan' does not exist, and 'bureau' (vnets.cfg:4)"
            " names it too; PVE leaves this out; define it in PVE, or delete this there"
        ),
        followed=(("vnets.cfg", "vnet: office\n\tzone lan\n\nvnet: bureau\n\tzone lan\n\n", ""),),
    ),
)
