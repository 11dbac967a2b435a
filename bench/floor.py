"""The floor: what the plainest program costs that prints the same bytes, one loop and one f-string a stanza.

It knows this one network in its two definitions, checks nothing, and has no names for anything; what it takes is the
price of the bytes. It turns each address into text only once, so it is not an easy floor.
"""

from __future__ import annotations

from collections.abc import Iterator

from bench.network import ASN, L3VNI, MAC, PVE_MTU, UNDERLAY_MTU, ZONE
from pvesdn.model.design import DesignInput

_HEADER = "# Written by pvesdn from /etc/pve/sdn/pvesdn.cfg. Changes made here are lost: edit that file, then `pvesdn apply`.\n"


def print_cluster(given: DesignInput) -> Iterator[tuple[str, str]]:
    """interfaces.d/pvesdn and frr.conf of every node, from the typed values that design begins with."""
    mtu = UNDERLAY_MTU - 50
    vteps = {member.name: str(member.address) for member in given.cluster.members}
    gateways = {subnet.vnet: f"{subnet.gateway}/{subnet.network.prefixlen}" for subnet in given.sdn.both.subnets}
    vnets = [(vnet.id, vnet.tag, gateways[vnet.id]) for vnet in given.sdn.both.vnets]
    for node, vtep in vteps.items():
        bridges, ports = [], []
        for name, vni, gateway in vnets:
            bridges.append(
                f"auto {name}\niface {name}\n\taddress {gateway}\n\thwaddress {MAC}\n\tbridge-ports vxlan_{name}\n"
                "\tbridge-stp off\n\tbridge-fd 0\n\tbridge-hashel 16\n\tbridge-hashmax 4096\n"
                "\tbridge-ports-condone-regex ^(tap|veth|fwpr)[0-9].*\n"
                f"\tmtu {mtu}\n\tip-forward on\n\tarp-accept on\n\tvrf vrf_{ZONE}\n"
            )
            ports.append(
                f"auto vxlan_{name}\niface vxlan_{name}\n\tvxlan-id {vni}\n\tvxlan-local-tunnelip {vtep}\n"
                f"\tbridge-learning off\n\tbridge-arp-nd-suppress on\n\tmtu {mtu}\n"
            )
        yield "\n".join([_HEADER, *bridges, *_of_the_zone(vtep, mtu), *ports]), _frr(node, vtep, vteps)


def _of_the_zone(vtep: str, mtu: int) -> tuple[str, str, str]:
    router_mac = "02:00:" + ":".join(f"{int(octet):02x}" for octet in vtep.split("."))
    vrf = (
        f"auto vrf_{ZONE}\niface vrf_{ZONE}\n\tvrf-table auto\n"
        f"\tpost-up ip route replace vrf vrf_{ZONE} unreachable default metric 4278198272\n"
        f"\tpost-up ip -6 route replace vrf vrf_{ZONE} unreachable default metric 4278198272\n"
    )
    bridge = (
        f"auto vrfbr_{ZONE}\niface vrfbr_{ZONE}\n"
        f"\tpre-up [ -e /sys/class/net/vrfbr_{ZONE} ] || ip link add name vrfbr_{ZONE} address {router_mac} type bridge\n"
        f"\thwaddress {router_mac}\n\tbridge-ports vrfvx_{ZONE}\n"
        f"\tbridge-stp off\n\tbridge-fd 0\n\tbridge-hashel 16\n\tbridge-hashmax 4096\n\tmtu {mtu}\n\tvrf vrf_{ZONE}\n"
    )
    port = (
        f"auto vrfvx_{ZONE}\niface vrfvx_{ZONE}\n\tvxlan-id {L3VNI}\n\tvxlan-local-tunnelip {vtep}\n"
        f"\tbridge-learning off\n\tbridge-arp-nd-suppress on\n\tmtu {mtu}\n"
    )
    return vrf, bridge, port


def _frr(node: str, vtep: str, vteps: dict[str, str]) -> str:
    peers = "".join(f" neighbor {peer} peer-group VTEP\n" for name, peer in vteps.items() if name != node)
    _, second, third, fourth = vtep.split(".")
    anchor = f"198.{18 + int(second) % 2}.{third}.{fourth}"
    return (
        f"frr defaults datacenter\nhostname {node}\nlog syslog informational\nservice integrated-vtysh-config\n"
        "ip forwarding\nno ipv6 forwarding\n!\n"
        f"vrf vrf_{ZONE}\n vni {L3VNI}\n ip route {anchor}/32 blackhole\nexit-vrf\n!\n"
        f"router bgp {ASN}\n bgp router-id {vtep}\n no bgp default ipv4-unicast\n coalesce-time 1000\n"
        f" neighbor VTEP peer-group\n neighbor VTEP remote-as {ASN}\n neighbor VTEP bfd\n"
        f" neighbor VTEP update-source {vtep}\n{peers}"
        " !\n address-family l2vpn evpn\n  neighbor VTEP activate\n  advertise-all-vni\n exit-address-family\nexit\n!\n"
        f"router bgp {ASN} vrf vrf_{ZONE}\n bgp router-id {vtep}\n"
        " !\n address-family ipv4 unicast\n  redistribute connected\n  redistribute static\n exit-address-family\n"
        " !\n address-family l2vpn evpn\n  advertise ipv4 unicast\n exit-address-family\nexit\n!\n"
        "line vty\n!\n"
    )


# --- the same network in PVE's words, printed as PVE prints it --------------------------------------------------------


def print_pve_cluster(given: DesignInput) -> Iterator[tuple[str, str]]:
    """interfaces.d/sdn and frr.conf of every node, from the typed values that design begins with."""
    vteps = {member.name: str(member.address) for member in given.cluster.members}
    gateways = {subnet.vnet: f"{subnet.gateway}/{subnet.network.prefixlen}" for subnet in given.sdn.both.subnets}
    vnets = [(vnet.id, vnet.tag, gateways[vnet.id]) for vnet in given.sdn.both.vnets]
    for node, vtep in vteps.items():
        bridges, ports = [], []
        for name, vni, gateway in vnets:
            bridges.append(
                f"auto {name}\niface {name}\n\taddress {gateway}\n\thwaddress {MAC}\n\tbridge_ports vxlan_{name}\n"
                f"\tbridge_stp off\n\tbridge_fd 0\n\tmtu {PVE_MTU}\n\tip-forward on\n\tarp-accept on\n\tvrf vrf_{ZONE}\n"
            )
            ports.append(_pve_port(f"vxlan_{name}", vni, vtep))
        yield "\n".join(["#version:1\n", *bridges, *_of_the_pve_zone(vtep), *ports]), _pve_frr(node, vtep, vteps)


def _pve_port(name: str, vni: int | None, vtep: str) -> str:
    return (
        f"auto {name}\niface {name}\n\tvxlan-id {vni}\n\tvxlan-local-tunnelip {vtep}\n"
        f"\tbridge-learning off\n\tbridge-arp-nd-suppress on\n\tmtu {PVE_MTU}\n"
    )


def _of_the_pve_zone(vtep: str) -> tuple[str, str, str]:
    vrf = (
        f"auto vrf_{ZONE}\niface vrf_{ZONE}\n\tvrf-table auto\n"
        f"\tpost-up ip route add vrf vrf_{ZONE} unreachable default metric 4278198272\n"
    )
    bridge = (
        f"auto vrfbr_{ZONE}\niface vrfbr_{ZONE}\n\tbridge-ports vrfvx_{ZONE}\n"
        f"\tbridge_stp off\n\tbridge_fd 0\n\tmtu {PVE_MTU}\n\tvrf vrf_{ZONE}\n"
    )
    return vrf, bridge, _pve_port(f"vrfvx_{ZONE}", L3VNI, vtep)


def _pve_frr(node: str, vtep: str, vteps: dict[str, str]) -> str:
    peers = "".join(f" neighbor {peer} peer-group VTEP\n" for name, peer in vteps.items() if name != node)
    families = "".join(
        f" !\n address-family {family} unicast\n  redistribute connected\n exit-address-family\n"
        for family in ("ipv4", "ipv6")
    )
    return (
        f"frr version 10.4.1\nfrr defaults datacenter\nhostname {node}\nlog syslog informational\n"
        f"service integrated-vtysh-config\n!\nvrf vrf_{ZONE}\n vni {L3VNI}\nexit-vrf\n!\n"
        f"router bgp {ASN}\n bgp router-id {vtep}\n no bgp hard-administrative-reset\n no bgp default ipv4-unicast\n"
        " coalesce-time 1000\n no bgp graceful-restart notification\n"
        f" neighbor VTEP peer-group\n neighbor VTEP remote-as {ASN}\n neighbor VTEP bfd\n{peers}"
        " !\n address-family l2vpn evpn\n  neighbor VTEP activate\n  neighbor VTEP route-map MAP_VTEP_IN in\n"
        "  neighbor VTEP route-map MAP_VTEP_OUT out\n  advertise-all-vni\n exit-address-family\nexit\n!\n"
        f"router bgp {ASN} vrf vrf_{ZONE}\n bgp router-id {vtep}\n no bgp hard-administrative-reset\n"
        f" no bgp graceful-restart notification\n{families}"
        " !\n address-family l2vpn evpn\n  advertise ipv4 unicast\n  advertise ipv6 unicast\n exit-address-family\nexit\n!\n"
        "route-map MAP_VTEP_IN permit 1\nexit\n!\nroute-map MAP_VTEP_OUT permit 1\nexit\n!\nline vty\n!\n"
    )
