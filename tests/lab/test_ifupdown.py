"""Where the lab's ifupdown2 is not Debian's."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pvesdn_lab.live.testbed.ifupdown import allow_vlan_aware_bridges, loosen_bridges, make_vxlan_anew, wait_for_links
from pvesdn_lab.live.testbed.space import LabFault

ADDON = "share/ifupdown2/addons/bridge.py"
QUESTION = """\
regex = ifaceobj.get_attr_value_first('bridge-ports-condone-regex')
port_obj_l = [ifaceobj]
if port_obj_l and port_obj_l[0].link_kind & ifaceLinkKind.VLAN:
    raise ValueError("vlan sub-interface is not supported in a vlan-aware bridge")
"""


def unpacked(tmp_path: Path, text: str, name: str = ADDON) -> Path:
    file = tmp_path / "usr" / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return tmp_path / "usr"


LIBRARY = "share/ifupdown2/lib/iproute2.py"
MAKES_LINKS = """\
class IPRoute2:
    def link_add(self, ifname, link_type):
        utils.exec_command(
            "%s link add %s type %s"
            % (utils.ip_cmd, ifname, link_type)
        )

    def link_add_veth(self, ifname, peer_name):
        utils.exec_command(
            "%s link add %s type veth peer name %s"
            % (utils.ip_cmd, ifname, peer_name)
        )
"""


class Cache:
    """Knows a device when it has been asked often enough."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def link_exists(self, name: str) -> bool:
        self.asked[name] += 1
        return self.asked[name] > 2


class Stanza:
    """One that says nothing, or what it is given."""

    def __init__(self, said: str | None) -> None:
        self.get_attr_value_first = {"bridge-ports-condone-regex": said}.get
        self.link_kind = 1


@pytest.mark.parametrize(("said", "found"), [(None, "^(tap|veth|fwpr)[0-9].*"), ("^x", "^x")])
def test_guests_ports_are_left_alone_unless_a_stanza_says_what_and_vlans_may_be_ports(
    tmp_path: Path, said: str | None, found: str
) -> None:
    loosen_bridges(unpacked(tmp_path, QUESTION), tmp_path / "layer")
    names: dict[str, Any] = {"ifaceobj": Stanza(said), "ifaceLinkKind": SimpleNamespace(VLAN=1)}
    exec((tmp_path / "layer" / ADDON).read_text(), names)
    assert names["regex"] == found


def test_the_unpacked_package_stays_as_it_is(tmp_path: Path) -> None:
    usr = unpacked(tmp_path, QUESTION)
    loosen_bridges(usr, tmp_path / "layer")
    assert (usr / ADDON).read_text() == QUESTION


def test_another_version_of_ifupdown2_is_refused_by_name(tmp_path: Path) -> None:
    usr = unpacked(tmp_path, "nothing of the kind\n")
    with pytest.raises(LabFault, match=r"addons/bridge\.py: .*: ifupdown2 has changed"):
        loosen_bridges(usr, tmp_path / "layer")


def test_several_vlan_aware_bridges_are_allowed_and_nothing_else_changes(tmp_path: Path) -> None:
    file = tmp_path / "network/ifupdown2/ifupdown2.conf"
    file.parent.mkdir(parents=True)
    file.write_text("template_enable=1\nmultiple_vlan_aware_bridge_support=0\n")
    allow_vlan_aware_bridges(tmp_path)
    assert file.read_text() == "template_enable=1\nmultiple_vlan_aware_bridge_support=1\n"


def test_a_veth_pair_is_made_when_both_ends_are_known_and_a_dummy_when_it_is(tmp_path: Path) -> None:
    wait_for_links(unpacked(tmp_path, MAKES_LINKS, LIBRARY), tmp_path / "layer")
    commands: list[str] = []
    names: dict[str, Any] = {"utils": SimpleNamespace(ip_cmd="ip", exec_command=commands.append)}
    exec((tmp_path / "layer" / LIBRARY).read_text(), names)
    tool, cache = names["IPRoute2"](), Cache()
    tool.cache = cache
    tool.link_add_veth("ln_a", "pr_a")
    tool.link_add("dummy_a", "dummy")
    assert commands == ["ip link add ln_a type veth peer name pr_a", "ip link add dummy_a type dummy"]
    assert cache.asked["dummy_a"] > 2
    assert cache.asked["ln_a"] > 2
    assert cache.asked["pr_a"] > 2


RELOAD = """\
down = []
for lastifaceobjlist in last:
    if not down_changed:
        continue
    down.append(lastifaceobjlist[0].name)
"""


def test_a_reload_looks_for_changes_of_vxlan_devices_and_of_no_others(tmp_path: Path) -> None:
    name = "share/ifupdown2/ifupdown/ifupdownmain.py"
    make_vxlan_anew(unpacked(tmp_path, RELOAD, name), tmp_path / "layer")
    last = [[SimpleNamespace(name="vxlan_a", link_kind=4)], [SimpleNamespace(name="a", link_kind=1)]]
    names: dict[str, Any] = {"ifaceLinkKind": SimpleNamespace(VXLAN=4), "last": last, "down_changed": 0}
    exec((tmp_path / "layer" / name).read_text(), names)
    assert names["down"] == ["vxlan_a"]
