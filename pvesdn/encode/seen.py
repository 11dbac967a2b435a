"""What is remembered of the VTEPs -> /etc/pve/sdn/pvesdn-seen.json: the inverse of `decode.cluster.seen`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pvesdn.decode.cluster.seen import FORMAT
from pvesdn.model.cluster import SeenVtep
from pvesdn.model.primitives import Json


def encode_seen(vteps: Mapping[str, SeenVtep]) -> str:
    """The file's text: the same mapping gives the same bytes."""
    entries = {node: _entry(seen) for node, seen in vteps.items()}
    return json.dumps({"format": FORMAT, "vteps": entries}, indent=1, sort_keys=True) + "\n"


def _entry(seen: SeenVtep) -> dict[str, Json]:
    others: dict[str, Json] = {str(address): mtu for address, mtu in seen.others}
    entry: dict[str, Json] = {"address": str(seen.address), "mtu": seen.mtu}
    if seen.devices:
        entry["devices"] = list(seen.devices)
    if others:
        entry["others"] = others
    if seen.former:
        entry["former"] = [str(address) for address in seen.former]
    if seen.former_vnis:
        entry["former-vnis"] = [{"vni": vni, "device": device} for vni, device in seen.former_vnis]
    if seen.paths is not None:
        entry["paths"] = {str(path.peer): {"mtu": path.mtu, "devices": list(path.devices)} for path in seen.paths}
    return entry
