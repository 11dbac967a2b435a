"""What the node program tells of packet filters, programs with sockets, the clock and starts."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from pvesdn.node.program import causes
from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking


def observed(program: Asking, question: str) -> Any:
    return program.value("observe", commands=[question])["commands"][question]


def test_of_iptables_the_chains_of_the_host_are_told_and_those_of_guests_are_not(
    program: Asking, node: NodeRoot
) -> None:
    lines = [
        "*filter",
        ":INPUT DROP [1:60]",
        ":own - [0:0]",
        ":tap101i0-IN - [0:0]",
        "-A INPUT -j own",
        "-A own -j own",
        "-A own -p tcp -j LOG",
        "-A FORWARD -j tap101i0-IN",
        "-A tap101i0-IN -j DROP",
        "COMMIT",
    ]
    node.command("iptables-save", prints="\n".join(lines))
    told = [":INPUT DROP", ":own -", "-A INPUT -j own", "-A own -j own", "-A own -p tcp -j LOG"]
    assert observed(program, "filters") == {"answer": {"iptables": told}}


def test_of_nftables_the_families_of_ip_are_told(program: Asking, node: NodeRoot) -> None:
    chain = {"family": "inet", "table": "t", "name": "c"}
    rows = [{"metainfo": {}}, 7, {"chain": chain}, {"chain": {**chain, "family": "bridge"}}, {"rule": 7}]
    node.command("nft", prints=json.dumps({"nftables": rows}))
    assert observed(program, "filters") == {"answer": {"nft": [{"chain": chain}]}}


@pytest.mark.parametrize(
    ("legacy", "new"),
    [
        ("Table does not exist", "Protocol not supported"),
        ("Could not fetch rule set generation id: Invalid argument", "Invalid argument"),
    ],
)
def test_a_kernel_without_filters_has_no_rules(program: Asking, node: NodeRoot, legacy: str, new: str) -> None:
    for name in ("iptables-save", "ip6tables-save"):
        node.command(name, status=1, complains=legacy)
    node.command("nft", status=1, complains=f"netlink: Error: cache initialization failed: {new}")
    assert observed(program, "filters") == {"answer": {"iptables": [], "ip6tables": [], "nft": []}}


@pytest.mark.parametrize("name", ["iptables-save", "ip6tables-save", "nft"])
def test_filters_that_could_not_be_asked_for_are_not_none(program: Asking, node: NodeRoot, name: str) -> None:
    node.command(name, status=4, complains="Permission denied")
    argv = "nft -j list ruleset" if name == "nft" else f"{name} -t filter"
    assert observed(program, "filters") == {"fault": f"{argv} ended with status 4: Permission denied"}


@pytest.mark.parametrize("printed", ["no JSON", "[]"])
def test_nftables_that_print_something_else_were_not_seen(program: Asking, node: NodeRoot, printed: str) -> None:
    node.command("nft", prints=printed)
    assert observed(program, "filters") == {"fault": "nft -j list ruleset printed no JSON"}


def test_nothing_is_told_of_rules_without_a_list(program: Asking, node: NodeRoot) -> None:
    node.command("nft", prints='{"nftables": 7}')
    assert observed(program, "filters") == {"answer": {"nft": []}}


def test_more_rules_than_anybody_can_read_are_not_told(
    program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "_MOST_RULES", 1)
    node.command("iptables-save", prints="-A INPUT -j DROP\n-A INPUT -j DROP\n")
    assert observed(program, "filters") == {"fault": "more than 1 rules of iptables"}
    node.command("iptables-save", prints="")
    chain = {"chain": {"family": "ip"}}
    node.command("nft", prints=json.dumps({"nftables": [chain, chain]}))
    assert observed(program, "filters") == {"fault": "more than 1 rules of nftables"}


def test_sockets_are_told_with_the_program_that_holds_them(program: Asking, node: NodeRoot) -> None:
    lines = [
        'UNCONN 0 0 0.0.0.0:3784 0.0.0.0:* users:(("bfdd",pid=113,fd=8))',
        "UNCONN 0 0 0.0.0.0:4789 0.0.0.0:*",
        'UNCONN 0 0 *:name *:* users:(("odd",pid=1,fd=1))',
        'users:(("odd",pid=1,fd=1))',
    ]
    node.command("ss", script='[ "$3" = --udp ] || exit 0', prints="\n".join(lines))
    told = {"protocol": "udp", "port": 3784, "program": "bfdd", "pid": 113}
    assert observed(program, "sockets") == {"answer": [told]}


def test_the_clock_is_in_seconds(program: Asking) -> None:
    assert observed(program, "clock")["answer"] > 1_700_000_000


def test_starts_are_told_in_seconds_since_boot(program: Asking, node: NodeRoot) -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    node.write("/run/frr/zebra.pid", "98\n")
    fields = ["S", *map(str, range(4, 22)), str(31 * ticks), "0"]
    node.write("/proc/98/stat", f"98 (zebra (x)) {' '.join(fields)}\n")
    node.command("systemctl", prints="29500000\n")
    assert observed(program, "starts") == {"answer": {"zebra": 31.0, "network": 29.5}}


@pytest.mark.parametrize("said", ["0", "", "n/a"])
def test_a_start_that_nobody_knows_is_absent(program: Asking, node: NodeRoot, said: str) -> None:
    node.write("/run/frr/zebra.pid", "../../etc/shadow")
    node.command("systemctl", prints=said)
    assert observed(program, "starts") == {"answer": {}}


def test_without_systemd_the_networks_start_is_not_known(program: Asking) -> None:
    assert observed(program, "starts") == {"answer": {}}
