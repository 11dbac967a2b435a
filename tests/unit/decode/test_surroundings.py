"""What may be in the way, as a node tells it."""

from __future__ import annotations

from typing import Any

import pytest

from pvesdn.decode.nodes.answers import decode_announced, decode_asked
from pvesdn.decode.nodes.surroundings import decode_surroundings
from pvesdn.errors import NodeFailed
from pvesdn.model.causes import HeldPort
from pvesdn.model.snapshot import CAUSE_COMMANDS, CLUSTER_FIREWALL, HOST_FIREWALL, NodeRaw


@pytest.mark.parametrize(
    ("cluster", "host", "is_on"),
    [
        (None, None, False),
        ("[OPTIONS]\n\nenable: 1\n", None, True),
        ("[OPTIONS]\nenable: 0\n", None, False),
        ("[OPTIONS]\nenable: 1\n", "[OPTIONS]\nenable: 0\n", False),
        ("[OPTIONS]\nenable: 1\n", "[OPTIONS]\nnftables: 1\n", True),
        ("[OPTIONS]\npolicy_in: DROP\n", None, False),
    ],
)
def test_pves_firewall_is_on_where_the_cluster_has_it_and_the_node_does_not_switch_it_off(
    cluster: str | None,
    host: str | None,
    is_on: bool,
) -> None:
    texts = {CLUSTER_FIREWALL: cluster, HOST_FIREWALL: host}
    raw = NodeRaw({path: text for path, text in texts.items() if text is not None})
    assert decode_surroundings(raw).has_pve_firewall is is_on


def test_programs_clock_and_starts_are_told() -> None:
    held = {"protocol": "udp", "port": 4789, "program": "vpnd", "pid": 77}
    told: dict[str, Any] = {"sockets": [held], "clock": 1.5, "starts": {"zebra": 3, "network": 2.5}, "filters": {}}
    found = decode_surroundings(NodeRaw(commands={name: {"answer": value} for name, value in told.items()}))
    assert (found.held, found.clock, found.zebra, found.network) == ((HeldPort("udp", 4789, "vpnd", 77),), 1.5, 3, 2.5)
    assert found.unseen == {}


@pytest.mark.parametrize("question", CAUSE_COMMANDS)
@pytest.mark.parametrize(
    "given", [None, {"fault": "ss is not installed"}, {"answer": "soon"}, {"answer": [7]}, {"answer": True}]
)
def test_what_cannot_be_read_was_not_seen(question: str, given: Any) -> None:
    found = decode_surroundings(NodeRaw(commands={question: given}))
    assert found.unseen[question]


def test_announced_vnis_are_numbers_and_anything_else_is_the_nodes_failure() -> None:
    def told(said: object) -> frozenset[int]:
        return decode_announced("node1", {"files": {}, "commands": {"evpn-announced": said}})

    assert told({"answer": [10, 20]}) == {10, 20}
    for said, why in (({"fault": "bgpd is not running"}, "bgpd is not running"), ({"answer": {}}, "not a list")):
        with pytest.raises(NodeFailed, match=why):
            told(said)
    with pytest.raises(NodeFailed):
        told({"answer": ["many"]})


def test_what_nobody_asked_for_is_the_nodes_failure() -> None:
    with pytest.raises(NodeFailed, match="not a file that was asked for"):
        decode_asked("node1", {"files": {"/etc/shadow": "x"}, "commands": {}})
    with pytest.raises(NodeFailed, match="not a command that was asked for"):
        decode_asked("node1", {"files": {}, "commands": {"ip-link": []}})
