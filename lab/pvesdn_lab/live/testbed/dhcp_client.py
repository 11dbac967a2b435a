"""A guest's DHCP client (RFC 2131) that tells of every answer, not of the first one alone.

    dhcp_client.py INTERFACE PATIENCE FURTHER

Asks for an address, waits PATIENCE seconds for an offer and FURTHER ones for more, asks for the first one, and waits as
long again. Prints a JSON document.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

_IPV4, _UDP, _SERVER, _CLIENT = 0x0800, 17, 67, 68
_DISCOVER, _OFFER, _REQUEST, _ACK, _NAK = 1, 2, 3, 5, 6
_COOKIE = b"\x63\x82\x53\x63"
_MASK, _ROUTER, _ADDRESS, _KIND, _BY, _WANTED, _MTU = 1, 3, 50, 53, 54, 55, 26
_FIXED = 236
"""Bytes of a message before its options."""


def ask(interface: str, patience: float, further: float) -> dict[str, Any]:
    """``{"offers": [ADDRESS], "answers": [[ack|nak, ADDRESS]], "mask", "router", "mtu"}``; the last three of the first
    offer.
    """
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_IPV4)) as wire:
        wire.bind((interface, 0))
        mac = wire.getsockname()[4]
        number, waits = os.urandom(4), (patience, further)
        found = _said(wire, mac, number, {_KIND: bytes([_DISCOVER])}, waits)
        offers = [answer for answer in found if answer["kind"] == _OFFER]
        if not offers:
            return {"offers": [], "answers": []}
        first = offers[0]
        chosen = {_ADDRESS: IPv4Address(first["address"]).packed, _BY: first["options"].get(_BY, b"")}
        answers = list(_said(wire, mac, number, {_KIND: bytes([_REQUEST]), **chosen}, waits))
    options = first["options"]
    return {
        "offers": [offer["address"] for offer in offers],
        "answers": [
            ["ack" if answer["kind"] == _ACK else "nak", answer["address"]]
            for answer in answers
            if answer["kind"] in (_ACK, _NAK)
        ],
        "mask": str(IPv4Address(options[_MASK])),
        "router": str(IPv4Address(options[_ROUTER][:4])) if _ROUTER in options else "",
        "mtu": int.from_bytes(options.get(_MTU, b""), "big"),
    }


def _said(
    wire: socket.socket, mac: bytes, number: bytes, options: dict[int, bytes], waits: tuple[float, float]
) -> Iterator[dict[str, Any]]:
    """Whatever answers to one message, until the time is up: a busy server is late, others are hardly later."""
    patience, further = waits
    wire.send(_frame(mac, number, {**options, _WANTED: bytes([_MASK, _ROUTER, _MTU])}))
    end = time.monotonic() + patience
    while (left := end - time.monotonic()) > 0:
        wire.settimeout(left)
        try:
            found = _message(wire.recv(2048), number)
        except TimeoutError:
            return
        if found is not None:
            end = min(end, time.monotonic() + further)
            yield found


def _frame(mac: bytes, number: bytes, options: dict[int, bytes]) -> bytes:
    fixed = struct.pack("!4B4sHH16x16s192x", 1, 1, 6, 0, number, 0, 0x8000, mac)
    body = fixed + _COOKIE + b"".join(bytes([key, len(value)]) + value for key, value in options.items()) + b"\xff"
    segment = struct.pack("!4H", _CLIENT, _SERVER, 8 + len(body), 0) + body
    words = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 1, 0, 64, _UDP, 0, b"\0" * 4, b"\xff" * 4)
    total = sum(struct.unpack("!10H", words))
    header = words[:10] + struct.pack("!H", ~(total + (total >> 16)) & 0xFFFF) + words[12:]
    return b"\xff" * 6 + mac + struct.pack("!H", _IPV4) + header + segment


def _message(frame: bytes, number: bytes) -> dict[str, Any] | None:
    """An answer to what was asked; None for any other packet."""
    length = (frame[14] & 0x0F) * 4
    start = 14 + length
    if frame[23] != _UDP or int.from_bytes(frame[start + 2 : start + 4], "big") != _CLIENT:
        return None
    body = frame[start + 8 :]
    if body[:1] != b"\x02" or body[4:8] != number or body[_FIXED : _FIXED + 4] != _COOKIE:
        return None
    options = dict(_options(body[_FIXED + 4 :]))
    kind = options.get(_KIND, b"\0")[0]
    return {"kind": kind, "address": str(IPv4Address(body[16:20])), "options": options}


def _options(text: bytes) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place + 1 < len(text) and text[place] != 0xFF:  # noqa: PLR2004 - the end
        if text[place] == 0:
            place += 1
            continue
        length = text[place + 1]
        yield text[place], text[place + 2 : place + 2 + length]
        place += 2 + length


if __name__ == "__main__":
    sys.stdout.write(json.dumps(ask(sys.argv[1], *map(float, sys.argv[2:]))) + "\n")
