"""What verify knows of each node, and of the nodes together: FRR of one is held against what the others do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pvesdn.decode.frr.text import FrrPlace, statements
from pvesdn.model.expectation import ExpectedRoute, NodeExpectation
from pvesdn.model.files import FRR_CONF
from pvesdn.model.primitives import IpAddress, IpNetwork
from pvesdn.model.state import NodeState
from pvesdn.model.verification import Discrepancy, Subject

FRR_QUESTIONS = frozenset(
    {"frr-daemons", "frr-running", "bgp-neighbors", "evpn-vnis", "vrf-routes", "evpn-rmacs", "vrrp"}
)
"""Those of `STATE_COMMANDS` that only a node with FRR can answer."""
RESTART = "systemctl restart frr"
RELOAD = f"/usr/lib/frr/frr-reload.py --reload {FRR_CONF}"
FILE_FIRST = "first see to what is said of the file"
_BGP = ("router", "bgp")
_SHOWN = 4
"""As many things of a kind are told before the rest is counted."""


@dataclass(frozen=True)
class NodeView:
    """One node that answered.

    :param frr_conf: its frr.conf; None where there is none.
    :param switches: its /etc/frr/daemons.
    :param told: paths of files and names of devices that something is said of already.
    :param zones: the zone of each interface, by name.
    :param uncommitted: zones of PVE's whose DHCP PVE has not committed yet.
    """

    expected: NodeExpectation
    state: NodeState
    frr_conf: str | None = None
    switches: str = ""
    told: frozenset[str] = frozenset()
    zones: Mapping[str, str] = field(default_factory=dict)
    uncommitted: frozenset[str] = frozenset()

    @property
    def node(self) -> str:
        """Its name."""
        return self.expected.node

    @property
    def missing_daemons(self) -> frozenset[str]:
        """Daemons that should run and do not, as far as was seen."""
        return frozenset() if self.state.daemons is None else self.expected.daemons - self.state.daemons

    @cached_property
    def unlike(self) -> tuple[Counter[FrrPlace], Counter[FrrPlace]]:
        """What FRR does not run of its file, and what it runs besides; nothing where one of them was not seen."""
        if self.frr_conf is None or self.state.frr is None:
            return Counter(), Counter()
        wanted, running = statements(self.frr_conf), statements(self.state.frr)
        return wanted - running, running - wanted

    @property
    def lacks_bgp(self) -> bool:
        """FRR does not run all that its file says of BGP, which is told of its configuration."""
        lacks, _ = self.unlike
        return any(place[0][:2] == _BGP for place in lacks)

    @property
    def has_bgp(self) -> bool:
        """Bgpd runs and answers."""
        return self.state.sessions is not None and not self.missing_daemons & {"bgpd", "zebra"}

    @property
    def tells_sessions(self) -> bool:
        """It is known which sessions are established: FRR has told, or there are none, since it does not run."""
        return self.state.sessions is not None or self._has_no_bgp

    @property
    def tells_vnis(self) -> bool:
        """The same of the VNIs that FRR knows."""
        return self.state.vnis is not None or self._has_no_bgp

    @property
    def _has_no_bgp(self) -> bool:
        return not self.expected.daemons or bool(self.missing_daemons & {"bgpd", "zebra"})

    @property
    def is_silent(self) -> bool:
        """A daemon of FRR is missing, or hangs: others cannot hear of the node what they should."""
        return bool(self.missing_daemons or self.state.late & FRR_QUESTIONS)

    @cached_property
    def routes_by_vrf(self) -> Mapping[str, Mapping[IpNetwork, ExpectedRoute]]:
        """Routes that are expected, by VRF and prefix."""
        found: dict[str, dict[IpNetwork, ExpectedRoute]] = {}
        for route in self.expected.routes:
            found.setdefault(route.vrf, {})[route.prefix] = route
        return found

    @cached_property
    def connected(self) -> frozenset[tuple[str, IpNetwork]]:
        """Networks that the node is connected to in VRFs, by the VRF's name."""
        devices = [device for device in self.state.devices.values() if device.is_up and device.has_carrier]
        return frozenset((device.master, held.network) for device in devices for held in device.addresses)

    @cached_property
    def announced(self) -> Mapping[int, IpAddress]:
        """The VTEP of each VNI of guests that nothing which is told keeps from being announced by a type-3 route."""
        known = self.state.vnis or {}
        vnis = (vni for vni in self.expected.of_guests.values() if vni.vni in known and not self.is_told(vni.device))
        ends = ((vni.vni, self.expected.vtep_of(vni)) for vni in vnis)
        return {vni: vtep for vni, vtep in ends if vtep is not None}

    @cached_property
    def of_evpn(self) -> frozenset[int]:
        """The VNIs that FRR has to know."""
        return frozenset(vni.vni for vni in self.expected.vnis)

    @cached_property
    def evpn_zones(self) -> tuple[str, ...]:
        """The zones of EVPN that the node has something of, sorted."""
        return tuple(sorted({self.zones[vni.device] for vni in self.expected.vnis if vni.device in self.zones}))

    def is_told(self, device: str) -> bool:
        """The device, or what it is in, is not as it should be; what FRR makes of it follows from that."""
        live = self.state.devices.get(device)
        wanted = self.expected.by_name.get(device)
        if live is None or wanted is None or device in self.told or not live.is_up or live.vni != wanted.vni:
            return True
        bridge = self.state.devices.get(live.master)
        above = self.expected.by_name.get(live.master)
        if bridge is None or not bridge.is_up or live.master != wanted.master or live.master in self.told:
            return True
        return above is not None and above.master is not None and bridge.master != above.master

    def is_uplink_told(self, card: str) -> bool:
        """A card that leads outside is down, or lacks an address, which is told of it."""
        live, wanted = self.state.devices.get(card), self.expected.by_name.get(card)
        if live is None or wanted is None or card in self.told:
            return True
        return not (live.is_up and live.has_carrier and (wanted.addresses or frozenset()) <= live.addresses)

    def finding(self, subject: Subject, name: str, **said: Any) -> Discrepancy:
        """A discrepancy of this node that guests of all its EVPN zones may notice, unless `said` knows better."""
        told = {"zones": self.evpn_zones, "is_there": True, **said}
        return Discrepancy(node=self.node, subject=subject, object=name, **told)

    def finding_in_zone(self, subject: Subject, name: str, device: str, **said: Any) -> Discrepancy:
        """The same for one device."""
        zone = self.zones.get(device)
        return self.finding(subject, name, **{"zones": () if zone is None else (zone,), "device": device, **said})


@dataclass(frozen=True, slots=True)
class ClusterView:
    """The nodes together.

    :param nodes: those that answered, by name.
    :param owners: the member that has an address, by the address.
    :param off: members that the cluster says are off.
    """

    nodes: Mapping[str, NodeView]
    owners: Mapping[str, str]
    off: frozenset[str]


def listed(names: Collection[str]) -> str:
    """``bfdd, bgpd and zebra``."""
    *most, last = sorted(names)
    return f"{', '.join(most)} and {last}" if most else last


def some(told: Sequence[str], between: str = ", ") -> str:
    """The first few, and how many more there are."""
    more = len(told) - _SHOWN
    return between.join(told[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
