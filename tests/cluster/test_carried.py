"""VNets that are drawn in PVE's panel and carried by a zone of ours: planned, applied, changed, and left to others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.compare.consequences import consequences
from pvesdn.compare.status import Asked
from pvesdn.errors import ApplyRefused, SdnConfigError
from pvesdn.model.consequences import Effect
from pvesdn.model.files import OUR_INTERFACES, ChangeSet
from pvesdn.model.findings import Severity
from pvesdn.model.flags import PlanFlags
from pvesdn.model.status import ClusterStatus, Drift, Health
from pvesdn.model.verification import Discrepancy, Subject, Verification
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.history import read_history
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.status import look_beside, status_understood
from pvesdn.workflows.understand import understand
from pvesdn.workflows.verify import verify
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import State, locked_state, read_json, write_json
from tests.cluster.kit import apply_in, apply_to, errors, plan_of, serving, world_of
from tests.cluster.test_former import Shell

VNIS = "pvesdn-vnis.cfg"
OURS = """evpn-controller: main
\tasn 1234

evpn: prod
\tcontroller main
\tirb symmetric
\tvrf-vxlan 4000
\tcarries lan
\tvni-range 10000-10999

exit: prod-pve1
\tzone prod
\tnode pve1
\tinterface eno2
\taddress 172.16.0.1/24
\tgateways 172.16.0.254
"""
SYMMETRIC = OURS[: OURS.index("exit:")]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[SimulatedCluster]:
    """A zone with two VNets is drawn and pending."""
    with serving(tmp_path, OURS) as made:
        panel(made, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve")
        panel(made, "create", "vnets", vnet="web", zone="lan")
        panel(made, "create", "vnets", vnet="db", zone="lan")
        panel(made, "create", "vnets/web/subnets", subnet="10.0.2.0/24", gateway="10.0.2.1", type="subnet")
        yield made


@pytest.fixture
def standing(cluster: SimulatedCluster) -> SimulatedCluster:
    """The same, applied."""
    agree(cluster)
    return cluster


def panel(cluster: SimulatedCluster, verb: str, path: str, **values: str) -> None:
    """What the panel does: a call of PVE's API."""
    words = [word for key, value in values.items() for word in (f"--{key}", value)]
    done = cluster.nodes["pve1"].run("pvesh", verb, f"/cluster/sdn/{path}", *words)
    assert done.returncode == 0, done.stderr


def press_apply(cluster: SimulatedCluster) -> None:
    """The panel's own button."""
    done = cluster.nodes["pve1"].run("pvesh", "set", "/cluster/sdn")
    assert done.returncode == 0, done.stderr
    cluster.wait_for_tasks(10)


def bridge_list(cluster: SimulatedCluster) -> list[dict[str, str]]:
    """What the panel offers for a guest on pve2."""
    done = cluster.nodes["pve1"].run("pvesh", "get", "/nodes/pve2/network", "--type", "any_bridge")
    assert done.returncode == 0, done.stderr
    rows: list[dict[str, str]] = json.loads(done.stdout)
    return rows


def agree(cluster: SimulatedCluster) -> None:
    report = apply_to(cluster)
    assert report.is_good, (errors(report), report.commit_error, report.verdict)


def is_nothing(changes: ChangeSet) -> bool:
    return not changes.has_work


def links(cluster: SimulatedCluster, node: str = "pve2") -> State:
    return State(cluster.nodes[node].root)


def vnis(cluster: SimulatedCluster) -> dict[str, str]:
    text = cluster.read_sdn(VNIS) or ""
    return {vnet: vni for vni, vnet in re.findall(r"^vni: (\d+)\n\tvnet (\w+)$", text, re.MULTILINE)}


def failed(cluster: SimulatedCluster) -> list[str]:
    found: Verification = verify(read_cluster(world_of(cluster), has_state=True), Renderer())
    return [f"{item.node}: {item.object} {item.trait}: {item.found}" for item in found.discrepancies]


def verified(cluster: SimulatedCluster) -> tuple[Discrepancy, ...]:
    return verify(read_cluster(world_of(cluster), has_state=True), Renderer()).discrepancies


def status_of(cluster: SimulatedCluster, zones: frozenset[str] | None = None) -> ClusterStatus:
    world = world_of(cluster)
    snapshot = read_cluster(world, has_state=True)
    known = understand(snapshot, intent="running")
    return status_understood(known, Renderer(), look_beside(world, snapshot), Asked(zones), wanted=snapshot)


def test_a_plan_shows_the_vnis_and_writes_nothing(cluster: SimulatedCluster) -> None:
    changes = plan_of(cluster)
    assert changes.vnis is not None
    assert [(found.name, found.new) for found in changes.vnis.differences] == [
        ("db in prod: VNI", ("10000",)),
        ("web in prod: VNI", ("10001",)),
    ]
    assert cluster.read_sdn(VNIS) is None


def test_of_a_vni_that_was_edited_by_hand_the_one_that_runs_is_told(cluster: SimulatedCluster) -> None:
    agree(cluster)
    cluster.write_sdn(VNIS, (cluster.read_sdn(VNIS) or "").replace("10001", "10050"))
    change = plan_of(cluster).vnis
    assert change is not None
    assert [(one.name, one.old, one.new) for one in change.differences] == [
        ("web in prod: former VNI", (), ("10001",)),
    ]


def test_a_bridge_that_two_files_have_is_counted_once(cluster: SimulatedCluster, tmp_path: Path) -> None:
    shell = Shell(cluster, tmp_path)
    planned = shell.run("pvesdn plan --node pve2").out
    assert "      + vxlan_web\n      + web\n" in planned
    assert "Plan: 7 to add, 0 to change, 0 to destroy on 1 of 1 node" in planned


def test_a_bridge_that_pve_has_made_is_not_said_to_be_made_when_it_is_carried(
    cluster: SimulatedCluster, tmp_path: Path
) -> None:
    press_apply(cluster)
    planned = Shell(cluster, tmp_path).run("pvesdn plan --node pve2").out
    assert "      ~ web  (/etc/network/interfaces.d/sdn has it too, and the device stays)\n" in planned
    assert "Plan: 5 to add, 2 to change, 0 to destroy on 1 of 1 node" in planned
    moves = (
        "! pve2: the gateway of VNet web moves from the host's own routing table to vrf_prod: connections through it"
    )
    assert moves in planned
    assert "! pve2: the MAC of the gateway of VNet web moves (" in planned


def test_before_the_first_apply_nothing_is_missed(cluster: SimulatedCluster) -> None:
    cluster.write_sdn("pvesdn.cfg", "vxlan: prod\n\tcarries lan\n\tvni-range 10000-10999\n")
    known = understand(read_cluster(world_of(cluster), has_state=True), intent="running")
    assert [str(finding) for finding in known.findings if "carries" in str(finding) or "'lan'" in str(finding)] == [
        "pvesdn.cfg:2: zone 'prod': zone 'lan' of PVE's is not committed, so nothing of it runs yet"
    ]
    assert [line.partition(" : ")[0] for line in failed(cluster)] == [": PVE's definitions"]


def test_what_is_applied_is_carried_and_leaves_nothing_to_do(standing: SimulatedCluster) -> None:
    state = links(standing)
    assert (state.links["vxlan_web"]["info"]["id"], state.links["vxlan_web"]["master"]) == (10001, "web")
    assert (state.links["web"]["master"], state.links["web"]["addresses"]) == ("vrf_prod", ["10.0.2.1/24"])
    assert vnis(standing) == {"db": "10000", "web": "10001"}
    assert is_nothing(plan_of(standing))
    assert failed(standing) == []


@pytest.mark.parametrize(
    ("device", "attribute", "value", "told"),
    [
        ("vxlan_web", "master", None, "vxlan_web master"),
        ("web", "master", None, "web master"),
        ("web", "address", "02:00:00:00:00:99", "web MAC"),
        ("web", "addresses", [], "web address"),
    ],
    ids=["uplink", "VRF", "MAC", "address"],
)
def test_uplink_vrf_and_mac_of_a_vnet_are_checked_by_us(
    standing: SimulatedCluster, device: str, attribute: str, value: object, told: str
) -> None:
    with locked_state(standing.nodes["pve2"].root) as state:
        state.links[device][attribute] = value
    assert any(line.startswith(f"pve2: {told}") for line in failed(standing)), failed(standing)
    agree(standing)
    assert failed(standing) == []


def test_reloads_by_others_change_nothing(standing: SimulatedCluster) -> None:
    tap = standing.plug_guest("pve2", "web", 100)
    before = links(standing).links
    standing.nodes["pve2"].run("ifreload", "-a")
    press_apply(standing)
    assert links(standing).links == before
    assert links(standing).links[tap]["master"] == "web"
    assert is_nothing(plan_of(standing))


def test_a_vnet_that_is_added_gets_the_next_vni(standing: SimulatedCluster) -> None:
    panel(standing, "create", "vnets", vnet="dmz", zone="lan")
    agree(standing)
    assert vnis(standing) == {"db": "10000", "web": "10001", "dmz": "10002"}
    assert links(standing).links["vxlan_dmz"]["master"] == "dmz"
    assert is_nothing(plan_of(standing))


def test_a_subnet_that_changes_is_planned_and_applied(standing: SimulatedCluster) -> None:
    panel(standing, "set", "vnets/web/subnets/lan-10.0.2.0-24", gateway="10.0.2.2")
    agree(standing)
    assert links(standing).links["web"]["addresses"] == ["10.0.2.2/24"]
    assert links(standing).links["web"]["master"] == "vrf_prod"
    assert is_nothing(plan_of(standing))


def test_a_lower_mtu_names_the_machines_that_have_to_be_restarted(standing: SimulatedCluster, tmp_path: Path) -> None:
    standing.plug_guest("pve2", "web", 100)
    panel(standing, "set", "zones/lan", mtu="1400")
    said = " ".join(Shell(standing, tmp_path).run("pvesdn plan").out.split())
    what = "packets larger than 1400 bytes no longer pass VNets db, web (MTU 1450 -> 1400)"
    stuck = "with a VirtIO card, guest 100 cannot be migrated live until restarted"
    assert f"{what}; guests with a larger MTU must be set to 1400: guest 100; {stuck}" in said
    agree(standing)
    assert [links(standing).links[name]["mtu"] for name in ("web", "vxlan_web")] == [1400, 1400]
    assert is_nothing(plan_of(standing))


def test_a_vnet_that_is_deleted_goes_and_keeps_its_vni_for_when_it_is_back(standing: SimulatedCluster) -> None:
    panel(standing, "delete", "vnets/db")
    agree(standing)
    assert not {"db", "vxlan_db"} & links(standing).links.keys()
    assert is_nothing(plan_of(standing))
    panel(standing, "create", "vnets", vnet="aaa", zone="lan")
    panel(standing, "create", "vnets", vnet="db", zone="lan")
    agree(standing)
    assert vnis(standing) == {"db": "10000", "web": "10001", "aaa": "10002"}


def test_without_its_file_the_nodes_tell_the_vnis(standing: SimulatedCluster, tmp_path: Path) -> None:
    text = standing.read_sdn(VNIS)
    (standing.folder / "pve/sdn" / VNIS).unlink()
    changes = plan_of(standing)
    assert changes.is_empty
    assert [str(found) for found in changes.findings if VNIS in str(found)]
    done = Shell(standing, tmp_path).run("pvesdn apply --yes --comment lost")
    assert (done.status, standing.read_sdn(VNIS)) == (0, text), done.err
    assert read_history(world_of(standing)).entries[-1].comment == "lost"


@pytest.mark.parametrize("file", ["vni: 10000\n\tvnet db\n\tzone prod\n\n", ""], ids=["a-gap", "an-empty-file"])
def test_a_vnet_that_runs_is_not_given_another_vni_for_a_gap_in_the_file(standing: SimulatedCluster, file: str) -> None:
    text = standing.read_sdn(VNIS)
    standing.write_sdn(VNIS, file)
    assert plan_of(standing).is_empty
    agree(standing)
    assert standing.read_sdn(VNIS) == text


def test_the_first_plan_needs_no_node_that_cannot_have_any_of_it(cluster: SimulatedCluster) -> None:
    cluster.go_offline("pve3")
    assert not errors(apply_to(cluster)).keys() - {"pve3"}
    assert vnis(cluster) == {"db": "10000", "web": "10001"}


def test_without_its_file_and_a_node_the_plan_stops_and_verify_does_not(standing: SimulatedCluster) -> None:
    (standing.folder / "pve/sdn" / VNIS).unlink()
    standing.go_offline("pve3")
    with pytest.raises(SdnConfigError, match="pve3 did not answer"):
        plan_of(standing)
    assert not [line for line in failed(standing) if not line.startswith(("pve3", ": "))]
    (lost,) = [item for item in verified(standing) if item.object == VNIS]
    assert (lost.severity, lost.found) == (
        Severity.WARNING,
        "does not exist, so VNIs are read back from the nodes, and pve3 did not answer",
    )


@pytest.mark.parametrize("verb", ["show", "topology --format dot"])
def test_without_its_file_and_a_node_whoever_only_looks_sees_the_rest_with_a_warning(
    standing: SimulatedCluster, tmp_path: Path, verb: str
) -> None:
    (standing.folder / "pve/sdn" / VNIS).unlink()
    standing.go_offline("pve3")
    seen = Shell(standing, tmp_path).run(f"pvesdn {verb}")
    assert seen.status == 0, seen.err
    assert "10001" in seen.out
    assert (
        "warning: pvesdn-vnis.cfg: does not exist, so VNIs are read back from the nodes, and pve3 did not answer"
        in seen.err
    )


def test_the_panels_button_alone_is_told_and_mended(cluster: SimulatedCluster) -> None:
    press_apply(cluster)
    assert links(cluster).links["web"]["master"] is None
    bare = (
        "warning: pvesdn.cfg:8: zone 'prod': db, web run without an uplink on pve1, pve2, pve3, and the gateway of web "
        "is in the host's own table; run pvesdn apply; PVE's own Apply does not carry VNets"
    )
    assert bare in [f"{finding.severity.value}: {finding}" for finding in plan_of(cluster).findings]
    assert any("interfaces.d/pvesdn" in line for line in failed(cluster))
    assert any(
        "/etc/frr/frr.conf : lacks vrf vrf_prod, L3VNI 4000, lacks router bgp" in line for line in failed(cluster)
    )
    told = [line for line in failed(cluster) if "uplink" in line]
    assert [line for line in told if line.startswith("pve2")] == [
        "pve2: db uplink: no uplink",
        "pve2: web uplink: no uplink; its gateway is in the host's own table",
    ]
    assert status_of(cluster).uncarried == ("db", "web")
    agree(cluster)
    assert links(cluster).links["web"]["master"] == "vrf_prod"
    assert failed(cluster) == []
    assert is_nothing(plan_of(cluster))
    status = status_of(cluster)
    assert [(zone.what, zone.vnets) for zone in status.zones] == [
        ("PVE's simple, carried by prod", 2),
        ("EVPN, symmetric IRB, carries lan", 2),
    ]
    assert (status.uncarried, status.own_differs) == ((), None)  # `agree` keeps no history


@pytest.mark.parametrize("asked", [None, frozenset({"lan"})])
def test_a_zone_that_is_carried_is_as_well_as_what_carries_it(
    standing: SimulatedCluster, asked: frozenset[str] | None
) -> None:
    def of_lan() -> tuple[Health, str]:
        (zone,) = [zone for zone in status_of(standing, asked).zones if zone.id == "lan"]
        return zone.health, zone.first

    assert of_lan() == (Health.OK, "")
    standing.nodes["pve2"].run("ip", "link", "set", "vxlan_web", "down")
    assert of_lan() == (Health.BAD, "pve2: vxlan_web, state: found down, expected up")


def test_who_asks_for_the_zone_by_the_panels_name_is_told_of_what_carries_it(
    standing: SimulatedCluster, tmp_path: Path
) -> None:
    shell = Shell(standing, tmp_path)
    good = shell.run("pvesdn verify --zone lan")
    assert good.status == 0, good.out
    assert re.search(r"^zone prod +3 nodes +good: [1-9]", good.out, re.MULTILINE), good.out
    standing.nodes["pve2"].run("ip", "link", "set", "vxlan_web", "down")
    bad = shell.run("pvesdn verify --zone lan")
    assert bad.status == 1, bad.out
    assert "bad  pve2: vxlan_web, state (zone prod)\n" in bad.out
    drawn = shell.run("pvesdn topology --zone lan --vnet web --format dot")
    assert (drawn.status, "web" in drawn.out) == (0, True), drawn.err


def test_what_is_pending_in_the_panels_zone_is_told_to_who_asks_for_the_one_that_carries_it(
    standing: SimulatedCluster, tmp_path: Path
) -> None:
    panel(standing, "create", "vnets", vnet="dmz", zone="lan")
    assert "found: vnet dmz new\n" in Shell(standing, tmp_path).run("pvesdn verify --zone prod").out


def test_a_vnet_that_is_drawn_later_and_committed_by_the_button_is_told(standing: SimulatedCluster) -> None:
    panel(standing, "create", "vnets", vnet="dmz", zone="lan")
    press_apply(standing)
    told = [str(finding) for finding in plan_of(standing).findings]
    assert any("dmz runs without an uplink on pve1, pve2, pve3; run pvesdn apply" in line for line in told)
    assert {line.partition(":")[0] for line in failed(standing) if "+ vxlan_dmz" in line} == set(standing.nodes)
    agree(standing)
    assert failed(standing) == []


def test_guests_in_a_vnet_that_our_file_has_lost_are_told_and_get_their_uplink_back(
    standing: SimulatedCluster,
) -> None:
    tap = standing.plug_guest("pve2", "web", 100)
    node = standing.nodes["pve2"]
    ours = (node.read(OUR_INTERFACES) or "").split("\n\n")
    node.write(OUR_INTERFACES, "\n\n".join(stanza for stanza in ours if "web" not in stanza))
    node.run("ifreload", "-a")
    node.run("ip", "link", "set", tap, "master", "web")  # somebody has started the guest again
    assert (
        f"pve2: web uplink: no uplink; its gateway is in the host's own table; guests are plugged in: {tap}"
        in failed(standing)
    )
    (bare,) = [item for item in verified(standing) if item.trait == "uplink"]
    assert bare.step == "pvesdn plan --diff shows the edits of our file, pvesdn apply --overwrite replaces them"
    report = apply_to(standing, PlanFlags(overwrite=True))
    assert report.is_good, errors(report)
    assert links(standing).links["vxlan_web"]["master"] == "web"
    assert links(standing).links[tap]["master"] == "web"
    assert failed(standing) == []


def test_a_vnet_whose_stanza_is_edited_away_and_that_still_runs_has_its_uplink(standing: SimulatedCluster) -> None:
    node = standing.nodes["pve2"]
    ours = (node.read(OUR_INTERFACES) or "").split("\n\n")
    node.write(OUR_INTERFACES, "\n\n".join(stanza for stanza in ours if "web" not in stanza))
    assert [item.object for item in verified(standing)] == [OUR_INTERFACES]


def test_a_vnet_that_has_no_gateway_is_expected_in_no_vrf(cluster: SimulatedCluster) -> None:
    press_apply(cluster)
    bare = {item.object: item for item in verified(cluster) if item.node == "pve2" and item.trait == "uplink"}
    assert {name: item.expected for name, item in bare.items()} == {
        "db": "vxlan_db in it",
        "web": "vxlan_web in it, and vrf_prod over it",
    }
    assert {item.step for item in bare.values()} == {"pvesdn apply"}


def test_a_vnet_that_the_kernel_lost_by_an_edit_that_leaves_its_stanza_is_told(standing: SimulatedCluster) -> None:
    node = standing.nodes["pve2"]
    node.write(OUR_INTERFACES, (node.read(OUR_INTERFACES) or "").replace("\tbridge-ports vxlan_web\n", ""))
    with locked_state(node.root) as state:
        state.links["vxlan_web"]["master"] = None
    assert [(item.object, item.found) for item in verified(standing) if item.trait == "uplink"] == [
        ("web", "no uplink")
    ]


@pytest.mark.parametrize(
    ("sources", "line"),
    [
        ("source /etc/network/interfaces.d/sdn", "source /etc/network/interfaces.d/pvesdn"),
        ("source interfaces.d/sdn", "source /etc/network/interfaces.d/pvesdn"),
        ("source /etc/network/*", "source /etc/network/interfaces.d/*"),
        ("source-directory /etc/network", "source /etc/network/interfaces.d/*"),
    ],
)
def test_a_node_that_reads_pves_file_and_not_ours_is_told_with_the_line_to_add(
    standing: SimulatedCluster, sources: str, line: str
) -> None:
    node = standing.nodes["pve2"]
    text = re.sub(r"^source.*$", sources, node.read("/etc/network/interfaces") or "", flags=re.MULTILINE)
    assert sources in text
    node.write("/etc/network/interfaces", text)
    panel(standing, "create", "vnets", vnet="dmz", zone="lan")
    obstacles = [str(found) for changes in plan_of(standing).nodes for found in changes.obstacles]
    verified = verify(read_cluster(world_of(standing), has_state=True), Renderer()).discrepancies
    steps = [item.step for item in verified if (item.node, item.trait) == ("pve2", "source")]
    assert len(obstacles) == 1
    assert f"add the line '{line}' to it" in obstacles[0]
    if sources.endswith("/sdn"):
        assert steps == [f"add the line '{line}' to /etc/network/interfaces, then ifreload -a"]


def test_the_panel_offers_the_vnets_that_are_carried_once_they_are_committed(standing: SimulatedCluster) -> None:
    panel(standing, "create", "vnets", vnet="dmz", zone="lan")
    offered = {row["iface"]: row for row in bridge_list(standing)}
    assert offered.keys() == {"vmbr0", "db", "web"}
    assert (offered["web"]["type"], offered["web"]["active"]) == ("vnet", "1")
    press_apply(standing)
    assert {row["iface"] for row in bridge_list(standing)} == {"vmbr0", "db", "web", "dmz"}


def test_a_vnet_that_has_lost_its_uplink_alone_is_not_said_to_have_left_its_vrf(standing: SimulatedCluster) -> None:
    with locked_state(standing.nodes["pve2"].root) as state:
        state.links["vxlan_web"]["master"] = None
    told = [str(finding) for finding in plan_of(standing).findings]
    assert [line for line in told if "without an uplink" in line] == [
        "pvesdn.cfg:8: zone 'prod': web runs without an uplink on pve2; run pvesdn apply; PVE's own Apply does not carry VNets"
    ]


def test_a_pin_of_a_vnet_that_is_pending_is_not_for_nothing(standing: SimulatedCluster) -> None:
    panel(standing, "create", "vnets", vnet="dmz", zone="lan")
    standing.write_sdn("pvesdn.cfg", OURS + "\nvnet: dmz\n\tzone prod\n\ttag 77\n")
    known = understand(read_cluster(world_of(standing), has_state=True), intent="running")
    assert [str(finding) for finding in known.findings if "pinned" in str(finding)] == []


NOT_CARRIED = OURS.replace("\tcarries lan\n\tvni-range 10000-10999\n", "")


def no_longer_carried(cluster: SimulatedCluster) -> None:
    cluster.write_sdn("pvesdn.cfg", NOT_CARRIED)


def moved_and_no_longer_carried(cluster: SimulatedCluster) -> None:
    moved_to_another_zone(cluster)
    no_longer_carried(cluster)


def deleted_and_no_longer_carried(cluster: SimulatedCluster) -> None:
    deleted_in_the_panel(cluster)
    no_longer_carried(cluster)


UNPLUG = "unplug them, and the next pvesdn apply removes it; or use --detach-guests"


def deleted_in_the_panel(cluster: SimulatedCluster) -> None:
    panel(cluster, "delete", "vnets/web/subnets/lan-10.0.2.0-24")
    panel(cluster, "delete", "vnets/web")


def deleted_and_committed(cluster: SimulatedCluster) -> None:
    deleted_in_the_panel(cluster)
    press_apply(cluster)


def moved_to_another_zone(cluster: SimulatedCluster, mtu: str = "1450") -> None:
    panel(cluster, "create", "zones", zone="wan", type="simple", ipam="pve", mtu=mtu)
    panel(cluster, "delete", "vnets/web/subnets/lan-10.0.2.0-24")
    panel(cluster, "set", "vnets/web", zone="wan")


def moved_to_a_zone_with_another_mtu(cluster: SimulatedCluster) -> None:
    moved_to_another_zone(cluster, mtu="1500")


def moved_with_a_new_subnet(cluster: SimulatedCluster) -> None:
    moved_to_another_zone(cluster)
    panel(cluster, "create", "vnets/web/subnets", subnet="10.0.9.0/24", gateway="10.0.9.1", snat="1", type="subnet")


def moved_to_a_zone_with_dhcp(cluster: SimulatedCluster) -> None:
    for node in cluster.nodes.values():
        write_json(node.root, "versions", {**read_json(node.root, "versions", {}), "dnsmasq": "2.91-1"})
    moved_to_another_zone(cluster)
    panel(cluster, "set", "zones/wan", dhcp="dnsmasq")


def deleted_with_its_node_taken_from_the_zone(cluster: SimulatedCluster) -> None:
    deleted_in_the_panel(cluster)
    panel(cluster, "set", "zones/lan", nodes="pve1,pve3")


def stanzas(cluster: SimulatedCluster, node: str) -> set[str]:
    """Interfaces of our file."""
    return set(re.findall(r"^iface (\S+)", cluster.nodes[node].read(OUR_INTERFACES) or "", re.MULTILINE))


@pytest.mark.parametrize(
    "happens",
    [
        no_longer_carried,
        moved_and_no_longer_carried,
        deleted_and_no_longer_carried,
        moved_to_a_zone_with_another_mtu,
        moved_with_a_new_subnet,
        moved_to_a_zone_with_dhcp,
        deleted_with_its_node_taken_from_the_zone,
    ],
)
def test_what_carries_guests_is_not_taken_away_from_them_unasked(
    standing: SimulatedCluster, happens: Callable[[SimulatedCluster], None]
) -> None:
    tap = standing.plug_guest("pve2", "web", 100)
    happens(standing)
    with pytest.raises(ApplyRefused, match="pve2"):
        apply_to(standing)
    assert links(standing).links["vxlan_web"]["master"] == "web"
    assert links(standing).links[tap]["master"] == "web"
    report = apply_to(standing, PlanFlags(detach_guests=True))
    assert report.is_good, errors(report)
    assert "vxlan_web" not in links(standing).links
    assert is_nothing(plan_of(standing))


@pytest.mark.parametrize("happens", [no_longer_carried, moved_with_a_new_subnet])
def test_a_vnet_that_pve_keeps_is_said_to_lose_its_uplink_and_not_to_be_removed(
    standing: SimulatedCluster, tmp_path: Path, happens: Callable[[SimulatedCluster], None]
) -> None:
    tap = standing.plug_guest("pve2", "web", 100)
    happens(standing)
    planned = Shell(standing, tmp_path).run("pvesdn plan").out
    said = " ".join(planned.split())
    assert (
        f"blocked: web would lose the uplink that pvesdn gives it, with 1 guest port in it ({tap}); move the guests "
        "first, or use --detach-guests"
    ) in said
    vnets = "VNets db, web lose their" if happens is no_longer_carried else "VNet web loses its"
    assert f"{vnets} uplink, and" in said
    assert "no traffic between nodes; unplugged until plugged in again: guest 100" in said
    assert " removed" not in said
    if happens is no_longer_carried:
        assert "the gateway of VNet web moves from vrf_prod to the host's own routing table" in said
    detached = " ".join(Shell(standing, tmp_path).run("pvesdn plan --detach-guests").out.split())
    assert f"web loses its uplink with 1 guest port in it, which it unplugs: {tap}" in detached
    report = apply_to(standing, PlanFlags(detach_guests=True))
    assert report.is_good, errors(report)
    web = links(standing).links["web"]
    assert (web["master"], bool(web["addresses"])) == (None, True)


@pytest.mark.parametrize("happens", [deleted_in_the_panel, deleted_and_committed, moved_to_another_zone])
def test_a_vnet_that_left_is_kept_where_guests_are_and_all_else_is_applied(
    standing: SimulatedCluster, happens: Callable[[SimulatedCluster], None]
) -> None:
    tap = standing.plug_guest("pve2", "web", 100)
    before = links(standing).links["vxlan_web"]
    happens(standing)
    panel(standing, "create", "vnets", vnet="dmz", zone="lan")
    zone = "has moved to zone 'wan' of PVE's" if happens is moved_to_another_zone else "is gone from PVE"
    assert [str(found) for found in plan_of(standing).findings if "is kept" in str(found)] == [
        f"pvesdn.cfg:8: zone 'prod': vnet 'web' {zone}, and is kept while guests are plugged: {tap} on pve2; {UNPLUG}"
    ]
    agree(standing)
    assert links(standing).links["vxlan_web"] == before
    assert (links(standing).links["web"]["master"], links(standing).links[tap]["master"]) == ("vrf_prod", "web")
    assert {node: "web" in stanzas(standing, node) for node in standing.nodes} == {
        "pve1": False,
        "pve2": True,
        "pve3": False,
    }
    assert vnis(standing) == {"db": "10000", "web": "10001", "dmz": "10002"}
    assert is_nothing(plan_of(standing))
    assert failed(standing) == []


def test_guests_of_a_vnet_that_is_kept_are_told_that_their_gateway_goes(standing: SimulatedCluster) -> None:
    standing.plug_guest("pve2", "web", 100)
    deleted_in_the_panel(standing)
    (told,) = (one for one in consequences(plan_of(standing).nodes) if one.effect is Effect.GATEWAY_CHANGED)
    assert (told.nodes, told.objects, told.old, told.new) == (("pve2",), ("web",), "10.0.2.1/24", "")
    assert [one.guest for one in told.guests] == [100]


def test_show_tells_where_carried_vnets_are_picked_and_which_are_only_kept(
    standing: SimulatedCluster, tmp_path: Path
) -> None:
    standing.plug_guest("pve2", "web", 100)
    deleted_in_the_panel(standing)
    agree(standing)
    shown = Shell(standing, tmp_path).run("pvesdn show").out
    rows = [line.split("  ") for line in shown[shown.index("Guests: VNets of PVE's panel") :].splitlines()[1:]]
    assert [[word.strip() for word in row if word.strip()] for row in rows if row[-1]][:2] == [
        ["db", "bridge db", "ACL path /sdn/zones/lan/db"],
        [
            *("web", "bridge web", "ACL path /sdn/zones/lan/web"),
            "zone lan of PVE's has it no more; kept on pve2 for what is there",
        ],
    ]
    document = json.loads(Shell(standing, tmp_path).run("pvesdn show --json").out)
    assert [(row["drawn_in"], row["is_kept"]) for row in document["vnets"]] == [("lan", False), ("lan", True)]


def test_a_vnet_that_is_kept_goes_with_the_last_guest(standing: SimulatedCluster) -> None:
    tap = standing.plug_guest("pve2", "web", 100)
    deleted_in_the_panel(standing)
    agree(standing)
    standing.nodes["pve2"].run("ip", "link", "delete", tap)
    agree(standing)
    assert not {"web", "vxlan_web"} & links(standing).links.keys()
    assert vnis(standing) == {"db": "10000", "web": "10001"}
    assert is_nothing(plan_of(standing))


def test_a_vnet_that_is_kept_goes_at_once_where_guests_may_be_detached(
    standing: SimulatedCluster, tmp_path: Path
) -> None:
    standing.plug_guest("pve2", "web", 100)
    deleted_in_the_panel(standing)
    agree(standing)
    done = Shell(standing, tmp_path).run("pvesdn apply --yes --detach-guests")
    assert done.status == 0, done.err
    assert not {"web", "vxlan_web"} & links(standing).links.keys()
    assert is_nothing(plan_of(standing))


def test_a_vnet_that_is_drawn_again_while_it_is_kept_is_the_same(standing: SimulatedCluster) -> None:
    tap = standing.plug_guest("pve2", "web", 100)
    deleted_in_the_panel(standing)
    agree(standing)
    panel(standing, "create", "vnets", vnet="web", zone="lan")
    panel(standing, "create", "vnets/web/subnets", subnet="10.0.2.0/24", gateway="10.0.2.1", type="subnet")
    agree(standing)
    for node in standing.nodes:
        assert links(standing, node).links["vxlan_web"]["info"]["id"] == 10001
    assert links(standing).links[tap]["master"] == "web"
    assert not [found for found in plan_of(standing).findings if "is kept" in str(found)]
    assert failed(standing) == []


TWO_ZONES = f"""{OURS}
evpn: dev
\tcontroller main
\tirb symmetric
\tvrf-vxlan 4001
\tcarries lab
\tvni-range 20000-20999
"""
SWAPPED = (
    TWO_ZONES.replace("carries lan", "carries")
    .replace("carries lab", "carries lan")
    .replace("carries\n", "carries lab\n")
)
CROSSES = (
    "pve2: vnet 'web' is in zone '{0}' of PVE's, which zone 'dev' carries now, and its guests are in the network of "
    "zone 'prod': {tap}; unplug them, or move it to zone '{1}' in PVE (Datacenter > SDN), or have zone 'prod' carry "
    "'{0}' instead of zone 'dev'; or use --detach-guests"
)


def moved_to_the_other(cluster: SimulatedCluster) -> None:
    """The VNet is moved between zones of PVE's that two of ours carry."""
    panel(cluster, "delete", "vnets/web/subnets/lan-10.0.2.0-24")
    panel(cluster, "set", "vnets/web", zone="lab")


def carried_by_the_other(cluster: SimulatedCluster) -> None:
    """The VNet stays where it is, and the two zones of ours change places."""
    cluster.write_sdn("pvesdn.cfg", SWAPPED)


def unplugged(cluster: SimulatedCluster, tap: str) -> PlanFlags:
    cluster.nodes["pve2"].run("ip", "link", "delete", tap)
    return PlanFlags()


def moved(cluster: SimulatedCluster, tap: str) -> PlanFlags:
    """To the zone that the other zone of ours carries."""
    if "vnet: web\n\tzone lab" in (cluster.read_sdn("vnets.cfg") or ""):
        panel(cluster, "set", "vnets/web", zone="lan")
        panel(cluster, "create", "vnets/web/subnets", subnet="10.0.2.0/24", gateway="10.0.2.1", type="subnet")
    else:
        moved_to_the_other(cluster)
    return PlanFlags()


def carried_instead(cluster: SimulatedCluster, tap: str) -> PlanFlags:
    """By the zone in whose network the guests are."""
    is_swapped = cluster.read_sdn("pvesdn.cfg") == SWAPPED
    cluster.write_sdn("pvesdn.cfg", TWO_ZONES if is_swapped else SWAPPED)
    return PlanFlags()


def agreed(cluster: SimulatedCluster, tap: str) -> PlanFlags:
    return PlanFlags(detach_guests=True)


def crosses_unasked(
    cluster: SimulatedCluster,
    happens: Callable[[SimulatedCluster], None],
    follows: Callable[[SimulatedCluster, str], PlanFlags],
    network: Container[int],
    *,
    said: str,
    why: str,
    has_guest: bool,
) -> None:
    """What happens would take a guest of `web` into another network: it is refused, until somebody does what is said.

    :param said: the obstacle; `{tap}` is the guest's port. :param why: what the refused apply says.
    :param network: VNIs that `web` may have in the end.
    """
    cluster.write_sdn("pvesdn.cfg", TWO_ZONES)
    panel(cluster, "create", "zones", zone="lab", type="simple", mtu="1450", ipam="pve")
    agree(cluster)
    tap = cluster.plug_guest("pve2", "web", 100)
    before = links(cluster).links["vxlan_web"]
    happens(cluster)
    obstacles = {node.node: [str(found) for found in node.obstacles] for node in plan_of(cluster).nodes}
    assert obstacles == {"pve1": [], "pve2": [said.format(tap=tap)], "pve3": []}
    with pytest.raises(ApplyRefused, match=why):
        apply_to(cluster)
    assert links(cluster).links["vxlan_web"] == before
    report = apply_to(cluster, follows(cluster, tap))
    assert report.is_good, errors(report)
    for node in cluster.nodes:
        assert links(cluster, node).links["vxlan_web"]["info"]["id"] in network
    assert (links(cluster).links.get(tap, {}).get("master") == "web") is has_guest
    assert is_nothing(plan_of(cluster))
    assert failed(cluster) == []


@pytest.mark.parametrize(
    ("follows", "network", "has_guest"),
    [
        (unplugged, range(20000, 21000), False),
        (moved, [10001], True),
        (carried_instead, [10001], True),
        (agreed, range(20000, 21000), True),
    ],
    ids=["unplugged", "moved", "carried-instead", "agreed"],
)
@pytest.mark.parametrize(
    ("happens", "zones"), [(moved_to_the_other, ("lab", "lan")), (carried_by_the_other, ("lan", "lab"))]
)
def test_guests_do_not_cross_into_the_network_of_another_zone_unasked(
    standing: SimulatedCluster,
    happens: Callable[[SimulatedCluster], None],
    zones: tuple[str, str],
    follows: Callable[[SimulatedCluster, str], PlanFlags],
    network: Container[int],
    *,
    has_guest: bool,
) -> None:
    said = CROSSES.format(*zones, tap="{tap}")
    crosses_unasked(
        standing, happens, follows, network, said=said, why="in the network of zone 'prod'", has_guest=has_guest
    )


ONLY_DEV = TWO_ZONES.replace(OURS[OURS.index("evpn: prod") : OURS.index("exit:")], "").replace("zone prod", "zone dev")
PROD_IS_EMPTY = TWO_ZONES.replace("\tcarries lan\n\tvni-range 10000-10999\n", "")
CROSSES_FROM_NOWHERE = (
    "pve2: vnet 'web' is in zone 'lab' of PVE's, which zone 'dev' carries now, and its guests are in VNI 10001, which zone "
    "'prod' gave it: {tap}; unplug them, or keep their VNI: 'vnet: web' in pvesdn.cfg with zone dev and tag 10001; or use "
    "--detach-guests"
)


def pinned(cluster: SimulatedCluster, tap: str) -> PlanFlags:
    cluster.write_sdn("pvesdn.cfg", f"{cluster.read_sdn('pvesdn.cfg')}\nvnet: web\n\tzone dev\n\ttag 10001\n")
    return PlanFlags()


@pytest.mark.parametrize(
    ("follows", "vni", "has_guest"), [(unplugged, 20000, False), (pinned, 10001, True), (agreed, 20000, True)]
)
@pytest.mark.parametrize("ours", [ONLY_DEV, PROD_IS_EMPTY], ids=["gone", "empty"])
def test_guests_do_not_cross_unasked_though_the_zone_that_they_leave_is_gone(
    standing: SimulatedCluster,
    ours: str,
    follows: Callable[[SimulatedCluster, str], PlanFlags],
    vni: int,
    *,
    has_guest: bool,
) -> None:
    """Two zones become one: in the panel and in pvesdn.cfg."""

    def merges(cluster: SimulatedCluster) -> None:
        moved_to_the_other(cluster)
        panel(cluster, "delete", "vnets/db")
        panel(cluster, "delete", "zones/lan")
        cluster.write_sdn("pvesdn.cfg", ours)

    why = "its guests are in VNI 10001"
    crosses_unasked(standing, merges, follows, {vni}, said=CROSSES_FROM_NOWHERE, why=why, has_guest=has_guest)


@pytest.mark.parametrize(
    ("ours", "vni"),
    [
        (OURS.replace("10000-10999", "30000-30999"), 10001),
        (f"{OURS}\nvnet: web\n\tzone prod\n\ttag 77\n", 77),
        (OURS.replace("evpn: prod", "evpn: live").replace("zone prod", "zone live"), 10001),
    ],
    ids=["another-range", "a-pin", "another-name"],
)
def test_a_zone_that_is_edited_keeps_its_guests_without_a_flag(standing: SimulatedCluster, ours: str, vni: int) -> None:
    tap = standing.plug_guest("pve2", "web", 100)
    standing.write_sdn("pvesdn.cfg", ours)
    agree(standing)
    assert links(standing).links["vxlan_web"]["info"]["id"] == vni
    assert links(standing).links[tap]["master"] == "web"


@pytest.mark.parametrize("happens", [deleted_in_the_panel, moved_to_another_zone])
def test_a_vnet_that_is_kept_with_a_pin_is_kept_without_a_word_about_the_pin(
    standing: SimulatedCluster, happens: Callable[[SimulatedCluster], None]
) -> None:
    standing.write_sdn("pvesdn.cfg", f"{OURS}\nvnet: web\n\tzone prod\n\ttag 77\n")
    agree(standing)
    standing.plug_guest("pve2", "web", 100)
    happens(standing)
    agree(standing)
    assert links(standing).links["vxlan_web"]["info"]["id"] == 77
    assert [str(found) for found in plan_of(standing).findings if "vnet 'web'" in str(found)] == [
        str(found) for found in plan_of(standing).findings if "is kept" in str(found)
    ]
    assert is_nothing(plan_of(standing))


@pytest.mark.parametrize("is_detached", [False, True], ids=["unplugged", "detached"])
def test_a_vnet_that_moved_with_a_pin_goes_as_its_warning_says(
    standing: SimulatedCluster, *, is_detached: bool
) -> None:
    standing.write_sdn("pvesdn.cfg", f"{OURS}\nvnet: web\n\tzone prod\n\ttag 77\n")
    agree(standing)
    tap = standing.plug_guest("pve2", "web", 100)
    moved_to_another_zone(standing)
    agree(standing)
    if not is_detached:
        standing.nodes["pve2"].run("ip", "link", "delete", tap)
    report = apply_to(standing, PlanFlags(detach_guests=is_detached))
    assert report.is_good, errors(report)
    assert "vxlan_web" not in links(standing).links
    assert is_nothing(plan_of(standing))


def test_a_vnet_is_kept_by_its_zone_under_another_name(standing: SimulatedCluster) -> None:
    tap = standing.plug_guest("pve2", "web", 100)
    deleted_in_the_panel(standing)
    standing.write_sdn("pvesdn.cfg", OURS.replace("evpn: prod", "evpn: live").replace("zone prod", "zone live"))
    agree(standing)
    state = links(standing).links
    assert (state["vxlan_web"]["info"]["id"], state["vxlan_web"]["master"], state[tap]["master"]) == (
        10001,
        "web",
        "web",
    )
    assert state["web"]["master"] == "vrf_live"
    assert is_nothing(plan_of(standing))
    assert failed(standing) == []


def test_a_carried_zone_that_is_gone_stops_the_plan(standing: SimulatedCluster) -> None:
    before = links(standing).links
    for name in ("zones.cfg", "vnets.cfg", "subnets.cfg"):
        standing.write_sdn(name, "")
    press_apply(standing)
    with pytest.raises(SdnConfigError, match="PVE has no zone 'lan'"):
        plan_of(standing)
    kept = links(standing).links
    assert {name: link["master"] for name, link in kept.items()} == {n: link["master"] for n, link in before.items()}


def test_a_carried_zone_that_is_gone_is_told_by_whoever_only_looks_who_shows_the_rest(
    standing: SimulatedCluster, tmp_path: Path
) -> None:
    for name in ("zones.cfg", "vnets.cfg", "subnets.cfg"):
        standing.write_sdn(name, "")
    press_apply(standing)
    (gone,) = verified(standing)
    assert (gone.object, gone.found, gone.severity) == (
        "pvesdn.cfg:8: zone 'prod'",
        "PVE has no zone 'lan'",
        Severity.WARNING,
    )
    assert status_of(standing).uncarried == ()
    shell = Shell(standing, tmp_path)
    for verb in ("show", "status", "verify", "topology --format dot"):
        seen = shell.run(f"pvesdn {verb}")
        assert seen.status in {0, 3}, (verb, seen.err)
        assert "PVE has no zone 'lan'" in " ".join((seen.out + seen.err).split()), verb
    with locked_state(standing.nodes["pve2"].root) as state:
        state.links["vxlan_web"]["master"] = None
    assert "pve2: vxlan_web master: none" in failed(standing)


@pytest.mark.parametrize("mtu", ["9" * 5000, f"{'0' * 6}{'9' * 5000}"])
def test_whoever_only_looks_goes_on_though_our_file_of_a_zone_that_is_gone_has_an_mtu_of_any_length(
    standing: SimulatedCluster, mtu: str
) -> None:
    for name in ("zones.cfg", "vnets.cfg", "subnets.cfg"):
        standing.write_sdn(name, "")
    press_apply(standing)
    node = standing.nodes["pve2"]
    node.write(OUR_INTERFACES, re.sub("mtu [0-9]+", f"mtu {mtu}", node.read(OUR_INTERFACES) or ""))
    assert "PVE has no zone 'lan'" in {found.found for found in verified(standing)}


GIVEN_UP = OURS.replace("\tcarries lan\n\tvni-range 10000-10999\n", "")


@pytest.mark.parametrize("way", ["discarded", "given up"])
def test_a_carried_zone_whose_deletion_is_pending_stops_the_plan_and_both_ways_out_are_named(
    standing: SimulatedCluster, way: str
) -> None:
    for path in ("vnets/web/subnets/lan-10.0.2.0-24", "vnets/web", "vnets/db", "zones/lan"):
        panel(standing, "delete", path)
    with pytest.raises(SdnConfigError) as told:
        plan_of(standing)
    (line,) = told.value.lines
    assert line == (
        "pvesdn.cfg:8: zone 'prod': zone 'lan' of PVE's is deleted, and that is pending; `pvesh create "
        "/cluster/sdn/rollback` on a node discards what is pending; or remove carries and vni-range to give up its VNets"
    )
    if way == "discarded":
        assert standing.nodes["pve1"].run("pvesh", "create", "/cluster/sdn/rollback").returncode == 0
        assert plan_of(standing).is_empty
    else:
        standing.write_sdn("pvesdn.cfg", GIVEN_UP)
        agree(standing)
        assert not {"web", "db", "vxlan_web"} & links(standing).links.keys()


def test_an_apply_that_is_undone_leaves_the_vnis_for_the_next_one(cluster: SimulatedCluster) -> None:
    cluster.nodes["pve3"].break_command("ifreload", status=1, stderr="error: it is broken\n", times=1)
    report = apply_to(cluster)
    assert not report.is_good
    assert not {"web", "vxlan_web"} & links(cluster).links.keys()
    given = cluster.read_sdn(VNIS)
    assert vnis(cluster) == {"db": "10000", "web": "10001"}
    panel(cluster, "create", "vnets", vnet="aaa", zone="lan")
    agree(cluster)
    assert cluster.read_sdn(VNIS) == f"{given}vni: 10002\n\tvnet aaa\n\tzone prod\n\n"


def test_a_member_that_was_off_comes_back_into_no_vnet_of_others(standing: SimulatedCluster) -> None:
    standing.go_offline("pve3")
    standing.write_sdn("pvesdn.cfg", f"{OURS}\nvnet: web\n\tzone prod\n\ttag 77\n")
    assert not errors(apply_to(standing)).keys() - {"pve3"}
    panel(standing, "create", "vnets", vnet="api", zone="lan")
    assert not errors(apply_to(standing)).keys() - {"pve3"}
    standing.come_online("pve3")
    assert links(standing, "pve3").links["vxlan_web"]["info"]["id"] == 10001
    assert links(standing).links["vxlan_api"]["info"]["id"] == 10002
    agree(standing)
    assert links(standing, "pve3").links["vxlan_web"]["info"]["id"] == 77
    assert is_nothing(plan_of(standing))


def test_a_number_that_a_section_has_taken_over_stops_no_plan_while_a_member_is_off(standing: SimulatedCluster) -> None:
    pin = "\nvnet: web\n\tzone prod\n\ttag {}\n"
    lab = "\nvxlan: far\n\nvnet: lab\n\tzone far\n\ttag 7\n"
    for own in (OURS + pin.format(7), OURS + pin.format(8), OURS + pin.format(8) + lab):
        standing.write_sdn("pvesdn.cfg", own)
        agree(standing)
    assert is_nothing(plan_of(standing))
    standing.go_offline("pve3")
    assert plan_of(standing).vnis is None


def test_a_pin_that_is_undone_with_its_apply_and_removed_changes_no_vni(standing: SimulatedCluster) -> None:
    standing.write_sdn("pvesdn.cfg", f"{OURS}\nvnet: web\n\tzone prod\n\ttag 77\n")
    standing.nodes["pve3"].break_command("ifreload", status=1, stderr="error: it is broken\n", times=1)
    assert not apply_to(standing).is_good
    assert links(standing).links["vxlan_web"]["info"]["id"] == 10001
    standing.write_sdn("pvesdn.cfg", OURS)
    assert plan_of(standing).is_empty
    agree(standing)
    assert links(standing).links["vxlan_web"]["info"]["id"] == 10001
    assert is_nothing(plan_of(standing))


def test_who_goes_back_to_an_earlier_apply_has_the_vnet_with_its_vni(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", "") as cluster:
        shell = Shell(cluster, tmp_path)
        lan = {
            "zones.cfg": "simple: lan\n\tmtu 1450\n\n",
            "vnets.cfg": "vnet: db\n\tzone lan\n\nvnet: web\n\tzone lan\n\n",
        }
        shell.apply({"pvesdn.cfg": OURS, **lan})
        shell.apply({"pvesdn.cfg": OURS, **lan, "vnets.cfg": "vnet: web\n\tzone lan\n\n"})
        assert "vxlan_db" not in links(cluster).links
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 0, done.err
        assert links(cluster).links["vxlan_db"]["info"]["id"] == 10000
        assert is_nothing(plan_of(cluster))


def test_who_goes_back_to_before_a_pin_renumbers_no_vnet_that_runs(tmp_path: Path) -> None:
    with serving(tmp_path / "cluster", "") as cluster:
        shell = Shell(cluster, tmp_path)
        lan = {"zones.cfg": "simple: lan\n\tmtu 1450\n\n", "vnets.cfg": "vnet: web\n\tzone lan\n\n"}
        shell.apply({"pvesdn.cfg": OURS, **lan})
        shell.apply({"pvesdn.cfg": f"{OURS}\nvnet: web\n\tzone prod\n\ttag 77\n", **lan})
        done = shell.run("pvesdn rollback 1 --yes")
        assert done.status == 0, done.err
        kept = (
            "note: pvesdn-vnis.cfg: vnet 'web' keeps VNI 77, which pvesdn.cfg pins no more; to have another one, pin that: "
            "'vnet: web' in pvesdn.cfg with zone prod and the tag"
        )
        assert kept in done.err.splitlines()
        assert cluster.read_sdn("pvesdn.cfg") == OURS
        assert links(cluster).links["vxlan_web"]["info"]["id"] == 77
        assert is_nothing(plan_of(cluster))
        done = shell.apply({"pvesdn.cfg": f"{OURS}\nvnet: web\n\tzone prod\n\ttag 10000\n"})
        assert "note: " not in done.err
        assert links(cluster).links["vxlan_web"]["info"]["id"] == 10000


def test_a_gateway_that_is_drawn_while_a_member_is_off_is_told_of_pves_old_file_there(
    standing: SimulatedCluster, tmp_path: Path
) -> None:
    standing.go_offline("pve3")
    panel(standing, "create", "vnets/web/subnets", subnet="10.0.3.0/24", gateway="10.0.3.1", type="subnet")
    assert not errors(apply_to(standing)).keys() - {"pve3"}
    standing.come_online("pve3")
    planned = Shell(standing, tmp_path).run("pvesdn plan").out
    title = "  live state, which PVE has changed since it wrote its file there\n"
    assert f"{title}      ~ web, addresses: absent, expected 10.0.3.1/24\n" in planned
    assert "do not explain" not in planned
    cause = (
        "/etc/network/interfaces.d/sdn has version 1, and PVE runs version 2: the node was off, or its reload failed"
    )
    step = "pvesh set /nodes/pve3/network"
    told = {item.object: (item.cause, item.step) for item in verified(standing) if item.subject is Subject.DEVICE}
    assert told == {"web": (cause, step)}
    assert [node.drift for node in status_of(standing).nodes] == [Drift(), Drift(), Drift()]
    standing.nodes["pve3"].run("pvesh", "set", "/nodes/pve3/network")
    standing.wait_for_tasks(10)
    assert failed(standing) == []


def test_a_node_that_lacks_our_half_too_is_not_sent_to_load_pves_alone(standing: SimulatedCluster) -> None:
    standing.go_offline("pve3")
    panel(standing, "create", "vnets/db/subnets", subnet="10.0.3.0/24", gateway="10.0.3.1", type="subnet")
    assert not errors(apply_to(standing)).keys() - {"pve3"}
    standing.come_online("pve3")
    (old,) = [item for item in verified(standing) if item.trait == "version"]
    assert old.step == "pvesdn apply, which puts our file in place before the reload that rewrites PVE's"
    agree(standing)
    assert failed(standing) == []


def test_a_vnet_that_is_drawn_while_a_member_is_off_is_there_when_it_is_back(standing: SimulatedCluster) -> None:
    standing.go_offline("pve3")
    panel(standing, "create", "vnets", vnet="dmz", zone="lan")
    assert not errors(apply_to(standing)).keys() - {"pve3"}
    assert links(standing).links["vxlan_dmz"]["info"]["id"] == 10002
    standing.come_online("pve3")
    agree(standing)
    assert links(standing, "pve3").links["vxlan_dmz"]["info"]["id"] == 10002
    assert is_nothing(plan_of(standing))


def test_a_port_that_is_made_anew_comes_back_to_its_bridge_and_the_guest_though_ifup_failed_once(
    standing: SimulatedCluster,
) -> None:
    guest = standing.nodes["pve2"].plug_guest("web", 101)
    standing.nodes["pve2"].break_command("ifup", stderr="error: vxlan_web: it did not work\n", times=1)
    standing.write_sdn(VNIS, (standing.read_sdn(VNIS) or "").replace("10001", "10007"))
    report = apply_in(replace(world_of(standing), reloads_changed=True))
    assert report.is_good, errors(report)
    assert [node.note for node in report.nodes] == ["", "", ""]
    found = standing.nodes["pve2"].links()
    assert found["vxlan_web"]["info"]["id"] == 10007
    assert found["vxlan_web"]["master"] == found[guest]["master"] == "web"
