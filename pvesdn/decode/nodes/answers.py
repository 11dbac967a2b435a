"""The node program's answers -> text by path, problems. A node that answers anything else has failed, and only that
node.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeVar

from pvesdn.decode import json_text
from pvesdn.decode.cluster.answers import one_line
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.errors import NodeUnclear
from pvesdn.model.execution import Undone, UndoState
from pvesdn.model.open_apply import Applied, LockHolder, OpenApply, OpenState
from pvesdn.model.primitives import Json, bounded
from pvesdn.model.probes import Heard
from pvesdn.model.snapshot import (
    CANARY_COMMANDS,
    CAUSE_COMMANDS,
    CAUSE_FILES,
    NODE_COMMANDS,
    NODE_FILES,
    STATE_COMMANDS,
    NodeRaw,
)

_SHOWN = 80
"""Characters of a path that a message shows."""
_LONGEST_NAME = 255
"""Bytes of a file's name on any of Linux's file systems."""
_MODE = re.compile(r"[0-7]{3,4}")
_CLOSED = "0600"
_LONGEST_PROBE = 3600
_LAST_PACKET = 0xFFFFFFFF

Decoded = TypeVar("Decoded")


def decode_files(node: str, value: Mapping[str, Json], asked: Sequence[str]) -> dict[str, str]:
    """The value of `read`: text by absolute path.

    :param asked: the paths that were asked for; their last two components may be glob patterns.
    :raises NodeUnclear: it has an unexpected shape, or a file that nobody asked for.
    """
    return _decoded(node, lambda: _files(value, asked))


def decode_observed(node: str, value: Mapping[str, Json], besides: Sequence[str] = ()) -> NodeRaw:
    """The value of `observe`; the output of its commands is not interpreted yet.

    :param besides: the paths that were asked for besides `NODE_FILES`.
    :raises NodeUnclear: it has an unexpected shape, or something that is in neither of these two, `NODE_COMMANDS` or
        `STATE_COMMANDS`.
    """
    names = (*NODE_COMMANDS, *STATE_COMMANDS)
    return _decoded(node, lambda: NodeRaw(_files(value, (*NODE_FILES, *besides)), _commands(value, names)))


def decode_asked(node: str, value: Mapping[str, Json]) -> NodeRaw:
    """The same for what is asked where a check has failed.

    :raises NodeUnclear: it has an unexpected shape, or something that is not in `CAUSE_FILES` or `CAUSE_COMMANDS`.
    """
    return _decoded(node, lambda: NodeRaw(_files(value, CAUSE_FILES), _commands(value, CAUSE_COMMANDS)))


def decode_announced(node: str, value: Mapping[str, Json]) -> frozenset[int]:
    """The value of `observe` where it was asked for `CANARY_COMMANDS`: VNIs.

    :raises NodeUnclear: it has an unexpected shape, or there is no answer, and why.
    """
    (name,) = CANARY_COMMANDS

    def announced() -> frozenset[int]:
        said = json_text.mapping(_commands(value, CANARY_COMMANDS).get(name), name)
        if "answer" not in said:
            raise WrongShapeError(json_text.string(said.get("fault", "no answer"), f"fault of {name}"))
        answer = said["answer"]
        if not isinstance(answer, list):
            message = f"{name} is not a list"
            raise WrongShapeError(message)
        return frozenset(json_text.number(vni, f"a VNI of {name}") for vni in answer)

    return _decoded(node, announced)


def file_mode(raw: NodeRaw, path: str) -> str:
    """The permissions of one of a node's interfaces files, as four octal digits, for a copy that only its owner may
    write.

    Where they are not known, as in a snapshot that an older pvesdn took, nobody but the owner may read the file.
    """
    modes = raw.commands.get("modes")
    mode = modes.get(path) if isinstance(modes, dict) else None
    return f"{int(mode, 8) & 0o755:04o}" if isinstance(mode, str) and _MODE.fullmatch(mode) else _CLOSED


def decode_problems(node: str, value: Mapping[str, Json]) -> tuple[str, ...]:
    """The value of `stage`: what is wrong with the staged files, one line each.

    :raises NodeUnclear: it has an unexpected shape.
    """
    return _decoded(node, lambda: _problems(value))


def decode_holder(node: str, value: Mapping[str, Json]) -> LockHolder | None:
    """The value of `lock`: who has it, None where we do.

    :raises NodeUnclear: it has an unexpected shape.
    """
    return _decoded(node, lambda: _holder(value))


def decode_undone(node: str, value: Mapping[str, Json]) -> Undone:
    """The value of `undo`.

    :raises NodeUnclear: it has an unexpected shape.
    """
    return _decoded(node, lambda: _undone(value))


def decode_heard(node: str, value: Mapping[str, Json]) -> Heard:
    """The value of `probe`.

    :raises NodeUnclear: it has an unexpected shape.
    """
    return _decoded(node, lambda: _heard(value))


def decode_flag(node: str, value: Mapping[str, Json], key: str) -> bool:
    """The yes or no at `key`.

    :raises NodeUnclear: there is none.
    """
    flag = value.get(key)
    if not isinstance(flag, bool):
        raise NodeUnclear(node, f"unexpected response from the node program: {key} is neither true nor false")
    return flag


def decode_reason(node: str, value: Mapping[str, Json], key: str) -> str:
    """The reason at `key`, in one line; empty where there is none to give.

    :raises NodeUnclear: it is no text.
    """
    reason = value.get(key)
    if not isinstance(reason, str):
        raise NodeUnclear(node, f"unexpected response from the node program: {key} is not a text")
    return one_line(reason)


def decode_applied(node: str, value: Mapping[str, Json]) -> Applied:
    """The value of `standing`.

    :raises NodeUnclear: it has an unexpected shape.
    """
    return _decoded(node, lambda: _applied(value))


def _applied(value: Mapping[str, Json]) -> Applied:
    kept, opened = value.get("kept"), value.get("open")
    if not isinstance(kept, str):
        message = "kept is not text"
        raise WrongShapeError(message)
    if opened is None:
        return Applied(None, kept)
    match json_text.mapping(opened, "open"):
        case {
            "id": str(name),
            "who": str(who),
            "age": (int() | float() | None) as age,
            "left": (int() | float()) as left,
            "state": "at work" | "waiting" | "overdue" as state,
        } as told:
            nodes, rehearses = _lines(told, "nodes"), told.get("rehearses") is True
            found = OpenApply(one_line(name), one_line(who), age, left, OpenState(state), nodes, rehearses=rehearses)
            return Applied(found, kept)
    message = "open is not an apply"
    raise WrongShapeError(message)


def _holder(value: Mapping[str, Json]) -> LockHolder | None:
    match value:
        case {"holder": None}:
            return None
        case {"holder": {"id": str(name), "who": str(who), "age": (int() | float() | None) as age}}:
            return LockHolder(one_line(name), one_line(who), age)
    message = "holder does not say who has the cluster lock"
    raise WrongShapeError(message)


def _decoded(node: str, decode: Callable[[], Decoded]) -> Decoded:
    try:
        return decode()
    except WrongShapeError as error:
        raise NodeUnclear(node, f"unexpected response from the node program: {error}") from error


def _files(value: Mapping[str, Json], asked: Sequence[str]) -> dict[str, str]:
    files = json_text.mapping(value.get("files"), "files")
    for path, text in files.items():
        if not _is_plain(path):
            message = f"{ascii(path)[:_SHOWN]} of files is not a plain absolute path"
            raise WrongShapeError(message)
        if not any(_is_meant(path, pattern) for pattern in asked):
            message = f"{ascii(path)[:_SHOWN]} of files is not a file that was asked for"
            raise WrongShapeError(message)
        if not isinstance(text, str) or not json_text.is_unicode(text):
            message = f"{ascii(path)[:_SHOWN]} of files is not text"
            raise WrongShapeError(message)
    return files


def _commands(value: Mapping[str, Json], names: Sequence[str]) -> dict[str, Json]:
    commands = json_text.mapping(value.get("commands"), "commands")
    for name, answer in commands.items():
        if name not in names:
            message = f"{ascii(name)[:_SHOWN]} of commands is not a command that was asked for"
            raise WrongShapeError(message)
        if json_text.is_deep(answer):
            message = f"{ascii(name)[:_SHOWN]} of commands is nested too deep"
            raise WrongShapeError(message)
    return commands


def _is_plain(path: str) -> bool:
    """A node's paths become paths on this machine, below the folder of an import or a snapshot."""
    parts = path.split("/")[1:]
    return path.startswith("/") and path.isprintable() and not {"", ".", ".."} & set(parts)


def _is_meant(path: str, pattern: str) -> bool:
    """Whether the node program reads `path` where it is asked for `pattern`; its wildcards match no dotfiles."""
    if path == pattern:
        return True
    (folder, name), (asked, names) = path.rsplit("/", 1), pattern.rsplit("/", 1)
    if not _is_named(name, names):
        return False
    if folder == asked:
        return True
    (above, _, folder), (asked, _, folders) = folder.rpartition("/"), asked.rpartition("/")
    return above == asked and "*" in folders and _is_named(folder, folders)


def _is_named(name: str, pattern: str) -> bool:
    return not name.startswith(".") and len(name.encode()) <= _LONGEST_NAME and fnmatchcase(name, pattern)


def _undone(value: Mapping[str, Json]) -> Undone:
    state = value.get("state")
    if state not in {known.value for known in UndoState}:
        message = f"{ascii(state)[:_SHOWN]} is not how an undo ends"
        raise WrongShapeError(message)
    return Undone(UndoState(str(state)), _lines(value, "left"), _lines(value, "log"))


def _heard(value: Mapping[str, Json]) -> Heard:
    if "unable" in value:
        return Heard(unable=one_line(json_text.string(value["unable"], "unable")))
    numbers = value.get("heard")
    if not isinstance(numbers, list):
        message = "heard is not a JSON list"
        raise WrongShapeError(message)
    unsent = json_text.mapping(value.get("unsent"), "unsent")
    lasted = value.get("lasted")
    if not isinstance(lasted, int | float) or not 0 <= lasted <= _LONGEST_PROBE:
        message = "lasted is not a number of seconds"
        raise WrongShapeError(message)
    return Heard(
        frozenset(json_text.count(number, "a number of heard") for number in numbers),
        {
            number: json_text.word(why, "unsent")
            for said, why in unsent.items()
            if (number := bounded(said, _LAST_PACKET)) is not None
        },
        float(lasted),
    )


def _problems(value: Mapping[str, Json]) -> tuple[str, ...]:
    return _lines(value, "problems")


def _lines(value: Mapping[str, Json], key: str) -> tuple[str, ...]:
    lines = value.get(key)
    if not isinstance(lines, list):
        message = f"{key} is not a JSON list"
        raise WrongShapeError(message)
    return tuple(one_line(str(line)) for line in lines)
