"""`pvesdn watch --verify`: a node after a boot or a reload, and FRR that was started too early."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pvesdn.adapters.runner import OneByOne
from pvesdn.adapters.snapshot_dir import read_snapshot
from pvesdn.cli.app import run
from pvesdn.errors import NodeFailed
from pvesdn.model.snapshot import Snapshot
from pvesdn.workflows import watch_verify
from tests.cli.kit import Result, call, settings_file
from tests.fakes import FakeClock
from tests.golden_verify.damage import damaged, without_quorum
from tests.golden_verify.ways import Ways

HEALTHY = Path(__file__).parents[1] / "golden_verify/healthy"
MISSED = {"vnis": {"node2": {"100": None}}}
EARLY = {"node2": {"starts": {"zebra": 12.5, "network": 31.0}}}
LATE = {"node2": {"starts": {"zebra": 31.5, "network": 31.0}}}

Verify = Callable[..., Result]


class Nodes(Ways):
    """Nodes of which one may have FRR restarted. :param cure: what that does."""

    def __init__(self, around: dict[str, Any], cure: Callable[[], object]) -> None:
        super().__init__((), around)
        self.restarted: list[str] = []
        self._cure = cure

    def read(self, node: str, paths: Sequence[str]) -> dict[str, str]:
        return {}  # no history

    def change_frr(self, node: str, action: str) -> None:
        assert action == "restart"
        self.restarted.append(node)
        self._cure()


@pytest.fixture
def nodes() -> list[Nodes]:
    return []


@pytest.fixture
def verify(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nodes: list[Nodes]) -> Verify:
    """One call on node2, of a cluster with this damage, which a restart of FRR there ends."""

    def once(
        damage: dict[str, Any] | None = None,
        *words: str,
        around: dict[str, Any] | None = None,
        restart_frr: bool = False,
        node: str = "node2",
        failure: Exception | None = None,
        is_quorate: bool = True,
    ) -> Result:
        whole = read_snapshot(HEALTHY) if is_quorate else without_quorum(read_snapshot(HEALTHY))
        seen = [damaged(whole, damage) if damage else whole]

        def healed() -> None:
            seen[0] = whole

        def read(world: object, *, has_state: bool) -> Snapshot:
            assert has_state
            if failure is not None:
                raise failure
            return seen[0]

        monkeypatch.setattr(watch_verify, "read_cluster", read)
        nodes.append(Nodes(around or {}, healed))
        world = SimpleNamespace(nodes=nodes[-1], runner=OneByOne(), at_once=None, clock=FakeClock(), local_node=node)
        switch = "true" if restart_frr else "false"
        table = f'[watch]\nrestart_frr = {switch}\nstate_dir = "{tmp_path / "state"}"\n'
        argv = ["--config", str(settings_file(tmp_path, table)), "watch", "--verify", *words]
        out, err = io.StringIO(), io.StringIO()
        with monkeypatch.context() as patch:
            patch.setattr("sys.stdout", out)
            patch.setattr("sys.stderr", err)
            status = run(argv, environ={}, build_world=lambda *_: world)  # type: ignore[arg-type]
        return Result(status, out.getvalue(), err.getvalue())

    return once


def test_a_node_that_is_good_is_one_line(verify: Verify, tmp_path: Path) -> None:
    assert verify() == Result(
        0, "watch: this node's network: Verified 4 zones on 1 node: as the definitions say.\n", ""
    )
    said = call("--config", tmp_path / "pvesdn.toml", "watch", "--status").out
    assert "network of this node: Verified 4 zones on 1 node: as the definitions say. (" in said


def test_what_is_wrong_is_told_once_and_then_that_it_lasts(verify: Verify, tmp_path: Path) -> None:
    first = verify(MISSED)
    assert first.status == 1
    assert "VNI 100 (vxlan_web)" in first.out
    assert verify(MISSED) == Result(
        1, "watch: what was found at the last look at this node's network is still so\n", ""
    )
    document = json.loads(call("--config", tmp_path / "pvesdn.toml", "watch", "--status", "--json").out)
    assert (document["network"]["bad"], document["network"]["findings"][0]["object"]) == (1, "VNI 100 (vxlan_web)")
    said = call("--config", tmp_path / "pvesdn.toml", "watch", "--status").out
    assert said.endswith("  pvesdn verify tells what to do\n")
    assert "as the definitions say" in verify().out


def test_a_failure_takes_the_place_of_what_was_found_earlier_and_is_told_once(verify: Verify, tmp_path: Path) -> None:
    assert verify().status == 0
    away = NodeFailed("node2", "pveproxy does not answer")
    first = verify(failure=away)
    assert (first.status, first.out, "pveproxy does not answer" in first.err) == (1, "", True)
    said = call("--config", tmp_path / "pvesdn.toml", "watch", "--status").out
    assert "network of this node: Not verified: " in said
    assert verify(failure=away) == Result(
        1, "watch: this node's network still cannot be verified, as told before\n", ""
    )
    assert "as the definitions say" in verify().out


def test_a_node_that_cannot_be_looked_at_is_not_good(verify: Verify, tmp_path: Path) -> None:
    first = verify({"gone": {"node2": "no answer within 600 s"}})
    assert (first.status, first.out) == (4, "")
    assert "node2: no answer within 600 s" in first.err
    said = call("--config", tmp_path / "pvesdn.toml", "watch", "--status").out
    assert "network of this node: Not verified: node2: no answer within 600 s" in said


def test_other_nodes_are_for_their_own_watchers(verify: Verify) -> None:
    assert verify(MISSED, node="node1").status == 0


def test_frr_that_missed_its_devices_is_restarted_where_the_settings_allow(verify: Verify, nodes: list[Nodes]) -> None:
    done = verify(MISSED, around=EARLY, restart_frr=True)
    assert done.status == 0
    assert done.out.startswith("watch: FRR was started before the network and had missed its devices, so it was ")
    assert nodes[-1].restarted == ["node2"]


@pytest.mark.parametrize(("around", "allowed"), [(EARLY, False), (LATE, True)])
def test_frr_is_not_restarted_for_anything_else(
    verify: Verify, nodes: list[Nodes], around: dict[str, Any], allowed: bool
) -> None:
    done = verify(MISSED, around=around, restart_frr=allowed)
    assert done.status == 1
    assert nodes[-1].restarted == []


def test_without_a_quorum_frr_is_not_restarted_and_the_node_is_told_of_all_the_same(
    verify: Verify, nodes: list[Nodes]
) -> None:
    done = verify(MISSED, around=EARLY, restart_frr=True, is_quorate=False)
    assert done.status == 1
    assert nodes[-1].restarted == []
    assert "found: none\n  likely cause: members that are off here may be on\n" in done.err + done.out
    assert "VNI" in done.err + done.out


def test_a_good_node_is_quiet_where_that_is_wished(verify: Verify) -> None:
    assert verify(None, "-q") == Result(0, "", "")
