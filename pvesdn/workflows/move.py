"""import --from-pve and --to-pve: the same zones among the other's definitions, what changes by it, and the cut-over.
Changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from pvesdn.decode.definitions.own_scan import scan_own
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
from pvesdn.model.snapshot import OWN_NAME, Snapshot
from pvesdn.model.zone_move import Fate, WireChange, ZoneMove
from pvesdn.move.from_panel import from_panel
from pvesdn.move.panel import Panel
from pvesdn.move.script import Script, from_pve_scripts, to_pve_scripts
from pvesdn.move.to_panel import Entering, Ground, to_panel, without
from pvesdn.move.wire import changes_on_the_wire, tunnel_ends
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan_understood
from pvesdn.workflows.understand import Understanding, judge, understand

_COLLECTIONS = ("zones", "vnets", "subnets")
_PLACED = re.compile(r"(?P<file>[a-z]+\.cfg):(?P<line>[0-9]{1,9}): (?P<rest>.*)")


Form: TypeAlias = Literal["from-pve", "to-pve"]
"""Which way zones move."""


@dataclass(frozen=True, slots=True)
class MovePlan:
    """What moving zones comes to.

    :param files: the definitions that come, text by name below /etc/pve/sdn.
    :param wire: what changes for traffic.
    :param plan: what `apply` then does; None where the definitions do not pass.
    :param problems: why the zones must not be moved like this; empty where they may.
    :param cut_over: there, and back; None where there are problems.
    """

    form: Form
    move: ZoneMove
    files: Mapping[str, str]
    wire: tuple[WireChange, ...] = ()
    plan: ChangeSet | None = None
    problems: tuple[str, ...] = ()
    cut_over: tuple[Script, Script] | None = None
    unreachable: Mapping[str, str] = field(default_factory=dict)


def move_from_pve(snapshot: Snapshot, renderer: Renderer, names: Iterable[str]) -> MovePlan:
    """Propose the cut-over of some of PVE's zones to pvesdn.cfg.

    :raises SdnConfigError: a zone cannot be moved, with every reason; or the definitions as they are cannot be used.
    :raises PvesdnError: the snapshot cannot be understood.
    """
    start = _Start.of(snapshot, renderer)
    wanted = tuple(names)
    found = start.from_pve(from_panel(wanted, start.panel))
    if moved := start.other_ends(found):
        if start.has_tunnels:
            found = found.stopped(moved)
        else:
            named = start.from_pve(from_panel(wanted, start.panel, vteps=moved))
            found = named if named.result.plan is not None else found
    return start.told(found)


def move_to_pve(snapshot: Snapshot, renderer: Renderer, names: Iterable[str]) -> MovePlan:
    """Propose the cut-over of some zones of pvesdn.cfg to PVE's panel.

    :raises PvesdnError: as `move_from_pve`.
    """
    start = _Start.of(snapshot, renderer)
    found = start.to_pve(to_panel(names, start.panel, start.ground))
    if moved := start.other_ends(found):
        found = found.stopped(moved)
    return start.told(found)


@dataclass(frozen=True, slots=True)
class _Proposed:
    """:param after: the designs with the zones moved."""

    result: MovePlan
    after: tuple[NodeDesign, ...] = ()

    def stopped(self, ends: Mapping[str, IpAddress]) -> _Proposed:
        """The same without a cut-over: VTEPs never move to another network as a side effect.

        :param ends: where tunnels begin today, of the nodes on which they would begin elsewhere.
        """
        if self.result.plan is None:
            return self
        nodes, named = ", ".join(sorted(ends)), ",".join(f"{node}={end}" for node, end in sorted(ends.items()))
        if self.result.form == "from-pve":
            what = (
                f"pvesdn.cfg: the tunnels of {nodes} would begin at other addresses than PVE's; name PVE's in the"
                f" section underlay (vteps {named}) and apply that first: it moves the tunnels of the zones that are"
                " there"
            )
        else:
            what = (
                f"PVE's tunnels of {nodes} would begin at other addresses than now ({named}); put those first in the"
                " peers of the zone's controller in PVE, and apply that first"
            )
        problems = (*self.result.problems, what)
        return replace(self, result=replace(self.result, problems=problems, cut_over=None))


@dataclass(frozen=True, slots=True)
class _Start:
    """The cluster as it is.

    :param ground: what design chose for our zones.
    """

    snapshot: Snapshot
    renderer: Renderer
    known: Understanding
    panel: Panel
    designs: tuple[NodeDesign, ...]
    ground: Mapping[str, Ground]

    @classmethod
    def of(cls, snapshot: Snapshot, renderer: Renderer) -> _Start:
        known = understand(snapshot)
        if not known.given.capabilities.has_sdn:
            raise SdnConfigError(("cluster: the API has no /cluster/sdn, so PVE has no zones of its own",))
        files = snapshot.pve_files
        if not has_definitions(files) and known.given.sdn.pve.zones:
            raise SdnConfigError(("cluster: none of PVE's definition files was read, so there is nothing to move",))
        sections = {name: scan(files.get(f"{name}.cfg", "")).sections for name in _COLLECTIONS}
        sections["own"] = scan_own(files.get(OWN_NAME, ""), {}).sections
        shared = share(known.given, known.vteps)
        return cls(
            snapshot=snapshot,
            renderer=renderer,
            known=known,
            panel=Panel(sdn=known.given.sdn, sections=sections, pending=known.pending),
            designs=tuple(design_node(shared, name) for name in sorted(known.records)),
            ground={
                plan.zone.id: Ground(plan.mtu, tuple(sorted({v.address for v in plan.vteps.values()}, key=int)))
                for plan in shared.plans
            },
        )

    def from_pve(self, move: ZoneMove) -> _Proposed:
        """What a move out of PVE's files comes to."""
        files = dict(self.snapshot.pve_files)
        for name in _COLLECTIONS:
            file = f"{name}.cfg"
            gone = {where.id for where in move.taken if where.file == file}
            if gone:
                files[file] = write(section for section in scan(files[file]).sections if section.id not in gone)
        added = write_sdn(SdnConfig(own=move.own)).get(OWN_NAME, "")
        files[OWN_NAME] = f"{files.get(OWN_NAME, '').rstrip()}\n\n{added}"
        result = MovePlan("from-pve", move, {OWN_NAME: added})
        return self._planned(result, files, from_pve_scripts(move, added))

    def to_pve(self, entering: Entering) -> _Proposed:
        """What a move into PVE's files comes to."""
        files = dict(self.snapshot.pve_files)
        added = write_sdn(SdnConfig(pve=entering.pve))
        for name, text in added.items():
            before = files.get(name, "")
            files[name] = f"{before.rstrip()}\n\n{text}" if before.strip() else text
        own = files.get(OWN_NAME, "")
        files[OWN_NAME] = without(own, entering.sections)
        move = entering.as_move({name: scan(added.get(f"{name}.cfg", "")).sections for name in _COLLECTIONS})
        return self._planned(MovePlan("to-pve", move, added), files, to_pve_scripts(move, entering.sections, own))

    def _planned(self, result: MovePlan, files: Mapping[str, str], scripts: tuple[Script, Script]) -> _Proposed:
        move = result.move
        problems = [str(row) for row in move.properties if row.fate is Fate.NEEDED]
        try:
            moved = judge(self.known.decoded.with_definitions(files))
            changes = plan_understood(moved, self.renderer)
        except PvesdnError as error:
            found = (self._as_proposed(line, result.form) for line in str(error).splitlines())
            return _Proposed(replace(result, problems=(*problems, *found)))
        shared = share(moved.given, moved.vteps)
        after = tuple(design_node(shared, name) for name in sorted(moved.records))
        problems += [str(finding) for node in changes.nodes for finding in node.obstacles]
        problems += [
            f"{name}: cannot be reached ({why.removeprefix(f'{name}: ')}), and PVE's commit reloads it all the same, with"
            " half of the move; make it reachable by SSH and ask again"
            for name, why in sorted(changes.unreachable.items())
        ]
        result = replace(
            result,
            move=replace(move, findings=(*_away(changes), *move.findings)),
            wire=changes_on_the_wire(move.own, self.designs, after),
            plan=changes,
            problems=tuple(problems),
            cut_over=None if problems else scripts,
        )
        return _Proposed(result, after)

    def _as_proposed(self, line: str, form: Form) -> str:
        """A fault of the proposed sections, which are in no file yet: it is mended where the zone is now."""
        match = _PLACED.fullmatch(line)
        if match is None or int(match["line"]) <= self.snapshot.pve_files.get(match["file"], "").count("\n"):
            return line
        where = "PVE's panel" if form == "from-pve" else OWN_NAME
        return f"{match['rest']}; change it in {where}, apply, and ask again"

    def told(self, found: _Proposed) -> MovePlan:
        """What a proposal comes to, with what the cluster had to say before it."""
        result = replace(found.result, unreachable=self.snapshot.unreachable)
        if result.plan is None:
            return result
        return replace(result, move=replace(result.move, findings=(*self._standing(), *result.move.findings)))

    def _standing(self) -> Iterator[Finding]:
        """What `apply` would do without any move."""
        if not plan_understood(self.known, self.renderer).is_empty:
            what = "there are changes to apply already, which the cut-over would bring along"
            yield Finding(
                severity=Severity.WARNING, where="cluster", what=what, hint="run pvesdn plan and pvesdn apply first"
            )

    def other_ends(self, found: _Proposed) -> dict[str, IpAddress]:
        """Where the tunnels of an EVPN zone begin today, of the nodes on which they would begin elsewhere."""
        ends: dict[str, IpAddress] = {}
        for zone in found.result.move.own.zones:
            if isinstance(zone, EvpnZone):
                now, then = tunnel_ends(zone.id, self.designs), tunnel_ends(zone.id, found.after)
                ends |= {node: end for node, end in now.items() if then.get(node) != end}
        return ends

    @property
    def has_tunnels(self) -> bool:
        """pvesdn.cfg has zones or says where tunnels begin: a section `underlay` of the proposal would move those."""
        own = self.known.given.sdn.own
        return own.underlay is not None or bool(own.zones)


def _away(changes: ChangeSet) -> Iterator[Finding]:
    """Members that are off keep PVE's old file, and lose the zone with the first reload that comes before an apply."""
    for name in changes.offline:
        what = "is off, and keeps the devices as they are until it is back"
        hint = "run pvesdn apply as soon as it is back, before anybody reloads its network"
        yield Finding(severity=Severity.WARNING, where=name, node=name, what=what, hint=hint)
