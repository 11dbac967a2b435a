"""What a plan was made from and what it comes to, small enough to be kept and plain enough to say what has changed.

Texts are kept as digests. Of a node's facts those are kept that stay the same while nobody changes anything: guests
that start and stop are not among them, nor are routes, which say themselves in the paths to the VTEPs and in the
result.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from pvesdn.model.cluster import Vtep
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import Link, NodeFacts
from pvesdn.model.files import ChangeSet, FileChange, NodeChanges
from pvesdn.model.findings import Severity
from pvesdn.model.saved_plan import Fingerprint, Prints
from pvesdn.model.snapshot import SEEN_NAME, Snapshot

_MEMBERSHIP, _VTEPS, _WARNINGS = "membership", "VTEPs", "warnings"
_DIGEST = "sha256:"
_GUESTS_OWN = re.compile(r"(tap|veth|fwpr|fwln|fwbr)[0-9].*")
_LONGEST = 120
"""Characters of a value in a message."""


def origin_of(
    snapshot: Snapshot, given: DesignInput, vteps: Mapping[str, Vtep], only: frozenset[str] | None
) -> Fingerprint:
    """What a plan is made from.

    :param snapshot: the cluster as it is, without a draft.
    :param only: the nodes that have their turn; of the others their VTEPs matter. None for all.
    """
    cluster = given.cluster
    # What is remembered of the VTEPs is told by the VTEPs, and an apply that changes nothing else may refresh it.
    definitions = {name: _text(text) for name, text in snapshot.pve_files.items() if name != SEEN_NAME}
    answers = {name: "answers" if name in snapshot.nodes else "does not answer" for name in snapshot.nodes}
    answers |= dict.fromkeys(snapshot.unreachable, "does not answer")
    return Fingerprint(
        cluster={
            "definitions": _sorted(definitions),
            "PVE": {"version": cluster.pve_version, "SDN": "yes" if cluster.has_sdn else "no"},
            _MEMBERSHIP: {
                member.name: f"{member.address}, {answers.get(member.name, 'online') if member.is_online else 'offline'}"
                for member in cluster.members
            },
            _VTEPS: {name: _vtep(vteps[name]) for name in sorted(vteps)},
        },
        nodes={
            name: _node(snapshot.nodes[name].files, given.facts[name])
            for name in sorted(given.facts)
            if only is None or name in only
        },
    )


def result_of(changes: ChangeSet) -> Fingerprint:
    """What a plan comes to."""
    warnings: dict[str, list[str]] = {}
    for finding in changes.findings:
        if finding.severity is not Severity.NOTE:
            warnings.setdefault(finding.where, []).append(str(finding))
    pending = {f"{row.kind} {row.id}": _digest(asdict(row)) for row in changes.pending}
    return Fingerprint(
        cluster={
            "definitions to write": {file.path: _file(file) for file in changes.definitions_to_write},
            "definitions to commit": _sorted(pending),
            _WARNINGS: {where: _digest(sorted(texts)) for where, texts in sorted(warnings.items())},
        },
        nodes={node.node: _changes(node) for node in changes.nodes},
    )


def differences(then: Fingerprint, now: Fingerprint) -> tuple[str, ...]:
    """What has changed, one line for each thing; empty when nothing has.

    VTEPs that follow from another change are not told of, nor is what is known of a node that has come or gone. A
    warning that is gone is no change: what it was about has gone with it.
    """
    members = (fingerprint.cluster.get(_MEMBERSHIP, {}) for fingerprint in (then, now))
    told = {name for name, _ in set.symmetric_difference(*(set(found.items()) for found in members))}
    found = [*_between("", _without_vteps(then.cluster), _without_vteps(now.cluster))]
    for name in sorted(then.nodes.keys() | now.nodes.keys()):
        if name in then.nodes and name in now.nodes:
            found += _between(f"{name}: ", then.nodes[name], now.nodes[name])
        elif name not in told:
            found.append(f"{name}: its answers make {'sense' if name in now.nodes else 'no sense'} now")
    return tuple(found or _between("", then.cluster, now.cluster))


def _without_vteps(prints: Prints) -> Prints:
    return {group: things for group, things in prints.items() if group != _VTEPS}


def _between(where: str, then: Prints, now: Prints) -> Iterator[str]:
    for group in sorted(then.keys() | now.keys()):
        before, after = then.get(group, {}), now.get(group, {})
        for thing in sorted(before.keys() | after.keys()):
            if before.get(thing) == after.get(thing) or (group == _WARNINGS and thing not in after):
                continue
            yield f"{where}{group}: {_shown(thing)} {_how(before.get(thing), after.get(thing))}"


def _how(before: str | None, after: str | None) -> str:
    if before is None:
        return "is new"
    if after is None:
        return "is gone"
    if before.startswith(_DIGEST) or after.startswith(_DIGEST):
        return "has changed"
    return f"has changed: {_shown(before)} -> {_shown(after)}"


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _node(files: Mapping[str, str], facts: NodeFacts) -> Prints:
    links = [link for link in facts.links if not _GUESTS_OWN.fullmatch(link.name)]
    held: dict[str, list[str]] = {}
    for device, address in facts.addresses:
        if not _GUESTS_OWN.fullmatch(device):
            held.setdefault(device, []).append(str(address))
    return {
        "files": _sorted({path: _text(text) for path, text in files.items()}),
        "packages": _sorted(facts.versions),
        "kernel settings": _sorted(facts.sysctl),
        "policy rules": dict.fromkeys(sorted(facts.rules), ""),
        "devices": _sorted({link.name: _link(link) for link in links}),
        "addresses": _sorted({device: ", ".join(sorted(addresses)) for device, addresses in held.items()}),
    }


def _link(link: Link) -> str:
    parts = [link.kind or "physical", f"mtu {link.mtu}"]
    parts += [f"in {link.master}"] if link.master else []
    parts += [f"VNI {link.vni}"] if link.vni is not None else []
    parts += ["VLAN-aware"] if link.vlan_filtering else []
    # That of a bridge follows its ports, and that of a device without hardware its last start.
    parts += [link.mac] if link.mac and not link.kind else []
    return ", ".join([*parts, *sorted(link.altnames)])


def _vtep(vtep: Vtep) -> str:
    paths = [
        f"{peer} by {'+'.join(sorted(path.devices))} mtu {path.mtu} from {path.source}"
        for peer, path in sorted(vtep.paths.items(), key=lambda pair: str(pair[0]))
    ]
    unreached = sorted(map(str, vtep.unreached))
    return (
        f"{vtep.address} on {vtep.interface}, mtu {vtep.mtu}, paths {_digest([paths, unreached])[len(_DIGEST) :][:16]}"
    )


def _changes(node: NodeChanges) -> Prints:
    return {
        "files to write": {file.path: _file(file) for file in node.files},
        "steps": {"of the apply": _digest([asdict(node.execution), node.is_unfinished])},
        "guests": {bridge: ", ".join(ports) for bridge, ports in sorted(node.guests.items())},
        "obstacles": {str(finding): "" for finding in node.obstacles},
    }


def _file(file: FileChange) -> str:
    stanzas = [[stanza.name, stanza.action.value, stanza.why] for stanza in file.stanzas]
    texts = [None if text is None else _text(text) for text in (file.old, file.new)]
    return _digest([*texts, file.mode, file.owner, file.by_pve, file.conflict, stanzas])


def _text(text: str) -> str:
    return f"{_DIGEST}{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def _digest(value: object) -> str:
    return _text(json.dumps(value, default=str, sort_keys=True))


def _sorted(things: Mapping[str, str]) -> dict[str, str]:
    return dict(sorted(things.items()))
