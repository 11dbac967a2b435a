"""What a node's packet filters do with the first packet of a flow, as far as their rules can be judged from here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pvesdn.model.causes import FilterRule, Packet, PacketFilter

_DROPS = frozenset({"DROP", "REJECT"})
_DEEPEST = 32


@dataclass(frozen=True, slots=True)
class Drop:
    """A packet is thrown away for certain.

    :param rule: what does it: a rule's text, or a chain's policy.
    :param base: the chain that it came in by.
    :param table: as `PacketFilter.table`.
    """

    chain: str
    rule: str
    base: str = ""
    table: str = ""


def dropped(filters: Iterable[PacketFilter], packet: Packet) -> Drop | None:
    """The first filter that throws the packet away whatever the rules mean that cannot be judged.

    None where it is let through, and where it might be.
    """
    for each in filters:
        if each.family in {0, packet.other.version}:
            for chain in each.incoming if packet.is_incoming else each.outgoing:
                verdict = _walk(each, chain, packet, _DEEPEST)
                if isinstance(verdict, Drop):
                    return replace(verdict, base=chain, table=each.table)
    return None


_ACCEPTED, _MAYBE, _NOTHING, _RETURNS = "accepted", "maybe", "nothing", "returns"
_Verdict = Drop | str
"""Nothing goes on with the next rule, in the chain before at the end of a chain without a policy."""


def _walk(each: PacketFilter, name: str, packet: Packet, depth: int) -> _Verdict:
    chain = each.chains.get(name)
    if chain is None or depth == 0:
        return _MAYBE
    for rule in chain.rules:
        if not _may_meet(rule, packet):
            continue
        verdict = _outcome(each, name, rule, packet, depth)
        if rule.is_vague and verdict != _NOTHING:
            # Whether it is met nobody knows. Where it throws away, others decide too; where it lets through, it may.
            if not isinstance(verdict, Drop):
                return _MAYBE
            continue
        if verdict == _RETURNS:
            break
        if verdict != _NOTHING:
            return verdict
    if chain.policy in _DROPS:
        return Drop(name, f"policy {chain.policy}")
    return _ACCEPTED if chain.policy else _NOTHING


def _outcome(each: PacketFilter, name: str, rule: FilterRule, packet: Packet, depth: int) -> _Verdict:
    """What a rule does with a packet that meets it."""
    if rule.target in _DROPS:
        return Drop(name, rule.text)
    if rule.target == "ACCEPT":
        return _ACCEPTED
    if rule.target == "RETURN":
        return _RETURNS
    if rule.target not in each.chains:
        return _NOTHING  # it logs, marks or counts
    return _walk(each, rule.target, packet, depth - 1)


def _may_meet(rule: FilterRule, packet: Packet) -> bool:
    """Nothing that is known of the rule keeps the packet from meeting it."""
    if rule.is_of_others or rule.protocol not in {None, "all", packet.protocol}:
        return False
    if rule.ports is not None:
        port = packet.port
        if port is None or not any(first <= port <= last for first, last in rule.ports):
            return False
    return rule.others is None or any(packet.other in network for network in rule.others)
