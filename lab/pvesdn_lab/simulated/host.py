"""What the simulated API needs of a node, whether it is a folder or runs."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Protocol


class Host(Protocol):
    """A node whose network and FRR the API reloads."""

    @property
    def name(self) -> str:
        """In the cluster."""

    def path(self, absolute: str) -> Path:
        """Where the node's file `absolute` lies."""

    def read(self, absolute: str) -> str | None:
        """Text of a file of the node, None when it is absent."""

    def write(self, absolute: str, text: str) -> None:
        """Put a file there, its folder too."""

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command on the node, whatever its exit status."""


class Files:
    """A node's files below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, absolute: str) -> Path:
        """Where the node's file `absolute` lies."""
        return self.root / absolute.lstrip("/")

    def read(self, absolute: str) -> str | None:
        """Text of a file of the node, None when it is absent."""
        path = self.path(absolute)
        return path.read_text("utf-8") if path.is_file() else None

    def write(self, absolute: str, text: str) -> None:
        """Put a file there, as an administrator with an editor would."""
        path = self.path(absolute)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
