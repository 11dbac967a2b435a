"""The calls that an apply makes, as they are listed beside this module: one text for each scene."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.cluster.faults.scene import SCENES
from tests.cluster.faults.wire import Call

HERE = Path(__file__).parent
_NODE = re.compile(r"\bpve\d\b")
_ASKED = frozenset({"read", "observe", "probe", "standing"})
"""What changes nothing on a node."""
_KEPT_ALIVE = frozenset({"renew", "hold"})


@dataclass(frozen=True, slots=True)
class Turn:
    """Calls that follow each other and are the same but for the node. :param name: such as ``PVE's: stage``."""

    name: str
    scene: str
    calls: tuple[Call, ...]

    def __str__(self) -> str:
        return self.name

    @property
    def is_of_the_api(self) -> bool:
        """Whether it is the API that is asked, and not a node."""
        return not self.calls[0].node

    @property
    def is_about_the_lock(self) -> bool:
        """Whether nodes are asked about the cluster lock, or about applies that were left open."""
        return self.calls[0].is_about_the_lock

    @property
    def changes(self) -> bool:
        """Whether it is more than a question, or a sign of life."""
        what = what_of(self.calls[0])
        return not what.startswith("GET ") if self.is_of_the_api else what not in _ASKED | _KEPT_ALIVE

    def one(self, number: int) -> Call:
        """One of the calls: another node's for each number."""
        return self.calls[number % len(self.calls)]


def what_of(call: Call) -> str:
    """What is asked, without who is."""
    return call.name.partition(" ")[2] if call.node else _NODE.sub("NODE", call.name)


def file_of(scene: str) -> Path:
    """Where the calls of a scene are listed."""
    return HERE / f"calls-{re.sub('[^a-z]', '', scene.lower())}.txt"


def listed(scene: str) -> list[Call]:
    """The calls of a scene, in their order."""
    return [Call.read(line) for line in file_of(scene).read_text("utf-8").splitlines() if line[:1] not in {"", "#"}]


def text_of(calls: Iterable[Call]) -> str:
    """The file of a scene."""
    head = "# What an apply asks of the API and of the nodes, in this order. Made by a run that goes well:\n"
    head += "# .venv/bin/python -m pytest tests/cluster/faults/test_calls.py --update-golden -k listed\n"
    return head + "".join(f"{call}\n" for call in calls)


def turns(is_meant: Callable[[Turn], bool] = lambda _: True) -> list[Turn]:
    """The turns of all scenes that are meant. Up to the first file that is written all scenes have the same."""
    found: dict[str, Turn] = {}
    for scene in SCENES:
        count: Counter[str] = Counter()
        is_known = scene != next(iter(SCENES))
        for what, calls in groupby(listed(scene), what_of):
            count[what] += 1
            is_known = is_known and what != "stage"
            name = f"{scene}: {what}{f' #{count[what]}' if count[what] > 1 else ''}"
            if not (is_known and name.replace(scene, next(iter(SCENES))) in found):
                found[name] = Turn(name, scene, tuple(calls))
    return [turn for turn in found.values() if is_meant(turn)]


def steps() -> list[Turn]:
    """Where something may happen to the cluster, or somebody do something: before anything is changed, and before each
    look at the nodes.
    """
    return turns(lambda turn: turn.changes or what_of(turn.calls[0]) in {"observe", "GET /cluster/sdn/dry-run"})
