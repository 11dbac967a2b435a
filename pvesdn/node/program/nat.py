"""The verb `nat`: rules that ifupdown2 adds at every reload, kept as often as PVE's file lists them and no oftener.

PVE's source NAT is a ``post-up iptables -t nat -A`` line and a ``post-down`` line that takes the rule away
(docs/pve.md §5.7). ifupdown2 runs the first at every reload and the second once, when the stanza goes.
"""

import collections
import time
from typing import Dict, Iterable, List, Set

from pvesdn.node.program.checkpoint import load_checkpoint, text_before
from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine, Refused
from pvesdn.node.program.places import SDN_INTERFACES
from pvesdn.node.program.request import VERBS, Value
from pvesdn.node.program.rules import Rule, calls_in, iptables, listed, meaning_of
from pvesdn.node.program.swap import locked

UNREAD = "unread"
"""Of a checkpoint: why nobody could tell which rules were there."""
NAT_LIMIT = 30.0
"""Seconds for all calls of iptables together; what is left over then is for the next time."""


def nat(machine: Machine, arguments: Value) -> Value:
    """Take away the surplus copies of PVE's rules: ``{}`` -> ``{"removed": [str]}``.

    As many copies stay as `interfaces.d/sdn` has lines that add the rule: each has a line that takes one away. Rules
    that no such line adds are left alone, and nothing is added. All chains are seen to before a failure is reported.
    """
    del arguments
    with locked(machine):
        return {"removed": _thin_out(machine, text_of(machine, SDN_INTERFACES) or "", [])}


def nat_before_reload(machine: Machine) -> List[str]:
    """The same for the text of before a rehearsal: what it adds no more, ifupdown2 takes away once. What was done, or
    what kept it from being done, which is no reason not to reload. The caller holds the lock.
    """
    checkpoint = load_checkpoint(machine)
    text = text_before(checkpoint, SDN_INTERFACES) if checkpoint else ""
    try:
        return _thin_out(machine, text, [])
    except (Refused, OSError) as error:
        return [str(error)]


def nat_as_before(machine: Machine, checkpoint: Value) -> List[str]:
    """The same after a reload with the old text; rules that only the new one has added go altogether, unless nobody
    could tell before which these are.
    """
    unread = [
        f"rules that the reload has added stay, since nobody could tell: {why}" for why in checkpoint.get(UNREAD, [])
    ]
    return unread + _thin_out(machine, text_of(machine, SDN_INTERFACES) or "", checkpoint.get("rules", []))


def rules_to_come(machine: Machine, text: str, faults: List[str]) -> List[str]:
    """Those calls of iptables in `text` that add a rule which is not there; none of a chain that cannot be read.

    :param faults: gets why one cannot be.
    """
    calls = dict(calls_in(text))
    there: Set[Rule] = set()
    end = time.monotonic() + NAT_LIMIT
    for chain in {rule[0] for rule in calls.values()}:
        try:
            there.update((chain, meaning_of(words)) for words in listed(machine, chain, end))
        except (Refused, OSError) as error:
            faults.append(str(error))
            there.update(rule for rule in calls.values() if rule[0] == chain)
    return [call for call, rule in calls.items() if rule not in there]


def _thin_out(machine: Machine, text: str, gone: Iterable[str]) -> List[str]:
    wanted: Dict[Rule, int] = collections.Counter(rule for _, rule in calls_in(text))
    for _, rule in calls_in("".join(f"up {call}\n" for call in gone)):
        wanted.setdefault(rule, 0)
    removed: List[str] = []
    failures = []
    end = time.monotonic() + NAT_LIMIT
    for chain in sorted({rule[0] for rule in wanted}):
        there: Dict[Rule, int] = collections.Counter()
        try:
            for words in listed(machine, chain, end):
                rule = (chain, meaning_of(words))
                there[rule] += 1
                if there[rule] > wanted.get(rule, there[rule]):
                    argv = [*iptables(chain), "-D", chain.name, *words]
                    machine.must(argv, limit=max(0.0, end - time.monotonic()))
                    removed.append(" ".join(argv))
        except Refused as refused:
            failures.append(refused.error)
    if failures:
        raise Refused("; ".join(failures))
    return removed


VERBS.update(nat=nat)
