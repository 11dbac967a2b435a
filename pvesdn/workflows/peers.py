"""PVE's lists of peers become those of the membership: as edits that are pending, and committed like any other."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pvesdn.decode.definitions.running_config import FILE as RUNNING_CONFIG
from pvesdn.decode.definitions.section_config import Property, Section
from pvesdn.design.shared.peer_lists import PeerList, peer_lists
from pvesdn.encode.kept import known_definitions
from pvesdn.errors import ApplyRefused
from pvesdn.model.sdn_edits import SdnEdits
from pvesdn.model.snapshot import Snapshot
from pvesdn.workflows.former import refuse_others_edits
from pvesdn.workflows.proposed_edits import edited, sections_of
from pvesdn.workflows.understand import Understanding

_COLLECTIONS = ("controllers", "zones")


def sync_peers(known: Understanding, snapshot: Snapshot) -> tuple[Snapshot, SdnEdits | None]:
    """The cluster with each list as it should be, and the edits that lead there; the cluster as it is, and no edits,
    where all are.

    :param known: `snapshot`, understood.
    :raises ApplyRefused: PVE has no lock under which they could be edited, or somebody else's edits are pending.
    """
    wanted = [found for found in peer_lists(known.given) if found.synced != found.peers]
    if not wanted:
        return snapshot, None
    if not known.given.can_be_edited:
        raise _by_hand(wanted)
    files = snapshot.pve_files
    refuse_others_edits(files, "run it again")
    old = sections_of(files, _COLLECTIONS)
    new = {name: tuple(_with_peers(section, name, wanted) for section in old[name]) for name in _COLLECTIONS}
    return edited(snapshot, old, new, _committed(files, wanted))


def _with_peers(section: Section, collection: str, wanted: list[PeerList]) -> Section:
    for found in wanted:
        if (found.collection, found.id) == (collection, section.id):
            value = ",".join(found.synced)
            others = tuple(Property(p.key, value) if p.key == "peers" else p for p in section.properties)
            return Section(section.type, section.id, properties=others)
    return section


def _committed(files: Mapping[str, str], wanted: list[PeerList]) -> str:
    """What PVE has committed once the edits are."""
    document = json.loads(known_definitions(files.get(RUNNING_CONFIG)) or "{}")
    for found in wanted:
        document[found.collection]["ids"][found.id]["peers"] = ",".join(found.synced)
    return json.dumps(document)


def _by_hand(wanted: list[PeerList]) -> ApplyRefused:
    """What a person has to do in the panel."""
    lines = ["before libpve-network-perl 1.1.3 PVE has no lock under which pvesdn could write its peers:"]
    lines += [f"{found.collection[:-1]} '{found.id}': set peers to {','.join(found.synced)}" for found in wanted]
    hint = "do that in PVE's panel, and run pvesdn apply without --sync-peers"
    return ApplyRefused("\n".join([*lines, f"nothing was touched; {hint}"]))
