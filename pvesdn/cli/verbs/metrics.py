"""`pvesdn metrics`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pvesdn.cli import options, statuses
from pvesdn.cli.session import Session


@click.command(epilog=statuses.TABLE)
@click.option(
    "-o", "--output", type=options.FILE, metavar="FILE",
    help="Put them into FILE, whole or not at all, for node_exporter's textfile collector.",
)  # fmt: skip
@click.option("--paths", is_flag=True, help="Try the ways between the VTEPs too, as verify does: sends packets.")
@options.folder
@options.common
@click.pass_obj
def metrics(session: Session, *, output: Path | None, paths: bool, folder: Path | None) -> int:
    """Print what status and verify see of the cluster as metrics for Prometheus. Changes nothing.

    Node ids are those of prometheus-pve-exporter, `vni` and `vxlanIf` those of frr_exporter. What could not be looked
    at is absent. If the cluster cannot be looked at at all, FILE says so by `pvesdn_up 0`.
    """
    from pvesdn.cli.exposing import exposed, written  # noqa: PLC0415 - help must be quick

    if output is None:
        sys.stdout.write(exposed(session, folder, tries_paths=paths))
    else:
        written(session, output, folder, tries_paths=paths)
    return statuses.OK
