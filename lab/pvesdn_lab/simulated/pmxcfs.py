"""The cluster file system: one shared folder, and /etc/pve as each node sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHARED = ("sdn", "priv", "nodes", "pve-root-ca.pem")


@dataclass(slots=True)
class MemberState:
    """A member as corosync and pmxcfs know it.

    :param address: the address its name resolves to, without prefix length.
    """

    node_id: int
    address: str
    is_online: bool = True


class Pmxcfs:
    """The shared folder below `folder`.

    A node's view is a real folder with links to what is shared, because `.members` and `local` are a node's own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sdn = folder / "sdn"
        self._version = 0
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
                (mounts[name] / ".members").write_text(text, "utf-8")
