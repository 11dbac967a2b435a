"""Each call that an apply makes fails in each way that there is; or the run is killed there.

After each: every node wholly old or wholly new, the report and the next plan true, nothing armed or locked (`judge`).
"""

from __future__ import annotations

import pytest

from tests.cluster.faults.conftest import Scenes
from tests.cluster.faults.judge import judge
from tests.cluster.faults.listed import Turn, file_of, listed, text_of, turns
from tests.cluster.faults.scene import SCENES
from tests.cluster.faults.ways import API_WAYS, NODE_WAYS, KilledAt, Once
from tests.cluster.faults.wire import Call

API = turns(lambda turn: turn.is_of_the_api)
NODES = turns(lambda turn: not turn.is_of_the_api and not turn.is_about_the_lock)
LOCK = turns(lambda turn: turn.is_about_the_lock)
CHANGES = [(turn.scene, call) for turn in turns(lambda turn: turn.changes) for call in turn.calls]
"""Calls between which a kill finds another state than the one before."""


@pytest.mark.parametrize("name", SCENES)
def test_the_calls_of_an_apply_are_those_that_are_listed(
    scenes: Scenes, name: str, request: pytest.FixtureRequest
) -> None:
    found = scenes(name).calls
    if request.config.getoption("--update-golden", default=False):
        file_of(name).write_text(text_of(found), "utf-8")
    assert sorted(listed(name)) == sorted(found), f"list them anew, as the head of {file_of(name).name} says"


@pytest.mark.wide
@pytest.mark.parametrize("way", API_WAYS)
@pytest.mark.parametrize("turn", API, ids=str)
def test_whatever_the_api_answers_every_node_is_old_or_new(scenes: Scenes, turn: Turn, way: str) -> None:
    _fails(scenes, turn.scene, Once(turn.one([*API_WAYS].index(way)), api=API_WAYS[way]))


@pytest.mark.wide
@pytest.mark.parametrize("way", NODE_WAYS)
@pytest.mark.parametrize("turn", NODES, ids=str)
def test_whatever_a_node_answers_every_node_is_old_or_new(scenes: Scenes, turn: Turn, way: str) -> None:
    _fails(scenes, turn.scene, Once(turn.one([*NODE_WAYS].index(way)), node=NODE_WAYS[way]))


@pytest.mark.wide
@pytest.mark.parametrize("way", NODE_WAYS)
@pytest.mark.parametrize("turn", LOCK, ids=str)
def test_whatever_comes_of_the_lock_every_node_is_old_or_new(scenes: Scenes, turn: Turn, way: str) -> None:
    _fails(scenes, turn.scene, Once(turn.one([*NODE_WAYS].index(way)), node=NODE_WAYS[way]))


@pytest.mark.wide
@pytest.mark.parametrize("is_heard", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("name", "call"), CHANGES, ids=str)
def test_wherever_a_run_is_killed_every_node_is_old_or_new(
    scenes: Scenes, name: str, call: Call, *, is_heard: bool
) -> None:
    scene, fault = scenes(name), KilledAt(call, is_heard=is_heard)
    ended = scene.run(fault)
    assert fault.is_met
    judge(scene, ended)


def _fails(scenes: Scenes, name: str, fault: Once) -> None:
    scene = scenes(name)
    ended = scene.run(fault)
    assert fault.is_met
    judge(scene, ended)
