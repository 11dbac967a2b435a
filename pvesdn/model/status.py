"""How a cluster is doing, put together from one look at it: what `pvesdn status` tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pvesdn.model.files import ChangeSet
from pvesdn.model.history import Entry, History
from pvesdn.model.open_apply import LockHolder, OpenApply
from pvesdn.model.primitives import IpAddress, NodeName
from pvesdn.model.verification import Verification


class Health(StrEnum):
    """How a zone or a node is doing, as far as one look tells."""

    BAD = "bad"
    UNREACHABLE = "unreachable"
    """The cluster says that the node is on, and it was not reached."""
    OFF = "off"
    WARNING = "warning"
    UNCHECKED = "not checked"
    OK = "ok"


@dataclass(frozen=True, slots=True)
class Share:
    """``up`` of ``all`` that there should be; zero of zero where there should be none."""

    up: int
    all: int


@dataclass(frozen=True, slots=True)
class Drift:
    """What is not as it was put there: files, and devices with their flooding entries."""

    files: int = 0
    devices: int = 0


@dataclass(frozen=True, slots=True)
class ToDo:
    """What an apply would do on a node, its interfaces in numbers.

    :param is_blocked: it would refuse, because of something on that node.
    """

    add: int = 0
    change: int = 0
    replace: int = 0
    remove: int = 0
    is_blocked: bool = False


@dataclass(frozen=True, slots=True)
class ZoneStatus:
    """One zone.

    :param what: its kind, in words.
    :param source: the file that defines it.
    :param nodes: members that have it, sorted by name.
    :param seen: those of them that were looked at.
    :param vnets: how many.
    :param guests: how many are plugged in, on the nodes that were looked at; None where no node of it was.
    :param first: what is wrong first, in one line; where it was not checked, why; else empty.
    :param is_empty: nothing of it is to be on any node.
    """

    id: str
    what: str
    source: str
    nodes: tuple[NodeName, ...]
    vnets: int
    guests: int | None
    health: Health
    bad: int = 0
    warnings: int = 0
    first: str = ""
    seen: tuple[NodeName, ...] = ()
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class NodeApply:
    """The last apply that was about a node. :param what: how it ended there: that of the entry, or the node's own."""

    number: int
    what: str


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """One node. None is what is not known.

    :param vteps: its tunnel addresses: one, and another where PVE's zones have another; none on a node without zones.
    :param sessions: of BGP, those that are established.
    :param vnis: of its VXLAN devices: those that are up, and that FRR knows where it has to.
    :param last_apply: None also where the history has none.
    :param to_do: None also where nothing is to be done.
    :param first: what is wrong first, in one line; why it was not reached; else empty.
    """

    name: NodeName
    health: Health
    vteps: tuple[IpAddress, ...] = ()
    sessions: Share | None = None
    vnis: Share | None = None
    last_apply: NodeApply | None = None
    drift: Drift | None = None
    to_do: ToDo | None = None
    bad: int = 0
    warnings: int = 0
    first: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a look tells besides the definitions and the nodes' state.

    :param history: None where it is not known.
    :param open: applies that are open: by id, how each stands on its nodes; None where it is not known.
    :param untold: members that did not tell which are open there.
    :param lock: who has written down that the cluster lock is theirs; None for nobody, and where it is not known.
    :param is_sdn_locked: somebody has locked PVE's definitions; None where it is not known, and then `lock` is not.
    :param own_digest: of pvesdn.cfg, as the history names texts; None where there is no such file.
    :param is_unfit: what was applied last does not fit the cluster any more: the nodes are held against pvesdn.cfg.
    :param unknown: what could not be learned, in one line each, with the reason.
    """

    history: History | None = None
    open: Mapping[str, Mapping[NodeName, OpenApply]] | None = None
    untold: tuple[NodeName, ...] = ()
    lock: LockHolder | None = None
    is_sdn_locked: bool | None = None
    own_digest: str | None = None
    is_unfit: bool = False
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """A cluster, its zones and its nodes.

    :param members, online: how many there are, and how many are on.
    :param is_quorate: it has a quorum; without one members that are off for this one may be on.
    :param packages: versions of PVE's SDN, by node, where nodes have different ones; empty where they do not.
    :param last_apply: the newest entry of the history.
    :param in_force: the number of the newest apply that the nodes have been brought to; None where there is none, and
        where nobody knows.
    :param own_differs: pvesdn.cfg is not what that one was about, and an apply may have something to do because of it;
        None where nobody knows.
    :param uncarried: VNets of PVE's panel that run somewhere without what carries them.
    :param zones, nodes: those that were asked for, sorted by name.
    :param verification: what the look has shown of them; its `nodes` are those where something of them was looked at.
    :param only_zones, only_nodes: which were asked for, sorted; none for all. `changes` is about those nodes alone.
    :param changes: what an apply would change there; None where it cannot be planned, and `no_plan` says why.
    """

    name: str
    pve_version: str
    members: int
    online: int
    verification: Verification
    is_quorate: bool = True
    packages: Mapping[NodeName, str] = field(default_factory=dict)
    beside: Beside = field(default_factory=Beside)
    last_apply: Entry | None = None
    in_force: int | None = None
    own_differs: bool | None = None
    uncarried: tuple[str, ...] = ()
    zones: tuple[ZoneStatus, ...] = ()
    nodes: tuple[NodeStatus, ...] = ()
    changes: ChangeSet | None = None
    no_plan: tuple[str, ...] = ()
    only_zones: tuple[str, ...] = ()
    only_nodes: tuple[NodeName, ...] = ()

    @property
    def not_there(self) -> tuple[str, ...]:
        """Zones that were asked for and are on none of the nodes that were."""
        shown = {zone.id for zone in self.zones}
        return tuple(zone for zone in self.only_zones if zone not in shown)

    @property
    def is_part(self) -> bool:
        """Only some zones or nodes were asked for."""
        return bool(self.only_zones or self.only_nodes)
