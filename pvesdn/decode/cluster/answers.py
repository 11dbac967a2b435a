"""What the PVE API and pvesh answer about tasks and refusals. Pure."""

from __future__ import annotations

import json
import re
from typing import TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from pvesdn.model.base import Observed
from pvesdn.model.dry_run import DryRun
from pvesdn.model.primitives import Json, Upid
from pvesdn.model.tasks import TaskState

Rows = TypeVar("Rows")

FORBIDDEN = 403
NOT_IMPLEMENTED = 501
FAILED = 500
NO_ROUTE = 595
"""What pveproxy answers for a node that it cannot connect to; 596 when the connection breaks later (AnyEvent::HTTP)."""

_LONGEST_LINE = 400
_UPID = re.compile(
    r"UPID:[A-Za-z0-9-]+:[0-9A-Fa-f]{8}:[0-9A-Fa-f]{8,9}:[0-9A-Fa-f]{8}:(?P<kind>[^:\s\"']+):[^:\s\"']*:[^:\s\"']+:"
)
_TOKEN = re.compile(r"[0-9A-Za-z-]{1,128}")
_MISSING_RIGHT = re.compile(r"Permission check failed \((?P<path>/[^,)]*), (?P<privileges>[^)]+)\)")
_STATUS_LINE = re.compile(r"(?P<status>[45]\d\d) (?P<text>[A-Za-z].*)")
_NO_HANDLER = re.compile(r"[Nn]o '\w+' handler defined|[Mm]ethod '.*' not implemented|unable to find .* handler")
_ROLES = {
    "SDN.Audit": "PVEAuditor",
    "Sys.Audit": "PVEAuditor",
    "SDN.Allocate": "PVESDNAdmin",
    "Sys.Modify": "Administrator",
}
"""The smallest of PVE's own roles with a privilege (pveum's documentation, Privileges)."""


class AnswerError(ValueError):
    """An answer that does not come from the PVE API; the text says what is wrong with it."""


class _Status(Observed):
    status: str
    exitstatus: str | None = None


class _Row(Observed):
    upid: str
    starttime: int
    type: str = ""


class _Line(Observed):
    n: int
    t: str = ""


class _DryRun(Observed):
    interfaces: str | None = Field(default=None, alias="interfaces-diff")
    frr: str | None = Field(default=None, alias="frr-diff")


def decode_task(upid: Upid, answer: Json) -> TaskState:
    """The answer of `GET /nodes/{node}/tasks/{upid}/status`."""
    status = _decoded(TypeAdapter(_Status), answer, "a task's status")
    if status.status == "running":
        return TaskState(upid=upid, node=node_of(upid), exit_status=None)
    exit_status = one_line(status.exitstatus or "") or "ended without an exit status"
    return TaskState(upid=upid, node=node_of(upid), exit_status=exit_status)


def decode_task_log(answer: Json) -> tuple[str, ...]:
    """The lines of `GET /nodes/{node}/tasks/{upid}/log`, in their order, none of them endless."""
    lines = _decoded(TypeAdapter(tuple[_Line, ...]), answer, "a task's log")
    return tuple(_printable(line.t[:_LONGEST_LINE]) for line in sorted(lines, key=lambda line: line.n))


def decode_tasks(answer: Json, *, kind: str) -> tuple[Upid, ...]:
    """The tasks of one kind, which is checked here too, in `GET /nodes/{node}/tasks`, oldest first."""
    rows = _decoded(TypeAdapter(tuple[_Row, ...]), answer, "a list of tasks")
    found = [row for row in rows if (row.type or kind_of(row.upid)) == kind]
    return tuple(row.upid for row in sorted(found, key=lambda row: (row.starttime, row.upid)))


def decode_privileges(answer: Json, path: str) -> frozenset[str]:
    """What `GET /access/permissions?path=PATH` says that we may do at `path`: its own row, and those above it if it has
    them.
    """
    rows = _decoded(TypeAdapter(dict[str, dict[str, object]]), answer, "a list of permissions")
    above = {"/", path, *(path[:end] for end, character in enumerate(path) if character == "/")}
    return frozenset(privilege for row in rows.keys() & above for privilege in rows[row])


def decode_token(answer: Json) -> str:
    """The answer of `POST /cluster/sdn/lock`."""
    if not isinstance(answer, str) or not _TOKEN.fullmatch(answer):
        msg = "not the token of a lock"
        raise AnswerError(msg)
    return answer


def decode_dry_run(answer: Json) -> DryRun:
    """The answer of `GET /cluster/sdn/dry-run`."""
    told = _decoded(TypeAdapter(_DryRun), {} if answer is None else answer, "a dry run")
    return DryRun(interfaces=told.interfaces or "", frr=told.frr or "")


def find_upid(text: Json, kind: str) -> Upid:
    """The last UPID of type `kind` in what a call printed or answered; UPIDs of other tasks may surround it.

    Unlike proxmoxer's own pattern this one takes an empty id, which PVE's `reloadnetworkall` tasks have.

    :raises AnswerError: it has none.
    """
    found = [match for match in _UPID.finditer(text) if match["kind"] == kind] if isinstance(text, str) else []
    if not found:
        msg = f"it does not name a task of type {kind}"
        raise AnswerError(msg)
    return found[-1].group()


def node_of(upid: Upid) -> str:
    """The node a task runs on.

    :raises AnswerError: `upid` is not a UPID.
    """
    return _fields(upid)[1]


def kind_of(upid: Upid) -> str:
    """A task's type, such as ``srvreload``."""
    return _fields(upid)[5]


def _fields(upid: Upid) -> list[str]:
    if not _UPID.fullmatch(upid):
        msg = f"{one_line(upid)!r} is not a UPID"
        raise AnswerError(msg)
    return upid.split(":")


def _decoded(adapter: TypeAdapter[Rows], answer: Json, what: str) -> Rows:
    try:
        return adapter.validate_python(answer)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        msg = f"not {what}: {place + ': ' if place else ''}{first['msg']}"
        raise AnswerError(msg) from None


def _printable(text: str) -> str:
    return "".join(
        character if character.isprintable() or character == "\t" else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def one_line(text: str, longest: int = _LONGEST_LINE) -> str:
    """Foreign text fit for one line of an error: no line breaks, no control characters, `longest`
    characters at most.
    """
    # What lies far beyond the end is not looked at.
    words = "".join(character if character.isprintable() else " " for character in text[: 4 * longest]).split()
    line = " ".join(words)
    is_whole = len(line) <= longest and len(text) <= 4 * longest
    return line if is_whole else f"{line[: longest - 3]}..."


def explain_refusal(status: int, text: str, identity: str) -> tuple[str, str]:
    """What an error status of the API means, and what to do about it.

    :param text: PVE's own words.
    :param identity: user or token id that asked.
    """
    text = one_line(text)
    match status:
        case 401 if "!" in identity:
            user = identity.split("!", maxsplit=1)[0]
            return f"401, token {identity} refused", f"check its id and its secret: pveum user token list {user}"
        case 401:
            hint = "check user, realm and password; a user with a second factor needs an API token"
            return f"401, user {identity} refused", hint
        case 403:
            return _explain_forbidden(text, identity)
        case 501:
            text = f"this version of PVE does not have it: {text}"
        case 595 | 596:
            text = f"the node is not reachable from the API node: {text}"
    return f"{status}, {text}", _next_step(status, text)


def _next_step(status: int, text: str) -> str:
    """What to do about a status whose text from PVE does not say so."""
    match status:
        case 501:
            return "pvesdn supports PVE 7, 8 and 9; pveversion prints the version"
        case 595 | 596:
            return "is it up, and does pvecm status list it?"
        case _ if "no quorum" in text:
            return "bring nodes back until 'pvecm status' says Quorate: Yes"
        case _ if status >= FAILED:
            return "see the log on that node: journalctl -u pvedaemon -u pveproxy -u pve-cluster"
        case _:
            return "this PVE does not accept what pvesdn asked for: is it newer than PVE 9?"


def _explain_forbidden(text: str, identity: str) -> tuple[str, str]:
    match = _MISSING_RIGHT.search(text)
    if match is None:
        return (
            f"403, {text}",
            f"see what {identity} may do: pveum user permissions {identity.split('!', maxsplit=1)[0]}",
        )
    privileges = match["privileges"].split("|")
    option = "--tokens" if "!" in identity else "--users"
    role = next((_ROLES[privilege] for privilege in privileges if privilege in _ROLES), f"ROLE-WITH-{privileges[0]}")
    also = " (and the same for its user, if the token uses privilege separation)" if "!" in identity else ""
    return (
        f"403, {identity} lacks {' or '.join(privileges)} on {match['path']}",
        f"pveum acl modify {match['path']} {option} '{identity}' --roles {role}{also}",
    )


def pvesh_value(output: str) -> Json:
    """The JSON document at the end of pvesh's output, after whatever else it printed. None if it printed nothing.

    :raises AnswerError: there is not JSON at the end.
    """
    lines = output.strip().splitlines()
    if not lines:
        return None
    for start in range(len(lines)):
        try:
            return json.loads("\n".join(lines[start:]))
        except ValueError:
            continue
    msg = f"pvesh printed no JSON: {one_line(lines[-1])}"
    raise AnswerError(msg)


def pvesh_refusal(complaint: str) -> tuple[int, str]:
    """The HTTP status that corresponds to a failure of pvesh, and the message."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if match := _STATUS_LINE.match(line):
            return int(match["status"]), one_line(" ".join([match["text"], *lines[number + 1 :]]))
    text = one_line(" ".join(lines[-3:])) or "pvesh failed without a message"
    if _NO_HANDLER.search(text):
        return NOT_IMPLEMENTED, text
    if "Permission check failed" in text or "run as root" in text:
        return FORBIDDEN, text
    if "No route to host" in text or "port 22" in text:
        return NO_ROUTE, text
    return FAILED, text
