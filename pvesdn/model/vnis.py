"""The VNIs of VNets that are drawn in PVE's panel: what /etc/pve/sdn/pvesdn-vnis.cfg holds."""

from __future__ import annotations

from pydantic import Field

from pvesdn.model.base import Model
from pvesdn.model.defined import Defined
from pvesdn.model.primitives import SdnId, Vni, bounded

_BITS_24 = 0xFFFFFF
"""PVE takes one VNI more than ifupdown2 does."""
TITLE = "# VNIs of VNets that are drawn in PVE's panel. Written by `pvesdn apply`: one that is gone keeps its own."
"""The first line of the file."""


class GivenVni(Defined):
    """A VNI that was given to a VNet of a zone of ours. It stays the VNet's while the VNet is gone.

    :param zone: ours, which carries the VNet.
    :param is_former: the VNet has another one by now; a member that was off meanwhile may still have this one.
    """

    vni: Vni
    vnet: SdnId
    zone: SdnId
    is_former: bool = Field(default=False, alias="former")


class VniTable(Model):
    """All of them, sorted by VNI, each once."""

    given: tuple[GivenVni, ...] = ()

    @property
    def facts(self) -> frozenset[tuple[int, str, str, bool]]:
        """VNI, VNet and zone of each, and whether it is a former one, wherever it was read."""
        return frozenset((given.vni, given.vnet, given.zone, given.is_former) for given in self.given)


def said_vni(value: str) -> int | None:
    """The VNI that an option of an interface says; None where it says none."""
    return bounded(value, _BITS_24)
