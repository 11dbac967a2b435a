"""What scenarios do: definitions, guests, and what happens to nodes and cables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pvesdn_lab.live.testbed.cluster import LiveCluster, Run
from pvesdn_lab.live.testbed.space import LabFault, wait_for
from pvesdn_lab.live.verbs.context import Context, Stopwatch, as_proof, require

_REFLECTOR = """\
frr defaults datacenter
no ip forwarding
no ipv6 forwarding
router bgp {asn}
 bgp router-id {address}
 no bgp default ipv4-unicast
 neighbor CLIENTS peer-group
 neighbor CLIENTS remote-as {asn}
 neighbor CLIENTS bfd
 bgp listen range {clients} peer-group CLIENTS
 address-family l2vpn evpn
  neighbor CLIENTS activate
  neighbor CLIENTS route-reflector-client
 exit-address-family
exit
"""


def apply(
    context: Context, *, definitions: str = "", flags: list[str] | None = None, status: int = 0, cluster: str = ""
) -> str:
    """Put definitions into /etc/pve/sdn and call `pvesdn apply`.

    :param definitions: a folder of the scenario whose files replace all definitions there; empty leaves them.
    :param flags: more options of apply.
    :param status: the exit status that is expected.
    :param cluster: which one, where there are several.
    """
    chosen = context.cluster(cluster)
    if definitions:
        put_definitions(chosen, context.folder / definitions)
    watch = Stopwatch()
    run = chosen.pvesdn("apply", "--yes", *(flags or []))
    if run.status != status:
        raise LabFault(f"pvesdn apply ended with {run.status}, not {status}: {story_of(run)}{_failed_tasks(chosen)}")
    return f"pvesdn apply: exit status {run.status} after {watch}"


def define(context: Context, *, definitions: str) -> str:
    """Put definitions into /etc/pve/sdn and leave it at that."""
    put_definitions(context.lab.cluster, context.folder / definitions)
    return definitions


def put_definitions(cluster: LiveCluster, folder: Path) -> None:
    """Replace all definitions in /etc/pve/sdn by the files of a folder.

    :raises LabFault: there is no such folder.
    """
    if not folder.is_dir():
        raise LabFault(f"there is no folder {folder}")
    sdn = cluster.pve.world.pmxcfs.sdn
    for path in sdn.glob("*.cfg"):
        path.unlink()
    for path in sorted(folder.iterdir()):
        cluster.pve.write_sdn(path.name, path.read_text("utf-8"))


def story_of(run: Run) -> str:
    """Why pvesdn failed, in its own words."""
    report = run.document.get("report") or {}
    errors = [*run.document.get("errors", ()), *filter(None, [report.get("commit_error")])]
    for node in report.get("nodes", ()):
        if node.get("error"):
            errors += [node["error"], *node.get("log", ()), *node.get("left", ())]
    return " | ".join(errors) or run.complaints.strip()[-1500:]


def _failed_tasks(cluster: LiveCluster) -> str:
    """What the failed reloads of nodes said, as PVE's task viewer shows it."""
    failed = [task for task in cluster.pve.sim.tasklog if task.get("exitstatus", "OK") != "OK"]
    return "".join(f" | {task['node']}: {'; '.join(task['log'][-8:])}" for task in failed)


def vteps(context: Context, *, of: dict[str, str]) -> str:
    """From here on, expect these addresses to be the nodes' VTEPs, instead of the topology's underlay addresses."""
    context.vteps = dict(of)
    return ", ".join(f"{node} {address}" for node, address in of.items())


def guests(context: Context, *, start: list[list[str]]) -> str:
    """Start guests, each given as name, node, VNet, addresses with prefix lengths, and gateways (both separated by
    blanks).
    """
    for name, node, vnet, addresses, *rest in start:
        context.lab.add_guest(name, node, vnet, addresses.split(), rest[0].split() if rest else [])
    return f"{len(start)} guests started"


def move(context: Context, *, guest: str, to: str) -> str:
    """Move a running guest's port to another node."""
    context.guest(guest).move(context.lab.node(to))
    return f"{guest} is on {to}"


def stop_guests(context: Context) -> str:
    """Stop all guests."""
    number = len(context.lab.guests)
    context.lab.remove_guests()
    return f"{number} guests stopped"


def crash(context: Context, *, node: str) -> str:
    """Pull a node's power cable."""
    context.lab.cluster.crash(node)
    return f"{node} is off"


def boot(context: Context, *, node: str) -> str:
    """Switch a node on again; its guests are not started."""
    watch = Stopwatch()
    context.lab.cluster.boot([node])
    context.lab.cluster.wait_for_ssh(context.lab.controller)
    return f"{node} is up after {watch}"


def join(context: Context, *, node: str) -> str:
    """Let a spare node join the cluster."""
    cluster = context.lab.cluster
    plan = next((plan for plan in context.lab.topology.spare if plan.name == node), None)
    if plan is None:
        raise LabFault(f"the topology has no spare {node}")
    cluster.join(plan)
    cluster.boot([node])
    cluster.wait_for_ssh(context.lab.controller)
    return f"{node} is a member"


def reflector(context: Context, *, node: str, asn: int, clients: str) -> str:
    """Turn a spare node, a member of no cluster, into a BGP route reflector, configured by hand as an outside one is.

    :param clients: the network that its clients' addresses are from.
    """
    cluster = context.lab.cluster
    plan = next(plan for plan in context.lab.topology.spare if plan.name == node)
    cluster.prepare(plan)
    cluster.boot([node])
    address = plan.vtep
    spare = cluster.live[node]
    spare.write("/etc/frr/frr.conf", _REFLECTOR.format(asn=asn, address=address, clients=clients))
    spare.space.must("sed", "-i", "s/^bgpd=no/bgpd=yes/; s/^bfdd=no/bfdd=yes/", "/etc/frr/daemons")
    spare.space.must("systemctl", "start", "frr")
    return f"{node} reflects for {clients}"


def leave(context: Context, *, node: str) -> str:
    """Take a node out of the cluster for good, and off."""
    context.lab.cluster.retire(node)
    return f"{node} is no longer a member"


def cut(context: Context, *, card: str, of: str) -> str:
    """Pull a network cable."""
    context.lab.wires.cut(card, of)
    return f"{of}: no link on {card}"


def mend(context: Context, *, card: str, of: str) -> str:
    """Put a network cable back."""
    context.lab.wires.mend(card, of)
    return f"{of}: link on {card}"


def carries(context: Context, *, card: str, of: str, octets: int) -> str:
    """From here on a cable carries packets of so many bytes and no larger ones, which nobody is told."""
    context.lab.wires.carry(card, of, octets)
    return f"{octets} bytes on {card} of {of}"


def run(context: Context, *, node: str, command: str) -> str:
    """Run a shell command on a node; it must succeed."""
    with as_proof():
        lines = context.lab.node(node).space.must("bash", "-c", command).split("\n")
    return lines[0][:120] or "it succeeded"


def kill(context: Context, *, node: str, daemon: str) -> str:
    """End one of FRR's daemons as a crash would."""
    target = context.lab.node(node)
    target.space.must("bash", "-c", f"kill -9 $(cat /run/frr/{daemon}.pid)")
    return f"{daemon} of {node} is dead"


def restart_frr(context: Context, *, node: str) -> str:
    """Restart FRR on a node."""
    watch = Stopwatch()
    context.lab.node(node).space.must("systemctl", "restart", "frr", limit=300)
    return f"FRR of {node} restarted in {watch}"


def begin_pings(context: Context, *, name: str, guest: str, to: str, rate: int = 20) -> str:
    """Start to ping; `to` is a guest, a router or an address."""
    address = target_address(context, to)
    host = context.lab.host(guest)
    wait_for(f"{guest} reaches {to}", lambda: host.reaches(address))
    context.streams[name] = host.stream(address, rate, context.lab.folder / f"pings-{name}")
    return f"{rate} pings a second from {guest} to {to}"


def end_pings(context: Context, *, name: str, lost: int, at_least: int = 50) -> str:
    """Count the pings once at least `at_least` have been sent; at most `lost` may be missing, -1 only reports."""
    sent, missing = context.streams.pop(name).count(at_least)
    require(lost < 0 or missing <= lost, f"at most {lost} of {sent} pings to be lost", missing)
    return f"{missing} of {sent} pings lost"


def target_address(context: Context, target: str, *, family: int = 4) -> str:
    """Address of a guest by name, or the address itself."""
    if target not in context.lab.guests:
        return target
    found: Any = [a.partition("/")[0] for a in context.guest(target).addresses if (":" in a) == (family == 6)]  # noqa: PLR2004
    if not found:
        raise LabFault(f"{target} has no IPv{family} address")
    return str(found[0])


def route(context: Context, *, router: str, to: str, via: list[str]) -> str:
    """Give a router outside the cluster its route to the guests; several gateways share the flows."""
    hops = [word for gateway in via for word in ("nexthop", "via", gateway)]
    context.lab.host(router).space.must("ip", "route", "replace", to, *hops)
    return f"{router}: {to} via {', '.join(via)}"


def silence(context: Context, *, router: str) -> str:
    """A router stops answering, ARP included, while its link stays up."""
    # A MAC that nobody knows, and no other router's: it stays when the router answers again.
    number = sorted(context.lab.routers).index(router)
    context.lab.host(router).space.ip(f"link set eth0 arp off address 02:00:00:00:99:{number:02x}")
    return f"{router} is silent"


def wake(context: Context, *, router: str) -> str:
    """Undo `silence`."""
    context.lab.host(router).space.ip("link set eth0 arp on")
    return f"{router} answers again"
