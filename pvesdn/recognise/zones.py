"""VNets with the same transport, and the same VRF if they have one, are a zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pvesdn.design.ours.mtu import inner_mtu
from pvesdn.model.hand_written import Device, Place
from pvesdn.model.own_sdn import Irb
from pvesdn.model.primitives import IpAddress
from pvesdn.recognise.nets import BridgeOnNode, FloodMode, Net, Nets
from pvesdn.recognise.notebook import Notebook
from pvesdn.recognise.remotes import vteps_of
from pvesdn.recognise.underlay import UnderlayFacts

_Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """A zone before it has its id.

    :param wish: the id it should have.
    :param nodes: the nodes in it, with or without a VNet.
    :param vrf: the hand-written VRF; None for bridging alone and for gateways in the main table.
    :param mtu: bytes; None if it follows from the underlay.
    :param peers: VTEPs of a plain zone, if they are not just the members'.
    """

    wish: str
    mode: FloodMode
    nets: tuple[Net, ...]
    nodes: frozenset[str]
    irb: Irb = Irb.NONE
    vrf: str | None = None
    l3vni: int | None = None
    mac: str | None = None
    mtu: int | None = None
    udp_port: int | None = None
    group: IpAddress | None = None
    physdev: str | None = None
    peers: tuple[IpAddress, ...] | None = None
    floods: bool = True
    suppresses: bool = True

    @property
    def is_routed(self) -> bool:
        """It has gateways."""
        return self.irb is not Irb.NONE


class Zoning:
    """Makes zones of VNets."""

    def __init__(self, ground: UnderlayFacts, book: Notebook) -> None:
        self._ground = ground
        self._book = book

    def draft(self, nets: Nets) -> tuple[Draft, ...]:
        """All zones, in the order of their first VNets."""
        groups: dict[_Key, list[Net]] = {}
        lists: dict[str, frozenset[IpAddress]] = {}
        for net in nets.vnets:
            if net.first.mode is FloodMode.UNICAST:
                lists[net.name] = vteps_of(net, self._ground, self._book)
            groups.setdefault(self._key(net, lists.get(net.name)), []).append(net)
        return tuple(self._draft(tuple(found), lists, nets) for found in groups.values())

    def _key(self, net: Net, peers: frozenset[IpAddress] | None) -> _Key:
        """What the VNets of one zone have in common."""
        port = net.first.port
        if net.first.bridge.vrf is not None and net.first.mode is FloodMode.EVPN:
            return ("vrf", net.first.bridge.vrf)
        common = (net.first.mode, port.udp_port, self._mtu(net, peers))
        if net.first.mode is FloodMode.MULTICAST:
            return (*common, port.group, self._physdev(net))
        if net.first.mode is FloodMode.UNICAST:
            return (*common, peers)
        mac = net.first.bridge.mac.lower() if net.first.bridge.mac and net.addresses else None
        return (*common, bool(net.addresses), mac, port.floods, port.suppresses)

    def _draft(self, nets: tuple[Net, ...], lists: Mapping[str, frozenset[IpAddress]], all_nets: Nets) -> Draft:
        first = nets[0].first
        peers = lists.get(nets[0].name)
        draft = Draft(
            wish="",
            mode=first.mode,
            nets=nets,
            nodes=frozenset[str]().union(*(net.nodes for net in nets)),
            mtu=self._least([(net, self._mtu(net, peers)) for net in nets]),
            udp_port=self._same(nets, "vxlan-port"),
        )
        if first.mode is FloodMode.EVPN:
            return self._evpn(draft, all_nets)
        for net in nets:
            self._tell_gateways(net)
        if first.mode is FloodMode.MULTICAST:
            return replace(draft, wish="mcast", group=first.port.group, physdev=self._physdev(nets[0]))
        listed = peers or frozenset()
        inside = {address for address in listed if address in self._ground.owners}
        return replace(
            draft,
            wish="ucast",
            nodes=draft.nodes | {self._ground.owners[address] for address in inside},
            peers=None if listed == inside else tuple(sorted(listed, key=lambda a: (a.version, int(a)))),
        )

    def _evpn(self, draft: Draft, nets: Nets) -> Draft:
        first = draft.nets[0].first
        vrf = first.bridge.vrf
        l3vni = nets.l3vnis.get(vrf) if vrf else None
        if vrf is None:
            irb = Irb.ASYMMETRIC if draft.nets[0].addresses else Irb.NONE
        else:
            irb = Irb.ASYMMETRIC if l3vni is None else Irb.SYMMETRIC
        if vrf is not None and irb is Irb.ASYMMETRIC:
            self._tell_silent(vrf, draft.nets)
        wish = {Irb.NONE: "l2", Irb.ASYMMETRIC: "asym", Irb.SYMMETRIC: "sym"}[irb]
        return replace(
            draft,
            wish=vrf.removeprefix("vrf_") if vrf else wish,
            irb=irb,
            vrf=vrf,
            l3vni=l3vni,
            mac=self._mac(draft.nets),
            floods=self._switch(
                draft.nets, "flooding", "bridge-unicast-flood", [n.first.port.floods for n in draft.nets]
            ),
            suppresses=self._switch(
                draft.nets, "suppression", "bridge-arp-nd-suppress", [n.first.port.suppresses for n in draft.nets]
            ),
        )

    def _tell_silent(self, vrf: str, nets: tuple[Net, ...]) -> None:
        """Warn of a bridge without an address in a VRF without `vni`: it may have been meant for the L3VNI."""
        for net in nets:
            if not net.addresses:
                vni = net.first.port.vni
                what = f"is in VRF {vrf} without an address, and is assumed to be a VNet"
                hint = f"if VNI {vni} is the VRF's L3VNI, every node's frr.conf must say 'vni {vni}' under 'vrf {vrf}'"
                self._book.warn(f"{net.first.node}: {net.first.place}: {net.name}", what, hint)

    # --- what a zone says once ----------------------------------------------------------------------------------------

    def _mtu(self, net: Net, peers: Iterable[IpAddress] | None) -> int | None:
        """The MTU stated, if it is less than what follows from the underlay."""
        said = net.mtu
        if said is None:
            return None
        owners = {self._ground.owners[address] for address in peers or () if address in self._ground.owners}
        vteps = [self._ground.vteps[node] for node in sorted(net.nodes | owners) if node in self._ground.vteps]
        fits = inner_mtu(vteps)
        if fits is None or said < fits:
            return said
        if said > fits:
            node, device = next(_sayers_of_mtu(net, said))
            what = f"mtu {said} does not fit the underlay, which allows {fits}"
            hint = f"the zone gets what fits: to keep it raise the underlay's MTU by {said - fits}"
            self._book.lose(node, device.all("mtu")[0].place, device.name, what, hint)
        return None

    def _least(self, sizes: list[tuple[Net, int | None]]) -> int | None:
        said = {size for _, size in sizes if size is not None}
        if len(said) > 1 or (said and any(size is None for _, size in sizes)):
            what = f"VNets with MTUs of their own: the zone gets the least, {min(said)}"
            for net, size in sizes:
                if size is not None and size != min(said):
                    hint = "a zone has one MTU: to keep it write the same for all its VNets"
                    self._book.lose(net.first.node, net.first.place, net.name, what, hint)
        return min(said, default=None)

    def _same(self, nets: tuple[Net, ...], option: str) -> int | None:
        first = nets[0].first
        for net in nets:
            if net.first.port.udp_port != first.port.udp_port:
                what = f"{option} is {net.first.port.udp_port or 4789}, and {first.port.udp_port or 4789} of {nets[0].name}"
                hint = "VNets of one VRF have one UDP port: make them the same"
                self._book.error(net.first.node, net.first.place, net.name, what, hint)
        return first.port.udp_port

    def _switch(self, nets: tuple[Net, ...], noun: str, option: str, states: list[bool]) -> bool:
        """A boolean of the whole zone."""
        for net, state in zip(nets, states, strict=True):
            if state != states[0]:
                place = _place(net.first, option)
                what = f"{noun} is {_word(state)}, and {_word(states[0])} of {nets[0].name} in the same VRF"
                self._book.error(net.first.node, place, net.name, what, "a zone has one setting: make them the same")
        return states[0]

    def _mac(self, nets: tuple[Net, ...]) -> str | None:
        """The gateways' MAC: the one most VNets have."""
        routed = [net for net in nets if net.addresses]
        macs = Counter((net.first.bridge.mac or "").lower() for net in routed)
        if not macs:
            return None
        chosen = max(macs, key=lambda mac: macs[mac])
        for net in routed:
            own = (net.first.bridge.mac or "").lower()
            if own != chosen:
                what = f"the gateway's MAC {own or '(none)'}: the zone's is {chosen or 'derived from its id'}"
                place = _place(net.first, "hwaddress", of_bridge=True)
                hint = "guests learn the new one when their ARP entry expires"
                self._book.lose(net.first.node, place, net.name, what, hint)
        return next(net.first.bridge.mac for net in routed if (net.first.bridge.mac or "").lower() == chosen)

    def _physdev(self, net: Net) -> str | None:
        """The device the group is joined on, unless it carries the node's tunnels or is a port of the one that does."""
        usual: set[str] = set()
        other: dict[str, BridgeOnNode] = {}
        for node, sight in net.sights.items():
            vtep = self._ground.vteps.get(node)
            name = sight.port.physdev
            if name is None or vtep is None:
                continue
            master = self._ground.masters.get((node, name))
            if name == vtep.interface:
                usual.add(name)
            elif master is not None and master == vtep.interface:
                does = (
                    "holds the VTEP" if self._ground.held[node].get(vtep.address) == master else "carries the tunnels"
                )
                what = f"is a port of {master}, which {does}: the group is joined on {master}"
                self._book.note(name, what)
                usual.add(f"{vtep.interface}")
            else:
                other[name] = sight
        if other and len(other.keys() | usual) > 1:
            for name, sight in other.items():
                what = f"the group is joined on {name}, on other nodes elsewhere"
                hint = "write the same vxlan-physdev on every node, best the device that carries the tunnels"
                self._book.error(sight.node, _place(sight, "vxlan-physdev"), sight.port.device.name, what, hint)
        return next(iter(other), None)

    def _tell_gateways(self, net: Net) -> None:
        for sight in net.sights.values():
            if sight.bridge.addresses:
                place = _place(sight, "address", of_bridge=True)
                hint = "gateways need EVPN with irb asymmetric or symmetric: give it to a guest or a router first"
                what = f"the address {', '.join(map(str, sight.bridge.addresses))}"
                self._book.lose(sight.node, place, net.name, what, hint)
            if sight.bridge.vrf:
                place = _place(sight, "vrf", of_bridge=True)
                hint = "VRFs need EVPN with irb asymmetric or symmetric: take the line out"
                self._book.lose(sight.node, place, net.name, f"the VRF {sight.bridge.vrf}", hint)


def cover(drafts: tuple[Draft, ...], speakers: frozenset[str]) -> tuple[Draft, ...]:
    """EVPN zones together must include every speaker, or the mesh would lose some: the first zone takes in the rest."""
    evpn = [draft for draft in drafts if draft.mode is FloodMode.EVPN]
    missing = speakers - frozenset[str]().union(*(draft.nodes for draft in evpn))
    if not evpn or not missing:
        return drafts
    taking = next((draft for draft in evpn if draft.irb is Irb.SYMMETRIC), evpn[0])
    return tuple(replace(draft, nodes=draft.nodes | missing) if draft is taking else draft for draft in drafts)


def _sayers_of_mtu(net: Net, mtu: int) -> Iterator[tuple[str, Device]]:
    """Nodes and devices of a VNet that state this MTU."""
    for node, sight in net.sights.items():
        for device, said in ((sight.port.device, sight.port.mtu), (sight.bridge.device, sight.bridge.mtu)):
            if said == mtu:
                yield node, device


def _place(sight: BridgeOnNode, option: str, *, of_bridge: bool = False) -> Place:
    owner = sight.bridge.device if of_bridge else sight.port.device
    found = owner.all(option)
    return found[0].place if found else owner.place


def _word(state: bool) -> str:  # noqa: FBT001 - the state itself
    return "on" if state else "off"
