"""One node: what its files should be against what they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pvesdn.compare.flags import PlanFlags
from pvesdn.compare.free_order import in_present_order
from pvesdn.compare.obstacles import obstacles
from pvesdn.compare.ownership import conflict, digest, is_as_wanted
from pvesdn.compare.prerequisites import prerequisites
from pvesdn.compare.stanzas import keep_hosts, leaves_its_vrf, stanza_changes
from pvesdn.compare.taken import cut_over, taken_vnis
from pvesdn.decode.frr.text import says_the_same
from pvesdn.decode.nodes.interfaces import split_stanzas
from pvesdn.decode.nodes.record import Record
from pvesdn.model.execution import FrrAction
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import (
    FRR_CONF,
    FRR_CONF_LOCAL,
    FRR_DAEMONS,
    FRR_LOCAL_BEGIN,
    OUR_INTERFACES,
    SDN_INTERFACES,
    Action,
    FileChange,
    NodeChanges,
    RenderedFile,
    StanzaChange,
)
from pvesdn.model.ifupdown import GUEST_PORTS
from pvesdn.model.primitives import IpAddress

_ROUTER_BGP = re.compile(r"^router bgp (\d+)", re.MULTILINE)
_GUEST_PORT = re.compile(GUEST_PORTS)
_MADE_BY_IFUPDOWN = frozenset({"bridge", "vxlan", "vrf"})


@dataclass(frozen=True, slots=True)
class NodeNow:
    """A node as it is.

    :param files: text by path.
    :param record: what pvesdn remembers of its last write there.
    """

    files: Mapping[str, str]
    facts: NodeFacts
    record: Record


@dataclass(frozen=True, slots=True)
class Ownership:
    """Which files PVE writes itself.

    :param sdn_by_pve: the cluster has SDN endpoints, so `interfaces.d/sdn` is PVE's.
    :param frr_by_pve: PVE writes this node's frr.conf.
    :param shows_pve: PVE's definitions are about to be committed, so its files are shown with the plan.
    :param regenerate_frr: see `NodeChanges.regenerate_frr`.
    """

    sdn_by_pve: bool
    frr_by_pve: bool
    shows_pve: bool
    regenerate_frr: bool | None = None


def compare_node(
    rendered: Iterable[RenderedFile],
    now: NodeNow,
    owned: Ownership,
    *,
    flags: PlanFlags,
    flooding: tuple[tuple[str, tuple[IpAddress, ...]], ...] = (),
) -> NodeChanges:
    """All that would happen on one node. Pure; linear in the number of stanzas."""
    wanted = tuple(rendered)
    changes = tuple(
        change
        for file in sorted(wanted, key=lambda file: file.path)
        if (change := _file_change(file, now, owned)) is not None
    )
    own = tuple(change for change in changes if not change.by_pve)
    ours = next((change for change in own if change.path == OUR_INTERFACES), None)
    guests = _guests(changes, now.facts)
    is_unfinished = now.record.is_unfinished
    return NodeChanges(
        node=now.facts.node,
        files=changes,
        frr=_frr_action(own, owned, is_unfinished=is_unfinished and FRR_CONF in (now.record.files or {})),
        ifdown=_leaving_uplinks(ours, now.facts) if ours else (),
        delete_links=_to_delete(own, now.facts),
        flooding=flooding,
        obstacles=obstacles(
            changes, now.files, now.facts, flags, guests, is_reloaded=bool(changes) or is_unfinished or owned.shows_pve
        )
        + prerequisites(changes, _own_files(wanted, owned), now.facts),
        guests=guests,
        is_unfinished=is_unfinished,
        regenerate_frr=owned.regenerate_frr,
    )


def _is_pves(path: str, owned: Ownership) -> bool:
    return (path == SDN_INTERFACES and owned.sdn_by_pve) or (path == FRR_CONF and owned.frr_by_pve)


def _own_files(wanted: Iterable[RenderedFile], owned: Ownership) -> frozenset[str]:
    """What has to be on the node and is not PVE's to write, changed or not."""
    return frozenset(file.path for file in wanted if file.text is not None and not _is_pves(file.path, owned))


def _file_change(file: RenderedFile, now: NodeNow, owned: Ownership) -> FileChange | None:
    by_pve = _is_pves(file.path, owned)
    current = now.files.get(file.path)
    file = in_present_order(file, current)
    if is_as_wanted(file.path, current, file.text, now.record) or (by_pve and not owned.shows_pve):
        return None
    if by_pve and file.path == FRR_CONF and says_the_same(current or "", file.text or ""):
        return None  # PVE's frr.conf is equal by meaning only: its text would be shown as changed for ever
    if file.text is None and (file.path == FRR_CONF or not current):
        return None  # frr.conf is never removed, and an absent file need not be
    stanzas: tuple[StanzaChange, ...] = ()
    if file.path in {OUR_INTERFACES, SDN_INTERFACES}:
        stanzas = stanza_changes(dict(split_stanzas(current or "")), file.stanzas)
        stanzas = cut_over(stanzas, taken_vnis(current, file.text, now.facts))
    if file.path == SDN_INTERFACES:
        stanzas = keep_hosts(stanzas, {stanza.name for stanza in now.facts.stanzas})
    return FileChange(
        path=file.path,
        old=current,
        new=file.text,
        mode=file.mode,
        owner=file.owner,
        expect=None if current is None else digest(current),
        stanzas=stanzas,
        by_pve=by_pve,
        conflict=""
        if by_pve or _is_pves_last(file.path, now)
        else conflict(file.path, current, now.record.files, now.record.meanings),
    )


def _is_pves_last(path: str, now: NodeNow) -> bool:
    """PVE wrote this frr.conf: where our block lies in frr.conf.local, it is PVE that prints it, until it gives FRR up."""
    return path == FRR_CONF and FRR_LOCAL_BEGIN in now.files.get(FRR_CONF_LOCAL, "").splitlines()


def _frr_action(own: tuple[FileChange, ...], owned: Ownership, *, is_unfinished: bool) -> FrrAction:
    changes = {change.path: change for change in own}
    conf = changes.get(FRR_CONF)
    if FRR_DAEMONS in changes or (conf is not None and _has_another_asn(conf)):
        return FrrAction.RESTART
    if conf is not None or (is_unfinished and not owned.frr_by_pve):
        return FrrAction.RELOAD
    return FrrAction.NONE


def _has_another_asn(conf: FileChange) -> bool:
    """A reload would fail for ever: bgpd keeps an instance with an L3VNI ("BGP is already running"), and with it the number."""
    before, after = (set(_ROUTER_BGP.findall(text or "")) for text in (conf.old, conf.new))
    return bool(before and after) and before != after


def _leaving_uplinks(change: FileChange, facts: NodeFacts) -> tuple[str, ...]:
    """Interfaces that exist without us and leave their VRF: a reload would leave them their addresses in the main table, or
    take the VRF away below them.
    """
    kinds = {link.name: link.kind for link in facts.links}
    uplinks = [stanza for stanza in change.stanzas if kinds.get(stanza.name, "bridge") not in _MADE_BY_IFUPDOWN]
    if not uplinks:
        return ()
    old, new = (dict(split_stanzas(text or "")) for text in (change.old, change.new))
    return tuple(
        stanza.name
        for stanza in uplinks
        if stanza.action is Action.REMOVE
        or (stanza.action is Action.CHANGE and leaves_its_vrf(old[stanza.name], new[stanza.name]))
    )


def _to_delete(own: tuple[FileChange, ...], facts: NodeFacts) -> tuple[str, ...]:
    live = {link.name for link in facts.links}
    return tuple(
        stanza.name
        for change in own
        for stanza in change.stanzas
        if stanza.action is Action.REPLACE and stanza.name in live
    )


def _guests(changes: tuple[FileChange, ...], facts: NodeFacts) -> dict[str, tuple[str, ...]]:
    leaving = {s.name for change in changes for s in change.stanzas if s.action is Action.REMOVE}
    plugged: dict[str, list[str]] = {}
    for link in facts.links:
        if link.master in leaving and _GUEST_PORT.match(link.name):
            plugged.setdefault(link.master, []).append(link.name)
    return {bridge: tuple(sorted(ports)) for bridge, ports in sorted(plugged.items())}
