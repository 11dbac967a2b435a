"""Interfaces files compared stanza by stanza: names are unique, so the work is linear where a text diff is not."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from pvesdn.model.files import Action, StanzaChange

_FIXED_AT_BIRTH = {
    "vxlan-id": "the kernel cannot change the VNI of a live device",
    "vxlan-port": "the kernel cannot change the UDP port of a live device",
}
_WAYS_OF_FLOODING = ("vxlan-remoteip", "vxlan-mcastgrp", "vxlan-mcastgrp6")
_OTHER_MAC = "guests keep the gateway's old MAC until their ARP entry runs out"
_THE_HOSTS = "the host's own, which ifupdown2 merges with this"
_OTHER_WAY = "ifupdown2 leaves the flood entries of the old way on a live device"


def stanza_changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[StanzaChange, ...]:
    """What happens to each interface, sorted by name.

    :param old: text by interface name, as it is; the empty name holds what belongs to no interface and is not counted.
    :param new: the same, as it should be.
    """
    changes = [StanzaChange(name, Action.ADD) for name in new if name and name not in old]
    changes += [StanzaChange(name, Action.REMOVE) for name in old if name and name not in new]
    changes += [
        _change(name, text, new[name])
        for name, text in old.items()
        if name and name in new and text.strip() != new[name].strip()
    ]
    return tuple(sorted(changes, key=lambda change: change.name))


def keep_hosts(changes: Iterable[StanzaChange], host: Container[str]) -> tuple[StanzaChange, ...]:
    """The same changes, where an interface of the host's own is changed: it neither comes nor goes with PVE's stanza for it.

    :param host: names that /etc/network/interfaces defines.
    """
    return tuple(
        StanzaChange(change.name, Action.CHANGE, why=_THE_HOSTS)
        if change.name in host and change.action in {Action.ADD, Action.REMOVE}
        else change
        for change in changes
    )


def option(text: str, name: str) -> str | None:
    """The first value of an option in a stanza's text; underscores count as dashes, as ifupdown2 reads them."""
    for line in text.splitlines():
        key, _, value = line.strip().partition(" ")
        if key.replace("_", "-") == name:
            return value.strip()
    return None


def leaves_its_vrf(old: str, new: str) -> bool:
    """Whether a changed stanza takes its interface out of the VRF in which it was."""
    return option(old, "vrf") not in {None, option(new, "vrf")}


def _change(name: str, old: str, new: str) -> StanzaChange:
    if option(old, "vxlan-id") is None or option(new, "vxlan-id") is None:
        is_other_gateway = option(new, "address") is not None and option(old, "hwaddress") != option(new, "hwaddress")
        return StanzaChange(name, Action.CHANGE, why=_OTHER_MAC if is_other_gateway else "")
    for key, why in _FIXED_AT_BIRTH.items():
        if option(old, key) != option(new, key):
            return StanzaChange(name, Action.REPLACE, why=why)
    if _way_of_flooding(old) != _way_of_flooding(new):
        return StanzaChange(name, Action.REPLACE, why=_OTHER_WAY)
    return StanzaChange(name, Action.CHANGE)


def _way_of_flooding(text: str) -> tuple[bool, ...]:
    """Head-end replication, a multicast group, or neither (EVPN)."""
    return tuple(option(text, key) is not None for key in _WAYS_OF_FLOODING)
