"""The physical world: switches, and the cards that are plugged into them. A namespace of its own."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pvesdn_lab.live.testbed.space import Space, start_holder, wait_for

BRIDGES = {"mgmt": 1500, "under": 9000, "outer": 1500, "trunk": 1500, "metro": 1500} | dict.fromkeys(
    ("link1", "link2", "link3"), 1550
)
"""Switches and the MTU they carry, bytes: management, underlay, the network outside the cluster, two that carry VLANs,
and three links of a routed underlay.
"""


@dataclass(frozen=True, slots=True)
class Card:
    """A network card: `name` in the node, the switch it is wired to, its MTU in bytes."""

    name: str
    bridge: str
    mtu: int = 1500


class Wires:
    """All switches of a lab.

    Ports are called ``<card>.<node>``, cut to what the kernel takes, and are never renamed: pulling one is `unplug`.
    """

    def __init__(self, log: Path) -> None:
        self._process: subprocess.Popen[bytes]
        self._process, pid = start_holder(["sleep", "infinity"], ("--net",), log)
        self.space = Space("wires", pid)
        self.space.ip(
            *(f"link add {bridge} type bridge forward_delay 0 mcast_snooping 0" for bridge in BRIDGES),
            *(f"link set {bridge} mtu {mtu} up" for bridge, mtu in BRIDGES.items()),
        )

    def plug(self, cards: Iterable[Card], space: Space) -> None:
        """Give the namespaces of `space` cards, each wired to its switch, down as a card is before it is configured.

        Those of a node that has lost its power this moment may still be there: the kernel takes them away when it has
        time.
        """
        wanted, lines = list(cards), []
        ports = {self.port(card.name, space.name) for card in wanted}
        wait_for(f"the cards of {space.name} to be gone", lambda: not ports & self._there())
        for card in wanted:
            port = self.port(card.name, space.name)
            inner = f"peer name {card.name} address {_mac(port)} mtu {card.mtu} netns {space.pid}"
            lines.append(f"link add {port} mtu {card.mtu} type veth {inner}")
            lines.append(f"link set {port} master {card.bridge} up")
        self.space.ip(*lines)

    def _there(self) -> set[str]:
        return {link["ifname"] for link in self.space.json("ip", "-j", "link")}

    def cut(self, card: str, name: str) -> None:
        """Pull the cable: the card's link goes down on both ends."""
        self.space.ip(f"link set {self.port(card, name)} down")

    def mend(self, card: str, name: str) -> None:
        """Put the cable back."""
        self.space.ip(f"link set {self.port(card, name)} up")

    def carry(self, card: str, name: str, octets: int) -> None:
        """Let packets of so many bytes through a cable, and drop larger ones on the way, whatever the card's MTU is."""
        self.space.ip(f"link set {self.port(card, name)} mtu {octets}")

    def end(self) -> None:
        """Take all switches away, and with them every card."""
        self._process.kill()
        self._process.wait()

    @staticmethod
    def port(card: str, name: str) -> str:
        """The switch's end of a card's cable."""
        return f"{name}.{card}"[:15]


def _mac(port: str) -> str:
    """A card's own address, the same after every boot: neighbours remember it."""
    digest = hashlib.sha256(port.encode("ascii")).digest()
    return ":".join(f"{octet:02x}" for octet in (0x02, 0xFE, *digest[:4]))
