"""The virtual machine's first file system, and the order in which its modules are loaded."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pvesdn.errors import SettingsError
from pvesdn_lab.live import packages
from pvesdn_lab.live.outside import holder, machines
from pvesdn_lab.live.outside.machines import machine, usermode
from pvesdn_lab.live.outside.machines.qemu import Qemu, cpio, load_order
from pvesdn_lab.live.outside.machines.usermode import UserMode
from pvesdn_lab.live.packages import Bundle, Unpacked
from pvesdn_lab.live.scenario import choose


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


NEWEST = UserMode(Unpacked(Path("/release"), {}), newest=Unpacked(Path("/newest"), {}))
RELEASE = UserMode(Unpacked(Path("/release"), {}))


SPREAD = ("symmetric", "pve-snat", "from-pve")


def spread(carrier: UserMode, *names: str) -> list[tuple[str, list[str]]]:
    """Which kernel has which scenarios."""
    return [
        ("newest" if place == NEWEST else "release", [scenario.name for scenario in some])
        for place, some in holder._spread(choose(names), carrier, RELEASE)
    ]


@pytest.mark.parametrize(
    ("memory", "found"),
    [
        (3, [("newest", ["symmetric"]), ("newest", ["from-pve"]), ("release", ["pve-snat"])]),
        (2, [("newest", ["symmetric", "from-pve"]), ("release", ["pve-snat"])]),
        (1, [("release", ["symmetric", "pve-snat", "from-pve"])]),
    ],
)
def test_what_needs_nat_has_a_machine_of_its_own_beside_the_newest_kernel(
    memory: int, found: list[tuple[str, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: {0, 1})  # type: ignore[attr-defined]
    monkeypatch.setattr(machine, "_available_memory", lambda: memory * NEWEST.memory)

    assert sorted(spread(NEWEST, *SPREAD)) == sorted(found)


def test_where_one_kernel_does_everything_scenarios_of_one_topology_are_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(UserMode, "side_by_side", lambda _: 2)

    places = spread(RELEASE, "symmetric", "pve-evpn", "from-pve")
    assert sorted(places) == [("release", ["pve-evpn", "from-pve"]), ("release", ["symmetric"])]
    assert sorted(spread(NEWEST, "symmetric", "from-pve")) == [("newest", ["from-pve"]), ("newest", ["symmetric"])]


KERNEL = """\
#!/bin/bash
for word; do case $word in init=*) {does} "${{word#init=}}" ;; esac; done
exit {status}
"""
"""A program that stands for a kernel: it does something with its first program."""


def kernel(folder: Path, does: str = "", status: int = 134) -> Unpacked:
    (folder / "usr/bin").mkdir(parents=True)
    (folder / "usr/bin/linux.uml").write_text(KERNEL.format(does=does or ":", status=status))
    (folder / "usr/bin/linux.uml").chmod(0o755)
    return Unpacked(folder, {})


def test_the_newest_kernel_is_made_ready_twice_as_well_as_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    newest = kernel(tmp_path, "bash")
    monkeypatch.setattr(usermode, "_LOADER", tmp_path / "loader")

    for _ in range(2):  # the second lab finds what the first has made
        usermode.make_ready(newest)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loader", "usr"]
    assert (tmp_path / "loader").readlink() == tmp_path / "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"


@pytest.fixture
def _unshares(monkeypatch: pytest.MonkeyPatch) -> None:
    if subprocess.run(["unshare", "--pid", "--fork", "true"], check=False, capture_output=True).returncode:
        pytest.skip("no PID namespaces here: run as root")


@pytest.mark.usefixtures("_unshares")
@pytest.mark.parametrize(("does", "boots"), [("bash", True), (":", False), ("sleep 600 #", False)])
def test_a_kernel_boots_when_it_runs_its_first_program(
    tmp_path: Path, does: str, boots: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usermode, "_BOOT_SECONDS", 3.0)
    assert usermode.boots(usermode.releases_linux(kernel(tmp_path, does))) is boots


@pytest.mark.parametrize(("boots", "found"), [(True, RELEASE), (False, Qemu(Unpacked(Path("/qemu"), {})))])
def test_what_needs_nat_has_the_releases_kernel_where_that_boots(
    boots: bool, found: machines.VirtualMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machines, "boots", lambda _: boots)
    monkeypatch.setattr(machines, "fetch", lambda *_: Unpacked(Path("/qemu"), {}))
    said: list[str] = []

    assert machines.with_nat(NEWEST, said.append) == found
    assert len(said) == (not boots)
    assert machines.with_nat(RELEASE, said.append) == RELEASE


def test_each_lab_has_a_folder_of_its_own_for_its_results(tmp_path: Path) -> None:
    made = [holder._next(tmp_path, kind).name for kind in ("here", "here", "machine", "here")]

    assert made == ["here-1", "here-2", "machine-1", "here-3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(made)


def test_without_a_kernel_that_boots_everything_is_for_qemu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machines, "boots", lambda _: False)
    monkeypatch.setattr(machines, "make_ready", lambda _: None)
    monkeypatch.setattr(machines, "fetch", lambda *_: Unpacked(Path("/any"), {}))
    monkeypatch.setattr(machines, "_virtualises", lambda: False)

    assert isinstance(machines.choose("auto", lambda _: None), Qemu)
    with pytest.raises(SettingsError, match="does not boot on this processor"):
        machines.choose("uml", lambda _: None)


def test_the_loader_has_a_name_that_fits_into_the_program() -> None:
    assert len(os.fsencode(usermode._LOADER)) < len(usermode._DEBIANS_LOADER)


def test_without_the_newest_kernel_the_releases_is_taken_and_said_to_be_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(bundle: Bundle, _: object) -> Unpacked:
        if bundle is usermode.NEWEST:
            raise SettingsError("no network")
        return Unpacked(Path("/release"), {})

    said: list[str] = []
    monkeypatch.setattr(machines, "fetch", fetch)
    monkeypatch.setattr(machines, "boots", lambda _: True)

    assert machines.choose("uml", said.append) == UserMode(Unpacked(Path("/release"), {}))
    assert said[0].endswith("takes three times as long as Debian's newest, but no network")


def test_another_suite_is_asked_apart_from_the_machines_own_sources_and_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "Debian-Security http://mirror.example/security/\nDebian http://mirror.example/debian/\n"
    monkeypatch.setattr(packages, "_output", lambda _: rows)

    options = packages._options("unstable", tmp_path / "apt")
    values = dict(word.split("=", 1) for word in options if word != "-o")
    (source,) = Path(values["Dir::Etc::SourceList"]).read_text().splitlines()
    assert source.endswith("] http://mirror.example/debian/ unstable main")
    assert Path(values["Dir::State::Status"]).read_text() == ""
    assert values["Dir::Etc::SourceParts"] == values["Dir::Etc::PreferencesParts"] == "/dev/null"
