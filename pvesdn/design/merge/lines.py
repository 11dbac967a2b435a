"""PVE's merge of frr.conf.local, line by line: where each one ends up (docs/pve.md §6.7).

PVE merges by lines, not by FRR's grammar: outside a block it drops what it does not know, it moves some lines to
another place, and on some it fails.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pvesdn.model.frr import BgpRouter, FrrConfig
from pvesdn.model.frr_local import LocalKind, LocalLine

TOP: tuple[str, ...] = ()
BLOCKS = frozenset(
    {LocalKind.ROUTER_BGP, LocalKind.ROUTER_ISIS, LocalKind.ROUTER, LocalKind.VRF, LocalKind.INTERFACE}
    | {LocalKind.ROUTE_MAP}
)
_EVPN_FAMILY = "l2vpn evpn"
_DEFAULT_VRF = "default"
_OF_FABRICS = "pve_"
"""PVE's prefix for what its fabrics add, which is after the merge: the merge does not see it (docs/pve.md §6)."""


@dataclass(frozen=True, slots=True)
class Fate:
    """Where a line ended up.

    :param home: the headings above it, as they were typed; None when it was dropped.
    :param inside: PVE's own block that the line was printed into although it ends one; empty for every other line.
    :param unclosed: the block without an exit that made the merge print it there.
    :param is_fatal: PVE fails on the line and writes no frr.conf.
    """

    line: LocalLine
    home: tuple[str, ...] | None = None
    inside: str = ""
    unclosed: LocalLine | None = None
    is_fatal: bool = False


@dataclass(slots=True)
class _Place:
    """Where the next lines go.

    :param lines: None drops them.
    :param home: the headings above them, as they were typed; of PVE's own collection of lines the merge keeps them
        itself.
    :param own: PVE's own block, by its last heading; empty for one that the file brings in.
    """

    lines: list[str] | None = None
    home: tuple[str, ...] = TOP
    own: str = ""


class Merge:
    """One pass over the file: the block that is open, and the lines collected for each place.

    It forgets at an `exit` exactly what PVE forgets: a block that the file brings in stays "new" until the next exit,
    whatever is opened before that, and so do an address family and the router that PVE looks it up in.
    """

    def __init__(self, config: FrrConfig) -> None:
        self._config = config
        self._routers = {r.vrf or _DEFAULT_VRF: r for r in config.routers}
        self._merged: dict[tuple[str, ...], list[str]] = {}  # lines for generated blocks, by headings
        self._custom: list[str] = []
        self._custom_home: tuple[str, ...] = TOP  # what is open at the end of `_custom`
        self._maps: dict[str, list[str]] = {}
        self._counts: dict[str, int] = {}
        for entry in config.route_maps:
            if not entry.name.startswith(_OF_FABRICS):
                self._counts[entry.name] = self._counts.get(entry.name, 0) + 1
        self._vrfs: dict[str, LocalLine] = {}  # generated ones that were opened
        self._place = _Place()
        self._new: LocalLine | None = None  # the block is printed with its end
        self._is_new_family = False
        self._router: LocalLine | None = None

    def take(self, line: LocalLine) -> Fate:
        """Put one line where PVE puts it."""
        if line.is_skipped:
            return Fate(line)
        steps: dict[LocalKind, Callable[[LocalLine], Fate]] = dict.fromkeys(BLOCKS, self._open)
        steps |= {LocalKind.ROUTE_MAP: self._open_map, LocalKind.LIST: self._copy, LocalKind.EXIT: self._exit}
        steps |= {LocalKind.FAMILY: self._open_family, LocalKind.END_FAMILY: self._end_family}
        return steps.get(line.kind, self._add)(line)

    def emptied(self) -> tuple[LocalLine, ...]:
        """Headings of PVE's own VRFs with nothing below them: PVE treats that nothing as a value, and fails."""
        return tuple(line for name, line in self._vrfs.items() if not self._merged[(f"vrf {name}",)])

    def _copy(self, line: LocalLine) -> Fate:
        self._custom.append(line.text)
        self._custom_home = TOP  # FRR leaves a block at a list
        return Fate(line, TOP)

    def _open(self, line: LocalLine) -> Fate:
        if line.kind is LocalKind.ROUTER_BGP:
            self._router = line
        heading = self._generated(line)
        if heading:
            self._place = _Place(self._merged.setdefault((heading,), []), (line.text,), heading)
            if line.kind is LocalKind.VRF:
                self._vrfs.setdefault(line.words[0], line)
        else:
            self._new = line
            self._custom.append(line.text)
            self._custom_home = (line.text,)
            self._place = _Place(self._custom)
        return Fate(line, TOP)

    def _generated(self, line: LocalLine) -> str:
        """The heading of the block that PVE generates itself for the line; empty where it generates none."""
        name = line.words[0] if line.words else ""
        match line.kind:
            case LocalKind.ROUTER_BGP:
                router = self._own_router()
                return "" if router is None else _heading(router)
            case LocalKind.ROUTER_ISIS:
                is_there = any(router.domain == name for router in self._config.isis_routers)
            case LocalKind.VRF:
                is_there = any(vrf.name == name for vrf in self._config.vrfs)
            case LocalKind.INTERFACE:
                is_there = any(interface.name == name for interface in self._config.isis_interfaces)
            case _:
                is_there = False
        return line.text if is_there else ""

    def _own_router(self) -> BgpRouter | None:
        """PVE's router of the VRF that the last `router bgp` named; its AS number is compared as text."""
        if self._router is None:
            return None
        number, vrf = self._router.words
        router = self._routers.get(vrf or _DEFAULT_VRF)
        return router if router is not None and str(router.asn) == number else None

    def _open_map(self, line: LocalLine) -> Fate:
        """Never merged; renumbered after the generated entries of the same map."""
        name, action = line.words
        self._counts[name] = self._counts.get(name, 0) + 1
        self._new = line
        self._place = _Place(self._maps.setdefault(name, []), (line.text,))
        self._maps[name].append(f"route-map {name} {action} {self._counts[name]}")
        return Fate(line, TOP)

    def _open_family(self, line: LocalLine) -> Fate:
        name, router = line.words[0], self._own_router()
        if router is None or self._router is None:
            home = _outside_family(self._custom_home)
            self._is_new_family = True
            self._custom.append(f" address-family {name}")
            self._custom_home = (*home, line.text.strip())
            self._place = _Place(self._custom)
            return Fate(line, home)
        heading, home = _heading(router), (self._router.text,)
        inside = (*home, line.text.strip())
        if name in _families(router):
            lines = self._merged.setdefault((heading, name), [])
            self._place = _Place(lines, inside, f"address-family {name}")
        else:
            self._is_new_family = True
            lines = self._merged.setdefault((heading,), [])
            lines.append(f" address-family {name}")
            self._place = _Place(lines, inside, heading)
        return Fate(line, home)

    def _end_family(self, line: LocalLine) -> Fate:
        home = self._home()
        if self._is_new_family:
            # Behind a family that PVE does not generate the router is lost: what follows stands outside of it.
            inside = self._place.own if self._place.own.startswith("address-family") else ""
            if self._place.lines is not None:
                self._place.lines.append(line.text)
            self._custom_home = _outside_family(self._custom_home)
            self._place = _Place(self._custom)
            self._is_new_family = False
            return Fate(line, home, inside)
        router = self._routers.get(self._router.words[1] or _DEFAULT_VRF) if self._router else None
        if router is None or self._router is None:
            self._place = _Place()
            return Fate(line, home, is_fatal=True)
        # The AS number is not asked for here: lines of another instance end up in PVE's.
        heading = _heading(router)
        back = self._router.text if self._own_router() else heading
        self._place = _Place(self._merged.setdefault((heading,), []), (back,), heading)
        return Fate(line, home)

    def _exit(self, line: LocalLine) -> Fate:
        fate = Fate(line, TOP)
        if self._new is not None and self._place.lines is not None:
            self._place.lines += [line.text, "!"]
            if self._place.own:
                fate = replace(fate, inside=self._place.own, unclosed=self._new)
            elif self._place.lines is self._custom:
                self._custom_home = TOP
        self._place, self._new, self._router = _Place(), None, None
        return fate

    def _add(self, line: LocalLine) -> Fate:
        if self._place.lines is None:
            return Fate(line)
        self._place.lines.append(line.text)
        fate = Fate(line, self._home(), self._place.own if line.is_hidden_exit else "")
        if line.is_hidden_exit and self._place.lines is self._custom:
            self._custom_home = self._custom_home[:-1]
        return fate

    def _home(self) -> tuple[str, ...]:
        return self._custom_home if self._place.lines is self._custom else self._place.home

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
        heading = _heading(router)
        evpn = router.evpn
        return replace(
            router,
            custom=(*router.custom, *self._of(heading)),
            unicasts=tuple(
                replace(u, custom=(*u.custom, *self._of(heading, f"{u.family} unicast"))) for u in router.unicasts
            ),
            evpn=evpn and replace(evpn, custom=(*evpn.custom, *self._of(heading, _EVPN_FAMILY))),
        )


def _outside_family(home: tuple[str, ...]) -> tuple[str, ...]:
    """The headings without an address family at their end."""
    return home[:-1] if home and "address-family " in home[-1] else home


def _families(router: BgpRouter) -> frozenset[str]:
    own = frozenset(f"{unicast.family} unicast" for unicast in router.unicasts)
    return own if router.evpn is None else own | {_EVPN_FAMILY}


def _heading(router: BgpRouter) -> str:
    return f"router bgp {router.asn} vrf {router.vrf}" if router.vrf else f"router bgp {router.asn}"
