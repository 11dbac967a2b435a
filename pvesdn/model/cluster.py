"""The cluster as its API describes it, and the VTEPs that were seen on its nodes."""

from __future__ import annotations

from pvesdn.model.base import Model
from pvesdn.model.primitives import DeviceName, IpAddress, NodeName


class Member(Model):
    """A node of the cluster, online or not.

    :param address: what pmxcfs resolved for the node's name (`GET /cluster/status`), None when it could not.
    :param is_local: the node that answered the API.
    """

    name: NodeName
    node_id: int
    address: IpAddress | None
    is_online: bool
    is_local: bool = False


class ClusterState(Model):
    """Membership at one moment.

    :param members: every node that has not left the cluster, sorted by name.
    :param pve_version: `GET /version`, such as ``9.1.5``; empty when unknown.
    :param has_sdn: the cluster has the endpoints of PVE's own SDN, which then owns `interfaces.d/sdn`.
    """

    name: str
    is_quorate: bool
    members: tuple[Member, ...]
    pve_version: str = ""
    has_sdn: bool = True

    @property
    def pve_major(self) -> int:
        """The major version of PVE, 0 when unknown."""
        head = self.pve_version.split(".", 1)[0]
        return int(head) if head.isdigit() else 0

    def member(self, name: str) -> Member | None:
        """The member called `name`, or None."""
        return next((m for m in self.members if m.name == name), None)


class SeenVtep(Model):
    """What a node's VTEP was when the node was last seen; kept under /etc/pve/sdn so that an offline member stays a peer.

    :param mtu: MTU of the underlay interface, bytes, without VXLAN headers.
    :param others: further addresses of the node that a zone names in its `peers`, with the MTU of their devices.
    """

    address: IpAddress
    mtu: int
    others: tuple[tuple[IpAddress, int], ...] = ()


class Vtep(Model):
    """A node's tunnel endpoint (RFC 7348 section 3).

    :param interface: the device that holds the address; None on a node that is not there to be asked.
    :param mtu: MTU of that device, bytes; None when it was never seen.
    :param why: how the address was chosen, for `plan -v`.
    """

    node: NodeName
    address: IpAddress
    interface: DeviceName | None
    mtu: int | None
    why: str
