"""Why a connection failed, from what ssl, urllib3 and the system raised: one reason and the next step."""

from __future__ import annotations

import http.client
import re
import ssl
import subprocess
from collections.abc import Iterator
from typing import Any

from urllib3.exceptions import ProtocolError

from pvesdn.adapters.pve_api.budget import Budget
from pvesdn.decode.cluster.answers import AnswerError
from pvesdn.errors import ApiUnavailable
from pvesdn.model.api_settings import NODE_CA_FILE, ApiSettings

Reason = tuple[str, str]
"""What went wrong, and what to do next."""

_SHOW_FINGERPRINT = "openssl x509 -noout -fingerprint -sha256 -in /etc/pve/local/pve-ssl.pem"
_HOW_TO_TRUST = (
    f"name the authority with ca_file (a node's own: {NODE_CA_FILE}) "
    f"or the certificate with fingerprint (on the node: {_SHOW_FINGERPRINT})"
)
_MAY_HAVE_STARTED = "it may have started all the same: see the task list before trying again"
_IS_IT_PVE = "is there a PVE node behind this host and port?"
_NO_HTTP = "it did not answer like a web server"
_IS_IT_UP = "is host right, and the node up?"


def why_unavailable(error: BaseException, what: str, settings: ApiSettings) -> Reason:
    """The innermost cause that says something. A call that was cut off may have arrived: see `_MAY_HAVE_STARTED`."""
    causes = list(_causes(error))
    for explain in (_untrusted, _too_slow, _broken):
        for cause in reversed(causes):
            reason = explain(cause, settings)
            if reason is not None:
                text, hint = reason
                was_heard = isinstance(cause, AnswerError | http.client.HTTPException)
                return text, _unheard(what, hint) if was_heard else hint
    if any(isinstance(cause, ConnectionResetError | BrokenPipeError) for cause in causes):
        return "the connection was cut before the answer", _unheard(what, "systemctl status pveproxy on that node")
    if any(isinstance(cause, ProtocolError) for cause in causes):
        return _NO_HTTP, _unheard(what, _IS_IT_PVE)
    return f"the connection failed ({type(error).__name__})", _unheard(what, _IS_IT_UP)


def no_connection(settings: ApiSettings) -> Reason:
    """The reason for a time-out before anything was sent."""
    return f"no connection within {settings.timeout:g} s", "is the node up, and does a firewall let the port through?"


def no_answer(what: str, settings: ApiSettings) -> Reason:
    """The reason for a time-out after the call was sent; one that changes something may well have arrived."""
    return f"no answer within {settings.timeout:g} s", _unheard(what, "is pveproxy busy? A longer timeout may help")


def out_of_time(budget: Budget, what: str, settings: ApiSettings) -> Reason:
    """The reason for a call that was not finished in time, by how far it got."""
    if not budget.has_sent:
        return no_connection(settings)
    if not budget.received:
        return no_answer(what, settings)
    reason = f"no complete answer within {settings.timeout:g} s, {budget.received} bytes arrived"
    return reason, _unheard(what, "is the network slow, or pveproxy busy? A longer timeout may help")


def _unheard(what: str, hint: str) -> str:
    """The next step when it is not known whether the call arrived."""
    return _MAY_HAVE_STARTED if what.startswith("PUT") else hint


def pvesh_took_too_long(error: subprocess.TimeoutExpired, what: str) -> ApiUnavailable:
    """The error for a pvesh that did not end; a call that changes something continues without us."""
    if what.startswith("PUT"):
        message = f"pvesh: {what}: was still running after {error.timeout:g} s and continues on its own"
        return ApiUnavailable(message, hint="see the node's task list before trying again")
    message = f"pvesh: {what}: no answer within {error.timeout:g} s"
    return ApiUnavailable(message, hint="systemctl status pvedaemon pve-cluster")


def _untrusted(cause: BaseException, settings: ApiSettings) -> Reason | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"certificate not verified: {getattr(cause, 'verify_message', cause)}", _HOW_TO_TRUST
    # urllib3's words; its exceptions are looked at by their arguments, since a half-made one cannot be printed.
    text = " ".join(argument for argument in cause.args if isinstance(argument, str))
    if "Fingerprints did not match" not in text:
        return None
    match = re.search(r'got "([0-9a-fA-F]{64})"', text)
    found = match[1].upper() if match else ""
    shown = ":".join(found[i : i + 2] for i in range(0, len(found), 2)) or "another one"
    hint = f"nothing was sent; was the certificate renewed? Compare on the node: {_SHOW_FINGERPRINT}"
    return f"the certificate's fingerprint is {shown}, expected {settings.fingerprint}", hint


def _too_slow(cause: BaseException, settings: ApiSettings) -> Reason | None:
    return no_connection(settings) if isinstance(cause, TimeoutError) else None


def _broken(cause: BaseException, settings: ApiSettings) -> Reason | None:
    del settings
    match cause:
        case AnswerError():
            return str(cause), _IS_IT_PVE
        case ConnectionRefusedError():
            return "connection refused", "systemctl status pveproxy pve-cluster"
        case ConnectionResetError() | BrokenPipeError():
            return None  # whether it arrived matters more than the system's message
        case ssl.SSLError() | http.client.HTTPException():
            return _other_protocol(cause), _IS_IT_PVE
        case OSError() if cause.strerror:
            return cause.strerror, _IS_IT_UP
        case _:
            return None


def _other_protocol(cause: BaseException) -> str:
    if isinstance(cause, ssl.SSLError):
        return f"no TLS: {getattr(cause, 'reason', None) or cause}"
    return "the answer was cut off" if isinstance(cause, http.client.IncompleteRead) else _NO_HTTP


def _causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and everything it was made from, outermost first; requests and urllib3 nest in four ways."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__]
