"""`pvesdn show`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from pvesdn.cli import options, statuses
from pvesdn.cli.draft import read_draft
from pvesdn.cli.screens.documents import findings, pending, running
from pvesdn.cli.screens.overview import overview
from pvesdn.cli.screens.paths import path_lines
from pvesdn.cli.screens.pve import pending_lines, running_lines
from pvesdn.cli.screens.screen import Line, Span, Style, counted
from pvesdn.cli.screens.tables import folded
from pvesdn.cli.screens.wrapping import wrapped
from pvesdn.cli.session import Session
from pvesdn.cli.source import cluster_of, show_findings, take, understood
from pvesdn.cli.watch_status import standing, status_lines
from pvesdn.model.cluster import ClusterState
from pvesdn.workflows.decoded import Intent
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import Understanding

Row = dict[str, Any]


@click.command(epilog=statuses.LOOK_TABLE)
@options.draft
@options.source
@options.json_output
@options.common
@click.pass_obj
def show(session: Session, *, draft_file: Path | None, folder: Path | None, intent: Intent) -> int:
    """Show zones, VNets, VTEPs, exits and nodes as pvesdn understands them, and how to plug guests into VNets of
    pvesdn.cfg; and what watch has left on this node, such as what is pending.
    """
    draft = None if draft_file is None else read_draft(draft_file)
    world = None if folder is not None else cluster_of(session)
    snapshot = take(session, folder) if world is None else read_cluster(world)
    known = understood(snapshot, draft, intent, only_looks=True)
    rows = overview(known)
    unreachable = known.unanswered
    # What watch has left here is about the cluster of this machine, which need not be the one that was read.
    is_here = world is not None and world.local_node is not None and known.given.cluster.member(world.local_node)
    watch = standing(session.settings()) if is_here else None
    if session.wants_json:
        cluster = known.given.cluster
        session.document(
            "show",
            {
                "cluster": {"name": cluster.name, "pve_version": cluster.pve_version, "has_sdn": cluster.has_sdn},
                **rows,
                "pending": pending(known.pending),
                "running": running(known.running),
                "watch": watch,
                "findings": findings(known.findings),
                "unreachable": unreachable,
            },
        )
    else:
        show_findings(session.screen, known.findings)
        session.screen.lines(_screen(known, rows, session.screen.width))
        if watch is not None:
            session.screen.lines(_watch(watch, session.screen.width))
        for name, reason in sorted(unreachable.items()):
            session.screen.warning(f"not asked: {name}: {reason.removeprefix(f'{name}: ')}")
    return statuses.UNREACHABLE if unreachable else statuses.OK


def _screen(known: Understanding, rows: dict[str, list[Row]], width: int | None) -> Iterator[Line]:
    section = partial(_section, width=width)
    yield (_cluster(known.given.cluster),)
    everywhere = [row["name"] for row in rows["nodes"]]
    yield from section("VTEPs", (_vtep(row) for row in rows["vteps"]))
    vteps = known.vteps
    reached = [(name, f"to {peers}", how) for name in sorted(vteps) for peers, how in path_lines(vteps[name], vteps)]
    yield from section("Paths to the other VTEPs", reached)
    yield from section("Zones", (_zone(row, everywhere) for row in rows["zones"]))
    yield from section("VNets", (_vnet(row) for row in rows["vnets"]))
    yield from section("Controllers", ((r["id"], _asn(r["asn"]), r["source"]) for r in rows["controllers"]))
    yield from section("Exits", (_exit(row) for row in rows["exits"]))
    yield from section("Nodes", (_node(row) for row in rows["nodes"]))
    if known.running.version is not None or known.pending:
        yield ()
        yield (Span("PVE's SDN", Style.STRONG),)
        yield from wrapped((*running_lines(known.running), *pending_lines(known.pending)), width)
    ours = [row for row in rows["vnets"] if row["guest_command"]]
    yield from section(
        "Guests: VNets of pvesdn.cfg cannot be picked in the GUI; users need SDN.Use on the ACL path",
        ((row["id"], row["guest_command"], f"ACL path {row['acl_path']}") for row in ours),
        whole=(1,),
    )
    carried = [row for row in rows["vnets"] if row["drawn_in"]]
    yield from section("Guests: VNets of PVE's panel that are carried, picked there as bridges", map(_carried, carried))


def _carried(row: Row) -> tuple[str, ...]:
    gone = f"zone {row['drawn_in']} of PVE's has it no more; kept on {', '.join(row['nodes'])} for what is there"
    return row["id"], f"bridge {row['id']}", f"ACL path {row['acl_path']}", gone if row["is_kept"] else ""


def _watch(document: Row, width: int | None) -> Iterator[Line]:
    yield ()
    yield (Span("Watch on this node", Style.STRONG),)
    yield from wrapped(status_lines(document), width)


def _cluster(cluster: ClusterState) -> str:
    version = f", PVE {cluster.pve_version}" if cluster.pve_version else ""
    return f"Cluster {cluster.name}: {counted(len(cluster.members), 'member')}{version}"


def _section(
    title: str, rows: Iterable[tuple[str, ...]], *, width: int | None, whole: Collection[int] = ()
) -> Iterator[Line]:
    found = list(rows)
    if not found:
        return
    yield ()
    yield from wrapped([(Span(title, Style.STRONG),)], width)
    yield from folded(found, width, whole=whole)


def _vtep(row: Row) -> tuple[str, ...]:
    return row["node"], row["address"], row["interface"] or "-", f"MTU {row['mtu'] or 'unknown'}", row["why"]


def _zone(row: Row, everywhere: list[str]) -> tuple[str, ...]:
    nodes = "all nodes" if row["nodes"] == everywhere else ", ".join(row["nodes"]) or "no node"
    what = row["what"] + (f", L3VNI {row['l3vni']}" if row["l3vni"] else "")
    return row["id"], what, f"MTU {row['mtu']}" if row["mtu"] else "-", row["controller"] or "-", nodes, row["source"]


def _vnet(row: Row) -> tuple[str, ...]:
    subnets = [f"{s['cidr']} via {s['gateway']}" if s["gateway"] else s["cidr"] for s in row["subnets"]]
    return row["id"], row["zone"], f"tag {row['tag']}" if row["tag"] else "-", ", ".join(subnets) or "-", row["alias"]


def _asn(asn: int | None) -> str:
    return "-" if asn is None else f"ASN {asn}"


def _exit(row: Row) -> tuple[str, ...]:
    vrrp = row["vrrp"]
    virtual = f"VRRP {vrrp['id']}, priority {vrrp['priority']}: {', '.join(vrrp['addresses'])}" if vrrp else ""
    gateways = f"via {', '.join(row['gateways'])}" if row["gateways"] else "-"
    return row["id"], row["zone"], row["node"], row["interface"], ", ".join(row["addresses"]), gateways, virtual


def _node(row: Row) -> tuple[str, ...]:
    state = "online" if row["is_online"] else "offline"
    if row["is_online"] and not row["has_answered"]:
        state = "did not answer"
    zones, vnets = ", ".join(row["zones"]) or "-", ", ".join(row["vnets"]) or "-"
    return row["name"], state, f"zones {zones}", f"VNets {vnets}"
