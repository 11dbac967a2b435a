from ipaddress import ip_address

import pytest

from pvesdn.design.shared import names
from pvesdn.model.ifupdown import L3VniBridge, Tunnel, VnetBridge, VrfDevice, VxlanPort
from tests.unit.design.network import SYMMETRIC, design, evpn_zone, given, stanzas, uplink

MAC = "44:39:39:FF:40:94"


def tunnel(cfg: str) -> Tunnel:
    interfaces = design(given(cfg)).interfaces
    assert interfaces is not None
    return interfaces.tunnels["zone"]


def test_bridging_alone_has_a_bridge_and_a_port_that_evpn_teaches() -> None:
    cfg = evpn_zone("none", gateway="")
    assert stanzas(given(cfg)).keys() == {"vmbr2", "vxlan_vmbr2"}
    assert tunnel(cfg) == Tunnel(
        local=ip_address("192.168.0.1"), mtu=1500, is_controlled=True, has_arp_nd_suppression=True
    )


def test_flooding_suppression_and_port_are_as_written() -> None:
    found = tunnel(evpn_zone("none", "flood 0", "disable-arp-nd-suppression 1", "vxlan-port 8472", gateway=""))
    assert (found.has_flood, found.has_arp_nd_suppression, found.udp_port) == (False, False, 8472)


def test_an_anycast_gateway_is_the_same_on_every_node() -> None:
    network = given(evpn_zone("asymmetric", f"mac {MAC}"))
    expected = VnetBridge(
        name="vmbr2",
        port="vxlan_vmbr2",
        mtu=1500,
        addresses=("10.0.2.254/24",),
        hwaddress=MAC,
        has_ip_forward=True,
        has_arp_accept=True,
        vrf="vrf_zone",
    )
    assert [stanzas(network, node)["vmbr2"] for node in ("node1", "node2", "node3")] == [expected] * 3


def test_asymmetric_routing_has_a_vrf_without_l3vni() -> None:
    found = stanzas(given(evpn_zone("asymmetric")))
    assert found.keys() == {"vmbr2", "vxlan_vmbr2", "vrf_zone"}
    assert found["vrf_zone"] == VrfDevice("vrf_zone")


def test_the_oldest_form_is_in_the_hosts_own_table() -> None:
    found = stanzas(given(evpn_zone("asymmetric", "vrf main")))
    bridge = found["vmbr2"]
    assert found.keys() == {"vmbr2", "vxlan_vmbr2"}
    assert isinstance(bridge, VnetBridge)
    assert bridge.vrf is None
    assert bridge.addresses


def test_symmetric_routing_has_an_l3vni_with_a_mac_of_each_nodes_own() -> None:
    network = given(evpn_zone("symmetric", "vrf-vxlan 4000"))
    for number in (1, 2, 3):
        found = stanzas(network, f"node{number}")
        assert found["vrf_zone"] == VrfDevice("vrf_zone")
        assert found["vrfvx_zone"] == VxlanPort("vrfvx_zone", 4000, tunnel="zone")
        assert found["vrfbr_zone"] == L3VniBridge(
            name="vrfbr_zone", port="vrfvx_zone", mtu=1500, hwaddress=f"02:00:c0:a8:00:0{number}", vrf="vrf_zone"
        )


def test_gateways_without_a_mac_get_the_one_that_follows_from_the_zone() -> None:
    bridge = stanzas(given(evpn_zone("asymmetric")))["vmbr2"]
    assert isinstance(bridge, VnetBridge)
    assert bridge.hwaddress == names.anycast_mac("zone")


def test_a_vnet_without_gateway_is_not_routed() -> None:
    network = given(evpn_zone("symmetric", "vrf-vxlan 4000", gateway=""))
    assert stanzas(network)["vmbr2"] == VnetBridge(name="vmbr2", port="vxlan_vmbr2", mtu=1500)


def test_gateways_of_both_families_forward_both() -> None:
    cfg = evpn_zone("asymmetric") + "\nsubnet: zone-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n"
    bridge = stanzas(given(cfg))["vmbr2"]
    assert isinstance(bridge, VnetBridge)
    assert bridge.addresses == ("10.0.2.254/24", "fd00:2::1/64")
    assert (bridge.has_ip_forward, bridge.has_ip6_forward) == (True, True)


def test_a_gateway_of_ipv6_alone_does_not_forward_ipv4() -> None:
    cfg = evpn_zone("asymmetric", gateway="") + "\nsubnet: zone-fd00:2::-64\n\tvnet vmbr2\n\tgateway fd00:2::1\n"
    bridge = stanzas(given(cfg))["vmbr2"]
    assert isinstance(bridge, VnetBridge)
    assert (bridge.has_ip_forward, bridge.has_ip6_forward) == (False, True)


@pytest.mark.parametrize(
    ("node", "devices"),
    [
        ("node1", {"vmbr2", "vxlan_vmbr2", "vrf_zone", "vrfvx_zone", "vrfbr_zone"}),
        ("node2", set()),
        ("node3", {"eno2", "vrf_zone", "vrfvx_zone", "vrfbr_zone"}),
    ],
)
def test_vrf_and_l3vni_are_where_the_zone_has_a_vnet_or_an_exit(node: str, devices: set[str]) -> None:
    cfg = evpn_zone("symmetric", "vrf-vxlan 4000", vnet="\tnodes node1\n") + uplink(zone="zone", node="node3")
    assert stanzas(given(cfg), node).keys() == devices


def test_a_zone_on_some_nodes_leaves_the_others_alone() -> None:
    network = given(SYMMETRIC.replace("irb symmetric\n", "irb symmetric\n\tnodes node1,node2\n"))
    found = design(network, "node3")
    assert (found.interfaces, found.frr, found.sysctls) == (None, None, ())
