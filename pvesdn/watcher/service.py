"""What a tick does: look, decide, start, and see to what was started."""

from __future__ import annotations

import json
import os

from pvesdn.watcher.sight import LARGEST, Eyes, Sight
from pvesdn.watcher.turns import LOOK, METRICS, VERIFY, Turns

LONGEST = 3600.0
"""Seconds after which what was started is told to end: an apply of a large cluster takes its time."""
GRACE = 600.0
"""Seconds that it then has to put back what it has begun."""
LOCK = "watch.lock"
"""Locked while the process runs, which so is there once."""
RESULT = "watch-look.json"
"""Written by each look; this process reads of it whether there is anything to wait for."""
BLIND = 60.0
"""Seconds for which nothing can be seen after which the file of metrics says so; pmxcfs is started anew in less."""
SERVICE = "watch-service.json"
"""What this process does, for `pvesdn watch --status`."""


class Hands:
    """What is done outside of this process, as the tests replace it."""

    def start(self, what: str) -> int:
        """Start pvesdn for `what`; the id of its process."""
        raise NotImplementedError

    def ended(self, pid: int) -> int | None:
        """Its exit status, negative for a signal; None while it runs."""
        raise NotImplementedError

    def signal(self, pid: int, *, is_last: bool) -> None:
        """Tell it to end; the last time it is not asked."""
        raise NotImplementedError

    def say(self, text: str) -> None:
        """A line for the journal."""
        raise NotImplementedError


class Service:
    """The watcher of one node.

    :param folder: its own, below which it tells what it does.
    :param metrics: the file that what it starts writes them to; taken away where the node does not tell.
    :param unknown: what that file says where nothing can be seen, and so nothing can be started that knows of it.
    """

    def __init__(
        self, eyes: Eyes, turns: Turns, hands: Hands, folder: str, metrics: str = "", *, unknown: str = ""
    ) -> None:
        self._metrics, self._unknown = metrics, unknown
        self._blind_since: float | None = None
        self._has_said_unknown = False
        self._eyes = eyes
        self._turns = turns
        self._hands = hands
        self._folder = folder
        self._running: tuple[str, int, float] | None = None
        """What was started, its process, and when it is to be told to end."""
        self._told_to_end = 0
        self._is_given_up = False
        self._busy = ""
        self.standing = ""
        """What it does, in a line."""

    @property
    def is_busy(self) -> bool:
        """Whether something that it has started runs."""
        return self._running is not None

    def tick(self, now: float, *, may_start: bool = True) -> None:
        """One tick.

        :param now: seconds of a clock that never goes back.
        :param may_start: False where it is about to end.
        """
        self._look_after(now)
        sight = self._eyes.look()
        due = self._turns.due(now, sight)
        if due and may_start and self._running is None:
            self._start(now, due)
        elif self._running is not None and self._turns.is_moot(self._running[0], due):
            self._give_up(now, self._running[0], self._running[1])
        if self._metrics and not (self._running and self._running[0] == METRICS):
            self._keep_true(now, sight)
        what = f"cannot look: {sight.trouble}" if sight.trouble else ""
        standing = f"standing by: {sight.stands_by}" if sight.stands_by else "acts for the cluster"
        self._stand(what or standing, self._running[0] if self._running else "")

    def ask(self, now: float) -> None:
        """Look at the next tick, whatever has changed."""
        self._turns.ask(now)

    def end(self) -> None:
        """Tell what runs to end, which puts back what it has begun."""
        if self._running is not None:
            self._hands.signal(self._running[1], is_last=False)

    def _start(self, now: float, what: str) -> None:
        try:
            pid = self._hands.start(what)
        except OSError as error:
            self._hands.say(f"pvesdn could not be started: {error.strerror}")
            self._turns.started(what)
            self._turns.ended(now, what, is_good=False, is_settled=False)
            return
        self._turns.started(what)
        self._running, self._told_to_end, self._is_given_up = (what, pid, now + LONGEST), 0, False

    def _look_after(self, now: float) -> None:
        if self._running is None:
            return
        what, pid, deadline = self._running
        status = self._hands.ended(pid)
        if status is not None:
            self._running = None
            if self._is_given_up and what == VERIFY:
                self._turns.put_off(now)
                return
            result = self._result() if what == LOOK else {"is_settled": True}
            is_settled, keeps = result.get("is_settled") is True, result.get("keeps") is True
            self._turns.ended(now, what, is_good=status == 0, is_settled=is_settled, keeps=keeps)
        elif now >= deadline:
            self._hands.say(f"pvesdn (process {pid}) has not ended in time, and is told to")
            self._hands.signal(pid, is_last=self._told_to_end > 0)
            self._told_to_end += 1
            self._running = (what, pid, now + GRACE)

    def _result(self) -> dict[str, object]:
        """What the last look left; without a word of it, one look more does no harm."""
        try:
            with open(os.path.join(self._folder, RESULT), "rb") as file:
                found = json.loads(file.read(LARGEST))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def _give_up(self, now: float, what: str, pid: int) -> None:
        """Of a verification or of metrics, for the sake of what comes first."""
        if not self._is_given_up:
            self._is_given_up = True
            self._hands.signal(pid, is_last=False)
        if what == VERIFY:
            self._turns.put_off(now)

    def _keep_true(self, now: float, sight: Sight) -> None:
        """The file of metrics: nobody writes it where this node does not tell, or does not know whether it does."""
        if not sight.tells:
            self._take_away(self._metrics)
        if not sight.trouble:
            self._blind_since, self._has_said_unknown = None, False
            return
        self._blind_since = now if self._blind_since is None else self._blind_since
        # A node that stood by has none, and goes on without one: others tell of the cluster.
        if now - self._blind_since >= BLIND and not self._has_said_unknown and os.path.exists(self._metrics):
            self._has_said_unknown = True
            try:
                _replace(self._metrics, self._unknown, mode=0o644)
            except OSError as error:
                self._hands.say(f"{self._metrics}: {error.strerror}; take it away: nobody knows what it tells")

    def _take_away(self, path: str) -> None:
        """The node that tells now writes its own, and values of then would be told beside it."""
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass
        except OSError as error:
            self._metrics = ""  # once is enough
            self._hands.say(f"{path}: {error.strerror}; take it away, or what was once so is told beside what is")

    def _stand(self, text: str, busy: str) -> None:
        if (text, busy) == (self.standing, self._busy):
            return
        if text != self.standing:
            self._hands.say(text)
        self.standing, self._busy = text, busy
        document = json.dumps({"standing": text, "busy": busy})
        path = os.path.join(self._folder, SERVICE)
        try:
            _replace(path, document)
        except OSError as error:
            self._hands.say(f"{path}: {error.strerror}; pvesdn watch --status does not know")


def _replace(path: str, text: str, *, mode: int | None = None) -> None:
    """Put a text in place of a file, whole or not at all.

    :param mode: None leaves it to the umask.
    :raises OSError: it could not be done; what was there still is.
    """
    draft = f"{path}.new"  # node_exporter reads what ends in .prom
    if os.path.lexists(draft):
        os.unlink(draft)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode or 0o666)
    with open(handle, "w", encoding="utf-8") as file:
        if mode is not None:
            os.fchmod(handle, mode)
        file.write(text)
    os.replace(draft, path)
