"""Sets of VLANs (IEEE 802.1Q), as bridges and guests' configurations have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LAST_VLAN = 4094
"""0 and 4095 are reserved."""


@dataclass(frozen=True, slots=True)
class VlanSet:
    """VLANs of one port. A node may have a thousand ports with all of them: hence one bit each.

    :param bits: bit N stands for VLAN N.
    """

    bits: int = 0

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> VlanSet:
        """:param ranges: first and last VLAN of each, within 1 to 4094."""
        bits = 0
        for first, last in ranges:
            bits |= (1 << (last + 1)) - (1 << first)
        return cls(bits)

    def __bool__(self) -> bool:
        return bool(self.bits)

    def __or__(self, other: VlanSet) -> VlanSet:
        return VlanSet(self.bits | other.bits)

    def __sub__(self, other: VlanSet) -> VlanSet:
        return VlanSet(self.bits & ~other.bits)

    def ranges(self) -> Iterator[tuple[int, int]]:
        """First and last VLAN of each run, in ascending order."""
        left = self.bits
        while left:
            first = (left & -left).bit_length() - 1
            run = left >> first
            length = (~run & (run + 1)).bit_length() - 1
            yield first, first + length - 1
            left = (run >> length) << (first + length)

    def __str__(self) -> str:
        return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in self.ranges())


NO_VLANS = VlanSet()


@dataclass(frozen=True, slots=True)
class PortVlans:
    """What a port of a VLAN-aware bridge lets through.

    :param pvid: the VLAN that untagged frames belong to; None where they are dropped.
    :param untagged: VLANs that leave the port without their tag.
    :param tagged: VLANs that leave it with their tag.
    """

    pvid: int | None = None
    untagged: VlanSet = NO_VLANS
    tagged: VlanSet = NO_VLANS

    def __str__(self) -> str:
        said = [f"{self.untagged} untagged"] if self.untagged else []
        said += [f"{self.tagged} tagged"] if self.tagged else []
        if self.pvid is None:
            said += ["no PVID"] if self.untagged else []
        elif VlanSet.of([(self.pvid, self.pvid)]) != self.untagged:
            said.append(f"PVID {self.pvid}")
        return f"VLAN {'; '.join(said)}" if said else "no VLAN"
