"""Which devices a ping passes, and which its answer: tcpdump's lines."""

from __future__ import annotations

import pytest

from pvesdn_lab.live.testbed.watched import devices_of

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
