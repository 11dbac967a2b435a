"""What the verbs need of the world: small protocols, satisfied by adapters and by the fakes of the tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from pvesdn.model.primitives import Json, NodeName, Upid
from pvesdn.model.tasks import TaskState


class ClusterApi(Protocol):
    """The PVE API. Every method raises ApiUnavailable or ApiRefused and nothing else."""

    def get(self, path: str) -> Json:
        """The `data` of `GET /<path>`, such as ``cluster/status``."""
        ...

    def reload_network(self, node: NodeName, *, regenerate_frr: bool | None) -> Upid:
        """Start `PUT /nodes/{node}/network`; None leaves the parameter out, which PVE before 9 does not know."""
        ...

    def apply_sdn(self) -> Upid:
        """Start `PUT /cluster/sdn`: commit PVE's pending definitions and reload every node."""
        ...

    def require(self, rights: Iterable[tuple[str, str]]) -> None:
        """Come back if we have every privilege, given as (ACL path, privilege) pairs such as ``("/sdn", "SDN.Allocate")``.

        :raises ApiRefused: status 403; a privilege is missing.
        """
        ...

    def task(self, upid: Upid) -> TaskState:
        """One look at a task."""
        ...

    def task_log(self, upid: Upid) -> tuple[str, ...]:
        """All lines of a task's log."""
        ...

    def node_tasks(self, node: NodeName, *, kind: str, since: int) -> tuple[Upid, ...]:
        """UPIDs of the node's tasks of type `kind` that started at or after `since` (seconds of the Unix epoch), oldest first."""
        ...


class NodeAgent(Protocol):
    """The node program on every node, however it is reached."""

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Run one verb of the node program.

        :raises NodeUnreachable: the node could not be reached, or its python3 did not run the program.
        :raises NodeFailed: the program ran and reported a failure.
        :raises ClusterError: at the first call, where nodes are found by the membership and that cannot be read.
        """
        ...


class Clock(Protocol):
    """Time, so that waiting can be tested without waiting."""

    def now(self) -> float:
        """Seconds of the Unix epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Observer(Protocol):
    """Who watches a long run: the progress display, or nobody."""

    def step(self, node: NodeName, step: str, detail: str = "") -> None:
        """`node` has begun `step`, such as ``staged``, ``written``, ``reloaded``."""
        ...

    def done(self, node: NodeName, step: str, outcome: str) -> None:
        """`node` has finished `step` with ``ok``, ``failed``, ``skipped``, ``unreachable``."""
        ...
