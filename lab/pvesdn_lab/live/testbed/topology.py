"""What a lab consists of, from a TOML file: nodes, and routers outside the cluster."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pvesdn_lab.live.testbed.plan import NodePlan
from pvesdn_lab.live.testbed.space import LabFault
from pvesdn_lab.live.testbed.wires import BRIDGES


@dataclass(frozen=True, slots=True)
class RouterPlan:
    """A router outside the cluster, wired to the outside network.

    :param addresses: on the outside network, with prefix length.
    :param beyond: addresses behind it, with prefix length: what guests want to reach.
    :param routes: to the guests' networks, as `ip route add` takes them.
    """

    name: str
    addresses: tuple[str, ...]
    beyond: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Topology:
    """:param spare: nodes that are off, and no members, until a scenario lets them join.
    :param transits: routers between the nodes: machines like them, of no cluster, switched on with the lab.
    """

    nodes: tuple[NodePlan, ...]
    spare: tuple[NodePlan, ...] = ()
    transits: tuple[NodePlan, ...] = ()
    routers: tuple[RouterPlan, ...] = field(default=())


def read_topology(file: Path) -> Topology:
    """Read ``topology.toml``: tables ``[[node]]``, ``[[spare]]``, ``[[transit]]`` and ``[[router]]``.

    The first three have the fields of `NodePlan`, the last those of `RouterPlan`.

    :raises LabFault: something is missing or unknown.
    """
    document = tomllib.loads(file.read_text("utf-8"))
    try:
        found = Topology(
            nodes=tuple(NodePlan(**row) for row in document.pop("node")),
            spare=tuple(NodePlan(**row) for row in document.pop("spare", ())),
            transits=tuple(NodePlan(**row) for row in document.pop("transit", ())),
            routers=tuple(RouterPlan(**_tuples(row)) for row in document.pop("router", ())),
        )
    except (KeyError, TypeError) as error:
        raise LabFault(f"{file}: {error}") from None
    finally:
        if document.keys() - {"node", "spare", "transit", "router"}:
            raise LabFault(f"{file}: unknown: {', '.join(document)}")
    for plan in (*found.nodes, *found.spare, *found.transits):
        if unknown := set(plan.trunks.values()) - BRIDGES.keys():
            raise LabFault(
                f"{file}: {plan.name}: there is no switch {', '.join(sorted(unknown))}; there are {', '.join(BRIDGES)}"
            )
    return found


def _tuples(row: dict[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
