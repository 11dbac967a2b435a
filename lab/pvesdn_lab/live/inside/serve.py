"""A lab that stays, from inside: builds, puts a scenario's definitions and guests there, then answers requests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from pvesdn.errors import PvesdnError
from pvesdn_lab.live.scenario import Scenario
from pvesdn_lab.live.testbed.lab import Lab
from pvesdn_lab.live.testbed.space import PATH, LabFault
from pvesdn_lab.live.verbs.context import Context, NotProven
from pvesdn_lab.live.verbs.table import perform

_SCENE = {"apply": "networks", "by_hand": "networks", "guests": "guests"}
"""What of a scenario makes the scene, and which part of it; the rest is its proofs."""
_FOUND_BY_NETWORKS = ("define", "draw")
"""What the first apply finds there; afterwards it is something that changes."""
_LOOK_SECONDS = 0.1


def set_the_scene(context: Context, scenario: Scenario) -> None:
    """The scenario's first definitions, drawn or written, applied, or its hand-written files, and its first guests."""
    parts = set()
    for step in scenario.steps:
        part = _SCENE.get(step.verb)
        is_found = step.verb in _FOUND_BY_NETWORKS and "networks" not in parts
        if is_found or (part is not None and part not in parts):
            parts.add(part)
            print(perform(context, step.verb, step.arguments), flush=True)  # noqa: T201 - the log of the lab


def describe(lab: Lab, scenario: Scenario) -> dict[str, Any]:
    """What `pvesdn lab` outside needs to know: how to enter each place."""
    nodes = {name: node.space.argv() for name, node in lab.nodes.items() if node.is_on}
    hosts = {**{name: guest.host for name, guest in lab.guests.items()}, **lab.routers}
    guests = {name: host.space.argv() for name, host in hosts.items()}
    path = f"PATH={Path(sys.executable).parent}:{PATH}"
    controller = ["env", path, f"PVESDN_CONFIG={lab.cluster.folder / 'pvesdn.toml'}"]
    return {"scenario": scenario.name, "nodes": nodes, "guests": guests, "others": {"controller": controller}}


def serve(context: Context, scenario: Scenario, folder: Path, ready: str) -> None:
    """Answer requests, files in `folder`, until the lab is ended from outside."""
    # Brought up in the background, the lab has SIGINT ignored, and its commands would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    set_the_scene(context, scenario)
    _write(folder / ready, describe(context.lab, scenario))
    while True:
        for file in sorted(folder.glob("*.request")):
            request = json.loads(file.read_text("utf-8"))
            try:
                answer = _answer(context, request, file.with_suffix(".interrupt"))
            except (LabFault, NotProven, PvesdnError, OSError, ValueError) as error:
                answer = {"error": str(error)}
            _write(folder / ready, describe(context.lab, scenario))
            _write(file.with_suffix(".answer"), answer)
            file.unlink()
            file.with_suffix(".interrupt").unlink(missing_ok=True)
        time.sleep(0.05)


def _answer(context: Context, request: Mapping[str, Any], interrupt: Path) -> dict[str, Any]:
    lab = context.lab
    match request:
        case {"do": "exec", "argv": list(argv), "input": str(text)}:
            return run_command(argv, text, interrupt)
        case {"do": "guest", "name": str(name), "node": str(node), "vnet": str(vnet), "addresses": list(addresses)}:
            return {"port": lab.add_guest(name, node, vnet, addresses, request.get("gateways", ())).port}
    raise LabFault(f"the lab knows no such request: {request}")


def run_command(argv: Sequence[str], text: str, interrupt: Path) -> dict[str, Any]:
    """Run a command to its end with `text` as its input; each time the file `interrupt` appears is a Ctrl-C for it."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        argv, stdin=pipe, stdout=pipe, stderr=pipe, text=True, errors="replace", start_new_session=True
    ) as process:
        left: str | None = text
        while True:
            try:
                output, errors = process.communicate(left, timeout=_LOOK_SECONDS)
            except subprocess.TimeoutExpired:
                left = None
                if interrupt.exists():
                    interrupt.unlink()
                    with suppress(ProcessLookupError):
                        os.killpg(process.pid, signal.SIGINT)
            else:
                return {"status": process.returncode, "output": output, "errors": errors}


def _write(path: Path, document: Mapping[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(json.dumps(document), "utf-8")
    temporary.rename(path)
