"""import --from-pve: zones of PVE's as definitions of `pvesdn.cfg`, what changes by it, and the cut-over. Changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pvesdn.decode.definitions.pending import has_definitions
from pvesdn.decode.definitions.section_config import scan, write
from pvesdn.design.cluster import design_node, share
from pvesdn.encode.sdn_files import write_sdn
from pvesdn.errors import PvesdnError, SdnConfigError
from pvesdn.model.design import NodeDesign
from pvesdn.model.files import ChangeSet
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.own_sdn import EvpnZone
from pvesdn.model.primitives import IpAddress
from pvesdn.model.sdn import SdnConfig
from pvesdn.model.snapshot import Snapshot
from pvesdn.model.zone_move import Fate, ZoneMove
from pvesdn.move.from_panel import from_panel
from pvesdn.move.panel import Panel
from pvesdn.move.script import move_script, way_back_script
from pvesdn.move.wire import changes_on_the_wire, our_ends, pve_ends
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan_understood
from pvesdn.workflows.understand import Understanding, understand

OWN_FILE = "pvesdn.cfg"
_COLLECTIONS = ("zones", "vnets", "subnets")


@dataclass(frozen=True, slots=True)
class MovePlan:
    """What moving zones to pvesdn.cfg comes to.

    :param added: the sections that come into pvesdn.cfg.
    :param wire: what changes for traffic.
    :param plan: what `apply` then does; None where the definitions do not pass.
    :param problems: why the zones must not be moved like this; empty where they may.
    :param script: the cut-over up to `apply`, and `back` the way back; both empty where there are problems.
    """

    move: ZoneMove
    added: str
    wire: tuple[Finding, ...] = ()
    plan: ChangeSet | None = None
    problems: tuple[str, ...] = ()
    script: str = ""
    back: str = ""
    unreachable: Mapping[str, str] = field(default_factory=dict)


def move_from_pve(snapshot: Snapshot, renderer: Renderer, names: Iterable[str]) -> MovePlan:
    """Propose the cut-over of some of PVE's zones to pvesdn.cfg.

    :raises SdnConfigError: a zone cannot be moved, with every reason; or the definitions as they are cannot be used.
    :raises PvesdnError: the snapshot cannot be understood.
    """
    known = understand(snapshot)
    if not known.given.capabilities.has_sdn:
        raise SdnConfigError(("cluster: the API has no /cluster/sdn, so no zone is PVE's to give away",))
    if not has_definitions(snapshot.pve_files):
        raise SdnConfigError(("cluster: none of PVE's definition files was read, so there is nothing to move",))
    panel = Panel(
        sdn=known.given.sdn,
        sections={name: scan(snapshot.pve_files.get(f"{name}.cfg", "")).sections for name in _COLLECTIONS},
        pending=known.pending,
    )
    designs = _designs(known)
    wanted = tuple(names)
    found = _propose(snapshot, renderer, known, designs, from_panel(wanted, panel))
    if moved := _other_ends(found, designs):
        if _has_tunnels(known):
            found = _stopped(found, moved)
        else:
            named = _propose(snapshot, renderer, known, designs, from_panel(wanted, panel, vteps=moved))
            found = named if named.result.plan is not None else found
    return replace(found.result, unreachable=snapshot.unreachable)


@dataclass(frozen=True, slots=True)
class _Proposed:
    """:param after: the designs with the zones moved."""

    result: MovePlan
    after: tuple[NodeDesign, ...] = ()


def _propose(
    snapshot: Snapshot, renderer: Renderer, known: Understanding, designs: tuple[NodeDesign, ...], move: ZoneMove
) -> _Proposed:
    added = write_sdn(SdnConfig(own=move.own)).get(OWN_FILE, "")
    before = snapshot.pve_files.get(OWN_FILE)
    text = f"{before.rstrip()}\n\n{added}" if before and before.strip() else added
    result = MovePlan(move, added)
    problems = [
        f"{row.where}: {row.key} {row.value}: {row.what}; {row.hint}"
        for row in move.properties
        if row.fate is Fate.NEEDED
    ]
    try:
        moved = understand(_moved(snapshot, move, text))
        changes = plan_understood(moved, renderer)
        after = _designs(moved)
    except PvesdnError as error:
        return _Proposed(replace(result, problems=(*problems, *str(error).splitlines())))
    wire = changes_on_the_wire(move.own, designs, after)
    problems += [str(finding) for node in changes.nodes for finding in node.obstacles]
    result = replace(
        result,
        move=replace(move, remarks=(*_standing(known, renderer), *move.remarks)),
        wire=wire,
        plan=changes,
        problems=tuple(problems),
    )
    if not problems:
        result = replace(result, script=move_script(move, added), back=way_back_script(move, added))
    return _Proposed(result, after)


def _designs(known: Understanding) -> tuple[NodeDesign, ...]:
    shared = share(known.given, known.vteps)
    return tuple(design_node(shared, name) for name in sorted(known.records))


def _moved(snapshot: Snapshot, move: ZoneMove, text: str) -> Snapshot:
    """The cluster's definitions after the cut-over."""
    files = dict(snapshot.pve_files)
    for name in _COLLECTIONS:
        file = f"{name}.cfg"
        gone = {where.id for where in move.taken if where.file == file}
        if gone:
            files[file] = write(section for section in scan(files[file]).sections if section.id not in gone)
    files[OWN_FILE] = text
    return replace(snapshot, pve_files=files)


def _standing(known: Understanding, renderer: Renderer) -> Iterator[Finding]:
    """What `apply` would do without any move."""
    if not plan_understood(known, renderer).is_empty:
        what = "there are changes to apply already, which the cut-over would bring along"
        yield Finding(
            severity=Severity.WARNING, where="cluster", what=what, hint="run pvesdn plan and pvesdn apply first"
        )


def _other_ends(found: _Proposed, designs: tuple[NodeDesign, ...]) -> dict[str, IpAddress]:
    """Where PVE's tunnels of an EVPN zone begin, of the nodes on which ours would begin elsewhere."""
    ends: dict[str, IpAddress] = {}
    for zone in found.result.move.own.zones:
        if isinstance(zone, EvpnZone):
            ours = our_ends(zone.id, found.after)
            ends |= {node: end for node, end in pve_ends(zone.id, designs).items() if ours.get(node) != end}
    return ends


def _has_tunnels(known: Understanding) -> bool:
    """pvesdn.cfg has zones or says where tunnels begin: a section `underlay` of the proposal would move those."""
    own = known.given.sdn.own
    return own.underlay is not None or bool(own.zones)


def _stopped(found: _Proposed, ends: Mapping[str, IpAddress]) -> _Proposed:
    """The same without a cut-over: VTEPs never move to another network as a side effect."""
    if found.result.plan is None:
        return found
    named = ",".join(f"{node}={end}" for node, end in sorted(ends.items()))
    what = (
        f"pvesdn.cfg: the tunnels of {', '.join(sorted(ends))} would begin at other addresses than PVE's; name PVE's in"
        f" the section underlay (vteps {named}) and apply that first: it moves the tunnels of the zones that are there"
    )
    problems = (*found.result.problems, what)
    return replace(found, result=replace(found.result, problems=problems, script="", back=""))
