"""Read the cluster: the API, /etc/pve/sdn and every online node. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.errors import ApiRefused, ClusterError, NodeError, NodeFailed, NodeUnreachable
from pvesdn.model.cluster import ClusterState, Member
from pvesdn.model.primitives import Json, NodeName
from pvesdn.model.progress import Begun, Ended, StepName
from pvesdn.model.report import Outcome
from pvesdn.model.snapshot import COROSYNC_PATH, GUESTS_PATH, PVE_FILES, SDN_PATH, NodeRaw, Snapshot
from pvesdn.ports import ClusterApi
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.world import World

_STATUS = "cluster/status"
_API_PATHS = ("version", _STATUS, "nodes")
SDN_DIR = "/etc/pve/sdn"
_DEFINITIONS = tuple(f"{SDN_DIR}/{name}" for name in PVE_FILES)


def read_members(api: ClusterApi) -> ClusterState:
    """The cluster's members, and nothing else of it.

    :raises ClusterError: the cluster does not say who they are.
    """
    return decode_cluster({_STATUS: api.get(_STATUS)})


def read_cluster(world: World, *, has_state: bool = False) -> Snapshot:
    """Everything a plan needs, undecoded.

    :param has_state: with the nodes' live state, which costs no further connection.
    :raises ClusterError: the API does not answer or refuses.
    :raises NodeFailed: a file of /etc/pve/sdn cannot be read.
    :raises NodeUnreachable: no member allowed /etc/pve/sdn to be read.
    """
    api: dict[str, Json] = {path: world.api.get(path) for path in _API_PATHS}
    api[SDN_PATH] = _sdn_index(world)
    for path in (f"{GUESTS_PATH}?type=vm", COROSYNC_PATH):
        api.update(_if_allowed(world, path))
    cluster = decode_cluster(api)
    present = [member.name for member in _by_id(cluster) if member.is_online]
    nodes: dict[str, NodeRaw] = {}
    unreachable: dict[str, str] = {}
    keeper = world.local_node if world.local_node in present else next(iter(present), None)
    observed = partial(_observe, world, has_state=has_state, keeper=keeper)
    for name, answer in world.runner.each(present, observed).items():
        if isinstance(answer, NodeError):
            unreachable[name] = str(answer)
        else:
            nodes[name] = answer
    found = _taken_out(nodes, keeper) or read_definitions(world, present, unreachable)
    return Snapshot(api, found, nodes, unreachable)


def read_definitions(world: World, members: Iterable[NodeName], unreachable: Mapping[str, str]) -> dict[str, str]:
    """The files of /etc/pve/sdn, by name, from this node or from the first member that answers.

    :param unreachable: members not to ask, with the reason.
    :raises NodeFailed: members answer, but none can read the files, for example because one is not text.
    :raises NodeUnreachable: no member answers; with the first reason.
    """
    present = [name for name in members if name not in unreachable]
    try:
        files = on_any_member(world, present, lambda name: world.nodes.read(name, _DEFINITIONS))
    except NodeUnreachable as error:
        reason = next(iter(unreachable.values()), str(error))
        raise NodeUnreachable(
            "cluster",
            f"no member allowed /etc/pve/sdn to be read ({reason})",
            hint="the API alone does not show these files: check SSH to the nodes",
        ) from error
    return _by_name(files)


def _taken_out(nodes: dict[str, NodeRaw], keeper: NodeName | None) -> dict[str, str]:
    """The definitions that came with what the keeper was asked, which then has only its own files; none without any."""
    raw = nodes.get(keeper or "")
    if raw is None:
        return {}
    nodes[keeper or ""] = replace(
        raw, files={path: text for path, text in raw.files.items() if path not in _DEFINITIONS}
    )
    return _by_name(raw.files)


def _by_name(files: Mapping[str, str]) -> dict[str, str]:
    return {path.removeprefix(f"{SDN_DIR}/"): text for path, text in files.items() if path in _DEFINITIONS}


def _sdn_index(world: World) -> Json:
    """The answer of `GET /cluster/sdn`; None without such a path, which `understand` checks against the nodes."""
    try:
        return world.api.get(SDN_PATH)
    except ApiRefused as error:
        if error.is_absent:
            return None
        raise


def _if_allowed(world: World, path: str) -> dict[str, Json]:
    """What is good to know and no more, the guests' names and corosync's links: a refusal stops nothing."""
    try:
        return {path.partition("?")[0]: world.api.get(path)}
    except ClusterError:
        return {}


def _by_id(cluster: ClusterState) -> list[Member]:
    return sorted(cluster.members, key=lambda member: (member.node_id, member.name))


def _observe(world: World, node: NodeName, *, has_state: bool, keeper: NodeName | None) -> NodeRaw:
    """:param keeper: is asked for the definitions in the same call, since another one takes as long as all of it."""
    world.observer.tell(Begun(node, StepName.READ))
    ask = partial(world.nodes.observe, node, has_state=has_state)
    try:
        raw = _with_definitions(ask) if node == keeper else ask()
    except NodeError:
        world.observer.tell(Ended(node, StepName.READ, Outcome.UNREACHABLE))
        raise
    world.observer.tell(Ended(node, StepName.READ, Outcome.OK))
    return raw


def _with_definitions(ask: Callable[..., NodeRaw]) -> NodeRaw:
    """What a node is asked, with the definitions if it can read them. One that cannot is a node all the same."""
    try:
        return ask(besides=_DEFINITIONS)
    except NodeFailed:
        return ask()
