"""VNIs that a device of another name has: shown as a cut-over, and refused by apply."""

from __future__ import annotations

import pytest

from pvesdn.compare.taken import Taken, cut_over, taken_vnis
from pvesdn.model.facts import IfaceStanza, Link, NodeFacts
from pvesdn.model.files import Action, StanzaChange
from pvesdn.model.ifupdown import VxlanPort
from pvesdn.model.pve_ifupdown import PveVxlanPort
from tests.unit.compare.printed import stanzas

PORT = stanzas(VxlanPort("vxlan_web", 2, "zone"))
OTHER_PORT = stanzas(VxlanPort("vxlan_web", 3, "zone"))
PVES_PORT = stanzas(PveVxlanPort("vxlan_web", 2, 1450))
LIVE = NodeFacts(node="n", links=(Link("vxlan2", kind="vxlan", vni=2),))
WRITTEN = NodeFacts(node="n", stanzas=(IfaceStanza("vxlan2", "", (("vxlan-id", "2"), ("mtu", "1500"))),))


@pytest.mark.parametrize("facts", [LIVE, WRITTEN], ids=["live", "written"])
def test_a_device_of_another_name_holds_its_vni(facts: NodeFacts) -> None:
    assert taken_vnis((), PORT, facts) == {"vxlan_web": Taken(2, "vxlan2")}
    assert taken_vnis((), PVES_PORT, facts) == {"vxlan_web": Taken(2, "vxlan2")}
    assert taken_vnis((), OTHER_PORT, facts) == {}


def test_our_own_devices_hold_nothing() -> None:
    assert taken_vnis({"vxlan2"}, PORT, LIVE) == {}
    assert taken_vnis((), PORT, NodeFacts(node="n", links=(Link("vxlan_web", kind="vxlan", vni=2),))) == {}


def test_a_file_that_goes_takes_no_vni() -> None:
    assert taken_vnis((), None, LIVE) == {}


@pytest.mark.parametrize("value", ["two", "²", "", "9" * 5000])
def test_what_is_no_number_holds_nothing(value: str) -> None:
    written = NodeFacts(node="n", stanzas=(IfaceStanza("vxlan2", "", (("vxlan-id", value),)),))
    assert taken_vnis((), PORT, written) == {}


def test_a_new_device_is_shown_as_one_that_comes_in_anothers_place() -> None:
    changes = (StanzaChange("vxlan_web", Action.ADD), StanzaChange("web", Action.ADD))
    marked = cut_over(changes, {"vxlan_web": Taken(2, "vxlan2")})
    assert [(change.name, change.action) for change in marked] == [("vxlan_web", Action.REPLACE), ("web", Action.ADD)]
    assert marked[0].why == "in place of vxlan2, which has VNI 2 and must go first"


def test_what_is_there_already_keeps_its_sign() -> None:
    changes = (StanzaChange("vxlan_web", Action.CHANGE),)
    assert cut_over(changes, {"vxlan_web": Taken(2, "vxlan2")}) == changes
