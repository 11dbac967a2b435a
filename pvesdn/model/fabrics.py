"""PVE's fabrics: a routed underlay by OpenFabric or OSPF, each node's address on a dummy device (docs/pve.md §1.10)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, StringConstraints

from pvesdn.model.base import Model
from pvesdn.model.defined import Defined
from pvesdn.model.primitives import NodeName

FabricId: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^[a-zA-Z0-9]([a-zA-Z0-9-]{0,6}[a-zA-Z0-9])?$", min_length=1, max_length=8)
]
FabricIfName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_.@-]{0,14}$")]


class FabricInterface(Model):
    """A node's interface towards its neighbors.

    :param ip: its own IPv4 address; without one it is unnumbered and borrows the node's.
    :param hello_multiplier: OpenFabric only.
    """

    name: FabricIfName
    ip: IPv4Interface | None = None
    ip6: IPv6Interface | None = None
    hello_multiplier: Annotated[int, Field(ge=2, le=100)] | None = None


class FabricMember(Model):
    """A node in a fabric: `openfabric_node` or `ospf_node`."""

    node: NodeName
    ip: IPv4Address | None = None
    ip6: IPv6Address | None = None
    interfaces: tuple[FabricInterface, ...] = ()


class Fabric(Defined):
    """`openfabric_fabric` or `ospf_fabric` with its nodes.

    :param hello_interval: seconds, OpenFabric only, as is `csnp_interval`.
    :param area: OSPF only, as it was typed: a number or a dotted quad.
    :param members: sorted by node.
    """

    kind: Literal["fabric"] = "fabric"
    id: FabricId
    protocol: Literal["openfabric", "ospf"]
    ip_prefix: IPv4Network | None = None
    ip6_prefix: IPv6Network | None = None
    hello_interval: int | None = None
    csnp_interval: int | None = None
    area: str | None = None
    members: tuple[FabricMember, ...] = ()

    def member(self, node: str) -> FabricMember | None:
        """The node's part in the fabric; None when it has none."""
        return next((member for member in self.members if member.node == node), None)


class UnmanagedFabric(Defined):
    """A fabric of a kind that pvesdn leaves to PVE.

    :param type: fabrics.cfg's type, such as ``wireguard_fabric``.
    :param nodes: its members.
    """

    kind: Literal["unmanaged-fabric"] = "unmanaged-fabric"
    id: FabricId
    type: str
    nodes: frozenset[NodeName] = frozenset()
