"""What simulated nodes do by themselves: their clocks are turned, and what systemd would start is called."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pvesdn.node.program.alone import act
from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands import ifupdown
from pvesdn_lab.simulated.commands.state import PHYSICAL, locked_state, read_json, write_json
from pvesdn_lab.simulated.commands.systemd import UNITS, started
from pvesdn_lab.simulated.in_process import machine_of
from pvesdn_lab.simulated.node import SWITCHES, SimulatedNode

TIMER, SERVICE, AT_BOOT = "pvesdn-undo.timer", "pvesdn-undo.service", "pvesdn-undo-at-boot.service"
CHECKPOINT = "var/lib/pvesdn/checkpoint.json"


class ByHand:
    """A pulse that beats when it is told to: first what was begun first."""

    def __init__(self) -> None:
        self.beats: list[Callable[[], None]] = []

    @contextmanager
    def beating(self, seconds: float, beat: Callable[[], None]) -> Iterator[None]:
        assert seconds <= 30.0
        self.beats.append(beat)
        yield
        self.beats.remove(beat)

    def beat(self) -> None:
        for beat in self.beats:
            beat()


def pass_time(cluster: SimulatedCluster, seconds: float) -> None:
    """Let so much time pass on every node, and its timer look once."""
    for node in cluster.nodes.values():
        turn_clock(node, seconds)
        look(node)


def turn_clocks(cluster: SimulatedCluster, seconds: float) -> None:
    """Let so much time pass on every node, and no timer look."""
    for node in cluster.nodes.values():
        turn_clock(node, seconds)


def turn_clock(node: SimulatedNode, seconds: float) -> None:
    """Let so much time pass on the node, and nobody look."""
    node.write("/proc/uptime", f"{_uptime(node) + seconds:.2f} 0.00\n")


def look(node: SimulatedNode) -> None:
    """What a started timer does every five seconds."""
    if TIMER in started(node.root):
        _run(node, SERVICE)


def reboot(node: SimulatedNode) -> None:
    """What the kernel had is gone; systemd starts what it finds, in its order."""
    node.write("/proc/sys/kernel/random/boot_id", f"{uuid.uuid4()}\n")
    node.write("/proc/uptime", "7.00 0.00\n")
    write_json(node.root, "units", [])
    for key, value in SWITCHES.items():
        node.write(f"/proc/sys/{key}", f"{value}\n")
    with locked_state(node.root) as state:
        for name, link in [*state.links.items()]:
            if link["kind"] != PHYSICAL:
                state.delete(name)
        for link in state.links.values():
            link["master"] = None
        state.managed[:] = ["lo"]
    frr = read_json(node.root, "frr", {})
    write_json(node.root, "frr", frr | {"running": False, "daemons": []})
    with _before_pmxcfs(node):
        if _is_wanted(node, "sysinit.target", AT_BOOT) and (node.root / CHECKPOINT).exists():
            _run(node, AT_BOOT)
        for file in sorted(node.path("/etc/sysctl.d").glob("*.conf")):
            node.run("sysctl", "-p", str(file))
        ifupdown.ifreload(node.root, ["-a"])
        if node.run("systemctl", "is-enabled", "frr").returncode == 0:
            node.run("systemctl", "start", "frr")
    if _is_wanted(node, "timers.target", TIMER):
        node.run("systemctl", "start", TIMER)


def traces(cluster: SimulatedCluster) -> list[str]:
    """What is still armed, or lies about of an apply that is over. What was only staged is not among it: it is in
    nobody's way, and goes with the next apply, wherever its target lies.
    """
    found = []
    for name, node in cluster.nodes.items():
        found += [f"{name}: {unit} runs" for unit in started(node.root)]
        for folder in ("etc/systemd", "var/lib/pvesdn"):
            paths = [path for path in sorted((node.root / folder).rglob("*")) if path.is_file() or path.is_symlink()]
            found += [f"{name}: {path.relative_to(node.root)}" for path in paths]
    stay = ("/lock", "/written.json", ".service.d/pvesdn.conf", ".service.d/.pvesdn.conf.pvesdn-new")
    return [trace for trace in found if not trace.endswith(stay)]


def _run(node: SimulatedNode, unit: str) -> None:
    text = (node.root / UNITS / unit).read_text("utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    program, _, words = line.partition(" undo")
    assert program == "ExecStart=/usr/bin/python3 -I /var/lib/pvesdn/program.py"
    assert node.path("/var/lib/pvesdn/program.py").exists()
    act(machine_of(node.root), words.split())


@contextmanager
def _before_pmxcfs(node: SimulatedNode) -> Iterator[None]:
    """PVE's definitions are not there until pmxcfs is started, after the network."""
    place = node.path("/etc/pve/sdn")
    later = place.rename(node.path("/etc/pve-sdn"))
    yield
    later.rename(place)


def _is_wanted(node: SimulatedNode, target: str, unit: str) -> bool:
    link = node.root / UNITS / f"{target}.wants" / unit
    return link.is_symlink() and (node.root / str(link.readlink()).lstrip("/")).is_file()


def _uptime(node: SimulatedNode) -> float:
    text = node.read("/proc/uptime")
    return time.clock_gettime(time.CLOCK_BOOTTIME) if text is None else float(text.split()[0])
