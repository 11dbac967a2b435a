"""The dnsmasq that PVE runs for a zone with `dhcp`, and our drop-in that starts it in the VRF of what carries the zone
(docs/decisions/0064-dnsmasq-in-the-vrf.md).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pvesdn.model.primitives import IfName

DROP_INS = "/etc/systemd/system/dnsmasq@*.service.d/pvesdn.conf"
"""Where our drop-ins lie, as a pattern."""
_DROP_IN = re.compile(r"/etc/systemd/system/dnsmasq@(?P<zone>[a-zA-Z][a-zA-Z0-9]{1,7})\.service\.d/pvesdn\.conf")


@dataclass(frozen=True, slots=True)
class DhcpUnit:
    """A dnsmasq that has to run in a VRF.

    :param zone: PVE's zone, which the unit is named after.
    """

    zone: str
    vrf: IfName

    @property
    def path(self) -> str:
        """Where its drop-in lies."""
        return DROP_INS.replace("*", self.zone)


def zone_of(path: str) -> str | None:
    """The zone whose drop-in lies at `path`; None where no drop-in of ours does."""
    found = _DROP_IN.fullmatch(path)
    return None if found is None else found["zone"]


def unit_of(zone: str) -> str:
    """The unit of a zone's dnsmasq."""
    return f"dnsmasq@{zone}"
