"""Every error pvesdn raises on purpose, by who has to act.

    PvesdnError
    +-- SettingsError       the caller's: settings, flags, environment
    +-- SnapshotError       the snapshot folder's
    +-- HistoryError        the history file's
    +-- SdnConfigError      the operator's: one or several findings in the definitions
    +-- ClusterError        the cluster's
    |   +-- ApiUnavailable  no answer: refused connection, time-out, broken TLS
    |   +-- ApiRefused      an answer that says no: 401, 403, 500, 595
    |   +-- NotQuorate      /etc/pve is read-only, nothing may be decided
    +-- ApplyRefused        the plan's: obstacles that need a decision first
    |   +-- AnotherApply    somebody else's apply is not over
    +-- NodeError           one node's; the others go on
        +-- NodeUnreachable SSH or the node's own python did not answer
        +-- NodeFailed      the node answered: this did not work
        +-- TaskFailed      a PVE task on the node ended with something else than OK

Foreign exceptions (requests, proxmoxer, subprocess, json, pydantic) never leave the floor that caused them.
"""

from __future__ import annotations


class PvesdnError(Exception):
    """What went wrong, where, and what to do next; one line each, free of secrets.

    What a message quotes may be anything, such as the name of a file on a node: characters that would steer a terminal
    are shown as their numbers.

    :param message: what and where, without a trailing full stop.
    :param hint: what to do next; empty when the message says it.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(_visible(message))
        self.message = _visible(message)
        self.hint = _visible(hint)

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


class SettingsError(PvesdnError):
    """The settings file, a flag or the environment cannot be used."""


class SnapshotError(PvesdnError):
    """A snapshot folder is missing, incomplete or malformed."""


class HistoryError(PvesdnError):
    """The history of applies cannot be used, or has not what was asked for."""


class SdnConfigError(PvesdnError):
    """The definitions in /etc/pve/sdn cannot be used; `lines` has one message for each fault found.

    :param lines: messages of the form ``FILE:LINE: KIND 'ID': fault; what to do``.
    """

    def __init__(self, lines: tuple[str, ...]) -> None:
        self.lines = tuple(_visible(line.replace("\n", "\\n")) for line in lines)
        super().__init__("\n".join(self.lines))


class ClusterError(PvesdnError):
    """The cluster's API did not do what was asked."""


class ApiUnavailable(ClusterError):
    """No usable connection to the API: refused, timed out, TLS not verified."""


class ApiRefused(ClusterError):
    """The API answered and refused.

    :param status: the HTTP status, PVE's 595 and 596 (node not reachable from the API node) included.
    """

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status

    @property
    def is_absent(self) -> bool:
        """PVE has no such call: its version is older, or libpve-network-perl is not installed (docs/pve.md §3.1)."""
        return self.status in {404, 501}


class NotQuorate(ClusterError):
    """The cluster has no quorum: membership cannot be trusted and /etc/pve cannot be written."""


class ApplyRefused(PvesdnError):
    """Nothing was changed: the plan has obstacles that a person must decide about."""


class AnotherApply(ApplyRefused):
    """Somebody else's apply is at work in the cluster, or waits for its confirmation."""


class NodeError(PvesdnError):
    """Something failed on one node.

    :param node: the node's name, which starts the message.
    """

    def __init__(self, node: str, message: str, *, hint: str = "") -> None:
        super().__init__(f"{node}: {message}", hint=hint)
        self.node = node


class NodeUnreachable(NodeError):
    """The node program could not be run on the node at all."""


class NodeFailed(NodeError):
    """The node program ran and reported a failure."""


class NodeUnclear(NodeFailed):
    """The node program answered what makes no sense: nobody knows what it has done."""


class TaskFailed(NodeError):
    """A task of the PVE API ended badly; `log` holds its last lines.

    :param log: lines of the task's log as PVE gives them.
    """

    def __init__(self, node: str, message: str, *, log: tuple[str, ...] = (), hint: str = "") -> None:
        super().__init__(node, message, hint=hint)
        self.log = log


def _visible(text: str) -> str:
    """Lines in which every character is visible."""
    return "\n".join(
        line if line.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
        for line in text.split("\n")
    )
