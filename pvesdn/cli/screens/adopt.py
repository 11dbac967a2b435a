"""What an import proposes, for people and as a document."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pvesdn.cli.screens.blocks import diff_lines
from pvesdn.cli.screens.documents import findings, plan_document
from pvesdn.cli.screens.plan import plan_lines
from pvesdn.cli.screens.screen import Line, Span, Style
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.compare.counts import summarize
from pvesdn.compare.diff import showable
from pvesdn.decode.secrets import HIDDEN
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL
from pvesdn.model.findings import shared_lines
from pvesdn.model.ranges import ranges
from pvesdn.workflows.adopt import Adoption, Form, NodeAdoption
from pvesdn.workflows.read import SDN_DIR


def adoption_lines(adoption: Adoption, *, has_diff: bool, width: int | None = None) -> Iterator[Line]:
    """Everything but the plan's last line.

    :param has_diff: show what changes in each file.
    :param width: see `wrapped`; what files are to say stays whole.
    """
    for name, text in sorted(adoption.files.items()):
        yield (Span(f"Proposed: {SDN_DIR}/{name}", Style.STRONG),)
        yield ()
        yield from ((line,) for line in text.rstrip("\n").split("\n"))
        yield ()
    yield from wrapped(_takes_out(), width)
    yield from _nodes(adoption, has_diff=has_diff, width=width)
    yield from wrapped(_lost(adoption), width)
    yield from _frr_local(adoption.proposal.frr_local, width)
    if adoption.plan is not None:
        yield (Span("What then comes", Style.STRONG), ": the plan of apply --overwrite, once all that is taken out")
        yield ()
        yield from plan_lines(adoption.plan, summarize(adoption.plan), has_diff=has_diff, width=width)


def _takes_out() -> Iterator[Line]:
    yield (Span("To take out", Style.STRONG), ": the kernel refuses a second device with a VNI, so these go first.")
    yield ("From then until the apply is done, guests have no network beyond their node.",)
    yield ()


def _nodes(adoption: Adoption, *, has_diff: bool, width: int | None) -> Iterator[Line]:
    """What goes from each node; nodes from which the same goes once."""
    rewritten = _rewritten(adoption)
    alike: dict[tuple[Line, ...], list[str]] = {}
    for node in adoption.nodes:
        lines = tuple(_node(node, has_diff=has_diff, is_frr_rewritten=node.node in rewritten, width=width))
        alike.setdefault(lines, []).append(node.node)
    for lines, names in alike.items():
        yield from wrapped([(Span(ranges(names), Style.STRONG),)], width)
        yield from lines
        yield ()


def _lost(adoption: Adoption) -> Iterator[Line]:
    if adoption.proposal.lost:
        yield (Span("Not carried over", Style.WARNING), ": the definitions do not express this")
        yield from ((f"  {line}",) for line in shared_lines(adoption.proposal.lost))
        yield ()


def _frr_local(found: Mapping[str, tuple[str, ...]], width: int | None) -> Iterator[Line]:
    """What can be kept of frr.conf; nodes with the same lines once."""
    if not found:
        return
    is_hidden = any(HIDDEN in line for lines in found.values() for line in lines)
    secret = f", with the secret in place of {HIDDEN}" if is_hidden else ""
    head: Line = (Span(f"For {FRR_CONF_LOCAL}", Style.STRONG), f": what of it still can be said there{secret}")
    yield from wrapped([head], width)
    yield ()
    for lines in dict.fromkeys(found.values()):
        yield (Span(ranges(node for node, own in found.items() if own == lines), Style.STRONG),)
        yield from ((f"  {line}",) for line in lines)
        yield ()


def adoption_document(adoption: Adoption, form: Form, written: Iterable[str], *, has_diff: bool) -> dict[str, Any]:
    """The content of the document; see docs/json.md."""
    plan = adoption.plan
    rewritten = _rewritten(adoption)
    return {
        "form": form,
        "definitions": [{"file": f"{SDN_DIR}/{name}", "text": text} for name, text in sorted(adoption.files.items())],
        "nodes": [_node_document(node, rewritten, has_diff=has_diff) for node in adoption.nodes],
        "not_carried_over": findings(adoption.proposal.lost),
        "frr_conf_local": {
            node: "".join(f"{line}\n" for line in lines) for node, lines in sorted(adoption.proposal.frr_local.items())
        },
        "findings": findings(adoption.proposal.findings),
        "unreachable": dict(sorted(adoption.unreachable.items())),
        "plan": None if plan is None else plan_document(plan, summarize(plan), has_diff=has_diff),
        "problems": list(adoption.problems),
        "written": list(written),
    }


def _rewritten(adoption: Adoption) -> frozenset[str]:
    """Nodes whose frr.conf is rewritten: by pvesdn, or by PVE once it has a controller."""
    if adoption.proposal.sdn.pve.needs_frr:
        return adoption.proposal.speakers
    nodes = adoption.plan.nodes if adoption.plan is not None else ()
    return frozenset(
        node.node for node in nodes for change in node.files if change.path == FRR_CONF and change.old is not None
    )


def _node(node: NodeAdoption, *, has_diff: bool, is_frr_rewritten: bool, width: int | None) -> Iterator[Line]:
    """What goes from a node, below its name."""
    yield from wrapped(_take_outs(node), width)
    if node.ifdown:
        yield (f"    taken down before that: {shlex.join(['ifdown', *node.ifdown])}",)
    if is_frr_rewritten:
        yield Span("  ~", Style.CHANGE), f" {FRR_CONF}  (rewritten as a whole)"
    if has_diff:
        for edit in node.edits:
            yield from diff_lines(edit)


def _take_outs(node: NodeAdoption) -> Iterator[Line]:
    for out, spans in node.take_outs:
        lines = ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in spans)
        comes = "" if out.becomes == out.name else f", {out.becomes} comes in its place"
        if out.options is None:
            yield Span("  -", Style.REMOVE), f" {out.name}  ({out.place.file}:{lines}{comes})"
        else:
            yield Span("  ~", Style.CHANGE), f" {out.name}  ({out.place.file}:{lines}; its other lines stay)"


def _node_document(node: NodeAdoption, rewritten: frozenset[str], *, has_diff: bool) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": node.node,
        "take_out": [
            {
                "name": out.name,
                "file": out.place.file,
                "lines": [{"first": first, "last": last} for first, last in spans],
                "is_whole": out.options is None,
                "vni": out.vni,
                "becomes": out.becomes,
            }
            for out, spans in node.take_outs
        ],
        "ifdown": list(node.ifdown),
        "is_frr_rewritten": node.node in rewritten,
    }
    if has_diff:
        document["diff"] = [line for edit in node.edits for line in showable(edit)]
    return document
