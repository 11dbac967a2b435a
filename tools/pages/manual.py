"""The manual: pvesdn(1), a page for each verb, pvesdn.cfg(5) and pvesdn.toml(5).

Nothing is said here that the help of a verb, the grammar or the settings do not say: the pages are made of them when
the package is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import click

from pvesdn import __version__
from pvesdn.cli.app import pvesdn
from pvesdn.cli.app import verbs as short_help
from pvesdn.decode.definitions.own_grammar import SECTIONS
from pvesdn.decode.definitions.own_words import REQUIRED
from pvesdn.decode.definitions.section_config import Section, write
from pvesdn.settings import DEFAULT_FILE
from tools.pages import reference, roff

DEFINITIONS = "/etc/pve/sdn/pvesdn.cfg"
_FILES = (
    (DEFINITIONS, "The definitions, see pvesdn.cfg(5)."),
    (str(DEFAULT_FILE), "The settings; on a node none are needed. See pvesdn.toml(5)."),
    ("/usr/share/doc/pvesdn", "Ten models with their definitions, what an apply promises, and what to do when."),
)


def manual() -> dict[str, str]:
    """Each page by the name of its file."""
    # With its settings: click keeps the help option that it makes at first, for every later call of the verb.
    context = click.Context(pvesdn, info_name="pvesdn", **pvesdn.context_settings)
    pages = {"pvesdn.1": _whole(context), "pvesdn.cfg.5": _definitions(), "pvesdn.toml.5": _settings()}
    for verb in pvesdn.list_commands(context):
        command = pvesdn.get_command(context, verb)
        assert command is not None
        pages[f"pvesdn-{verb}.1"] = _verb(command, verb, click.Context(command, parent=context, info_name=verb))
    return pages


# --- commands ---------------------------------------------------------------------------------------------------------


def _whole(context: click.Context) -> str:
    return roff.page(
        [
            *roff.title("pvesdn", 1, __version__, "software-defined networks of a Proxmox VE cluster"),
            *_synopsis(context),
            *_description(pvesdn),
            ".SH VERBS",
            *(
                line
                for verb, text in short_help().items()
                for line in roff.item(f"{verb}", f"{text} See `pvesdn-{verb}`(1).")
            ),
            *_options(context),
            *_statuses(pvesdn.epilog),
            *_files(),
            *_see_also("pvesdn.cfg(5)", "pvesdn.toml(5)", *(f"pvesdn-{verb}(1)" for verb in short_help())),
        ]
    )


def _verb(command: click.Command, verb: str, context: click.Context) -> str:
    below = [line for name in _below(command) for line in _further(command, name, context)]
    return roff.page(
        [
            *roff.title(f"pvesdn-{verb}", 1, __version__, _as_name(short_help()[verb])),
            *_synopsis(context),
            *_description(command),
            *([".SH COMMANDS", *below] if below else []),
            *_options(context),
            *_statuses(command.epilog),
            *_files(),
            *_see_also("pvesdn(1)", "pvesdn.cfg(5)"),
        ]
    )


def _as_name(text: str) -> str:
    """A sentence of the help as the NAME section has it: no capital, no full stop."""
    return (text[0].lower() + text[1:]).rstrip(".")


def _below(command: click.Command) -> list[str]:
    return list(command.commands) if isinstance(command, click.Group) else []


def _further(group: click.Command, name: str, parent: click.Context) -> Iterator[str]:
    """A command below a verb, and those below it."""
    assert isinstance(group, click.Group)
    command = group.commands[name]
    context = click.Context(command, parent=parent, info_name=name)
    yield f".SS {roff.escaped(_usage(context))}"
    yield from roff.paragraphs(_help(command))
    common = {word for param in pvesdn.params for word in param.opts} | {"--help"}
    own = [param for param in command.get_params(context) if not common & set(param.opts)]
    for record in _records(own, context):
        yield from roff.item(*record)
    for further in _below(command):
        yield from _further(command, further, context)


def _usage(context: click.Context) -> str:
    return " ".join([context.command_path, *context.command.collect_usage_pieces(context)])


def _synopsis(context: click.Context) -> list[str]:
    return [".SH SYNOPSIS", f"\\fB{roff.escaped(_usage(context))}\\fR"]


def _help(command: click.Command) -> str:
    return re.sub(r"^\x08\n", "", (command.help or command.short_help or "").partition("\f")[0], flags=re.MULTILINE)


def _description(command: click.Command) -> list[str]:
    return [".SH DESCRIPTION", *roff.paragraphs(_help(command))]


def _records(params: Iterable[click.Parameter], context: click.Context) -> list[tuple[str, str]]:
    """Each option as it is typed, and what it does. Arguments are explained in the text."""
    found = (param.get_help_record(context) for param in params)
    return [record for record in found if record is not None and record[1]]


def _options(context: click.Context) -> list[str]:
    records = _records(context.command.get_params(context), context)
    return [".SH OPTIONS", *(line for record in records for line in roff.item(*record))]


def _statuses(epilog: str | None) -> list[str]:
    """The table of exit statuses, which the help has as its last words."""
    rows = re.findall(r"^  (\d+) +(\S.*)$", epilog or "", re.MULTILINE)
    if not rows:
        return []
    return [".SH EXIT STATUS", *(line for number, text in rows for line in roff.item(number, text))]


def _files() -> list[str]:
    return [".SH FILES", *(line for place, text in _FILES for line in roff.item(place, text))]


def _see_also(*names: str) -> list[str]:
    marked = (
        re.sub(r"^(.+)(\(\d\))$", lambda name: f"\\fB{roff.escaped(name[1])}\\fR{name[2]}", name) for name in names
    )
    return [".SH SEE ALSO", ", ".join(marked)]


# --- files ------------------------------------------------------------------------------------------------------------


def _definitions() -> str:
    examples = reference.shown_examples()
    body = (line for name in SECTIONS for line in _section(name, examples[name]))
    return roff.page(
        [
            *roff.title("pvesdn.cfg", 5, __version__, "definitions of software-defined networks for pvesdn"),
            ".SH DESCRIPTION",
            *roff.paragraphs(reference.SYNTAX),
            ".SH SECTIONS",
            *body,
            *_see_also("pvesdn(1)", "pvesdn-check(1)", "pvesdn-plan(1)", "pvesdn.toml(5)"),
        ]
    )


def _section(name: str, examples: Iterable[Section]) -> Iterator[str]:
    section = SECTIONS[name]
    yield f".SS {roff.escaped(name)}"
    yield from roff.paragraphs(f"{section.meaning}\n\nID: {section.id}.")
    for key, word in section.words.items():
        given = f"{REQUIRED.capitalize()}." if word.default == REQUIRED else f"Default: {word.default}."
        yield from roff.item(key, word.meaning, f"Type: {word.type}.", given)
    for example in examples:
        yield from roff.verbatim(write([example]))


def _settings() -> str:
    body: list[str] = []
    for name, meaning, keys in reference.settings_tables():
        body += [f".SS [{roff.escaped(name)}]", *roff.paragraphs(meaning)]
        for key in keys:
            given = f"{REQUIRED.capitalize()}." if key.default == REQUIRED else f"Default: {key.default}."
            body += roff.item(key.name, key.meaning, f"Type: {key.type}.", given, f"Example: `{key.example}`")
    return roff.page(
        [
            *roff.title("pvesdn.toml", 5, __version__, "settings of pvesdn"),
            ".SH DESCRIPTION",
            *roff.paragraphs(reference.FILE),
            ".SH TABLES",
            *body,
            *_see_also("pvesdn(1)", "pvesdn.cfg(5)"),
        ]
    )
