"""A hand-written frr.conf -> what it says about BGP, VRFs, statics and VRRP. Closed: whatever is not known is foreign.

Words are those of FRR's manual (bgp, zebra, static and vrrp chapters). Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from pvesdn.decode.frr.routers import RouterReader
from pvesdn.decode.frr.told import Told, begins
from pvesdn.decode.frr.tree import FrrLine, read_tree
from pvesdn.model.hand_written import FrrRoute, FrrRouter, FrrText, FrrVrf, FrrVrrp

_Words = tuple[str, ...]

_SETTINGS = (
    ("frr",),
    ("hostname",),
    ("log", "syslog"),
    ("service", "integrated-vtysh-config"),
    ("ip", "forwarding"),
    ("ipv6", "forwarding"),
    ("no", "ip", "forwarding"),
    ("no", "ipv6", "forwarding"),
    ("no", "zebra", "nexthop", "kernel", "enable"),
    ("line", "vty"),
)
"""Top-level lines that pvesdn may write as well, or that a fresh frr.conf has."""

_STATIC_WORDS = 3
"""`ip route PREFIX`; then come gateway and interface."""


def decode_frr_conf(text: str, file: str) -> FrrText:
    """What the file says.

    :param file: its path, for the places.
    """
    told = Told(file)
    reader = _Reader(told)
    for line in read_tree(text):
        reader.top(line)
    return FrrText(
        tuple(reader.routers),
        tuple(reader.vrfs),
        tuple(reader.routes),
        tuple(reader.vrrp),
        tuple(told.foreign),
        tuple(told.usual),
        tuple(told.sessions),
    )


class _Reader:
    """One pass over one file."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._reader = RouterReader(told)
        self.routers: list[FrrRouter] = []
        self.vrfs: list[FrrVrf] = []
        self.routes: list[FrrRoute] = []
        self.vrrp: list[FrrVrrp] = []
        self._blocks: dict[str, Callable[[FrrLine], None]] = {
            "router bgp": self._router,
            "vrf": self._vrf,
            "interface": self._interface,
        }

    def top(self, line: FrrLine) -> None:
        """Take one top-level line with its block."""
        if line.kind in self._blocks and len(line.words) > len(line.kind.split()):
            self._blocks[line.kind](line)
        elif _is_static(line.words):
            self._static(line, None, ())
        elif not begins(line.words, _SETTINGS):
            self._told.odd(line, ())
        else:
            self._told.usual.append(self._told.said(line, ()))
            self._told.all_odd(line.children, (line,))

    def _router(self, line: FrrLine) -> None:
        if (router := self._reader.router(line)) is not None:
            self.routers.append(router)

    # --- vrf, ip route, interface -------------------------------------------------------------------------------------

    def _vrf(self, line: FrrLine) -> None:
        l3vni = None
        for inner in line.children:
            if inner.words[0] == "vni" and len(inner.words) == 2:  # noqa: PLR2004 - `vni N`
                l3vni = inner.words[1]
            elif _is_static(inner.words):
                self._static(inner, line.words[1], (line,))
            else:
                self._told.odd(inner, (line,))
        self.vrfs.append(FrrVrf(line.words[1], self._told.place(line), l3vni))

    def _static(self, line: FrrLine, vrf: str | None, context: tuple[FrrLine, ...]) -> None:
        """`ip route PREFIX GATEWAY [INTERFACE] [vrf NAME]`; anything more is foreign."""
        words = list(line.words[_STATIC_WORDS:])
        match words:
            case [*before, "vrf", name]:
                words, vrf = before, name
        match words:
            case [via]:
                interface = None
            case [via, interface]:
                pass
            case _:
                self._told.odd(line, context)
                return
        self.routes.append(FrrRoute(line.words[2], via, interface, vrf, self._told.place(line)))

    def _interface(self, line: FrrLine) -> None:
        groups: dict[str, FrrVrrp] = {}
        for inner in line.children:
            if not self._vrrp_line(inner, line.words[1], groups):
                self._told.odd(inner, (line,))
        self.vrrp += groups.values()

    def _vrrp_line(self, line: FrrLine, interface: str, groups: dict[str, FrrVrrp]) -> bool:
        if line.words[0] != "vrrp" or len(line.words) < 2:  # noqa: PLR2004 - `vrrp ID`
            return False
        number, *rest = line.words[1:]
        group = groups.setdefault(number, FrrVrrp(interface, number, self._told.place(line)))
        match rest:
            case [] | ["version", "3"]:
                pass
            case ["priority", priority]:
                groups[number] = replace(group, priority=priority)
            case ["ip" | "ipv6", address]:
                groups[number] = replace(group, addresses=(*group.addresses, address))
            case _:
                return False
        return True


def _is_static(words: _Words) -> bool:
    return words[:2] in {("ip", "route"), ("ipv6", "route")} and len(words) > _STATIC_WORDS
