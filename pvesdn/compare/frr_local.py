"""What PVE's merge makes of frr.conf.local on a node: nothing of ours may be lost there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pvesdn.decode.secrets import hide_secrets
from pvesdn.design.pve.frr import FrrStop, what_stops_frr
from pvesdn.model.capabilities import GeneratorLevel
from pvesdn.model.design import DesignInput, NodeDesign
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, RenderedFile
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.frr import FrrConfig
from pvesdn.model.frr_local import LocalFault, LocalKind, LocalLine, LocalMerge

_DAEMONS = {"ospf": ("ospfd", "OSPF"), "openfabric": ("fabricd", "OpenFabric")}
_OUR_HINT = "check what comes before our block in the file, and the AS numbers of PVE's controllers"


@dataclass(frozen=True, slots=True)
class LocalVerdict:
    """What does not pass the merge.

    :param errors: of our block, and lines of anybody's over which PVE fails.
    :param warnings: of the administrator's own lines.
    """

    errors: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


def judge_local(node: str, merge: LocalMerge, *, is_older: bool = False) -> LocalVerdict:
    """What has to be said of the file, as it will be, beside what PVE generates on the node.

    :param is_older: PVE's generator there is older than 1.3: what it drops is the same, how it fails is not known.
    """
    found = [fault for fault in merge.faults if fault.line.is_ours or fault.is_loss or not is_older]
    errors = [fault for fault in found if fault.line.is_ours or fault.is_fatal]
    others = [fault for fault in found if fault not in errors]
    return LocalVerdict(
        tuple(_finding(Severity.ERROR, node, fault) for fault in errors),
        (
            *(_finding(Severity.WARNING, node, fault) for fault in others if not fault.is_loss),
            *_summary(node, [fault for fault in others if fault.is_loss]),
            *_without_daemon(node, merge.generated, merge.lines),
        ),
    )


def judge_rendered_local(
    rendered: Iterable[RenderedFile], design: NodeDesign, given: DesignInput, files: Mapping[str, str]
) -> LocalVerdict:
    """The same of what was rendered for a node: where PVE writes frr.conf there, and its merge is the one we know.

    :param files: text by path, as the node has it; its frr.conf.local counts where none was rendered.
    """
    text, merge = files.get(FRR_CONF_LOCAL), None
    for file in rendered:
        if file.path == FRR_CONF_LOCAL:
            text = file.text
        if file.path == FRR_CONF:
            merge = file.merge
    can = given.capabilities.on(design.node)
    if text is None or not can.merge_is_known or not design.owners.pve_writes_frr:
        return LocalVerdict()
    if merge is not None:
        return judge_local(design.node, merge, is_older=can.level < GeneratorLevel.KNOWN)
    if design.frr is None:
        return LocalVerdict()
    return LocalVerdict(warnings=(_not_merged(design.node, what_stops_frr(given, design.node)),))


def _not_merged(node: str, stop: FrrStop | None) -> Finding:
    """Our lines are in the file, and nobody can say what becomes of them.

    :param stop: why PVE writes no frr.conf at all there; None where it does.
    """
    what = "not checked: what PVE's merge makes of our lines, since pvesdn does not render PVE's part on this node"
    hint = "check frr.conf after applying"
    if stop is not None:
        what = f"our lines do not reach FRR: PVE writes no frr.conf here because there is {stop.what.rstrip(',')}"
        hint = stop.hint
    where = f"{node}: {FRR_CONF_LOCAL}"
    return Finding(severity=Severity.WARNING, node=node, where=where, what=what, hint=hint)


def _without_daemon(node: str, config: FrrConfig, lines: Iterable[LocalLine]) -> Iterator[Finding]:
    """Routers that pass the merge in vain: PVE stops their daemon where no fabric needs it (docs/pve.md §4.2)."""
    in_fabrics = {"ospf": config.ospf_interfaces, "openfabric": config.openfabric_routers}
    for line in lines:
        words = line.text.split()
        if line.kind is LocalKind.ROUTER and not in_fabrics.get(words[1], True):
            daemon, fabric = _DAEMONS[words[1]]
            yield Finding(
                severity=Severity.WARNING,
                node=node,
                where=f"{node}: {FRR_CONF_LOCAL}:{line.number}",
                what=f"'{line.text}' does not run: PVE switches {daemon} off on a node that is in no {fabric} fabric",
                hint=f"put the node into an {fabric} fabric in PVE, whose {daemon} then reads these lines too, "
                "or let something other than FRR route the underlay",
            )


def _summary(node: str, found: Sequence[LocalFault]) -> list[Finding]:
    """One warning for an administrator's file, however much of it PVE leaves out; each line is in it."""
    if not found:
        return []
    first, *others = (_finding(Severity.WARNING, node, fault) for fault in found)
    if not others:
        return [first]
    counted = "1 more line does" if len(others) == 1 else f"{len(others)} more lines do"
    what = f"{first.what}, and {counted} not pass either"
    return [first.model_copy(update={"what": what, "others": tuple(others)})]


def _finding(severity: Severity, node: str, fault: LocalFault) -> Finding:
    text, _ = hide_secrets(fault.line.text.strip())
    whose = "of our block " if fault.line.is_ours else ""
    hint = _OUR_HINT if fault.line.is_ours and fault.is_loss else fault.hint
    what = f"in PVE's merge line '{text}' {whose}{fault.what}"
    where = f"{node}: {FRR_CONF_LOCAL}:{fault.line.number}"
    return Finding(severity=severity, node=node, where=where, what=what, hint=hint)
