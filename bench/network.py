"""The network that is timed: one symmetric EVPN zone over all nodes in a full mesh, with a gateway in every VNet.

It is defined twice, in the words of `pvesdn.cfg` and in PVE's own.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from pvesdn.model.cluster import ClusterState, Member
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from pvesdn.model.findings import Where
from pvesdn.model.own_sdn import EvpnController, EvpnZone, Irb, OwnSdn
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone, PveSdn
from pvesdn.model.sdn import SdnConfig
from pvesdn.model.vnets import Subnet, Vnet

ZONE = "tenant"
ASN = 65000
L3VNI = 16_000_000
MAC = "02:AA:BB:CC:DD:EE"
UNDERLAY_MTU = 9000
PVE_MTU = 1450
FIRST_VTEP = IPv4Address("192.168.0.1")
FIRST_SUBNET = IPv4Network("10.0.0.0/24")


def network(nodes: int, vnets: int, *, mtu: int | None = None) -> DesignInput:
    """Typed values, as decode would give them for `pvesdn.cfg`.

    :param mtu: of the zone, bytes; None leaves it to the underlay.
    """
    own = OwnSdn(
        controllers=(EvpnController(where=_where("evpn-controller", "main"), id="main", asn=ASN),),
        zones=(
            EvpnZone(
                where=_where("evpn", ZONE),
                id=ZONE,
                controller="main",
                irb=Irb.SYMMETRIC,
                l3vni=L3VNI,
                mac=MAC,
                mtu=mtu,
            ),
        ),
        vnets=tuple(_vnet(number) for number in range(1, vnets + 1)),
        subnets=tuple(_subnet(number) for number in range(1, vnets + 1)),
    )
    return _on_nodes(SdnConfig(own=own), nodes)


def pve_network(nodes: int, vnets: int) -> DesignInput:
    """Typed values, as decode would give them for PVE's `zones.cfg` and the files beside it."""
    peers = tuple(str(FIRST_VTEP + number) for number in range(nodes))
    pve = PveSdn(
        controllers=(PveEvpnController(where=_where("evpn", "main"), id="main", asn=ASN, peers=peers),),
        zones=(
            PveEvpnZone(
                where=_where("evpn", ZONE),
                id=ZONE,
                controller="main",
                l3vni=L3VNI,
                mac=MAC,
                advertise_subnets=True,
            ),
        ),
        vnets=tuple(_vnet(number) for number in range(1, vnets + 1)),
        subnets=tuple(_subnet(number) for number in range(1, vnets + 1)),
        version=1,
    )
    return _on_nodes(SdnConfig(pve=pve), nodes)


def _on_nodes(sdn: SdnConfig, nodes: int) -> DesignInput:
    names = [f"pve{number:02}" for number in range(1, nodes + 1)]
    addresses = [FIRST_VTEP + number for number in range(nodes)]
    cluster = ClusterState(
        name="bench",
        is_quorate=True,
        members=tuple(
            Member(name=name, node_id=number, address=address, is_online=True)
            for number, (name, address) in enumerate(zip(names, addresses, strict=True), 1)
        ),
        pve_version="9.1.5",
    )
    facts = {name: _facts(name, address) for name, address in zip(names, addresses, strict=True)}
    return DesignInput(sdn=sdn, cluster=cluster, facts=facts)


def _vnet(number: int) -> Vnet:
    name = f"net{number:05}"
    return Vnet(where=_where("vnet", name), id=name, zone=ZONE, tag=number)


def _subnet(number: int) -> Subnet:
    prefix = IPv4Network((int(FIRST_SUBNET.network_address) + number * FIRST_SUBNET.num_addresses, 24))
    name = f"{ZONE}-{prefix.network_address}-{prefix.prefixlen}"
    return Subnet(
        where=_where("subnet", name),
        id=name,
        vnet=f"net{number:05}",
        cidr=str(prefix),
        network=prefix,
        gateway=prefix[-2],
    )


def _facts(node: str, address: IPv4Address) -> NodeFacts:
    return NodeFacts(
        node=node,
        links=(Link(name="eno1", mtu=UNDERLAY_MTU),),
        addresses=(("eno1", IPv4Interface(f"{address}/24")),),
        stanzas=(IfaceStanza("eno1", "inet static", (("address", f"{address}/24"),)),),
        sources=("/etc/network/interfaces.d/*",),
        sysctl={"net.ipv4.ip_forward": "0", "net.ipv6.conf.all.forwarding": "0"},
    )


def _where(kind: str, name: str) -> Where:
    return Where(file="pvesdn.cfg", line=1, kind=kind, id=name)
