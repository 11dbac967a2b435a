"""Files as they are, as they should be, and the change between them: plan prints it, apply carries it out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

from pvesdn.model.consequences import Fall, NodeConsequence
from pvesdn.model.differences import Difference
from pvesdn.model.execution import NodeExecution
from pvesdn.model.facts import GuestNic, Link
from pvesdn.model.findings import Finding
from pvesdn.model.flags import PlanFlags
from pvesdn.model.frr import FrrConfig
from pvesdn.model.frr_local import LocalMerge
from pvesdn.model.ifupdown import InterfacesFile, Stanza
from pvesdn.model.pve_ifupdown import PveVxlanPort
from pvesdn.model.running import PveRunning
from pvesdn.model.sdn_edits import SdnEdits
from pvesdn.model.verification import Discrepancy, Look

OUR_INTERFACES = "/etc/network/interfaces.d/pvesdn"
SDN_INTERFACES = "/etc/network/interfaces.d/sdn"
INTERFACES_NEW = "/etc/network/interfaces.new"
"""What somebody has staged in a node's network panel; PVE's reload puts it in place of /etc/network/interfaces."""
FRR_CONF = "/etc/frr/frr.conf"
FRR_CONF_LOCAL = "/etc/frr/frr.conf.local"
FRR_DAEMONS = "/etc/frr/daemons"
FRR_FILES = frozenset({FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS})
OUR_SYSCTL = "/etc/sysctl.d/90-pvesdn.conf"

FRR_LOCAL_BEGIN = "! --- pvesdn: begin ---"
FRR_LOCAL_END = "! --- pvesdn: end ---"
"""The lines around our block in frr.conf.local; everything outside belongs to the administrator."""


@dataclass(frozen=True, slots=True)
class PrintedInterfaces:
    """An interfaces file that was printed: the value, and where the text of each of its stanzas begins and ends.

    :param header: what stands above the first stanza, with its line end.
    :param texts: whole lines of each stanza of `value.stanzas`, then of each of `value.fabrics`; an empty line stands
        between two of them, and between the header and the first.
    """

    value: InterfacesFile
    header: str
    texts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The whole file."""
        return "\n".join((self.header, *self.texts))

    @property
    def stanzas(self) -> Iterator[Stanza]:
        """What the texts say, in their order; a name occurs again where an interface has several stanzas."""
        return chain(self.value.stanzas, self.value.fabrics)

    @property
    def order_free(self) -> frozenset[str]:
        """Interfaces whose lines mean the same in any order."""
        return frozenset(s.name for s in self.value.stanzas if isinstance(s, PveVxlanPort) and s.is_order_free)

    def by_name(self) -> dict[str, str]:
        """The text of each interface, of several stanzas together, as `split_stanzas` would cut it out of the file."""
        found: dict[str, str] = {}
        last = ""
        for stanza, text in zip(self.stanzas, self.texts, strict=True):
            name = stanza.name
            found[name] = f"{found[name]}{chr(10) if name == last else ''}{text}" if name in found else text
            last = name
        return found


@dataclass(frozen=True, slots=True)
class RenderedFile:
    """A file as it should be, with what it was printed from: nobody has to read our own text again.

    :param text: the whole file; None when it must not exist.
    :param interfaces: of an interfaces file: its stanzas.
    :param frr: of frr.conf: its configuration, with the lines of frr.conf.local that PVE merges into it.
    :param merge: of frr.conf: how that merge goes; None where PVE merges nothing.
    :param sysctls: of our kernel settings: names and values, sorted by name.
    """

    path: str
    text: str | None
    mode: str = "0644"
    owner: str = "root:root"
    interfaces: PrintedInterfaces | None = None
    frr: FrrConfig | None = None
    merge: LocalMerge | None = None
    sysctls: tuple[tuple[str, str], ...] = ()

    @property
    def stanzas(self) -> dict[str, str]:
        """Of an interfaces file the text by interface name, in file order; empty otherwise."""
        return {} if self.interfaces is None else self.interfaces.by_name()


class Action(StrEnum):
    """Terraform's signs."""

    ADD = "+"
    CHANGE = "~"
    REMOVE = "-"
    REPLACE = "-/+"


@dataclass(frozen=True, slots=True)
class StanzaChange:
    """One interface's change.

    :param why: what is behind it, such as what the kernel cannot change on a live device.
    :param differences: of an interface that is there before and after: its attributes that change, sorted by name.
    :param moved_from: the file that it leaves for this one; empty where it does not move.
    :param is_merged: another file of the node has it before and after, so it is neither made nor removed.
    :param is_given_up: so it is, and ours, which had what carries it, has it no more: its uplink goes with our stanza.
    :param keeps_gateway: it is a VNet's bridge, and there is a gateway's address on it before and after, in whichever
        file of the node.
    """

    name: str
    action: Action
    why: str = ""
    differences: tuple[Difference, ...] = ()
    moved_from: str = ""
    is_merged: bool = False
    is_given_up: bool = False
    keeps_gateway: bool = False

    @property
    def takes_ports(self) -> bool:
        """Ports of guests are thrown out of it: it goes, or what carries it does (docs/pve.md §13.4)."""
        return self.action is Action.REMOVE or self.is_given_up


@dataclass(frozen=True, slots=True)
class AsNumbers:
    """The AS numbers of a node's BGP routers, the VRFs' included; empty where FRR has, or will have, no BGP."""

    before: frozenset[str] = frozenset()
    after: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file's change.

    :param expect: SHA-256 of what is there now, None when the file is absent: nothing else may be overwritten.
    :param by_pve: PVE writes it when the cluster's SDN is applied; pvesdn only shows it.
    :param conflict: why it must not be overwritten unasked; empty when there is no reason.
    :param printed: the stanzas of `new`, where it is an interfaces file that was printed and takes the place of
        another.
    :param differences: of a file that has no interfaces: what changes in it, in words.
    :param interfaces: of an interfaces file: what `new` was printed from.
    :param as_numbers: of frr.conf.
    """

    path: str
    old: str | None
    new: str | None
    mode: str
    owner: str
    expect: str | None
    stanzas: tuple[StanzaChange, ...] = ()
    by_pve: bool = False
    conflict: str = ""
    printed: PrintedInterfaces | None = field(default=None, repr=False)
    differences: tuple[Difference, ...] = ()
    interfaces: InterfacesFile | None = field(default=None, repr=False)
    as_numbers: AsNumbers = field(default_factory=AsNumbers)

    @property
    def action(self) -> Action:
        """What happens to the file as a whole."""
        if self.old is None:
            return Action.ADD
        return Action.REMOVE if self.new is None else Action.CHANGE


@dataclass(frozen=True, slots=True)
class NodeChanges:
    """What differs on one node.

    :param execution: what is done about it.
    :param obstacles: what stops `apply` on this node until a person decides.
    :param guests: guest ports by bridge that would be removed.
    :param is_unfinished: the files are in place, but their last reload did not finish.
    :param links: the devices that were there.
    :param nics: of the guests on the node, those with an MTU of their own.
    :param consequences: what the changes mean for traffic, the worst first.
    :param drift: what has gone wrong on the node although its files are right, and is healed.
    :param serves_others: traffic or routes of other nodes go through it: it is an exit, or a route reflector.
    :param rehearsal: what is done before PVE commits, where what PVE will write is tried out first; None where it is
        not, or where nothing is pending.
    """

    node: str
    execution: NodeExecution
    files: tuple[FileChange, ...] = ()
    obstacles: tuple[Finding, ...] = ()
    guests: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    is_unfinished: bool = False
    links: tuple[Link, ...] = field(default=(), repr=False)
    nics: tuple[GuestNic, ...] = field(default=(), repr=False)
    consequences: tuple[NodeConsequence, ...] = ()
    drift: tuple[Discrepancy, ...] = ()
    serves_others: bool = False
    rehearsal: NodeExecution | None = None

    @property
    def given_up(self) -> frozenset[str]:
        """Bridges that PVE keeps and that lose what carries them."""
        return frozenset(stanza.name for file in self.files for stanza in file.stanzas if stanza.is_given_up)

    @property
    def is_empty(self) -> bool:
        """Nothing to do on this node."""
        return not self.files and not self.is_unfinished and not self.drift


@dataclass(frozen=True, slots=True)
class PendingProperty:
    """A property that the next commit sets, changes or removes.

    :param running: its value as committed, None when it has none; sets and arrays as one sorted comma list.
    :param pending: its value as edited, None when it goes.
    """

    name: str
    running: str | None
    pending: str | None


@dataclass(frozen=True, slots=True)
class PendingChange:
    """A definition of PVE's that is not committed.

    :param kind: ``zone``, ``vnet``…
    :param state: ``new``, ``changed`` or ``deleted``.
    :param properties: sorted by name; none of a definition that goes as a whole.
    """

    kind: str
    id: str
    state: str
    properties: tuple[PendingProperty, ...] = ()


@dataclass(frozen=True, slots=True)
class Unrehearsed:
    """Why what PVE will write on a node cannot be tried out before it commits.

    :param is_newer: the node's PVE is newer than pvesdn knows, which takes a person's word to commit.
    """

    node: str
    why: str
    is_newer: bool = False


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """The plan of the whole cluster.

    :param nodes: every node that was looked at, sorted by name, unchanged ones included.
    :param pending: PVE's uncommitted definitions, which `apply` commits as its last step.
    :param unreachable: nodes that did not answer, with the reason; nothing is known of them.
    :param offline: members that the cluster says are offline.
    :param seen: the new text of /etc/pve/sdn/pvesdn-seen.json; None when it is up to date.
    :param pve: what is running of PVE's own SDN, and where.
    :param takes_frr_over: PVE's commit is the last one in which it writes frr.conf: our part moves there afterwards, in
        the same apply.
    :param flags: what was decided beforehand: whoever plans again decides alike.
    :param definitions: the draft that the plan is made from takes the place of pvesdn.cfg; None where it is made from
        the live one.
    :param vnis: what becomes of pvesdn-vnis.cfg, by VNet; None where it says everything already.
    :param sources: what the plan is made from, as `Snapshot.pve_files`.
    :param look: what the nodes were doing when the plan was made; no node was looked at where that was not read.
    :param can_lose_one: the cluster keeps its quorum with one node less than it has now, as far as is known: each
        member has one vote.
    :param unrehearsed: why PVE's definitions cannot be rehearsed; with a single node none of them is.
    :param edits: PVE's definitions are not pending yet: they are made so first. None where they are, or nothing is.
    :param kept: VNets that are only there for the guests in them, with the nodes where these are.
    """

    nodes: tuple[NodeChanges, ...]
    findings: tuple[Finding, ...] = ()
    pending: tuple[PendingChange, ...] = ()
    unreachable: Mapping[str, str] = field(default_factory=dict)
    offline: tuple[str, ...] = ()
    seen: str | None = None
    pve: PveRunning = field(default_factory=PveRunning)
    takes_frr_over: bool = False
    flags: PlanFlags = field(default_factory=PlanFlags)
    falls: tuple[Fall, ...] = ()
    guest_names: Mapping[int, str] = field(default_factory=dict)
    pve_version: str = ""
    zones: Mapping[str, str] = field(default_factory=dict, repr=False)
    definitions: FileChange | None = None
    vnis: FileChange | None = None
    sources: Mapping[str, str] = field(default_factory=dict, repr=False)
    look: Look = field(default_factory=Look, repr=False)
    can_lose_one: bool = True
    unrehearsed: tuple[Unrehearsed, ...] = ()
    edits: SdnEdits | None = None
    kept: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)

    @property
    def takes_from_pve(self) -> bool:
        """Interfaces move from PVE's file to ours: on a node that has only PVE's half of it they are gone."""
        files = (file for node in self.nodes for file in node.files)
        return any(stanza.moved_from == SDN_INTERFACES for file in files for stanza in file.stanzas)

    @property
    def definitions_to_write(self) -> tuple[FileChange, ...]:
        """Files of ours in /etc/pve/sdn that an apply writes, in its order."""
        return tuple(change for change in (self.vnis, self.definitions) if change is not None)

    @property
    def is_empty(self) -> bool:
        """Nothing to do on any node that was looked at."""
        return not self.pending and all(node.is_empty for node in self.nodes)

    @property
    def has_work(self) -> bool:
        """There is something for an apply to do, on a node or in /etc/pve/sdn."""
        return not self.is_empty or bool(self.definitions_to_write)
