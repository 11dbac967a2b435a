"""A guest's question for a name (RFC 1035), of whatever server, and whether anybody answers it.

    dns_client.py SERVER SECONDS

Prints a JSON document: ``{"answered": bool}``. A refusal is an answer too: somebody has the port.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys

_PORT = 53
_RECURSION, _ONE_QUESTION = 0x0100, (1, 0, 0, 0)
_NAME = b"\x07example\x04test\x00"
_A_IN_INTERNET = (1, 1)


def ask(server: str, seconds: float) -> bool:
    """Whether an answer to our question comes from the server."""
    number = os.urandom(2)
    question = number + struct.pack(">5H", _RECURSION, *_ONE_QUESTION) + _NAME + struct.pack(">2H", *_A_IN_INTERNET)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.settimeout(seconds)
        wire.connect((server, _PORT))
        try:
            wire.send(question)
            return wire.recv(512)[:2] == number
        except OSError:  # nobody answers, or the port is closed
            return False


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"answered": ask(sys.argv[1], float(sys.argv[2]))}) + "\n")
