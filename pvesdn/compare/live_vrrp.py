"""Virtual routers (RFC 9568): who should be master by the priorities, and who is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pvesdn.compare.live_view import RELOAD, ClusterView, NodeView, listed
from pvesdn.compare.virtual_routers import macvlan_that_is_down
from pvesdn.model.expectation import ExpectedVirtualRouter
from pvesdn.model.verification import Discrepancy, Subject

_MASTER, _BACKUP = "Master", "Backup"
_DEAF = "deaf"
"""Whatever vrrpd says there: its macvlan is down, which is told of it."""


def vrrp_discrepancies(view: NodeView, cluster: ClusterView, *, is_configuration_told: bool) -> Iterator[Discrepancy]:
    """Virtual routers that do not run, and roles that the priorities do not explain.

    :param is_configuration_told: that FRR does not run its file is a finding already.
    """
    if view.state.virtual_routers is None or "vrrpd" in view.missing_daemons:
        return
    for wanted in view.expected.virtual_routers:
        if view.is_uplink_told(wanted.interface):
            continue
        status = _status(view, wanted)
        down = macvlan_that_is_down(view.state, wanted)
        if status in {_MASTER, _BACKUP} and down:
            yield _finding(
                view,
                wanted,
                expected=f"'{down}' is up",
                found=f"'{down}' is down, and vrrpd says {status}",
                cause=f"somebody has taken it down; vrrpd does not notice, and nobody answers for {_shared(wanted)} here",
                step=f"ip link set {down} up",
            )
        elif status in {_MASTER, _BACKUP}:
            yield from _role(view, cluster, wanted, status)
        elif status is not None:
            yield _finding(
                view,
                wanted,
                expected=f"{_MASTER} or {_BACKUP}",
                found=status,
                cause="vrrpd did not find the macvlan that ifupdown2 makes for it, or it is down",
                step=f"ifup {wanted.interface}",
            )
        elif not is_configuration_told:
            cause = "somebody has removed it in vtysh, or FRR did not take all of its file"
            yield _finding(view, wanted, expected="runs", found="vrrpd does not know it", cause=cause, step=RELOAD)


def vrrp_checks(view: NodeView) -> Iterator[str]:
    """The zone of each virtual router that is looked at."""
    if view.state.virtual_routers is not None:
        yield from (view.zones.get(router.interface, "") for router in view.expected.virtual_routers)


def _role(view: NodeView, cluster: ClusterView, wanted: ExpectedVirtualRouter, status: str) -> Iterator[Discrepancy]:
    rivals = {name: (other, found) for name, other, found in _rivals(view, cluster, wanted)}
    masters = {name: other for name, (other, found) in rivals.items() if found == _MASTER}
    better = {name: other.priority for name, other in masters.items() if other.priority > wanted.priority}
    if status == _MASTER and better:
        best = max(better, key=lambda name: better[name])
        yield _finding(
            view,
            wanted,
            expected=f"{_BACKUP}: {best} has priority {better[best]}, this node {wanted.priority}",
            found=f"{_MASTER}, as {best} is: both answer for {_shared(wanted)}",
            cause=f"VRRP (IP protocol 112) does not get from {best} to {view.node}: a firewall, or a switch that filters "
            "multicast",
            step=f"timeout 10 tcpdump -c 5 -ni {wanted.interface} ip proto 112",
        )
    is_any_deaf = any(found == _DEAF for _, found in rivals.values())
    if status == _BACKUP and not masters and not is_any_deaf and not _may_be_unseen(cluster, wanted, above=0):
        # Who has the highest priority tells it for all of them.
        if any(other.priority > wanted.priority for other, found in rivals.values() if found == _BACKUP):
            return
        yield _finding(
            view,
            wanted,
            expected=f"{_MASTER}: no other has a higher priority than {wanted.priority}",
            found=_BACKUP,
            cause=f"another machine on the network of {wanted.interface} has virtual router {wanted.id} as well",
            step=f"timeout 10 tcpdump -c 5 -ni {wanted.interface} ip proto 112",
        )
    elif (
        status == _BACKUP
        and masters
        and all(other.priority < wanted.priority for other in masters.values())
        and not _may_be_unseen(cluster, wanted, above=wanted.priority)
    ):
        yield _finding(
            view,
            wanted,
            expected=f"{_MASTER}: {listed(masters)} has a lower priority than {wanted.priority}",
            found=_BACKUP,
            cause="it is not allowed to take over (no preempt), or it has just come back",
            step="vtysh -c 'show vrrp'",
        )


def _rivals(
    view: NodeView, cluster: ClusterView, wanted: ExpectedVirtualRouter
) -> Iterator[tuple[str, ExpectedVirtualRouter, str]]:
    """The same virtual router on other nodes, as far as it was seen."""
    for name, node in cluster.nodes.items():
        for other in _those_of(node, wanted) if name != view.node else ():
            found = _status(node, other)
            if found is not None:
                yield name, other, _DEAF if macvlan_that_is_down(node.state, other) else found


def _those_of(node: NodeView, wanted: ExpectedVirtualRouter) -> Iterator[ExpectedVirtualRouter]:
    """What a node should have of the same virtual router."""
    key = (wanted.id, wanted.family, wanted.addresses)
    routers = node.expected.virtual_routers
    yield from (other for other in routers if (other.id, other.family, other.addresses) == key)


def _status(view: NodeView, wanted: ExpectedVirtualRouter) -> str | None:
    live = view.state.virtual_routers or ()
    key = (wanted.interface, wanted.id, wanted.family)
    return next((router.status for router in live if (router.interface, router.id, router.family) == key), None)


def _may_be_unseen(cluster: ClusterView, wanted: ExpectedVirtualRouter, *, above: int) -> bool:
    """Whether a master with a priority above that may be where nobody could look, which is nobody's fault: on a member
    that is on and has not answered, or on a node whose vrrpd could not be asked.
    """
    if not set(cluster.owners.values()) <= {*cluster.nodes, *cluster.off}:
        return True
    silent = (
        node
        for node in cluster.nodes.values()
        if node.state.virtual_routers is None and "vrrpd" not in node.missing_daemons
    )
    return any(other.priority > above for node in silent for other in _those_of(node, wanted))


def _shared(wanted: ExpectedVirtualRouter) -> str:
    return ", ".join(sorted(map(str, wanted.addresses)))


def _finding(view: NodeView, wanted: ExpectedVirtualRouter, **said: Any) -> Discrepancy:
    suffix = " for IPv6" if wanted.family == 6 else ""  # noqa: PLR2004 - IPv6
    name = f"virtual router {wanted.id} on {wanted.interface}{suffix}"
    return view.finding_in_zone(Subject.VRRP, name, wanted.interface, **said)
