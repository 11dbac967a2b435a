"""The PVE API through proxmoxer, over HTTPS or through pvesh. The one module that knows proxmoxer and requests."""

from __future__ import annotations

import contextlib
import json
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Protocol
from urllib.parse import parse_qsl

import requests
from proxmoxer.core import AuthenticationError, ProxmoxResource, ResourceException
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InsecureRequestWarning

from pvesdn.adapters.pve_api import reasons
from pvesdn.adapters.pve_api.pvesh import PveshSession
from pvesdn.adapters.pve_api.trust import trust
from pvesdn.decode import api_answers
from pvesdn.decode.api_answers import AnswerError, one_line
from pvesdn.errors import ApiRefused, ApiUnavailable, ClusterError
from pvesdn.model.api_settings import ApiSettings
from pvesdn.model.primitives import Json, NodeName, Upid
from pvesdn.model.tasks import TaskState

TICKET_SECONDS = 3600.0
"""A ticket is valid for two hours; after half of them a new one is asked for."""

ROOT = "root@pam"
"""PVE::RPCEnvironment asks no ACL for this user; for a token of this user it does."""

_MOST_TASKS = 500
_UNAUTHORIZED = 401
_BAD_REQUEST = 400
_REDIRECT = range(300, 400)


class Answer(Protocol):
    """What proxmoxer looks at of an answer."""

    @property
    def status_code(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def content(self) -> bytes: ...
    @property
    def text(self) -> str: ...


class Session(Protocol):
    """What proxmoxer needs of a session, and a test may bring."""

    def request(
        self, method: str, url: str, data: Mapping[str, str] | None, params: Mapping[str, str] | None
    ) -> Answer:
        """Send one request; any exception may come out."""
        ...


class PveApi:
    """`ports.ClusterApi` for one cluster. Connects and logs in when first asked; safe to use from several threads.

    :param session: another way to send requests; tests bring their own.
    :raises SettingsError: the CA file cannot be read.
    """

    def __init__(self, settings: ApiSettings, *, session: Session | None = None) -> None:
        self._settings = settings
        is_local = settings.backend == "local"
        chosen = session or (PveshSession(settings) if is_local else _HttpsSession(settings))
        base = "" if is_local else f"{settings.url}/api2/json"
        self._resource = ProxmoxResource(base_url=base, session=chosen, serializer=_Serializer())

    def get(self, path: str) -> Json:
        """The `data` of `GET /<path>`; a query may follow a question mark."""
        path, _, query = path.partition("?")
        return self._call("GET", path, dict(parse_qsl(query)))

    def reload_network(self, node: NodeName, *, regenerate_frr: bool | None) -> Upid:
        """Start `PUT /nodes/{node}/network`; None leaves the parameter out, which PVE before 9 does not know."""
        data = {} if regenerate_frr is None else {"regenerate-frr": str(int(regenerate_frr))}
        return self._start("srvreload", f"nodes/{node}/network", data)

    def apply_sdn(self) -> Upid:
        """Start `PUT /cluster/sdn`: commit PVE's pending definitions and reload every node."""
        return self._start("reloadnetworkall", "cluster/sdn", {})

    def require(self, rights: Iterable[tuple[str, str]]) -> None:
        """Come back if we have every privilege; pvesh runs as root@pam, who has all of them."""
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

    def node_tasks(self, node: NodeName, *, kind: str, since: int) -> tuple[Upid, ...]:
        """UPIDs of the node's tasks of type `kind` that started at or after `since`, oldest first."""
        wanted = {"typefilter": kind, "since": str(since), "source": "all", "limit": str(_MOST_TASKS)}
        with self._understanding(f"GET /nodes/{node}/tasks"):
            answer = self._call("GET", f"nodes/{node}/tasks", wanted)
            return api_answers.decode_tasks(answer, kind=kind, since=since)

    def _start(self, kind: str, path: str, data: dict[str, str]) -> Upid:
        with self._understanding(f"PUT /{path}"):
            return api_answers.find_upid(self._call("PUT", path, data), kind)

    def _call(self, method: str, path: str, values: dict[str, str]) -> Json:
        resource = self._resource(path.strip("/"))
        try:
            return resource.get(**values) if method == "GET" else resource.put(**values)
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


# ------------------------------------------------------------------------------------------------------------ HTTPS


class _Adapter(HTTPAdapter):
    """Connections that trust what `context` trusts and nothing more, or exactly one certificate."""

    def __init__(self, context: ssl.SSLContext, fingerprint: str | None) -> None:
        self._context = context
        self._fingerprint = fingerprint
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        # urllib3 compares the fingerprint between the handshake and the first byte of the request.
        super().init_poolmanager(*args, **options, ssl_context=self._context, assert_fingerprint=self._fingerprint)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # Not the inherited one: it adds certifi's authorities to those of the context.
        del url, cert
        conn.cert_reqs = "CERT_REQUIRED" if verify else "CERT_NONE"


class _HttpsSession:
    """Sends requests with the token or a ticket, whose login goes through the same verified connections.

    proxmoxer's own session logs in with a plain `requests.post`, before anything could be mounted on it.
    """

    def __init__(self, settings: ApiSettings, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._login = threading.Lock()
        self._ticket: dict[str, str] = {}
        self._ticket_end = 0.0
        self._http = requests.Session()
        # No proxy, no netrc, no REQUESTS_CA_BUNDLE of the surroundings: credentials go where the settings say.
        self._http.trust_env = False
        self._http.adapters.clear()
        self._http.mount("https://", _Adapter(trust(settings), settings.fingerprint))
        self._http.headers["Accept"] = "application/json"
        # Tickets are sent by our own hand; what a server wants remembered is not.
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if not settings.verify:  # somebody said so; urllib3 need not say it again for every request
            warnings.filterwarnings("ignore", category=InsecureRequestWarning)

    def request(
        self, method: str, url: str, data: Mapping[str, str] | None, params: Mapping[str, str] | None
    ) -> Answer:
        """Send one request as proxmoxer asks for it."""
        if self._settings.token_value is not None:
            secret = self._settings.token_value.get_secret_value()
            credentials = {"Authorization": f"PVEAPIToken={self._settings.identity}={secret}"}
            return self._send(method, url, data, params, credentials)
        answer = self._send(method, url, data, params, self._valid_ticket())
        if answer.status_code == _UNAUTHORIZED:  # the cluster changed its keys: a ticket of before is worth nothing
            self._ticket_end = 0.0
            answer = self._send(method, url, data, params, self._valid_ticket())
        return answer

    def _send(
        self,
        method: str,
        url: str,
        data: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        credentials: Mapping[str, str],
    ) -> requests.Response:
        settings = self._settings
        answer = self._http.request(
            method,
            url,
            data=data,
            params=params,
            headers=credentials,
            timeout=settings.timeout,
            allow_redirects=False,  # a redirect would carry the credentials to somebody who was not verified
            verify=settings.verify and settings.fingerprint is None,
        )
        if answer.status_code in _REDIRECT:
            msg = f"it answered with a redirect ({answer.status_code})"
            raise AnswerError(msg)
        return answer

    def _valid_ticket(self) -> dict[str, str]:
        with self._login:
            if self._monotonic() >= self._ticket_end:
                self._ticket = self._log_in()
                self._ticket_end = self._monotonic() + TICKET_SECONDS
            return self._ticket

    def _log_in(self) -> dict[str, str]:
        """The headers that a new ticket makes.

        :raises AuthenticationError: user or password are refused, or a second factor is asked for.
        """
        settings = self._settings
        password = settings.password.get_secret_value() if settings.password else ""
        data = {"username": str(settings.user), "password": password}
        answer = self._send("POST", f"{settings.url}/api2/json/access/ticket", data, None, {})
        if answer.status_code == _UNAUTHORIZED:
            raise AuthenticationError
        if answer.status_code >= _BAD_REQUEST:
            raise ResourceException(answer.status_code, "", answer.reason)
        ticket = _Serializer().loads(answer)
        if not isinstance(ticket, dict) or not {"ticket", "CSRFPreventionToken"} <= ticket.keys():
            msg = "it gave no ticket"
            raise AnswerError(msg)
        if ticket.get("NeedTFA"):
            raise AuthenticationError
        return {
            "Cookie": f"PVEAuthCookie={ticket['ticket']}",
            "CSRFPreventionToken": str(ticket["CSRFPreventionToken"]),
        }


# ------------------------------------------------------------------------------------------------- answers and errors


class _Serializer:
    """Reads PVE's envelope; unlike proxmoxer's own it takes nothing else for an answer."""

    def loads(self, answer: Answer) -> Json:
        """The `data` of an answer.

        :raises AnswerError: it is no answer of the API.
        """
        try:
            document = json.loads(answer.content)
        except ValueError:
            document = None
        if not isinstance(document, dict) or "data" not in document:
            msg = "it did not answer as the PVE API should"
            raise AnswerError(msg)
        return document["data"]

    def loads_errors(self, answer: Answer) -> dict[str, str] | None:
        """What PVE says about single parameters."""
        try:
            errors = json.loads(answer.content).get("errors")
        except (ValueError, AttributeError):
            return None
        return {str(key): str(text) for key, text in errors.items()} if isinstance(errors, dict) else None


def translate(error: Exception, what: str, settings: ApiSettings) -> ClusterError:
    """The error of ours for whatever came out of proxmoxer, requests, ssl, subprocess or the system.

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
