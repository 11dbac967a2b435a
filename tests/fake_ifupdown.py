"""What ifupdown2 makes of a fake node's files: the simulated one's work, as rows of `ip`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pvesdn_lab.simulated.commands import ifupdown, iproute
from pvesdn_lab.simulated.commands.interfaces_files import Interfaces
from pvesdn_lab.simulated.commands.state import PHYSICAL, locked_state
from pvesdn_lab.simulated.commands.streams import caught
from tests.fake_nodes import FakeNode

Row = dict[str, Any]
_FOLDER = "/etc/network/interfaces.d/"
_LINK, _ADDRESS = ("-j", "-d", "link"), ("-j", "-d", "address")


def reloaded(node: FakeNode) -> None:
    """Have a device for every `iface` of interfaces.d, as it says, and none without one; the rest stays as it is."""
    links = [row for row in node.commands["ip-link"] if not row.get("is_made")]
    addresses = [row for row in node.commands["ip-addr"] if not row.get("is_made")]
    _begin(node, links, addresses)
    with caught() as (_, complaints):
        ifupdown.ifreload(node.root, ["-a"])
    del complaints
    named = {name for path, text in node.files.items() if path.startswith(_FOLDER) for name in _names(text)}
    known = {row["ifname"] for row in links}
    node.commands["ip-link"] = _after(node, _LINK, links, named, known)
    node.commands["ip-addr"] = _after(node, _ADDRESS, addresses, named, known)
    for name, vteps in _remotes(node).items():
        node.flood[name] = vteps


def _begin(node: FakeNode, links: Sequence[Row], addresses: Sequence[Row]) -> None:
    """The devices that are there without interfaces.d."""
    held = {row["ifname"]: row.get("addr_info", []) for row in addresses}
    known = {row["ifname"] for row in links}
    with locked_state(node.root) as state:
        for name in list(state.links):
            state.delete(name)
        state.managed.clear()
        for row in links:
            info = row.get("linkinfo", {})
            state.add(
                row["ifname"],
                info.get("info_kind", PHYSICAL),
                mtu=row.get("mtu", 1500),
                address=row.get("address", ""),
                addresses=[f"{item['local']}/{item['prefixlen']}" for item in held.get(row["ifname"], [])],
                master=row.get("master") if row.get("master") in known else None,
                info=dict(info.get("info_data", {})),
            )


def _names(text: str) -> list[str]:
    return [line.split()[1] for line in text.splitlines() if line.startswith("iface ")]


def _after(
    node: FakeNode, question: Sequence[str], before: Sequence[Row], named: set[str], known: set[str]
) -> list[Row]:
    with caught() as (answer, _):
        iproute.ip(node.root, question)
    rows = {row["ifname"]: row for row in json.loads(answer.getvalue())}
    # A card that an exit takes has its own row again when the exit goes.
    originals: dict[str, Row] = node.originals.setdefault(question[-1], {})
    kept = []
    for row in before:
        name = row["ifname"]
        if name in named and name in rows:
            originals.setdefault(name, row)
            kept.append(rows[name])
        else:
            kept.append(originals.pop(name, row))
    there = known | named & rows.keys()
    for row in kept:  # a bridge that goes leaves its ports behind
        if row.get("master", "") not in {"", *there}:
            del row["master"]
    return [*kept, *(rows[name] | {"is_made": True} for name in rows if name in named - known)]


def _remotes(node: FakeNode) -> dict[str, list[str]]:
    stanzas = Interfaces(node.root).stanzas
    return {
        name: [word for line in attributes["vxlan-remoteip"] for word in line.split()]
        for name, attributes in stanzas.items()
        if "vxlan-remoteip" in attributes
    }
