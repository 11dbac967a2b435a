"""publish: a zone's VNets and subnets move from pvesdn.cfg to PVE's panel, as edits and a draft that go together."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pvesdn.decode.cluster.acl import decode_acl
from pvesdn.decode.definitions.running_config import FILE as RUNNING_CONFIG
from pvesdn.decode.definitions.section_config import Section
from pvesdn.design.cluster import share
from pvesdn.encode.kept import known_definitions
from pvesdn.errors import ApplyRefused, ClusterError, SdnConfigError
from pvesdn.model.acl import AclEntry
from pvesdn.model.files import ChangeSet
from pvesdn.model.sdn_edits import SdnEdits
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.move.published import Published, Wish, publish
from pvesdn.workflows.former import refuse_others_edits
from pvesdn.workflows.proposed_edits import edited, sections_of
from pvesdn.workflows.understand import Understanding
from pvesdn.workflows.world import World


@dataclass(frozen=True, slots=True)
class Publishing:
    """:param snapshot: the cluster with PVE's half as it will be. :param edits: those that lead there."""

    published: Published
    snapshot: Snapshot
    edits: SdnEdits


def publish_zone(wish: Wish, known: Understanding, standing: ChangeSet) -> Publishing:
    """What publishing a zone comes to.

    :param known: the cluster as it is.
    :param standing: what an apply would do without it.
    :raises SdnConfigError: the zone cannot be published, with every reason.
    :raises ApplyRefused: PVE has no lock under which it could be edited, or there are other changes to apply.
    """
    snapshot, given = known.snapshot, known.given
    if not given.capabilities.has_sdn:
        raise SdnConfigError(("cluster: the API has no /cluster/sdn, so PVE has no zones of its own",))
    if not given.can_be_edited:
        raise ApplyRefused(
            "before libpve-network-perl 1.1.3 PVE has no lock under which pvesdn could edit its definitions",
            hint="update libpve-network-perl on every node, then publish the zone",
        )
    files = snapshot.pve_files
    refuse_others_edits(files, "publish the zone then")
    mtu = {plan.zone.id: plan.mtu for plan in share(given, known.vteps).plans}
    found = publish(wish, given, files.get(OWN_NAME, ""), mtu)
    if standing.has_work:
        raise ApplyRefused(
            "there are changes to apply already, and a rollback of publishing would undo them as well",
            hint="run pvesdn apply first, then publish the zone",
        )
    created = {name: sections for name, sections in found.created.items() if sections}
    old = sections_of(files, created)
    new = {name: (*old[name], *sections) for name, sections in created.items()}
    return Publishing(found, *edited(snapshot, old, new, _committed(files.get(RUNNING_CONFIG), created)))


def require_rehearsed(changes: ChangeSet) -> None:
    """Return if both halves can be put in place in one step.

    :raises ApplyRefused: they cannot; without PVE's half our bridges would have no addresses until its commit.
    """
    if changes.unrehearsed:
        reasons = "; ".join(f"{item.node}: {item.why}" for item in changes.unrehearsed)
        raise ApplyRefused(
            f"PVE's part cannot be put in place together with ours, and gateways would be gone in between: {reasons}",
            hint="draw the zone in PVE's panel while no guest needs its gateways, and write carries by hand",
        )


def acl_of(world: World) -> tuple[AclEntry, ...] | None:
    """The entries that PVE shows us, which are those of paths whose rights we may change; None if it shows none at all,
    as to a user who may change no rights.
    """
    try:
        return decode_acl(world.api.get("access/acl")) or None
    except ClusterError:
        return None


def _committed(running: str | None, created: Mapping[str, tuple[Section, ...]]) -> str:
    """What PVE has committed once the edits are."""
    document = json.loads(known_definitions(running) or "{}")
    for name, sections in created.items():
        there = document.setdefault(name, {"ids": {}})["ids"]
        for section in sections:
            there[section.id] = {"type": section.type, **{item.key: item.value for item in section.properties}}
    return json.dumps(document)
