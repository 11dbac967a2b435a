"""The fake ifupdown2: makes the links match the files, as the real one was seen to do."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pvesdn_lab.simulated.cluster import SimulatedCluster
from pvesdn_lab.simulated.commands.ifupdown import only_one
from pvesdn_lab.simulated.commands.state import locked_state
from pvesdn_lab.simulated.node import SimulatedNode

OURS = "/etc/network/interfaces.d/pvesdn"

PORT = """\
auto vxlan_a
iface vxlan_a
	vxlan-id {vni}
	vxlan-local-tunnelip 192.168.0.1
	vxlan_remoteip 192.168.0.2
	vxlan_remoteip 192.168.0.3
	mtu 1500

"""
BRIDGE = """\
auto a
iface a
	address 10.0.0.1/24
	hwaddress 44:39:39:FF:40:94
	bridge-ports vxlan_a
	mtu 1500
"""


@pytest.fixture
def node(tmp_path: Path) -> SimulatedNode:
    return SimulatedCluster(tmp_path, ("pve1",)).nodes["pve1"]


def reload(node: SimulatedNode, text: str, path: str = OURS) -> str:
    """Write `text`, reload, and give back what was complained about."""
    node.write(path, text)
    result = node.run("ifreload", "-a")
    # A warning alone is no failure.
    assert result.returncode == int("error:" in result.stderr)
    return result.stderr


def test_a_node_boots_with_its_bridge_over_the_uplink(node):
    links = node.links()
    assert list(links) == ["lo", "eno1", "eno2", "vmbr0"]
    assert (links["vmbr0"]["addresses"], links["vmbr0"]["mtu"]) == (["192.168.0.1/24"], 1550)
    assert links["eno1"]["master"] == "vmbr0"
    assert node.commands() == ()


def test_new_stanzas_become_links(node):
    assert reload(node, PORT.format(vni=2) + BRIDGE) == ""
    port, bridge = node.links()["vxlan_a"], node.links()["a"]
    assert (port["kind"], port["info"]["id"], port["mtu"], port["master"]) == ("vxlan", 2, 1500, "a")
    assert port["fdb"] == ["192.168.0.2", "192.168.0.3"]
    assert (bridge["kind"], bridge["addresses"], bridge["address"]) == ("bridge", ["10.0.0.1/24"], "44:39:39:ff:40:94")


def test_reloading_again_changes_nothing(node):
    reload(node, PORT.format(vni=2) + BRIDGE)
    before = node.links()
    assert reload(node, PORT.format(vni=2) + BRIDGE) == ""
    assert node.links() == before


def test_vanished_stanzas_take_their_links_along(node):
    reload(node, PORT.format(vni=2) + BRIDGE)
    assert reload(node, "") == ""
    assert list(node.links()) == ["lo", "eno1", "eno2", "vmbr0"]


def test_a_changed_vni_on_a_live_device_is_refused_and_so_is_every_reload_after_it(node):
    reload(node, PORT.format(vni=2) + BRIDGE)
    refusal = "error: vxlan_a: Cannot change running vxlan id (2): Operation not supported\n"
    assert reload(node, PORT.format(vni=3) + BRIDGE) == refusal
    assert reload(node, PORT.format(vni=3) + BRIDGE) == refusal
    node.run("ip", "link", "del", "vxlan_a")
    assert reload(node, PORT.format(vni=3) + BRIDGE) == ""
    assert (node.links()["vxlan_a"]["info"]["id"], node.links()["vxlan_a"]["master"]) == (3, "a")


def test_the_kernel_refuses_a_second_device_with_the_same_vni_and_the_reload_is_content(node):
    twice = PORT.format(vni=2) + PORT.format(vni=2).replace("vxlan_a", "vxlan_b")
    assert reload(node, twice) == "warning: vxlan_b: interface not recognized - please check interface configuration\n"
    assert list(node.links()) == ["lo", "eno1", "eno2", "vmbr0", "vxlan_a"]


def test_a_vni_moves_to_another_device_in_one_reload(node):
    reload(node, PORT.format(vni=2))
    assert reload(node, PORT.format(vni=2).replace("vxlan_a", "vxlan_b")) == ""
    assert list(node.links())[4:] == ["vxlan_b"]


def test_a_vrf_gets_a_table_and_takes_its_members(node):
    vrf = "auto vrf_z\niface vrf_z\n\tvrf-table auto\n\n"
    assert reload(node, vrf + "auto eno2\niface eno2\n\taddress 172.16.0.1/24\n\tvrf vrf_z\n") == ""
    assert node.links()["vrf_z"]["info"] == {"table": 1001}
    assert node.links()["eno2"]["master"] == "vrf_z"


def test_a_member_of_a_vrf_that_is_not_there_is_refused(node):
    assert reload(node, "auto eno2\niface eno2\n\tvrf vrf_z\n") == "error: eno2: vrf master ifaceobj vrf_z not found\n"


def test_an_uplink_that_leaves_the_file_keeps_its_address_in_the_main_table(node):
    vrf = "auto vrf_z\niface vrf_z\n\tvrf-table auto\n\n"
    reload(node, vrf + "auto eno2\niface eno2\n\taddress 172.16.0.1/24\n\tvrf vrf_z\n")
    reload(node, "")
    assert (node.links()["eno2"]["addresses"], node.links()["eno2"]["master"]) == (["172.16.0.1/24"], None)
    assert "172.16.0.0/24" in node.run("ip", "-j", "route").stdout


def test_an_uplink_taken_down_with_its_file_loses_it(node):
    reload(node, "auto eno2\niface eno2\n\taddress 172.16.0.1/24\n")
    assert node.run("ifdown", "-i", OURS, "eno2").returncode == 0
    assert reload(node, "") == ""
    assert (node.links()["eno2"]["addresses"], node.links()["eno2"]["up"]) == ([], False)


def test_taking_down_what_the_file_does_not_know_is_an_error(node):
    result = node.run("ifdown", "-i", OURS, "eno7")
    assert result.returncode == 1
    assert "cannot find interfaces: eno7" in result.stderr


def test_one_interface_can_be_brought_up_alone(node):
    node.write(OURS, PORT.format(vni=2) + BRIDGE)
    assert node.run("ifup", "-i", OURS, "vxlan_a").returncode == 0
    assert "vxlan_a" in node.links()
    assert "a" not in node.links()
    assert node.run("ifup", "nothing").stderr == "error: main exception: cannot find interfaces: nothing\n"


def test_one_unknown_name_and_nothing_is_done(node):
    node.write(OURS, PORT.format(vni=2))
    assert node.run("ifup", "vxlan_a", "nothing").returncode == 1
    assert "vxlan_a" not in node.links()


class TestPortsAndTheirBridge:
    """What `ifup` and `ifdown` do to the other of the two."""

    @pytest.fixture(autouse=True)
    def _up(self, node):
        reload(node, PORT.format(vni=2) + BRIDGE)

    def test_a_port_that_was_deleted_is_in_its_bridge_again_after_ifup(self, node):
        node.run("ip", "link", "del", "vxlan_a")
        assert node.run("ifup", "vxlan_a").returncode == 0
        assert node.links()["vxlan_a"]["master"] == "a"

    def test_a_bridge_takes_its_ports_again_after_ifdown_and_ifup(self, node):
        node.run("ifdown", "a")
        assert node.links()["vxlan_a"]["master"] is None
        assert node.run("ifup", "a").returncode == 0
        assert node.links()["vxlan_a"]["master"] == "a"

    def test_but_not_a_guests(self, node):
        port = node.plug_guest("a", 100)
        node.run("ifdown", "a")
        node.run("ifup", "a")
        assert node.links()[port]["master"] is None

    def test_names_are_brought_up_in_the_order_given(self, node):
        node.run("ifdown", "a", "vxlan_a")
        result = node.run("ifup", "a", "vxlan_a")
        assert (result.returncode, result.stderr) == (1, "error: a: bridge port vxlan_a does not exist\n")
        assert node.links()["vxlan_a"]["master"] is None
        node.run("ifdown", "a", "vxlan_a")
        assert node.run("ifup", "vxlan_a", "a").returncode == 0
        assert node.links()["vxlan_a"]["master"] == "a"

    def test_a_live_port_does_not_make_its_bridge_anew(self, node):
        node.run("ip", "link", "del", "a")
        assert node.run("ifup", "vxlan_a").returncode == 0
        assert "a" not in node.links()

    def test_a_port_made_anew_makes_its_bridge_anew_too(self, node):
        node.run("ip", "link", "del", "a")
        node.run("ip", "link", "del", "vxlan_a")
        assert node.run("ifup", "vxlan_a").returncode == 0
        assert node.links()["vxlan_a"]["master"] == "a"

    def test_a_port_in_two_bridges_is_in_none(self, node):
        reload(node, "")
        twice = PORT.format(vni=2) + BRIDGE + BRIDGE.replace("auto a", "auto b").replace("iface a", "iface b")
        assert "vxlan_a bridge port is enslaved to multiple interfaces ['a', 'b']" in reload(node, twice)
        assert list(node.links())[4:] == ["vxlan_a"]


class TestMemory:
    """ifupdown2 takes down what it has brought up, whatever the files say by now."""

    def test_what_has_no_stanza_any_more_can_be_taken_down(self, node):
        reload(node, PORT.format(vni=2) + BRIDGE)
        node.write(OURS, "")
        assert node.run("ifdown", "a").returncode == 0
        assert "a" not in node.links()

    def test_what_a_file_names_but_nobody_has_brought_up_cannot(self, node):
        node.write(OURS, "auto eno2\niface eno2\n\taddress 172.16.0.1/24\n")
        result = node.run("ifdown", "-i", OURS, "eno2")
        complaint = "error: main exception: cannot find interfaces: eno2 (interface was probably never up ?)\n"
        assert (result.returncode, result.stderr) == (1, complaint)

    def test_what_is_down_cannot_be_taken_down_again(self, node):
        reload(node, PORT.format(vni=2))
        node.run("ip", "link", "del", "vxlan_a")
        assert [node.run("ifdown", "vxlan_a").returncode for _ in range(2)] == [0, 1]

    def test_what_failed_to_come_up_is_remembered_too(self, node):
        reload(node, "auto b\niface b\n\tbridge-ports eno9\n")
        assert "b" in node.links()
        assert reload(node, "") == ""
        assert "b" not in node.links()

    def test_a_stanza_that_is_no_longer_automatic_keeps_its_link(self, node):
        reload(node, PORT.format(vni=2))
        reload(node, PORT.format(vni=2).replace("auto vxlan_a\n", ""))
        assert "vxlan_a" in node.links()


class TestLock:
    @pytest.fixture(autouse=True)
    def _held(self, node):
        place = node.path("/run/network/.lock")
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    @pytest.mark.parametrize("argv", [("ifreload", "-a"), ("ifup", "vmbr0"), ("ifdown", "vmbr0"), ("ifup", "-a", "-s")])
    def test_a_second_one_is_refused_and_touches_nothing(self, node, argv):
        node.write(OURS, PORT.format(vni=2))
        before = node.links()
        result = node.run(*argv)
        assert (result.returncode, result.stderr) == (
            89,
            "error: Another instance of this program is already running.\n",
        )
        assert node.links() == before

    def test_so_is_one_that_would_be_slow(self, node):
        node.break_command("ifreload", seconds=600)
        assert node.run("ifreload", "-a").returncode == 89


def test_the_lock_is_free_although_a_child_has_inherited_it(node):
    with only_one(node.root):
        place = node.path("/run/network/.lock")
        mine = next(file for file in Path("/proc/self/fd").iterdir() if file.is_symlink() and file.resolve() == place)
        inherited = os.dup(int(mine.name))
    try:
        with only_one(node.root) as is_free:
            assert is_free
    finally:
        os.close(inherited)


def test_a_reload_that_hangs_keeps_others_out(node):
    node.break_command("ifreload", seconds=600, times=1)
    hanging = subprocess.Popen([node.path("/bin/ifreload"), "-a"], process_group=0)
    try:
        # Looked at from outside: who tried to take the lock might have it when the other comes.
        end = time.monotonic() + 60
        while f":{node.path('/run/network/.lock').stat().st_ino} " not in Path("/proc/locks").read_text():
            assert time.monotonic() < end
        assert node.run("ifup", "vmbr0").returncode == 89
    finally:
        os.killpg(hanging.pid, signal.SIGKILL)
        hanging.wait()
    assert node.run("ifup", "vmbr0").returncode == 0


class TestWhatStays:
    """What neither a reload nor `ifup` brings back when its line goes."""

    def test_the_last_remote_vteps(self, node):
        reload(node, PORT.format(vni=2))
        without = "".join(line for line in PORT.format(vni=2).splitlines(keepends=True) if "remoteip" not in line)
        reload(node, without)
        assert node.links()["vxlan_a"]["fdb"] == ["192.168.0.2", "192.168.0.3"]

    def test_a_list_of_others_replaces_them(self, node):
        reload(node, PORT.format(vni=2))
        reload(node, PORT.format(vni=2).replace("192.168.0.2", "192.168.0.7"))
        assert node.links()["vxlan_a"]["fdb"] == ["192.168.0.7", "192.168.0.3"]

    def test_a_mac(self, node):
        reload(node, PORT.format(vni=2) + BRIDGE)
        reload(node, PORT.format(vni=2) + BRIDGE.replace("\thwaddress 44:39:39:FF:40:94\n", ""))
        assert node.links()["a"]["address"] == "44:39:39:ff:40:94"

    def test_no_address_of_ipv6_beside_a_mac_that_is_new_on_a_live_device_until_the_next_reload(self, node):
        both = BRIDGE.replace("/24\n", "/24\n\taddress 2001:db8::1/64\n")
        reload(node, PORT.format(vni=2) + both)
        assert node.links()["a"]["addresses"] == ["10.0.0.1/24", "2001:db8::1/64"]
        for expected in (["10.0.0.1/24"], ["10.0.0.1/24", "2001:db8::1/64"]):
            reload(node, PORT.format(vni=2) + both.replace("40:94", "40:95"))
            assert node.links()["a"]["addresses"] == expected

    def test_the_udp_port_which_is_warned_of(self, node):
        reload(node, PORT.format(vni=2))
        complaint = reload(node, PORT.format(vni=2).replace("\tmtu", "\tvxlan-port 4790\n\tmtu"))
        assert complaint.startswith("warning: vxlan_a: vxlan-port (4789) cannot be changed - ")
        assert node.links()["vxlan_a"]["info"]["port"] == 4789

    def test_the_device_of_a_group_that_has_gone(self, node):
        group = PORT.format(vni=2).replace(
            "vxlan_remoteip 192.168.0.2", "vxlan-mcastgrp 225.20.1.1\n\tvxlan-physdev vmbr0"
        )
        reload(node, group)
        reload(node, PORT.format(vni=2))
        assert (node.links()["vxlan_a"]["info"]["group"], node.links()["vxlan_a"]["info"]["link"]) == (None, "vmbr0")

    def test_not_an_mtu_and_not_an_address(self, node):
        reload(node, PORT.format(vni=2).replace("1500", "1400") + BRIDGE.replace("1500", "1400"))
        reload(node, PORT.format(vni=2).replace("\tmtu 1500\n", "") + "auto a\niface a\n\tbridge-ports vxlan_a\n")
        assert (node.links()["vxlan_a"]["mtu"], node.links()["a"]["mtu"]) == (1500, 1500)
        assert node.links()["a"]["addresses"] == []


def test_taking_an_uplink_down_takes_what_others_gave_it(node):
    reload(node, "auto eno2\niface eno2\n\taddress 172.16.0.1/24\n\tmtu 1400\n")
    with locked_state(node.root) as state:
        state.links["eno2"]["addresses"].append("10.9.9.9/24")
    assert node.run("ifdown", "eno2").returncode == 0
    assert (node.links()["eno2"]["addresses"], node.links()["eno2"]["mtu"]) == ([], 1500)


def test_a_card_that_is_not_there_is_only_warned_of(node):
    complaint = reload(node, "auto eno7\niface eno7\n\taddress 172.16.0.1/24\n")
    assert complaint == "warning: eno7: interface not recognized - please check interface configuration\n"


def test_plain_ifupdown2_takes_no_tunnel_over_ipv6(node):
    text = PORT.format(vni=2).replace("192.168.0.1", "fd00::1")
    assert reload(node, text) == ""
    node.run("ifdown", "vxlan_a")
    node.set_version("ifupdown2", "3.0.0-1.1")
    refusal = "error: vxlan_a: invalid vxlan-local-tunnelip fd00::1: Expected 4 octets in 'fd00::1'\n"
    assert reload(node, text) == refusal
    assert "vxlan_a" not in node.links()


def test_a_check_of_the_syntax_holds_right_text_to_be_wrong(node):
    node.write(OURS, "auto x\niface x\n\tbridge-ports none\n")
    for argv in (("ifup", "-a", "-s", "-i", OURS), ("ifreload", "-a", "-s")):
        result = node.run(*argv)
        assert (result.returncode, "invalid value" in result.stderr) == (1, True)


def test_stanzas_of_one_interface_are_merged(node):
    reload(node, "auto x\niface x\n\tbridge-ports none\n\niface x\n\tmtu 1400\n")
    assert node.links()["x"]["mtu"] == 1400


def test_a_backslash_joins_the_next_line(node):
    assert reload(node, "auto x\niface x\n\tbridge-ports \\\n\tnone\n\tmtu 1400\n") == ""
    assert (node.links()["x"]["kind"], node.links()["x"]["mtu"]) == ("bridge", 1400)


def test_guests_stay_plugged_with_proxmoxs_build(node):
    reload(node, PORT.format(vni=2) + BRIDGE)
    port = node.plug_guest("a", 100)
    reload(node, PORT.format(vni=2) + BRIDGE)
    assert node.links()[port]["master"] == "a"


def test_plain_ifupdown2_unplugs_guests_unless_the_stanza_condones_them(node):
    node.set_version("ifupdown2", "3.0.0-1.1")
    reload(node, PORT.format(vni=2) + BRIDGE)
    port = node.plug_guest("a", 100)
    condoning = BRIDGE + "\tbridge-ports-condone-regex ^(tap|veth|fwpr)[0-9].*\n"
    reload(node, PORT.format(vni=2) + condoning)
    assert node.links()[port]["master"] == "a"
    reload(node, PORT.format(vni=2) + BRIDGE)
    assert node.links()[port]["master"] is None


def test_a_bridge_with_a_port_that_is_not_there_is_refused_and_the_rest_goes_on(node):
    complaint = reload(node, "auto b\niface b\n\tbridge-ports eno9\n\nauto c\niface c\n\tbridge-ports none\n")
    assert complaint == "error: b: bridge port eno9 does not exist\n"
    assert "c" in node.links()


def test_a_line_that_belongs_to_nothing_is_an_error_with_its_place(node):
    assert reload(node, "vxlan-id 2\n") == f"error: {OURS}: line1: error processing line 'vxlan-id 2'\n"


def test_a_file_being_staged_is_not_configuration(node):
    assert reload(node, "auto x\niface x\n\tbridge-ports none\n", "/etc/network/interfaces.d/.pvesdn.pvesdn-new") == ""
    assert "x" not in node.links()


def test_multicast_underlay_and_ipv6_are_kept_for_ip_to_show(node):
    text = "auto m\niface m\n\tvxlan-id 9\n\tvxlan-mcastgrp 225.20.1.1\n\tvxlan-physdev vmbr0\n\tvxlan-local-tunnelip fd00::1\n"
    assert reload(node, text) == ""
    shown = json.loads(node.run("ip", "-j", "-d", "link", "show", "dev", "m").stdout)[0]["linkinfo"]["info_data"]
    assert (shown["group"], shown["link"], shown["local6"]) == ("225.20.1.1", "vmbr0", "fd00::1")


def test_only_a_reload_of_everything_is_known(node):
    assert node.run("ifreload", "x").returncode == 2


@pytest.mark.parametrize("command", [("ifreload", "-a", "-s"), ("ifup", "-a", "-s", "-i", OURS)])
def test_a_syntax_check_touches_nothing(node, command):
    node.write(OURS, BRIDGE)
    before = node.links()
    assert node.run(*command).returncode == 0
    assert node.links() == before


class TestVlans:
    """What PVE's vlan and qinq zones are made of."""

    VLAN = (
        "auto guests\niface guests\n\tbridge_ports ln_guests\n\n"
        "auto ln_guests\niface ln_guests\n\tlink-type veth\n\tveth-peer-name pr_guests\n\n"
        "auto pr_guests\niface pr_guests\n\tlink-type veth\n\tveth-peer-name ln_guests\n\n"
        "auto vmbr0v5\niface vmbr0v5\n\tbridge_ports  eno2.5 pr_guests\n"
    )
    QINQ = (
        "auto guests\niface guests\n\tbridge_ports z_metro.7\n\n"
        "auto sv_metro\niface sv_metro\n\tvlan-raw-device eno2\n\tvlan-id 10\n\n"
        "auto z_metro\niface z_metro\n\tbridge-ports sv_metro\n\tbridge-vlan-aware yes\n"
    )

    def test_a_port_that_is_a_vlan_by_its_name_needs_no_stanza(self, node):
        assert reload(node, self.VLAN) == ""
        links = node.links()
        assert {name: links[name]["master"] for name in ("ln_guests", "pr_guests", "eno2.5")} == {
            "ln_guests": "guests",
            "pr_guests": "vmbr0v5",
            "eno2.5": "vmbr0v5",
        }
        assert links["eno2.5"]["kind"] == "vlan"

    def test_a_bridge_comes_after_the_bridge_whose_vlan_is_its_port(self, node):
        assert reload(node, self.QINQ) == ""
        links = node.links()
        assert (links["z_metro.7"]["master"], links["sv_metro"]["kind"]) == ("guests", "vlan")
        assert links["z_metro"]["info"]["vlan_filtering"] == 1

    @pytest.mark.parametrize("text", [VLAN, QINQ])
    def test_everything_goes_again(self, node, text):
        before = list(node.links())
        reload(node, text)
        assert reload(node, "") == ""
        assert list(node.links()) == before

    def test_a_vlan_of_nothing_does_not_exist(self, node):
        text = "auto guests\niface guests\n\tbridge_ports eno9.5\n"
        assert reload(node, text) == "error: guests: bridge port eno9.5 does not exist\n"

    def test_a_stanza_may_say_more_of_a_vlan(self, node):
        text = "auto vmbr0.10\niface vmbr0.10\n\tvlan-protocol 802.1ad\n"
        assert reload(node, text) == ""
        assert node.links()["vmbr0.10"]["kind"] == "vlan"

    def test_open_vswitch_makes_bridges_and_internal_ports(self, node):
        text = (
            "auto ln_guests\niface ln_guests\n\tovs_type OVSIntPort\n\tovs_bridge vmbr7\n\n"
            "auto vmbr7\niface vmbr7\n\tovs_type OVSBridge\n\tovs_ports ln_guests\n"
        )
        assert reload(node, text) == ""
        assert {node.links()[name]["kind"] for name in ("ln_guests", "vmbr7")} == {"openvswitch"}
