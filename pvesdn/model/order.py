"""In which order the nodes of an apply have their turns, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pvesdn.model.primitives import NodeName

BATCH = 8
"""Nodes that have their turn side by side, unless somebody says otherwise."""


class Cause(StrEnum):
    """What nodes must agree in to exchange traffic: where it changes, no node can show that the change works before the
    others have it too. The worst first.
    """

    AS_NUMBER = "AS number"
    VTEP = "VTEP"
    PEERS = "BGP peers"
    SESSIONS = "settings of BGP sessions"
    ROUTE_TARGETS = "route targets"
    VNI = "VNI"
    L3VNI = "L3VNI"
    UDP_PORT = "UDP port"
    GROUP = "multicast group"
    FLOODING = "way of flooding"
    MTU = "MTU"
    """It gets smaller; one that grows may grow node by node."""
    MAC = "MAC of the gateway"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody has said about the order.

    :param canary: the node that goes first; None leaves the choice to pvesdn.
    :param batch: how many nodes at most have their turn side by side; at least 1.
    :param own: the node that pvesdn runs on; None outside the cluster.
    """

    canary: NodeName | None = None
    batch: int = BATCH
    own: NodeName | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """The turns of an apply.

    :param rounds: each node once; those of one round have their turn side by side, and the next round begins when all
        of them answer again.
    :param causes: why all nodes have their turn at once; empty where they roll.
    :param has_canary: the first round is one node alone, which is verified before the second begins.
    :param keeps_quorum: several nodes change, each has its turn alone, and that is because the cluster would lose its
        quorum with one node less.
    """

    rounds: tuple[tuple[NodeName, ...], ...] = ()
    causes: tuple[Cause, ...] = ()
    has_canary: bool = False
    keeps_quorum: bool = False
