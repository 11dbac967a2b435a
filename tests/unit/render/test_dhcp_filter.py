"""The filter against DHCP as this kernel runs it: put on by the stanza's own commands, held against real packets."""

from __future__ import annotations

import socket
import struct
import subprocess
from collections.abc import Iterator
from functools import partial
from itertools import count
from shutil import which

import pytest

from pvesdn.model.dhcp_filter import BYTECODE, dhcp_filter
from pvesdn.model.ifupdown import VxlanPort
from tests.netns import NetworkNamespace

UPLINK, FAR, GUEST = "uplink", "far", "guest"
_ALL, _EXPERIMENTAL = 0x0003, 0x88B5
_PATIENCE = 5.0
_PORTS = count(1024)
UDP, TCP = 17, 6
SOURCE = b"\x02\x00\x00\x00\x00\x01"
MARK = b"the last one"


def frame(kind: int, payload: bytes, *, vlan: int | None = None) -> bytes:
    """:param vlan: the whole tag, 16 bits."""
    tag = b"" if vlan is None else struct.pack("!HH", 0x8100, vlan)
    return b"\xff" * 6 + SOURCE + tag + struct.pack("!H", kind) + payload


def ipv4(port: int, *, protocol: int = UDP, options: int = 0, fragment: int = 0) -> bytes:
    words = 5 + options
    fields = (0x40 | words, 0, words * 4 + 28, 1, fragment, 9, protocol)
    ends = b"\0" * 4 + b"\xff" * 4 + b"\1" * (4 * options)
    bare = struct.pack("!BBHHHBBH", *fields, 0) + ends
    return struct.pack("!BBHHHBBH", *fields, checksum(bare)) + ends + segment(port)


def checksum(header: bytes) -> int:
    """RFC 1071; the kernel throws away what has a wrong one before anything of ours sees it."""
    total = sum(struct.unpack(f"!{len(header) // 2}H", header))
    return ~(total + (total >> 16)) & 0xFFFF


def ipv6(port: int, *, protocol: int = UDP) -> bytes:
    ends = b"\xfe\x80" + b"\1" * 14 + b"\xff\2" + b"\1" * 14
    return struct.pack("!IHBB", 6 << 28, 28, protocol, 9) + ends + segment(port)


def segment(port: int) -> bytes:
    """What UDP has in front; each comes from a port of its own, and so is known again."""
    return struct.pack("!HHHH", next(_PORTS), port, 28, 0) + b"\0" * 20


DROPPED = {
    "a request": frame(0x800, ipv4(67)),
    "an answer": frame(0x800, ipv4(68)),
    "a request with IP options": frame(0x800, ipv4(67, options=3)),
    "an answer in fragments, the first": frame(0x800, ipv4(68, fragment=0x2000)),
    "an answer of DHCPv6": frame(0x86DD, ipv6(546)),
    "a request of DHCPv6": frame(0x86DD, ipv6(547)),
    "a request with a priority and no VLAN": frame(0x800, ipv4(67), vlan=0xA000),
}
PASSED = {
    "DNS": frame(0x800, ipv4(53)),
    "DHCPv6's ports in IPv4": frame(0x800, ipv4(547)),
    "DHCP's ports in IPv6": frame(0x86DD, ipv6(67)),
    "TCP": frame(0x800, ipv4(67, protocol=TCP)),
    "TCP over IPv6": frame(0x86DD, ipv6(547, protocol=TCP)),
    "a later fragment": frame(0x800, ipv4(67, fragment=0x0010)),
    "ARP": frame(0x806, b"\0" * 28),
    "a request in a guest's VLAN": frame(0x800, ipv4(67), vlan=5),
    "DHCPv6 in a guest's VLAN": frame(0x86DD, ipv6(547), vlan=5),
    "a short frame": frame(_EXPERIMENTAL, b"\x45\0"),
}


@pytest.fixture
def wire() -> Iterator[NetworkNamespace]:
    """A bridge with a guest and an uplink, and the filter on the uplink."""
    if which("tc") is None:
        pytest.skip("tc is not installed (apt install iproute2)")
    try:
        made = NetworkNamespace()
    except PermissionError:
        pytest.skip("no network namespace for this user: run the tests as root")
    with made:
        made.ip("link", "add", "web", "type", "bridge")
        for end, port in ((GUEST, "tap"), (FAR, UPLINK)):
            made.ip("link", "add", port, "type", "veth", "peer", "name", end)
            made.ip("link", "set", port, "master", "web")
        for device in ("web", "tap", UPLINK, GUEST, FAR):
            made.ip("link", "set", device, "up")
        for command in dhcp_filter(UPLINK) * 2:
            done = made.do(partial(subprocess.run, ["sh", "-c", command], capture_output=True, text=True, check=False))
            if "classifier not found" in done.stderr:
                pytest.skip("this kernel has no classifier in BPF (CONFIG_NET_CLS_BPF)")
            assert (done.returncode, done.stderr) == (0, "")
        yield made


def crossing(sender: str, listener: str, frames: list[bytes]) -> list[bytes]:
    """What of these frames comes out at the other end of the bridge; one that always does comes last."""
    with _socket(sender) as out, _socket(listener) as into:
        for one in (*frames, frame(_EXPERIMENTAL, MARK)):
            out.send(one)
        found: list[bytes] = []
        while MARK not in (one := into.recv(2048)):
            found += [one] if one[6:12] == SOURCE else []  # and nothing of the kernel's own
        return found


def _socket(device: str) -> socket.socket:
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ALL))
    made.bind((device, 0))
    made.settimeout(_PATIENCE)
    return made


@pytest.mark.parametrize(("sender", "listener"), [(GUEST, FAR), (FAR, GUEST)], ids=["out", "in"])
def test_dhcp_does_not_cross_and_everything_else_does(wire: NetworkNamespace, sender: str, listener: str) -> None:
    sent = {**DROPPED, **PASSED}
    found = wire.do(partial(crossing, sender, listener, [*sent.values()]))
    assert [what for what, one in sent.items() if any(_is(one, seen) for seen in found)] == [*PASSED]


def _is(sent: bytes, seen: bytes) -> bool:
    """Without the VLAN tag, which a socket is shown beside the frame."""
    return seen in (sent, sent[:12] + sent[16:])


def test_a_guest_reaches_the_bridge_of_its_own_node(wire: NetworkNamespace) -> None:
    found = wire.do(partial(crossing, GUEST, "web", [*DROPPED.values()]))
    assert len(found) == len(DROPPED)


def test_the_device_says_which_program_it_has(wire: NetworkNamespace) -> None:
    for way in ("ingress", "egress"):
        show = ["tc", "filter", "show", "dev", UPLINK, way]
        shown = wire.do(partial(subprocess.run, show, capture_output=True, text=True, check=True)).stdout
        assert shown.count("handle 0x1") == 1, shown
        assert f"bytecode '{BYTECODE}'" in shown


def test_a_port_of_a_zone_without_dhcp_has_none() -> None:
    assert VxlanPort("vxlan_web", 7, "prod").post_up == ()
