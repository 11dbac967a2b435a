"""What `pvesdn metrics` prints, and how it gets into a file."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pvesdn.cli.screens.reading import Reading
from pvesdn.cli.session import Session
from pvesdn.cli.source import take
from pvesdn.cli.whole import write_whole
from pvesdn.compare.metrics import unknown
from pvesdn.errors import SettingsError
from pvesdn.render.prometheus import exposition
from pvesdn.render.renderer import Renderer
from pvesdn.settings import Settings
from pvesdn.workflows.metrics import look, of_snapshot

MODE = 0o644
"""Of the file: node_exporter is not root. There is no secret in it."""
PATIENCE = 60.0
"""Seconds for which one node may take to answer; a reload that the settings wait longer for is no question of ours."""


def exposed(session: Session, folder: Path | None, *, tries_paths: bool) -> str:
    """One look at the cluster, or at a snapshot, as text.

    :raises PvesdnError: nothing could be looked at.
    """
    if folder is None:
        world = session.world(impatient(session.settings()), Reading(session.screen, is_verbose=session.verbosity > 1))
        return exposition(look(world, Renderer(), tries_paths=tries_paths))
    if tries_paths:
        raise SettingsError("--paths needs a cluster, and --from has none", hint="leave one of them out")
    return exposition(of_snapshot(take(session, folder), Renderer()))


def written(session: Session, file: Path, folder: Path | None, *, tries_paths: bool) -> None:
    """The same into a file. Where nothing could be looked at it says so: values of before would be taken for those of
    now.

    :raises PvesdnError: nothing could be looked at, or the file cannot be written.
    """
    try:
        text = exposed(session, folder, tries_paths=tries_paths)
    except Exception:
        with suppress(SettingsError):  # the error being raised says more
            put(file, exposition(unknown()))
        raise
    put(file, text)


def put(file: Path, text: str) -> None:
    """Put it in place.

    :raises SettingsError: it cannot be written.
    """
    try:
        write_whole(file, text, mode=MODE)
    except OSError as error:
        raise SettingsError(
            f"{file}: {error.strerror}", hint="name a file in node_exporter's folder, which has to be there"
        ) from None


def impatient(settings: Settings) -> Settings:
    """The settings for one look that somebody waits for."""
    ssh = settings.ssh.model_copy(update={"timeout": min(settings.ssh.timeout, PATIENCE)})
    return settings.model_copy(update={"ssh": ssh})
