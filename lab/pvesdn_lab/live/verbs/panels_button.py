"""What scenarios do with the panel alone: its button Apply, and what it offers for guests."""

from __future__ import annotations

import json
import re
from functools import partial

from pvesdn_lab.live.testbed.space import wait_for
from pvesdn_lab.live.verbs.context import Context, Stopwatch, require
from pvesdn_lab.live.verbs.pves_own import is_over, pvesh

_SLOW = 300.0
"""Seconds for the reload of all nodes; emulation is slow."""
_LEAKED = "in the host's own table"


def press_apply(context: Context) -> str:
    """Somebody presses Apply in PVE's panel, and pvesdn knows nothing of it: `PUT /cluster/sdn`."""
    watch, sim = Stopwatch(), context.lab.cluster.pve.sim
    upid = pvesh(context, "set", "/cluster/sdn", {})
    wait_for("PVE's reload of all nodes", partial(is_over, sim.tasks[upid]), limit=_SLOW)
    require(sim.tasks[upid]["exitstatus"] == "OK", "PVE's reload to end well", sim.tasks[upid]["log"])
    return f"PVE has committed and reloaded every node ({watch})"


def offered_in_panel(context: Context, *, vnets: list[str], nodes: list[str] | None = None) -> str:
    """The panel's list of bridges has these VNets and no others on each of these nodes."""
    members = context.nodes(nodes)
    for node in members:
        found = json.loads(pvesh(context, "get", f"/nodes/{node.name}/network", {"type": "any_bridge"}))
        offered = sorted(row["iface"] for row in found if row["type"] == "vnet")
        require(offered == sorted(vnets), f"{node.name} to offer {', '.join(sorted(vnets))}", offered)
    return f"{', '.join(sorted(vnets))} can be picked on {len(members)} nodes"


def told_without_uplink(context: Context, *, vnet: str, has_leaked: bool = False) -> str:
    """`pvesdn verify` has an error on every node about a VNet without uplink, and `pvesdn show` warns of it.

    :param has_leaked: both say that its gateway is in the host's own table.
    """
    found = (context.lab.cluster.pvesdn("verify").document or {})["findings"]
    told = {row["node"]: row["found"] for row in found if (row["object"], row["trait"]) == (vnet, "uplink")}
    names = {node.name for node in context.nodes()}
    require(told.keys() == names, f"verify to tell {vnet} on every node", told)
    leaked = {name for name, what in told.items() if _LEAKED in what}
    require(leaked == (names if has_leaked else set()), f"verify to tell where {vnet}'s gateway is", told)
    shown = context.lab.cluster.pvesdn("show", wants_json=False)
    text = " ".join((shown.output + shown.complaints).split())
    is_told = re.search(rf"\b{re.escape(vnet)}(, \S+)* runs? without an uplink", text) is not None
    require(is_told, f"show to tell {vnet}", shown.complaints[-800:])
    require((_LEAKED in text) == has_leaked, f"show to tell where {vnet}'s gateway is", shown.complaints[-800:])
    return f"{vnet} on {', '.join(sorted(names))}: {told[min(names)]}"


def gateway_in_main_table(context: Context, *, prefix: str) -> str:
    """The prefix is in the main routing table of every node, where no VRF holds it."""
    for node in context.nodes():
        found = [row["dst"] for row in node.space.json("ip", "-j", "route", "show", "table", "main")]
        require(prefix in found, f"{node.name} to have {prefix} in its main table", found)
    return f"{prefix} is in the main table of {len(context.nodes())} nodes"
