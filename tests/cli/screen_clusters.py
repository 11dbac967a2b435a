"""Clusters and definitions with names and texts as long as people make them, for screens."""

from __future__ import annotations

from pathlib import Path

from tests.cli.kit import call, settings_file
from tests.fakes import FakeCluster, fake_cluster

NODES = ("pve-fra1-rack12-a", "pve-fra1-rack12-b", "pve-fra1-rack14-a")
DEFINED = """\
evpn-controller: main
	asn 65000

evpn: prod
	controller main
	irb symmetric
	vrf-vxlan 4000

vnet: web
	zone prod
	tag 100
	alias Customers: web servers behind the load balancers of rack 12

vnet: db
	zone prod
	tag 101
	alias Databases

subnet: prod-10.0.1.0-24
	vnet web
	gateway 10.0.1.1

subnet: prod-10.0.2.0-24
	vnet db
	gateway 10.0.2.1

subnet: prod-2001:db8:10:2::-64
	vnet db
	gateway 2001:db8:10:2::1

vxlan: storage
	mtu 1450

vnet: ceph
	zone storage
	tag 200

exit: transit-a
	zone prod
	node pve-fra1-rack12-a
	interface eno2
	address 172.16.0.1/24
	gateways 172.16.0.253,172.16.0.254
	vrrp-id 1
	vrrp-address 172.16.0.10
	vrrp-priority 200

exit: transit-b
	zone prod
	node pve-fra1-rack12-b
	interface eno2
	address 172.16.0.2/24
	gateways 172.16.0.253,172.16.0.254
	vrrp-id 1
	vrrp-address 172.16.0.10
	vrrp-priority 100

"""
APPLY = "0123456789abcdef"
AWAY = "ssh: connect to host 192.168.0.3 port 22: Connection timed out"
MISTAKEN = """\
evpn-controller: main
	asn 65000

evpn: prod
	controller mian
	irb symetric
	vrf-vxlan 4000

vnet: web
	zone prod
	tag 100
	alias Customers: web servers behind the load balancers of rack 12

vnet: shop
	zone prod
	tag 100

subnet: prod-10.0.1.0-24
	vnet web
	gateway 10.0.2.1

vxlan: storage
	mtu 145

vnet: ceph
	zone storag
	tag 200
"""
PUBLISHED = """\
evpn-controller: main
	asn 1234

evpn: prod
	controller main
	irb asymmetric
	nodes pve1,pve2
	vrf main
	mtu 1400

vnet: web
	zone prod
	tag 20
	alias front (end)

vnet: db
	zone prod
	tag 21

subnet: prod-10.0.2.0-24
	vnet web
	gateway 10.0.2.1

subnet: prod-10.0.3.0-24
	vnet db
	gateway 10.0.3.1
"""


def long_names(definitions: str = DEFINED) -> FakeCluster:
    """Nodes with names as people give them, and nothing applied."""
    return fake_cluster(definitions, members=NODES)


def running(folder: Path) -> FakeCluster:
    """All of it is applied, and there are guests."""
    cluster = long_names()
    done = call("--config", settings_file(folder), "apply", "--yes", cluster=cluster)
    assert done.status == 0, done.err
    cluster.plug(NODES[0], "web", "tap100i0")
    cluster.plug(NODES[1], "ceph", "fwpr101p0")
    cluster.api.answers["cluster/resources?type=vm"] = [{"vmid": 100, "name": "web-1", "type": "qemu"}]
    return cluster


def waiting(cluster: FakeCluster, *nodes: str) -> None:
    """An apply that is at work on every node, and waits to be confirmed on these."""
    for name in NODES:
        cluster.nodes.ask(name, "arm", {"id": APPLY, "who": f"root@pam on {NODES[0]}", "seconds": 600, "frr": "none"})
    for name in nodes:
        cluster.nodes.ask(name, "hold", {"id": APPLY, "waits": 600, "nodes": NODES})
