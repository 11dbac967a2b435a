"""PVE's merge of frr.conf.local into the frr.conf that it generates (PVE::Network::SDN::Frr 1.3, F6.7).

It goes by lines, not by FRR's grammar: what it does not know outside of a block is dropped, and some lines end up
elsewhere than they were written. `faults` says which.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from pvesdn.model.frr import BgpRouter, FrrConfig, RouteMapEntry
from pvesdn.model.frr_local import LocalKind, LocalLine

_EVPN_FAMILY = "l2vpn evpn"
_TOP: tuple[str, ...] = ()
_BLOCKS = frozenset(
    {LocalKind.ROUTER_BGP, LocalKind.ROUTER_ISIS, LocalKind.ROUTER, LocalKind.VRF, LocalKind.INTERFACE}
    | {LocalKind.ROUTE_MAP}
)
_OF_FABRICS = "pve_"
"""PVE's prefix for what its fabrics add, which is after the merge: the merge does not see it (F6)."""
_ENDS = frozenset({LocalKind.EXIT, LocalKind.END_FAMILY})
# Commands of FRR's own top level that no block has, in the first column.
_GLOBAL = re.compile(
    r"(no )?(ip|ipv6) (route|prefix-list|protocol|nht|forwarding|import-table|router-id|community-list|as-path)\b.*"
    r"|(no )?(access-list|bfd|log|debug|rpki|hostname|password|enable|service|line|frr|nexthop-group|key chain)\b.*"
    r"|(no )?ipv6 access-list\b.*|(no )?bgp (as-path|community-list|extcommunity-list|large-community-list)\b.*"
)


@dataclass(frozen=True, slots=True)
class LocalFault:
    """A line that does not become what it says. :param what: a predicate, such as ``is dropped``."""

    line: LocalLine
    what: str


@dataclass(frozen=True, slots=True)
class _Fate:
    """Where a line ended. :param home: the headings it stands below; None when it was dropped."""

    line: LocalLine
    home: tuple[str, ...] | None


def merge_local(config: FrrConfig, lines: Iterable[LocalLine]) -> FrrConfig:
    """What PVE writes for a node: `config` as it generates it, and the lines of its frr.conf.local."""
    merge = _Merge(config)
    for line in lines:
        merge.take(line)
    return merge.result()


def faults(config: FrrConfig, lines: Iterable[LocalLine]) -> tuple[LocalFault, ...]:
    """Lines that PVE's merge drops, puts elsewhere, or makes useless, in the order of the file."""
    taken = tuple(lines)
    merge = _Merge(config)
    found = []
    for line, meant in zip(taken, _meanings(taken), strict=True):
        fate = merge.take(line)
        if line.kind in _ENDS:
            continue
        if fate.home is None:
            found.append(LocalFault(line, "is dropped"))
        elif fate.home != meant:
            place = f"into '{fate.home[-1]}'" if fate.home else "outside of any block"
            found.append(LocalFault(line, f"ends up {place}"))
        elif what := _clash(config, line):
            found.append(LocalFault(line, what))
    return tuple(found)


def _clash(config: FrrConfig, line: LocalLine) -> str:
    """Why a block of its own cannot do its work beside what PVE generates; empty when it can."""
    if line.kind is LocalKind.ROUTER_BGP:
        number, vrf = line.words
        other = [router.asn for router in config.routers if (router.vrf or "") == vrf and router.asn != int(number)]
        return f"is a second BGP instance beside PVE's of AS {other[0]}, which FRR refuses" if other else ""
    if line.kind is LocalKind.ROUTE_MAP and any(_catches_all(e, line.words[0]) for e in config.route_maps):
        return "comes behind PVE's own entry, which lets everything pass"
    return ""


def _catches_all(entry: RouteMapEntry, name: str) -> bool:
    return entry.name == name and entry.action == "permit" and not entry.matches


def _meanings(lines: Iterable[LocalLine]) -> Iterator[tuple[str, ...]]:
    """The headings that each line stands below, as FRR itself would read the file."""
    block: tuple[str, ...] = _TOP
    family: tuple[str, ...] = _TOP
    for line in lines:
        word = line.text.strip()
        if line.kind in _BLOCKS:
            block, family = (word,), _TOP
            yield _TOP
        elif line.kind is LocalKind.FAMILY and block:
            family = (word,)
            yield block
        elif line.kind is LocalKind.LIST or _GLOBAL.fullmatch(line.text):
            block, family = _TOP, _TOP
            yield _TOP
        else:
            yield block + family
            if line.kind is LocalKind.END_FAMILY:
                family = _TOP
            elif line.kind is LocalKind.EXIT:
                block, family = _TOP, _TOP


class _Merge:
    """One pass over the file: the block that is open, and the lines collected for each place."""

    def __init__(self, config: FrrConfig) -> None:
        self._config = config
        self._routers = {(r.asn, r.vrf or ""): r for r in config.routers}
        self._merged: dict[tuple[str, ...], list[str]] = {}  # lines for generated blocks, by headings
        self._custom: list[str] = []
        self._maps: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        for entry in config.route_maps:
            if not entry.name.startswith(_OF_FABRICS):
                self._counts[entry.name] = self._counts.get(entry.name, 0) + 1
        self._close()

    def _close(self) -> None:
        self._lines: list[str] | None = None
        self._home: tuple[str, ...] = _TOP
        self._is_new = False  # the block is printed with its end
        self._router: BgpRouter | None = None  # PVE's own, whose families are known
        self._is_new_family = False

    def take(self, line: LocalLine) -> _Fate:
        """Put one line where PVE puts it."""
        steps: dict[LocalKind, Callable[[LocalLine], _Fate]] = dict.fromkeys(_BLOCKS, self._open)
        steps |= {LocalKind.ROUTE_MAP: self._open_map, LocalKind.LIST: self._copy, LocalKind.EXIT: self._exit}
        if self._router is not None:
            steps |= {LocalKind.FAMILY: self._open_family, LocalKind.END_FAMILY: self._end_family}
        return steps.get(line.kind, self._add)(line)

    def _copy(self, line: LocalLine) -> _Fate:
        self._custom.append(line.text)
        return _Fate(line, _TOP)

    def _open(self, line: LocalLine) -> _Fate:
        self._close()
        self._home = (line.text,)
        if line.kind is LocalKind.ROUTER_BGP:
            self._router = self._routers.get((int(line.words[0]), line.words[1]))
        if self._is_generated(line):
            self._lines = self._merged.setdefault(self._home, [])
        else:
            self._lines, self._is_new = self._custom, True
            self._custom.append(line.text)
        return _Fate(line, _TOP)

    def _is_generated(self, line: LocalLine) -> bool:
        match line.kind:
            case LocalKind.ROUTER_BGP:
                return self._router is not None
            case LocalKind.ROUTER_ISIS:
                return any(router.domain == line.words[0] for router in self._config.isis_routers)
            case LocalKind.VRF:
                return any(vrf.name == line.words[0] for vrf in self._config.vrfs)
            case LocalKind.INTERFACE:
                return any(interface.name == line.words[0] for interface in self._config.isis_interfaces)
            case _:
                return False

    def _open_map(self, line: LocalLine) -> _Fate:
        """Never merged; numbered anew behind the generated entries of the same map."""
        self._close()
        name, action = line.words
        self._counts[name] = self._counts.get(name, 0) + 1
        self._lines, self._home, self._is_new = self._maps.setdefault(name, []), (line.text,), True
        self._lines.append(f"route-map {name} {action} {self._counts[name]}")
        return _Fate(line, _TOP)

    def _open_family(self, line: LocalLine) -> _Fate:
        assert self._router is not None  # noqa: S101 - asked for by `take`
        heading = _router_heading(self._router)
        name = line.words[0]
        self._is_new_family = name not in _families(self._router)
        self._home = (heading, line.text.strip())
        if self._is_new_family:
            self._lines = self._merged.setdefault((heading,), [])
            self._lines.append(f" address-family {name}")
        else:
            self._lines = self._merged.setdefault((heading, name), [])
        return _Fate(line, (heading,))

    def _end_family(self, line: LocalLine) -> _Fate:
        heading = self._home[:1]
        if self._is_new_family:
            # Here PVE loses the router: what follows stands outside of it.
            self._merged[heading].append(line.text)
            self._lines, self._home, self._is_new_family = self._custom, _TOP, False
        elif heading:
            self._lines, self._home = self._merged.setdefault(heading, []), heading
        return _Fate(line, heading)

    def _exit(self, line: LocalLine) -> _Fate:
        if self._is_new and self._lines is not None:
            self._lines += [line.text, "!"]
        self._close()
        return _Fate(line, _TOP)

    def _add(self, line: LocalLine) -> _Fate:
        if self._lines is None:
            return _Fate(line, None)
        self._lines.append(line.text)
        if self._is_new and line.kind is LocalKind.FAMILY:
            home, self._home = self._home[:1], (*self._home[:1], line.text.strip())
            return _Fate(line, home)
        home = self._home
        if self._is_new and line.kind is LocalKind.END_FAMILY:
            self._home = self._home[:1]
        return _Fate(line, home)

    def result(self) -> FrrConfig:
        """The configuration with everything in its place."""
        config = self._config
        maps = [line for name in sorted(self._maps) for line in self._maps[name]]
        return replace(
            config,
            vrfs=tuple(replace(v, custom=(*v.custom, *self._of(f"vrf {v.name}"))) for v in config.vrfs),
            routers=tuple(self._router_with_lines(router) for router in config.routers),
            isis_routers=tuple(
                replace(r, custom=(*r.custom, *self._of(f"router isis {r.domain}"))) for r in config.isis_routers
            ),
            isis_interfaces=tuple(
                replace(i, custom=(*i.custom, *self._of(f"interface {i.name}"))) for i in config.isis_interfaces
            ),
            custom=(*config.custom, *self._custom, *maps),
        )

    def _of(self, *headings: str) -> tuple[str, ...]:
        return tuple(self._merged.get(headings, ()))

    def _router_with_lines(self, router: BgpRouter) -> BgpRouter:
        heading = _router_heading(router)
        evpn = router.evpn
        return replace(
            router,
            custom=(*router.custom, *self._of(heading)),
            unicasts=tuple(
                replace(u, custom=(*u.custom, *self._of(heading, f"{u.family} unicast"))) for u in router.unicasts
            ),
            evpn=evpn and replace(evpn, custom=(*evpn.custom, *self._of(heading, _EVPN_FAMILY))),
        )


def _families(router: BgpRouter) -> frozenset[str]:
    own = frozenset(f"{unicast.family} unicast" for unicast in router.unicasts)
    return own if router.evpn is None else own | {_EVPN_FAMILY}


def _router_heading(router: BgpRouter) -> str:
    return f"router bgp {router.asn} vrf {router.vrf}" if router.vrf else f"router bgp {router.asn}"
