"""Which kind of zone it is, in the words of the field."""

from __future__ import annotations

from pvesdn.model.own_sdn import EvpnZone, VxlanZone
from pvesdn.model.pve_sdn import PveEvpnZone, PveQinqZone, PveVlanZone, RenderedPveZone, UnmanagedZone
from pvesdn.model.sdn import Zone


def kind_of(zone: Zone) -> str:
    """Such as ``VXLAN, unicast`` or ``PVE's EVPN, symmetric IRB``."""
    match zone:
        case VxlanZone(multicast_group=None):
            return "VXLAN, unicast"
        case VxlanZone():
            return f"VXLAN, multicast {zone.multicast_group}"
        case EvpnZone():
            return "EVPN, no IRB" if zone.irb.value == "none" else f"EVPN, {zone.irb.value} IRB"
        case UnmanagedZone():
            return f"{zone.type}, left to PVE"
        case _:
            return f"PVE's {_transport(zone)}"


def _transport(zone: RenderedPveZone) -> str:
    match zone:
        case PveEvpnZone():
            return "EVPN, symmetric IRB"
        case PveVlanZone():
            return f"VLANs of {zone.bridge}"
        case PveQinqZone():
            return f"QinQ in VLAN {zone.service_tag} of {zone.bridge}"
        case _:
            return zone.kind.removeprefix("pve-").replace("vxlan", "VXLAN")
