"""Exits: an uplink of one node inside a zone's VRF, with the default route there."""

from __future__ import annotations

from collections.abc import Iterator

from pvesdn.design.ours.zones import IPV4
from pvesdn.design.shared import names
from pvesdn.model.frr import StaticRoute, VrrpInterface
from pvesdn.model.ifupdown import Uplink
from pvesdn.model.own_sdn import Exit
from pvesdn.model.primitives import IpAddress


def design_uplink(uplink: Exit) -> Uplink:
    """The interface in the VRF; ifupdown2 makes the macvlan that FRR's vrrpd needs."""
    vrrp = uplink.vrrp
    return Uplink(
        name=uplink.interface,
        addresses=tuple(address for address in (uplink.address, uplink.address6) if address is not None),
        vrf=names.vrf(uplink.zone),
        vrrp_id=vrrp.id if vrrp else None,
        vrrp_addresses=tuple(_host_prefix(address) for address in vrrp.addresses) if vrrp else (),
    )


def shares_flows(uplink: Exit, family: int) -> bool:
    """Whether an exit has several gateways of a family, 4 or 6."""
    return sum(gateway.version == family for gateway in uplink.gateways) > 1


def default_routes(uplink: Exit) -> Iterator[StaticRoute]:
    """A static default route through each gateway; several of one family share the load.

    FRR's, not the kernel's: a kernel route does not come back after the link has been down, and `ifreload` neither
    changes nor removes it.
    """
    for gateway in uplink.gateways:
        is_v4 = gateway.version == IPV4
        yield StaticRoute(
            family="ip" if is_v4 else "ipv6",
            prefix="0.0.0.0/0" if is_v4 else "::/0",
            via=str(gateway),
            interface=uplink.interface,
        )


def design_vrrp(uplink: Exit) -> VrrpInterface | None:
    """FRR's half of the virtual router (RFC 9568); None when the exit has none."""
    if uplink.vrrp is None:
        return None
    return VrrpInterface(
        name=uplink.interface,
        id=uplink.vrrp.id,
        priority=uplink.vrrp.priority,
        addresses=tuple(address for address in uplink.vrrp.addresses if address.version == IPV4),
        addresses6=tuple(address for address in uplink.vrrp.addresses if address.version != IPV4),
    )


def _host_prefix(address: IpAddress) -> str:
    return f"{address}/{address.max_prefixlen}"
