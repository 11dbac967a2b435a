"""What verbs that judge the network have in common: their exit status, and the names that they take."""

from __future__ import annotations

import click

from pvesdn.cli import statuses
from pvesdn.cli.session import Session
from pvesdn.cli.source import no_such, require_members
from pvesdn.errors import SettingsError
from pvesdn.model.findings import Severity
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.verification import Verification
from pvesdn.workflows.understand import Understanding
from pvesdn.workflows.verify import undone_ids, zone_ids


class Judging(click.Command):
    """Its exit status tells what is bad, a network or definitions, from what nobody could look at, or a wrong call."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        session = ctx.find_object(Session)
        if session is not None:
            session.failure = statuses.NOT_CHECKED
        return super().parse_args(ctx, args)


def status_of(verification: Verification) -> int:
    """What is bad comes before a node that was not reached, and that before what may become bad."""
    if not verification.nodes:
        return statuses.NOT_CHECKED
    if verification.count(Severity.ERROR):
        return statuses.ERROR
    if verification.unreachable:
        return statuses.UNREACHABLE
    return statuses.WARNINGS if verification.has_doubts else statuses.OK


def require_names(
    known: Understanding,
    nodes: frozenset[str],
    zones: frozenset[str],
    *,
    vnets: frozenset[str] = frozenset(),
    wanted: Snapshot | None = None,
) -> None:
    """Refuse a name that is not one of a node, a zone or a VNet, and one of which there is nothing to look at yet.

    :param wanted: the snapshot as it was read, where `known` has other definitions than its files.
    :raises SettingsError: it says which one may have been meant, or that it was not applied.
    """
    members = {member.name for member in known.given.cluster.members}
    require_members(nodes, {*members, *known.snapshot.nodes})
    there = zone_ids(known), frozenset(vnet.id for vnet in known.given.sdn.both.vnets)
    if zones <= there[0] and vnets <= there[1]:
        return
    undone = undone_ids(known, wanted or known.snapshot)
    for noun, asked, ids, drawn in zip(("zone", "VNet"), (zones, vnets), there, undone, strict=True):
        for name in sorted(asked - ids):
            if name in drawn:
                hint = "pvesdn plan shows what comes of it, pvesdn apply does it"
                raise SettingsError(f"{noun} '{name}' is defined and was not applied yet", hint=hint)
            raise no_such(noun, name, f"{noun}s", ids)
