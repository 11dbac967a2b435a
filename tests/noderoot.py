"""A folder that stands for a node: files below it, commands in its `bin` that write down how they were called."""

from __future__ import annotations

import copy
import hashlib
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

FOLDERS = (
    "etc/network/interfaces.d",
    "etc/frr",
    "etc/sysctl.d",
    "etc/pve/sdn",
    "etc/systemd/system",
    "proc/sys",
    "bin",
)

OURS = "/etc/network/interfaces.d/pvesdn"
FRR = "/etc/frr/frr.conf"
SYSCTL = "/etc/sysctl.d/90-pvesdn.conf"
DROP_IN = "/etc/systemd/system/dnsmasq@lan.service.d/pvesdn.conf"
RECORD = "/var/lib/pvesdn/written.json"
UNITS_RUN = """
case "$1" in
    is-active) echo active; exit 0;;
    is-enabled) echo enabled; exit 0;;
esac"""


class NodeRoot:
    """What a test needs of such a folder; paths are the node's own, absolute."""

    def __init__(self, folder: Path, name: str = "pve1") -> None:
        self.folder = folder
        for path in FOLDERS:
            (folder / path).mkdir(parents=True)
        self.write("/etc/hostname", f"{name}\n")

    def copied(self, folder: Path) -> NodeRoot:
        """The node as it is now, once more in `folder`."""
        # copytree would make two files of one that has two names.
        subprocess.run(["cp", "--archive", self.folder, folder], check=True)
        twin = copy.copy(self)
        twin.folder = folder
        return twin

    def place(self, path: str) -> Path:
        return self.folder / path.lstrip("/")

    def write(self, path: str, text: str) -> None:
        self.place(path).parent.mkdir(parents=True, exist_ok=True)
        self.place(path).write_text(text, encoding="utf-8")

    def text(self, path: str) -> str:
        return self.place(path).read_text(encoding="utf-8")

    def command(self, name: str, *, prints: str = "", complains: str = "", status: int = 0, script: str = "") -> None:
        """Install a command; `script` is shell that runs before it prints and exits.

        A systemctl of which nothing else is said tells that each unit runs and is switched on.
        """
        if name == "systemctl" and not (prints or status):
            script += UNITS_RUN
        place = self.folder / "bin" / name
        place.write_text(
            f'#!/bin/sh\necho "{name} $*" >> "${{0%/*}}/../calls"\n{script}\n'
            f"printf %s {shlex.quote(prints)}\nprintf %s {shlex.quote(complains)} >&2\nexit {status}\n"
        )
        place.chmod(0o755)

    def calls(self) -> list[str]:
        """Each call of a command, with the folder's own path left out."""
        log = self.folder / "calls"
        return log.read_text().replace(str(self.folder), "").splitlines() if log.exists() else []

    def entry(
        self, path: str, text: str | None, *, mode: str = "0644", owner: str = "root:root"
    ) -> dict[str, str | None]:
        """A file to stage over what is there now."""
        place = self.place(path)
        digest = hashlib.sha256(place.read_bytes()).hexdigest() if place.exists() else None
        return {"path": path, "text": text, "mode": mode, "owner": owner, "expect": digest}

    def leftovers(self) -> list[str]:
        """Temporaries that somebody forgot."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*pvesdn-*"))

    def names(self) -> Iterator[str]:
        """All files, the lock aside, by their paths below the folder."""
        files = (path for path in self.folder.rglob("*") if path.is_file() and path.name not in {"lock", "calls"})
        return (str(path.relative_to(self.folder)) for path in files)

    def tree(self) -> dict[str, str]:
        """The same with their text."""
        return {name: (self.folder / name).read_bytes().decode("latin-1") for name in self.names()}
