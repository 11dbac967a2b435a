"""The files of /etc/pve/sdn -> the whole intent: PVE's definitions and pvesdn.cfg."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal, TypeVar

from pvesdn.decode.definitions.ledger import Ledger
from pvesdn.decode.definitions.own_grammar import GRAMMAR
from pvesdn.decode.definitions.own_scan import scan_own
from pvesdn.decode.definitions.pending import has_definitions, pending_changes
from pvesdn.decode.definitions.pve_files import read_pve
from pvesdn.decode.definitions.pve_words import NOUNS, WORDS
from pvesdn.decode.definitions.pvesdn_cfg import read_own
from pvesdn.decode.definitions.running_config import FILE as RUNNING_CONFIG
from pvesdn.decode.definitions.running_config import RunningConfig, read_running
from pvesdn.decode.definitions.section_config import NO_MARK, Oddity, Scan, scan
from pvesdn.decode.definitions.source import Definitions, OwnDefinitions, PveDefinitions
from pvesdn.decode.definitions.vni_file import GRAMMAR as VNI_GRAMMAR
from pvesdn.decode.definitions.vni_file import read_vnis
from pvesdn.errors import SdnConfigError
from pvesdn.model.files import PendingChange
from pvesdn.model.findings import Finding, Severity, Where
from pvesdn.model.own_sdn import OwnSdn
from pvesdn.model.pve_sdn import PveSdn
from pvesdn.model.sdn import SdnConfig
from pvesdn.model.snapshot import OWN_NAME, VNIS_NAME
from pvesdn.model.vnets import Subnet

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class DecodedSdn:
    """The intent, and what was noticed about it.

    :param findings: everything that was noticed, in the order of the files. With an error among them, `config` lacks
        the sections at fault: its halves say which (`Unread`).
    :param pending: PVE's definitions that are not committed, where its files were read.
    :param committed: how many of PVE's definitions were committed, by kind, such as ``vnet``.
    """

    config: SdnConfig
    findings: tuple[Finding, ...]
    pending: tuple[PendingChange, ...] = ()
    committed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Names:
    """What the files of /etc/pve/sdn are called in messages, where they are read from elsewhere.

    :param called: by their own name, such as ``pvesdn.cfg``; ``<stdin>`` for standard input.
    """

    called: Mapping[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The name that people know the file by."""
        return self.called.get(name, name)

    def all_of(self, names: Iterable[str]) -> list[str]:
        """The same of several files."""
        return [self.of(name) for name in names]

    def how_to_convert(self, name: str) -> str:
        """What to do about line endings of Windows."""
        path = self.called.get(name, f"/etc/pve/sdn/{name}")
        return "save it with plain line endings" if path.startswith("<") else f"run dos2unix {shlex.quote(path)}"


def decode_sdn(files: Mapping[str, str], *, intent: Literal["pending", "running"]) -> DecodedSdn:
    """Read both sources.

    :param files: `Snapshot.pve_files`, text by name below /etc/pve/sdn.
    :param intent: whether PVE's part comes from its ``*.cfg`` files or from ``.running-config``; `pvesdn.cfg` is always
        read.
    :raises SdnConfigError: with every fault of every file, each on its line.
    """
    decoded = read_sdn(files, intent=intent)
    if lines := tuple(str(finding) for finding in decoded.findings if finding.severity is Severity.ERROR):
        raise SdnConfigError(lines)
    return decoded


def read_sdn(files: Mapping[str, str], *, intent: Literal["pending", "running"], names: Names = Names()) -> DecodedSdn:
    """The same of definitions with faults as well: these are among the findings. Raises nothing.

    :param names: what the files are called.
    """
    ledger = Ledger()
    reading = _Reading(files, ledger, names)
    running = read_running(files.get(RUNNING_CONFIG))
    _judge_running(running, ledger)
    version = running.version
    listed: tuple[Subnet, ...] | None = None
    drawn: Mapping[str, frozenset[str]] = {}
    changes: tuple[PendingChange, ...] = ()
    if intent == "running" or (running.version is not None and not has_definitions(files)):
        if intent == "pending":
            _say_no_definitions(ledger)
        pve = read_pve(running.collections, lambda _: RUNNING_CONFIG, ledger)
        listed = _listed_subnets(files, pve.subnets) if has_definitions(files) else None
        drawn = {
            "zones": _drawn(files, "zones") - {zone.id for zone in pve.zones},
            "vnets": _drawn(files, "vnets") - {vnet.id for vnet in pve.vnets},
        }
    else:
        scans = {name: reading.pves(f"{name}.cfg") for name in WORDS}
        pending = {name: scanned.sections for name, scanned in scans.items()}
        pve = read_pve(pending, lambda name: names.of(f"{name}.cfg"), ledger)
        pve.lost.update((NOUNS[name], header.id) for name, scanned in scans.items() for header in scanned.lost)
        changes = pending_changes(pending, running.collections)
        if changes:
            version = (version or 0) + 1
    scanned = reading.own()
    own = read_own(scanned.sections, ledger, file=names.of(OWN_NAME), lost=scanned.lost)
    _check_between(pve, own)
    vnis = read_vnis(reading.own(VNIS_NAME, VNI_GRAMMAR).sections, ledger) if VNIS_NAME in files else None
    config = SdnConfig(own=_own(own), pve=_pve(pve, running, version, listed, drawn), vnis=vnis)
    return DecodedSdn(
        config,
        ledger.findings,
        changes if has_definitions(files) else (),
        {NOUNS[name]: len(sections) for name, sections in running.collections.items()},
    )


def _listed_subnets(files: Mapping[str, str], committed: Iterable[Subnet]) -> tuple[Subnet, ...] | None:
    """What PVE reads from subnets.cfg; None where it equals what was committed.

    A faulty section is skipped, as PVE skips it.
    """
    unasked = Ledger()
    sections = _Reading(files, unasked, Names()).pves("subnets.cfg").sections
    found = read_pve({"subnets": sections}, "{}.cfg".format, unasked).subnets
    return None if {subnet.id for subnet in found} == {subnet.id for subnet in committed} else tuple(found)


def _drawn(files: Mapping[str, str], name: str) -> frozenset[str]:
    """What zones.cfg or vnets.cfg defines, faulty or not."""
    return frozenset(section.id for section in _Reading(files, Ledger(), Names()).pves(f"{name}.cfg").sections)


def _say_no_definitions(ledger: Ledger) -> None:
    what = "none of PVE's definition files exists, so the committed definitions are taken as the wanted ones"
    hint = "PVE itself never removes them: to remove everything, delete it in PVE"
    ledger.add(Severity.WARNING, Where(file=RUNNING_CONFIG, line=0), what, hint)


def _judge_running(running: RunningConfig, ledger: Ledger) -> None:
    where = Where(file=RUNNING_CONFIG, line=0)
    if not running.is_readable:
        what = "is not valid JSON and counts as empty, as it does for PVE"
        ledger.add(Severity.WARNING, where, what, "apply the SDN configuration in PVE to rewrite it")
    for fault in running.faults:
        ledger.add(Severity.ERROR, where, fault, "apply the SDN configuration in PVE to rewrite it")


@dataclass(frozen=True, slots=True)
class _Reading:
    """Files on their way to sections."""

    files: Mapping[str, str]
    ledger: Ledger
    names: Names

    def pves(self, name: str) -> Scan:
        """The sections of one of PVE's files. Lines outside the grammar are warnings, as for PVE."""
        result = scan(self._text(name))
        self.ledger.excuse(self.names.of(name), result.astray)
        for oddity in result.oddities:
            what = oddity.what if oddity.is_forbidden else f"{oddity.what}: PVE ignores this line"
            self._enter(name, oddity, what, Severity.ERROR if oddity.is_forbidden else Severity.WARNING)
        return result

    def own(self, name: str = OWN_NAME, grammar: Mapping[str, Collection[str]] = GRAMMAR) -> Scan:
        """The sections of a file of ours. Lines outside the grammar are errors."""
        result = scan_own(self._text(name), grammar)
        for oddity in result.oddities:
            self._enter(name, oddity, oddity.what, Severity.ERROR)
        return result

    def _enter(self, name: str, oddity: Oddity, what: str, severity: Severity) -> None:
        place = self._place(name, oddity.line).moved(oddity.line, oddity.column, oddity.length)
        self.ledger.add(severity, place, what, oddity.hint)

    def _place(self, name: str, line: int) -> Where:
        return Where(file=self.names.of(name), line=line)

    def _text(self, name: str) -> str:
        """A file saved on Windows is one fault, not one for each line; the rest of it is read all the same."""
        text = self.files.get(name, "")
        before, ending, _ = text.partition("\r\n")
        if ending:
            hint = self.names.how_to_convert(name)
            line = before.count("\n") + 1
            self.ledger.add(Severity.ERROR, self._place(name, line), "has CRLF line endings, as on Windows", hint)
            # dos2unix removes the byte order mark too.
            return text.removeprefix("\ufeff").replace("\r\n", "\n")
        if text.startswith("\ufeff"):
            self.ledger.add(Severity.ERROR, self._place(name, 1), "character U+FEFF is not allowed", NO_MARK)
        return text.removeprefix("\ufeff")


def _check_between(pve: Definitions, own: OwnDefinitions) -> None:
    """Ids that both sources use, and objects of one source inside an object of the other."""
    for noun in ("zone", "vnet", "subnet", "controller"):
        theirs = {entry.section.id: entry.where for entry in pve.of(noun)}
        for entry in own.of(noun):
            if entry.section.id in theirs and entry.where not in own.pinning:
                entry.fail(f"id is already used by a {noun} in {theirs[entry.section.id].file}", "choose another id")
    _check_homes(pve, own, noun="vnet", home="zone")
    _check_homes(pve, own, noun="subnet", home="vnet")


def _check_homes(pve: Definitions, own: Definitions, *, noun: str, home: str) -> None:
    """A VNet belongs to the source of its zone, a subnet to the source of its VNet: PVE skips what it cannot place."""
    sources = ((own, pve, "PVE's", "in PVE"), (pve, own, f"of {OWN_NAME}", f"in {OWN_NAME}"))
    for inside, outside, whose, place in sources:
        here = {entry.section.id for entry in inside.of(home)}
        there = {entry.section.id for entry in outside.of(home)} - here
        for entry in inside.of(noun):
            if (name := entry.get(home)) in there:
                entry.fail(f"{home} '{name}' is {whose}", f"define the {noun} {place} instead of here", at=home)


def _own(found: OwnDefinitions) -> OwnSdn:
    return OwnSdn(
        underlay=next(iter(found.good(found.underlays)), None),
        zones=_by_id(found.good(found.zones)),
        vnets=_by_id(found.good(found.vnets)),
        subnets=_by_id(found.good(found.subnets)),
        controllers=_by_id(found.good(found.controllers)),
        exits=_by_id(found.good(found.exits)),
        pins=_by_id(found.good(found.pins)),
        unread=found.unread(),
    )


def _pve(
    found: PveDefinitions,
    running: RunningConfig,
    version: int | None,
    listed: tuple[Subnet, ...] | None,
    drawn: Mapping[str, frozenset[str]],
) -> PveSdn:
    return PveSdn(
        zones=_by_id(found.good(found.zones)),
        vnets=_by_id(found.good(found.vnets)),
        subnets=_by_id(found.good(found.subnets)),
        controllers=_by_id(found.good(found.controllers)),
        fabrics=_by_id(found.good(found.fabrics)),
        version=version,
        running_version=running.version,
        unsupported=found.unsupported.definitions,
        listed_subnets=listed,
        drawn_zones=drawn.get("zones", frozenset()),
        drawn_vnets=drawn.get("vnets", frozenset()),
        runs_frr=any(running.collections.get(name) for name in ("controllers", "fabrics")),
        unread=found.unread(),
    )


def _by_id(objects: Iterable[_T]) -> tuple[_T, ...]:
    key: Any = attrgetter("id")
    return tuple(sorted(objects, key=key))
