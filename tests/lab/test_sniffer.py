"""What is read from tcpdump's lines."""

from __future__ import annotations

from pvesdn_lab.live.testbed.sniffer import source_of, tags_of

_PING = "ethertype IPv4 (0x0800), 10.1.0.11 > 10.1.0.12: ICMP echo request, id 1, seq 1, length 64"
_MACS = "16:49:42.679193 bc:24:11:00:00:65 > bc:24:11:00:00:66"


def test_a_frame_without_a_tag_has_none() -> None:
    plain = _PING.replace("(0x0800), ", "(0x0800), length 98: ")
    assert tags_of(f"{_MACS}, {plain}") == []


def test_a_tagged_frame_has_its_vlan() -> None:
    assert tags_of(f"{_MACS}, ethertype 802.1Q (0x8100), length 102: vlan 10, p 0, {_PING}") == [("0x8100", 10)]


def test_tags_come_the_outer_one_first() -> None:
    outer = "ethertype 802.1Q-QinQ (0x88a8), length 106: vlan 200, p 0, ethertype 802.1Q (0x8100), vlan 11, p 0"
    assert tags_of(f"{_MACS}, {outer}, {_PING}") == [("0x88a8", 200), ("0x8100", 11)]


def test_a_packet_comes_from_its_ip_address_not_from_its_mac_address() -> None:
    line = f"{_MACS}, ethertype IPv4 (0x0800), length 98: 172.16.0.11 > 203.0.113.1: ICMP echo request, id 650, seq 1"
    assert source_of(line) == "172.16.0.11"


def test_a_frame_that_is_no_packet_comes_from_nowhere() -> None:
    assert not source_of(
        f"{_MACS}, ethertype ARP (0x0806), length 42: Request who-has 10.1.0.1 tell 10.1.0.2, length 28"
    )
