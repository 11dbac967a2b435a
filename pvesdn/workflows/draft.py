"""Our own files in /etc/pve/sdn: a draft instead of the live pvesdn.cfg in a plan, then in its place on the cluster;
and the VNIs that were given.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pvesdn.compare.conflicts import digest
from pvesdn.decode.definitions.sdn_files import read_sdn
from pvesdn.encode.vnis import encode_vnis
from pvesdn.errors import NodeError, NodeFailed, NodeUnreachable
from pvesdn.model.differences import Difference
from pvesdn.model.execution import ReplaceDefinitions
from pvesdn.model.files import FileChange
from pvesdn.model.findings import Finding, Severity, Where
from pvesdn.model.primitives import NodeName
from pvesdn.model.progress import Begun, Ended, StepName
from pvesdn.model.report import Outcome
from pvesdn.model.snapshot import FORMER_OWN_FILE, OWN_FILE, OWN_NAME, VNIS_FILE, VNIS_NAME, Snapshot
from pvesdn.model.vnis import VniTable
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.understand import Understanding
from pvesdn.workflows.world import World

_CLUSTER = "cluster"
"""Who has a step that belongs to no node."""
_MODE, _OWNER = "0640", "root:www-data"
"""What pmxcfs gives every file of /etc/pve, whatever one asks for."""


def with_draft(snapshot: Snapshot, text: str) -> Snapshot:
    """The cluster as it would be if `text` were its pvesdn.cfg."""
    return replace(snapshot, pve_files={**snapshot.pve_files, OWN_NAME: text})


def definitions_change(snapshot: Snapshot, text: str) -> FileChange | None:
    """What becomes of pvesdn.cfg when `text` takes its place; None when it has that text already.

    :param snapshot: the cluster as it is, without the draft.
    """
    live = snapshot.pve_files.get(OWN_NAME)
    if live == text:
        return None
    expect = None if live is None else digest(live)
    return FileChange(path=OWN_FILE, old=live, new=text, mode=_MODE, owner=_OWNER, expect=expect)


def unpinned(snapshot: Snapshot, known: Understanding) -> Iterator[Finding]:
    """Pins of VNets of the panel's that go with the live pvesdn.cfg, while the VNets keep what was pinned.

    :param snapshot: the cluster as it is, without the draft.
    :param known: with it.
    """
    live = read_sdn({OWN_NAME: snapshot.pve_files.get(OWN_NAME, "")}, intent="pending").config.own
    own = known.given.sdn.own
    pins = {pin.id: pin.tag for pin in live.pins} | dict.fromkeys((pin.id for pin in own.pins), None)
    for vnet in own.vnets:
        if vnet.drawn_in is not None and vnet.tag is not None and pins.get(vnet.id) == vnet.tag:
            what = f"vnet '{vnet.id}' keeps VNI {vnet.tag}, which pvesdn.cfg pins no more"
            hint = f"to have another one, pin that: 'vnet: {vnet.id}' in pvesdn.cfg with zone {vnet.zone} and the tag"
            yield Finding.at(Where(file=VNIS_NAME, line=0), Severity.NOTE, what, hint=hint)


def vnis_change(snapshot: Snapshot, table: VniTable | None, there: VniTable | None) -> FileChange | None:
    """What becomes of pvesdn-vnis.cfg; None where it says what it has to.

    :param table: what it has to hold; None where nothing is drawn in PVE's panel and carried.
    :param there: what it holds.
    """
    if table is None or table.facts == (VniTable() if there is None else there).facts:
        return None
    live = snapshot.pve_files.get(VNIS_NAME)
    return FileChange(
        path=VNIS_FILE,
        old=live,
        new=encode_vnis(table),
        mode=_MODE,
        owner=_OWNER,
        expect=None if live is None else digest(live),
        differences=tuple(_differences(table, VniTable() if there is None else there)),
    )


def _differences(table: VniTable, there: VniTable) -> Iterator[Difference]:
    """By VNet and zone: the VNI that goes and the one that comes, and former ones."""
    before, after = _by_vnet(there), _by_vnet(table)
    for vnet, zone, is_former in sorted(before.keys() | after.keys()):
        old, new = (found.get((vnet, zone, is_former), []) for found in (before, after))
        gone, come = (tuple(str(vni) for vni in one if vni not in other) for one, other in ((old, new), (new, old)))
        if gone or come:
            yield Difference(f"{vnet} in {zone}: {'former VNI' if is_former else 'VNI'}", gone, come)


def _by_vnet(table: VniTable) -> dict[tuple[str, str, bool], list[int]]:
    """VNIs by VNet, zone, and whether they are former ones."""
    found: dict[tuple[str, str, bool], list[int]] = {}
    for given in table.given:
        found.setdefault((given.vnet, given.zone, given.is_former), []).append(given.vni)
    return found


def put_definitions(world: World, name: NodeName, change: ReplaceDefinitions) -> None:
    """Have a member write a file of ours in /etc/pve/sdn; of pvesdn.cfg, what was there is kept as `FORMER_OWN_FILE`.

    :raises NodeError: another text is there by now, which stays; or the member cannot write.
    """
    if change.path == OWN_FILE and change.before is not None and change.before != change.text:
        world.nodes.put(name, FORMER_OWN_FILE, change.before)
    expect = None if change.before is None else digest(change.before)
    world.nodes.replace(name, change.path, change.text, expect=expect)


def replace_definitions(world: World, changes: Sequence[ReplaceDefinitions], members: Sequence[NodeName]) -> None:
    """Write what is planned of our files in /etc/pve/sdn, one after the other.

    :param members: every node that was read.
    :raises NodeFailed: a file has changed since it was read, or /etc/pve cannot be written; it is as it was.
    :raises NodeUnreachable: no member could be reached.
    """
    for change in changes:
        _replace(world, change, members)


def put_back_definitions(world: World, change: ReplaceDefinitions, members: Sequence[NodeName]) -> bool:
    """A draft that an apply has made pvesdn.cfg gives way to what was there before, if it is still there.

    :returns: whether what was before is there now; False where somebody has edited the file meanwhile, which stays.
    :raises NodeError: the file could not be read, or not be written.
    """
    before = change.before or ""  # no file, and one that defines nothing, mean the same

    def put(name: NodeName) -> bool:
        found = world.nodes.read(name, [change.path]).get(change.path) or ""
        if found == change.text:
            world.nodes.replace(name, change.path, before, expect=digest(change.text))
        return found in (change.text, before)

    return on_any_member(world, members, put)


def _replace(world: World, change: ReplaceDefinitions, members: Sequence[NodeName]) -> None:
    def put(name: NodeName) -> None:
        if world.nodes.read(name, [change.path]).get(change.path) not in (change.before, change.text):
            raise NodeFailed(name, f"{change.path} has changed since it was read", hint="plan again")
        put_definitions(world, name, change)

    step = StepName.DEFINITIONS if change.path == OWN_FILE else StepName.VNIS
    world.observer.tell(Begun(_CLUSTER, step))
    try:
        on_any_member(world, members, put)
    except NodeUnreachable as error:
        world.observer.tell(Ended(_CLUSTER, step, Outcome.UNREACHABLE))
        raise NodeUnreachable(_CLUSTER, f"no member could write {change.path} ({error})") from error
    except NodeError:
        world.observer.tell(Ended(_CLUSTER, step, Outcome.FAILED))
        raise
    world.observer.tell(Ended(_CLUSTER, step, Outcome.OK))
