"""Snapshots as folders: `api/`, `etc/pve/sdn/`, `nodes/<node>/` with files and `cmd/`; for offline plans and bug reports.

Beside what the folder's layout names there is one file, `unreachable.json`: the nodes that did not answer, with the
reasons. No path leads out of the folder, neither by its name nor through a link.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pvesdn.decode.secrets import HIDDEN, hide_secrets
from pvesdn.errors import SnapshotError
from pvesdn.model.primitives import Json
from pvesdn.model.snapshot import NODE_COMMANDS, NODE_FILES, PVE_FILES, RECORD_FILE, NodeRaw, Snapshot

SIZE_LIMIT = 8 * 1024 * 1024
"""Bytes; the node program reads no bigger file either."""
ANSWER_LIMIT = 128 * 1024 * 1024
"""Bytes of an answer in JSON, which is kept with a line for each of its values."""

_MEMBERSHIP = "cluster/status"
_UNREACHABLE = "unreachable.json"
_SDN = PurePosixPath("etc/pve/sdn")
_NODE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_API_PATH = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]*[A-Za-z0-9_-])*")
_COMMAND = re.compile(r"[a-z0-9][a-z0-9-]*")


# --- read ------------------------------------------------------------------------------------------------------------


def read_snapshot(folder: Path) -> Snapshot:
    """The snapshot in `folder`; of a node, a definition or an API answer that is not there, nothing is said.

    :raises SnapshotError: there is no such folder, it holds no snapshot, or a part of it is malformed or not readable.
    """
    try:
        return _read(folder)
    except OSError as error:  # folders that may not be looked into, names that are too long
        raise SnapshotError(f"{error.filename or folder}: {error.strerror}") from None


def _read(folder: Path) -> Snapshot:
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "no such folder"
        raise SnapshotError(f"{folder}: {what}", hint="take a snapshot with: pvesdn snapshot DIR")
    reader = _Reader(folder)
    api = {
        path.relative_to("api").with_suffix("").as_posix(): reader.json(path)
        for path in reader.files("api")
        if path.suffix == ".json"
    }
    if _MEMBERSHIP not in api:
        raise SnapshotError(
            f"{folder}: is no snapshot: api/{_MEMBERSHIP}.json is missing",
            hint="take one with: pvesdn snapshot DIR",
        )
    definitions = {name: _SDN / name for name in PVE_FILES}
    return Snapshot(
        api=api,
        pve_files={name: reader.text(path) for name, path in definitions.items() if reader.has(path)},
        nodes={name: _read_node(reader, name) for name in reader.folders("nodes")},
        unreachable=_read_unreachable(reader),
    )


def _read_node(reader: _Reader, name: str) -> NodeRaw:
    if not _NODE_NAME.fullmatch(name):
        raise SnapshotError(f"{reader.folder}/nodes/{name}: is no name of a node")
    here = PurePosixPath("nodes", name)
    files = {}
    for path in reader.files(here):
        remote = "/" + path.relative_to(here).as_posix()
        if any(_matches(remote, pattern) for pattern in NODE_FILES):
            files[remote] = reader.text(path)
    answers = {command: here / "cmd" / f"{command}.json" for command in NODE_COMMANDS}
    return NodeRaw(files, {command: reader.json(path) for command, path in answers.items() if reader.has(path)})


def _matches(path: str, pattern: str) -> bool:
    have, want = PurePosixPath(path), PurePosixPath(pattern)
    return have.parent == want.parent and fnmatchcase(have.name, want.name) and not have.name.startswith(".")


def _read_unreachable(reader: _Reader) -> dict[str, str]:
    path = PurePosixPath(_UNREACHABLE)
    if not reader.has(path):
        return {}
    value = reader.json(path)
    if not isinstance(value, dict) or not all(isinstance(reason, str) for reason in value.values()):
        raise SnapshotError(f"{reader.folder / path}: is no table of reasons by node")
    return value


class _Reader:
    """Files of one folder, by their path in it; what leads out of it is an error."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._real = folder.resolve()

    def has(self, path: PurePosixPath) -> bool:
        return os.path.lexists(self.folder / path)

    def files(self, below: str | PurePosixPath) -> Iterator[PurePosixPath]:
        """All files below a folder of the snapshot, sorted."""
        found = sorted((self.folder / below).rglob("*"))
        return (PurePosixPath(path.relative_to(self.folder)) for path in found if path.is_symlink() or path.is_file())

    def folders(self, below: str) -> list[str]:
        there = self.folder / below
        return sorted(path.name for path in there.iterdir() if path.is_dir()) if there.is_dir() else []

    def text(self, path: PurePosixPath, limit: int = SIZE_LIMIT) -> str:
        file = self.folder / path
        try:
            if not file.resolve(strict=True).is_relative_to(self._real):
                raise SnapshotError(f"{file}: leads out of the snapshot")
            if not file.is_file():
                raise SnapshotError(f"{file}: is no file")
            if file.stat().st_size > limit:
                raise SnapshotError(f"{file}: is bigger than {limit >> 20} MiB")
            return file.read_bytes().decode("utf-8")
        except OSError as error:
            raise SnapshotError(f"{file}: {error.strerror}") from None
        except RuntimeError:  # how pathlib before Python 3.13 says it
            raise SnapshotError(f"{file}: {os.strerror(errno.ELOOP)}") from None
        except UnicodeDecodeError:
            raise SnapshotError(f"{file}: is not UTF-8 text") from None

    def json(self, path: PurePosixPath) -> Json:
        try:
            return json.loads(self.text(path, ANSWER_LIMIT))
        except (ValueError, RecursionError):
            raise SnapshotError(f"{self.folder / path}: is not valid JSON") from None


# --- write -----------------------------------------------------------------------------------------------------------


def write_snapshot(folder: Path, snapshot: Snapshot) -> tuple[str, ...]:
    """Make `folder` hold `snapshot`, its secrets replaced: mode 0700, its files 0600, whole or not at all.

    Digests of pvesdn's own record follow the replacement, so that an offline plan says what the live one says.

    :param folder: absent, or an empty folder.
    :returns: one line for each file whose secrets were replaced.
    :raises SnapshotError: the folder is not empty or cannot be written, or the snapshot names a path that leads out.
    """
    files, notes = _without_secrets(_texts(snapshot))
    try:
        if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
            raise SnapshotError(f"{folder}: is not empty", hint="name a new folder")
        parent = folder.resolve().parent
        parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent))
        try:
            for path, text in files.items():
                _write(draft / path, text)
            draft.rename(folder.resolve())
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        raise SnapshotError(f"{folder}: {error.strerror}", hint="name another folder") from None
    return notes


def _texts(snapshot: Snapshot) -> dict[PurePosixPath, str]:
    """All files of the folder, by their path in it."""
    found = {PurePosixPath("api", f"{_checked(_API_PATH, path)}.json"): _dump(v) for path, v in snapshot.api.items()}
    found |= {_SDN / _checked(_file_name(), name): text for name, text in snapshot.pve_files.items()}
    for name, node in snapshot.nodes.items():
        here = PurePosixPath("nodes", _checked(_NODE_NAME, name))
        found |= {here / _inside(path): text for path, text in node.files.items()}
        found |= {here / "cmd" / f"{_checked(_COMMAND, c)}.json": _dump(value) for c, value in node.commands.items()}
    if snapshot.unreachable:
        found[PurePosixPath(_UNREACHABLE)] = _dump(dict(snapshot.unreachable))
    return found


def _file_name() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(name) for name in PVE_FILES))


def _checked(pattern: re.Pattern[str], name: str) -> str:
    if not pattern.fullmatch(name):
        raise SnapshotError(f"the name {name!r} does not belong into a snapshot")
    return name


def _inside(path: str) -> PurePosixPath:
    """An absolute path of a node as a path below the node's folder."""
    parts = path.split("/")[1:]
    if (
        not path.startswith("/")
        or not path.isprintable()
        or any(part in {"", ".", ".."} for part in parts)
        or parts[0] == "cmd"
    ):
        raise SnapshotError(f"the path {path!r} does not belong into a snapshot")
    return PurePosixPath(*parts)


def _without_secrets(files: Mapping[PurePosixPath, str]) -> tuple[dict[PurePosixPath, str], tuple[str, ...]]:
    found, notes = dict(files), []
    for path, text in files.items():
        if path.parts[0] != "nodes" or path.parts[2] == "cmd":
            continue
        hidden, count = hide_secrets(text)
        if not count:
            continue
        found[path] = hidden
        notes.append(f"{path}: {count} {'secret' if count == 1 else 'secrets'} replaced by {HIDDEN}")
        record = PurePosixPath(*path.parts[:2], RECORD_FILE.lstrip("/"))
        if record in found:
            found[record] = found[record].replace(_digest(text), _digest(hidden))
    return found, tuple(notes)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _dump(value: Json) -> str:
    return json.dumps(value, indent=1, sort_keys=True) + "\n"


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600, exist_ok=False)
    try:
        file.write_text(text, "utf-8", newline="")
    except UnicodeEncodeError:
        raise SnapshotError(f"{file.name}: a node sent text that is not Unicode") from None
