"""What somebody has typed for an end of a trace: a guest's id or name, or an address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from pvesdn.compare.trace_ports import ports_of
from pvesdn.compare.trace_scene import Scene
from pvesdn.errors import SettingsError
from pvesdn.model.guests import guest_port
from pvesdn.model.looked_up import GuestPlace
from pvesdn.model.nearest import nearest
from pvesdn.model.primitives import IpAddress, IpNetwork, bounded

_NAME = re.compile(r"(?P<kind>id:|name:)?(?P<who>.+?)(?:/net(?P<device>[0-9]{1,4}))?")
_SHOWN = 8
_GREATEST_ID = 999_999_999
"""Of a guest in PVE."""
_GIVE = "give a guest's id or name, or an address"
_GIVE_NO_NAME = "give a guest's id, or an address; with VM.Audit on /vms a token may read names"
_BROADCAST = ip_address("255.255.255.255")
_POINT_TO_POINT = 2
"""Addresses of a network that has neither (RFC 3021, RFC 6164)."""

Places = Mapping[int, GuestPlace]


@dataclass(frozen=True, slots=True)
class Named:
    """What somebody has typed: a guest, perhaps one of its devices, or an address."""

    text: str
    guest: int | None = None
    device: int | None = None
    address: IpAddress | None = None


def named(text: str, places: Places, scene: Scene) -> Named:
    """:raises SettingsError: it is neither an address nor a guest's id or name, or it may be one or the other, or the
    name is that of several.
    """
    try:
        address = ip_address(text)
    except ValueError:
        pass
    else:
        _require_somebodys(address)
        return Named(text, address=address)
    match = _NAME.fullmatch(text)
    kind, who = (match["kind"], match["who"]) if match is not None else (None, text)
    device = int(match["device"]) if match is not None and match["device"] else None
    by_id = None if kind == "name:" else _with_id(who, places, scene)
    by_name = [] if kind == "id:" else sorted(guest.id for guest in places.values() if guest.name == who)
    if by_id is not None and set(by_name) - {by_id}:
        what = f"'{who}' is the id of one guest, and the name of {_told(by_name)}"
        raise SettingsError(what, hint=f"give id:{who} or name:{who}")
    if len(by_name) > 1:
        raise SettingsError(f"several guests are called '{who}': {_told(by_name)}", hint="give the id of one")
    if by_id is not None or by_name:
        return Named(text, by_id if by_id is not None else by_name[0], device)
    raise _nobody(text, who, places, scene, is_id=kind == "id:" or (kind is None and who.isascii() and who.isdigit()))


def _with_id(who: str, places: Places, scene: Scene) -> int | None:
    """The guest of that id; None where there is none."""
    guest = bounded(who, _GREATEST_ID)
    if guest is None:
        return None
    plugs = (plug.guest for node in scene.nodes for plug in scene.state(node).plugs or ())
    return guest if guest in places or any(ports_of(scene, guest)) or guest in plugs else None


def _told(ids: list[int]) -> str:
    more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
    return f"{', '.join(map(str, ids[:_SHOWN]))}{more}"


def _nobody(text: str, who: str, places: Places, scene: Scene, *, is_id: bool) -> SettingsError:
    """What is wrong with a name. PVE leaves out of its list, without a word, the guests that a token may not audit, so
    that nobody is denied for not being in a list which lacks guests that are there.
    """
    present = _present(scene)
    if is_id:
        away = [] if places and present <= places.keys() else list(_away(scene))
        if not away:
            return SettingsError(f"there is no guest {who}", hint="'pvesh get /cluster/resources --type vm' lists them")
        what = f"no node that was looked at has guest {who}; it may be on {', or on '.join(away[:_SHOWN])}"
        return SettingsError(what, hint="with VM.Audit on /vms a token may read where guests are")
    names = {guest.id: guest.name for guest in places.values() if guest.name}
    near = nearest(who, names.values())
    meant = f"did you mean {near}? " if near else ""
    if present <= names.keys() and (names or not any(_away(scene))):
        return SettingsError(f"'{text}' is no guest and no address", hint=f"{meant}{_GIVE}")
    untold = "has not told the names of all guests" if names else "has told the name of no guest"
    return SettingsError(f"'{text}' is no address, and PVE {untold}", hint=f"{meant}{_GIVE_NO_NAME}")


def _present(scene: Scene) -> set[int]:
    """The guests that the nodes themselves have shown, by their configurations and their ports."""
    found = {plug.guest for node in scene.nodes for plug in scene.state(node).plugs or ()}
    ports = (guest_port(name) for node in scene.nodes for name in scene.state(node).devices)
    return found | {port.guest for port in ports if port is not None}


def _away(scene: Scene) -> Iterator[str]:
    """The nodes that may have guests which nobody has seen, with the reason."""
    for node in sorted(scene.cluster.off | scene.silent.keys()):
        yield f"{node}, which {'is off' if node in scene.cluster.off else 'was not looked at'}"
    for node in scene.nodes:
        if scene.state(node).plugs is None:
            yield f"{node}, whose guests' configurations were not read"


def _require_somebodys(address: IpAddress) -> None:
    """:raises SettingsError: nobody can have it, or only on one link, or everybody has it."""
    kind = ""
    if address.is_loopback:
        kind = "a loopback address"
    elif address.is_multicast:
        kind = "a multicast address"
    elif address == _BROADCAST:
        kind = "the broadcast address"
    elif address.is_unspecified:
        kind = "nobody's"
    elif address.version == 6 and (address.is_link_local or bool(address.scope_id)):  # noqa: PLR2004 - IPv6
        kind = "of one link"
    if kind:
        raise SettingsError(f"the address {address} is {kind}", hint=_GIVE)


def require_a_hosts(address: IpAddress, network: IpNetwork) -> None:
    """:raises SettingsError: it is the network itself, or everybody in it."""
    kind = ""
    if network.num_addresses > _POINT_TO_POINT and address == network.network_address:
        kind = "the network itself"
    elif network.num_addresses > _POINT_TO_POINT and address.version == 4 and address == network.broadcast_address:  # noqa: PLR2004 - IPv4
        kind = "the broadcast address"
    if kind:
        raise SettingsError(f"the address {address} is {kind} of {network}", hint=_GIVE)
