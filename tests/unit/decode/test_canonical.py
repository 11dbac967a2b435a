from __future__ import annotations

import pytest

from pvesdn.decode.definitions.own_scan import parse
from pvesdn.decode.definitions.pve_word_order import UNREAD
from pvesdn.decode.definitions.pve_words import WORDS
from pvesdn.decode.definitions.section_config import Property, Section, write
from pvesdn.encode.canonical import canonical
from pvesdn.errors import SdnConfigError
from tests.unit.decode.samples import PVE


def test_required_properties_come_first_each_kind_in_alphabetical_order() -> None:
    text = "vnet: web\n  vlanaware yes\n\tzone  tun\n\talias x\n\ttag 2\nvxlan: tun\n"
    assert canonical(parse(text, "pvesdn.cfg")) == (
        "vnet: web\n\ttag 2\n\tzone tun\n\talias x\n\tvlanaware 1\n\nvxlan: tun\n\n"
    )


def test_which_properties_are_required_depends_on_the_file() -> None:
    sections = parse("vnet: web\n\tzone tun\n\ttag 2\n\talias x\n", "vnets.cfg")
    assert canonical(sections, file="vnets.cfg") == "vnet: web\n\tzone tun\n\talias x\n\ttag 2\n\n"


@pytest.mark.parametrize("file", ["vnets.cfg", "subnets.cfg", "controllers.cfg"])
def test_what_pve_wrote_is_canonical_already(file: str) -> None:
    text = PVE[file]
    assert canonical(parse(text, file), file=file) == text


def test_lines_of_an_array_keep_their_order_and_unknown_words_are_kept() -> None:
    properties = (Property("zz", "2"), Property("dhcp-range", "b"), Property("dhcp-range", "a"), Property("snat", "?"))
    text = canonical([Section("subnet", "x-y-z", properties=properties)], file="subnets.cfg")
    assert text == "subnet: x-y-z\n\tdhcp-range b\n\tdhcp-range a\n\tsnat ?\n\tzz 2\n\n"
    assert canonical([Section("what", "x", properties=properties)], file="other.cfg").startswith(
        "what: x\n\tdhcp-range b\n"
    )


def test_a_value_with_a_line_break_is_not_written() -> None:
    with pytest.raises(SdnConfigError, match="value of alias cannot be written"):
        canonical([Section("vnet", "web", properties=(Property("alias", "x\n\tzone y"),))])


WRITTEN = {
    "zones.cfg": """\
simple: a1
\tdhcp dnsmasq
\tdns ns
\tdnszone example.org
\tipam pve
\tmtu 1400
\tnodes node3,node1,node2
\treversedns ns

vlan: a2
\tbridge vmbr0
\tbridge-disable-mac-learning 1
\tipam pve

qinq: a3
\tbridge vmbr0
\ttag 9
\tipam pve
\tvlan-protocol 802.1ad

vxlan: a4
\tfabric fab
\tipam pve
\tvxlan-port 6000

evpn: a5
\tcontroller ctl
\tvrf-vxlan 5000
\tadvertise-subnets 0
\texitnodes node2,node1
\texitnodes-primary node1
\tmac BC:24:11:3B:39:34
\tsecondary-controllers two
\tsecondary-controllers three

faucet: a6
\tcontroller ctl
\tdp-id 1
\tipam pve

""",
    "controllers.cfg": """\
evpn: ctl
\tasn 65000
\tbgp-mode auto
\tebgp-multihop 3
\tnodes node2,node1
\tpeer-group-name VTEP
\tpeers 10.0.0.1,10.0.0.2
\troute-map-in m

bgp: bgpnode1
\tasn 65001
\tnode node1
\tpeers 10.0.0.9
\tbgp-multipath-as-path-relax 1
\tebgp 1
\tloopback lo

isis: isis1
\tisis-domain d
\tisis-ifaces eth0,eth1
\tisis-net 47.0023.0000.0000.0000.0000.00
\tnode node1
\tloopback dummy1

faucet: f1

""",
    "ipams.cfg": """\
netbox: nb
\ttoken 0123
\turl https://nb.example/api
\tfingerprint AA:BB

phpipam: php
\tsection 1
\ttoken 4567
\turl https://php.example/api

pve: pve

""",
    "dns.cfg": """\
powerdns: ns
\tkey 89ab
\turl https://ns.example/api
\tfingerprint AA:BB
\treversemaskv6 64
\tttl 3600

""",
    "fabrics.cfg": """\
openfabric_fabric: fab
\tcsnp_interval 10
\thello_interval 3
\tip_prefix 10.0.0.0/24

openfabric_node: fab_node1
\tinterfaces name=eth0,hello_multiplier=3
\tinterfaces name=eth1
\tip 10.0.0.1

ospf_fabric: os
\tarea 0.0.0.1
\tip_prefix 10.1.0.0/24
\tredistribute source=connected

ospf_node: os_node1
\tinterfaces name=eth2,network_type=point-to-point
\tip 10.1.0.1

wireguard_fabric: wg
\tip_prefix 10.2.0.0/24
\tpersistent_keepalive 25

wireguard_node: wg_node1
\tinterfaces name=wg0,listen_port=51820
\tpeers type=internal,node=node2
\trole internal

bgp_fabric: bf
\tbfd 1
\troute_map_in m

bgp_node: bf_node1
\tasn 65001
\tinterfaces name=eth3
\trole internal

""",
    "route-maps.cfg": "route-map-entry: m_10\n\taction permit\n\tmatch key=vni,value=7\n\tset key=metric,value=5\n\n",
    "prefix-lists.cfg": "prefix-list: l\n\tentries action=permit,prefix=10.0.0.0/8\n\tentries action=deny,prefix=::/0\n\n",
}


@pytest.mark.parametrize("file", WRITTEN)
def test_files_of_every_type_survive_reading_and_writing_byte_for_byte(file: str) -> None:
    sections = parse(WRITTEN[file], file)
    assert write(sections) == WRITTEN[file]
    assert canonical(sections, file=file) == WRITTEN[file]


def test_what_pve_s_other_writer_leaves_out_at_the_end_stays_out() -> None:
    text = WRITTEN["fabrics.cfg"].removesuffix("\n")
    assert write(parse(text, "fabrics.cfg")) == text


def test_comments_alone_are_lost() -> None:
    text = WRITTEN["zones.cfg"]
    noisy = "# by hand\n" + text.replace("\tbridge vmbr0\n", "\t# the uplink\n\tbridge vmbr0\n", 1)
    assert write(parse(noisy, "zones.cfg")) == text


def test_every_type_that_pve_knows_has_a_sample() -> None:
    for name, types in {**WORDS, **UNREAD}.items():
        text = WRITTEN.get(f"{name}.cfg", PVE.get(f"{name}.cfg", ""))
        assert types.keys() <= {section.type for section in parse(text, name)}
