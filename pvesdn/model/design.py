"""What one node should have, before any text exists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pvesdn.model.capabilities import NETWORK_PACKAGE, PveCapabilities
from pvesdn.model.cluster import ClusterState, SeenVtep
from pvesdn.model.dhcp_unit import DhcpUnit
from pvesdn.model.facts import NodeFacts
from pvesdn.model.frr import FrrConfig
from pvesdn.model.ifupdown import InterfacesFile
from pvesdn.model.owners import FileOwners
from pvesdn.model.primitives import IpAddress
from pvesdn.model.sdn import SdnConfig


@dataclass(frozen=True)
class DesignInput:
    """Everything design may know.

    :param facts: by node; members that are offline or did not answer are absent.
    :param seen: VTEPs as last seen, by node.
    :param pending: kind, id and state of what is pending in PVE's definitions, as `PendingChange` has them.
    """

    sdn: SdnConfig
    cluster: ClusterState
    facts: Mapping[str, NodeFacts] = field(default_factory=dict)
    seen: Mapping[str, SeenVtep] = field(default_factory=dict)
    pending: frozenset[tuple[str, str, str]] = frozenset()

    @cached_property
    def capabilities(self) -> PveCapabilities:
        """What this cluster's PVE can do, made once of its answers and of the nodes' packages."""
        packages = {node: facts.versions.get(NETWORK_PACKAGE, "") for node, facts in self.facts.items()}
        return PveCapabilities(
            version=self.cluster.pve_version,
            has_sdn=self.cluster.has_sdn,
            packages={node: version for node, version in packages.items() if version},
        )

    @property
    def can_be_edited(self) -> bool:
        """Whether PVE has a lock under which its definitions could be edited, on every node that answered (docs/pve.md
        §3.1).
        """
        return all(self.capabilities.on(node).has_lock for node in self.facts)

    @property
    def may_be_edited(self) -> bool:
        """Whether an apply could edit them as they are: not beside edits of somebody else's."""
        return self.can_be_edited and not self.pending


@dataclass(frozen=True, slots=True)
class NodeDesign:
    """One node's structured configuration.

    :param interfaces: `interfaces.d/pvesdn`; None when the node has nothing of ours.
    :param sdn: `interfaces.d/sdn` in PVE's own text; None when it cannot be rendered or need not be.
    :param frr: our FRR configuration; None when no zone of ours needs FRR.
    :param pve_frr: the FRR configuration that belongs to PVE's zones; PVE writes it itself where it has SDN of its own.
    :param owners: who writes what of it.
    :param daemons: FRR daemons that must be switched on.
    :param pve_daemons: daemons that `pve_frr` needs and PVE leaves to the administrator: switched on where FRR is
        installed.
    :param sysctls: names and values, sorted by name.
    :param flooding: static all-zero FDB entries by VXLAN device: a route withdrawn by FRR deletes them, so they are
        checked whenever FRR changes.
    :param dhcp: what of PVE's DHCP has to run in a VRF of ours, sorted by zone.
    """

    node: str
    interfaces: InterfacesFile | None
    sdn: InterfacesFile | None
    frr: FrrConfig | None
    pve_frr: FrrConfig | None
    owners: FileOwners
    daemons: frozenset[str]
    sysctls: tuple[tuple[str, str], ...]
    flooding: tuple[tuple[str, tuple[IpAddress, ...]], ...]
    pve_daemons: frozenset[str] = frozenset()
    dhcp: tuple[DhcpUnit, ...] = ()
