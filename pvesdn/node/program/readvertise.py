"""The verb `readvertise`: the other nodes learn router MACs anew that a reload has changed.

Where an L3VNI's bridge gets another MAC while it is up, FRR announces its routes with the new one in place of the old.
zebra of every node that hears it strikes the prefixes out of the next hop that they had, which is the next hop that
they have: it ends without the router MAC and the neighbour entry, and what is routed there is lost for good. Routes
that are withdrawn first come back whole (docs/decisions/0052-withdrawn-first.md).
"""

import time
from typing import Dict, List

from pvesdn.node.program.checkpoint import at_work, load_checkpoint, save_checkpoint
from pvesdn.node.program.machine import Machine, Refused, failure, json_of, rows_of
from pvesdn.node.program.request import Value
from pvesdn.node.program.shown import vnis_of_frr
from pvesdn.node.program.swap import locked

WITHDRAWN_FOR = 1.0
"""Seconds between the two: every bgpd on the way has to pass the first on by itself. Nothing is routed to this node in
that VRF meanwhile.
"""
_READVERTISED = "readvertised"
"""Of a checkpoint: the router MACs, by bridge, that were announced anew."""

Macs = Dict[str, str]


def readvertise(machine: Machine, arguments: Value) -> Value:
    """Withdraw and announce the routes of each L3VNI whose bridge has another MAC than the checkpoint says, or is new:
    ``{}`` -> ``{"bridges": [str]}``. Once for each MAC; without a checkpoint there is nothing to compare with.
    """
    del arguments
    with locked(machine):
        checkpoint = load_checkpoint(machine)
        if checkpoint is None:
            return {"bridges": []}
        before = {name: device["mac"] for name, device in checkpoint["devices"].items()}
        changed = changed_macs(machine, {**before, **checkpoint.get(_READVERTISED, {})})
        if changed:
            with at_work(machine, "readvertise"):
                withdraw_and_announce(machine, sorted(changed))
            now = load_checkpoint(machine) or checkpoint
            save_checkpoint(machine, dict(now, **{_READVERTISED: {**now.get(_READVERTISED, {}), **changed}}))
    return {"bridges": sorted(changed)}


def readvertise_since(machine: Machine, before: Macs) -> List[str]:
    """The same for what an undo has changed; what was done. :param before: the MACs when it began."""
    changed = sorted(changed_macs(machine, before))
    if changed:
        withdraw_and_announce(machine, changed)
    return [f"had the router MAC of {name} learned anew" for name in changed]


def macs_in_vrfs(machine: Machine) -> Macs:
    """The MACs of the bridges that are in a VRF, gateways and L3VNIs."""
    links = _links(machine)
    return {
        name: str(row.get("address"))
        for name, row in links.items()
        if _kind(row) == "bridge" and _kind(links.get(str(row.get("master")), {})) == "vrf"
    }


def changed_macs(machine: Machine, before: Macs) -> Macs:
    """The bridges of L3VNIs that have another MAC than `before`, or were not there. FRR is asked which they are, once
    there is one that might be; without FRR nothing is announced.
    """
    changed = {name: mac for name, mac in macs_in_vrfs(machine).items() if before.get(name) != mac}
    if not changed:
        return {}
    try:
        ports = [str(row.get("vxlanIntf")) for row in vnis_of_frr(machine) if row.get("type") == "L3"]
    except Refused:
        return {}
    links = _links(machine)
    bridges = {links[name].get("master") for name in ports if name in links}
    return {name: mac for name, mac in changed.items() if name in bridges}


def withdraw_and_announce(machine: Machine, bridges: List[str]) -> None:
    """Take the bridges down and up again: FRR announces what it routes through them while they are up.

    :raises Refused: one could not be taken down, or is not up again.
    """
    try:
        for name in bridges:
            machine.must(["ip", "link", "set", "dev", name, "down"], limit=20)
        time.sleep(WITHDRAWN_FOR)
    finally:
        calls = [["ip", "link", "set", "dev", name, "up"] for name in bridges]
        failures = [failure(argv, done) for argv in calls for done in [machine.run(argv, limit=20)] if done.status]
    if failures:
        raise Refused("; ".join(failures))


def _links(machine: Machine) -> Dict[str, Value]:
    return {str(row.get("ifname")): row for row in rows_of(json_of(machine, ["ip", "-j", "-d", "link"]))}


def _kind(row: Value) -> str:
    info = row.get("linkinfo")
    return str(info.get("info_kind", "")) if isinstance(info, dict) else ""
