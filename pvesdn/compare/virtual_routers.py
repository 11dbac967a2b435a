"""The macvlan by which a virtual router answers. Pure."""

from __future__ import annotations

from pvesdn.compare.live_evpn import OF_VIRTUAL_ROUTERS
from pvesdn.model.expectation import ExpectedVirtualRouter
from pvesdn.model.state import NodeState


def macvlan_that_is_down(state: NodeState, router: ExpectedVirtualRouter) -> str:
    """Its name; empty where it is up, or was not seen.

    vrrpd does not notice: it says that it is master as before, and nothing comes in for the virtual router's MAC
    (RFC 9568 section 7.3). Virtual routers of one number have one MAC; the VRF of their card tells them apart.
    """
    of_ipv4, of_ipv6 = OF_VIRTUAL_ROUTERS
    mac = f"{of_ipv4 if router.family == 4 else of_ipv6}{router.id:02x}"  # noqa: PLR2004 - IPv4
    card = state.devices.get(router.interface)
    own = [
        device
        for device in state.devices.values()
        if device.kind == "macvlan" and device.mac == mac and card is not None and device.master == card.master
    ]
    return "" if any(device.is_up for device in own) else next((device.name for device in own), "")
