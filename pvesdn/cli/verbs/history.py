"""`pvesdn history`."""

from __future__ import annotations

import click

from pvesdn.cli import complete, options, statuses
from pvesdn.cli.screens.history import (
    difference_document,
    difference_lines,
    entry_document,
    entry_lines,
    list_lines,
)
from pvesdn.cli.session import Session
from pvesdn.cli.source import cluster_of
from pvesdn.errors import HistoryError
from pvesdn.model.files import FileChange
from pvesdn.workflows.former import Definitions, between, definitions_before, definitions_now, definitions_of, entry_of
from pvesdn.workflows.history import read_history

_NUMBER = click.IntRange(1, 999_999_999)


class _Further(click.Group):
    """What may stand behind `history`."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is None and not ctx.resilient_parsing:
            meant = f"show {cmd_name}" if cmd_name.isdigit() else "show N or diff N M"
            ctx.fail(f"there is no 'history {cmd_name}'; did you mean history {meant}?")
        return found


@click.group(
    cls=_Further,
    epilog=statuses.TELL_TABLE,
    invoke_without_command=True,
    subcommand_metavar="[show N | diff N [M]]",
)
@options.json_output
@options.common
@click.pass_context
def history(context: click.Context) -> int:
    """Show what was applied: when, by whom, why, what it was about and how it ended; the newest last.

    The last 50 applies at most are kept in /etc/pve/sdn/pvesdn-history.json, with their definitions. `history show N`
    tells everything about one, `pvesdn rollback N` plans to go back to its definitions.
    """
    if context.invoked_subcommand is not None:
        return statuses.OK
    session = context.ensure_object(Session)
    found = read_history(cluster_of(session))
    if session.wants_json:
        entries = [entry_document(entry) for entry in found.entries]
        session.document("history", {"exit_status": statuses.OK, "entries": entries})
    else:
        session.screen.lines(list_lines(found, session.screen.width))
    return statuses.OK


@history.command(epilog=statuses.TELL_TABLE)
@click.argument("number", metavar="N", type=_NUMBER, shell_complete=complete.applies)
@click.option("--definitions", "is_text", is_flag=True, help="Print pvesdn.cfg as it was then, and nothing else.")
@options.json_output
@options.common
@click.pass_obj
def show(session: Session, *, number: int, is_text: bool) -> int:
    """Show everything about apply N, and what it changed in the definitions."""
    if is_text and session.wants_json:
        raise click.UsageError("--definitions prints a file, so it cannot be used with --json")
    found = read_history(cluster_of(session))
    entry = entry_of(found, number)
    if is_text:
        return _print_definitions(definitions_of(found, entry), number)
    changes: tuple[FileChange, ...] | None = None
    unknown = "No earlier apply is known to compare its definitions with."
    try:
        before, after = definitions_before(found, entry), definitions_of(found, entry)
        changes = None if before is None else between(before, after)
    except HistoryError as error:
        unknown = f"What changed in the definitions is not known: {error}."
    if session.wants_json:
        document = {
            "entry": entry_document(entry),
            "definitions": None if changes is None else difference_document(changes),
        }
        session.document("history", {"exit_status": statuses.OK, **document})
    else:
        session.screen.lines(entry_lines(entry, changes, unknown, session.screen.width))
    return statuses.OK


def _print_definitions(former: Definitions, number: int) -> int:
    if former.own is None:
        raise HistoryError(f"apply {number} had no pvesdn.cfg: all its definitions were PVE's own")
    click.echo(former.own, nl=False)  # the file itself: what a screen would make of it is not what it was
    return statuses.OK


@click.command(epilog=statuses.TELL_TABLE)
@click.argument("old", metavar="N", type=_NUMBER, shell_complete=complete.applies)
@click.argument("new", metavar="[M]", type=_NUMBER, required=False, shell_complete=complete.applies)
@options.json_output
@options.common
@click.pass_obj
def diff(session: Session, *, old: int, new: int | None) -> int:
    """Compare the definitions of apply N with those of apply M, or with those of now.

    N and M are numbers of `pvesdn history`. PVE's own definitions are compared as they were committed.
    """
    world = cluster_of(session)
    found = read_history(world)
    first = definitions_of(found, entry_of(found, old))
    second = definitions_now(world) if new is None else definitions_of(found, entry_of(found, new))
    changes = between(first, second)
    if session.wants_json:
        document = {"from": old, "to": new, "definitions": difference_document(changes)}
        session.document("diff", {"exit_status": statuses.OK, **document})
    else:
        nothing = f"No difference between {old} and {'now' if new is None else new}."
        session.screen.lines(difference_lines(changes, nothing))
    return statuses.OK


history.add_command(diff)
