"""Controllers, zones, VNets and subnets as PVE's API makes and deletes them: in the `.cfg` files, and pending."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from fakepve import PveError

from pvesdn_lab.simulated.sdn_config import read_sections, section_text

_SERVER_ERROR = 500
_BAD_REQUEST = 400
_INSIDE = {"controllers": ("zones", "controller"), "zones": ("vnets", "zone"), "vnets": ("subnets", "vnet")}
"""What hangs on a definition of a kind, and the property by which it does."""
CALLS_OWN = {"lock-token", "digest"}
"""Parameters that are no property of what is edited."""


def create(sdn: Path, kind: str, name: str, values: Mapping[str, Any]) -> None:
    """Add a definition.

    :param kind: ``controllers``, ``zones``, ``vnets`` or ``subnets``.
    :param values: its properties, the type among them.
    :raises PveError: there is one of that id, or what it is to hang on does not exist.
    """
    found = read(sdn, kind)
    if name in found:
        _refuse(f"sdn {kind[:-1]} object ID '{name}' already defined")
    home = {"vnets": ("zones", "zone"), "subnets": ("vnets", "vnet")}.get(kind)
    if home is not None and values[home[1]] not in read(sdn, home[0]):
        _refuse(f"sdn {home[1]} '{values[home[1]]}' does not exist")
    found[name] = {
        key: int(value) if isinstance(value, bool) else value for key, value in values.items() if key not in CALLS_OWN
    }
    _refuse_double(sdn, kind, found)
    _refuse_no_peers(name, found[name])
    write(sdn, kind, found)


def update(sdn: Path, kind: str, name: str, values: Mapping[str, Any]) -> None:
    """Change properties of a definition.

    :param values: the new ones, and as ``delete`` the names of those that go.
    :raises PveError: there is no such definition, or PVE does not change that in it (docs/pve.md §9).
    """
    found = read(sdn, kind)
    if name not in found:
        _refuse(f"sdn '{name}' does not exist")
    given = {key: value for key, value in values.items() if key not in CALLS_OWN}
    gone = [key for key in str(given.pop("delete", "")).split(",") if key]
    if "type" in given:
        raise PveError(_BAD_REQUEST, "type: property is not defined in schema")
    section = found[name]
    _refuse_what_is_in_use(sdn, kind, name, {key for key in {*given, *gone} if given.get(key) != section.get(key)})
    for key in gone:
        section.pop(key, None)
    section |= {key: int(value) if isinstance(value, bool) else value for key, value in given.items()}
    _refuse_double(sdn, kind, found)
    _refuse_no_peers(name, found[name])
    write(sdn, kind, found)


def _refuse_what_is_in_use(sdn: Path, kind: str, name: str, changed: set[str]) -> None:
    subnets = read(sdn, "subnets").values()
    if kind == "vnets" and "zone" in changed and any(subnet.get("vnet") == name for subnet in subnets):
        _refuse(f"can't change zone of vnet {name}, because subnets exist")
    homes = {id_: vnet.get("zone") for id_, vnet in read(sdn, "vnets").items()}
    if kind == "zones" and "ipam" in changed and any(homes.get(str(subnet["vnet"])) == name for subnet in subnets):
        _refuse(f"can't change ipam of zone {name}, because subnets exist")


def _refuse_double(sdn: Path, kind: str, found: Mapping[str, Mapping[str, Any]]) -> None:
    """What must not be there twice: a VNI among VXLAN and EVPN zones, an L3VNI, an EVPN controller."""
    if kind == "controllers" and [one["type"] for one in found.values()].count("evpn") > 1:
        _refuse("only one global evpn controller can be defined")
    zones = read(sdn, "zones")
    tunnels = {name for name, zone in zones.items() if zone["type"] in {"vxlan", "evpn"}}
    numbers = {
        "vnets": [str(vnet.get("tag")) for vnet in found.values() if vnet.get("zone") in tunnels],
        "zones": [str(zone["vrf-vxlan"]) for zone in found.values() if "vrf-vxlan" in zone],
    }.get(kind, [])
    if double := [number for number in numbers if numbers.count(number) > 1]:
        _refuse(f"{kind[:-1]} tag {double[0]} is used already")


def _refuse_no_peers(name: str, section: Mapping[str, Any]) -> None:
    """A VXLAN zone has peers or a fabric, and never both; so has an EVPN controller, which is nothing in a zone."""
    is_on_either = section["type"] == "vxlan" or (section["type"] == "evpn" and "asn" in section)
    if is_on_either and ("peers" in section) == ("fabric" in section):
        _refuse(f"{section['type']} '{name}': exactly one of peers and fabric must be given")


def delete(sdn: Path, kind: str, name: str) -> None:
    """Remove a definition that nothing hangs on.

    :raises PveError: there is none, or something does.
    """
    found = read(sdn, kind)
    if name not in found:
        _refuse(f"sdn '{name}' does not exist")
    inside = _INSIDE.get(kind)
    if inside is not None:
        users = [id_ for id_, section in read(sdn, inside[0]).items() if section.get(inside[1]) == name]
        if users:
            _refuse(f"can't delete {kind[:-1]} {name}, used by {', '.join(users)}")
    del found[name]
    write(sdn, kind, found)


def zone_of(sdn: Path, vnet: str) -> str:
    """The zone of a VNet. :raises PveError: there is no such VNet."""
    found = read(sdn, "vnets").get(vnet)
    if found is None:
        _refuse(f"sdn vnet '{vnet}' does not exist")
    return str(found["zone"])


def read(sdn: Path, kind: str) -> dict[str, dict[str, Any]]:
    """The definitions of a kind, by id; none where there is no file."""
    path = sdn / f"{kind}.cfg"
    return read_sections(path.read_text("utf-8")) if path.is_file() else {}


def write(sdn: Path, kind: str, sections: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the file of a kind anew."""
    text = "".join(section_text(name, section) for name, section in sections.items())
    (sdn / f"{kind}.cfg").write_text(text, "utf-8")


def _refuse(what: str) -> NoReturn:
    raise PveError(_SERVER_ERROR, what)
