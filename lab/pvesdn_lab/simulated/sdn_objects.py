"""Controllers, zones, VNets and subnets as PVE's API makes and deletes them: in the `.cfg` files, and pending."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from fakepve import PveError

from pvesdn_lab.simulated.sdn_config import read_sections, section_text

_SERVER_ERROR = 500
_INSIDE = {"controllers": ("zones", "controller"), "zones": ("vnets", "zone"), "vnets": ("subnets", "vnet")}
"""What hangs on a definition of a kind, and the property by which it does."""
_CALLS_OWN = {"lock-token", "digest"}


def create(sdn: Path, kind: str, name: str, values: Mapping[str, Any]) -> None:
    """Add a definition.

    :param kind: ``controllers``, ``zones``, ``vnets`` or ``subnets``.
    :param values: its properties, the type among them.
    :raises PveError: there is one of that id, or what it is to hang on does not exist.
    """
    found = _read(sdn, kind)
    if name in found:
        _refuse(f"sdn {kind[:-1]} object ID '{name}' already defined")
    home = {"vnets": ("zones", "zone"), "subnets": ("vnets", "vnet")}.get(kind)
    if home is not None and values[home[1]] not in _read(sdn, home[0]):
        _refuse(f"sdn {home[1]} '{values[home[1]]}' does not exist")
    found[name] = {
        key: int(value) if isinstance(value, bool) else value for key, value in values.items() if key not in _CALLS_OWN
    }
    _write(sdn, kind, found)


def delete(sdn: Path, kind: str, name: str) -> None:
    """Remove a definition that nothing hangs on.

    :raises PveError: there is none, or something does.
    """
    found = _read(sdn, kind)
    if name not in found:
        _refuse(f"sdn '{name}' does not exist")
    inside = _INSIDE.get(kind)
    if inside is not None:
        users = [id_ for id_, section in _read(sdn, inside[0]).items() if section.get(inside[1]) == name]
        if users:
            _refuse(f"can't delete {kind[:-1]} {name}, used by {', '.join(users)}")
    del found[name]
    _write(sdn, kind, found)


def zone_of(sdn: Path, vnet: str) -> str:
    """The zone of a VNet. :raises PveError: there is no such VNet."""
    found = _read(sdn, "vnets").get(vnet)
    if found is None:
        _refuse(f"sdn vnet '{vnet}' does not exist")
    return str(found["zone"])


def _read(sdn: Path, kind: str) -> dict[str, dict[str, Any]]:
    path = sdn / f"{kind}.cfg"
    return read_sections(path.read_text("utf-8")) if path.is_file() else {}


def _write(sdn: Path, kind: str, sections: Mapping[str, Mapping[str, Any]]) -> None:
    text = "".join(section_text(name, section) for name, section in sections.items())
    (sdn / f"{kind}.cfg").write_text(text, "utf-8")


def _refuse(what: str) -> NoReturn:
    raise PveError(_SERVER_ERROR, what)
