"""What scenarios watch while something else happens: guests' ports in their bridges, and pings that go on."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import PATH, Space, wait_for
from pvesdn_lab.live.verbs.context import Context, require


def watch_ports(context: Context) -> str:
    """Start to record every port that leaves a bridge."""
    watchers = context.notes.setdefault("watchers", {})
    for node in context.nodes():
        log = context.scratch() / f"{node.name}.ports"
        with log.open("wb") as output:
            watchers[node.name] = subprocess.Popen(
                Space(node.name, node.space.pid).argv("bridge", "monitor", "link"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                env={**os.environ, "PATH": PATH},
            )
        _mark(node, "begin", log)
    return "every node is watched"


def ports_stayed(context: Context) -> str:
    """No guest's port has left its bridge since `watch_ports`, not even for a moment."""
    ports = {guest.port for guest in context.lab.guests.values()}
    for node in context.nodes():
        log = context.scratch() / f"{node.name}.ports"
        _mark(node, "end", log)
        watcher = context.notes["watchers"].pop(node.name)
        watcher.terminate()
        watcher.wait()
        lines = log.read_text("utf-8", "replace").splitlines()
        left = [line for line in lines if line.startswith("Deleted") and any(port in line for port in ports)]
        require(not left, f"no guest's port to leave its bridge on {node.name}", left)
    return f"{len(ports)} guest ports never left their bridges"


def end_outage(context: Context, *, name: str, at_most: float) -> str:
    """Stop pings that were started, and tell the longest time, in seconds, without an answer."""
    sent, missing, seconds = context.streams.pop(name).outage()
    require(seconds <= at_most, f"at most {at_most:g} s without an answer", f"{seconds:.1f} s")
    return f"{seconds:.1f} s without an answer ({missing} of {sent} pings)"


def _mark(node: LiveNode, name: str, log: Path) -> None:
    """Show the monitor a port that comes and goes, and wait until it reports it: everything before is reported too."""
    bridge, port = f"m{name}", f"p{name}"
    words = (
        f"link add {bridge} type bridge",
        f"link add {port} type veth peer name {port}x",
        f"link set {port} master {bridge}",
    )

    def seen() -> bool:
        for line in words:
            node.space.must("ip", *line.split())
        node.space.must("ip", "link", "del", port)
        node.space.must("ip", "link", "del", bridge)
        return any(
            line.startswith("Deleted") and port in line for line in log.read_text("utf-8", "replace").splitlines()
        )

    wait_for(f"the monitor of {node.name} sees a port go", seen)
