"""The lab's DHCP client: what it sends is a message of RFC 2131, and of what it hears it takes answers to it alone."""

from __future__ import annotations

import struct

import pytest

from pvesdn_lab.live.testbed import dhcp_client

MAC, NUMBER = b"\xbc\x24\x11\x00\x00\x65", b"\1\2\3\4"


def answer(kind: int = 2, *, number: bytes = NUMBER, port: int = 68, operation: int = 2, cookie: bytes = b"") -> bytes:
    fixed = struct.pack("!4B4s8x4s216x", operation, 1, 6, 0, number, b"\x0a\x2f\x02\x0a")
    options = bytes([53, 1, kind, 0, 1, 4, 255, 255, 255, 0, 255])
    body = fixed + (cookie or b"\x63\x82\x53\x63") + options
    segment = struct.pack("!4H", 67, port, 8 + len(body), 0) + body
    return b"\xff" * 12 + b"\x08\x00" + struct.pack("!BBHHHBBH8x", 0x45, 0, 0, 0, 0, 64, 17, 0) + segment


def test_an_answer_is_understood() -> None:
    found = dhcp_client._message(answer(), NUMBER)
    assert found == {"kind": 2, "address": "10.47.2.10", "options": {53: b"\2", 1: b"\xff\xff\xff\0"}}


@pytest.mark.parametrize(
    "frame",
    [
        answer(number=b"\4\3\2\1"),
        answer(port=67),
        answer(operation=1),
        answer(cookie=b"\0\0\0\0"),
        answer()[:23] + b"\6" + answer()[24:],
    ],
    ids=["of another", "to a server", "a request", "no DHCP", "TCP"],
)
def test_whatever_else_is_heard_is_none(frame: bytes) -> None:
    assert dhcp_client._message(frame, NUMBER) is None


def test_a_request_is_a_broadcast_to_servers_with_a_right_checksum() -> None:
    frame = dhcp_client._frame(MAC, NUMBER, {53: b"\1"})
    assert (frame[:6], frame[6:12], frame[12:14]) == (b"\xff" * 6, MAC, b"\x08\x00")
    total = sum(struct.unpack("!10H", frame[14:34]))
    assert (total + (total >> 16)) & 0xFFFF == 0xFFFF
    assert struct.unpack("!2H", frame[34:38]) == (68, 67)
    body = frame[42:]
    assert (body[4:8], body[28:34], body[236:]) == (NUMBER, MAC, b"\x63\x82\x53\x63\x35\x01\x01\xff")
