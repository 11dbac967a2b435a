"""Which zone an interface belongs to, by its name."""

from __future__ import annotations

from pvesdn.design.shared import names
from pvesdn.model.sdn import SdnConfig

_OF_A_VNET = (str, names.vxlan_port, names.bridge_end, names.far_end)
_OF_A_ZONE = (
    names.vrf,
    names.l3vni_port,
    names.l3vni_bridge,
    names.bridge_end,
    names.far_end,
    names.qinq_bridge,
    names.service_vlan,
)


def zones_by_interface(sdn: SdnConfig) -> dict[str, str]:
    """The zone of every interface that a zone, a VNet or an exit of it may have, whether or not some node has it."""
    found = {name(zone.id): zone.id for zone in sdn.both.zones for name in _OF_A_ZONE}
    found |= {name(vnet.id): vnet.zone for vnet in sdn.both.vnets for name in _OF_A_VNET}
    return found | {uplink.interface: uplink.zone for uplink in sdn.own.exits}
