"""A row of the table whose hint `pvesdn import` gives, and what happens when somebody does what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from pvesdn.decode.nodes.interfaces import decode_interfaces
from pvesdn.errors import SdnConfigError
from pvesdn.model.files import FRR_CONF, FRR_CONF_LOCAL, OUR_INTERFACES, ChangeSet
from pvesdn.model.flags import PlanFlags
from pvesdn.model.primitives import Json
from pvesdn.model.snapshot import NodeRaw, Snapshot
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.adopt import Adoption, Form, adopt
from pvesdn.workflows.plan import plan
from tests.hints.table import INTERFACES
from tests.unit.recognise.kit import hand

PLACES = {"": INTERFACES, "frr": FRR_CONF, "local": FRR_CONF_LOCAL}
Edit = tuple[str, str, str]
"""Where, what stands there, and what is written instead, in which ``{n}`` is the node's number.

Where is ``node2`` for its interfaces, ``node2 frr`` for its frr.conf, ``* frr`` for every node's. An empty old text
appends.
"""
LinkRow = dict[str, Json]
"""A device in an answer of `ip`'s."""


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A message of import's with a hint, the files that raise it, and the state after the hint was followed.

    :param name: the situation, in words.
    :param model: what the three nodes have otherwise: a folder of tests/golden_import, of which nothing is lost.
    :param given: what is different in it.
    :param live: what is different in the answers of the nodes' commands.
    :param said: all that the import says, errors without a word before them.
    :param followed: the hint, carried out to the letter in the nodes' files; then it is imported again.
    :param deed: what the hint demands outside of files.
    :param edited: the same in the edited files, between the import and the apply.
    :param left: what the next import still says; only what the hint does not promise to end. Where nothing is followed
        before it, it says what it said.
    :param comes: lines of the definitions that are proposed then.
    :param gives_up: addresses and VNIs that the hint takes off a node, as it says: ``node1 10.0.0.1``, ``node1 VNI 5``.
    :param form: of the proposal.
    """

    name: str
    model: str
    said: str | tuple[str, ...]
    given: tuple[Edit, ...] = ()
    live: Callable[[Snapshot], Snapshot] = lambda snapshot: snapshot
    followed: tuple[Edit, ...] = ()
    deed: Callable[[Snapshot], Snapshot] | None = None
    edited: tuple[Edit, ...] = ()
    left: tuple[str, ...] = ()
    comes: str | tuple[str, ...] = ()
    gives_up: frozenset[str] = frozenset()
    form: Form = "pvesdn"

    @property
    def messages(self) -> tuple[str, ...]:
        return (self.said,) if isinstance(self.said, str) else self.said

    @property
    def said_again(self) -> tuple[str, ...]:
        """All that the next import says."""
        return self.left if self.followed or self.deed is not None else self.messages

    @property
    def definitions(self) -> tuple[str, ...]:
        return (self.comes,) if isinstance(self.comes, str) else self.comes

    def build(self) -> Snapshot:
        """The input."""
        return self.live(edit(hand(self.model), self.given))

    def follow(self, snapshot: Snapshot) -> Snapshot:
        """Do what the hint says."""
        followed = edit(snapshot, self.followed)
        return followed if self.deed is None else self.deed(followed)


def edit(snapshot: Snapshot, edits: Iterable[Edit]) -> Snapshot:
    """The nodes' files with texts exchanged. Each must be there."""
    nodes = dict(snapshot.nodes)
    for where, old, new in edits:
        who, _, what = where.partition(" ")
        for name in sorted(nodes) if who == "*" else [who]:
            path, raw = PLACES.get(what, what), nodes[name]
            given, written = (text.replace("{n}", name[-1]) for text in (old, new))
            text = raw.files.get(path, "")
            assert given in text, f"{name}: {given!r} is not in {path}"
            files = {**raw.files, path: text.replace(given, written) if given else text + written}
            nodes[name] = NodeRaw(files, raw.commands)
    return replace(snapshot, nodes=nodes)


def imported(snapshot: Snapshot, form: Form = "pvesdn") -> tuple[tuple[str, ...], Adoption | None]:
    """What an import says, and what it comes to; without that where it proposes nothing."""
    try:
        adoption = adopt(snapshot, Renderer(), form=form)
    except SdnConfigError as error:
        return error.lines, None
    found = (*adoption.proposal.findings, *adoption.proposal.lost)
    return tuple(f"{finding.severity.value}: {finding}" for finding in found), adoption


def cut_over(snapshot: Snapshot, adoption: Adoption, edited: Iterable[Edit]) -> tuple[Snapshot, ChangeSet]:
    """The cluster with the definitions, and with the edited files in place; and the plan of it.

    :param edited: what somebody writes into the edited files before.
    """
    nodes = dict(snapshot.nodes)
    for part in adoption.nodes:
        raw = nodes[part.node]
        files = {**raw.files, **{change.path: change.new or "" for change in part.edits}}
        nodes[part.node] = NodeRaw(files, {name: _down(answer, part.ifdown) for name, answer in raw.commands.items()})
    after = edit(replace(snapshot, nodes=nodes, pve_files={**snapshot.pve_files, **adoption.files}), edited)
    return after, plan(after, Renderer(), flags=PlanFlags(overwrite=True))


def _down(answer: Json, gone: Iterable[str]) -> Json:
    """An answer of `ip`'s without devices that were taken down."""
    if not isinstance(answer, list):
        return answer
    rows = [row for row in answer if isinstance(row, dict) and str(row.get("ifname")) not in gone]
    return [{key: value for key, value in row.items() if key != "master" or str(value) not in gone} for row in rows]


def held(snapshot: Snapshot, changes: ChangeSet | None = None) -> frozenset[str]:
    """Every address and every VNI that a node's files give it. :param changes: with what a plan would write there."""
    planned = {
        node.node: file.new or ""
        for node in (changes.nodes if changes else ())
        for file in node.files
        if file.path == OUR_INTERFACES
    }
    return frozenset(
        f"{name} {said}"
        for name, raw in snapshot.nodes.items()
        for text in (*_interfaces(raw.files), planned.get(name, ""))
        for stanza in decode_interfaces(text).stanzas
        for said in (
            *(value.partition("/")[0] for value in stanza.values("address")),
            *(f"VNI {value}" for value in stanza.values("vxlan-id")),
        )
    )


def _interfaces(files: Mapping[str, str]) -> Iterable[str]:
    return (text for path, text in files.items() if path.startswith(INTERFACES))


def with_address(snapshot: Snapshot, *, device: str, address: str, on: Iterable[str]) -> Snapshot:
    """The kernel has an address, /32, in the place of any other that is not the loopback's own: `lo` or a dummy."""
    held_ = {"family": "inet", "local": address, "prefixlen": 32, "scope": "global"}

    def has_it(rows: list[LinkRow]) -> list[LinkRow]:
        return [row | {"addr_info": [*_loopbacks(row), held_]} if row["ifname"] == device else row for row in rows]

    return with_rows(snapshot, "ip-addr", has_it, on=on)


def _loopbacks(row: LinkRow) -> list[Json]:
    found = row.get("addr_info")
    return [held_ for held_ in found if "127.0.0.1" in str(held_)] if isinstance(found, list) else []


def with_link(snapshot: Snapshot, *, link: LinkRow) -> Snapshot:
    """The kernel of every node has a device more."""
    return with_rows(snapshot, "ip-link", lambda rows: [*rows, link])


def without_link(snapshot: Snapshot, *, name: str) -> Snapshot:
    """Somebody says `ip link delete NAME` on every node."""
    return with_rows(snapshot, "ip-link", lambda rows: [row for row in rows if row["ifname"] != name])


def with_rows(
    snapshot: Snapshot,
    command: str,
    change: Callable[[list[LinkRow]], list[LinkRow]],
    *,
    on: Iterable[str] | None = None,
) -> Snapshot:
    """What the nodes answer to a command is changed. :param on: these nodes; every one where none is named."""
    nodes = dict(snapshot.nodes)
    for name in nodes if on is None else on:
        rows = nodes[name].commands[command]
        assert isinstance(rows, list)
        changed: Json = [*change([row for row in rows if isinstance(row, dict)])]
        nodes[name] = NodeRaw(nodes[name].files, {**nodes[name].commands, command: changed})
    return replace(snapshot, nodes=nodes)


def everywhere(text: str) -> tuple[str, ...]:
    """The same of every node; errors that are the same but for the node's name are one line.

    :param text: with ``{n}`` for its number.
    """
    head, _, rest = text.partition("{n}: ")
    if head == "node" and "{n}" not in rest:
        return (f"node1-node3: {rest}",)
    return tuple(text.replace("{n}", str(n)) for n in (1, 2, 3))
