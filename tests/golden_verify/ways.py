"""Ways between the nodes that lose packets: the part of `damage.json` that no snapshot shows.

Each is a mapping with any of

* `from`, `to`: the nodes that it is about; all where it says nothing
* `zone`: the zone
* `above`: only frames of more bytes are lost
* `unsent`: they do not even leave, and the system says this
* `unable`: the nodes of `to` cannot listen, and say this
* `fault`: the nodes of `to` fail, and say this
* `lasts`: the nodes of `to` are at it for so many seconds only, and what is sent to them has gone by
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pvesdn.errors import NodeFailed
from pvesdn.model.probes import Heard, PathProbe
from pvesdn.model.snapshot import NodeRaw
from tests.fakes import FakeClock


class Ways:
    """What all nodes are asked besides: for packets, and for what may be in the way.

    :param around: by node, answers by question, and texts of files by path; what is absent is empty.
    """

    def __init__(self, ways: Sequence[Mapping[str, Any]], around: Mapping[str, Mapping[str, Any]]) -> None:
        self._ways = ways
        self._around = around

    def look_around(self, node: str) -> NodeRaw:
        told = self._around.get(node, {})
        if "silent" in told:
            raise NodeFailed(node, told["silent"])
        usual = {"filters": {}, "sockets": [], "clock": FakeClock().now(), "starts": {}}
        commands = {name: {"answer": told.get(name, otherwise)} for name, otherwise in usual.items()}
        return NodeRaw({path: text for path, text in told.items() if path.startswith("/")}, commands)

    def probe(self, node: str, probes: Sequence[PathProbe], *, nonce: str, seconds: float) -> Heard:
        assert (len(nonce), seconds > 0) == (16, True)
        lasted = 3.0
        for way in self._ways:
            if node in way.get("to", [node]):
                if "fault" in way:
                    raise NodeFailed(node, way["fault"])
                if "unable" in way:
                    return Heard(unable=way["unable"])
                lasted = way.get("lasts", lasted)
        unsent = {p.number: self._unsent(p) for p in probes if p.source == node and self._unsent(p)}
        return Heard(frozenset(p.number for p in probes if p.target == node and not self._loses(p)), unsent, lasted)

    def _loses(self, probe: PathProbe) -> bool:
        return any(_is_about(way, probe) for way in self._ways)

    def _unsent(self, probe: PathProbe) -> str:
        return next((way["unsent"] for way in self._ways if "unsent" in way and _is_about(way, probe)), "")


def _is_about(way: Mapping[str, Any], probe: PathProbe) -> bool:
    if {"unable", "fault"} & way.keys() or probe.size <= way.get("above", 0):
        return False
    is_between = probe.source in way.get("from", [probe.source]) and probe.target in way.get("to", [probe.target])
    return is_between and probe.zone == way.get("zone", probe.zone)
