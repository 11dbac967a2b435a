"""A plan looks at what the nodes are doing: what has gone wrong there is a change to make, and an apply heals it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pvesdn.model.execution import ChangeFrr, FrrAction, LoadSysctl, PutInPlace, ReloadNetwork, Step
from pvesdn.model.files import ChangeSet, NodeChanges
from pvesdn.model.flags import PlanFlags
from pvesdn.model.report import Standing
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import (
    apply_to,
    draw,
    errors,
    everything,
    plan_of,
    serving,
)
from tests.cluster.standing import stand
from tests.cluster.test_verify import DAMAGES, ZERO, changed, frr, ran, typed, without

RELOAD, FRR_RELOAD, FRR_RESTART = ReloadNetwork(regenerate_frr=False), FrrAction.RELOAD, FrrAction.RESTART

HEALED: dict[str, tuple[Step, ...]] = {
    "bgpd dies": (ChangeFrr(FRR_RESTART),),
    "bfdd dies": (ChangeFrr(FRR_RESTART),),
    "FRR is stopped": (ChangeFrr(FRR_RESTART),),
    "a neighbor is removed in vtysh": (ChangeFrr(FRR_RELOAD),),
    "the AS number is changed in vtysh": (ChangeFrr(FRR_RESTART),),
    "a route target is removed in vtysh": (ChangeFrr(FRR_RELOAD),),
    "VNIs are no longer announced": (ChangeFrr(FRR_RELOAD),),
    "the L3VNI is removed in vtysh": (ChangeFrr(FRR_RELOAD),),
    "a VXLAN device is deleted": (RELOAD,),
    "a bridge is deleted": (RELOAD,),
    "a VRF is deleted": (RELOAD,),
    "an all-zero entry is deleted": (),
    "forwarding is switched off": (LoadSysctl(), RELOAD),
    "reverse paths are filtered": (LoadSysctl(),),
    "an MTU is lowered": (RELOAD,),
    "a MAC is changed": (ReloadNetwork(regenerate_frr=False, times=2),),
    "a gateway loses its address": (RELOAD,),
    "a port leaves its bridge": (RELOAD,),
    "a bridge leaves its VRF": (RELOAD,),
    "a device is down": (RELOAD,),
    "a VNI is another": (PutInPlace((), (), ("vxlan_web",)), RELOAD),
    "a UDP port is another": (PutInPlace((), (), ("vxlan_backup",)), RELOAD),
    "a VTEP is another": (PutInPlace((), (), ("vxlan_backup",)), RELOAD),
    "a port learns": (RELOAD,),
}
LEFT = {"a line is added in vtysh", "an all-zero entry is added"}
"""Those that verify tells and that a plan leaves alone."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedCluster]:
    """One for all: whoever damages it has it healed."""
    with serving(tmp_path_factory.mktemp("cluster")) as made:
        report = apply_to(made)
        assert report.is_good, errors(report)
        yield made


def of_pve2(changes: ChangeSet) -> NodeChanges:
    (found,) = [node for node in changes.nodes if node.node == "pve2"]
    assert {node.node for node in changes.nodes if not node.is_empty} <= {"pve2"}
    return found


def test_each_damage_is_healed_or_left() -> None:
    assert HEALED.keys() | LEFT == DAMAGES.keys()


@pytest.mark.parametrize("damage", sorted(HEALED))
def test_what_has_gone_wrong_is_a_change_and_an_apply_heals_it_by_the_narrowest_means(
    cluster: SimulatedCluster, damage: str
) -> None:
    DAMAGES[damage](cluster, "pve2")
    files = everything(cluster)
    changes = plan_of(cluster)
    node = of_pve2(changes)
    assert node.drift
    assert node.files == ()
    assert node.execution.steps == HEALED[damage]
    report = apply_to(cluster)
    assert report.is_good, errors(report)
    assert {outcome.node: outcome.standing for outcome in report.nodes}.keys() == {"pve2"}
    assert plan_of(cluster).is_empty
    after = everything(cluster)
    written = {name for name, (_, data) in after.items() if files.get(name, (0, b""))[1] != data}
    # A setting that somebody has changed counts as theirs from then on, should ours ever go.
    assert written <= {f"pve2/var/lib/pvesdn/{name}" for name in ("program.py", "written.json")}


@pytest.mark.parametrize("damage", sorted(LEFT))
def test_what_is_in_nobodys_way_is_left_to_verify(cluster: SimulatedCluster, damage: str) -> None:
    DAMAGES[damage](cluster, "pve2")
    assert plan_of(cluster).is_empty
    cluster.nodes["pve2"].run("systemctl", "restart", "frr")
    if "all-zero" in damage:
        cluster.nodes["pve2"].run("bridge", "fdb", "del", ZERO, "dev", "vxlan_backup", "dst", "192.168.0.99")


def test_sessions_that_do_not_come_up_are_no_change(cluster: SimulatedCluster) -> None:
    cluster.refuse_ssh("pve3")
    without("bgpd")(cluster, "pve3")
    assert plan_of(cluster).is_empty
    cluster.refuse_ssh("pve3", refuses=False)
    assert apply_to(cluster).is_good


def test_what_cannot_be_healed_is_told_and_nothing_is_put_back_for_it(cluster: SimulatedCluster) -> None:
    ran("ip", "link", "del", "web")(cluster, "pve2")
    cluster.nodes["pve2"].break_command("ifreload", status=0)
    report = apply_to(cluster)
    cluster.nodes["pve2"].mend_command("ifreload")
    assert "pve2: still not as it should be: web: expected" in errors(report)["pve2"]
    assert {outcome.standing for outcome in report.nodes} == {Standing.NEW}
    assert report.verdict is not None
    assert report.verdict.unhealed
    assert apply_to(cluster).is_good
    assert plan_of(cluster).is_empty


def test_edits_that_wait_for_a_reload_block_the_healing_as_they_block_any_other(cluster: SimulatedCluster) -> None:
    ran("ip", "link", "del", "web")(cluster, "pve2")
    place = cluster.nodes["pve2"].path("/etc/network/interfaces.new")
    place.write_text(cluster.nodes["pve2"].read("/etc/network/interfaces") or "", "utf-8")
    assert "interfaces.new" in str(of_pve2(plan_of(cluster)).obstacles[0])
    assert not of_pve2(plan_of(cluster, PlanFlags(interfaces_new=True))).obstacles
    place.unlink()
    assert apply_to(cluster).is_good


def test_a_source_line_that_is_lost_is_an_obstacle_and_no_change_that_would_come_again(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        node = cluster.nodes["pve2"]
        place = node.path("/etc/network/interfaces")
        place.write_text(place.read_text("utf-8").replace("source /etc/network/interfaces.d/*\n", ""), "utf-8")
        node.run("ifreload", "-a")
        found = of_pve2(plan_of(cluster))
        assert "does not source" in str(found.obstacles[0])
        assert not any(item.subject == "device" for item in found.drift)


def test_a_device_of_pves_that_is_gone_comes_back_by_a_reload(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        draw(cluster)
        assert apply_to(cluster).is_good
        ran("ip", "link", "del", "office")(cluster, "pve2")
        assert of_pve2(plan_of(cluster)).execution.steps == (RELOAD,)
        assert apply_to(cluster).is_good
        assert "office" in cluster.nodes["pve2"].links()
        assert plan_of(cluster).is_empty


def test_a_change_heals_what_has_gone_wrong_in_the_same_turn(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        stand(cluster)
        changed("web", mtu=1280)(cluster, "pve2")
        typed(" vni 4000\n", "")(cluster, "pve2")
        frr()(cluster, "pve2")
        cluster.write_sdn("pvesdn.cfg", (cluster.read_sdn("pvesdn.cfg") or "").replace("tag 3", "tag 30"))
        (node,) = [node for node in plan_of(cluster).nodes if node.node == "pve2"]
        assert {item.object for item in node.drift} >= {"web"}
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
