"""What PVE does with /etc/pve/sdn: section configs in, `.running-config` out.

Written from PVE's behaviour alone and sharing nothing with pvesdn's own reader, so that the one can prove the other.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RunningConfig = dict[str, Any]

RUNNING = ".running-config"
KINDS = ("zones", "vnets", "subnets", "controllers", "fabrics")
_ARRAYS = {"dhcp-range", "interfaces"}
_NODE_SETS = {"nodes", "exitnodes"}
_NUMBERS = re.compile(r"-?\d+")
# Strings that may look like numbers: decoded without adding 0.
_STRINGS = {"alias", "peers", "rt-import", "mac", "bridge", "area", "isis-domain", "isis-net", "peer-group-name"}


def read_sections(text: str) -> dict[str, dict[str, Any]]:
    """A section config as PVE reads it: id to properties, `type` among them; what it does not understand it drops."""
    sections: dict[str, dict[str, Any]] = {}
    section: dict[str, Any] | None = None
    for line in text.splitlines():
        # Inside a section a header is a malformed line: an empty line alone ends one.
        if section is None and (header := re.fullmatch(r"(\S+):\s*(\S+)\s*", line)):
            section = sections.setdefault(header[2], {"type": header[1].lower()})
        elif line == "":
            section = None
        elif section is not None and (prop := re.fullmatch(r"\s+(\S+)(\s+(.*\S))?\s*", line)):
            _add(section, prop[1], prop[3] if prop[3] is not None else "1")
    return sections


def _add(section: dict[str, Any], key: str, text: str) -> None:
    if key in _ARRAYS:
        section.setdefault(key, []).append(text)
    elif key in _NODE_SETS:
        section.setdefault(key, dict.fromkeys((node for node in re.split(r"[,;\s]+", text) if node), 1))
    elif _NUMBERS.fullmatch(text) and key not in _STRINGS:
        section.setdefault(key, int(text))
    else:
        section.setdefault(key, text)


def pending(sdn: Path, kinds: tuple[str, ...] = KINDS) -> RunningConfig:
    """The definitions in the `.cfg` files of the folder `sdn`, in the shape of a running config without version."""
    config: RunningConfig = {}
    for kind in kinds:
        path = sdn / f"{kind}.cfg"
        ids = read_sections(path.read_text("utf-8")) if path.is_file() else {}
        if kind == "fabrics":
            ids = {name: {"id": name, **section} for name, section in ids.items()}
        config[kind] = {"ids": ids}
    return config


def running(sdn: Path) -> RunningConfig:
    """The committed definitions; a missing, empty or unparsable file is an empty configuration, as in PVE."""
    try:
        document = json.loads((sdn / RUNNING).read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}


def commit(sdn: Path, kinds: tuple[str, ...] = KINDS) -> RunningConfig:
    """Make what is pending the running config, with the next version; the result is the new one."""
    config = {"version": int(running(sdn).get("version", 0)) + 1, **pending(sdn, kinds)}
    temporary = sdn / f"{RUNNING}.tmp"
    temporary.write_text(json.dumps(config), "utf-8")
    temporary.replace(sdn / RUNNING)
    return config


def has_frr(config: RunningConfig) -> bool:
    """Whether PVE's own part of `config` makes it write frr.conf: a controller or a fabric."""
    return any(config.get(kind, {}).get("ids") for kind in ("controllers", "fabrics"))


def roll_back(sdn: Path, kinds: tuple[str, ...] = KINDS) -> None:
    """Write the `.cfg` files anew from the running config."""
    config = running(sdn)
    for kind in kinds:
        sections = [section_text(name, section) for name, section in config.get(kind, {}).get("ids", {}).items()]
        (sdn / f"{kind}.cfg").write_text("".join(sections), "utf-8")


def section_text(name: str, section: Mapping[str, Any]) -> str:
    """A definition as PVE writes it, more or less: properties in alphabetical order."""
    lines = [f"{section['type']}: {name}"]
    for key, value in sorted(section.items()):
        values = value if isinstance(value, list) else [",".join(value) if isinstance(value, dict) else value]
        lines += [f"\t{key} {item}" for item in values if key not in {"type", "id"}]
    return "\n".join([*lines, "", ""])


def listing(committed: dict[str, Any], configured: dict[str, Any], key: str, *, which: str) -> list[dict[str, Any]]:
    """Rows as the API lists them.

    :param key: the property that holds the id.
    :param which: ``configured``, ``running``, or ``pending`` for both with `state` and `pending` (`?pending=1`).
    """
    if which != "pending":
        source = committed if which == "running" else configured
        return [{key: name, **_encoded(section)} for name, section in source.items()]
    rows = []
    for name in [*committed, *(name for name in configured if name not in committed)]:
        old, new = (_encoded(side[name]) if name in side else None for side in (committed, configured))
        rows.append({key: name, **_with_state(old, new)})
    return rows


def _encoded(section: dict[str, Any]) -> dict[str, Any]:
    return {key: ",".join(sorted(value)) if isinstance(value, dict) else value for key, value in section.items()}


def _with_state(old: dict[str, Any] | None, new: dict[str, Any] | None) -> dict[str, Any]:
    if new is None:
        return {**(old or {}), "state": "deleted", "pending": {}}
    shown: dict[str, Any] = {name: new[name] for name in ("type", "vnet") if name in new}
    if old is None:
        return {**shown, "state": "new", "pending": {k: v for k, v in new.items() if k not in shown}}
    changes = {name: new.get(name, "deleted") for name in {**old, **new} if old.get(name) != new.get(name)}
    return {**old, **shown, **({"state": "changed", "pending": changes} if changes else {})}


def unified_diff(name: str, old: str | None, new: str) -> str:
    """What the dry run shows for one file; empty when there is no difference."""
    before, after = (old or "").splitlines(keepends=True), new.splitlines(keepends=True)
    return "".join(difflib.unified_diff(before, after, f"a/{name}", f"b/{name}"))
