"""The filters that keep DHCP from crossing VXLAN devices: which the node has, and when that cannot be told."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from pvesdn.node.program import dhcp
from pvesdn.node.program.dhcp import dhcp_filters, filters_in, still_filtered
from pvesdn.node.program.machine import CommandResult, Machine, Refused, ended
from tests.noderoot import OURS, NodeRoot

PROGRAM = "1,6 0 0 0"
FILE = "".join(
    f"auto vxlan_{name}\niface vxlan_{name}\n"
    + "".join(
        f"\tpost-up tc filter replace dev vxlan_{name} {way} pref 6768 handle 1 bpf direct-action bytecode '{PROGRAM}'\n"
        for way in ("ingress", "egress")
    )
    for name in ("db", "web")
)


class Node(Machine):
    """Devices with filters in both directions; each call takes its seconds by the clock that it has."""

    def __init__(self, folder: Path, *devices: str, seconds: float = 0.0) -> None:
        node = NodeRoot(folder)
        node.write(OURS, FILE)
        super().__init__(str(node.folder))
        self.devices, self.seconds, self.now = devices, seconds, 0.0
        self.limits: list[float] = []
        self.fails = ""

    def run(self, argv: list[str], limit: float) -> CommandResult:
        self.limits.append(limit)
        self.now += self.seconds
        if argv[0] == "ip":
            return ended(0, json.dumps([{"ifname": name} for name in self.devices]))
        assert argv[4] in self.devices, "tc calls that an error"
        if argv[4] == self.fails:
            return ended(2, "", "RTNETLINK answers: Operation not permitted\n")
        return ended(0, f"filter bpf direct-action bytecode '{PROGRAM}'\n")


def test_each_device_is_told_with_its_directions_and_none_where_it_is_not_there(tmp_path: Path) -> None:
    assert dhcp_filters(Node(tmp_path, "vxlan_web", "eno1")) == [
        {"ifname": "vxlan_db", "ways": []},
        {"ifname": "vxlan_web", "ways": ["ingress", "egress"]},
    ]


def test_filters_that_are_not_shown_are_not_called_absent(tmp_path: Path) -> None:
    node = Node(tmp_path, "vxlan_db", "vxlan_web")
    node.fails = "vxlan_web"
    said = "tc filter show dev vxlan_web ingress ended with status 2: RTNETLINK answers: Operation not permitted"
    with pytest.raises(Refused, match=said):
        dhcp_filters(node)
    with pytest.raises(Refused, match=said):
        still_filtered(node, filters_in(FILE))


def test_all_devices_together_have_one_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    node = Node(tmp_path, "vxlan_db", "vxlan_web", seconds=8.0)
    monkeypatch.setattr(dhcp, "time", SimpleNamespace(monotonic=lambda: node.now))
    dhcp_filters(node)
    assert node.limits == [30.0, 22.0, 14.0, 6.0, 0.0]


def test_without_filters_in_our_file_nothing_is_asked(tmp_path: Path) -> None:
    node = Node(tmp_path, "vxlan_web")
    assert still_filtered(node, {}) == []
    assert node.limits == []
