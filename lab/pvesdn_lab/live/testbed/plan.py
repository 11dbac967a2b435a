"""What a node of the live lab is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn_lab.live.testbed.wires import BRIDGES, Card


@dataclass(frozen=True, slots=True)
class NodePlan:
    """What a node is made from.

    :param management: address with prefix length; SSH and the cluster use it.
    :param underlay: address with prefix length on vmbr0, the VTEP's.
    :param mtu: of the underlay, bytes.
    :param cluster: the one it is a member of.
    :param trunks: further cards by name, each with the switch it is wired to, whose MTU it has.
    :param interfaces: what /etc/network/interfaces says of those, and of more addresses on the other devices.
    :param frr: frr.conf as somebody wrote it by hand; FRR then runs from the first boot, with OSPF.
    :param pve_ifupdown2: Debian's ifupdown2 behaves like PVE's build where PVE's stanzas count on it (`ifupdown`).
    :param vxlan_anew: a reload takes down and makes anew every VXLAN device whose stanza has changed, as PVE's build of
        ifupdown2 does.
    """

    name: str
    management: str
    underlay: str
    mtu: int = 1550
    cluster: str = "lab"
    trunks: Mapping[str, str] = field(default_factory=dict)
    interfaces: str = ""
    frr: str = ""
    pve_ifupdown2: bool = False
    vxlan_anew: bool = False

    @property
    def vtep(self) -> str:
        """The VTEP's address."""
        return self.underlay.partition("/")[0]

    @property
    def cards(self) -> tuple[Card, ...]:
        """Management, underlay, outside, and what there is more."""
        more = (Card(name, switch, BRIDGES[switch]) for name, switch in self.trunks.items())
        return Card("mgmt0", "mgmt"), Card("eno1", "under", self.mtu), Card("eno2", "outer"), *more

    @property
    def has_open_vswitch(self) -> bool:
        """One of its stanzas is Open vSwitch's."""
        return "ovs_type" in self.interfaces
