"""Datagrams of the verb `probe`, between two networks of the real kernel with a VXLAN over a wire between them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pvesdn.node.program import Machine, answer
from pvesdn.node.program.probe import Ear, Probe, datagram_of, exchange, number_in
from tests.netns import NetworkNamespace
from tests.unit.node.asking import Asking

NONCE = "0123456789abcdef"
RAW_NONCE = bytes.fromhex(NONCE)
ADDRESSES = ("192.0.2.1", "192.0.2.2")
MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02")
MTU = 1400
ONE = Probe(7, *ADDRESSES, 4789, 42, bytes.fromhex("020000000001"), bytes.fromhex("020000000002"), 64)


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[NetworkNamespace, NetworkNamespace]]:
    """Two hosts on one wire of 1450 bytes, each with the VNI 42 in the bridge `web` and room for 1400."""
    monkeypatch.setattr("pvesdn.node.program.probe._LINGER", 0.3)
    try:
        first, second = NetworkNamespace(), NetworkNamespace()
    except PermissionError:
        pytest.skip("only root may have a network of its own")
    with first, second:
        first.ip("link", "add", "wire", "type", "veth", "peer", "name", "wire", "netns", str(second.thread))
        for network, address, mac in zip((first, second), ADDRESSES, MACS, strict=True):
            network.ip("link", "set", "lo", "up")
            network.ip("link", "set", "wire", "mtu", "1450", "up")
            network.ip("address", "add", f"{address}/24", "dev", "wire")
            network.ip("link", "add", "vx", "type", "vxlan", "id", "42", "local", address, "dstport", "4789")
            network.ip("link", "add", "web", "address", mac, "type", "bridge")
            network.ip("link", "set", "vx", "master", "web", "up")
            network.ip("link", "set", "web", "up")
        yield first, second


def request(
    own: int, sizes: tuple[int, ...] = (MTU,), *, seconds: float = 20.0, hears: tuple[int, ...] = (0,), **changes: Any
) -> dict[str, Any]:
    """What is asked of one end: to send a probe of each size to the other, and to hear some of the other's."""
    sends = [
        {
            "number": own * 10 + number,
            "source": ADDRESSES[own],
            "target": ADDRESSES[1 - own],
            "port": 4789,
            "vni": 42,
            "source_mac": "02:00:00:00:00:99",
            "target_mac": MACS[1 - own],
            "size": size,
            **changes,
        }
        for number, size in enumerate(sizes)
    ]
    ears = [{"number": (1 - own) * 10 + number, "bridge": "web"} for number in hears]
    return {"nonce": NONCE, "seconds": seconds, "send": sends, "hear": ears}


def asked(arguments: dict[str, Any]) -> Callable[[], Any]:
    """The program's answer on the real machine."""
    document = json.dumps({"verb": "probe", "arguments": arguments}).encode()

    def ask() -> Any:
        told = answer(Machine(), document)
        assert told["ok"], told
        assert 0 <= told["value"].pop("lasted", 0) < 21
        return told["value"]

    return ask


Networks = tuple[NetworkNamespace, NetworkNamespace]


def both(networks: Networks, first: dict[str, Any], second: dict[str, Any]) -> tuple[Any, Any]:
    other = networks[1].begin(asked(second))
    return networks[0].do(asked(first)), other()


def test_a_frame_of_the_mtu_arrives_at_both_ends(networks: Networks) -> None:
    assert both(networks, request(0), request(1)) == ({"heard": [10], "unsent": {}}, {"heard": [0], "unsent": {}})


def test_a_frame_that_is_larger_than_the_way_out_does_not_leave(networks: Networks) -> None:
    first, second = both(networks, request(0, (MTU + 1, 64)), request(1, hears=(1,)))
    assert (first["unsent"], second["heard"]) == ({"0": "EMSGSIZE"}, [1])


def test_a_frame_of_another_vni_comes_nowhere(networks: Networks) -> None:
    first, second = both(networks, request(0, vni=43, seconds=0.6), request(1, seconds=0.6))
    assert (first["unsent"], second) == ({}, {"heard": [], "unsent": {}})


def test_a_port_that_is_in_no_bridge_delivers_nothing(networks: Networks) -> None:
    networks[1].ip("link", "set", "vx", "nomaster")
    _, second = both(networks, request(0, seconds=0.6), request(1, seconds=0.6))
    assert second["heard"] == []


def test_an_address_that_the_node_does_not_have_is_no_source(networks: Networks) -> None:
    found = networks[0].do(asked(request(0, source="192.0.2.77", seconds=0.6)))
    assert found["unsent"] == {"0": "EADDRNOTAVAIL"}


def test_datagrams_over_ipv6_are_not_fragmented_either(networks: Networks) -> None:
    for network, address in zip(networks, ("2001:db8::1", "2001:db8::2"), strict=True):
        network.ip("address", "add", f"{address}/64", "dev", "wire", "nodad")
        network.ip("link", "del", "vx")
        network.ip("link", "add", "vx", "type", "vxlan", "id", "42", "local", address, "dstport", "4789")
        network.ip("link", "set", "vx", "master", "web", "up")
    ends: dict[str, Any] = {"source": "2001:db8::1", "target": "2001:db8::2"}
    back: dict[str, Any] = {"source": "2001:db8::2", "target": "2001:db8::1"}
    first, second = both(
        networks, request(0, (1380, 1381), seconds=0.6, **ends), request(1, (64, 64), seconds=0.6, **back)
    )
    assert (first, second["heard"]) == ({"heard": [10], "unsent": {"1": "EMSGSIZE"}}, [0])


def test_nothing_of_it_is_left(networks: Networks) -> None:
    both(networks, request(0), request(1))
    sockets = networks[0].do(lambda: subprocess.run(["ss", "-H", "-a"], check=True, capture_output=True, text=True))
    assert "packet" not in sockets.stdout.lower()


def test_who_is_not_root_sees_no_packets(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("socket.socket", refused)
    assert asked(request(0))() == {"unable": "only root may see packets"}


def test_a_folder_has_no_network(program: Asking) -> None:
    assert program.value("probe", **request(0)) == {"unable": "the node is a folder: it has no network"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"nonce": "xx"}, "the nonce does not have 16 hexadecimal digits"),
        ({"nonce": "00"}, "the nonce does not have 16 hexadecimal digits"),
        ({"seconds": 31}, "seconds are not between 0 and 30"),
        ({"seconds": "1"}, "seconds are not between 0 and 30"),
        ({"send": [{}] * 10001}, "a probe is not a number"),
        ({"hear": [{"number": 1, "bridge": "web"}] * 10001}, "more than 10000 probes"),
        ({"hear": [{"number": 1, "bridge": "-h"}]}, "'-h' is not an interface name"),
        ({"send": 7}, "argument 'send' is of the wrong type"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(program: Asking, changes: dict[str, Any], told: str) -> None:
    assert told in program.refusal("probe", **{**request(0), **changes})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"source": "here"}, "'here' is not an IP address"),
        ({"port": 65536}, "'port' of a probe is not a number from 0 to 65535"),
        ({"vni": True}, "'vni' of a probe is not a number from 0 to 16777215"),
        ({"size": 65001}, "'size' of a probe is not a number from 0 to 65000"),
        ({"target_mac": "02:00"}, "'target_mac' of a probe is not a MAC address"),
        ({"source_mac": "zz"}, "'source_mac' of a probe is not a MAC address"),
    ],
)
def test_a_probe_that_makes_no_sense_is_refused(program: Asking, changes: dict[str, Any], told: str) -> None:
    assert told in program.refusal("probe", **request(0, **changes))


def test_a_datagram_is_what_the_kernel_would_send() -> None:
    datagram = datagram_of(RAW_NONCE, ONE)
    assert datagram[:8].hex() == "0800000000002a00"
    assert datagram[8:22].hex() == "020000000002" + "020000000001" + "88b5"
    assert (len(datagram) - 22, number_in(RAW_NONCE, datagram[8:])) == (64, 7)


@pytest.mark.parametrize("frame", [b"", b"x" * 200, datagram_of(b"another!", ONE)[8:]])
def test_frames_of_others_are_not_of_this_run(frame: bytes) -> None:
    assert number_in(RAW_NONCE, frame) is None


class Line:
    """A wire that is silent until its time has come, and a clock that passes by listening."""

    def __init__(self, hears: dict[float, tuple[str, bytes]]) -> None:
        self.now = 0.0
        self.hears = hears
        self.sent: list[float] = []

    def send(self, _: Probe, __: bytes) -> None:
        self.sent.append(self.now)

    def heard(self, seconds: float) -> Iterator[tuple[str, bytes]]:
        self.now += max(seconds, 0.01)
        due = [when for when in self.hears if when <= self.now]
        yield from (self.hears.pop(when) for when in due)


def line_of(hears: dict[float, tuple[str, bytes]], seconds: float = 10.0) -> tuple[Any, Line]:
    line = Line(hears)
    return exchange(line, RAW_NONCE, [ONE], [Ear(7, "web")], seconds, lambda: line.now), line


def test_a_node_that_begins_late_still_hears_of_this_one() -> None:
    frame = datagram_of(RAW_NONCE, ONE)[8:]
    found, line = line_of({4.0: ("web", frame)})
    assert found["heard"] == [7]
    assert 4.4 <= max(line.sent) <= line.now <= 6.0


def test_what_never_comes_is_waited_for_until_the_time_is_up() -> None:
    found, line = line_of({})
    assert (found["heard"], 10.0 <= line.now < 11.0) == ([], True)


def test_a_frame_out_of_another_bridge_is_not_the_one() -> None:
    frame = datagram_of(RAW_NONCE, ONE)[8:]
    assert line_of({0.5: ("db", frame), 0.6: ("web", b"noise" * 20)})[0]["heard"] == []
