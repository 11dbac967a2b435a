"""What a node has heard of the others' packets, as its program tells it."""

from __future__ import annotations

from typing import Any

import pytest

from pvesdn.decode.nodes.answers import decode_heard
from pvesdn.errors import NodeFailed
from pvesdn.model.probes import Heard

TOLD: dict[str, Any] = {"heard": [1, 3], "unsent": {"2": "EMSGSIZE"}, "lasted": 2.5}


def test_numbers_errors_and_time_are_told() -> None:
    assert decode_heard("node1", TOLD) == Heard(frozenset({1, 3}), {2: "EMSGSIZE"}, 2.5)


def test_packets_are_told_by_numbers_of_their_own_size_alone() -> None:
    unsent = {"2": "EMSGSIZE", "9" * 5000: "EMSGSIZE", "²": "EMSGSIZE"}
    assert decode_heard("node1", {**TOLD, "unsent": unsent}).unsent == {2: "EMSGSIZE"}


def test_a_node_that_cannot_listen_says_why() -> None:
    assert decode_heard("node1", {"unable": "only root may see packets"}).unable == "only root may see packets"


@pytest.mark.parametrize(
    "changes",
    [
        {"heard": 7},
        {"heard": ["x"]},
        {"unsent": []},
        {"unsent": {"2": 7}},
        {"lasted": "long"},
        {"lasted": -1},
        {"lasted": float("nan")},
        {"unable": 7},
        {"unable": "a\nb"},
    ],
)
def test_an_answer_of_another_shape_is_the_nodes_failure(changes: dict[str, Any]) -> None:
    with pytest.raises(NodeFailed, match="unexpected response from the node program"):
        decode_heard("node1", {**TOLD, **changes})
