"""What a new frr.conf does to BGP sessions and to default routes. Both texts are read as FRR reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pvesdn.decode.frr.tree import FrrLine, read_tree
from pvesdn.model.consequences import Effect, NodeConsequence

_RESETTING = frozenset(
    {
        "remote-as",
        "update-source",
        "ebgp-multihop",
        "password",
        "local-as",
        "ttl-security",
        "shutdown",
        "disable-connected-check",
    }
)
"""Words behind `neighbor X` at whose change bgpd tears an established session down (tried with FRR 8.4.4)."""
_DEFAULTS = frozenset({"0.0.0.0/0", "::/0", "default"})


@dataclass(slots=True)
class Router:
    """One BGP router.

    :param peers: what of each neighbor makes its session, its group's included; values of secrets too, which leave
    no trace but that they differ.
    """

    asn: str
    router_id: str = ""
    peers: dict[str, dict[str, tuple[str, ...]]] = field(default_factory=dict)


def frr_consequences(old: str, new: str) -> Iterator[NodeConsequence]:
    """Sessions that go or are reset, and default routes that change. Where FRR is restarted, that is said elsewhere."""
    before, after = read_tree(old), read_tree(new)
    was, will = routers(before), routers(after)
    for vrf in sorted(was):
        yield from _sessions(was[vrf], will.get(vrf))
    yield from _defaults(_gateways(before), _gateways(after))


def runs_protocols(text: str) -> bool:
    """Whether there is a router of any protocol: a restart then takes its sessions and routes down."""
    return any(line.words[0] == "router" for line in read_tree(text))


def _sessions(was: Router, will: Router | None) -> Iterator[NodeConsequence]:
    kept = {} if will is None else will.peers
    if was.peers and not kept:
        yield NodeConsequence(Effect.SESSIONS_REMOVED)
    if will is None or not kept:
        return
    yield from (NodeConsequence(Effect.SESSIONS_REMOVED, peer) for peer in sorted(was.peers.keys() - kept.keys()))
    if was.router_id != will.router_id and was.router_id and will.router_id and was.peers.keys() & kept.keys():
        yield NodeConsequence(Effect.SESSIONS_RESET, "", "router-id")
        return
    changed = {peer: _changed(was.peers[peer], kept[peer]) for peer in sorted(was.peers.keys() & kept.keys())}
    if len(set(changed.values())) == 1 and all(changed.values()):
        yield NodeConsequence(Effect.SESSIONS_RESET, "", next(iter(changed.values())))
        return
    yield from (NodeConsequence(Effect.SESSIONS_RESET, peer, why) for peer, why in changed.items() if why)


def _changed(was: Mapping[str, tuple[str, ...]], will: Mapping[str, tuple[str, ...]]) -> str:
    """The statements that differ; empty where none does."""
    return ", ".join(word for word in sorted(was.keys() | will.keys()) if was.get(word) != will.get(word))


def routers(lines: Iterable[FrrLine]) -> dict[str, Router]:
    """The BGP router of each VRF, the main one under the empty name."""
    found: dict[str, Router] = {}
    for line in lines:
        match line.words:
            case ("router", "bgp", asn, *rest):
                vrf = rest[1] if rest[:1] in (["vrf"], ["view"]) and rest[1:] else ""
                _read(found.setdefault(vrf, Router(asn)), line)
    return found


def _read(router: Router, block: FrrLine) -> None:
    groups: dict[str, str] = {}
    said: dict[str, dict[str, tuple[str, ...]]] = {}
    for line in block.children:
        match line.words:
            case ("bgp", "router-id", value):
                router.router_id = value
            case ("neighbor", peer, "peer-group", group):
                groups[peer] = group
                said.setdefault(peer, {})
            case ("neighbor", peer, word, *values) if word in _RESETTING:
                said.setdefault(peer, {})[word] = tuple(values) or ("on",)
            case ("address-family", *family):
                for peer, words in _of_family(line.children, " ".join(family)):
                    said.setdefault(peer, {}).update(words)
    are_groups = {line.words[1] for line in block.children if line.words[2:] == ("peer-group",)}
    for peer, own in said.items():
        if peer not in are_groups:
            group = groups.get(peer, "")
            router.peers[peer] = said.get(group, {}) | own | ({"peer-group": (group,)} if group else {})


def _of_family(lines: Iterable[FrrLine], family: str) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    for line in lines:
        match line.words:
            case ("neighbor", peer, "activate"):
                yield peer, {f"address-family {family}": ("on",)}
            case ("neighbor", peer, "route-reflector-client"):
                yield peer, {f"route-reflector-client in {family}": ("on",)}


def _gateways(lines: Iterable[FrrLine]) -> dict[str, tuple[str, ...]]:
    """Default routes by VRF, the host's own table under the empty name; what drops packets is not a way out."""
    found: dict[str, list[str]] = {}
    for line in lines:
        inside = line.children if line.kind == "vrf" else [line]
        vrf = line.words[1] if line.kind == "vrf" and len(line.words) > 1 else ""
        for route in inside:
            match route.words:
                case ("ip" | "ipv6", "route", prefix, via, *rest) if prefix in _DEFAULTS:
                    if via.lower() not in {"null0", "blackhole", "reject"}:
                        found.setdefault(vrf, []).append(" ".join((via, *rest)))
    return {vrf: tuple(sorted(ways)) for vrf, ways in found.items()}


def _defaults(before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]) -> Iterator[NodeConsequence]:
    for vrf in sorted(before.keys() | after.keys()):
        old, new = before.get(vrf, ()), after.get(vrf, ())
        if old != new:
            yield NodeConsequence(Effect.EXIT_CHANGED, vrf, ", ".join(old), ", ".join(new))
