"""What holds for every network of PVE's own, beside the laws of every snapshot."""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pvesdn.decode.definitions.own_scan import scan_own
from pvesdn.decode.definitions.section_config import scan, write
from pvesdn.decode.frr.local import read_local
from pvesdn.decode.nodes.interfaces import decode_interfaces, split_stanzas
from pvesdn.design.cluster import design_node, share
from pvesdn.design.merge.local import merge_local
from pvesdn.model.fabrics import Fabric
from pvesdn.model.files import (
    FRR_CONF,
    FRR_CONF_LOCAL,
    FRR_LOCAL_BEGIN,
    FRR_LOCAL_END,
    SDN_INTERFACES,
    ChangeSet,
    RenderedFile,
)
from pvesdn.model.pve_sdn import UnmanagedZone
from pvesdn.model.snapshot import Snapshot
from pvesdn.render.frr import frr_conf
from pvesdn.workflows.plan import plan, render_understood
from pvesdn.workflows.understand import Understanding, understand
from pvesdn_lab.simulated import sdn_config
from tests.fuzz.laws import Outcome, Refusal, attempt, check_snapshot, holds
from tests.fuzz.putting_in_place import RENDERER, committed
from tests.laws.test_frr_local_laws import ENV, tree

VTYSH = shutil.which("vtysh", path="/usr/bin:/usr/local/bin") or shutil.which("vtysh")
_ASKED_OF_FRR = 0.05
_PROXMOX_FRR = re.compile(r"(?m)^  autort as [0-9]+\n")
"""What PVE writes for an FRR of its own that others do not have: derived route targets with another AS number."""

Texts = Mapping[str, Mapping[str, RenderedFile]]


def check_network(snapshot: Snapshot, rng: random.Random) -> Outcome:
    """All laws for one network."""
    ended = check_snapshot(snapshot, rng)
    known = attempt(lambda: understand(snapshot))
    if isinstance(known, Refusal):
        return ended
    texts, changes = _texts(snapshot), plan(snapshot, RENDERER)
    stopped = {node.node for node in changes.nodes if node.obstacles}
    for node, files in texts.items():
        if SDN_INTERFACES in files:
            _is_pves_file(node, files[SDN_INTERFACES], _fabric_devices(known, node))
            _no_vnet_is_lost(known, changes, node, files[SDN_INTERFACES])
        if node not in stopped:
            _our_block_survives(known, node, files)
    _order_of_sections_has_no_meaning(snapshot, texts, rng)
    _committing_leaves_nothing_pending(snapshot, changes, texts)
    if VTYSH is not None and rng.random() < _ASKED_OF_FRR:
        for node, files in texts.items():
            _frr_takes(snapshot, node, files)
    everything = "".join(f"{n} {path} {texts[n][path].text}" for n in sorted(texts) for path in sorted(texts[n]))
    return Outcome(ended.how, f"{ended.text}\n{everything}")


def _texts(snapshot: Snapshot) -> Texts:
    return {
        node: {file.path: file for file in files} for node, files in render_understood(understand(snapshot), RENDERER)
    }


def _fabric_devices(known: Understanding, node: str) -> frozenset[str]:
    """What PVE writes for its fabrics: behind everything else, in an order of its own, once for each family."""
    members = [
        (f.id, m) for f in known.given.sdn.pve.fabrics if isinstance(f, Fabric) for m in f.members if m.node == node
    ]
    return frozenset({name for id_, m in members for name in (f"dummy_{id_}", *(i.name for i in m.interfaces))})


def _is_pves_file(node: str, file: RenderedFile, of_fabrics: frozenset[str]) -> None:
    """PVE's file begins with its version; its stanzas are sorted, each there once, and read as they were written."""
    text = file.text or ""
    holds("PVE's file begins with its version", re.match(r"#version:[0-9]+\n", text), f"{node}: {text[:40]!a}")
    names = re.findall(r"(?m)^iface (\S+)", text)
    of_vnets = [name for name in names if name not in of_fabrics]
    holds("stanzas are sorted, each there once", of_vnets == sorted(set(of_vnets)), f"{node}: {names}")
    read = decode_interfaces(text)
    holds("what is written is read", [stanza.name for stanza in read.stanzas] == names, f"{node}: {names}")
    holds("every stanza comes up at boot", set(names) <= read.auto, f"{node}: {sorted(set(names) - read.auto)}")
    parts = dict(split_stanzas(text))
    for name, stanza in file.stanzas.items():
        holds(
            "a stanza is what is cut out of the file", parts.get(name, "").strip() == stanza.strip(), f"{node}: {name}"
        )


def _no_vnet_is_lost(known: Understanding, changes: ChangeSet, node: str, file: RenderedFile) -> None:
    """A VNet is on every node of its zone, or a finding names it."""
    zones = {zone.id: zone for zone in known.given.sdn.pve.zones if not isinstance(zone, UnmanagedZone)}
    said = [str(finding) for finding in changes.findings]
    names = re.findall(r"(?m)^iface (\S+)", file.text or "")
    for vnet in known.given.sdn.pve.vnets:
        zone = zones.get(vnet.zone)
        if zone is None or (zone.nodes is not None and node not in zone.nodes) or vnet.id in names:
            continue
        told = any(re.search(rf"(?<!\w)({re.escape(vnet.id)}|{re.escape(zone.id)})(?!\w)", line) for line in said)
        holds("no VNet is lost without a word", told, f"{node}: {vnet.id} of zone {zone.id} ({zone.kind})")


def _our_block_survives(known: Understanding, node: str, files: Mapping[str, RenderedFile]) -> None:
    """Every line of ours in frr.conf.local comes through PVE's merge, or the plan has an obstacle."""
    local = files.get(FRR_CONF_LOCAL)
    if local is None or FRR_LOCAL_BEGIN not in (local.text or ""):
        return
    pve = design_node(share(known.given, known.vteps), node).pve_frr
    if pve is None:
        return
    text = local.text or ""
    config = merge_local(pve, read_local(text)).merged
    holds("PVE's merge takes the file", config is not None, node)
    assert config is not None
    merged = frr_conf(ENV, config).text or ""
    ours = tree(text.partition(FRR_LOCAL_BEGIN)[2].partition(FRR_LOCAL_END)[0])
    lost = ours.keys() - tree(merged).keys()
    holds("our block survives PVE's merge", not lost, f"{node}: {sorted(lost)[:4]}")


def _order_of_sections_has_no_meaning(snapshot: Snapshot, texts: Texts, rng: random.Random) -> None:
    files = dict(snapshot.pve_files)
    for name in sorted(files):
        if name.endswith(".cfg"):
            sections = list((scan_own(files[name], {}) if name == "pvesdn.cfg" else scan(files[name])).sections)
            rng.shuffle(sections)
            files[name] = write(replace(section, gap=1) for section in sections)
    again = _texts(replace(snapshot, pve_files=files))
    for node, found in texts.items():
        for path, file in found.items():
            holds("the order of sections has no meaning", again[node][path].text == file.text, f"{node}: {path}")


def _committing_leaves_nothing_pending(snapshot: Snapshot, changes: ChangeSet, texts: Texts) -> None:
    """What PVE would write of the files is what it would write once they are committed, and nothing is pending then."""
    files = {**snapshot.pve_files}
    if changes.pending or sdn_config.RUNNING not in files:
        files[sdn_config.RUNNING] = committed(files)
    after = replace(snapshot, pve_files=files)
    pending = plan(after, RENDERER).pending
    holds(
        "nothing is pending after a commit", not pending, f"{[(row.kind, row.id, row.properties) for row in pending]}"
    )
    for node, found in render_understood(understand(after, intent="running"), RENDERER):
        for file in found:
            if file.path in (SDN_INTERFACES, FRR_CONF):
                was = texts[node].get(file.path)
                holds(
                    "committed is rendered as it was pending",
                    was is not None and was.text == file.text,
                    f"{node}: {file.path}",
                )


def _frr_takes(snapshot: Snapshot, node: str, files: Mapping[str, RenderedFile]) -> None:
    """FRR's own parser takes frr.conf, but for an administrator's own lines and what Proxmox's FRR alone knows."""
    file = files.get(FRR_CONF)
    if file is None or snapshot.nodes[node].files.get(FRR_CONF_LOCAL):
        return
    with tempfile.TemporaryDirectory() as name:
        place = Path(name) / "frr.conf"
        place.write_text(_PROXMOX_FRR.sub("", file.text or ""))
        command = [str(VTYSH), "-C", "-f", str(place)]
        answer = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    complaints = [line for line in (answer.stdout + answer.stderr).splitlines() if line.startswith(("line ", "% "))]
    holds("FRR takes frr.conf", answer.returncode == 0 and not complaints, f"{node}: {complaints[:3]}")
