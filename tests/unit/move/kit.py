"""Three nodes on which PVE has applied its own zones, and what `import --from-pve` makes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.errors import SdnConfigError
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.move import MovePlan, move_from_pve
from pvesdn.workflows.plan import render_understood
from pvesdn.workflows.understand import understand
from pvesdn_lab.simulated.sdn_config import KINDS, read_sections

_GOLDEN = Path(__file__).parents[2] / "golden"
PEERS = "192.168.0.1,192.168.0.2,192.168.0.3"
CONTROLLER = f"evpn: ctl\n\tasn 65000\n\tpeers {PEERS}\n\n"
EVPN = "evpn: prod\n\tcontroller ctl\n\tvrf-vxlan 4000\n\tmac BC:24:11:00:00:01\n"
VXLAN = f"vxlan: wide\n\tpeers {PEERS}\n"


def drawn(
    zones: str,
    vnets: str = "",
    subnets: str = "",
    *,
    controllers: str = CONTROLLER,
    fabrics: str = "",
    own: str = "",
    nodes: str = "zones-of-pves-controller",
    committed: Mapping[str, str] | None = None,
) -> Snapshot:
    """What PVE has in its files, applied on every node.

    :param own: pvesdn.cfg.
    :param nodes: the golden case that has the nodes.
    :param committed: files whose committed text is another.
    """
    texts = {"zones": zones, "vnets": vnets, "subnets": subnets, "controllers": controllers, "fabrics": fabrics}
    files = {f"{kind}.cfg": text for kind, text in texts.items() if text}
    running: dict[str, object] = {"version": 7}
    for kind in KINDS:
        ids = read_sections({**files, **(committed or {})}.get(f"{kind}.cfg", ""))
        running[kind] = {"ids": {n: {"id": n, **ids[n]} for n in ids} if kind == "fabrics" else ids}
    files[".running-config"] = json.dumps(running)
    if own:
        files["pvesdn.cfg"] = own
    return applied(replace(_nodes(nodes), pve_files=files))


@cache
def _nodes(case: str) -> Snapshot:
    return read_snapshot(_GOLDEN / case / "snapshot")


def applied(snapshot: Snapshot) -> Snapshot:
    """The same with PVE's own files on every node."""
    found = dict(snapshot.nodes)
    for name, files in render_understood(understand(snapshot, intent="running"), Renderer()):
        texts = {
            file.path: file.text
            for file in files
            if file.text and file.path.endswith(("/sdn", "/frr.conf", "/daemons"))
        }
        found[name] = NodeRaw({**found[name].files, **texts}, found[name].commands)
    return replace(snapshot, nodes=found)


def move(snapshot: Snapshot, *zones: str) -> MovePlan:
    return move_from_pve(snapshot, Renderer(), zones)


def refused(snapshot: Snapshot, *zones: str) -> tuple[str, ...]:
    with pytest.raises(SdnConfigError) as caught:
        move(snapshot, *zones)
    return caught.value.lines
