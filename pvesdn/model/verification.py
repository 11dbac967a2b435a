"""What verify finds: where the network is not what the definitions say, and what nobody could see."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from pvesdn.model.findings import Severity
from pvesdn.model.probes import PathProbe


class Subject(StrEnum):
    """What was looked at."""

    FILE = "file"
    DEVICE = "device"
    FLOODING = "flooding"
    SETTING = "setting"
    FRR = "frr"
    SESSION = "session"
    VNI = "vni"
    ROUTE = "route"
    VRRP = "vrrp"
    PATH = "path"
    FIREWALL = "firewall"
    PORT = "port"
    CLOCK = "clock"
    GUEST = "guest"
    DHCP = "dhcp"
    DEFINITIONS = "definitions"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """One thing that is not as it should be, and what to do about it.

    :param node: empty where it is the cluster's.
    :param object: what is wrong, in the node's own words: a path, a device, a setting.
    :param trait: which of its attributes; empty where it is the whole.
    :param expected: what the definitions make of it.
    :param found: what is there.
    :param cause: the likely one.
    :param step: what to do next.
    :param is_there: it is done on that node, as root.
    :param zones: whose guests notice, sorted by name.
    :param severity: an error is bad, a warning may become it.
    :param parts: where several things of one kind are told together, each of them: lines, addresses, VTEPs.
    :param peer: of a BGP session or a path the member at the other end; empty where it is not a member's.
    :param is_edit: of a file: somebody has edited or removed it, or nothing reads it any more; not where all it lacks
        is an apply.
    :param device: the interface or VRF that it is about, where `object` names something of it.
    :param is_leftover: it is left of what is no longer defined, and no zone's guests notice; `zones` are none then.
    :param is_behind: nobody has changed it: PVE's file on the node is older than what PVE has committed.
    """

    node: str
    subject: Subject
    object: str
    expected: str
    found: str
    cause: str
    step: str
    trait: str = ""
    zones: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    is_there: bool = False
    parts: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    peer: str = field(default="", compare=False)
    is_edit: bool = field(default=False, compare=False)
    device: str = field(default="", compare=False)
    is_behind: bool = field(default=False, compare=False)
    is_leftover: bool = field(default=False, compare=False)

    @property
    def check(self) -> tuple[str, Subject, str, str]:
        """Which check it is that found it: the same one before and after a change."""
        return self.node, self.subject, self.object, self.trait

    @property
    def next_step(self) -> str:
        """What to do next, and where."""
        return f"on {self.node}: {self.step}" if self.is_there else self.step

    def concerns(self, zone: str) -> bool:
        """Whether a zone's guests may notice; what is nobody's in particular may be noticed by all."""
        return not self.is_leftover and (not self.zones or zone in self.zones)


@dataclass(frozen=True, slots=True)
class NotChecked:
    """What nobody could look at, and why.

    :param node: empty where it is so on every node, because pvesdn does not look at it.
    :param zones: whose it is; none where it may be that of any.
    """

    node: str
    what: str
    why: str
    zones: tuple[str, ...] = field(default=(), compare=False)

    def concerns(self, zone: str) -> bool:
        """Whether it may be about a zone."""
        return not self.zones or zone in self.zones


@dataclass(frozen=True, slots=True)
class PathPlan:
    """What to send from VTEP to VTEP, and what nobody can try."""

    probes: tuple[PathProbe, ...] = ()
    not_tried: tuple[NotChecked, ...] = ()


@dataclass(frozen=True, slots=True)
class ZoneVerdict:
    """One zone on the nodes that were looked at.

    :param nodes: those that have something of it, sorted by name.
    :param checks: how many things were held against the definitions.
    """

    zone: str
    nodes: tuple[str, ...]
    checks: int
    bad: int
    warnings: int


@dataclass(frozen=True, slots=True)
class Verification:
    """Everything that one look at the cluster has shown.

    :param discrepancies: the bad first, each kind in the order of the nodes.
    :param zones: sorted by name.
    :param unreachable: nodes that did not answer although the cluster says that they are on, with the reason.
    :param offline: members that the cluster says are off.
    """

    discrepancies: tuple[Discrepancy, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
    zones: tuple[ZoneVerdict, ...] = ()
    nodes: tuple[str, ...] = ()
    unreachable: Mapping[str, str] = field(default_factory=dict)
    offline: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Nothing is bad, and every node that is on has been looked at."""
        return bool(self.nodes) and not self.unreachable and not self.count(Severity.ERROR)

    @property
    def has_doubts(self) -> bool:
        """Nothing may be bad, but something may become it, or could not be seen."""
        is_seen = not (self.unreachable or self.offline or any(item.node for item in self.not_checked))
        return not is_seen or self.count(Severity.WARNING) > 0

    def count(self, severity: Severity) -> int:
        """How many findings have that weight."""
        return sum(found.severity is severity for found in self.discrepancies)


def in_order(found: Iterable[Discrepancy]) -> tuple[Discrepancy, ...]:
    """The bad before the rest; otherwise as they came."""
    return tuple(sorted(found, key=lambda discrepancy: discrepancy.severity is not Severity.ERROR))


Unannounced: TypeAlias = Callable[[str, frozenset[int], frozenset[int]], tuple[Discrepancy, ...]]


@dataclass(frozen=True, slots=True)
class Look:
    """What the nodes were doing at one moment, held against a design: what an apply compares before and after.

    :param nodes: those that were looked at.
    :param found: everything that was not as it should be there; devices and settings that a change of files brings are
        not judged as long as the files lack it.
    :param up: BGP sessions that were established, by node and `Discrepancy.object`, each with `Discrepancy.peer`.
    :param not_checked: what nobody could look at.
    :param ways: what shows whether the underlay carried the zones that were there; made only when it is asked for.
    :param deaf: those of `nodes` whose FRR could not be asked for its sessions: what is not in `up` of theirs may be
        established all the same.
    :param vnis: what FRR knew, by node; of a node whose FRR could not be asked there is nothing.
    :param unannounced: told a node, the VNIs that it announces, and those that count: what is wrong with that.
    """

    nodes: frozenset[str] = frozenset()
    found: tuple[Discrepancy, ...] = ()
    up: Mapping[tuple[str, str], str] = field(default_factory=dict)
    not_checked: tuple[NotChecked, ...] = ()
    deaf: frozenset[str] = frozenset()
    ways: Callable[[], PathPlan] = field(default=PathPlan, compare=False, repr=False)
    vnis: Mapping[str, frozenset[int]] = field(default_factory=dict)
    unannounced: Unannounced = field(default=lambda _node, _own, _among: (), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checks after a change came to.

    :param failed: what passed before and does not any more, and what is new and does not pass.
    :param before: what was not as it should be before, and still is not: not the change's doing.
    :param unhealed: what of the latter was to be put right.
    :param not_checked: what nobody could look at.
    """

    failed: tuple[Discrepancy, ...] = ()
    before: tuple[Discrepancy, ...] = ()
    unhealed: tuple[Discrepancy, ...] = ()
    not_checked: tuple[NotChecked, ...] = ()
