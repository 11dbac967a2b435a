"""Answers of simulated nodes are given again while no node has changed, and not when one has, however soon."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from pvesdn_lab.simulated.answered import Said, answered
from pvesdn_lab.simulated.commands.state import STATE_FOLDER, write_json

MINUTE = 60_000_000_000


def touch(node: Path, moment: int) -> None:
    os.utime(node / STATE_FOLDER, ns=(moment, moment))


class Nodes:
    """Two nodes whose state was written so many nanoseconds ago."""

    def __init__(self, folder: Path, ago: int) -> None:
        self.moment = time.time_ns() - ago
        self.asked, self.other = folder / "pve1", folder / "pve2"
        for node in (self.asked, self.other):
            write_json(node, "links", {})
            touch(node, self.moment)
        self.answers = 0

    def ask(self, command: str, *arguments: str) -> str:
        return answered(self.asked / "bin" / command, arguments, self._say)[1]

    def _say(self) -> Said:
        self.answers += 1
        return 0, f"answer {self.answers}\n", ""


@pytest.mark.parametrize("command", ["ip -j link", "bridge -j fdb show", "vtysh -c show", "dpkg-query -W frr"])
def test_what_was_answered_is_answered_again(tmp_path: Path, command: str) -> None:
    nodes, words = Nodes(tmp_path, MINUTE), command.split()
    assert nodes.ask(*words) == nodes.ask(*words) == "answer 1\n"
    assert nodes.ask(*words, "more") == "answer 2\n"


@pytest.mark.parametrize("command", ["ip link set eno1 up", "bridge fdb append", "vtysh -C -f x", "sysctl -n x", "ip"])
def test_what_may_change_something_is_done_each_time(tmp_path: Path, command: str) -> None:
    nodes, words = Nodes(tmp_path, MINUTE), command.split()
    assert [nodes.ask(*words), nodes.ask(*words)] == ["answer 1\n", "answer 2\n"]


@pytest.mark.parametrize("changed", ["asked", "other"])
def test_a_change_of_any_node_makes_a_new_answer(tmp_path: Path, changed: str) -> None:
    nodes = Nodes(tmp_path, MINUTE)
    assert nodes.ask("ip", "-j", "link") == "answer 1\n"
    write_json(getattr(nodes, changed), "frr", {})
    assert nodes.ask("ip", "-j", "link") == "answer 2\n"


def test_a_node_that_comes_or_goes_makes_a_new_answer(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path, MINUTE)
    assert nodes.ask("ip", "-j", "link") == "answer 1\n"
    write_json(tmp_path / "pve3", "links", {})
    touch(tmp_path / "pve3", nodes.moment)
    assert nodes.ask("ip", "-j", "link") == "answer 2\n"
    nodes.other.rename(tmp_path / "away")
    assert nodes.ask("ip", "-j", "link") == "answer 3\n"


def test_a_change_within_the_same_tick_is_not_missed(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path, -MINUTE)  # in the future: however slow this test is, its tick is not over
    assert nodes.ask("ip", "-j", "link") == "answer 1\n"
    write_json(nodes.asked, "links", {"links": {}})
    touch(nodes.asked, nodes.moment)
    assert nodes.ask("ip", "-j", "link") == "answer 2\n"
