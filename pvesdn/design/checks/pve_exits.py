"""PVE's ways out of a zone that work in one direction only, or not on every node."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping

from pvesdn.design.checks.wording import listed, placed, some, together, warning
from pvesdn.design.ours.definitions import Definitions, grouped
from pvesdn.design.ours.sysctl import IP_FORWARD, IPV6_FORWARD, routed_families
from pvesdn.design.pve.node import IPV4, PveNode
from pvesdn.design.pve.zones import gateway_family
from pvesdn.model.design import DesignInput
from pvesdn.model.facts import NodeFacts
from pvesdn.model.findings import Finding
from pvesdn.model.pve_sdn import PveEvpnController, PveEvpnZone, PveSimpleZone
from pvesdn.model.vnets import Subnet

_SWITCHES = {4: IP_FORWARD, 6: IPV6_FORWARD}
_BY_ADVERTISEMENTS = "ra"
_YES = frozenset({"yes", "on", "true", "1"})


def check(given: DesignInput) -> Iterator[Finding]:
    """Default routes that a node refuses, and answers to source NAT that a node drops."""
    yield from together(_refused(given))
    yield from together(_unforwarded(given))


def _refused(given: DesignInput) -> Iterator[tuple[Hashable, Finding]]:
    """An exit that is not a second choice denies every default route it hears, whatever zone it is of: the route map
    knows prefixes, not zones (docs/pve.md §6.4).
    """
    controllers = {c.id for c in given.sdn.pve.controllers if isinstance(c, PveEvpnController) and c.asn}
    zones = [z for z in given.sdn.pve.zones if isinstance(z, PveEvpnZone) and z.controller in controllers]
    deaf: dict[str, list[PveEvpnZone]] = {}
    for zone in zones:
        for node in zone.exit_nodes:
            if zone.primary_exit_node in {None, node}:
                deaf.setdefault(node, []).append(zone)
    for zone in zones:
        nodes = sorted((given.cluster.among(zone.nodes) & deaf.keys()) - zone.exit_nodes)
        if not nodes or not given.cluster.among(zone.exit_nodes):
            continue
        others = {other.id: other for node in nodes for other in deaf[node]}
        named = ", ".join(placed(f"'{other.id}'", other.where) for _, other in sorted(others.items()))
        what = (
            f"guests on {listed(nodes)} have no default route: as an exit of {named} the node refuses the default routes of "
            "all zones"
        )
        cause = (tuple(nodes), named)
        yield cause, warning(zone.where, what, f"add {listed(nodes)} to the zone's exitnodes in PVE")


def _unforwarded(given: DesignInput) -> Iterator[tuple[Hashable, Finding]]:
    """PVE lets the VNet's bridge forward, and nothing else: what comes back by the uplink is dropped there."""
    translated: dict[str, list[Subnet]] = {}
    homes = {vnet.id: vnet.zone for vnet in given.sdn.pve.vnets}
    for subnet in given.sdn.pve.subnets:
        if subnet.snat and subnet.vnet in homes:
            translated.setdefault(homes[subnet.vnet], []).append(subnet)
    ours = _forwarded_by_us(given) if translated else {}
    asked: dict[str, PveNode] = {}
    for zone in given.sdn.pve.zones:
        if zone.id not in translated or not isinstance(zone, PveSimpleZone | PveEvpnZone):
            continue
        nodes = given.cluster.among(zone.nodes) & given.facts.keys()
        if isinstance(zone, PveEvpnZone):
            nodes &= zone.exit_nodes
        for node in nodes - asked.keys():
            asked[node] = PveNode(given.facts[node])
        for family in sorted({gateway_family(subnet) for subnet in translated[zone.id]}):
            stuck = {
                node: device
                for node in sorted(nodes)
                if family not in ours.get(node, ()) and (device := _drops(given.facts[node], asked[node], family))
            }
            if stuck:
                subnets = [subnet.cidr for subnet in translated[zone.id] if gateway_family(subnet) == family]
                what = (
                    f"snat 1 on {some(subnets)}, but answers come in by {_devices(stuck)} and are not forwarded there: "
                    f"{_SWITCHES[family]} is 0"
                )
                cause = (family, tuple(stuck.items()))
                yield cause, warning(zone.where, what, _switch_on(given, stuck, family))


def _forwarded_by_us(given: DesignInput) -> Mapping[str, frozenset[int]]:
    """4, 6: what a node's kernel forwards because pvesdn switches it on there."""
    own = given.sdn.own
    definitions, leaving = Definitions.of(own), grouped((uplink.node, uplink) for uplink in own.exits)
    reached = [definitions.reach(zone, given.cluster) for zone in own.zones]
    return {node: routed_families(reached, leaving.get(node, ()), node) for node in given.facts}


def _drops(facts: NodeFacts, answers: PveNode, family: int) -> str:
    """The device by which answers come in, where the node does not forward them; empty where it does, or where that is
    not known.

    For IPv4 it is enough that the device's stanza lets it forward. IPv6 the kernel forwards on all devices or on none.
    """
    device = answers.internet[family].device
    if not device or facts.sysctl.get(_SWITCHES[family]) != "0":
        return ""
    return "" if family == IPV4 and _is_said(facts, device) else device


def _is_said(facts: NodeFacts, device: str) -> bool:
    """A stanza lets the device forward, by its option or by a hook."""
    for stanza in facts.stanzas:
        for name, value in stanza.options:
            if stanza.name == device and name == "ip-forward" and value.lower() in _YES:
                return True
            if "forward" in value and (stanza.name == device or device in value):
                return True
    return False


def _devices(stuck: Mapping[str, str]) -> str:
    nodes: dict[str, list[str]] = {}
    for node, device in stuck.items():
        nodes.setdefault(device, []).append(node)
    return ", ".join(f"{device} of {listed(names)}" for device, names in sorted(nodes.items()))


def _switch_on(given: DesignInput, stuck: Mapping[str, str], family: int) -> str:
    """How to let a node forward, without what it would cost one that lives on router advertisements."""
    switch, load = f"{_SWITCHES[family]} = 1", "in a file of /etc/sysctl.d there and load it with 'sysctl --system'"
    if family == IPV4:
        return f"set {switch} {load}, or add 'ip-forward on' to the stanza of the device"
    learners = [
        node
        for node, device in stuck.items()
        if any(
            route.protocol == _BY_ADVERTISEMENTS and route.device == device and route.family == family
            for route in given.facts[node].routes
        )
    ]
    if not learners:
        return f"set {switch} {load}"
    kept = " and ".join(sorted({f"net.ipv6.conf.{stuck[node]}.accept_ra = 2" for node in learners}))
    lose = "loses its" if len(learners) == 1 else "lose their"
    return f"set {kept}, without which {listed(learners)} {lose} default route, and then {switch} {load}"
