"""A VNet is drawn as well only where somebody has looked, and nothing that it needs is broken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.compare.picture import picture
from pvesdn.model.status import Health
from pvesdn.model.topology import MapVnet, Topology
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.topology import map_found
from pvesdn.workflows.understand import understand
from tests.cli.test_topology import GOLDEN, stored
from tests.maps import a_map


def found(case: str, folder: Path) -> Topology:
    """The map of a cluster in which that has gone wrong."""
    return map_found(understand(read_snapshot(stored(case, folder)), intent="running"), Renderer())


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
    uplink = next(one for one in whole.exits if not one.interface)
    assert (uplink.node, uplink.health) == ("node2", Health.UNCHECKED)
    assert "host's own routes" in uplink.first
