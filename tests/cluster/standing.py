"""A network that stands already: applied once in this process, and afterwards written down as that left it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.kit import apply_to, errors

FOLDERS = ("pve/sdn", "pve/priv", "nodes")
"""What an apply may change below a cluster's folder."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file, or a symbolic link where `target` is given."""

    mode: int = 0
    data: bytes = b""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """What applies changed in `folder`: paths below it, None for what is gone."""

    folder: str
    entries: dict[str, Entry | None]


_left: dict[tuple[object, ...], Left] = {}


def stand(cluster: SimulatedCluster) -> None:
    """Have a cluster that is as it was made, but for its definitions, be as an apply leaves it."""

    def apply_once() -> None:
        report = apply_to(cluster)
        assert report.is_good, errors(report)

    as_left_by(apply_once, cluster, "stand")


def as_left_by(change: Callable[[], None], cluster: SimulatedCluster, name: str) -> None:
    """The same for any `change` that leaves nothing but files.

    :param name: tells it from other changes of clusters like this one.
    """
    key = name, tuple((path, entry) for path, entry in _entries(cluster.folder, "pve/sdn")), _kind(cluster)
    known = _left.get(key)
    if known is not None:
        _write(cluster.folder, known)
        return
    before = dict(_entries(cluster.folder, *FOLDERS))
    change()
    after = dict(_entries(cluster.folder, *FOLDERS))
    changed: dict[str, Entry | None] = {path: entry for path, entry in after.items() if before.get(path) != entry}
    _left[key] = Left(str(cluster.folder), changed | dict.fromkeys(before.keys() - after.keys()))


def _kind(cluster: SimulatedCluster) -> tuple[object, ...]:
    nodes = ((name, node.read("/etc/network/interfaces")) for name, node in cluster.nodes.items())
    return cluster.world.character.version, *nodes


def _entries(folder: Path, *below: str) -> Iterator[tuple[str, Entry]]:
    """Files and links by their paths."""
    for start in below:
        for where, folders, files in os.walk(folder / start):
            paths = [Path(where, name) for name in sorted([*folders, *files])]
            yield from ((str(path.relative_to(folder)), _entry(path)) for path in paths if not _is_folder(path))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _entry(path: Path) -> Entry:
    if path.is_symlink():
        return Entry(target=str(path.readlink()))
    return Entry(mode=path.stat().st_mode & 0o7777, data=path.read_bytes())


def _write(folder: Path, left: Left) -> None:
    for name, entry in left.entries.items():
        path = folder / name
        if entry is None:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.draft")
        if entry.target:
            draft.symlink_to(entry.target)
        else:
            draft.write_bytes(entry.data.replace(left.folder.encode(), str(folder).encode()))
            draft.chmod(entry.mode)
        draft.replace(path)  # what is seen of a node's state is known by its file
