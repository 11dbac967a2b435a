"""What scenarios do about PVE's own definitions through PVE's API alone, and what PVE's own reloads leave as it is."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs.context import Context, Stopwatch, as_proof, require
from pvesdn_lab.live.verbs.panel import commands
from pvesdn_lab.simulated.reload import FRR_CONF, SDN_FILE
from pvesdn_lab.simulated.sdn_config import pending

_SLOW = 300.0
"""Seconds for a reload; emulation is slow."""
_NOTE = "what was rehearsed"
_THE_SAME = "the same files, and no device was made anew"
_KEYS = {"controllers": "controller", "zones": "zone", "vnets": "vnet"}
"""Definitions as the API names them, in an order in which each finds what it hangs on."""


def draw(context: Context, *, definitions: str) -> str:
    """Make PVE's definitions by PVE's API, one after the other, as the panel does; they are pending then.

    :param definitions: a folder of the scenario with what is to be made.
    """
    calls = list(_calls(context, definitions))
    for path, _, values in calls:
        pvesh(context, "create", path, values)
    return f"{len(calls)} calls of PVE's API"


def erase(context: Context, *, definitions: str) -> str:
    """Delete by PVE's API what `draw` has made; that is pending then."""
    calls = list(_calls(context, definitions))
    for path, id_, _ in reversed(calls):
        pvesh(context, "delete", f"{path}/{id_}", {})
    return f"{len(calls)} calls of PVE's API"


def edit(context: Context, *, path: str, values: dict[str, str]) -> str:
    """Change one of PVE's definitions by PVE's API, as the panel does; that is pending then.

    :param path: of the definition below ``/cluster/sdn``.
    """
    pvesh(context, "set", f"/cluster/sdn/{path}", values)
    return f"{path}: {', '.join(f'{key} {value}' for key, value in values.items())}"


def _calls(context: Context, definitions: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Of each definition: where it is made, its id, and what it is made with."""
    found = pending(context.folder / definitions)
    for kind, key in _KEYS.items():
        for name, section in found[kind]["ids"].items():
            yield f"/cluster/sdn/{kind}", name, {key: name, **_without_type(kind, section)}
    for name, section in found["subnets"]["ids"].items():
        network, _, length = name.partition("-")[2].rpartition("-")
        values = {key: value for key, value in section.items() if key != "vnet"}
        yield f"/cluster/sdn/vnets/{section['vnet']}/subnets", name, {"subnet": f"{network}/{length}", **values}


def _without_type(kind: str, section: Mapping[str, Any]) -> dict[str, Any]:
    """A VNet has no other type than its own."""
    return {key: value for key, value in section.items() if kind != "vnets" or key != "type"}


def pvesh(context: Context, verb: str, path: str, values: Mapping[str, Any]) -> str:
    """`pvesh`, as root on a node: what it prints.

    :raises LabFault: PVE refuses it.
    """
    words = [word for key, value in values.items() for one in _each(value) for word in (f"--{key}", one)]
    done = subprocess.run(
        [str(commands(context) / "pvesh"), verb, path, *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SLOW,
        env={**os.environ},
    )
    if done.returncode:
        raise LabFault(f"pvesh {verb} {path} {' '.join(words)}: {done.stderr.strip()[-800:]}")
    return done.stdout.strip().strip('"')


def _each(value: Any) -> list[str]:
    if isinstance(value, list):
        return [str(one) for one in value]
    return [",".join(value) if isinstance(value, dict) else str(value)]


def note_rehearsed(context: Context) -> str:
    """When the next apply has PVE commit, record the files that are in place by then."""

    def note() -> None:
        context.notes[_NOTE] = {node.name: _digests(node) for node in context.nodes()}

    context.notes.pop(_NOTE, None)
    context.lab.cluster.pve.sim.before["PUT", "/cluster/sdn"] = note
    return "PVE's commit is waited for"


def same_digests(context: Context) -> str:
    """`interfaces.d/sdn` and `frr.conf` are on every node what was rehearsed, to the byte."""
    if _NOTE not in context.notes:
        raise LabFault("nothing was committed since `note_rehearsed`")
    before = context.notes[_NOTE]
    for node in context.nodes():
        require(all(before[node.name].values()), f"{node.name} to have both files", before[node.name])
        require(_digests(node) == before[node.name], f"the files of {node.name} to be the same", _digests(node))
    return f"{sum(map(len, before.values()))} files on {len(before)} nodes are the same before and after PVE's reload"


def _digests(node: LiveNode) -> dict[str, str]:
    texts = {path: node.read(path) or "" for path in (SDN_FILE, FRR_CONF)}
    return {path: hashlib.sha256(text.encode()).hexdigest() if text else "" for path, text in texts.items()}


def reload_by_hand(context: Context, *, nodes: list[str]) -> str:
    """Somebody applies the network configuration of these nodes in PVE's panel, one after the other: `PUT
    /nodes/NODE/network`. Files and devices are the same afterwards.
    """
    watch, sim = Stopwatch(), context.lab.cluster.pve.sim
    for node in context.nodes(nodes):
        with _nothing_changes(node):
            upid = pvesh(context, "set", f"/nodes/{node.name}/network", {})
            wait_for(f"the reload of {node.name}", partial(is_over, sim.tasks[upid]), limit=_SLOW)
            ended = sim.tasks[upid]
            require(ended["exitstatus"] == "OK", f"PVE's reload of {node.name} to end well", ended["log"])
    return f"{len(nodes)} nodes reloaded in {watch}: {_THE_SAME}"


def ifreload_by_hand(context: Context, *, nodes: list[str]) -> str:
    """Somebody types `ifreload -a` on these nodes, one after the other. Files and devices are the same afterwards."""
    watch = Stopwatch()
    for node in context.nodes(nodes):
        with _nothing_changes(node), as_proof():
            node.space.must("ifreload", "-a", limit=_SLOW)
    return f"ifreload -a on {len(nodes)} nodes in {watch}: {_THE_SAME}"


@contextmanager
def _nothing_changes(node: LiveNode) -> Iterator[None]:
    """The node's files and devices are the same at the end."""
    before = _digests(node), _numbers(node)
    yield
    now = _digests(node), _numbers(node)
    require(now == before, f"files and devices of {node.name} to be the same", now)


def is_over(task: Mapping[str, Any]) -> bool:
    """Whether one of PVE's tasks has ended."""
    return bool(task["status"] != "running")


def _numbers(node: LiveNode) -> dict[str, int]:
    return {name: int(link["ifindex"]) for name, link in node.devices().items()}
