"""`pvesdn render`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from pvesdn.cli import options, places, statuses
from pvesdn.cli.draft import read_draft
from pvesdn.cli.screens.screen import counted
from pvesdn.cli.session import Session
from pvesdn.cli.source import require_members, show_findings, some, take, understood
from pvesdn.cli.whole import require_replaceable, write_whole
from pvesdn.errors import SettingsError
from pvesdn.model.dhcp_unit import DROP_INS
from pvesdn.model.files import (
    FRR_CONF,
    FRR_CONF_LOCAL,
    FRR_DAEMONS,
    OUR_INTERFACES,
    OUR_SYSCTL,
    SDN_INTERFACES,
    RenderedFile,
)
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.decoded import Intent
from pvesdn.workflows.plan import render_understood

MANAGED = (OUR_INTERFACES, SDN_INTERFACES, FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS, OUR_SYSCTL)


@click.command(epilog=statuses.LOOK_TABLE)
@click.option(
    "--output", type=places.NEW_FOLDER, required=True, metavar="OUT", help="Folder to write into; created if absent."
)
@options.nodes
@options.draft
@options.source
@options.common
@click.pass_obj
def render(
    session: Session,
    *,
    output: Path,
    only: tuple[str, ...],
    draft_file: Path | None,
    folder: Path | None,
    intent: Intent,
) -> int:
    """Write the files of every node as OUT/NODE/PATH, such as OUT/pve1/etc/frr/frr.conf. Touches no node.

    Files of an earlier run are replaced, and those that a node should no longer have are removed; anything else in OUT
    stays.
    """
    draft = None if draft_file is None else read_draft(draft_file)
    snapshot = take(session, folder)
    known = understood(snapshot, draft, intent)
    show_findings(session.screen, known.findings)
    wanted = some(only)
    members = sorted(member.name for member in known.given.cluster.members)
    require_members(wanted, members)
    session.aftermath = lambda: f"Interrupted: {output} may lack files of some nodes; no node was touched."
    nodes = files = 0
    try:
        for node, rendered in render_understood(known, Renderer(), only=wanted):
            files += _write_node(output / node, rendered)
            nodes += 1
    except OSError as error:
        raise SettingsError(f"{error.filename or output}: {error.strerror}", hint="choose another folder") from None
    session.screen.line(f"Wrote {counted(files, 'file')} of {counted(nodes, 'node')} to {output}")
    gone = {name: reason for name, reason in snapshot.unreachable.items() if wanted is None or name in wanted}
    for name, reason in sorted((gone | dict(known.unreadable)).items()):
        session.screen.warning(f"not rendered: {name}: {reason.removeprefix(f'{name}: ')}")
    return statuses.UNREACHABLE if gone or known.unreadable else statuses.OK


def _write_node(folder: Path, rendered: Iterable[RenderedFile]) -> int:
    texts = {file.path: file for file in rendered if file.text is not None}
    folder.mkdir(parents=True, exist_ok=True)
    for path in MANAGED:
        place = folder / path.lstrip("/")
        require_replaceable(place)
        if path not in texts:
            place.unlink(missing_ok=True)
    for place in folder.glob(DROP_INS.lstrip("/")):
        if f"/{place.relative_to(folder).as_posix()}" not in texts:
            place.unlink()
    for path, file in texts.items():
        target = folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        write_whole(target, file.text or "", mode=int(file.mode, 8))
    return len(texts)
