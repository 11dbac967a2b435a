from ipaddress import ip_address, ip_interface

from pvesdn.design.ours.exits import default_routes, design_uplink, design_vrrp
from pvesdn.model.frr import StaticRoute, VrrpInterface
from pvesdn.model.ifupdown import Uplink, VrfDevice
from pvesdn.model.own_sdn import Exit
from tests.unit.design.network import PVE_EVPN, SYMMETRIC, UNDERLAY, design, given, stanzas, uplink


def parsed(*properties: str) -> Exit:
    return given(SYMMETRIC + uplink(*properties)).sdn.own.exits[0]


BOTH = ("address 172.16.0.1/24", "address6 fd00:16::1/64", "gateways 172.16.0.254,fe80::1,172.16.0.253")
VRRP = ("vrrp-id 1", "vrrp-priority 200", "vrrp-address 172.16.0.10,fd00:16::10")


def test_the_interface_is_in_the_vrf_with_its_addresses() -> None:
    assert design_uplink(parsed(*BOTH)) == Uplink(
        name="eno2",
        addresses=(ip_interface("172.16.0.1/24"), ip_interface("fd00:16::1/64")),
        vrf="vrf_sym",
    )


def test_each_gateway_is_a_default_route_of_its_family() -> None:
    assert tuple(default_routes(parsed(*BOTH))) == (
        StaticRoute(family="ip", prefix="0.0.0.0/0", via="172.16.0.254", interface="eno2"),
        StaticRoute(family="ipv6", prefix="::/0", via="fe80::1", interface="eno2"),
        StaticRoute(family="ip", prefix="0.0.0.0/0", via="172.16.0.253", interface="eno2"),
    )


def test_a_virtual_router_is_half_ifupdown2s_and_half_frrs() -> None:
    definition = parsed(*BOTH, *VRRP)
    made = design_uplink(definition)
    assert (made.vrrp_id, made.vrrp_addresses) == (1, ("172.16.0.10/32", "fd00:16::10/128"))
    assert design_vrrp(definition) == VrrpInterface(
        name="eno2",
        id=1,
        priority=200,
        addresses=(ip_address("172.16.0.10"),),
        addresses6=(ip_address("fd00:16::10"),),
    )


def test_without_a_virtual_router_there_is_none() -> None:
    assert design_vrrp(parsed(*BOTH)) is None


def test_an_exit_in_a_zone_of_pves_says_its_vrf_again_without_pves_routes() -> None:
    cfg = UNDERLAY + uplink(zone="theirs")
    found = stanzas(given(cfg, pve=PVE_EVPN))
    assert found.keys() == {"eno2", "vrf_theirs"}
    assert found["vrf_theirs"] == VrfDevice("vrf_theirs", has_unreachable_default=False)


def test_exits_of_other_nodes_are_none_of_a_nodes_business() -> None:
    network = given(SYMMETRIC + uplink())
    assert "eno2" in stanzas(network, "node1")
    assert "eno2" not in stanzas(network, "node2")
    assert design(network, "node2").daemons == {"bgpd", "bfdd"}
