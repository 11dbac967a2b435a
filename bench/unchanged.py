"""`plan` and `verify` of a cluster in which nothing has changed, from what its nodes have answered.

A simulated cluster is put in place and asked once. What is timed is everything from the nodes' answers, as they come
through SSH, to the result, in processor seconds of the machine that plans. What its nodes spend is timed by
`bench/reading.py`.
"""

from __future__ import annotations

import gc
import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.timed import repeated
from pvesdn.adapters.nodes import ProgramAgent
from pvesdn.adapters.pve_api import PveApi
from pvesdn.adapters.runner import OneByOne
from pvesdn.adapters.system import SystemClock
from pvesdn.compare.conflicts import digest
from pvesdn.errors import ApiRefused
from pvesdn.model.primitives import Json, NodeName
from pvesdn.model.progress import Event
from pvesdn.model.snapshot import RECORD_FILE
from pvesdn.node import boot
from pvesdn.node.program import MARKER
from pvesdn.render.renderer import Renderer
from pvesdn.workflows.plan import plan, render_understood
from pvesdn.workflows.read import read_cluster
from pvesdn.workflows.understand import understand
from pvesdn.workflows.verify import verify
from pvesdn.workflows.world import World
from pvesdn_lab.simulated.cluster import SimulatedCluster

RUNS = 3
_ZONE = "vxlan: plain\n\tmulticast-group 225.20.1.1\n"
"""What a node says of it does not grow with the number of nodes, as it does where each lists all others."""


class Silent:
    """An observer that tells nobody."""

    def tell(self, event: Event) -> None:
        """Something has happened."""


class Answers:
    """What a cluster has answered, node by node and path by path, as text."""

    def __init__(self) -> None:
        self.nodes: dict[NodeName, bytes] = {}
        self.api: dict[str, str] = {}


class Asked:
    """A transport and an API that keep what they were answered."""

    def __init__(self, cluster: SimulatedCluster, answers: Answers) -> None:
        self._transport = cluster.agent().transport
        self._api = PveApi(cluster.token_settings())
        self._answers = answers

    def ask(self, node: NodeName, verb: str, arguments: Mapping[str, Json]) -> dict[str, Json]:
        """See `pvesdn.adapters.nodes.Transport`."""
        value = self._transport.ask(node, verb, arguments)
        text = json.dumps({"ok": True, "value": value}, separators=(",", ":"))
        self._answers.nodes[node] = f"\n{MARKER}\n{text}\n".encode("ascii")
        return value

    def get(self, path: str) -> Json:
        """See `pvesdn.ports.ClusterApi`."""
        found = self._api.get(path)
        self._answers.api[path] = json.dumps(found)
        return found


class Again:
    """The same answers once more, read as they would be from a connection."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def ask(self, node: NodeName, _verb: str, _arguments: Mapping[str, Json]) -> dict[str, Json]:
        """See `pvesdn.adapters.nodes.Transport`."""
        return boot.answer(bytearray(self._answers.nodes[node])).value

    def get(self, path: str) -> Json:
        """See `pvesdn.ports.ClusterApi`; what was refused at first is refused again."""
        if path not in self._answers.api:
            raise ApiRefused(path, status=403)
        found: Json = json.loads(self._answers.api[path])
        return found


def measure_unchanged(nodes: str, vnets: str) -> dict[str, object]:
    """Processor seconds of a plan and of a verify, and the bytes of one node's answer."""
    answers = answers_of(int(nodes), int(vnets))

    def planned() -> None:
        changes = plan(read_cluster(world_of(Again(answers)), has_state=True), Renderer())
        assert len(changes.nodes) == int(nodes), changes
        assert not any(node.files for node in changes.nodes), changes

    def verified() -> None:
        found = verify(read_cluster(world_of(Again(answers)), has_state=True), Renderer())
        assert not found.discrepancies, found.discrepancies

    gc.set_threshold(50_000, 1000)  # as `pvesdn.cli.main` does
    return {
        "seconds": repeated(planned, RUNS, time.process_time),
        "verify": repeated(verified, RUNS, time.process_time),
        "bytes": max(map(len, answers.nodes.values())),
    }


def answers_of(nodes: int, vnets: int) -> Answers:
    """What the members of a cluster answer on which the definitions are in force."""
    with tempfile.TemporaryDirectory(prefix="pvesdn-bench-") as place:
        cluster = SimulatedCluster(Path(place), [f"pve{number:03}" for number in range(1, nodes + 1)])
        cluster.write_sdn("pvesdn.cfg", "\n".join(_definitions(vnets)))
        with cluster:
            _put_in_place(cluster)
            answers = Answers()
            read_cluster(world_of(Asked(cluster, answers)), has_state=True)
            return answers


def _definitions(vnets: int) -> Iterator[str]:
    yield "underlay: cluster\n\tnetwork 192.168.0.0/24\n"
    yield _ZONE
    yield from (f"vnet: net{number:05}\n\tzone plain\n\ttag {number}\n" for number in range(1, vnets + 1))


def _put_in_place(cluster: SimulatedCluster) -> None:
    """What an apply would leave, without one, whose steps would take most of the time."""
    known = understand(read_cluster(world_of(Asked(cluster, Answers()))))
    for name, files in render_understood(known, Renderer()):
        node = cluster.nodes[name]
        texts = {file.path: file.text for file in files if file.text is not None}
        record = {"format": 1, "files": {path: digest(text) for path, text in texts.items()}, "unfinished": False}
        for path, text in {**texts, RECORD_FILE: json.dumps(record)}.items():
            node.path(path).parent.mkdir(parents=True, exist_ok=True)
            node.path(path).write_text(text)
        node.run("ifreload", "-a").check_returncode()


def world_of(source: Asked | Again) -> World:
    """A world of nodes and an API that answer; nothing is asked of it but reading."""
    return World(
        api=source,  # type: ignore[arg-type] # all that reading asks of an API
        nodes=ProgramAgent(source),
        clock=SystemClock(),
        observer=Silent(),
        runner=OneByOne(),
    )
