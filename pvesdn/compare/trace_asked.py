"""The MAC that a guest of a trace has been told for an address in its own network."""

from __future__ import annotations

from pvesdn.compare.trace_scene import Scene, Walk
from pvesdn.model.looked_up import Neighbour
from pvesdn.model.trace import EndKind, Way


def told_mac(walk: Walk, bridge: str) -> tuple[str, Way]:
    """Where the source's frames for the target go, empty where nobody knows; and the way's begin, with a note where it
    is not the target's own.

    :param bridge: that the source's port is in.
    """
    scene, source, target = walk.scene, walk.source, walk.target
    device = scene.device(source.node, bridge)
    if device is None or target.address is None or bridge != target.bridge:
        return target.mac, Way()
    if target.kind is EndKind.NODE:
        # A gateway that several nodes have may have another MAC on each; that of the guest's own node answers.
        is_held = any(held.ip == target.address for held in device.addresses)
        return (device.mac if is_held else target.mac), Way()
    known = scene.neighbour(source.node, bridge, target.address)
    if known is None or known.mac == target.mac or not _answers(scene, source.node, known):
        return target.mac, Way()
    said = f"{source.node} itself answers for {known.address} on {bridge}: it has {known.mac}"
    return known.mac, Way().noting(f"{said}, and {target.name} has {target.mac}")


def _answers(scene: Scene, node: str, known: Neighbour) -> bool:
    """The bridge answers for a neighbour itself: who has the MAC is behind a port with suppression of ARP and ND."""
    entry = scene.in_bridge(node, known.device, known.mac, None) if known.is_usable else None
    port = scene.device(node, entry.device) if entry is not None else None
    return port is not None and bool(port.suppresses)
