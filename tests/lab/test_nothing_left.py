"""A live lab leaves nothing behind, however it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from pvesdn_lab.live.outside import kernel
from pvesdn_lab.live.testbed.groups import clear_groups
from tests.waiting import comes_true

DEADLINE = 300.0


@pytest.fixture(autouse=True)
def _needs_the_lab() -> None:
    if reason := kernel.obstacle():
        pytest.skip(reason)
    if missing := kernel.probe().lacks(()):
        pytest.skip(f"this kernel has no {', '.join(missing)}")


def lab(*arguments: str, **environment: str) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-m", "pvesdn", "lab", *arguments]
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
    )


def processes_of(folder: str) -> list[str]:
    """Command lines that name a lab's folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if folder in words:
            found.append(words)
    return found


def below(process: subprocess.Popen[bytes], file: str) -> bytes:
    """What a file of /proc says of a process and of all those that it has started."""
    waiting, words = [process.pid], b""
    while waiting:
        pid = waiting.pop()
        with suppress(OSError):  # it has ended meanwhile
            words += Path(f"/proc/{pid}/{file}").read_bytes()
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                waiting += map(int, children.read_text().split())
    return words


def folder_of(process: subprocess.Popen[bytes]) -> Path:
    """The folder of a lab, which the processes below that one name: others may run labs of their own beside it."""
    (folder,) = set(re.findall(rb"/run/pvesdn-lab-\w+", below(process, "cmdline")))
    return Path(os.fsdecode(folder))


def groups_of(process: subprocess.Popen[bytes]) -> list[Path]:
    """The control groups of a lab's nodes, where this machine shows them."""
    names = set(re.findall(r"(?m)^0::/(.*pvesdn-lab-\d+)/", below(process, "cgroup").decode()))
    assert names
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [Path(where) / name for _, where, kind, *_ in mounts if kind == "cgroup2" for name in sorted(names)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill"])
def test_a_lab_that_is_cut_off_takes_everything_with_it(number: signal.Signals) -> None:
    links = sorted(path.name for path in Path("/sys/class/net").iterdir())
    process = lab("test", "unicast")
    assert process.stdout is not None
    line = process.stdout.readline().decode()
    while line and not line.startswith("lab of"):
        line = process.stdout.readline().decode()
    assert line, "the lab did not come up"
    folder = folder_of(process)
    groups = groups_of(process)
    assert processes_of(str(folder))
    process.send_signal(number)
    process.wait(DEADLINE)
    assert comes_true(lambda: not processes_of(str(folder)), seconds=DEADLINE), "every process to end"
    assert sorted(path.name for path in Path("/sys/class/net").iterdir()) == links
    assert str(folder) not in Path("/proc/self/mounts").read_text()
    clear_groups(patience=50)  # as the next lab does
    assert not any(group.exists() for group in groups)
    if number is signal.SIGKILL:
        assert not any(folder.iterdir())
        folder.rmdir()
    assert not folder.exists()
    process.stdout.close()


def test_a_machine_that_is_cut_off_takes_every_process_with_it(tmp_path: Path) -> None:
    if kernel.probe().lacks({"vrf"}) == []:
        pytest.skip("this kernel has VRF devices: no machine is needed")
    with lab("test", "symmetric", TMPDIR=str(tmp_path)) as process:
        assert process.stdout is not None
        line = process.stdout.readline().decode()
        while line and not line.startswith("lab of"):
            line = process.stdout.readline().decode()
        assert line, "the lab did not come up"
        assert processes_of(str(tmp_path))
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE)
        assert comes_true(lambda: not processes_of(str(tmp_path)), seconds=DEADLINE), "every process to end"


def test_a_lab_that_does_not_come_up_leaves_nothing_to_the_next_one(tmp_path: Path) -> None:
    node = '[[node]]\nname = "node1"\nmanagement = "10.99.0.1/24"\nunderlay = "192.168.0.1/24"\n'
    step = '[[step]]\ndo = "run"\nnode = "node1"\ncommand = "true"\nproves = "the node is there"\n'
    for name, more in (("first", "mtu = 10000000\n"), ("second", "")):  # no card has that MTU
        (tmp_path / name).mkdir()
        (tmp_path / name / "topology.toml").write_text(node + more)
        (tmp_path / name / "scenario.toml").write_text(f'title = "{name}"\n{step}')
    # On one processor all labs are built in one place, one after another.
    argv = ["taskset", "--cpu-list", str(min(os.sched_getaffinity(0))), sys.executable, "-m", "pvesdn", "lab", "test"]
    argv += [str(tmp_path / "first"), str(tmp_path / "second"), "--results", str(tmp_path)]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=DEADLINE)
    rows = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text().splitlines()]
    found = {row["scenario"]: row["outcome"] for row in rows}
    assert (done.returncode, found) == (1, {"first": "broken", "second": "ok"}), done.stdout + done.stderr
