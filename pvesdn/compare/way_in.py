"""The way in: the devices by which a node is reached, and what each of them carries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pvesdn.decode.nodes.interfaces import decode_interfaces
from pvesdn.design.shared.hosts import devices_below
from pvesdn.model.cluster import Member, Vtep
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import FileChange
from pvesdn.model.primitives import IpAddress

WayIn = Mapping[str, str]
"""What a device carries, in words, by its name."""
_USUAL_PROTOCOL = ("bridge-vlan-protocol", "802.1q")
"""PVE's qinq zones say it of the host's bridge."""
_UNFELT = frozenset({"alias", "ovs-ports"})
"""A port more is added to an Open vSwitch bridge that is there."""


def way_in(facts: NodeFacts, member: Member | None, vtep: Vtep | None) -> WayIn:
    """Devices that the node cannot lose for a moment without somebody losing it: by them it has the address by which
    the cluster, the API and SSH know it, corosync's links, and its way to the other VTEPs. With each device all that it
    lies on: ports, slaves, a VLAN's device.
    """
    found: dict[str, str] = {}
    for device, what in _carriers(facts, member, vtep):
        if device not in found:  # with it all below it; every path may name the same few devices
            for name in (device, *devices_below(facts, device)):
                found.setdefault(name, what)
    return found


def of_way_in(changes: Iterable[FileChange], carried: WayIn) -> Iterator[tuple[str, str]]:
    """Each device of the way in that changes, once, with what it carries."""
    found = {
        stanza.name: carried[stanza.name]
        for change in changes
        for stanza in change.stanzas
        if stanza.name in carried and _options(change.old, stanza.name) != _options(change.new, stanza.name)
    }
    return iter(found.items())


def _options(text: str | None, device: str) -> frozenset[tuple[str, str]]:
    """What a file says of a device, without what the device has anyway or does not feel."""
    stanzas = decode_interfaces(text or "").stanzas
    said = {option for stanza in stanzas if stanza.name == device for option in stanza.options}
    return frozenset(option for option in said if option != _USUAL_PROTOCOL and option[0] not in _UNFELT)


def _carriers(facts: NodeFacts, member: Member | None, vtep: Vtep | None) -> Iterator[tuple[str, str]]:
    if member is not None:
        yield from _holders(facts, member.address, "the node's address in the cluster (API and SSH)")
        for address in member.links:
            yield from _holders(facts, address, "a link of corosync")
    if vtep is not None:
        yield from _holders(facts, vtep.address, "the node's VTEP")
        for path in vtep.paths.values():
            # Where a path was not looked at, nothing is known of its devices.
            yield from ((device, "the way to the other VTEPs") for device in path.devices)


def _holders(facts: NodeFacts, address: IpAddress | None, what: str) -> Iterator[tuple[str, str]]:
    yield from ((device, f"{what}, {address}") for device, held in facts.addresses if held.ip == address)
