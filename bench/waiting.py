"""What `pvesdn watch` costs while nothing happens, over a file system in user space as pmxcfs is one.

`python -m bench.waiting [LOOKS]`, as root. A small FUSE server has the files of a cluster of 16 members; the process
that waits looks at them many times, and the kernel says how long it has been on a processor. The server's own time, and
so pmxcfs's, is not counted.
"""

from __future__ import annotations

import ctypes
import errno
import json
import os
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from pvesdn.cli.verbs.watch import TICK, python
from pvesdn.workflows.watch import SEEN_TO
from pvesdn_lab.simulated.pmxcfs import COUNTED

MEMBERS = 16
QUICK = 0.005
"""Seconds between two looks here."""
READS = 4
"""Of one look: two files, each until nothing is left."""
DAY = 24 * 3600
_IN, _OUT, _ATTR = struct.Struct("<IIQQIIII"), struct.Struct("<IiQ"), struct.Struct("<6Q10I")
_LOOKUP, _GETATTR, _OPEN, _READ, _OPENDIR, _INIT = 1, 3, 14, 15, 27, 26
_SILENT = {2, 36, 42}
"""FORGET, INTERRUPT, BATCH_FORGET."""
_EMPTY = {18, 25, 29}
"""RELEASE, FLUSH, RELEASEDIR."""


class Server:
    """Files in folders, by the FUSE protocol (fuse(4)). The kernel may keep nothing of them: with libfuse it may for a
    second, and a look comes every five.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self._paths = ["", ""]  # node 1 is the root
        self._files = files
        self._folders = {""} | {str(parent) for path in files for parent in Path(path).parents if str(parent) != "."}

    def serve(self, device: int) -> None:
        """Answer until it is unmounted."""
        with suppress(OSError):
            while True:
                request = os.read(device, 1 << 17)
                _, opcode, unique, node, *_ = _IN.unpack_from(request)
                if opcode not in _SILENT:
                    answer = self._answer(opcode, node, request[_IN.size :])
                    error, body = (answer, b"") if isinstance(answer, int) else (0, answer)
                    os.write(device, _OUT.pack(_OUT.size + len(body), -error, unique) + body)

    def _answer(self, opcode: int, node: int, body: bytes) -> bytes | int:
        if opcode == _INIT:
            return struct.pack("<4I2H2I2HI7I", 7, 31, 65536, 0, 16, 12, 65536, 1, 0, 0, 0, *[0] * 7)
        path = self._paths[node]
        if opcode == _LOOKUP:
            return self._entry(f"{path}/{body.rstrip(bytes(1)).decode()}".lstrip("/"))
        if opcode == _GETATTR:
            return struct.pack("<QII", 0, 0, 0) + self._attributes(node)
        if opcode in {_OPEN, _OPENDIR}:
            return struct.pack("<QII", 0, 0, 0)
        if opcode == _READ:
            offset, size = struct.unpack_from("<8xQI", body)
            return self._files[path][offset : offset + size]
        return b"" if opcode in _EMPTY else errno.ENOSYS

    def _entry(self, path: str) -> bytes | int:
        if path not in self._files and path not in self._folders:
            return errno.ENOENT
        if path not in self._paths:
            self._paths.append(path)
        node = self._paths.index(path)
        return struct.pack("<4Q2I", node, 0, 0, 0, 0, 0) + self._attributes(node)

    def _attributes(self, node: int) -> bytes:
        path = self._paths[node]
        size = len(self._files.get(path, b""))
        mode = stat.S_IFREG | 0o640 if path in self._files else stat.S_IFDIR | 0o755
        return _ATTR.pack(node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def cluster() -> dict[str, bytes]:
    """The files below /etc/pve."""
    nodes = {f"pve{n}": {"id": n, "online": 1, "ip": f"192.168.0.{n}"} for n in range(1, MEMBERS + 1)}
    head = {"name": "bench", "version": MEMBERS, "nodes": MEMBERS, "quorate": 1}
    members = {"nodename": "pve1", "version": 20, "cluster": head, "nodelist": nodes}
    kept = dict.fromkeys(("kv/static-info", "kv/version-info", "kv/sdn", "kv/network", "nodeip", "tasklist"), 4711)
    counters = {"starttime": 1, "clinfo": 20, "vmlist": 99, **dict.fromkeys(COUNTED, 1)}
    version = {**counters, **{f"other/{n}": 1 for n in range(25)}, "kvstore": dict.fromkeys(nodes, kept)}
    texts = {".members": json.dumps(members, indent=1), ".version": json.dumps(version, indent=0)}
    texts |= {"sdn/pvesdn.cfg": "vxlan: ours\n", "sdn/pvesdn-history.json": "{}", "priv/pvesdn.toml": "[watch]\n"}
    return {name: text.encode() for name, text in texts.items()}


def mounted(folder: Path) -> int:
    """Mount it; the id of the server's process."""
    device = os.open("/dev/fuse", os.O_RDWR)
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    server = os.fork()
    if not server:
        Server(cluster()).serve(device)
        os._exit(0)
    if libc.mount(b"bench", os.fsencode(folder), b"fuse.bench", 0, options):
        os.kill(server, signal.SIGKILL)
        raise OSError(ctypes.get_errno(), "mount")
    os.close(device)
    return server


def on_processor(pid: int) -> float:
    """Seconds that a process has been on a processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def reads_of(pid: int) -> int:
    """How often it has called read(2)."""
    return int(Path(f"/proc/{pid}/io").read_text().split()[5])


def main(looks: int) -> None:
    """Measure, and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pve = folder / "root/etc/pve"
        pve.mkdir(parents=True)
        (folder / "state").mkdir()
        server = mounted(pve)
        told = {
            "node": "pve1", "root": str(folder / "root"), "folder": str(folder / "state"), "tick": QUICK,
            "files": list(SEEN_TO), "settings": str(pve / "priv/pvesdn.toml"), "command": ["/bin/true"],
        }  # fmt: skip
        argv = [*python("from pvesdn.watcher.__main__ import main; sys.exit(main(sys.argv[1]))"), json.dumps(told)]
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
        try:
            time.sleep(1)
            begun, first = on_processor(process.pid), reads_of(process.pid)
            while reads_of(process.pid) - first < looks * READS:
                time.sleep(0.2)
            seconds = (on_processor(process.pid) - begun) / ((reads_of(process.pid) - first) / READS)
            status = Path(f"/proc/{process.pid}/status").read_text()
        finally:
            process.terminate()
            process.wait()
            subprocess.run(["umount", str(pve)], check=False)
            os.waitpid(server, 0)
    memory = ", ".join(" ".join(line.split()) for line in status.splitlines() if line.startswith(("VmRSS", "RssAnon")))
    print(f"start: {begun:.2f} s on a processor; then {seconds * 1000:.3f} ms for a look,")
    print(f"{seconds * DAY / TICK:.1f} s a day with one every {TICK} s; {memory}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
