"""What people do outside of pvesdn's own file: in PVE's panel, on a node, on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable

from pvesdn.decode.definitions.section_config import scan, write
from pvesdn.errors import SdnConfigError
from pvesdn.model.files import SDN_INTERFACES
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.move import MovePlan, move_from_pve, move_to_pve
from pvesdn.workflows.plan import render_understood
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from pvesdn_lab.simulated.sdn_config import KINDS, read_sections
from tests.fakes import FakeCluster
from tests.hints.table import INTERFACES, Said

_SDN = "/etc/pve/sdn"
_RUNNING = f"{_SDN}/.running-config"
_PVES = ("/sdn", "/frr.conf", "/daemons")


def pve_commits(made: FakeCluster) -> None:
    """The panel's Apply, as far as /etc/pve goes: what is drawn counts from now on."""
    before = made.nodes.pve_files.get(_RUNNING)
    running: dict[str, object] = {"version": (json.loads(before)["version"] if before else 6) + 1}
    for kind in KINDS:
        ids = read_sections(made.nodes.pve_files.get(f"{_SDN}/{kind}.cfg", ""))
        running[kind] = {"ids": {name: {"id": name, **ids[name]} for name in ids} if kind == "fabrics" else ids}
    made.nodes.pve_files[_RUNNING] = json.dumps(running)


def pve_reloads(made: FakeCluster) -> None:
    """Every node that is there writes PVE's own files anew, and has the devices."""
    known = understand(read_cluster(made.world()), intent="running")
    version = json.loads(made.nodes.pve_files[_RUNNING])["version"]
    for node, files in render_understood(known, Renderer()):
        there = made.nodes[node]
        there.files[SDN_INTERFACES] = f"#version:{version}\n"
        there.files.update({f.path: f.text for f in files if f.text and f.path.endswith(_PVES)})
        made.reload(node)


def pve_applies(made: FakeCluster) -> None:
    """The panel's Apply."""
    pve_commits(made)
    pve_reloads(made)


def renamed(made: FakeCluster, old: str, new: str, nodes: tuple[str, ...] = ("node1", "node2", "node3")) -> None:
    """Give a device another name, everywhere on a node."""
    for node in nodes:
        there = made.nodes[node]
        for table in ("ip-link", "ip-addr", "ip-route", "ip-route6"):
            for row in there.commands[table]:
                row.update({key: new for key in ("ifname", "master", "dev") if row.get(key) == old})
        there.files[INTERFACES] = there.files[INTERFACES].replace(old, new)


def switched(made: FakeCluster, node: str, *, is_on: bool) -> None:
    """Turn a node on or off."""
    made.nodes[node].off = "" if is_on else "connection timed out"
    for row in made.api.answers["cluster/status"]:
        if row.get("name") == node:
            row["online"] = int(is_on)


def from_pve(made: FakeCluster, zone: str) -> Said:
    """What `import --from-pve ZONE` says."""
    return _told(lambda: move_from_pve(read_cluster(made.world()), Renderer(), [zone]))


def to_pve(made: FakeCluster, zone: str) -> Said:
    """What `import --to-pve ZONE` says."""
    return _told(lambda: move_to_pve(read_cluster(made.world()), Renderer(), [zone]))


def moved(made: FakeCluster, zone: str) -> None:
    """Carry the cut-over out, as far as definitions go."""
    found = move_from_pve(read_cluster(made.world()), Renderer(), [zone])
    files = made.nodes.pve_files
    for name in ("zones.cfg", "vnets.cfg", "subnets.cfg"):
        gone = {where.id for where in found.move.taken if where.file == name}
        kept = (section for section in scan(files.get(f"{_SDN}/{name}", "")).sections if section.id not in gone)
        files[f"{_SDN}/{name}"] = write(kept)
    files[f"{_SDN}/{OWN_NAME}"] = files.get(f"{_SDN}/{OWN_NAME}", "") + found.files[OWN_NAME]
    pve_applies(made)


def _told(ask: Callable[[], MovePlan]) -> Said:
    """What stops the move, what is lost by it, and what is worth knowing."""
    try:
        found = ask()
    except SdnConfigError as error:
        return tuple(f"error: {line}" for line in error.lines), None
    rows = [f"property: {row}" for row in found.move.properties if row.hint and str(row) not in found.problems]
    findings = [f"{finding.severity.value}: {finding}" for finding in found.move.findings]
    return (*(f"error: {line}" for line in found.problems), *rows, *findings), found.plan
