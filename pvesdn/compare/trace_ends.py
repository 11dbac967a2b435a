"""The ends of a trace: who somebody has named, by what the nodes and PVE tell of guests."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace

from pvesdn.compare.trace_names import Named, Places, require_a_hosts
from pvesdn.compare.trace_ports import port_in_bridge, ports_of
from pvesdn.compare.trace_scene import Scene
from pvesdn.errors import SettingsError
from pvesdn.model.guests import guest_port
from pvesdn.model.looked_up import FdbEntry, GuestCard, GuestPlace
from pvesdn.model.primitives import IpAddress, IpNetwork
from pvesdn.model.trace import End, EndKind

_SHOWN = 8


def end_of(one: Named, other: Named, scene: Scene, places: Places) -> End:
    """Who that is, as far as the nodes have told by now.

    :param other: what the other end was named, whose family of addresses counts.
    :raises SettingsError: it may be one of several.
    """
    family = other.address.version if other.address is not None else None
    if one.guest is not None:
        return _guest(scene, places, one, family)
    assert one.address is not None  # noqa: S101 - see `named`
    realms = set() if other.guest is None else _realms_of(scene, _guest(scene, places, other, one.address.version))
    return _addressed(scene, places, one, one.address, realms)


def _realms_of(scene: Scene, end: End) -> set[str]:
    """Where an address means one thing: a VRF, or a VNet that is in none."""
    nodes = (node for node in scene.nodes if scene.device(node, end.bridge) is not None)
    return {_realm(scene, node, end.bridge) for node in nodes}


def _realm(scene: Scene, node: str, bridge: str) -> str:
    return scene.vrf_of(node, bridge) or f"VNet {bridge}"


def _guest(scene: Scene, places: Places, one: Named, family: int | None) -> End:
    guest = one.guest or 0
    _require_device(scene, one)
    device = one.device if one.device is not None else _only_device(scene, guest)
    place = places.get(guest, GuestPlace(guest))
    ports = [(node, name) for node, name, index in ports_of(scene, guest) if index == device]
    plugs = [(node, bridge) for node, index, bridge in _plugs(scene, guest) if index == device]
    node = place.node or next((node for node, _ in plugs), "")
    here = _port(scene, ports, node)
    node = node if here is None else here[0]
    mac = _mac(scene, guest, device, here)
    end = End(
        label=one.text,
        kind=EndKind.GUEST,
        node=node,
        port="" if here is None else here[1],
        bridge=next((bridge for _, bridge in plugs), "") or _live_bridge(scene, here),
        mac=mac,
        guest=place,
        device=device,
        is_one_of_several=len(_devices(scene, guest)) > 1,
        elsewhere=tuple(dict.fromkeys(other for other, _ in ports if other != node)),
    )
    known = sorted(set(_addresses(scene, end)), key=lambda address: (address.version != (family or 4), int(address)))
    fitting = (address for address in known if family is None or address.version == family)
    return replace(end, address=next(fitting, None), addresses=tuple(known))


def _port(scene: Scene, ports: Sequence[tuple[str, str]], node: str) -> tuple[str, str] | None:
    """Of the ports that nodes have of a guest's device the one behind which a bridge has learned it; else, and of
    several such, the one on the node that has its configuration. A guest that moves has two for a while, and one may be
    left over.
    """
    return min(ports, key=lambda found: (not any(_entries_at(scene, found)), found[0] != node), default=None)


def _require_device(scene: Scene, one: Named) -> None:
    """:raises SettingsError: the guest has other network devices, and not the one that is named."""
    guest = one.guest or 0
    known = _devices(scene, guest)
    if one.device is None or not known or one.device in known:
        return
    first, *others = (f"{guest}/net{index}" for index in sorted(known))
    what = f"guest {guest} has no net{one.device}"
    if not others:
        raise SettingsError(f"{what}: it has only one network device", hint=f"give {first}")
    raise SettingsError(f"{what}: it has {', '.join([first, *others][:_SHOWN])}", hint=f"name one: {first}")


def _devices(scene: Scene, guest: int) -> set[int]:
    """The indexes of a guest's network devices, as far as they are known."""
    known = {card.device for card in _cards(scene) if card.guest == guest and card.device is not None}
    return known | {index for _, _, index in ports_of(scene, guest)} | {index for _, index, _ in _plugs(scene, guest)}


def _only_device(scene: Scene, guest: int) -> int | None:
    """The index of a guest's device: the only one, or the only one in a VNet.

    :raises SettingsError: there are several.
    """
    bridges = {index: bridge for _, index, bridge in _plugs(scene, guest)}
    for node, name, index in ports_of(scene, guest):
        bridges.setdefault(index, _live_bridge(scene, (node, name)))
    in_vnets = [index for index, bridge in bridges.items() if _is_vnet(scene, bridge)]
    found = sorted(bridges) if len(bridges) == 1 else sorted(in_vnets or bridges)
    if len(found) > 1:
        told = ", ".join(f"{guest}/net{index} in {bridges[index] or 'no bridge'}" for index in found[:_SHOWN])
        raise SettingsError(
            f"guest {guest} has several network devices: {told}", hint=f"name one: {guest}/net{found[0]}"
        )
    return found[0] if found else None


def _plugs(scene: Scene, guest: int) -> Iterator[tuple[str, int, str]]:
    for node in scene.nodes:
        for plug in scene.state(node).plugs or ():
            if plug.guest == guest:
                yield node, plug.device, plug.bridge


def _live_bridge(scene: Scene, here: tuple[str, str] | None) -> str:
    if here is None:
        return ""
    device = scene.device(here[0], port_in_bridge(scene, *here))
    return "" if device is None else device.master


def _is_vnet(scene: Scene, bridge: str) -> bool:
    """A zone's bridge, and not the card or the bridge by which one of its exits leads out."""
    for node in scene.nodes:
        device = scene.device(node, bridge) if bridge in scene.cluster.nodes[node].zones else None
        if device is not None and device.kind == "bridge":
            ports = (port for port in scene.state(node).devices.values() if port.master == bridge)
            return all(port.kind for port in ports)  # a card has none
    return False


def _mac(scene: Scene, guest: int, device: int | None, here: tuple[str, str] | None) -> str:
    """By its configuration, by what its bridge has learned, or by PVE's IPAM."""
    cards = [card for card in _cards(scene) if card.guest == guest and card.mac]
    own = [card.mac for card in cards if card.device == device]
    learned = [entry.mac for entry in _entries_at(scene, here)]
    leased = [card.mac for card in cards if card.device is None]
    return next(iter([*own, *learned, *(leased if len(set(leased)) == 1 else [])]), "")


def _entries_at(scene: Scene, here: tuple[str, str] | None) -> Iterator[FdbEntry]:
    if here is not None:
        port = port_in_bridge(scene, *here)
        yield from (entry for entry in scene.fdb(here[0]) or () if entry.device == port and not entry.is_own)


def _cards(scene: Scene) -> Iterator[GuestCard]:
    for node in sorted(scene.found):
        yield from scene.found[node].cards


def _addresses(scene: Scene, end: End) -> Iterator[IpAddress]:
    """What a guest's device has, by its configuration, by PVE's IPAM, or by the neighbour tables."""
    guest = None if end.guest is None else end.guest.id
    for card in _cards(scene):
        if card.guest == guest and (card.device == end.device or (card.device is None and card.mac == end.mac)):
            yield from card.addresses
    for found in scene.found.values():
        for known in found.neighbours or ():
            if end.mac and known.mac == end.mac and known.is_usable and not known.address.is_link_local:
                yield known.address


def _addressed(scene: Scene, places: Places, one: Named, address: IpAddress, realms: Container[str]) -> End:
    """:param realms: of the other end: several VRFs may have a gateway, and guests, of one address."""
    if holders := _holders_for(scene, address, realms):
        node, bridge, mac = holders[0]
        nodes = tuple(sorted({holder for holder, _, _ in holders}))
        return End(one.text, EndKind.NODE, node, bridge=bridge, mac=mac, address=address, holders=nodes)
    written = {(card.guest, card.device, card.mac) for card in _cards(scene) if address in card.addresses}
    macs = {mac for _, _, mac in written if mac} | {mac for _, mac in _heard(scene, address)}
    found = [end for mac in sorted(macs) if (end := _behind(scene, places, one, mac, address)) is not None]
    found += [
        replace(_guest(scene, places, Named(one.text, guest, device), address.version), address=address, addresses=())
        for guest, device, _ in sorted(written, key=str)
        if device is not None
    ]
    by_guest: dict[str, End] = {}
    for end in found:  # what was learned goes first: a guest may send from another MAC than it was given
        by_guest.setdefault(_called(end), end)
    ends = list(by_guest.values())
    bridge, network = _network_of(scene, address, realms)
    near = [end for end in ends if any(realm in realms for realm in _realms_of(scene, end))]
    ends = near or ([] if bridge else ends)
    if len(ends) > 1:
        told = ", ".join(f"{_called(end)} in {end.bridge or 'no bridge'}" for end in ends[:_SHOWN])
        raise SettingsError(f"several guests have {address}: {told}", hint="give the id of one")
    if ends:
        return ends[0]
    heard = [found for found in sorted(_heard(scene, address)) if bridge in {"", found[0]}]
    if heard:
        return End(one.text, EndKind.GUEST, bridge=heard[0][0], mac=heard[0][1], address=address)
    if not bridge:
        bridge, network = _network_of(scene, address)
    if network is not None:
        require_a_hosts(address, network)
    kind = EndKind.GUEST if bridge else EndKind.OUTSIDE
    return End(one.text, kind, bridge=bridge, address=address)


def _called(end: End) -> str:
    return end.mac if end.guest is None else f"{end.guest.id}/net{end.device}"


def _holders_for(scene: Scene, address: IpAddress, realms: Container[str]) -> list[tuple[str, str, str]]:
    """Who of the nodes has an address, for the other end: in its own VRF, or anywhere; but in no other VRF where its
    own has a VNet with that address in its network. Tenants may number their guests as others number their nodes.
    """
    holders = list(_holders(scene, address))
    near = [found for found in holders if _realm(scene, found[0], found[1]) in realms]
    bridge, _ = _network_of(scene, address, realms)
    vrfs = {scene.vrf_of(node, bridge) for node in scene.nodes if scene.device(node, bridge) is not None}
    return near or [found for found in holders if not bridge or scene.vrf_of(found[0], found[1]) in vrfs]


def _holders(scene: Scene, address: IpAddress) -> Iterator[tuple[str, str, str]]:
    """Node, device and MAC of each that has an address of its own."""
    for node in scene.nodes:
        for device in scene.state(node).devices.values():
            if any(held.ip == address for held in device.addresses):
                yield node, device.name, device.mac


def _heard(scene: Scene, address: IpAddress) -> Iterator[tuple[str, str]]:
    """VNet and MAC of each neighbour with an address, each once for each node that knows it."""
    for node in scene.found:
        for known in scene.found[node].neighbours or ():
            if known.address == address and known.is_usable and _is_vnet(scene, known.device):
                yield known.device, known.mac


def _behind(scene: Scene, places: Places, one: Named, mac: str, address: IpAddress) -> End | None:
    """The guest that a MAC was learned from; None where no bridge has learned it from a port of its own."""
    found: list[tuple[str, FdbEntry]] = []
    for node in scene.nodes:
        for entry in scene.fdb(node) or ():
            device = scene.device(node, entry.device)
            is_port = entry.bridge and not entry.is_own and device is not None and device.kind != "vxlan"
            if entry.mac == mac and is_port:
                found.append((node, entry))
    # Nodes that share a network outside have the guests of all others behind their cards.
    found.sort(key=lambda one: guest_port(one[1].device) is None)
    return _at_port(scene, places, one, *found[0], address) if found else None


def _at_port(scene: Scene, places: Places, one: Named, node: str, entry: FdbEntry, address: IpAddress) -> End:  # noqa: PLR0917
    found = guest_port(entry.device)
    if found is not None:
        guest = _guest(scene, places, Named(one.text, found.guest, found.device), address.version)
        if guest.port:
            return replace(guest, mac=entry.mac, address=address, addresses=())
    return End(one.text, EndKind.GUEST, node, entry.device, entry.bridge, entry.mac, address)


def _network_of(scene: Scene, address: IpAddress, realms: Container[str] | None = None) -> tuple[str, IpNetwork | None]:
    """The VNet that has a gateway in the network of an address, and that network; empty for none.

    :param realms: where it is looked for; None for everywhere.
    """
    for node in scene.nodes:
        for device in scene.state(node).devices.values():
            if realms is not None and _realm(scene, node, device.name) not in realms:
                continue
            networks = (held.network for held in device.addresses if address in held.network)
            network = next(networks, None) if _is_vnet(scene, device.name) else None
            if network is not None:
                return device.name, network
    return "", None


def require_apart(ends: Sequence[End]) -> None:
    """:raises SettingsError: both ends are the same, or neither is in the cluster."""
    one, other = ends
    if all(end.kind is EndKind.OUTSIDE for end in ends):
        raise SettingsError(
            f"neither {one.label} nor {other.label} is in this cluster", hint="give a guest, or an address of one"
        )
    if (one.kind, one.port, one.node, one.address) == (other.kind, other.port, other.node, other.address):
        raise SettingsError(f"{one.label} and {other.label} are the same", hint="give two ends")
