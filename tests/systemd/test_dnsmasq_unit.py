"""Our drop-in for PVE's dnsmasq under a real systemd: what becomes of dnsmasq when something happens to the network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.systemd.test_units import Node
from tests.systemd.test_units import node as booted

CASE = Path(__file__).parents[1] / "golden/carried-dhcp-vrf/expected/node1"
UNIT = "dnsmasq@lan.service"
DROP_IN = f"etc/systemd/system/{UNIT}.d/pvesdn.conf"
# Debian's unit, but for the program; the loopback device stands for the VRF.
TEMPLATE = "[Unit]\nDefaultDependencies=no\n[Service]\nExecStart=/bin/false\n"
PROGRAM = "[Service]\nExecStart=\nExecStart=/bin/sleep 1000\n"
RELOADABLE = "[Service]\nExecReload=/bin/true\n"

node = booted


@pytest.fixture
def serving(node: Node) -> Iterator[Node]:
    text = (CASE / DROP_IN).read_text("utf-8").replace("/vrf_prod", "/lo")
    units = node.disk / "etc/systemd/system"
    for path, content in {
        "dnsmasq@.service": TEMPLATE,
        f"{UNIT}.d/pvesdn.conf": text,
        f"{UNIT}.d/test.conf": PROGRAM,
        "networking.service.d/test.conf": RELOADABLE,
    }.items():
        (units / path).parent.mkdir(exist_ok=True)
        (units / path).write_text(content, "utf-8")
    ran = [node.run("systemctl", *words) for words in (("daemon-reload",), ("start", UNIT))]
    assert [one.returncode for one in ran] == [0, 0], ran
    yield node
    node.run("systemctl", "stop", UNIT)


def process(node: Node) -> int:
    """Its main process; 0 where it does not run."""
    return int(node.run("systemctl", "show", "--value", "--property=MainPID", UNIT).stdout)


def test_a_restart_of_the_network_restarts_it_and_a_reload_does_not(serving: Node) -> None:
    first = process(serving)
    assert serving.run("systemctl", "reload", "networking").returncode == 0
    assert process(serving) == first != 0
    assert serving.run("systemctl", "restart", "networking").returncode == 0
    serving.wait_for(lambda: process(serving) not in {0, first})


def test_with_the_network_it_stops(serving: Node) -> None:
    assert serving.run("systemctl", "stop", "networking").returncode == 0
    serving.wait_for(lambda: process(serving) == 0)
