"""What a plan changes in which nodes have to agree: their tunnels, and their BGP.

A node that has it while the others have not exchanges nothing with them, however right it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pvesdn.compare.sessions import Router, routers
from pvesdn.compare.sides import AGREED, LOCAL, VNI, Sides
from pvesdn.compare.traits import FLOODING, traits_of
from pvesdn.decode.frr.tree import FrrLine, read_tree
from pvesdn.model.consequences import Effect
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, NodeChanges
from pvesdn.model.ifupdown import L3VniBridge
from pvesdn.model.order import Cause

_LEARNING = "bridge-learning"
_OF_FLOODING = frozenset({*FLOODING, _LEARNING})
_EFFECTS = {Effect.MTU_SMALLER: Cause.MTU, Effect.GATEWAY_MAC_MOVED: Cause.MAC}
_BOTH_ENDS = frozenset({"remote-as", "password", "ebgp-multihop", "ttl-security", "local-as"})
"""Words behind `neighbor X` in which both ends of a session have to agree."""


def causes(nodes: Sequence[NodeChanges]) -> tuple[Cause, ...]:
    """What changes on at least two of these nodes in which they have to agree.

    On one node alone it is this node that comes to agree with the others; but a VTEP that moves, or a peer that is no
    longer one, concerns the others as well.

    :param nodes: those that change.
    """
    if len(nodes) < 2:  # noqa: PLR2004
        return ()
    found: Counter[Cause] = Counter()
    sides = [Sides(node) for node in nodes]
    speakers = {node.node: _Speaker.of(node) for node in nodes}
    for side in sides:
        found.update({*_of_tunnels(side), *_of_bgp(speakers[side.node])})
    if any(side.moves_vtep and any(o.follows_vteps for o in sides if o is not side) for side in sides):
        found[Cause.VTEP] = len(sides)
    elif _changes_peers(speakers):
        found[Cause.PEERS] = len(sides)
    if found[Cause.AS_NUMBER] > 1:
        found.pop(Cause.SESSIONS, None)  # the neighbors' AS numbers are part of it
    return tuple(cause for cause in Cause if found[cause] > 1)


def _of_tunnels(side: Sides) -> Iterator[Cause]:
    l3vnis = {
        stanza.port
        for file in side.changes.files
        if file.interfaces is not None
        for stanza in file.interfaces.stanzas
        if isinstance(stanza, L3VniBridge)
    }
    for name, moved in side.moved.items():
        if VNI in moved:
            yield Cause.L3VNI if name in l3vnis else Cause.VNI
        # Both files are read as a whole for this: only where it may be so.
        if moved & _OF_FLOODING and _floods_otherwise(side, name):
            yield Cause.FLOODING
        else:
            yield from (AGREED[option] for option in sorted(moved & AGREED.keys()))
    for one in side.changes.consequences:
        if one.effect in _EFFECTS:
            yield _EFFECTS[one.effect]


def _floods_otherwise(side: Sides, name: str) -> bool:
    """Whether a tunnel that was one before finds the other ends in another way."""
    was, will = side.before.get(name, {}), side.after.get(name, {})
    if LOCAL not in was or LOCAL not in will:
        return False
    return _LEARNING in side.moved[name] or traits_of(was).flooding != traits_of(will).flooding


@dataclass(frozen=True)
class _Speaker:
    """FRR of one node before and after, as far as pvesdn writes it."""

    before: tuple[FrrLine, ...] = ()
    after: tuple[FrrLine, ...] = ()

    @classmethod
    def of(cls, node: NodeChanges) -> _Speaker:
        for file in node.files:
            if file.path in {FRR_CONF, FRR_CONF_LOCAL} and not file.by_pve:
                return cls(tuple(read_tree(file.old or "")), tuple(read_tree(file.new or "")))
        return cls()

    def peers(self) -> tuple[frozenset[str], frozenset[str]]:
        """The neighbors of its main router, before and after."""
        was, will = (routers(tree).get("") for tree in (self.before, self.after))
        return _names(was), _names(will)

    def ends(self) -> frozenset[str]:
        """The addresses from which its main router speaks."""
        router = routers(self.after).get("")
        if router is None:
            return frozenset()
        return frozenset([router.router_id, *(_source(said) for said in router.peers.values())]) - {""}


def _of_bgp(speaker: _Speaker) -> Iterator[Cause]:
    was, will = routers(speaker.before), routers(speaker.after)
    if any(was[vrf].asn != will[vrf].asn for vrf in was.keys() & will.keys()):
        yield Cause.AS_NUMBER
    for vrf in was.keys() & will.keys():
        before, after = was[vrf].peers, will[vrf].peers
        if any(_agreed(before[peer]) != _agreed(after[peer]) for peer in before.keys() & after.keys()):
            yield Cause.SESSIONS
    if _differ(_route_targets(speaker.before), _route_targets(speaker.after)):
        yield Cause.ROUTE_TARGETS
    if _differ(_l3vnis(speaker.before), _l3vnis(speaker.after)):
        yield Cause.L3VNI


def _differ(was: Mapping[Any, object], will: Mapping[Any, object]) -> bool:
    """Whether anything that is there before and after is another one."""
    return any(was[name] != will[name] for name in was.keys() & will.keys())


def _changes_peers(speakers: Mapping[str, _Speaker]) -> bool:
    """Whether a session goes between nodes that go on speaking BGP, or whether other neighbors take the place of all.

    A peer that leaves the cluster, or a node that has no more of EVPN, takes nothing from the rest.
    """
    peers = {name: speaker.peers() for name, speaker in speakers.items()}
    ends = {address: name for name, speaker in speakers.items() for address in speaker.ends()}
    for was, will in peers.values():
        if will and any(peers[ends[lost]][1] for lost in was - will if lost in ends):
            return True
        if was and will and not was & will:
            return True
    return False


def _names(router: Router | None) -> frozenset[str]:
    return frozenset() if router is None else frozenset(router.peers)


def _source(said: Mapping[str, tuple[str, ...]]) -> str:
    return " ".join(said.get("update-source", ()))


def _agreed(said: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {word: value for word, value in said.items() if word in _BOTH_ENDS}


def _route_targets(tree: Sequence[FrrLine]) -> dict[tuple[str, ...], frozenset[tuple[str, ...]]]:
    """The route targets of each block that may have some: an address family of a VRF, and a VNI in it."""
    found: dict[tuple[str, ...], frozenset[tuple[str, ...]]] = {}
    for line in tree:
        if line.words[:2] == ("router", "bgp"):
            found.update(_targets(line.children, line.words[3:]))
    return found


def _targets(
    lines: Sequence[FrrLine], inside: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], frozenset[tuple[str, ...]]]]:
    yield inside, frozenset(line.words for line in lines if line.words[:1] == ("route-target",))
    for line in lines:
        if line.words[:1] in {("address-family",), ("vni",)}:
            yield from _targets(line.children, (*inside, *line.words))


def _l3vnis(tree: Sequence[FrrLine]) -> dict[str, str]:
    """The L3VNI of each VRF that has one."""
    return {
        line.words[1]: said.words[1]
        for line in tree
        if line.kind == "vrf" and line.words[1:]
        for said in line.children
        if said.words[:1] == ("vni",) and said.words[1:]
    }
