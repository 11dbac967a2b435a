"""The API over HTTPS: verified connections, a token or a ticket, and a limit on every call."""

from __future__ import annotations

import ssl
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from proxmoxer.core import AuthenticationError, ResourceException
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InsecureRequestWarning

from pvesdn.adapters.pve_api.budget import Budget, BudgetPool, BudgetSocket
from pvesdn.adapters.pve_api.trust import trust
from pvesdn.adapters.pve_api.whole_answer import LARGEST_ANSWER, ProxmoxerAnswer, Serializer, Values, WholeAnswer
from pvesdn.decode.cluster.answers import AnswerError
from pvesdn.model.api_settings import ApiSettings

TICKET_SECONDS = 3600.0
"""A ticket is valid for two hours; after half of them a new one is asked for."""

_PIECE = 64 * 1024
"""Bytes of one read."""
_PLAIN = "identity"
"""The content encoding for no encoding (RFC 9110 section 8.4.1)."""
_OK = 200
_REDIRECT = range(300, 400)
_BAD_REQUEST = 400
_UNAUTHORIZED = 401


class _Adapter(HTTPAdapter):
    """Connections that trust what `context` trusts and nothing more, or exactly one certificate, within a `Budget`."""

    def __init__(self, context: ssl.SSLContext, fingerprint: str | None) -> None:
        context.sslsocket_class = BudgetSocket
        self._context = context
        self._fingerprint = fingerprint
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        # urllib3 compares the fingerprint between the handshake and the first byte of the request.
        super().init_poolmanager(*args, **options, ssl_context=self._context, assert_fingerprint=self._fingerprint)
        self.poolmanager.pool_classes_by_scheme = {"https": BudgetPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        # Not the inherited one: it adds certifi's authorities to those of the context.
        del url, cert
        conn.cert_reqs = "CERT_REQUIRED" if verify else "CERT_NONE"


class _Http(requests.Session):
    """Follows no redirect: requests would read the redirect's page to its end even if it may not follow it."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        del resp


class HttpsSession:
    """Sends requests with the token or a ticket, whose login goes through the same verified connections.

    proxmoxer's own session logs in with a plain `requests.post`, before anything can be mounted on it.
    """

    def __init__(self, settings: ApiSettings, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._monotonic = monotonic
        self._login = threading.Lock()
        self._ticket: dict[str, str] = {}
        self._ticket_end = 0.0
        self._http = _Http()
        # No proxy, netrc or REQUESTS_CA_BUNDLE from the environment: credentials go where the settings say.
        self._http.trust_env = False
        self._http.adapters.clear()
        self._http.mount("https://", _Adapter(trust(settings), settings.fingerprint))
        self._http.headers["Accept"] = "application/json"
        # A compressed answer has no known size before it is unpacked; requests would ask for one.
        self._http.headers["Accept-Encoding"] = _PLAIN
        # We send tickets ourselves; cookies that a server sets are not kept.
        self._http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        if not settings.verify:  # the user chose this; urllib3 need not repeat it for every request
            warnings.filterwarnings("ignore", category=InsecureRequestWarning)

    def request(self, method: str, url: str, data: Values | None, params: Values | None) -> ProxmoxerAnswer:
        """Send one request as proxmoxer asks for it.

        :raises CallTimeoutError: the whole of it, a login included, took longer than `ApiSettings.timeout`.
        :raises AnswerError: the answer is a redirect, larger than `LARGEST_ANSWER`, or compressed.
        """
        budget = Budget(self._settings.timeout, LARGEST_ANSWER)
        with budget.spent():
            if self._settings.token_value is not None:
                secret = self._settings.token_value.get_secret_value()
                credentials = {"Authorization": f"PVEAPIToken={self._settings.identity}={secret}"}
                return self._send(method, url, data, params, credentials)
            answer = self._send(method, url, data, params, self._valid_ticket(budget))
            if answer.status_code == _UNAUTHORIZED:  # the cluster changed its keys: an earlier ticket is worthless
                self._ticket_end = 0.0
                answer = self._send(method, url, data, params, self._valid_ticket(budget))
            return answer

    def _send(
        self,
        method: str,
        url: str,
        data: Values | None,
        params: Values | None,
        credentials: Mapping[str, str],
    ) -> WholeAnswer:
        settings = self._settings
        with self._http.request(
            method,
            url,
            data=data,
            params=params,
            headers=credentials,
            timeout=settings.timeout,  # for a connection that we did not make ourselves; the budget is tighter
            allow_redirects=False,  # a redirect would carry the credentials to a server that was not verified
            verify=settings.verify and settings.fingerprint is None,
            stream=True,
        ) as answer:
            if answer.status_code in _REDIRECT:
                msg = f"it answered with a redirect ({answer.status_code})"
                raise AnswerError(msg)
            if answer.status_code < _OK:
                msg = f"it answered with status {answer.status_code}"
                raise AnswerError(msg)
            if answer.headers.get("Content-Encoding", _PLAIN).strip().lower() != _PLAIN:
                msg = "it sent a compressed answer, which pvesdn did not ask for"
                raise AnswerError(msg)
            content = b"".join(answer.raw.stream(_PIECE, decode_content=False))
            return WholeAnswer(answer.status_code, str(answer.reason or ""), content)

    def _valid_ticket(self, budget: Budget) -> dict[str, str]:
        if not self._login.acquire(timeout=budget.left()):  # another thread's login has a deadline of its own
            raise TimeoutError
        try:
            if self._monotonic() >= self._ticket_end:
                self._ticket = self._log_in()
                self._ticket_end = self._monotonic() + TICKET_SECONDS
            return self._ticket
        finally:
            self._login.release()

    def _log_in(self) -> dict[str, str]:
        """The headers for a new ticket.

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
        ticket = Serializer().loads(answer)
        if not isinstance(ticket, dict) or not {"ticket", "CSRFPreventionToken"} <= ticket.keys():
            msg = "it issued no ticket"
            raise AnswerError(msg)
        if ticket.get("NeedTFA"):
            raise AuthenticationError
        return {
            "Cookie": f"PVEAuthCookie={ticket['ticket']}",
            "CSRFPreventionToken": str(ticket["CSRFPreventionToken"]),
        }
