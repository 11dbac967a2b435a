"""PVE's controllers of one node: BGP sessions outside EVPN, and IS-IS for the underlay (docs/pve.md §1.8)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from pvesdn.model.defined import Defined
from pvesdn.model.primitives import ControllerId, IpTextList, Line, NodeName, WordList


class PveBgpController(Defined):
    """controllers.cfg type `bgp`: one node's sessions with routers of the underlay.

    :param ebgp: the peers have other AS numbers.
    :param ebgp_multihop: hops to an eBGP peer; 0 counts as none.
    :param loopback: the interface whose address is announced and used as the source.
    """

    kind: Literal["pve-bgp-controller"] = "pve-bgp-controller"
    id: ControllerId
    asn: Annotated[int, Field(ge=0, le=4_294_967_295)]
    node: NodeName
    peers: IpTextList
    ebgp: bool = False
    ebgp_multihop: int = Field(default=0, alias="ebgp-multihop")
    loopback: str | None = None
    multipath_relax: bool = Field(default=False, alias="bgp-multipath-as-path-relax")


class PveIsisController(Defined):
    """controllers.cfg type `isis`: IS-IS (ISO 10589) on interfaces of one node.

    :param interfaces: as they were typed; a device may be called by one of its alternative names.
    :param net: the network entity title.
    """

    kind: Literal["pve-isis-controller"] = "pve-isis-controller"
    asn: ClassVar[None] = None
    id: ControllerId
    node: NodeName
    domain: Line = Field(alias="isis-domain")
    interfaces: WordList = Field(alias="isis-ifaces")
    net: str = Field(alias="isis-net")
    loopback: str | None = None
