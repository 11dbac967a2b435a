"""Each command of the cut-over and of the way back leaves definitions that a plan accepts, and as long as guests are
plugged in no apply between two commands takes their bridge away.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from pvesdn.model.files import ChangeSet
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.model.zone_move import Command
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan
from pvesdn_lab.simulated import sdn_objects
from tests.unit.move.kit import EVPN, VXLAN, drawn, move

VNETS = "vnet: flat\n\tzone wide\n\ttag 10\n\nvnet: web\n\tzone prod\n\ttag 11\n\n"
SUBNETS = (
    "subnet: prod-10.1.0.0-24\n\tvnet web\n\tgateway 10.1.0.1\n\n"
    "subnet: prod-fd00:1::-64\n\tvnet web\n\tgateway fd00:1::1\n\n"
)


def with_guest(snapshot: Snapshot, bridge: str) -> Snapshot:
    """A guest's port in a bridge of each node."""
    found = {}
    for name, raw in snapshot.nodes.items():
        links = raw.commands["ip-link"]
        assert isinstance(links, list)
        number = 1 + max(link["ifindex"] for link in links)
        port = {"ifindex": number, "ifname": "tap100i0", "mtu": 1450, "operstate": "UP", "master": bridge}
        found[name] = NodeRaw(raw.files, {**raw.commands, "ip-link": [*links, port]})
    return replace(snapshot, nodes=found)


def done(snapshot: Snapshot, command: Command, folder: Path) -> Snapshot:
    """A call of PVE's API, carried out on the definitions."""
    for kind in ("zones", "vnets", "subnets"):
        (folder / f"{kind}.cfg").write_text(snapshot.pve_files.get(f"{kind}.cfg", ""))
    _, verb, path, *options = command
    words = path.removeprefix("/cluster/sdn/").split("/")
    if verb == "delete":
        sdn_objects.delete(folder, words[-2], words[-1])
    else:
        values = {key.removeprefix("--"): value for key, value in zip(options[::2], options[1::2], strict=True)}
        kind = words[-1]
        if kind == "subnets":
            values["vnet"] = words[1]
            zone = sdn_objects.zone_of(folder, words[1])
            name = f"{zone}-{values.pop('subnet').replace('/', '-')}"
        else:
            name = values.pop(kind[:-1])
        sdn_objects.create(folder, kind, name, {"type": kind[:-1], **values})
    texts = {f"{kind}.cfg": (folder / f"{kind}.cfg").read_text() for kind in ("zones", "vnets", "subnets")}
    return replace(snapshot, pve_files={**snapshot.pve_files, **texts})


def obstacles(changes: ChangeSet) -> list[str]:
    return [str(finding) for node in changes.nodes for finding in node.obstacles]


def between(snapshot: Snapshot, commands: tuple[Command, ...], folder: Path) -> Iterator[tuple[Command, Snapshot]]:
    for command in commands:
        snapshot = done(snapshot, command, folder)
        yield command, snapshot


def test_every_plan_between_two_commands_is_good_and_guests_stop_an_apply(tmp_path: Path) -> None:
    start = with_guest(drawn(f"{VXLAN}\n{EVPN}\n", VNETS, SUBNETS), "web")
    found = move(start, "prod", "wide")
    assert not found.problems
    assert plan(start, Renderer()).is_empty
    now = start
    for command, now in between(start, found.move.leave, tmp_path):
        changes = plan(now, Renderer())
        if "/vnets/web" in shlex.join(command) and "subnets" not in command[2]:
            assert any("web would be removed with 1 guest port" in line for line in obstacles(changes))
    now = replace(now, pve_files={**now.pve_files, "pvesdn.cfg": "\n" + found.files["pvesdn.cfg"]})
    moved = plan(now, Renderer())
    assert not obstacles(moved)
    assert not moved.is_empty

    # And back, before any apply: out of pvesdn.cfg first, then into PVE's files.
    now = replace(now, pve_files={name: text for name, text in now.pve_files.items() if name != "pvesdn.cfg"})
    assert any("web would be removed" in line for line in obstacles(plan(now, Renderer())))
    last = now
    for _, last in between(now, found.move.enter, tmp_path):
        plan(last, Renderer())
    assert plan(last, Renderer()).is_empty
    assert json.loads(last.pve_files[".running-config"])["version"] == 7
