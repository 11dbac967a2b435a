"""The cluster as its API describes it, and the VTEPs seen on its nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pvesdn.model.base import Model
from pvesdn.model.primitives import IpAddress, NodeName


class Member(Model):
    """A node of the cluster, online or not.

    :param address: what pmxcfs resolved for the node's name (`GET /cluster/status`), None when it could not.
    :param is_local: the node that answered the API.
    :param links: addresses of corosync's links, as far as they are written as addresses (`GET /cluster/config/nodes`).
    """

    name: NodeName
    node_id: int
    address: IpAddress | None
    is_online: bool
    is_local: bool = False
    links: tuple[IpAddress, ...] = ()


class ClusterState(Model):
    """Membership at one moment.

    :param members: every node that has not left the cluster, sorted by name.
    :param pve_version: `GET /version`, such as ``9.1.5``; empty when unknown.
    :param has_sdn: the endpoints of PVE's own SDN answered, or its version has them where nobody asked.
    :param is_assumed: nobody was asked: the members are those that the definitions name, and one for all others.
    """

    name: str
    is_quorate: bool
    members: tuple[Member, ...]
    pve_version: str = ""
    has_sdn: bool = True
    is_assumed: bool = False

    @property
    def can_lose_one(self) -> bool:
        """It keeps its quorum with one node less than are on now, if each member has one vote (votequorum(5))."""
        votes = sum(member.is_online for member in self.members)
        return votes - 1 > len(self.members) // 2

    def member(self, name: str) -> Member | None:
        """The member called `name`, or None."""
        return next((m for m in self.members if m.name == name), None)

    def among(self, nodes: frozenset[str] | None) -> frozenset[str]:
        """The members that a list of nodes names, all of them for None; names that are no members are left out."""
        members = frozenset(member.name for member in self.members)
        return members if nodes is None else members & nodes


class SeenPath(Model):
    """A path to a peer that differs from the node's other paths. :param mtu, devices: see `UnderlayPath`."""

    peer: IpAddress
    mtu: int | None
    devices: tuple[str, ...] = ()


class SeenVtep(Model):
    """What a node's VTEP was when the node was last seen; kept under /etc/pve/sdn so that an offline member stays a
    peer.

    :param mtu: the least MTU of the node's paths to the others, bytes, VXLAN headers included; None when there was no
        path.
    :param devices: by which its packets left; empty for the one that holds the address.
    :param others: further addresses of the node that a zone or a controller names in its `peers`, with the MTU of their
        paths; None where it was not looked at, as for those of PVE's.
    :param former: addresses that it had, and that one of PVE's lists of peers still has.
    :param former_vnis: VNIs that were given up while the node was off or was not reached, by the names of the devices
        that it may come back with; until it has had its turn.
    :param paths: those that differ from `mtu` and `devices`; None where routes were not looked at, and `mtu` is the
        holder's.
    """

    address: IpAddress
    mtu: int | None
    devices: tuple[str, ...] = ()
    others: tuple[tuple[IpAddress, int | None], ...] = ()
    former: tuple[IpAddress, ...] = ()
    former_vnis: tuple[tuple[int, str], ...] = ()
    paths: tuple[SeenPath, ...] | None = None


@dataclass(frozen=True, slots=True)
class UnderlayPath:
    """The path by which a node's packets leave for the VTEP of a peer.

    :param devices: of all next hops, each once; empty for a node that could not be asked.
    :param mtu: bytes, VXLAN headers included: the least that a device of a next hop or the route itself takes; None
        when the devices' are not known.
    :param limit: what takes no more than `mtu`: a device or a route.
    :param source: the address that the kernel puts into packets whose sender names none (RFC 1122 section 3.3.4.3).
    :param route: the destination of the route, such as ``10.0.0.0/8`` or ``default``; empty for a path that is
        remembered.
    :param protocol: who made the route, in iproute2's word; empty for `ip route add`.
    :param is_connected: the peer is on a link of the node's own: no router is on the path.
    """

    peer: IpAddress
    devices: tuple[str, ...]
    mtu: int | None
    limit: str = ""
    source: IpAddress | None = None
    route: str = ""
    protocol: str = ""
    is_connected: bool = False

    @property
    def is_remembered(self) -> bool:
        """The path was not looked up: it is the one last seen."""
        return not self.route


@dataclass(frozen=True, slots=True, kw_only=True)
class Vtep:
    """A node's tunnel endpoint (RFC 7348 section 3).

    :param interface: the device by which all packets to the other VTEPs leave; None where there are several, and on a
        node that could not be asked. Where no path is known: the device that holds the address.
    :param mtu: the least MTU of the paths to the other VTEPs, bytes, VXLAN headers included; None when it was never
        seen.
    :param why: how the address was chosen, for `plan -v`.
    :param paths: to each other VTEP, and to each address that a zone names in its `peers`.
    :param unreached: those of them without a route.
    :param hidden: those whose path was not looked at, with the reason in words.
    """

    node: str
    address: IpAddress
    interface: str | None
    mtu: int | None
    why: str
    paths: Mapping[IpAddress, UnderlayPath] = field(default_factory=dict)
    unreached: frozenset[IpAddress] = frozenset()
    hidden: Mapping[IpAddress, str] = field(default_factory=dict)
