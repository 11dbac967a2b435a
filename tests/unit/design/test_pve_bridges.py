"""The stanzas of PVE's vlan and qinq zones, on each kind of bridge that a host can have."""

from __future__ import annotations

import pytest

from pvesdn.design.pve.node import BridgeKind, HostBridge, PveNode
from pvesdn.model.facts import IfaceStanza, Link
from pvesdn.model.pve_ifupdown import (
    PveBridgeProtocol,
    PveOvsBridge,
    PveOvsPort,
    PveQinqBridge,
    PveVeth,
    PveVlanBridge,
    PveVlanDevice,
    PveVnetBridge,
)
from tests.unit.design.pve_values import qinq, simple, stanzas, vlan, vnet, with_bridge

PORT = Link("eno1", master="vmbr0")
PLAIN = with_bridge(PORT, Link("vmbr0", kind="bridge", vlan_filtering=False))
AWARE = with_bridge(PORT, Link("vmbr0", kind="bridge", vlan_filtering=True))
OVS = with_bridge(Link("eno1", master="ovs-system"), Link("vmbr0", kind="openvswitch"))
BRIDGES = pytest.mark.parametrize("node", [PLAIN, AWARE, OVS], ids=["plain", "aware", "ovs"])


def on(node, *objects):
    return stanzas(*objects, nodes=(node,))


def bridge(*links, stanza=None, name="vmbr0"):
    return PveNode(with_bridge(*links, stanza=stanza)).bridge(name)


# --- the host's bridge ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "stanza", "kind"),
    [
        (Link("vmbr0", kind="bridge", vlan_filtering=False), None, BridgeKind.PLAIN),
        (Link("vmbr0", kind="bridge", vlan_filtering=True), None, BridgeKind.VLAN_AWARE),
        (Link("vmbr0", kind="openvswitch"), None, BridgeKind.OVS),
        pytest.param(
            Link("vmbr0", kind="bridge", vlan_filtering=False), ("bridge-vlan-aware", "yes"), BridgeKind.PLAIN,
            id="the kernel's word comes before the file's",
        ),
        (Link("vmbr0", kind="bridge"), ("bridge-vlan-aware", "yes"), BridgeKind.VLAN_AWARE),
        (Link("vmbr0", kind="bridge"), ("bridge-vlan-aware", "no"), BridgeKind.PLAIN),
        (Link("vmbr0", kind="bridge"), None, BridgeKind.PLAIN),
        pytest.param(
            Link("vmbr0", kind="tun"), ("ovs-type", "OVSBridge"), BridgeKind.OVS, id="a datapath outside the kernel"
        ),
        pytest.param(
            Link("vmbr0", kind="bridge", vlan_filtering=False), ("ovs-type", "OVSBridge"), BridgeKind.PLAIN,
            id="a Linux bridge is never one of Open vSwitch",
        ),
        pytest.param(Link("vmbr0", kind="dummy"), None, BridgeKind.PLAIN, id="no bridge at all"),
    ],
)  # fmt: skip
def test_a_bridge_is_what_the_kernel_says_else_what_the_file_says(link, stanza, kind):
    found = bridge(link, stanza=stanza and IfaceStanza("vmbr0", "inet manual", (stanza,)))
    assert found == HostBridge("vmbr0", kind)


def test_ports_are_the_members_that_lead_out_of_the_node():
    members = [("eno1", ""), ("bond0", "bond"), ("eno2.7", "vlan"), ("tap100i0", "tun"), ("veth101i0", "veth")]
    links = [Link(name, kind=kind, master="vmbr0") for name, kind in members]
    found = bridge(*links, Link("eno9", master="bond0"), Link("eno2"), Link("vmbr0", kind="bridge"))
    assert found == HostBridge("vmbr0", BridgeKind.PLAIN, ("eno1", "bond0", "eno2.7"))


def test_a_bridge_that_stands_in_the_file_alone_does_not_exist():
    assert bridge(Link("eno1"), stanza=IfaceStanza("vmbr0", "inet manual", (("bridge-ports", "eno1"),))) is None


# --- vlan -------------------------------------------------------------------------------------------------------------


def test_a_plain_bridge_gets_a_bridge_for_the_vlan_and_a_pair_that_leads_to_it():
    found = on(PLAIN, vlan(mtu=9200), vnet("guests", "floor", 100))
    assert found == {
        "guests": PveVnetBridge("guests", ports="ln_guests", mtu=9200),
        "ln_guests": PveVeth("ln_guests", peer="pr_guests", mtu=9200),
        "pr_guests": PveVeth("pr_guests", peer="ln_guests", mtu=9200),
        "vmbr0v100": PveVlanBridge("vmbr0v100", ports="eno1.100 pr_guests", mtu=9200),
    }


@pytest.mark.parametrize(
    ("ports", "printed"),
    [((), "pr_guests"), (("eno1", "bond0"), "eno1.5 bond0.5 pr_guests"), (("eno2.7",), "eno2.7.5 pr_guests")],
)
def test_the_vlan_is_taken_from_every_port(ports, printed):
    node = with_bridge(*(Link(port, master="vmbr0") for port in ports), Link("vmbr0", kind="bridge"))
    assert on(node, vlan(), vnet("guests", "floor", 5))["vmbr0v5"] == PveVlanBridge("vmbr0v5", ports=printed)


def test_a_vlan_aware_bridge_is_enough_by_itself():
    found = on(AWARE, vlan(), vnet("guests", "floor", 100, alias="first floor", vlanaware=True))
    assert found == {
        "guests": PveVnetBridge("guests", ports="vmbr0.100", is_vlan_aware=True, alias="first floor"),
    }


def test_an_ovs_bridge_gets_a_port_with_the_tag():
    found = on(OVS, vlan(mtu=1400), vnet("guests", "floor", 100))
    assert found == {
        "guests": PveVnetBridge("guests", ports="ln_guests", mtu=1400),
        "ln_guests": PveOvsPort("ln_guests", "vmbr0", "tag=100", mtu=1400),
        "vmbr0": PveOvsBridge("vmbr0", ("ln_guests",)),
    }


def test_a_vlan_aware_vnet_on_an_ovs_bridge_is_a_tunnel():
    found = on(OVS, vlan(), vnet("guests", "floor", 100, vlanaware=True))
    options = "vlan_mode=dot1q-tunnel other_config:qinq-ethtype=802.1q tag=100"
    assert found["ln_guests"] == PveOvsPort("ln_guests", "vmbr0", options)


def test_two_zones_with_one_tag_share_the_vlans_bridge_and_the_first_vnet_has_it():
    found = on(PLAIN, vlan(), vlan("roof"), vnet("aa", "floor", 5), vnet("bb", "roof", 5))
    assert found["vmbr0v5"] == PveVlanBridge("vmbr0v5", ports="eno1.5 pr_aa")
    assert found["bb"] == PveVnetBridge("bb", ports="ln_bb")


# --- qinq -------------------------------------------------------------------------------------------------------------

INSIDE = {
    "ln_metro": PveVeth("ln_metro", peer="pr_metro"),
    "pr_metro": PveVeth("pr_metro", peer="ln_metro"),
}


def test_a_plain_bridge_lends_its_first_port_to_the_service_vlan():
    node = with_bridge(PORT, Link("eno2", master="vmbr0"), Link("vmbr0", kind="bridge"))
    assert on(node, qinq(mtu=1496), vnet("guests", "metro", 100)) == {
        **INSIDE,
        "guests": PveVnetBridge("guests", ports="z_metro.100", mtu=1496),
        "sv_metro": PveVlanDevice("sv_metro", raw_device="eno1", vlan_id=10),
        "z_metro": PveQinqBridge("z_metro", uplink="sv_metro", pair="ln_metro", mtu=1496),
    }


def test_a_plain_bridge_without_ports_leaves_the_zone_without_an_uplink():
    found = on(with_bridge(Link("vmbr0", kind="bridge")), qinq(), vnet("guests", "metro", 100))
    assert found["z_metro"] == PveQinqBridge("z_metro", uplink="", pair="ln_metro")
    assert "sv_metro" not in found


def test_a_vlan_aware_bridge_carries_the_service_vlan_as_its_own():
    assert on(AWARE, qinq(), vnet("guests", "metro", 100)) == {
        **INSIDE,
        "guests": PveVnetBridge("guests", ports="z_metro.100"),
        "z_metro": PveQinqBridge("z_metro", uplink="vmbr0.10", pair="ln_metro"),
    }


@pytest.mark.parametrize("protocol", ["802.1q", "802.1ad"])
def test_a_protocol_is_said_to_the_bridge_and_to_its_vlan(protocol):
    found = on(AWARE, qinq(**{"vlan-protocol": protocol}), vnet("guests", "metro", 100))
    assert found["vmbr0"] == PveBridgeProtocol("vmbr0", protocol)
    assert found["vmbr0.10"] == PveVlanDevice("vmbr0.10", protocol=protocol)
    found = on(PLAIN, qinq(**{"vlan-protocol": protocol}), vnet("guests", "metro", 100))
    assert found["sv_metro"] == PveVlanDevice("sv_metro", "eno1", 10, protocol)


@pytest.mark.parametrize(("protocol", "printed"), [(None, "802.1q"), ("802.1q", "802.1q"), ("802.1ad", "802.1ad")])
def test_an_ovs_bridge_gets_a_tunnel_for_the_service_vlan(protocol, printed):
    zone = qinq(mtu=1496, **{"vlan-protocol": protocol})
    assert on(OVS, zone, vnet("guests", "metro", 100)) == {
        **INSIDE,
        "guests": PveVnetBridge("guests", ports="z_metro.100", mtu=1496),
        "sv_metro": PveOvsPort(
            "sv_metro", "vmbr0", f"vlan_mode=dot1q-tunnel tag=10 other_config:qinq-ethtype={printed}", mtu=1496
        ),
        "vmbr0": PveOvsBridge("vmbr0", ("sv_metro",)),
        "z_metro": PveQinqBridge("z_metro", uplink="sv_metro", pair="ln_metro", mtu=1496),
    }


@BRIDGES
def test_an_untagged_vnet_is_at_the_end_of_the_zones_pair(node):
    found = on(node, qinq(), vnet("guests", "metro"), vnet("others", "metro", 7, vlanaware=True))
    assert found["guests"] == PveVnetBridge("guests", ports="pr_metro")
    assert found["others"] == PveVnetBridge("others", ports="z_metro.7", is_vlan_aware=True)


# --- both -------------------------------------------------------------------------------------------------------------


@BRIDGES
@pytest.mark.parametrize(("given", "printed"), [(None, None), (0, None), (9000, 9000)])
@pytest.mark.parametrize("zone", [vlan, qinq])
def test_a_zone_without_an_mtu_leaves_it_to_the_kernel(node, zone, given, printed):
    found = on(node, zone("zone", mtu=given), vnet("guests", "zone", 5))
    assert found["guests"].mtu == printed


@pytest.mark.parametrize("zone", [vlan, qinq])
def test_vnets_whose_bridge_does_not_exist_are_skipped(zone):
    other = with_bridge(PORT, Link("vmbr0", kind="bridge"))
    assert list(on(other, zone("zone", bridge="vmbr9"), simple(), vnet("a1", "zone", 5), vnet("b1", "lan"))) == ["b1"]


@BRIDGES
def test_a_vnet_of_a_vlan_zone_without_a_tag_is_skipped(node):
    assert on(node, vlan(), vnet("guests", "floor")) == {}


def test_every_vnet_of_a_vlan_zone_is_a_line_of_the_ovs_bridge_and_qinq_zones_share_the_first():
    zones = (vlan(), vlan("roof"), qinq(), qinq("rural", tag=20), vlan("far", bridge="vmbr1"))
    vnets = (
        vnet("a1", "metro", 1),
        vnet("b1", "floor", 2),
        vnet("c1", "rural", 3),
        vnet("d1", "roof", 4),
        vnet("e1", "metro", 5),
    )
    node = with_bridge(Link("vmbr0", kind="openvswitch"), Link("vmbr1", kind="openvswitch"))
    found = on(node, *zones, *vnets, vnet("f1", "far", 6))
    assert found["vmbr0"] == PveOvsBridge("vmbr0", ("sv_metro sv_rural", "ln_b1", "ln_d1"))
    assert found["vmbr1"] == PveOvsBridge("vmbr1", ("ln_f1",))


def test_a_qinq_zone_joins_the_line_of_a_vlan_zones_vnet():
    found = on(OVS, vlan(), qinq(), vnet("a1", "floor", 1), vnet("b1", "metro", 2), vnet("c1", "floor", 3))
    assert found["vmbr0"] == PveOvsBridge("vmbr0", ("ln_a1 sv_metro", "ln_c1"))


def test_a_vnet_and_a_zone_of_one_name_share_their_pair_and_the_first_one_has_it():
    found = on(PLAIN, vlan(mtu=9000), qinq("web"), vnet("web", "floor", 5), vnet("zz", "web", 7))
    assert found["ln_web"] == PveVeth("ln_web", peer="pr_web", mtu=9000)
