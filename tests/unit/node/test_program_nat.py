"""PVE's source NAT, which ifupdown2 adds at every reload: what of it stands too often, and who takes it away."""

from __future__ import annotations

from typing import Any

import pytest

from pvesdn.node.program import nat
from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking

SDN, RUNNING = "/etc/network/interfaces.d/sdn", "/etc/pve/sdn/.running-config"
SNAT = "-s 10.0.0.0/24 -o vmbr0 -j SNAT --to-source 192.0.2.1"
CT = "-i fwbr+ -j CT --zone 1"
FILE = f"""#version:1

auto web
iface web
\taddress 10.0.0.1/24
\tpost-up iptables -t nat -A POSTROUTING -s '10.0.0.0/24' -o vmbr0 -j SNAT --to-source 192.0.2.1
\tpost-down iptables -t nat -D POSTROUTING -s '10.0.0.0/24' -o vmbr0 -j SNAT --to-source 192.0.2.1
\tpost-up iptables -t raw -I PREROUTING {CT}
"""


def listing(node: NodeRoot, chain: str, *rules: str, command: str = "iptables") -> None:
    """From now on the command tells these rules of that chain."""
    node.write(f"/rules/{command} {chain}", "".join(f"{line}\n" for line in (f"-P {chain} ACCEPT", *rules)))
    script = f'[ "$5" = -S ] && sed "/^-P/!s/^/-A $6 /" "${{0%/*}}/../rules/{command} $6" 2>/dev/null'
    node.command(command, script=script)


def deleted(node: NodeRoot, command: str = "iptables") -> list[str]:
    return [call.removeprefix(f"{command} -w 5 -t ") for call in node.calls() if " -D " in call]


def test_of_a_rule_that_reloads_have_added_again_one_stays(program: Asking, node: NodeRoot) -> None:
    node.write(SDN, FILE)
    listing(node, "POSTROUTING", SNAT, "-s 10.9.9.0/24 -j MASQUERADE", SNAT, SNAT, "-s 10.9.9.0/24 -j MASQUERADE")
    listing(node, "PREROUTING", CT, CT)
    call = f"iptables -w 5 -t nat -D POSTROUTING {SNAT}"
    assert program.value("nat")["removed"] == [call, call, f"iptables -w 5 -t raw -D PREROUTING {CT}"]
    assert node.calls()[0] == "iptables -w 5 -t nat -S POSTROUTING"
    assert sum(" -S " in line for line in node.calls()) == 2


def test_what_two_subnets_add_alike_stays_twice_since_each_takes_one_away(program: Asking, node: NodeRoot) -> None:
    node.write(SDN, f"{FILE}\niface db\n\tpost-up iptables -t raw -I PREROUTING {CT}\n")
    listing(node, "POSTROUTING", SNAT)
    listing(node, "PREROUTING", CT, CT, CT)
    assert program.value("nat")["removed"] == [f"iptables -w 5 -t raw -D PREROUTING {CT}"]


@pytest.mark.parametrize(
    ("written", "there"),
    [
        ("iptables -t nat -A POSTROUTING -s 10.0.0.7 -j X", "-s 10.0.0.7/32 -j X"),
        ("iptables -t nat -A POSTROUTING -j X -s '10.0.0.7/24'", '-s 10.0.0.0/24 -j "X"'),
        ("ip6tables -t nat -A POSTROUTING -s '2001:DB8:0:32::/64' -j X", "-s 2001:db8:0:32::/64 -j X"),
        ("ip6tables -t nat -A POSTROUTING -s 2001:db8::1 -j X", "-s 2001:db8::1/128 -j X"),
        ("iptables -t nat -A POSTROUTING ! -o web -s 10.0.0.0/24", "-s 10.0.0.0/24 ! -o web"),
    ],
)
def test_a_rule_is_known_in_the_kernels_spelling(program: Asking, node: NodeRoot, written: str, there: str) -> None:
    command = written.split(maxsplit=1)[0]
    node.write(SDN, f"iface web\n\tup {written}\n")
    listing(node, "POSTROUTING", there, there, command=command)
    program.value("nat")
    assert deleted(node, command) == [f"nat -D POSTROUTING {there}".replace('"', "")]


@pytest.mark.parametrize(
    "other",
    [
        "-s 192.0.2.1 -o vmbr0 -j SNAT --to-source 10.0.0.0/24",
        "! -s 10.0.0.0/24 -o vmbr0 -j SNAT --to-source 192.0.2.1",
        "-s 10.0.0.0/24 -o vmbr1 -j SNAT --to-source 192.0.2.1",
        f"{SNAT} -m comment --comment mine",
        f"{SNAT} -m comment --comment 'no end",
    ],
)
def test_a_rule_of_somebody_elses_is_left_alone(program: Asking, node: NodeRoot, other: str) -> None:
    node.write(SDN, FILE)
    listing(node, "POSTROUTING", SNAT, other, other)
    assert program.value("nat") == {"removed": []}
    assert deleted(node) == []


@pytest.mark.parametrize(
    "line",
    [
        "post-up iptables -t filter -A INPUT -j ACCEPT",
        "post-up iptables -t nat -F POSTROUTING",
        "post-up iptables -A POSTROUTING -t nat -j X",
        "post-up iptables -t nat -A --help -j X",
        "post-up iptables -t nat -A POSTROUTING",
        "post-up iptables -t nat -A POSTROUTING -s '10.0.0.0/24 -j X",
        "post-up iptables-restore -t nat -A POSTROUTING -j X",
        "post-up /tmp/iptables -t nat -A POSTROUTING -j X",
        "post-down iptables -t nat -A POSTROUTING -j X",
        "# post-up iptables -t nat -A POSTROUTING -j X",
    ],
)
def test_a_line_that_adds_no_rule_to_pves_tables_runs_nothing(program: Asking, node: NodeRoot, line: str) -> None:
    node.command("iptables")
    node.write(SDN, f"iface web\n\t{line}\n")
    assert program.value("nat") == {"removed": []}
    assert node.calls() == []


def test_a_chain_that_cannot_be_read_is_told_and_does_not_hide_the_others(program: Asking, node: NodeRoot) -> None:
    node.write(SDN, FILE)
    script = f'[ "$6" = POSTROUTING ] && {{ echo busy >&2; exit 4; }}; [ "$5" = -S ] && echo "-A $6 {CT}\n-A $6 {CT}"'
    node.command("iptables", script=script)
    refusal = program.refusal("nat")
    assert refusal == "iptables -w 5 -t nat -S POSTROUTING ended with status 4: busy"
    assert deleted(node) == [f"raw -D PREROUTING {CT}"]


def test_it_takes_no_longer_than_it_may(program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    node.write(SDN, FILE)
    listing(node, "POSTROUTING", SNAT, SNAT)
    monkeypatch.setattr(nat, "NAT_LIMIT", 0.0)
    assert "iptables -w 5 -t nat -S POSTROUTING did not finish within 0 s" in program.refusal("nat")
    assert deleted(node) == []


@pytest.fixture
def rehearsing(program: Asking, node: NodeRoot) -> Asking:
    for command in ("ip", "bridge", "ifreload"):
        node.command(command, prints="[]" if command != "ifreload" else "")
    node.write(RUNNING, '{"version": 1}')
    return program


def rehearse(program: Asking, node: NodeRoot, before: str, text: str) -> list[str]:
    """From one text to the other; what the reload has told."""
    node.write(SDN, before)
    entry: dict[str, Any] = {**node.entry(SDN, text), "is_pves": True}
    assert program.problems(entry) == []
    program.value("arm", id="a1", who="somebody", seconds=180, frr="none", rehearses=[SDN])
    program.value("commit", files=[entry])
    log: list[str] = program.value("reload")["log"]
    return log


def test_before_a_rehearsal_takes_a_rule_away_once_it_is_there_once(rehearsing: Asking, node: NodeRoot) -> None:
    listing(node, "POSTROUTING", SNAT, SNAT)
    assert rehearse(rehearsing, node, FILE, "#version:2\n") == [f"iptables -w 5 -t nat -D POSTROUTING {SNAT}"]
    calls = node.calls()
    assert calls.index(f"iptables -w 5 -t nat -D POSTROUTING {SNAT}") < calls.index("ifreload -a")


def test_a_rehearsal_goes_on_where_the_rules_cannot_be_read(rehearsing: Asking, node: NodeRoot) -> None:
    assert rehearse(rehearsing, node, FILE, "#version:2\n") == ["iptables is not installed; iptables is not installed"]
    assert "ifreload -a" in node.calls()


def test_a_rule_that_only_the_rehearsal_has_added_goes_with_it(rehearsing: Asking, node: NodeRoot) -> None:
    listing(node, "POSTROUTING")
    listing(node, "PREROUTING", CT)
    assert rehearse(rehearsing, node, "#version:1\n", FILE) == []
    listing(node, "POSTROUTING", SNAT)
    assert rehearsing.value("undo", id="a1")["state"] == "restored"
    assert deleted(node) == [f"nat -D POSTROUTING {SNAT}"]  # the other was there before


def test_of_a_chain_that_could_not_be_read_before_an_undo_takes_nothing_away(
    rehearsing: Asking, node: NodeRoot
) -> None:
    rehearse(rehearsing, node, "#version:1\n", FILE)
    listing(node, "POSTROUTING", SNAT)
    told = "rules that the reload has added stay, since nobody could tell: iptables is not installed"
    assert told in rehearsing.value("undo", id="a1")["log"]
    assert deleted(node) == []


def test_an_undo_that_adds_a_rule_again_leaves_it_there_once(rehearsing: Asking, node: NodeRoot) -> None:
    listing(node, "POSTROUTING", SNAT)
    listing(node, "PREROUTING", CT)
    assert rehearse(rehearsing, node, FILE, FILE.replace("version:1", "version:2")) == []
    listing(node, "POSTROUTING", SNAT, SNAT, SNAT)
    assert rehearsing.value("undo", id="a1")["state"] == "restored"
    assert deleted(node) == [f"nat -D POSTROUTING {SNAT}"] * 2
