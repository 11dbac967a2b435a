"""Everything that one run may touch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pvesdn.ports import Clock, ClusterApi, NodeAgent, Observer, Pulse, Runner


@dataclass(frozen=True, slots=True)
class World:
    """The ports of one run, handed down instead of looked up.

    :param at_once: for what only makes sense on all nodes at the same time; None where `runner` does it.
    :param local_node: the name of the node this runs on; None outside the cluster.
    :param task_timeout: how long one PVE task may take, seconds.
    :param reloads_changed: a node's network is reloaded in part where what changes allows it, and by PVE otherwise.
    :param pulse: keeps nodes from taking a run for dead that waits for others; None where nothing takes long.
    :param who: on whose behalf it acts, and from which machine, such as ``root on pve1``; empty where nobody knows.
    :param definitions_changed: when a file in /etc/pve/sdn was last written, as this machine sees it, in seconds of the
        Unix epoch; None if it cannot see it.
    :param is_alone: whether nobody else can have begun to apply, as far as this run has seen to it; see `lock`.
    """

    api: ClusterApi
    nodes: NodeAgent
    clock: Clock
    observer: Observer
    runner: Runner
    at_once: Runner | None = None
    local_node: str | None = None
    task_timeout: float = 600.0
    reloads_changed: bool = False
    pulse: Pulse | None = None
    who: str = ""
    definitions_changed: Callable[[], float | None] = lambda: None
    is_alone: Callable[[], bool] = lambda: True
