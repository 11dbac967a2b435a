"""What a row of the table is, and what happens when somebody does what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pvesdn.decode.nodes.interfaces import decode_interfaces
from pvesdn.errors import SdnConfigError
from pvesdn.model.files import OUR_INTERFACES, ChangeSet
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan
from pvesdn.workflows.read import read_cluster
from tests.fakes import FakeCluster, fake_cluster

INTERFACES = "/etc/network/interfaces"
Change = tuple[str, str, str]
"""A file, what stands in it, and what is written instead. A file of a node is ``node1:/etc/…``, any other one lies in
/etc/pve/sdn.
"""
Deed = Callable[[FakeCluster], object]
Said = tuple[tuple[str, ...], ChangeSet | None]
"""What is said, and the plan; without one where there is none."""


@dataclass(frozen=True, slots=True)
class Row:
    """A message with a hint, the input that raises it, and the state after the hint was followed.

    :param name: the situation, in words.
    :param files: the files of /etc/pve/sdn.
    :param said: all that a plan says.
    :param followed: the hint, carried out to the letter.
    :param given: what else is unusual about the three nodes.
    :param deed: what the hint demands outside of files.
    :param left: what the next plan still says; only what the hint does not promise to end.
    :param cluster: arguments of `fake_cluster`.
    :param gives_up: addresses that the hint takes off a node, as it says.
    :param asked: what is asked for: a plan where nothing else is named.
    :param asked_then: the same once the hint was followed; None if it is as before.
    """

    name: str
    files: Mapping[str, str]
    said: str | tuple[str, ...]
    followed: tuple[Change, ...] = ()
    given: Deed | None = None
    deed: Deed | None = None
    left: tuple[str, ...] = ()
    cluster: Mapping[str, Any] = field(default_factory=dict)
    gives_up: frozenset[str] = frozenset()
    asked: Callable[[FakeCluster], Said] = field(default_factory=lambda: planned)
    asked_then: Callable[[FakeCluster], Said] | None = None

    @property
    def messages(self) -> tuple[str, ...]:
        return (self.said,) if isinstance(self.said, str) else self.said

    def build(self) -> FakeCluster:
        """The input."""
        own = self.files.get("pvesdn.cfg", "")
        others = {name: text for name, text in self.files.items() if name != "pvesdn.cfg"}
        made = fake_cluster(own, pve_files=others, **self.cluster)
        if self.given is not None:
            self.given(made)
        return made

    def follow(self, made: FakeCluster) -> None:
        """Do what the hint says."""
        for path, old, new in self.followed:
            change(made, path, old, new)
        if self.deed is not None:
            self.deed(made)


def change(made: FakeCluster, path: str, old: str, new: str) -> None:
    """Edit a file; an empty `old` appends."""
    node, colon, inside = path.partition(":")
    files = made.nodes[node].files if colon else made.nodes.pve_files
    place = inside if colon else f"/etc/pve/sdn/{path}"
    text = files.get(place, "")
    assert old in text, f"{old!r} is not in {place}"
    files[place] = text.replace(old, new) if old else text + new


def add_link(made: FakeCluster, node: str, name: str, *, address: str = "", **more: Any) -> None:
    """Give a node a device, or change one. :param address: with its prefix length."""
    commands = made.nodes[node].commands
    kind = more.pop("kind", "")
    row = {"ifname": name, "mtu": 1500, **more} | ({"linkinfo": {"info_kind": kind}} if kind else {})
    for table in ("ip-link", "ip-addr"):
        old = next((link for link in commands[table] if link["ifname"] == name), None)
        if old is None:
            commands[table].append(dict(row) | ({"addr_info": []} if table == "ip-addr" else {}))
        else:
            old.update({key: value for key, value in row.items() if key != "mtu" or "mtu" in more})
    if address:
        local, _, length = address.partition("/")
        family = "inet6" if ":" in local else "inet"
        held = {"family": family, "local": local, "prefixlen": int(length), "scope": "global"}
        next(link for link in commands["ip-addr"] if link["ifname"] == name)["addr_info"].append(held)


def drop_link(made: FakeCluster, node: str, name: str) -> None:
    """Take a device from a node."""
    commands = made.nodes[node].commands
    for table in ("ip-link", "ip-addr"):
        commands[table][:] = [link for link in commands[table] if link["ifname"] != name]


def drop_address(made: FakeCluster, node: str, address: str) -> None:
    """Take an address from a node."""
    for link in made.nodes[node].commands["ip-addr"]:
        link["addr_info"] = [held for held in link["addr_info"] if held["local"] != address]


def free(made: FakeCluster, node: str, name: str) -> None:
    """Take a device out of its bridge, bond or VRF."""
    commands = made.nodes[node].commands
    for table in ("ip-link", "ip-addr"):
        for link in commands[table]:
            if link["ifname"] == name:
                link.pop("master", None)


def planned(made: FakeCluster, **options: Any) -> Said:
    """What a plan says, and the plan; without one where the definitions are refused. :param options: of the plan."""
    try:
        changes = plan(read_cluster(made.world()), Renderer(), **options)
    except SdnConfigError as error:
        return tuple(f"error: {line}" for line in error.lines), None
    found = [*changes.findings, *(obstacle for node in changes.nodes for obstacle in node.obstacles)]
    return tuple(f"{finding.severity.value}: {finding}" for finding in found), changes


def own_addresses(made: FakeCluster) -> dict[str, set[str]]:
    """The addresses that each node's own files give it."""
    return {
        node: {
            value
            for path, text in made.nodes[node].files.items()
            if path.startswith(INTERFACES) and path != OUR_INTERFACES
            for stanza in decode_interfaces(text).stanzas
            for value in stanza.values("address")
        }
        for node in made.nodes.nodes
    }


def addresses_twice(changes: ChangeSet) -> list[str]:
    """Addresses that the plan gives to two nodes, other than those of gateways, which all nodes share."""
    holders: dict[str, set[str]] = {}
    for node in changes.nodes:
        for file in node.files:
            stanzas = decode_interfaces(file.new or "").stanzas if file.path == OUR_INTERFACES else ()
            for stanza in stanzas:
                if not stanza.values("bridge-ports"):
                    for value in stanza.values("address"):
                        holders.setdefault(re.sub(r"/.*", "", value), set()).add(node.node)
    return sorted(address for address, nodes in holders.items() if len(nodes) > 1)
