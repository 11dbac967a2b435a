"""The verb `look_up`: what iproute2 prints of two ends and nothing of others; what guests' files say of their cards."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from pvesdn.node.program import look_up
from tests.noderoot import NodeRoot
from tests.unit.node.asking import Asking

IPAM = "/etc/pve/sdn/pve-ipam-state.json"
FDB = [
    {"mac": "bc:24:11:00:00:65", "ifname": "tap101i0", "flags": [], "master": "web", "state": ""},
    {"mac": "aa:00:00:00:00:01", "ifname": "tap101i0", "flags": [], "master": "web", "state": "permanent"},
    {"mac": "33:33:00:00:00:01", "ifname": "tap101i0", "flags": ["self"], "state": "permanent"},
    {"mac": "bc:24:11:00:00:66", "ifname": "vxlan_web", "dst": "192.0.2.2", "flags": ["self"], "state": ""},
    {"mac": "bc:24:11:00:00:67", "ifname": "tap103i0", "flags": [], "master": "web", "state": ""},
]
NEIGHBOURS: list[dict[str, Any]] = [
    {"dst": "10.0.0.5", "dev": "web", "lladdr": "bc:24:11:00:00:65", "state": ["STALE"], "used": 7},
    {"dst": "10.0.0.6", "dev": "web", "lladdr": "bc:24:11:00:00:66", "state": ["REACHABLE"]},
    {"dst": "10.0.0.7", "dev": "web", "lladdr": "bc:24:11:00:00:67", "state": ["REACHABLE"]},
    {"dst": "192.0.2.2", "dev": "vrfbr", "lladdr": "02:00:00:00:00:02", "state": ["NOARP"]},
]
ROUTE = {"dst": "10.0.1.9", "gateway": "192.0.2.2", "dev": "vrfbr", "protocol": "bgp", "metric": 20, "nhid": 7}


def answers(node: NodeRoot, asked: dict[str, Any]) -> None:
    for name, rows in (("ip", NEIGHBOURS), ("bridge", FDB)):
        words = {"-j neighbour show nud all": rows, "-j fdb show": rows, **asked}
        cases = "\n".join(f"{shlex.quote(key)}) echo {shlex.quote(json.dumps(told))} ;;" for key, told in words.items())
        node.command(name, script=f'case "$*" in\n{cases}\n*) exit 1 ;;\nesac')


def test_entries_neighbours_and_routes_are_told_of_what_was_asked_for_and_nothing_else(
    program: Asking, node: NodeRoot
) -> None:
    main, vrf = "-j -4 route show table main match 10.0.1.9", "-j -4 route show vrf vrf_a match 10.0.1.9"
    answers(node, {main: [], vrf: [ROUTE]})
    told = program.value(
        "look_up", ports=["tap101i0"], macs=["bc:24:11:00:00:66"], addresses=["10.0.1.9"], vrfs=["vrf_a"]
    )
    assert [row["mac"] for row in told["fdb"]["answer"]] == ["bc:24:11:00:00:65", "bc:24:11:00:00:66"]
    assert told["neighbours"]["answer"] == [NEIGHBOURS[1], NEIGHBOURS[3]]
    route = {key: value for key, value in ROUTE.items() if key != "nhid"}
    assert told["routes"]["answer"] == [{**route, "vrf": "vrf_a", "address": "10.0.1.9"}]


def test_a_question_without_an_answer_says_why_and_the_others_have_theirs(program: Asking, node: NodeRoot) -> None:
    answers(node, {})
    node.command("bridge", script="echo no netlink >&2; exit 3")
    told = program.value("look_up", addresses=["10.0.0.5"])
    assert told["fdb"] == {"fault": "bridge -j fdb show ended with status 3: no netlink"}
    assert told["routes"]["fault"].startswith("ip -j -4 route show table main match 10.0.0.5 ended with status 1")
    assert [row["lladdr"] for row in told["neighbours"]["answer"]] == ["bc:24:11:00:00:65"]


def test_a_vrf_that_is_not_there_has_no_routes(program: Asking, node: NodeRoot) -> None:
    answers(node, {"-j -4 route show table main match 10.0.0.5": [], "-j link": [{"ifname": "vrf_a"}]})
    told = program.value("look_up", addresses=["10.0.0.5"], vrfs=["vrf_gone"])
    assert told["routes"] == {"answer": []}


@pytest.mark.parametrize(
    ("links", "why"),
    [
        ({"-j link": [{"ifname": "vrf_a"}]}, "ip -j -4 route show vrf vrf_a match 10.0.0.5 ended with status 1"),
        ({}, "ip -j link ended with status 1"),
    ],
)
def test_a_vrf_whose_routes_could_not_be_asked_for_is_not_one_without_routes(
    program: Asking, node: NodeRoot, links: dict[str, Any], why: str
) -> None:
    answers(node, {"-j -4 route show table main match 10.0.0.5": [], **links})
    told = program.value("look_up", addresses=["10.0.0.5"], vrfs=["vrf_a"])
    assert told["routes"] == {"fault": why}


def test_a_guest_whose_file_cannot_be_read_is_not_one_without_cards(program: Asking, node: NodeRoot) -> None:
    answers(node, {})
    node.write("/etc/pve/qemu-server/101.conf", "net0: virtio=BC:24:11:00:00:65,bridge=web\n")
    node.place("/etc/pve/qemu-server/102.conf").symlink_to("/etc/passwd")
    why = "/etc/pve/qemu-server/102.conf is a symbolic link that leads out of its folder"
    assert program.value("look_up", guests=[101, 102])["cards"] == {"fault": why}


def test_of_a_guests_file_its_cards_are_told_and_no_other_word(program: Asking, node: NodeRoot) -> None:
    answers(node, {})
    node.write(
        "/etc/pve/qemu-server/101.conf",
        "cipassword: secret\nipconfig0: ip=10.0.0.5/24,gw=10.0.0.1\nipconfig1: ip=dhcp\n"
        "net0: virtio=BC:24:11:00:00:65,bridge=web,firewall=1\nnet1: virtio=BC:24:11:01:00:65,bridge=db\n"
        "[snapshot]\nnet0: virtio=BC:24:11:99:00:65,bridge=web\nipconfig0: ip=10.9.9.9/24\n",
    )
    node.write("/etc/pve/lxc/102.conf", "net0: name=eth0,bridge=web,hwaddr=BC:24:11:00:00:66,ip=10.0.0.6/24,ip6=auto\n")
    node.write("/etc/pve/qemu-server/103.conf", "net0: virtio=BC:24:11:00:00:67,bridge=web\n")
    told = program.value("look_up", guests=[101, 102])
    assert "secret" not in json.dumps(told)
    assert told["cards"]["answer"] == [
        {"guest": 101, "device": 0, "bridge": "web", "addresses": ["10.0.0.5/24"], "mac": "bc:24:11:00:00:65"},
        {"guest": 101, "device": 1, "bridge": "db", "addresses": ["dhcp"], "mac": "bc:24:11:01:00:65"},
        {"guest": 102, "device": 0, "bridge": "web", "addresses": ["10.0.0.6/24", "auto"], "mac": "bc:24:11:00:00:66"},
    ]


def test_a_guest_is_found_by_an_address_that_its_configuration_gives_it(program: Asking, node: NodeRoot) -> None:
    asked = ["10.0.0.5", "10.0.0.6", "fd00::5"]
    answers(node, {f"-j -{6 if ':' in one else 4} route show table main match {one}": [] for one in asked})
    node.write(
        "/etc/pve/qemu-server/101.conf",
        "ipconfig0: ip=10.0.0.50/24,ip6=FD00:0::5/64\nipconfig1: ip=dhcp,ip6=auto\n"
        "net0: virtio=BC:24:11:00:00:65,bridge=web\nnet1: virtio=BC:24:11:01:00:65,bridge=db\n",
    )
    node.write("/etc/pve/lxc/102.conf", "net0: name=eth0,bridge=web,hwaddr=BC:24:11:00:00:66,ip=10.0.0.6/24,ip6=auto\n")
    node.write("/etc/pve/lxc/103.conf", "net0: name=eth0,bridge=web,hwaddr=BC:24:11:00:00:67,ip=10.0.0.7/24\n")
    found = program.value("look_up", addresses=asked)["cards"]["answer"]
    assert [(row["guest"], row["device"], row["addresses"]) for row in found] == [
        (101, 0, ["10.0.0.50/24", "FD00:0::5/64"]),
        (102, 0, ["10.0.0.6/24", "auto"]),
    ]


def test_what_pves_ipam_has_given_out_is_told_of_the_guests_and_the_addresses(program: Asking, node: NodeRoot) -> None:
    answers(node, {"-j -4 route show table main match 10.0.0.6": []})
    ips = {
        "10.0.0.1": {"gateway": 1},
        "10.0.0.5": {"vmid": "101", "hostname": "web-1", "mac": "BC:24:11:00:00:65"},
        "10.0.0.6": {"vmid": "102", "mac": "BC:24:11:00:00:66"},
        "10.0.0.7": {"vmid": "103", "mac": "BC:24:11:00:00:67"},
    }
    node.write(IPAM, json.dumps({"zones": {"lan": {"subnets": {"10.0.0.0/24": {"ips": ips}, "odd": 7}}, "odd": []}}))
    assert program.value("look_up", guests=[101], addresses=["10.0.0.6"])["leases"]["answer"] == [
        {"address": "10.0.0.5", "guest": 101, "mac": "bc:24:11:00:00:65"},
        {"address": "10.0.0.6", "guest": 102, "mac": "bc:24:11:00:00:66"},
    ]
    node.write(IPAM, "{")
    assert program.value("look_up", guests=[101])["leases"] == {"fault": f"{IPAM} is not JSON"}


def test_rules_that_translate_what_leaves_are_told_and_no_others(program: Asking, node: NodeRoot) -> None:
    answers(node, {})
    translates = "-A POSTROUTING -s 10.0.0.0/24 -o eno2 -j SNAT --to-source 192.0.2.1"
    node.command("iptables-save", script=f"echo '*nat'; echo '-A POSTROUTING -j ACCEPT'; echo '{translates}'")
    assert program.value("look_up")["nat"] == {"answer": [translates]}


@pytest.mark.parametrize(
    ("script", "told"),
    [
        ('echo "can\'t initialize iptables table: Table does not exist" >&2; exit 3', {"answer": []}),
        (
            "echo 'Permission denied' >&2; exit 4",
            {"fault": "iptables-save -t nat ended with status 4: Permission denied"},
        ),
        (
            "echo \"# Table \\`nat' is incompatible, use 'nft' tool.\"",
            {"fault": "iptables-save -t nat: Table `nat' is incompatible, use 'nft' tool."},
        ),
    ],
)
def test_rules_that_could_not_be_asked_for_are_not_none(
    program: Asking, node: NodeRoot, script: str, told: dict[str, Any]
) -> None:
    answers(node, {})
    node.command("iptables-save", script=script)
    assert program.value("look_up")["nat"] == told


def test_ipv6_has_rules_of_its_own(program: Asking, node: NodeRoot) -> None:
    answers(node, {})
    rule = "-A POSTROUTING -s fd00::/64 -o eno2 -j MASQUERADE"
    node.command("ip6tables-save", script=f"echo '*nat'; echo '{rule}'")
    told = program.value("look_up")
    assert (told["nat"], told["nat6"]) == ({"answer": []}, {"answer": [rule]})


def test_what_may_drop_what_is_forwarded_is_told_without_its_rules(program: Asking, node: NodeRoot) -> None:
    answers(node, {})
    node.write("/proc/sys/net/bridge/bridge-nf-call-iptables", "1\n")
    lines = ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", "-A FORWARD -j own", "-A own -j ACCEPT", "COMMIT"]
    node.command("iptables-save", script=f"case $2 in filter) printf '%s\\n' {shlex.join(lines)} ;; esac")
    chains: list[dict[str, Any]] = [
        {"family": "ip", "table": "filter", "name": "FORWARD", "hook": "forward", "policy": "drop"},
        {"family": "bridge", "table": "t", "name": "c", "hook": "forward", "policy": "accept", "handle": 7},
        {"family": "inet", "table": "t", "name": "in", "hook": "input", "policy": "drop"},
        {"family": "inet", "table": "t", "name": "own"},
    ]
    rows = [{"metainfo": {}}, *({"chain": chain} for chain in chains)]
    node.command("nft", prints=json.dumps({"nftables": rows}))
    assert program.value("look_up")["filters"]["answer"] == [
        {"by": "iptables", "family": "ip", "chain": "FORWARD", "policy": "DROP", "rules": 1, "bridged": True},
        {"by": "nft", "family": "bridge", "table": "t", "name": "c", "policy": "accept"},
    ]


@pytest.mark.parametrize(
    ("nft", "told"),
    [
        ({"status": 1, "complains": "cache initialization failed: Protocol not supported"}, {"answer": []}),
        ({"status": 1, "complains": "it broke"}, {"fault": "nft -j list chains ended with status 1: it broke"}),
        ({"prints": "[]"}, {"fault": "nft -j list chains printed no list of chains"}),
        ({"prints": '{"nftables": [{"chain": 7}]}'}, {"fault": "nft -j list chains printed no list of chains"}),
    ],
)
def test_chains_that_could_not_be_asked_for_are_not_none(
    program: Asking, node: NodeRoot, nft: dict[str, Any], told: dict[str, Any]
) -> None:
    answers(node, {})
    node.command("nft", **nft)
    assert program.value("look_up")["filters"] == told


def test_groups_are_told_with_the_devices_that_have_joined_them(program: Asking, node: NodeRoot) -> None:
    joined = [
        {"ifname": "lo", "maddr": [{"family": "inet", "address": "224.0.0.1"}]},
        {"ifname": "eno1", "maddr": [{"link": "01:00:5e:01:01:01"}, {"family": "inet", "address": "239.1.1.1"}]},
    ]
    answers(node, {"-j maddress show": joined})
    told = program.value("look_up", groups=["239.1.1.1", "239.1.1.2"])["groups"]
    assert told == {"answer": [{"ifname": "eno1", "address": "239.1.1.1"}]}
    assert program.value("look_up")["groups"] == {"answer": []}


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        ({"macs": ["BC:24:11:00:00:65"]}, "'BC:24:11:00:00:65' is not a MAC address in lower case"),
        ({"addresses": ["10.0.0.0/24"]}, "'10.0.0.0/24' is not an IP address"),
        ({"vrfs": ["--all"]}, "'--all' is not an interface name"),
        ({"ports": ["a b"]}, "'a b' is not an interface name"),
        ({"guests": ["101"]}, "argument 'guests' is of the wrong type"),
        ({"macs": ["bc:24:11:00:00:65"] * 1001}, "more than 1000 macs in one request"),
    ],
)
def test_what_is_none_is_refused_before_any_command_runs(
    program: Asking, arguments: dict[str, Any], refusal: str
) -> None:
    assert program.refusal("look_up", **arguments) == refusal


def test_so_many_entries_are_told_and_no_more(program: Asking, node: NodeRoot, monkeypatch: pytest.MonkeyPatch) -> None:
    answers(node, {})
    monkeypatch.setattr(look_up, "_MOST_TOLD", 1)
    told = program.value("look_up", macs=["bc:24:11:00:00:65", "bc:24:11:00:00:66"])
    assert len(told["fdb"]["answer"]) == len(told["neighbours"]["answer"]) == 1
