"""Hints about nodes that are off, paths that are not known and devices that cannot be named."""

from __future__ import annotations

from functools import partial

from pvesdn.model.snapshot import SEEN_NAME
from tests.fakes import FakeCluster
from tests.hints.of_tunnels import NETWORK, ZONE, debians, proxmoxes, small
from tests.hints.table import INTERFACES, Row, add_link, change, planned
from tests.unit.design.network import UNDERLAY, UNICAST

GROUP = {"pvesdn.cfg": UNICAST.replace(ZONE, ZONE + "\tmulticast-group 239.1.1.1\n")}
SIZED = ("pvesdn.cfg", ZONE, ZONE + "\tmtu 1450\n")


def switch(made: FakeCluster, node: str, *, is_on: bool) -> None:
    """Turn a node on or off."""
    made.nodes[node].off = "" if is_on else "connection timed out"
    for row in made.api.answers["cluster/status"]:
        if row.get("name") == node:
            row["online"] = int(is_on)


def remembered(made: FakeCluster) -> None:
    changes = planned(made)[1]
    assert changes is not None
    assert changes.seen is not None
    made.nodes.pve_files[f"/etc/pve/sdn/{SEEN_NAME}"] = changes.seen


def small_and_off(made: FakeCluster) -> None:
    """node3 was seen with less than the others have by now."""
    small(made, 1400)
    change(made, "pvesdn.cfg", "\tmtu 1450\n", "")
    remembered(made)
    change(made, *SIZED)
    small(made, 1550)
    switch(made, "node3", is_on=False)


def large_and_on(made: FakeCluster) -> None:
    switch(made, "node3", is_on=True)


def two_ways(made: FakeCluster) -> None:
    """node1 reaches the others by two devices."""
    add_link(made, "node1", "eno2", mtu=1550, address="192.168.7.1/24")
    made.nodes["node1"].commands["ip-route"].append(
        {"dst": "192.168.0.3", "gateway": "192.168.7.9", "dev": "eno2", "protocol": "static"}
    )


def renamed(made: FakeCluster, old: str = "vmbr0", new: str = "vm=br") -> None:
    """The device of the underlay has another name."""
    for table in ("ip-link", "ip-addr"):
        for link in made.nodes["node1"].commands[table]:
            link["ifname"] = link["ifname"].replace(old, new)
            if link.get("master") == old:
                link["master"] = new
    for route in made.nodes["node1"].commands["ip-route"]:
        route["dev"] = route["dev"].replace(old, new)
    change(made, f"node1:{INTERFACES}", old, new)


def over_ipv6(made: FakeCluster) -> None:
    for number in (1, 2, 3):
        add_link(made, f"node{number}", "vmbr0", address=f"fd00::{number}/64")
        made.nodes[f"node{number}"].commands["ip-route6"] = [
            {"dst": "fd00::/64", "dev": "vmbr0", "protocol": "kernel"},
        ]


def debians_over_ipv6(made: FakeCluster) -> None:
    over_ipv6(made)
    debians(made, "node1", "node2", "node3")


def on_loopbacks(made: FakeCluster) -> None:
    """VTEPs on lo, to which no route leads yet."""
    for number in (1, 2, 3):
        add_link(made, f"node{number}", "lo", address=f"10.8.0.{number}/32")
        made.nodes[f"node{number}"].commands["ip-route"] = []
        made.nodes[f"node{number}"].commands["ip-route6"] = []


def routed(made: FakeCluster) -> None:
    for number in (1, 2, 3):
        made.nodes[f"node{number}"].commands["ip-route"] = [
            {"dst": f"10.8.0.{n}", "gateway": f"192.168.0.{n}", "dev": "vmbr0", "protocol": "static"}
            for n in {1, 2, 3} - {number}
        ]


V6 = UNICAST.replace("192.168.0.0/24", "fd00::/64")

ROWS = (
    Row(
        "a zone has a node that is off and was never seen",
        {"pvesdn.cfg": UNICAST},
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': the MTU of node3 is not known: the node was never "
            "seen; set mtu in the zone, or bring the node up once"
        ),
        given=partial(switch, node="node3", is_on=False),
        followed=(SIZED,),
    ),
    Row(
        "a zone has a node that is off and was never seen, and it comes up",
        {"pvesdn.cfg": UNICAST},
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': the MTU of node3 is not known: the node was never "
            "seen; set mtu in the zone, or bring the node up once"
        ),
        given=partial(switch, node="node3", is_on=False),
        deed=partial(switch, node="node3", is_on=True),
    ),
    Row(
        "a zone's MTU does not fit what was seen of a node that is off",
        {"pvesdn.cfg": UNICAST.replace(ZONE, ZONE + "\tmtu 1450\n")},
        said=(
            "error: pvesdn.cfg:5: zone 'ucast': mtu 1450 and 50 bytes of VXLAN make 1500, but the "
            "underlay of node1, node2, node3 has 1400; write at most mtu 1350, or raise the "
            "underlay's and bring every member up once: this is what was seen last"
        ),
        given=small_and_off,
        deed=large_and_on,
    ),
    Row(
        "packets to a group leave by two devices",
        GROUP,
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': packets of node1 to the others leave by eno2, vmbr0, "
            "but a multicast group is joined on one device; set multicast-interface in the zone"
        ),
        given=two_ways,
        followed=(("pvesdn.cfg", "239.1.1.1\n", "239.1.1.1\n\tmulticast-interface vmbr0\n"),),
    ),
    Row(
        "packets to a group leave by a device that cannot be named",
        GROUP,
        said=(
            "error: node1: the name of device vm=br of node1 cannot be written as vxlan-physdev; "
            "rename it: letters, digits and _ . + -, not starting with . + or -"
        ),
        given=renamed,
        deed=partial(renamed, old="vm=br", new="vmbr0"),
    ),
    Row(
        "VTEPs are of both families",
        {"pvesdn.cfg": UNICAST.replace(NETWORK, "\tvteps node1=192.168.0.1,node2=192.168.0.2,node3=fd00::3\n")},
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': its VTEPs are of both families (node1 192.168.0.1, "
            "node2 192.168.0.2, node3 fd00::3); give all nodes of the zone a VTEP of one family"
        ),
        given=over_ipv6,
        followed=(("pvesdn.cfg", "node3=fd00::3", "node3=192.168.0.3"),),
    ),
    Row(
        "VTEPs of IPv6 with Debian's ifupdown2",
        {"pvesdn.cfg": V6},
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': ifupdown2 3.0.0-1.1 on node1, node2, node3 refuses an "
            "IPv6 tunnel address; install Proxmox's build of ifupdown2, or use IPv4 VTEPs"
        ),
        given=debians_over_ipv6,
        deed=lambda made: proxmoxes(made, "node1", "node2", "node3"),
    ),
    Row(
        "the cluster gives a node no address",
        {"pvesdn.cfg": UNICAST.removeprefix(UNDERLAY)},
        said=(
            "error: node2: has no address in the cluster's status; say which address is the VTEP: "
            "`network` or `vteps` in the section underlay"
        ),
        given=lambda made: made.api.answers["cluster/status"][2].pop("ip"),
        followed=(("pvesdn.cfg", "vxlan: ucast", "underlay: u1\n\tnetwork 192.168.0.0/24\n\nvxlan: ucast"),),
    ),
    Row(
        "VTEPs on loopbacks without routes to each other",
        {"pvesdn.cfg": UNICAST.replace("192.168.0.0/24", "10.8.0.0/24")},
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': the MTU of node1, node2, node3 is not known: no route "
            "leads from there to the VTEPs of other nodes; set mtu in the zone, or add the routes "
            "first"
        ),
        given=on_loopbacks,
        deed=routed,
    ),
)
