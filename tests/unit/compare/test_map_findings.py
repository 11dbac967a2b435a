"""A VNet is drawn as well only where somebody has looked, and nothing that it needs is broken."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.compare.picture import picture
from pvesdn.model.status import Health
from pvesdn.model.topology import MapExit, MapVnet, Topology
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.topology import map_found
from pvesdn.workflows.understand import understand
from tests.cli.test_topology import CASES, GOLDEN, stored
from tests.cli.test_verify import HEALTHY
from tests.golden_verify.damage import damaged
from tests.maps import a_map


def found(case: str, folder: Path) -> Topology:
    """The map of a cluster in which that has gone wrong."""
    return map_found(understand(read_snapshot(stored(case, folder)), intent="running"), Renderer())


_MORE = """
vnet: fresh
	zone plain
	tag 777

vxlan: late

vnet: later
	zone late
	tag 778

exit: out3
	zone prod
	node node3
	interface eno2
	address 172.20.0.3/24
	gateways 172.20.0.253
"""


def never_applied() -> Topology:
    """The map of a cluster where a VNet, a zone and an exit are defined, and on no node."""
    healthy = read_snapshot(HEALTHY)
    own = healthy.pve_files["pvesdn.cfg"] + _MORE
    defined = replace(healthy, pve_files={**healthy.pve_files, "pvesdn.cfg": own})
    return map_found(understand(defined, intent="running"), Renderer())


def uplink(whole: Topology, name: str) -> MapExit:
    return next(one for one in whole.exits if one.id == name)


def vnet(whole: Topology, name: str) -> MapVnet:
    return next(one for one in whole.vnets if one.id == name)


@pytest.mark.parametrize(
    ("case", "name", "said"),
    [
        ("vni-unknown-to-frr", "web", "node2: VNI 100 (vxlan_web)"),
        ("vni-in-another-vrf", "web", "node2: VNI 100 (vxlan_web)"),
        ("forwarding-switched-off", "web", "node2: net.ipv4.conf.web.forwarding"),
        ("arp-accept-switched-off", "web", "node3: net.ipv4.conf.web.arp_accept"),
    ],
)
def test_what_is_wrong_with_its_vni_and_its_settings_is_the_vnets(
    case: str, name: str, said: str, tmp_path: Path
) -> None:
    bad = vnet(found(case, tmp_path), name)
    assert bad.health is Health.BAD
    assert said in bad.first


@pytest.mark.parametrize("case", ["session-blocked", "bgpd-dead", "frr-off", "l3vni-down", "vrf-deleted"])
def test_what_all_vnets_of_a_zone_need_is_a_warning_of_each(case: str, tmp_path: Path) -> None:
    whole = found(case, tmp_path)
    assert {vnet(whole, name).health for name in ("web", "db")} == {Health.WARNING}
    assert vnet(whole, "lan").health is Health.OK


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("node-not-reached", "node2 did not answer"),
        ("bridge-command-fails", "not checked"),
        ("guest-configurations-not-read", "not checked"),
    ],
)
def test_nothing_is_well_that_nobody_has_looked_at(case: str, said: str, tmp_path: Path) -> None:
    unknown = vnet(found(case, tmp_path), "lan")
    assert unknown.health is Health.UNCHECKED
    assert said in unknown.first


@pytest.mark.parametrize("name", ["fresh", "later"])
def test_a_vnet_that_is_on_no_node_is_drawn_as_absent(name: str) -> None:
    absent = vnet(never_applied(), name)
    assert absent.health is Health.BAD
    assert absent.first == f"node1: {name}: found absent, expected there"


def test_what_is_not_applied_of_a_zone_spoils_neither_its_other_vnets_nor_other_zones() -> None:
    whole = never_applied()
    assert {vnet(whole, name).health for name in ("lan", "tv", "old")} == {Health.OK}
    assert {one.id: one.health for one in whole.zones}["mcast"] is Health.OK


def test_an_exit_that_was_not_applied_is_drawn_as_bad() -> None:
    new = uplink(never_applied(), "out3")
    assert new.health is Health.BAD
    assert "an apply would change + eno2" in new.first


def test_a_vnet_that_runs_as_it_was_before_its_definition_changed_is_bad(tmp_path: Path) -> None:
    behind = vnet(found("not-applied", tmp_path), "lan")
    assert behind.health is Health.BAD
    assert "vxlan-id is 200, not 202" in behind.first


def test_a_vnet_whose_file_was_edited_is_a_warning_as_nobody_looks_at_what_runs(tmp_path: Path) -> None:
    edited = vnet(found("interfaces-edited", tmp_path), "lan")
    assert edited.health is Health.WARNING
    assert "vxlan-id is 201, not 200" in edited.first


@pytest.mark.parametrize(
    ("case", "name", "health"),
    [
        ("bgpd-dead", "out2", Health.BAD),
        ("vrf-deleted", "out", Health.BAD),
        ("uplink-out-of-the-vrf", "out", Health.BAD),
        ("l3vni-down", "out", Health.OK),
        ("bgpd-dead", "out", Health.OK),
        ("frr-off", "out", Health.OK),
    ],
)
def test_an_exit_is_as_well_as_its_card_its_vrf_and_frr_on_its_node(
    case: str, name: str, health: Health, tmp_path: Path
) -> None:
    assert uplink(found(case, tmp_path), name).health is health


def test_an_exit_of_a_node_without_frr_is_bad() -> None:
    damage = json.loads((CASES / "frr-off/damage.json").read_text())
    on_node1 = {kind: {"node1": next(iter(of.values()))} for kind, of in damage.items()}
    known = understand(damaged(read_snapshot(HEALTHY), on_node1), intent="running")
    off = uplink(map_found(known, Renderer()), "out")
    assert off.health is Health.BAD
    assert "node1: FRR: found off" in off.first


def test_a_vni_that_is_left_in_frrs_file_breaks_the_node_and_no_zone() -> None:
    block = "  vni 999\n   route-target import 65535:65535\n  exit-vni\n"
    left = ["  advertise-all-vni\n", f"  advertise-all-vni\n{block}"]
    for damage in ({}, {"running": {"node2": left}}):
        snapshot = damaged(read_snapshot(HEALTHY), {"files": {"node2": {"/etc/frr/frr.conf": left}}, **damage})
        whole = map_found(understand(snapshot, intent="running"), Renderer())
        for health in ([one.health for one in whole.zones], [one.health for one in whole.exits]):
            assert set(health) == {Health.OK}
        assert {one.health for one in whole.vnets} == {Health.OK}
        assert [one.name for one in whole.nodes if one.health is Health.BAD] == ["node2"]


def test_a_session_that_frr_does_not_have_is_down(tmp_path: Path) -> None:
    whole = found("neighbor-removed-in-vtysh", tmp_path)
    session = next(one for one in whole.sessions if one.ends == ("node2", "node3"))
    assert (session.health, session.first) == (Health.BAD, "node2: FRR has no session to node3")


def test_a_guest_that_is_not_known_to_be_well_is_not_drawn_as_broken() -> None:
    whole = a_map(3, 1, zones=1, is_broken=False)
    (one,) = whole.zones[0].vnets
    guest = replace(one.guests[0], health=Health.UNCHECKED)
    drawn = picture(replace(whole, zones=(replace(whole.zones[0], vnets=(replace(one, guests=(guest,)),)),)))
    assert drawn.tables[0].rows[0].guests == ("? 1001 web-1 on pve2",)


def test_a_member_that_is_off_hides_nothing_of_a_vnet(tmp_path: Path) -> None:
    assert vnet(found("member-off", tmp_path), "web").health is Health.OK


def test_of_many_vnets_the_bad_ones_are_drawn_before_those_that_are_not_known() -> None:
    whole = a_map(3, 100, zones=1, is_broken=False)
    zone = whole.zones[0]
    *others, last = (replace(one, health=Health.UNCHECKED) for one in zone.vnets)
    broken = replace(whole, zones=(replace(zone, vnets=(*others, replace(last, health=Health.BAD))),))
    assert picture(broken).tables[0].rows[0].health is Health.BAD


def test_nobody_looks_at_the_routes_by_which_an_exit_of_pves_leaves() -> None:
    snapshot = read_snapshot(GOLDEN / "exit-in-pve-zone/snapshot")
    text = snapshot.pve_files["zones.cfg"].replace("evpn: pvezone\n", "evpn: pvezone\n\texitnodes node2\n")
    drawn = replace(snapshot, pve_files={**snapshot.pve_files, "zones.cfg": text})
    whole = map_found(understand(drawn), Renderer())
    of_pve = next(one for one in whole.exits if not one.interface)
    assert (of_pve.node, of_pve.health) == ("node2", Health.UNCHECKED)
    assert "host's own routes" in of_pve.first
