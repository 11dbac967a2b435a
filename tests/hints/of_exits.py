"""Hints about exits: an uplink leaves the host's own routing table, and nothing may go with it that the host needs."""

from __future__ import annotations

from functools import partial

from tests.fakes import FakeCluster
from tests.hints.table import INTERFACES, Row, add_link, change, drop_address, drop_link, free
from tests.unit.design.network import PVE_EVPN, SYMMETRIC, uplink

NODE1 = f"node1:{INTERFACES}"
SYM = {"pvesdn.cfg": SYMMETRIC + uplink()}
BRIDGE = "\nauto vmbr1\niface vmbr1 inet manual\n\tbridge-ports eno2\n\tbridge-stp off\n\tbridge-fd 0\n"
VRF = "\nauto mgmt\niface mgmt\n\tvrf-table auto\n\nauto eno2\niface eno2 inet manual\n\tvrf mgmt\n"
ANOTHER = ("pvesdn.cfg", "interface eno2", "interface eno3")


def bridged(made: FakeCluster, address: str = "") -> None:
    change(made, NODE1, "", BRIDGE + (f"\taddress {address}\n" if address else ""))
    add_link(made, "node1", "vmbr1", kind="bridge", address=address)
    add_link(made, "node1", "eno2", master="vmbr1")
    add_link(made, "node1", "eno3")


def in_a_vrf(made: FakeCluster, address: str = "") -> None:
    change(made, NODE1, "", VRF + (f"\taddress {address}\n" if address else ""))
    change(made, NODE1, "iface eno2 inet manual\n\n", "")
    add_link(made, "node1", "mgmt", kind="vrf")
    add_link(made, "node1", "eno2", master="mgmt", address=address)
    add_link(made, "node1", "eno3")


def soon_in_a_vrf(made: FakeCluster, address: str = "") -> None:
    """The file says so, and was not applied yet."""
    in_a_vrf(made, address)
    free(made, "node1", "eno2")
    if address:
        drop_address(made, "node1", address.partition("/")[0])


def holding(made: FakeCluster, address: str = "198.51.100.7/24") -> None:
    change(made, NODE1, "iface eno2 inet manual\n", f"auto eno2\niface eno2 inet static\n\taddress {address}\n")
    add_link(made, "node1", "eno2", address=address)
    add_link(made, "node1", "eno3")


def cluster_beside_the_underlay(made: FakeCluster) -> None:
    """The cluster speaks over eno2, the tunnels go over vmbr0."""
    for number in (1, 2, 3):
        node, path = f"node{number}", f"node{number}:{INTERFACES}"
        change(made, path, f"192.168.0.{number}/24", f"10.9.0.{number}/24")
        change(made, path, "192.168.0.254", "10.9.0.254")
        drop_address(made, node, f"192.168.0.{number}")
        add_link(made, node, "vmbr0", address=f"10.9.0.{number}/24")
        change(made, path, "iface eno2 inet manual\n", f"iface eno2 inet static\n\taddress 192.168.0.{number}/24\n")
        add_link(made, node, "eno2", address=f"192.168.0.{number}/24")
        add_link(made, node, "eno3")
        made.nodes[node].commands["ip-route"] = [
            {"dst": "default", "gateway": "10.9.0.254", "dev": "vmbr0", "protocol": "kernel"},
            {"dst": "10.9.0.0/24", "dev": "vmbr0", "protocol": "kernel", "prefsrc": f"10.9.0.{number}"},
            {"dst": "192.168.0.0/24", "dev": "eno2", "protocol": "kernel", "prefsrc": f"192.168.0.{number}"},
        ]


def way_out(made: FakeCluster) -> None:
    holding(made)
    made.nodes["node1"].commands["ip-route"][0] = {"dst": "default", "gateway": "198.51.100.254", "dev": "eno2"}


ROWS = (
    Row(
        "an uplink is a port of a bridge",
        SYM,
        said=(
            "error: pvesdn.cfg:23: exit 'sym-node1': interface eno2 of node1 belongs to vmbr1; use "
            "vmbr1 itself, or another interface"
        ),
        given=bridged,
        followed=(("pvesdn.cfg", "interface eno2", "interface vmbr1"),),
    ),
    Row(
        "an uplink is a port of the bridge that has the host's address",
        SYM,
        said=(
            "error: pvesdn.cfg:23: exit 'sym-node1': interface eno2 of node1 belongs to vmbr1, which "
            "holds the node's 198.51.100.7; use another interface"
        ),
        given=partial(bridged, address="198.51.100.7/24"),
        followed=(ANOTHER,),
    ),
    Row(
        "an uplink is in a VRF of the host's",
        SYM,
        said=(
            "error: node1: interface eno2 of node1 belongs to mgmt; take it out of mgmt first, by its "
            "'vrf' line in /etc/network/interfaces, or use another interface"
        ),
        given=in_a_vrf,
        followed=((NODE1, "\tvrf mgmt\n", ""),),
        deed=partial(free, node="node1", name="eno2"),
    ),
    Row(
        "an uplink is in a VRF of the host's with the host's address",
        SYM,
        said=("error: node1: interface eno2 of node1 belongs to mgmt; use an interface of its own for the exit"),
        given=partial(in_a_vrf, address="198.51.100.7/24"),
        followed=(ANOTHER,),
    ),
    Row(
        "an uplink will be in a VRF of the host's",
        SYM,
        said=(
            "error: node1: interface eno2 is put into VRF mgmt by /etc/network/interfaces of node1; "
            "remove its 'vrf' line there: ifupdown2 would merge both stanzas"
        ),
        given=soon_in_a_vrf,
        followed=((NODE1, "\tvrf mgmt\n", ""),),
    ),
    Row(
        "an uplink will be in a VRF of the host's with the host's address",
        SYM,
        said=(
            "error: node1: interface eno2 is put into VRF mgmt by /etc/network/interfaces of node1; "
            "use an interface of its own for the exit"
        ),
        given=partial(soon_in_a_vrf, address="198.51.100.7/24"),
        followed=(ANOTHER,),
    ),
    Row(
        "an uplink has an address that the host needs",
        SYM,
        said=(
            "warning: pvesdn.cfg:23: exit 'sym-node1': interface eno2 of node1 also holds "
            "198.51.100.7/24, which moves into the VRF with it; use an interface of its own if node1 "
            "needs it in the main table; otherwise remove it from /etc/network/interfaces"
        ),
        given=holding,
        followed=(ANOTHER,),
    ),
    Row(
        "an uplink has an address that nobody needs",
        SYM,
        said=(
            "warning: pvesdn.cfg:23: exit 'sym-node1': interface eno2 of node1 also holds "
            "198.51.100.7/24, which moves into the VRF with it; use an interface of its own if node1 "
            "needs it in the main table; otherwise remove it from /etc/network/interfaces"
        ),
        given=holding,
        followed=((NODE1, "\taddress 198.51.100.7/24\n", ""),),
        deed=partial(drop_address, node="node1", address="198.51.100.7"),
        gives_up=frozenset({"198.51.100.7/24"}),
    ),
    Row(
        "an uplink is the host's way out",
        SYM,
        said=(
            "warning: pvesdn.cfg:23: exit 'sym-node1': interface eno2 of node1 also holds "
            "198.51.100.7/24, which moves into the VRF with it; use an interface of its own for the "
            "exit"
        ),
        given=way_out,
        followed=(ANOTHER,),
    ),
    Row(
        "an uplink has the cluster's address",
        {"pvesdn.cfg": SYM["pvesdn.cfg"].replace("192.168.0.0/24", "10.9.0.0/24")},
        said=(
            "error: pvesdn.cfg:23: exit 'sym-node1': interface eno2 holds 192.168.0.1, the cluster's "
            "address of node1; use an interface of its own for the exit"
        ),
        given=cluster_beside_the_underlay,
        followed=(ANOTHER,),
    ),
    Row(
        "two exits have one interface",
        {
            "pvesdn.cfg": SYMMETRIC
            + "evpn: two\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4001\n\nvnet: lab\n\tzone two\n\ttag 5\n\n"
            + uplink()
            + uplink("address 172.17.0.1/24", "gateways 172.17.0.254", zone="two")
        },
        said=(
            "error: pvesdn.cfg:39: exit 'two-node1': interface eno2 of node1 is already used by exit "
            "'sym-node1'; an interface can be in only one VRF: use another one, such as a VLAN on it"
        ),
        followed=(
            (
                "pvesdn.cfg",
                "zone two\n\tnode node1\n\tinterface eno2",
                "zone two\n\tnode node1\n\tinterface eno2.100",
            ),
        ),
    ),
    Row(
        "an exit's interface is a device of a zone",
        {"pvesdn.cfg": SYMMETRIC + uplink(interface="vmbr2")},
        said=(
            "error: pvesdn.cfg:23: exit 'sym-node1': interface vmbr2 is a device of pvesdn.cfg:12: "
            "vnet 'vmbr2'; use an interface of the host"
        ),
        followed=(("pvesdn.cfg", "interface vmbr2", "interface eno2"),),
    ),
    Row(
        "an exit is in a zone of PVE's that has no VRF",
        {
            "pvesdn.cfg": uplink(zone="lan"),
            "zones.cfg": f"simple: lan\n\n{PVE_EVPN['zones.cfg']}",
            "controllers.cfg": PVE_EVPN["controllers.cfg"],
            "vnets.cfg": PVE_EVPN["vnets.cfg"],
        },
        said=("error: pvesdn.cfg:2: exit 'lan-node1': zone 'lan' of PVE has no VRF; use a zone of type evpn"),
        followed=(("pvesdn.cfg", "zone lan", "zone theirs"),),
    ),
    Row(
        "an exit is in a zone of PVE's whose controller is missing",
        {"pvesdn.cfg": uplink(zone="theirs"), **PVE_EVPN, "controllers.cfg": ""},
        said=(
            "error: pvesdn.cfg:2: exit 'theirs-node1': zone 'theirs' of PVE has no VRF on node1: PVE "
            "has no controller 'evpnctl'; give the zone a controller of type evpn in PVE, or remove "
            "this section"
        ),
        followed=(("controllers.cfg", "", PVE_EVPN["controllers.cfg"]),),
    ),
    Row(
        "a virtual router has the address of a router",
        {
            "pvesdn.cfg": SYMMETRIC
            + uplink(
                "address 172.16.0.1/24",
                "gateways 172.16.0.254",
                "vrrp-id 1",
                "vrrp-priority 200",
                "vrrp-address 172.16.0.2",
            )
            + uplink(node="node2")
        },
        said=(
            "error: pvesdn.cfg:28: exit 'sym-node1': vrrp-address 172.16.0.2 is already an address of "
            "exit 'sym-node2' on node2; choose an address that no router has (RFC 9568)"
        ),
        followed=(("pvesdn.cfg", "vrrp-address 172.16.0.2", "vrrp-address 172.16.0.10"),),
    ),
    Row(
        "two virtual routers have one address",
        {
            "pvesdn.cfg": SYMMETRIC
            + uplink(
                *("address 172.16.0.1/24", "gateways 172.16.0.254", "vrrp-id 1", "vrrp-priority 200"),
                "vrrp-address 172.16.0.10",
            )
            + uplink(
                *("address 172.16.0.2/24", "gateways 172.16.0.254", "vrrp-id 2", "vrrp-priority 100"),
                "vrrp-address 172.16.0.10",
                node="node2",
            )
        },
        said=(
            "error: pvesdn.cfg:36: exit 'sym-node2': vrrp-address 172.16.0.10 is also that of virtual "
            "router 1 in exit 'sym-node1': two masters would answer for it; write vrrp-id 1"
        ),
        followed=(("pvesdn.cfg", "vrrp-id 2", "vrrp-id 1"),),
    ),
    Row(
        "two exits of a virtual router have one priority",
        {
            "pvesdn.cfg": SYMMETRIC
            + uplink(
                *("address 172.16.0.1/24", "gateways 172.16.0.254", "vrrp-id 1", "vrrp-priority 200"),
                "vrrp-address 172.16.0.10",
            )
            + uplink(
                *("address 172.16.0.2/24", "gateways 172.16.0.254", "vrrp-id 1", "vrrp-priority 200"),
                "vrrp-address 172.16.0.10",
                node="node2",
            )
        },
        said=(
            "warning: pvesdn.cfg:37: exit 'sym-node2': vrrp-priority 200 is also used by exit "
            "'sym-node1': the higher address will win; give the exit that should be master the higher "
            "priority"
        ),
        followed=(
            (
                "pvesdn.cfg",
                "address 172.16.0.2/24\n\tgateways 172.16.0.254\n\tvrrp-id 1\n\tvrrp-priority 200",
                "address 172.16.0.2/24\n\tgateways 172.16.0.254\n\tvrrp-id 1\n\tvrrp-priority 100",
            ),
        ),
    ),
    Row(
        "an exit's interface is gone when the plan is made",
        SYM,
        said=("warning: pvesdn.cfg:23: exit 'sym-node1': interface eno2 does not exist on node1; check its name"),
        given=lambda made: drop_link(made, "node1", "eno2"),
        deed=partial(add_link, node="node1", name="eno2"),
    ),
)
