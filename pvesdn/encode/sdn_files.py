"""Objects of a whole intent -> the text of the files in /etc/pve/sdn that say the same: what `sdn_files` reads, backwards."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from pvesdn.decode.definitions.pvesdn_cfg import FILE as OWN_FILE
from pvesdn.decode.definitions.section_config import Property, Section
from pvesdn.encode.canonical import canonical
from pvesdn.model.defined import Defined
from pvesdn.model.sdn import EvpnController, EvpnZone, SdnConfig, Subnet, Vnet, Vrrp, VxlanZone

_CONTROLLER = "pve-evpn-controller"
_NO_PROPERTIES = frozenset({"where", "id", "kind", "is_pve"})
_IN_A_SUBNETS_ID = frozenset({"cidr", "network", "gateway_text"})
_FILES = ("controllers.cfg", "zones.cfg", "vnets.cfg", "subnets.cfg")


def write_sdn(config: SdnConfig) -> dict[str, str]:
    """The text of each file that has something to say, by name. Properties with their default value are left out.

    :raises SdnConfigError: a value could not be read back.
    """
    zones = [zone for zone in config.zones if zone.kind != "left"]
    controllers = [controller for controller in config.controllers if controller.kind != "left-controller"]
    own: list[Section] = []
    pve: dict[str, list[Section]] = {name: [] for name in _FILES}
    if config.underlay is not None:
        own.append(_section("underlay", config.underlay.where.id, config.underlay))
    for controller in controllers:
        is_ours = isinstance(controller, EvpnController)
        (own if is_ours else pve["controllers.cfg"]).append(_section(_type(controller.kind), controller.id, controller))
    for zone in zones:
        is_ours = isinstance(zone, VxlanZone | EvpnZone)
        (own if is_ours else pve["zones.cfg"]).append(_section(_type(zone.kind), zone.id, zone))
    for vnet in config.vnets:
        _place(vnet, own, pve["vnets.cfg"]).append(_section("vnet", vnet.id, vnet))
    for subnet in config.subnets:
        _place(subnet, own, pve["subnets.cfg"]).append(_section("subnet", subnet.id, subnet))
    own += (_section("exit", uplink.id, uplink) for uplink in config.exits)
    texts = {OWN_FILE: canonical(own)} | {name: canonical(found, file=name) for name, found in pve.items()}
    return {name: text for name, text in texts.items() if text}


def _place(item: Vnet | Subnet, own: list[Section], pve: list[Section]) -> list[Section]:
    return pve if item.is_pve else own


def _type(kind: str) -> str:
    return "evpn" if kind == _CONTROLLER else kind.removeprefix("pve-")


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
