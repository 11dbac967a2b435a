"""What is done about what differs: the steps of each node, and of the cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pvesdn.compare.compared import Compared
from pvesdn.compare.order import order_of
from pvesdn.compare.present import NodeNow
from pvesdn.compare.reloads import reload_plan
from pvesdn.compare.stanzas import leaves_its_vrf, loses_ipv6
from pvesdn.compare.turns import in_turn
from pvesdn.model.execution import (
    ChangeFrr,
    ExecutionPlan,
    FileWrite,
    Flooding,
    FrrAction,
    LoadSysctl,
    NodeExecution,
    PutInPlace,
    ReloadNetwork,
    ReloadRehearsed,
    ReplaceDefinitions,
    RestartDhcp,
    Step,
)
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import (
    FRR_CONF,
    FRR_DAEMONS,
    OUR_INTERFACES,
    OUR_SYSCTL,
    Action,
    AsNumbers,
    ChangeSet,
    FileChange,
)
from pvesdn.model.order import Wishes
from pvesdn.model.owners import FileOwners

_MADE_BY_IFUPDOWN = frozenset({"bridge", "vxlan", "vrf"})


def steps(
    own: Iterable[FileChange],
    *,
    ifdown: tuple[str, ...],
    delete_links: tuple[str, ...],
    frr: FrrAction,
    reload: ReloadNetwork | ReloadRehearsed | None,
    is_unfinished: bool,
    dhcp: tuple[str, ...] = (),
) -> Iterator[Step]:
    """One node's steps, in their order.

    FRR comes before the network: route-target isolation must be in place before the plain VXLAN device is.

    :param own: changes that pvesdn writes itself.
    :param reload: None where nothing needs one, or where PVE's commit does it.
    :param is_unfinished: an earlier run ended between the files and the rest.
    :param dhcp: zones whose dnsmasq is to be in a VRF, or to leave one: after the reload, which may make the VRF anew.
    """
    files = tuple(_write(change) for change in own)
    if files:
        yield PutInPlace(files, ifdown, delete_links)
    if is_unfinished or any(file.path == OUR_SYSCTL for file in files):
        yield LoadSysctl()
    if frr is not FrrAction.NONE:
        yield ChangeFrr(frr)
    if reload is not None:
        yield reload
        if dhcp:
            yield RestartDhcp(dhcp)


def node_execution(
    compared: tuple[Compared, ...],
    now: NodeNow,
    owners: FileOwners,
    flooding: Flooding,
    dhcp: tuple[str, ...] = (),
    *,
    reloads: bool,
) -> NodeExecution:
    """What is done about the files of one node that change; what PVE writes is left to PVE.

    :param reloads: the network is reloaded when the node's turn comes.
    """
    own = tuple(found for found in compared if not found.change.by_pve)
    if not reloads:
        return _execution(own, now, owners, (flooding, dhcp), None)
    execution = _execution(own, now, owners, (flooding, dhcp), ReloadNetwork(owners.regenerate_frr))
    return replace(execution, reload=reload_plan(own, now, owners))


def rehearsal(
    compared: tuple[Compared, ...], now: NodeNow, owners: FileOwners, flooding: Flooding, dhcp: tuple[str, ...] = ()
) -> NodeExecution:
    """The same, with what PVE is going to write: put in place and loaded before PVE commits."""
    files = tuple(found for found in compared if not found.change.by_pve or found.change.new is not None)
    execution = _execution(files, now, owners, (flooding, dhcp), ReloadRehearsed() if files else None)
    rehearsed = {found.change.path: found.change.new for found in files if found.change.by_pve and found.change.new}
    if owners.pve_writes_frr and FRR_CONF in now.files and not now.facts.lacks_frr:
        rehearsed.setdefault(FRR_CONF, now.files[FRR_CONF])  # it says the same already
    return replace(execution, rehearsed=rehearsed)


def _execution(
    own: tuple[Compared, ...],
    now: NodeNow,
    owners: FileOwners,
    after: tuple[Flooding, tuple[str, ...]],
    reload: ReloadNetwork | ReloadRehearsed | None,
) -> NodeExecution:
    flooding, dhcp = after
    is_unfinished = now.record.is_unfinished
    frr_is_unfinished = is_unfinished and FRR_CONF in (now.record.files or {})
    if reload is not None and any(map(_loses_ipv6, own)):
        reload = replace(reload, times=2)
    in_order = steps(
        (found.change for found in own),
        ifdown=tuple(name for found in own for name in _leaving_uplinks(found, now.facts)),
        delete_links=_to_delete(own, now.facts),
        frr=_frr_action(own, owners, is_unfinished=frr_is_unfinished),
        reload=reload,
        is_unfinished=is_unfinished,
        dhcp=dhcp,
    )
    return NodeExecution(now.facts.node, tuple(in_order), flooding, finishes=bool(own) or is_unfinished, dhcp=dhcp)


def _loses_ipv6(found: Compared) -> bool:
    printed = found.file.interfaces
    return printed is not None and loses_ipv6(found.change.stanzas, printed)


def _frr_action(own: tuple[Compared, ...], owners: FileOwners, *, is_unfinished: bool) -> FrrAction:
    changes = {found.file.path: found for found in own}
    conf = changes.get(FRR_CONF)
    if FRR_DAEMONS in changes or (conf is not None and _has_another_asn(conf.change.as_numbers)):
        return FrrAction.RESTART
    if conf is not None or (is_unfinished and not owners.pve_writes_frr):
        return FrrAction.RELOAD
    return FrrAction.NONE


def _has_another_asn(numbers: AsNumbers) -> bool:
    """Reloads would fail for ever: bgpd keeps an instance with an L3VNI ("BGP is already running"), and so its AS
    number.
    """
    return bool(numbers.before and numbers.after) and numbers.before != numbers.after


def _leaving_uplinks(found: Compared, facts: NodeFacts) -> Iterator[str]:
    """Interfaces that exist without us and leave their VRF: a reload would leave their addresses in the main table, or
    remove the VRF underneath them.
    """
    if found.file.path != OUR_INTERFACES or found.present.text is None:
        return
    for stanza in found.change.stanzas:
        there = facts.link(stanza.name)
        if there is None or there.kind in _MADE_BY_IFUPDOWN:
            continue
        printed = found.file.interfaces
        if stanza.action is Action.REMOVE or (
            stanza.action is Action.CHANGE
            and printed is not None
            and leaves_its_vrf(found.present.stanzas[stanza.name], printed, stanza.name)
        ):
            yield stanza.name


def _to_delete(own: tuple[Compared, ...], facts: NodeFacts) -> tuple[str, ...]:
    return tuple(
        stanza.name
        for found in own
        for stanza in found.change.stanzas
        if stanza.action is Action.REPLACE and stanza.name in facts.by_name
    )


def execution_plan(changes: ChangeSet, wishes: Wishes | None = None) -> ExecutionPlan:
    """What carrying out the plan means. PVE's commit reloads every node, changed or not, so all of them are looked
    after.
    """
    commits = bool(changes.pending)
    rehearses = commits and not changes.unrehearsed
    nodes = [node for node in changes.nodes if commits or not node.is_empty]
    if rehearses:
        nodes = [node if node.rehearsal is None else replace(node, execution=node.rehearsal) for node in nodes]
    turns = in_turn(nodes)
    return ExecutionPlan(
        nodes=turns,
        order=order_of(changes, turns, wishes or Wishes()),
        seen=changes.seen,
        definitions=tuple(map(_replace, changes.definitions_to_write)),
        commits=commits,
        rehearses=rehearses,
        takes_frr_over=changes.takes_frr_over,
        flags=changes.flags,
    )


def _replace(change: FileChange) -> ReplaceDefinitions:
    return ReplaceDefinitions(change.path, text=change.new or "", before=change.old)


def _write(change: FileChange) -> FileWrite:
    return FileWrite(change.path, change.new, change.mode, change.owner, change.expect, is_pves=change.by_pve)
