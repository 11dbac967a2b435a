"""Guests and routers: namespaces with a card, pings that are sent and counted."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import DEADLINE, PATH, LabFault, Space, start_holder, wait_for

_COUNTS = re.compile(r"(\d+) packets transmitted, (\d+) received")
_WITHOUT_DAD = "echo 0 > all/accept_dad; echo 0 > default/accept_dad"
_LAST_LINES = 1000
_JUST_NOW_SECONDS = 0.5
_ANSWER = re.compile(r"^\[(\d+\.\d+)\] \d+ bytes from", re.MULTILINE)


class Host:
    """A namespace that pings: a guest, or something outside the cluster.

    :param ping: the program.
    """

    def __init__(self, name: str, log: Path, ping: str) -> None:
        self._process, pid = start_holder(["sleep", "infinity"], ("--net",), log)
        self.space = Space(name, pid)
        self._ping = ping
        # Addresses are to be usable at once: nobody else can have them.
        self.space.must("sh", "-ec", f"cd /proc/sys/net/ipv6/conf; ip link set lo up; {_WITHOUT_DAD}")

    @property
    def name(self) -> str:
        """Unique in the lab."""
        return self.space.name

    def reaches(self, address: str, *options: str, tries: int = 1) -> bool:
        """Whether one of `tries` pings, a second apart at most, is answered."""
        return any(
            self.space.call(self._ping, "-n", "-c", "1", "-W", "1", *options, address, limit=DEADLINE).returncode == 0
            for _ in range(tries)
        )

    def pings_until_answered(self, address: str, limit: float = DEADLINE) -> float:
        """Seconds until a ping was answered.

        :raises LabFault: none was within `limit` seconds.
        """
        begin = time.monotonic()
        wait_for(f"{self.name} reaches {address}", lambda: self.reaches(address), limit=limit, pause=0.1)
        return time.monotonic() - begin

    def asks_again(self, address: str) -> set[str]:
        """MACs that it has for an address of its network, after forgetting it and asking until there is an answer.

        :raises LabFault: there was none.
        """
        self.space.ip(f"neigh flush dev eth0 to {address}")
        self.pings_until_answered(address)
        rows = self.space.json("ip", "-j", "neigh", "show", "to", address, "dev", "eth0")
        return {row["lladdr"] for row in rows if "lladdr" in row}

    def fits(self, address: str, octets: int) -> bool:
        """Whether an IP packet of so many bytes, headers included, gets there and back unfragmented."""
        headers = 48 if ":" in address else 28
        return self.reaches(address, "-M", "do", "-s", str(octets - headers), tries=3)

    def stream(self, address: str, rate: int, log: Path) -> Stream:
        """Begin to ping `rate` times a second."""
        return Stream(self, [self._ping, "-n", "-D", "-i", f"{1 / rate:g}", address], rate, log)

    def end(self) -> None:
        """Switch it off."""
        self._process.kill()
        self._process.wait()


class Stream:
    """Pings that go on until they are counted."""

    def __init__(self, host: Host, command: Sequence[str], rate: int, log: Path) -> None:
        self._log = log
        self._rate = rate
        self._begin = time.monotonic()
        self._started = time.time()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                host.space.argv(*command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, "PATH": PATH},
            )

    def count(self, at_least: int) -> tuple[int, int]:
        """Stop once about so many have been sent; the result is how many were sent and how many of them lost."""
        self._wait_until(self._begin + at_least / self._rate)
        return self._stop()

    def is_answered(self) -> bool:
        """Whether an answer has come within the last half second."""
        answers = _ANSWER.findall(self._log.read_text("utf-8", "replace")[-_LAST_LINES:])
        return bool(answers) and time.time() - float(answers[-1]) < _JUST_NOW_SECONDS

    def go_on(self, number: int) -> None:
        """Until about so many more have been sent."""
        self._wait_until(time.monotonic() + number / self._rate)

    def _wait_until(self, end: float) -> None:
        left = max(0.0, end - time.monotonic())
        wait_for("enough pings", lambda: time.monotonic() > end, limit=left + DEADLINE)

    def outage(self) -> tuple[int, int, float]:
        """Stop; how many were sent, how many of them lost, and for how many seconds at most there was no answer.

        By the clock, not by their number: `ping` slows down while nothing answers its ARP.
        """
        sent, lost = self._stop()
        answers = _ANSWER.findall(self._log.read_text("utf-8", "replace"))
        times = [self._started, *map(float, answers), time.time()]
        return sent, lost, max(later - earlier for earlier, later in pairwise(times))

    def _stop(self) -> tuple[int, int]:
        self._process.send_signal(2)  # ping prints its numbers at SIGINT
        self._process.wait(DEADLINE)
        text = self._log.read_text("utf-8", "replace")
        match = _COUNTS.search(text)
        if match is None:
            raise LabFault(f"ping printed no numbers: {text.strip()[-300:]}")
        sent, received = int(match[1]), int(match[2])
        return sent, sent - received


@dataclass(slots=True)
class Guest:
    """A guest: its namespace, and where it is plugged in.

    :param number: like a VMID: its port is ``tap<number>i0``.
    """

    host: Host
    number: int
    node: LiveNode
    vnet: str
    addresses: tuple[str, ...]
    gateways: tuple[str, ...] = ()

    @property
    def port(self) -> str:
        """The node's end of its card, named as PVE names it."""
        return f"tap{self.number}i0"

    @property
    def address(self) -> str:
        """Its first address, without prefix length."""
        return self.addresses[0].partition("/")[0]

    def plug_in(self) -> None:
        """Plug its card into the VNet, as PVE does when the guest starts."""
        mtu = self.node.devices()[self.vnet]["mtu"]
        node = self.node.space
        self.host.space.ip(f"link add eth0 mtu {mtu} type veth peer name {self.port} mtu {mtu} netns {node.pid}")
        node.must("ip", "link", "set", self.port, "master", self.vnet, "up")
        self.host.space.ip(
            f"link set eth0 address {self.mac} up",
            *(f"address add {address} dev eth0{' nodad' if ':' in address else ''}" for address in self.addresses),
            *(f"route add default via {gateway}" for gateway in self.gateways),
        )

    @property
    def mac(self) -> str:
        """Its own, the same wherever it is plugged in."""
        return f"bc:24:11:00:{self.number >> 8:02x}:{self.number & 255:02x}"

    def move(self, node: LiveNode) -> None:
        """Live migration as the network sees it: the port is gone here and there the next moment, the guest goes on.

        At the end the guest's gratuitous ARP (QEMU's announce-self): the kernel sends it when a MAC is set.
        """
        mtu, bare = node.devices()[self.vnet]["mtu"], f"x{self.number}"
        self.host.space.must("sh", "-c", "echo 1 > /proc/sys/net/ipv4/conf/eth0/arp_notify")
        # The pair stays: its end changes the namespace, as a tap would be made anew under a running guest.
        # Not in the node's PID namespace, where ip could not find the other node's process.
        here, there = (Space(one.name, one.space.pid) for one in (self.node, node))
        steps = (
            here.argv(*f"ip link set {self.port} down nomaster name {bare} netns {there.pid}".split()),
            there.argv(*f"ip link set {bare} name {self.port} mtu {mtu} master {self.vnet} up".split()),
            self.host.space.argv(*f"ip link set eth0 address {self.mac}".split()),
        )
        # In one go: what this process needs between two commands is no part of a migration.
        Space("a migration", os.getpid()).must("sh", "-ec", "\n".join(shlex.join(step) for step in steps))
        self.node = node
