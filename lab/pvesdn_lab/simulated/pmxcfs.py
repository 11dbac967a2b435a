"""The cluster file system: one shared folder, and /etc/pve as each node sees it."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvesdn.node.program.machine import Machine

COUNTED = (
    "corosync.conf",
    "storage.cfg",
    "user.cfg",
    "datacenter.cfg",
    *(f"sdn/{name}.cfg" for name in ("vnets", "zones", "controllers", "subnets", "ipams", "dns", "fabrics")),
    "sdn/mac-cache.json",
    "sdn/pve-ipam-state.json",
    "sdn/.running-config",
)
"""Some of the files whose changes pmxcfs counts in `.version`; a pvesdn.cfg is not among them."""
SHARED = ("sdn", "priv", "nodes", "pve-root-ca.pem")


@dataclass(slots=True)
class MemberState:
    """A member as corosync and pmxcfs know it.

    :param address: the address its name resolves to, without prefix length.
    """

    node_id: int
    address: str
    is_online: bool = True


LOCK_LIFE = 120.0
"""Seconds without a change after which a lock is ended, if somebody asks."""


@dataclass(slots=True)
class _Lock:
    """A lock folder. :param asked: when the member with the lowest id was first asked to end it as it is now."""

    writer: str
    time: float
    asked: float | None = None


class Locks:
    """What pmxcfs does and a plain folder does not: lock folders end and belong to a member, and without a quorum
    nothing is written.

    :ivar is_quorate: whether anything can be written.
    :ivar clock: seconds of a clock that never goes back.
    """

    def __init__(self) -> None:
        self.is_quorate = True
        self.clock: Callable[[], float] = time.monotonic
        self._passed = 0.0
        self._known: dict[str, _Lock] = {}
        self._mutex = threading.Lock()

    def pass_time(self, seconds: float) -> None:
        """Let so much time pass."""
        with self._mutex:
            self._passed += seconds

    def resync(self) -> None:
        """The member that remembers how long locks have not changed has been restarted."""
        for lock in self._known.values():
            lock.asked = None

    def make(self, place: str, writer: str) -> None:
        """mkdir(2) by a member."""
        with self._mutex:
            self.require_quorum(place)
            Path(place).mkdir()
            self._known[os.path.realpath(place)] = _Lock(writer, time.time())

    def set_time(self, place: str, writer: str, seconds: float) -> None:
        """utime(2) by a member; 0 asks for the end of a lock."""
        with self._mutex:
            self.require_quorum(place)
            made = Path(place).stat().st_mtime
            lock = self._known.setdefault(os.path.realpath(place), _Lock(writer, made))
            now = self.clock() + self._passed
            if seconds == 0:
                lock.asked = now if lock.asked is None else lock.asked
                if now - lock.asked > LOCK_LIFE:
                    Path(place).rmdir()
                    return
            if writer != lock.writer or seconds < int(lock.time):
                raise _denied(place)
            lock.time, lock.asked = seconds, None

    def remove(self, place: str) -> None:
        """rmdir(2), which asks nobody whose it is."""
        with self._mutex:
            self.require_quorum(place)
            Path(place).rmdir()

    def require_quorum(self, place: str) -> None:
        """:raises PermissionError: there is none, so nothing can be written."""
        if not self.is_quorate:
            raise _denied(place)


def _denied(place: str) -> PermissionError:
    return PermissionError(errno.EACCES, os.strerror(errno.EACCES), place)


class MachineOnPmxcfs(Machine):
    """A node whose /etc/pve behaves like pmxcfs.

    :param node: its name as a member.
    """

    def __init__(self, root: str, source: bytes, locks: Locks, node: str) -> None:
        super().__init__(root, source)
        self._locks = locks
        self._member = node

    def rename(self, source: str, target: str) -> None:
        """Rename within a folder."""
        if target.startswith(self.place("/etc/pve/")):
            self._locks.require_quorum(target)
        super().rename(source, target)

    def make_folder(self, place: str) -> None:
        """Make a folder in the cluster file system."""
        self._locks.make(place, self._member)

    def set_time(self, place: str, seconds: int) -> None:
        """Set the time of a folder in the cluster file system."""
        self._locks.set_time(place, self._member, seconds)

    def remove_folder(self, place: str) -> None:
        """Remove a folder from the cluster file system."""
        self._locks.remove(place)

    def remove_file(self, place: str) -> None:
        """Remove a file from the cluster file system."""
        self._locks.require_quorum(place)
        super().remove_file(place)


class Pmxcfs:
    """The shared folder below `folder`.

    A node's view is a real folder with links to what is shared, because `.members` and `local` are a node's own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sdn = folder / "sdn"
        self.locks = Locks()
        self._version = 0
        self._started = int(time.time())
        self._counters = dict.fromkeys(COUNTED, 1)
        self._texts: dict[str, bytes | None] = {}
        self._kept = 0
        self._counting = threading.Lock()
        self._unchanged: dict[Path, float] = {}
        for name in ("sdn", "priv", "nodes"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def mount(self, node: str, mount_point: Path) -> None:
        """Make `mount_point` the node's /etc/pve."""
        mount_point.mkdir(parents=True)
        (self.folder / "nodes" / node).mkdir(exist_ok=True)
        for name in SHARED:
            (mount_point / name).symlink_to(self.folder / name)
        (mount_point / "local").symlink_to(Path("nodes") / node)

    def publish(
        self, mounts: Mapping[str, Path], members: Mapping[str, MemberState], *, cluster: str, is_quorate: bool
    ) -> None:
        """Write `.members` for every online member, each with its own name in it.

        :param mounts: every node's /etc/pve by node name.
        """
        self._version += 1
        self.locks.is_quorate = is_quorate
        nodelist = {
            name: {"id": member.node_id, "online": int(member.is_online), "ip": member.address}
            for name, member in members.items()
        }
        document: dict[str, Any] = {
            "version": self._version,
            "cluster": {"name": cluster, "version": 1, "nodes": len(members), "quorate": int(is_quorate)},
            "nodelist": nodelist,
        }
        for name, member in members.items():
            if member.is_online:
                text = json.dumps({"nodename": name, **document}, indent=1)
                _put(mounts[name] / ".members", text)

    def count(self, mounts: Iterable[Path]) -> None:
        """Write `.version`, which pmxcfs makes anew whenever it is read: a counter of each file that it counts, and of
        what the nodes tell each other all the time.

        :param mounts: the /etc/pve of each member that is on.
        """
        with self._counting:
            for name in COUNTED:
                try:
                    text = (self.folder / name).read_bytes()
                except OSError:
                    text = None
                if self._texts.setdefault(name, text) != text:
                    self._texts[name] = text
                    self._counters[name] += 1
            self._kept += 1
            document = {
                "starttime": self._started,
                "clinfo": self._version,
                "vmlist": 1,
                **self._counters,
                "kvstore": {"pve1": {"tasklist": self._kept}},
            }
            for mount in mounts:
                _put(mount / ".version", json.dumps(document, indent=0))

    def end_locks(self, now: float) -> None:
        """End what nobody renews, for nodes that have the folder itself as their /etc/pve: there, a lock that somebody
        has asked about has the time 0 until it is renewed.

        :param now: seconds of a clock that never goes back.
        """
        asked = {}
        with suppress(FileNotFoundError):
            for place in (self.folder / "priv" / "lock").iterdir():
                with suppress(OSError):
                    if place.is_dir() and place.stat().st_mtime == 0:
                        asked[place] = self._unchanged.get(place, now)
                        if now - asked[place] > LOCK_LIFE:
                            place.rmdir()
        self._unchanged = asked


def _put(file: Path, text: str) -> None:
    """Whole, for whoever reads it in this moment; pmxcfs makes such a file for each reader."""
    draft = file.with_name(f"{file.name}.new")
    draft.write_text(text, "utf-8")
    draft.replace(file)
