"""PVE's `interfaces.d/sdn` as it is against what PVE makes of the very definitions it was made of: what differs was
edited by hand, or the node has changed since, and PVE's next reload takes it away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pvesdn.compare.free_order import in_present_order
from pvesdn.compare.present import NodeNow, PresentFile
from pvesdn.compare.stanzas import stanza_changes
from pvesdn.model.capabilities import NodeCapabilities
from pvesdn.model.files import SDN_INTERFACES, Action, RenderedFile
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.running import PveRunning

_MANY = 8
"""More interfaces than this are not listed one by one."""
_WORDS = {Action.CHANGE: "changed", Action.REMOVE: "added", Action.ADD: "missing"}
"""What an edit did, by what PVE's next reload does about it."""
_REWRITE = "apply the node's network configuration in PVE, which writes the file anew"
_TO_KEEP = {
    Action.REMOVE: "move what was added by hand to a file of its own in /etc/network/interfaces.d",
    Action.CHANGE: "set what was changed in PVE's definitions, which alone can keep it",
}
"""What keeps an edit. A second stanza of one of PVE's interfaces does not: it would stand in the way of PVE's own."""


def hand_edits(
    rendered: Iterable[RenderedFile], now: NodeNow, running: PveRunning, can: NodeCapabilities
) -> Iterator[Finding]:
    """One warning, if the node's file has the version that PVE runs and says something else than PVE writes for it.

    Nothing where the file is behind, which is told by itself, or where the rules of the node's generator are not known.

    :param rendered: the node's files; that of PVE as of the definitions that are committed.
    """
    node = now.facts.node
    file = running.nodes.get(node)
    if file is None or file.version != running.version or not can.interfaces_are_known:
        return
    for wanted in rendered:
        if wanted.path == SDN_INTERFACES:
            yield from _compare(node, wanted, now.files.get(SDN_INTERFACES, ""))


def _compare(node: str, wanted: RenderedFile, text: str) -> Iterator[Finding]:
    present = PresentFile(text)
    changes = stanza_changes(present.stanzas, in_present_order(wanted, present).interfaces)
    texts = wanted.interfaces.by_name() if wanted.interfaces is not None else {}
    names: dict[Action, list[str]] = {}
    for change in changes:
        if _said(present.stanzas.get(change.name, "")) != _said(texts.get(change.name, "")):
            action = Action.CHANGE if change.action is Action.REPLACE else change.action
            names.setdefault(action, []).append(change.name)
    told = [f"{word}: {_some(names[action])}" for action, word in _WORDS.items() if action in names]
    if told:
        what = (
            f"{SDN_INTERFACES} carries the version that PVE runs, but is not what PVE writes for it ({'; '.join(told)})"
        )
        steps = [step for action, step in _TO_KEEP.items() if action in names]
        hint = f"{' and '.join(steps)}, then {_REWRITE}" if steps else _REWRITE
        yield Finding(severity=Severity.WARNING, node=node, where=node, what=what, hint=hint)


def _said(text: str) -> list[str]:
    """The lines of a stanza that mean something, without regard to blanks."""
    lines = (" ".join(line.split()) for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return f"{', '.join(names[:_MANY])}{more}"
