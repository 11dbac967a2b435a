"""`pvesdn apply`."""

from __future__ import annotations

from pathlib import Path

import click

from pvesdn.cli import options, places, statuses
from pvesdn.cli.applying import offer_and_apply, require_answer
from pvesdn.cli.offer import nodes_of
from pvesdn.cli.plan_source import PlanSource
from pvesdn.cli.session import Session
from pvesdn.model.flags import PlanFlags
from pvesdn.model.manner import Manner
from pvesdn.model.saved_plan import Terms


@click.command(epilog=statuses.TABLE)
@click.argument("plan_file", type=places.FILE, metavar="[PLAN]", required=False)
@options.yes
@options.way
@options.diff
@options.nodes
@options.peers
@options.decisions
@options.json_output
@options.common
@click.pass_obj
def apply(
    session: Session,
    *,
    plan_file: Path | None,
    is_agreed: bool,
    manner: Manner,
    has_diff: bool,
    only: tuple[str, ...],
    sync_peers: bool,
    flags: PlanFlags,
) -> int:
    """Carry out the plan on the whole cluster, after showing it and asking. Only `yes` will be accepted.

    Every node's files are staged and checked first; a refusal stops the run before anything has changed. Then one node
    goes first: its files are swapped whole, FRR and the network are reloaded, and what it can show alone is checked.
    The others follow side by side, and at the end everything is read again. If anything fails on the way, every node is
    put back as it was, and looked at.

    The first node is the one whose loss costs least: not the one that pvesdn runs on, which comes last, then not an
    exit or a route reflector, then the one with the fewest guests; --canary names another. What all nodes must agree
    in, such as the AS number or a VNI, changes on all of them at once; the plan says so.

    What PVE's own SDN has pending is tried out first: the files that PVE would write are put in place, loaded and
    verified, while PVE's definitions stay pending. Then PVE commits, for the whole cluster; after that nothing is put
    back. With --no-commit it ends before the commit, and every node is put back.

    With --confirm what was done stays only if somebody says `pvesdn confirm` in time, from any machine that reaches the
    nodes. Otherwise each node puts itself back, with nobody's help. What PVE has pending is committed when it has been
    confirmed.

    PLAN is a file that `pvesdn plan --out` has saved: its nodes, its decisions and its draft count, and it is refused
    if anything that it was made from has changed since.

    With --sync-peers the peers of PVE's vxlan zones and evpn controllers follow the membership: they are written
    through PVE's API, pending, once every node has accepted its files, and committed last like what is pending anyway.

    With --node the other nodes keep what they have, and what is left for them is said. That cannot be done while PVE's
    SDN has something pending.
    """
    if plan_file is not None and (only or sync_peers or flags != PlanFlags()):
        raise click.UsageError("a saved plan has its nodes and decisions in it: give them to `pvesdn plan --out`")
    require_answer(session, is_agreed=is_agreed)
    source = PlanSource(Terms(flags=flags, nodes=nodes_of(only), sync_peers=sync_peers), plan_file)
    return offer_and_apply(session, source.offer, manner, is_agreed=is_agreed, has_diff=has_diff)
