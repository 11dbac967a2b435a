"""What frr.conf says besides the overlay: pvesdn replaces the whole file, so it is told line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pvesdn.decode.frr.local import read_local
from pvesdn.design.ours.anchors import anchors
from pvesdn.model.frr_local import LocalKind
from pvesdn.model.hand_written import FrrForeign, FrrRouter, FrrVrrp, HandWrittenNode, Place
from pvesdn.recognise import anyway
from pvesdn.recognise.anyway import Trait
from pvesdn.recognise.becomes import Becomes
from pvesdn.recognise.kept import Kept
from pvesdn.recognise.notebook import Notebook

_OUT = "apply --overwrite takes it out of frr.conf"
_KEEP = f"{_OUT}: what is still needed belongs in /etc/frr/frr.conf.local"
_KEEP_AS = f"{_OUT}: what is still needed, as '%s', belongs in /etc/frr/frr.conf.local"
_DROPPED = f"{_OUT}, and PVE's merge drops it from frr.conf.local: what is still needed must be said outside FRR"
_NOT_READ = (
    f"{_OUT}, and the node's PVE reads no frr.conf.local unless it has a controller of its own: what is still needed "
    "must be said outside FRR"
)
_ROUTE = (
    f"{_OUT}, and PVE's merge drops it from frr.conf.local: what is still needed belongs in /etc/network/interfaces"
)
_SEQ = f"{_OUT}, and PVE's merge drops it from frr.conf.local: with 'seq NUMBER' behind its name it passes"
_OURS = f"{_OUT}, and pvesdn has a value of its own for it"
_ONE_INSTANCE = f"{_OUT}: outside of VRFs FRR has one instance"
_TIMERS = f"{_OUT}: 'frr defaults datacenter' comes, with BGP's timers at 3 and 9 seconds"
_FABRIC = f"{_OUT}: make what is still needed a fabric in PVE, which switches %s off on a node that is in no %s fabric"
_FABRICS = (
    (re.compile(r"router ospf\b|ip ospf "), _FABRIC % ("ospfd", "OSPF")),
    (re.compile(r"router openfabric |ip(v6)? router openfabric "), _FABRIC % ("fabricd", "OpenFabric")),
)
"""Routing protocols that PVE runs for its fabrics alone (docs/decisions/0016-ospf-by-a-fabric.md)."""
_OWN_VALUES = re.compile(
    r"(no )?(bgp router-id|coalesce-time|hostname|log syslog|service|(ip|ipv6) forwarding|zebra nexthop|line|frr (version|defaults))\b.*"
)
"""Lines that pvesdn says itself, one way or another: in frr.conf.local they would contradict it."""
_PROFILE = re.compile(r"neighbor \S+ bfd profile .*")
_WITH_VRF = 5
"""`router bgp ASN vrf NAME`."""
_UNNUMBERED = re.compile(r"(ip|ipv6) (prefix-list|access-list) .*|access-list .*")


def tell_foreign_frr(node: HandWrittenNode, becomes: Becomes, book: Notebook) -> tuple[str, ...]:
    """Enter everything in a node's frr.conf that the proposal does not express.

    :returns: what of it can be kept, as the text of frr.conf.local.
    """
    return _Teller(node, becomes, book).tell()


@dataclass(slots=True)
class _Teller:
    """One node."""

    node: HandWrittenNode
    becomes: Becomes
    book: Notebook

    def tell(self) -> tuple[str, ...]:
        """Everything, and what of it can be kept."""
        kept = Kept(self.node.frr, self.becomes)
        for line in sorted((*self.node.frr.foreign, *self._not_done()), key=lambda line: line.place.line):
            context = f" (in {', '.join(line.context)})" if line.context else ""
            hint = self._where_to(line, kept)
            self.book.lose(self.node.node, line.place, "", f"'{line.text}'{context}", hint)
            if _is_sent(hint):
                kept.add(line.text, line.context)
        self._tell_beside_exits(kept)
        for router in self.node.frr.routers:
            self._tell_instance(router, kept)
        for vrf in self.node.frr.vrfs:
            if vrf.l3vni is not None and vrf.name not in self.becomes.vrfs:
                self._keep(vrf.place, f"vrf {vrf.name}", f"vni {vrf.l3vni}")
                kept.add(f"vni {vrf.l3vni}", (f"vrf {vrf.name}",))
        return kept.lines() if self.becomes.reads_local else ()

    def _keep(self, place: Place, name: str, what: str) -> None:
        self.book.lose(self.node.node, place, name, what, _KEEP if self.becomes.reads_local else _NOT_READ)

    # --- lines --------------------------------------------------------------------------------------------------------

    def _not_done(self) -> Iterator[FrrForeign]:
        """Lines that pvesdn might say, and does not here."""
        new = self.becomes
        for line in self.node.frr.usual:
            vrf = _vrf_of(line)
            if vrf is None and _is_of_bgp(line) and line.context[0] != f"router bgp {new.asn}":
                continue  # told as an instance
            if vrf is not None and (vrf not in new.announcing or line.text.startswith("route-target import ")):
                continue  # the zone's rt-import
            traits = new.traits if vrf is None else new.announcing[vrf]
            if not self._is_done(line, traits):
                yield line

    def _is_done(self, line: FrrForeign, traits: frozenset[Trait]) -> bool:
        names = self.becomes.names
        kind = _kind(line)
        if kind == anyway.VNI and not anyway.is_done(anyway.EVPN, line.context[-1], traits, names):
            return False
        return anyway.is_done(kind, line.text, traits, names)

    def _where_to(self, line: FrrForeign, kept: Kept) -> str:
        """What to do with a line of frr.conf that is still needed."""
        lines = (*line.context, line.text)
        fabric = next((hint for pattern, hint in _FABRICS if any(pattern.match(text) for text in lines)), "")
        own = _TIMERS if line.text.startswith("frr defaults ") else _OURS
        is_own = len(line.context) == int(_is_of_bgp(line)) and _OWN_VALUES.fullmatch(line.text)
        if fabric or is_own:
            return fabric or own
        if read_local(kept.renamed(lines[0])[0])[0].kind is LocalKind.OTHER or _PROFILE.fullmatch(line.text):
            return _SEQ if _UNNUMBERED.fullmatch(lines[0]) else _DROPPED
        if not self.becomes.reads_local:
            return _NOT_READ
        new = kept.renamed(line.text)
        return _KEEP if new == (line.text,) else _KEEP_AS % "' and '".join(new)

    # --- statics, virtual routers, instances --------------------------------------------------------------------------

    def _tell_beside_exits(self, kept: Kept) -> None:
        """Statics and virtual routers that belong to no exit."""
        taken = [route for uplink in self.becomes.uplinks for route in uplink.routes]
        own = {anchor.prefix for anchor in anchors(self.becomes.vtep, (4, 6))}
        for route in self.node.frr.routes:
            if route in taken or (
                route.via == "blackhole" and route.prefix in own and route.vrf in self.becomes.announcing
            ):
                continue
            table = f" of VRF {route.vrf}" if route.vrf else ""
            what = f"the static route {route.prefix} via {route.via}{table}"
            if not route.vrf:
                self.book.lose(self.node.node, route.place, "", what, _ROUTE)
                continue
            self._keep(route.place, "", what)
            word = "ipv6" if ":" in route.prefix else "ip"
            line = f"{word} route {route.prefix} {route.via} {route.interface or ''}".rstrip()
            kept.add(line, (f"vrf {route.vrf}",))
        groups = [group for uplink in self.becomes.uplinks for group in uplink.groups]
        for group in self.node.frr.vrrp:
            if group not in groups:
                self._keep(group.place, f"interface {group.interface}", f"vrrp {group.id}")
                for line in _vrrp_lines(group):
                    kept.add(line, (f"interface {group.interface}",))

    def _tell_instance(self, router: FrrRouter, kept: Kept) -> None:
        """An instance of BGP that goes, or the sessions of one that stays."""
        name = f"router bgp {router.asn}"
        heading = name if router.vrf is None else f"{name} vrf {router.vrf}"
        if router.vrf is None and not router.has_all_vnis:
            self.book.lose(self.node.node, router.place, name, "an instance without advertise-all-vni", _ONE_INSTANCE)
        elif router.vrf is not None and router.vrf not in self.becomes.announcing:
            self._keep(router.place, name, f"the instance of VRF {router.vrf}")
            kept.open(heading)
            for line in (*self.node.frr.sessions, *self.node.frr.usual):
                if line.context[:1] == (heading,):
                    kept.add(line.text, line.context)
        else:
            self._tell_sessions(router, heading, kept)
            self._tell_lonely(router, heading, kept)

    def _tell_sessions(self, router: FrrRouter, heading: str, kept: Kept) -> None:
        """Sessions of an instance that stays, beside the overlay."""
        for neighbor in router.neighbors:
            if router.vrf is not None or not neighbor.is_evpn:
                what = "a session that is not for EVPN" if router.vrf is None else f"a session of VRF {router.vrf}"
                self._keep(neighbor.place, f"neighbor {neighbor.address}", what)
                kept.session(neighbor.address, heading)
        if router.asn != self.becomes.asn:
            what = f"AS {router.asn} in VRF {router.vrf}: it becomes {self.becomes.asn}, the controller's"
            self.book.lose(self.node.node, router.place, heading, what)

    def _tell_lonely(self, router: FrrRouter, heading: str, kept: Kept) -> None:
        """Peer groups without neighbours, which may be for those that call by themselves."""
        used = {neighbor.group for neighbor in router.neighbors}
        for line in self.node.frr.sessions:
            match line.text.split():
                case ["neighbor", group, "peer-group"] if line.context == (heading,) and group not in used:
                    self._keep(line.place, f"neighbor {group}", "a peer group without neighbours")
                    kept.session(group, heading)


def _is_sent(hint: str) -> bool:
    return hint == _KEEP or hint.startswith(_KEEP_AS.partition("%")[0])


def _is_of_bgp(line: FrrForeign) -> bool:
    return bool(line.context) and line.context[0].startswith("router bgp ")


def _vrf_of(line: FrrForeign) -> str | None:
    """The VRF of the instance that a line is in; None outside of such a one."""
    words = line.context[0].split() if _is_of_bgp(line) else []
    return words[4] if words[3:4] == ["vrf"] and len(words) == _WITH_VRF else None


def _kind(line: FrrForeign) -> str:
    """The kind of block a line is in, as the list of what pvesdn does anyway has it; empty for any other."""
    if not _is_of_bgp(line):
        return "" if line.context else anyway.TOP
    is_vrf = _vrf_of(line) is not None
    families = {"ipv4": anyway.VRF_IPV4, "ipv6": anyway.VRF_IPV6} if is_vrf else {}
    match [text.split()[1:] for text in line.context[1:]]:
        case []:
            found = anyway.VRF_ROUTER if is_vrf else anyway.ROUTER
        case [["l2vpn", "evpn"]]:
            found = anyway.VRF_EVPN if is_vrf else anyway.EVPN
        case [["l2vpn", "evpn"], [_]]:
            found = anyway.VNI
        case [["ipv4" | "ipv6" as family, *_]]:
            found = families.get(family, anyway.UNICAST)
        case _:
            found = ""
    return found


def _vrrp_lines(group: FrrVrrp) -> Iterator[str]:
    yield f"vrrp {group.id} version 3"
    yield f"vrrp {group.id} priority {group.priority}"
    for address in group.addresses:
        yield f"vrrp {group.id} {'ipv6' if ':' in address else 'ip'} {address}"
