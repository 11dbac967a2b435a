"""`pvesdn watch`."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import click

import pvesdn
from pvesdn.cli import options, statuses
from pvesdn.cli.session import Session

if TYPE_CHECKING:
    from pvesdn.settings import Settings

TICK = 5
"""Seconds between two ticks of the process that waits for changes."""


@click.command(epilog=statuses.TABLE)
@click.option("--once", "what", flag_value="once", help="Look once and exit.")
@click.option(
    "--verify", "what", flag_value="verify", help="Look at this node's network once, as after a reload, and exit."
)
@click.option("--metrics", "what", flag_value="metrics", help="Write the file of [metrics] textfile once, and exit.")
@click.option("--status", "what", flag_value="status", help="Tell what watch does on this node, and what it has found.")
@options.json_output
@options.common
@click.pass_obj
def watch(session: Session, *, what: str | None) -> int:
    """Wait for changes of the definitions in /etc/pve/sdn and of the membership, and plan when there are any.

    Applies the plan, unasked, where the settings say [watch] action = "apply". Runs on every node of the cluster, as
    pvesdn-watch.service: the online node with the lowest id acts, the others stand by; without a quorum nobody acts.
    Obstacles are left for a person. After a boot and after a reload of a node's network, that node is verified. The
    node that acts writes metrics where [metrics] textfile names a file; without a quorum the one that would act does.

    Changes that come together are taken together, and definitions that cannot be used yet are waited for, five minutes
    at most. A run that was cut off starts again, one that failed is retried after an hour. A problem is reported once,
    and again when it is over; while it lasts, so does the exit status of --once.
    """
    if session.wants_json and what != "status":
        raise click.UsageError("--json needs --status")
    if what == "once":
        from pvesdn.cli.watch_once import look  # noqa: PLC0415 - the process that stays is to be small

        return look(session)
    if what == "verify":
        from pvesdn.cli.watch_verify import verify_node  # noqa: PLC0415

        return verify_node(session)
    if what == "metrics":
        from pvesdn.cli.watch_metrics import write_metrics  # noqa: PLC0415

        return write_metrics(session)
    if what == "status":
        from pvesdn.cli.watch_status import show_status  # noqa: PLC0415

        return show_status(session)
    return _stay(session)


def _stay(session: Session) -> int:
    """Become the process that waits for changes.

    :raises SettingsError: the settings cannot be used.
    :raises NodeFailed: this is no node of a cluster.
    """
    from pvesdn.cli.screens.reading import Reading  # noqa: PLC0415
    from pvesdn.cli.watch_files import WatchFiles  # noqa: PLC0415
    from pvesdn.workflows.watch import require_node  # noqa: PLC0415

    settings = session.settings()
    node = require_node(session.world(settings, Reading(session.screen, is_verbose=False)))
    WatchFiles(settings.watch.state_dir).require()
    told = json.dumps(_told(session, settings, node))
    sys.stdout.flush()
    # The process that has all of pvesdn loaded would be six times as large.
    argv = [*python("from pvesdn.watcher.__main__ import main; sys.exit(main(sys.argv[1]))"), told]
    os.execv(argv[0], argv)  # noqa: S606 - no shell is wanted


def python(start: str) -> list[str]:
    """Python at the beginning of `start`, with the modules that this process has, wherever they lie: Debian's package
    has a folder of its own. Isolated if this process is: then no variable, and no folder of a user's, brings others.
    """
    home = os.path.dirname(os.path.dirname(os.path.abspath(pvesdn.__file__)))  # noqa: PTH100, PTH120 - it has no links
    found = f"import sys; sys.path[:0] = [] if {home!r} in sys.path else [{home!r}]; {start}"
    return [sys.executable, "-I" if sys.flags.isolated else "-P", "-c", found]


def _told(session: Session, settings: Settings, node: str) -> dict[str, object]:
    """What `pvesdn.watcher` needs to know."""
    from pvesdn.settings import settings_file  # noqa: PLC0415
    from pvesdn.wiring import local_root  # noqa: PLC0415
    from pvesdn.workflows.watch import SEEN_TO  # noqa: PLC0415

    words = [*(["-q"] if session.screen.is_quiet else []), *["-v"] * session.verbosity]
    if session.config is not None:
        words += ["--config", str(session.config.absolute())]
    return {
        "node": node,
        "root": str(local_root(settings)),
        "folder": str(settings.watch.state_dir.absolute()),
        "files": [*SEEN_TO],
        "settings": str(settings_file(session.config, session.environ).absolute()),
        "command": [*python("from pvesdn.cli import main; main()"), "--color", session.screen.color, *words],
        "tick": TICK,
        "metrics": _metrics(settings),
    }


def _metrics(settings: Settings) -> dict[str, object] | None:
    file = settings.metrics.textfile
    if file is None:
        return None
    from pvesdn.compare.metrics import unknown  # noqa: PLC0415
    from pvesdn.render.prometheus import exposition  # noqa: PLC0415

    return {"file": str(file), "every": settings.metrics.every, "unknown": exposition(unknown())}
