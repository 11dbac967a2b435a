"""What it costs to change many nodes side by side: `python -m bench.side_by_side [SECONDS] [NODES...]`, as root.

Every node is a folder behind a real sshd on the loopback, and each call is a real `ssh` that starts the real node
program. Its commands print what a node with a VNet prints and `ifreload` sleeps: SECONDS, what an
`ifreload -a` was measured to take. A change is what `apply` asks of each node, step by step: two reads, staging,
swapping, the reload and its mark, and the read that verifies.

All nodes run on this one machine, so that its processors do the work of all of them. Their processor time is shown
apart: what is left for whoever applies is that of `ssh` and of this process.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bench.page_side import ROWS, side_section
from bench.snapshots import device
from pvesdn.adapters.nodes import ProgramAgent, SshHost, SshTransport
from pvesdn.adapters.runner import SideBySide
from pvesdn.errors import NodeError
from pvesdn.model.execution import FileWrite, PutInPlace
from pvesdn.model.files import OUR_INTERFACES
from pvesdn.model.primitives import NodeName
from pvesdn.wiring import ALL_AT_ONCE, AT_ONCE

SECONDS = 9.0
"""What `ifreload -a` takes with 400 VNets (docs/decisions/0063-reload-what-has-changed.md)."""
NODES = (3, 8, 32, 128)
BATCH = 16
"""Nodes that are swapped and reloaded at the same time, `apply --batch`."""
DEADLINE = 20.0
SBIN = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
TEXT = "auto net00001\niface net00001\n\tbridge-ports none\n\tmtu 1450\n"
_SESSION = r"PVESDN_ROOT={root} exec sh -c \"$SSH_ORIGINAL_COMMAND\""
"""What each node's own key may run: so one sshd is all of them."""


class Nodes:
    """Folders behind one sshd, and the way to them."""

    def __init__(self, folder: Path, count: int, seconds: float) -> None:
        self.folder = folder
        self.roots = {f"pve{number:03}": folder / "nodes" / f"pve{number:03}" for number in range(1, count + 1)}
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        for root in self.roots.values():
            _make_node(root, seconds)
        self._make_keys()

    def agent(self) -> ProgramAgent:
        """The node program on each, over SSH."""
        known = self.folder / "known_hosts"
        hosts = {
            node: SshHost("127.0.0.1", port=self._port, identity_file=self.folder / node, known_hosts_file=known)
            for node in self.roots
        }
        return ProgramAgent(SshTransport(hosts, connect_limit=60, cluster_files=self.folder / "none"))

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Until the end of the block sshd runs; its sessions' processor time is then this process's children's."""
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        argv = [shutil.which("sshd", path=SBIN) or "sshd", "-D", "-e", "-f", str(self.folder / "config")]
        with (self.folder / "log").open("wb") as log, subprocess.Popen(argv, stdout=log, stderr=log) as process:
            try:
                end = time.monotonic() + DEADLINE
                while "Server listening" not in (self.folder / "log").read_text(errors="replace"):
                    if process.poll() is not None or time.monotonic() > end:
                        sys.exit("sshd does not listen: " + (self.folder / "log").read_text(errors="replace"))
                    time.sleep(0.05)
                yield
            finally:
                process.terminate()

    def _make_keys(self) -> None:
        for name in ("host_key", *self.roots):
            argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "bench", "-f", str(self.folder / name)]
            subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
        public = {name: (self.folder / f"{name}.pub").read_text() for name in ("host_key", *self.roots)}
        (self.folder / "known_hosts").write_text("".join(f"{node} {public['host_key']}" for node in self.roots))
        sessions = {node: _SESSION.format(root=root) for node, root in self.roots.items()}
        keys = "".join(f'command="{sessions[node]}" {public[node]}' for node in self.roots)
        (self.folder / "authorized_keys").write_text(keys)
        lines = [
            f"ListenAddress 127.0.0.1:{self._port}",
            f"HostKey {self.folder / 'host_key'}",
            f"AuthorizedKeysFile {self.folder / 'authorized_keys'}",
            "PidFile none",
            "StrictModes no",
            "UsePAM no",
            "MaxStartups 1000",
            "KexAlgorithms curve25519-sha256",
            f"SetEnv PATH={os.defpath} HOME={self.folder}",
        ]
        (self.folder / "config").write_text("\n".join([*lines, ""]))


def _make_node(root: Path, seconds: float) -> None:
    """A node's folder: its files, and commands that answer or sleep."""
    (root / "bin").mkdir(parents=True)
    for folder in ("etc/network/interfaces.d", "etc/frr", "etc/sysctl.d", "proc/sys"):
        (root / folder).mkdir(parents=True)
    shown = json.dumps([device(4, "net00001", 1450, "bridge", {"vlan_filtering": 0}) | {"addr_info": []}])
    (root / "shown").write_text(shown)
    for name, script in {
        "ip": 'case "$*" in *address) exec cat "${0%/*}/../shown" ;; esac; echo "[]"',
        "bridge": 'echo "[]"',
        "ifreload": f"exec sleep {seconds:g}",
    }.items():
        (root / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (root / "bin" / name).chmod(0o755)


def change(agent: ProgramAgent, nodes: Sequence[NodeName], batch: int) -> None:
    """Change all of them, as an apply does: what is read and staged many at once, what is swapped batch by batch."""
    write = FileWrite(OUR_INTERFACES, TEXT)

    def each(chosen: Sequence[NodeName], task: Callable[[NodeName], object], at_once: int) -> None:
        for node, answer in SideBySide(at_once).each(chosen, task).items():
            if isinstance(answer, NodeError):
                sys.exit(f"{node}: {answer}")

    for _ in range(2):
        each(nodes, lambda node: agent.observe(node, has_state=True), AT_ONCE)
    each(nodes, lambda node: agent.stage(node, [write]), AT_ONCE)
    for first in range(0, len(nodes), batch):
        there = nodes[first : first + batch]
        each(there, lambda node: agent.commit(node, PutInPlace((write,))), ALL_AT_ONCE)
        each(there, agent.reload, ALL_AT_ONCE)
        each(there, agent.finish, ALL_AT_ONCE)
    each(nodes, lambda node: agent.observe(node, has_state=True), AT_ONCE)


def measure(count: int, batch: int, seconds: float) -> dict[str, float]:
    """Seconds of a change on so many nodes, and of processor: of this side, and of all nodes."""
    with tempfile.TemporaryDirectory(prefix="pvesdn-bench-") as place:
        nodes = Nodes(Path(place), count, seconds)
        whole = _spent()
        with nodes.listening():
            before, began = _spent(), time.monotonic()
            change(nodes.agent(), list(nodes.roots), batch)
            took, here = time.monotonic() - began, _spent() - before
        return {"seconds": took, "here": here, "nodes": _spent() - whole - here}


def _spent() -> float:
    """Processor seconds of this process and of its children that have ended; sshd's count when it has."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def main(seconds: float, counts: Sequence[int]) -> None:
    """Measure each number of nodes, in batches and all at once; keep the rows for the page, and print them."""
    alone = measure(1, 1, seconds)["seconds"]
    rows = []
    for count in counts:
        for batch in dict.fromkeys((min(BATCH, count), count)):
            print(f"changing {count} nodes, {batch} at once ...", file=sys.stderr)
            rows.append({"count": count, "batch": batch, **measure(count, batch, seconds)})
    kept = {"measured": datetime.now(tz=UTC).date().isoformat(), "reload": seconds, "alone": alone, "rows": rows}
    ROWS.write_text(json.dumps(kept, indent=1) + "\n")
    print(side_section(kept))


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else SECONDS, [int(word) for word in sys.argv[2:]] or NODES)
