"""What blocks an apply on one node until a person decides, or changes something."""

from __future__ import annotations

from collections.abc import Mapping

from pvesdn.compare.way_in import WayIn, of_way_in
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import INTERFACES_NEW, FileChange
from pvesdn.model.findings import Finding, Severity
from pvesdn.model.flags import PlanFlags


def obstacles(
    changes: tuple[FileChange, ...],
    files: Mapping[str, str],
    facts: NodeFacts,
    flags: PlanFlags,
    guests: Mapping[str, tuple[str, ...]],
    *,
    carried: WayIn,
    is_reloaded: bool,
) -> tuple[Finding, ...]:
    """What blocks an apply on one node.

    :param files: the node's files as they are, by path.
    :param guests: guest ports by bridge that would go, in words.
    :param carried: devices by which the node is reached.
    :param is_reloaded: the node's network will be reloaded, whether or not files change.
    """
    found: list[Finding] = []

    def stop(what: str, hint: str) -> None:
        found.append(Finding(severity=Severity.ERROR, node=facts.node, where=facts.node, what=what, hint=hint))

    if not flags.overwrite:
        for change in changes:
            if change.conflict:
                stop(f"{change.path}: {change.conflict}", "check it with --diff, then use --overwrite to replace it")
    if not flags.detach_guests:
        given_up = {stanza.name for change in changes for stanza in change.stanzas if stanza.is_given_up}
        for bridge, ports in guests.items():
            count = f"{len(ports)} guest port{'s' if len(ports) > 1 else ''}"
            there = ", ".join(ports)
            removed = f"{bridge} would be removed with {count} in it ({there})"
            bare = f"{bridge} would lose the uplink that pvesdn gives it, with {count} in it ({there})"
            stop(bare if bridge in given_up else removed, "move the guests first, or use --detach-guests")
    if facts.node not in flags.allow_management:
        for device, what in of_way_in(changes, carried):
            stop(
                f"{device} would change, and carries {what}: whoever loses it loses the node",
                f"check it with --diff, then use --allow-management {facts.node}",
            )
    if is_reloaded and INTERFACES_NEW in files and not flags.interfaces_new:
        stop(
            "/etc/network/interfaces.new holds somebody's unapplied edits, which any reload would apply",
            "apply or revert them in the node's network panel, or use --with-interfaces-new",
        )
    return tuple(found)
