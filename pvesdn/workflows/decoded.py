"""From a snapshot to types, once in a run, with nothing judged: `pvesdn/workflows/understand.py` does that. Pure.

Whoever asks what would be if something were different, such as an import, says so of the types: only texts that are
new are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.decode.definitions.sdn_files import DecodedSdn, read_sdn
from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.decode.nodes.record import Record, decode_record
from pvesdn.errors import NodeError, SnapshotError
from pvesdn.model.cluster import ClusterState
from pvesdn.model.facts import NodeFacts
from pvesdn.model.snapshot import RECORD_FILE, Snapshot

Intent: TypeAlias = Literal["pending", "running"]
"""Which of PVE's definitions count: those in the files, or those that were committed."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What was read, in types.

    :param sdn: the definitions, with their faults among its findings.
    :param facts: of each node whose answers could be decoded.
    :param records: what pvesdn remembers of its last write on each node that can be planned for.
    :param unreadable: nodes whose answers or records could not be decoded, with the reason.
    :param intent: which of PVE's definitions `sdn` has.
    """

    snapshot: Snapshot
    cluster: ClusterState
    sdn: DecodedSdn
    facts: Mapping[str, NodeFacts]
    records: Mapping[str, Record]
    unreadable: Mapping[str, str]
    intent: Intent = "pending"

    def with_definitions(self, files: Mapping[str, str]) -> Decoded:
        """The same cluster with other definitions, PVE's as in its files. :param files: as `Snapshot.pve_files`."""
        snapshot = replace(self.snapshot, pve_files=files)
        return replace(self, snapshot=snapshot, sdn=read_sdn(files, intent="pending"), intent="pending")


def decode(snapshot: Snapshot, *, intent: Intent = "pending") -> Decoded:
    """Everything of a snapshot that a plan asks more than once.

    :raises ClusterError: the API's answers are not what PVE gives.
    """
    cluster = decode_cluster(snapshot.api)
    facts, records, unreadable = _decode_nodes(snapshot)
    return Decoded(snapshot, cluster, read_sdn(snapshot.pve_files, intent=intent), facts, records, unreadable, intent)


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
