"""Everything that was read, raw and by name: the basis of offline plans, bug reports and tests.

A folder holds the same: `api/<path>.json`, `etc/pve/sdn/<file>`, `nodes/<node>/<absolute path of a file>`,
`nodes/<node>/cmd/<name>.json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn.model.dhcp_unit import DROP_INS
from pvesdn.model.primitives import Json

SDN_PATH = "cluster/sdn"
"""PVE's SDN in the API; the answer is None where the API has no such path."""

OWN_NAME = "pvesdn.cfg"
GUESTS_PATH = "cluster/resources"
"""The guests of the cluster, of which a plan tells the names; absent where the API refused."""
COROSYNC_PATH = "cluster/config/nodes"
"""The nodes with the addresses of corosync's links; absent where the API refused."""

SEEN_NAME = "pvesdn-seen.json"
VNIS_NAME = "pvesdn-vnis.cfg"

PVE_FILES = (
    "zones.cfg",
    "vnets.cfg",
    "subnets.cfg",
    "controllers.cfg",
    "fabrics.cfg",
    "route-maps.cfg",
    "prefix-lists.cfg",
    OWN_NAME,
    ".running-config",
    SEEN_NAME,
    VNIS_NAME,
)
"""The files read from /etc/pve/sdn."""

OWN_FILE = f"/etc/pve/sdn/{OWN_NAME}"
FORMER_OWN_FILE = f"{OWN_FILE}.before"
"""What `pvesdn.cfg` was before an apply replaced it."""
SEEN_FILE = f"/etc/pve/sdn/{SEEN_NAME}"
VNIS_FILE = f"/etc/pve/sdn/{VNIS_NAME}"
"""The VNIs of VNets that are drawn in PVE's panel; written by `apply` alone."""
RECORD_FILE = "/var/lib/pvesdn/written.json"


def is_definition(name: str) -> bool:
    """Whether a file of /etc/pve/sdn is one that people and PVE's panel write, and not one of PVE's or ours alone."""
    return name.endswith(".cfg") and name != VNIS_NAME


NODE_FILES = (
    "/etc/network/interfaces",
    "/etc/network/interfaces.new",
    "/etc/network/interfaces.d/*",
    "/etc/frr/frr.conf",
    "/etc/frr/frr.conf.local",
    "/etc/frr/daemons",
    "/etc/sysctl.d/90-pvesdn.conf",
    DROP_INS,
    RECORD_FILE,
)
"""The files read from a node; the last two path components may be glob patterns."""

NODE_COMMANDS = (
    "ip-addr",
    "ip-link",
    "ip-route",
    "ip-route6",
    "ip-rule",
    "ip-rule6",
    "versions",
    "sysctl",
    "modes",
    "nics",
)
"""Names of what is asked of a node: the addresses and the devices of `ip -j -d address`, without what nobody looks at;
`ip -j [-6] route|rule`, package versions, forwarding switches, the modes of its interfaces files, octal, by path, and
its guests' network devices that have an MTU of their own.
"""

STATE_COMMANDS = (
    *("fdb", "settings", "port-vlans", "dhcp-filters", "dhcp-servers", "guest-plugs"),
    *("frr-daemons", "frr-running", "bgp-neighbors", "evpn-vnis"),
    *("vrf-routes", "evpn-rmacs", "vrrp"),
)
"""Names of what is asked of a node besides where its live state counts: the all-zero FDB entries of all devices, the
kernel's settings as they are now; the VLANs of bridges' ports; the filters that keep DHCP from crossing VXLAN devices;
whether what serves addresses in VRFs runs there; where the guests' configurations plug them in; FRR's
daemons that run, its running configuration, its BGP sessions and its VNIs; the kernel's routes in VRFs of EVPN, the
router MACs of other VTEPs, and the roles of virtual routers.
Each answer is ``{"answer": JSON}``, or where there is none ``{"fault": text}``, with ``"late": true`` if its time was
up.
"""


CAUSE_COMMANDS = ("filters", "sockets", "clock", "starts")
"""Names of what is asked of a node where a check has failed: packet filters, programs with sockets, the clock, and when
FRR and the network were started. Answers as those of `STATE_COMMANDS`; no snapshot has them.
"""
CANARY_COMMANDS = ("evpn-announced",)
"""What is asked of the node that changes first: the VNIs of which its FRR has a type-3 route of its own. Answers as
those of `STATE_COMMANDS`; no snapshot has them.
"""
CLUSTER_FIREWALL = "/etc/pve/firewall/cluster.fw"
HOST_FIREWALL = "/etc/pve/local/host.fw"
CAUSE_FILES = (CLUSTER_FIREWALL, HOST_FIREWALL)
"""The files of PVE's firewall for the cluster and for the node itself, read then as well."""


@dataclass(frozen=True, slots=True)
class NodeRaw:
    """One node as it was read.

    :param files: text by absolute path; an absent file is absent here.
    :param commands: JSON by the names of `NODE_COMMANDS`, and of `STATE_COMMANDS` where they were asked.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    commands: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The cluster as it was read.

    :param api: answers by path without leading slash, such as ``cluster/status``; refused and missing ones are absent.
    :param pve_files: text by file name below /etc/pve/sdn.
    :param nodes: nodes that answered.
    :param unreachable: nodes that should have answered and did not, with the reason.
    """

    api: Mapping[str, Json]
    pve_files: Mapping[str, str]
    nodes: Mapping[str, NodeRaw]
    unreachable: Mapping[str, str] = field(default_factory=dict)
