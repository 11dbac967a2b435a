"""`pvesdn verify`."""

from __future__ import annotations

from functools import partial
from math import isnan
from pathlib import Path
from typing import Any

import click

from pvesdn.cli import complete, options, statuses
from pvesdn.cli.screens.screen import Screen
from pvesdn.cli.screens.verify import discrepancy_lines, last_line, unseen_lines, verify_document, zone_lines
from pvesdn.cli.session import Session
from pvesdn.cli.source import cluster_of, some, take
from pvesdn.cli.verdict import Judging, require_names, status_of
from pvesdn.errors import SettingsError
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.verification import Verification
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.further import look_further
from pvesdn.workflows.last_applied import held
from pvesdn.workflows.verify import verify_understood, verify_within, zone_of_devices
from pvesdn.workflows.world import World

_LONGEST = 3600
"""Seconds: what has not come back within an hour does not come back by waiting."""


class _Seconds(click.FloatRange):
    """A number on the clock: that `nan` is neither below nor above anything does not make it one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        seconds: float = super().convert(value, param, ctx)
        if isnan(seconds):
            self.fail(f"{value!r} is not a number of seconds", param, ctx)
        return seconds


@click.command(cls=Judging, epilog=statuses.VERIFY_TABLE)
@options.nodes
@click.option("--zone", metavar="ZONE", shell_complete=complete.zones, help="Only what guests of this zone may notice.")
@click.option(
    "--wait",
    type=_Seconds(min=0, max=_LONGEST),
    default=0.0,
    metavar="SECONDS",
    help="Look again until nothing is bad, for at most so long: after a reload BGP takes its time.",
)
@options.folder
@options.json_output
@options.common
@click.pass_obj
def verify(session: Session, *, only: tuple[str, ...], zone: str | None, wait: float, folder: Path | None) -> int:
    """Check that the network is what the definitions say. Changes nothing.

    Files, devices, flooding, kernel settings, routes, FRR and its BGP sessions are held against pvesdn.cfg and against
    what PVE has committed, on every node; then the nodes send each other packets as large as the zones allow. Each
    finding tells what was expected and found, the likely cause, and what to do next. What was not checked is said, too.
    """
    if wait and folder is not None:
        raise SettingsError("--wait needs a cluster, and --from has none", hint="leave one of them out")
    if folder is not None:
        verification = _of(None, take(session, folder), only, zone)
    else:
        world = cluster_of(session)
        verification = verify_within(world, wait, lambda snapshot: _of(world, snapshot, only, zone))
    status = status_of(verification)
    if session.wants_json:
        session.document("verify", verify_document(verification, status))
    else:
        _show(session.screen, verification)
    return status


def _of(world: World | None, snapshot: Snapshot, only: tuple[str, ...], zone: str | None) -> Verification:
    """What a snapshot shows, and what is tried besides. :param world: None where there is only a snapshot."""
    against = held(world, snapshot)
    require_names(against.known, frozenset(only), frozenset(() if zone is None else (zone,)))
    its = zone_of_devices(against.known, zone)
    further = None if world is None else partial(look_further, world, only=some(only), zone=its)
    return against.told(verify_understood(against.known, Renderer(), only=some(only), zone=zone, further=further))


def _show(screen: Screen, verification: Verification) -> None:
    screen.wrap(discrepancy_lines(verification))
    if not screen.is_quiet:
        screen.lines(zone_lines(verification))
        screen.wrap(unseen_lines(verification))
    screen.line(*last_line(verification))
