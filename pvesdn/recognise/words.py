"""The words of the stanzas that go: which of them the proposal does not carry over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pvesdn.decode.definitions.values import BadValueError, alias, boolean
from pvesdn.decode.nodes.hook_commands import HOOKS, read_hook
from pvesdn.decode.nodes.ip_route import read_ip_route
from pvesdn.decode.secrets import hide_secrets
from pvesdn.design.ours.mtu import inner_mtu
from pvesdn.model.hand_written import Act, Device, Floods, HandWrittenNode, Holds, Joins, Option
from pvesdn.model.ifupdown import GUEST_PORTS
from pvesdn.model.own_sdn import Irb
from pvesdn.model.proposal import TakeOut
from pvesdn.recognise.anyway import BRIDGE, PORT, TIE, VRF, Trait, is_done
from pvesdn.recognise.devices import FLOOD_SWITCHES, GROUP_WORDS, Bridge
from pvesdn.recognise.nets import BridgeOnNode, FloodMode, Net, Nets
from pvesdn.recognise.notebook import Notebook
from pvesdn.recognise.underlay import UnderlayFacts
from pvesdn.recognise.zones import Draft

_OF_PORTS = frozenset({"vxlan-id", "vxlan-local-tunnelip", "vxlan-remoteip", *GROUP_WORDS, "vxlan-port", "mtu"})
"""Options that are carried over, or that something else is said about."""
_OF_EVPN = frozenset({"bridge-arp-nd-suppress", *FLOOD_SWITCHES})
"""The same of ports in EVPN zones alone."""
_OF_BRIDGES = frozenset({"address", "netmask", "bridge-ports", "bridge-vlan-aware", "mtu", "alias", "vrf"})
_OF_TIES = frozenset({"bridge-ports", "vrf", "mtu"})
_VLANS_OF_PORT = frozenset({"bridge-access", "bridge-vids", "bridge-pvid", "bridge-trunk", "bridge-allow-untagged"})
_ITSELF = frozenset({"$IFACE", "${IFACE}", '"$IFACE"', '"${IFACE}"'})
_IPV6 = 6
_UDP_PORT = 4789


def tell_words(
    nodes: Mapping[str, HandWrittenNode],
    nets: Nets,
    drafts: tuple[Draft, ...],
    ground: UnderlayFacts,
    book: Notebook,
    *,
    vrfs: Mapping[str, str],
) -> None:
    """Enter every word of a stanza that goes and that is neither carried over nor done anyway.

    :param vrfs: new name by old, of VRFs that become a zone.
    """
    teller = _Teller(nodes, book)
    for draft in drafts:
        for net in draft.nets:
            for sight in net.sights.values():
                teller.tell_vnet(sight, draft)
    for vrf, net in nets.ties.items():
        tied = next((draft for draft in drafts if draft.vrf == vrf), None)
        if tied is not None:
            mtu = tied.mtu or inner_mtu(ground.vteps[node] for node in sorted(tied.nodes & ground.vteps.keys()))
            for sight in net.sights.values():
                teller.tell_tie(sight, tied, mtu)
    for name, node in sorted(nodes.items()):
        for device in node.devices.values():
            if device.name in vrfs and device.all("vrf-table"):
                teller.tell_vrf(name, device, vrfs[device.name])


def alias_of(net: Net, book: Notebook) -> str | None:
    """The alias of a VNet: the first that a node states; others are entered as lost."""
    sayers = [sight for sight in net.sights.values() if sight.bridge.alias]
    said = sayers[0].bridge.alias if sayers else None
    for sight in sayers:
        if sight.bridge.alias != said:
            place = sight.bridge.device.all("alias")[0].place
            hint = f"a VNet has one alias, '{said}' of {sayers[0].node}: make them the same"
            book.lose(sight.node, place, net.name, f"alias {sight.bridge.alias}", hint)
    try:
        return alias(said) if said else None
    except BadValueError as error:
        place = sayers[0].bridge.device.all("alias")[0].place
        book.lose(sayers[0].node, place, net.name, f"alias {error.what}", error.hint)
        return None


def tell_stayers(nodes: Mapping[str, HandWrittenNode], outs: Mapping[str, tuple[TakeOut, ...]], book: Notebook) -> None:
    """Enter the lines of stanzas that stay and name a device that goes: they fail from then on."""
    for name, node in sorted(nodes.items()):
        whole = {out.name for out in outs.get(name, ()) if out.options is None}
        becomes = {out.name: out.becomes for out in outs.get(name, ()) if out.name in whole and out.becomes != out.name}
        taken = {place for out in outs.get(name, ()) for place in out.options or ()}
        for device in node.devices.values():
            if device.name in whole:
                continue
            for option in device.options:
                gone = [word for word in _names_in(option, device) if word in becomes]
                if gone and option.place not in taken and option.name != "vrf":  # told with the exits
                    what, _ = hide_secrets(f"{option.name} {option.value}")
                    hint = f"the line stays: in the edited files write {becomes[gone[0]]} for {gone[0]}, or take it out"
                    book.lose(name, option.place, device.name, what, hint)
            parent = device.name.rpartition(".")[0]
            if parent in becomes:
                what = f"a VLAN device of {parent}, which becomes {becomes[parent]}"
                hint = f"in the edited files call it {becomes[parent]}{device.name[len(parent) :]}"
                book.lose(name, device.place, device.name, what, hint)


def _names_in(option: Option, device: Device) -> Iterator[str]:
    """The words of a line that may be devices' names."""
    value = option.value.replace("${IFACE}", device.name).replace("$IFACE", device.name)
    yield from re.split(r"[^\w.@:-]+", value)


class _Teller:
    """Enters what is lost."""

    def __init__(self, nodes: Mapping[str, HandWrittenNode], book: Notebook) -> None:
        self._nodes = nodes
        self._book = book

    def tell_vnet(self, sight: BridgeOnNode, draft: Draft) -> None:
        """A VXLAN device and the bridge it is in."""
        traits = frozenset(_traits(sight.bridge, draft))
        device, port = sight.bridge.device, sight.port.device
        of_mode = {FloodMode.MULTICAST: frozenset({"vxlan-physdev"}), FloodMode.EVPN: _OF_EVPN}
        carried = _OF_PORTS | of_mode.get(draft.mode, frozenset())
        self._tell(sight, port, PORT, carried, traits)
        if draft.mode is FloodMode.EVPN:
            self._tell_half(sight.node, port)
        carried = _OF_BRIDGES | ({"hwaddress"} if sight.bridge.addresses and draft.is_routed else frozenset())
        self._tell(sight, device, BRIDGE, carried, traits)
        self._tell_ports(sight)

    def _tell_half(self, node: str, port: Device) -> None:
        """Flooding of one kind of frames switched off alone: a zone switches both off, or neither."""
        off = [option for name in FLOOD_SWITCHES for option in port.all(name)[:1] if not boolean(option.value)]
        if len(off) == 1:
            (other,) = (name for name in FLOOD_SWITCHES if name != off[0].name)
            self._lose(node, port, off[0], f"write '{other} off' too, for flood 0, or take it out")

    def tell_tie(self, sight: BridgeOnNode, draft: Draft, mtu: int | None) -> None:
        """The VXLAN device and the bridge of an L3VNI. :param mtu: of the zone, bytes; None where it is not known."""
        traits = frozenset({Trait.EVPN})
        self._tell(sight, sight.port.device, PORT, _OF_PORTS | _OF_EVPN, traits)
        self._tell(sight, sight.bridge.device, TIE, _OF_TIES, traits)
        for device, said in ((sight.port.device, sight.port.mtu), (sight.bridge.device, sight.bridge.mtu)):
            if said is not None and mtu is not None and said != mtu:
                option = device.all("mtu")[0]
                self._lose(sight.node, device, option, f"the L3VNI's devices get the zone's MTU, {mtu}")
        port = sight.port
        for names, own, zones in (
            (("vxlan-port",), port.udp_port or _UDP_PORT, draft.udp_port or _UDP_PORT),
            (FLOOD_SWITCHES, port.floods, draft.floods),
            (("bridge-arp-nd-suppress",), port.suppresses, draft.suppresses),
        ):
            for option in port.device.all(*names) if own != zones else ():
                self._lose(sight.node, port.device, option, "the L3VNI's devices get what the zone's VNets have")
        self._tell_ports(sight)

    def tell_vrf(self, node: str, vrf: Device, becomes: str) -> None:
        """A VRF. :param becomes: its new name."""
        for option in vrf.options:
            if option.name == "vrf-table" and option.value != "auto":
                self._lose(node, vrf, option, "the table's number is chosen automatically")
            elif not is_done(VRF, _line(vrf, option), frozenset(), {"name": re.escape(vrf.name)}):
                is_own = option.name == "address" and not option.value.startswith(("127.", "::1"))
                kept = f"to keep it give it to a dummy device with 'vrf {becomes}' in the edited files"
                self._lose(node, vrf, option, kept if is_own else _hint(option, vrf))

    def _tell(
        self, sight: BridgeOnNode, device: Device, kind: str, carried: frozenset[str], traits: frozenset[Trait]
    ) -> None:
        names = {"name": re.escape(device.name), "guest_ports": re.escape(GUEST_PORTS)}
        for option in device.options:
            is_said = option.name in carried or is_done(kind, _line(device, option), traits, names)
            is_said |= kind != PORT and option.name.startswith("vxlan-")  # told as doing nothing there
            if not is_said and not _joins_again(sight, device, option):
                self._lose(sight.node, device, option, _hint(option, device))

    def _lose(self, node: str, device: Device, option: Option, hint: str) -> None:
        text, _ = hide_secrets(f"{option.name} {option.value}".rstrip())
        self._book.lose(node, option.place, device.name, text, hint)

    def _tell_ports(self, sight: BridgeOnNode) -> None:
        others = [port for port in sight.bridge.ports if port != sight.port.device.name]
        if others:
            device = sight.bridge.device
            place = device.all("bridge-ports")[0].place
            hint = (
                "a VNet's bridge holds its VXLAN port and guests' ports: take it out first; what is behind it loses the "
                "VNet at the cut-over"
            )
            self._book.lose(sight.node, place, device.name, f"the port {', '.join(others)}", hint)


def _joins_again(sight: BridgeOnNode, device: Device, option: Option) -> bool:
    """Whether a hook only puts a port where `bridge-ports` has it already."""
    bridge = sight.bridge.device
    acts = read_hook(option.value, device.name) if option.name in HOOKS else ()
    known = {Joins(port, bridge.name) for port in sight.bridge.ports}
    return bool(acts) and all(act in known for act in acts)


def _hint(option: Option, device: Device) -> str:
    if option.name in _VLANS_OF_PORT:
        return "a VNet carries every VLAN, in VXLAN tagged as the guests have it"
    if option.name == "address-virtual":
        mac, *virtual = option.value.split() or [""]
        said = [f"'address {address}'" for address in virtual] + ([f"'hwaddress {mac}'"] if ":" in mac else [])
        return f"to have the gateway imported write {' and '.join(said)} on every node, in place of it"
    acts = read_hook(option.value, device.name) if option.name in HOOKS else ()
    words = [word for act in acts for word in _said_by(act)]
    return f"to have it imported write {' and '.join(words)}, in place of the hook" if words else ""


def _said_by(act: Act) -> Iterator[str]:
    """The option that says what a hook does, and its stanza."""
    match act:
        case Holds(device, address):
            yield f"'address {address}' into the stanza of {device}"
        case Floods(device, address):
            yield f"'vxlan-remoteip {address}' into the stanza of {device}"
        case _:
            return


def _line(device: Device, option: Option) -> str:
    """An option as the list has it."""
    route = read_ip_route(option.value) if option.name in ("up", "post-up") else None
    if route is not None and (route.kind, route.destination) == ("unreachable", "default"):
        family = "-6 " if route.family == _IPV6 else ""
        return f"post-up ip {family}route unreachable default" if route.vrf in (device.name, None) else option.value
    words = option.value.split()
    return " ".join((option.name, *(device.name if word in _ITSELF else word for word in words)))


def _traits(bridge: Bridge, draft: Draft) -> Iterator[Trait]:
    yield Trait.EVPN if draft.mode is FloodMode.EVPN else Trait.PLAIN
    if bridge.is_vlan_aware:
        yield Trait.VLAN_AWARE
    if draft.irb is not Irb.NONE:
        versions = {address.version for address in bridge.addresses}
        if versions - {_IPV6}:
            yield Trait.ROUTED_4
        if _IPV6 in versions:
            yield Trait.ROUTED_6
    if draft.vrf is not None:
        yield Trait.IN_VRF
