"""The verb `readvertise`: the other nodes relearn router MACs that a reload has changed.

Where an L3VNI's bridge gets another MAC while it is up, FRR announces its routes with the new one in place of the old.
zebra of every node that hears it removes the prefixes from the old next hop, which is also the new one, and so deletes
it together with its router MAC and neighbour entry: what is routed there is lost for good. Routes that are withdrawn
first come back whole (docs/decisions/0052-withdrawn-first.md).
"""

import time
from typing import Dict, List

from pvesdn.node.program.checkpoint import at_work, load_checkpoint, save_checkpoint
from pvesdn.node.program.machine import Machine, Refused, links_by_name
from pvesdn.node.program.request import VERBS, Value
from pvesdn.node.program.shown import FRR_LIMIT, vnis_of_frr
from pvesdn.node.program.swap import locked
from pvesdn.node.program.vtysh import says_down

WITHDRAWN_FOR = 1.0
"""Seconds between the two: every bgpd on the way has to pass the first on by itself. Nothing is routed to this node in
that VRF meanwhile.
"""
_READVERTISED = "readvertised"
"""Of a checkpoint: the router MACs, by bridge, that were announced anew."""

_MACS = "macs"
"""Of a checkpoint: the MACs when the undo began, by bridge."""

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


def with_macs(machine: Machine, checkpoint: Value) -> Value:
    """The checkpoint with the MACs before an undo changes them: of its first attempt, should that be cut short."""
    if _MACS in checkpoint:
        return checkpoint
    try:
        return dict(checkpoint, **{_MACS: _macs_in_vrfs(links_by_name(machine))})
    except (Refused, OSError):
        return checkpoint


def readvertise_since(machine: Machine, checkpoint: Value) -> List[str]:
    """The same for what an undo has changed; what was done. Nothing where nobody knows the MACs of before."""
    changed = sorted(changed_macs(machine, checkpoint[_MACS])) if _MACS in checkpoint else []
    if changed:
        withdraw_and_announce(machine, changed)
    return [f"withdrew the routes of {name} and announced them with its router MAC of before" for name in changed]


def _macs_in_vrfs(links: Dict[str, Value]) -> Macs:
    """The MACs of the bridges that are up in a VRF, gateways and L3VNIs."""
    bridges = {name: row for name, row in links.items() if _kind(row) == "bridge" and "UP" in row.get("flags", [])}
    in_vrfs = {name for name, row in bridges.items() if _kind(links.get(str(row.get("master")), {})) == "vrf"}
    return {name: str(bridges[name].get("address")) for name in sorted(in_vrfs)}


def changed_macs(machine: Machine, before: Macs) -> Macs:
    """The bridges of L3VNIs that have another MAC than `before`, or were not there. FRR is asked which they are, once
    there is one that might be; without FRR nothing is announced.

    :raises Refused: FRR runs, and does not tell.
    """
    links = links_by_name(machine)
    changed = {name: mac for name, mac in _macs_in_vrfs(links).items() if before.get(name) != mac}
    if not changed:
        return {}
    if _is_frr_off(machine):
        return {}
    machine.vnis = None  # FRR may have had none when it was asked last
    ports = [str(row.get("vxlanIntf")) for row in vnis_of_frr(machine) if row.get("type") == "L3"]
    bridges = {links[name].get("master") for name in ports if name in links}
    return {name: mac for name, mac in changed.items() if name in bridges}


def _is_frr_off(machine: Machine) -> bool:
    if machine.find("vtysh") is None:
        return True
    outcome = machine.run(["vtysh", "-c", "show daemons"], limit=FRR_LIMIT)
    return bool(outcome.status) and says_down(outcome)


def withdraw_and_announce(machine: Machine, bridges: List[str]) -> None:
    """Take the bridges down and up again: FRR announces what it routes through them while they are up.

    :raises Refused: one could not be taken down, or is not up again.
    """
    taken, failures = [], []
    try:
        for name in bridges:
            taken.append(name)
            machine.must(_set(name, "down"), limit=20)
        time.sleep(WITHDRAWN_FOR)
    finally:
        for name in taken:  # whatever happens to one, the others come up
            try:
                machine.must(_set(name, "up"), limit=20)
            except Refused as refused:
                failures.append(refused.error)
    if failures:
        raise Refused("; ".join(failures))


def _set(name: str, state: str) -> List[str]:
    return ["ip", "link", "set", "dev", name, state]


def _kind(row: Value) -> str:
    info = row.get("linkinfo")
    return str(info.get("info_kind", "")) if isinstance(info, dict) else ""


VERBS.update(readvertise=readvertise)
