"""What PVE is about to write is tried out first. Whatever goes wrong before the commit, every node is as it was, byte
for byte, and PVE's definitions are still pending. The table: what happens in the window, and what the apply says to it.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.adapters.pve_api import PveApi
from pvesdn.compare.execution import execution_plan
from pvesdn.errors import ApplyRefused
from pvesdn.model.manner import Manner
from pvesdn.model.progress import Begun, Event, StepName
from pvesdn.model.report import ApplyReport, Outcome, Standing
from pvesdn.workflows.apply import apply
from pvesdn.workflows.confirmation import confirm, roll_back
from pvesdn.workflows.world import World
from pvesdn_lab.simulated import sdn_config
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.state import read_json
from pvesdn_lab.simulated.reload import reload_network
from tests.cluster.kit import PLANNER, PVE_SIMPLE, apply_to, draw, errors, plan_of, serving, state_of, world_of
from tests.cluster.nodes_alone import pass_time, reboot, traces
from tests.cluster.standing import stand
from tests.cluster.test_alone import LEFT_ALONE, Killed, KilledApi, UntilKilled, network_of
from tests.cluster.test_confirm import WINDOW, WindowClock, quick
from tests.cluster.test_frr_changes_hands import PVE_EVPN

SDN, FRR = "/etc/network/interfaces.d/sdn", "/etc/frr/frr.conf"
LOCK = ".lock"
NAT = ("iptables nat POSTROUTING", "iptables raw PREROUTING")


def drawn_beside_ours(cluster: SimulatedCluster) -> None:
    """Our network stands, and in PVE's panel somebody has drawn an EVPN zone: frr.conf changes hands with it."""
    stand(cluster)
    cluster.plug_guest("pve2", "web", 100)
    draw(cluster, PVE_EVPN)


def texts(cluster: SimulatedCluster) -> dict[str, tuple[str | None, str | None]]:
    return {name: (node.read(SDN), node.read(FRR)) for name, node in cluster.nodes.items()}


class Stage:
    """A world in which something happens once at a call: after it, or in its place."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self.cluster = cluster
        self.world: World = world_of(cluster)

    def before(self, part: object, call: str, happens: Callable[[], object]) -> None:
        real, pending = getattr(part, call), [happens]

        def called(*words: object, **named: object) -> object:
            while pending:
                pending.pop()()
            return real(*words, **named)

        setattr(part, call, called)

    def before_the_dry_run(self, happens: Callable[[], object]) -> None:
        """All nodes are verified; what they have is about to be compared."""
        self.before(self.world.nodes, "read", lambda: None)
        self.before(self.world.api, "dry_run", happens)

    def when_verified(self, happens: Callable[[], object]) -> None:
        """The last node has been verified, and nothing has been held against PVE yet."""
        observer = self.world.observer
        real = observer.tell

        def tell(event: Event) -> None:
            if event == Begun("pve1", StepName.COMPARED):
                happens()
            real(event)

        observer.tell = tell  # type: ignore[method-assign]

    def when_all_are_reloaded(self, happens: Callable[[], object]) -> None:
        real, left = self.world.nodes.reload, set(self.cluster.nodes)

        def reloaded(node: str) -> None:
            real(node)
            left.discard(node)
            if not left:
                happens()

        self.world.nodes.reload = reloaded  # type: ignore[method-assign]


def broken_ifreload(stage: Stage) -> None:
    stage.cluster.nodes["pve3"].break_command("ifreload", status=1, stderr="error: office: it did not work\n", times=1)


def broken_frr(stage: Stage) -> None:
    node = stage.cluster.nodes["pve3"]
    node.break_command("frr-reload.py", status=1, stderr="% Unknown command\n", times=1)


def device_gone(stage: Stage) -> None:
    node = stage.cluster.nodes["pve2"]
    stage.when_all_are_reloaded(lambda: node.run("ip", "link", "del", "vxlan_office"))


def foreign_reload(stage: Stage) -> None:
    """Somebody applies a node's network configuration in the panel: PVE writes the text of what is committed."""
    cluster = stage.cluster
    stage.when_verified(lambda: reload_network(cluster.world, "pve2", lambda _: None, regenerate_frr=None))


def dry_run_disagrees(stage: Stage) -> None:
    """PVE's generator is not what we think it is."""
    text = stage.cluster.world.text
    stage.when_verified(lambda: setattr(text, "extra", "\tmtu 1400\n"))


def dry_run_dies(stage: Stage) -> None:
    stage.cluster.sim.fail("GET", "/cluster/sdn/dry-run", 500, "can't find zone at /usr/share/perl5/PVE")


def commit_refused(stage: Stage) -> None:
    stage.cluster.sim.fail("PUT", "/cluster/sdn", 500, "cfs-lock 'domain-sdn' error: got lock request timeout")


def lock_forced(stage: Stage) -> None:
    stage.when_verified((stage.cluster.folder / "pve/sdn/.lock").unlink)


def edited(stage: Stage) -> None:
    stage.when_verified(lambda: stage.cluster.write_sdn("vnets.cfg", PVE_EVPN["vnets.cfg"].replace("77", "78")))


BEFORE_THE_COMMIT: dict[str, tuple[Callable[[Stage], None], str]] = {
    "ifreload fails on one node": (broken_ifreload, "pve3: ifreload -a ended with status 1: error: office"),
    "FRR refuses its text": (broken_frr, "pve3: .*frr-reload.py .*Unknown command"),
    "a check fails": (device_gone, "pve2: .*vxlan_office"),
    "somebody reloads a node": (foreign_reload, r"pve2: .*interfaces\.d/sdn.* is not what was rehearsed"),
    "PVE would write something else": (dry_run_disagrees, r"interfaces\.d/sdn: PVE would write something else: .*1400"),
    "PVE's generator dies": (dry_run_dies, "PVE cannot say what it would write: .*can't find zone"),
    "the commit is refused": (commit_refused, "were not committed: .*got lock request timeout"),
    "the lock is forced away": (lock_forced, "somebody has taken away the lock"),
    "definitions are edited": (edited, r"edited since the plan was shown: vnets\.cfg|would write something else"),
}


@pytest.mark.parametrize(("fault", "said"), BEFORE_THE_COMMIT.values(), ids=BEFORE_THE_COMMIT)
def test_whatever_goes_wrong_before_the_commit_every_node_is_as_before_and_pve_is_still_pending(
    tmp_path: Path, fault: Callable[[Stage], None], said: str
) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        before, changes, stage = state_of(cluster), plan_of(cluster), Stage(cluster)
        fault(stage)
        report = apply(stage.world, changes, PLANNER)
        told = "\n".join([report.commit_error, *errors(report).values()])
        assert re.search(said, told), told
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert report.commit is not Outcome.OK
        cluster.regain_quorum()
        assert state_of(cluster) == before
        assert cluster.read_sdn(LOCK) is None
        assert traces(cluster) == []
        cluster.sim.failures.clear()
        cluster.world.text.extra = ""
        again = apply_to(cluster)
        assert again.is_good, errors(again)
        assert plan_of(cluster).is_empty


def test_a_quorum_that_is_lost_at_the_commit_keeps_pves_lock_until_there_is_one_again(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        before, stage = network_of(cluster), Stage(cluster)
        stage.before(stage.world.api, "apply_sdn", cluster.lose_quorum)
        report = apply(stage.world, plan_of(cluster), PLANNER)
        assert "were not committed" in report.commit_error
        for node in report.nodes:
            assert node.standing is Standing.NOT_PUT_BACK
            assert any(
                left.startswith("PVE's definitions are still locked by this apply: /etc/pve/sdn/.lock")
                for left in node.left
            )
        assert network_of(cluster) == before
        cluster.regain_quorum()
        pass_time(cluster, 3600.0)
        assert network_of(cluster) == before
        assert cluster.read_sdn(LOCK) is None
        assert traces(cluster) == []
        assert apply_to(cluster).is_good


def test_pve_writes_what_was_rehearsed_byte_for_byte_and_its_own_reload_changes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        stage, seen = Stage(cluster), dict[str, object]()
        stage.before(
            stage.world.api, "apply_sdn", lambda: seen.update(rehearsed=texts(cluster), before=state_of(cluster))
        )
        report = apply(stage.world, plan_of(cluster), PLANNER)
        assert report.is_good, errors(report)
        assert report.commit is Outcome.OK
        assert texts(cluster) == seen["rehearsed"]
        assert plan_of(cluster).is_empty
        for name in cluster.nodes:
            reload_network(cluster.world, name, lambda _: None, regenerate_frr=None)
        assert texts(cluster) == seen["rehearsed"]
        assert cluster.nodes["pve2"].links()["tap100i0"]["master"] == "web"


def test_a_rehearsal_alone_leaves_every_node_as_it_was_and_is_no_failure(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        before = state_of(cluster)
        report = apply(world_of(cluster), plan_of(cluster), PLANNER, Manner(commits=False))
        assert report.is_good, errors(report)
        assert report.is_rehearsal
        assert report.commit is Outcome.SKIPPED
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert all(step in {s.step for s in node.steps} for node in report.nodes for step in ("reloaded", "verified"))
        assert state_of(cluster) == before
        assert cluster.read_sdn(LOCK) is None
        assert plan_of(cluster).pending
        assert apply_to(cluster).is_good


def test_a_node_without_frr_and_without_a_vrf_rehearses_what_pve_writes_there(tmp_path: Path) -> None:
    with serving(tmp_path, "") as cluster:
        node = cluster.nodes["pve3"]
        node.set_version("frr", None)
        shutil.rmtree(node.path("/etc/frr"))
        drawn = {
            "controllers.cfg": PVE_EVPN["controllers.cfg"].replace(",192.168.0.3", ""),
            "zones.cfg": PVE_EVPN["zones.cfg"].replace("\n\n", "\n\tnodes pve1,pve2\n\n") + PVE_SIMPLE["zones.cfg"],
            "vnets.cfg": PVE_EVPN["vnets.cfg"] + PVE_SIMPLE["vnets.cfg"].replace("office", "home"),
        }
        draw(cluster, drawn)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert "compared" in {step.step for outcome in report.nodes for step in outcome.steps}
        assert "iface home" in (node.read(SDN) or "")
        assert node.read(FRR) is None
        assert plan_of(cluster).is_empty


TRANSLATED = {**PVE_SIMPLE, "subnets.cfg": "subnet: lan-10.7.0.0-24\n\tvnet office\n\tgateway 10.7.0.1\n\tsnat 1\n\n"}


def test_pves_source_nat_is_there_once_after_a_commit_and_gone_with_its_zone(tmp_path: Path) -> None:
    def rules() -> dict[str, int]:
        chains = [read_json(node.root, "netfilter", {}) for node in cluster.nodes.values()]
        return {name: sum(len(found.get(name, [])) for found in chains) for name in NAT}

    with serving(tmp_path, definitions="") as cluster:
        draw(cluster)
        assert apply_to(cluster).is_good
        cluster.write_sdn("subnets.cfg", TRANSLATED["subnets.cfg"])
        assert apply(world_of(cluster), plan_of(cluster), PLANNER, Manner(commits=False)).is_good
        assert rules() == dict.fromkeys(NAT, 0)
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        once = dict.fromkeys(NAT, len(cluster.nodes))
        assert rules() == once
        for name in TRANSLATED:
            cluster.write_sdn(name, "")
        assert apply(world_of(cluster), plan_of(cluster), PLANNER, Manner(commits=False)).is_good
        assert rules() == once
        for name in cluster.nodes:  # as in the panel: each adds a rule once more
            reload_network(cluster.world, name, lambda _: None, regenerate_frr=None)
        assert rules() != once
        assert apply_to(cluster).is_good
        assert rules() == dict.fromkeys(NAT, 0)


def test_without_anything_pending_there_is_no_commit_to_stop_before(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        with pytest.raises(ApplyRefused, match=r"nothing of PVE's is pending.*apply without --no-commit"):
            apply(world_of(cluster), plan_of(cluster), PLANNER, Manner(commits=False))
        assert apply(world_of(cluster), plan_of(cluster), PLANNER).is_good


# --- what PVE does by itself, or others by it ------------------------------------------------------------------------


def committed_at_a_boot(cluster: SimulatedCluster) -> None:
    """`pve-sdn-commit` on a node that no apply has armed: for the whole cluster, and its own files alone."""
    sdn_config.commit(cluster.world.pmxcfs.sdn, cluster.world.character.kinds)


def test_who_commits_in_the_middle_of_a_rehearsal_that_fails_keeps_every_node_as_rehearsed(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        stage = Stage(cluster)
        stage.when_verified(lambda: committed_at_a_boot(cluster))
        report = apply(stage.world, plan_of(cluster), PLANNER)
        assert not report.is_good
        assert {node.standing for node in report.nodes} == {Standing.NEW}
        assert traces(cluster) == []
        assert cluster.read_sdn(LOCK) is None
        again = plan_of(cluster)
        assert not again.pending
        assert [file.path for node in again.nodes for file in node.files] == []


def test_a_node_whose_own_task_fails_at_the_commit_is_told_and_the_others_are_new(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        stage, node = Stage(cluster), cluster.nodes["pve3"]
        stage.before(
            stage.world.api,
            "apply_sdn",
            lambda: node.break_command("ifreload", status=1, stderr="error: office: no\n", times=1),
        )
        report = apply(stage.world, plan_of(cluster), PLANNER)
        assert report.commit is Outcome.OK
        assert set(errors(report)) == {"pve3"}
        assert apply_to(cluster).is_good
        assert plan_of(cluster).is_empty


# --- nobody is left --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["reload", "read"])
def test_a_run_that_is_killed_in_a_rehearsal_is_put_back_by_the_nodes_with_pves_lock(tmp_path: Path, verb: str) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        before, world = network_of(cluster), world_of(cluster)
        transport = UntilKilled(cluster, "pve2", verb, is_heard=True)
        world = replace(world, nodes=ProgramAgent(transport))
        api = KilledApi(cluster, world.api, transport, is_heard=False)
        with pytest.raises(Killed):
            apply(replace(world, api=api), plan_of(cluster), PLANNER)  # type: ignore[arg-type]
        assert cluster.read_sdn(LOCK)
        pass_time(cluster, LEFT_ALONE)
        assert network_of(cluster) == before
        assert traces(cluster) == []
        assert cluster.read_sdn(LOCK) is None
        assert apply_to(cluster).is_good


def test_a_node_that_is_restarted_in_a_rehearsal_comes_up_as_it_was_and_nothing_is_committed(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        before = {path: cluster.nodes["pve2"].read(path) for path in (SDN, FRR)}
        stage = Stage(cluster)
        stage.when_verified(lambda: reboot(cluster.nodes["pve2"]))
        report = apply(stage.world, plan_of(cluster), PLANNER)
        assert not report.is_good
        pass_time(cluster, LEFT_ALONE)
        assert {path: cluster.nodes["pve2"].read(path) for path in (SDN, FRR)} == before
        assert plan_of(cluster).pending
        assert traces(cluster) == []
        assert apply_to(cluster).is_good


# --- confirmed before the commit -------------------------------------------------------------------------------------


def waiting(cluster: SimulatedCluster, *happens: Callable[[], object]) -> ApplyReport:
    world = world_of(cluster)
    real = world.api.apply_sdn

    def committed(token: str | None = None) -> str:
        upid = real(token)
        cluster.wait_for_tasks(10)
        return upid

    world.api.apply_sdn = committed  # type: ignore[method-assign]
    return apply(replace(world, clock=WindowClock(*happens)), plan_of(cluster), PLANNER, Manner(confirm_within=WINDOW))


def test_pve_commits_only_when_somebody_has_confirmed(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        pending, found = [], []
        report = waiting(
            cluster,
            lambda: pending.append(bool(plan_of(cluster).pending)),
            lambda: found.append(confirm(quick(cluster), None)),
        )
        assert pending == [True]
        assert found[0] is not None
        assert all(there.rehearses for there in found[0].nodes.values())  # which `confirm` says
        assert report.is_good, errors(report)
        assert report.commit is Outcome.OK
        assert plan_of(cluster).is_empty
        assert traces(cluster) == []


NOT_CONFIRMED: dict[str, Callable[[SimulatedCluster], object]] = {
    "nobody says anything": lambda cluster: pass_time(cluster, WINDOW + 1),
    "somebody rolls back": lambda cluster: roll_back(quick(cluster), None),
}


@pytest.mark.parametrize("happens", NOT_CONFIRMED.values(), ids=NOT_CONFIRMED)
def test_what_was_not_confirmed_is_put_back_and_not_committed(
    tmp_path: Path, happens: Callable[[SimulatedCluster], object]
) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        before = state_of(cluster)
        report = waiting(cluster, lambda: happens(cluster))
        assert report.is_unconfirmed
        assert "nobody has confirmed" in report.commit_error
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert state_of(cluster) == before
        assert plan_of(cluster).pending
        assert cluster.read_sdn(LOCK) is None


def test_what_somebody_reloads_after_the_confirmation_is_found_before_the_commit(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        before = state_of(cluster)

        def confirmed_and_reloaded() -> None:
            confirm(quick(cluster), None)
            reload_network(cluster.world, "pve2", lambda _: None, regenerate_frr=None)

        report = waiting(cluster, confirmed_and_reloaded)
        assert not report.is_good
        assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
        assert state_of(cluster) == before
        assert plan_of(cluster).pending


# --- a PVE that pvesdn does not know ---------------------------------------------------------------------------------


def test_a_newer_pve_commits_unrehearsed_only_when_told(tmp_path: Path) -> None:
    with serving(tmp_path, "") as cluster:
        cluster.nodes["pve2"].set_version("libpve-network-perl", "1.4.0")
        draw(cluster)
        before, changes = state_of(cluster), plan_of(cluster)
        with pytest.raises(ApplyRefused, match=r"pve2: libpve-network-perl 1\.4\.0 is newer .*--commit-unrehearsed"):
            apply(world_of(cluster), changes, PLANNER)
        with pytest.raises(ApplyRefused, match="cannot be tried out"):
            apply(world_of(cluster), changes, PLANNER, Manner(commits=False))
        assert state_of(cluster) == before
        report = apply(world_of(cluster), changes, PLANNER, Manner(commit_unrehearsed=True))
        assert report.is_good, errors(report)
        assert "verified" in {step.step for node in report.nodes for step in node.steps}
        assert plan_of(cluster).is_empty


def test_who_may_not_see_a_dry_run_is_told_before_anything(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        drawn_beside_ours(cluster)
        changes, before = plan_of(cluster), state_of(cluster)
        grants = (("/", "SDN.Audit"), ("/", "SDN.Allocate"), ("/", "Sys.Modify"))
        world = replace(world_of(cluster), api=PveApi(cluster.token_settings(*grants)))
        with pytest.raises(Exception, match=r"Sys\.Audit"):
            apply(world, changes, PLANNER)
        assert state_of(cluster) == before


# --- what all nodes have to agree in ----------------------------------------------------------------------------------

AGREED = {
    "another AS number": ("controllers.cfg", "asn 1234", "asn 4321"),
    "another VNI": ("vnets.cfg", "tag 77", "tag 78"),
    "another L3VNI": ("zones.cfg", "vrf-vxlan 5000", "vrf-vxlan 5001"),
}


@pytest.mark.parametrize(("name", "old", "new"), AGREED.values(), ids=AGREED)
def test_what_nodes_have_to_agree_in_is_rehearsed_on_all_at_once(tmp_path: Path, name: str, old: str, new: str) -> None:
    with serving(tmp_path, "") as cluster:
        draw(cluster, PVE_EVPN)
        assert apply_to(cluster).is_good
        cluster.write_sdn(name, PVE_EVPN[name].replace(old, new))
        order = execution_plan(plan_of(cluster)).order
        assert (order.has_canary, [len(there) for there in order.rounds]) == (False, [3])
        report = apply_to(cluster)
        assert report.is_good, errors(report)
        assert plan_of(cluster).is_empty
