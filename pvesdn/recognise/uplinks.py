"""The exits of a zone: one on a node, in the VRF that the zone is made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from pvesdn.model.hand_written import Device, HandWrittenNode
from pvesdn.model.own_sdn import Irb
from pvesdn.model.primitives import IpAddress
from pvesdn.recognise.exits import UplinkOnNode, read_uplink
from pvesdn.recognise.nets import Nets
from pvesdn.recognise.notebook import Notebook
from pvesdn.recognise.zones import Draft


def uplinks_of(
    draft: Draft, nodes: Mapping[str, HandWrittenNode], nets: Nets, becomes: str, book: Notebook
) -> list[UplinkOnNode]:
    """What is in the zone's VRF beside its VNets, as exits; what cannot be one is entered as lost.

    :param becomes: what the VRF is called afterwards.
    """
    if draft.vrf is None:
        return []
    vrf = draft.vrf
    stays = f"its stanza stays: in the edited files write 'vrf {becomes}' in place of 'vrf {vrf}'"
    enslaved = {name: _enslaved(nodes[name], vrf, nets) for name in sorted(nodes)}
    if draft.irb is not Irb.SYMMETRIC:
        what = f"is in VRF {vrf}, which has no L3VNI: exits need irb symmetric"
        for name, devices in enslaved.items():
            for device in devices:
                book.lose(name, device.place, device.name, what, stays)
        return []
    found = (_on_node(nodes[name], devices, vrf, stays, book) for name, devices in enslaved.items())
    return [uplink for uplink in found if uplink is not None]


def _on_node(
    node: HandWrittenNode, enslaved: Iterable[Device], vrf: str, stays: str, book: Notebook
) -> UplinkOnNode | None:
    found: UplinkOnNode | None = None
    for device in enslaved:
        uplink = read_uplink(node, device, vrf, stays, book)
        if uplink is not None and found is not None:
            what = f"is a second exit of VRF {vrf} on the node, next to {found.device.name}"
            book.lose(node.node, device.place, device.name, what, stays)
        found = found or uplink
    return found


def _enslaved(node: HandWrittenNode, vrf: str, nets: Nets) -> Iterator[Device]:
    taken = {sight.bridge.device.name for net in (*nets.vnets, *nets.ties.values()) for sight in net.sights.values()}
    for device in node.devices.values():
        if device.name not in taken and any(option.value == vrf for option in device.all("vrf")):
            yield device


def refuse_twins(uplinks: list[UplinkOnNode], book: Notebook) -> None:
    """Enter two exits with one address."""
    first: dict[IpAddress, UplinkOnNode] = {}
    for uplink in uplinks:
        for address in (interface.ip for interface in uplink.interfaces):
            other = first.setdefault(address, uplink)
            if other is not uplink:
                what = f"has the address {address} of {other.node} ({other.device.place})"
                hint = "give each exit an address of its own"
                book.error(uplink.node, uplink.device.place, uplink.device.name, what, hint)
