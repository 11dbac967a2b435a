"""Kernel settings that ifupdown2 and FRR do not make themselves; only where a zone needs them."""

from __future__ import annotations

from collections.abc import Iterable

from pvesdn.design.ours.definitions import Reached
from pvesdn.design.ours.exits import shares_flows
from pvesdn.design.ours.zones import IPV4, IPV6, ZonePlan, exit_families, has_gateways
from pvesdn.model.own_sdn import EvpnZone, Exit, Irb

IP_FORWARD = "net.ipv4.ip_forward"
IPV6_FORWARD = "net.ipv6.conf.all.forwarding"

_NEIGHBOUR_TIMES = (("base_reachable_time_ms", "3000"), ("delay_first_probe_time", "1"))
"""Of an uplink with several gateways: one that falls silent is noticed after at most 1.5 times the first, the second
(in seconds) and three probes a second apart, 8.5 s in all; with the kernel's own values it takes up to 53 s.
"""


def routed_families(plans: Iterable[Reached], exits: Iterable[Exit], node: str) -> frozenset[int]:
    """4, 6: what a node must forward for our zones.

    IPv6 only where something uses it: a host that takes its default route from router advertisements loses it as soon
    as it forwards IPv6.
    """
    routed: set[int] = set()
    for plan in plans:
        if has_gateways(plan.zone) and node in plan.active:
            routed |= plan.families
        if isinstance(plan.zone, EvpnZone) and plan.zone.irb is not Irb.NONE and node in plan.active:
            routed.add(IPV4)
    for uplink in exits:
        routed |= exit_families(uplink)
    return frozenset(routed)


def design_sysctls(plans: Iterable[ZonePlan], exits: tuple[Exit, ...], node: str) -> tuple[tuple[str, str], ...]:
    """Names and values, sorted by name.

    :param exits: those of this node, in zones of both sources.
    """
    plans = tuple(plans)
    wanted: dict[str, str] = {}
    routed = routed_families(plans, exits, node)
    if IPV4 in routed:
        wanted[IP_FORWARD] = "1"
    if IPV6 in routed:
        wanted[IPV6_FORWARD] = "1"
    if exits or any(_is_symmetric(plan) and node in plan.active for plan in plans):
        # Answers take another VNI than questions did, and come in where the reverse path does not lead.
        wanted["net.ipv4.conf.all.rp_filter"] = "0"
        wanted["net.ipv4.conf.default.rp_filter"] = "0"
    for uplink in exits:
        if shares_flows(uplink, IPV4):
            # By default the kernel keeps sending flows to a gateway that no longer answers, and hashes addresses alone.
            wanted["net.ipv4.fib_multipath_use_neigh"] = "1"
            wanted["net.ipv4.fib_multipath_hash_policy"] = "1"
            for name, value in _NEIGHBOUR_TIMES:
                # With slashes, since a VLAN's name has a dot; with a dash, since a VLAN may be made by the reload only.
                wanted[f"-net/ipv4/neigh/{uplink.interface}/{name}"] = value
        if shares_flows(uplink, IPV6):
            wanted["net.ipv6.fib_multipath_hash_policy"] = "1"
    return tuple(sorted(wanted.items()))


def _is_symmetric(plan: ZonePlan) -> bool:
    return isinstance(plan.zone, EvpnZone) and plan.zone.irb is Irb.SYMMETRIC
