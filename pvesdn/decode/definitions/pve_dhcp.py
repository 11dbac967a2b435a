"""DHCP ranges of PVE's subnets: PVE's API checks them, and nobody checks a file edited by hand (docs/pve.md §9)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_address

from pvesdn.decode.definitions.entries import Entry
from pvesdn.decode.definitions.values import shown
from pvesdn.model.findings import Severity
from pvesdn.model.primitives import IpAddress, IpNetwork

_RANGE = "dhcp-range"
_PART = re.compile(r"\s*(start-address|end-address)\s*=\s*([0-9a-fA-F.:]{2,45})\s*")
_FORM = "write start-address=ADDRESS,end-address=ADDRESS"


@dataclass(frozen=True, slots=True)
class _Range:
    """:param line: in the file; 0 where it has none."""

    start: IpAddress
    end: IpAddress
    line: int

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"

    def holds(self, address: IpAddress) -> bool:
        return address.version == self.start.version and self.start <= address <= self.end  # type: ignore[operator]


def doubt_ranges(entry: Entry, network: IpNetwork) -> None:
    """Enter a warning for each range of a subnet that cannot be meant: the first reason counts."""
    gateway = entry.get("gateway")
    good: list[_Range] = []
    for found in _ranges(entry):
        fault = _fault(found, network, gateway)
        if fault is None:
            good.append(found)
        else:
            _warn(entry, found.line, *fault)
    widest: _Range | None = None
    for found in sorted(good, key=lambda found: (int(found.start), int(found.end))):
        if widest is not None and widest.holds(found.start):
            last = max(widest.end, found.end, key=int)
            whole = _written(widest.start, last)
            _warn(entry, found.line, f"{_RANGE} {found} overlaps {widest}", f"write one range for both: {whole}")
            found = _Range(widest.start, last, widest.line)  # noqa: PLW2901 - what the next one is held against
        widest = found


def _ranges(entry: Entry) -> Iterator[_Range]:
    for item in entry.section.properties:
        if item.key != _RANGE or item.value == "":
            continue
        found = [_PART.fullmatch(part) for part in item.value.split(",")]
        said = {part[1]: part[2] for part in found if part is not None}
        try:
            start, end = (ip_address(said[name]) for name in ("start-address", "end-address"))
        except (KeyError, ValueError):
            _warn(entry, item.line, f"{_RANGE} {shown(item.value)} is not a range of addresses", _FORM)
            continue
        yield _Range(start, end, item.line)


def _fault(found: _Range, network: IpNetwork, gateway: IpAddress | None) -> tuple[str, str] | None:
    """What is wrong with a range by itself, and what to write instead."""
    if found.start not in network or found.end not in network:
        return f"{_RANGE} {found} is not inside the subnet {network}", "choose addresses of the subnet"
    if int(found.start) > int(found.end):
        turned = _Range(found.end, found.start, found.line)
        return f"{_RANGE} {found} ends before it starts", f"write {_around(turned, gateway)}"
    if gateway is not None and found.holds(gateway):
        instead = _around(found, gateway)
        return (
            f"{_RANGE} {found} holds the gateway {gateway}",
            f"write {instead}" if instead else "remove it: it has no other address",
        )
    return None


def _around(found: _Range, gateway: IpAddress | None) -> str:
    """The range as PVE spells it, in two where the gateway lies inside."""
    if gateway is None or not found.holds(gateway):
        return _written(found.start, found.end)
    parts = [_written(found.start, gateway - 1)] if found.start != gateway else []
    parts += [_written(gateway + 1, found.end)] if found.end != gateway else []
    return " and ".join(parts)


def _written(start: IpAddress, end: IpAddress) -> str:
    return f"{_RANGE} start-address={start},end-address={end}"


def _warn(entry: Entry, line: int, what: str, hint: str) -> None:
    place = entry.where.model_copy(update={"line": line or entry.where.line})
    entry.ledger.add(Severity.WARNING, place, what, hint)
