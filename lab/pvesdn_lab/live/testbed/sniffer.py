"""Frames as they are on the wire: tcpdump's word."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import PATH, LabFault, Space, wait_for

_TAG = re.compile(r"\((?P<type>0x[0-9a-f]{4})\), (?:length \d+: )?vlan (?P<vlan>\d+)")
_SOURCE = re.compile(r"length \d+: (?P<source>\S+) > ")
_SECONDS = 30.0


def tags_of(frame: str) -> list[tuple[str, int]]:
    """Ethertype and VLAN of each tag of a frame, the outer one first, from a line of ``tcpdump -e``."""
    return [(match["type"], int(match["vlan"])) for match in _TAG.finditer(frame)]


def source_of(packet: str) -> str:
    """Where an IP packet comes from, from a line of ``tcpdump -e``; empty when it is none."""
    match = _SOURCE.search(packet)
    return match["source"] if match else ""


@dataclass(frozen=True, slots=True)
class Tap:
    """A place where frames are looked at.

    :param space: whose network it is in.
    :param tools: a node: tcpdump is taken from there.
    :param log: a file for tcpdump's output.
    """

    space: Space
    device: str
    tools: LiveNode
    log: Path

    def catch(self, words: str, provoke: Callable[[], object]) -> str:
        """The line for the first frame that fits.

        :param words: a filter of tcpdump's.
        :param provoke: what makes the frame come; called again until one has come.
        :raises LabFault: none came.
        """
        where = f"{self.device} of {self.space.name}"
        with self.log.open("wb") as output:
            process = subprocess.Popen(
                self._argv(words),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={"PATH": PATH, "LC_ALL": "C"},
            )
        try:
            wait_for(f"tcpdump listens on {where}", lambda: process.poll() is not None or self._listens(), pause=0.05)
            wait_for(f"a frame on {where} that is {words}", lambda: _came(process, provoke), limit=_SECONDS)
        finally:
            process.kill()
            process.wait()
        lines = self._lines()
        frame = next((line for line in lines if " > " in line), None)
        if frame is None:
            raise LabFault(f"tcpdump on {where}: {' / '.join(lines[-3:])}")
        return frame

    def _argv(self, words: str) -> list[str]:
        spaces = ["--mount", f"--net=/proc/{self.space.pid}/ns/net", "--wd=/"]
        enter = ["nsenter", "--target", str(self.tools.space.pid), *spaces, "--"]
        return [*enter, "tcpdump", "-Z", "root", "-l", "-n", "-e", "-c", "1", "-i", self.device, *words.split()]

    def _listens(self) -> bool:
        return any("listening on" in line for line in self._lines())

    def _lines(self) -> list[str]:
        return self.log.read_text("utf-8", "replace").splitlines()


def _came(process: subprocess.Popen[bytes], provoke: Callable[[], object]) -> bool:
    if process.poll() is None:
        provoke()
    return process.poll() is not None
