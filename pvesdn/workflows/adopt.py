"""import: a set-up that was made by hand becomes definitions, with what has to go from the
nodes and what then comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from pvesdn.compare.conflicts import digest
from pvesdn.compare.taken import Taken
from pvesdn.decode.nodes.answers import file_mode
from pvesdn.decode.nodes.facts import with_interfaces
from pvesdn.decode.nodes.hand_written import Cut, cut_file, decode_hand_written, interfaces_files
from pvesdn.design.shared import names
from pvesdn.encode.sdn_files import write_sdn
from pvesdn.errors import ApplyRefused, NodeUnreachable, PvesdnError
from pvesdn.model.execution import ReplaceDefinitions
from pvesdn.model.files import OUR_INTERFACES, SDN_INTERFACES, Action, ChangeSet, FileChange, NodeChanges, StanzaChange
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.flags import PlanFlags
from pvesdn.model.primitives import NodeName
from pvesdn.model.proposal import Proposal, TakeOut
from pvesdn.model.snapshot import OWN_FILE, OWN_NAME, NodeRaw, Snapshot
from pvesdn.recognise.proposal import HandWrittenConfig, recognise
from pvesdn.recognise.pve_form import as_pve
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.decoded import Decoded, decode
from pvesdn.workflows.draft import put_definitions
from pvesdn.workflows.plan import plan_understood
from pvesdn.workflows.understand import judge, raise_errors
from pvesdn.workflows.world import World

Form: TypeAlias = Literal["pvesdn", "pve"]
"""Whose objects are proposed: those of pvesdn.cfg alone, or PVE's where PVE has words."""


@dataclass(frozen=True, slots=True)
class NodeAdoption:
    """One node's part of the cut-over.

    :param take_outs: with the lines of each, as (first, last) of the file it is in.
    :param edits: its interfaces files without them.
    :param ifdown: devices to take down before the files change: those that do not come again under their name.
    """

    node: str
    take_outs: tuple[tuple[TakeOut, tuple[tuple[int, int], ...]], ...]
    edits: tuple[FileChange, ...]
    ifdown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Adoption:
    """What an import comes to.

    :param files: the proposed definitions, text by name below /etc/pve/sdn.
    :param plan: what `apply --overwrite` would do once everything is taken out; None where the definitions do not pass.
    :param problems: why they do not pass.
    """

    proposal: Proposal
    files: Mapping[str, str]
    nodes: tuple[NodeAdoption, ...]
    unreachable: Mapping[str, str]
    plan: ChangeSet | None = None
    problems: tuple[str, ...] = field(default=())


def adopt(snapshot: Snapshot, renderer: Renderer, *, form: Form = "pvesdn") -> Adoption:
    """Propose definitions for what a cluster's nodes have by hand. Changes nothing.

    :raises SdnConfigError: what the nodes have contradicts itself, or there is nothing to import.
    :raises PvesdnError: the snapshot cannot be understood.
    """
    decoded = decode(_without_ours(snapshot))
    raise_errors(decoded.sdn.findings)
    given = _hand_written(decoded)
    proposal = recognise(given)
    if form == "pve":
        proposal = as_pve(proposal)
    if _pve_writes_frr(decoded):
        proposal = replace(proposal, findings=(*proposal.findings, _PVE_WRITES_FRR))
    files = write_sdn(proposal.sdn)
    if snapshot.pve_files.get(OWN_NAME, "").strip() not in ("", files.get(OWN_NAME, "").strip()):
        proposal = replace(proposal, findings=(*proposal.findings, _ALREADY_DEFINED))
    nodes = tuple(_node(name, snapshot.nodes[name], outs) for name, outs in proposal.take_outs.items())
    unreachable = {name: why for name, why in given.unread.items() if why != _OFFLINE}
    adoption = Adoption(proposal, files, nodes, unreachable)
    try:
        changes = plan_understood(judge(_after(decoded, adoption)), renderer, flags=PlanFlags(overwrite=True))
    except PvesdnError as error:
        return replace(adoption, problems=tuple(str(error).splitlines()))
    return replace(adoption, plan=_as_cut_over(changes, proposal.take_outs))


def write_definitions(world: World, snapshot: Snapshot, text: str, *, overwrite: bool) -> str:
    """Put the proposal in place as the cluster's pvesdn.cfg, and keep what was there; the path that was written.

    :raises ApplyRefused: there is another one already, and nobody said `overwrite`; or it changed since it was read.
    :raises NodeError: no node could write it.
    """
    before = snapshot.pve_files.get(OWN_NAME)
    if before is not None and before.strip() and before != text and not overwrite:
        raise ApplyRefused(f"{OWN_FILE} already exists", hint="look at it, then use --overwrite to replace it")

    def write(name: NodeName) -> str:
        if world.nodes.read(name, [OWN_FILE]).get(OWN_FILE) not in (before, text):
            raise ApplyRefused(f"{OWN_FILE} has changed since it was read", hint="run pvesdn import again")
        put_definitions(world, name, ReplaceDefinitions(OWN_FILE, text, before))
        return OWN_FILE

    try:
        return on_any_member(world, sorted(snapshot.nodes), write)
    except NodeUnreachable as error:
        raise NodeUnreachable("cluster", f"no member could write {OWN_FILE} ({error})") from error


# --- what is read ----------------------------------------------------------------------------------------------------

_OFFLINE = "offline"
_PVE_WRITES_FRR = Finding(
    severity=Severity.WARNING,
    where="/etc/frr/frr.conf",
    what="PVE's own controllers or fabrics write it, so nothing in it counts as hand-written",
    hint="EVPN written by hand alongside them cannot be imported",
)


_ALREADY_DEFINED = Finding(
    severity=Severity.WARNING,
    where=OWN_FILE,
    what="there is one already, and the proposal does not include what it defines",
    hint="merge the two by hand: if the proposal alone replaces it, what it defines is removed from the nodes",
)


def _without_ours(snapshot: Snapshot) -> Snapshot:
    """The cluster without its pvesdn.cfg, which the proposal would replace."""
    return replace(snapshot, pve_files={name: text for name, text in snapshot.pve_files.items() if name != OWN_NAME})


def _pve_writes_frr(decoded: Decoded) -> bool:
    """Whether frr.conf is PVE's text. Without SDN of its own PVE writes none, whatever lies in /etc/pve/sdn."""
    return decoded.cluster.has_sdn and decoded.sdn.config.pve.needs_frr


def _hand_written(decoded: Decoded) -> HandWrittenConfig:
    snapshot, cluster, pve = decoded.snapshot, decoded.cluster, decoded.sdn.config.pve
    has_own_frr = not _pve_writes_frr(decoded)
    unread = {member.name: _OFFLINE for member in cluster.members if not member.is_online}
    unread |= {name: why.removeprefix(f"{name}: ") for name, why in snapshot.unreachable.items()}
    unread |= {
        name: why.removeprefix(f"{name}: ") for name, why in decoded.unreadable.items() if name not in decoded.facts
    }
    return HandWrittenConfig(
        nodes={
            name: decode_hand_written(
                name,
                snapshot.nodes[name].files,
                snapshot.nodes[name].commands.get("ip-link"),
                has_own_frr=has_own_frr,
            )
            for name in sorted(decoded.facts)
        },
        facts=decoded.facts,
        cluster=cluster,
        taken=frozenset({*(zone.id for zone in pve.zones), *(vnet.id for vnet in pve.vnets)}),
        unread=unread,
    )


# --- what goes -------------------------------------------------------------------------------------------------------


def _node(node: str, raw: NodeRaw, outs: tuple[TakeOut, ...]) -> NodeAdoption:
    cut = Cut(
        whole=frozenset(out.name for out in outs if out.options is None),
        options={out.name: out.options for out in outs if out.options is not None},
    )
    gone: dict[str, list[tuple[int, int]]] = {}
    edits = []
    for path in interfaces_files(raw.files):
        old = raw.files[path]
        result = cut_file(old, path, cut)
        for name, spans in result.gone.items():
            gone.setdefault(name, []).extend(spans)
        if result.text != old:
            edits.append(FileChange(path, old, result.text, file_mode(raw, path), "root:root", digest(old)))
    return NodeAdoption(
        node,
        take_outs=tuple((out, tuple(gone.get(out.name, ()))) for out in outs),
        edits=tuple(edits),
        ifdown=tuple(out.name for out in sorted(outs, key=_order) if out.becomes != out.name),
    )


def _order(out: TakeOut) -> int:
    """VXLAN devices first, VRFs last: nothing is taken from under another."""
    return 0 if out.vni is not None else 2 if out.becomes.startswith(names.vrf("")) else 1


# --- what then comes -------------------------------------------------------------------------------------------------


def _after(decoded: Decoded, adoption: Adoption) -> Decoded:
    """The cluster with the proposal in place and everything taken out: only the texts that are new are read."""
    nodes, facts = dict(decoded.snapshot.nodes), dict(decoded.facts)
    for part in adoption.nodes:
        files = {**nodes[part.node].files, **{change.path: change.new or "" for change in part.edits}}
        nodes[part.node] = NodeRaw(files, nodes[part.node].commands)
        stays = {out.becomes for out, _ in part.take_outs}
        gone = frozenset(out.name for out, _ in part.take_outs if out.name not in stays)
        facts[part.node] = with_interfaces(facts[part.node].without(gone), files)
    after = replace(decoded, snapshot=replace(decoded.snapshot, nodes=nodes), facts=facts)
    return after.with_definitions(_with_proposed(decoded.snapshot.pve_files, adoption.files))


def _with_proposed(files: Mapping[str, str], proposed: Mapping[str, str]) -> dict[str, str]:
    """PVE's definitions, each file with what is proposed below what it has."""
    found = dict(files)
    for name, text in proposed.items():
        before = found.get(name, "")
        found[name] = f"{before.rstrip()}\n\n{text}" if before.strip() else text
    return found


def _as_cut_over(changes: ChangeSet, outs: Mapping[str, tuple[TakeOut, ...]]) -> ChangeSet:
    """What comes in the place of something is shown so: the hand-written device goes, ours comes."""
    return replace(changes, nodes=tuple(_marked(node, outs.get(node.node, ())) for node in changes.nodes))


def _marked(node: NodeChanges, outs: tuple[TakeOut, ...]) -> NodeChanges:
    before = {out.becomes: out for out in outs}
    return replace(node, files=tuple(_marked_file(file, before) for file in node.files))


def _marked_file(file: FileChange, before: Mapping[str, TakeOut]) -> FileChange:
    if file.path not in (OUR_INTERFACES, SDN_INTERFACES):
        return file
    return replace(file, stanzas=tuple(_marked_stanzas(file.stanzas, before)))


def _marked_stanzas(stanzas: tuple[StanzaChange, ...], before: Mapping[str, TakeOut]) -> Iterator[StanzaChange]:
    for stanza in stanzas:
        out = before.get(stanza.name)
        if out is None or stanza.action is not Action.ADD:
            yield stanza
        elif out.vni is not None:
            yield replace(stanza, action=Action.REPLACE, why=Taken(out.vni, out.name).why)
        elif out.name == stanza.name:
            yield replace(stanza, action=Action.CHANGE, why="hand-written until now; the device stays")
        else:
            yield replace(stanza, action=Action.REPLACE, why=f"in place of {out.name}")
