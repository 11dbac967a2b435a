"""Hints about what PVE writes on the nodes: its file of interfaces, edited by hand, and what FRR needs there."""

from __future__ import annotations

from functools import partial

from tests.fakes import FakeCluster
from tests.hints.deeds import pve_applies, pve_reloads
from tests.hints.of_tunnels import debians, proxmoxes, second_address
from tests.hints.pves import TUNNELS, with_
from tests.hints.table import INTERFACES, Row, add_link, change
from tests.unit.design.network import PVE_EVPN

SDN = f"node1:{INTERFACES}.d/sdn"
MINE = f"node1:{INTERFACES}.d/mine"
BRIDGE = "\nauto mine\niface mine inet manual\n\tbridge-ports none\n\tbridge-stp off\n\tbridge-fd 0\n"
NODES = ("node1", "node2", "node3")
FOUR, SIX = "192.168.0.1,192.168.0.2,192.168.0.3", "fd00::1,fd00::2,fd00::3"
OVER_IPV6 = {
    **with_(PVE_EVPN, "controllers.cfg", FOUR, SIX),
    "zones.cfg": PVE_EVPN["zones.cfg"].replace("1000\n", "1000\n\tmtu 1400\n"),
}
OLD = (
    "warning: node1, node2, node3: PVE refuses to reload the network with ifupdown2 3.0.0-1.1; install ifupdown2 1.2.8 or "
    "later from Proxmox's own repository"
)
NO_ROUTER_ID = (
    "warning: controllers.cfg:1: controller 'evpnctl': no IPv4 address, and no MAC on lo to make a router-id of, on node1, "
    "so PVE writes no frr.conf there and the old one stays; list IPv4 addresses as the peers"
)
REFUSED = tuple(
    f"error: {node}: ifupdown2 3.0.0-1.1 refuses the IPv6 tunnel addresses of /etc/network/interfaces.d/sdn; install "
    "Proxmox's build of ifupdown2, or list IPv4 addresses as the peers in PVE"
    for node in NODES
)


def edited(made: FakeCluster, old: str, new: str) -> None:
    pve_applies(made)
    change(made, SDN, old, new)


def added_apart(made: FakeCluster) -> None:
    change(made, MINE, "", BRIDGE)
    pve_reloads(made)


def set_in_pve(made: FakeCluster) -> None:
    change(made, "zones.cfg", "tun\n", "tun\n\tmtu 1400\n")
    pve_applies(made)


def without_a_mac(made: FakeCluster) -> None:
    """Addresses on a tunnel, which has no MAC."""
    for node in NODES:
        add_link(made, node, "tun0", address=f"fd00::{node[-1]}/64", link_type="none", mtu=1550)
        made.nodes[node].commands["ip-route6"] = [{"dst": "fd00::/64", "dev": "tun0", "protocol": "kernel"}]


def over_ipv6(made: FakeCluster) -> None:
    """Debian's ifupdown2, and IPv6 addresses on the host's bridge."""
    for node in NODES:
        change(
            made,
            f"{node}:{INTERFACES}",
            "\nsource",
            f"\niface vmbr0 inet6 static\n\taddress fd00::{node[-1]}/64\n\nsource",
        )
        add_link(made, node, "vmbr0", address=f"fd00::{node[-1]}/64")
        made.nodes[node].commands["ip-route6"] = [{"dst": "fd00::/64", "dev": "vmbr0", "protocol": "kernel"}]
    debians(made, *NODES)


ROWS = (
    Row(
        "PVE's file has an interface that was added by hand",
        TUNNELS,
        said=(
            "warning: node1: /etc/network/interfaces.d/sdn carries the version that PVE runs, but is "
            "not what PVE writes for it (added: mine); move what was added by hand to a file of its own"
            " in /etc/network/interfaces.d, then apply the node's network configuration in PVE, which "
            "writes the file anew"
        ),
        given=partial(edited, old="", new=BRIDGE),
        deed=added_apart,
    ),
    Row(
        "PVE's file has an MTU that was changed by hand",
        TUNNELS,
        said=(
            "warning: node1: /etc/network/interfaces.d/sdn carries the version that PVE runs, but is "
            "not what PVE writes for it (changed: office, vxlan_office); set what was changed in PVE's "
            "definitions, which alone can keep it, then apply the node's network configuration in PVE, "
            "which writes the file anew"
        ),
        given=partial(edited, old="mtu 1450", new="mtu 1400"),
        deed=set_in_pve,
    ),
    Row(
        "two addresses of one node are among the peers",
        with_(PVE_EVPN, "controllers.cfg", "192.168.0.1,", "192.168.0.1,192.168.0.201,"),
        said=(
            "warning: controllers.cfg:1: controller 'evpnctl': 192.168.0.1, 192.168.0.201 are all "
            "addresses of node1, and FRR refuses a neighbor that is the node itself; list one address "
            "of node1 among the peers"
        ),
        given=lambda made: second_address(made, "node1"),
        followed=(("controllers.cfg", "192.168.0.201,", ""),),
    ),
    Row(
        "PVE finds nothing to make a router-id of",
        OVER_IPV6,
        said=(
            "warning: controllers.cfg:1: controller 'evpnctl': no IPv4 address, and no MAC on lo to "
            "make a router-id of, on node1, so PVE writes no frr.conf there and the old one stays; list"
            " IPv4 addresses as the peers"
        ),
        given=without_a_mac,
        followed=(("controllers.cfg", SIX, FOUR),),
    ),
    Row(
        "PVE is about to write an IPv6 tunnel address, which Debian's ifupdown2 refuses",
        OVER_IPV6,
        said=(OLD, NO_ROUTER_ID, *REFUSED),
        given=over_ipv6,
        followed=(("controllers.cfg", SIX, FOUR),),
        left=(OLD,),
    ),
    Row(
        "PVE is about to write an IPv6 tunnel address, and Proxmox's ifupdown2 is installed",
        OVER_IPV6,
        said=(OLD, NO_ROUTER_ID, *REFUSED),
        given=over_ipv6,
        deed=lambda made: proxmoxes(made, *NODES),
        left=(NO_ROUTER_ID,),
    ),
)
