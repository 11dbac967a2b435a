"""From what was read to what is wanted: choose the VTEPs, check. Pure."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from pvesdn.compare.running import compare_running
from pvesdn.decode.cluster.answers import one_line
from pvesdn.decode.cluster.guests import decode_guest_names
from pvesdn.decode.cluster.seen import decode_seen
from pvesdn.decode.nodes.record import Record
from pvesdn.design.carried.joining import Carried, carry
from pvesdn.design.carried.refused import doubtful_homes, home_of
from pvesdn.design.checks.all_checks import check, check_definitions
from pvesdn.design.ours.vteps import choose_vteps
from pvesdn.errors import ClusterError, NotQuorate, SdnConfigError
from pvesdn.model.capabilities import NETWORK_PACKAGE
from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.files import PendingChange
from pvesdn.model.findings import Finding, Severity, in_order
from pvesdn.model.running import PveRunning
from pvesdn.model.snapshot import GUESTS_PATH, SDN_PATH, SEEN_NAME, Snapshot
from pvesdn.model.vnis import VniTable
from pvesdn.workflows.decoded import Decoded, Intent, decode

WITHOUT_QUORUM = Finding.at(
    "", Severity.WARNING, "the cluster has no quorum; members that are off here may be on",
    "pvecm status says who is missing",
)  # fmt: skip
"""What whoever only looks is told."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What is wanted, checked as a whole, and what it comes from.

    :param found: warnings and notes, and, as errors, what is hand-written on single nodes in the place of ours;
        errors in the definitions were raised.
    :param pending: PVE's definitions that are not committed; empty where PVE has no SDN.
    :param running: what of PVE's SDN runs, and where; empty where PVE has none.
    :param committed: how many definitions PVE runs, by kind; empty where it has no SDN.
    :param vnis: what pvesdn-vnis.cfg has to hold; None where no zone carries one of PVE's, nor did.
    :param guest_names: by id, as far as the API told them.
    """

    decoded: Decoded
    given: DesignInput
    vteps: Mapping[str, Vtep]
    found: tuple[Finding, ...]
    pending: tuple[PendingChange, ...]
    running: PveRunning
    committed: Mapping[str, int] = field(default_factory=dict)
    guest_names: Mapping[int, str] = field(default_factory=dict)
    vnis: VniTable | None = None

    @property
    def snapshot(self) -> Snapshot:
        """What everything was read from."""
        return self.decoded.snapshot

    @property
    def records(self) -> Mapping[str, Record]:
        """What pvesdn remembers of its last write on each node that can be planned for."""
        return self.decoded.records

    @property
    def is_quorate(self) -> bool:
        """Whether the cluster has a quorum; without one members that it calls off may be on."""
        return self.decoded.cluster.is_quorate

    @property
    def unreadable(self) -> Mapping[str, str]:
        """Nodes that cannot be planned for, since what they answered could not be decoded, with the reason."""
        return self.decoded.unreadable

    @property
    def unanswered(self) -> dict[str, str]:
        """Nodes of which nothing is known, with the reason: they were not reached, or are `unreadable`."""
        return {**self.snapshot.unreachable, **self.unreadable}

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


def understand(
    snapshot: Snapshot,
    *,
    intent: Intent = "pending",
    detaches_guests: bool = False,
    only_looks: bool = False,
) -> Understanding:
    """Decode and check a snapshot.

    :param detaches_guests: see `judge`, as is `only_looks`.
    :raises PvesdnError: see `judge`.
    """
    decoded = decode(snapshot, intent=intent)
    return judge(decoded, detaches_guests=detaches_guests, only_looks=only_looks)


def judge(decoded: Decoded, *, detaches_guests: bool = False, only_looks: bool = False) -> Understanding:
    """Check what was decoded.

    :param detaches_guests: a VNet of PVE's panel that is carried no more is not kept for the guests in it.
    :param only_looks: nothing is planned, as it never is from what PVE runs: a VNet whose VNI cannot be told is left
        out with a warning, one whose zone is gone from PVE stays as the nodes have it, and without a quorum members are
        taken as they are told.
    :raises NotQuorate: it does not only look, and membership cannot be trusted.
    :raises ClusterError: the API's answers are not what PVE gives, or it has no SDN although a node has it installed.
    :raises SdnConfigError: the definitions cannot be used; the error lists every fault.
    """
    snapshot, cluster, sdn = decoded.snapshot, decoded.cluster, decoded.sdn
    only_looks = only_looks or decoded.intent == "running"
    if not cluster.is_quorate and not only_looks:
        raise NotQuorate(
            "the cluster has no quorum, so its membership cannot be trusted",
            hint="bring nodes back until 'pvecm status' says Quorate: Yes",
        )
    _require_sdn_where_it_is_installed(snapshot, has_sdn=cluster.has_sdn)
    guest_names = decode_guest_names(snapshot.api.get(GUESTS_PATH))
    checked = partial(_checked, decoded, guest_names, only_looks=only_looks, detaches_guests=detaches_guests)
    carried, vteps, found = _with_what_stands(checked) if only_looks else checked()
    raise_errors(found)
    if not cluster.is_quorate:
        found = (WITHOUT_QUORUM, *found)
    has_sdn = carried.given.capabilities.has_sdn
    return Understanding(
        decoded=decoded,
        given=carried.given,
        vteps=vteps,
        found=found,
        pending=sdn.pending if has_sdn else (),
        running=_running(decoded) if has_sdn else PveRunning(),
        vnis=carried.vnis,
        committed=sdn.committed if has_sdn else {},
        guest_names=guest_names,
    )


_Checked: TypeAlias = tuple[Carried, Mapping[str, Vtep], tuple[Finding, ...]]
"""The intent with what our zones carry, the VTEPs, and all that was found."""


def _with_what_stands(checked: Callable[..., _Checked]) -> _Checked:
    """As one who only looks has it: zones of PVE's that cannot be carried as they were drawn are taken as the nodes
    have them, where no error is left then that is not about them. What stopped plans is a warning.
    """
    carried, vteps, found = checked()
    for refused in doubtful_homes(_errors(found), carried.given):
        instead, vteps_then, still = checked(refused=refused)
        if all(home_of(error, instead.given) in refused for error in _errors(still)):
            return instead, vteps_then, tuple(map(_of_plans, found))
    return carried, vteps, found


def _checked(
    decoded: Decoded,
    guest_names: Mapping[int, str],
    *,
    only_looks: bool,
    detaches_guests: bool,
    refused: frozenset[str] = frozenset(),
) -> _Checked:
    """Carry, choose the VTEPs, check.

    :raises SdnConfigError: the files have gaps, and what could be read is wrong.
    """
    snapshot, cluster, sdn = decoded.snapshot, decoded.cluster, decoded.sdn
    seen = decode_seen(snapshot.pve_files.get(SEEN_NAME))
    carried = carry(
        DesignInput(sdn.config, cluster, decoded.facts, seen, frozenset((c.kind, c.id, c.state) for c in sdn.pending)),
        new={change.id for change in sdn.pending if (change.kind, change.state) == ("vnet", "new")},
        only_looks=only_looks,
        refused=refused,
        detaches_guests=detaches_guests,
        guest_names=guest_names,
    )
    given = carried.given
    own, pve = sdn.config.own.unread, sdn.config.pve.unread
    if pve or own.may_have_any("underlay", "vnet", "exit"):
        # What the nodes have is not held against definitions with such gaps: the address of a VNet that could not be
        # read would be taken for a VTEP.
        raise_errors(_as_told((*sdn.findings, *check_definitions(given)), only_looks=only_looks))
    vteps, vtep_findings = choose_vteps(given)
    found = (*sdn.findings, *carried.findings, *vtep_findings, *check(given, vteps))
    return carried, vteps, _as_told(found, only_looks=only_looks)


def _as_told(found: Iterable[Finding], *, only_looks: bool) -> tuple[Finding, ...]:
    """What stops plans alone is a warning to whoever only looks."""
    return tuple(one.as_warning() if only_looks and one.is_of_plans else one for one in found)


def _of_plans(finding: Finding) -> Finding:
    """An error in what PVE has committed and no plan can be made from, to whoever only looks."""
    is_error = finding.severity is Severity.ERROR and not finding.is_nodes_own
    return finding.as_warning().model_copy(update={"is_of_plans": True}) if is_error else finding


def _running(decoded: Decoded) -> PveRunning:
    """What of PVE's SDN runs on the nodes that can be planned for."""
    pve, nodes = decoded.sdn.config.pve, decoded.snapshot.nodes
    files = {node: nodes[node].files for node in decoded.records if not pve.is_unmanaged_on(node)}
    return compare_running(pve.running_version, files)


def raise_errors(found: Iterable[Finding]) -> None:
    """Raise what is wrong with the definitions, in the order of the files and lines; findings without a place last.

    :raises SdnConfigError: there is at least one error that is not a single node's.
    """
    errors = _errors(found)
    if errors:
        raise SdnConfigError(tuple(dict.fromkeys(str(finding) for finding in in_order(errors))))


def _errors(found: Iterable[Finding]) -> list[Finding]:
    """What is wrong with the definitions, and not with a single node."""
    return [finding for finding in found if finding.severity is Severity.ERROR and not finding.is_nodes_own]


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
