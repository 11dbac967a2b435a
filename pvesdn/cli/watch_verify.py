"""`pvesdn watch --verify`: how this node's network is after a boot or a reload, told once; FRR restarted if it may."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from pvesdn.cli import statuses
from pvesdn.cli.screens.documents import discrepancy
from pvesdn.cli.screens.reading import Reading
from pvesdn.cli.screens.verify import discrepancy_lines, last_line
from pvesdn.cli.session import Session
from pvesdn.cli.watch_files import VERIFY_FILE, WatchFiles
from pvesdn.cli.watch_once import messages
from pvesdn.errors import SettingsError
from pvesdn.model.findings import Severity
from pvesdn.model.verification import Verification
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.watch import require_node
from pvesdn.workflows.watch_memory import digest_of
from pvesdn.workflows.watch_verify import NodeVerdict, verify_own_node


def verify_node(session: Session) -> int:
    """Verify the node this runs on."""
    settings = session.settings()
    world = session.world(settings, Reading(session.screen, is_verbose=session.verbosity > 1))
    files = WatchFiles(settings.watch.state_dir)
    node = require_node(world)
    before = files.document(VERIFY_FILE)
    try:
        verdict = verify_own_node(world, Renderer(), may_restart_frr=settings.watch.restart_frr)
    except KeyboardInterrupt:  # what it would have found is soon no longer so
        return statuses.INTERRUPTED
    except Exception as error:
        document = _unknown(messages(error), node) | {"at": world.clock.now()}
        with suppress(SettingsError):  # the error being raised says more
            files.write(VERIFY_FILE, json.dumps(document))
        if document["digest"] != before.get("digest"):
            raise
        session.screen.line("watch: this node's network still cannot be verified, as told before")
        return statuses.ERROR
    document = _document(verdict.verification, node) | {"at": world.clock.now(), "frr_restarted": verdict.frr_restarted}
    _tell(session, verdict, document, before)
    files.write(VERIFY_FILE, json.dumps(document))
    return statuses.ERROR if document["bad"] else statuses.OK


def _document(verification: Verification, node: str) -> dict[str, Any]:
    """What is kept of it."""
    found = [discrepancy(item) for item in verification.discrepancies]
    line = "".join(part if isinstance(part, str) else part.text for part in last_line(verification))
    return {
        "node": node,
        "verdict": line,
        "bad": verification.count(Severity.ERROR),
        "warnings": verification.count(Severity.WARNING),
        "findings": found,
        "digest": digest_of([json.dumps(found, sort_keys=True)]) if found else "",
    }


def _unknown(lines: Sequence[str], node: str) -> dict[str, Any]:
    """What is kept of a failure: what was found earlier may no longer be so."""
    return {
        "node": node,
        "verdict": f"Not verified: {lines[0] if lines else 'no reason was given'}",
        "bad": 1,
        "warnings": 0,
        "findings": [],
        "frr_restarted": False,
        "digest": digest_of(lines),
    }


def _tell(session: Session, verdict: NodeVerdict, document: dict[str, Any], before: dict[str, Any]) -> None:
    """Findings once, and that they are over."""
    screen = session.screen
    if verdict.frr_restarted:
        screen.line("watch: FRR was started before the network and had missed its devices, so it was restarted")
    if document["digest"] and document["digest"] == before.get("digest"):
        screen.line("watch: what was found at the last look at this node's network is still so")
        return
    screen.wrap(discrepancy_lines(verdict.verification))
    if not screen.is_quiet or document["bad"]:
        screen.line(f"watch: this node's network: {document['verdict']}")
