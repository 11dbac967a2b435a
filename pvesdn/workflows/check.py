"""Definitions judged by themselves, for editors and CI: no cluster is asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pvesdn.decode.definitions.sdn_files import Names, read_sdn
from pvesdn.design.carried.joining import carry
from pvesdn.design.checks.all_checks import check_definitions
from pvesdn.design.checks.members import named_nodes
from pvesdn.model.cluster import ClusterState, Member
from pvesdn.model.design import DesignInput
from pvesdn.model.findings import Finding, Severity, in_order
from pvesdn.model.snapshot import OWN_NAME, VNIS_NAME
from pvesdn.model.unread import Unread

_OF_NODES = (
    "membership of the nodes",
    "VTEP addresses",
    "routes and MTUs between them",
    "interfaces of exits",
    "device names on the nodes",
)
_OF_PVE = "PVE's own definitions"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of definitions alone.

    :param findings: place by place, each once.
    :param not_checked: what only a cluster can tell, in words.
    """

    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]

    def count(self, severity: Severity) -> int:
        """How many findings weigh that much."""
        return sum(finding.severity is severity for finding in self.findings)


def check_files(files: Mapping[str, str], names: Names) -> Verdict:
    """Judge definitions by themselves.

    :param files: text by name, such as ``pvesdn.cfg``. Where none of PVE's is among them, nothing is known of PVE's
        definitions; where some are, the others do not exist. Without `pvesdn.cfg` nothing is known of ours.
    :param names: what the files are called in messages.
    """
    decoded = read_sdn(files, intent="pending", names=names)
    sdn = decoded.config
    has_pve = bool(files.keys() - {OWN_NAME, VNIS_NAME})
    if not has_pve:
        sdn = replace(sdn, pve=sdn.pve.model_copy(update={"unread": Unread(is_everything=True)}))
    if OWN_NAME not in files:
        sdn = replace(sdn, own=sdn.own.model_copy(update={"unread": Unread(is_everything=True)}))
    carried = carry(DesignInput(sdn=sdn, cluster=_assumed(DesignInput(sdn=sdn, cluster=_cluster(())))))
    found = in_order((*decoded.findings, *carried.findings, *check_definitions(carried.given)))
    return Verdict(tuple(dict.fromkeys(found)), _OF_NODES if has_pve else (*_OF_NODES, _OF_PVE))


def _assumed(given: DesignInput) -> ClusterState:
    """The members that the definitions name, and one for all that they do not."""
    names = named_nodes(given)
    other = next(name for number in range(len(names) + 1) if (name := f"other{number}") not in names)
    return _cluster((*sorted(names), other))


def _cluster(names: tuple[str, ...]) -> ClusterState:
    members = tuple(Member(name=name, node_id=0, address=None, is_online=False) for name in names)
    return ClusterState(name="", is_quorate=True, members=members, is_assumed=True)
