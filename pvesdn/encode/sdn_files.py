"""All objects -> the text of the files in /etc/pve/sdn that say the same: the inverse of decode's `sdn_files`."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from pvesdn.decode.definitions.section_config import Property, Section
from pvesdn.encode.canonical import canonical
from pvesdn.model.defined import Defined
from pvesdn.model.own_sdn import OwnSdn, Vrrp
from pvesdn.model.pve_sdn import PveSdn, UnmanagedController, UnmanagedZone
from pvesdn.model.sdn import SdnConfig
from pvesdn.model.snapshot import OWN_NAME
from pvesdn.model.vnets import Subnet

_NO_PROPERTIES = frozenset({"where", "written", "id", "kind"})
_IN_A_SUBNETS_ID = frozenset({"cidr", "network", "gateway_text"})


def write_sdn(config: SdnConfig) -> dict[str, str]:
    """The text of each file that is not empty, by name. Properties with their default value are left out.

    :raises SdnConfigError: a value could not be read back.
    """
    texts = {OWN_NAME: canonical(_own(config.own))}
    texts |= {name: canonical(found, file=name) for name, found in _pve(config.pve).items()}
    return {name: text for name, text in texts.items() if text}


def _own(own: OwnSdn) -> Iterable[Section]:
    if own.underlay is not None:
        yield _section("underlay", own.underlay.where.id, own.underlay)
    yield from (_section(controller.kind, controller.id, controller) for controller in own.controllers)
    yield from (_section(zone.kind, zone.id, zone) for zone in own.zones)
    yield from (_section("vnet", vnet.id, vnet) for vnet in (*own.vnets, *own.pins))
    yield from (_section("subnet", subnet.id, subnet) for subnet in own.subnets)
    yield from (_section("exit", uplink.id, uplink) for uplink in own.exits)


def _pve(pve: PveSdn) -> dict[str, list[Section]]:
    """Sections by file, without what is left to PVE: not all of it was read."""
    controllers = [found for found in pve.controllers if not isinstance(found, UnmanagedController)]
    zones = [found for found in pve.zones if not isinstance(found, UnmanagedZone)]
    return {
        "controllers.cfg": [_section(_pve_type(found.kind), found.id, found) for found in controllers],
        "zones.cfg": [_section(_pve_type(found.kind), found.id, found) for found in zones],
        "vnets.cfg": [_section("vnet", vnet.id, vnet) for vnet in pve.vnets],
        "subnets.cfg": [_section("subnet", subnet.id, subnet) for subnet in pve.subnets],
    }


def _pve_type(kind: str) -> str:
    """PVE's own word, such as ``evpn`` for `pve-evpn-controller`."""
    return kind.removeprefix("pve-").removesuffix("-controller")


def _section(kind: str, name: str, item: Defined) -> Section:
    fields = type(item).model_fields
    skipped = _NO_PROPERTIES | (_IN_A_SUBNETS_ID if isinstance(item, Subnet) else frozenset())
    properties: list[Property] = []
    for field, info in fields.items():
        value = getattr(item, field)
        if field in skipped or value == info.get_default(call_default_factory=True):
            continue
        if isinstance(value, Vrrp):
            properties += _vrrp(value)
        else:
            properties.append(Property(info.alias or field, _text(value)))
    return Section(kind, name, properties=tuple(properties))


def _vrrp(vrrp: Vrrp) -> Iterable[Property]:
    yield Property("vrrp-id", str(vrrp.id))
    yield Property("vrrp-priority", str(vrrp.priority))
    yield Property("vrrp-address", _text(vrrp.addresses))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    if isinstance(value, tuple):
        return ",".join("=".join(map(str, item)) if isinstance(item, tuple) else str(item) for item in value)
    return str(value)
