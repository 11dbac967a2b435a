"""A packet counts as dropped where it is for certain, and the step that lets it through does."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Any

import pytest

from pvesdn.compare.packet_filters import Drop, dropped
from pvesdn.decode.nodes.nftables import decode_nft
from pvesdn.decode.nodes.surroundings import decode_surroundings
from pvesdn.model.causes import Packet, PacketFilter
from pvesdn.model.snapshot import NodeRaw

VXLAN = Packet("udp", 4789, ip_address("192.0.2.2"))


def filters(*lines: str, name: str = "iptables") -> tuple[PacketFilter, ...]:
    raw = NodeRaw(commands={"filters": {"answer": {name: list(lines)}}})
    return decode_surroundings(raw).filters


def drop(*lines: str, packet: Packet = VXLAN) -> Drop | None:
    return dropped(filters(*lines), packet)


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("-A INPUT -p udp -j ACCEPT", "-A INPUT -j DROP"),
        ("-A INPUT -p tcp -j DROP",),
        ("-A INPUT -p udp -m udp --dport 4790:4800 -j DROP",),
        ("-A INPUT -p udp -m multiport --dports 53,4000:4788 -j DROP",),
        ("-A INPUT -s 198.51.100.0/24 -j DROP",),
        ("-A INPUT -i lo -j DROP",),
        ("-A INPUT -m conntrack --ctstate INVALID -j DROP",),
        ("-A INPUT -m limit --limit 5/min -j DROP",),
        ("-A INPUT ! -s 192.0.2.2/32 -j DROP",),
        ("-A INPUT -p tcp -m tcp --syn -j DROP",),
        ("-A INPUT -m set --match-set known src -j ACCEPT", "-A INPUT -j DROP"),
        ("-A INPUT -m set --match-set known src -j RETURN", ":INPUT ACCEPT [0:0]", "-A INPUT -j DROP"),
        ("-A INPUT -j own", "-A own -p udp -j ACCEPT", "-A INPUT -j DROP"),
        ("-A INPUT -j own", "-A own -j own", "-A INPUT -j DROP"),
        ("-A OUTPUT -j DROP",),
        ("-A INPUT -m set --match-set known src -j own", "-A own -j ACCEPT", "-A INPUT -j DROP"),
    ],
)
def test_what_may_be_let_through_is_not_dropped(lines: tuple[str, ...]) -> None:
    assert drop(*lines) is None


@pytest.mark.parametrize(
    ("lines", "chain", "rule"),
    [
        ((":INPUT DROP [0:0]",), "INPUT", "policy DROP"),
        (("-A INPUT -j DROP",), "INPUT", "-A INPUT -j DROP"),
        (("-A INPUT -p udp -m udp --dport 4789 -j REJECT --reject-with x",), "INPUT", None),
        (("-A INPUT -s 192.0.2.0/24 -j DROP",), "INPUT", None),
        (("-A INPUT -j own", "-A own -j RETURN", "-A own -j ACCEPT", "-A INPUT -j DROP"), "INPUT", "-A INPUT -j DROP"),
        (("-A INPUT -j own", "-A own -p udp -j DROP"), "own", "-A own -p udp -j DROP"),
        (("-A INPUT -m comment --comment ' -j ACCEPT' -j DROP",), "INPUT", None),
        (("-A INPUT -j LOG --log-prefix x", "-A INPUT -j DROP"), "INPUT", "-A INPUT -j DROP"),
        (("-A INPUT -m state --state NEW -j DROP",), "INPUT", None),
        (
            ("-A INPUT -m set --match-set known src -j own", "-A own -j LOG", "-A INPUT -j DROP"),
            "INPUT",
            "-A INPUT -j DROP",
        ),
        (("-A INPUT -m limit --limit 1/s -j DROP", "-A INPUT -j DROP"), "INPUT", "-A INPUT -j DROP"),
    ],
)
def test_what_is_dropped_for_certain_is_told_with_its_rule(
    lines: tuple[str, ...], chain: str, rule: str | None
) -> None:
    found = drop(*lines)
    assert found is not None
    assert (found.chain, found.base, found.rule) == (chain, "INPUT", rule or lines[0])


def test_vrrp_has_no_port() -> None:
    packet = Packet("vrrp", None, ip_address("192.0.2.2"))
    assert drop("-A INPUT -p 112 -j DROP", packet=packet)
    assert drop("-A INPUT -p udp --dport 112 -j DROP", packet=packet) is None


def test_ipv6_has_filters_of_its_own() -> None:
    packet = Packet("udp", 4789, ip_address("2001:db8::2"))
    lines = (":INPUT DROP [0:0]",)
    assert dropped(filters(*lines), packet) is None
    assert dropped(filters(*lines, name="ip6tables"), packet)


@pytest.mark.parametrize(
    "line",
    ["-A INPUT -s nowhere -j DROP", "-A INPUT 'unfinished -j DROP", "-A INPUT -p udp --dport x -j ACCEPT", "-j", ":"],
)
def test_lines_that_nobody_ever_prints_surprise_nobody(line: str) -> None:
    drop(line, "-A INPUT -j")


BASE = {"family": "inet", "table": "own", "name": "in", "hook": "input", "policy": "drop"}


def rule(*expressions: Any, chain: str = "in") -> dict[str, Any]:
    return {"rule": {"family": "inet", "table": "own", "chain": chain, "expr": list(expressions)}}


def match(left: Any, right: Any, op: str = "==") -> dict[str, Any]:
    return {"match": {"op": op, "left": left, "right": right}}


def dport(right: Any, protocol: str = "udp") -> dict[str, Any]:
    return match({"payload": {"protocol": protocol, "field": "dport"}}, right)


SADDR = {"payload": {"protocol": "ip", "field": "saddr"}}
ACCEPT: dict[str, Any] = {"accept": None}


@pytest.mark.parametrize(
    ("expressions", "is_dropped"),
    [
        ([], True),
        ([dport(4789), ACCEPT], False),
        ([dport({"set": [53, {"range": [4000, 5000]}]}), ACCEPT], False),
        ([dport({"set": [53, {"range": "x"}]}), ACCEPT], True),
        ([dport(4789, "tcp"), ACCEPT], True),
        ([dport(4789, "th"), ACCEPT], False),
        ([match(SADDR, {"prefix": {"addr": "192.0.2.0", "len": 24}}), ACCEPT], False),
        ([match(SADDR, {"set": ["192.0.2.2", "192.0.2.3"]}), ACCEPT], False),
        ([match(SADDR, "198.51.100.1"), ACCEPT], True),
        ([match(SADDR, "@known"), ACCEPT], True),
        ([match(SADDR, {"prefix": {"addr": "x", "len": 24}}), ACCEPT], True),
        ([match({"meta": {"key": "l4proto"}}, "udp"), ACCEPT], False),
        ([match({"meta": {"key": "l4proto"}}, "vrrp"), ACCEPT], True),
        ([match({"meta": {"key": "iifname"}}, "lo"), ACCEPT], True),
        ([match({"meta": {"key": "iifname"}}, "eno1"), ACCEPT], False),
        ([match({"ct": {"key": "state"}}, ["established", "related"], "in"), ACCEPT], True),
        ([match({"ct": {"key": "state"}}, "new", "in"), ACCEPT], False),
        ([match({"meta": {"key": "mark"}}, 7, "!="), ACCEPT], False),
        ([{"counter": {}}, {"log": {}}], True),
        ([{"xt": {}}, ACCEPT], False),
        ([{"jump": {"target": "more"}}], False),
        ([{"return": None}], True),
        ([7], True),
    ],
)
def test_rules_of_nftables_are_judged_alike(expressions: list[Any], is_dropped: bool) -> None:
    rows = [{"chain": BASE}, {"chain": {**BASE, "name": "more", "hook": None, "policy": None}}]
    rows += [rule(dport(4789), ACCEPT, chain="more"), rule(*expressions)]
    found = dropped(decode_nft(rows), VXLAN)
    assert (found is not None) is is_dropped
    assert found is None or (found.base, found.table) == ("in", "inet own")


@pytest.mark.parametrize("answer", [None, 7, [7], [{"rule": {"family": "inet"}}], [{"chain": {"family": ["x"]}}]])
def test_answers_of_another_shape_have_no_filters_that_drop(answer: Any) -> None:
    assert dropped(decode_nft(answer), VXLAN) is None


def with_step(step: str, lines: list[str]) -> list[str]:
    """The rules after a step was typed, or its line was written for PVE, which makes a rule of it in the same place."""
    if typed := re.fullmatch(r"ip6?tables -I (\S+) (.*)", step):
        return [f"-A {typed[1]} {typed[2]}", *lines]
    line = re.search(r"'IN ACCEPT -source (\S+) -p (\S+)(?: -dport (\d+))?'", step)
    assert line, step
    port = f" --dport {line[3]}" if line[3] else ""
    return [*(f"-A PVEFW-HOST-IN -s {one} -p {line[2]}{port} -j ACCEPT" for one in line[1].split(",")), *lines]


@pytest.mark.parametrize(
    ("step", "lines"),
    [
        ("iptables -I INPUT -s 192.0.2.2 -p udp --dport 4789 -j ACCEPT", ["-A INPUT -j DROP"]),
        ("add the line 'IN ACCEPT -source 192.0.2.2,192.0.2.3 -p udp -dport 4789' below", ["-A PVEFW-HOST-IN -j DROP"]),
    ],
)
def test_the_step_followed_to_the_letter_lets_the_packet_through(step: str, lines: list[str]) -> None:
    jump = "-A INPUT -j PVEFW-HOST-IN"
    assert drop(jump, *lines)
    assert drop(jump, *with_step(step, lines)) is None
