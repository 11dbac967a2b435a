"""Metrics of one node, and of each of its VNIs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pvesdn.compare.live_view import NodeView
from pvesdn.compare.status import Parts
from pvesdn.compare.status_of_node import sessions_outside, vnis_up
from pvesdn.model import metrics as m
from pvesdn.model.expectation import ExpectedDevice
from pvesdn.model.findings import Severity
from pvesdn.model.metrics import Metric
from pvesdn.model.primitives import IpAddress
from pvesdn.model.status import Health, NodeStatus, Share, ToDo

Value = tuple[Metric, tuple[str, ...], float | None]


def node_values(row: NodeStatus, parts: Parts, paths: Mapping[str, Share]) -> Iterator[Value]:
    """What the row of a node says, and besides which VTEPs it sends to, and over which MTU.

    :param paths: ways that were tried, by node.
    """
    id_ = (f"node/{row.name}",)
    view = parts.cluster.nodes.get(row.name)
    for health in Health:
        yield m.NODE_HEALTH, (*id_, health.value), float(health is row.health)
    yield m.NODE_SEEN, id_, float(view is not None)
    for vtep in row.vteps:
        yield m.VTEP_INFO, (*id_, str(vtep)), 1.0
    yield m.NODE_APPLY, id_, None if row.last_apply is None else float(row.last_apply.number)
    if view is None:
        return
    yield from _shares(id_, m.SESSIONS, m.SESSIONS_UP, row.sessions)
    yield from _shares(id_, m.SESSIONS_OUTSIDE, m.SESSIONS_OUTSIDE_UP, sessions_outside(view, parts.cluster))
    yield from _shares(id_, m.VNIS, m.VNIS_UP, row.vnis)
    yield m.REMOTES, id_, _all_remotes(view)
    vtep_of_node = parts.vteps.get(row.name)
    mtu = None if vtep_of_node is None else vtep_of_node.mtu
    yield m.PATH_MTU, id_, None if mtu is None else float(mtu)
    if (tried := paths.get(row.name)) is not None:
        yield m.PATHS, id_, float(tried.all)
        yield m.PATHS_BAD, id_, float(tried.all - tried.up)
    yield from _plan(row, parts, id_)
    yield m.NODE_FINDINGS, (*id_, Severity.ERROR.value), float(row.bad)
    yield m.NODE_FINDINGS, (*id_, Severity.WARNING.value), float(row.warnings)
    unseen = [item for item in parts.verification.not_checked if item.node == row.name]
    yield m.NODE_UNSEEN, id_, float(len(unseen))


def _plan(row: NodeStatus, parts: Parts, id_: tuple[str, ...]) -> Iterator[Value]:
    if row.drift is not None:
        yield m.DRIFT, (*id_, "files"), float(row.drift.files)
        yield m.DRIFT, (*id_, "devices"), float(row.drift.devices)
    if parts.changes is None or all(node.node != row.name for node in parts.changes.nodes):
        return
    to_do = row.to_do or ToDo()
    for action in ("add", "change", "replace", "remove"):
        yield m.TO_DO, (*id_, action), float(getattr(to_do, action))
    yield m.PENDING, id_, float(row.to_do is not None)
    yield m.BLOCKED, id_, float(to_do.is_blocked)


def vni_values(view: NodeView) -> Iterator[Value]:
    """What a node has of each VNI that it should have."""
    up = vnis_up(view)
    for device in view.expected.devices:
        if device.kind != "vxlan" or device.vni is None:
            continue
        labels = (f"node/{view.node}", str(device.vni), device.name)
        live = view.state.devices.get(device.name)
        yield m.VNI_UP, labels, None if up is None else float(up[device.name])
        yield m.VNI_MTU, labels, None if live is None else float(live.mtu)
        remotes = _remotes(view, device)
        yield m.VNI_REMOTES, labels, None if remotes is None else float(len(remotes))
        yield m.VNI_MACS, labels, _macs(view, device.vni)


def _macs(view: NodeView, vni: int) -> float | None:
    """None where that was not seen, and where FRR is not to know the VNI and does not."""
    known = view.state.vnis
    if known is None or (vni not in known and vni not in view.of_evpn):
        return None
    macs = known[vni].macs if vni in known else 0
    return None if macs is None else float(macs)


def _remotes(view: NodeView, device: ExpectedDevice) -> frozenset[IpAddress] | None:
    """VTEPs that a VNI sends to: those of FRR's routes where it is EVPN's, else those of its flooding entries; None
    where that was not seen, and with multicast, where no list has them. A VNI that FRR does not know sends to nobody.
    """
    vni = device.vni
    if vni in view.of_evpn and vni is not None:
        if view.state.vnis is None:
            return None
        live = view.state.vnis.get(vni)
        if live is None or not live.is_l3:
            return frozenset() if live is None else live.remotes
        return None if view.state.router_macs is None else frozenset(view.state.router_macs.get(vni, {}))
    if device.group is not None or view.state.flooding is None:
        return None
    return view.state.flooding.get(device.name, frozenset())


def _all_remotes(view: NodeView) -> float | None:
    """None where one of the VNIs was not seen."""
    found: set[IpAddress] = set()
    for device in view.expected.devices:
        if device.kind == "vxlan" and device.vni is not None and device.group is None:
            remotes = _remotes(view, device)
            if remotes is None:
                return None
            found |= remotes
    return float(len(found))


def _shares(id_: tuple[str, ...], wanted: Metric, there: Metric, share: Share | None) -> Iterator[Value]:
    if share is not None:
        yield wanted, id_, float(share.all)
        yield there, id_, float(share.up)
