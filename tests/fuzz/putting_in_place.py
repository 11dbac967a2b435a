"""A plan carried out without a network: the snapshot that would be read afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.model.files import ChangeSet
from pvesdn.model.primitives import Json
from pvesdn.model.snapshot import RECORD_FILE, SEEN_NAME, NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import SDN_DIR
from pvesdn_lab.simulated import sdn_config
from tests.fakes import FakeApi, FakeClock, FakeCluster, FakeNode, FakeNodes, FakeObserver

RENDERER = Renderer()
"""One for all cases: compiling its templates takes longer than any of them."""
PLANNER = partial(plan, renderer=RENDERER)


def put_in_place(snapshot: Snapshot, changes: ChangeSet) -> Snapshot:
    """`snapshot` with every planned file, our record, the devices that ifupdown2 makes of them, and PVE's commit."""
    nodes = dict(snapshot.nodes)
    for node in changes.nodes:
        raw = snapshot.nodes[node.node]
        files = dict(raw.files)
        record = json.loads(files.get(RECORD_FILE, '{"format": 1, "files": {}}'))
        for change in node.files:
            if change.new is None:
                files.pop(change.path, None)
                record["files"].pop(change.path, None)
                continue
            files[change.path] = change.new
            if not change.by_pve:
                record["files"][change.path] = hashlib.sha256(change.new.encode()).hexdigest()
        if node.is_unfinished or not all(change.by_pve for change in node.files):
            files[RECORD_FILE] = json.dumps({**record, "unfinished": False})
        swap = node.execution.put_in_place
        nodes[node.node] = _with_links(NodeRaw(files, raw.commands), swap.delete_links if swap else ())
    pve_files = dict(snapshot.pve_files)
    if changes.pending:
        pve_files[sdn_config.RUNNING] = committed(pve_files)
    if changes.seen is not None:
        pve_files[SEEN_NAME] = changes.seen
    return replace(snapshot, pve_files=pve_files, nodes=nodes)


def committed(pve_files: dict[str, str]) -> str:
    """The running config that PVE makes of its definition files."""
    try:
        before = json.loads(pve_files.get(sdn_config.RUNNING, ""))
    except ValueError:
        before = {}
    config: dict[str, object] = {"version": int(before.get("version", 0)) + 1}
    for kind in sdn_config.KINDS:
        # A property without a value counts as absent, and so does a section whose type is no word.
        text = re.sub(r"(?m)^[ \t]+\S+[ \t]*$\n?", "", pve_files.get(f"{kind}.cfg", ""))
        ids = sdn_config.read_sections(text)
        config[kind] = {"ids": {id_: given for id_, given in ids.items() if re.fullmatch(r"[\w-]+", given["type"])}}
    return json.dumps(config)


def cluster_of(snapshot: Snapshot) -> FakeCluster:
    """A cluster in memory that is read as `snapshot`."""
    clock = FakeClock()
    nodes = [FakeNode(name, dict(raw.files), dict(raw.commands)) for name, raw in snapshot.nodes.items()]
    pve_files = {f"{SDN_DIR}/{name}": text for name, text in snapshot.pve_files.items()}
    # Where nothing was said of SDN, as in snapshots made by hand, the version decides; a live PVE always says
    # something.
    sdn: dict[str, Json] = {"cluster/sdn": []} if decode_cluster(snapshot.api).has_sdn else {}
    made = FakeCluster(
        FakeApi({**sdn, **snapshot.api}, clock=clock), FakeNodes(nodes, pve_files), clock, FakeObserver()
    )
    made.api.on_reload = made.reload
    return made


def _with_links(raw: NodeRaw, deleted: tuple[str, ...]) -> NodeRaw:
    links = raw.commands.get("ip-link")
    if not isinstance(links, list):
        return raw
    kept = [link for link in links if link.get("ifname") not in deleted]
    with contextlib.suppress(ValueError):  # no device is made of a stanza whose numbers are none
        kept = _links_after(kept, raw.files)
    return NodeRaw(raw.files, {**raw.commands, "ip-link": kept})


def _links_after(links: list[dict[str, Any]], files: Mapping[str, str]) -> list[dict[str, Any]]:
    """The rows of `ip link` after an ifreload: one for every `iface` of interfaces.d, and none without."""
    kept = [link for link in links if not link.get("is_made")]
    known = {link["ifname"] for link in kept}
    texts = [text for path, text in files.items() if path.startswith("/etc/network/interfaces.d/")]
    made = [_link(stanza) for text in texts for stanza in re.findall(r"^iface .*(?:\n[\t ].*)*", text, re.MULTILINE)]
    return [*kept, *(link for link in made if link["ifname"] not in known)]


def _link(stanza: str) -> dict[str, Any]:
    """A link of `ip -j -d link` as a stanza asks for it."""
    head, *options = (line.split() for line in stanza.splitlines())
    values = {words[0]: " ".join(words[1:]) for words in options if words}
    if "vxlan-id" in values:
        info: dict[str, Any] = {"info_kind": "vxlan", "info_data": {"id": int(values["vxlan-id"])}}
    else:
        info = {"info_kind": "vrf" if "vrf-table" in values else "bridge"}
    return {"ifname": head[1], "mtu": int(values.get("mtu", 1500)), "linkinfo": info, "is_made": True}
