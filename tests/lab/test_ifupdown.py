"""The two defaults in which the lab's ifupdown2 is made like PVE's."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvesdn.lab.live.ifupdown import allow_vlan_aware_bridges, keep_guests
from pvesdn.lab.live.space import LabFault

ADDON = "share/ifupdown2/addons/bridge.py"
QUESTION = "regex = ifaceobj.get_attr_value_first('bridge-ports-condone-regex')\n"


def unpacked(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "usr" / ADDON
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return tmp_path / "usr"


class Stanza:
    """One that says nothing, or what it is given."""

    def __init__(self, said: str | None) -> None:
        self.get_attr_value_first = {"bridge-ports-condone-regex": said}.get


@pytest.mark.parametrize(("said", "found"), [(None, "^(tap|veth|fwpr)[0-9].*"), ("^x", "^x")])
def test_guests_ports_are_left_alone_unless_a_stanza_says_what(tmp_path: Path, said: str | None, found: str) -> None:
    keep_guests(unpacked(tmp_path, QUESTION), tmp_path / "layer")
    names = {"ifaceobj": Stanza(said)}
    exec((tmp_path / "layer" / ADDON).read_text(), names)
    assert names["regex"] == found


def test_the_unpacked_package_stays_as_it_is(tmp_path: Path) -> None:
    usr = unpacked(tmp_path, QUESTION)
    keep_guests(usr, tmp_path / "layer")
    assert (usr / ADDON).read_text() == QUESTION


def test_another_version_of_ifupdown2_is_refused_by_name(tmp_path: Path) -> None:
    usr = unpacked(tmp_path, "nothing of the kind\n")
    with pytest.raises(LabFault, match=r"addons/bridge\.py: .*: ifupdown2 has changed"):
        keep_guests(usr, tmp_path / "layer")


def test_several_vlan_aware_bridges_are_allowed_and_nothing_else_changes(tmp_path: Path) -> None:
    file = tmp_path / "network/ifupdown2/ifupdown2.conf"
    file.parent.mkdir(parents=True)
    file.write_text("template_enable=1\nmultiple_vlan_aware_bridge_support=0\n")
    allow_vlan_aware_bridges(tmp_path)
    assert file.read_text() == "template_enable=1\nmultiple_vlan_aware_bridge_support=1\n"
