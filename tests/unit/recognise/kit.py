"""Clusters that were set up by hand: the models of tests/golden_import, with some text of some nodes exchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.decode.nodes.hand_written import MAIN_INTERFACES, decode_hand_written
from pvesdn.encode.sdn_files import write_sdn
from pvesdn.errors import SdnConfigError
from pvesdn.model.files import FRR_CONF
from pvesdn.model.primitives import Json
from pvesdn.model.proposal import Proposal
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.recognise.proposal import HandWrittenConfig, recognise

MODELS = Path(__file__).parents[2] / "golden_import"
Exchange = tuple[str, str]


def hand(
    model: str,
    *everywhere: Exchange,
    only_files: bool = False,
    on: Mapping[str, Iterable[Exchange]] | None = None,
    **nodes: Exchange | Iterable[Exchange],
) -> Snapshot:
    """A model with some text exchanged, in interfaces and frr.conf alike.

    :param everywhere: on all nodes.
    :param on: on single nodes; `nodes` says the same with keywords.
    :param only_files: nothing live was read.
    """
    snapshot = _model(model)
    changed = {}
    for name, raw in snapshot.nodes.items():
        given = {**(on or {}), **nodes}.get(name, ())
        own = (given,) if isinstance(given, tuple) and given and isinstance(given[0], str) else tuple(given)
        files = dict(raw.files)
        for old, new in (*everywhere, *own):
            hits = [path for path in (MAIN_INTERFACES, FRR_CONF) if old in files.get(path, "")]
            assert hits, f"{name} has no {old!r}"
            for path in hits:
                files[path] = files[path].replace(old, new)
        changed[name] = NodeRaw(files, {} if only_files else raw.commands)
    return replace(snapshot, nodes=changed)


@cache
def _model(name: str) -> Snapshot:
    return read_snapshot(MODELS / name / "snapshot")


def hand_written(snapshot: Snapshot, *, taken: frozenset[str] = frozenset()) -> HandWrittenConfig:
    cluster = decode_cluster(snapshot.api)
    return HandWrittenConfig(
        nodes={
            name: decode_hand_written(name, raw.files, raw.commands.get("ip-link"))
            for name, raw in snapshot.nodes.items()
        },
        facts={name: decode_facts(name, raw) for name, raw in snapshot.nodes.items()},
        cluster=cluster,
        taken=taken,
        unread={member.name: "offline" for member in cluster.members if member.name not in snapshot.nodes},
    )


def proposed(snapshot: Snapshot, **given: frozenset[str]) -> Proposal:
    return recognise(hand_written(snapshot, **given))


def text(snapshot: Snapshot, **given: frozenset[str]) -> str:
    """The pvesdn.cfg that is proposed."""
    return write_sdn(proposed(snapshot, **given).sdn)["pvesdn.cfg"]


def section(snapshot: Snapshot, head: str, **given: frozenset[str]) -> dict[str, str]:
    """The properties of one section of it."""
    found = text(snapshot, **given)
    (own,) = (part for part in found.split("\n\n") if part.startswith(f"{head}\n") or part == head)
    return dict(line.strip().split(" ", 1) for line in own.splitlines()[1:])


def refused(snapshot: Snapshot) -> list[str]:
    """Why nothing is proposed."""
    try:
        recognise(hand_written(snapshot))
    except SdnConfigError as error:
        return list(error.lines)
    raise AssertionError("it was proposed")


def lost(snapshot: Snapshot) -> list[str]:
    return [str(finding) for finding in proposed(snapshot).lost]


def by_text(
    *interfaces: str, frr: str = "", links: list[dict[str, Json]] | None = None, beside: Mapping[str, str] | None = None
) -> Snapshot:
    """Two nodes, 1 and 2, whose files say this; ``{n}`` is a node's own number, ``{m}`` the other's.

    :param interfaces: one text for both, or one for each.
    :param links: what `ip -j -d link` shows of node1 beside its files.
    :param beside: text by name below interfaces.d.
    """
    members = [
        {"type": "node", "name": f"node{n}", "nodeid": n, "online": 1, "ip": f"10.31.4.{n}", "local": int(n == 1)}
        for n in (1, 2)
    ]
    api: dict[str, Json] = {
        "cluster/status": [{"type": "cluster", "name": "two", "nodes": 2, "quorate": 1}, *members],
        "version": {"version": "9.1.1", "release": "9.1"},
    }
    nodes = {}
    for n, text_ in zip((1, 2), interfaces * (3 - len(interfaces)), strict=False):
        own = {MAIN_INTERFACES: text_, FRR_CONF: frr}
        own |= {f"{MAIN_INTERFACES}.d/{name}": words for name, words in (beside or {}).items()}
        files = {path: _numbered(words, n) for path, words in own.items() if words}
        address = {"family": "inet", "local": f"10.31.4.{n}", "prefixlen": 24}
        commands: dict[str, Json] = {
            "ip-link": [{"ifname": "bond1", "mtu": 1600}, *((links or []) if n == 1 else [])],
            "ip-addr": [{"ifname": "bond1", "addr_info": [address]}],
            "ip-route": [{"dst": "10.31.4.0/24", "dev": "bond1", "prefsrc": f"10.31.4.{n}"}],
        }
        nodes[f"node{n}"] = NodeRaw(files, commands)
    return Snapshot(api=api, pve_files={}, nodes=nodes)


def _numbered(words: str, n: int) -> str:
    return words.replace("{n}", str(n)).replace("{m}", str(3 - n))
