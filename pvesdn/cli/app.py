"""The command `pvesdn`: its verbs, loaded when called, and what happens to every error."""

from __future__ import annotations

import contextlib
import errno
import importlib
import io
import os
import sys
from collections.abc import Mapping, Sequence

import click

from pvesdn import __version__
from pvesdn.cli import statuses
from pvesdn.cli.options import common
from pvesdn.cli.screens.screen import Screen
from pvesdn.cli.session import Session, WorldBuilder
from pvesdn.errors import NodeUnreachable, PvesdnError, SdnConfigError, TaskFailed
from pvesdn.model.secret_variables import SECRET_VARIABLES

_VERBS = {
    "plan": "Show what apply would change, on every node; changes nothing.",
    "apply": "Carry out the plan: stage everywhere, then write, reload and verify.",
    "confirm": "Have what apply --confirm has done stay, or tell what is open.",
    "rollback": "Put back what an open apply has done, or go back to earlier definitions.",
    "history": "Show what was applied: when, by whom, why, and how it ended.",
    "diff": "Compare the definitions of two applies, or of one and now.",
    "status": "Show on one screen how cluster, zones and nodes are doing; changes nothing.",
    "topology": "Draw nodes, sessions, zones, VNets, guests and exits; changes nothing.",
    "report": "Make one HTML page of status, findings, plan, history and the map.",
    "verify": "Check that the network is what the definitions say; changes nothing.",
    "metrics": "Print what status and verify see as metrics for Prometheus.",
    "trace": "Follow a packet from one guest or address to another; changes nothing.",
    "render": "Write the files of every node into a folder.",
    "show": "Show zones, VNets, VTEPs and nodes as pvesdn understands them.",
    "import": "Propose definitions for a hand-written set-up, and plan the cut-over.",
    "publish": "Move a zone's VNets from pvesdn.cfg to PVE's panel, carried by pvesdn.",
    "snapshot": "Save everything a plan needs in a folder, without secrets.",
    "watch": "Plan, or apply, when definitions or membership have changed.",
    "check": "Check definitions alone, without a cluster, for editors and CI.",
    "lab": "Try pvesdn on a cluster in network namespaces, with real FRR and ifupdown2.",
}
"""Each is a command in the module of the same name; the texts are the short help."""

_MODULES = {"import": "adopt"}
"""Verbs whose name is a Python keyword."""

_DISK_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def verbs() -> Mapping[str, str]:
    """Each verb with its short help."""
    return _VERBS


class _Verbs(click.Group):
    """Imports a verb when it is called; listing the verbs imports none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            if ctx.resilient_parsing:  # a shell asks what could come next, and shows no errors
                return None
            from pvesdn.model.nearest import nearest  # noqa: PLC0415 - only a slip of the finger needs it

            near = nearest(cmd_name, _VERBS)
            ctx.fail(f"there is no verb '{cmd_name}'{f'; did you mean {near}?' if near else ''}")
        module = _MODULES.get(cmd_name, cmd_name)
        command: click.Command = getattr(importlib.import_module(f"pvesdn.cli.verbs.{module}"), module)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(_VERBS.items()))


@click.command(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=statuses.TABLE,
    invoke_without_command=True,
    subcommand_metavar="VERB [ARGUMENTS]",
)
@common
@click.version_option(__version__, prog_name="pvesdn", message="%(prog)s %(version)s")
@click.pass_context
def pvesdn(context: click.Context) -> int:
    """Software-defined networks of a Proxmox VE cluster: planned before they are applied.

    The definitions are PVE's own in /etc/pve/sdn and pvesdn.cfg beside them. `pvesdn VERB --help` says more about a
    verb.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help(), err=True)
        return statuses.ERROR
    return statuses.OK


def run(
    argv: Sequence[str], *, environ: Mapping[str, str] | None = None, build_world: WorldBuilder | None = None
) -> int:
    """One call of the command line; the result is its exit status.

    :param environ: the environment, by default the process's own.
    :param build_world: builds another world than the settings describe.
    """
    _print_everything()
    surroundings = os.environ if environ is None else environ
    session = Session(surroundings, Screen(surroundings), build_world)
    status: int
    try:
        status = pvesdn.main(args=list(argv), prog_name="pvesdn", standalone_mode=False, obj=session) or statuses.OK
        sys.stdout.flush()
    except click.ClickException as error:
        status = _usage(session, error, argv)
    except (KeyboardInterrupt, click.Abort):
        session.screen.error(session.aftermath())
        status = statuses.INTERRUPTED
    except PvesdnError as error:
        status = _failed(session, error)
    except BrokenPipeError:
        _give_up_output()
        status = statuses.ERROR
    except Exception as error:  # noqa: BLE001 - whatever it is, the screen gets one line
        status = _unprintable(session, error) or _crashed(session, error, argv)
    return status


def _unprintable(session: Session, error: Exception) -> int | None:
    """The exit status when standard output cannot be written, such as on a full disk; None for any other error."""
    # Errors about files name the file: one without a name is about the stream.
    if not isinstance(error, OSError) or error.filename is not None or error.errno not in _DISK_FAULTS:
        return None
    _give_up_output()
    session.screen.error(f"standard output: {error.strerror}")
    return statuses.ERROR


def _print_everything() -> None:
    """A character that a terminal cannot show is printed as its number instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _usage(session: Session, error: click.ClickException, argv: Sequence[str]) -> int:
    context = getattr(error, "ctx", None)
    session.wants_json = session.wants_json or "--json" in argv  # what cannot be parsed has set nothing
    _tell_machines(session, session.failure, [error.format_message()])
    session.screen.error(error.format_message())
    if context is not None:
        session.screen.remark(f"see: {context.command_path} --help")
    return session.failure


def _failed(session: Session, error: PvesdnError) -> int:
    status = statuses.UNREACHABLE if isinstance(error, NodeUnreachable) else session.failure
    messages = list(error.lines) if isinstance(error, SdnConfigError) else str(error).splitlines()
    _tell_machines(session, status, messages)
    for message in messages:
        session.screen.error(message)
    for line in error.log if isinstance(error, TaskFailed) else ():
        session.screen.remark(f"  | {line}")
    return status


def _tell_machines(session: Session, status: int, messages: Sequence[str]) -> None:
    """Print the error as a document, if a document was asked for."""
    if session.wants_json:
        session.document("error", {"exit_status": status, "errors": list(messages)})


def _give_up_output() -> None:
    """The reader of our output is gone: drop what is still in the buffers, without an error at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _crashed(session: Session, error: Exception, argv: Sequence[str]) -> int:
    from pvesdn.cli.crash import report  # noqa: PLC0415 - only a crash needs it

    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    secrets = [*session.secrets, *(session.environ.get(name, "") for name in SECRET_VARIABLES)]
    file = report(error, argv, session.environ, secrets=secrets)
    where = f"a report is in {file}" if file else "no report could be written"
    _tell_machines(session, session.failure, [f"{type(error).__name__}; {where}"])
    session.screen.error(f"unexpected error: {type(error).__name__}; {where}")
    return session.failure
