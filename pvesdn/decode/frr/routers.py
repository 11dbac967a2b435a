"""`router bgp` of a hand-written frr.conf -> who speaks EVPN with whom, and which VNIs it keeps out of it.

Words are those of the BGP chapter of FRR's manual. Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from pvesdn.decode.frr.told import Told, begins
from pvesdn.decode.frr.tree import FrrLine
from pvesdn.model.hand_written import FrrNeighbor, FrrRouter, Place

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


class RouterReader:
    """Reads the routers of one file."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def router(self, line: FrrLine) -> FrrRouter | None:
        """One router with its block; None, and the lines are foreign, where it is another kind of instance."""
        asn, *rest = line.words[2:]
        if rest and not (len(rest) == 2 and rest[0] == "vrf"):  # noqa: PLR2004 - `vrf NAME`
            self._told.odd(line, ())
            return None
        bgp = _Bgp()
        for inner in line.children:
            if inner.kind == "address-family":
                self._family(inner, line, bgp)
            elif inner.words[0] == "neighbor" and len(inner.words) > 2:  # noqa: PLR2004 - `neighbor WHO WHAT`
                self._neighbor(inner, line, bgp)
            elif begins(inner.words, _ROUTER_SETTINGS):
                self._told.usual.append(self._told.said(inner, (line,)))
            else:
                self._told.odd(inner, (line,))
        return FrrRouter(
            asn=asn,
            vrf=rest[1] if rest else None,
            place=self._told.place(line),
            neighbors=tuple(self._neighbors(bgp)),
            has_all_vnis=bgp.has_all_vnis,
            announced=frozenset(bgp.announced),
            imports=tuple(bgp.imports),
            isolated=frozenset(bgp.isolated),
        )

    def _neighbor(self, line: FrrLine, router: FrrLine, bgp: _Bgp) -> None:
        _, who, what, *rest = line.words
        session = bgp.sessions.setdefault(who, _Session(line.line))
        told = self._told.sessions
        match what, rest:
            case "peer-group", []:
                session.is_group = True
            case "peer-group", [group]:
                session.group = group
            case "remote-as", [asn]:
                session.remote_as = asn
            case "update-source", [source]:
                session.source = source, self._told.place(line)
            case _:
                told = self._told.usual if what in _SAME_SESSION else self._told.foreign
        told.append(self._told.said(line, (router,)))

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
                place=Place(self._told.file, own.line),
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
                self._told.odd(family, (router,))
                return
        for line in family.children:
            if not take(line, bgp):
                self._told.odd(line, (router, family))
            elif line.words[0] == "no" or line.words[-1] not in _OF_THE_MESH:
                self._told.usual.append(self._told.said(line, (router, family)))
                self._told.usual += (self._told.said(inner, (router, family, line)) for inner in line.children)

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


def _is_soft(words: tuple[str, ...]) -> bool:
    match words:
        case ("neighbor", _, "soft-reconfiguration", "inbound"):
            return True
    return False


def _is_isolation(words: tuple[str, ...]) -> bool:
    """What pvesdn itself prints to keep a plain VNI out of EVPN: route targets of AS 65535."""
    match words:
        case ("route-target", "import" | "export", target):
            return target.startswith("65535:")
    return False
