"""VXLAN tunnels of Open vSwitch, which stay as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pvesdn.model.hand_written import HandWrittenNode
from pvesdn.recognise.found import Found


def find_tunnels(node: HandWrittenNode) -> Iterator[Found]:
    """Every port of a switch that is, or in its `ovs_extra` becomes, a VXLAN tunnel."""
    for device in node.devices.values():
        for option in device.options:
            is_tunnel = option.name == "ovs-tunnel-type" and option.value.strip() == "vxlan"
            is_extra = option.name == "ovs-extra" and re.search(r"\btype=vxlan\b", option.value)
            if is_tunnel or is_extra:
                what = "a VXLAN tunnel of Open vSwitch: not carried over, it stays as it is"
                hint = "pvesdn makes VXLAN devices of the kernel's, in Linux bridges"
                yield Found(node.node, option.place, device.name, "", frozenset(), what, hint)
                break
