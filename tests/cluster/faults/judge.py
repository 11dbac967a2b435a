"""What has to hold after every case, at the latest when the nodes' timers have run out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pvesdn.model.files import ChangeSet
from pvesdn.model.history import Ending
from pvesdn.model.report import ApplyReport, Standing
from pvesdn.workflows.history import read_history
from pvesdn_lab.simulated.cluster import SimulatedCluster
from tests.cluster.faults.scene import MEMBERS, Ended, NodeState, Scene, network_of, version_of
from tests.cluster.kit import apply_to, errors, plan_of, world_of
from tests.cluster.nodes_alone import pass_time, traces

A_TIMER = 181.0
"""Seconds after which a node of whose apply nothing is heard puts itself back."""
ITS_PAUSES = 3600.0
"""Seconds after which it has tried again whatever it could not do at first."""
PVES_LOCK = "sdn/.lock"
OURS = ("etc/network/interfaces.d/pvesdn", "etc/sysctl.d/90-pvesdn.conf")
"""Files that nobody else writes."""


def judge(scene: Scene, ended: Ended) -> None:
    """Every node is wholly old or wholly new, what was said of it is true, so is the next plan, and nothing is left."""
    cluster = scene.cluster
    if ended.report is not None:
        _is_true(scene, ended.report)
    if ended.error is not None:
        assert network_of(cluster) == scene.before, f"an apply that was refused has changed a node: {ended.error}"
    if not ended.is_killed:
        assert _staged(cluster) == []
    heal(cluster)
    pass_time(cluster, A_TIMER)
    pass_time(cluster, ITS_PAUSES)
    assert traces(cluster) == []
    assert PVES_LOCK not in _locked(cluster)
    whole = {name: _which(scene, name, state) for name, state in network_of(cluster).items()}
    if ended.report is not None and ended.report.is_good:
        assert set(whole.values()) == {"new"}
    if not ended.is_killed:
        assert _locked(cluster) == [] or ended.keeps_the_lock
        assert ended.report is None or ended.report.not_recorded or not _has_open_entries(cluster)
    _plan_is_true(scene, plan_of(cluster), whole, _untold(ended))
    if ended.is_killed or ended.keeps_the_lock or set(whole.values()) != {"old"}:
        goes_on(scene)


def judge_beside_a_commit(scene: Scene, ended: Ended) -> None:
    """The same where somebody else may have committed PVE's definitions: what of a node is ours is wholly old or wholly
    new, and what was said of it is true.
    """
    cluster = scene.cluster
    said = {node.node: node.standing for node in ended.report.nodes} if ended.report else {}
    for name, state in network_of(cluster).items():
        part, old, new = _ours(state), _ours(scene.before[name]), _ours(scene.after[name])
        assert part in (old, new), (name, _differences(part, new))
        if said.get(name) is Standing.NEW:
            assert part == new, name
        if said.get(name) is Standing.AS_BEFORE:
            assert part == old, name
    heal(cluster)
    pass_time(cluster, A_TIMER)
    pass_time(cluster, ITS_PAUSES)
    assert traces(cluster) == []
    assert _locked(cluster) == []
    assert _staged(cluster) == []
    assert not ended.report or ended.report.is_good or not plan_of(cluster).is_empty
    goes_on(scene)


def heal(cluster: SimulatedCluster) -> None:
    """What was gone for a while comes back."""
    cluster.wait_for_tasks(10)
    for name in cluster.nodes:
        cluster.refuse_ssh(name, refuses=False)
    cluster.regain_quorum()


def goes_on(scene: Scene) -> None:
    """The next apply finds nothing in its way, and makes what the first one was to make."""
    cluster = scene.cluster
    again = apply_to(cluster)
    assert again.is_good, (again.commit_error, errors(again))
    for name, state in network_of(cluster).items():
        assert state == scene.after[name], _differences(state, scene.after[name])
    assert plan_of(cluster).is_empty
    assert traces(cluster) == []
    assert _locked(cluster) == []
    assert _staged(cluster) == []


def _is_true(scene: Scene, report: ApplyReport) -> None:
    """What the report says of each node, and of PVE's commit, at the time it says so."""
    now = network_of(scene.cluster)
    for node in report.nodes:
        if node.standing is Standing.NEW:
            assert now[node.node] == scene.after[node.node], (
                node,
                _differences(now[node.node], scene.after[node.node]),
            )
        elif node.standing is not Standing.NOT_PUT_BACK:
            assert now[node.node] == scene.before[node.node], (
                node,
                _differences(now[node.node], scene.before[node.node]),
            )
        assert node.error or node.standing is Standing.NEW, node
        assert node.left or node.standing is not Standing.NOT_PUT_BACK, node
    is_committed = version_of(scene.cluster) != scene.version
    if report.commit is not None:
        assert is_committed == (not report.commit_error or "are committed" in report.commit_error), report
    assert scene.plan.pending or not is_committed


def _which(scene: Scene, name: str, state: NodeState) -> str:
    """What a node has."""
    if state == scene.before[name]:
        return "old"
    assert state == scene.after[name], f"{name} is neither old nor new: {_differences(state, scene.after[name])}"
    return "new"


def _ours(state: NodeState) -> NodeState:
    return {path: state.get(path) for path in OURS}


def _untold(ended: Ended) -> set[str]:
    """Nodes of which the report does not say that all is well; all if there is no report."""
    if ended.report is None:
        return {*MEMBERS}
    return {node.node for node in ended.report.nodes if node.error}


def _plan_is_true(scene: Scene, now: ChangeSet, whole: dict[str, str], untold: set[str]) -> None:
    """For nodes that are old it is the plan of before, for those that are new there is nothing to do."""
    assert bool(now.pending) == (bool(scene.plan.pending) and version_of(scene.cluster) == scene.version)
    first = {node.node: node for node in scene.plan.nodes}
    for node in now.nodes:
        if whole[node.node] == "new" and not now.pending:
            assert node.is_empty or (node.node in untold and node.is_unfinished and not node.files), node
        elif set(whole.values()) == {"old"}:
            assert [(file.path, file.new) for file in node.files] == [
                (file.path, file.new) for file in first[node.node].files
            ]


def _differences(state: NodeState, other: NodeState) -> list[str]:
    return [key for key in sorted(state.keys() | other.keys()) if state.get(key) != other.get(key)]


def _locked(cluster: SimulatedCluster) -> list[str]:
    """What keeps others from applying, or from editing in PVE's panel."""
    places = ("priv/lock/pvesdn", "priv/lock/pvesdn.holder", PVES_LOCK)
    return [place for place in places if (cluster.folder / "pve" / place).exists()]


def _staged(cluster: SimulatedCluster) -> list[str]:
    return [str(path.relative_to(cluster.folder)) for path in _hidden(cluster)]


def _hidden(cluster: SimulatedCluster) -> Iterator[Path]:
    """On a node that is lost, what is staged is in nobody's way, and goes with the next apply."""
    for name, node in cluster.nodes.items():
        if cluster.is_reachable(name):
            yield from (path for path in (node.root / "etc").rglob(".*") if ".pvesdn-" in path.name)


def _has_open_entries(cluster: SimulatedCluster) -> bool:
    """Whether the history takes an apply for one that is at work."""
    return any(entry.ending is Ending.OPEN for entry in read_history(world_of(cluster)).entries)
