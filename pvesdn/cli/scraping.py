"""`pvesdn metrics --listen`: answers Prometheus until it is told to end."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import NoReturn

from pvesdn.adapters import command
from pvesdn.adapters.scrape import Kept, Listener
from pvesdn.cli import statuses
from pvesdn.cli.crash import signature
from pvesdn.cli.exposing import exposed
from pvesdn.cli.session import Session
from pvesdn.compare.metrics import unknown
from pvesdn.errors import PvesdnError, SettingsError
from pvesdn.model.primitives import IpAddress
from pvesdn.render.prometheus import CONTENT_TYPE, exposition


def serve(session: Session, address: IpAddress, port: int, *, every: int, tries_paths: bool) -> int:
    """Stay until told to end. Looks at the cluster when somebody asks.

    :raises SettingsError: the settings cannot be used, or nobody can listen there.
    """
    session.settings()
    kept = Kept(
        lambda: exposed(session, None, tries_paths=tries_paths),
        exposition(unknown()),
        _Teller(session).tell,
        every=float(every),
    )
    try:
        listener = Listener(address, port, kept.page, CONTENT_TYPE)
    except OSError as error:
        raise SettingsError(
            f"--listen: {address} port {port}: {error.strerror}",
            hint="name an address of this machine and a port that is free",
        ) from None
    with listener:
        if not session.screen.is_quiet:
            session.screen.line(f"metrics: {listener.url}")
            sys.stdout.flush()
        if address.is_unspecified:
            session.screen.warning(f"{address}: whoever reaches this machine can read the metrics")
        with suppress(KeyboardInterrupt):  # SIGTERM too: to be told to end is how it ends
            listener.serve_forever()
    if kept.is_looking:
        _leave()
    return statuses.OK


def _leave() -> NoReturn:
    """End in the middle of a look, which reads only. Python would wait for its threads, one a node, until every node
    has answered or its time is up.
    """
    command.end_spare()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(statuses.OK)


class _Teller:
    """Tells once why no look can be made, and when one can again."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._told = ""

    def tell(self, error: Exception | None) -> None:
        """:param error: what kept a look from being made; None when one was."""
        why = "" if error is None else str(error) if isinstance(error, PvesdnError) else signature(error)
        if why == self._told:
            return
        self._told = why
        if why:
            for line in why.splitlines():
                self._session.screen.error(f"metrics: {line}")
        else:
            self._session.screen.remark("metrics: the cluster can be looked at again")
