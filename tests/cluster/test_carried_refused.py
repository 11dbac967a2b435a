"""What PVE has committed of a carried zone and nobody can carry: nothing is planned, and all else is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.compare.status import Asked
from pvesdn.errors import SdnConfigError
from pvesdn.model.findings import Severity
from pvesdn.model.verification import Subject
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.status import beside_stored, status_understood
from pvesdn.workflows.understand import understand
from pvesdn.workflows.verify import verify
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import plan_of, serving, world_of
from tests.cluster.test_carried import OURS, SYMMETRIC, agree, links, panel, press_apply
from tests.cluster.test_former import Shell

FEW = SYMMETRIC.replace("10000-10999", "10000-10001")
WEB = "vnets/web/subnets"
REFUSED = {
    "SNAT in a VRF": ((("set", f"{WEB}/lan-10.0.2.0-24", {"snat": "1"}),), "snat needs the host's own table"),
    "another MTU": ((("set", "zones/lan", {"mtu": "1400"}),), ""),
    "no MTU": ((("set", "zones/lan", {"delete": "mtu"}),), "says no mtu"),
    "an MTU that does not fit": ((("set", "zones/lan", {"mtu": "9000"}),), "mtu 9000 and 50 bytes of VXLAN make 9050"),
    "a VLAN-aware VNet": ((("set", "vnets/web", {"vlanaware": "1"}),), "vlanaware cannot be used in zone 'prod'"),
    "no VNI left": (
        (("create", "vnets", {"vnet": "aa", "zone": "lan"}), ("create", "vnets", {"vnet": "bb", "zone": "lan"})),
        "has no VNI left for vnet 'bb'",
    ),
}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[SimulatedCluster]:
    """VNet `web` with a gateway is applied."""
    with serving(tmp_path, FEW) as made:
        panel(made, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve")
        panel(made, "create", "vnets", vnet="web", zone="lan")
        panel(made, "create", WEB, subnet="10.0.2.0/24", gateway="10.0.2.1", type="subnet")
        agree(made)
        yield made


def pressed(cluster: SimulatedCluster, case: str) -> str:
    """Somebody draws it and presses Apply. The words of why it cannot be carried; empty where it can."""
    edits, why = REFUSED[case]
    for verb, path, values in edits:
        panel(cluster, verb, path, **values)
    press_apply(cluster)
    return why


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_carried_stops_plans_and_nobody_who_looks(cluster: SimulatedCluster, case: str) -> None:
    if why := pressed(cluster, case):
        with pytest.raises(SdnConfigError):
            plan_of(cluster)
    found = verify(read_cluster(world_of(cluster), has_state=True), Renderer())
    told = [item for item in found.discrepancies if item.subject is Subject.DEFINITIONS]
    assert [(item.severity, why in item.found) for item in told] == ([(Severity.WARNING, True)] if why else [])
    assert "prod" in {zone.zone for zone in found.zones}


def test_a_vnet_gets_the_number_of_one_that_was_deleted_together_once_that_is_off_the_nodes(
    cluster: SimulatedCluster,
) -> None:
    panel(cluster, "create", "vnets", vnet="aa", zone="lan")
    agree(cluster)
    panel(cluster, "delete", "vnets/aa")
    panel(cluster, "create", "vnets", vnet="bb", zone="lan")
    with pytest.raises(SdnConfigError) as refused:
        plan_of(cluster)
    assert str(refused.value).endswith(
        "has no VNI left that every member was seen without for vnet 'bb'; extend the range; or delete vnet 'bb' in PVE "
        "(Datacenter > SDN), run pvesdn apply, which takes VNI 10001 off the nodes, and draw it again"
    )
    panel(cluster, "delete", "vnets/bb")
    agree(cluster)
    panel(cluster, "create", "vnets", vnet="bb", zone="lan")
    agree(cluster)
    assert links(cluster).links["vxlan_bb"]["info"]["id"] == 10001


def test_a_range_that_is_extended_has_numbers_for_all(cluster: SimulatedCluster) -> None:
    pressed(cluster, "no VNI left")
    with pytest.raises(SdnConfigError, match=r"no VNI left for vnet 'bb'; extend the range$"):
        plan_of(cluster)
    cluster.write_sdn("pvesdn.cfg", FEW.replace("10001", "10002"))
    agree(cluster)
    assert links(cluster).links["vxlan_bb"]["info"]["id"] == 10002


def test_vnets_that_nobody_can_carry_are_told_beside_it(cluster: SimulatedCluster, tmp_path: Path) -> None:
    pressed(cluster, "no VNI left")
    snapshot = read_cluster(world_of(cluster), has_state=True)
    known = understand(snapshot, intent="running")
    status = status_understood(known, Renderer(), beside_stored(snapshot), Asked(), wanted=snapshot)
    assert status.uncarried == ("aa", "bb")
    bad = {(item.object, item.trait, item.node) for item in status.verification.discrepancies if not item.is_edit}
    assert {("aa", "uplink", "pve2"), ("bb", "uplink", "pve3")} <= bad
    shown = Shell(cluster, tmp_path).run("pvesdn show")
    assert shown.status == 0
    assert "aa, bb run without an uplink on pve1, pve2, pve3" in " ".join(shown.err.split())
    assert "has it no more" not in shown.out


def test_the_gateway_of_a_vnet_that_nobody_can_carry_is_told_where_it_is(cluster: SimulatedCluster) -> None:
    panel(cluster, "create", "vnets", vnet="aa", zone="lan")
    panel(cluster, "create", "vnets/aa/subnets", subnet="10.0.9.0/24", gateway="10.0.9.1", type="subnet")
    pressed(cluster, "SNAT in a VRF")
    found = verify(read_cluster(world_of(cluster), has_state=True), Renderer()).discrepancies
    assert [(item.found, item.expected) for item in found if (item.object, item.node) == ("aa", "pve2")] == [
        ("no uplink; its gateway is in the host's own table", "vxlan_aa in it, and vrf_prod over it")
    ]


def test_a_mistake_elsewhere_is_still_one(cluster: SimulatedCluster) -> None:
    pressed(cluster, "SNAT in a VRF")
    cluster.write_sdn("pvesdn.cfg", FEW + "\nvxlan: other\n\tpeers 192.168.0.999\n")
    with pytest.raises(SdnConfigError, match=r"192\.168\.0\.999"):
        verify(read_cluster(world_of(cluster), has_state=True), Renderer())


def test_what_the_nodes_have_of_such_a_zone_is_held_against_them(cluster: SimulatedCluster) -> None:
    pressed(cluster, "SNAT in a VRF")
    cluster.nodes["pve2"].run("ip", "link", "delete", "vxlan_web")
    found = verify(read_cluster(world_of(cluster), has_state=True), Renderer())
    assert any((item.node, item.object) == ("pve2", "vxlan_web") for item in found.discrepancies)


def warned(cluster: SimulatedCluster) -> list[str]:
    """Why no plan can be made, as `verify` has it, which goes on and looks at the zone."""
    with pytest.raises(SdnConfigError):
        plan_of(cluster)
    found = verify(read_cluster(world_of(cluster), has_state=True), Renderer())
    assert "prod" in {zone.zone for zone in found.zones}
    told = [item for item in found.discrepancies if item.subject is Subject.DEFINITIONS]
    assert {item.severity for item in told} == {Severity.WARNING}
    return [item.found for item in told]


@pytest.mark.parametrize(("vni", "what"), [(10000, "VNI 10000 of vnet 'web'"), (77, "tag 77")], ids=["given", "pinned"])
def test_a_number_that_a_zone_of_pves_own_takes_in_the_panel_blinds_nobody(
    cluster: SimulatedCluster, vni: int, what: str
) -> None:
    if vni == 77:
        cluster.write_sdn("pvesdn.cfg", f"{FEW}\nvnet: web\n\tzone prod\n\ttag 77\n")
        agree(cluster)
    panel(cluster, "create", "zones", zone="tun", type="vxlan", peers="192.168.0.1,192.168.0.2,192.168.0.3")
    panel(cluster, "create", "vnets", vnet="far", zone="tun", tag=str(vni))
    press_apply(cluster)
    assert any(line.startswith(f"{what} is also the tag of vnet 'far'") for line in warned(cluster))


def test_an_exit_whose_node_the_zone_has_left_in_the_panel_blinds_nobody(tmp_path: Path) -> None:
    with serving(tmp_path, OURS) as cluster:
        panel(cluster, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve")
        panel(cluster, "create", "vnets", vnet="web", zone="lan")
        agree(cluster)
        panel(cluster, "set", "zones/lan", nodes="pve2,pve3")
        press_apply(cluster)
        assert warned(cluster) == ["node 'pve1' is not in zone 'prod'"]


def test_a_pinned_vnet_that_the_button_moves_to_another_carried_zone_blinds_nobody(cluster: SimulatedCluster) -> None:
    other = "\nevpn: dev\n\tcontroller main\n\tirb asymmetric\n\tcarries lab\n\tvni-range 20000-20999\n"
    panel(cluster, "create", "zones", zone="lab", type="simple", mtu="1450", ipam="pve")
    cluster.write_sdn("pvesdn.cfg", f"{FEW}{other}\nvnet: web\n\tzone prod\n\ttag 10000\n")
    agree(cluster)
    panel(cluster, "delete", f"{WEB}/lan-10.0.2.0-24")
    panel(cluster, "set", "vnets/web", zone="lab")
    press_apply(cluster)
    assert warned(cluster) == ["is drawn in zone 'lab' of PVE's, and zone 'prod' carries 'lan'"]
