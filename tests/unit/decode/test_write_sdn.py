"""A whole intent as text: what is read back is what was written."""

from __future__ import annotations

import pytest

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.encode.sdn_files import write_sdn
from pvesdn.model.sdn import SdnConfig

EVERYTHING = """\
underlay: cluster
	network 192.168.0.0/24
	vteps node1=192.168.0.1,node2=192.168.0.2

evpn-controller: main
	asn 1234
	route-reflectors node1,192.168.0.253

evpn: blue
	controller main
	irb asymmetric
	disable-arp-nd-suppression 1
	vrf main

vxlan: mcast
	multicast-group 225.20.1.1
	multicast-interface eno3

evpn: sym
	controller main
	irb symmetric
	advertise-subnets 0
	flood 0
	mac 44:39:39:FF:40:94
	mtu 1450
	nodes node1,node2
	rt-import 1:2,3:4
	vrf-vxlan 4000
	vxlan-port 4790

vxlan: ucast
	peers 192.168.0.1,192.168.0.9

vnet: vmbr2
	tag 2
	zone sym
	alias red (1)
	nodes node1
	vlanaware 1

vnet: vmbr3
	tag 3
	zone ucast

subnet: sym-10.0.2.0-24
	vnet vmbr2
	gateway 10.0.2.254

exit: sym-node1
	interface eno2
	node node1
	zone sym
	address 172.16.0.1/24
	address6 fd00::1/64
	gateways 172.16.0.254,fe80::1
	vrrp-address 172.16.0.10
	vrrp-id 1
	vrrp-priority 200

"""

PVE = {
    "controllers.cfg": "evpn: ctl\n\tasn 65000\n\tpeers 192.168.0.1,192.168.0.2\n\n",
    "zones.cfg": (
        "evpn: prod\n\tcontroller ctl\n\tvrf-vxlan 5000\n\tadvertise-subnets 1\n\tmac BC:24:11:11:22:33\n\n"
        "qinq: outer\n\tbridge vmbr0\n\ttag 20\n\n"
        "simple: lan\n\n"
        "vlan: old\n\tbridge vmbr0\n\n"
        "vxlan: vx\n\tmtu 1450\n\tpeers 192.168.0.1,192.168.0.2\n\n"
    ),
    "vnets.cfg": "vnet: web\n\tzone prod\n\ttag 100\n\n",
    "subnets.cfg": "subnet: prod-10.9.0.0-24\n\tvnet web\n\tgateway 10.9.0.1\n\tsnat 1\n\n",
}


def read(files: dict[str, str]) -> SdnConfig:
    return decode_sdn(files, intent="pending").config


def test_every_word_of_pvesdn_cfg_is_written_as_it_was_read() -> None:
    text = write_sdn(read({"pvesdn.cfg": EVERYTHING}))
    assert text.keys() == {"pvesdn.cfg"}
    assert text["pvesdn.cfg"] == EVERYTHING


def test_pves_objects_go_into_pves_files() -> None:
    given = read(dict(PVE))
    again = write_sdn(given)
    assert again.keys() == PVE.keys()
    assert sorted(again["zones.cfg"].split("\n\n")) == sorted(PVE["zones.cfg"].split("\n\n"))
    assert {name: again[name] for name in again.keys() - {"zones.cfg"}} == {
        name: text for name, text in PVE.items() if name != "zones.cfg"
    }


def test_what_is_left_to_pve_is_not_written() -> None:
    assert write_sdn(read({"zones.cfg": "faucet: old\n\tcontroller x\n\tdp-id 1\n\n"})) == {}


@pytest.mark.parametrize("text", ["", "underlay: cluster\n\tnetwork 192.168.0.0/24\n\n"])
def test_little_is_written_as_little(text: str) -> None:
    assert write_sdn(read({"pvesdn.cfg": text})).get("pvesdn.cfg", "") == text
