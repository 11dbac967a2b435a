"""Kinds that came after the generator whose rules are known: found and named, and nothing of them is refused."""

from __future__ import annotations

import json

import pytest

from pvesdn.decode.definitions.sdn_files import decode_sdn
from pvesdn.errors import SdnConfigError
from pvesdn.model.pve_sdn import PveEvpnZone, PveSimpleZone, PveVxlanZone, UnmanagedZone, UnsupportedDefinition
from pvesdn.model.sdn import SdnConfig

CONTROLLER = "evpn: ctl\n\tasn 65000\n\tpeers 192.168.0.1\n"
ZONE = "evpn: prod\n\tcontroller ctl\n\tvrf-vxlan 10100\n"
OPENFABRIC = "openfabric_fabric: fab\n\tip_prefix 10.0.0.0/24\n\nopenfabric_node: fab_node1\n\tip 10.0.0.1\n\tinterfaces name=eth0\n"


def pending(**texts: str) -> SdnConfig:
    return decode_sdn({f"{name.replace('_', '-')}.cfg": text for name, text in texts.items()}, intent="pending").config


def named(config: SdnConfig) -> list[tuple[str, list[str] | None]]:
    return [(thing.what, None if thing.nodes is None else sorted(thing.nodes)) for thing in config.pve.unsupported]


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("ebgp-multihop 3", "ebgp-multihop"),
        ("peer-group-name SPINES", "peer-group-name"),
        ("bgp-mode external", "bgp-mode"),
        ("route-map-in m", "route-map-in"),
        ("route-map-out m", "route-map-out"),
        ("nodes node1,node2", "nodes"),
    ],
)
def test_a_newer_property_makes_an_evpn_controller_and_its_zones_pves_alone(line: str, what: str) -> None:
    config = pending(controllers=f"{CONTROLLER}\t{line}\n", zones=ZONE)
    nodes = ["node1", "node2"] if what == "nodes" else None
    assert named(config) == [(f"controller 'ctl' with {what}", nodes)]
    (zone,) = config.pve.zones
    assert isinstance(zone, UnmanagedZone)
    assert zone.is_unsupported
    assert zone.reason == "controller 'ctl' is newer than what pvesdn renders"


def test_several_evpn_controllers_are_newer_each() -> None:
    config = pending(controllers=f"{CONTROLLER}\n{CONTROLLER.replace('ctl', 'two')}", zones=ZONE)
    assert named(config) == [
        ("controller 'ctl' in addition to another EVPN controller", None),
        ("controller 'two' in addition to another EVPN controller", None),
    ]
    assert isinstance(config.pve.zones[0], UnmanagedZone)


def test_a_zone_with_secondary_controllers_is_newer_by_itself() -> None:
    config = pending(controllers=CONTROLLER, zones=f"{ZONE}\tsecondary-controllers two\n\tnodes node2\n")
    assert named(config) == [("zone 'prod' with secondary-controllers", ["node2"])]
    assert isinstance(config.pve.zones[0], UnmanagedZone)


def test_route_maps_of_a_bgp_controller_reach_its_node() -> None:
    text = "bgp: b1\n\tasn 65001\n\tnode node3\n\tpeers 10.0.0.1\n\troute-map-in m\n"
    assert named(pending(controllers=text)) == [("controller 'b1' with route-map-in", ["node3"])]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (("wireguard_fabric: wg\n\tip_prefix 10.9.0.0/24\n\tpersistent_keepalive 25\n\n"
         "wireguard_node: wg_node2\n\tip 10.9.0.2\n\tinterfaces name=wg0,public_key=x,listen_port=51820\n\trole internal\n\n"
         "wireguard_node: wg_far-out\n\tallowed_ips 10.8.0.0/24\n\tendpoint far.example:51820\n\tpublic_key y\n\trole external\n"),
         "fabric 'wg' of type wireguard"),
        (("bgp_fabric: wg\n\tbfd 1\n\troute_map_in m\n\nbgp_node: wg_node2\n\tasn 65001\n\tinterfaces name=eth0\n\trole internal\n\n"
         "bgp_node: wg_far-out\n\tpeer_ip 10.0.0.9\n\trole external\n"), "fabric 'wg' of type bgp"),
    ],
)  # fmt: skip
def test_newer_fabrics_reach_their_members_and_the_zones_over_them(text: str, what: str) -> None:
    zones = "vxlan: tun\n\tfabric wg\n\nsimple: lan\n"
    config = pending(fabrics=text, zones=zones)
    assert named(config) == [(what, ["far-out", "node2"])]
    lan, tun = config.pve.zones
    assert isinstance(lan, PveSimpleZone)
    assert isinstance(tun, UnmanagedZone)
    assert tun.is_unsupported
    assert (config.pve.is_unmanaged_on("node2"), config.pve.is_unmanaged_on("node1")) == (
        True,
        True,
    )  # tun is everywhere


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("\tip_prefix 10.0.0.0/24\n", "\tip_prefix 10.0.0.0/24\n\troute_filter only\n", "with route_filter"),
        ("openfabric", "ospf", ""),
        ("name=eth0", "name=eth0,network_type=point-to-point", "with network_type"),
    ],
)
def test_newer_properties_make_an_older_fabric_newer(old: str, new: str, what: str) -> None:
    text = OPENFABRIC.replace(old, new).replace("ospf_fabric: fab\n", "ospf_fabric: fab\n\tarea 0\n")
    assert named(pending(fabrics=text)) == ([(f"fabric 'fab' {what}", ["node1"])] if what else [])


def test_redistribute_may_be_repeated() -> None:
    text = "ospf_fabric: fab\n\tarea 0\n\tredistribute source=connected\n\tredistribute source=static,metric=5\n"
    assert named(pending(fabrics=text)) == [("fabric 'fab' with redistribute", [])]


def test_an_evpn_controller_over_a_newer_fabric_is_newer() -> None:
    text = "wireguard_fabric: wg\n\tip_prefix 10.9.0.0/24\n"
    config = pending(fabrics=text, controllers="evpn: ctl\n\tasn 65000\n\tfabric wg\n", zones=ZONE)
    assert named(config)[1] == ("controller 'ctl' over fabric 'wg'", None)
    assert isinstance(config.pve.zones[0], UnmanagedZone)
    assert config.pve.zones[0].is_unsupported


@pytest.mark.parametrize("has_frr", [True, False])
def test_route_maps_and_prefix_lists_reach_wherever_pve_writes_frr(has_frr: bool) -> None:
    lists = "prefix-list: only\n\tentries action=permit,prefix=10.0.0.0/8,seq=10\n"
    maps = "route-map-entry: out_10\n\taction permit\n\tset key=metric,value=5\n"
    config = pending(route_maps=maps, prefix_lists=lists, controllers=CONTROLLER if has_frr else "")
    nodes: list[str] | None = None if has_frr else []
    assert named(config) == [("route-map 'out_10'", nodes), ("prefix-list 'only'", nodes)]
    assert config.pve.is_unmanaged_on("node1") is has_frr


def test_an_older_cluster_has_nothing_newer() -> None:
    config = pending(controllers=CONTROLLER, zones=f"{ZONE}\nvxlan: tun\n\tpeers 10.0.0.1\n", fabrics=OPENFABRIC)
    assert config.pve.unsupported == ()
    assert [type(zone) for zone in config.pve.zones] == [PveEvpnZone, PveVxlanZone]


def test_what_was_committed_of_it_means_the_same() -> None:
    fabrics = {
        "wg": {"type": "wireguard_fabric", "id": "wg", "ip_prefix": "10.9.0.0/24"},
        "wg_node2": {"type": "wireguard_node", "id": "wg_node2", "interfaces": ["name=wg0"]},
    }
    running = json.dumps({"version": 1, "fabrics": {"ids": fabrics}})
    (thing,) = decode_sdn({".running-config": running}, intent="running").config.pve.unsupported
    assert isinstance(thing, UnsupportedDefinition)
    assert (thing.what, thing.nodes) == ("fabric 'wg' of type wireguard", frozenset({"node2"}))


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("fabrics", "babel_fabric: b\n", "unknown type 'babel_fabric'"),
        ("fabrics", "wireguard_fabric: wg\n\tcolour red\n", "'colour' is not a property of type wireguard_fabric"),
        (
            "controllers",
            f"{CONTROLLER}\tbgp-moed auto\n",
            "'bgp-moed' is not a property of type evpn; did you mean bgp-mode?",
        ),
        ("route_maps", "route-map: x\n", "unknown type 'route-map'; did you mean route-map-entry?"),
        ("controllers", f"{CONTROLLER}\tnodes no_node\n", "nodes 'no_node' is not a node name"),
    ],
)
def test_what_nobody_knows_stays_an_error(file: str, text: str, message: str) -> None:
    with pytest.raises(SdnConfigError) as caught:
        pending(**{file: text})
    assert message in str(caught.value.lines)


def test_a_type_that_nobody_knows_is_an_error_in_what_was_committed_too() -> None:
    running = json.dumps({"version": 1, "route-maps": {"ids": {"x": {"type": "what"}}}})
    with pytest.raises(SdnConfigError, match="unknown type 'what'"):
        decode_sdn({".running-config": running}, intent="running")
