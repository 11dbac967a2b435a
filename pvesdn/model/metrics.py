"""Metrics: which there are, with what labels and how many. Names follow Prometheus, ids prometheus-pve-exporter.

What a look has not shown has no sample; no number stands for what is not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PREFIX = "pvesdn_"
MOST_OF_VNIS = 100_000
"""Samples of single VNIs, over all nodes; where there would be more, these are left out and counted."""


class Per(StrEnum):
    """What a metric has its series for."""

    RUN = "run"
    CLUSTER = "cluster"
    ZONE = "zone"
    VNI = "VNI"
    NODE = "node"
    NODE_AND_VNI = "node and VNI"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. All are gauges: pvesdn counts nothing over time.

    :param name: without `PREFIX`.
    :param help: what its value says.
    :param per: what it has its series for, at most `times` for each.
    """

    name: str
    help: str
    per: Per
    labels: tuple[str, ...] = ()
    times: int = 1

    @property
    def full_name(self) -> str:
        """As Prometheus knows it."""
        return PREFIX + self.name


@dataclass(frozen=True, slots=True)
class Sample:
    """A value. :param labels: in the order of the metric's."""

    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """A metric with its samples: at least one, and no two with the same labels."""

    metric: Metric
    samples: tuple[Sample, ...]


def _of(per: Per, *labels: str) -> tuple[Per, tuple[str, ...]]:
    return per, labels


_CLUSTER = _of(Per.CLUSTER, "id")
_NODE = _of(Per.NODE, "id")
_VNI = _of(Per.NODE_AND_VNI, "id", "vni", "vxlanIf")

BUILD = Metric("build_info", "Which pvesdn it is.", *_of(Per.RUN, "version"))
UP = Metric("up", "1 if the cluster could be looked at, 0 if not: then only the build is told beside it.", Per.RUN)
LOOKED_AT = Metric("look_timestamp_seconds", "When the look began that the values are from, Unix time.", Per.RUN)
LASTED = Metric("look_duration_seconds", "How long that look took: reading all nodes, verifying, planning.", Per.RUN)
LEFT_OUT = Metric("vni_samples_left_out", "Samples of single VNIs that were left out, being too many.", Per.RUN)

CLUSTER_INFO = Metric("cluster_info", "The cluster and its PVE.", *_of(Per.CLUSTER, "id", "pve_version"))
QUORATE = Metric("cluster_quorate", "1 if there is a quorum, 0 if not; then members that are off may be on.", *_CLUSTER)
MEMBERS = Metric("cluster_members", "Members of the cluster.", *_CLUSTER)
ONLINE = Metric("cluster_members_online", "Members that the cluster says are on.", *_CLUSTER)
FINDINGS = Metric(
    "cluster_findings", "What is not as the definitions say, on all nodes looked at.",
    *_of(Per.CLUSTER, "id", "severity"), times=2,
)  # fmt: skip
NOT_CHECKED = Metric("cluster_not_checked", "Things that nobody could look at, on all nodes looked at.", *_CLUSTER)
OPEN_APPLIES = Metric(
    "cluster_open_applies", "Applies that are at work, wait for a person, or were cut off.", *_CLUSTER
)
SDN_LOCKED = Metric("cluster_sdn_locked", "1 if somebody has locked PVE's definitions.", *_CLUSTER)
OWN_DIFFERS = Metric(
    "cluster_definitions_unapplied", "1 if pvesdn.cfg is not what the nodes were last brought to.", *_CLUSTER
)
PVE_PENDING = Metric("cluster_pve_pending", "Objects of PVE's panel that nobody has applied.", *_CLUSTER)
PLANNED = Metric("cluster_plan_possible", "1 if the definitions can be planned, 0 if they have errors.", *_CLUSTER)
UNCARRIED = Metric("cluster_uncarried_vnets", "VNets of PVE's panel that run without what carries them.", *_CLUSTER)
APPLY_INFO = Metric("last_apply_info", "How the last apply ended.", *_of(Per.CLUSTER, "id", "outcome"))
APPLY_NUMBER = Metric("last_apply_number", "The number of the last apply in the history.", *_CLUSTER)
APPLY_TIME = Metric(
    "last_apply_timestamp_seconds", "When the last apply ended, or began if it is open, Unix time.", *_CLUSTER
)
APPLY_GOOD = Metric(
    "last_apply_success",
    "1 if the last apply ended well, 0 if it failed, was cut off or not confirmed.",
    *_CLUSTER,
)

ZONE_INFO = Metric("zone_info", "A zone, its kind and its file.", *_of(Per.ZONE, "zone", "kind", "source"))
ZONE_HEALTH = Metric(
    "zone_health", "1 for how the zone is: bad, warning, not checked or ok.", *_of(Per.ZONE, "zone", "health"), times=4
)
ZONE_NODES = Metric("zone_nodes", "Members that have the zone.", *_of(Per.ZONE, "zone"))
ZONE_SEEN = Metric("zone_nodes_looked_at", "Members that have the zone and were looked at.", *_of(Per.ZONE, "zone"))
ZONE_VNETS = Metric("zone_vnets", "VNets of the zone.", *_of(Per.ZONE, "zone"))
ZONE_GUESTS = Metric("zone_guests", "Guests plugged into the zone, on the nodes looked at.", *_of(Per.ZONE, "zone"))
ZONE_FINDINGS = Metric(
    "zone_findings", "Findings that the guests of the zone may notice.", *_of(Per.ZONE, "zone", "severity"), times=2
)  # fmt: skip

VNI_INFO = Metric(
    "vni_info", "The VNet, zone and alias of a VNI; no VNet for a zone's L3VNI.",
    *_of(Per.VNI, "vni", "vxlanIf", "vnet", "zone", "alias"),
)  # fmt: skip

NODE_HEALTH = Metric(
    "node_health", "1 for how the node is: bad, unreachable, off, warning, not checked or ok.",
    *_of(Per.NODE, "id", "health"), times=6,
)  # fmt: skip
NODE_SEEN = Metric("node_looked_at", "1 if the node answered; if not, what it does is absent.", *_NODE)
VTEP_INFO = Metric("vtep_info", "Tunnel addresses of the node.", *_of(Per.NODE, "id", "vtep"), times=2)
SESSIONS = Metric("node_bgp_sessions_expected", "BGP sessions that the node should have.", *_NODE)
SESSIONS_UP = Metric("node_bgp_sessions_established", "Expected BGP sessions of the node that are established.", *_NODE)
SESSIONS_OUTSIDE = Metric(
    "node_bgp_sessions_outside_expected",
    "BGP sessions that the node should have to machines outside.",
    *_NODE,
)
SESSIONS_OUTSIDE_UP = Metric(
    "node_bgp_sessions_outside_established",
    "Expected BGP sessions to machines outside that are up.",
    *_NODE,
)
VNIS = Metric("node_vnis_expected", "VNIs that the node should have.", *_NODE)
VNIS_UP = Metric("node_vnis_up", "Expected VNIs that the kernel has up, and FRR knows where it has to.", *_NODE)
REMOTES = Metric(
    "node_remote_vteps", "VTEPs of others that its VNIs send to; those of multicast are not known.", *_NODE
)
PATH_MTU = Metric(
    "node_path_mtu_bytes", "The lowest MTU of its routes to other VTEPs, headers included; not measured.", *_NODE
)
PATHS = Metric("node_paths_tried", "Paths to other VTEPs that were tried with packets; absent without.", *_NODE)
PATHS_BAD = Metric("node_paths_failed", "Findings about paths to other VTEPs.", *_NODE)
DRIFT = Metric(
    "node_drift", "Files, or devices, that are not as they were put there.", *_of(Per.NODE, "id", "of"), times=2
)
TO_DO = Metric(
    "node_plan_interfaces", "Interfaces that an apply would add, change, replace or remove.",
    *_of(Per.NODE, "id", "action"), times=4,
)  # fmt: skip
PENDING = Metric("node_plan_pending", "1 if an apply would change anything on the node.", *_NODE)
BLOCKED = Metric("node_plan_blocked", "1 if an apply would refuse because of the node.", *_NODE)
NODE_FINDINGS = Metric(
    "node_findings", "What is not as the definitions say.", *_of(Per.NODE, "id", "severity"), times=2
)
NODE_UNSEEN = Metric("node_not_checked", "Things of the node that nobody could look at.", *_NODE)
NODE_APPLY = Metric("node_last_apply_number", "The last apply that was about the node.", *_NODE)

VNI_UP = Metric("vni_up", "1 if the kernel has the VNI up, and FRR knows it where it has to.", *_VNI)
VNI_MTU = Metric("vni_mtu_bytes", "MTU of its VXLAN device.", *_VNI)
VNI_REMOTES = Metric("vni_remote_vteps", "VTEPs of others that the node sends to in this VNI.", *_VNI)
VNI_MACS = Metric("vni_macs", "MAC addresses that FRR knows in it, here and elsewhere.", *_VNI)

METRICS = tuple(value for value in list(globals().values()) if isinstance(value, Metric))
"""All of them, in the order in which they are shown."""
OF_VNIS = frozenset(metric.name for metric in METRICS if metric.per is Per.NODE_AND_VNI)


def most_samples(*, nodes: int, vnis: int, zones: int) -> int:
    """The most samples that a cluster of that size has."""
    counts = {Per.RUN: 1, Per.CLUSTER: 1, Per.ZONE: zones, Per.VNI: vnis, Per.NODE: nodes}
    fixed = sum(metric.times * counts[metric.per] for metric in METRICS if metric.name not in OF_VNIS)
    return fixed + min(len(OF_VNIS) * nodes * vnis, MOST_OF_VNIS)
