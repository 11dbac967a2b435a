"""What scenarios do about VNets of pvesdn.cfg that move to PVE's panel and are carried there, and the way back."""

from __future__ import annotations

import json

from pvesdn_lab.live.verbs.actions import story_of
from pvesdn_lab.live.verbs.context import Context, Stopwatch, require
from pvesdn_lab.live.verbs.panel import numbers_of
from pvesdn_lab.live.verbs.pves_own import pvesh


def publish(context: Context, *, zone: str, home: str, vnets: list[str]) -> str:
    """`pvesdn publish`: the VNets are PVE's then. `same_devices` tells afterwards whether they are the ones of before.

    :param home: the zone in PVE.
    """
    note_devices(context, vnets)
    watch = Stopwatch()
    done = context.lab.cluster.pvesdn("publish", zone, "--as", home, "--yes")
    require(done.status == 0, "pvesdn publish to end with 0", f"{done.status}: {story_of(done)}")
    found = done.document["publish"]
    require(found["vnets"] == sorted(vnets), f"{', '.join(vnets)} to be published", found["vnets"])
    require(
        not done.document["plan"]["consequences"], "no consequence for traffic", done.document["plan"]["consequences"]
    )
    require(isinstance(found["rollback"], int), "a rollback to be named as the way back", found["rollback"])
    context.notes["way back"] = str(found["rollback"])
    return f"pvesdn publish: exit status 0 after {watch}; the way back is pvesdn rollback N"


def roll_back(context: Context, *, vnets: list[str]) -> str:
    """The `pvesdn rollback N` that publishing has named; `same_devices` as after `publish`."""
    note_devices(context, vnets)
    watch = Stopwatch()
    done = context.lab.cluster.pvesdn("rollback", context.notes["way back"], "--yes")
    require(done.status == 0, "pvesdn rollback to end with 0", f"{done.status}: {story_of(done)}")
    return f"pvesdn rollback: exit status 0 after {watch}"


def in_the_panel(context: Context, *, vnets: list[str]) -> str:
    """PVE's API lists these VNets as running, and no others."""
    ids = sorted(row["vnet"] for row in json.loads(pvesh(context, "get", "/cluster/sdn/vnets", {"running": "1"})))
    require(ids == sorted(vnets), f"PVE to list {', '.join(vnets) or 'no VNet'}", ids)
    return f"PVE lists {', '.join(ids) or 'no VNet'}"


def note_devices(context: Context, vnets: list[str]) -> None:
    """Write down the kernel's numbers of the VNets' bridges and VXLAN ports, on every node."""
    names = {name for vnet in vnets for name in (vnet, f"vxlan_{vnet}")}
    context.notes["moved"] = {node.name: numbers_of(context, node.name, names) for node in context.nodes()}
