"""Live labs seen from outside: where they run, how they start, and that nothing of them is left."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pvesdn
import pvesdn_lab
from pvesdn.errors import SettingsError
from pvesdn_lab.live.evidence import join_results, last_words, read_results
from pvesdn_lab.live.outside import kernel, machines
from pvesdn_lab.live.outside.queue import Load, Part, in_order, side_by_side
from pvesdn_lab.live.outside.shares import share
from pvesdn_lab.live.packages import NODE, Say, fetch
from pvesdn_lab.live.scenario import Scenario
from pvesdn_lab.live.testbed.groups import clear_groups

NAMESPACES = ("--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc")
PARENT = Path("/run")
PREFIX = "pvesdn-lab-"
TEST_SECONDS = 4500.0
"""For all scenarios of a lab: enough for second attempts on a busy machine."""


def run_scenarios(
    scenarios: Iterable[Scenario],
    results: Path,
    say: Say,
    *,
    kind: str = "auto",
    only_here: bool = False,
    if_possible: bool = False,
    again: bool = False,
    joins: bool = False,
) -> bool:
    """Run scenarios: here what the kernel can, the rest in virtual machines with Debian's, all at the same time.

    :param results: a folder that gets ``results.jsonl``.
    :param kind: of the machine, one of `machines.KINDS`.
    :param only_here: name the rest instead of running it.
    :param if_possible: name the rest also where no machine can be had.
    :param again: run what failed once more; the results tell it.
    :param joins: `results` keeps what an earlier run has found of other scenarios; the results tell it.
    :returns: all went well, in the end.
    :raises SettingsError: this machine cannot carry the lab.
    """
    if reason := kernel.obstacle():
        raise SettingsError(reason)
    here, elsewhere = divide(scenarios, kernel.probe())
    fetch(NODE, say)
    spread, left_out = _machines(elsewhere, kind, say, only_here=only_here, if_possible=if_possible)
    if left_out:
        say(left_out)
    ways = {"again": again, "run": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"}
    for part in (*results.glob("here-*"), *results.glob("machine-*")):  # of an earlier run
        shutil.rmtree(part, ignore_errors=True)
    statuses: dict[Path, int] = {}
    number = len(os.sched_getaffinity(0))
    places = _Places(results, ways)
    for _, place, is_over in side_by_side(in_order(spread, here), number, places.start, TEST_SECONDS):
        statuses[place.results] = _status(place, say, is_over=is_over)
    join_results(statuses, results, joins=joins)
    if statuses:
        _sum_up(statuses, say)
    if left_out:
        say(left_out)  # once more: what is said at the beginning is out of sight by now
    return not any(statuses.values())


def _status(place: _Place, say: Say, *, is_over: bool) -> int:
    """The status of what has run there; a place that is lost does not take along what others have found."""
    if not is_over:
        say(f"{place.results.name} did not end within {TEST_SECONDS:g} s")
        return 1
    try:
        return place.status()
    except SettingsError as error:
        say(str(error))
        return 1


def _sum_up(statuses: Mapping[Path, int], say: Say) -> None:
    """Say at the end what did not hold: where it happened is out of sight by now.

    :param statuses: of the parts' labs.
    """
    rows: list[dict[str, Any]] = []
    for part, status in statuses.items():
        found = read_results(part)
        if status and all(row["outcome"] == "ok" for row in found):
            say(f"{part.name}: its scenarios were not all run, and the lab ended with status {status}")
        rows += found
    for line in last_words(rows):
        say(line)


def _machines(
    scenarios: list[Scenario], kind: str, say: Say, *, only_here: bool, if_possible: bool
) -> tuple[list[Load], str]:
    """Machines for scenarios that this kernel cannot carry, and one line that says what is left out where there is no
    machine for it.
    """
    if not scenarios:
        return [], ""
    if only_here:
        return [], _not_tried(scenarios, "this kernel has no VRF devices")
    translating = [scenario for scenario in scenarios if scenario.nat]
    able: list[Scenario] = []
    try:
        usual = machines.choose(kind, say)
        able = [scenario for scenario in scenarios if not scenario.nat]
        apart = machines.with_nat(usual, say) if translating else usual
    except SettingsError as error:
        if not if_possible:
            raise
        left_out = [scenario for scenario in scenarios if scenario not in able]
        reason = f"a machine for them cannot be had: {error}"
        return (_spread(able, usual, usual) if able else []), _not_tried(left_out, reason)
    return _spread(scenarios, usual, apart), ""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where scenarios are run.

    :param status: the exit status of the lab's process, which has ended; may raise `SettingsError`.
    """

    results: Path
    process: subprocess.Popen[bytes]
    status: Callable[[], int]


@dataclass(frozen=True, slots=True)
class _Places:
    """Starts labs.

    :param results: a folder that gets one for each of them.
    :param ways: how scenarios are run.
    """

    results: Path
    ways: Mapping[str, Any]

    @contextmanager
    def start(self, part: Part) -> Iterator[_Place]:
        """Begin, and leave nothing behind."""
        if part.machine is not None:
            folder = _next(self.results, "machine")
            argv, given = in_machine(_request(part.scenarios, machines.SHARED, self.ways))
            with part.machine.carry(argv, folder, given) as machine:
                yield _Place(folder, machine.process, partial(machine.wait, 60.0))
        else:
            folder = _next(self.results, "here")
            with _carry(_request(part.scenarios, folder, self.ways)) as process:
                yield _Place(folder, process, process.wait)


def _next(results: Path, kind: str) -> Path:
    """A folder for the results of one more lab of that kind."""
    made = results / f"{kind}-{sum(path.name.startswith(kind) for path in results.iterdir()) + 1}"
    made.mkdir()
    return made


def _not_tried(scenarios: Iterable[Scenario], reason: str) -> str:
    return f"not tried: {', '.join(scenario.name for scenario in scenarios)}: {reason}"


def _spread(scenarios: list[Scenario], carrier: machines.VirtualMachine, apart: machines.VirtualMachine) -> list[Load]:
    """What each of several machines that run side by side has to do: where scenarios with NAT need another machine, it
    is one more, as far as there is memory, for they are few.

    :param apart: the machine for scenarios with NAT, which may be the same.
    """
    number = carrier.side_by_side()
    with_nat = [scenario for scenario in scenarios if scenario.nat]
    rest = [scenario for scenario in scenarios if not scenario.nat]
    beside = min(number, carrier.in_memory() - 1)
    if not with_nat or apart == carrier or beside < 1:
        return [(apart if with_nat else carrier, some) for some in share(scenarios, number)]
    return [*((carrier, some) for some in share(rest, beside)), (apart, with_nat)]


def divide(scenarios: Iterable[Scenario], able: kernel.Kernel) -> tuple[list[Scenario], list[Scenario]]:
    """Those that the kernel at hand can carry, and the others."""
    here: list[Scenario] = []
    elsewhere: list[Scenario] = []
    for scenario in scenarios:
        (elsewhere if able.lacks(scenario.devices) else here).append(scenario)
    return here, elsewhere


def command(request: Mapping[str, Any]) -> list[str]:
    """The lab's process, in namespaces of its own."""
    return ["unshare", *NAMESPACES, sys.executable, "-P", "-m", "pvesdn_lab.live.inside.main", json.dumps(request)]


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder to mount the lab's file system on; gone afterwards."""
    path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=PARENT))
    try:
        yield path
    finally:
        path.rmdir()
        clear_groups(patience=5)


def environment() -> dict[str, str]:
    """For the lab's process: the Python packages that this process has."""
    sources = dict.fromkeys(str(Path(package.__file__ or "").parent.parent) for package in (pvesdn, pvesdn_lab))
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return {**os.environ, "PATH": path, "PYTHONPATH": os.pathsep.join(sources)}


@contextmanager
def _carry(request: Mapping[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """Run scenarios on the kernel at hand."""
    with folder() as place:
        # It dies with us, whatever kills us; and its namespaces die with it.
        argv = ["setpriv", "--pdeathsig", "KILL", *command({**request, "folder": str(place)})]
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, env=environment(), start_new_session=True) as process:
            try:
                yield process
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def in_machine(request: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """The lab's command for the virtual machine, and its environment there."""
    place = "/run/pvesdn-lab"
    names = ("HOME", "PYTHONPATH", "XDG_CACHE_HOME", "PATH")
    given = {name: value for name, value in environment().items() if name in names}
    argv = command({**request, "folder": place})
    return ["sh", "-c", f'mkdir -p {place}; exec "$@"', "sh", *argv], given


def _request(scenarios: list[Scenario], results: Path, ways: Mapping[str, Any]) -> dict[str, Any]:
    return {**ways, "results": str(results), "scenarios": [str(scenario.folder) for scenario in scenarios]}
