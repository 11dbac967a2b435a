"""Hints about the paths between VTEPs: what they carry, and where they are not known."""

from __future__ import annotations

import json
from functools import partial

from pvesdn.model.snapshot import SEEN_NAME
from tests.fakes import FakeCluster
from tests.hints.deeds import switched
from tests.hints.of_tunnels import PLAIN, ZONE, routes, small
from tests.hints.table import Row, add_link
from tests.unit.design.network import UNDERLAY, UNICAST, evpn_zone

NODES = ("node1", "node2", "node3")
SIZED = ("pvesdn.cfg", ZONE, ZONE + "\tmtu 1450\n")


def routed(*properties: str) -> dict[str, str]:
    """A zone with an IPv6 gateway."""
    subnet = "\n\nsubnet: zone-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n"
    return {"pvesdn.cfg": evpn_zone("symmetric", "vrf-vxlan 4000", *properties, gateway="").rstrip() + subnet}


def in_a_vrf(made: FakeCluster, *, over: str = "vmbr0") -> None:
    for node in NODES:
        add_link(made, node, "blue", kind="vrf")
        add_link(made, node, over, master="blue")


def into_a_vrf(made: FakeCluster) -> None:
    """The route to the others leads into a VRF, whose own table decides."""
    in_a_vrf(made, over="eno2")
    for node in NODES:
        made.nodes[node].commands["ip-route"] = [{"dst": "192.168.0.0/24", "dev": "blue", "protocol": "static"}]


def by_objects(made: FakeCluster, *, is_shown: bool = False) -> None:
    """The route to the others is over a nexthop object, whose device the kernel prints if it is told to."""
    for node in NODES:
        way = {"dev": "vmbr0"} if is_shown else {"nhid": 12}
        made.nodes[node].commands["ip-route"] = [{"dst": "192.168.0.0/24", "protocol": "static", **way}]


def loopbacks(made: FakeCluster) -> None:
    """VTEPs on lo, to which the route leads into a VRF."""
    into_a_vrf(made)
    for node in NODES:
        add_link(made, node, "lo", address=f"10.8.0.{node[-1]}/32")
        made.nodes[node].commands["ip-route"] = [{"dst": "10.8.0.0/24", "dev": "blue", "protocol": "static"}]


def away(made: FakeCluster) -> None:
    """node3 is off, and nobody has ever known the way from it."""
    seen = {"format": 1, "vteps": {"node3": {"address": "192.168.0.3", "mtu": None, "paths": {}}}}
    made.nodes.pve_files[f"/etc/pve/sdn/{SEEN_NAME}"] = json.dumps(seen)
    switched(made, "node3", is_on=False)
    for node in ("node1", "node2"):
        made.nodes[node].commands["ip-route"] = []
        add_link(made, node, "lo", address=f"10.8.0.{node[-1]}/32")


def back(made: FakeCluster) -> None:
    switched(made, "node3", is_on=True)
    routes(made, gone=False)


ROWS = (
    Row(
        "the underlay is too small for ifupdown2",
        PLAIN,
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': vmbr0 of node1, node2, node3 leaves 550 bytes for a "
            "packet, and ifupdown2 accepts 552-9216; raise the underlay's MTU to 602 or more"
        ),
        given=partial(small, mtu=600),
        deed=partial(small, mtu=1550),
    ),
    Row(
        "the underlay is a loopback, which takes more than ifupdown2",
        {"pvesdn.cfg": UNICAST.replace("192.168.0.0/24", "10.8.0.0/24").replace(ZONE, ZONE + "\tnodes node1\n")},
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': the MTU of node1 is not known: the zone has no other "
            "VTEP, and 10.8.0.1 is not on a NIC; set mtu in the zone"
        ),
        given=lambda made: add_link(made, "node1", "lo", address="10.8.0.1/32"),
        followed=(("pvesdn.cfg", "nodes node1", "nodes node1\n\tmtu 1450"),),
    ),
    Row(
        "a zone's MTU does not fit",
        {"pvesdn.cfg": UNICAST.replace(ZONE, ZONE + "\tmtu 9000\n")},
        said=(
            "error: pvesdn.cfg:5: zone 'ucast': mtu 9000 and 50 bytes of VXLAN make 9050, but vmbr0 "
            "of node1, node2, node3 has 1550; write at most mtu 1500, or raise the underlay's"
        ),
        followed=(("pvesdn.cfg", "mtu 9000", "mtu 1500"),),
    ),
    Row(
        "a zone's MTU does not fit, and the underlay is raised",
        {"pvesdn.cfg": UNICAST.replace(ZONE, ZONE + "\tmtu 9000\n")},
        said=(
            "error: pvesdn.cfg:5: zone 'ucast': mtu 9000 and 50 bytes of VXLAN make 9050, but vmbr0 "
            "of node1, node2, node3 has 1550; write at most mtu 1500, or raise the underlay's"
        ),
        deed=partial(small, mtu=9050),
    ),
    Row(
        "an IPv6 gateway on a small MTU",
        {
            "pvesdn.cfg": evpn_zone("symmetric", "vrf-vxlan 4000", "mtu 1200", gateway="").rstrip()
            + "\n\nsubnet: zone-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n"
        },
        said=(
            "error: pvesdn.cfg:19: subnet 'zone-fd00:2::-64': gateway fd00:2::1 needs an MTU of 1280 "
            "(RFC 8200), and zone 'zone' has 1200; raise mtu in the zone to 1280 or more, or leave "
            "gateway out"
        ),
        followed=(("pvesdn.cfg", "mtu 1200", "mtu 1280"),),
    ),
    Row(
        "an IPv6 gateway on a small underlay",
        {
            "pvesdn.cfg": evpn_zone("symmetric", "vrf-vxlan 4000", gateway="").rstrip()
            + "\n\nsubnet: zone-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n"
        },
        said=(
            "error: pvesdn.cfg:18: subnet 'zone-fd00:2::-64': gateway fd00:2::1 needs an MTU of 1280 "
            "(RFC 8200), and zone 'zone' has 1250; raise the underlay's MTU to 1330 or more, or leave "
            "gateway out"
        ),
        given=partial(small, mtu=1300),
        followed=(("pvesdn.cfg", "\tgateway fd00:2::1\n", ""),),
    ),
    Row(
        "a node has no route to the others, the MTU is not known",
        PLAIN,
        said=(
            "warning: pvesdn.cfg:4: zone 'ucast': node1, node2, node3 have no route to any other VTEP "
            "of the zone; check 'ip route get 192.168.0.2' on node1"
        ),
        given=partial(routes, gone=True),
        deed=partial(routes, gone=False),
    ),
    Row(
        "a zone's only node has its VTEP on no NIC",
        {
            "pvesdn.cfg": UNDERLAY.replace("192.168.0.0/24", "10.8.0.0/24")
            + "vxlan: ucast\n\tnodes node1\n\nvnet: web\n\tzone ucast\n\ttag 2\n"
        },
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': the MTU of node1 is not known: the zone has no other "
            "VTEP, and 10.8.0.1 is not on a NIC; set mtu in the zone"
        ),
        given=lambda made: add_link(made, "node1", "dummy0", kind="dummy", address="10.8.0.1/32"),
        followed=(("pvesdn.cfg", "nodes node1", "nodes node1\n\tmtu 1450"),),
    ),
    Row(
        "the underlay carries more than ifupdown2 takes",
        PLAIN,
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': vmbr0 of node1, node2, node3 leaves 9450 bytes for a "
            "packet, and ifupdown2 accepts 552-9216; set mtu in the zone, to 9216 at most"
        ),
        given=partial(small, mtu=9500),
        followed=(("pvesdn.cfg", ZONE, ZONE + "\tmtu 9216\n"),),
    ),
    Row(
        "an IPv6 gateway, a small MTU and a small underlay",
        routed("mtu 1250"),
        said=(
            "error: pvesdn.cfg:19: subnet 'zone-fd00:2::-64': gateway fd00:2::1 needs an MTU of 1280 "
            "(RFC 8200), and zone 'zone' has 1250; raise the underlay's MTU to 1330 or more, and mtu in"
            " the zone to 1280"
        ),
        given=partial(small, mtu=1290),
        followed=(("pvesdn.cfg", "mtu 1250", "mtu 1280"),),
        deed=partial(small, mtu=1330),
    ),
    Row(
        "an IPv6 gateway in a zone that is too large for a small underlay",
        routed("mtu 1500"),
        said=(
            "error: pvesdn.cfg:11: zone 'zone': mtu 1500 and 50 bytes of VXLAN make 1550, but vmbr0 of "
            "node1, node2, node3 has 1300; raise the underlay's MTU to 1550 or more"
        ),
        given=partial(small, mtu=1300),
        deed=partial(small, mtu=1550),
    ),
    Row(
        "VTEPs in a VRF",
        PLAIN,
        said=(
            "note: node1, node2, node3: the routes of VRF blue, which has their VTEPs, were not looked "
            "at; set mtu in the zone where the path takes less than the device"
        ),
        given=in_a_vrf,
        followed=(SIZED,),
    ),
    Row(
        "the paths lead into a VRF",
        PLAIN,
        said=(
            "note: node1, node2, node3: paths to other nodes were not looked at: the route "
            "192.168.0.0/24 leads into VRF blue; set mtu in the zone where it takes less than the "
            "others, and keep exits off its device"
        ),
        given=into_a_vrf,
        followed=(SIZED,),
    ),
    Row(
        "the paths lead into a VRF, and there is no path at all",
        {"pvesdn.cfg": UNICAST.replace("192.168.0.0/24", "10.8.0.0/24")},
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': the MTU of node1, node2, node3 is not known: the path "
            "from node1 to 10.8.0.2 was not looked at (the route 10.8.0.0/24 leads into VRF blue); set "
            "mtu in the zone"
        ),
        given=loopbacks,
        followed=(SIZED,),
    ),
    Row(
        "the paths are over objects whose devices are not shown",
        PLAIN,
        said=(
            "note: node1, node2, node3: paths to other nodes were not looked at: the route "
            "192.168.0.0/24 names a nexthop object without its device; set the sysctl "
            "net.ipv4.nexthop_compat_mode to 1 there, and plan again"
        ),
        given=by_objects,
        deed=partial(by_objects, is_shown=True),
    ),
    Row(
        "a node is off whose paths nobody has known",
        PLAIN,
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': the MTU of node3 is not known: the node is offline, and"
            " no path from it is remembered; set mtu in the zone, or bring the node up once"
        ),
        given=away,
        followed=(SIZED,),
        left=(
            (
                "warning: pvesdn.cfg:4: zone 'ucast': node1 has no route to 192.168.0.2, the VTEP of node2; check "
                "'ip route get 192.168.0.2' on node1"
            ),
            (
                "warning: pvesdn.cfg:4: zone 'ucast': node2 has no route to 192.168.0.1, the VTEP of node1; check "
                "'ip route get 192.168.0.1' on node2"
            ),
        ),
    ),
    Row(
        "a node is off whose paths nobody has known, and comes up",
        PLAIN,
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': the MTU of node3 is not known: the node is offline, and"
            " no path from it is remembered; set mtu in the zone, or bring the node up once"
        ),
        given=away,
        deed=back,
    ),
    Row(
        "a zone's MTU fits none of two nodes that have different ones",
        {"pvesdn.cfg": UNICAST.replace(ZONE, ZONE + "\tmtu 9000\n")},
        said=(
            "error: pvesdn.cfg:5: zone 'ucast': mtu 9000 and 50 bytes of VXLAN make 9050, but vmbr0 of "
            "node2 has 1450, vmbr0 of node1, node3 has 1550; write at most mtu 1400, or raise the "
            "underlay's"
        ),
        given=lambda made: add_link(made, "node2", "vmbr0", mtu=1450),
        followed=(("pvesdn.cfg", "mtu 9000", "mtu 1400"),),
    ),
)
