"""What holds for a snapshot, whatever is in it. A law that is broken raises `Broken`; so does a foreign exception."""

from __future__ import annotations

import contextlib
import json
import random
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from pvesdn.cli.screens.adopt import adoption_document, adoption_lines
from pvesdn.cli.screens.documents import apply_document, plan_document
from pvesdn.cli.screens.overview import overview
from pvesdn.cli.screens.plan import last_line, plan_lines
from pvesdn.cli.screens.screen import Line, clean
from pvesdn.compare.counts import summarize
from pvesdn.decode.nodes.facts import decode_facts
from pvesdn.errors import PvesdnError
from pvesdn.model.cluster import Vtep
from pvesdn.model.facts import Link
from pvesdn.model.files import ChangeSet
from pvesdn.model.primitives import is_writable
from pvesdn.model.snapshot import SEEN_NAME, NodeRaw, Snapshot
from pvesdn.workflows.adopt import Form, adopt
from pvesdn.workflows.apply import apply
from pvesdn.workflows.decoded import Intent
from pvesdn.workflows.plan import plan, render_understood
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from tests.cli.kit import call
from tests.fuzz.corpus import start
from tests.fuzz.mutations import SECRET, SECRETS
from tests.fuzz.putting_in_place import PLANNER, RENDERER, cluster_of, put_in_place

T = TypeVar("T")

_STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_STATUSES = frozenset({0, 1, 2, 3, 4})


class Broken(AssertionError):
    """A law does not hold. :param law: its name, by which failures are put together."""

    def __init__(self, law: str, what: str) -> None:
        super().__init__(f"{law}: {what}")
        self.law = law


@dataclass(frozen=True)
class Refusal:
    """pvesdn said no, in one of its own errors."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """A case that broke no law.

    :param how: ``planned``, ``refused``…
    :param text: all that was said, the same at every run.
    """

    how: str
    text: str


def attempt(what: Callable[[], T]) -> T | Refusal:
    """What it gives, or pvesdn's own refusal; whatever else is raised is nobody's to catch."""
    try:
        return what()
    except PvesdnError as error:
        lines = tuple(str(error).split("\n"))
        for line in lines:
            if not line.strip() or "Traceback" in line or _STEERING.search(line):
                raise Broken("an error is printable lines", ascii(line[:200])) from error
        return Refusal(lines)


def holds(law: str, is_so: object, what: str = "") -> None:
    """:raises Broken: it is not so."""
    if not is_so:
        raise Broken(law, what)


def granted(law: str, answer: T | Refusal) -> T:
    """:raises Broken: it was refused."""
    if isinstance(answer, Refusal):
        raise Broken(law, str(answer)[:400])
    return answer


def check_snapshot(snapshot: Snapshot, rng: random.Random) -> Outcome:
    """All laws for one snapshot."""
    intent: Intent = "running" if rng.random() < 0.15 else "pending"
    changes = attempt(lambda: plan(snapshot, RENDERER, intent=intent))
    _tells_the_same_everywhere(snapshot, changes, intent)
    text = "\n".join(changes.lines) if isinstance(changes, Refusal) else _presented(changes)
    holds("no secret is shown", (planted_secret(snapshot) or "\0") not in text)
    if isinstance(changes, ChangeSet):
        _order_has_no_meaning(snapshot, changes, intent, rng)
        _nothing_is_left_to_plan(snapshot, changes, intent)
        if rng.random() < 0.2 and not changes.pending:
            _applies(snapshot, changes, intent)
    if rng.random() < 0.4:
        _imports(snapshot, "pve" if rng.random() < 0.4 else "pvesdn")
    if rng.random() < 0.15:
        _folder_says_the_same(snapshot, changes, intent)
    if rng.random() < 0.1:
        _command_line(snapshot, rng)
    return Outcome("refused" if isinstance(changes, Refusal) else "planned", text)


# --- one law each -----------------------------------------------------------------------------------------------------


def _tells_the_same_everywhere(snapshot: Snapshot, changes: ChangeSet | Refusal, intent: Intent) -> None:
    """render and show understand what plan understands."""
    known = attempt(lambda: understand(snapshot, intent=intent))
    rendered = attempt(lambda: dict(render_understood(understand(snapshot, intent=intent), RENDERER)))
    if isinstance(known, Refusal):
        holds("show refuses what plan refuses", known == changes, str(known)[:200])
        holds("render refuses what plan refuses", rendered == changes, str(rendered)[:200])
        return
    _document("show", overview(known))
    _lines([(str(finding),) for finding in known.findings])
    if isinstance(changes, ChangeSet) and not isinstance(rendered, Refusal):
        nodes = {node.node for node in changes.nodes}
        holds("plan has every node that render has", nodes == rendered.keys(), f"{sorted(nodes)}")
        for node, files in rendered.items():
            for file in files:
                # What an admin has in the files that are only added to is the admin's.
                odd = set(_STEERING.findall(file.text or "")) - set(snapshot.nodes[node].files.get(file.path, ""))
                holds("a rendered file is text", not odd, f"{node}: {file.path}: {sorted(map(ascii, odd))}")


def _presented(changes: ChangeSet) -> str:
    """A plan goes on every screen and into every document. :returns: what the screen gets."""
    summary = summarize(changes)
    _document("plan", plan_document(changes, summary, has_diff=True))
    findings = [(str(finding),) for finding in changes.findings]
    return _lines([*plan_lines(changes, summary, has_diff=True), last_line(changes, summary), *findings])


def _lines(lines: Iterable[Line]) -> str:
    texts = ["".join(clean(part if isinstance(part, str) else part.text) for part in line) for line in lines]
    for text in texts:
        holds("a screen gets printable lines", not _STEERING.search(text) and "\n" not in text, ascii(text[:200]))
    return "\n".join(texts)


def _document(kind: str, content: Any) -> None:
    try:
        text = json.dumps({"kind": kind, "content": content}, allow_nan=False)
    except ValueError as error:
        raise Broken("a document is JSON", f"{kind}: {error}") from error
    holds("a document is JSON", json.loads(text)["kind"] == kind)


def _order_has_no_meaning(snapshot: Snapshot, changes: ChangeSet, intent: Intent, rng: random.Random) -> None:
    """The keys of JSON objects, the nodes and the files come in any order."""
    again = granted("order has no meaning", attempt(lambda: plan(_shuffled(snapshot, rng), RENDERER, intent=intent)))
    for one, other in zip(changes.nodes, again.nodes, strict=True):
        holds("order has no meaning", one == other, f"{one.node}: {_difference(one, other)}")
    holds("order has no meaning", set(changes.findings) == set(again.findings), "findings")
    holds("order has no meaning", changes.pending == again.pending, "what is pending")


def _difference(one: Any, other: Any) -> str:
    fields = [name for name in one.__slots__ if getattr(one, name) != getattr(other, name)]
    return ", ".join(f"{name}: {getattr(one, name)!a} and {getattr(other, name)!a}" for name in fields)[:600]


def _shuffled(snapshot: Snapshot, rng: random.Random) -> Snapshot:
    def mixed(value: Any) -> Any:
        if isinstance(value, dict):
            keys = list(value)
            rng.shuffle(keys)
            return {key: mixed(value[key]) for key in keys}
        return [mixed(item) for item in value] if isinstance(value, list) else value

    try:
        nodes = {n: NodeRaw(mixed(dict(raw.files)), mixed(dict(raw.commands))) for n, raw in snapshot.nodes.items()}
        return Snapshot(mixed(dict(snapshot.api)), mixed(dict(snapshot.pve_files)), mixed(nodes), snapshot.unreachable)
    except RecursionError:
        return snapshot


def _nothing_is_left_to_plan(snapshot: Snapshot, changes: ChangeSet, intent: Intent) -> None:
    """Once the plan's files are in place, a plan has nothing more to do where nothing was blocked."""
    if changes.takes_frr_over or any(node.obstacles for node in changes.nodes):
        return
    if intent == "running" or (changes.pending and changes.unreachable):
        return
    there = put_in_place(snapshot, changes)
    again = granted("nothing is left to plan", attempt(lambda: plan(there, RENDERER, intent=intent)))
    for node in again.nodes:
        left = ", ".join(f"{file.path} ({', '.join(s.action + s.name for s in file.stanzas)})" for file in node.files)
        holds("nothing is left to plan", node.is_empty, f"{node.node}: {left}")
        holds("nothing blocks what is in place", not node.obstacles, f"{[str(f) for f in node.obstacles]}")
    holds("nothing is left to plan", again.seen is None, "what is remembered of the VTEPs")
    holds("nothing is left to plan", not again.pending, f"pending: {[(row.kind, row.id) for row in again.pending]}")


def _applies(snapshot: Snapshot, changes: ChangeSet, intent: Intent) -> None:
    """An apply that is told to be good leaves nothing to plan; one that is not says why."""
    made = cluster_of(snapshot)
    if intent == "running" or isinstance(attempt(lambda: read_cluster(made.world())), Refusal):
        return
    report = attempt(lambda: apply(made.world(), changes, PLANNER))
    if isinstance(report, Refusal):
        return
    _document("apply", apply_document(changes, summarize(changes), report, 0))
    if report.is_good and not changes.takes_frr_over:
        again = attempt(lambda: plan(read_cluster(made.world()), RENDERER))
        holds("a good apply leaves nothing to plan", isinstance(again, ChangeSet) and again.is_empty, str(again)[:300])


def _links(snapshot: Snapshot) -> Iterator[Link]:
    for name, raw in snapshot.nodes.items():
        with contextlib.suppress(PvesdnError):
            yield from decode_facts(name, raw).links


def _imports(snapshot: Snapshot, form: Form) -> None:
    """An import is a proposal that can be shown, or a refusal."""
    adoption = attempt(lambda: adopt(snapshot, RENDERER, form=form))
    if not isinstance(adoption, Refusal):
        _lines(adoption_lines(adoption, has_diff=True))
        _document("import", adoption_document(adoption, form, [], has_diff=True))
        holds("a proposal has a plan or says why not", adoption.plan is not None or adoption.problems)


def _folder_says_the_same(snapshot: Snapshot, changes: ChangeSet | Refusal, intent: Intent) -> None:
    """A snapshot that is written and read again is planned as it was."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "snapshot"
        if isinstance(attempt(lambda: write_snapshot(folder, snapshot)), Refusal):
            holds("what is refused is not written", not folder.exists())
            return
        secret = planted_secret(snapshot)
        for file in folder.rglob("*") if secret else ():
            leaks = file.is_file() and secret.encode() in file.read_bytes()
            holds("no secret leaves the cluster", not leaks, f"{file.relative_to(folder)}")
        back = attempt(lambda: read_snapshot(folder))
    if isinstance(back, Refusal) and "cluster/status" not in snapshot.api:
        return
    found = granted("a snapshot that was written can be read", back)
    planned = attempt(lambda: plan(found, RENDERER, intent=intent))
    if isinstance(changes, Refusal):
        return  # what made it one may have been replaced
    again = granted("a folder is planned as the cluster was", planned)
    if any(not is_writable(link.name) for link in _links(snapshot)):
        return  # in a hook such a name is more than one word, and another one behind its placeholder
    there = {node.node: {file.path for file in node.files} for node in again.nodes}
    for node in changes.nodes:  # what made a node unreadable may have been replaced, and then there are more
        paths = {file.path for file in node.files}
        holds("a folder is planned as the cluster was", there.get(node.node) == paths, f"{node.node}: {paths}")


def planted_secret(snapshot: Snapshot) -> str:
    """The secret that was planted; empty where there is none, or a later fault has made something else of its line."""
    texts = [text for raw in snapshot.nodes.values() for text in raw.files.values() if SECRET in text]
    lines = [line.strip() for text in texts for line in text.split("\n") if SECRET in line]
    return SECRET if lines and set(lines) <= SECRETS and SECRET not in "".join(snapshot.pve_files.values()) else ""


def _command_line(snapshot: Snapshot, rng: random.Random) -> None:
    """Every verb ends with a status of its own and says what is wrong in lines."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "snapshot"
        if isinstance(attempt(lambda: write_snapshot(folder, snapshot)), Refusal):
            return
        verb = rng.choice(
            (
                ["plan", "--diff", "-v"],
                ["plan", "--json", "--diff"],
                ["show"],
                ["show", "--json"],
                ["render", "--output", f"{name}/out"],
                ["import", "--diff"],
                ["import", "--as", "pve", "--json"],
                ["plan", "-q", "--overwrite", "--detach-guests", "--with-interfaces-new"],
                ["status"],
                ["status", "--json"],
                ["topology", "--live", "--format", "dot"],
                ["topology", "--json"],
                ["trace", "100", "192.0.2.1"],
                ["metrics"],
            )
        )
        result = call(*verb, "--from", folder, environ={"XDG_STATE_HOME": name})
        reports = [file.read_text() for file in Path(name).glob("pvesdn/*")]
    said = " ".join(verb)
    holds(
        "no verb ends in a crash",
        "unexpected error" not in result.err,
        f"{said}: {reports} {result.err}"[-1500:],
    )
    holds("a verb has one of its statuses", result.status in _STATUSES, f"{said}: {result.status}")
    for text in (result.out, result.err):
        holds("output is printable", not _STEERING.search(text), f"{said}: {ascii(text)[-300:]}")
    if result.status == 1 and "--json" not in verb:
        holds("a failure is explained", result.err.strip() or result.out.strip(), said)


# --- a fault of one node ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sound:
    """A snapshot that can be planned, and what comes of it."""

    name: str
    snapshot: Snapshot
    changes: ChangeSet
    vteps: dict[str, Vtep]


@cache
def sound(name: str) -> Sound | None:
    """A snapshot of the corpus that remembers every VTEP; None where it cannot be planned."""
    snapshot = start(name)
    changes = attempt(lambda: plan(snapshot, RENDERER))
    if isinstance(changes, Refusal):
        return None
    if changes.seen is not None:
        snapshot = replace(snapshot, pve_files={**snapshot.pve_files, SEEN_NAME: changes.seen})
    return Sound(name, snapshot, plan(snapshot, RENDERER), dict(understand(snapshot).vteps))


def check_damage(before: Sound, damaged: Snapshot, node: str) -> Outcome:
    """Where one node's answers are other ones, the other nodes get what they would have got.

    A node's VTEP is the one thing of it that belongs to all: its address is a peer, the MTU of its paths counts for the
    zone. While both are as they were, the others get the same bytes. An error must name the node, so that somebody can
    leave it out, and has to be one of the definitions together with the node: what cannot be read of it is no error.
    """
    changes = attempt(lambda: plan(damaged, RENDERER))
    if isinstance(changes, Refusal):
        for line in changes.lines:
            holds("an error that one node causes names the node", node in line, line[:300])
            holds("a node's unreadable file costs no other node", not line.startswith(f"{node}: /"), line[:300])
        return Outcome("refused, damaged", "\n".join(changes.lines))
    others = {change.node: change for change in changes.nodes if change.node != node}
    wanted = {change.node: change for change in before.changes.nodes if change.node != node}
    holds("one node's fault costs no other node", others.keys() == wanted.keys(), f"{sorted(others)}")
    known = understand(damaged)
    if known.vteps.get(node) is None or _place(known.vteps[node]) != _place(before.vteps.get(node)):
        return Outcome("planned with another VTEP", _presented(changes))
    for name, change in wanted.items():
        holds(
            "one node's fault costs no other node",
            others[name] == change,
            f"{name}: {_difference(change, others[name])}",
        )
    return Outcome("planned, damaged", _presented(changes))


def _place(vtep: Vtep | None) -> tuple[object, object] | None:
    return None if vtep is None else (vtep.address, vtep.mtu)
