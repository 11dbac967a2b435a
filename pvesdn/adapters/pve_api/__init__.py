"""The PVE API through proxmoxer, over HTTPS or through pvesh. The only one that knows proxmoxer and requests, with
`https`.
"""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterable, Iterator
from typing import Protocol
from urllib.parse import parse_qsl

import requests
from proxmoxer.core import AuthenticationError, ProxmoxResource, ResourceException

from pvesdn.adapters.pve_api import reasons
from pvesdn.adapters.pve_api.budget import CallTimeoutError
from pvesdn.adapters.pve_api.https import TICKET_SECONDS
from pvesdn.adapters.pve_api.https import HttpsSession as _HttpsSession
from pvesdn.adapters.pve_api.pvesh import PveshSession
from pvesdn.adapters.pve_api.whole_answer import ProxmoxerAnswer, Serializer, Values
from pvesdn.decode.cluster import answers as api_answers
from pvesdn.decode.cluster.answers import AnswerError, one_line
from pvesdn.errors import ApiRefused, ApiUnavailable, ClusterError
from pvesdn.model.api_settings import ApiSettings
from pvesdn.model.dry_run import DryRun
from pvesdn.model.primitives import Json, NodeName, Upid
from pvesdn.model.sdn_edits import SdnCall
from pvesdn.model.tasks import TaskState

__all__ = ["ROOT", "TICKET_SECONDS", "ProxmoxerSession", "PveApi", "translate"]

ROOT = "root@pam"
"""PVE asks no ACL for this user; for a token of this user it does (docs/pve.md §8)."""

_MOST_TASKS = 500
_UNAUTHORIZED = 401


class ProxmoxerSession(Protocol):
    """What proxmoxer needs from a session; a test may supply its own."""

    def request(self, method: str, url: str, data: Values | None, params: Values | None) -> ProxmoxerAnswer:
        """Send one request; any exception may come out."""
        ...


class PveApi:
    """`ports.ClusterApi` for one cluster. Connects and logs in when first asked; safe to use from several threads.

    :param session: another way to send requests; tests bring their own.
    :raises SettingsError: the CA file cannot be read.
    """

    def __init__(self, settings: ApiSettings, *, session: ProxmoxerSession | None = None) -> None:
        self._settings = settings
        is_local = settings.backend == "local"
        chosen = session or (PveshSession(settings) if is_local else _HttpsSession(settings))
        base = "" if is_local else f"{settings.url}/api2/json"
        self._resource = ProxmoxResource(base_url=base, session=chosen, serializer=Serializer())

    def get(self, path: str) -> Json:
        """The `data` of `GET /<path>`; a query may follow a question mark."""
        path, _, query = path.partition("?")
        return self._call("GET", path, dict(parse_qsl(query)))

    def reload_network(self, node: NodeName, *, regenerate_frr: bool | None) -> Upid:
        """Start `PUT /nodes/{node}/network`; None leaves out the parameter, which PVE before 9 does not have."""
        data = {} if regenerate_frr is None else {"regenerate-frr": str(int(regenerate_frr))}
        return self._start("srvreload", f"nodes/{node}/network", data)

    def apply_sdn(self, token: str | None = None) -> Upid:
        """Start `PUT /cluster/sdn`: commit PVE's pending definitions and reload every node."""
        # PVE does not fill in the documented default of release-lock: without the 1 the lock would stay.
        data = {} if token is None else {"lock-token": token, "release-lock": "1"}
        return self._start("reloadnetworkall", "cluster/sdn", data)

    def lock_sdn(self) -> str:
        """`POST /cluster/sdn/lock`, whatever is pending; the token."""
        with self._understanding("POST /cluster/sdn/lock"):
            return api_answers.decode_token(self._call("POST", "cluster/sdn/lock", {"allow-pending": "1"}))

    def unlock_sdn(self, token: str) -> None:
        """`DELETE /cluster/sdn/lock`: give the lock back."""
        self._call("DELETE", "cluster/sdn/lock", {"lock-token": token})

    def edit_sdn(self, call: SdnCall, token: str) -> None:
        """Edit one of PVE's definitions."""
        self._call(call.method, call.path, {**call.parameters, "lock-token": token})

    def roll_back_sdn(self, token: str) -> None:
        """`POST /cluster/sdn/rollback`: drop what is pending."""
        self._call("POST", "cluster/sdn/rollback", {"lock-token": token})

    def dry_run(self, node: NodeName) -> DryRun:
        """What PVE's commit of what is pending would change in the node's files."""
        with self._understanding("GET /cluster/sdn/dry-run"):
            return api_answers.decode_dry_run(self._call("GET", "cluster/sdn/dry-run", {"node": node}))

    def require(self, rights: Iterable[tuple[str, str]]) -> None:
        """Return if we have every privilege; pvesh runs as root@pam, who has them all."""
        if self._settings.identity == ROOT:
            return
        for path, privilege in rights:
            what = f"GET /access/permissions of {path}"
            with self._understanding(what):
                held = api_answers.decode_privileges(self._call("GET", "access/permissions", {"path": path}), path)
            if privilege not in held:
                denial = ResourceException(api_answers.FORBIDDEN, "", f"Permission check failed ({path}, {privilege})")
                raise translate(denial, what, self._settings)

    def task(self, upid: Upid) -> TaskState:
        """One look at a task."""
        with self._understanding(f"GET the status of {upid}"):
            return api_answers.decode_task(upid, self._call("GET", f"{_task_path(upid)}/status", {}))

    def task_log(self, upid: Upid) -> tuple[str, ...]:
        """All lines of a task's log."""
        with self._understanding(f"GET the log of {upid}"):
            return api_answers.decode_task_log(self._call("GET", f"{_task_path(upid)}/log", {"limit": "0"}))

    def node_tasks(self, node: NodeName, *, kind: str) -> tuple[Upid, ...]:
        """UPIDs of the node's last tasks of type `kind`, oldest first."""
        wanted = {"typefilter": kind, "source": "all", "limit": str(_MOST_TASKS)}
        with self._understanding(f"GET /nodes/{node}/tasks"):
            answer = self._call("GET", f"nodes/{node}/tasks", wanted)
            return api_answers.decode_tasks(answer, kind=kind)

    def _start(self, kind: str, path: str, data: dict[str, str]) -> Upid:
        with self._understanding(f"PUT /{path}"):
            return api_answers.find_upid(self._call("PUT", path, data), kind)

    def _call(self, method: str, path: str, values: Values) -> Json:
        resource = self._resource(path.strip("/"))
        send = {"GET": resource.get, "PUT": resource.put, "POST": resource.post, "DELETE": resource.delete}[method]
        try:
            return send(**values)
        except Exception as error:
            raise translate(error, f"{method} /{path.strip('/')}", self._settings) from error

    @contextlib.contextmanager
    def _understanding(self, what: str) -> Iterator[None]:
        try:
            yield
        except AnswerError as error:
            raise translate(error, what, self._settings) from error


def _task_path(upid: Upid) -> str:
    return f"nodes/{api_answers.node_of(upid)}/tasks/{upid}"


def translate(error: Exception, what: str, settings: ApiSettings) -> ClusterError:
    """Pvesdn's error for an exception of proxmoxer, requests, ssl, subprocess or the system.

    :param what: the call, such as ``GET /cluster/status``.
    """
    match error:
        case ClusterError():
            return error
        case ResourceException():
            details = "; ".join(f"{key}: {text}" for key, text in (error.errors or {}).items())
            text = f"{error.content or error.status_message or 'no reason given'}{': ' if details else ''}{details}"
            return _refused(error.status_code, text, what, settings)
        case AuthenticationError():
            return _refused(_UNAUTHORIZED, "", what, settings)
        case CallTimeoutError():
            reason, hint = reasons.out_of_time(error.budget, what, settings)
        case subprocess.TimeoutExpired():
            return reasons.pvesh_took_too_long(error, what)
        case FileNotFoundError() | PermissionError() if settings.backend == "local":
            hint = "run pvesdn as root on a node of the cluster, or name one with host"
            return ApiUnavailable(f"pvesh: {error.strerror}", hint=hint)
        case requests.exceptions.ConnectTimeout():
            reason, hint = reasons.no_connection(settings)
        case requests.exceptions.Timeout():
            reason, hint = reasons.no_answer(what, settings)
        case _:
            reason, hint = reasons.why_unavailable(error, what, settings)
    return ApiUnavailable(f"{settings.url}: {what}: {one_line(reason)}", hint=hint)


def _refused(status: int, text: str, what: str, settings: ApiSettings) -> ApiRefused:
    message, hint = api_answers.explain_refusal(status, text, settings.identity)
    return ApiRefused(f"{settings.url}: {what}: {message}", status=status, hint=hint)
