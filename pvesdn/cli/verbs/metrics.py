"""`pvesdn metrics`."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pvesdn.cli import options, places, statuses
from pvesdn.cli.session import Session

if TYPE_CHECKING:
    from pvesdn.model.primitives import IpAddress

_EVERY = 55
"""Seconds: a little less than the minute that Prometheus has by default, so that each scrape has its own look."""


class _Place(click.ParamType):  # type: ignore[type-arg] # generic only for those who check
    """``192.0.2.1:9913`` or ``[2001:db8::1]:9913``: a name would be another address some day."""

    name = "address:port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[IpAddress, int]:
        """The address and the port."""
        from pvesdn.model.primitives import PORT_MAX, bounded  # noqa: PLC0415 - help must be quick

        host, _, said = str(value).rpartition(":")
        port = bounded(said, PORT_MAX)
        is_bracketed = host.startswith("[") and host.endswith("]")
        try:
            address = ip_address(host[1:-1] if is_bracketed else host)
        except ValueError:
            address = None
        if address is None or port is None or is_bracketed != (address.version == 6):  # noqa: PLR2004 - of IP
            self.fail(f"{value!r} is not an address and a port such as 127.0.0.1:9913 or [::1]:9913", param, ctx)
        return address, port


@click.command(epilog=statuses.TELL_TABLE)
@click.option(
    "-o", "--output", type=places.OUTPUT, metavar="FILE",
    help="Put them into FILE, whole or not at all, for node_exporter's textfile collector.",
)  # fmt: skip
@click.option(
    "--listen", type=_Place(), metavar="ADDRESS:PORT",
    help="Stay, and answer Prometheus there: HTTP without TLS or a password, so 127.0.0.1 is a good place.",
)  # fmt: skip
@click.option(
    "--every", type=click.IntRange(5, 3600), default=_EVERY, show_default=True, metavar="SECONDS",
    help="With --listen: look at the cluster when somebody asks, but not more often than that.",
)  # fmt: skip
@click.option("--paths", is_flag=True, help="Try the ways between the VTEPs too, as verify does: sends packets.")
@options.folder
@options.common
@click.pass_obj
def metrics(
    session: Session,
    *,
    output: Path | None,
    listen: tuple[IpAddress, int] | None,
    every: int,
    paths: bool,
    folder: Path | None,
) -> int:
    """Print what status and verify see of the cluster as metrics for Prometheus. Changes nothing.

    Node ids are those of prometheus-pve-exporter, `vni` and `vxlanIf` those of frr_exporter. What could not be looked
    at is absent. If the cluster cannot be looked at at all, FILE says so by `pvesdn_up 0`, and so does the answer.
    """
    if listen is not None:
        if output is not None or folder is not None:
            raise click.UsageError("--listen goes with neither --output nor --from")
        from pvesdn.cli.scraping import serve  # noqa: PLC0415 - help must be quick

        return serve(session, *listen, every=every, tries_paths=paths)
    from pvesdn.cli.exposing import exposed, written  # noqa: PLC0415

    if output is None:
        sys.stdout.write(exposed(session, folder, tries_paths=paths))
    else:
        written(session, output, folder, tries_paths=paths)
    return statuses.OK
