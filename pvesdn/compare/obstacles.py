"""What stops an apply on one node until a person decides or mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fnmatch import fnmatch
from typing import TypeAlias

from pvesdn.compare.flags import PlanFlags
from pvesdn.compare.stanzas import option
from pvesdn.compare.taken import taken_vnis
from pvesdn.decode.interfaces import split_stanzas
from pvesdn.model.facts import NodeFacts
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS, OUR_INTERFACES, SDN_INTERFACES, FileChange
from pvesdn.model.findings import Finding, Severity

_Stop: TypeAlias = Callable[[str, str], None]
_FRR_FILES = frozenset({FRR_CONF, FRR_CONF_LOCAL, FRR_DAEMONS})
_INTERFACES_FILES = frozenset({OUR_INTERFACES, SDN_INTERFACES})


def obstacles(
    changes: tuple[FileChange, ...],
    files: Mapping[str, str],
    facts: NodeFacts,
    flags: PlanFlags,
    guests: Mapping[str, tuple[str, ...]],
    *,
    is_reloaded: bool,
) -> tuple[Finding, ...]:
    """What stops an apply on one node.

    :param files: the node's files as they are, by path.
    :param guests: guest ports by bridge that would go.
    :param is_reloaded: the node's network will be reloaded, whether or not files change.
    """
    found: list[Finding] = []

    def stop(what: str, hint: str) -> None:
        found.append(Finding(severity=Severity.ERROR, where=facts.node, what=what, hint=hint))

    if not flags.overwrite:
        for change in changes:
            if change.conflict:
                stop(f"{change.path}: {change.conflict}", "look at it with --diff, then say --overwrite to replace it")
    if not flags.detach_guests:
        for bridge, ports in guests.items():
            count = f"{len(ports)} guest port{'s' if len(ports) > 1 else ''}"
            stop(
                f"{bridge} would go with {count} plugged in ({', '.join(ports)})",
                "move the guests first, or say --detach-guests",
            )
    if is_reloaded and "/etc/network/interfaces.new" in files and not flags.interfaces_new:
        stop(
            "/etc/network/interfaces.new holds somebody's unapplied edits, which any reload would bring into force",
            "apply or revert them in the node's network panel, or say --with-interfaces-new",
        )
    _check_prerequisites(changes, facts, stop)
    return tuple(found)


def _check_prerequisites(changes: tuple[FileChange, ...], facts: NodeFacts, stop: _Stop) -> None:
    for change in changes:
        if change.path in _INTERFACES_FILES:
            for name, taken in taken_vnis(change.old, change.new, facts).items():
                stop(
                    f"{name}: VNI {taken.vni} is already on the device {taken.holder}, and the kernel refuses a second one",
                    f"take {taken.holder} out of /etc/network/interfaces, or choose another VNI",
                )
    own = {change.path: change for change in changes if not change.by_pve and change.new is not None}
    if OUR_INTERFACES in own:
        if not any(fnmatch(OUR_INTERFACES, _absolute(pattern)) for pattern in facts.sources):
            stop(
                f"/etc/network/interfaces does not source {OUR_INTERFACES}",
                "add the line 'source /etc/network/interfaces.d/*' to it",
            )
        for name in _missing_uplinks(own[OUR_INTERFACES], facts):
            stop(
                f"{name}: the interface does not exist, so the reload would fail half-way",
                "name another one in the exit, or wait until it is there",
            )
    if facts.versions:
        if OUR_INTERFACES in own and "ifupdown2" not in facts.versions:
            stop("ifupdown2 is not installed", "apt install ifupdown2")
        if _FRR_FILES & own.keys() and "frr" not in facts.versions:
            stop("FRR is not installed", "apt install frr frr-pythontools")


def _missing_uplinks(change: FileChange, facts: NodeFacts) -> Iterable[str]:
    """Exits' interfaces that nothing makes: no device, none below a VLAN, and no stanza of the node's own."""
    if not facts.links:
        return
    there = {link.name for link in facts.links} | {stanza.name for stanza in facts.stanzas}
    for name, text in split_stanzas(change.new or ""):
        if _is_uplink(text) and name not in there and name.partition(".")[0] not in there:
            yield name


def _is_uplink(text: str) -> bool:
    """The only device of a VRF that ifupdown2 does not make itself."""
    made = ("bridge-ports", "vxlan-id", "vrf-table")
    return option(text, "vrf") is not None and all(option(text, key) is None for key in made)


def _absolute(pattern: str) -> str:
    return pattern if pattern.startswith("/") else f"/etc/network/{pattern}"
