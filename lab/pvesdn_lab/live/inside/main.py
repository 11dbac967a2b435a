"""The process in the middle of a live lab, process 1 of its namespaces: builds, runs scenarios,
writes what was found.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from pvesdn.errors import PvesdnError
from pvesdn_lab.live.evidence import RESULTS
from pvesdn_lab.live.exchange import READY
from pvesdn_lab.live.inside.serve import serve
from pvesdn_lab.live.packages import NODE, Unpacked, fetch
from pvesdn_lab.live.scenario import Scenario, Step, read_scenario
from pvesdn_lab.live.testbed.groups import clear_groups
from pvesdn_lab.live.testbed.lab import Lab
from pvesdn_lab.live.testbed.space import LabFault
from pvesdn_lab.live.testbed.topology import read_topology
from pvesdn_lab.live.verbs.context import Context, NotProven
from pvesdn_lab.live.verbs.table import perform

_BUILD = Step("build_the_lab")
"""What comes before a scenario's own steps, where it is the first on its topology."""


@dataclass(frozen=True, slots=True)
class Result:
    """One step of a scenario as it went.

    :param outcome: ``ok``, ``failed`` (not proven), ``broken`` (the lab itself) or ``skipped``.
    :param measured: what was found.
    :param order: of the scenario among all.
    :param figures: the same as numbers, for a table.
    :param attempt: 2 where the scenario failed once before.
    :param run: when the run began, of which this is a part.
    """

    scenario: str
    title: str
    verb: str
    proves: str
    outcome: str
    measured: str
    seconds: float
    kernel: str
    order: int = 0
    attempt: int = 1
    run: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


class Recorder:
    """Results as they come: one JSON line each, and a line to look at."""

    def __init__(self, folder: Path, run: str) -> None:
        self._folder = folder
        self._run = run
        self._file = folder / RESULTS
        self._attempt = 1
        self.failed: set[str] = set()

    def begin_again(self) -> None:
        """What comes now is a second attempt."""
        self._attempt += 1
        self.failed.clear()

    def add(self, result: Result) -> None:
        """Keep and show a result."""
        if result.outcome in {"failed", "broken"}:
            self.failed.add(result.scenario)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(replace(result, attempt=self._attempt, run=self._run))) + "\n")
        what = result.proves or result.verb
        print(f"  {result.outcome:7} {result.scenario}: {what}: {result.measured} [{result.seconds:.1f} s]", flush=True)  # noqa: T201

    def keep(self, name: str, text: str) -> None:
        """Put something beside the results for whoever looks for a reason."""
        (self._folder / name).write_text(text, "utf-8")
        print(f"          the nodes' state is in {name} beside the results", flush=True)  # noqa: T201


@contextmanager
def open_lab(folder: Path, topology: Path, packages: Unpacked) -> Iterator[Lab]:
    """A lab on a file system in memory that goes with these namespaces."""
    clear_groups()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "pvesdn-lab", str(folder)], check=True)
    lab: Lab | None = None
    try:
        begin = time.monotonic()
        lab = Lab(folder, read_topology(topology), packages)
        lab.build()
        print(f"lab of {len(lab.cluster.live)} nodes up after {time.monotonic() - begin:.1f} s", flush=True)  # noqa: T201
        yield lab
    finally:
        if lab is not None:
            lab.close()
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
        clear_groups()


def run_scenarios(
    scenarios: list[Scenario], folder: Path, results: Path, *, again: bool = False, run: str = ""
) -> bool:
    """Run them, those with one topology in one lab; a lab that breaks costs the next scenario a new one.

    :param again: run those that failed once more, which the results tell.
    :param run: when the run began, for the results.
    :returns: all went well, in the end.
    """
    packages = fetch(NODE, lambda text: print(text, flush=True))  # noqa: T201
    recorder = Recorder(results, run)
    _run_all(scenarios, folder, packages, recorder)
    failed = [scenario for scenario in scenarios if scenario.name in recorder.failed]
    if failed and again:
        print(f"once more: {', '.join(scenario.name for scenario in failed)}", flush=True)  # noqa: T201
        recorder.begin_again()
        _run_all(failed, folder, packages, recorder)
    return not recorder.failed


def _run_all(scenarios: list[Scenario], folder: Path, packages: Unpacked, recorder: Recorder) -> None:
    for topology, group in groupby(scenarios, key=lambda scenario: scenario.topology):
        waiting = list(group)
        while waiting:
            begin = time.monotonic()
            try:
                with open_lab(folder, topology, packages) as lab:
                    recorder.add(_result(waiting[0], _BUILD, "ok", f"{len(lab.nodes)} nodes", time.monotonic() - begin))
                    _run_some(lab, waiting, recorder)
            except (LabFault, PvesdnError, OSError, subprocess.SubprocessError) as fault:
                if not waiting:
                    raise
                recorder.add(_result(waiting.pop(0), _BUILD, "broken", f"no lab: {fault}", time.monotonic() - begin))


def _run_some(lab: Lab, waiting: list[Scenario], recorder: Recorder) -> None:
    """Run scenarios from the front of `waiting` until one leaves the lab in an unknown state."""
    while waiting:
        scenario = waiting.pop(0)
        print(f"{scenario.name}: {scenario.title}", flush=True)  # noqa: T201
        context = Context(lab, scenario.folder)
        is_good = all(_run_step(context, scenario, number, recorder) for number in range(len(scenario.steps)))
        lab.kill_watchers()
        lab.remove_guests()
        if not is_good:
            return


def _run_step(context: Context, scenario: Scenario, number: int, recorder: Recorder) -> bool:
    step, begin = scenario.steps[number], time.monotonic()
    context.figures = {}
    try:
        outcome, measured = "ok", perform(context, step.verb, step.arguments)
    except NotProven as failure:
        outcome, measured = "failed", str(failure)
    except (LabFault, PvesdnError) as fault:
        outcome, measured = "broken", str(fault)
    except Exception:  # noqa: BLE001 - the other scenarios go on
        outcome, measured = "broken", traceback.format_exc()
    result = _result(scenario, step, outcome, measured, time.monotonic() - begin)
    recorder.add(replace(result, figures=context.figures))
    if outcome != "ok":
        recorder.keep(f"{scenario.name}-{number + 1}.txt", _show_nodes(context))
    return outcome != "broken"


def _result(scenario: Scenario, step: Step, outcome: str, measured: str, seconds: float) -> Result:
    kernel = Path("/proc/sys/kernel/osrelease").read_text("ascii").strip()
    return Result(
        scenario.name,
        scenario.title,
        step.verb,
        step.proves,
        outcome,
        measured,
        round(seconds, 2),
        kernel,
        scenario.order,
    )


def _show_nodes(context: Context) -> str:
    """What somebody wants to see who looks for the reason of a failure."""
    script = (
        "ip -br address; ip neigh; ip route show table all | grep -v local; bridge fdb;"
        "cat /etc/network/interfaces.d/* /etc/frr/frr.conf;"
        "for i in 'bgp l2vpn evpn summary' 'evpn vni' 'ip route vrf all' 'bgp l2vpn evpn' 'vrrp' running-config;"
        'do vtysh -c "show $i" 2>&1; done;'
        "systemctl --no-pager --full --failed; journalctl --no-pager --boot --lines=300"
    )
    told = [f"==== watcher of {name}\n{watcher.log}\n" for name, watcher in context.lab.watchers.items()]
    told += [f"==== {node.name}\n{node.space.call('bash', '-c', script).stdout}\n" for node in context.nodes()]
    return "".join(told)


def keep_up(folder: Path, scenario: Scenario, results: Path) -> None:
    """A lab that stays until it is ended from outside."""
    packages = fetch(NODE, lambda text: print(text, flush=True))  # noqa: T201
    with open_lab(folder, scenario.topology, packages) as lab:
        serve(Context(lab, scenario.folder), scenario, results, READY)


def main(request: Mapping[str, Any]) -> int:
    """``{"folder", "results"}`` and ``"scenarios": [folders]`` to run, or ``"serve": folder`` to stay up with one.

    With ``"again": true`` what failed is run once more; ``"run"`` is when the whole run began.
    """
    folder, results = Path(request["folder"]), Path(request["results"])
    if "serve" in request:
        keep_up(folder, read_scenario(Path(request["serve"])), results)
        return 0
    scenarios = [read_scenario(Path(path)) for path in request["scenarios"]]
    ways = {"again": request.get("again", False), "run": request.get("run", "")}
    return 0 if run_scenarios(scenarios, folder, results, **ways) else 1


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
