"""apply with `[apply] reload = "changed"` on the simulated cluster: only what changes is taken down and brought up."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.cli.screens.apply import show_report
from pvesdn.cli.screens.screen import Screen
from pvesdn.errors import NodeFailed, NodeUnreachable
from pvesdn.model.execution import PutInPlace
from pvesdn.model.flags import PlanFlags
from pvesdn.model.primitives import Json, Upid
from pvesdn.model.reloads import ChangedInterfaces
from pvesdn.model.report import ApplyReport, Standing
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands import ifupdown
from pvesdn_lab.simulated.commands.ifupdown_memory import MEMORY, remember
from pvesdn_lab.simulated.commands.interfaces_files import Interfaces
from pvesdn_lab.simulated.commands.state import locked_state
from tests.cluster.kit import (
    ANOTHER_ZONE,
    EVPN,
    apply_in,
    apply_to,
    errors,
    plan_of,
    serving,
    state_of,
    world_of,
)

Answer = dict[str, Json]
Calls = dict[str, list[tuple[str, ...]]]
ONE_MORE = EVPN + "\nvnet: more\n\tzone plain\n\ttag 7\n"
OTHER_VNI = EVPN.replace("\ttag 3\n", "\ttag 33\n")
SMALLER = EVPN.replace("vxlan: plain\n", "vxlan: plain\n\tmtu 1400\n")
WITHOUT_PLAIN = EVPN.replace("vxlan: plain\n\n", "").replace("vnet: backup\n\tzone plain\n\ttag 3\n\n", "")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[SimulatedCluster]:
    """Three nodes that have their zones already."""
    with serving(tmp_path) as there:
        assert apply_to(there).is_good
        for node in there.nodes.values():
            node.forget_commands()
        yield there


def apply_changed(cluster: SimulatedCluster, definitions: str, flags: PlanFlags | None = None) -> ApplyReport:
    cluster.write_sdn("pvesdn.cfg", definitions)
    return apply_in(replace(world_of(cluster), reloads_changed=True), flags)


def calls(cluster: SimulatedCluster) -> Calls:
    """What each node has called of ifupdown2."""
    names = {"ifup", "ifdown", "ifreload"}
    return {name: [argv for argv in node.commands() if argv[0] in names] for name, node in cluster.nodes.items()}


def on_each(*wanted: tuple[str, ...]) -> Calls:
    return {name: list(wanted) for name in ("pve1", "pve2", "pve3")}


def test_one_vnet_more_is_one_ifup_of_its_port_and_its_bridge(cluster: SimulatedCluster) -> None:
    report = apply_changed(cluster, ONE_MORE)
    assert report.is_good, errors(report)
    assert calls(cluster) == on_each(("ifup", "vxlan_more", "more"))
    assert plan_of(cluster).is_empty


@pytest.mark.parametrize("definitions", [ONE_MORE, SMALLER, OTHER_VNI, WITHOUT_PLAIN, EVPN + ANOTHER_ZONE])
def test_what_is_left_is_what_a_whole_reload_leaves(
    cluster: SimulatedCluster, tmp_path_factory: pytest.TempPathFactory, definitions: str
) -> None:
    report = apply_changed(cluster, definitions)
    assert report.is_good, errors(report)
    assert all(argv[0] != "ifreload" for argvs in calls(cluster).values() for argv in argvs)
    with serving(tmp_path_factory.mktemp("whole")) as other:
        assert apply_to(other).is_good
        other.write_sdn("pvesdn.cfg", definitions)
        assert apply_to(other).is_good
        assert _settled(state_of(cluster)) == _settled(state_of(other))
    for node in cluster.nodes.values():
        before = node.links()
        assert node.run("ifreload", "-a").returncode == 0
        assert node.links() == before


def _settled(state: dict[str, object]) -> dict[str, object]:
    """Without the order of devices, and without what has the time in it."""
    found: dict[str, object] = {}
    for name, node in state.items():
        assert isinstance(node, dict)
        found[name] = {key: value for key, value in node.items() if not key.startswith("var/lib/pvesdn")}
    return found


def test_a_vnet_that_goes_is_one_ifdown(cluster: SimulatedCluster) -> None:
    assert apply_changed(cluster, WITHOUT_PLAIN).is_good
    assert calls(cluster) == on_each(("ifdown", "vxlan_backup", "backup"))
    assert "backup" not in cluster.nodes["pve2"].links()


def test_a_port_with_another_vni_is_made_anew_and_its_bridge_keeps_the_guests(cluster: SimulatedCluster) -> None:
    port = cluster.nodes["pve1"].plug_guest("backup", 101)
    assert apply_changed(cluster, OTHER_VNI).is_good
    links = cluster.nodes["pve1"].links()
    assert links["vxlan_backup"]["info"]["id"] == 33
    assert links["vxlan_backup"]["master"] == "backup"
    assert links[port]["master"] == "backup"
    assert calls(cluster) == on_each(("ifup", "vxlan_backup", "backup"))


def test_a_bridge_with_guests_is_never_taken_down_by_ifdown(cluster: SimulatedCluster) -> None:
    cluster.nodes["pve1"].plug_guest("backup", 101)
    apply_changed(cluster, WITHOUT_PLAIN, PlanFlags(detach_guests=True))
    assert calls(cluster)["pve1"] == [("ifreload", "-a")]
    assert calls(cluster)["pve2"] == [("ifdown", "vxlan_backup", "backup")]


@pytest.mark.parametrize("has_memory", [True, False])
def test_a_guest_that_came_since_the_plan_keeps_its_bridge(cluster: SimulatedCluster, has_memory: bool) -> None:
    world = replace(world_of(cluster), reloads_changed=True)
    change = world.nodes.reload_changed

    def late(node: str, changed: ChangedInterfaces) -> str:
        if node == "pve1":
            cluster.nodes[node].plug_guest("backup", 101)
            if not has_memory:
                (cluster.nodes[node].root / MEMORY).unlink()
        return change(node, changed)

    world.nodes.reload_changed = late  # type: ignore[method-assign]
    cluster.write_sdn("pvesdn.cfg", WITHOUT_PLAIN)
    report = apply_in(world)
    assert "tap101i0 is plugged into backup" in errors(report)["pve1"]
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
    assert cluster.nodes["pve1"].links()["tap101i0"]["master"] == "backup"


@pytest.mark.parametrize("damage", ["absent", "cut off", "of another program"])
def test_without_ifupdown2s_memory_pve_reloads_the_whole_network_and_the_report_says_so(
    cluster: SimulatedCluster, damage: str, capsys: pytest.CaptureFixture[str]
) -> None:
    memory = cluster.nodes["pve2"].root / MEMORY
    if damage == "absent":
        memory.unlink()
    else:
        memory.write_bytes(
            memory.read_bytes()[:-1] if damage == "cut off" else b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00idR."
        )
    report = apply_changed(cluster, ONE_MORE)
    assert report.is_good, errors(report)
    assert calls(cluster)["pve2"] == [("ifreload", "-a")]
    assert calls(cluster)["pve1"] == [("ifup", "vxlan_more", "more")]
    why = (
        "its whole network was reloaded: /var/tmp/network/ifstatenew, ifupdown2's memory, is missing or cannot be read"
    )
    assert {node.node: node.note for node in report.nodes} == {"pve1": "", "pve2": why, "pve3": ""}
    show_report(Screen({}), report)
    assert f"note: pve2: {why}\n" in capsys.readouterr().out


def test_what_somebody_has_edited_meanwhile_is_loaded_as_a_whole(cluster: SimulatedCluster) -> None:
    file = cluster.nodes["pve3"].root / "etc/network/interfaces"
    after = (cluster.nodes["pve3"].root / MEMORY).stat().st_mtime_ns + 1_000_000
    os.utime(file, ns=(after, after))
    assert apply_changed(cluster, ONE_MORE).is_good
    assert calls(cluster)["pve3"] == [("ifreload", "-a")]


def test_what_somebody_has_removed_meanwhile_is_taken_down_by_a_whole_reload(cluster: SimulatedCluster) -> None:
    node = cluster.nodes["pve3"]
    node.write("/etc/network/interfaces.d/mine", "auto mine\niface mine\n\tbridge-ports none\n")
    assert node.run("ifreload", "-a").returncode == 0
    (node.root / "etc/network/interfaces.d/mine").unlink()
    node.forget_commands()
    assert "mine" in node.links()
    assert apply_changed(cluster, ONE_MORE).is_good
    assert calls(cluster)["pve3"] == [("ifreload", "-a")]
    assert "mine" not in node.links()


def test_what_has_gone_wrong_on_a_node_takes_a_whole_reload(cluster: SimulatedCluster) -> None:
    assert cluster.nodes["pve2"].run("ip", "link", "del", "vxlan_web").returncode == 0
    cluster.nodes["pve2"].forget_commands()
    assert apply_changed(cluster, ONE_MORE).is_good
    assert calls(cluster)["pve2"] == [("ifreload", "-a")]
    assert calls(cluster)["pve1"] == [("ifup", "vxlan_more", "more")]


@pytest.mark.parametrize(
    ("definitions", "names"),
    [
        pytest.param(ONE_MORE, ("vxlan_more", "more"), id="a VNet more"),
        pytest.param(EVPN.replace("10.0.2.254\n", "10.0.2.1\n"), ("web",), id="another gateway"),
    ],
)
def test_an_ifup_that_fails_once_is_called_again(
    cluster: SimulatedCluster, definitions: str, names: tuple[str, ...]
) -> None:
    cluster.nodes["pve1"].break_command("ifup", stderr="error: it did not work\n", times=1)
    report = apply_changed(cluster, definitions)
    assert report.is_good, errors(report)
    assert calls(cluster)["pve1"] == [("ifup", *names)] * 2


@pytest.mark.parametrize(
    ("command", "times", "definitions"),
    [
        pytest.param("ifup", 2, ONE_MORE, id="a VNet more"),
        pytest.param("ifup", 2, WITHOUT_PLAIN + ANOTHER_ZONE, id="one has gone by then"),
        pytest.param("ifup", 2, OTHER_VNI, id="its port was deleted before"),
        pytest.param("ifdown", 1, WITHOUT_PLAIN, id="a VNet less"),
    ],
)
def test_where_it_goes_on_failing_every_node_is_put_back(
    cluster: SimulatedCluster, command: str, times: int, definitions: str
) -> None:
    before = _settled(state_of(cluster))
    cluster.nodes["pve2"].break_command(command, stderr="error: more: it did not work\n", times=times)
    report = apply_changed(cluster, definitions)
    assert not report.is_good
    assert f"{command} ended with status 1: error: more: it did not work" in errors(report)["pve2"]
    assert {node.standing for node in report.nodes} <= {Standing.AS_BEFORE}
    assert _settled(state_of(cluster)) == before
    assert apply_changed(cluster, definitions).is_good


def test_the_way_back_is_by_what_was_changed_alone(cluster: SimulatedCluster) -> None:
    before = _settled(state_of(cluster))
    cluster.nodes["pve3"].break_command("ifup", stderr="error: more: it did not work\n", times=2)
    report = apply_changed(cluster, ONE_MORE)
    assert not report.is_good
    assert calls(cluster)["pve1"] == [("ifup", "vxlan_more", "more"), ("ifdown", "vxlan_more", "more")]
    assert _settled(state_of(cluster)) == before


def refused(_: Callable[[], Answer]) -> Answer:
    raise NodeFailed("pve2", "no")


def cut_off_before(_: Callable[[], Answer]) -> Answer:
    raise NodeUnreachable("pve2", "the connection was lost")


def cut_off_after(ask: Callable[[], Answer]) -> Answer:
    ask()
    raise NodeUnreachable("pve2", "the connection was lost")


def another_answer(_: Callable[[], Answer]) -> Answer:
    return {"whole": 5}


@pytest.mark.parametrize("definitions", [ONE_MORE, OTHER_VNI, WITHOUT_PLAIN])
@pytest.mark.parametrize("way", [refused, cut_off_before, cut_off_after, another_answer])
def test_where_the_call_fails_every_node_is_put_back(
    cluster: SimulatedCluster, way: Callable[[Callable[[], Answer]], Answer], definitions: str
) -> None:
    before = _settled(state_of(cluster))
    world = replace(world_of(cluster), reloads_changed=True)
    assert isinstance(world.nodes, ProgramAgent)
    transport = world.nodes.transport
    really = transport.ask

    def ask(node: str, verb: str, arguments: Mapping[str, Json]) -> Answer:
        call = partial(really, node, verb, arguments)
        return way(call) if (node, verb) == ("pve2", "reload_changed") else call()

    transport.ask = ask  # type: ignore[method-assign]
    cluster.write_sdn("pvesdn.cfg", definitions)
    report = apply_in(world)
    assert not report.is_good
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
    assert _settled(state_of(cluster)) == before
    assert apply_changed(cluster, definitions).is_good


def test_another_ifupdown2_is_waited_for(cluster: SimulatedCluster) -> None:
    cluster.nodes["pve1"].break_command("ifup", status=89, stderr="error: Another instance\n", times=1)
    report = apply_changed(cluster, ONE_MORE)
    assert report.is_good, errors(report)
    assert calls(cluster)["pve1"] == [("ifup", "vxlan_more", "more")] * 2


def test_pves_own_reload_is_waited_for_before_a_port_is_deleted(cluster: SimulatedCluster) -> None:
    world = replace(world_of(cluster), reloads_changed=True)
    look, commit, done = world.api.node_tasks, world.nodes.commit, list[str]()

    def looks(node: str, *, kind: str) -> tuple[Upid, ...]:
        done.append(f"{node} looks for {kind}")
        return look(node, kind=kind)

    def commits(node: str, swap: PutInPlace, *, is_alone: bool = False) -> None:
        done.append(f"{node} commits")
        commit(node, swap, is_alone=is_alone)

    world.api.node_tasks, world.nodes.commit = looks, commits  # type: ignore[method-assign]
    cluster.write_sdn("pvesdn.cfg", OTHER_VNI)
    report = apply_in(world)
    assert report.is_good, errors(report)
    for node in cluster.nodes:
        assert done.index(f"{node} looks for srvreload") < done.index(f"{node} commits")


def test_where_no_interface_changes_none_is_touched(cluster: SimulatedCluster) -> None:
    report = apply_changed(cluster, EVPN.replace("\tgateways 172.16.0.254,172.16.0.253\n", "\tgateways 172.16.0.254\n"))
    assert report.is_good, errors(report)
    assert calls(cluster) == on_each()


def test_an_exit_that_goes_is_reloaded_as_a_whole_on_its_node_alone(cluster: SimulatedCluster) -> None:
    report = apply_changed(cluster, EVPN[: EVPN.index("exit:")])
    assert report.is_good, errors(report)
    assert ("ifreload", "-a") in calls(cluster)["pve1"]
    assert calls(cluster)["pve2"] == []


def test_an_ifup_that_goes_on_when_its_caller_was_killed_is_taken_back_too(cluster: SimulatedCluster) -> None:
    before, there = _settled(state_of(cluster)), cluster.nodes["pve2"]
    world = replace(world_of(cluster), reloads_changed=True)
    assert isinstance(world.nodes, ProgramAgent)
    transport = world.nodes.transport
    really, has_begun, is_undone = transport.ask, threading.Event(), threading.Event()

    def goes_on() -> None:
        with ifupdown.only_one(there.root) as is_alone:
            assert is_alone
            interfaces = Interfaces(there.root)  # those of the apply
            has_begun.set()
            is_undone.wait(2)
            with locked_state(there.root) as state:
                ifupdown._bring_up(state, interfaces, ["vxlan_more", "more"])
                remember(state)

    late = threading.Thread(target=goes_on)

    def ask(node: str, verb: str, arguments: Mapping[str, Json]) -> Answer:
        if (node, verb) != ("pve2", "reload_changed"):
            answer = really(node, verb, arguments)
            if (node, verb) == ("pve2", "undo"):
                is_undone.set()
            return answer
        there.break_command("ifup", times=2)
        with suppress(NodeFailed):
            really(node, verb, arguments)
        late.start()
        has_begun.wait()
        raise NodeUnreachable("pve2", "the program was killed")

    transport.ask = ask  # type: ignore[method-assign]
    cluster.write_sdn("pvesdn.cfg", ONE_MORE)
    report = apply_in(world)
    late.join()
    assert {node.standing for node in report.nodes} == {Standing.AS_BEFORE}
    assert _settled(state_of(cluster)) == before
