"""Hints about the underlay: which address is a node's VTEP, what the paths carry, and what ifupdown2 can do."""

from __future__ import annotations

from pvesdn.model.snapshot import SEEN_NAME
from tests.fakes import FakeCluster
from tests.hints.table import INTERFACES, Row, add_link, change, drop_address, planned
from tests.unit.design.network import SYMMETRIC, UNDERLAY, UNICAST, evpn_zone

VTEPS = "\tvteps node1=192.168.0.1,node2=192.168.0.2,node3=192.168.0.3\n"
NETWORK = "\tnetwork 192.168.0.0/24\n"
PLAIN = {"pvesdn.cfg": UNICAST}
ZONE = "vxlan: ucast\n"


def second_address(made: FakeCluster, *nodes: str, instead: bool = False) -> None:
    """Another address in the underlay's network, below the one that the cluster knows; instead of it if asked for."""
    for node in nodes:
        number = int(node[-1])
        if instead:
            change(made, f"{node}:{INTERFACES}", f"192.168.0.{number}/24", f"192.168.0.{number + 100}/24")
            drop_address(made, node, f"192.168.0.{number}")
            add_link(made, node, "vmbr0", address=f"192.168.0.{number + 100}/24")
        change(made, f"{node}:{INTERFACES}", "\tgateway", f"\taddress 192.168.0.{number + 200}/24\n\tgateway")
        add_link(made, node, "vmbr0", address=f"192.168.0.{number + 200}/24")


def elsewhere(made: FakeCluster, node: str) -> None:
    """The node's only address is in another network."""
    number = node[-1]
    change(made, f"{node}:{INTERFACES}", f"192.168.0.{number}/24", f"10.9.0.{number}/24")
    drop_address(made, node, f"192.168.0.{number}")
    add_link(made, node, "vmbr0", address=f"10.9.0.{number}/24")


def small(made: FakeCluster, mtu: int) -> None:
    for node in ("node1", "node2", "node3"):
        for name in ("eno1", "vmbr0"):
            add_link(made, node, name, mtu=mtu)


def debians(made: FakeCluster, *nodes: str) -> None:
    for node in nodes:
        made.nodes[node].commands["versions"]["ifupdown2"] = "3.0.0-1.1"


def proxmoxes(made: FakeCluster, *nodes: str) -> None:
    for node in nodes:
        made.nodes[node].commands["versions"]["ifupdown2"] = "3.3.0-1+pmx11"


def answering(made: FakeCluster, node: str) -> None:
    made.nodes[node].off = ""
    for row in made.api.answers["cluster/status"]:
        if row.get("name") == node:
            row["online"] = 1


def routes(made: FakeCluster, *, gone: bool) -> None:
    """The nodes' routes to each other."""
    for number in (1, 2, 3):
        route = {"dst": "192.168.0.0/24", "dev": "vmbr0", "protocol": "kernel", "prefsrc": f"192.168.0.{number}"}
        made.nodes[f"node{number}"].commands["ip-route"] = [] if gone else [route]


def moved(made: FakeCluster) -> None:
    """node3 is off, and was last seen with the address that node1 has now."""
    changes = planned(made)[1]
    assert changes is not None
    assert changes.seen is not None
    made.nodes.pve_files[f"/etc/pve/sdn/{SEEN_NAME}"] = changes.seen.replace("192.168.0.3", "192.168.0.1")
    made.nodes["node3"].off = "connection timed out"
    for row in made.api.answers["cluster/status"]:
        if row.get("name") == "node3":
            row["online"] = 0
    del row["ip"]


ROWS = (
    Row(
        "a node has several addresses in the underlay",
        PLAIN,
        said=(
            "error: pvesdn.cfg:2: underlay 'cluster': network: node1 has several addresses in the "
            "underlay network 192.168.0.0/24: 192.168.0.101, 192.168.0.201; name one of them: add "
            "node1=192.168.0.101 to vteps"
        ),
        given=lambda made: second_address(made, "node1", instead=True),
        followed=(("pvesdn.cfg", NETWORK, NETWORK + "\tvteps node1=192.168.0.101\n"),),
    ),
    Row(
        "two nodes have several addresses in the underlay",
        PLAIN,
        said=(
            (
                "error: pvesdn.cfg:2: underlay 'cluster': network: node1 has several addresses in the "
                "underlay network 192.168.0.0/24: 192.168.0.101, 192.168.0.201; name one of them: add "
                "node1=192.168.0.101 to vteps"
            ),
            (
                "error: pvesdn.cfg:2: underlay 'cluster': network: node2 has several addresses in the "
                "underlay network 192.168.0.0/24: 192.168.0.102, 192.168.0.202; name one of them: add "
                "node2=192.168.0.102 to vteps"
            ),
        ),
        given=lambda made: second_address(made, "node1", "node2", instead=True),
        followed=(
            ("pvesdn.cfg", NETWORK, NETWORK + "\tvteps node1=192.168.0.101\n"),
            ("pvesdn.cfg", "node1=192.168.0.101", "node1=192.168.0.101,node2=192.168.0.102"),
        ),
    ),
    Row(
        "a node has no address in the underlay and gets a VTEP",
        PLAIN,
        said=(
            "error: pvesdn.cfg:2: underlay 'cluster': network: node2 has no address in the underlay "
            "network 192.168.0.0/24; give it one, add node2=ADDRESS to vteps, or leave it out of the "
            "zones' nodes"
        ),
        given=lambda made: elsewhere(made, "node2"),
        followed=(("pvesdn.cfg", NETWORK, NETWORK + "\tvteps node2=10.9.0.2\n"),),
    ),
    Row(
        "a node has no address in the underlay and is left out",
        PLAIN,
        said=(
            "error: pvesdn.cfg:2: underlay 'cluster': network: node2 has no address in the underlay "
            "network 192.168.0.0/24; give it one, add node2=ADDRESS to vteps, or leave it out of the "
            "zones' nodes"
        ),
        given=lambda made: elsewhere(made, "node2"),
        followed=(("pvesdn.cfg", ZONE, ZONE + "\tnodes node1,node3\n"),),
    ),
    Row(
        "a node that is off was never seen",
        PLAIN,
        said=(
            "error: pvesdn.cfg:2: underlay 'cluster': network: node3 did not answer and was never "
            "seen, so its VTEP is unknown; add node3=ADDRESS to vteps in the section underlay and set "
            "mtu in zone 'ucast', or bring the node up once"
        ),
        cluster={"offline": ("node3",)},
        given=lambda made: made.api.answers["cluster/status"][3].pop("ip"),
        followed=(
            ("pvesdn.cfg", NETWORK, NETWORK + "\tvteps node3=192.168.0.3\n"),
            ("pvesdn.cfg", ZONE, ZONE + "\tmtu 1450\n"),
        ),
    ),
    Row(
        "a node does not have the VTEP that is named",
        {"pvesdn.cfg": UNICAST.replace(NETWORK, VTEPS.replace("node2=192.168.0.2", "node2=192.168.0.22"))},
        said=(
            "error: pvesdn.cfg:2: underlay 'cluster': vteps: node2 has no device with 192.168.0.22 "
            "(named in underlay: vteps); name one that it has"
        ),
        followed=(("pvesdn.cfg", "192.168.0.22", "192.168.0.2"),),
    ),
    Row(
        "a node does not have the address by which the cluster knows it",
        {"pvesdn.cfg": UNICAST.removeprefix(UNDERLAY)},
        said=(
            "error: node2: has no device with 192.168.0.2 (its address in the cluster's status); name "
            "one that it has: add node2=ADDRESS to vteps in the section underlay"
        ),
        given=lambda made: elsewhere(made, "node2"),
        followed=(("pvesdn.cfg", "vxlan: ucast", "underlay: u1\n\tvteps node2=10.9.0.2\n\nvxlan: ucast"),),
    ),
    Row(
        "two nodes have one VTEP",
        {"pvesdn.cfg": UNICAST.replace(NETWORK, VTEPS.replace("node3=192.168.0.3", "node3=192.168.0.1"))},
        said=(
            "error: pvesdn.cfg:2: underlay 'cluster': vteps gives 192.168.0.1 to both node1 and "
            "node3; give each node the address that it has itself"
        ),
        followed=(("pvesdn.cfg", "node3=192.168.0.1", "node3=192.168.0.3"),),
    ),
    Row(
        "the address of a node that is off has moved to another",
        PLAIN,
        said=(
            "error: pvesdn.cfg:4: zone 'ucast': node1 and node3 have the same VTEP 192.168.0.1 (as it "
            "was last seen; the node could not be asked); put the right ones into vteps of the "
            "section underlay: node1=ADDRESS,node3=ADDRESS"
        ),
        given=moved,
        followed=(("pvesdn.cfg", NETWORK, NETWORK + "\tvteps node1=192.168.0.1,node3=192.168.0.3\n"),),
    ),
    Row(
        "a VLAN-aware VNet with Debian's ifupdown2",
        {"pvesdn.cfg": UNICAST.rstrip("\n") + "\n\tvlanaware 1\n"},
        said=(
            "error: pvesdn.cfg:9: vnet 'vmbr2': ifupdown2 3.0.0-1.1 on node1 does not pass VLANs "
            "between a VLAN-aware bridge and VXLAN; install Proxmox's build of ifupdown2, or remove "
            "vlanaware"
        ),
        given=lambda made: debians(made, "node1"),
        followed=(("pvesdn.cfg", "\tvlanaware 1\n", ""),),
        left=(
            (
                "warning: node1: PVE refuses to reload the network with ifupdown2 3.0.0-1.1; install "
                "ifupdown2 1.2.8 or later from Proxmox's own repository"
            ),
        ),
    ),
    Row(
        "a VLAN-aware VNet, and Proxmox's ifupdown2 is installed",
        {"pvesdn.cfg": UNICAST.rstrip("\n") + "\n\tvlanaware 1\n"},
        said=(
            "error: pvesdn.cfg:9: vnet 'vmbr2': ifupdown2 3.0.0-1.1 on node1 does not pass VLANs "
            "between a VLAN-aware bridge and VXLAN; install Proxmox's build of ifupdown2, or remove "
            "vlanaware"
        ),
        given=lambda made: debians(made, "node1"),
        deed=lambda made: proxmoxes(made, "node1"),
    ),
    Row(
        "a list of peers forgets a node",
        {"pvesdn.cfg": UNICAST.replace(ZONE, ZONE + "\tpeers 192.168.0.1,192.168.0.2\n")},
        said=(
            "warning: pvesdn.cfg:5: zone 'ucast': peers does not list the VTEP of node3, so no other "
            "node floods frames to it; add it, or leave peers out: the zone's nodes then flood to "
            "each other"
        ),
        followed=(("pvesdn.cfg", "192.168.0.1,192.168.0.2", "192.168.0.1,192.168.0.2,192.168.0.3"),),
    ),
    Row(
        "a list of peers forgets a node and is left out",
        {"pvesdn.cfg": UNICAST.replace(ZONE, ZONE + "\tpeers 192.168.0.1,192.168.0.2\n")},
        said=(
            "warning: pvesdn.cfg:5: zone 'ucast': peers does not list the VTEP of node3, so no other "
            "node floods frames to it; add it, or leave peers out: the zone's nodes then flood to "
            "each other"
        ),
        followed=(("pvesdn.cfg", "\tpeers 192.168.0.1,192.168.0.2\n", ""),),
    ),
    Row(
        "a controller's list of peers forgets a node",
        {"pvesdn.cfg": SYMMETRIC.replace("asn 1234", "asn 1234\n\tpeers 192.168.0.1,192.168.0.2")},
        said=(
            "warning: pvesdn.cfg:6: controller 'main': peers does not list the VTEP of node3, so no "
            "other node has a session with it; add it, or leave peers out: the members then peer with "
            "each other"
        ),
        followed=(("pvesdn.cfg", "192.168.0.1,192.168.0.2", "192.168.0.1,192.168.0.2,192.168.0.3"),),
    ),
    Row(
        "an IPv6 gateway without suppression",
        {
            "pvesdn.cfg": evpn_zone("symmetric", "vrf-vxlan 4000", "disable-arp-nd-suppression 1", gateway="").rstrip()
            + "\n\nsubnet: zone-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n"
        },
        said=(
            "warning: pvesdn.cfg:19: subnet 'zone-fd00:2::-64': gateway fd00:2::1: every node has it, "
            "and without suppression each finds it a duplicate (RFC 4862); remove "
            "disable-arp-nd-suppression from zone 'zone'"
        ),
        followed=(("pvesdn.cfg", "\tdisable-arp-nd-suppression 1\n", ""),),
    ),
    Row(
        "a zone in the host's own routing table",
        {"pvesdn.cfg": evpn_zone("asymmetric", "vrf main")},
        said=(
            "warning: pvesdn.cfg:10: zone 'zone': vrf main routes in the host's own table: guests "
            "reach VTEP addresses and all other zones there; leave vrf out to give the zone a VRF of "
            "its own"
        ),
        followed=(("pvesdn.cfg", "\tvrf main\n", ""),),
    ),
    Row(
        "a zone without flooding",
        {"pvesdn.cfg": evpn_zone("none", "flood 0", gateway="")},
        said=(
            "warning: pvesdn.cfg:10: zone 'zone': flood 0 stops multicast at the tunnel, and with it "
            "IPv6 neighbour discovery between guests; leave flood out if guests use IPv6"
        ),
        followed=(("pvesdn.cfg", "\tflood 0\n", ""),),
    ),
    Row(
        "a subnet holds an anchor",
        {"pvesdn.cfg": SYMMETRIC.replace("sym-10.0.2.0-24", "sym-198.18.0.0-15").replace("10.0.2.254", "198.18.0.1")},
        said=(
            "warning: pvesdn.cfg:16: subnet 'sym-198.18.0.0-15': contains 198.18.0.1, 198.18.0.2, "
            "198.18.0.3, which pvesdn uses as an anchor: a guest or router with that address cannot "
            "be reached; choose a prefix outside 198.18.0.0/15 and 2001:2::/48"
        ),
        followed=(("pvesdn.cfg", "sym-198.18.0.0-15", "sym-10.0.2.0-24"), ("pvesdn.cfg", "198.18.0.1", "10.0.2.254")),
    ),
)
