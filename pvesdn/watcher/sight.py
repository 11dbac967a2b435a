"""One look at the files that tell whether anything has changed. Reads two small files, and a few files' times."""

from __future__ import annotations

import json
import os

LARGEST = 1024 * 1024
"""Bytes of a file of pmxcfs; 100 members have some 100 KiB."""
MEMBERS = "/etc/pve/.members"
COUNTERS = "/etc/pve/.version"
COROSYNC = "/etc/pve/corosync.conf"
"""What makes a host a member of a cluster."""
_PMXCFS = "/etc/pve/"
_CHECKPOINT = "/var/lib/pvesdn/checkpoint.json"
_WRITTEN = "/var/lib/pvesdn/written.json"
_NETWORK = (
    "/etc/network/interfaces.d/sdn",  # PVE writes it at every reload: Apply, the node's panel, pve-sdn-commit
    "/run/network/ifstatenew",  # ifupdown2 writes its own at every ifreload, ifup and ifdown: Proxmox's build here,
    "/var/tmp/network/ifstatenew",  # noqa: S108 - and Debian's there
    "/run/frr/zebra.pid",  # FRR does, when it starts
)


class Sight:
    """What a look has seen.

    :ivar cluster: whatever a plan depends on, as a value that is another one when any of it has changed.
    :ivar network: the same for reloads of this node's network, and for starts of its FRR.
    :ivar applies: the same for what an apply of pvesdn leaves on this node; with `is_open`, whether one is open.
    :ivar place: the node's among the members, from 0.
    :ivar stands_by: why this node does not act; empty where it does.
    :ivar tells: whether it writes metrics: it acts, or it would if there were a quorum, which looking does not need.
    :ivar trouble: why nothing could be seen; the rest means nothing then.
    """

    __slots__ = ("applies", "cluster", "is_open", "network", "place", "stands_by", "tells", "trouble")

    def __init__(
        self,
        *,
        cluster: object = None,
        network: object = None,
        applies: object = None,
        is_open: bool = False,
        place: int = 0,
        stands_by: str = "",
        tells: bool | None = None,
        trouble: str = "",
    ) -> None:
        """:param tells: None says that it does where it acts."""
        self.cluster = cluster
        self.network = network
        self.applies = applies
        self.is_open = is_open
        self.place = place
        self.stands_by = stands_by
        self.tells = not stands_by if tells is None else tells
        self.trouble = trouble


class Eyes:
    """Looks at one node.

    :param files: paths of the files that a look of pvesdn depends on.
    :param node: its name as a member; that in `.members` if empty.
    :param root: the node's file system; ``/`` but in tests.
    :param settings: the settings file that is in force, wherever `root` is; empty for none.
    """

    def __init__(self, files: list[str], root: str = "/", node: str = "", settings: str = "") -> None:
        self._files = files
        self._settings = settings
        self._root = root.rstrip("/")
        self._node = node
        self._members = ("", _Members({}, node))

    def look(self) -> Sight:
        """One look. Raises nothing: what cannot be read is told in `Sight.trouble`."""
        try:
            members = self._membership()
            counted = _mapping(json.loads(self._text(COUNTERS)))
        except OSError as error:
            return Sight(trouble=f"{error.filename or MEMBERS}: {error.strerror}")
        except (ValueError, RecursionError):
            return Sight(trouble=f"{MEMBERS} or {COUNTERS} is no JSON of pmxcfs")
        if members.is_alone and os.path.exists(self._root + COROSYNC):
            return Sight(trouble=f"{MEMBERS} has no cluster, and {COROSYNC} is there: corosync does not run")
        files = [self._state(path, counted) for path in self._files]
        checkpoint = _time(self._root + _CHECKPOINT)
        return Sight(
            # Without `starttime` a pmxcfs that was restarted might have the same counters for other contents.
            cluster=(members.nodes, counted.get("starttime"), _time(self._settings), *files),
            network=tuple(_time(self._root + path) for path in _NETWORK),
            applies=(checkpoint, _time(self._root + _WRITTEN)),
            is_open=checkpoint is not None,
            place=members.place,
            stands_by=members.stands_by,
            tells=members.tells,
        )

    def _state(self, path: str, counted: dict[str, object]) -> object:
        """What changes with a file: pmxcfs's counter of it, or its time where pmxcfs does not count it.

        pmxcfs has whole seconds. Two changes within one are seen as one: whoever plans waits longer than that.
        """
        count = counted.get(path[len(_PMXCFS) :]) if path.startswith(_PMXCFS) else None
        return count if count is not None else _time(self._root + path)

    def _membership(self) -> _Members:
        """From the file; what has not changed is not decoded again."""
        text = self._text(MEMBERS)
        if text != self._members[0]:
            self._members = (text, _Members(_mapping(json.loads(text)), self._node))
        return self._members[1]

    def _text(self, path: str) -> str:
        handle = os.open(self._root + path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            parts = []
            left = LARGEST
            while left > 0 and (part := os.read(handle, min(left, 65536))):
                parts.append(part)
                left -= len(part)
        finally:
            os.close(handle)
        return b"".join(parts).decode("utf-8", "replace")


class _Members:
    """The membership: whose turn it is, and a value that is another one when it has changed."""

    __slots__ = ("is_alone", "nodes", "place", "stands_by", "tells")

    def __init__(self, document: dict[str, object], node: str) -> None:
        cluster = document.get("cluster")
        self.is_alone = cluster is None
        nodes = {name: _mapping(node) for name, node in _mapping(document.get("nodelist", {})).items()}
        # pmxcfs's own counters are left out: they change while the membership does not.
        self.nodes = sorted([name, node.get("id"), node.get("online"), node.get("ip")] for name, node in nodes.items())
        self.place = 0
        self.stands_by = ""
        self.tells = True
        if self.is_alone:
            return  # a host without a cluster acts for itself
        local = node or document.get("nodename")
        ids = sorted((_number(node.get("id")), name) for name, node in nodes.items())
        self.place = next((place for place, (_, name) in enumerate(ids) if name == local), 0)
        first = next((name for _, name in ids if nodes[name].get("online")), local)
        self.tells = first == local
        if not _mapping(cluster).get("quorate"):
            self.stands_by = "the cluster has no quorum"
        elif first != local:
            self.stands_by = (
                f"{first} is the online member with the lowest id; the watch there acts for all, if it runs"
            )


def _time(path: str) -> object:
    """What changes with a file; None where there is no such file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _mapping(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        message = "no object"
        raise ValueError(message)  # noqa: TRY004 - as for any text that is something else
    return value


def _number(value: object) -> int:
    if not isinstance(value, int):
        message = "no number"
        raise ValueError(message)  # noqa: TRY004 - as for any text that is something else
    return value
