"""Every call that an apply makes passes here: of the API as HTTP requests, of the nodes as requests to their program.

A run has one `Fault`, which sees each call before it is made, and may do anything in its place.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.adapters.pve_api import PveApi
from pvesdn.adapters.pve_api.https import HttpsSession
from pvesdn.adapters.pve_api.whole_answer import ProxmoxerAnswer, Values
from pvesdn.adapters.runner import OneByOne
from pvesdn.model.primitives import Json
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import session_of
from tests.cluster.nodes_alone import ByHand, look, turn_clock
from tests.fakes import FakeObserver
from tests.task_clock import TaskClock

Answer = TypeVar("Answer")
LOCK_VERBS = frozenset({"lock", "renew", "unlock", "standing", "settle"})
"""What the nodes are asked about the cluster lock, and about applies that were left open."""
BEAT = 30.0
_UPID = re.compile(r"UPID:[^:]*:[^:]*:[^:]*:[^:]*:([^:]*):[^/]*")
_RELOAD = re.compile(r"PUT /nodes/\w+/network|\w+ reload")


class Killed(BaseException):
    """SIGKILL of the run: nothing of it comes after this."""


@dataclass(frozen=True, order=True, slots=True)
class Call:
    """One call of a run. :param nth: of all that are called the same."""

    name: str
    nth: int = 1

    def __str__(self) -> str:
        return self.name if self.nth == 1 else f"{self.name} #{self.nth}"

    @classmethod
    def read(cls, text: str) -> Call:
        """What `str` has written."""
        name, _, nth = text.partition(" #")
        return cls(name, int(nth or 1))

    @property
    def node(self) -> str:
        """Whose program is asked; empty where it is the API."""
        return "" if " /" in self.name else self.name.partition(" ")[0]

    @property
    def is_about_the_lock(self) -> bool:
        """Whether it is a node that is asked, about the cluster lock."""
        return bool(self.node) and self.name.rpartition(" ")[2] in LOCK_VERBS

    @property
    def is_polled(self) -> bool:
        """How often it is made depends on how long a task takes."""
        return self.name.endswith(" flood") or ("/tasks/" in self.name and self.name.endswith("/status"))


class Fault(Protocol):
    """What happens at the calls of one run."""

    def meet(self, call: Call, make: Callable[[], Answer], wire: Wire) -> Answer:
        """The answer of `call`, which `make` makes."""
        ...


class NoFault:
    """All calls are made, and remembered."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def meet(self, call: Call, make: Callable[[], Answer], wire: Wire) -> Answer:
        """Make it."""
        del wire
        if not (call.is_polled and call.nth > 1):
            self.calls.append(call)
        return make()


class Wire:
    """The way of one run to the cluster. Its pulse beats while it waits, and once after each reload.

    :ivar is_dead: the run has been killed; it makes no further call.
    """

    def __init__(self, cluster: SimulatedCluster, fault: Fault) -> None:
        self.cluster = cluster
        self.is_dead = False
        self.pulse = ByHand()
        self.clock = RunClock(self)
        self._fault = fault
        self._seen: Counter[str] = Counter()

    def world(self) -> World:
        """The world of the run."""
        settings = self.cluster.token_settings()
        return World(
            api=PveApi(settings, session=_Requests(self, session_of(self.cluster, settings))),
            nodes=ProgramAgent(_Shells(self, self.cluster.agent())),
            clock=self.clock,
            observer=FakeObserver(),
            runner=OneByOne(),
            task_timeout=60.0,
            pulse=self.pulse,
            who="a test",
        )

    def pass_(self, name: str, make: Callable[[], Answer]) -> Answer:
        """One call, and what becomes of it."""
        self.must_be_alive()
        self._seen[name] += 1
        answer = self._fault.meet(Call(name, self._seen[name]), make, self)
        if _RELOAD.fullmatch(name):
            self.pulse.beat()
        return answer

    def must_be_alive(self) -> None:
        """:raises Killed: the run is not."""
        if self.is_dead:
            raise Killed

    def die(self) -> None:
        """:raises Killed: always."""
        self.is_dead = True
        raise Killed


class RunClock(TaskClock):
    """Time that passes everywhere at once: while the run waits, the nodes' timers look and its own pulse beats."""

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.cluster)
        self._wire = wire
        self._next_beat = BEAT

    def sleep(self, seconds: float) -> None:
        """Until a task has ended if one runs, else so long."""
        self._wire.must_be_alive()
        before = self.skipped
        super().sleep(seconds)
        if self.skipped != before:
            self._go_on(seconds)

    def skip(self, seconds: float) -> None:
        """So long a call takes that does not come back."""
        self.skipped += seconds
        self._wire.cluster.locks.pass_time(seconds)
        self._go_on(seconds)

    def _go_on(self, seconds: float) -> None:
        while seconds > 0:
            step = min(seconds, self._next_beat)
            for node in self._wire.cluster.nodes.values():
                turn_clock(node, step)
                if step >= 1.0:
                    look(node)
            seconds -= step
            self._next_beat -= step
            if self._next_beat <= 0:
                self._next_beat = BEAT
                self._wire.pulse.beat()


class _Requests:
    """HTTP requests to the API, each of which is a call."""

    def __init__(self, wire: Wire, session: HttpsSession) -> None:
        self._wire = wire
        self._session = session

    def request(self, method: str, url: str, data: Values | None, params: Values | None) -> ProxmoxerAnswer:
        """Send one."""
        path = _UPID.sub(r"\1", url.partition("/api2/json")[2])
        return self._wire.pass_(f"{method} {path}", lambda: self._session.request(method, url, data, params))


class _Shells:
    """Requests to the program on the nodes, each of which is a call."""

    def __init__(self, wire: Wire, agent: ProgramAgent) -> None:
        self._wire = wire
        self._transport = agent.transport

    def ask(self, node: str, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """Send one."""
        name = f"{node} {verb}"
        if verb == "hold" and arguments.get("is_committing"):
            name = f"{node} hold at the commit"
        return self._wire.pass_(name, lambda: self._transport.ask(node, verb, arguments))
