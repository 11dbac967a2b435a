"""BGP sessions of a node compared with what its configuration wants, and why one is down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pvesdn.compare.live_view import RELOAD, ClusterView, NodeView
from pvesdn.compare.one_sided import accepts_unknown, ends_of, is_one_sided
from pvesdn.model.expectation import ExpectedSession
from pvesdn.model.findings import Severity
from pvesdn.model.state import LiveSession
from pvesdn.model.verification import Discrepancy, Subject

OTHER_END = "the other end"
"""The trait of a session that the other end has no neighbor for: by what is defined it stays down."""
_ITS_FILE = "all that its frr.conf says of BGP"
_HOW_LISTED = "pvesdn plan tells which list, and what to add; in one of PVE's pvesdn apply --sync-peers adds it"
_TYPED = "somebody has removed it in vtysh, or FRR did not take all of its file"


def session_discrepancies(
    view: NodeView, cluster: ClusterView, *, is_configuration_told: bool
) -> Iterator[Discrepancy]:
    """Sessions that are down, that speak from another address, or that BFD does not watch.

    None to a member that is off. A peer that is not a member cannot be judged, and is a warning. So is a session that
    the member at the other end has no neighbor for, where the node has VNIs that need it; elsewhere it is nothing.

    :param is_configuration_told: that FRR does not run its file is a finding already.
    """
    if not view.has_bgp:
        return
    for wanted in view.expected.sessions:
        peer = cluster.owners.get(wanted.peer)
        if peer in cluster.off:
            continue
        session = _Session(view, cluster, wanted, peer)
        live = (view.state.sessions or {}).get(wanted.peer)
        if live is not None and not live.is_established and is_one_sided(view, cluster, wanted):
            yield from session.one_sided()
        elif live is not None:
            yield from session.judged(live)
        elif not is_configuration_told:
            yield session.finding("configured", "bgpd does not know the neighbor", _TYPED, step=RELOAD)


def established(view: NodeView, cluster: ClusterView) -> Iterator[tuple[str, str]]:
    """Sessions in which routes are exchanged, wanted or not: `Discrepancy.object` and `Discrepancy.peer` of each."""
    for address, live in (view.state.sessions or {}).items():
        if live.is_established:
            member = cluster.owners.get(address)
            yield _name(address, member), member or ""


def _name(peer: str, member: str | None) -> str:
    return f"BGP session to {peer if member is None else f'{member} ({peer})'}"


@dataclass(frozen=True, slots=True)
class _Session:
    """:param peer: the member that has the other end; None where it is not a member's."""

    view: NodeView
    cluster: ClusterView
    wanted: ExpectedSession
    peer: str | None

    def judged(self, live: LiveSession) -> Iterator[Discrepancy]:
        """What is wrong with it as it is."""
        source = self.wanted.source
        if not live.is_established:
            yield self._down(live)
        elif source is not None and live.local is not None and live.local != source:
            cause = "update-source is missing in what FRR runs"
            yield self.finding(f"speaks from {source}", f"from {live.local}", cause, step=RELOAD)
        elif self.wanted.has_bfd and self.peer is not None and (live.bfd or "").lower() != "up":
            yield self.finding(
                "BFD up",
                f"BFD {(live.bfd or 'not there').lower()}",
                "UDP port 3784 does not get through: a peer that dies is noticed only when its hold time ends",
                step=f"vtysh -c 'show bfd peer {self.wanted.peer}'",
                severity=Severity.WARNING,
            )

    def one_sided(self) -> Iterator[Discrepancy]:
        """That nobody waits for it; a node without VNIs of EVPN misses nothing by it."""
        if self.view.expected.vnis:
            yield self.finding(
                f"has {self.view.node} as a neighbor",
                "has not, as it is defined",
                f"the list of peers that {self.peer} has names no address of {self.view.node}: the session stays down",
                step=_HOW_LISTED,
                trait=OTHER_END,
                severity=Severity.WARNING,
                is_there=False,
            )

    def finding(self, expected: str, found: str, cause: str, **more: Any) -> Discrepancy:
        """A finding about this BGP session."""
        name = _name(self.wanted.peer, self.peer)
        more = {"peer": self.peer or "", **more}
        return self.view.finding(Subject.SESSION, name, expected=expected, found=found, cause=cause, **more)

    def _down(self, live: LiveSession) -> Discrepancy:
        words = [word for word in dict.fromkeys((live.notification, live.last_reset)) if word]
        found = f"{live.state}: {', '.join(words)}" if words else live.state
        if self.view.lacks_bgp:
            step = "first see to what is said of the running configuration"
            return self.finding("Established", found, f"FRR does not run {_ITS_FILE}", step=step, is_there=False)
        there = None if self.peer is None else self.cluster.nodes.get(self.peer)
        if there is not None and (lack := self._lack(there)):
            step = f"first see to what is said of {self.peer}"
            return self.finding("Established", found, lack, step=step, is_there=False)
        cause, step = self._why(live)
        # Whose machine that is, and whether it is on, nobody here knows.
        severity = Severity.WARNING if self.peer is None else Severity.ERROR
        return self.finding("Established", found, cause, step=step, severity=severity)

    def _lack(self, there: NodeView) -> str:
        """What the other end lacks, which is told of it; empty where nothing is known."""
        if there.is_silent:
            return f"FRR on {self.peer} does not answer"
        ends, known = ends_of(self.view, self.wanted), there.state.sessions
        is_known = known is None or not ends or any(str(end) in known for end in ends) or accepts_unknown(there, ends)
        if not is_known:
            return f"FRR on {self.peer} does not know {self.view.node} as a neighbor"
        return f"FRR on {self.peer} does not run {_ITS_FILE}" if there.lacks_bgp else ""

    def _why(self, live: LiveSession) -> tuple[str, str]:
        """The likely cause, and what to look at."""
        ask = f"vtysh -c 'show bgp neighbors {self.wanted.peer}'"
        if self.peer is not None and self.peer not in self.cluster.nodes:
            cause = f"pvesdn did not reach {self.peer} either: the node or its network is down"
            return cause, f"ping -c 3 {self.wanted.peer}"
        if "AS" in live.notification.split():
            return "the two have different AS numbers, as after an apply that reached one of them only", ask
        if "shutdown" in f"{live.last_reset} {live.notification}".lower():
            return "somebody has shut it down, here or there", ask
        way = "" if self.wanted.source is None else f" from {self.wanted.source}"
        cause = "TCP port 179 does not get through, or the other speaks from another address"
        return cause, f"ip route get {self.wanted.peer}{way}; {ask}"
