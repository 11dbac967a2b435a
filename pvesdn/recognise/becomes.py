"""What a node's frr.conf turns into: the new names of its peer groups and VRFs, and what pvesdn will say in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pvesdn.design.ours.exits import shares_flows
from pvesdn.design.ours.sysctl import IP_FORWARD, IPV6_FORWARD
from pvesdn.design.shared import names
from pvesdn.model.facts import NodeFacts
from pvesdn.model.hand_written import FrrNeighbor
from pvesdn.model.own_sdn import EvpnController
from pvesdn.model.primitives import IpAddress
from pvesdn.recognise.anyway import Trait
from pvesdn.recognise.exits import UplinkOnNode
from pvesdn.recognise.mesh import RouterOnNode
from pvesdn.recognise.nets import FloodMode, Net
from pvesdn.recognise.underlay import UnderlayFacts
from pvesdn.recognise.zones import Draft

_IPV4, _IPV6 = 4, 6
_NEVER = "(?!)"
"""Matches nothing."""


@dataclass(frozen=True, slots=True)
class Becomes:
    """One node that speaks EVPN.

    :param peers: new peer group by address of a neighbour, sessions of the overlay alone.
    :param groups: new peer groups by old one, of the same sessions.
    :param vrfs: new name by old, of VRFs that become a zone.
    :param interfaces: new name by old, of bridges.
    :param traits: of the node.
    :param announcing: traits by old name of a VRF with an L3VNI.
    :param plain: VNIs of plain zones.
    :param reads_local: the node's PVE reads frr.conf.local although it has no controller of its own.
    """

    node: str
    vtep: IpAddress
    asn: str
    peers: Mapping[str, str]
    groups: Mapping[str, tuple[str, ...]]
    vrfs: Mapping[str, str]
    interfaces: Mapping[str, str]
    traits: frozenset[Trait]
    announcing: Mapping[str, frozenset[Trait]]
    plain: frozenset[int]
    uplinks: tuple[UplinkOnNode, ...]
    reads_local: bool

    @property
    def names(self) -> dict[str, str]:
        """What stands for the placeholders in the list of what pvesdn does anyway."""
        return {
            "node": re.escape(self.node),
            "vtep": re.escape(str(self.vtep)),
            "peer": _any_of((*self.peers, *self.groups)),
            "plain": _any_of(map(str, sorted(self.plain))),
        }


def becomes(
    speaker: RouterOnNode,
    drafts: tuple[tuple[Draft, str], ...],
    uplinks: tuple[UplinkOnNode, ...],
    controller: EvpnController | None,
    ground: UnderlayFacts,
    *,
    announces: Mapping[str, bool],
    vnets: Mapping[str, str],
    reads_local: bool,
) -> Becomes:
    """What comes of a node's frr.conf.

    :param drafts: with the zone of each.
    :param uplinks: the node's exits.
    :param announces: by zone: its subnets are announced by nodes without an exit too.
    :param vnets: VNet by bridge.
    """
    node = speaker.node
    sessions = [(one, _group(peer, speaker, controller, ground)) for peer, one in speaker.sessions.items()]
    here = [(draft, zone) for draft, zone in drafts if node in draft.nodes]
    tied = [(draft, zone) for draft, zone in here if draft.vrf is not None and draft.l3vni is not None]
    plain = (net.sights[node].port.vni for draft, _ in here if draft.mode is not FloodMode.EVPN for net in draft.nets
             if node in net.sights)  # fmt: skip
    return Becomes(
        node=node,
        vtep=speaker.address,
        asn=speaker.router.asn,
        peers={neighbor.address: group for neighbor, group in sessions},
        groups=_groups(sessions),
        vrfs={draft.vrf: names.vrf(zone) for draft, zone in here if draft.vrf is not None and draft.is_routed},
        interfaces={bridge: vnet for bridge, vnet in vnets.items() if bridge != vnet},
        traits=frozenset(_traits(node, [draft for draft, _ in here], uplinks, ground.facts.get(node))),
        announcing={
            draft.vrf or "": frozenset(_announcing(draft, uplinks, is_announced=announces[zone]))
            for draft, zone in tied
        },
        plain=frozenset(plain),
        uplinks=uplinks,
        reads_local=reads_local,
    )


def _groups(sessions: Iterable[tuple[FrrNeighbor, str]]) -> dict[str, tuple[str, ...]]:
    """New groups by old one."""
    found: dict[str, dict[str, None]] = {}
    for neighbor, group in sessions:
        if neighbor.group:
            found.setdefault(neighbor.group, {})[group] = None
    return {old: tuple(new) for old, new in found.items()}


def _any_of(words: Iterable[str]) -> str:
    """A regular expression for any of them."""
    found = "|".join(map(re.escape, words))
    return f"(?:{found})" if found else _NEVER


def _group(peer: IpAddress, speaker: RouterOnNode, controller: EvpnController | None, ground: UnderlayFacts) -> str:
    """The peer group that pvesdn puts a peer into (design/ours/bgp.py)."""
    reflectors = controller.route_reflectors if controller is not None else None
    is_reflector = reflectors is not None and (peer in reflectors or ground.owners.get(peer) in reflectors)
    name = "RR" if is_reflector else "VTEP"
    return name if peer.version == speaker.address.version else f"{name}.IPV{peer.version}"


def _families(nets: Iterable[Net], uplinks: tuple[UplinkOnNode, ...]) -> set[int]:
    gateways = {address.version for net in nets for address in net.addresses}
    return gateways | {own.version for uplink in uplinks for own in uplink.interfaces}


def _traits(
    node: str, drafts: list[Draft], uplinks: tuple[UplinkOnNode, ...], facts: NodeFacts | None
) -> Iterator[Trait]:
    nets = [net for draft in drafts if draft.is_routed for net in draft.nets if node in net.nodes]
    routed = _families(nets, uplinks) | ({_IPV4} if nets else set())
    for version, switch, forwards, keeps in (
        (_IPV4, IP_FORWARD, Trait.FORWARDS_4, Trait.KEEPS_4),
        (_IPV6, IPV6_FORWARD, Trait.FORWARDS_6, Trait.KEEPS_6),
    ):
        live = facts.sysctl.get(switch) if facts is not None else None
        if version in routed or live != "0":
            yield forwards
        if version not in routed and live != "1":
            yield keeps
    if any(shares_flows(uplink.exit("any", "any"), _IPV4) for uplink in uplinks):
        yield Trait.SHARES_FLOWS


def _announcing(draft: Draft, uplinks: tuple[UplinkOnNode, ...], *, is_announced: bool) -> Iterator[Trait]:
    own = tuple(uplink for uplink in uplinks if any(option.value == draft.vrf for option in uplink.device.all("vrf")))
    if own:
        yield Trait.EXIT
    if not (own or is_announced):
        yield Trait.SILENT
        return
    families = _families(draft.nets if draft.is_routed else (), own)
    if _IPV4 in families:
        yield Trait.ANNOUNCES_4
    if _IPV6 in families:
        yield Trait.ANNOUNCES_6
