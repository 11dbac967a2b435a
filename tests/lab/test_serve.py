"""What `pvesdn lab up` puts there before it answers."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from pvesdn_lab.live.inside.serve import set_the_scene
from pvesdn_lab.live.scenario import choose
from pvesdn_lab.live.testbed.lab import Lab
from pvesdn_lab.live.verbs import table
from pvesdn_lab.live.verbs.context import Context

CONTEXT = Context(cast("Lab", None), Path())


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in its order; nothing of it is done in a lab."""
    found: list[str] = []
    verbs = dict(table.VERBS)
    for name in ("apply", "by_hand", "define", "draw", "guests"):

        def note(_context: Context, *, verb: str = name, **_arguments: object) -> str:
            found.append(verb)
            return ""

        verbs[name] = note
    monkeypatch.setattr(table, "VERBS", verbs)
    return found


def test_a_scene_is_the_first_definitions_and_the_first_guests(done: list[str]) -> None:
    (scenario,) = choose(["membership"])
    set_the_scene(CONTEXT, scenario)
    assert done == ["apply", "guests"]


@pytest.mark.parametrize(
    ("name", "scene"),
    [("carried-unicast", ["define", "draw", "draw", "apply", "guests"]), ("panel", ["apply", "guests"])],
)
def test_what_is_drawn_before_the_first_apply_belongs_to_the_scene(
    done: list[str], name: str, scene: list[str]
) -> None:
    (scenario,) = choose([name])
    set_the_scene(CONTEXT, scenario)
    assert done == scene


def test_what_is_written_by_hand_is_left_for_somebody_to_import(done: list[str]) -> None:
    (scenario,) = choose(["import"])
    set_the_scene(CONTEXT, scenario)
    assert done == ["by_hand", "guests"]
