"""The host's own chains of `nft -j list ruleset` as packet filters. What is not understood is vague."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

from pvesdn.model.causes import FilterChain, FilterRule, PacketFilter
from pvesdn.model.primitives import IpNetwork, Json

_FAMILIES = {"ip": 4, "ip6": 6, "inet": 0}
_VERDICTS = {"accept": "ACCEPT", "drop": "DROP", "reject": "REJECT", "return": "RETURN"}
_SAYS_NOTHING = frozenset({"counter", "log", "comment"})
_FIRST_PACKETS = {"new", "untracked"}


def decode_nft(answer: Json) -> Iterator[PacketFilter]:
    """One for each table that a packet to or from the node goes through."""
    tables: dict[tuple[str, str], dict[str, Any]] = {}
    for row in answer if isinstance(answer, list) else []:
        for kind in ("chain", "rule"):
            what = row.get(kind) if isinstance(row, dict) else None
            if isinstance(what, dict) and str(what.get("family")) in _FAMILIES:
                key = str(what["family"]), str(what.get("table"))
                table = tables.setdefault(key, {"chains": {}, "rules": {}})
                if kind == "chain":
                    table["chains"][str(what.get("name"))] = what
                else:
                    table["rules"].setdefault(str(what.get("chain")), []).append(_rule(what))
    for (family, name), table in tables.items():
        hooks = {
            hook: tuple(base for base, chain in table["chains"].items() if chain.get("hook") == hook)
            for hook in ("input", "output")
        }
        chains = {
            each: FilterChain(tuple(table["rules"].get(each, ())), _VERDICTS.get(str(chain.get("policy")), ""))
            for each, chain in table["chains"].items()
        }
        yield PacketFilter(_FAMILIES[family], chains, hooks["input"], hooks["output"], f"{family} {name}")


def _rule(what: dict[str, Any]) -> FilterRule:
    said: dict[str, Any] = {"target": ""}
    expressions = what.get("expr")
    for expression in expressions if isinstance(expressions, list) else [None]:
        _take(expression if isinstance(expression, dict) else {"?": None}, said)
    text = f"{what.get('table')} {what.get('chain')}: {json.dumps(expressions)[:200]}"
    return FilterRule(text=text, **said)


def _take(expression: dict[str, Any], said: dict[str, Any]) -> None:
    kind, value = next(iter(expression.items()), ("?", None))
    if kind in _VERDICTS:
        said["target"] = _VERDICTS[kind]
    elif kind in {"jump", "goto"} and isinstance(value, dict):
        said["target"] = str(value.get("target"))
    elif kind == "match" and isinstance(value, dict):
        _match(value, said)
    elif kind not in _SAYS_NOTHING:
        said["is_vague"] = True


def _match(match: dict[str, Any], said: dict[str, Any]) -> None:
    left, right = _dict(match.get("left")), match.get("right")
    values = right.get("set", []) if isinstance(right, dict) and "set" in right else right
    listed = values if isinstance(values, list) else [values]
    payload, meta, ct = _dict(left.get("payload")), _dict(left.get("meta")), _dict(left.get("ct"))
    field = (payload.get("protocol"), payload.get("field"))
    if match.get("op") not in ("==", "in"):
        said["is_vague"] = True
    elif field[1] == "dport" and field[0] in ("udp", "tcp", "th"):
        if field[0] != "th":
            said["protocol"] = field[0]
        said["ports"] = tuple(_ports(listed))
    elif field[1] in ("saddr", "daddr"):
        networks = tuple(network for item in listed for network in _network(item))
        said["others"] = networks
        said["is_vague"] = said.get("is_vague", False) or len(networks) != len(listed)
    elif meta.get("key") == "l4proto" and len(listed) == 1:
        said["protocol"] = "vrrp" if str(listed[0]) in {"112", "vrrp"} else str(listed[0])
    elif meta.get("key") in ("iifname", "iif", "oifname", "oif") and listed == ["lo"]:
        said["is_of_others"] = True
    elif ct.get("key") == "state":
        said["is_of_others"] = said.get("is_of_others", False) or not _FIRST_PACKETS & set(map(str, listed))
    else:
        said["is_vague"] = True


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _ports(listed: list[Any]) -> Iterator[tuple[int, int]]:
    for item in listed:
        ends = item.get("range") if isinstance(item, dict) else [item, item]
        if isinstance(ends, list) and len(ends) == len(("first", "last")) and all(isinstance(end, int) for end in ends):
            yield ends[0], ends[1]


def _network(item: Any) -> Iterator[IpNetwork]:
    prefix = item.get("prefix") if isinstance(item, dict) else {"addr": item, "len": None}
    if isinstance(prefix, dict) and isinstance(prefix.get("addr"), str):
        length = prefix.get("len")
        try:
            yield ip_network(prefix["addr"] if length is None else f"{prefix['addr']}/{length}", strict=False)
        except ValueError:
            return
