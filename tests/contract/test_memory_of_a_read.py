"""The memory that a read takes: at most three times the limit of one answer for each node that is read at once."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pvesdn.adapters.nodes import LocalTransport, call
from pvesdn.decode.json_text import footprint
from pvesdn.errors import NodeError
from pvesdn.node.program import MARKER
from pvesdn.wiring import AT_ONCE

LIMIT = 1 << 20
DEVICE = {
    "ifindex": 7,
    "ifname": "vxlan_web",
    "flags": ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
    "mtu": 1500,
    "qdisc": "noqueue",
    "operstate": "UNKNOWN",
    "address": "bc:24:11:00:00:07",
    "broadcast": "ff:ff:ff:ff:ff:ff",
    "linkinfo": {"info_kind": "vxlan", "info_data": {"id": 7, "ttl": 0, "learning": False, "local": "192.0.2.1"}},
}


def answer(files: dict[str, str], links: list[object]) -> bytes:
    return json.dumps({"ok": True, "value": {"files": files, "commands": {"ip-link": links}}}).encode()


def filled(piece: object) -> bytes:
    """An answer of many of these, just below the limit."""
    count = LIMIT // (len(json.dumps(piece)) + 3)
    return answer({}, [piece] * count)


ANSWERS = {
    "files": answer({"/etc/frr/frr.conf": "router bgp 65000\n" * (LIMIT // 20)}, []),
    "a file with a wide character": answer({"/etc/frr/frr.conf": "x" * (LIMIT - 1000) + "\N{GRINNING FACE}"}, []),
    "a file of wide characters": answer({"/etc/frr/frr.conf": "\N{GRINNING FACE}" * (LIMIT // 13)}, []),
    "devices": filled(DEVICE),
    "a quarter of devices": answer({}, [DEVICE] * (LIMIT // 4 // len(json.dumps(DEVICE)))),
    "empty lists": filled([]),
    "empty objects": filled({}),
    "small objects": filled({"a": 1}),
    "numbers": filled(1234567),
    "names": answer({}, [{f"{number}": 0 for number in range(LIMIT // 14)}]),
    "no end": b'{"ok": ' + b"[" * (2 * LIMIT),
}


@pytest.mark.parametrize("text", ANSWERS.values(), ids=ANSWERS)
def test_a_read_takes_three_times_the_limit_at_most(
    text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call, "LARGEST_ANSWER", LIMIT)
    (tmp_path / "answer").write_bytes(b"\n" + MARKER.encode() + b"\n" + text + b"\n")
    program = tmp_path / "python3"
    program.write_text(f"#!/bin/sh\nexec cat {tmp_path}/answer\n")
    program.chmod(0o755)
    nodes = [f"node{number}" for number in range(AT_ONCE)]
    agent = LocalTransport(dict.fromkeys(nodes, tmp_path), python=str(program))
    small = 64 * 1024  # of each call: its message, which holds the node program

    def read(node: str) -> object:
        try:
            return agent.ask(node, "observe", {})
        except NodeError as error:
            assert "more than" in str(error)  # noqa: PT017 - what was refused was refused for its size
            return None

    read(nodes[0])  # what is made once is made before
    tracemalloc.start()
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            kept = list(pool.map(read, nodes))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(kept) == AT_ONCE
    assert peak <= AT_ONCE * (3 * LIMIT + small)


@pytest.mark.parametrize("text", ANSWERS.values(), ids=ANSWERS)
def test_the_footprint_of_a_document_is_never_less_than_what_it_takes(text: bytes) -> None:
    document = text.decode()
    tracemalloc.start()
    try:
        with contextlib.suppress(ValueError, RecursionError):
            json.loads(document)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(document) + peak <= footprint(document) + 4096
