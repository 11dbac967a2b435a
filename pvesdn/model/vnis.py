"""The VNIs of VNets that are drawn in PVE's panel: what /etc/pve/sdn/pvesdn-vnis.cfg holds."""

from __future__ import annotations

from pvesdn.model.base import Model
from pvesdn.model.defined import Defined
from pvesdn.model.primitives import SdnId, Vni


class GivenVni(Defined):
    """A VNI that was given to a VNet of a zone of ours. It stays the VNet's while the VNet is gone.

    :param zone: ours, which carries the VNet.
    """

    vni: Vni
    vnet: SdnId
    zone: SdnId


class VniTable(Model):
    """All of them, sorted by VNI, each once."""

    given: tuple[GivenVni, ...] = ()

    @property
    def facts(self) -> frozenset[tuple[int, str, str]]:
        """VNI, VNet and zone of each, wherever it was read."""
        return frozenset((given.vni, given.vnet, given.zone) for given in self.given)
