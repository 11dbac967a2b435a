"""Answers of simulated nodes are given again while no node has changed, and not when one has, however soon."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pvesdn_lab.simulated.answered import Said, answered
from pvesdn_lab.simulated.commands.state import GENERATION, STATE_FOLDER, write_json


class Nodes:
    """Two nodes."""

    def __init__(self, folder: Path) -> None:
        self.asked, self.other = folder / "pve1", folder / "pve2"
        for node in (self.asked, self.other):
            write_json(node, "links", {})
        self.answers = 0

    def ask(self, command: str, *arguments: str) -> str:
        return answered(self.asked / "bin" / command, arguments, self._say)[1]

    def _say(self) -> Said:
        self.answers += 1
        return 0, f"answer {self.answers}\n", ""


@pytest.mark.parametrize("command", ["ip -j link", "bridge -j fdb show", "vtysh -c show", "dpkg-query -W frr"])
def test_what_was_answered_is_answered_again(tmp_path: Path, command: str) -> None:
    nodes, words = Nodes(tmp_path), command.split()
    assert nodes.ask(*words) == nodes.ask(*words) == "answer 1\n"
    assert nodes.ask(*words, "more") == "answer 2\n"


@pytest.mark.parametrize("command", ["ip link set eno1 up", "bridge fdb append", "vtysh -C -f x", "sysctl -n x", "ip"])
def test_what_may_change_something_is_done_each_time(tmp_path: Path, command: str) -> None:
    nodes, words = Nodes(tmp_path), command.split()
    assert [nodes.ask(*words), nodes.ask(*words)] == ["answer 1\n", "answer 2\n"]


@pytest.mark.parametrize("changed", ["asked", "other"])
def test_a_change_of_any_node_makes_a_new_answer(tmp_path: Path, changed: str) -> None:
    nodes = Nodes(tmp_path)
    assert nodes.ask("ip", "-j", "link") == "answer 1\n"
    write_json(getattr(nodes, changed), "frr", {})
    assert nodes.ask("ip", "-j", "link") == "answer 2\n"


def test_a_node_that_comes_or_goes_makes_a_new_answer(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    assert nodes.ask("ip", "-j", "link") == "answer 1\n"
    write_json(tmp_path / "pve3", "links", {})
    assert nodes.ask("ip", "-j", "link") == "answer 2\n"
    nodes.other.rename(tmp_path / "away")
    assert nodes.ask("ip", "-j", "link") == "answer 3\n"


def test_a_change_within_the_same_tick_is_not_missed(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    state = nodes.asked / STATE_FOLDER
    found = [nodes.ask("ip", "-j", "link")]
    for _ in range(3):
        before = state.stat()
        write_json(nodes.asked, "links", {"links": {}})
        os.utime(state, ns=(before.st_atime_ns, before.st_mtime_ns))
        found.append(nodes.ask("ip", "-j", "link"))
    assert found == ["answer 1\n", "answer 2\n", "answer 3\n", "answer 4\n"]


def test_what_was_answered_while_a_node_changed_is_not_taken_for_what_it_was(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    generation = nodes.other / STATE_FOLDER / GENERATION
    before = generation.read_bytes()

    def change_and_say() -> Said:
        write_json(nodes.other, "frr", {"running": True})
        return 0, "of the new state\n", ""

    answered(nodes.asked / "bin/ip", ["-j", "link"], change_and_say)
    (nodes.other / STATE_FOLDER / "frr.json").unlink()
    generation.write_bytes(before)  # put back as it was

    assert nodes.ask("ip", "-j", "link") == "answer 1\n"


def test_a_node_that_was_put_back_answers_as_it_did(tmp_path: Path) -> None:
    nodes = Nodes(tmp_path)
    first = nodes.ask("ip", "-j", "link")
    generation = nodes.asked / STATE_FOLDER / GENERATION
    before = generation.read_bytes()
    write_json(nodes.asked, "frr", {})
    (nodes.asked / STATE_FOLDER / "frr.json").unlink()
    generation.write_bytes(before)

    assert nodes.ask("ip", "-j", "link") == first


@pytest.mark.parametrize("part", ["api", "units", "netfilter", "post-down"])
def test_what_no_question_tells_of_makes_no_new_answer(tmp_path: Path, part: str) -> None:
    nodes = Nodes(tmp_path)
    first = nodes.ask("ip", "-j", "link")
    write_json(nodes.other, part, {})
    assert nodes.ask("ip", "-j", "link") == first
