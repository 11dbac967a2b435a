"""Questions of `observe` that are asked where something is wrong: what on this node may be in the way."""

import json
import os
import re
import time
from typing import Any, Callable, Dict, Iterator, List, Set

from pvesdn.node.program.files import text_of
from pvesdn.node.program.machine import Machine, Refused, failure, rows_of
from pvesdn.node.program.rules import knows_no_nftables, saved_rules

_LIMIT = 10.0
_RULE = re.compile(r"-A (\S+) ")
_GOES_TO = re.compile(r" -[jg] (\S+)")
_POLICY = re.compile(r":(\S+) (\S+)")
_HOOKS = ("INPUT", "OUTPUT")
_MOST_RULES = 5000
_MOST_SOCKETS = 5000
_FAMILIES = ("ip", "ip6", "inet")
_PROCESS = re.compile(r'users:\(\("([^"]*)",pid=([0-9]+)')


def packet_filters(machine: Machine) -> Dict[str, Any]:
    """What packets to and from the node itself go through:
    ``{"iptables": [lines], "ip6tables": [lines], "nft": [...]}``.

    Of iptables the lines of the table `filter` for the chains that INPUT and OUTPUT lead to: on a node of PVE the rest
    are its guests'. Of nftables the objects of `nft -j list ruleset` in the families of IP. What is not installed is
    absent.
    """
    found: Dict[str, Any] = {}
    if machine.find("iptables-save") is not None:
        found["iptables"] = lines_of_the_host(saved_rules(machine, "iptables-save", "filter", _LIMIT))
    if machine.find("ip6tables-save") is not None:
        found["ip6tables"] = lines_of_the_host(saved_rules(machine, "ip6tables-save", "filter", _LIMIT))
    if machine.find("nft") is not None:
        argv = ["nft", "-j", "list", "ruleset"]
        outcome = machine.run(argv, limit=_LIMIT)
        if outcome.status and not knows_no_nftables(outcome):
            raise Refused(failure(argv, outcome))
        found["nft"] = [] if outcome.status else _objects_of_nft(outcome.output)
    return found


def lines_of_the_host(lines: List[str]) -> List[str]:
    """Those of iptables-save that a packet of the host's own may come to."""
    rules: Dict[str, List[str]] = {}
    for line in lines:
        match = _RULE.match(line)
        if match is not None:
            rules.setdefault(match.group(1), []).append(line)
    reached: Set[str] = set()
    todo = list(_HOOKS)
    while todo:
        chain = todo.pop()
        if chain not in reached:
            reached.add(chain)
            todo += [target for line in rules.get(chain, []) for target in _GOES_TO.findall(line) if target in rules]
    policies = [
        match.group(0) for match in map(_POLICY.match, lines) if match is not None and match.group(1) in reached
    ]
    found = policies + [line for chain in sorted(reached) for line in rules.get(chain, [])]
    if len(found) > _MOST_RULES:
        raise Refused(f"more than {_MOST_RULES} rules of iptables")
    return found


def _objects_of_nft(output: str) -> List[Dict[str, Any]]:
    try:
        rows = rows_of(json.loads(output).get("nftables"))
    except (ValueError, RecursionError, AttributeError):
        raise Refused("nft -j list ruleset printed no JSON") from None
    found = []
    for row in rows:
        for kind in ("chain", "rule"):
            what = row.get(kind)
            if isinstance(what, dict) and what.get("family") in _FAMILIES:
                found.append({kind: what})
    if len(found) > _MOST_RULES:
        raise Refused(f"more than {_MOST_RULES} rules of nftables")
    return found


def listening_sockets(machine: Machine) -> List[Dict[str, Any]]:
    """Sockets that a program holds: ``[{"protocol": "udp", "port": 4789, "program": "vpnd", "pid": 77}]``.

    Those of the kernel's own VXLAN devices have no program.
    """
    return [row for protocol in ("udp", "tcp") for row in _sockets(machine, protocol)][:_MOST_SOCKETS]


def _sockets(machine: Machine, protocol: str) -> Iterator[Dict[str, Any]]:
    output = machine.must(["ss", "-H", "-lnp", "--" + protocol], limit=_LIMIT).output
    for line in output.splitlines():
        words, holder = line.split(), _PROCESS.search(line)
        port = words[3].rpartition(":")[2] if len(words) > 4 else ""
        if holder is not None and port.isdigit():
            yield {
                "protocol": protocol,
                "port": int(port),
                "program": holder.group(1),
                "pid": int(holder.group(2)),
            }


def clock(_: Machine) -> float:
    """Seconds of the Unix epoch, as this node has it."""
    return time.time()


def starts(machine: Machine) -> Dict[str, float]:
    """Seconds since boot at which zebra was started, and at which the network was up: ``{"zebra": 31.5, "network":
    29.8}``. What is not known is absent.
    """
    found = {}
    pid = (text_of(machine, "/run/frr/zebra.pid") or "").strip()
    stat = text_of(machine, f"/proc/{pid}/stat") if pid.isdigit() else None
    if stat is not None:
        ticks = stat.rpartition(")")[2].split()[19]
        found["zebra"] = int(ticks) / os.sysconf("SC_CLK_TCK")
    if machine.find("systemctl") is not None:
        argv = ["systemctl", "show", "--property=ActiveEnterTimestampMonotonic", "--value", "networking.service"]
        said = machine.run(argv, limit=_LIMIT).output.strip()
        if said.isdigit() and int(said):
            found["network"] = int(said) / 1_000_000
    return found


CAUSES: Dict[str, Callable[[Machine], Any]] = {
    "filters": packet_filters,
    "sockets": listening_sockets,
    "clock": clock,
    "starts": starts,
}
"""By name; `model.snapshot.CAUSE_COMMANDS` has the same names."""
