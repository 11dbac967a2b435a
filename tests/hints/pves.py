"""Definitions of PVE's that rows begin with, and how they are changed."""

from __future__ import annotations

from tests.fakes import FakeCluster
from tests.unit.design.network import PVE_EVPN

SIMPLE = {"zones.cfg": "simple: lan\n\n", "vnets.cfg": "vnet: office\n\tzone lan\n\n"}
TUNNELS = {
    "zones.cfg": "vxlan: tun\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
    "vnets.cfg": "vnet: office\n\tzone tun\n\ttag 7\n\n",
}
FABRIC = {
    "fabrics.cfg": "openfabric_fabric: lab\n\tip_prefix 10.5.0.0/24\n\n"
    + "".join(f"openfabric_node: lab_node{n}\n\tip 10.5.0.{n}\n\tinterfaces name=eno2\n\n" for n in (1, 2, 3)),
    "zones.cfg": "vxlan: tun\n\tfabric lab\n\tmtu 1450\n\n",
    "vnets.cfg": TUNNELS["vnets.cfg"],
}
BGP = "bgp: bgpnode1\n\tasn 65000\n\tnode node1\n\tpeers 192.0.2.1\n\n"


def with_(files: dict[str, str], name: str, old: str, new: str) -> dict[str, str]:
    assert old in files[name], old
    return {**files, name: files[name].replace(old, new)}


def bridged(kind: str = "vlan", zone: str = "", vnets: str = "vnet: office\n\tzone br\n\ttag 7\n\n") -> dict[str, str]:
    return {"zones.cfg": f"{kind}: br\n\tbridge vmbr0\n{zone}\n", "vnets.cfg": vnets}


def sysctl(made: FakeCluster, **values: str) -> None:
    for node in made.nodes.nodes.values():
        node.commands["sysctl"].update({name.replace("__", "."): value for name, value in values.items()})


def forwarding(made: FakeCluster) -> None:
    sysctl(made, net__ipv4__ip_forward="1")


EXITING = with_(PVE_EVPN, "zones.cfg", "vrf-vxlan 1000", "vrf-vxlan 1000\n\texitnodes node1")
SNAT = {**SIMPLE, "subnets.cfg": "subnet: lan-10.3.0.0-24\n\tvnet office\n\tgateway 10.3.0.1\n\tsnat 1\n\n"}
