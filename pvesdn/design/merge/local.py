"""What PVE's merge makes of frr.conf.local as a whole, and which of its lines do not end up as they are meant.

FRR's way of reading the file tells what a line means; PVE's tells what becomes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pvesdn.design.merge.advice import GLOBAL, INDENTED, instead, lost_heads
from pvesdn.design.merge.lines import BLOCKS, TOP, Fate, Merge
from pvesdn.model.frr import FrrConfig, RouteMapEntry
from pvesdn.model.frr_local import LocalFault, LocalKind, LocalLine, LocalMerge

_ENDS = frozenset({LocalKind.EXIT, LocalKind.END_FAMILY})
_EMPTY = "opens an empty block, on which PVE fails and writes no frr.conf"
_NOT_OPEN = "closes an address family when none is open, on which PVE fails and writes no frr.conf"
_FILL = "put a line into the block, or remove the block"
_INTO_ROUTER = "move it, with its lines and its exit-address-family, below the 'router bgp' it belongs to"
_NO_LOSS = re.compile(
    r"frr (version|defaults) .*|hostname .*|log syslog( \S+)?|(no )?service integrated-vtysh-config"
    r"|line vty|(no )?(exec-timeout|login|access-class|ipv6 access-class)\b.*"
    r"|end|Building configuration\.\.\.|Current configuration:"
)
"""What FRR prints around a configuration, or PVE's own header says in its place: dropping it changes nothing."""


def merge_local(config: FrrConfig, lines: Iterable[LocalLine]) -> LocalMerge:
    """What PVE makes of a node's frr.conf.local.

    :param config: as PVE generates it.
    """
    taken = tuple(lines)
    merge = Merge(config)
    fates = [merge.take(line) for line in taken]
    faults = [
        fault
        for fate, meant, head in zip(fates, _meanings(taken), lost_heads(taken), strict=True)
        if (fault := _fault(config, fate, meant, head)) is not None
    ]
    faults += [LocalFault(line, _EMPTY, _FILL, is_fatal=True) for line in merge.emptied()]
    return LocalMerge(
        generated=config,
        lines=taken,
        merged=None if any(fault.is_fatal for fault in faults) else merge.result(),
        faults=tuple(sorted(faults, key=lambda fault: fault.line.number)),
    )


def leaves_open(lines: Iterable[LocalLine]) -> bool:
    """A block is still open at the end: if it is new, PVE ends it at whatever `exit` comes next."""
    is_open = False
    for line in lines:
        is_open = (is_open or line.kind in BLOCKS) and line.kind is not LocalKind.EXIT
    return is_open


def _fault(config: FrrConfig, fate: Fate, meant: tuple[str, ...], head: LocalLine | None) -> LocalFault | None:
    line = fate.line
    if fate.is_fatal:
        return LocalFault(line, _NOT_OPEN, "remove the line", is_fatal=True)
    if fate.inside:
        return _stray(fate)
    if line.is_comment or line.kind in _ENDS or line.is_hidden_exit:
        return _misread(line)
    if line.kind is LocalKind.FAMILY and fate.home == TOP:
        return LocalFault(line, "is copied outside of any router, where FRR refuses it", _INTO_ROUTER)
    if fate.home is not None and fate.home == meant:
        return _clash(config, line)
    what = _loss(fate)
    hint = instead(fate, meant) if head is None else f"remove it with '{head.text}' on line {head.number}"
    return LocalFault(line, what, hint, is_loss=True) if what else None


def _misread(line: LocalLine) -> LocalFault | None:
    """Losing a comment does no harm, unless PVE takes it for something else."""
    kinds = {LocalKind.FAMILY: "an address family", LocalKind.END_FAMILY: "the end of an address family"}
    if line.is_comment and line.kind in kinds:
        return LocalFault(line, f"is a comment that PVE takes for {kinds[line.kind]}", "reword the comment")
    return None


def _loss(fate: Fate) -> str:
    """What becomes of a line that does not end up where it was meant to, in words; empty if nothing is lost."""
    if fate.home is not None:
        return f"ends up in '{fate.home[-1]}'" if fate.home else "ends up outside of any block"
    if _NO_LOSS.fullmatch(fate.line.text.strip()):
        return ""
    return "is dropped, for PVE takes a line with '!' in it for a comment" if fate.line.is_skipped else "is dropped"


def _stray(fate: Fate) -> LocalFault:
    """An end that the merge prints into one of PVE's own blocks."""
    what = f"is printed inside PVE's own '{fate.inside}' and ends it there"
    if fate.inside.startswith("router bgp"):
        what += ", so that FRR reads PVE's address families outside of any router"
    if fate.line.is_hidden_exit:
        return LocalFault(fate.line, what, _in_first_column(fate))
    if fate.unclosed is None:
        return LocalFault(fate.line, what, "end the address family before it with exit-address-family")
    opener = f"line {fate.unclosed.number}, '{fate.unclosed.text}',"
    return LocalFault(fate.line, f"{what}: the block of {opener} has no exit", f"end the block of {opener} with exit")


def _in_first_column(fate: Fate) -> str:
    if fate.inside.startswith("address-family"):
        return "write exit-address-family instead"
    return f"write '{'exit-vrf' if fate.inside.startswith('vrf') else 'exit'}' in the first column instead"


def _clash(config: FrrConfig, line: LocalLine) -> LocalFault | None:
    """Why a block of the file's own has no effect next to what PVE generates; None when it has."""
    if line.kind is LocalKind.ROUTER_BGP:
        number, vrf = line.words
        for asn in [r.asn for r in config.routers if (r.vrf or "") == vrf and str(r.asn) != number][:1]:
            what = f"is a second BGP instance next to PVE's of AS {asn}, which FRR refuses"
            return LocalFault(line, what, f"write 'router bgp {asn}{f' vrf {vrf}' * bool(vrf)}'", is_loss=True)
    if line.kind is LocalKind.ROUTE_MAP and any(_catches_all(e, line.words[0]) for e in config.route_maps):
        what = "comes after PVE's own entry, which permits everything"
        hint = "give the map a name of its own, and name that one where it is to be used"
        return LocalFault(line, what, hint, is_loss=True)
    return None


def _catches_all(entry: RouteMapEntry, name: str) -> bool:
    return entry.name == name and entry.action == "permit" and not entry.matches


def _meanings(lines: Iterable[LocalLine]) -> Iterator[tuple[str, ...]]:
    """The headings above each line, as FRR itself would read the file."""
    block: tuple[str, ...] = TOP
    family: tuple[str, ...] = TOP
    for line in lines:
        word = line.text.strip()
        if line.is_comment:
            yield block + family
        elif line.kind in BLOCKS or (line.kind is LocalKind.OTHER and INDENTED.fullmatch(line.text)):
            block, family = (word,), TOP
            yield TOP
        elif line.kind is LocalKind.FAMILY:  # outside of a router it is refused itself, which is said once
            family = (word,)
            yield block
        elif line.kind is LocalKind.LIST or GLOBAL.fullmatch(line.text):
            block, family = TOP, TOP
            yield TOP
        else:
            yield block + family
            if line.kind is LocalKind.END_FAMILY or (line.is_hidden_exit and family):
                family = TOP
            elif line.kind is LocalKind.EXIT or line.is_hidden_exit:
                block, family = TOP, TOP
