"""`pvesdn watch --metrics`: the file for node_exporter, written by the node that acts for the cluster."""

from __future__ import annotations

import json
from contextlib import suppress

from pvesdn.cli import statuses
from pvesdn.cli.exposing import written
from pvesdn.cli.session import Session
from pvesdn.cli.watch_files import METRICS_FILE, WatchFiles
from pvesdn.cli.watch_once import messages
from pvesdn.errors import SettingsError
from pvesdn.workflows.watch_memory import digest_of


def write_metrics(session: Session) -> int:
    """Write it. Why it cannot be done is told once, and so is that it can be done again.

    :raises SettingsError: the settings name no file.
    :raises PvesdnError: nothing could be looked at, which the file says then, or the file cannot be written.
    """
    settings = session.settings()
    file = settings.metrics.textfile
    if file is None:
        raise SettingsError("there is no file to write metrics to", hint="set [metrics] textfile")
    files = WatchFiles(settings.watch.state_dir)
    before = files.document(METRICS_FILE).get("digest", "")
    try:
        written(session, file, None, tries_paths=False)
    except Exception as error:
        digest = digest_of(messages(error))
        with suppress(SettingsError):  # the error being raised says more
            files.write(METRICS_FILE, json.dumps({"digest": digest}))
        if digest != before:
            raise
        return statuses.ERROR
    if before:
        files.write(METRICS_FILE, "{}")
        session.screen.line("watch: metrics are written again")
    return statuses.OK
