"""Every verb that a step of a scenario may say, in one table."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from pvesdn_lab.live.testbed.space import LabFault
from pvesdn_lab.live.verbs import (
    actions,
    checks,
    checks_evpn,
    checks_exits,
    checks_refused,
    checks_status,
    checks_trace,
    checks_traces,
    checks_underlay,
    checks_undone,
    checks_verify,
    checks_wire,
    dhcp,
    guest_hook,
    hand_written,
    left_alone,
    losses,
    panel,
    panels_button,
    published,
    pves_own,
    reloads,
    scale,
    taken_back,
    watchers,
    watching,
)
from pvesdn_lab.live.verbs.context import Context

Verb = Callable[..., str]
"""Takes the context and keywords, which are the step's other words, and tells what it did or measured."""

ALL: tuple[Verb, ...] = (
    # actions: what happens to definitions, guests, nodes and cables
    actions.apply,
    actions.define,
    actions.vteps,
    actions.guests,
    actions.move,
    actions.stop_guests,
    actions.crash,
    actions.boot,
    actions.join,
    actions.reflector,
    actions.leave,
    actions.cut,
    actions.mend,
    actions.carries,
    actions.run,
    actions.kill,
    actions.restart_frr,
    actions.begin_pings,
    actions.end_pings,
    actions.route,
    actions.silence,
    actions.wake,
    # left_alone: what becomes of an apply that is killed, confirmed or cut off, and of nodes that are restarted
    left_alone.begin_apply,
    left_alone.in_force,
    left_alone.kill_apply,
    left_alone.end_apply,
    left_alone.confirm,
    left_alone.cut_off,
    left_alone.back_alone,
    left_alone.stays,
    left_alone.nothing_armed,
    left_alone.restart,
    left_alone.start_again,
    # hand_written: a hand-written set-up, and docs/import.md step by step
    hand_written.by_hand,
    hand_written.reach_gateways,
    hand_written.import_shows,
    hand_written.copy_hand_written,
    hand_written.write_proposal,
    hand_written.refuses,
    hand_written.take_out,
    hand_written.hand_written_gone,
    hand_written.way_back,
    hand_written.hand_written_back,
    # watching: guests' ports and pings, while a cut-over goes on
    watching.watch_ports,
    watching.ports_stayed,
    watching.end_outage,
    # watchers: `pvesdn watch`, which applies or reports by itself
    watchers.watch,
    watchers.stop_watching,
    watchers.lose_watcher,
    watchers.appears,
    watchers.quiet,
    watchers.is_pending,
    watchers.verified_anew,
    # guest_hook: the hookscript for guests
    guest_hook.guest_hook,
    # dhcp: PVE's DHCP for guests
    dhcp.starts,
    dhcp.gets_address,
    dhcp.is_offered,
    dhcp.names_are_answered,
    # panel: zones of PVE's move to pvesdn.cfg and back
    panel.propose_move,
    panel.run_script,
    panel.same_devices,
    # published: VNets of pvesdn.cfg move to the panel and back
    published.publish,
    published.roll_back,
    published.in_the_panel,
    # panels_button: Apply pressed in PVE's panel alone, and what it offers for guests
    panels_button.press_apply,
    panels_button.offered_in_panel,
    panels_button.told_without_uplink,
    panels_button.gateway_in_main_table,
    # pves_own: PVE's definitions through its API alone, and PVE's own reloads
    pves_own.draw,
    pves_own.erase,
    pves_own.edit,
    pves_own.note_rehearsed,
    pves_own.same_digests,
    pves_own.reload_by_hand,
    pves_own.ifreload_by_hand,
    # reloads: how much of a node's network an apply reloads, and what a reload by hand finds to do
    reloads.reload_by,
    reloads.apply_changed,
    reloads.reload_traces,
    # losses: packets that a change costs
    losses.pairs,
    losses.lost_by,
    # scale: what a great many VNets cost
    scale.costs,
    scale.memory,
    # taken_back: an apply that waits to be confirmed, and is put back
    taken_back.apply_and_wait,
    taken_back.take_back,
    # checks: bridging, kernels, pvesdn itself
    checks.reach_each_other,
    checks.reach,
    checks.does_not_reach,
    checks.full_mtu,
    checks.floods_to_others,
    checks.floods_to_group,
    checks.sysctls,
    checks.nothing_to_plan,
    checks.nothing_left,
    checks.absent,
    checks.plugged_in,
    checks.plan_says,
    checks.plan_prints,
    # checks_wire: frames on the wire
    checks_wire.tagged,
    checks_wire.arrives_from,
    # checks_evpn: BGP EVPN
    checks_evpn.sessions,
    checks_evpn.type_2,
    checks_evpn.type_3,
    checks_evpn.not_learned,
    checks_evpn.type_5,
    checks_evpn.no_type_5,
    checks_evpn.router_macs_differ,
    checks_evpn.anycast_gateway,
    checks_evpn.one_gateway_mac,
    checks_evpn.not_in_bgp,
    # checks_underlay: the path to the peers
    checks_underlay.speaks_from,
    checks_underlay.routed_by,
    checks_underlay.routes_gone,
    checks_underlay.tunnels_from,
    checks_underlay.path_fails,
    # checks_verify: what pvesdn verify says of damages
    checks_verify.verify_is_silent,
    checks_verify.verify_finds,
    # checks_trace: what pvesdn trace says, and where packets pass
    checks_trace.trace_agrees,
    checks_trace.trace_ends,
    checks_status.status_is_well,
    checks_status.status_names,
    checks_status.status_names_node,
    # checks_traces: what is left behind
    checks_traces.remember,
    checks_traces.as_before,
    checks_traces.kept_apart,
    checks_traces.default_leads_to,
    # checks_undone: nodes are wholly as they were
    checks_undone.remember_all,
    checks_undone.all_as_before,
    # checks_refused: applies that fail or are refused
    checks_refused.apply_is_undone,
    checks_refused.commit_fails,
    checks_refused.refused_without,
    # checks_exits: the way out of a VRF
    checks_exits.next_hops,
    checks_exits.spreads,
    checks_exits.all_flows,
    checks_exits.next_hop_mac,
    checks_exits.vrrp_state,
    checks_exits.gateways_are,
    checks_exits.card_is_bare,
    checks_exits.uplink_in,
)
VERBS: Mapping[str, Verb] = {verb.__name__: verb for verb in ALL}
"""By the names that scenarios call them."""


def perform(context: Context, name: str, arguments: Mapping[str, Any]) -> str:
    """Do one step.

    :raises LabFault: there is no such verb, or not with these arguments, or the lab failed.
    :raises NotProven: a check failed.
    """
    if name not in VERBS:
        raise LabFault(f"scenarios know no '{name}'; they know {', '.join(sorted(VERBS))}")
    verb = VERBS[name]
    try:
        inspect.signature(verb).bind(context, **arguments)
    except TypeError as error:
        raise LabFault(f"{name}: {error}") from None
    return verb(context, **arguments)
