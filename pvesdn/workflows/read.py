"""Read the cluster: the API, /etc/pve/sdn and every online node. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from pvesdn.decode.cluster.status import decode_cluster
from pvesdn.errors import ApiRefused, ClusterError, NodeError, NodeUnreachable
from pvesdn.model.cluster import ClusterState, Member
from pvesdn.model.primitives import Json, NodeName
from pvesdn.model.snapshot import COROSYNC_PATH, GUESTS_PATH, PVE_FILES, SDN_PATH, NodeRaw, Snapshot
from pvesdn.ports import ClusterApi
from pvesdn.workflows.any_member import on_any_member
from pvesdn.workflows.world import World

_STATUS = "cluster/status"
_API_PATHS = ("version", _STATUS, "nodes")
SDN_DIR = "/etc/pve/sdn"


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
    present = [member for member in _by_id(cluster) if member.is_online]
    nodes: dict[str, NodeRaw] = {}
    unreachable: dict[str, str] = {}
    observed = partial(_observe, world, has_state=has_state)
    for name, answer in world.runner.each([m.name for m in present], observed).items():
        if isinstance(answer, NodeRaw):
            nodes[name] = answer
        else:
            unreachable[name] = str(answer)
    return Snapshot(api, read_definitions(world, present, unreachable), nodes, unreachable)


def read_definitions(world: World, members: Iterable[Member], unreachable: Mapping[str, str]) -> dict[str, str]:
    """The files of /etc/pve/sdn, by name, from this node or from the first member that answers.

    :param unreachable: members not to ask, with the reason.
    :raises NodeFailed: members answer, but none can read the files, for example because one is not text.
    :raises NodeUnreachable: no member answers; with the first reason.
    """
    paths = [f"{SDN_DIR}/{file}" for file in PVE_FILES]
    present = [member.name for member in members if member.name not in unreachable]
    try:
        files = on_any_member(world, present, lambda name: world.nodes.read(name, paths))
    except NodeUnreachable as error:
        reason = next(iter(unreachable.values()), str(error))
        raise NodeUnreachable(
            "cluster",
            f"no member allowed /etc/pve/sdn to be read ({reason})",
            hint="the API alone does not show these files: check SSH to the nodes",
        ) from error
    return {path.removeprefix(f"{SDN_DIR}/"): text for path, text in files.items()}


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


def _observe(world: World, node: NodeName, *, has_state: bool) -> NodeRaw:
    world.observer.step(node, "read")
    try:
        raw = world.nodes.observe(node, has_state=has_state)
    except NodeError:
        world.observer.done(node, "read", "unreachable")
        raise
    world.observer.done(node, "read", "ok")
    return raw
