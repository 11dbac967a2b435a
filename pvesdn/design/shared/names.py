"""Names and MAC addresses derived from an id or an address: the same in every run, and PVE's name where PVE has one."""

from __future__ import annotations

from hashlib import sha256
from ipaddress import IPv4Address


def vxlan_port(vnet: str) -> str:
    """The VXLAN device of a VNet."""
    return f"vxlan_{vnet}"


def vrf(zone: str) -> str:
    """The VRF of a zone with IRB, ours or PVE's."""
    return f"vrf_{zone}"


def l3vni_port(zone: str) -> str:
    """The VXLAN device of a zone's L3VNI."""
    return f"vrfvx_{zone}"


def l3vni_bridge(zone: str) -> str:
    """The bridge that ties a zone's L3VNI to its VRF."""
    return f"vrfbr_{zone}"


def bridge_end(id_: str) -> str:
    """What PVE plugs into the bridge of a VNet (vlan zone) or of a zone (qinq): one end of a pair, or a port of Open
    vSwitch.
    """
    return f"ln_{id_}"


def far_end(id_: str) -> str:
    """The other end of the pair, towards the host's bridge (vlan zone) or towards an untagged VNet (qinq)."""
    return f"pr_{id_}"


def vlan_bridge(bridge: str, tag: int) -> str:
    """The bridge that joins one VLAN of a bridge that is not VLAN-aware."""
    return f"{bridge}v{tag}"


def qinq_bridge(zone: str) -> str:
    """The VLAN-aware bridge of a qinq zone, in which its VNets are VLANs."""
    return f"z_{zone}"


def service_vlan(zone: str) -> str:
    """The device that carries a qinq zone's service VLAN."""
    return f"sv_{zone}"


def fabric_dummy(fabric: str) -> str:
    """The device that holds a node's own address in one of PVE's fabrics."""
    return f"dummy_{fabric}"


def router_mac(vtep: IPv4Address) -> str:
    """The MAC of a node's L3VNI bridges (RFC 9135 section 5): locally administered, one for each VTEP.

    Two nodes with one router MAC look like one node to all others, and nothing in EVPN reports it.
    """
    return "02:00:" + ":".join(f"{octet:02x}" for octet in vtep.packed)


def anycast_mac(zone: str) -> str:
    """The gateways' MAC in a zone that names none: the same on every node, so that a guest may move.

    Locally administered and unicast; it begins with 06, so it is never some node's router MAC.
    """
    return "06:" + ":".join(f"{octet:02x}" for octet in sha256(f"pvesdn gateway {zone}".encode()).digest()[:5])
