"""Small clusters for the tests of design: definitions as people write them, nodes as far as a test needs them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.design.checks.all_checks import check
from pvesdn.design.cluster import design_node, share
from pvesdn.design.ours.vteps import choose_vteps
from pvesdn.model.cluster import ClusterState, Member, SeenVtep
from pvesdn.model.design import DesignInput, NodeDesign
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from pvesdn.model.findings import Severity
from pvesdn.model.ifupdown import Stanza

UNDERLAY = "underlay: cluster\n\tnetwork 192.168.0.0/24\n\n"
CONTROLLER = "evpn-controller: main\n\tasn 1234\n\n"
SYMMETRIC = (
    UNDERLAY + CONTROLLER + "evpn: sym\n\tcontroller main\n\tirb symmetric\n\tvrf-vxlan 4000\n\n"
    "vnet: vmbr2\n\tzone sym\n\ttag 2\n\n"
    "subnet: sym-10.0.2.0-24\n\tvnet vmbr2\n\tgateway 10.0.2.254\n\n"
)
UNICAST = UNDERLAY + "vxlan: ucast\n\nvnet: vmbr2\n\tzone ucast\n\ttag 2\n\n"
PVE_EVPN = {
    "zones.cfg": "evpn: theirs\n\tcontroller evpnctl\n\tvrf-vxlan 1000\n\n",
    "controllers.cfg": "evpn: evpnctl\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
    "vnets.cfg": "vnet: web\n\tzone theirs\n\ttag 100\n\n",
}
PROXMOX = {"ifupdown2": "3.3.0-1+pmx11", "frr": "10.4.1-1+pve1"}


def evpn_zone(irb: str, *properties: str, vnet: str = "", gateway: str = "10.0.2.254") -> str:
    """An EVPN zone called `zone` with the VNet vmbr2; an empty gateway leaves the subnet out."""
    lines = "".join(f"\t{line}\n" for line in (f"irb {irb}", *properties))
    subnet = f"\nsubnet: zone-10.0.2.0-24\n\tvnet vmbr2\n\tgateway {gateway}\n" if gateway else ""
    own = f"evpn: zone\n\tcontroller main\n{lines}\nvnet: vmbr2\n\tzone zone\n\ttag 2\n{vnet}{subnet}\n"
    return UNDERLAY + CONTROLLER + own


def uplink(*properties: str, zone: str = "sym", node: str = "node1", interface: str = "eno2") -> str:
    """An exit called after its zone and node; without properties it has one address and one gateway."""
    head = f"exit: {zone}-{node}\n\tzone {zone}\n\tnode {node}\n\tinterface {interface}\n"
    lines = properties or (f"address 172.16.0.{node[-1]}/24", "gateways 172.16.0.254")
    return head + "".join(f"\t{line}\n" for line in lines) + "\n"


def facts(node: str, *addresses: str, mtu: int = 1550, **more: Any) -> NodeFacts:
    """A node whose vmbr0, with eno1 as its port, holds the addresses; eno2 is free."""
    return replace(
        NodeFacts(
            node=node,
            links=(
                Link("lo", 65536),
                Link("eno1", mtu, master="vmbr0"),
                Link("eno2", 1500),
                Link("vmbr0", mtu, kind="bridge"),
            ),
            addresses=(("lo", ip_interface("127.0.0.1/8")), *(("vmbr0", ip_interface(a)) for a in addresses)),
            stanzas=(IfaceStanza("vmbr0", "inet static", ()), IfaceStanza("eno2", "inet manual", ())),
            versions=PROXMOX,
            sysctl={"net.ipv4.ip_forward": "0", "net.ipv6.conf.all.forwarding": "0"},
        ),
        **more,
    )


def cluster(*names: str, offline: Iterable[str] = (), prefix: str = "192.168.0.", **more: Any) -> ClusterState:
    """Members `node1`, `node2`… with addresses that end in their numbers."""
    return ClusterState(
        name="lab",
        is_quorate=True,
        members=tuple(
            Member(
                name=name,
                node_id=number,
                address=ip_address(f"{prefix}{number}"),
                is_online=name not in set(offline),
            )
            for number, name in enumerate(names, 1)
        ),
        pve_version="9.1.5",
    ).model_copy(update=more)


def given(
    cfg: str,
    *,
    nodes: int = 3,
    offline: Iterable[str] = (),
    pve: Mapping[str, str] | None = None,
    seen: Mapping[str, tuple[str, int]] | None = None,
    prefix: str = "192.168.0.",
    instead: Mapping[str, NodeFacts] | None = None,
    **named: NodeFacts,
) -> DesignInput:
    """The definitions on a cluster of `nodes` members.

    :param instead: facts of single nodes, by name; `named` says the same with keywords.
    """
    names = [f"node{number}" for number in range(1, nodes + 1)]
    own = {**(instead or {}), **named}
    length = 64 if ":" in prefix else 24
    return DesignInput(
        sdn=decode_sdn({"pvesdn.cfg": cfg, **(pve or {})}, intent="pending").config,
        cluster=cluster(*names, offline=offline, prefix=prefix),
        facts={
            name: own.get(name, facts(name, f"{prefix}{number}/{length}"))
            for number, name in enumerate(names, 1)
            if name not in set(offline)
        },
        seen={name: SeenVtep(address=ip_address(a), mtu=mtu) for name, (a, mtu) in (seen or {}).items()},
    )


def design(network: DesignInput, node: str = "node1") -> NodeDesign:
    """One node's design."""
    vteps, findings = choose_vteps(network)
    assert not findings
    return design_node(share(network, vteps), node)


def stanzas(network: DesignInput, node: str = "node1") -> dict[str, Stanza]:
    """Our stanzas of a node by name."""
    interfaces = design(network, node).interfaces
    return {} if interfaces is None else {stanza.name: stanza for stanza in interfaces.stanzas}


def findings(network: DesignInput, severity: Severity = Severity.ERROR) -> list[str]:
    """What the checks say, in words."""
    vteps, found = choose_vteps(network)
    return [str(finding) for finding in (*found, *check(network, vteps)) if finding.severity is severity]
