"""`pvesdn lab`: a cluster of network namespaces with real FRR and ifupdown2, to try pvesdn on.

What it starts is pvesdn-lab, a distribution of its own: its modules are imported once it is known to be there.
"""

from __future__ import annotations

import functools
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ParamSpec

import click

from pvesdn.cli import complete, lab_package, options, places, statuses
from pvesdn.cli.screens.screen import Screen
from pvesdn.cli.screens.tables import folded
from pvesdn.cli.session import Session
from pvesdn.errors import SettingsError

Arguments = ParamSpec("Arguments")

MACHINES = ("auto", "uml", "qemu")

_machine = click.option(
    "--machine",
    type=click.Choice(MACHINES),
    default="auto",
    show_default=True,
    help="What carries Debian's kernel where this one lacks devices: user-mode Linux or qemu.",
)

_NAME = "pvesdn.lab.name"


def _keep_name(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.meta[_NAME] = value


_name = click.option(
    "--name", "which", expose_value=False, callback=_keep_name,
    help="Which lab, where several are up side by side.  [default: lab]",
)  # fmt: skip


def _which() -> str:
    """The lab that is meant; `--name` may stand before and after the verb."""
    from pvesdn_lab.live.outside.session import DEFAULT  # noqa: PLC0415

    return str(click.get_current_context().meta.get(_NAME, DEFAULT))


def _with_the_lab(function: Callable[Arguments, int]) -> Callable[Arguments, int]:
    """Where the lab is not installed, say how to get it instead."""

    @functools.wraps(function)
    def verb(*args: Arguments.args, **kwargs: Arguments.kwargs) -> int:
        if reason := lab_package.missing():
            raise SettingsError(reason)
        return function(*args, **kwargs)

    return verb


@complete.offers
def _scenarios(_: click.Context) -> list[tuple[str, str]]:
    """For the shell: the scenarios that come with the lab, where it is installed."""
    if lab_package.missing():
        return []
    from pvesdn_lab.live.scenario import all_scenarios  # noqa: PLC0415

    return [(scenario.name, scenario.title) for scenario in all_scenarios()]


@complete.offers
def _nodes(context: click.Context) -> list[tuple[str, str]]:
    """For the shell: the nodes of the lab that is up."""
    return [(name, "") for name in _ready(context)["nodes"]]


@complete.offers
def _places(context: click.Context) -> list[tuple[str, str]]:
    """For the shell: where commands can be run in it."""
    ready = _ready(context)
    return [(name, kind[:-1]) for kind in ("nodes", "guests", "others") for name in ready[kind]]


@complete.offers
def _vnets(context: click.Context) -> list[tuple[str, str]]:
    """For the shell: the VNets of its scenario."""
    if not (scenario := str(_ready(context)["scenario"])):
        return []
    from pvesdn_lab.live.scenario import FOLDER  # noqa: PLC0415

    files = sorted((FOLDER / scenario).rglob("*.cfg"))
    return sorted({(name, "") for file in files for kind, name in complete.sections(str(file)) if kind == "vnet"})


def _ready(context: click.Context) -> Mapping[str, Any]:
    """What is known of the lab that the command line names; nothing where none is up."""
    nothing: Mapping[str, Any] = {"nodes": {}, "guests": {}, "others": {}, "scenario": ""}
    if lab_package.missing():
        return nothing
    from pvesdn_lab.live.outside import session as live  # noqa: PLC0415

    try:
        return live.running(str(context.meta.get(_NAME, live.DEFAULT))).ready
    except SettingsError:
        return nothing


@click.group(epilog=statuses.TABLE, subcommand_metavar="WHAT [ARGUMENTS]")
@_name
@options.common
def lab() -> None:
    """Try pvesdn on a cluster that lives in network namespaces of this machine: FRR, ifupdown2, SSH and the kernel are
    real, the PVE API is simulated. Needs pvesdn-lab, root and Debian's package manager; installs nothing on this
    machine, and leaves nothing behind.
    """


@lab.command("list")
@click.pass_obj
@_with_the_lab
def list_(session: Session) -> int:
    """List the scenarios, and the labs that are up."""
    from pvesdn_lab.live.outside import session as live  # noqa: PLC0415
    from pvesdn_lab.live.scenario import all_scenarios  # noqa: PLC0415

    titles = ((scenario.name, scenario.title) for scenario in all_scenarios())
    session.screen.lines(folded(titles, session.screen.width))
    names = live.names()
    for name in names:
        try:
            ready = live.running(name).ready
        except SettingsError as error:
            session.screen.remark(f"{error}.")
        else:
            places = ", ".join([*ready["nodes"], *ready["guests"]])
            session.screen.line(f"Up: {name}, with the scenario {ready['scenario']} on {places}.")
    if not names:
        session.screen.remark("No lab is up.")
    return statuses.OK


@lab.command()
@click.argument("scenario", default="unicast", shell_complete=_scenarios)
@_machine
@_name
@click.pass_obj
@_with_the_lab
def up(session: Session, *, scenario: str, machine: str) -> int:
    """Build a lab with the definitions and guests of SCENARIO, and leave it running."""
    from pvesdn_lab.live.outside import session as live  # noqa: PLC0415
    from pvesdn_lab.live.scenario import choose  # noqa: PLC0415

    name = _which()
    ready = live.up(name, choose([scenario])[0], session.screen.remark, machine).ready
    session.screen.line(f"Up: {', '.join([*ready['nodes'], *ready['guests']])}.")
    next_words = ("exec node1 -- ip -br link", "exec controller -- pvesdn plan", "down")
    session.screen.remark(f"Next: {', '.join(f'`{live.typed(name, words)}`' for words in next_words)}.")
    return statuses.OK


@lab.command("exec", context_settings={"ignore_unknown_options": True})
@click.argument("place", shell_complete=_places)
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@_with_the_lab
def execute(*, place: str, command: tuple[str, ...]) -> int:
    """Run COMMAND on PLACE: a node, a guest, a router, or `controller`, whose pvesdn is set up for the lab.

    For example `pvesdn lab exec node1 -- ip -br link` or `pvesdn lab exec controller -- pvesdn plan`.
    """
    from pvesdn_lab.live.outside import session as live  # noqa: PLC0415

    return live.execute(live.running(_which()), place, command)


@lab.group()
def guest() -> None:
    """Guests of the lab."""


@guest.command()
@click.argument("name")
@click.option("--node", required=True, shell_complete=_nodes, help="The node to start it on.")
@click.option("--vnet", required=True, shell_complete=_vnets, help="The VNet to plug it into.")
@click.option("--ip", "addresses", multiple=True, metavar="ADDRESS/LENGTH", help="An address; may be repeated.")
@click.option("--gateway", "gateways", multiple=True, metavar="ADDRESS", help="A default gateway; may be repeated.")
@_name
@click.pass_obj
@_with_the_lab
def add(
    session: Session, *, name: str, node: str, vnet: str, addresses: tuple[str, ...], gateways: tuple[str, ...]
) -> int:
    """Start a guest."""
    from pvesdn_lab.live.outside import session as live  # noqa: PLC0415

    request = {"do": "guest", "name": name, "node": node, "vnet": vnet, "addresses": list(addresses)}
    answer = live.ask(live.running(_which()), {**request, "gateways": list(gateways)})
    session.screen.line(f"{name} is on {node}, its port is {answer['port']}.")
    return statuses.OK


@lab.command()
@_name
@click.pass_obj
@_with_the_lab
def down(session: Session) -> int:
    """End the lab: nothing of it is left."""
    from pvesdn_lab.live.outside import session as live  # noqa: PLC0415

    name = _which()
    if live.down(name):
        session.screen.remark("The lab is down.")
    else:
        others = "".join(f" `{live.typed(other, 'down')}` ends the lab '{other}'." for other in live.names())
        session.screen.remark(f"No lab '{name}' is up.{others}")
    return statuses.OK


@lab.command()
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO]...", shell_complete=_scenarios)
@click.option("--results", type=places.NEW_FOLDER, help="Where to keep what was measured.  [default: nowhere]")
@click.option("--if-possible", is_flag=True, help="Where the lab cannot run, say why in one line and end well.")
@click.option(
    "--only-here", is_flag=True, help="Name what this kernel cannot carry instead of running it in a machine."
)
@click.option("--again", is_flag=True, help="Run scenarios that failed once more, in a new lab; the evidence tells it.")
@click.option(
    "--join", is_flag=True, help="Keep what --results has of other scenarios from earlier runs; the evidence tells it."
)
@click.option("--evidence", type=click.Path(path_type=Path, dir_okay=False), help="Write what was measured as a table.")
@_machine
@click.pass_obj
def test(
    session: Session,
    *,
    scenarios: tuple[str, ...],
    results: Path | None,
    if_possible: bool,
    only_here: bool,
    again: bool,
    join: bool,
    evidence: Path | None,
    machine: str,
) -> int:
    """Run scenarios, all of them if none is named, and prove what they say on live state."""
    if reason := lab_package.missing() or (_obstacle(session.screen) if if_possible else ""):
        if not if_possible:
            raise SettingsError(reason)
        session.screen.remark(f"The lab was skipped: {reason}.")
        return statuses.OK
    if join and results is None:
        raise click.UsageError("--join needs --results: the folder whose results are kept")
    ways = {"kind": machine, "only_here": only_here, "if_possible": if_possible, "again": again, "joins": join}
    if results is not None:
        results.mkdir(parents=True, exist_ok=True)
        return _test(session.screen, scenarios, results.resolve(), evidence, ways)
    with tempfile.TemporaryDirectory(prefix="pvesdn-results-") as folder:
        return _test(session.screen, scenarios, Path(folder), evidence, ways)


def _obstacle(screen: Screen) -> str:
    """Why the lab cannot run on this machine; empty when it can, and then what it needs has been fetched."""
    from pvesdn_lab.live.outside.kernel import obstacle  # noqa: PLC0415
    from pvesdn_lab.live.packages import NODE, fetch  # noqa: PLC0415

    try:
        reason = obstacle()
        if not reason:
            fetch(NODE, screen.remark)
    except SettingsError as error:
        return str(error)
    return reason or ""


def _test(
    screen: Screen, scenarios: tuple[str, ...], results: Path, evidence: Path | None, ways: dict[str, Any]
) -> int:
    """:param ways: options of `run_scenarios`."""
    from pvesdn_lab.live.evidence import write_evidence  # noqa: PLC0415
    from pvesdn_lab.live.outside.holder import run_scenarios  # noqa: PLC0415
    from pvesdn_lab.live.scenario import choose  # noqa: PLC0415

    # Unlike Ctrl-C, a request to end would not let folders be cleared away.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    is_good = run_scenarios(choose(scenarios), results, screen.remark, **ways)
    if evidence is not None:
        write_evidence(results, evidence)
    return statuses.OK if is_good else statuses.ERROR
