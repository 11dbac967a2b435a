"""What a node answered about what may be in the way -> `Surroundings`. Open: what is not known is vague."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from ipaddress import ip_network
from typing import Any, TypeVar

from pvesdn.decode import json_text
from pvesdn.decode.cluster.answers import one_line
from pvesdn.decode.json_text import WrongShapeError
from pvesdn.decode.nodes.nftables import decode_nft
from pvesdn.model.causes import FilterChain, FilterRule, HeldPort, PacketFilter, Surroundings
from pvesdn.model.primitives import PORT_MAX, IpNetwork, Json, bounded
from pvesdn.model.snapshot import CLUSTER_FIREWALL, HOST_FIREWALL, NodeRaw

_POLICY = re.compile(r":(\S+) (\S+)")
_ENABLED = re.compile(r"(?mi)^\s*enable:\s*([01])\s*$")
_FIRST_PACKETS = {"NEW", "UNTRACKED"}
_ALL_PORTS = (0, PORT_MAX)
_KNOWN_MODULES = {"comment", "tcp", "udp", "multiport", "conntrack", "state"}

Decoded = TypeVar("Decoded")


def decode_surroundings(raw: NodeRaw) -> Surroundings:
    """Whatever cannot be read was not seen."""
    unseen: dict[str, str] = {}

    def seen(name: str, decode: Callable[[Json], Decoded], otherwise: Decoded) -> Decoded:
        try:
            return decode(_answer(raw.commands.get(name), name))
        except WrongShapeError as error:
            unseen[name] = one_line(str(error))
            return otherwise

    nothing: dict[str, float] = {}
    starts = seen("starts", _numbers, nothing)
    return Surroundings(
        filters=seen("filters", lambda answer: tuple(_filters(answer)), ()),
        has_pve_firewall=_is_on(raw.files.get(CLUSTER_FIREWALL), otherwise=False)
        and _is_on(raw.files.get(HOST_FIREWALL), otherwise=True),
        held=seen("sockets", _held, ()),
        clock=seen("clock", lambda answer: _number(answer, "clock"), None),
        zebra=starts.get("zebra"),
        network=starts.get("network"),
        unseen=unseen,
    )


def _answer(given: Json, name: str) -> Json:
    """:raises WrongShapeError: there is none; it says why."""
    said = json_text.mapping(given, name)
    if "answer" not in said:
        raise WrongShapeError(json_text.string(said.get("fault", "no answer"), f"fault of {name}"))
    return said["answer"]


def _is_on(text: str | None, *, otherwise: bool) -> bool:
    found = None if text is None else _ENABLED.search(text)
    return otherwise if found is None else found[1] == "1"


def _numbers(answer: Json) -> dict[str, float]:
    return {name: _number(value, name) for name, value in json_text.mapping(answer, "starts").items()}


def _number(value: Json, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        message = f"{what} is not a number"
        raise WrongShapeError(message)
    return float(value)


def _held(answer: Json) -> tuple[HeldPort, ...]:
    return tuple(
        HeldPort(
            protocol=json_text.word(row.get("protocol"), "protocol of sockets"),
            port=json_text.count(row.get("port"), "port of sockets"),
            program=one_line(json_text.string(row.get("program", ""), "program of sockets")),
            pid=json_text.count(row.get("pid"), "pid of sockets"),
        )
        for row in json_text.rows(answer, "sockets")
    )


def _filters(answer: Json) -> Iterator[PacketFilter]:
    said = json_text.mapping(answer, "filters")
    for name, family in (("iptables", 4), ("ip6tables", 6)):
        lines = said.get(name)
        if isinstance(lines, list):
            yield PacketFilter(family, _chains(line for line in lines if isinstance(line, str)))
    yield from decode_nft(said.get("nft"))


def _chains(lines: Iterable[str]) -> dict[str, FilterChain]:
    policies: dict[str, str] = {}
    rules: dict[str, list[FilterRule]] = {}
    for line in lines:
        match = _POLICY.match(line)
        if match is not None:
            policies[match[1]] = "" if match[2] == "-" else match[2]
        elif line.startswith("-A "):
            try:
                words = shlex.split(line)
            except ValueError:
                continue
            rules.setdefault(words[1], []).append(_rule(line, words[2:]))
    names = policies.keys() | rules.keys()
    return {name: FilterChain(tuple(rules.get(name, ())), policies.get(name, "")) for name in names}


def _rule(text: str, words: list[str]) -> FilterRule:
    """Of a line of iptables-save, behind the chain's name."""
    said: dict[str, Any] = {"target": ""}
    for option, values in _options(words):
        if option in {"-j", "-g"}:
            said["target"] = values[0] if values else ""
            break  # what follows is the target's own
        _take(option, values, said)
    return FilterRule(text=text, **said)


def _options(words: list[str]) -> list[tuple[str, list[str]]]:
    """Each option with its values; ``!`` is an option of its own before the one that it turns round."""
    found: list[tuple[str, list[str]]] = []
    for word in words:
        if word.startswith("-") or word == "!":
            found.append((word, []))
        elif found:
            found[-1][1].append(word)
    return found


def _take(option: str, values: list[str], said: dict[str, Any]) -> None:
    value = values[0] if values else ""
    match option:
        case "-p":
            said["protocol"] = "vrrp" if value == "112" else value
        case "-m" if value in _KNOWN_MODULES:
            pass
        case "--comment":
            pass
        case "--dport" | "--dports":
            said["ports"] = tuple(_range(part) for part in value.split(","))
        case "-s" | "-d":
            said["others"] = _networks(value)
        case "-i" | "-o" if value == "lo":
            said["is_of_others"] = True
        case "--ctstate" | "--state":
            said["is_of_others"] = said.get("is_of_others", False) or not _FIRST_PACKETS & set(value.split(","))
        case _:
            said["is_vague"] = True


def _networks(text: str) -> tuple[IpNetwork, ...] | None:
    with suppress(ValueError):
        return (ip_network(text, strict=False),)
    return None


def _range(text: str) -> tuple[int, int]:
    start, _, end = text.partition(":")
    first, last = bounded(start, PORT_MAX), bounded(end or start, PORT_MAX)
    return _ALL_PORTS if first is None or last is None else (first, last)
