"""What is done on the nodes, and in which order: the steps that an apply carries out, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from pvesdn.model.flags import PlanFlags
from pvesdn.model.order import Order
from pvesdn.model.primitives import IfName, IpAddress, NodeName
from pvesdn.model.reloads import ReloadPlan, WholeNetwork

Flooding: TypeAlias = tuple[tuple[IfName, tuple[IpAddress, ...]], ...]
"""Static all-zero FDB entries: for each VXLAN device the VTEPs that unknown traffic is copied to."""


class FrrAction(StrEnum):
    """What FRR needs after a change; other daemons mean a restart."""

    NONE = "none"
    RELOAD = "reload"
    RESTART = "restart"


class UndoState(StrEnum):
    """How an undo on a node ended."""

    NOTHING = "nothing"
    """No checkpoint is there: it has been undone already, or never began."""
    UNTOUCHED = "untouched"
    RESTORED = "restored"
    """Put back, looked at, and as before."""
    KEPT = "kept"
    """It was confirmed, or PVE has committed, and it stays."""
    PARTLY = "partly"
    UNDECIDED = "undecided"
    """It was cut off at PVE's commit, and nobody can tell whether that was made: /etc/pve has no quorum."""


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo came to.

    :param left: what is not as before, one line each; empty unless `PARTLY`, or `KEPT` with PVE's lock still held.
    :param log: what was done, and what failed meanwhile.
    """

    state: UndoState
    left: tuple[str, ...] = ()
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a node keeps of an apply so that it can be undone.

    :param id: the apply's, the same on every node.
    :param who: told to whoever finds it.
    :param seconds: after its last step on the node the apply counts as forgotten.
    :param frr: what FRR is told on the way there, and so on the way back.
    :param rehearses: files that PVE writes itself, and whose text to come is put in place before: once PVE has
        committed, by whomever, the node keeps what it has. Empty where nothing is rehearsed.
    :param locks: PVE's SDN lock is taken next; the node gives it back when the apply is over and nobody else has.
    """

    id: str
    who: str
    seconds: int
    frr: FrrAction
    rehearses: tuple[str, ...] = ()
    locks: bool = False


@dataclass(frozen=True, slots=True)
class FileWrite:
    """One file that pvesdn writes on a node, or removes.

    :param path: one of those that the node program writes.
    :param text: the whole file; None removes it.
    :param mode: permissions, four octal digits.
    :param owner: ``user:group``.
    :param expect: SHA-256 of what it replaces, lower-case hexadecimal; None where nothing may be there.
    :param is_pves: PVE writes it itself once it has committed, so it is not remembered as ours.
    """

    path: str
    text: str | None
    mode: str = "0644"
    owner: str = "root:root"
    expect: str | None = None
    is_pves: bool = False


@dataclass(frozen=True, slots=True)
class PutInPlace:
    """Swap the staged files, all or none.

    :param ifdown: interfaces taken down first, while our old interfaces file still says how: physical ones that leave
        our file or their VRF.
    :param delete_links: devices deleted first, because the kernel cannot change them in place; the reload makes them
        anew.
    """

    files: tuple[FileWrite, ...]
    ifdown: tuple[IfName, ...] = ()
    delete_links: tuple[IfName, ...] = ()


@dataclass(frozen=True, slots=True)
class LoadSysctl:
    """Load our kernel settings, and give back those that are ours no longer."""


@dataclass(frozen=True, slots=True)
class ChangeFrr:
    """Have FRR take its files."""

    action: FrrAction


@dataclass(frozen=True, slots=True)
class ReloadNetwork:
    """Have PVE reload the node's network, and follow its task.

    :param regenerate_frr: the parameter of that name for `PUT /nodes/{node}/network`; None leaves it out.
    :param times: 2 where the first reload takes away IPv6 addresses, which the second adds again.
    """

    regenerate_frr: bool | None = None
    times: int = 1


@dataclass(frozen=True, slots=True)
class ReloadRehearsed:
    """Have the node itself reload its network: PVE's own call would put the text of its committed definitions back
    first.

    :param times: see `ReloadNetwork`.
    """

    times: int = 1


@dataclass(frozen=True, slots=True)
class RestartDhcp:
    """Restart what serves addresses in these zones of PVE's: in its VRF, or no longer in one."""

    zones: tuple[str, ...]


Step: TypeAlias = PutInPlace | LoadSysctl | ChangeFrr | ReloadNetwork | ReloadRehearsed | RestartDhcp
"""What is done on a node when its turn comes, in this order."""


@dataclass(frozen=True, slots=True)
class NodeExecution:
    """What is done on one node.

    :param steps: in this order, when its turn comes: files, kernel settings, FRR, network, DHCP.
    :param flooding: looked after when all had their turn, whether or not all went well: FRR may have taken entries
        along.
    :param finishes: once verified, the mark that `PutInPlace` leaves on the node is taken away.
    :param rehearsed: by path what PVE's own files have to be before PVE commits, and after; empty where nothing is
        rehearsed.
    :param waits_for: nodes that give up an address which comes here: they have their turn first, and where one of them
        did not get that far, this one is left as it is, or both would hold the address.
    :param dhcp: zones of PVE's whose dnsmasq is in a VRF, or leaves one: PVE's commit restarts it before it reloads.
    """

    node: NodeName
    steps: tuple[Step, ...] = ()
    flooding: Flooding = ()
    finishes: bool = False
    waits_for: frozenset[NodeName] = frozenset()
    rehearsed: Mapping[str, str] = field(default_factory=dict)
    reload: ReloadPlan = field(default_factory=WholeNetwork)
    dhcp: tuple[str, ...] = ()

    @property
    def put_in_place(self) -> PutInPlace | None:
        """Its files, which are staged before any node's turn comes; None where none change."""
        return next((step for step in self.steps if isinstance(step, PutInPlace)), None)

    @property
    def frr(self) -> FrrAction:
        """What FRR is told."""
        return next((step.action for step in self.steps if isinstance(step, ChangeFrr)), FrrAction.NONE)

    @property
    def reloads(self) -> bool:
        """Whether its network is reloaded when its turn comes, and not by PVE's commit."""
        return any(isinstance(step, ReloadNetwork | ReloadRehearsed) for step in self.steps)

    def without_reload(self) -> NodeExecution:
        """The same for a node whose network has just been reloaded."""
        return replace(self, steps=tuple(step for step in self.steps if not isinstance(step, ReloadNetwork)))


@dataclass(frozen=True, slots=True)
class ReplaceDefinitions:
    """A file of ours in /etc/pve/sdn gets another text, such as a draft that becomes the cluster's pvesdn.cfg.

    :param path: an absolute path.
    :param before: the text that was read, and no other is replaced; None where there was none.
    """

    path: str
    text: str
    before: str | None


@dataclass(frozen=True, slots=True)
class ExecutionPlan:
    """What one apply does on the whole cluster: every node's files are staged, then each node has its turn.

    :param nodes: in the order in which addresses change hands.
    :param order: the turns of those nodes.
    :param seen: the new text of /etc/pve/sdn/pvesdn-seen.json, written before anything else; None leaves it.
    :param definitions: what is written when every node has its files staged, before the first one has its turn: the
        VNIs of VNets that are drawn in PVE's panel, and pvesdn.cfg where the plan was made from a draft.
    :param commits: PVE's pending definitions are committed after the last node's turn, which reloads every node.
    :param rehearses: what PVE will write is put in place by us before, and verified.
    :param takes_frr_over: after that commit what PVE has written for the last time becomes ours.
    :param flags: what was decided beforehand; whoever plans again decides alike.
    """

    nodes: tuple[NodeExecution, ...]
    order: Order = field(default_factory=Order)
    seen: str | None = None
    definitions: tuple[ReplaceDefinitions, ...] = ()
    commits: bool = False
    rehearses: bool = False
    takes_frr_over: bool = False
    flags: PlanFlags = field(default_factory=PlanFlags)
