"""Places of a trace that carry smaller packets than its zone is made for: guests that send larger ones lose these."""

from __future__ import annotations

from pvesdn.compare.trace_scene import Scene
from pvesdn.model.trace import Hop, Way


def noting_sizes(scene: Scene, way: Way) -> Way:
    """With a note on each device whose MTU counts there and is below the one that the design has for it."""
    for hop in way.hops:
        if told := _too_small(scene, hop):
            way = way.noting(told)
    return way


def _too_small(scene: Scene, hop: Hop) -> str:
    view = scene.cluster.nodes.get(hop.node)
    expected = None if view is None else view.expected.by_name.get(hop.device)
    device = None if view is None else scene.device(hop.node, hop.device)
    if view is None or expected is None or device is None or hop.mtu is None or expected.mtu is None:
        return ""
    if device.mtu >= expected.mtu:
        return ""
    zone = view.zones.get(hop.device, "")
    whose = f", the MTU of zone {zone}" if zone else ""
    return f"'{hop.device}' of {hop.node} carries packets of {device.mtu} bytes, not of {expected.mtu}{whose}"
