"""VNets and their subnets: the same two nouns in `pvesdn.cfg` and in PVE's own files."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from pvesdn.model.defined import Defined
from pvesdn.model.primitives import IpAddress, IpNetwork, IpText, Line, NodeList, SdnId


class Vnet(Defined):
    """A virtual network of a zone.

    :param tag: the VNI in VXLAN zones, the VLAN in PVE's vlan and qinq zones. PVE stores up to 16777215; `pvesdn.cfg`
        ends at 16777214.
    :param nodes: nodes that have the VNet, None for all of the zone; `pvesdn.cfg` only, and where a VNet that PVE has
        no more is kept for the guests in it.
    :param is_isolated: guests on one node cannot talk to each other; PVE only.
    :param drawn_in: PVE's zone that the VNet is drawn in, where a zone of ours carries it: the addresses, alias and
        forwarding of its bridge are then PVE's. None for every other VNet.
    :param was_routed: its subnets are gone, and its bridge stays as it was with them: its MAC, its VRF.
    :param left_families: 4, 6: of the gateways that it had while its zone was there, where that is gone and all that is
        ours stands as it was with them.
    """

    id: SdnId
    zone: SdnId
    tag: Annotated[int, Field(ge=1, le=16_777_215)] | None = None
    alias: Line | None = None
    vlanaware: bool = False
    nodes: NodeList | None = None
    is_isolated: bool = Field(default=False, alias="isolate-ports")
    drawn_in: SdnId | None = None
    was_routed: bool = False
    left_families: frozenset[int] = frozenset()

    @property
    def is_kept_for_guests(self) -> bool:
        """PVE has it no more, or elsewhere: it is there on `nodes` alone, as long as guests are plugged into it."""
        return self.drawn_in is not None and self.nodes is not None


class Subnet(Defined):
    """A subnet of a VNet.

    :param id: ``<zone>-<network>-<mask>``.
    :param cidr: network and mask in the spelling of the id; PVE keeps host bits that are set.
    :param dhcp_dns_server: what guests are told to ask for names; None for the gateway. PVE only.
    :param gateway_text: the gateway in the spelling it was given, which is the one PVE prints; set from `gateway`.
    """

    id: str
    vnet: SdnId
    cidr: str
    network: IpNetwork
    gateway: IpAddress | None = None
    gateway_text: IpText | None = None
    snat: bool = False
    dhcp_dns_server: Line | None = Field(default=None, alias="dhcp-dns-server")

    @model_validator(mode="before")
    @classmethod
    def _keep_spelling(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("gateway") is not None and data.get("gateway_text") is None:
            return {**data, "gateway_text": str(data["gateway"])}
        return data
