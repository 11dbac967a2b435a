"""What waiting costs while nothing happens."""

from __future__ import annotations

import json
import time
from pathlib import Path

from pvesdn.watcher.service import Hands, Service
from pvesdn.watcher.sight import Eyes
from pvesdn.watcher.turns import Turns
from pvesdn.workflows.watch import SEEN_TO
from pvesdn_lab.simulated.pmxcfs import MemberState, Pmxcfs

TICK = 5
TICKS = 2000
ALLOWED = 10.0
"""Seconds of processor time a day, of which half a second is the start."""


class Idle(Hands):
    def say(self, text: str) -> None: ...


def test_a_day_without_changes_takes_less_than_ten_seconds_of_processor_time(tmp_path: Path) -> None:
    pmxcfs = Pmxcfs(tmp_path / "pve")
    members = {f"pve{number}": MemberState(number, f"192.168.0.{number}") for number in range(1, 17)}
    (tmp_path / "root/etc").mkdir(parents=True)
    mounts = {name: tmp_path / "root/etc/pve" / name for name in members}
    for name, mount in mounts.items():
        pmxcfs.mount(name, mount)
    pmxcfs.publish(mounts, members, cluster="lab", is_quorate=True)
    root = tmp_path / "pve2"
    (root / "etc").mkdir(parents=True)
    (root / "etc/pve").symlink_to(mounts["pve2"])
    service = Service(Eyes(list(SEEN_TO), str(root)), Turns(), Idle(), str(tmp_path))

    def after(ticks: int) -> float:
        begun = time.process_time()
        for number in range(ticks):
            if number % 2 == 0:
                kept = time.process_time()
                pmxcfs.count([mounts["pve2"]])  # what nodes tell each other moves all the time
                begun += time.process_time() - kept
            service.tick(0.0)
        return time.process_time() - begun

    after(10)
    a_tick = after(TICKS) / TICKS
    assert a_tick * 24 * 3600 / TICK < ALLOWED - 0.5
    assert json.loads((tmp_path / "watch-service.json").read_text())["standing"].startswith("standing by: pve1 is")
