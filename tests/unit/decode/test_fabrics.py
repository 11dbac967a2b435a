"""fabrics.cfg: what is rendered, what is left to PVE, what is refused."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network

import pytest

from pvesdn.decode.definitions.sdn_files import DecodedSdn, decode_sdn
from pvesdn.errors import SdnConfigError
from pvesdn.model.fabrics import Fabric, FabricInterface, FabricMember, UnmanagedFabric
from pvesdn.model.findings import Severity
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone, PveVxlanZone, UnmanagedController, UnmanagedZone

OPENFABRIC = """\
openfabric_fabric: lab
	csnp_interval 20
	hello_interval 2
	ip6_prefix fd00:20::/64
	ip_prefix 172.20.30.0/24

openfabric_node: lab_node2
	ip 172.20.30.2

openfabric_node: lab_node1
	interfaces name=ens19,hello_multiplier=5,ip=172.16.3.10/31,ip6=fd00:16::a/127
	interfaces name=ens20
	ip 172.20.30.1
	ip6 fd00:20::1

"""
OSPF = "ospf_fabric: core\n\tarea 0.0.0.1\n\tip_prefix 10.9.0.0/24\n\n"
WIREGUARD = "wireguard_fabric: wg\n\tip_prefix 10.8.0.0/24\n\nwireguard_node: wg_node1\n\trole internal\n\n"


def pending(**texts: str) -> DecodedSdn:
    return decode_sdn({name.replace("_cfg", ".cfg"): text for name, text in texts.items()}, intent="pending")


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(SdnConfigError) as caught:
        pending(fabrics_cfg=text)
    return caught.value.lines


def fabrics(text: str) -> tuple[Fabric | UnmanagedFabric, ...]:
    return pending(fabrics_cfg=text).config.pve.fabrics


def test_a_fabric_has_its_nodes_sorted_and_their_interfaces_in_order() -> None:
    (found,) = fabrics(OPENFABRIC)
    assert isinstance(found, Fabric)
    assert (found.id, found.protocol, found.hello_interval, found.csnp_interval) == ("lab", "openfabric", 2, 20)
    assert (found.ip_prefix, found.ip6_prefix) == (IPv4Network("172.20.30.0/24"), IPv6Network("fd00:20::/64"))
    ens19 = FabricInterface(
        name="ens19", ip=IPv4Interface("172.16.3.10/31"), ip6=IPv6Interface("fd00:16::a/127"), hello_multiplier=5
    )
    first = FabricMember(
        node="node1",
        ip=IPv4Address("172.20.30.1"),
        ip6=IPv6Address("fd00:20::1"),
        interfaces=(ens19, FabricInterface(name="ens20")),
    )
    assert found.members == (first, FabricMember(node="node2", ip=IPv4Address("172.20.30.2")))
    assert (found.member("node1"), found.member("node9")) == (first, None)


@pytest.mark.parametrize("area", ["0", "7", "0.0.0.7"])
def test_an_area_stays_as_it_was_typed(area: str) -> None:
    (found,) = fabrics(OSPF.replace("0.0.0.1", area))
    assert isinstance(found, Fabric)
    assert found.area == area


@pytest.mark.parametrize(
    ("text", "type_", "nodes"),
    [
        (WIREGUARD, "wireguard_fabric", {"node1"}),
        ("bgp_fabric: f\n\tbfd 1\n\nbgp_node: f_n1\n\tasn 65001\n\n", "bgp_fabric", {"n1"}),
        (OSPF.strip() + "\n\tredistribute source=kernel\n", "ospf_fabric", set()),
        (
            OPENFABRIC.replace("\tip_prefix", "\troute_filter some\n\tip_prefix"),
            "openfabric_fabric",
            {"node1", "node2"},
        ),
        (
            OSPF + "ospf_node: core_n1\n\tinterfaces name=e,network_type=broadcast\n\tip 10.9.0.1\n",
            "ospf_fabric",
            {"n1"},
        ),
    ],
)
def test_what_is_newer_is_left_to_pve_with_its_nodes(text: str, type_: str, nodes: set[str]) -> None:
    (found,) = fabrics(text)
    assert isinstance(found, UnmanagedFabric)
    assert (found.type, found.nodes) == (type_, frozenset(nodes))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (OSPF.replace("\tarea 0.0.0.1\n", ""), "fabrics.cfg:1: fabric 'core': area is missing; add it"),
        (OSPF.replace("0.0.0.1", "x"),
         "fabrics.cfg:2: fabric 'core': area 'x' is not an OSPF area; write a number or a dotted quad such as 0.0.0.0"),
        (OSPF.replace("core", "toolongid"),
         ("fabrics.cfg:1: fabric 'toolongid': id 'toolongid' is not a fabric id; "
          "write 1 to 8 letters, digits and -, not starting or ending with -")),
        (OSPF.replace("10.9.0.0/24", "fd00::/64"),
         "fabrics.cfg:3: fabric 'core': ip_prefix 'fd00::/64' is not IPv4; write it as IPv4"),
        ("ospf_node: gone_n1\n\tip 10.9.0.1\n",
         "fabrics.cfg:1: fabric 'gone_n1': fabric 'gone' does not exist; define it, or remove this section"),
        (OSPF + "ospf_node: core\n", "fabrics.cfg:5: fabric 'core': id does not name a node; write FABRIC_NODE such as lab_node1"),
        (OSPF + "openfabric_node: core_n1\n\tip 10.9.0.1\n",
         "fabrics.cfg:5: fabric 'core_n1': is of type openfabric_node, but the fabric is of type ospf_fabric; write ospf_node"),
        (OSPF + "ospf_node: core_n1\n\tip 10.9.0.1\n\tinterfaces name=e,ip6=fd00::1/64\n",
         "fabrics.cfg:7: fabric 'core_n1': an interface has ip6 or hello_multiplier, which OSPF does not have; remove it"),
        (OSPF + "ospf_node: core_n1\n\tip fd00::1\n",
         "fabrics.cfg:6: fabric 'core_n1': ip 'fd00::1' is not IPv4; write it as IPv4"),
        (OSPF + "ospf_node: core_n1\n\tinterfaces ip=10.0.0.1/31\n",
         "fabrics.cfg:6: fabric 'core_n1': interfaces 'ip=10.0.0.1/31' has no name; write it like name=ens19"),
        (OSPF + "ospf_node: core_n1\n\tinterfaces name=e,ip=x\n",
         ("fabrics.cfg:6: fabric 'core_n1': interfaces 'x' is not a network; "
          "write address/length such as 192.168.0.0/24")),
        (OSPF + "ospf_node: core_n1\n\tinterfaces name=a;b\n",
         ("fabrics.cfg:6: fabric 'core_n1': interfaces 'a;b' is not an interface name; "
          "write 1 to 15 letters, digits and . _ - @, starting with a letter or digit")),
    ],
)  # fmt: skip
def test_what_pve_would_not_commit_is_an_error_with_its_place(text: str, message: str) -> None:
    assert message in faults(text)


@pytest.mark.parametrize("part", ["name=a,name=b", "speed=5,name=a", "a"])
def test_an_interface_is_a_property_string_and_nothing_else(part: str) -> None:
    (message,) = faults(OSPF + f"ospf_node: core_n1\n\tinterfaces {part}\n")
    assert "is not a field of an interface" in message


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("openfabric_fabric: f\n",
         "fabrics.cfg:1: fabric 'f': has neither ip_prefix nor ip6_prefix, and PVE will not commit it; add one in PVE"),
        (OPENFABRIC.replace("ip 172.20.30.2", "ip 172.20.31.2"),
         ("fabrics.cfg:8: fabric 'lab_node2': ip 172.20.31.2 is outside 172.20.30.0/24, and PVE will not commit it; "
          "choose an address in it")),
        (OPENFABRIC.replace("ip 172.20.30.2", "ip 172.20.30.1"),
         "fabrics.cfg:8: fabric 'lab_node2': ip 172.20.30.1 is also used by 'lab_node1', and PVE will not commit it"),
    ],
)  # fmt: skip
def test_addresses_that_do_not_fit_are_a_warning(text: str, warning: str) -> None:
    (finding,) = pending(fabrics_cfg=text).findings
    assert (finding.severity, str(finding)) == (Severity.WARNING, warning)


def test_zones_and_controllers_over_a_fabric_are_rendered() -> None:
    config = pending(
        fabrics_cfg=OPENFABRIC,
        controllers_cfg="evpn: ctl\n\tasn 65000\n\tfabric lab\n",
        zones_cfg="evpn: prod\n\tcontroller ctl\n\tvrf-vxlan 10100\n\nvxlan: tun\n\tfabric lab\n",
    ).config
    (controller,), (prod, tun) = config.pve.controllers, config.pve.zones
    assert isinstance(controller, PveEvpnController)
    assert (controller.peers, controller.fabric) == ((), "lab")
    assert isinstance(prod, PveEvpnZone)
    assert isinstance(tun, PveVxlanZone)
    assert (tun.peers, tun.fabric) == ((), "lab")


def test_zones_and_controllers_over_a_fabric_that_is_left_are_left_too() -> None:
    config = pending(
        fabrics_cfg=WIREGUARD,
        controllers_cfg="evpn: ctl\n\tasn 65000\n\tfabric wg\n",
        zones_cfg="evpn: prod\n\tcontroller ctl\n\tvrf-vxlan 10100\n\nvxlan: tun\n\tfabric wg\n",
    ).config
    assert isinstance(config.pve.controllers[0], UnmanagedController)
    assert [zone.reason for zone in config.pve.zones if isinstance(zone, UnmanagedZone)] == [
        "controller 'ctl' is newer than what pvesdn renders",
        "fabric 'wg' is newer than what pvesdn renders",
    ]


def test_a_zone_has_peers_or_a_fabric_and_not_both() -> None:
    with pytest.raises(SdnConfigError) as caught:
        pending(fabrics_cfg=OPENFABRIC, zones_cfg="vxlan: tun\n\tfabric lab\n\tpeers 10.0.0.1\n")
    (message,) = caught.value.lines
    assert message == "zones.cfg:2: zone 'tun': has both peers and fabric; remove one of them in PVE"
