"""What the simulated API and the simulated nodes share: members, folders, and how PVE's texts are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pvesdn.lab.character import Character
from pvesdn.lab.node import SimulatedNode
from pvesdn.lab.pmxcfs import MemberState, Pmxcfs
from pvesdn.lab.sdn_config import RunningConfig

RenderSdn = Callable[[RunningConfig, str], str]
"""(running config, node) to the text of interfaces.d/sdn on that node."""

RenderFrr = Callable[[RunningConfig, str, str | None], str]
"""(running config, node, text of frr.conf.local or None) to the text of frr.conf on that node."""


def plain_sdn_text(config: RunningConfig, node: str) -> str:
    """A stand-in for PVE's renderer: the version line and an empty bridge for each VNet, the same on every node."""
    del node
    stanzas = [
        f"\nauto {vnet}\niface {vnet}\n\tbridge_ports none\n\tbridge_stp off\n\tbridge_fd 0\n"
        for vnet in sorted(config["vnets"]["ids"])
    ]
    return f"#version:{config['version']}\n{''.join(stanzas)}"


def plain_frr_text(config: RunningConfig, node: str, local: str | None) -> str:
    """A stand-in for PVE's renderer: the header of PVE 9, and frr.conf.local as it stands."""
    del config
    header = ("frr version 10.4.1", "frr defaults datacenter", f"hostname {node}", "log syslog informational")
    return "\n".join([*header, "service integrated-vtysh-config", "!", local or "", ""])


@dataclass(slots=True)
class World:
    """A simulated cluster's state. The API reads it, `SimulatedCluster` changes it.

    :param api_node: the node whose API answers.
    """

    name: str
    character: Character
    pmxcfs: Pmxcfs
    api_node: str
    is_quorate: bool = True
    members: dict[str, MemberState] = field(default_factory=dict)
    nodes: dict[str, SimulatedNode] = field(default_factory=dict)
    render_sdn: RenderSdn = plain_sdn_text
    render_frr: RenderFrr = plain_frr_text
