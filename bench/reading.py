"""What reading a node costs it, beside its own `ip -j -d link` and `bridge -j fdb show`: with a real kernel.

`measure_node` starts `python -m bench.reading VNETS RUNS` in a network of its own, which needs root. That makes the
devices of a unicast zone there, and asks the node program, as it is sent to a node, for what plan and verify ask.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.network import FIRST_VTEP
from pvesdn.model.files import OUR_INTERFACES
from pvesdn.model.snapshot import NODE_COMMANDS, NODE_FILES, STATE_COMMANDS
from pvesdn.node import boot

RUNS = 7
PEERS = 2
COMMANDS = ("ip", "bridge")
OWN = (["ip", "-j", "-d", "link"], ["bridge", "-j", "fdb", "show"])
"""What somebody would look at the devices with."""
FLOOR = "import json,subprocess;json.loads(subprocess.run(['ip','-j','-d','address'],stdout=subprocess.PIPE).stdout)"
"""The least that a program can do which is written in Python and looks at the devices and their addresses."""
_ALL_ZERO = "00:00:00:00:00:00"
_PYTHON = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
"""A node's: one that a version manager puts in front of it takes longer to start than to read."""
_STATE_OF_DEVICES = [name for name in STATE_COMMANDS if name in ("fdb", "settings", "port-vlans")]
"""There is no FRR here."""


def measure_node(vnets: str) -> dict[str, Any]:
    """Processor seconds of each way of looking at a node; without "seconds" where that cannot be tried."""
    if os.geteuid() != 0 or any(shutil.which(name) is None for name in (*COMMANDS, "unshare")):
        return {}
    argv = ["unshare", "--net", sys.executable, "-m", "bench.reading", vnets, str(RUNS)]
    done = subprocess.run(argv, stdout=subprocess.PIPE, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def look_at(vnets: int, runs: int) -> dict[str, object]:
    """In a network of its own: make the devices, and time."""
    for command, lines in (("ip", _devices(vnets)), ("bridge", _entries(vnets))):
        subprocess.run([command, "-batch", "-"], input="\n".join(lines), text=True, check=True)
    with tempfile.TemporaryDirectory(prefix="pvesdn-bench-") as place:
        os.environ["PVESDN_ROOT"] = place
        _make_root(Path(place), vnets)
        nothing, without = _read(runs, (), ())
        files, with_files = _read(runs, NODE_FILES, ())
        plan, _ = _read(runs, NODE_FILES, NODE_COMMANDS)
        verify, size = _read(runs, NODE_FILES, [*NODE_COMMANDS, *_STATE_OF_DEVICES])
    return {
        "seconds": plan,
        "verify": verify,
        "nothing": nothing,
        "files": files,
        "own": sum(own := [processor_seconds(runs, argv)[0] for argv in OWN]),
        "link": own[0],
        "floor": processor_seconds(runs, [_PYTHON, "-I", "-S", "-c", FLOOR])[0],
        "bytes": size,
        "bytes of files": with_files - without,
    }


def _devices(vnets: int) -> Iterator[str]:
    yield "link set lo up"
    for number in range(1, vnets + 1):
        bridge = f"net{number:05}"
        yield f"link add {bridge} type bridge"
        yield f"link add vxlan_{bridge} type vxlan id {number} local 127.0.0.1 dstport 4789 nolearning"
        yield f"link set vxlan_{bridge} master {bridge} up"
        yield f"link set {bridge} up"


def _entries(vnets: int) -> Iterator[str]:
    for number in range(1, vnets + 1):
        for peer in range(1, PEERS + 1):
            yield f"fdb append {_ALL_ZERO} dev vxlan_net{number:05} dst {FIRST_VTEP + peer}"


def _make_root(root: Path, vnets: int) -> None:
    """A node's files, with this kernel's settings and commands."""
    (root / "bin").mkdir()
    for name in COMMANDS:
        (root / "bin" / name).symlink_to(shutil.which(name) or name)
    (root / "proc").symlink_to("/proc")
    text = root / OUR_INTERFACES.lstrip("/")
    text.parent.mkdir(parents=True)
    text.write_text("".join(_stanzas(vnets)))


def _stanzas(vnets: int) -> Iterator[str]:
    peers = "".join(f"\tvxlan-remoteip {FIRST_VTEP + peer}\n" for peer in range(1, PEERS + 1))
    for number in range(1, vnets + 1):
        bridge = f"net{number:05}"
        yield f"auto {bridge}\niface {bridge}\n\tbridge-ports vxlan_{bridge}\n\tbridge-stp off\n\tmtu 1450\n\n"
        yield f"auto vxlan_{bridge}\niface vxlan_{bridge}\n\tvxlan-id {number}\n{peers}\tmtu 1450\n\n"


def _read(runs: int, files: Sequence[str], commands: Sequence[str]) -> tuple[float, int]:
    """Processor seconds of one `observe` from the program's start to its end, and the bytes of its answer."""
    message = boot.message("observe", {"files": list(files), "commands": list(commands)})
    found, output = processor_seconds(runs, [_PYTHON, *boot.OPTIONS], message)
    assert boot.answer(output).ok, output[:2000]
    return found, len(output)


def processor_seconds(runs: int, argv: Sequence[str], message: bytes = b"") -> tuple[float, bytes]:
    """The best of some runs, of the process and all that it starts, and what it has printed."""
    best, output = float("inf"), b""
    for _ in range(runs):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        output = subprocess.run(argv, input=message, stdout=subprocess.PIPE, check=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return best, output


if __name__ == "__main__":
    print(json.dumps(look_at(*map(int, sys.argv[1:]))))
