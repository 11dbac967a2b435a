"""A whole snapshot without its secrets: its plan equals the plan of what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from pvesdn.decode.secrets.veil import PLACEHOLDER, Veil, is_kernel_name
from pvesdn.model.dhcp_unit import zone_of
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS, OUR_SYSCTL
from pvesdn.model.primitives import Json
from pvesdn.model.snapshot import GUESTS_PATH, RECORD_FILE, SEEN_NAME, NodeRaw, Snapshot
from pvesdn.redact.answers import hide_api, hide_command_answer, hide_guests, hide_record
from pvesdn.redact.definitions import aliases, hide_definitions, hide_running
from pvesdn.redact.digests import with_digests
from pvesdn.redact.frr import hide_frr
from pvesdn.redact.interfaces import headers, hide_interfaces
from pvesdn.redact.reasons import hide_reason
from pvesdn.redact.settings import hide_all, hide_daemons, hide_drop_in, hide_sysctl

_INTERFACES = "/etc/network/interfaces"
_RUNNING = ".running-config"

_Clean = Callable[[str, Veil], str]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A snapshot that may be shared.

    :param replaced: how many values were replaced, by the path of the file in the folder; files without any are absent.
    """

    snapshot: Snapshot
    replaced: Mapping[str, int] = field(default_factory=dict)


def without_secrets(snapshot: Snapshot) -> Cleaned:
    """Replace what is not known to be harmless, equal values by the same placeholder everywhere. Never raises.

    Digests of pvesdn's record follow the files they are of, so an edited file still counts as edited and ours as ours.
    """
    return replace_values(snapshot, veil_for(snapshot))


def veil_for(snapshot: Snapshot) -> Veil:
    """One whose placeholders are no words of the snapshot."""
    return Veil(taken=frozenset(_placeholders(snapshot)))


def replace_values(snapshot: Snapshot, veil: Veil) -> Cleaned:
    """The same with the caller's veil, which knows afterwards what each placeholder replaced."""
    veil.names.update(_names(snapshot))
    veil.aliases.update(aliases(snapshot.pve_files))
    counts: dict[str, int] = {}

    def counted(path: str, clean: Callable[[], Json]) -> Json:
        before = veil.count
        cleaned = clean()
        if veil.count > before:
            counts[path] = counts.get(path, 0) + veil.count - before
        return cleaned

    pve_files = {
        name: counted(f"etc/pve/sdn/{name}", lambda n=name, t=text: _definitions(n)(t, veil))  # type: ignore[misc]
        for name, text in sorted(snapshot.pve_files.items())
    }
    api = {
        path: counted(f"api/{path}.json", partial(_answer(path), value, veil)) for path, value in snapshot.api.items()
    }
    nodes = {}
    for node, raw in sorted(snapshot.nodes.items()):
        files = {
            path: counted(f"nodes/{node}{path}", lambda p=path, t=text: cleaner(p)(t, veil))  # type: ignore[misc]
            for path, text in sorted(raw.files.items())
        }
        commands = {
            name: counted(f"nodes/{node}/cmd/{name}.json", lambda n=name, v=value: hide_command_answer(n, v, veil))  # type: ignore[misc]
            for name, value in raw.commands.items()
        }
        if RECORD_FILE in files:
            files[RECORD_FILE] = with_digests(files[RECORD_FILE], raw.files, files, veil)
        nodes[node] = NodeRaw(files, commands)
    unreachable = {
        node: counted("unreachable.json", lambda r=reason: hide_reason(r, veil))  # type: ignore[misc]
        for node, reason in sorted(snapshot.unreachable.items())
    }
    return Cleaned(replace(snapshot, api=api, pve_files=pve_files, nodes=nodes, unreachable=unreachable), counts)


def cleaner(path: str) -> _Clean:
    """The function that replaces the secrets of a node's file."""
    if path.startswith(_INTERFACES):
        return hide_interfaces
    if zone_of(path) is not None:
        return hide_drop_in
    return {
        FRR_CONF: hide_frr,
        FRR_CONF_LOCAL: hide_frr,
        FRR_DAEMONS: hide_daemons,
        OUR_SYSCTL: hide_sysctl,
        RECORD_FILE: hide_record,
    }.get(path, hide_all)


def _definitions(name: str) -> _Clean:
    if name == _RUNNING:
        return hide_running
    return hide_record if name == SEEN_NAME else hide_definitions


def _answer(path: str) -> Callable[[Json, Veil], Json]:
    return hide_guests if path == GUESTS_PATH else hide_api


def _placeholders(snapshot: Snapshot) -> Iterator[str]:
    """Words that look like our placeholders but are not."""
    texts = (*snapshot.pve_files.values(), *(text for raw in snapshot.nodes.values() for text in raw.files.values()))
    for text in texts:
        yield from PLACEHOLDER.findall(text)


def _names(snapshot: Snapshot) -> Iterator[str]:
    """Devices and nodes: words that are shown anywhere."""
    yield from snapshot.unreachable
    for node, raw in snapshot.nodes.items():
        yield node
        for path, text in raw.files.items():
            if path.startswith(_INTERFACES):
                yield from headers(text)
        rows = raw.commands.get("ip-link")
        for row in rows if isinstance(rows, list) else ():
            name = row.get("ifname") if isinstance(row, dict) else None
            if isinstance(name, str) and is_kernel_name(name):
                yield name
