from __future__ import annotations

import json
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Any

import pytest

from pvesdn.decode.definitions.sdn_files import DecodedSdn, decode_sdn
from pvesdn.errors import SdnConfigError
from pvesdn.model.fabrics import Fabric
from pvesdn.model.findings import Severity
from pvesdn.model.own_sdn import OwnSdn
from pvesdn.model.pve_sdn import (
    PveEvpnController,
    PveEvpnZone,
    PveQinqZone,
    PveSimpleZone,
    PveVlanZone,
    PveVxlanZone,
    UnmanagedController,
    UnmanagedZone,
)
from pvesdn.model.sdn import SdnConfig
from tests.unit.decode.samples import FABRICS, PVE, RUNNING, files

CONTROLLER = "evpn: ctl\n\tasn 65000\n\tpeers 192.168.0.1\n\n"
EVPN = "evpn: prod\n\tcontroller ctl\n\tvrf-vxlan 10100\n"


def pending(**texts: str) -> DecodedSdn:
    return decode_sdn({name.replace("_cfg", ".cfg"): text for name, text in texts.items()}, intent="pending")


def faults(**texts: str) -> tuple[str, ...]:
    with pytest.raises(SdnConfigError) as caught:
        pending(**texts)
    return caught.value.lines


def without_places(config: SdnConfig) -> dict[str, Any]:
    """The configuration as data, without the lines it came from."""

    def strip(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: strip(item) for key, item in value.items() if key != "where"}
        return [strip(item) for item in value] if isinstance(value, list | tuple) else value

    return {"own": strip(config.own.model_dump()), "pve": strip(config.pve.model_dump())}


def test_pve_zones_become_what_pvesdn_renders() -> None:
    config = decode_sdn(PVE, intent="pending").config
    old, plain, prod, stretch = config.pve.zones
    assert isinstance(old, PveVlanZone)
    assert old.bridge == "vmbr0"
    assert isinstance(plain, PveSimpleZone)
    assert (plain.mtu, plain.nodes, str(plain.where)) == (1500, None, "zones.cfg:1: zone 'plain'")
    assert isinstance(stretch, PveVxlanZone)
    assert (stretch.peers, stretch.vxlan_port) == (("192.168.0.1", "192.168.0.2", "192.168.0.3"), 6000)
    assert stretch.nodes == frozenset({"node1", "node2"})
    assert isinstance(prod, PveEvpnZone)
    assert (prod.controller, prod.l3vni, prod.exit_nodes) == ("evpnctl", 10100, frozenset({"node1"}))
    assert (prod.advertise_subnets, prod.rt_import) == (True, ("65001:1000", "65002:1000"))


@pytest.mark.parametrize(("line", "protocol"), [("", None), ("\tvlan-protocol 802.1ad\n", "802.1ad")])
def test_a_qinq_zone_is_a_service_vlan_of_a_bridge(line: str, protocol: str | None) -> None:
    (zone,) = pending(zones_cfg=f"qinq: metro\n\tbridge vmbr1\n\ttag 0\n\tnodes node1\n{line}").config.pve.zones
    assert isinstance(zone, PveQinqZone)
    assert (zone.bridge, zone.service_tag, zone.vlan_protocol, zone.nodes) == (
        "vmbr1",
        0,
        protocol,
        frozenset({"node1"}),
    )


def test_pve_vnets_subnets_and_controllers_are_read() -> None:
    config = decode_sdn(PVE, intent="pending").config
    assert [(v.id, v.zone, v.tag, v.vlanaware) for v in config.pve.vnets] == [
        ("lab", "stretch", 200, True),
        ("web", "prod", 100, False),
        ("yard", "plain", None, False),
    ]
    assert config.pve.vnets[1].alias == "the web, (all of it)"
    four, six = config.pve.subnets
    assert (four.cidr, four.network, four.snat) == ("10.0.0.0/24", IPv4Network("10.0.0.0/24"), True)
    assert (four.gateway, six.gateway) == (IPv4Address("10.0.0.1"), IPv6Address("2a08:2142:302:3::1"))
    (controller,) = config.pve.controllers
    assert isinstance(controller, PveEvpnController)
    assert (controller.asn, controller.peers[0]) == (65000, "192.168.0.1")
    assert config.pve.needs_frr
    assert config.own == OwnSdn()


def test_committed_definitions_mean_the_same_as_the_files_they_were_made_of() -> None:
    committed = decode_sdn(files(), intent="running").config
    written = decode_sdn(files(), intent="pending").config
    assert without_places(committed) == without_places(written)
    assert (committed.pve.version, written.pve.version) == (7, 7)


def test_a_gateway_keeps_its_spelling() -> None:
    text = "subnet: prod-fd00::-64\n\tvnet web\n\tgateway FD00:0::1\n"
    (subnet,) = pending(subnets_cfg=text).config.pve.subnets
    assert (subnet.gateway, subnet.gateway_text) == (IPv6Address("fd00::1"), "FD00:0::1")


def test_what_pve_knows_and_pvesdn_does_not_render_is_passed_over() -> None:
    text = "simple: plain\n\tdhcp dnsmasq\n\tdns ns\n\treversedns ns\n\tdnszone example.org\n\tipam pve\n"
    decoded = pending(zones_cfg=text)
    assert [zone.id for zone in decoded.config.pve.zones] == ["plain"]
    assert decoded.findings == ()


@pytest.mark.parametrize(
    ("zones", "controllers", "reason"),
    [
        ("faucet: old\n\tdp-id 1\n\tcontroller x\n", "", "zone type faucet"),
        (EVPN.replace("prod", "old"), "faucet: ctl\n", "controller 'ctl' is of type faucet"),
    ],
)
def test_what_pvesdn_cannot_render_is_left_to_pve_with_one_line(zones: str, controllers: str, reason: str) -> None:
    decoded = pending(zones_cfg=zones + "\tnodes node1\n", controllers_cfg=controllers)
    (zone,) = decoded.config.pve.zones
    assert isinstance(zone, UnmanagedZone)
    assert (zone.id, zone.nodes, zone.reason) == ("old", frozenset({"node1"}), reason)
    (finding,) = decoded.findings
    assert (finding.severity, str(finding)) == (Severity.NOTE, f"zones.cfg:1: zone 'old': left to PVE: {reason}")


def test_left_controllers_keep_what_checks_need() -> None:
    text = "bgp: b1\n\tasn 65001\n\tnode node1\n\tpeers 10.0.0.1\n\tloopback lo\n\troute-map-out filter\n"
    (controller,) = pending(controllers_cfg=text).config.pve.controllers
    assert isinstance(controller, UnmanagedController)
    assert (controller.type, controller.asn, controller.node) == ("bgp", 65001, "node1")


def test_fabrics_are_known_and_make_frr_pves() -> None:
    config = pending(fabrics_cfg=FABRICS).config
    assert ([fabric.id for fabric in config.pve.fabrics], config.pve.needs_frr) == (["test"], True)
    assert not pending(zones_cfg="").config.pve.fabrics


def test_evpn_options_reach_the_zone() -> None:
    text = EVPN + (
        "\texitnodes node1,node2\n\texitnodes-primary node2\n\texitnodes-local-routing 1\n"
        "\tdisable-arp-nd-suppression 1\n\tbridge-disable-mac-learning 1\n"
    )
    (zone,) = pending(zones_cfg=text, controllers_cfg=CONTROLLER).config.pve.zones
    assert isinstance(zone, PveEvpnZone)
    assert (zone.primary_exit_node, zone.exit_nodes_local_routing) == ("node2", True)
    assert zone.no_arp_nd_suppression


@pytest.mark.parametrize(
    ("file", "text", "warning"),
    [
        ("zones_cfg", "simple: plain\n\tmtu 100\n",
         "zones.cfg:2: zone 'plain': mtu 100 is out of range for ifupdown2; write 552-9216"),
        ("zones_cfg", "simple: plain\n\tmtu 1400\n\tmtu 1500\n",
         "zones.cfg:3: zone 'plain': mtu is given twice; the first one counts; remove this line"),
        ("zones_cfg", "vxlan: tun\n\tpeers 10.0.0.1\n\tvxlan-port 65536\n",
         "zones.cfg:3: zone 'tun': vxlan-port 65536 is not a UDP port; write 1-65535"),
        ("zones_cfg", EVPN.replace("10100", "16777215"),
         "zones.cfg:3: zone 'prod': vrf-vxlan 16777215 is too large for ifupdown2; write 1-16777214"),
        ("vnets_cfg", "vnet: web\n\tzone prod\n\ttag 16777215\n",
         "vnets.cfg:3: vnet 'web': tag 16777215 is too large for ifupdown2; write 1-16777214"),
        ("vnets_cfg", "vnet: web\n\tzone prod\n\talias a\\b\n",
         "vnets.cfg:3: vnet 'web': alias contains a backslash, which joins lines in the interfaces file; leave it out"),
        ("subnets_cfg", "subnet: prod-10.0.0.1-24\n\tvnet web\n",
         "subnets.cfg:1: subnet 'prod-10.0.0.1-24': id has host bits set: the subnet is 10.0.0.0/24; name it prod-10.0.0.0-24"),
        ("subnets_cfg", "subnet: prod-10.0.0.0-24\n\tvnet web\n\tgateway 10.0.1.1\n",
         ("subnets.cfg:3: subnet 'prod-10.0.0.0-24': gateway 10.0.1.1 is outside 10.0.0.0/24; "
          "choose the address of a host in it")),
        ("vnets_cfg", "vnet: web\n\tzone prod\n\talias \n",
         "vnets.cfg:3: vnet 'web': alias has no value and counts as absent; remove the line"),
        ("vnets_cfg", "vnet: web\n\tzone prod\n \n",
         "vnets.cfg:3: a line of blanks does not end a section: PVE ignores this line; make the line empty"),
        ("vnets_cfg", "vnet: web\n\tzone prod\nvnet: lab\n",
         "vnets.cfg:3: header inside section 'web': PVE ignores this line; put an empty line before it"),
    ],
)  # fmt: skip
def test_what_pve_accepts_and_we_doubt_is_a_warning(file: str, text: str, warning: str) -> None:
    (finding,) = pending(**{file: text}).findings
    assert (finding.severity, str(finding)) == (Severity.WARNING, warning)


def test_behind_a_single_address_the_gateway_lies_outside() -> None:
    text = "subnet: prod-144.76.200.65-32\n\tvnet web\n\tgateway 144.76.0.1\n"
    assert pending(subnets_cfg=text).findings == ()


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("zones_cfg", "vxlam: tun\n", "zones.cfg:1: zone 'tun': unknown type 'vxlam'; did you mean vxlan?"),
        ("zones_cfg", "qqq: tun\n",
         "zones.cfg:1: zone 'tun': unknown type 'qqq'; known types: evpn, faucet, qinq, simple, vlan, vxlan"),
        ("zones_cfg", "simple: plain\n\tmtus 1\n",
         "zones.cfg:2: zone 'plain': 'mtus' is not a property of type simple; did you mean mtu?"),
        ("zones_cfg", "simple: plain\n\n\n\nsimple: plain\n",
         "zones.cfg:5: zone 'plain': id is already used by the zone at zones.cfg:1; remove one of the two: they say the same"),
        ("zones_cfg", "simple: toolongid\n",
         "zones.cfg:1: zone 'toolongid': id 'toolongid' is not a zone id; write 2 to 8 letters and digits, starting with a letter"),
        ("zones_cfg", "vlan: old\n", "zones.cfg:1: zone 'old': bridge is missing; add it"),
        ("zones_cfg", "qinq: old\n\tbridge vmbr0\n", "zones.cfg:1: zone 'old': tag is missing; add it"),
        ("zones_cfg", "qinq: old\n\tbridge vmbr0\n\ttag -1\n",
         "zones.cfg:3: zone 'old': tag -1 is out of range; write a whole number from 0"),
        ("zones_cfg", "qinq: old\n\tbridge vmbr0\n\ttag 9\n\tvlan-protocol 802.1ae\n",
         "zones.cfg:4: zone 'old': vlan-protocol '802.1ae' is not a known value; write 802.1q or 802.1ad"),
        ("zones_cfg", "vxlan: tun\n", "zones.cfg:1: zone 'tun': has neither peers nor fabric; add peers in PVE"),
        ("zones_cfg", "vxlan: tun\n\tpeers 10.0.0.1,x\n",
         "zones.cfg:2: zone 'tun': peers 'x' is not an IP address; write an IPv4 or IPv6 address"),
        ("zones_cfg", "simple: plain\n\tmtu x\n",
         "zones.cfg:2: zone 'plain': mtu 'x' is not a whole number; write a whole number"),
        ("zones_cfg", "evpn: prod\n\tcontroller ctl\n", "zones.cfg:1: zone 'prod': vrf-vxlan is missing; add it"),
        ("controllers_cfg", "evpn: ctl\n\tasn 1\n",
         "controllers.cfg:1: controller 'ctl': has neither peers nor fabric; add peers in PVE"),
        ("controllers_cfg", "bgp: b1\n\tasn 1\n\tpeers 10.0.0.1\n",
         "controllers.cfg:1: controller 'b1': node is missing; add it"),
        ("controllers_cfg", "evpn: ctl\n\tasn -1\n\tpeers 10.0.0.1\n",
         "controllers.cfg:2: controller 'ctl': asn -1 is out of range; write a number from 0 to 4294967295"),
        ("vnets_cfg", "vnet: web\n", "vnets.cfg:1: vnet 'web': zone is missing; add it"),
        ("vnets_cfg", "vnet: web\n\tzone\n", "vnets.cfg:2: vnet 'web': zone has no value; give it one"),
        ("vnets_cfg", "vnet: web\n\tzone prod\n\ttag 16777216\n",
         "vnets.cfg:3: vnet 'web': tag 16777216 is out of range; write a number from 1 to 16777215"),
        ("vnets_cfg", "vnet: web\n\tzone prod\n\talias ${x}\n",
         ("vnets.cfg:3: vnet 'web': alias '${x}' cannot be an alias; "
          "write at most 256 letters, digits, spaces and ( ) * + , - . / : ; < = > ? @ [ ] ^ _")),
        ("subnets_cfg", "subnet: prod-x-24\n\tvnet web\n",
         "subnets.cfg:1: subnet 'prod-x-24': id: 'x/24' is not a network; write ZONE-NETWORK-MASK such as prod-10.0.2.0-24"),
        ("fabrics_cfg", "ospf_fabric: test\n", "fabrics.cfg:1: fabric 'test': area is missing; add it"),
        ("fabrics_cfg", "ospf_fabric: test\n\tarea 0\n\tcolour red\n",
         ("fabrics.cfg:3: fabric 'test': 'colour' is not a property of type ospf_fabric; "
          "known properties: area, id, ip6_prefix, ip_prefix, redistribute, route_filter")),
        ("zones_cfg", "simple: plain\n\tdnszone a\x1bb\n",
         "zones.cfg:2: character U+001B is not allowed; use printable text and plain line endings"),
        ("vnets_cfg", "vnet: web\n\tzone prod\n\talias a\tb\n",
         "vnets.cfg:3: vnet 'web': alias 'a\\tb' contains a line break or a control character; use printable text"),
        ("zones_cfg", "vlan: plain\n\tbridge a\u200bb\n",
         "zones.cfg:2: zone 'plain': bridge 'a\\u200bb' contains a character that cannot be printed; use printable text"),
    ],
)  # fmt: skip
def test_what_pve_does_not_know_is_an_error(file: str, text: str, message: str) -> None:
    assert faults(**{file: text}) == (message,)


def test_faults_of_all_files_are_named_at_once() -> None:
    lines = faults(zones_cfg="qqq: a1\n", vnets_cfg="vnet: web\n", pvesdn_cfg="what: ever\n")
    assert [line.split(":")[0] for line in lines] == ["zones.cfg", "vnets.cfg", "pvesdn.cfg"]


BETWEEN = [
    ({"zones_cfg": "simple: tun\n", "pvesdn_cfg": "vxlan: tun\n"},
     "pvesdn.cfg:1: zone 'tun': id is already used by a zone in zones.cfg; choose another id"),
    ({"zones_cfg": "simple: plain\n", "vnets_cfg": "vnet: web\n\tzone plain\n",
      "pvesdn_cfg": "vxlan: tun\nvnet: web\n\tzone tun\n\ttag 2\n"},
     "pvesdn.cfg:2: vnet 'web': id is already used by a vnet in vnets.cfg; choose another id"),
    ({"controllers_cfg": CONTROLLER, "pvesdn_cfg": "evpn-controller: ctl\n\tasn 65000\n"},
     "pvesdn.cfg:1: controller 'ctl': id is already used by a controller in controllers.cfg; choose another id"),
    ({"zones_cfg": "simple: plain\n", "pvesdn_cfg": "vnet: web\n\tzone plain\n\ttag 2\n"},
     "pvesdn.cfg:2: vnet 'web': zone 'plain' is PVE's; define the vnet in PVE instead of here"),
    ({"vnets_cfg": "vnet: web\n\tzone tun\n", "pvesdn_cfg": "vxlan: tun\n"},
     "vnets.cfg:2: vnet 'web': zone 'tun' is of pvesdn.cfg; define the vnet in pvesdn.cfg instead of here"),
    ({"zones_cfg": "simple: plain\n", "vnets_cfg": "vnet: web\n\tzone plain\n",
      "pvesdn_cfg": "subnet: plain-10.0.0.0-24\n\tvnet web\n"},
     "pvesdn.cfg:2: subnet 'plain-10.0.0.0-24': vnet 'web' is PVE's; define the subnet in PVE instead of here"),
    ({"subnets_cfg": "subnet: tun-10.0.0.0-24\n\tvnet web\n",
      "pvesdn_cfg": "vxlan: tun\nvnet: web\n\tzone tun\n\ttag 2\n"},
     "subnets.cfg:2: subnet 'tun-10.0.0.0-24': vnet 'web' is of pvesdn.cfg; define the subnet in pvesdn.cfg instead of here"),
]  # fmt: skip


@pytest.mark.parametrize(("texts", "message"), BETWEEN)
def test_the_two_sources_do_not_mix(texts: dict[str, str], message: str) -> None:
    assert faults(**texts) == (message,)


def test_an_exit_may_lead_out_of_a_zone_of_pve() -> None:
    text = "exit: out\n\tzone prod\n\tnode node1\n\tinterface eno2\n\taddress 10.0.0.1/24\n\tgateways 10.0.0.254\n"
    decoded = pending(zones_cfg=EVPN, controllers_cfg=CONTROLLER, pvesdn_cfg=text)
    assert decoded.config.own.exits[0].zone == "prod"


class TestRunningConfig:
    def test_numbers_may_be_text_and_text_numbers(self) -> None:
        zones = {
            "tun": {"type": "vxlan", "peers": "10.0.0.1", "mtu": "1400", "vxlan-port": 6000, "nodes": {"b": 1, "a": 1}}
        }
        (zone,) = running({"version": "3", "zones": {"ids": zones}}).config.pve.zones
        assert isinstance(zone, PveVxlanZone)
        assert (zone.mtu, zone.vxlan_port, zone.nodes) == (1400, 6000, frozenset({"a", "b"}))
        assert str(zone.where) == ".running-config: zone 'tun'"

    def test_switches_may_be_json_booleans_and_null_is_absent(self) -> None:
        vnets = {"web": {"zone": "tun", "vlanaware": True, "isolate-ports": False, "alias": None, "tag": {}}}
        (vnet,) = running({"version": 1, "vnets": {"ids": vnets}}).config.pve.vnets
        assert (vnet.vlanaware, vnet.alias) == (True, None)

    @pytest.mark.parametrize("text", [None, "", " \n"])
    def test_without_a_commit_there_is_nothing(self, text: str | None) -> None:
        decoded = decode_sdn({} if text is None else {".running-config": text}, intent="running")
        assert (decoded.config, decoded.findings) == (SdnConfig(), ())

    @pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"version": ' + "9" * 5000 + "}"])
    def test_what_is_no_json_counts_as_empty_and_says_so(self, text: str) -> None:
        decoded = decode_sdn({".running-config": text}, intent="running")
        assert decoded.config == SdnConfig()
        assert [str(finding) for finding in decoded.findings] == [
            ".running-config: is not valid JSON and counts as empty, as it does for PVE; apply the SDN configuration in PVE to rewrite it"
        ]

    def test_route_maps_and_prefix_lists_are_known_by_name(self) -> None:
        document = {
            "version": 1,
            "route-maps": {"ids": {"x_10": {"action": "permit"}}},
            "prefix-lists": {},
            "zones": {},
        }
        decoded = running(document)
        assert decoded.findings == ()
        assert [thing.what for thing in decoded.config.pve.unsupported] == ["route-map 'x_10'"]

    def test_fabrics_are_seen(self) -> None:
        fabric = {"type": "ospf_fabric", "id": "test", "area": "0", "ip_prefix": "172.20.30.0/24"}
        member = {"type": "ospf_node", "id": "test_a", "interfaces": ["name=a", "name=b"], "ip": "172.20.30.1"}
        (found,) = running({"version": 1, "fabrics": {"ids": {"test": fabric, "test_a": member}}}).config.pve.fabrics
        assert isinstance(found, Fabric)
        assert [interface.name for part in found.members for interface in part.interfaces] == ["a", "b"]

    @pytest.mark.parametrize(
        ("document", "fault"),
        [
            ([], "is not a JSON object"),
            ({"version": "x"}, "version is not a whole number"),
            ({"version": 1.5}, "version is not a whole number"),
            ({"zone": {}}, "key 'zone' is not known"),
            ({"zones": []}, "zones is not a JSON object"),
            ({"zones": {"ids": [1]}}, "zones.ids is not a JSON object"),
            ({"zones": {"ids": {"a1": 1}}}, "zone 'a1' is not a JSON object"),
            ({"zones": {"ids": {"a1": {}}}}, "zone 'a1': type is not printable text"),
            ({"zones": {"ids": {"a\n1": {"type": "simple"}}}},
             "zone 'a\\n1': id is empty or not printable"),
            ({"zones": {"ids": {"": {"type": "simple"}}}}, "zone '': id is empty or not printable"),
            ({"zones": {"ids": {"a1": {"type": "simple", "mtu": 1.5}}}},
             "zone 'a1': 'mtu' is neither text nor a whole number"),
            ({"zones": {"ids": {"a1": {"type": "simple", "ipam": [["x"]]}}}},
             "zone 'a1': 'ipam' is neither text nor a whole number"),
            ({"vnets": {"ids": {"a1": {"zone": "x", "alias": "a\n\tbridge-ports eno1"}}}},
             "vnet 'a1': 'alias' contains a line break or a control character"),
            ({"zones": {"ids": {"a1": {"type": "simple", "nodes": {"x\ny": 1}}}}},
             "zone 'a1': 'nodes' contains a line break or a control character"),
            ({"zones": {"ids": {"a1": {"type": "simple", "x\x00": 1}}}},
             "zone 'a1': 'x\\x00' contains a line break or a control character"),
            ({"zones": {"ids": {"a1": {"type": "simple", "ipam": "\ud800"}}}},
             "zone 'a1': 'ipam' contains a line break or a control character"),
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("intent", ["pending", "running"])
    def test_a_document_of_another_shape_is_an_error(self, document: Any, fault: str, intent: Any) -> None:
        with pytest.raises(SdnConfigError) as caught:
            decode_sdn({".running-config": json.dumps(document)}, intent=intent)
        hint = "apply the SDN configuration in PVE to rewrite it"
        assert caught.value.lines == (f".running-config: {fault}; {hint}",)

    def test_an_unknown_type_or_property_is_an_error(self) -> None:
        zones = {"a1": {"type": "simpel"}, "b1": {"type": "simple", "colour": "red", "mtus": 1}}
        with pytest.raises(SdnConfigError) as caught:
            running({"zones": {"ids": zones}})
        assert [line.split(";")[0] for line in caught.value.lines] == [
            ".running-config: zone 'a1': unknown type 'simpel'",
            ".running-config: zone 'b1': 'colour' is not a property of type simple",
            ".running-config: zone 'b1': 'mtus' is not a property of type simple",
        ]


class TestVersion:
    def test_nothing_defined_and_nothing_committed_has_no_version(self) -> None:
        assert pending(zones_cfg="").config.pve.version is None

    def test_the_first_commit_will_be_version_one(self) -> None:
        assert pending(zones_cfg="simple: plain\n").config.pve.version == 1

    def test_a_pending_change_will_be_the_next_version(self) -> None:
        assert decode_sdn(files(vnets_cfg=""), intent="pending").config.pve.version == 8

    def test_without_pending_changes_it_stays(self) -> None:
        assert decode_sdn(files(), intent="pending").config.pve.version == RUNNING["version"]


def running(document: Any) -> DecodedSdn:
    return decode_sdn({".running-config": json.dumps(document)}, intent="running")
