"""From what was read to what is wanted: decode it, choose the VTEPs, check. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pvesdn.compare.running import compare_running
from pvesdn.decode.cluster.answers import one_line
from pvesdn.decode.cluster.guests import decode_guest_names
from pvesdn.decode.cluster.seen import decode_seen
from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.decode.definitions.sdn_files import read_sdn
from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.decode.nodes.record import Record, decode_record
from pvesdn.design.checks.all_checks import check, check_definitions
from pvesdn.design.ours.vteps import choose_vteps
from pvesdn.errors import ClusterError, NodeError, NotQuorate, SdnConfigError, SnapshotError
from pvesdn.model.capabilities import NETWORK_PACKAGE
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import PendingChange
from pvesdn.model.findings import Finding, Severity, in_order
from pvesdn.model.running import PveRunning
from pvesdn.model.snapshot import GUESTS_PATH, RECORD_FILE, SDN_PATH, SEEN_NAME, Snapshot

Intent: TypeAlias = Literal["pending", "running"]
"""Which of PVE's definitions count: those in the files, or those that were committed."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What is wanted, checked as a whole, and the snapshot it comes from.

    :param found: warnings and notes, and, as errors, what is hand-written on single nodes in the place of ours;
        errors in the definitions were raised.
    :param pending: PVE's definitions that are not committed; empty where PVE has no SDN.
    :param running: what of PVE's SDN runs, and where; empty where PVE has none.
    :param unreadable: nodes whose answers could not be decoded, with the reason.
    :param records: what pvesdn remembers of its last write on each node that can be planned for.
    :param committed: how many definitions PVE runs, by kind; empty where it has no SDN.
    :param guest_names: by id, as far as the API told them.
    """

    snapshot: Snapshot
    given: DesignInput
    vteps: Mapping[str, Vtep]
    found: tuple[Finding, ...]
    pending: tuple[PendingChange, ...]
    running: PveRunning
    unreadable: Mapping[str, str]
    records: Mapping[str, Record]
    committed: Mapping[str, int] = field(default_factory=dict)
    guest_names: Mapping[int, str] = field(default_factory=dict)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Everything that was found, in order, as warnings and notes: nothing is being changed."""
        return self.findings_without(())

    def findings_without(self, stopped: Container[str]) -> tuple[Finding, ...]:
        """The same without what blocks changes on the nodes in `stopped`, where it is an obstacle."""
        return tuple(
            finding.as_warning() if finding.is_nodes_own else finding
            for finding in self.found
            if not (finding.is_nodes_own and finding.node in stopped)
        )

    def blocking(self, node: str) -> tuple[Finding, ...]:
        """What is hand-written on the node in the place of something of ours."""
        return tuple(finding for finding in self.found if finding.is_nodes_own and finding.node == node)


def understand(snapshot: Snapshot, *, intent: Intent = "pending") -> Understanding:
    """Decode and check a snapshot.

    :raises NotQuorate: membership cannot be trusted.
    :raises ClusterError: the API's answers are not what PVE gives, or it has no SDN although a node has it installed.
    :raises SdnConfigError: the definitions cannot be used; the error lists every fault.
    """
    cluster = decode_cluster(snapshot.api)
    if not cluster.is_quorate:
        raise NotQuorate(
            "the cluster has no quorum, so its membership cannot be trusted",
            hint="bring nodes back until 'pvecm status' says Quorate: Yes",
        )
    _require_sdn_where_it_is_installed(snapshot, has_sdn=cluster.has_sdn)
    decoded = read_sdn(snapshot.pve_files, intent=intent)
    facts, records, unreadable = _decode_nodes(snapshot)
    seen = decode_seen(snapshot.pve_files.get(SEEN_NAME))
    given = DesignInput(sdn=decoded.config, cluster=cluster, facts=facts, seen=seen)
    own, pve = decoded.config.own.unread, decoded.config.pve.unread
    if pve or own.may_have_any("underlay", "vnet", "exit"):
        # What the nodes have is not held against definitions with such gaps: the address of a VNet that could not be
        # read would be taken for a VTEP.
        raise_errors((*decoded.findings, *check_definitions(given)))
    vteps, vtep_findings = choose_vteps(given)
    found = (*decoded.findings, *vtep_findings, *check(given, vteps))
    raise_errors(found)
    running = PveRunning()
    has_sdn = given.capabilities.has_sdn
    if has_sdn:
        judged = {node: snapshot.nodes[node].files for node in records if not given.sdn.pve.is_unmanaged_on(node)}
        running = compare_running(given.sdn.pve.running_version, judged)
    return Understanding(
        snapshot=snapshot,
        given=given,
        vteps=vteps,
        found=found,
        pending=decoded.pending if has_sdn else (),
        running=running,
        unreadable=unreadable,
        records=records,
        committed=decoded.committed if has_sdn else {},
        guest_names=decode_guest_names(snapshot.api.get(GUESTS_PATH)),
    )


def raise_errors(found: Iterable[Finding]) -> None:
    """Raise what is wrong with the definitions, in the order of the files and lines; findings without a place last.

    :raises SdnConfigError: there is at least one error that is not a single node's.
    """
    errors = [finding for finding in found if finding.severity is Severity.ERROR and not finding.is_nodes_own]
    if errors:
        raise SdnConfigError(tuple(dict.fromkeys(str(finding) for finding in in_order(errors))))


def _decode_nodes(snapshot: Snapshot) -> tuple[dict[str, NodeFacts], dict[str, Record], dict[str, str]]:
    """Facts and record by node, and the reason for each node whose answers could not be decoded."""
    facts: dict[str, NodeFacts] = {}
    records: dict[str, Record] = {}
    unreadable: dict[str, str] = {}
    for node, raw in snapshot.nodes.items():
        try:
            facts[node] = decode_facts(node, raw)
            records[node] = decode_record(raw.files.get(RECORD_FILE))
        except NodeError as error:
            unreadable[node] = str(error)
        except SnapshotError as error:  # the others still need to know its VTEP, which its facts tell
            unreadable[node] = f"{node}: {error}"
    return facts, records, unreadable


def _require_sdn_where_it_is_installed(snapshot: Snapshot, *, has_sdn: bool) -> None:
    """An API without SDN endpoints means a cluster without SDN, unless a node has the package that provides them.

    Otherwise pvesdn would take over PVE's own files, and empty them.
    """
    if has_sdn or SDN_PATH not in snapshot.api:
        return
    installed = {}
    for node, raw in sorted(snapshot.nodes.items()):
        versions = raw.commands.get("versions")
        if isinstance(versions, dict) and versions.get(NETWORK_PACKAGE):
            installed[node] = one_line(str(versions[NETWORK_PACKAGE]))
    if installed:
        node, version = next(iter(installed.items()))
        others = f" (and {counted} more)" if (counted := len(installed) - 1) else ""
        raise ClusterError(
            f"the API has no /{SDN_PATH}, but {node}{others} has {NETWORK_PACKAGE} {version}",
            hint=f"apt install {NETWORK_PACKAGE} on the node whose API is asked, then systemctl restart pvedaemon pveproxy",
        )
