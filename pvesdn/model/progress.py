"""What happens in an apply, for whoever watches: events as they come, without a word for people."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pvesdn.model.open_apply import LockHolder
from pvesdn.model.order import Order
from pvesdn.model.primitives import NodeName
from pvesdn.model.report import Outcome


class StepName(StrEnum):
    """What is done on a node, as the report names it."""

    READ = "read"
    STAGED = "staged"
    ARMED = "armed"
    DEFINITIONS = "definitions"
    VNIS = "VNIs"
    WRITTEN = "written"
    SYSCTL = "sysctl"
    FRR = "frr"
    RELOADED = "reloaded"
    DHCP = "dhcp"
    CANARY = "canary"
    FLOOD = "flood"
    FINISHED = "finished"
    VERIFIED = "verified"
    COMPARED = "compared"
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"
    UNDONE = "undone"


IN_PLACE = (StepName.WRITTEN, StepName.SYSCTL, StepName.FRR, StepName.RELOADED, StepName.DHCP)
"""What a node's turn consists of, each where it is needed; from the first that begins, the node is changed."""


class Way(StrEnum):
    """In which way a step is done, where there are several."""

    USUAL = ""
    RESTART = "restart"
    """FRR is restarted, not reloaded."""
    CHANGED = "what changes"
    """Only the interfaces that change are taken down and brought up."""
    REHEARSED = "PVE's definitions are still pending"
    BY_COMMIT = "by PVE's commit"
    AFTER_COMMIT = "after PVE's commit"
    TAKEN_OVER = "taken over from PVE"


class Thing(StrEnum):
    """What a step waits for."""

    TASK = "PVE's task"
    OTHERS_TASK = "a reload of PVE's that had begun before"
    ANSWER = "the node to answer again"
    CHECKS = "checks that are not good yet"


@dataclass(frozen=True, slots=True)
class Turns:
    """What is going to happen.

    :param nodes: those with something to do.
    :param order: their turns; without rounds where PVE's commit reloads all of them.
    :param commits: PVE commits what is pending, as the last step.
    """

    nodes: tuple[NodeName, ...]
    order: Order
    commits: bool = False


@dataclass(frozen=True, slots=True)
class Begun:
    """A node has begun a step."""

    node: NodeName
    step: StepName
    way: Way = Way.USUAL


@dataclass(frozen=True, slots=True)
class Ended:
    """A node has ended a step. :param why: what has failed there; empty where nothing has."""

    node: NodeName
    step: StepName
    outcome: Outcome
    why: str = ""


@dataclass(frozen=True, slots=True)
class Awaits:
    """The step under way on a node waits. :param objects: which, where the thing has several."""

    node: NodeName
    thing: Thing
    objects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Armed:
    """A node has written down how it is.

    :param until: when it puts itself back if it hears nothing more of the apply, seconds of the Unix epoch; each
        further step there makes it later.
    :param survives: a reboot: without systemd the node would not put itself back after one.
    """

    node: NodeName
    until: float
    survives: bool = True


@dataclass(frozen=True, slots=True)
class Heard:
    """An armed node has heard that the apply is alive. :param until: see `Armed`."""

    node: NodeName
    until: float


@dataclass(frozen=True, slots=True)
class NotReached:
    """A node that is to be put back was not reached, and is asked again; it may be doing so by itself."""

    node: NodeName


@dataclass(frozen=True, slots=True)
class WaitsForLock:
    """Somebody else has the cluster lock. :param left: seconds for which it is waited at most."""

    holder: LockHolder
    left: float


@dataclass(frozen=True, slots=True)
class WaitsForYes:
    """All is verified, and stays if somebody confirms it. :param until: when, seconds of the Unix epoch."""

    apply_id: str
    nodes: tuple[NodeName, ...]
    until: float


@dataclass(frozen=True, slots=True)
class Committed:
    """PVE has taken the commit: nothing is put back any more."""


@dataclass(frozen=True, slots=True)
class Stays:
    """What these nodes have stays, whatever fails from now on."""

    nodes: tuple[NodeName, ...]


class PutBackFor(StrEnum):
    """Why nodes are put back."""

    FAILURE = "something has failed"
    INTERRUPTION = "interrupted"
    """Somebody, or an error, has ended the run."""
    SILENCE = "not confirmed in time"
    REHEARSAL = "rehearsed"
    """It was to be tried out, and no more."""
    REQUEST = "asked for"


@dataclass(frozen=True, slots=True)
class PutsBack:
    """These nodes are put back now."""

    nodes: tuple[NodeName, ...]
    why: PutBackFor = PutBackFor.FAILURE

    @property
    def is_asked_for(self) -> bool:
        """Whether it is what this run was started for."""
        return self.why is PutBackFor.REQUEST


@dataclass(frozen=True, slots=True)
class Stopping:
    """Somebody has ended the run: no further node is begun, and what changes a node is waited for."""


@dataclass(frozen=True, slots=True)
class Beat:
    """Time has passed, and the apply is at work."""


Event: TypeAlias = (
    Turns
    | Begun
    | Ended
    | Awaits
    | Armed
    | Heard
    | NotReached
    | WaitsForLock
    | WaitsForYes
    | Committed
    | Stays
    | PutsBack
    | Stopping
    | Beat
)
