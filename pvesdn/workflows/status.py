"""status: a cluster, its zones and its nodes, from one look at them. Sends no packets, changes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pvesdn.compare.live_paths import WHAT
from pvesdn.compare.live_view import ClusterView
from pvesdn.compare.status import Asked, Parts, cluster_status
from pvesdn.decode.cluster.holder import decode_holder_file
from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.decode.history import decode_history, digest_of
from pvesdn.encode.kept import own_definitions
from pvesdn.errors import HistoryError, NodeError, PvesdnError, SdnConfigError
from pvesdn.model.files import ChangeSet
from pvesdn.model.history import HISTORY_FILE
from pvesdn.model.open_apply import HOLDER_FILE
from pvesdn.model.ranges import ranges
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.model.status import Beside, ClusterStatus
from pvesdn.model.verification import Discrepancy, NotChecked
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.confirmation import standing_on
from pvesdn.workflows.further import Further
from pvesdn.workflows.plan import plan_understood
from pvesdn.workflows.read import SDN_DIR
from pvesdn.workflows.understand import Understanding, understand
from pvesdn.workflows.verify import LookedOver, LookFurther, look_over, pending_in_pve
from pvesdn.workflows.world import World

_SDN_LOCK = f"{SDN_DIR}/.lock"
"""PVE's own lock of its definitions (docs/pve.md §1.3)."""
NOT_STORED = "history, open applies and locks: a snapshot does not hold them"
_UNASKED = "off, or did not answer before"
_NO_PACKETS = "status sends none: pvesdn verify does"


def look_beside(world: World, snapshot: Snapshot) -> Beside:
    """The history, applies that are open, and locks. Only nodes that have answered before are asked.

    What cannot be learned is told as unknown, and that is all.
    """
    answered = sorted(snapshot.nodes)
    found = Beside(own_digest=own_digest(snapshot))
    try:
        files = on_any_member(
            world, answered, lambda name: world.nodes.read(name, [HISTORY_FILE, HOLDER_FILE, _SDN_LOCK])
        )
    except NodeError as error:
        found = replace(found, unknown=(f"history and locks: {error}",))
    else:
        found = _with_files(found, files, world.clock.now())
    now = standing_on(world, answered, {})
    silent = tuple(f"open applies on {node}: {why.removeprefix(f'{node}: ')}" for node, why in now.silent.items())
    if unasked := sorted({member.name for member in decode_cluster(snapshot.api).members} - set(answered)):
        silent += (f"open applies on {ranges(unasked)}: {_UNASKED}",)
    standing = {one.id: one.nodes for one in now.open} if now.kept else None
    untold = tuple(sorted({*now.silent, *unasked}))
    return replace(found, open=standing, untold=untold, unknown=(*found.unknown, *silent))


def beside_stored(snapshot: Snapshot) -> Beside:
    """The same of a snapshot, which has nothing of it."""
    return Beside(own_digest=own_digest(snapshot), unknown=(NOT_STORED,))


def status_understood(
    known: Understanding, renderer: Renderer, beside: Beside, asked: Asked, *, wanted: Snapshot
) -> ClusterStatus:
    """Put together what is running, what it should be, and what an apply would change; see `status_parts`."""
    return cluster_status(status_parts(known, renderer, beside, asked, wanted=wanted), asked)


def status_parts(
    known: Understanding,
    renderer: Renderer,
    beside: Beside,
    asked: Asked,
    *,
    wanted: Snapshot,
    further: LookFurther | None = None,
) -> Parts:
    """What a status is put together from, and what else is made of the same look.

    :param known: with PVE's committed definitions, as for `verify`, and ours as they are `in_force`.
    :param wanted: the same snapshot with all definitions as they are, which an apply would be about.
    :param further: what to try between the nodes; None to send no packets.
    """
    looked = look_over(known, renderer, only=asked.nodes, further=further or _without_packets)
    changes, no_plan = _planned(wanted, renderer, asked)
    pending = pending_in_pve(known)[0] if changes is None else changes.pending
    return Parts(
        known.given,
        known.vteps,
        looked.verification,
        looked.cluster,
        changes,
        no_plan,
        beside,
        known.is_quorate,
        pending,
    )


def look_without_packets(known: Understanding, renderer: Renderer) -> LookedOver:
    """Hold the nodes against the definitions, and send nothing between them."""
    return look_over(known, renderer, further=_without_packets)


def _planned(snapshot: Snapshot, renderer: Renderer, asked: Asked) -> tuple[ChangeSet | None, tuple[str, ...]]:
    """With what is pending in PVE: it may be wrong where what is running is right."""
    try:
        return plan_understood(understand(snapshot), renderer, only=asked.nodes), ()
    except SdnConfigError as error:
        return None, error.lines
    except PvesdnError as error:
        return None, (str(error),)


def _without_packets(_: ClusterView, found: Sequence[Discrepancy]) -> Further:
    return Further(tuple(found), (NotChecked("", WHAT, _NO_PACKETS),))


def _with_files(found: Beside, files: Mapping[str, str], now: float) -> Beside:
    # What the file of PVE's lock holds is a secret of whoever has taken it.
    found = replace(
        found, lock=decode_holder_file(files.get(HOLDER_FILE), now), is_sdn_locked=files.get(_SDN_LOCK) is not None
    )
    try:
        return replace(found, history=decode_history(files.get(HISTORY_FILE)))
    except HistoryError as error:
        return replace(found, unknown=(f"history: {error}",))


def own_digest(snapshot: Snapshot) -> str | None:
    """Of pvesdn.cfg, as the history names texts."""
    text = own_definitions(snapshot.pve_files.get(OWN_NAME))
    return None if text is None else digest_of(text)
