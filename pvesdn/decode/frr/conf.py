"""A hand-written frr.conf -> what it says about BGP, VRFs, statics and VRRP. Closed: whatever is not known is foreign.

Words are those of FRR's manual (bgp, zebra, static and vrrp chapters). Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from pvesdn.decode.frr.tree import FrrLine, read_tree
from pvesdn.decode.secrets import hide_secrets
from pvesdn.model.hand_written import FrrForeign, FrrNeighbor, FrrRoute, FrrRouter, FrrText, FrrVrf, FrrVrrp, Place

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

_ROUTER_SETTINGS = (
    ("bgp", "router-id"),
    ("no", "bgp", "default", "ipv4-unicast"),
    ("no", "bgp", "ebgp-requires-policy"),
    ("no", "bgp", "hard-administrative-reset"),
    ("no", "bgp", "graceful-restart", "notification"),
    ("bgp", "log-neighbor-changes"),
    ("coalesce-time",),
)
_SAME_SESSION = frozenset({"bfd", "description", "soft-reconfiguration"})
"""Words of a neighbor that pvesdn may say of its own."""
_OF_THE_MESH = frozenset({"activate", "route-reflector-client", "advertise-all-vni"})
"""Last words of lines that say who takes part in EVPN."""
_REDISTRIBUTED = frozenset({"connected", "static", "kernel"})
_STATIC_WORDS = 3
"""`ip route PREFIX`; then come gateway and interface."""


def decode_frr_conf(text: str, file: str) -> FrrText:
    """What the file says.

    :param file: its path, for the places.
    """
    reader = _Reader(file)
    for line in read_tree(text):
        reader.top(line)
    return FrrText(
        tuple(reader.routers),
        tuple(reader.vrfs),
        tuple(reader.routes),
        tuple(reader.vrrp),
        tuple(reader.foreign),
        tuple(reader.usual),
        tuple(reader.sessions),
    )


@dataclass(slots=True)
class _Session:
    """A neighbor or a peer group while its lines are being read."""

    line: int
    is_group: bool = False
    group: str | None = None
    remote_as: str = ""
    is_evpn: bool = False
    is_client: bool = False
    source: tuple[str, Place] | None = None


@dataclass(slots=True)
class _Bgp:
    """A router while its lines are being read."""

    sessions: dict[str, _Session] = field(default_factory=dict)
    has_all_vnis: bool = False
    announced: set[str] = field(default_factory=set)
    imports: list[str] = field(default_factory=list)
    isolated: set[str] = field(default_factory=set)


class _Reader:
    """One pass over one file."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.routers: list[FrrRouter] = []
        self.vrfs: list[FrrVrf] = []
        self.routes: list[FrrRoute] = []
        self.vrrp: list[FrrVrrp] = []
        self.foreign: list[FrrForeign] = []
        self.usual: list[FrrForeign] = []
        self.sessions: list[FrrForeign] = []
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
        elif not _begins(line.words, _SETTINGS):
            self._odd(line, ())
        else:
            self.usual.append(self._said(line, ()))
            self._odd_children(line)

    def _place(self, line: FrrLine) -> Place:
        return Place(self._file, line.line)

    def _said(self, line: FrrLine, context: tuple[FrrLine, ...]) -> FrrForeign:
        around = tuple(outer.text for outer in context)
        return FrrForeign(hide_secrets(line.text)[0], around, self._place(line))

    def _odd(self, line: FrrLine, context: tuple[FrrLine, ...]) -> None:
        self.foreign.append(self._said(line, context))
        for inner in line.children:
            self._odd(inner, (*context, line))

    def _odd_children(self, line: FrrLine) -> None:
        for inner in line.children:
            self._odd(inner, (line,))

    # --- router bgp ASN [vrf NAME] ------------------------------------------------------------------------------------

    def _router(self, line: FrrLine) -> None:
        asn, *rest = line.words[2:]
        if rest and not (len(rest) == 2 and rest[0] == "vrf"):  # noqa: PLR2004 - `vrf NAME`
            self._odd(line, ())
            return
        bgp = _Bgp()
        for inner in line.children:
            if inner.kind == "address-family":
                self._family(inner, line, bgp)
            elif inner.words[0] == "neighbor" and len(inner.words) > 2:  # noqa: PLR2004 - `neighbor WHO WHAT`
                self._neighbor(inner, line, bgp)
            elif _begins(inner.words, _ROUTER_SETTINGS):
                self.usual.append(self._said(inner, (line,)))
            else:
                self._odd(inner, (line,))
        place = self._place(line)
        router = FrrRouter(
            asn=asn,
            vrf=rest[1] if rest else None,
            place=place,
            neighbors=tuple(self._neighbors(bgp)),
            has_all_vnis=bgp.has_all_vnis,
            announced=frozenset(bgp.announced),
            imports=tuple(bgp.imports),
            isolated=frozenset(bgp.isolated),
        )
        self.routers.append(router)

    def _neighbor(self, line: FrrLine, router: FrrLine, bgp: _Bgp) -> None:
        _, who, what, *rest = line.words
        session = bgp.sessions.setdefault(who, _Session(line.line))
        told = self.sessions
        match what, rest:
            case "peer-group", []:
                session.is_group = True
            case "peer-group", [group]:
                session.group = group
            case "remote-as", [asn]:
                session.remote_as = asn
            case "update-source", [source]:
                session.source = source, self._place(line)
            case _:
                told = self.usual if what in _SAME_SESSION else self.foreign
        told.append(self._said(line, (router,)))

    def _neighbors(self, bgp: _Bgp) -> Iterator[FrrNeighbor]:
        nothing = _Session(0)
        for who, own in bgp.sessions.items():
            if own.is_group:
                continue
            group = bgp.sessions.get(own.group or "", nothing)
            yield FrrNeighbor(
                address=who,
                remote_as=own.remote_as or group.remote_as,
                is_evpn=own.is_evpn or group.is_evpn,
                is_client=own.is_client or group.is_client,
                place=Place(self._file, own.line),
                source=own.source or group.source,
                group=own.group or "",
            )

    def _family(self, family: FrrLine, router: FrrLine, bgp: _Bgp) -> None:
        match family.words[1:]:
            case ("l2vpn", "evpn"):
                take = self._evpn_line
            case ("ipv4" | "ipv6", "unicast") | ("ipv4" | "ipv6",):
                take = self._unicast_line
            case _:
                self._odd(family, (router,))
                return
        for line in family.children:
            if not take(line, bgp):
                self._odd(line, (router, family))
            elif line.words[0] == "no" or line.words[-1] not in _OF_THE_MESH:
                self.usual.append(self._said(line, (router, family)))
                self.usual += (self._said(inner, (router, family, line)) for inner in line.children)

    def _evpn_line(self, line: FrrLine, bgp: _Bgp) -> bool:
        """Whether pvesdn may say the same."""
        match line.words:
            case ("neighbor", who, "activate"):
                bgp.sessions.setdefault(who, _Session(line.line)).is_evpn = True
            case ("neighbor", who, "route-reflector-client"):
                bgp.sessions.setdefault(who, _Session(line.line)).is_client = True
            case ("advertise-all-vni",):
                bgp.has_all_vnis = True
            case ("advertise", "ipv4" | "ipv6" as family, "unicast"):
                bgp.announced.add(family)
            case ("route-target", "import", *targets) if targets:
                bgp.imports += targets
            case ("vni", number) if all(_is_isolation(inner.words) for inner in line.children):
                bgp.isolated.add(number)
            case _:
                return _is_soft(line.words)
        return True

    def _unicast_line(self, line: FrrLine, bgp: _Bgp) -> bool:
        del bgp
        match line.words:
            case ("redistribute", source):
                return source in _REDISTRIBUTED
            case ("no", "neighbor", _, "activate"):
                return True
        return _is_soft(line.words)

    # --- vrf, ip route, interface -------------------------------------------------------------------------------------

    def _vrf(self, line: FrrLine) -> None:
        l3vni = None
        for inner in line.children:
            if inner.words[0] == "vni" and len(inner.words) == 2:  # noqa: PLR2004 - `vni N`
                l3vni = inner.words[1]
            elif _is_static(inner.words):
                self._static(inner, line.words[1], (line,))
            else:
                self._odd(inner, (line,))
        self.vrfs.append(FrrVrf(line.words[1], self._place(line), l3vni))

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
                self._odd(line, context)
                return
        self.routes.append(FrrRoute(line.words[2], via, interface, vrf, self._place(line)))

    def _interface(self, line: FrrLine) -> None:
        groups: dict[str, FrrVrrp] = {}
        for inner in line.children:
            if not self._vrrp_line(inner, line.words[1], groups):
                self._odd(inner, (line,))
        self.vrrp += groups.values()

    def _vrrp_line(self, line: FrrLine, interface: str, groups: dict[str, FrrVrrp]) -> bool:
        if line.words[0] != "vrrp" or len(line.words) < 2:  # noqa: PLR2004 - `vrrp ID`
            return False
        number, *rest = line.words[1:]
        group = groups.setdefault(number, FrrVrrp(interface, number, self._place(line)))
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


def _begins(words: _Words, known: tuple[_Words, ...]) -> bool:
    return any(words[: len(prefix)] == prefix for prefix in known)


def _is_static(words: _Words) -> bool:
    return words[:2] in {("ip", "route"), ("ipv6", "route")} and len(words) > _STATIC_WORDS


def _is_soft(words: _Words) -> bool:
    match words:
        case ("neighbor", _, "soft-reconfiguration", "inbound"):
            return True
    return False


def _is_isolation(words: _Words) -> bool:
    """What pvesdn itself prints to keep a plain VNI out of EVPN: route targets of AS 65535."""
    match words:
        case ("route-target", "import" | "export", target):
            return target.startswith("65535:")
    return False
