"""The virtual machine's first file system, and the order in which its modules are loaded."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pvesdn_lab.live.outside.machines import machine
from pvesdn_lab.live.outside.machines.qemu import Qemu, cpio, load_order
from pvesdn_lab.live.outside.machines.usermode import UserMode
from pvesdn_lab.live.packages import Unpacked


def test_a_module_is_loaded_after_those_it_needs(tmp_path: Path) -> None:
    (tmp_path / "modules.dep").write_text(
        "kernel/net/9p/9pnet.ko:\n"
        "kernel/net/9p/9pnet_virtio.ko: kernel/net/9p/9pnet.ko kernel/drivers/virtio/virtio.ko\n"
        "kernel/drivers/virtio/virtio.ko:\n"
        "kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko\n"
    )
    order = [path.name for path in load_order(tmp_path, ["9pnet-virtio".replace("-", "_"), "9p"])]
    assert order == ["virtio.ko", "9pnet.ko", "9pnet_virtio.ko", "9p.ko"]


def test_a_module_that_is_built_in_needs_no_loading(tmp_path: Path) -> None:
    (tmp_path / "modules.dep").write_text("kernel/fs/9p/9p.ko:\n")
    assert load_order(tmp_path, ["overlay"]) == []


def test_the_archive_is_one_that_cpio_reads(tmp_path: Path) -> None:
    if shutil.which("cpio") is None:
        pytest.skip("no cpio here: apt install cpio")
    archive = cpio(("bin",), {"init": b"#!/bin/sh\n", "bin/odd": b"12345"})
    subprocess.run(["cpio", "-idm", "--quiet"], input=archive, cwd=tmp_path, check=True)
    assert (tmp_path / "init").read_bytes() == b"#!/bin/sh\n"
    assert (tmp_path / "bin/odd").stat().st_mode & 0o777 == 0o755


def test_every_part_of_the_archive_begins_at_a_multiple_of_four() -> None:
    archive = cpio((), {"a": b"x", "longer": b"yz"})
    assert len(archive) % 4 == 0
    assert all(archive.index(b"070701", start) % 4 == 0 for start in (0, 6, 120))


@pytest.mark.parametrize(
    ("processors", "available", "number"),
    [(1, 64_000, 1), (2, 64_000, 2), (8, 64_000, 8), (8, 7_000, 2), (2, 500, 1)],
)
def test_as_many_machines_run_side_by_side_as_there_are_processors_and_memory_for(
    processors: int, available: int, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: set(range(processors)))  # type: ignore[attr-defined]
    monkeypatch.setattr(machine, "_available_memory", lambda: available)
    assert UserMode(Unpacked(Path(), {})).side_by_side() == number
    assert Qemu(Unpacked(Path(), {})).side_by_side() == max(1, min(processors // 2, available // 3072))


def test_the_memory_that_is_available_is_a_part_of_what_there_is() -> None:
    assert 0 < machine._available_memory() < os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
