"""What verbs that judge the network have in common: their exit status, and the names that they take."""

from __future__ import annotations

import click

from pvesdn.cli import statuses
from pvesdn.cli.session import Session
from pvesdn.cli.source import no_such, require_members
from pvesdn.model.findings import Severity
from pvesdn.model.verification import Verification
from pvesdn.workflows.understand import Understanding
from pvesdn.workflows.verify import zone_ids


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


def require_names(known: Understanding, nodes: frozenset[str], zones: frozenset[str]) -> None:
    """:raises SettingsError: a name is not one of a node, or of a zone."""
    members = {member.name for member in known.given.cluster.members}
    require_members(nodes, {*members, *known.snapshot.nodes})
    there = zone_ids(known)
    for zone in sorted(zones - there):
        raise no_such("zone", zone, "zones", there)
