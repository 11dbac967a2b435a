"""Packets through the tunnels of a trace, and what they have shown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import count

from pvesdn.compare.live_paths import SMALL
from pvesdn.model.probes import Heard, PathProbe
from pvesdn.model.trace import Trace, Tunnel


def pings_of(trace: Trace) -> tuple[PathProbe, ...]:
    """A frame as large as a guest's may be and a small one, through each tunnel that any way uses."""
    numbers = count()
    tunnels = dict.fromkeys(tunnel for way in trace.ways for tunnel in way.tunnels)
    sizes = ((tunnel, size) for tunnel in tunnels for size in (tunnel.mtu, SMALL))
    return tuple(_probe(next(numbers), tunnel, size) for tunnel, size in sizes)


def _probe(number: int, tunnel: Tunnel, size: int) -> PathProbe:
    return PathProbe(
        number=number, source=tunnel.source, target=tunnel.target, zone=tunnel.zone, bridge=tunnel.bridge,
        vni=tunnel.vni, udp_port=tunnel.udp_port, vtep=tunnel.vtep, peer=tunnel.remote, mac=tunnel.mac,
        source_mac=tunnel.source_mac, size=size, is_small=size != tunnel.mtu,
    )  # fmt: skip


def proved_by(probes: Collection[PathProbe], heard: Mapping[str, Heard]) -> Iterator[str]:
    """Each tunnel whose large frame came."""
    for probe in probes:
        if not probe.is_small and probe.number in heard[probe.target].heard:
            yield (
                f"{probe.source} to {probe.target}, VNI {probe.vni}: "
                f"a packet of {probe.size} bytes came out in {probe.bridge}"
            )
