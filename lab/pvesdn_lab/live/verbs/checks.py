"""What scenarios prove about bridging, kernels and pvesdn itself: always on live state."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from itertools import permutations

from pvesdn_lab.live.testbed.node import LiveNode
from pvesdn_lab.live.testbed.space import DEADLINE, wait_for
from pvesdn_lab.live.verbs.actions import target_address
from pvesdn_lab.live.verbs.context import Context, Stopwatch, as_proof, require


def reach_each_other(context: Context, *, guests: list[str], family: int = 4, limit: float = DEADLINE) -> str:
    """Every guest pings every other."""
    slowest = 0.0
    for one, other in permutations(guests, 2):
        with as_proof():
            address = target_address(context, other, family=family)
            slowest = max(slowest, context.guest(one).host.pings_until_answered(address, limit))
    return f"{len(guests) * (len(guests) - 1)} directions, slowest first answer after {slowest:.1f} s"


def reach(context: Context, *, guest: str, to: str, family: int = 4, limit: float = DEADLINE) -> str:
    """A guest or router gets an answer from `to` within `limit` seconds."""
    with as_proof():
        seconds = context.lab.host(guest).pings_until_answered(target_address(context, to, family=family), limit)
    return f"answered after {seconds:.1f} s"


def does_not_reach(context: Context, *, guest: str, to: str, family: int = 4) -> str:
    """A guest gets no answer from `to`."""
    answered = context.lab.host(guest).reaches(target_address(context, to, family=family), tries=3)
    require(not answered, f"{guest} not to reach {to}", "an answer")
    return "3 pings unanswered"


def full_mtu(context: Context, *, guest: str, to: str, octets: int, family: int = 4) -> str:
    """A packet of the full MTU passes unfragmented, one byte more does not."""
    host, address = context.lab.host(guest), target_address(context, to, family=family)
    with as_proof():
        wait_for(f"{guest} reaches {to}", lambda: host.reaches(address))
    require(host.fits(address, octets), f"a packet of {octets} bytes to pass")
    require(not host.fits(address, octets + 1), f"a packet of {octets + 1} bytes to be refused")
    return f"{octets} bytes pass, {octets + 1} are refused"


def floods_to_others(context: Context, *, vnet: str, nodes: list[str] | None = None) -> str:
    """The all-zero FDB entries of the VNet's VXLAN device are exactly the other nodes' VTEPs."""
    members = context.nodes(nodes)
    for node in members:
        wanted = {context.vtep(other) for other in members if other is not node}
        with as_proof():
            wait_for(
                f"{node.name} floods {vnet} to {sorted(wanted)}, not to {sorted(node.flooding(_port(vnet)))}",
                partial(_floods_to, node, vnet, wanted),
            )
    return f"each of {len(members)} nodes: the {len(members) - 1} others"


def floods_to_group(context: Context, *, vnet: str, group: str) -> str:
    """The one all-zero FDB entry is the multicast group."""
    for node in context.nodes():
        found = node.flooding(_port(vnet))
        require(found == {group}, f"{node.name} to flood {vnet} to {group} alone", found)
    return f"{group} on {len(context.nodes())} nodes, no static remote"


def sysctls(context: Context, *, values: dict[str, str], nodes: list[str] | None = None) -> str:
    """Kernel settings, as /proc has them."""
    for node in context.nodes(nodes):
        for name, wanted in values.items():
            found = node.space.must("cat", f"/proc/sys/{name.replace('.', '/')}").strip()
            require(found == wanted, f"{node.name}: {name} = {wanted}", found)
    return ", ".join(f"{name} = {value}" for name, value in values.items())


def nothing_to_plan(context: Context) -> str:
    """`pvesdn plan` finds no change, and a second apply starts no task and touches no file."""
    watch = Stopwatch()
    for cluster in context.lab.clusters.values():
        plan = cluster.pvesdn("plan", "--detailed-exitcode")
        found = f"{plan.status}: {plan.complaints[-800:]}"
        require(plan.status == 0, "plan --detailed-exitcode to find nothing", found)
        before, tasks, watch = mtimes(context.nodes()), len(cluster.pve.sim.tasklog), Stopwatch()
        again = cluster.pvesdn("apply", "--yes")
        found = f"{again.status}: {again.complaints[-800:]}"
        require(again.status == 0, "a second apply to end with 0", found)
        started = len(cluster.pve.sim.tasklog) - tasks
        require(not started, "no task of PVE's to be started", started)
        require(mtimes(context.nodes()) == before, "no file to be written")
    return f"plan is empty, the second apply ({watch}) starts no task and writes no file"


def mtimes(nodes: Iterable[LiveNode]) -> dict[str, str]:
    """When each file that pvesdn may write was last written, by node."""
    folders = ("/etc/network", "/etc/frr", "/etc/sysctl.d", "/var/lib/pvesdn")
    return {node.name: node.space.must("find", *folders, "-type", "f", "-printf", "%p %T@\\n") for node in nodes}


def nothing_left(context: Context) -> str:
    """No device of a zone, no address of one in the main table, no stanza: nodes as they were
    before the first apply.
    """
    expected = {"lo", "mgmt0", "eno1", "eno2", "vmbr0"}
    for node in context.nodes():
        left = {name for name in node.devices() if not name.startswith("tap")} - expected
        require(not left, f"{node.name} to have no device but its own", sorted(left))
        with_address = {
            link["ifname"] for link in node.space.json("ip", "-j", "address") if _has_address(link["addr_info"])
        }
        require(with_address <= {"lo", "mgmt0", "vmbr0"}, f"{node.name} to have no address left", sorted(with_address))
        routes = foreign_routes(node)
        require(not routes, f"{node.name} to have no route left", routes)
    return f"{len(context.nodes())} nodes: own devices, addresses and routes only"


def absent(context: Context, *, device: str, nodes: list[str]) -> str:
    """These nodes have no such device."""
    for node in context.nodes(nodes):
        require(device not in node.devices(), f"{node.name} to have no {device}")
    return f"no {device} on {', '.join(nodes)}"


def foreign_routes(node: LiveNode) -> list[str]:
    """Destinations in a node's main table that do not lead through a device of its own."""
    return [row["dst"] for row in node.space.json("ip", "-j", "route") if row.get("dev") not in {"mgmt0", "vmbr0"}]


def _has_address(rows: list[dict[str, str]]) -> bool:
    return any(row.get("scope") == "global" for row in rows)


def plugged_in(context: Context) -> str:
    """Every guest's port is still in its VNet's bridge."""
    for guest in context.lab.guests.values():
        if guest.node.is_on:
            master = guest.node.devices().get(guest.port, {}).get("master")
            require(master == guest.vnet, f"{guest.port} on {guest.node.name} to be in {guest.vnet}", master)
    return f"{len(context.lab.guests)} guest ports in their bridges"


def plan_says(context: Context, *, words: str) -> str:
    """`pvesdn plan` says these words somewhere, as a finding or an error."""
    run = context.lab.cluster.pvesdn("plan")
    text = json.dumps(run.document) + run.complaints
    require(words in text, f"plan to say '{words}'", text[-800:])
    return f"it says: {words}"


def plan_prints(context: Context, *, words: str) -> str:
    """`pvesdn plan`, as a person sees it, says these words somewhere, on however many lines."""
    text = " ".join(context.lab.cluster.pvesdn("plan", wants_json=False).output.split())
    require(words in text, f"plan to say '{words}'", text[-800:])
    return f"it says: {words}"


def _floods_to(node: LiveNode, vnet: str, wanted: set[str]) -> bool:
    return node.flooding(_port(vnet)) == wanted


def _port(vnet: str) -> str:
    return f"vxlan_{vnet}"
