"""What scenarios do about zones of PVE's panel: they move to pvesdn.cfg and back, by the scripts that pvesdn writes."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from pvesdn_lab.live.testbed.space import LabFault
from pvesdn_lab.live.verbs.context import Context, require
from pvesdn_lab.simulated.commands import run
from pvesdn_lab.simulated.commands.state import write_json

_SLOW = 300.0
"""Seconds for a script; emulation is slow."""
_SCRIPTS = ("to-pvesdn.sh", "back-to-pve.sh")


def propose_move(context: Context, *, zones: list[str]) -> str:
    """`pvesdn import --from-pve`: nothing stands against it, and in the plan every device stays."""
    words = [word for zone in zones for word in ("--from-pve", zone)]
    place = _place(context)
    shutil.rmtree(place, ignore_errors=True)
    found = context.lab.cluster.pvesdn("import", *words, "--output", str(place))
    if found.status:
        raise LabFault(f"pvesdn import ended with {found.status}: {found.complaints.strip()[-1500:]}")
    plan = found.document["plan"]
    actions = {
        row["name"]: row["action"] for node in plan["nodes"] for file in node["files"] for row in file["interfaces"]
    }
    other = {name: action for name, action in actions.items() if action != "change"}
    require(actions and not other, "every device to be changed in place", other)
    devices = {node.name: numbers_of(context, node.name, actions) for node in context.nodes()}
    context.notes["moved"] = devices
    return f"{len(actions)} devices change their file, {sum(len(found) for found in devices.values())} on all nodes"


def run_script(context: Context, *, name: str) -> str:
    """Run one of the scripts that `propose_move` had written, as root on a node would; no node changes by it."""
    if name not in _SCRIPTS:
        raise LabFault(f"there is no script {name}, only {', '.join(_SCRIPTS)}")
    files = {node.name: node.read("/etc/network/interfaces.d/sdn") for node in context.nodes()}
    sdn = context.lab.cluster.pve.world.pmxcfs.sdn
    text = (_place(context) / name).read_text("utf-8").replace("/etc/pve/sdn", str(sdn))
    done = subprocess.run(
        ["sh", "-c", text],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SLOW,
        env={**os.environ, "PATH": f"{commands(context)}:{os.environ['PATH']}"},
    )
    require(done.returncode == 0, f"{name} to end with 0", f"{done.returncode}: {done.stderr[-800:]}")
    after = {node.name: node.read("/etc/network/interfaces.d/sdn") for node in context.nodes()}
    require(after == files, "no node to be changed before apply")
    return f"{text.count('pvesh ')} calls of PVE's API, and no node has changed"


def same_devices(context: Context) -> str:
    """The devices that moved are those that there were, by the kernel's numbers: none was deleted and made anew."""
    before = context.notes["moved"]
    for name, numbers in before.items():
        now = numbers_of(context, name, numbers)
        require(
            now == numbers, f"the same devices on {name}", {d: now.get(d) for d in numbers if now.get(d) != numbers[d]}
        )
    return f"{sum(map(len, before.values()))} devices on {len(before)} nodes are the same"


def numbers_of(context: Context, node: str, names: object) -> dict[str, int]:
    """The kernel's number of each of these devices that the node has."""
    links = context.lab.node(node).devices()
    return {name: int(link["ifindex"]) for name, link in links.items() if name in names}  # type: ignore[operator]


def _place(context: Context) -> Path:
    return context.lab.folder / f"move-{context.folder.name}"


def commands(context: Context) -> Path:
    """A folder with `pvesh`, which asks the simulated API as root, and a `pvesdn` that says nothing."""
    root = context.lab.folder / "controller"
    bin_ = root / "bin"
    bin_.mkdir(parents=True, exist_ok=True)
    pve = context.lab.cluster.pve
    authorization = f"PVEAPIToken={pve.token('root@pam', 'pvesh')}"
    write_json(root, "api", {"url": pve.sim.url, "ca_file": str(pve.ca.file), "authorization": authorization})
    pvesh = shlex.join([sys.executable, run.__file__, "pvesh", str(bin_)])
    for name, line in (("pvesh", f'exec {pvesh} "$@"'), ("pvesdn", "exit 0")):
        (bin_ / name).write_text(f"#!/bin/sh\n{line}\n", "utf-8")
        (bin_ / name).chmod(0o755)
    return bin_
