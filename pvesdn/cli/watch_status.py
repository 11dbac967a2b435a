"""`pvesdn watch --status`: what watch does on this node, what it has found, and what is pending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pvesdn.cli import statuses
from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.cli.session import Session
from pvesdn.cli.watch_files import LOOK_FILE, SERVICE_FILE, VERIFY_FILE, WatchFiles
from pvesdn.errors import SettingsError
from pvesdn.settings import Settings
from pvesdn.watcher.service import LOCK
from pvesdn.workflows.watch_memory import clock_time

_BUSY = {
    "look": "; at work right now",
    "verify": "; looks at this node's network right now",
    "metrics": "; writes metrics right now",
}


def show_status(session: Session) -> int:
    """Tell it, from what watch has left on this node; nothing else is asked."""
    settings = session.settings()
    document = _document(WatchFiles(settings.watch.state_dir), settings.watch.action)
    if session.wants_json:
        session.document("watch-status", document)
    else:
        session.screen.wrap(status_lines(document))
    return statuses.OK


def standing(settings: Settings) -> dict[str, Any] | None:
    """The same document, of a member of the cluster in question; None where watch does not run and has left nothing, or
    nothing that this user may read.
    """
    with suppress(SettingsError):
        document = _document(WatchFiles(settings.watch.state_dir), settings.watch.action)
        if document["is_running"] or document["look"] or document["network"]:
            return document
    return None


def _document(files: WatchFiles, action: str) -> dict[str, Any]:
    """The document of `--json`, see docs/json.md."""
    is_running = files.is_locked(LOCK)
    look, verified = files.document(LOOK_FILE), files.document(VERIFY_FILE)
    service = files.document(SERVICE_FILE) if is_running else {}
    standing = service.get("standing", "")
    return {
        "is_running": is_running,
        "standing": standing,
        "busy": service.get("busy", ""),
        "action": action,
        "look": {key: look.get(key) for key in ("at", "action", "reason", "exit_status", "problems")} if look else None,
        # Whoever stands by, or is not there, does not know what others have found and done since.
        "pending": look.get("pending") if is_running and not standing.startswith("standing by") else None,
        "network": {key: verified.get(key) for key in ("at", "verdict", "bad", "warnings", "frr_restarted", "findings")}
        if verified
        else None,
    }


def status_lines(document: Mapping[str, Any]) -> Iterator[Line]:
    """That document for a person."""
    running = document["standing"] or "just started"
    if document["is_running"]:
        yield (Span("watch: ", Style.STRONG), running, _BUSY.get(document["busy"], ""))
    else:
        yield (Span("watch: ", Style.STRONG), "does not run here; systemctl status pvesdn-watch tells more")
    yield (f"policy: {document['action']}",)
    look = document["look"]
    if look is None:
        yield ("last look: none on this node",)
    else:
        reason = f": {look['reason']}" if look["reason"] else ""
        yield (f"last look: {_when(look['at'])}{reason}",)
        for problem in look["problems"] or ():
            yield ("  ", Span("problem: ", Style.ERROR), str(problem))
        if not document["is_running"]:
            yield ("pending: watch does not know it while it does not run; pvesdn plan shows it",)
        elif not document["standing"].startswith("standing by"):
            yield from _pending(document["pending"])
    network = document["network"]
    if network is not None:
        style = Style.ERROR if network["bad"] else Style.GOOD
        yield ("network of this node: ", Span(str(network["verdict"]), style), f" ({_when(network['at'])})")
        if network["bad"]:
            yield ("  pvesdn verify tells what to do",)


def _pending(pending: Any) -> Iterator[Line]:
    if not isinstance(pending, dict):
        yield ("pending: nothing",)
        return
    yield (Span("pending: ", Style.WARNING), str(pending.get("plan", "")).removeprefix("Plan: "))
    yield ("  pvesdn plan shows it, pvesdn apply carries it out",)


def _when(at: Any) -> str:
    return clock_time(at) if isinstance(at, int | float) else "at a time that is not known"
