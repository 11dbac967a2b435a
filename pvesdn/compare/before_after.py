"""What an apply has broken, and what was broken before it: two looks at the nodes, held against each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from pvesdn.compare.frr_live import lines_gone
from pvesdn.compare.live_sessions import OTHER_END
from pvesdn.model.files import FRR_CONF, NodeChanges
from pvesdn.model.findings import Severity
from pvesdn.model.verification import Discrepancy, Look, Subject, Verdict

_UNDERLAY = ("router ospf", "router openfabric", "router isis")


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done between the two looks.

    :param nodes: what the plan had for each node.
    :param left: nodes that were left out on purpose although the plan changes them; what lies between them and the
        others may stand still until they have their turn.
    :param absent: nodes that were to have their turn and have not: nothing new is expected of them.
    """

    nodes: Mapping[str, NodeChanges] = field(default_factory=dict)
    left: Collection[str] = ()
    absent: Collection[str] = ()


def routes_underlay(node: NodeChanges) -> bool:
    """Whether FRR's own routes to the other nodes may come up anew, because its configuration changes."""
    texts = (text for file in node.files if file.path == FRR_CONF for text in (file.old, file.new))
    return any(line.startswith(_UNDERLAY) for text in texts for line in (text or "").splitlines())


def judge(before: Look, after: Look, applied: Applied) -> Verdict:
    """What passed before and fails now has failed, and so has what is new and does not pass. What failed before and
    still fails is nobody's fault.

    Judged are nodes that were looked at before, and those that the plan is about. Warnings are not, but for two: a
    session that was established and is no longer, whoever has the other end, unless it has none there as it is defined
    now; and a line that was taken out of frr.conf and is still in FRR.
    """
    known: dict[tuple[str, Subject, str, str], frozenset[str]] = {}
    for item in before.found:
        known[item.check] = known.get(item.check, frozenset()) | item.parts
    judged, lost = before.nodes | applied.nodes.keys(), before.up.keys() - after.up.keys()
    failed, still = [], []
    for item in after.found:
        if item.node not in judged or is_excused(item, before, applied):
            continue
        is_lost = _session(item) in lost and item.trait != OTHER_END
        is_known = item.check in known and item.parts <= known[item.check]
        is_bad = item.severity is Severity.ERROR or is_lost or _is_left_behind(item, applied)
        if is_bad and (is_lost or not is_known):
            failed.append(item)
        elif is_bad:
            still.append(item)
    healing = {item.check for node in applied.nodes.values() for item in node.drift}
    unhealed = tuple(item for item in still if item.check in healing)
    return Verdict(tuple(failed), tuple(still), unhealed, after.not_checked)


def lost_sessions(before: Look, after: Look) -> dict[str, list[str]]:
    """Sessions of BGP that were established and are no longer, by node, where both ends were looked at.

    Of a node whose FRR could not be asked nothing is known: see `untold_sessions`.
    """
    found: dict[str, list[str]] = {}
    for (node, name), peer in before.up.items():
        is_seen = node in after.nodes - after.deaf and (not peer or peer in after.nodes)
        if is_seen and (node, name) not in after.up:
            found.setdefault(node, []).append(name)
    return found


def untold_sessions(before: Look, after: Look) -> frozenset[str]:
    """Nodes that had sessions, and whose FRR could not be asked whether they are up."""
    return frozenset(node for node, _ in before.up) & after.nodes & after.deaf


def is_excused(item: Discrepancy, before: Look, applied: Applied) -> bool:
    """Whether it is about a node that has been left out, or has not had its turn."""
    if item.node in applied.left or item.node in applied.absent or (item.peer and item.peer in applied.left):
        return True
    if item.peer and item.peer in applied.absent and _session(item) not in before.up:
        return True
    changes = applied.nodes.get(item.node)
    is_unplugged = changes is not None and any(item.object in ports for ports in changes.guests.values())
    return item.subject is Subject.GUEST and is_unplugged  # which the plan has said


def _session(item: Discrepancy) -> tuple[str, str]:
    return item.node, item.object


def _is_left_behind(item: Discrepancy, applied: Applied) -> bool:
    """FRR still runs a line that the apply has taken out of its file."""
    changes = applied.nodes.get(item.node)
    if item.subject is not Subject.FRR or changes is None:
        return False
    conf = next((change for change in changes.files if change.path == FRR_CONF), None)
    return conf is not None and bool(item.parts & lines_gone(conf.old or "", conf.new or ""))
