"""Hints about the ways out of PVE's zones, their routes and their packets' size."""

from __future__ import annotations

from functools import partial

from tests.fakes import FakeCluster
from tests.hints.deeds import pve_applies, pve_commits, pve_reloads, renamed
from tests.hints.pves import EXITING, SIMPLE, SNAT, TUNNELS, forwarding, sysctl, with_
from tests.hints.table import INTERFACES, Row, change, planned
from tests.unit.design.network import PVE_EVPN

NODES = ("node1", "node2", "node3")
SNAT6 = {**SIMPLE, "subnets.cfg": "subnet: lan-fd00:3::-64\n\tvnet office\n\tgateway fd00:3::1\n\tsnat 1\n\n"}
SUBNET = "subnet: more-10.4.0.0-24\n\tvnet far\n\tgateway 10.4.0.1\n\n"
BESIDE = {
    **EXITING,
    "zones.cfg": EXITING["zones.cfg"] + "evpn: more\n\tcontroller evpnctl\n\tvrf-vxlan 1001\n\n",
    "vnets.cfg": EXITING["vnets.cfg"] + "vnet: far\n\tzone more\n\ttag 101\n\n",
}
AS_PVE_RUNS_IT = partial(planned, intent="running")


def by_advertisements(made: FakeCluster) -> None:
    for node in NODES:
        learned = {"dst": "default", "gateway": "fe80::1", "dev": "vmbr0", "protocol": "ra"}
        made.nodes[node].commands["ip-route6"] = [learned]


def hidden(made: FakeCluster) -> None:
    """The kernel prints the number of a nexthop object in place of a device."""
    forwarding(made)
    for node in NODES:
        for route in made.nodes[node].commands["ip-route"]:
            if route["dst"] == "default":
                del route["dev"], route["gateway"]
                route["nhid"] = 12


def shown(made: FakeCluster) -> None:
    for node in NODES:
        for route in made.nodes[node].commands["ip-route"]:
            if "nhid" in route:
                route.update({"dev": "vmbr0", "gateway": "192.168.0.254"})


def by_a_nexthop(made: FakeCluster, *, is_shown: bool = False) -> None:
    """The peers are behind a default route over a nexthop object."""
    for node in NODES:
        way = {"dev": "vmbr0", "gateway": "192.168.0.254"} if is_shown else {"nhid": 12}
        made.nodes[node].commands["ip-route"] = [{"dst": "default", "protocol": "static", **way}]


def drawn(made: FakeCluster) -> None:
    """A subnet that is drawn in the panel and not applied."""
    pve_applies(made)
    change(made, "subnets.cfg", "", SUBNET)


def erased(made: FakeCluster) -> None:
    """A subnet that is taken out in the panel, which is not applied."""
    change(made, "subnets.cfg", "", SUBNET)
    pve_applies(made)
    change(made, "subnets.cfg", SUBNET, "")


def reloaded(made: FakeCluster) -> None:
    pve_commits(made)
    pve_reloads(made)


def ill_named(made: FakeCluster) -> None:
    forwarding(made)
    renamed(made, "vmbr0", "vm=br", nodes=("node1",))


SNAT_WITHOUT_FORWARDING = (
    "warning: zones.cfg:1: zone 'lan': snat 1 on 10.3.0.0/24, but answers come in by vmbr0 of "
    "node1, node2, node3 and are not forwarded there: net.ipv4.ip_forward is 0; set "
    "net.ipv4.ip_forward = 1 in a file of /etc/sysctl.d there and load it with 'sysctl "
    "--system', or add 'ip-forward on' to the stanza of the device"
)
DRAWN = (
    "note: subnets.cfg:1: subnet 'more-10.4.0.0-24': is not committed, but PVE already adds a "
    "null route for it in vrf_theirs: it builds those from subnets.cfg; commit it, or remove "
    "it in PVE"
)
ERASED = (
    "note: .running-config: subnet 'more-10.4.0.0-24': is committed, but PVE adds no null "
    "route for it in vrf_theirs: it builds those from subnets.cfg, which lacks it; commit its "
    "removal, or add it again in PVE"
)

ROWS = (
    Row(
        "the primary exit is not an exit",
        with_(EXITING, "zones.cfg", "exitnodes node1", "exitnodes node1\n\texitnodes-primary node2"),
        said=(
            "warning: zones.cfg:5: zone 'theirs': exitnodes-primary 'node2' is not one of the "
            "exitnodes; add it to exitnodes"
        ),
        followed=(("zones.cfg", "exitnodes node1", "exitnodes node1,node2"),),
    ),
    Row(
        "an exit node of PVE's is not in the zone",
        with_(EXITING, "zones.cfg", "exitnodes node1", "exitnodes node1\n\tnodes node2,node3"),
        said=(
            "warning: zones.cfg:4: zone 'theirs': exitnodes lists node1, outside the zone's nodes; add them to nodes"
        ),
        followed=(("zones.cfg", "node2,node3", "node1,node2,node3"),),
    ),
    Row(
        "an MTU of PVE's does not fit, and is lowered",
        with_(TUNNELS, "zones.cfg", "tun\n", "tun\n\tmtu 1550\n"),
        said=(
            "warning: zones.cfg:1: zone 'tun': mtu 1550 and 50 bytes of VXLAN make 1600, but vmbr0 of "
            "node1, node2, node3 has 1550; set mtu 1500 on the zone in PVE, or raise the MTU of vmbr0 "
            "to 1600"
        ),
        followed=(("zones.cfg", "mtu 1550", "mtu 1500"),),
    ),
    Row(
        "source NAT of PVE's without forwarding",
        SNAT,
        said=SNAT_WITHOUT_FORWARDING,
        deed=forwarding,
    ),
    Row(
        "source NAT of PVE's without forwarding, and the device forwards",
        SNAT,
        said=SNAT_WITHOUT_FORWARDING,
        followed=tuple(
            (f"node{n}:{INTERFACES}", "iface vmbr0 inet static\n", "iface vmbr0 inet static\n\tip-forward on\n")
            for n in (1, 2, 3)
        ),
    ),
    Row(
        "a zone of PVE's without the exit of another's nodes",
        {
            **PVE_EVPN,
            "zones.cfg": "evpn: theirs\n\tcontroller evpnctl\n\tvrf-vxlan 1000\n\texitnodes node1\n\tnodes node1,node2\n\n"
            "evpn: more\n\tcontroller evpnctl\n\tvrf-vxlan 1001\n\texitnodes node3\n\tnodes node1,node3\n\n",
        },
        said=(
            "warning: zones.cfg:7: zone 'more': guests on node1 have no default route: as an exit of "
            "'theirs' (zones.cfg:1) the node refuses the default routes of all zones; add node1 to "
            "the zone's exitnodes in PVE"
        ),
        followed=(("zones.cfg", "exitnodes node3", "exitnodes node1,node3"),),
    ),
    Row(
        "source NAT of IPv6 without forwarding, on nodes that live on advertisements",
        SNAT6,
        said=(
            "warning: zones.cfg:1: zone 'lan': snat 1 on fd00:3::/64, but answers come in by vmbr0 of "
            "node1, node2, node3 and are not forwarded there: net.ipv6.conf.all.forwarding is 0; set "
            "net.ipv6.conf.vmbr0.accept_ra = 2, without which node1, node2, node3 lose their default "
            "route, and then net.ipv6.conf.all.forwarding = 1 in a file of /etc/sysctl.d there and "
            "load it with 'sysctl --system'"
        ),
        given=by_advertisements,
        deed=lambda made: sysctl(made, net__ipv6__conf__all__forwarding="1"),
    ),
    Row(
        "source NAT by a route whose device is not shown",
        SNAT,
        said=(
            "warning: zones.cfg:1: zone 'lan': not looked at on node1, node2, node3: the IPv4 path to "
            "the internet, whose route names a nexthop object without its device, so what PVE writes "
            "there for snat is not known; set the sysctl net.ipv4.nexthop_compat_mode to 1 there, and "
            "plan again"
        ),
        given=hidden,
        deed=shown,
    ),
    Row(
        "peers by a route whose device is not shown",
        with_(TUNNELS, "zones.cfg", "192.168.0.1,192.168.0.2,192.168.0.3", "10.6.0.1,10.6.0.2"),
        said=(
            "warning: zones.cfg:1: zone 'tun': not looked at on node1, node2, node3: the path to "
            "10.6.0.1, the first of the zone's peers, whose route names a nexthop object without its "
            "device, so the addresses that PVE writes there are not known; set the sysctl "
            "net.ipv4.nexthop_compat_mode to 1 there, and plan again"
        ),
        given=by_a_nexthop,
        deed=partial(by_a_nexthop, is_shown=True),
    ),
    Row(
        "source NAT by a device that cannot be named, where PVE has no SDN",
        SNAT,
        said=(
            "error: node1: the name of device vm=br of node1, by which source NAT leaves, cannot be "
            "written into a hook; rename it: letters, digits and _ . + -, not starting with . + or -"
        ),
        given=ill_named,
        deed=lambda made: renamed(made, "vm=br", "vmbr0", nodes=("node1",)),
        cluster={"version": "7.4-3"},
    ),
    Row(
        "a subnet that is drawn and not applied has a null route already",
        BESIDE,
        said=DRAWN,
        given=drawn,
        deed=reloaded,
        asked=AS_PVE_RUNS_IT,
    ),
    Row(
        "a subnet that is drawn and not applied is removed again",
        BESIDE,
        said=DRAWN,
        given=drawn,
        followed=(("subnets.cfg", SUBNET, ""),),
        asked=AS_PVE_RUNS_IT,
    ),
    Row(
        "a subnet that is applied and taken out has no null route any more",
        BESIDE,
        said=ERASED,
        given=erased,
        deed=reloaded,
        gives_up=frozenset({"10.4.0.1/24"}),
        asked=AS_PVE_RUNS_IT,
    ),
    Row(
        "a subnet that is applied and taken out is added again",
        BESIDE,
        said=ERASED,
        given=erased,
        followed=(("subnets.cfg", "", SUBNET),),
        asked=AS_PVE_RUNS_IT,
    ),
)
