"""Short words for PVE's definitions and for what is observed on a node, with which the tests of `design.pve*` speak."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_interface, ip_network
from typing import Any, TypeVar

from pvesdn.design.pve.interfaces import design_pve_frr, design_sdn_file
from pvesdn.model.cluster import ClusterState, Member
from pvesdn.model.design import DesignInput
from pvesdn.model.fabrics import Fabric, FabricMember, UnmanagedFabric
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts, Route
from pvesdn.model.findings import Where
from pvesdn.model.frr import FrrConfig
from pvesdn.model.ifupdown import Stanza
from pvesdn.model.own_sdn import OwnSdn
from pvesdn.model.pve_controllers import PveBgpController, PveIsisController
from pvesdn.model.pve_sdn import (
    PveEvpnController,
    PveEvpnZone,
    PveQinqZone,
    PveSdn,
    PveSimpleZone,
    PveVlanZone,
    PveVxlanZone,
    UnmanagedController,
    UnmanagedZone,
)
from pvesdn.model.sdn import SdnConfig
from pvesdn.model.vnets import Subnet, Vnet

HERE = Where(file=".running-config", line=0)
PEERS = "192.168.0.1,192.168.0.2,192.168.0.3"


def simple(id_: str = "lan", /, **properties: Any) -> PveSimpleZone:
    return PveSimpleZone(where=HERE, id=id_, **properties)


def vlan(id_: str = "floor", /, **properties: Any) -> PveVlanZone:
    return PveVlanZone(where=HERE, id=id_, **{"bridge": "vmbr0", **properties})


def qinq(id_: str = "metro", /, **properties: Any) -> PveQinqZone:
    return PveQinqZone(where=HERE, id=id_, **{"bridge": "vmbr0", "tag": 10, **properties})


def vxlan(id_: str = "tunnel", /, **properties: Any) -> PveVxlanZone:
    return PveVxlanZone(where=HERE, id=id_, **{"peers": PEERS, **properties})


def evpn(id_: str = "prod", /, **properties: Any) -> PveEvpnZone:
    return PveEvpnZone(where=HERE, id=id_, **{"controller": "ctl", "vrf-vxlan": 4000, **properties})


def left(id_: str = "old", type_: str = "faucet", /, **properties: Any) -> UnmanagedZone:
    return UnmanagedZone(where=HERE, id=id_, type=type_, reason=f"zone type {type_}", **properties)


def controller(id_: str = "ctl", /, **properties: Any) -> PveEvpnController:
    return PveEvpnController(where=HERE, id=id_, **{"asn": 65000, "peers": PEERS, **properties})


def left_controller(id_: str = "bgpnode1", type_: str = "bgp", /, **properties: Any) -> UnmanagedController:
    return UnmanagedController(where=HERE, id=id_, type=type_, **properties)


def vnet(id_: str, zone: str, /, tag: int | None = None, **properties: Any) -> Vnet:
    return Vnet(where=HERE, id=id_, zone=zone, tag=tag, **properties)


def subnet(vnet_id: str, zone: str, cidr: str, gateway: str | None = None, **properties: Any) -> Subnet:
    return Subnet(
        where=HERE,
        id=f"{zone}-{cidr.replace('/', '-')}",
        vnet=vnet_id,
        cidr=cidr,
        network=ip_network(cidr, strict=False),
        **{"gateway": gateway, **properties},  # as text, whose spelling it keeps
    )


def bgp(id_: str = "bgpnode1", /, **properties: Any) -> PveBgpController:
    return PveBgpController(
        where=HERE, id=id_, **{"asn": 65000, "node": "node1", "peers": "192.168.0.252,192.168.0.253", **properties}
    )


def isis(id_: str = "isisnode1", /, **properties: Any) -> PveIsisController:
    net = "49.0001.1921.6800.0001.00"
    given = {"isis-domain": "core", "isis-ifaces": "eno2,eno1", "isis-net": net}
    return PveIsisController(where=HERE, id=id_, **{"node": "node1", **given, **properties})


def member(number: int, *interfaces: str | dict[str, Any], fabric: int = 20, **properties: Any) -> FabricMember:
    """node<number> with the address 172.<fabric>.30.<number>; an interface is its name or its fields."""
    parts = tuple({"name": part} if isinstance(part, str) else part for part in interfaces)
    given = {"node": f"node{number}", "ip": f"172.{fabric}.30.{number}", "interfaces": parts}
    return FabricMember.model_validate({**given, **properties})


def fabric(id_: str = "lab", *members: FabricMember, protocol: str = "openfabric", **properties: Any) -> Fabric:
    prefix = {"ip_prefix": "172.20.30.0/24", "area": "0" if protocol == "ospf" else None}
    return Fabric.model_validate(
        {"where": HERE, "id": id_, "protocol": protocol, "members": members, **prefix, **properties}
    )


def left_fabric(id_: str = "wg", type_: str = "wireguard_fabric", nodes: str = "node1") -> UnmanagedFabric:
    return UnmanagedFabric(where=HERE, id=id_, type=type_, nodes=frozenset(nodes.split(",")))


@dataclass(frozen=True)
class ours:  # noqa: N801 - reads like the functions beside it
    """A VNet or subnet of pvesdn.cfg among PVE's."""

    what: Vnet | Subnet


def sdn(*objects: Any, version: int | None = 7) -> SdnConfig:
    def of(*kinds: type) -> tuple[Any, ...]:
        return tuple(found for found in objects if isinstance(found, kinds))

    own = [found.what for found in objects if isinstance(found, ours)]
    pve = PveSdn(
        zones=of(PveSimpleZone, PveVlanZone, PveQinqZone, PveVxlanZone, PveEvpnZone, UnmanagedZone),
        vnets=of(Vnet),
        subnets=of(Subnet),
        controllers=of(PveEvpnController, PveBgpController, PveIsisController, UnmanagedController),
        fabrics=of(Fabric, UnmanagedFabric),
        version=version,
    )
    return SdnConfig(
        own=OwnSdn(
            vnets=tuple(found for found in own if isinstance(found, Vnet)),
            subnets=tuple(found for found in own if isinstance(found, Subnet)),
        ),
        pve=pve,
    )


def iface(name: str, *addresses: str, method: str = "inet static") -> IfaceStanza:
    return IfaceStanza(name, method, tuple(("address", text) for text in addresses))


def route(destination: str, device: str, source: str | None = None, gateway: str | None = None) -> Route:
    known = [text for text in (gateway, source, destination.partition("/")[0]) if text and text != "default"]
    return Route(
        destination,
        device,
        source=ip_address(source) if source else None,
        gateway=ip_address(gateway) if gateway else None,
        family=ip_address(known[0]).version,
    )


def facts(node: str = "node1", *, number: int = 1, **properties: Any) -> NodeFacts:
    """A node with vmbr0 over eno1, 192.168.0.NUMBER/24 in its interfaces file, and a default route."""
    own = f"192.168.0.{number}"
    mac = f"bc:24:11:00:00:{number:02x}"
    return NodeFacts(
        **{
            "node": node,
            "links": (Link("eno1", mac=mac, master="vmbr0"), Link("vmbr0", mac=mac, kind="bridge")),
            "addresses": (("vmbr0", ip_interface(f"{own}/24")),),
            "routes": (
                route("default", "vmbr0", gateway="192.168.0.254"),
                route("192.168.0.0/24", "vmbr0", source=own),
            ),
            "stanzas": (iface("vmbr0", f"{own}/24"),),
            **properties,
        }
    )


def with_bridge(*links: Link, node: str = "node1", stanza: IfaceStanza | None = None) -> NodeFacts:
    """A node with these links and no others, and one stanza of its own in the interfaces file."""
    return facts(node, links=links, stanzas=() if stanza is None else (stanza,))


def given(*objects: Any, nodes: tuple[NodeFacts, ...] | None = None, **properties: Any) -> DesignInput:
    known = (facts(),) if nodes is None else nodes
    members = tuple(Member(name=f.node, node_id=i, address=None, is_online=True) for i, f in enumerate(known, start=1))
    return DesignInput(
        sdn=sdn(*objects, **properties),
        cluster=ClusterState(name="test", is_quorate=True, members=members, pve_version="9.1.5"),
        facts={f.node: f for f in known},
    )


def stanzas(*objects: Any, node: str = "node1", nodes: tuple[NodeFacts, ...] | None = None) -> dict[str, Stanza]:
    """PVE's stanzas on a node, by name."""
    file = design_sdn_file(given(*objects, nodes=nodes), node)
    assert file is not None
    return {stanza.name: stanza for stanza in file.stanzas}


S = TypeVar("S", bound=Stanza)


def of_kind(kind: type[S], stanza: Stanza) -> S:
    """The stanza, which is of that kind."""
    assert isinstance(stanza, kind)
    return stanza


def frr(*objects: Any, node: str = "node1", nodes: tuple[NodeFacts, ...] | None = None) -> FrrConfig:
    """PVE's FRR configuration on a node."""
    config = design_pve_frr(given(*objects, nodes=nodes), node)
    assert config is not None
    return config
