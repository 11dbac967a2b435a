"""What verify says of each kind of breakage, on a screen of 80 columns.

`healthy` is what a simulated cluster was after an apply, with the nodes' live state; each other folder is one damage to
it (`damage.py`) and the screen. `--update-golden` writes the screens anew, and the snapshot where it is missing.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest

from pvesdn.adapters.runner import OneByOne
from pvesdn.adapters.snapshot_dir import read_snapshot, write_snapshot
from pvesdn.model.snapshot import Snapshot
from pvesdn.workflows.read import read_cluster
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cli.kit import call
from tests.cluster.kit import apply_to, world_of
from tests.fakes import FakeClock
from tests.golden_verify.damage import damaged
from tests.golden_verify.ways import Ways

verb = importlib.import_module("pvesdn.cli.verbs.verify")  # the package's own attribute is the command
HERE = Path(__file__).parent
HEALTHY = HERE / "healthy"
DEFINITIONS = HERE / "definitions.cfg"
PVE_FILES = {
    "zones.cfg": "vxlan: pvx\n\tpeers 192.168.0.1,192.168.0.2,192.168.0.3\n\n",
    "vnets.cfg": "vnet: old\n\tzone pvx\n\ttag 900\n\n",
}
CASES = sorted(folder.name for folder in HERE.iterdir() if (folder / "damage.json").is_file())
MEMBERS = ("node1", "node2", "node3")


@pytest.fixture(scope="session", autouse=True)
def healthy_cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
    if not request.config.getoption("--update-golden", default=False) or HEALTHY.is_dir():
        return
    cluster = SimulatedCluster(tmp_path_factory.mktemp("healthy"), MEMBERS)
    for name, text in PVE_FILES.items():
        cluster.write_sdn(name, text)
    cluster.write_sdn("pvesdn.cfg", DEFINITIONS.read_text("utf-8"))
    with cluster:
        assert apply_to(cluster).is_good
        write_snapshot(HEALTHY, read_cluster(world_of(cluster), has_state=True))


@cache
def healthy() -> Snapshot:
    return read_snapshot(HEALTHY)


Verified = Callable[..., tuple[int, str]]


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> Verified:
    """The exit status and the screen for a snapshot, and for ways between the nodes that lose packets."""

    def verified(
        snapshot: Snapshot,
        *words: str,
        ways: Sequence[Mapping[str, Any]] = (),
        around: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    ) -> tuple[int, str]:
        world = SimpleNamespace(nodes=Ways(ways, around), runner=OneByOne(), at_once=None, clock=FakeClock())
        monkeypatch.setattr(verb, "cluster_of", lambda _: world)
        monkeypatch.setattr(verb, "verify_within", lambda _, __, look: look(snapshot))
        done = call("verify", *words, environ={"COLUMNS": "80"})
        return done.status, done.err + done.out

    return verified


def test_a_healthy_network_is_told_in_a_few_lines(verified: Verified) -> None:
    status, screen = verified(healthy())
    assert status == 0, screen
    assert "bad" not in screen
    assert screen.endswith("as the definitions say.\n")


def test_where_nobody_may_see_packets_that_is_said_and_is_no_doubt(verified: Verified) -> None:
    status, screen = verified(healthy(), ways=[{"unable": "only root may see packets"}])
    assert status == 0, screen
    what = "whether a packet of a zone's MTU arrives at the other VTEPs: only root may see packets"
    assert f"not checked: {what}" in " ".join(screen.split())


@pytest.mark.parametrize("case", CASES)
def test_a_breakage_is_named_with_its_node_and_its_object(
    case: str, verified: Verified, request: pytest.FixtureRequest
) -> None:
    damage = json.loads((HERE / case / "damage.json").read_text("utf-8"))
    ways, around = damage.pop("ways", ()), damage.pop("around", {})
    status, screen = verified(damaged(healthy(), damage), ways=ways, around=around)
    told = f"exit status {status}\n{screen}"
    expected = HERE / case / "expected.txt"
    if request.config.getoption("--update-golden", default=False):
        expected.write_text(told, "utf-8")
    assert told == expected.read_text("utf-8")
    assert status != 0
    assert [line for line in screen.splitlines() if len(line) > 80] == []


@pytest.mark.wide
@pytest.mark.parametrize("case", CASES)
def test_the_document_of_a_breakage_has_what_the_screen_has(case: str, verified: Verified) -> None:
    damage = json.loads((HERE / case / "damage.json").read_text("utf-8"))
    ways, around = damage.pop("ways", ()), damage.pop("around", {})
    status, printed = verified(damaged(healthy(), damage), "--json", ways=ways, around=around)
    document = json.loads(printed[printed.index("{\n") :])
    assert (HERE / case / "expected.txt").read_text("utf-8").startswith(f"exit status {status}\n")
    assert document["exit_status"] == status
    assert document["findings"] or document["not_checked"]
