"""`ip route add` behind a hook, as people write it."""

from __future__ import annotations

import pytest

from pvesdn.decode.nodes.ip_route import read_ip_route
from pvesdn.model.hand_written import Hop, IpRoute


@pytest.mark.parametrize(
    ("command", "route"),
    [
        (
            "ip route add default via 172.16.0.254 dev eno2 vrf vrf1",
            IpRoute("unicast", "default", 4, (Hop("172.16.0.254", "eno2"),), "vrf1"),
        ),
        (
            "/sbin/ip r replace default nexthop via 10.0.0.1 dev a vrf v nexthop via 10.0.0.2 dev a weight 2",
            IpRoute("unicast", "default", 4, (Hop("10.0.0.1", "a"), Hop("10.0.0.2", "a")), "v"),
        ),
        (
            "ip route add default via 10.0.0.1 vrf v 2>/dev/null || true",
            IpRoute("unicast", "default", 4, (Hop("10.0.0.1", None),), "v"),
        ),
        ("ip -6 route append default dev a", IpRoute("unicast", "default", 6, (Hop(None, "a"),), None)),
        ("ip route add default via fe80::1 dev a", IpRoute("unicast", "default", 6, (Hop("fe80::1", "a"),), None)),
        ("ip route add to ::/0 via inet6 fe80::1", IpRoute("unicast", "default", 6, (Hop("fe80::1", None),), None)),
        (
            "ip route add 10.0.0.0/8 via 1.1.1.1 onlink",
            IpRoute("unicast", "10.0.0.0/8", 4, (Hop("1.1.1.1", None),), None),
        ),
        (
            "ip route replace vrf v unreachable default metric 4278198272",
            IpRoute("unreachable", "default", 4, (), "v"),
        ),
    ],
)
def test_a_route_is_read(command: str, route: IpRoute) -> None:
    assert read_ip_route(command) == route


@pytest.mark.parametrize(
    "command",
    [
        "",
        "route add default gw 1.1.1.1",
        "ip",
        "ip route",
        "ip -n x route add default",
        "ip link add a",
        "ip route del default",
        "ip route add",
        "ip route add via 1.1.1.1",
        "ip route add default via",
        "ip route add default via nobody",
        "ip route add nowhere",
        "ip route add default 10.0.0.0/8",
        "ip route add default encap mpls 3",
        "ip route add default metric",
    ],
)
def test_anything_else_is_none(command: str) -> None:
    assert read_ip_route(command) is None
