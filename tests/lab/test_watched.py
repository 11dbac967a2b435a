"""Which devices and tunnels a ping passes, and which its answer: tcpdump's lines."""

from __future__ import annotations

import pytest

from pvesdn_lab.live.testbed.watched import devices_of, tunnels_of

LINES = """\
tcpdump: data link type LINUX_SLL2
listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 262144 bytes
10:00:00.000001 tap103i0 P   ifindex 9 bc:24:11:00:00:67 ethertype IPv4 (0x0800), length 104: 10.1.2.1 > 10.1.2.2: \
ICMP echo request, id 7, seq 1, length 64
10:00:00.000002 vxlan_a Out ifindex 8 bc:24:11:00:00:67 ethertype IPv4 (0x0800), length 104: 10.1.2.1 > 10.1.2.2: \
ICMP echo request, id 7, seq 1, length 64
10:00:00.000003 vxlan_b In  ifindex 7 bc:24:11:00:00:68 ethertype IPv4 (0x0800), length 104: 10.1.2.2 > 10.1.2.1: \
ICMP echo reply, id 7, seq 1, length 64
10:00:00.000004 eno1 In  ifindex 3 bc:24:11:00:00:68 ethertype IPv4 (0x0800), length 132: 10.1.2.2 > 10.1.2.1: \
ICMP host 10.1.2.2 unreachable, length 92
"""


@pytest.mark.parametrize(
    ("what", "devices"), [("request", {"tap103i0", "vxlan_a"}), ("reply", {"vxlan_b"})], ids=["there", "back"]
)
def test_a_ping_and_its_answer_are_told_apart(what: str, devices: set[str]) -> None:
    assert devices_of(LINES, what) == devices


def test_where_nothing_has_passed_yet_there_is_no_device() -> None:
    assert devices_of("listening on any\n", "reply") == frozenset()


TUNNELS = """\
10:00:00.000001 vmbr0 Out ifindex 4 02:00:00:00:00:01 ethertype IPv4 (0x0800), length 154: 192.168.0.1.48722 > \
192.168.0.3.4789: VXLAN, flags [I] (0x08), vni 4000
bc:24:11:00:00:67 > 02:00:c0:a8:00:03, ethertype IPv4 (0x0800), length 98: 10.1.2.1 > 10.1.3.3: \
ICMP echo request, id 7, seq 1, length 64
10:00:00.000002 vmbr0 In  ifindex 4 02:00:00:00:00:03 ethertype IPv4 (0x0800), length 154: 192.168.0.3.51022 > \
192.168.0.1.4789: VXLAN, flags [I] (0x08), vni 4001
bc:24:11:00:00:68 > 02:00:c0:a8:00:01, ethertype IPv4 (0x0800), length 98: 10.1.3.3 > 10.1.2.1: \
ICMP echo reply, id 7, seq 1, length 64
10:00:00.000003 vmbr0 In  ifindex 4 02:00:00:00:00:03 ethertype IPv4 (0x0800), length 154: 192.168.0.3.51022 > \
192.168.0.1.4789: VXLAN, flags [I] (0x08), vni 64
bc:24:11:00:00:68 > bc:24:11:00:00:67, ethertype IPv6 (0x86dd), length 118: 2001:db8::3 > 2001:db8::1: \
ICMP6, echo request, id 7, seq 1, length 64
"""
IPV4, IPV6 = frozenset({"10.1.2.1", "10.1.3.3"}), frozenset({"2001:db8::1", "2001:db8::3"})


@pytest.mark.parametrize(
    ("what", "ends", "tunnels"),
    [
        ("request", IPV4, {(4000, "192.168.0.1", "192.168.0.3")}),
        ("reply", IPV4, {(4001, "192.168.0.3", "192.168.0.1")}),
        ("request", IPV6, {(64, "192.168.0.3", "192.168.0.1")}),
    ],
    ids=["there", "back", "IPv6"],
)
def test_a_tunnel_is_told_by_its_vni_and_its_two_ends(
    what: str, ends: frozenset[str], tunnels: set[tuple[int, str, str]]
) -> None:
    assert tunnels_of(TUNNELS, what, ends) == tunnels


def test_what_is_in_a_vxlan_packet_is_at_no_device_by_itself() -> None:
    assert devices_of(TUNNELS, "request") == frozenset()


def test_a_ping_of_ipv6_is_one_too() -> None:
    line = (
        "10:00:00.000001 tap103i0 P   ifindex 9 bc:24:11:00:00:67 ethertype IPv6 (0x86dd), length 124: "
        "2001:db8::1 > 2001:db8::3: ICMP6, echo request, id 7, seq 1, length 64\n"
    )
    assert devices_of(line, "request") == {"tap103i0"}
