"""What a node must have for its files to work: whether a VNI may be taken from a device that was written by hand."""

from __future__ import annotations

import pytest

from pvesdn.compare.prerequisites import prerequisites
from pvesdn.compare.taken import Taken
from pvesdn.model.facts import IfaceStanza, NodeFacts
from pvesdn.model.files import OUR_INTERFACES
from pvesdn.model.ifupdown import CarriedBridge, VnetBridge, VxlanPort
from tests.unit.compare.printed import interfaces

BY_HAND = (
    IfaceStanza("vxlan9", "", (("vxlan-id", "2"),)),
    IfaceStanza("br9", "", (("bridge-ports", "vxlan9"), ("address", "10.0.0.1/24"))),
)
TAKE_IT_OUT = "take vxlan9 out of /etc/network/interfaces, or choose another VNI"


@pytest.mark.parametrize("kind", [VnetBridge, CarriedBridge], ids=["our own", "carried"])
@pytest.mark.parametrize(
    ("address", "hint"),
    [("10.0.0.1/24", TAKE_IT_OUT), ("10.0.0.2/24", "choose another VNI: by vxlan9 the node has 10.0.0.1")],
    ids=["comes back", "would be lost"],
)
def test_a_gateway_written_by_hand_is_missed_unless_the_vnet_has_it(
    kind: type[VnetBridge], address: str, hint: str
) -> None:
    file = interfaces(VxlanPort("vxlan_web", 2, "zone"), kind("web", "vxlan_web", 1500, (address,)))
    facts = NodeFacts(node="pve1", stanzas=BY_HAND, sources=("/etc/network/interfaces.d/*",))
    (found,) = prerequisites(
        {OUR_INTERFACES: file}, {"vxlan_web": Taken(2, "vxlan9")}, frozenset({OUR_INTERFACES}), facts
    )
    assert found.hint == hint
