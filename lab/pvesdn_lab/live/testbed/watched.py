"""All devices of nodes at once: which of them a ping passes, and which its answer, by tcpdump."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import PATH, wait_for

_SEEN = re.compile(r"^\S+ (?P<device>\S+)\s+(?:In|Out|P|B|M)\s.*: ICMP echo (?P<what>request|reply),", re.MULTILINE)
"""A line of tcpdump's for a ping or its answer."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A node where somebody looks. :param log: tcpdump's output."""

    node: LiveNode
    log: Path

    def devices(self, what: str) -> frozenset[str]:
        """Those that pings have passed so far, or their answers. :param what: ``request`` or ``reply``."""
        return devices_of(self.log.read_text("utf-8", "replace"), what)


def devices_of(lines: str, what: str) -> frozenset[str]:
    """The devices in tcpdump's lines for a ``request``, or for a ``reply``."""
    return frozenset(match["device"] for match in _SEEN.finditer(lines) if match["what"] == what)


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
    command = ["tcpdump", "-Z", "root", "-l", "-n", "-e", "--immediate-mode", "-i", "any", *words.split()]
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
