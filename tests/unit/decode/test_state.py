"""What a node answers about its live state, as iproute2 6.1 prints it."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_interface
from typing import Any

import pytest

from pvesdn.decode.nodes.state import NOT_ASKED, decode_state
from pvesdn.errors import NodeFailed
from pvesdn.model.snapshot import NodeRaw
from pvesdn.model.state import LiveDevice

PORT = json.loads("""
{"ifindex": 2, "ifname": "vxlan_web", "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"], "mtu": 1500,
 "master": "web", "operstate": "UNKNOWN", "link_type": "ether", "address": "76:54:69:F2:69:fb",
 "linkinfo": {"info_kind": "vxlan",
  "info_data": {"id": 100, "local": "192.168.0.1", "port_range": {"low": 0, "high": 0}, "port": 4789, "learning": false,
   "ttl": 0, "df": "unset", "ageing": 300, "udp_csum": true},
  "info_slave_kind": "bridge",
  "info_slave_data": {"state": "forwarding", "learning": false, "flood": false, "mcast_flood": true,
   "neigh_suppress": true}}}
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
        suppresses=True,
    )


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


def test_flooding_is_told_by_device() -> None:
    rows = [{"ifname": "v", "dst": "192.168.0.2"}, {"ifname": "v", "dst": "192.168.0.3"}]
    assert state(fdb={"answer": rows}).flooding == {"v": {ip_address("192.168.0.2"), ip_address("192.168.0.3")}}


def test_no_entry_is_an_answer_and_no_answer_is_none() -> None:
    assert state(fdb={"answer": []}).flooding == {}
    assert state().flooding is None
    assert state().unseen == {"fdb": NOT_ASKED, "settings": NOT_ASKED}


def test_a_fault_of_the_node_says_why_nothing_was_seen() -> None:
    found = state(fdb={"fault": "bridge is not installed"}, settings={"answer": {"net/ipv4/ip_forward": "1"}})
    assert (found.flooding, found.settings) == (None, {"net/ipv4/ip_forward": "1"})
    assert found.unseen == {"fdb": "bridge is not installed"}


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
