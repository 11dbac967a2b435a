"""What a plan means for traffic: of each node from what changes there, then of the cluster, each thing once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, product

from pvesdn.compare.merged import PvesStanza, merged_consequences
from pvesdn.compare.options import options_of_text
from pvesdn.compare.passing import taken
from pvesdn.compare.sessions import frr_consequences, runs_protocols
from pvesdn.model.consequences import AffectedGuest, Consequence, Effect, LargerNic, NodeConsequence
from pvesdn.model.differences import Difference
from pvesdn.model.execution import FrrAction
from pvesdn.model.facts import GuestNic, NodeFacts
from pvesdn.model.files import Action, FileChange, NodeChanges, PrintedInterfaces, StanzaChange
from pvesdn.model.guests import GuestPort, ports_by_bridge
from pvesdn.model.ifupdown import L3VniBridge, VnetBridge, VxlanPort
from pvesdn.model.pve_ifupdown import PveVnetBridge, PveVrfBridge, PveVxlanPort

_OF_VNETS = frozenset(
    {
        Effect.VNET_REMOVED,
        Effect.VNET_GIVEN_UP,
        Effect.VNET_INTERRUPTED,
        Effect.VNET_SHORTLY_INTERRUPTED,
        Effect.VNI_TAKEN,
        Effect.MTU_SMALLER,
        Effect.GATEWAY_CHANGED,
        Effect.GATEWAY_MAC_MOVED,
        Effect.VRF_CHANGED,
    }
)
_FORWARDING = frozenset({"net.ipv4.ip_forward", "net.ipv6.conf.all.forwarding"})


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file that changes.

    :param there: text by interface, in this file or another that changes.
    :param printed: what will be in this.
    :param merged: of our file: interfaces that it takes up or gives up while PVE's has them before and after, by name.
    """

    change: FileChange
    there: Mapping[str, str] = field(default_factory=dict)
    printed: PrintedInterfaces | None = None
    merged: Mapping[str, PvesStanza] = field(default_factory=dict)


def node_consequences(
    changed: Iterable[ChangedFile],
    facts: NodeFacts,
    *,
    staying: frozenset[str],
    frr: tuple[str, str] | None,
    action: FrrAction,
) -> tuple[NodeConsequence, ...]:
    """Of one node, each once.

    :param staying: interfaces that are there afterwards, whatever leaves a file.
    :param frr: frr.conf before and after; None where FRR is not touched, or nobody can say what it will have.
    """
    changed = tuple(changed)
    found: list[NodeConsequence] = []
    for file in changed:
        elsewhere = _told_elsewhere(file.change, (other for other in changed if other is not file))
        found += _of_interfaces(file, facts, staying, elsewhere)
        found += _of_settings(file.change)
    if frr is not None:
        if action is FrrAction.RESTART and runs_protocols(frr[0]):
            found.append(NodeConsequence(Effect.FRR_RESTARTED))
        found += (
            consequence
            for consequence in frr_consequences(*frr)
            if action is not FrrAction.RESTART or consequence.effect is not Effect.SESSIONS_RESET
        )
    order = list(Effect)
    return tuple(sorted(dict.fromkeys(found), key=lambda one: (order.index(one.effect), one.subject, one.old, one.new)))


def consequences(nodes: Iterable[NodeChanges]) -> tuple[Consequence, ...]:
    """Of all these nodes, the worst first: what is true of several of them, or of several objects, is one."""
    nodes = _with_taken(tuple(nodes))
    by_what: dict[tuple[Effect, str, str, str], list[str]] = {}
    for node in nodes:
        moves = any(one.effect is Effect.VTEP_MOVED for one in node.consequences)
        for one in node.consequences:
            if moves and one.effect is Effect.VNET_SHORTLY_INTERRUPTED:
                continue  # the move interrupts them for longer
            by_what.setdefault((one.effect, one.old, one.new, one.subject), []).append(node.node)
    moved = {old for effect, old, _, _ in by_what if effect is Effect.VTEP_MOVED}
    losing = {subject for effect, _, new, subject in by_what if effect is Effect.EXIT_CHANGED and not new}
    removed = {subject for effect, _, _, subject in by_what if effect in {Effect.VNET_REMOVED, Effect.VNET_GIVEN_UP}}
    objects: dict[tuple[Effect, str, str, tuple[str, ...]], list[str]] = {}
    for (effect, old, new, subject), names in by_what.items():
        if effect is Effect.PEERS_LEFT and (subject in removed or set(old.split(", ")) <= moved):
            continue  # it follows from what is said of that node, or of those VNets
        if effect is Effect.SESSIONS_REMOVED and subject in moved:
            continue
        if effect is Effect.EXIT_CHANGED and not old and subject not in losing:
            continue  # the first way out takes nothing away
        objects.setdefault((effect, old, new, tuple(names)), []).append(subject)
    order = list(Effect)
    guests = _Guests.of(nodes)
    return tuple(
        _consequence(effect, names, sorted(filter(None, subjects)), (old, new), guests)
        for (effect, old, new, names), subjects in sorted(
            objects.items(), key=lambda item: (order.index(item[0][0]), item[0][3], item[1])
        )
    )


def _with_taken(nodes: tuple[NodeChanges, ...]) -> tuple[NodeChanges, ...]:
    """The same with what no node shows alone: VNIs that one takes and another one, or the same, gives up."""
    more = {
        node: tuple(NodeConsequence(Effect.VNI_TAKEN, name) for name in names) for node, names in taken(nodes).items()
    }
    return tuple(replace(node, consequences=(*node.consequences, *more.get(node.node, ()))) for node in nodes)


@dataclass(frozen=True, slots=True)
class _Guests:
    """The guests of all nodes.

    :param plugged: their ports by bridge, by node.
    :param nics: their devices with an MTU of their own, by node.
    """

    plugged: Mapping[str, Mapping[str, tuple[GuestPort, ...]]]
    nics: Mapping[str, tuple[GuestNic, ...]]

    @classmethod
    def of(cls, nodes: Iterable[NodeChanges]) -> _Guests:
        changed = [node for node in nodes if node.consequences]
        return cls(
            plugged={node.node: ports_by_bridge(node.links) for node in changed},
            nics={node.node: node.nics for node in changed},
        )

    def affected(self, nodes: Iterable[str], bridges: Iterable[str]) -> Iterator[AffectedGuest]:
        """Those that are plugged into these bridges."""
        for node, bridge in product(nodes, bridges):
            for port in self.plugged[node].get(bridge, ()):
                yield AffectedGuest(port.guest, node, port.port, bridge)

    def larger(self, nodes: Iterable[str], bridges: Collection[str], mtu: str) -> Iterator[LargerNic]:
        """Devices in these bridges, running or not, whose MTU is larger."""
        for node in nodes:
            for nic in self.nics[node]:
                if nic.bridge in bridges and nic.mtu > int(mtu):
                    yield LargerNic(nic.guest, node, nic.device, nic.bridge, nic.mtu)


def _consequence(
    effect: Effect, names: tuple[str, ...], objects: list[str], values: tuple[str, str], guests: _Guests
) -> Consequence:
    return Consequence(
        effect,
        names,
        tuple(objects),
        *values,
        guests=tuple(guests.affected(names, objects)) if effect in _OF_VNETS else (),
        larger=tuple(guests.larger(names, objects, values[1])) if effect is Effect.MTU_SMALLER else (),
    )


def _of_interfaces(
    file: ChangedFile, facts: NodeFacts, staying: frozenset[str], elsewhere: Mapping[str, tuple[str, ...]]
) -> Iterator[NodeConsequence]:
    """:param elsewhere: addresses of the same interfaces in other files that change with this one."""
    bridges = _Bridges(file.printed)
    sizes: dict[str, list[Difference]] = {}
    for stanza in file.change.stanzas:
        if stanza.name in file.merged:
            link = facts.link(stanza.name)
            yield from merged_consequences(stanza, file.merged[stanza.name], file.printed, link)
        if stanza.action is Action.ADD and not stanza.differences:
            continue  # nobody has used it yet; of a fresh node this is each of thousands
        name, changed = stanza.name, {difference.name: difference for difference in stanza.differences}
        if stanza.action is Action.REMOVE or (stanza.is_merged and name not in bridges.vnets):
            stays = name in staying or stanza.is_merged
            if _is_vnet(name, file.there.get(name, "")):
                yield from _of_removed(name, file.there[name], elsewhere.get(name, ()), stays=stays)
        elif name in bridges.ports:
            yield from _of_port(stanza, bridges.ports[name], changed, facts)
        elif name in bridges.vnets:
            yield from _of_bridge(_with_addresses(stanza, elsewhere.get(name, ())), facts)
        vnet = bridges.ports.get(name, name)
        if "mtu" in changed and vnet in bridges.vnets:
            sizes.setdefault(vnet, []).append(changed["mtu"])
    for vnet, differences in sizes.items():
        yield from _smaller(vnet, differences)


def _of_removed(name: str, there: str, elsewhere: tuple[str, ...], *, stays: bool) -> Iterator[NodeConsequence]:
    """A VNet that goes, or that another file keeps, without the gateways that only this one has."""
    gateways = options_of_text(there).get("address", ())
    if not stays:
        yield NodeConsequence(Effect.VNET_REMOVED, name)
    elif set(gateways) - set(elsewhere):
        yield NodeConsequence(Effect.GATEWAY_CHANGED, name, ", ".join(gateways), ", ".join(elsewhere))


class _Bridges:
    """Which VNet or L3VNI a device belongs to.

    :param vnets: bridges that guests may be in.
    :param ports: VXLAN devices, with the VNet of each, or the VRF of an L3VNI's.
    """

    def __init__(self, printed: PrintedInterfaces | None) -> None:
        self.vnets: set[str] = set()
        self.ports: dict[str, str] = {}
        stanzas = () if printed is None else printed.value.stanzas
        holders: dict[str, str] = {}
        for stanza in stanzas:
            match stanza:
                case VnetBridge():
                    self.vnets.add(stanza.name)
                    holders[stanza.port] = stanza.name
                case PveVnetBridge():
                    self.vnets.add(stanza.name)
                    holders[stanza.ports] = stanza.name
                case L3VniBridge() | PveVrfBridge():
                    holders[stanza.port] = stanza.vrf
        self.ports = {
            stanza.name: holders.get(stanza.name, stanza.name)
            for stanza in stanzas
            if isinstance(stanza, VxlanPort | PveVxlanPort)
        }


def _of_port(
    stanza: StanzaChange, vnet: str, changed: Mapping[str, Difference], facts: NodeFacts
) -> Iterator[NodeConsequence]:
    if stanza.action is Action.REPLACE:
        yield NodeConsequence(Effect.VNET_INTERRUPTED, vnet)
    elif stanza.differences and facts.has_proxmox_ifupdown:  # docs/decisions/0033-what-a-plan-says.md
        yield NodeConsequence(Effect.VNET_SHORTLY_INTERRUPTED, vnet)
    local, remotes = changed.get("vxlan-local-tunnelip"), changed.get("vxlan-remoteip")
    if local is not None and local.old and local.new:
        yield NodeConsequence(Effect.VTEP_MOVED, "", local.old[0], local.new[0])
    if remotes is not None and remotes.old and stanza.action is Action.CHANGE:
        yield NodeConsequence(Effect.PEERS_LEFT, vnet, ", ".join(remotes.old))


def _told_elsewhere(changes: FileChange, others: Iterable[ChangedFile]) -> Mapping[str, tuple[str, ...]]:
    """The addresses that other files will have, by interface; nothing where none changes or goes in this one."""
    names = {
        one.name
        for one in changes.stanzas
        if one.action is Action.REMOVE
        or one.is_merged
        or any(difference.name == "address" for difference in one.differences)
    }
    texts = [other.printed.by_name() for other in others if names and other.printed is not None]
    return {
        name: tuple(chain.from_iterable(options_of_text(text.get(name, "")).get("address", ()) for text in texts))
        for name in names
    }


def _with_addresses(stanza: StanzaChange, there: tuple[str, ...]) -> StanzaChange:
    """An address that goes from this stanza stays on the bridge if another file has it by the same reload."""
    kept = (replace(one, new=(*one.new, *there)) if one.name == "address" else one for one in stanza.differences)
    return replace(stanza, differences=tuple(kept)) if there else stanza


def _of_bridge(stanza: StanzaChange, facts: NodeFacts) -> Iterator[NodeConsequence]:
    changed = {difference.name: difference for difference in stanza.differences}
    addresses, mac, vrf = changed.get("address"), changed.get("hwaddress"), changed.get("vrf")
    if addresses is not None and set(addresses.old) - set(addresses.new):
        yield NodeConsequence(Effect.GATEWAY_CHANGED, stanza.name, ", ".join(addresses.old), ", ".join(addresses.new))
    if mac is not None and mac.new and stanza.keeps_gateway:
        # Without the option the kernel chose a MAC; and one that goes from the file stays on the device.
        link = facts.link(stanza.name)
        before = (link.mac if link is not None and link.mac else ", ".join(mac.old)).lower()
        if before != mac.new[0].lower():
            yield NodeConsequence(Effect.GATEWAY_MAC_MOVED, stanza.name, before, mac.new[0].lower())
    if vrf is not None and stanza.keeps_gateway:
        yield NodeConsequence(Effect.VRF_CHANGED, stanza.name, ", ".join(vrf.old), ", ".join(vrf.new))


def _smaller(vnet: str, differences: Iterable[Difference]) -> Iterator[NodeConsequence]:
    """The least of bridge and device counts: larger packets do not pass."""
    pairs = [(_number(change.old), _number(change.new)) for change in differences]
    old, new = (min((size for size in sizes if size), default=0) for sizes in zip(*pairs, strict=True))
    if old and new and new < old:
        yield NodeConsequence(Effect.MTU_SMALLER, vnet, str(old), str(new))


def _number(values: tuple[str, ...]) -> int:
    """0 where there is no number; without the option ifupdown2 leaves the device at 1500."""
    if not values:
        return 1500
    return int(values[0]) if values[0].isdecimal() and len(values[0]) < 7 else 0  # noqa: PLR2004


def _is_vnet(name: str, text: str) -> bool:
    """Whether a bridge that goes is a VNet's. PVE's and our other bridges have two ports, or a name no VNet has."""
    ports = options_of_text(text).get("bridge-ports", ())
    return "_" not in name and len(ports) == 1 and len(ports[0].split()) == 1


def _of_settings(change: FileChange) -> Iterator[NodeConsequence]:
    for difference in change.differences:
        if difference.name in _FORWARDING:
            old, new = ", ".join(difference.old), ", ".join(difference.new)
            yield NodeConsequence(Effect.FORWARDING_SWITCHED, difference.name, old, new)
