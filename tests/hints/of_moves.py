"""Hints of `import --from-pve` and `--to-pve`: what stops a move, what is lost by it, what is left to do after it."""

from __future__ import annotations

from functools import partial

from tests.fakes import FakeCluster
from tests.hints.deeds import from_pve, moved, pve_applies, switched, to_pve
from tests.hints.pves import EXITING, FABRIC, SIMPLE, TUNNELS, with_
from tests.hints.table import Row, change, planned
from tests.unit.design.network import UNICAST, evpn_zone

SDN = "/etc/pve/sdn"
OWN = "pvesdn.cfg"
WRITTEN_DOWN = "note: zones.cfg:1: zone 'tun': mtu 1450 is written down, since that is PVE's default and pvesdn's follows the underlay"
AS_THEY_ARE = (
    "note: zones.cfg:1: zone 'tun': peers are carried as they are; without the line they follow the "
    "members of the cluster; leave it out later, once the plan shows that nothing changes by it"
)
WITHOUT_A_TAG = (
    "error: vnets.cfg:1: vnet 'office': has no tag, so no node has it; give it a tag in PVE's panel, or delete it there, "
    "and apply"
)
TUN = partial(from_pve, zone="tun")
UNTAGGED = with_(TUNNELS, "vnets.cfg", "\ttag 7\n", "")
BESIDE = {
    **EXITING,
    "zones.cfg": EXITING["zones.cfg"]
    + "evpn: more\n\tcontroller evpnctl\n\tvrf-vxlan 1001\n\tmac BC:24:11:00:00:09\n\n",
    "vnets.cfg": EXITING["vnets.cfg"] + "vnet: far\n\tzone more\n\ttag 101\n\n",
    "subnets.cfg": "subnet: more-10.4.0.0-24\n\tvnet far\n\tgateway 10.4.0.1\n\n",
}
ROUTES = "vrf vrf_theirs\n ip route 10.4.0.0/24 null0\nexit-vrf\n"
TWO = with_(FABRIC, "fabrics.cfg", "openfabric_node: lab_node3\n\tip 10.5.0.3\n\tinterfaces name=eno2\n\n", "")
TWO = with_(TWO, "zones.cfg", "fabric lab\n", "fabric lab\n\tnodes node1,node2\n")


def tagged(made: FakeCluster) -> None:
    change(made, "vnets.cfg", "zone tun\n", "zone tun\n\ttag 7\n")
    pve_applies(made)


def deleted(made: FakeCluster) -> None:
    change(made, "vnets.cfg", "vnet: office\n\tzone tun\n\n", "")
    pve_applies(made)


def without_peers(made: FakeCluster) -> None:
    moved(made, "tun")
    change(made, OWN, "\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n", "")


def other_alias(made: FakeCluster) -> None:
    moved(made, "tun")
    change(made, OWN, "\ttag 7\n", "\ttag 7\n\talias a or b\n")


def joined_the_fabric(made: FakeCluster) -> None:
    """The zone has moved, and node3 joins the fabric."""
    moved(made, "tun")
    change(made, "fabrics.cfg", "", "openfabric_node: lab_node3\n\tip 10.5.0.3\n\tinterfaces name=eno2\n\n")
    pve_applies(made)
    change(made, OWN, "nodes node1,node2", "nodes node1,node2,node3")
    change(made, OWN, "peers 10.5.0.1,10.5.0.2", "peers 10.5.0.1,10.5.0.2,10.5.0.3")


def with_routes(made: FakeCluster) -> None:
    moved(made, "more")
    change(made, "node1:/etc/frr/frr.conf.local", "", ROUTES)


def off(made: FakeCluster) -> None:
    pve_applies(made)
    switched(made, "node3", is_on=False)


def back(made: FakeCluster) -> None:
    moved(made, "tun")
    switched(made, "node3", is_on=True)


def three_of_four(made: FakeCluster) -> None:
    """node4 is there, and has not joined the cluster yet."""
    rows = made.api.answers["cluster/status"]
    rows[:] = [row for row in rows if row["name"] != "node4"]


def joined_by_a_fourth(made: FakeCluster) -> None:
    """The zone is PVE's, with the peers of that day and the node that joined later."""
    peers = ",".join(f"192.168.0.{number}" for number in (1, 2, 3, 4))
    made.nodes.pve_files[f"{SDN}/{OWN}"] = ""
    made.nodes.pve_files[f"{SDN}/zones.cfg"] = f"vxlan: ucast\n\tpeers {peers}\n\tmtu 1500\n\n"
    made.nodes.pve_files[f"{SDN}/vnets.cfg"] = "vnet: vmbr2\n\tzone ucast\n\ttag 2\n\n"
    rows = made.api.answers["cluster/status"]
    rows.append({**rows[-1], "id": "node/node4", "name": "node4", "nodeid": 4, "ip": "192.168.0.4", "local": 0})
    pve_applies(made)


ROWS = (
    Row(
        "a zone that is to move has changes that are not applied",
        TUNNELS,
        said=(
            "error: PVE's SDN: has changes that are not applied: vnet 'office' (new), zone 'tun' (new);"
            " apply or revert them in PVE's panel first, then ask again"
        ),
        asked=TUN,
        deed=pve_applies,
        left=(WRITTEN_DOWN, AS_THEY_ARE),
    ),
    Row(
        "a zone that is to move is pvesdn.cfg's",
        {"pvesdn.cfg": UNICAST},
        said="error: zone 'ucast': is in pvesdn.cfg already; there is nothing to move",
        asked=partial(from_pve, zone="ucast"),
        asked_then=planned,
    ),
    Row(
        "a VNet of a zone that is to move has no tag",
        UNTAGGED,
        said=WITHOUT_A_TAG,
        given=pve_applies,
        asked=TUN,
        deed=tagged,
        left=(WRITTEN_DOWN, AS_THEY_ARE),
    ),
    Row(
        "a VNet of a zone that is to move has no tag and is deleted",
        UNTAGGED,
        said=WITHOUT_A_TAG,
        given=pve_applies,
        asked=TUN,
        deed=deleted,
        left=(WRITTEN_DOWN, AS_THEY_ARE),
    ),
    Row(
        "a zone that is to move bridges on single nodes",
        SIMPLE,
        said=(
            "error: zones.cfg:1: zone 'lan': stays in PVE: a zone of type simple bridges, routes and "
            "serves DHCP on single nodes, and pvesdn.cfg has VXLAN and EVPN alone; leave it there: "
            "pvesdn works alongside it"
        ),
        given=pve_applies,
        asked=partial(from_pve, zone="lan"),
        asked_then=planned,
    ),
    Row(
        "a zone that is to move is driven by a controller of OpenFlow",
        {
            **with_(SIMPLE, "zones.cfg", "simple: lan\n", "faucet: lan\n\tcontroller of\n\tdp-id 1\n"),
            "controllers.cfg": "faucet: of\n\n",
        },
        said=(
            "error: zones.cfg:1: zone 'lan': stays in PVE: zone type faucet; leave it there: pvesdn does not touch it"
        ),
        given=pve_applies,
        asked=partial(from_pve, zone="lan"),
        asked_then=planned,
        left=("note: zones.cfg:1: zone 'lan': left to PVE: zone type faucet",),
    ),
    Row(
        "a zone has moved, and its peers follow the members from now on",
        TUNNELS,
        said=(WRITTEN_DOWN, AS_THEY_ARE),
        given=pve_applies,
        asked=TUN,
        deed=without_peers,
        asked_then=planned,
    ),
    Row(
        "an alias does not come along and another one is written",
        with_(TUNNELS, "vnets.cfg", "tag 7\n", "tag 7\n\talias a\\b\n"),
        said=(
            (
                "property: vnets.cfg:4: vnet 'office': alias a\\b: pvesdn.cfg does not take it: 'a\\b' "
                "contains a backslash; write another one into the section"
            ),
            WRITTEN_DOWN,
            AS_THEY_ARE,
        ),
        given=pve_applies,
        asked=TUN,
        deed=other_alias,
        asked_then=planned,
    ),
    Row(
        "a zone leaves a fabric, which another node joins",
        TWO,
        said=(
            "property: zones.cfg:2: zone 'tun': fabric lab: becomes peers, the addresses that the "
            "fabric's members have today; add a node's address to peers when it joins the fabric; the "
            "fabric itself stays in PVE"
        ),
        given=pve_applies,
        asked=TUN,
        deed=joined_the_fabric,
        asked_then=planned,
    ),
    Row(
        "a zone takes the null routes of another's exits with it",
        BESIDE,
        said=(
            (
                "note: zones.cfg:6: zone 'more': mtu 1450 is written down, since that is PVE's default and "
                "pvesdn's follows the underlay"
            ),
            (
                "warning: zones.cfg:6: zone 'more': exit nodes of theirs (node1) have null routes for "
                "10.4.0.0/24, which go with the subnets: what is sent there then follows the nodes' other "
                "routes; to keep them, write 'ip route 10.4.0.0/24 null0' below 'vrf vrf_theirs' in "
                "/etc/frr/frr.conf.local there"
            ),
        ),
        given=pve_applies,
        asked=partial(from_pve, zone="more"),
        deed=with_routes,
        gives_up=frozenset({"10.4.0.1/24"}),
        asked_then=planned,
    ),
    Row(
        "a zone is to move while a node is off",
        TUNNELS,
        said=(
            (
                "warning: node3: is off, and keeps the devices as they are until it is back; run pvesdn "
                "apply as soon as it is back, before anybody reloads its network"
            ),
            WRITTEN_DOWN,
            AS_THEY_ARE,
        ),
        given=off,
        asked=TUN,
        deed=back,
        asked_then=planned,
        left=(
            (
                "warning: node3: /etc/network/interfaces.d/sdn has version 7, but PVE runs version 8: its zones are pending "
                "here; run pvesdn apply, which puts its own file in place before the reload that rewrites PVE's"
            ),
        ),
    ),
    Row(
        "a zone that PVE has no words for is to go there",
        {"pvesdn.cfg": evpn_zone("asymmetric")},
        said=(
            "error: pvesdn.cfg:7: zone 'zone': stays in pvesdn.cfg: PVE's EVPN zones route through an "
            "L3VNI, and this one has irb asymmetric; leave it there: pvesdn works beside PVE's zones"
        ),
        asked=partial(to_pve, zone="zone"),
        asked_then=planned,
    ),
    Row(
        "a zone that follows the members goes to PVE, and a node joins",
        {"pvesdn.cfg": UNICAST},
        said=(
            (
                "warning: cluster: there are changes to apply already, which the cut-over would bring "
                "along; run pvesdn plan and pvesdn apply first"
            ),
            (
                "note: pvesdn.cfg:4: zone 'ucast': follows the members of the cluster; in PVE the peers of "
                "today are listed; add a node that joins later to the zone's peers in PVE"
            ),
            ("note: pvesdn.cfg:4: zone 'ucast': its MTU follows the underlay; in PVE the one of today is written down"),
        ),
        given=three_of_four,
        asked=partial(to_pve, zone="ucast"),
        deed=joined_by_a_fourth,
        asked_then=planned,
        cluster={"members": ("node1", "node2", "node3", "node4")},
    ),
)
