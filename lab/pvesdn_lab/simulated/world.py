"""What the simulated API and the simulated nodes share: members, folders, and how PVE's texts are made."""

from __future__ import annotations

from dataclasses import dataclass, field

from pvesdn_lab.simulated.character import Character
from pvesdn_lab.simulated.host import Host
from pvesdn_lab.simulated.pmxcfs import MemberState, Pmxcfs
from pvesdn_lab.simulated.pve_text import PveText


@dataclass(slots=True)
class LabWorld:
    """A simulated cluster's state. The API reads it, `SimulatedPve` changes it.

    :param api_node: the node whose API answers.
    :param text: what PVE writes on the nodes.
    """

    name: str
    character: Character
    pmxcfs: Pmxcfs
    api_node: str
    is_quorate: bool = True
    members: dict[str, MemberState] = field(default_factory=dict)
    hosts: dict[str, Host] = field(default_factory=dict)
    text: PveText = field(default_factory=PveText)
