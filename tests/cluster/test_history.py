"""The history of applies on the simulated cluster: entries of runs that die, and of those that others end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.encode.history import encode_history
from pvesdn.errors import NodeFailed
from pvesdn.model.files import FileChange
from pvesdn.model.history import Ending, Entry, History
from pvesdn.model.manner import Manner
from pvesdn.model.report import ApplyReport
from pvesdn.model.snapshot import OWN_FILE
from pvesdn.workflows.confirmation import confirm, roll_back
from pvesdn.workflows.history import apply_on_record, read_history, settle
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import ANOTHER_ZONE, EVPN, PLANNER, after_reloads, draw, plan_of, serving, world_of
from tests.cluster.nodes_alone import pass_time
from tests.cluster.test_alone import LEFT_ALONE, Killed, UntilKilled
from tests.cluster.test_confirm import WINDOW, WindowClock


def recorded(cluster: SimulatedCluster, world: World | None = None, **manner: Any) -> ApplyReport:
    return apply_on_record(world or world_of(cluster), plan_of(cluster), PLANNER, Manner(**manner))


def entries(cluster: SimulatedCluster) -> tuple[Entry, ...]:
    return read_history(world_of(cluster)).entries


def test_the_entry_of_a_run_that_was_killed_is_open_until_the_next_apply(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        dying = replace(world_of(cluster), nodes=ProgramAgent(UntilKilled(cluster, "pve2", "commit", is_heard=False)))
        with pytest.raises(Killed):
            recorded(cluster, dying)
        cluster.wait_for_tasks(10)
        assert [(entry.ending, entry.ended) for entry in entries(cluster)] == [(Ending.OPEN, None)]
        pass_time(cluster, LEFT_ALONE)
        assert recorded(cluster, comment="again").is_good
        assert [(entry.ending, entry.comment) for entry in entries(cluster)] == [
            (Ending.CUT_OFF, ""),
            (Ending.DONE, "again"),
        ]


@pytest.mark.parametrize("ending", [Ending.CONFIRMED, Ending.ROLLED_BACK])
def test_what_somebody_else_ends_is_recorded_by_both(tmp_path: Path, ending: Ending) -> None:
    with serving(tmp_path) as cluster:

        def ends() -> None:
            there = replace(world_of(cluster), clock=WindowClock(), who="bob on pve2")
            found = confirm(there, None) if ending is Ending.CONFIRMED else roll_back(there, None)[0]
            assert found is not None
            assert settle(there, list(found.nodes), found.id, ending) == ""

        world = world_of(cluster)
        after_reloads(world, cluster, lambda _: None)
        report = recorded(cluster, replace(world, clock=WindowClock(ends)), confirm_within=WINDOW)
        assert report.is_good is (ending is Ending.CONFIRMED)
        (entry,) = entries(cluster)
        assert entry.ending is ending
        assert (entry.why == "by bob on pve2") is (ending is Ending.ROLLED_BACK)
        assert [one.nodes for one in entry.results] == ["pve1-pve3"]


def test_an_apply_that_is_given_up_in_the_middle_is_recorded_with_the_reason(tmp_path: Path) -> None:
    with serving(tmp_path) as cluster:
        draft = FileChange(OWN_FILE, old="what was read", new=EVPN, mode="0640", owner="root:root", expect=None)
        cluster.write_sdn("pvesdn.cfg", EVPN + ANOTHER_ZONE)  # what somebody has made of it since
        with pytest.raises(NodeFailed):
            apply_on_record(world_of(cluster), replace(plan_of(cluster), definitions=draft), PLANNER)
        (entry,) = entries(cluster)
        assert entry.ending is Ending.CUT_OFF
        assert "pvesdn.cfg has changed since it was read" in entry.why


def test_what_pve_has_committed_is_kept_as_it_was_afterwards(tmp_path: Path) -> None:
    with serving(tmp_path, EVPN + ANOTHER_ZONE) as cluster:
        draw(cluster)
        assert recorded(cluster).is_good
        history = read_history(world_of(cluster))
        (entry,) = history.entries
        assert entry.plan.pending == ("vnet 'office' new", "zone 'lan' new")
        assert entry.before.committed is None
        assert '"office"' in str(history.text(entry.after.committed))


@pytest.mark.parametrize("times", [1, 9])
def test_of_two_that_write_at_once_the_second_reads_again(tmp_path: Path, times: int) -> None:
    with serving(tmp_path) as cluster:
        world = world_of(cluster)
        left = list(range(times))
        replace_file = world.nodes.replace

        def replaced(node: str, path: str, text: str, *, expect: str | None) -> None:
            if left:  # somebody else was quicker
                number = times - len(left) + 1
                left.pop()
                other = Entry(number=number, id=f"{number:016x}", who="bob", began="2026-11-27T10:00:00Z", pvesdn="1")
                world.nodes.put(node, path, encode_history(History((other,))))
            replace_file(node, path, text, expect=expect)

        world.nodes.replace = replaced  # type: ignore[method-assign]
        report = recorded(cluster, world)
        assert report.is_good
        if times == 1:
            assert report.not_recorded == ""
            assert [entry.number for entry in entries(cluster)] == [1, 2]
        else:
            assert "pvesdn-history.json has changed since it was read" in report.not_recorded
