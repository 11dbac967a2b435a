"""A node's AS numbers before and after: read from the frr.conf that it has, known of the one that we print."""

from __future__ import annotations

import re

from pvesdn.model.files import AsNumbers
from pvesdn.model.frr import FrrConfig

_ROUTER_BGP = re.compile(r"^router bgp (\d+)", re.MULTILINE)


def as_numbers(text: str | None, config: FrrConfig | None) -> AsNumbers:
    """Of frr.conf. :param text: as it is. :param config: as it will be; None where it goes."""
    before = frozenset(_ROUTER_BGP.findall(text or ""))
    if config is None:
        return AsNumbers(before)
    # The lines are what an administrator added for PVE to merge.
    custom = (number for line in config.custom for number in _ROUTER_BGP.findall(line))
    return AsNumbers(before, frozenset((*(str(router.asn) for router in config.routers), *custom)))
