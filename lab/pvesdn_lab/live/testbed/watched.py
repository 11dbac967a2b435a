"""All devices of nodes at once: which of them and which tunnels a ping passes, and which its answer, by tcpdump."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import PATH, wait_for

_ECHO = r"ICMP(?:6,)? echo (?P<what>request|reply),"
_SEEN = re.compile(rf"^\S+ (?P<device>\S+)\s+(?:In|Out|P|B|M)\s.*: {_ECHO}", re.MULTILINE)
"""A line of tcpdump's for a ping or its answer."""
_TUNNELLED = re.compile(
    r"^\S+ \S+\s+(?:In|Out)\s.*: (?P<vtep>\S+)\.\d+ > (?P<remote>\S+)\.\d+: VXLAN, .*, vni (?P<vni>\d+)\n"
    rf".*: (?P<source>\S+) > (?P<target>\S+): {_ECHO}",
    re.MULTILINE,
)
"""Two lines of tcpdump's for one in a VXLAN packet: the packet, and what is in it."""
_ENOUGH = "256"
"""Bytes of a packet: the headers of two, one in the other."""
VXLAN = "udp dst port 4789"
"""A filter of tcpdump's for the tunnels of a lab's zones."""

Tunnelled: TypeAlias = tuple[int, str, str]
"""VNI, and the outer source and destination of a packet: the VTEP of its node, and the other one or a group."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A node where somebody looks. :param log: tcpdump's output."""

    node: LiveNode
    log: Path

    def devices(self, what: str) -> frozenset[str]:
        """Those that pings have passed so far, or their answers. :param what: ``request`` or ``reply``."""
        return devices_of(self._lines(), what)

    def tunnels(self, what: str, ends: frozenset[str]) -> frozenset[Tunnelled]:
        """Those that pings between two addresses have passed, or their answers."""
        return tunnels_of(self._lines(), what, ends)

    def _lines(self) -> str:
        return self.log.read_text("utf-8", "replace")


def devices_of(lines: str, what: str) -> frozenset[str]:
    """The devices in tcpdump's lines for a ``request``, or for a ``reply``."""
    return frozenset(match["device"] for match in _SEEN.finditer(lines) if match["what"] == what)


def tunnels_of(lines: str, what: str, ends: frozenset[str]) -> frozenset[Tunnelled]:
    """The tunnels in tcpdump's lines for a ``request`` between two addresses, or for a ``reply``."""
    return frozenset(
        (int(match["vni"]), match["vtep"], match["remote"])
        for match in _TUNNELLED.finditer(lines)
        if match["what"] == what and {match["source"], match["target"]} == ends
    )


@contextmanager
def watching(nodes: Sequence[LiveNode], words: str, folder: Path) -> Iterator[list[Watched]]:
    """Look at all devices of the nodes.

    :param words: a filter of tcpdump's.
    :param folder: for what it prints.
    """
    with ExitStack() as stack:
        watched = [stack.enter_context(_watching(node, words, folder / f"watched-{node.name}")) for node in nodes]
        for one, process in watched:
            wait_for(f"tcpdump listens on {one.node.name}", partial(_listens, one, process), pause=0.05)
        yield [one for one, _ in watched]


def _listens(one: Watched, process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None or "listening on" in one.log.read_text("utf-8", "replace")


@contextmanager
def _watching(node: LiveNode, words: str, log: Path) -> Iterator[tuple[Watched, subprocess.Popen[bytes]]]:
    # A buffer holds eight packets of the largest size, and one ping passes more devices before tcpdump has its turn.
    sizes = ["--snapshot-length", _ENOUGH, "--buffer-size", "4096"]
    command = ["tcpdump", "-Z", "root", "-l", "-n", "-e", "--immediate-mode", *sizes, "-i", "any", *words.split()]
    spaces = ["--mount", f"--net=/proc/{node.space.pid}/ns/net", "--wd=/"]
    argv = ["nsenter", "--target", str(node.space.pid), *spaces, "--", *command]
    with log.open("wb") as output:
        environment = {"PATH": PATH, "LC_ALL": "C"}
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
    try:
        yield Watched(node, log), process
    finally:
        process.kill()
        process.wait()
