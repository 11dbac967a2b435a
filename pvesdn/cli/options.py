"""Options shared by several verbs. Those of the whole command are accepted before and after the verb."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import click

from pvesdn.cli import complete
from pvesdn.cli.places import FILE, FOLDER
from pvesdn.cli.session import Session

if TYPE_CHECKING:
    from pathlib import Path

    from pvesdn.model.order import Wishes

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Duration(click.ParamType):  # type: ignore[type-arg] # generic only for those who check
    """Seconds from ``90s``, ``10m``, ``2h`` or a bare number of seconds."""

    name = "duration"
    _UNITS: ClassVar = {"": 1, "s": 1, "m": 60, "h": 3600}
    _LEAST, _MOST = 30, 24 * 3600

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The seconds."""
        match = re.fullmatch(r"([0-9]{1,6})([smh]?)", str(value))
        if match is None:
            self.fail(
                f"{value!r} is not a time such as 10m or 90s; name the time before anything else: --confirm 10m",
                param,
                ctx,
            )
        seconds = int(match[1]) * self._UNITS[match[2]]
        if not self._LEAST <= seconds <= self._MOST:
            self.fail(f"{value!r} is not between 30 seconds and a day", param, ctx)
        return seconds


class Comment(click.ParamType):  # type: ignore[type-arg] # generic only for those who check
    """One line of text for the history."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text without blanks around it."""
        from pvesdn.model.history import LONGEST_COMMENT  # noqa: PLC0415 - help must be quick

        text = str(value).strip()
        if not text.isprintable():
            self.fail("a comment is one line of printable text", param, ctx)
        if len(text) > LONGEST_COMMENT:
            self.fail(f"a comment has at most {LONGEST_COMMENT} characters, and this one has {len(text)}", param, ctx)
        return text


def common(function: Decorated) -> Decorated:
    """`--config`, `--color`, `--no-color`, `-q`, `-v`, for the group and for each verb."""
    for option in reversed(
        (
            click.option(
                "--config", type=FILE, metavar="FILE", expose_value=False, callback=_config,
                help="Settings file.  [default: $PVESDN_CONFIG, else /etc/pve/priv/pvesdn.toml]",
            ),
            click.option(
                "--color", type=click.Choice(["auto", "always", "never"]), expose_value=False, callback=_color,
                help="When to use colours.  [default: auto: on a terminal, unless NO_COLOR is set]",
            ),
            click.option("--no-color", is_flag=True, expose_value=False, callback=_no_color, help="Same as --color=never."),
            click.option("-q", "--quiet", is_flag=True, expose_value=False, callback=_quiet, help="Only results, warnings and errors."),
            click.option("-v", "--verbose", count=True, expose_value=False, callback=_verbose, help="Print more; twice for even more."),
        )
    ):  # fmt: skip
        function = option(function)
    return function


def json_output(function: Decorated) -> Decorated:
    """`--json`, and the spelling of PVE's own tools."""
    function = click.option(
        "--output-format", type=click.Choice(["text", "json"]), expose_value=False, callback=_output_format, hidden=True
    )(function)
    return click.option(
        "--json", is_flag=True, expose_value=False, callback=_json, help="Print one JSON document and nothing else."
    )(function)


def source(function: Decorated) -> Decorated:
    """`--from` and `--intent`."""
    function = click.option(
        "--intent", type=click.Choice(["pending", "running"]), default="pending", show_default=True,
        help="Which of PVE's own definitions to use: those in the files, or those last committed.",
    )(function)  # fmt: skip
    return folder(function)


def folder(function: Decorated) -> Decorated:
    """`--from` alone, for verbs that choose the intent themselves."""
    return click.option(
        "--from", "folder", type=FOLDER, metavar="DIR", help="Work on a snapshot instead of the cluster."
    )(function)


def draft(function: Decorated) -> Decorated:
    """`--definitions`, for verbs that read pvesdn.cfg."""
    return click.option(
        "--definitions", "draft_file", type=FILE, metavar="FILE",
        help="A draft to use instead of the cluster's pvesdn.cfg; - reads it from standard input.",
    )(function)  # fmt: skip


def nodes(function: Decorated) -> Decorated:
    """`--node`, which can be repeated."""
    return click.option(
        "--node", "only", multiple=True, metavar="NODE", shell_complete=complete.nodes,
        help="Only this node; can be repeated.",
    )(function)  # fmt: skip


def peers(function: Decorated) -> Decorated:
    """`--sync-peers`, for verbs that plan."""
    return click.option(
        "--sync-peers", is_flag=True,
        help="Let the peers of PVE's vxlan zones and evpn controllers follow the members of the cluster.",
    )(function)  # fmt: skip


def yes(function: Decorated) -> Decorated:
    """`--yes`, for verbs that carry out a plan."""
    return click.option("-y", "--yes", "is_agreed", is_flag=True, help="Apply without asking.")(function)


def confirm(function: Decorated) -> Decorated:
    """`--confirm`, for verbs that carry out a plan; None where it is not given."""
    return click.option(
        "--confirm", "confirm_within", type=Duration(), is_flag=False, flag_value="10m", metavar="[TIME]",
        help="Put everything back unless `pvesdn confirm` comes within TIME, such as 90s or 1h; 10m if none is given.",
    )(function)  # fmt: skip


def comment(function: Decorated) -> Decorated:
    """`--comment`, for verbs that leave an entry in the history."""
    return click.option(
        "--comment", type=Comment(), default="", metavar="TEXT", help="Why, for `pvesdn history`; one line."
    )(function)


def diff(function: Decorated) -> Decorated:
    """`--diff`, for verbs that show a plan."""
    return click.option("--diff", "has_diff", is_flag=True, help="Show what changes in each file.")(function)


def turns(function: Callable[..., int]) -> Callable[..., int]:
    """The options about the order of the nodes; the verb gets them as `wishes`."""

    @wraps(function)
    def with_wishes(*args: Any, canary: str | None, batch: int | None, **given: Any) -> int:
        from pvesdn.model.order import BATCH, Wishes  # noqa: PLC0415 - help must be quick

        return function(*args, wishes=Wishes(canary=canary, batch=batch or BATCH), **given)

    first = click.option(
        "--canary", metavar="NODE", shell_complete=complete.nodes,
        help="The node that goes first; the rest wait until it is good.",
    )  # fmt: skip
    most = click.option(
        "--batch", type=click.IntRange(min=1), metavar="N", help="Nodes at most that change side by side behind it; 8."
    )
    return first(most(with_wishes))


def way(function: Callable[..., int]) -> Callable[..., int]:
    """The options about how a plan is carried out; the verb gets them as `manner`."""

    @wraps(function)
    def with_manner(
        *args: Any,
        confirm_within: int | None,
        wishes: Wishes,
        comment: str,
        no_commit: bool,
        commit_unrehearsed: bool,
        **given: Any,
    ) -> int:
        from pvesdn.model.manner import Manner  # noqa: PLC0415 - help must be quick

        if no_commit and confirm_within is not None:
            raise click.UsageError("--no-commit puts every node back, so there is nothing to confirm")
        manner = Manner(confirm_within or 0, comment, wishes, not no_commit, commit_unrehearsed)
        return function(*args, manner=manner, **given)

    told: Callable[..., int] = with_manner
    for option in reversed(
        (
            confirm,
            turns,
            comment,
            click.option(
                "--no-commit", is_flag=True,
                help="Try out what PVE has pending and put every node back; PVE commits nothing.",
            ),
            click.option(
                "--commit-unrehearsed", is_flag=True,
                help="Have PVE commit what cannot be tried out before, because its version is newer than pvesdn knows.",
            ),
        )
    ):  # fmt: skip
        told = option(told)
    return told


def decisions(function: Callable[..., int]) -> Callable[..., int]:
    """The options by which a person decides about obstacles; the verb gets them as `flags`."""

    @wraps(function)
    def with_flags(
        *args: Any,
        overwrite: bool,
        detach_guests: bool,
        with_interfaces_new: bool,
        allow_management: tuple[str, ...],
        **given: Any,
    ) -> int:
        from pvesdn.model.flags import PlanFlags  # noqa: PLC0415 - help must be quick

        flags = PlanFlags(
            overwrite=overwrite,
            detach_guests=detach_guests,
            interfaces_new=with_interfaces_new,
            allow_management=frozenset(allow_management),
        )
        return function(*args, flags=flags, **given)

    decided: Callable[..., int] = with_flags
    for option in reversed(
        (
            click.option("--overwrite", is_flag=True, help="Replace files that somebody else has written or edited."),
            click.option(
                "--detach-guests", is_flag=True,
                help="Remove bridges even if guests are plugged into them, or move those to another zone.",
            ),
            click.option(
                "--with-interfaces-new", is_flag=True,
                help="Let the reload apply the unapplied edits in /etc/network/interfaces.new.",
            ),
            click.option(
                "--allow-management", multiple=True, metavar="NODE", shell_complete=complete.nodes,
                help="Change devices that carry this node's own address or VTEP; can be repeated.",
            ),
        )
    ):  # fmt: skip
        decided = option(decided)
    return decided


def carrying_out(function: Callable[..., int]) -> Callable[..., int]:
    """Those of a verb that makes a plan of its own and carries it out: `--yes`, `--confirm`, `--comment`, `--diff`, the
    decisions, `--json`, and those of the whole command.
    """
    for option in (common, json_output, decisions, diff, comment, confirm, yes):
        function = option(function)
    return function


def _session(context: click.Context) -> Session:
    session = context.find_object(Session)
    assert session is not None  # noqa: S101 - run() puts it there
    return session


def _config(context: click.Context, _: click.Parameter, value: Path | None) -> None:
    if value is not None:
        _session(context).config = value


def _color(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        _session(context).screen.color = value


def _no_color(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's protocol
    if value:
        _session(context).screen.color = "never"


def _quiet(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's protocol
    if value:
        _session(context).screen.is_quiet = True


def _verbose(context: click.Context, _: click.Parameter, value: int) -> None:
    _session(context).verbosity += value


def _json(context: click.Context, _: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's protocol
    if value:
        _session(context).wants_json = True


def _output_format(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value == "json":
        _session(context).wants_json = True
