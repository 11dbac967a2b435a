"""What a node answers about its live state, as iproute2 6.1 prints it."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest

from pvesdn.decode.nodes.state import NOT_ASKED, decode_state
from pvesdn.errors import NodeFailed
from pvesdn.model.guests import GuestPlug
from pvesdn.model.snapshot import STATE_COMMANDS, NodeRaw
from pvesdn.model.state import LiveDevice, LiveSession, LiveVni
from pvesdn.model.vlans import PortVlans, VlanSet

PORT = json.loads("""
{"ifindex": 2, "ifname": "vxlan_web", "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"], "mtu": 1500,
 "master": "web", "operstate": "UNKNOWN", "link_type": "ether", "address": "76:54:69:F2:69:fb",
 "linkinfo": {"info_kind": "vxlan",
  "info_data": {"id": 100, "local": "192.168.0.1", "port_range": {"low": 0, "high": 0}, "port": 4789, "learning": false,
   "ttl": 0, "df": "unset", "ageing": 300, "udp_csum": true},
  "info_slave_kind": "bridge",
  "info_slave_data": {"state": "forwarding", "learning": false, "flood": false, "mcast_flood": true,
   "neigh_suppress": true, "isolated": false}}}
""")
GROUP6 = json.loads("""
{"ifname": "v6", "flags": ["NO-CARRIER", "BROADCAST", "MULTICAST"], "mtu": 1430, "address": "da:bb:5e:ed:4b:17",
 "linkinfo": {"info_kind": "vxlan",
  "info_data": {"id": 5, "group6": "ff05::1", "local6": "fd00::1", "link": "eno1", "port": 4789, "learning": true}}}
""")
BRIDGE = json.loads("""
{"ifname": "web", "flags": ["UP"], "mtu": 1500, "address": "76:54:69:f2:69:fb",
 "linkinfo": {"info_kind": "bridge", "info_data": {"vlan_filtering": 1}}}
""")


def state(**commands: Any) -> Any:
    return decode_state("node1", NodeRaw(commands={name.replace("_", "-"): value for name, value in commands.items()}))


def test_a_vxlan_device_has_the_attributes_that_its_stanza_gave_it() -> None:
    assert state(ip_link=[PORT]).devices["vxlan_web"] == LiveDevice(
        name="vxlan_web",
        kind="vxlan",
        is_up=True,
        has_carrier=True,
        mtu=1500,
        mac="76:54:69:f2:69:fb",
        master="web",
        vni=100,
        vtep=ip_address("192.168.0.1"),
        udp_port=4789,
        learns=False,
        floods=True,
        unflooded=frozenset({"unicast"}),
        suppresses=True,
        is_isolated=False,
    )


def in_state(state: str, *, bridge_is_up: bool = True, **row: Any) -> list[dict[str, Any]]:
    """The port and its bridge."""
    info = {**PORT["linkinfo"], "info_slave_data": {**PORT["linkinfo"]["info_slave_data"], "state": state}}
    return [{**PORT, "linkinfo": info, **row}, {**BRIDGE, "flags": ["UP"] if bridge_is_up else []}]


@pytest.mark.parametrize("name", ["blocking", "listening", "learning", "disabled"])
def test_a_port_of_a_bridge_that_forwards_nothing_has_the_state_in_which_it_is(name: str) -> None:
    assert state(ip_link=in_state(name)).devices["vxlan_web"].blocked == name


@pytest.mark.parametrize(
    "rows",
    [
        in_state("forwarding"),
        in_state("disabled", flags=[]),
        in_state("disabled", flags=["UP", "NO-CARRIER"]),
        in_state("disabled", bridge_is_up=False),
        [{**PORT, "linkinfo": {"info_slave_kind": "bond", "info_slave_data": {"state": "BACKUP"}}}],
    ],
)
def test_a_port_that_its_bridge_does_not_keep_from_forwarding_has_none(rows: list[dict[str, Any]]) -> None:
    assert state(ip_link=rows).devices["vxlan_web"].blocked == ""


def test_ipv6_has_names_of_its_own_and_a_group_has_a_device() -> None:
    found = state(ip_link=[GROUP6]).devices["v6"]
    assert (found.vtep, found.group, found.physdev) == (ip_address("fd00::1"), ip_address("ff05::1"), "eno1")
    assert (found.is_up, found.has_carrier) == (False, False)


def test_only_addresses_that_somebody_configured_count() -> None:
    rows = [
        {"family": "inet", "local": "10.0.0.1", "prefixlen": 24},
        {"family": "inet6", "local": "2001:db8::1", "prefixlen": 64},
        {"family": "inet6", "local": "2001:db8::5054", "prefixlen": 64, "dynamic": True},
        {"family": "inet6", "local": "fe80::1", "prefixlen": 64},
    ]
    found = state(ip_link=[BRIDGE], ip_addr=[{"ifname": "web", "addr_info": rows}]).devices["web"]
    assert found.addresses == {ip_interface("10.0.0.1/24"), ip_interface("2001:db8::1/64")}
    assert found.vlan_filtering is True


def test_an_address_that_was_found_a_duplicate_is_not_there() -> None:
    rows = [{"family": "inet6", "local": "2001:db8::1", "prefixlen": 64, "dadfailed": True, "tentative": True}]
    found = state(ip_link=[BRIDGE], ip_addr=[{"ifname": "web", "addr_info": rows}]).devices["web"]
    assert found.addresses == frozenset()


def test_flooding_is_told_by_device() -> None:
    rows = [{"ifname": "v", "dst": "192.168.0.2"}, {"ifname": "v", "dst": "192.168.0.3"}]
    assert state(fdb={"answer": rows}).flooding == {"v": {ip_address("192.168.0.2"), ip_address("192.168.0.3")}}


def test_no_entry_is_an_answer_and_no_answer_is_none() -> None:
    assert state(fdb={"answer": []}).flooding == {}
    assert state().flooding is None
    assert state().unseen == dict.fromkeys(STATE_COMMANDS, NOT_ASKED)


def test_a_fault_of_the_node_says_why_nothing_was_seen() -> None:
    found = state(fdb={"fault": "bridge is not installed"}, settings={"answer": {"net/ipv4/ip_forward": "1"}})
    assert (found.flooding, found.settings) == (None, {"net/ipv4/ip_forward": "1"})
    assert found.unseen["fdb"] == "bridge is not installed"
    assert "settings" not in found.unseen


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {"answer": None},
        {"answer": [1]},
        {"answer": [{"ifname": "v"}]},
        {"answer": [{"ifname": "v", "dst": "x"}]},
        {"fault": 3},
        {"fault": "a\nb"},
    ],
)
def test_an_answer_of_the_wrong_shape_was_not_seen(answer: Any) -> None:
    found = state(fdb=answer)
    assert found.flooding is None
    assert found.unseen["fdb"]


@pytest.mark.parametrize(
    "row",
    [
        {"ifname": 1},
        {**PORT, "mtu": "large"},
        {**PORT, "address": 5},
        {**PORT, "linkinfo": {"info_kind": "vxlan", "info_data": {"local": "here"}}},
        {**PORT, "linkinfo": []},
    ],
)
def test_devices_of_the_wrong_shape_are_the_nodes_failure(row: dict[str, Any]) -> None:
    with pytest.raises(NodeFailed, match="unexpected response from iproute2"):
        state(ip_link=[row])


def test_daemons_are_told_without_their_instances() -> None:
    assert state(frr_daemons={"answer": ["zebra", "ospfd-1", "bgpd"]}).daemons == {"zebra", "ospfd", "bgpd"}
    assert state(frr_daemons={"answer": []}).daemons == frozenset()


def test_a_session_that_is_up_speaks_from_an_address() -> None:
    row = {"bgpState": "Established", "hostLocal": "192.168.0.1", "remoteAs": 1234, "bfd": "Up"}
    found = state(bgp_neighbors={"answer": {"192.168.0.2": row}}).sessions
    assert found == {"192.168.0.2": LiveSession("Established", ip_address("192.168.0.1"), bfd="Up")}


def test_a_session_that_is_down_says_why() -> None:
    row = {"bgpState": "Active", "hostLocal": "Unknown", "lastResetDueTo": "BFD down received", "bfd": "Down"}
    found = state(bgp_neighbors={"answer": {"192.168.0.3": row}}).sessions["192.168.0.3"]
    assert (found.is_established, found.local, found.last_reset, found.bfd) == (
        False,
        None,
        "BFD down received",
        "Down",
    )


def test_vlans_of_ports_are_read_with_their_pvid() -> None:
    rows = [{"ifname": "tap101i0", "vlans": [[5, 5, 3], [7, 9, 0], [20, 20, 2]]}, {"ifname": "tap102i0", "vlans": []}]
    assert state(port_vlans={"answer": rows}).vlans == {
        "tap101i0": PortVlans(5, VlanSet.of([(5, 5), (20, 20)]), VlanSet.of([(7, 9)])),
        "tap102i0": PortVlans(),
    }


def test_where_guests_are_plugged_in_is_read_from_their_configurations() -> None:
    rows = [
        {"guest": 101, "device": 0, "bridge": "web"},
        {"guest": 101, "device": 1, "bridge": "lan", "tag": 5, "trunks": [[7, 9], [20, 20]], "is_down": True},
    ]
    assert state(guest_plugs={"answer": rows}).plugs == (
        GuestPlug(101, 0, "web"),
        GuestPlug(101, 1, "lan", tag=5, trunks=VlanSet.of([(7, 9), (20, 20)]), is_down=True),
    )


@pytest.mark.parametrize(
    "l2",
    [
        {
            "vni": 22,
            "type": "L2",
            "vrf": "vrf_a",
            "vxlanInterface": "v",
            "numMacs": 7,
            "numRemoteVteps": ["192.168.0.2"],
        },
        {
            "vni": 22,
            "type": "L2",
            "tenantVrf": "vrf_a",
            "numMacs": 7,
            "numRemoteVteps": 1,
            "remoteVteps": [{"ip": "192.168.0.2"}],
        },
    ],
    ids=["FRR 8.4", "later"],
)
def test_vnis_are_read_as_every_version_prints_them(l2: dict[str, Any]) -> None:
    l3 = {"vni": 4000, "type": "L3", "vrf": "vrf_a", "state": "Up", "routerMac": "02:00:C0:A8:00:01"}
    assert state(evpn_vnis={"answer": [l2, l3]}).vnis == {
        22: LiveVni(22, is_l3=False, vrf="vrf_a", remotes=frozenset({ip_address("192.168.0.2")}), macs=7),
        4000: LiveVni(4000, is_l3=True, vrf="vrf_a", state="Up", router_mac="02:00:c0:a8:00:01"),
    }


def test_macs_that_nobody_told_are_not_zero() -> None:
    found = state(evpn_vnis={"answer": [{"vni": 22, "type": "L2", "vrf": "v"}]}).vnis
    assert found is not None
    assert found[22].macs is None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("port-vlans", {}),
        ("port-vlans", [{"ifname": "a b", "vlans": []}]),
        ("port-vlans", [{"ifname": "tap101i0"}]),
        ("port-vlans", [{"ifname": "tap101i0", "vlans": [[1, 1]]}]),
        ("port-vlans", [{"ifname": "tap101i0", "vlans": [[0, 4095, 0]]}]),
        ("port-vlans", [{"ifname": "tap101i0", "vlans": [[9, 1, 0]]}]),
        ("port-vlans", [{"ifname": "tap101i0", "vlans": [[1, 1, "x"]]}]),
        ("dhcp-filters", {}),
        ("dhcp-filters", [{"ifname": "a b", "ways": []}]),
        ("dhcp-filters", [{"ifname": "vxlan_web"}]),
        ("dhcp-filters", [{"ifname": "vxlan_web", "ways": [1]}]),
        ("guest-plugs", {}),
        ("guest-plugs", [{"guest": 101, "bridge": "web"}]),
        ("guest-plugs", [{"guest": 101, "device": 0}]),
        ("guest-plugs", [{"guest": 101, "device": 0, "bridge": "web", "tag": 4095}]),
        ("guest-plugs", [{"guest": 101, "device": 0, "bridge": "web", "trunks": 7}]),
        ("guest-plugs", [{"guest": 101, "device": 0, "bridge": "web", "trunks": [7]}]),
        ("frr-daemons", "zebra"),
        ("frr-daemons", [1]),
        ("frr-running", []),
        ("frr-running", "\ud800"),
        ("bgp-neighbors", []),
        ("bgp-neighbors", {"192.168.0.2": 1}),
        ("bgp-neighbors", {"192.168.0.2": {}}),
        ("bgp-neighbors", {"192.168.0.2": {"bgpState": "Idle", "bfd": 1}}),
        ("evpn-vnis", {}),
        ("evpn-vnis", [{"vni": "x"}]),
        ("evpn-vnis", [{"vni": 1, "type": 2}]),
    ],
)
def test_what_nobody_ever_says_was_not_seen(question: str, answer: Any) -> None:
    found = decode_state("node1", NodeRaw(commands={question: {"answer": answer}}))
    assert found.unseen[question] not in {"", NOT_ASKED}


def test_a_question_whose_time_was_up_is_late() -> None:
    fault = {"fault": "vtysh -c show daemons did not finish within 10 s", "late": True}
    assert state(frr_daemons=fault, fdb={"fault": "bridge is not installed"}).late == {"frr-daemons"}
