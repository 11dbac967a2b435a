"""VLANs of bridges' ports, and PVE's script that plugs a guest's port in, on a simulated node."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pvesdn_lab.simulated.commands.state import Link, State, locked_state
from pvesdn_lab.simulated.commands.streams import complain

_ALL = range(1, 4095)
_USUAL = ((1, 1, True),)
"""What the kernel gives every port of a bridge: VLAN 1, as PVID and untagged."""


def shown_vlans(state: State) -> list[dict[str, Any]]:
    """``bridge -j -compressvlans vlan show``."""
    ports = {name: link for name, link in state.links.items() if _bridge(state, link) is not None}
    return [{"ifname": name, "vlans": [_row(*vlan) for vlan in _vlans(state, link)]} for name, link in ports.items()]


def set_vlans(state: State, link: Link, action: str, words: Sequence[str]) -> None:
    """``add vid FIRST[-LAST] [pvid untagged]`` and ``del vid FIRST[-LAST]``."""
    first, _, last = words[0].partition("-")
    changed = range(int(first), int(last or first) + 1)
    kept = {vlan: pvid for low, high, pvid in _vlans(state, link) for vlan in range(low, high + 1)}
    for vlan in changed:
        kept.pop(vlan, None)
        if action == "add":
            kept[vlan] = "pvid" in words
    runs: list[tuple[int, int, bool]] = []
    for vlan in sorted(kept):
        if runs and runs[-1][1] == vlan - 1 and runs[-1][2] == kept[vlan]:
            runs[-1] = (runs[-1][0], vlan, kept[vlan])
        else:
            runs.append((vlan, vlan, kept[vlan]))
    link["vlans"] = runs


def pve_bridge(root: Path, arguments: Sequence[str]) -> int:
    """``pve-bridge tapNiM``: into the bridge and the VLANs that the guest's configuration names."""
    match = re.fullmatch(r"tap([0-9]+)i([0-9]+)", arguments[0])
    if match is None:
        complain("got strange interface name\n")
        return 1
    text = (root / f"etc/pve/qemu-server/{match[1]}.conf").read_text("utf-8")
    line = next(line for line in text.splitlines() if line.startswith(f"net{match[2]}:"))
    words = dict(word.strip().partition("=")[::2] for word in line.partition(":")[2].split(","))
    with locked_state(root) as state:
        outer = f"fwpr{match[1]}p{match[2]}"
        port = state.links[outer if outer in state.links else arguments[0]]
        port["master"] = words["bridge"]
        port.pop("vlans", None)
        if state.links[words["bridge"]]["info"].get("vlan_filtering"):
            set_vlans(state, port, "del", [f"{_ALL[0]}-{_ALL[-1]}"])
            trunks = words["trunks"].split(";") if "trunks" in words else [] if "tag" in words else ["2-4094"]
            for trunk in trunks:
                set_vlans(state, port, "add", [trunk])
            set_vlans(state, port, "add", [words.get("tag", "1"), "pvid", "untagged"])
    return 0


def _bridge(state: State, link: Link) -> Link | None:
    master = state.links.get(link["master"] or "")
    return master if master is not None and master["kind"] == "bridge" else None


def _vlans(state: State, link: Link) -> Sequence[tuple[int, int, bool]]:
    """First, last, and whether it is the PVID; the ports of a stanza have what ifupdown2 gives them."""
    if "vlans" in link:
        return [tuple(vlan) for vlan in link["vlans"]]
    bridge = _bridge(state, link)
    is_aware = bridge is not None and bridge["info"].get("vlan_filtering")
    return (*_USUAL, (2, 4094, False)) if is_aware else _USUAL


def _row(first: int, last: int, is_pvid: bool) -> dict[str, Any]:  # noqa: FBT001 - of a triple
    row: dict[str, Any] = {"vlan": first} if first == last else {"vlan": first, "vlanEnd": last}
    return row | ({"flags": ["PVID", "Egress Untagged"]} if is_pvid else {})
