"""Definitions, answers and files as real clusters have them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pvesdn.decode.definitions import pending
from pvesdn.decode.definitions.pve_words import WORDS
from pvesdn.decode.definitions.running_config import read_running
from pvesdn.decode.definitions.section_config import scan
from pvesdn.model.files import PendingChange

OWN = """\
underlay: cluster
	network 192.168.0.0/24

evpn-controller: main
	asn 1234

vxlan: mcast
	multicast-group 225.20.1.1

vxlan: ucast

evpn: l2
	controller main
	irb none

evpn: asym
	controller main
	irb asymmetric
	mac 44:39:39:FF:40:94

evpn: sym
	controller main
	irb symmetric
	vrf-vxlan 4000
	mac 44:39:39:FF:40:94

vnet: vmbr2
	zone sym
	tag 2

subnet: sym-10.0.2.0-24
	vnet vmbr2
	gateway 10.0.2.254

exit: sym-node1
	zone sym
	node node1
	interface eno2
	address 172.16.0.1/24
	gateways 172.16.0.254,172.16.0.253
	vrrp-id 1
	vrrp-priority 200
	vrrp-address 172.16.0.10
"""

PVE: dict[str, str] = {
    "zones.cfg": """\
simple: plain
	ipam pve
	mtu 1500

vxlan: stretch
	peers 192.168.0.1,192.168.0.2,192.168.0.3
	ipam pve
	nodes node2,node1
	vxlan-port 6000

evpn: prod
	controller evpnctl
	vrf-vxlan 10100
	advertise-subnets 1
	exitnodes node1
	ipam pve
	mac BC:24:11:3B:39:34
	rt-import 65001:1000,65002:1000

vlan: old
	bridge vmbr0
	ipam pve

""",
    "vnets.cfg": """\
vnet: web
	zone prod
	alias the web, (all of it)
	tag 100

vnet: lab
	zone stretch
	tag 200
	vlanaware 1

vnet: yard
	zone plain
	isolate-ports 1

""",
    "subnets.cfg": """\
subnet: prod-10.0.0.0-24
	vnet web
	dhcp-range start-address=10.0.0.10,end-address=10.0.0.20
	dhcp-range start-address=10.0.0.30,end-address=10.0.0.40
	gateway 10.0.0.1
	snat 1

subnet: prod-2a08:2142:302:3::-64
	vnet web
	gateway 2a08:2142:302:3::1

""",
    "controllers.cfg": """\
evpn: evpnctl
	asn 65000
	peers 192.168.0.1,192.168.0.2,192.168.0.3

""",
}

FABRICS = """\
ospf_fabric: test
	area 0
	ip_prefix 172.20.30.0/24

ospf_node: test_node1
	interfaces name=ens19,ip=172.16.3.10/31
	interfaces name=ens20
	ip 172.20.30.1
"""

RUNNING: dict[str, Any] = {
    "version": 7,
    "zones": {
        "ids": {
            "plain": {"type": "simple", "ipam": "pve", "mtu": "1500"},
            "stretch": {
                "type": "vxlan",
                "peers": "192.168.0.1,192.168.0.2,192.168.0.3",
                "ipam": "pve",
                "nodes": {"node1": 1, "node2": 1},
                "vxlan-port": 6000,
            },
            "prod": {
                "type": "evpn",
                "controller": "evpnctl",
                "vrf-vxlan": "10100",
                "advertise-subnets": 1,
                "exitnodes": {"node1": 1},
                "ipam": "pve",
                "mac": "BC:24:11:3B:39:34",
                "rt-import": "65001:1000,65002:1000",
            },
            "old": {"type": "vlan", "bridge": "vmbr0", "ipam": "pve"},
        }
    },
    "vnets": {
        "ids": {
            "web": {"type": "vnet", "zone": "prod", "alias": "the web, (all of it)", "tag": 100},
            "lab": {"type": "vnet", "zone": "stretch", "tag": "200", "vlanaware": 1},
            "yard": {"type": "vnet", "zone": "plain", "isolate-ports": 1},
        }
    },
    "subnets": {
        "ids": {
            "prod-10.0.0.0-24": {
                "type": "subnet",
                "vnet": "web",
                "gateway": "10.0.0.1",
                "snat": 1,
                "dhcp-range": [
                    "start-address=10.0.0.30,end-address=10.0.0.40",
                    "start-address=10.0.0.10,end-address=10.0.0.20",
                ],
            },
            "prod-2a08:2142:302:3::-64": {"type": "subnet", "vnet": "web", "gateway": "2a08:2142:302:3::1"},
        }
    },
    "controllers": {"ids": {"evpnctl": {"type": "evpn", "asn": 65000, "peers": "192.168.0.1,192.168.0.2,192.168.0.3"}}},
    "fabrics": {"ids": {}},
}
"""What PVE commits when it applies the files of `PVE`."""


def files(**changes: str) -> dict[str, str]:
    """PVE's files, its running config and pvesdn.cfg; `zones_cfg=...` replaces zones.cfg."""
    found = {**PVE, ".running-config": json.dumps(RUNNING), "pvesdn.cfg": OWN}
    return found | {name.replace("_cfg", ".cfg"): text for name, text in changes.items()}


API: dict[str, Any] = {
    "version": {"version": "9.1.5", "release": "9.1", "repoid": "0"},
    "cluster/status": [
        {"type": "cluster", "id": "cluster", "name": "lab", "nodes": 2, "quorate": 1, "version": 3},
        {
            "type": "node",
            "id": "node/pve2",
            "name": "pve2",
            "nodeid": 2,
            "local": 0,
            "level": "",
            "online": 0,
            "ip": "fd00::2",
        },
        {"type": "node", "id": "node/pve1", "name": "pve1", "nodeid": 1, "local": 1, "online": 1, "ip": "192.168.0.1"},
    ],
    "nodes": [{"node": "pve1", "status": "online"}, {"node": "pve2", "status": "offline"}],
    "cluster/sdn": [{"id": "zones"}, {"id": "vnets"}],
}

IP_LINK: list[dict[str, Any]] = [
    {"ifindex": 1, "ifname": "lo", "mtu": 65536, "address": "00:00:00:00:00:00"},
    {"ifindex": 2, "ifname": "eno1", "mtu": 1550, "address": "bc:24:11:1d:69:60", "master": "vmbr0"},
    {
        "ifindex": 3,
        "ifname": "vmbr0",
        "mtu": 1550,
        "address": "bc:24:11:1d:69:60",
        "linkinfo": {"info_kind": "bridge", "info_data": {"vlan_filtering": 0}},
    },
    {
        "ifindex": 4,
        "ifname": "vxlan_web",
        "mtu": 1500,
        "master": "web",
        "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 100, "local": "192.168.0.1"}},
    },
    {},
]

IP_ADDR: list[dict[str, Any]] = [
    {"ifindex": 1, "ifname": "lo", "addr_info": [{"family": "inet", "local": "127.0.0.1", "prefixlen": 8}]},
    {},
    {
        "ifindex": 3,
        "ifname": "vmbr0",
        "addr_info": [
            {"family": "inet", "local": "192.168.0.1", "prefixlen": 24, "scope": "global"},
            {"family": "inet6", "local": "fe80::be24:11ff:fe1d:6960", "prefixlen": 64, "scope": "link"},
        ],
    },
]

IP_ROUTE: list[dict[str, Any]] = [
    {"dst": "default", "gateway": "192.168.0.254", "dev": "vmbr0", "protocol": "kernel", "flags": []},
    {"dst": "192.168.0.0/24", "dev": "vmbr0", "prefsrc": "192.168.0.1", "scope": "link"},
    {"dst": "10.9.0.9", "dev": "vmbr0", "via": {"family": "inet6", "host": "fe80::1"}},
    {
        "dst": "10.8.0.0/16",
        "flags": [],
        "nexthops": [
            {"gateway": "192.168.0.252", "dev": "vmbr0", "weight": 1},
            {"gateway": "192.168.0.253", "dev": "vmbr0", "weight": 1},
        ],
    },
    {"type": "unreachable", "dst": "default", "metric": 4278198272},
]

IP_ROUTE6: list[dict[str, Any]] = [
    {"dst": "default", "gateway": "fe80::1", "dev": "vmbr0", "metrics": [{"mtu": 1400}], "flags": ["linkdown"]}
]

IP_RULE: list[dict[str, Any]] = [
    {"priority": 0, "src": "all", "table": "local"},
    {"priority": 1000, "src": "all", "l3mdev": None},
    {"priority": 32765, "src": "10.0.0.0", "srclen": 8, "table": "200"},
    {"priority": 32766, "src": "all", "table": "main"},
]

COMMANDS: dict[str, Any] = {
    "ip-link": IP_LINK,
    "ip-addr": IP_ADDR,
    "ip-route": IP_ROUTE,
    "ip-route6": IP_ROUTE6,
    "ip-rule": IP_RULE,
    "ip-rule6": IP_RULE[:1],
    "versions": {"ifupdown2": "3.2.0-1+pmx8", "frr": "8.5.2-1+pve1"},
    "sysctl": {"net.ipv4.ip_forward": "1"},
}

INTERFACES = """\
# network interface settings

auto lo
iface lo inet loopback

iface eno1 inet manual
	mtu 1550

auto vmbr0
iface vmbr0 inet static
	address 192.168.0.1/24
	gateway 192.168.0.254
	bridge_ports eno1 \\
		eno3
	bridge-stp off
#the uplink

iface vmbr0 inet6 auto

allow-hotplug eno2 eno4
source /etc/network/interfaces.d/*
source-directory /etc/network/more/
"""

MEMBERS: dict[str, Any] = {
    "nodename": "pve1",
    "version": 5,
    "cluster": {"name": "lab", "version": 3, "nodes": 2, "quorate": 1},
    "nodelist": {"pve2": {"id": 2, "online": 0}, "pve1": {"id": 1, "online": 1, "ip": "192.168.0.1"}},
}

RECORD: dict[str, Any] = {"format": 1, "files": {"/etc/network/interfaces.d/pvesdn": "0" * 64}, "unfinished": True}

SEEN: dict[str, Any] = {"format": 1, "vteps": {"pve1": {"address": "192.168.0.1", "mtu": 1550}}}


def pending_changes(given: Mapping[str, str]) -> tuple[PendingChange, ...]:
    """What is not committed in the files of /etc/pve/sdn, whether or not they could be used."""
    if not pending.has_definitions(given):
        return ()
    sections = {name: scan(given.get(f"{name}.cfg", "")).sections for name in WORDS}
    return pending.pending_changes(sections, read_running(given.get(".running-config")).collections)
