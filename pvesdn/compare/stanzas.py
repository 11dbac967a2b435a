"""Interfaces files compared stanza by stanza: names are unique, so the work is linear where a text diff is not."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from pvesdn.compare.differences import meant, stanza_differences
from pvesdn.compare.options import Options, addresses_of_stanzas, options_of_stanzas, options_of_text
from pvesdn.compare.present import PresentFile
from pvesdn.compare.traits import Traits, traits_of, traits_of_stanzas, traits_of_text
from pvesdn.model.files import Action, PrintedInterfaces, StanzaChange
from pvesdn.model.ifupdown import InterfacesFile, Stanza, VnetBridge
from pvesdn.model.pve_ifupdown import PveVnetBridge

_OTHER_VNI = "the kernel cannot change the VNI of a live device"
_OTHER_UDP_PORT = "the kernel cannot change the UDP port of a live device"
_OTHER_MAC = "guests keep the gateway's old MAC until their ARP entry expires"
_THE_HOSTS = "the host's own, which ifupdown2 merges with this"
_NO_FILTER = "ifupdown2 leaves the filter that keeps DHCP out on a live device"
_OTHER_WAY = "ifupdown2 leaves the flood entries of the old flood mode on a live device"


def stanza_changes(
    old: Mapping[str, str], new: PrintedInterfaces | None, beside: PresentFile | None = None
) -> tuple[StanzaChange, ...]:
    """What happens to each interface, sorted by name.

    :param old: the present text by interface name; the empty name holds what belongs to no interface and is not
        counted.
    :param new: the file as it should be; None when it goes.
    :param beside: the other file that SDN has on the node: ifupdown2 merges the stanzas of one name.
    """
    there = old.keys() - {""}
    if new is None:
        return tuple(StanzaChange(name, Action.REMOVE) for name in sorted(there))
    if not there:
        return _added(tuple(stanza.name for stanza in new.stanzas))
    texts = new.by_name()
    both = there & texts.keys()
    differing = frozenset(
        name for name in both if old[name] != texts[name] and old[name].strip() != texts[name].strip()
    )
    changes = [StanzaChange(name, Action.ADD) for name in texts.keys() - both]
    changes += [StanzaChange(name, Action.REMOVE) for name in there - both]
    beside = beside or PresentFile(None)
    changes += [_compared(old[name], stanzas, new.value, beside) for name, stanzas in _named(new, differing).items()]
    return tuple(sorted(changes, key=lambda change: change.name))


def keep_hosts(changes: Iterable[StanzaChange], host: Container[str]) -> tuple[StanzaChange, ...]:
    """The same changes, but with the host's own interfaces as changed: PVE's stanza neither adds nor removes them.

    :param host: names that /etc/network/interfaces defines.
    """
    return tuple(
        StanzaChange(change.name, Action.CHANGE, why=_THE_HOSTS)
        if change.name in host and change.action in {Action.ADD, Action.REMOVE}
        else change
        for change in changes
    )


def change_of(name: str, old: str, new: PrintedInterfaces) -> StanzaChange:
    """What happens to an interface that is there and stays. :param old: its text as it is."""
    return _compared(old, _named(new, {name})[name], new.value, PresentFile(None))


def leaves_its_vrf(old: str, new: PrintedInterfaces, name: str) -> bool:
    """Whether a changed stanza takes its interface out of the VRF in which it was. :param old: its text as it is."""
    before = traits_of_text(old).vrf
    return before is not None and before != traits_of_stanzas(_named(new, {name})[name], new.value).vrf


def loses_ipv6(changes: Iterable[StanzaChange], new: PrintedInterfaces) -> bool:
    """Whether a reload leaves one of these interfaces without its IPv6 addresses. ifupdown2 adds addresses, and then
    takes a device that is up down to give it another MAC, when the kernel forgets those of IPv6; a new one of PVE's is
    up as soon as it is in its VRF (docs/pve.md §13.2), ours are made beforehand.
    """
    changes = tuple(changes)
    coming = {change.name for change in changes if change.action is Action.ADD}
    if any(stanza.name in coming and _is_up_too_soon(stanza) for stanza in (new.stanzas if coming else ())):
        return True
    other = {change.name for change in changes if change.action is Action.CHANGE and _may_get_mac(change)}
    named = _named(new, other) if other else {}
    return any(
        ":" in address
        for stanzas in named.values()
        if traits_of_stanzas(stanzas, new.value).hwaddress is not None
        for address in addresses_of_stanzas(stanzas, new.value)
    )


def _is_up_too_soon(stanza: Stanza) -> bool:
    if not isinstance(stanza, PveVnetBridge) or stanza.hwaddress is None or stanza.vrf is None:
        return False
    return any(subnet.address is not None and ":" in subnet.address for subnet in stanza.subnets)


def _may_get_mac(change: StanzaChange) -> bool:
    """Also where a second file comes to have a device of PVE's: nothing is known of the MAC that it has."""
    return change.is_merged or any(found.name == "hwaddress" and found.new for found in change.differences)


@lru_cache(maxsize=4)  # nodes that have nothing yet get the same interfaces: one change serves them all
def _added(names: tuple[str, ...]) -> tuple[StanzaChange, ...]:
    return tuple(StanzaChange(name, Action.ADD) for name in sorted(set(names)))


def _named(file: PrintedInterfaces, names: Container[str]) -> dict[str, list[Stanza]]:
    """The stanzas of some interfaces, by name."""
    found: dict[str, list[Stanza]] = {}
    for stanza in file.stanzas:
        if stanza.name in names:
            found.setdefault(stanza.name, []).append(stanza)
    return found


def _compared(old: str, stanzas: list[Stanza], file: InterfacesFile, beside: PresentFile) -> StanzaChange:
    before, after = options_of_text(old), options_of_stanzas(stanzas, file)
    traits = traits_of(after) if len(stanzas) == 1 else traits_of_stanzas(stanzas, file)  # most have a single one
    change = StanzaChange(
        stanzas[0].name,
        Action.CHANGE,
        differences=stanza_differences(before, after),
        keeps_gateway=_keeps_gateway(before, stanzas, file, beside),
    )
    return _told(change, traits_of(before), traits)


def _keeps_gateway(before: Options, stanzas: list[Stanza], file: InterfacesFile, beside: PresentFile) -> bool:
    if not any(isinstance(stanza, VnetBridge | PveVnetBridge) for stanza in stanzas):
        return False
    if not addresses_of_stanzas(stanzas, file):
        return False
    return "address" in before or "address" in options_of_text(beside.stanzas.get(stanzas[0].name, ""))


def _told(change: StanzaChange, old: Traits, new: Traits) -> StanzaChange:
    """The same change, as a replacement where the device cannot be changed, and with what is behind it."""
    if old.vni is None or new.vni is None:
        is_other_mac = change.keeps_gateway and _mac(old) != _mac(new)
        return replace(change, why=_OTHER_MAC) if is_other_mac else change
    if old.vni != new.vni:
        return replace(change, action=Action.REPLACE, why=_OTHER_VNI)
    if old.udp_port != new.udp_port:
        return replace(change, action=Action.REPLACE, why=_OTHER_UDP_PORT)
    if old.flooding != new.flooding:
        return replace(change, action=Action.REPLACE, why=_OTHER_WAY)
    if old.keeps_dhcp_out and not new.keeps_dhcp_out:
        return replace(change, action=Action.REPLACE, why=_NO_FILTER)
    return change


def _mac(traits: Traits) -> str:
    return meant("hwaddress", traits.hwaddress or "")
