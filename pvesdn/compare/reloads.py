"""How much of a node's network has to be reloaded for what changes in its files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from pvesdn.compare.compared import Compared
from pvesdn.compare.present import NodeNow, PresentFile
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import (
    FRR_CONF_LOCAL,
    FRR_FILES,
    INTERFACES_NEW,
    OUR_INTERFACES,
    SDN_INTERFACES,
    Action,
    NodeChanges,
    PrintedInterfaces,
)
from pvesdn.model.ifupdown import CarriedBridge, L3VniBridge, Stanza, VnetBridge, VrfDevice, VxlanPort
from pvesdn.model.owners import FileOwners
from pvesdn.model.reloads import ChangedInterfaces, ReloadPlan, WholeNetwork

_VRF, _PORT, _BRIDGE = range(3)
"""In the order in which they are brought up: each needs those before it."""
_RANKS: Mapping[type[Stanza], int] = {VrfDevice: _VRF, VxlanPort: _PORT, VnetBridge: _BRIDGE, L3VniBridge: _BRIDGE}
_RANKS_OF_KINDS = {"vrf": _VRF, "vxlan": _PORT, "bridge": _BRIDGE}


def reload_plan(compared: Iterable[Compared], now: NodeNow, owners: FileOwners) -> ReloadPlan:
    """What of a node's network is reloaded for the files that pvesdn writes there. Pure; linear in what changes.

    :param compared: the files that change.
    """
    found = tuple(compared)
    if why := next(_of_the_node(found, now, owners), None):
        return WholeNetwork(why)
    ours = next((one for one in found if one.file.path == OUR_INTERFACES), None)
    if ours is None:
        return ChangedInterfaces()
    if why := next(_of_interfaces(ours, now), None):
        return WholeNetwork(why)
    return _in_order(ours, now.facts)


def whole(changes: NodeChanges, why: str) -> NodeChanges:
    """The same plan for a node, whose whole network is reloaded after all. :param why: one that is known stays."""
    execution = changes.execution
    if isinstance(execution.reload, WholeNetwork) and execution.reload.why:
        return changes
    return replace(changes, execution=replace(execution, reload=WholeNetwork(why)))


def _of_the_node(compared: tuple[Compared, ...], now: NodeNow, owners: FileOwners) -> Iterator[str]:
    """What any change on this node has to be loaded with."""
    paths = {found.file.path for found in compared}
    if now.record.is_unfinished:
        yield "an earlier apply has not come to its end"
    if INTERFACES_NEW in now.files:
        yield f"{INTERFACES_NEW} comes into force too"
    if SDN_INTERFACES in paths:
        yield f"{SDN_INTERFACES} changes too"
    if owners.pve_writes_frr and paths & FRR_FILES:
        yield f"PVE merges {FRR_CONF_LOCAL} when it reloads"


def _of_interfaces(ours: Compared, now: NodeNow) -> Iterator[str]:
    """What of our interfaces `ifup` and `ifdown` would not leave as a reload does."""
    names = dict.fromkeys(stanza.name for stanza in ours.change.stanzas)
    elsewhere = _in_other_files(now)
    ranks, there = _ranks(ours.file.interfaces, names), now.facts.by_name
    for taken in ours.taken.values():
        yield f"{taken.holder}, which is not pvesdn's, has to go"
    for name in names:
        if name in elsewhere:
            yield f"{name} is in another file too"
        is_ours = (
            ranks[name] is not None if name in ranks else (name not in there or there[name].kind in _RANKS_OF_KINDS)
        )
        if not is_ours:
            yield f"{name} is there without pvesdn"
    going = {stanza.name for stanza in ours.change.stanzas if stanza.action is Action.REMOVE}
    for link in now.facts.links:
        if link.master not in going or link.master not in there:
            continue
        if there[link.master].kind == "bridge" and link.name not in going:
            yield f"{link.name} is plugged into {link.master}"
        if there[link.master].kind == "vrf" and link.name not in names:
            # ifupdown2 takes what is in a VRF that goes down, and only a whole reload brings it up again.
            yield f"{link.name} is in {link.master}, which goes"


def _in_other_files(now: NodeNow) -> frozenset[str]:
    facts = now.facts
    others = {stanza.name for stanza in facts.stanzas} | {name for _, name in facts.other_stanzas}
    return frozenset(others | PresentFile(now.files.get(SDN_INTERFACES)).stanzas.keys())


def _ranks(printed: PrintedInterfaces | None, names: Collection[str]) -> dict[str, int | None]:
    """By name, of those that are printed; None for what is not ours alone, such as a bridge that PVE's file has too."""
    stanzas = () if printed is None else printed.stanzas
    return {stanza.name: _RANKS.get(type(stanza)) for stanza in stanzas if stanza.name in names}


def _in_order(ours: Compared, facts: NodeFacts) -> ChangedInterfaces:
    def rank_of_live(name: str) -> int:
        there = facts.link(name)
        return _BRIDGE if there is None else _RANKS_OF_KINDS.get(there.kind, _BRIDGE)

    going = [stanza.name for stanza in ours.change.stanzas if stanza.action is Action.REMOVE]
    coming = {stanza.name for stanza in ours.change.stanzas} - set(going)
    anew = {stanza.name for stanza in ours.change.stanzas if stanza.action in {Action.ADD, Action.REPLACE}}
    coming |= _bridges_of(anew, ours.file.interfaces) | _ports_without_vlans(ours)
    ranks = _ranks(ours.file.interfaces, coming)
    return ChangedInterfaces(
        down=tuple(sorted(going, key=lambda name: (-rank_of_live(name), name))),
        up=tuple(sorted(coming, key=lambda name: (ranks[name] or 0, name))),
    )


def _bridges_of(ports: set[str], printed: PrintedInterfaces | None) -> set[str]:
    """A port that is made anew is plugged in by its bridge, whether or not that changes."""
    stanzas = () if printed is None or not ports else printed.stanzas
    return {
        stanza.name
        for stanza in stanzas
        if isinstance(stanza, VnetBridge | L3VniBridge)
        and not isinstance(stanza, CarriedBridge)
        and stanza.port in ports
    }


def _ports_without_vlans(ours: Compared) -> set[str]:
    """Of bridges that are not VLAN-aware any more: ifupdown2 takes the VLANs from a port while its bridge still is, so
    the port has to come up before it.
    """
    bridges = {
        stanza.name
        for stanza in ours.change.stanzas
        if any(difference.name == "bridge-vlan-aware" and not difference.new for difference in stanza.differences)
    }
    printed = ours.file.interfaces
    stanzas = () if printed is None or not bridges else printed.stanzas
    return {stanza.port for stanza in stanzas if isinstance(stanza, VnetBridge) and stanza.name in bridges}
