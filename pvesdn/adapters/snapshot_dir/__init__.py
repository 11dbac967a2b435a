"""Snapshots as folders: `api/`, `etc/pve/sdn/`, `nodes/<node>/` with files and `cmd/`; for offline plans and bug
reports.

Beside what the folder's layout names there is one file, `unreachable.json`: the nodes that did not answer, with the
reasons. No path leads out of the folder, neither by its name nor through a link.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pvesdn.adapters.snapshot_dir.beneath import Beneath
from pvesdn.decode import json_text
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.errors import SnapshotError
from pvesdn.model.primitives import Json
from pvesdn.model.snapshot import NODE_COMMANDS, NODE_FILES, PVE_FILES, STATE_COMMANDS, NodeRaw, Snapshot

SIZE_LIMIT = 8 * 1024 * 1024
"""Bytes; the node program reads no bigger file either."""
ANSWER_LIMIT = 128 * 1024 * 1024
"""Bytes of an answer in JSON, which is kept with a line for each of its values."""
TOTAL_LIMIT = 1024 * 1024 * 1024
"""Bytes of all files of a folder that somebody sent: sparse files take no room until they are read."""
_MOST_MEMORY = 3 * ANSWER_LIMIT
"""Bytes that an answer and what it says may take in memory, as of a node that is asked itself."""

_HOW = "take a snapshot with: pvesdn snapshot DIR"
_ABSENT = object()
_MEMBERSHIP = "cluster/status"
_UNREACHABLE = "unreachable.json"
_SDN = PurePosixPath("etc/pve/sdn")
_NODE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_API_PATH = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_.-]*[A-Za-z0-9_-])*")
_COMMAND = re.compile(r"[a-z0-9][a-z0-9-]*")


# --- read ------------------------------------------------------------------------------------------------------------


def read_snapshot(folder: Path) -> Snapshot:
    """The snapshot in `folder`; missing nodes, definitions or API answers are not reported.

    :raises SnapshotError: there is no such folder, it holds no snapshot, or a part of it is malformed or not readable.
    """
    try:
        with Beneath(folder) as beneath:
            return _read(_Reader(beneath))
    except FileNotFoundError:
        raise SnapshotError(f"{folder}: no such folder", hint=_HOW) from None
    except NotADirectoryError:
        raise SnapshotError(f"{folder}: is not a folder", hint=_HOW) from None
    except OSError as error:  # a folder that cannot be read, a name that is too long
        raise SnapshotError(f"{folder}: {error.strerror}") from None
    except RuntimeError:  # raised by pathlib before Python 3.13
        raise SnapshotError(f"{folder}: {os.strerror(errno.ELOOP)}") from None


def _read(reader: _Reader) -> Snapshot:
    api = {
        path.relative_to("api").with_suffix("").as_posix(): reader.json(path)
        for path in reader.files(PurePosixPath("api"))
        if path.suffix == ".json"
    }
    if _MEMBERSHIP not in api:
        raise SnapshotError(
            f"{reader.folder}: is not a snapshot: api/{_MEMBERSHIP}.json is missing",
            hint="take one with: pvesdn snapshot DIR",
        )
    nodes, unreachable = {}, _read_unreachable(reader)
    for name in reader.folders(PurePosixPath("nodes")):
        try:
            nodes[name] = _read_node(reader, name)
        except _DamagedError as error:
            # As on a live cluster: a node with a malformed answer is left out, and the others are planned.
            unreachable[name] = str(error)
    return Snapshot(
        api=api,
        pve_files={name: text for name in PVE_FILES if (text := reader.text(_SDN / name)) is not None},
        nodes=nodes,
        unreachable=unreachable,
    )


def _read_node(reader: _Reader, name: str) -> NodeRaw:
    if not _NODE_NAME.fullmatch(name):
        raise SnapshotError(f"{reader.folder}/nodes/{name}: is not a node name")
    here = PurePosixPath("nodes", name)
    files = {}
    for pattern in NODE_FILES:
        for path in reader.matches(here / pattern.lstrip("/")):
            if (text := reader.text(path)) is not None:
                files["/" + path.relative_to(here).as_posix()] = text
    asked = (*NODE_COMMANDS, *STATE_COMMANDS)
    answers = {command: reader.json(here / "cmd" / f"{command}.json") for command in asked}
    return NodeRaw(files, {command: answer for command, answer in answers.items() if answer is not _ABSENT})


def _read_unreachable(reader: _Reader) -> dict[str, str]:
    path = PurePosixPath(_UNREACHABLE)
    value = reader.json(path)
    if value is _ABSENT:
        return {}
    if not isinstance(value, dict) or not all(
        _NODE_NAME.fullmatch(name) and isinstance(reason, str) and json_text.is_unicode(reason)
        for name, reason in value.items()
    ):
        raise SnapshotError(f"{reader.folder / path}: is not a table of reasons by node")
    return value


def _is_named(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) and not name.startswith(".")


class _DamagedError(SnapshotError):
    """A file with the wrong content."""


class _Reader:
    """Texts and documents of one folder, by their path in it."""

    def __init__(self, beneath: Beneath) -> None:
        self._beneath = beneath
        self._left = TOTAL_LIMIT
        self.folder = beneath.folder

    def files(self, top: PurePosixPath) -> Iterator[PurePosixPath]:
        """All files below a folder of the snapshot, folder by folder; a link counts as a file."""
        todo = [top]
        while todo:
            here = todo.pop()
            names = self._beneath.names(here)
            yield from (here / name for name, is_folder in names if not is_folder)
            todo += [here / name for name, is_folder in names if is_folder]

    def folders(self, here: PurePosixPath) -> list[str]:
        """The folders in a folder, sorted."""
        return [name for name, _ in self._beneath.names(here) if self._beneath.is_folder(here / name)]

    def matches(self, pattern: PurePosixPath) -> list[PurePosixPath]:
        """The files that a pattern of `NODE_FILES` means, there or not."""
        if "*" in pattern.parent.name:
            above = pattern.parent.parent
            here = [above / name for name in self.folders(above) if _is_named(name, pattern.parent.name)]
            return [path for folder in here for path in self.matches(folder / pattern.name)]
        if "*" not in pattern.name:
            return [pattern]
        names = self._beneath.names(pattern.parent)
        return [pattern.parent / name for name, is_folder in names if _is_named(name, pattern.name) and not is_folder]

    def text(self, path: PurePosixPath, limit: int = SIZE_LIMIT) -> str | None:
        """A file's text; None where there is none."""
        data = self._beneath.read(path, limit)
        self._left -= len(data or b"")
        if self._left < 0:
            raise SnapshotError(f"{self.folder}: the files up to {path} have more than {TOTAL_LIMIT >> 20} MiB")
        try:
            return None if data is None else data.decode("utf-8")
        except UnicodeDecodeError:
            raise _DamagedError(f"{self.folder / path}: is not UTF-8 text") from None

    def json(self, path: PurePosixPath) -> Json:
        """A file's document; `_ABSENT` where there is none."""
        text = self.text(path, ANSWER_LIMIT)
        if text is None:
            return _ABSENT
        if json_text.footprint(text, _MOST_MEMORY) > _MOST_MEMORY:
            raise SnapshotError(f"{self.folder / path}: takes more than {_MOST_MEMORY >> 20} MiB when it is read")
        try:
            return json_text.load(text)
        except WrongShapeError:
            raise _DamagedError(f"{self.folder / path}: is not valid JSON") from None


# --- write -----------------------------------------------------------------------------------------------------------


def write_snapshot(folder: Path, snapshot: Snapshot) -> tuple[str, ...]:
    """Make `folder` hold `snapshot`, its secrets replaced: mode 0700, its files 0600, whole or not at all.

    :param folder: absent, or an empty folder.
    :returns: one line for each file of which values were replaced.
    :raises SnapshotError: the folder is not empty or cannot be written, or the snapshot names a path that leads out.
    """
    # A seventh of a small plan's time, for what reading does not need.
    from pvesdn.redact.snapshot import without_secrets  # noqa: PLC0415

    for path, text in _texts(snapshot).items():
        _require_unicode(path, text)
    cleaned = without_secrets(snapshot)
    files = _texts(cleaned.snapshot)
    place = folder
    try:
        if os.path.lexists(folder) and not (folder.is_dir() and not any(folder.iterdir())):
            raise SnapshotError(f"{folder}: is not empty", hint="choose a new folder")
        parent = folder.resolve().parent
        parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=parent))
        try:
            for path, text in files.items():
                place = folder / path
                _write(draft / path, text)
            place = folder
            draft.rename(folder.resolve())
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
    except OSError as error:
        # Errors of write(2) and close(2) name no file, and the draft's name means nothing to anybody.
        raise SnapshotError(f"{place}: {error.strerror}", hint="choose another folder") from None
    except RuntimeError:  # raised by pathlib before Python 3.13
        raise SnapshotError(f"{folder}: {os.strerror(errno.ELOOP)}", hint="choose another folder") from None
    return tuple(f"{path}: {_replaced(count)}" for path, count in cleaned.replaced.items())


def _replaced(count: int) -> str:
    return "1 value replaced by a placeholder" if count == 1 else f"{count} values replaced by placeholders"


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
        raise SnapshotError(f"the name {name!r} does not belong in a snapshot")
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
        raise SnapshotError(f"the path {path!r} does not belong in a snapshot")
    return PurePosixPath(*parts)


def _dump(value: Json) -> str:
    try:
        return json.dumps(value, indent=1, sort_keys=True) + "\n"
    except RecursionError:
        raise SnapshotError("an answer is nested too deep to be written") from None


def _require_unicode(path: PurePosixPath, text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise SnapshotError(f"{path}: a node sent text that is not Unicode") from None


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(text, "utf-8", newline="")
