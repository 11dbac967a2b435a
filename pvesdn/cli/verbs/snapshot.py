"""`pvesdn snapshot`."""

from __future__ import annotations

from pathlib import Path

import click

from pvesdn.adapters.snapshot_dir import write_snapshot
from pvesdn.cli import options, places, statuses
from pvesdn.cli.screens.screen import counted
from pvesdn.cli.session import Session
from pvesdn.cli.source import take


@click.command(epilog=statuses.LOOK_TABLE)
@click.argument("folder", type=places.NEW_FOLDER, metavar="DIR")
@options.common
@click.pass_obj
def snapshot(session: Session, *, folder: Path) -> int:
    """Read everything a plan needs, and what the nodes are doing, into the new folder DIR. Changes nothing in the
    cluster.

    `pvesdn plan --from DIR` and `pvesdn verify --from DIR` then work without the cluster, and the folder can be
    attached to a bug report: every value that is not known to be harmless is replaced by a placeholder; addresses and
    names are kept.
    """
    taken = take(session, None, has_state=True)
    notes = write_snapshot(folder, taken)
    for note in notes:
        session.screen.remark(f"note: {note}")
    for name, reason in sorted(taken.unreachable.items()):
        session.screen.warning(f"not included: {name}: {reason.removeprefix(f'{name}: ')}")
    session.screen.line(f"Wrote {counted(len(taken.nodes), 'node')} to {folder}")
    return statuses.UNREACHABLE if taken.unreachable else statuses.OK
