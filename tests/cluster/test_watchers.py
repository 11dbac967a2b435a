"""The watchers of a whole simulated cluster, tick by tick: who acts, when, and how often."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from pvesdn.errors import ApplyRefused
from pvesdn.watcher.service import RESULT, Hands, Service
from pvesdn.watcher.sight import Eyes
from pvesdn.watcher.turns import AGAIN, KEPT, LOOK, SETTLED, SOON, VERIFY, Turns
from pvesdn.workflows.history import apply_on_record
from pvesdn.workflows.lock import alone
from pvesdn.workflows.watch import SEEN_TO, WatchAction, watch_once
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cli.kit import UCAST
from tests.cluster.kit import PLANNER, after_reloads, draw, plan_of, serving, world_of
from tests.cluster.test_carried import OURS as CARRYING
from tests.cluster.test_carried import is_nothing, links, panel, press_apply
from tests.cluster.test_one_sided import ALL, TWO, has_device, pves
from tests.cluster.test_one_sided import OURS as BESIDE
from tests.task_clock import TaskClock

TICK = 5.0
OURS = "/etc/network/interfaces.d/pvesdn"


@dataclass
class Watcher(Hands):
    """The watcher of one node. What it starts is over at once, unless it is held up.

    :ivar started: what it has started, with the time.
    :ivar told: the reasons of its looks.
    """

    cluster: SimulatedCluster
    node: str
    folder: Path
    action: WatchAction
    state: str | None = None
    now: float = 0.0
    started: list[tuple[float, str]] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    applies: int = 0
    failure: Exception | None = None
    meanwhile: Callable[[str], object] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.service = Service(self.eyes(), Turns(), self, str(self.folder))

    def eyes(self) -> Eyes:
        return Eyes(list(SEEN_TO), str(self.cluster.nodes[self.node].root))

    def start(self, what: str) -> int:
        self.started.append((self.now, what))
        self.status = self.look() if what == LOOK else 0
        return 4711

    def ended(self, pid: int) -> int | None:
        return self.status

    def signal(self, pid: int, *, is_last: bool) -> None: ...

    def say(self, text: str) -> None:
        self.told.append(text)

    def look(self) -> int:
        if self.failure is not None:
            return 1
        world = replace(world_of(self.cluster), local_node=self.node)
        # Everybody has the same clock, which the test moves.
        assert isinstance(world.clock, TaskClock)
        world.clock.skipped = self.now
        if self.meanwhile is not None:
            after_reloads(world, self.cluster, self.meanwhile)
        try:
            report = watch_once(world, self.state, PLANNER, action=self.action, remember=self.remember)
        except ApplyRefused as error:
            self.told.append(error.message)
            return 1
        self.state = report.state
        self.told.append(report.reason)
        self.applies += report.report is not None and not (report.changes is None or report.changes.is_empty)
        (self.folder / RESULT).write_text(json.dumps({"is_settled": report.is_settled, "keeps": report.keeps}))
        return 0

    def remember(self, state: str) -> None:
        self.state = state

    def looks(self) -> list[float]:
        return [when for when, what in self.started if what == LOOK]


@dataclass
class Watchers:
    """Those of all nodes, and the time.

    :ivar off: nodes that have lost power.
    """

    cluster: SimulatedCluster
    folder: Path
    action: WatchAction = "apply"
    now: float = 0.0
    off: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.of = {node: self.begin(node) for node in self.cluster.nodes}

    def begin(self, node: str) -> Watcher:
        return Watcher(self.cluster, node, self.folder / node, self.action)

    def tick(self, node: str) -> None:
        self.of[node].now = self.now
        self.of[node].service.tick(self.now)

    def pass_time(self, seconds: float) -> None:
        end = self.now + seconds
        while self.now < end:
            self.now += TICK
            self.cluster.count_changes()
            for node in self.of:
                if node not in self.off:
                    self.tick(node)

    def lose_power(self, node: str) -> None:
        self.off.add(node)
        self.cluster.go_offline(node)

    def applies(self) -> dict[str, int]:
        return {node: watcher.applies for node, watcher in self.of.items()}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[SimulatedCluster]:
    with serving(tmp_path / "cluster", UCAST) as made:
        yield made


@pytest.fixture
def watchers(cluster: SimulatedCluster, tmp_path: Path) -> Watchers:
    """Of a cluster that has what is defined."""
    made = Watchers(cluster, tmp_path)
    made.pass_time(200)
    assert made.applies() == {"pve1": 1, "pve2": 0, "pve3": 0}
    assert plan_of(cluster).is_empty
    return made


def edited(cluster: SimulatedCluster, number: int) -> None:
    """pvesdn.cfg, written anew by somebody who is done for some time as far as the clock of its file goes."""
    cluster.write_sdn("pvesdn.cfg", UCAST.replace("tag 3", f"tag {number}"))
    long_ago(cluster, number)


def long_ago(cluster: SimulatedCluster, number: int) -> None:
    import os

    file = cluster.world.pmxcfs.sdn / "pvesdn.cfg"
    os.utime(file, (time.time() - 10_000 + number,) * 2)


def test_the_online_member_with_the_lowest_id_acts_and_the_others_start_nothing(watchers: Watchers) -> None:
    assert [what for _, what in watchers.of["pve1"].started if what == LOOK]
    assert watchers.of["pve2"].looks() == watchers.of["pve3"].looks() == []
    assert watchers.of["pve2"].service.standing == (
        "standing by: pve1 is the online member with the lowest id; the watch there acts for all, if it runs"
    )


def test_while_nothing_happens_nothing_is_started(watchers: Watchers) -> None:
    before = {node: list(watcher.started) for node, watcher in watchers.of.items()}
    watchers.pass_time(24 * 60)
    assert {node: watcher.started for node, watcher in watchers.of.items()} == before


def test_a_change_is_applied_once_it_has_settled(cluster: SimulatedCluster, watchers: Watchers) -> None:
    edited(cluster, 4)
    watchers.pass_time(SETTLED)
    assert watchers.applies()["pve1"] == 1
    watchers.pass_time(TICK)
    assert watchers.applies() == {"pve1": 2, "pve2": 0, "pve3": 0}
    assert "vxlan-id 4" in cluster.nodes["pve3"].path(OURS).read_text()


def test_a_hundred_changes_in_ten_seconds_are_one_apply(cluster: SimulatedCluster, watchers: Watchers) -> None:
    begun = watchers.now
    for number in range(100):
        edited(cluster, 100 + number)
        if number % 50 == 0:
            watchers.pass_time(TICK)
    watchers.pass_time(120)
    assert watchers.applies() == {"pve1": 2, "pve2": 0, "pve3": 0}
    assert len([when for when in watchers.of["pve1"].looks() if when > begun]) <= 2
    assert "vxlan-id 199" in cluster.nodes["pve2"].path(OURS).read_text()


def test_changes_that_never_end_are_applied_after_five_minutes(cluster: SimulatedCluster, watchers: Watchers) -> None:
    for number in range(62):
        edited(cluster, 100 + number)
        watchers.pass_time(TICK)
    assert watchers.applies()["pve1"] == 2


def test_somebody_elses_change_in_the_same_second_is_seen(cluster: SimulatedCluster, watchers: Watchers) -> None:
    draw(cluster)  # which pmxcfs counts
    watchers.pass_time(60)
    assert watchers.applies()["pve1"] == 2
    assert "office" in cluster.nodes["pve2"].path("/etc/network/interfaces.d/sdn").read_text()


def test_a_node_that_joins_is_meshed_by_nobody_typing_anything(cluster: SimulatedCluster, watchers: Watchers) -> None:
    cluster.join("pve4", "192.168.0.4/24")
    watchers.pass_time(60)
    assert watchers.applies()["pve1"] == 2
    assert "192.168.0.4" in cluster.nodes["pve1"].path(OURS).read_text()
    assert cluster.nodes["pve4"].path(OURS).is_file()
    assert plan_of(cluster).is_empty


@pytest.mark.parametrize(("peers", "nodes"), [(ALL, ""), (TWO, "pve1,pve2")], ids=["on all nodes", "on two nodes"])
def test_a_node_that_joins_beside_an_evpn_zone_of_pves_gets_bgp_of_pves_and_what_is_ours_once(
    tmp_path: Path, peers: str, nodes: str
) -> None:
    """PVE sets up BGP on every node, and nobody has a session with one that no list of peers has."""
    with serving(tmp_path / "cluster", BESIDE) as cluster:
        draw(cluster, pves(peers, nodes=nodes))
        watchers = Watchers(cluster, tmp_path)
        watchers.pass_time(60)
        assert watchers.applies()["pve1"] == 1
        cluster.join("pve4", "192.168.0.4/24")
        watchers.of["pve4"] = watchers.begin("pve4")
        watchers.pass_time(60)
        assert [has_device(cluster, node, "vxlan_mine") for node in cluster.nodes] == [True] * 4
        assert has_device(cluster, "pve4", "vxlan_wb") is (nodes == "")
        assert "192.168.0.4" in (cluster.nodes["pve1"].read(OURS) or "")
        assert "router bgp 65000" in cluster.nodes["pve4"].frr()["config"]
        assert is_nothing(plan_of(cluster))
        watchers.pass_time(3700)
        assert watchers.applies() == {"pve1": 2, "pve2": 0, "pve3": 0, "pve4": 0}
        assert not any("failed" in reason or "did not finish" in reason for reason in watchers.of["pve1"].told)


def test_where_the_settings_say_report_nothing_is_touched(cluster: SimulatedCluster, tmp_path: Path) -> None:
    watchers = Watchers(cluster, tmp_path, action="report")
    watchers.pass_time(60)
    assert "first look" in watchers.of["pve1"].told
    assert not cluster.nodes["pve1"].path(OURS).exists()
    assert sum(watchers.applies().values()) == 0


def test_another_takes_over_within_a_minute_when_the_acting_node_dies(
    cluster: SimulatedCluster, watchers: Watchers
) -> None:
    watchers.lose_power("pve1")
    edited(cluster, 5)
    cluster.world.api_node = "pve2"
    watchers.pass_time(60)
    assert watchers.applies() == {"pve1": 1, "pve2": 1, "pve3": 0}
    assert "vxlan-id 5" in cluster.nodes["pve3"].path(OURS).read_text()


def test_without_a_quorum_nobody_acts_and_with_it_somebody_does(cluster: SimulatedCluster, watchers: Watchers) -> None:
    cluster.lose_quorum()
    edited(cluster, 6)
    watchers.pass_time(600)
    assert watchers.applies()["pve1"] == 1
    assert {watcher.service.standing for watcher in watchers.of.values()} == {"standing by: the cluster has no quorum"}
    assert [node for node, watcher in watchers.of.items() if watcher.eyes().look().tells] == ["pve1"]
    cluster.regain_quorum()
    watchers.pass_time(60)
    assert watchers.applies() == {"pve1": 2, "pve2": 0, "pve3": 0}


def test_a_second_one_that_takes_itself_for_the_first_does_not_act_while_the_first_does(
    cluster: SimulatedCluster, watchers: Watchers
) -> None:
    second = watchers.of["pve2"]

    def deposed(node: str) -> None:
        file = cluster.nodes["pve2"].path("/etc/pve/.members")
        document = json.loads(file.read_text())
        document["nodelist"]["pve1"]["online"] = 0
        file.write_text(json.dumps(document))
        for _ in range(4):
            watchers.now += TICK
            watchers.tick("pve2")

    watchers.of["pve1"].meanwhile = deposed
    edited(cluster, 7)
    watchers.pass_time(SETTLED + TICK)
    assert watchers.applies() == {"pve1": 2, "pve2": 0, "pve3": 0}
    assert any(reason.startswith("standing by: another apply is at work") for reason in second.told)


def test_what_waited_for_another_apply_looks_again_soon(watchers: Watchers, tmp_path: Path) -> None:
    first = watchers.of["pve1"]
    first.service.ask(watchers.now)
    watchers.tick("pve1")
    (first.folder / RESULT).write_text('{"is_settled": false}')
    before = len(first.looks())
    watchers.pass_time(SOON + 2 * TICK)
    assert len(first.looks()) == before + 1


def test_a_look_that_fails_is_tried_less_and_less_often_and_at_once_after_a_change(
    cluster: SimulatedCluster, watchers: Watchers
) -> None:
    first = watchers.of["pve1"]
    first.failure = OSError("the API is down")
    begun = watchers.now
    edited(cluster, 8)
    watchers.pass_time(3600)
    looks = [when - begun for when in first.looks() if when > begun]
    assert looks[0] <= SETTLED + TICK
    assert AGAIN <= looks[1] - looks[0] <= AGAIN + 2 * TICK
    assert len(looks) < 10
    first.failure = None
    edited(cluster, 9)
    watchers.pass_time(SETTLED + TICK)
    assert watchers.applies()["pve1"] == 2


def test_pmxcfs_that_goes_away_is_waited_for(cluster: SimulatedCluster, watchers: Watchers) -> None:
    members = cluster.nodes["pve1"].path("/etc/pve/.members")
    text = members.read_text()
    members.unlink()
    before = watchers.of["pve1"].looks()
    watchers.pass_time(120)
    assert watchers.of["pve1"].service.standing.startswith("cannot look: ")
    members.write_text(text[: len(text) // 2])
    watchers.pass_time(TICK)
    assert "is no JSON of pmxcfs" in watchers.of["pve1"].service.standing
    assert watchers.of["pve1"].looks() == before
    members.write_text(text)
    edited(cluster, 9)
    watchers.pass_time(60)
    assert watchers.applies()["pve1"] == 2


def test_each_node_is_verified_after_its_boot_and_after_a_reload_but_not_after_our_own_apply(
    cluster: SimulatedCluster, watchers: Watchers
) -> None:
    def verified() -> dict[str, int]:
        return {node: [what for _, what in made.started].count(VERIFY) for node, made in watchers.of.items()}

    assert verified() == {"pve1": 1, "pve2": 1, "pve3": 1}
    edited(cluster, 10)
    watchers.pass_time(120)
    assert watchers.applies()["pve1"] == 2
    assert verified() == {"pve1": 1, "pve2": 1, "pve3": 1}
    file = cluster.nodes["pve2"].path("/etc/network/interfaces.d/sdn")
    file.write_text(file.read_text() if file.exists() else "")
    watchers.pass_time(60)
    assert verified() == {"pve1": 1, "pve2": 2, "pve3": 1}


def drawn(cluster: SimulatedCluster, vnet: str) -> None:
    """Somebody draws a VNet in the panel, in a zone that ours carries."""
    panel(cluster, "create", "vnets", vnet=vnet, zone="lan")


@pytest.fixture
def carried(tmp_path: Path) -> Iterator[Watchers]:
    """Of a cluster whose VNets are drawn in the panel."""
    with serving(tmp_path / "cluster", CARRYING) as made:
        panel(made, "create", "zones", zone="lan", type="simple", mtu="1450", ipam="pve")
        drawn(made, "web")
        long_ago(made, 0)
        watchers = Watchers(made, tmp_path)
        watchers.pass_time(60)
        assert watchers.applies()["pve1"] == 1
        assert links(made).links["vxlan_web"]["master"] == "web"
        yield watchers


def test_the_panels_apply_alone_is_followed_by_what_is_ours(carried: Watchers) -> None:
    cluster = carried.cluster
    drawn(cluster, "dmz")
    press_apply(cluster)
    assert "dmz" in links(cluster).links
    assert "vxlan_dmz" not in links(cluster).links
    carried.pass_time(60)
    assert links(cluster).links["vxlan_dmz"]["master"] == "dmz"
    assert is_nothing(plan_of(cluster))


def test_a_vnet_that_is_drawn_is_applied_with_nobody_pressing_anything(carried: Watchers) -> None:
    cluster = carried.cluster
    drawn(cluster, "dmz")
    carried.pass_time(60)
    assert links(cluster).links["vxlan_dmz"]["master"] == "dmz"
    assert is_nothing(plan_of(cluster))


def test_the_file_of_vnis_alone_is_written_by_nobody_while_somebody_applies(carried: Watchers) -> None:
    cluster = carried.cluster
    vnis = cluster.read_sdn("pvesdn-vnis.cfg")
    (cluster.folder / "pve/sdn/pvesdn-vnis.cfg").unlink()
    cluster.write_sdn("pvesdn.cfg", f"{CARRYING}\n# which changes nothing\n")
    with alone(world_of(cluster), [*cluster.nodes]):
        carried.pass_time(60)
        assert cluster.read_sdn("pvesdn-vnis.cfg") is None
    carried.pass_time(60)
    assert cluster.read_sdn("pvesdn-vnis.cfg") == vnis


def test_where_the_settings_say_report_a_vnet_that_is_drawn_is_pending(carried: Watchers) -> None:
    cluster = carried.cluster
    for watcher in carried.of.values():
        watcher.action = "report"
    drawn(cluster, "dmz")
    carried.pass_time(60)
    assert "dmz" not in links(cluster).links
    assert carried.of["pve1"].told[-1] == "changed: /etc/pve/sdn/vnets.cfg"
    assert not is_nothing(plan_of(cluster))


@pytest.fixture
def keeping(carried: Watchers) -> Watchers:
    """The same: a VNet was deleted in the panel, and is kept on pve2 for the guest in it."""
    drawn(carried.cluster, "dmz")
    carried.cluster.plug_guest("pve2", "web", 100)
    panel(carried.cluster, "delete", "vnets/web")
    carried.pass_time(60)
    assert "vxlan_web" in our_links(carried)
    assert is_nothing(plan_of(carried.cluster))
    return carried


def our_links(watchers: Watchers) -> set[str]:
    return set(links(watchers.cluster, "pve2").links)


LEFT = "guests have left what was kept for them: web on pve2"
UNSEEN = "nothing has changed since the last look; no guests are seen in what is kept for them: web on pve2"
MISSED = 2 * (KEPT + 2 * TICK)
"""Seconds after which a guest that is gone was missed at two looks."""


def looked(watchers: Watchers) -> str:
    """The reason of the next look at what is kept, which nothing else calls for."""
    watchers.pass_time(KEPT + 2 * TICK)
    return watchers.of["pve1"].told[-1]


def test_the_last_guest_that_leaves_what_is_kept_for_it_is_noticed(keeping: Watchers) -> None:
    keeping.pass_time(KEPT)
    assert "vxlan_web" in our_links(keeping)
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    keeping.pass_time(MISSED)
    assert "vxlan_web" not in our_links(keeping)
    assert LEFT in keeping.of["pve1"].told
    assert is_nothing(plan_of(keeping.cluster))


def test_a_guest_that_only_restarts_while_it_is_looked_for_finds_its_bridge(keeping: Watchers) -> None:
    for _ in range(2):
        keeping.cluster.nodes["pve2"].unplug_guest(100)
        assert looked(keeping) == UNSEEN
        assert {"web", "vxlan_web"} <= our_links(keeping)
        keeping.cluster.plug_guest("pve2", "web", 100)
        assert looked(keeping).endswith("guests are still in what is kept for them: web on pve2")
    assert LEFT not in keeping.of["pve1"].told


def test_a_change_that_comes_while_a_guest_restarts_waits_for_it(keeping: Watchers) -> None:
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    drawn(keeping.cluster, "lab")
    keeping.pass_time(120)
    assert keeping.of["pve1"].told[-1] == "waiting for guests that may only be restarting: web on pve2"
    assert "vxlan_web" in our_links(keeping)
    assert "vxlan_lab" not in our_links(keeping)
    keeping.cluster.plug_guest("pve2", "web", 100)
    keeping.pass_time(SOON + 2 * TICK)
    assert "changed: /etc/pve/sdn/vnets.cfg" in keeping.of["pve1"].told[-1]
    assert {"vxlan_web", "vxlan_lab"} <= our_links(keeping)


def test_a_guest_that_restarts_while_an_apply_is_refused_for_its_sake_finds_its_bridge(carried: Watchers) -> None:
    first, cluster = carried.of["pve1"], carried.cluster
    cluster.plug_guest("pve2", "web", 100)
    panel(cluster, "set", "zones/lan", nodes="pve1,pve3")
    carried.pass_time(60)
    assert "tap100i0" in first.told[-1]
    cluster.nodes["pve2"].unplug_guest(100)
    carried.pass_time(2 * AGAIN)
    assert first.told[-1] == "waiting for guests that may only be restarting: web on pve2"
    assert {"web", "vxlan_web"} <= our_links(carried)
    carried.pass_time(KEPT + 60)
    assert "vxlan_web" not in our_links(carried)


def test_while_guests_are_plugged_an_apply_is_refused_and_nobody_waits_for_them(carried: Watchers) -> None:
    first = carried.of["pve1"]
    carried.cluster.plug_guest("pve2", "web", 100)
    panel(carried.cluster, "set", "zones/lan", nodes="pve1,pve3")
    begun, looks = len(first.told), len(first.looks())
    carried.pass_time(2 * KEPT)
    assert 3 <= len(first.looks()) - looks <= 8
    assert all("tap100i0" in reason for reason in first.told[begun:])


def test_a_change_does_not_wait_longer_than_for_a_guest_that_comes_back(keeping: Watchers) -> None:
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    drawn(keeping.cluster, "lab")
    keeping.pass_time(KEPT + 60)
    assert "vxlan_lab" in our_links(keeping)
    assert "vxlan_web" not in our_links(keeping)


def test_a_guest_that_goes_between_the_plan_and_the_lock_is_waited_for(
    keeping: Watchers, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def while_the_guest_goes(world: World, members: list[str], *, patience: float) -> Iterator[World]:
        keeping.cluster.nodes["pve2"].unplug_guest(100)
        with alone(world, members, patience=patience) as locked:
            yield locked

    monkeypatch.setattr("pvesdn.workflows.watch.alone", while_the_guest_goes)
    drawn(keeping.cluster, "lab")
    keeping.pass_time(60)
    assert keeping.of["pve1"].told[-1].startswith("waiting for guests that may only be restarting")
    assert "vxlan_web" in our_links(keeping)


def pve1_dies(watchers: Watchers) -> None:
    watchers.lose_power("pve1")
    watchers.cluster.world.api_node = "pve2"


def pve1_is_back(watchers: Watchers) -> None:
    watchers.off.clear()
    watchers.cluster.come_online("pve1")


def waits_for_the_guest(watchers: Watchers, node: str) -> None:
    """The watcher of that node does, and the guest finds its bridge."""
    watchers.pass_time(120)
    assert watchers.of[node].told[-1].startswith("waiting for guests that may only be restarting")
    assert "web on pve2" in watchers.of[node].told[-1]
    assert {"web", "vxlan_web"} <= our_links(watchers)


def test_whoever_takes_office_while_a_guest_restarts_does_not_take_it_for_one_that_has_left(keeping: Watchers) -> None:
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    pve1_dies(keeping)
    waits_for_the_guest(keeping, "pve2")
    keeping.cluster.plug_guest("pve2", "web", 100)
    keeping.pass_time(SOON + 2 * TICK)
    assert keeping.of["pve2"].told[-1] == "first look"
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    keeping.pass_time(MISSED)
    assert "vxlan_web" not in our_links(keeping)


@pytest.mark.parametrize("memory", [None, "{"], ids=["lost", "damaged"])
def test_without_its_memory_it_waits_as_long_as_with_it(keeping: Watchers, memory: str | None) -> None:
    first = keeping.of["pve1"]
    first.state = memory
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    first.service.ask(keeping.now)
    waits_for_the_guest(keeping, "pve1")
    keeping.pass_time(KEPT)
    assert "vxlan_web" not in our_links(keeping)


def test_what_is_deleted_and_not_yet_applied_was_kept_by_nobody_and_goes_at_once(carried: Watchers) -> None:
    drawn(carried.cluster, "dmz")
    carried.pass_time(60)
    carried.of["pve1"].state = None
    panel(carried.cluster, "delete", "vnets/web")
    carried.pass_time(60)
    assert "vxlan_web" not in our_links(carried)


def test_whoever_is_back_in_office_does_not_know_what_was_kept_meanwhile(carried: Watchers) -> None:
    cluster = carried.cluster
    drawn(cluster, "dmz")
    cluster.plug_guest("pve2", "web", 100)
    carried.pass_time(60)
    pve1_dies(carried)
    assert cluster.nodes["pve2"].run("pvesh", "delete", "/cluster/sdn/vnets/web").returncode == 0
    carried.pass_time(60)
    assert carried.applies()["pve2"] == 1
    cluster.nodes["pve2"].unplug_guest(100)
    pve1_is_back(carried)
    waits_for_the_guest(carried, "pve1")


def test_nor_does_one_in_office_know_what_an_apply_by_hand_has_kept(carried: Watchers) -> None:
    cluster = carried.cluster
    drawn(cluster, "dmz")
    cluster.plug_guest("pve2", "web", 100)
    carried.pass_time(60)
    panel(cluster, "delete", "vnets/web")
    assert apply_on_record(world_of(cluster), plan_of(cluster), PLANNER).is_good
    cluster.nodes["pve2"].unplug_guest(100)
    waits_for_the_guest(carried, "pve1")


def test_guests_that_were_missed_long_ago_may_have_been_back_since(keeping: Watchers) -> None:
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    assert looked(keeping) == UNSEEN
    keeping.cluster.plug_guest("pve2", "web", 100)
    pve1_dies(keeping)
    keeping.pass_time(3 * KEPT)
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    pve1_is_back(keeping)
    keeping.pass_time(120)
    assert keeping.of["pve1"].told[-1] == UNSEEN
    assert {"web", "vxlan_web"} <= our_links(keeping)


def test_a_guest_that_starts_late_after_a_reboot_of_its_node_finds_its_bridge(keeping: Watchers) -> None:
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    assert looked(keeping) == UNSEEN
    keeping.lose_power("pve2")
    keeping.pass_time(2 * KEPT)
    keeping.off.clear()
    keeping.cluster.come_online("pve2")
    keeping.pass_time(120)
    assert keeping.of["pve1"].told[-1].startswith("waiting for guests that may only be restarting")
    assert "vxlan_web" in our_links(keeping)
    keeping.cluster.plug_guest("pve2", "web", 100)
    keeping.pass_time(120)
    assert keeping.of["pve1"].told[-1].startswith("changed: /etc/pve/.members")
    assert "vxlan_web" in our_links(keeping)


def test_while_guests_stay_it_looks_at_them_four_times_an_hour_and_applies_nothing(keeping: Watchers) -> None:
    begun, applies = keeping.now, keeping.applies()
    keeping.pass_time(6 * 3600)
    assert 22 <= len([when for when in keeping.of["pve1"].looks() if when > begun]) <= 24
    assert keeping.applies() == applies
    assert keeping.of["pve2"].looks() == keeping.of["pve3"].looks() == []
    assert keeping.of["pve1"].told[-1] == (
        "nothing has changed since the last look; guests are still in what is kept for them: web on pve2"
    )


def test_a_removal_that_fails_is_tried_again_an_hour_later_and_not_at_each_look_at_guests(keeping: Watchers) -> None:
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    keeping.cluster.nodes["pve2"].break_command("ifreload")
    applies = keeping.applies()["pve1"]
    keeping.pass_time(MISSED + 3 * KEPT)
    assert keeping.applies()["pve1"] == applies + 1
    assert "failed: `pvesdn apply` takes it up" in keeping.of["pve1"].told[-1]


def test_it_stops_looking_at_guests_once_nothing_is_kept_any_more(keeping: Watchers) -> None:
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    keeping.pass_time(MISSED + 60)
    assert "vxlan_web" not in our_links(keeping)
    looks = keeping.of["pve1"].looks()
    keeping.pass_time(3 * KEPT)
    assert keeping.of["pve1"].looks() == looks


@pytest.fixture
def reporting(keeping: Watchers) -> Watchers:
    """The same, where the settings say report."""
    for watcher in keeping.of.values():
        watcher.action = "report"
    return keeping


def test_where_the_settings_say_report_guests_that_have_left_are_told_once(reporting: Watchers) -> None:
    reporting.cluster.nodes["pve2"].unplug_guest(100)
    reporting.pass_time(MISSED + 2 * KEPT)
    assert reporting.of["pve1"].told.count(LEFT) == 1
    assert "vxlan_web" in our_links(reporting)
    assert plan_of(reporting.cluster).has_work


def test_a_guest_that_comes_back_before_anybody_applies_ends_what_was_pending(reporting: Watchers) -> None:
    reporting.cluster.nodes["pve2"].unplug_guest(100)
    reporting.pass_time(MISSED)
    assert reporting.of["pve1"].told[-1] == LEFT
    reporting.cluster.plug_guest("pve2", "web", 100)
    assert looked(reporting) == "guests are back in what is kept for them: web on pve2"
    reporting.cluster.nodes["pve2"].unplug_guest(100)
    reporting.pass_time(MISSED)
    assert reporting.of["pve1"].told.count(LEFT) == 2


def test_a_node_that_does_not_answer_has_lost_no_guests(keeping: Watchers) -> None:
    keeping.cluster.nodes["pve2"].unplug_guest(100)
    keeping.cluster.refuse_ssh("pve2")
    assert looked(keeping) == "nothing has changed since the last look; pve2 did not answer"
    keeping.cluster.refuse_ssh("pve2", refuses=False)
    assert looked(keeping) == UNSEEN
    assert "vxlan_web" in our_links(keeping)
    keeping.pass_time(KEPT + 2 * TICK)
    assert LEFT in keeping.of["pve1"].told
    assert "vxlan_web" not in our_links(keeping)
