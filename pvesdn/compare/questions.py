"""What the answers to questions about a node's state are held against. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pvesdn.model.expectation import NodeExpectation

OF_INTERFACES: Mapping[str, Callable[[NodeExpectation], Iterable[str]]] = {
    "fdb": lambda expected: (device.name for device in expected.devices if device.has_flood_list),
    "port-vlans": lambda expected: (device.name for device in expected.devices if device.has_vlans),
    "dhcp-filters": lambda expected: (device.name for device in expected.devices if device.keeps_dhcp_out),
    "dhcp-servers": lambda expected: (unit.vrf for unit in expected.dhcp),
    "vrf-routes": lambda expected: expected.l3vnis,
    "evpn-rmacs": lambda expected: expected.l3vnis,
    "vrrp": lambda expected: (router.interface for router in expected.virtual_routers),
}
"""Questions of `STATE_COMMANDS` about some interfaces alone, and which: only guests of their zones may notice."""


def is_needed(question: str, expected: NodeExpectation) -> bool:
    """Whether the node has something that the answer would be held against."""
    return question not in OF_INTERFACES or any(True for _ in OF_INTERFACES[question](expected))
