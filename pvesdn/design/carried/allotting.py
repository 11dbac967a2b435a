"""VNIs of VNets that are drawn in PVE's panel: what each has, and which a new one gets.

A VNet keeps its VNI for as long as its name is remembered, so that a VNet that is deleted and made again is the same
VNet on the wire. A number that a node still has is nobody else's, nor is one that a VNet had before: a member that was
off since may come back with it.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from pvesdn.design.carried.reserved import refuse_others, refuse_tag, taken_over, written
from pvesdn.design.shared import names
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding, Severity, Where
from pvesdn.model.own_sdn import OwnZone
from pvesdn.model.ranges import by_number
from pvesdn.model.snapshot import VNIS_NAME
from pvesdn.model.vnets import Vnet
from pvesdn.model.vnis import GivenVni, VniTable, said_vni

_FILE = Where(file=VNIS_NAME, line=0)


@dataclass(frozen=True, slots=True)
class DrawnVnet:
    """A VNet of PVE's, and the zone of ours that carries it.

    :param nodes: those of PVE's zone; None for all.
    :param is_new: PVE has never committed it, so that no node can have anything of it.
    """

    zone: OwnZone
    vnet: Vnet
    nodes: frozenset[str] | None = None
    is_new: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """By what its VNI is remembered."""
        return self.vnet.id, self.zone.id


@dataclass(frozen=True, slots=True)
class Allotted:
    """:param tags: VNIs by VNet; one that could not get any is missing, and among `findings`."""

    tags: Mapping[str, int]
    table: VniTable
    findings: tuple[Finding, ...]


def allot(drawn: Sequence[DrawnVnet], given: DesignInput, *, only_looks: bool = False) -> Allotted:
    """Each VNet's VNI: the pinned one, else what it was given before, else what runs, else the lowest of its range that
    is free.

    Without the file, what the nodes have is what was given before.

    :param drawn: in the order of zones and VNets.
    :param only_looks: nothing is planned, so that VNIs which cannot be told are no error.
    """
    work = _Allotment(given, Severity.WARNING if only_looks else Severity.ERROR)
    known = work.remembered() if given.sdn.vnis is not None else work.read_back(drawn)
    pins = {pin.id: pin for pin in given.sdn.own.pins}
    for vnet in given.sdn.own.vnets:
        work.refuse_reserved(vnet)
    for item in drawn:
        pin = pins.get(item.vnet.id)
        if pin is not None and pin.zone == item.zone.id and pin.tag is not None:
            work.refuse_reserved(pin)
            work.give(item, pin.tag)
        elif item.key in known:
            work.give(item, known[item.key])
    for item in drawn:
        if item.vnet.id not in work.tags:
            work.give_what_runs(item)
    for item in drawn:
        if item.vnet.id not in work.tags:
            work.give_free(item)
    work.refuse_others()
    return Allotted(work.tags, work.table(), tuple(work.findings))


@dataclass
class _Allotment:
    given: DesignInput
    unclear: Severity
    """Of what cannot be told from the nodes."""
    tags: dict[str, int] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    _present: dict[int, GivenVni] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)
    """VNets of which it cannot be told whether the nodes have them."""

    def remembered(self) -> dict[tuple[str, str], int]:
        """What the file says: of a VNet that had several, the one that runs, since an apply may have been undone."""
        entries = written(self.given)
        known = {(given.vnet, given.zone): given.vni for given in entries if not given.is_former}
        for given in entries:
            if given.is_former and list(self._nodes_by_vni(given.vnet)) == [given.vni]:
                known[given.vnet, given.zone] = given.vni
        return known

    def read_back(self, drawn: Sequence[DrawnVnet]) -> dict[tuple[str, str], int]:
        """What the nodes have, of the VNets that are not pinned."""
        pinned = {pin.id for pin in self.given.sdn.own.pins}
        asked = [item for item in drawn if item.vnet.id not in pinned]
        if self.given.cluster.is_assumed:
            return {}
        self._require_answers(asked)
        found = {item.key: vni for item in asked if (vni := self._on_nodes(item)) is not None}
        self._unknown -= {vnet for vnet, _ in found}
        if found:
            what = f"does not exist: the VNIs of {_listed(vnet for vnet, _ in found)} are read back from the nodes"
            self.findings.append(Finding.at(_FILE, Severity.NOTE, what, "pvesdn apply writes it again"))
        return found

    def _require_answers(self, asked: Iterable[DrawnVnet]) -> None:
        """Say of which VNets a member that did not answer may have the VNI: for those no other one is concluded."""
        members = {member.name for member in self.given.cluster.members}
        absent = {
            item.vnet.id: silent
            for item in asked
            if not item.is_new
            and (silent := (members if item.nodes is None else members & item.nodes) - self.given.facts.keys())
        }
        if not absent:
            return
        nodes = _listed(set().union(*absent.values()))
        what = f"does not exist, so VNIs are read back from the nodes, and {nodes} did not answer"
        hint = f"bring the node back, or pin the VNIs of {_listed(absent)} with vnet sections in pvesdn.cfg"
        self.findings.append(Finding.of_plans(_FILE, self.unclear, what, hint))
        self._unknown |= absent.keys()

    def refuse_reserved(self, pin: Vnet) -> None:
        """No tag in pvesdn.cfg takes a VNI that was another VNet's while a member that may still have it does not
        answer.
        """
        self.findings += refuse_tag(self.given, pin, self.unclear)

    def refuse_others(self) -> None:
        """Nor does anything else that says a VNI, in either source."""
        self.findings += refuse_others(self.given, self._present, self.unclear)

    def give(self, item: DrawnVnet, vni: int) -> None:
        """Let a VNet have a VNI, which may be used already: that is told of tags by other checks."""
        self.tags[item.vnet.id] = vni
        entry = GivenVni(where=_FILE, vni=vni, vnet=item.vnet.id, zone=item.zone.id)
        self._present.setdefault(vni, entry)

    def give_what_runs(self, item: DrawnVnet) -> None:
        """What its device has on the nodes, of a VNet that the file lacks, or has in a zone of another name: if they
        agree, and it is in the range and no other VNet's.
        """
        found = list(self._nodes_by_vni(item.vnet.id))
        if len(found) != 1 or item.vnet.id in self._unknown:
            return
        (vni,) = found
        of_others = any(given.vni == vni and given.vnet != item.vnet.id for given in written(self.given))
        if (
            item.zone.vni_range is not None
            and vni in item.zone.vni_range
            and vni not in self._present
            and not of_others
        ):
            self.give(item, vni)

    def give_free(self, item: DrawnVnet) -> None:
        """The lowest that nobody has or had; where there is none left, one whose VNet is gone from everywhere."""
        if item.vnet.id in self._unknown or item.zone.vni_range is None:
            return
        span = range(item.zone.vni_range.first, item.zone.vni_range.last + 1)
        on_nodes, reserved = self._all_on_nodes, self._reserved

        def first_unused(others: Container[int]) -> int | None:
            return next((vni for vni in span if self._is_free(vni) and vni not in on_nodes and vni not in others), None)

        free = first_unused(reserved)
        if free is None and self._is_everybody_read():
            free = first_unused(())
        if free is not None:
            self.give(item, free)
            self._say_what_changes(item, free)
            return
        waiting = " that every member was seen without" if reserved - self._present.keys() else ""
        what = f"vni-range {item.zone.vni_range} has no VNI left{waiting} for vnet '{item.vnet.id}'"
        given_up = reserved & on_nodes
        freed = [str(vni) for vni in span if vni in given_up and self._is_free(vni)]
        hint = "extend the range"
        if freed and self._is_everybody_read():
            hint = (
                f"extend the range; or delete vnet '{item.vnet.id}' in PVE (Datacenter > SDN), run pvesdn apply, which "
                f"takes VNI {freed[0]} off the nodes, and draw it again"
            )
        self.findings.append(Finding.at(item.zone.at("vni-range"), Severity.ERROR, what, hint=hint))

    def _is_free(self, vni: int) -> bool:
        """Of no VNet that is there, and pinned for none that is still to be drawn."""
        return vni not in self._present and vni not in self._pinned

    def _say_what_changes(self, item: DrawnVnet, vni: int) -> None:
        """A VNet that runs with another VNI is cut in two until every node has the new one."""
        if found := self._nodes_by_vni(item.vnet.id):
            runs = " and ".join(f"{old} of {_listed(nodes)}" for old, nodes in sorted(found.items()))
            left = _listed(
                {entry.zone for entry in written(self.given) if entry.vnet == item.vnet.id and entry.vni in found}
            )
            why = (
                f"vnet '{item.vnet.id}' has left zone {left}"
                if left
                else f"does not say the VNI of vnet '{item.vnet.id}'"
            )
            self.findings.append(Finding.at(_FILE, Severity.WARNING, f"{why}: {runs} becomes {vni}"))

    def table(self) -> VniTable:
        """What the file has to hold: what VNets have, what they had before, and what VNets that are gone had.

        A former number stays, for a member that is off may come back with it, until it is something else's.
        """
        is_taken = taken_over(self.given)
        kept = {
            given.vni: given
            for given in chain(self._replaced(), written(self.given))
            if given.vni not in self._present and not is_taken(given)
        }
        present = {(given.vnet, given.zone) for given in self._present.values()}
        for vni, given in kept.items():
            if (given.vnet, given.zone) in present:
                kept[vni] = given.model_copy(update={"is_former": True})
        all_of_them = chain(self._present.values(), kept.values())
        return VniTable(given=tuple(sorted(all_of_them, key=lambda given: given.vni)))

    def _replaced(self) -> Iterator[GivenVni]:
        """What nodes have of VNets that are given another one; also where nobody had written it down."""
        for given in self._present.values():
            for vni in self._nodes_by_vni(given.vnet):
                yield given.model_copy(update={"vni": vni})

    def _nodes_by_vni(self, vnet: str) -> Mapping[int, list[str]]:
        """What the VNet's own device has on the nodes."""
        return self._by_port.get(names.vxlan_port(vnet), {})

    @cached_property
    def _by_port(self) -> Mapping[str, Mapping[int, list[str]]]:
        """Nodes by VXLAN device and VNI, those of our own files too."""
        found: dict[str, dict[int, list[str]]] = {}
        for node, facts in sorted(self.given.facts.items()):
            for name, vni in sorted(set(_ports_of(facts))):
                found.setdefault(name, {}).setdefault(vni, []).append(node)
        return found

    @cached_property
    def _all_on_nodes(self) -> frozenset[int]:
        return frozenset(vni for vnis in self._by_port.values() for vni in vnis)

    @cached_property
    def _reserved(self) -> frozenset[int]:
        """What is written down, of VNets that are there and of those that are gone."""
        return frozenset(given.vni for given in written(self.given))

    @cached_property
    def _pinned(self) -> frozenset[int]:
        return frozenset(pin.tag for pin in self.given.sdn.own.pins if pin.tag is not None)

    def _is_everybody_read(self) -> bool:
        members = self.given.cluster.members
        return self.given.cluster.is_assumed or all(member.name in self.given.facts for member in members)

    def _on_nodes(self, item: DrawnVnet) -> int | None:
        found = self._nodes_by_vni(item.vnet.id)
        if len(found) > 1:
            said = " and ".join(f"{vni} on {_listed(nodes)}" for vni, nodes in sorted(found.items()))
            what = f"does not exist, and vnet '{item.vnet.id}' has VNI {said}"
            hint = f"pin one of them: 'vnet: {item.vnet.id}' in pvesdn.cfg with zone {item.zone.id} and the tag"
            self.findings.append(Finding.of_plans(_FILE, self.unclear, what, hint))
            self._unknown.add(item.vnet.id)
            return None
        return next(iter(found), None)


def _ports_of(facts: NodeFacts) -> Iterator[tuple[str, int]]:
    """VXLAN devices of a node and their VNIs: live ones, and those of our own file."""
    yield from ((link.name, link.vni) for link in facts.links if link.vni is not None)
    for stanza in facts.own:
        said = map(said_vni, stanza.values("vxlan-id"))
        yield from ((stanza.name, vni) for vni in said if vni is not None)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words, key=by_number))
